"""What a notebook shows: the poster of a value, and over it a frame with the value itself where frames are allowed.

Trusted notebooks, Colab and nbconvert's HTML show the frame; hosts that strip frames (untrusted JupyterLab, GitHub,
mail) show the poster. The frame is sandboxed and its page has the report's policy, so nothing in it reaches the host.
"""

from __future__ import annotations

import html
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialog.datatypes.base import DataType
from medialog.datatypes.files import MemorySink
from medialog.validators.errors import Error, InvalidInput, Violation
from medialog.viewer.bundle import PageMissing
from medialog.viewer.contents import Contents, Entry, Item, kind_of
from medialog.viewer.document import Document, Facts, alt_text
from medialog.viewer.options import ReportOptions
from medialog.viewer.posters.cache import Poster, PosterCache, as_png

if TYPE_CHECKING:
    import os

    from medialog.runtime.reader import RunReader
    from medialog.runtime.run import Run

MODES = ("auto", "static", "none")
MOST_OUTPUT = 20 * 10**6
HEIGHTS = {"report": 760, "audio-file": 220, "text-file": 260, "numpy.ndarray": 260, "classes": 200}
HEIGHT = 440


@dataclass
class DisplayOptions:
    """How values are shown in notebooks: `medialog.options.notebook = "static"`.

    "auto": live, with the poster beneath, until a notebook's outputs have 20 MB, and posters from then on. "static":
    posters. "none": text.
    """

    _notebook: str = "auto"
    written: int = 0

    @property
    def notebook(self) -> str:
        """Return how values are shown: "auto", "static" or "none"."""
        return self._notebook

    @notebook.setter
    def notebook(self, mode: str) -> None:
        if mode not in MODES:
            raise InvalidInput(
                Violation("options.notebook", "options.notebook", "'auto', 'static' or 'none'", repr(mode)[:60])
            )
        self._notebook = mode
        self.written = 0


options = DisplayOptions()


def bundle(value: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """Return the MIME bundle of a value or a run, as `_repr_mimebundle_` is asked for it. It never raises."""
    text = repr(value)
    shown: dict[str, Any] = {"text/plain": text}
    if options.notebook != "none":
        try:
            shown |= _pictures(value)
        except (Error, OSError) as error:  # a run that is gone: its repr is still there
            shown["text/plain"] = f"{text}\n(not shown: {error})"
    return {
        type: data
        for type, data in shown.items()
        if type == "text/plain" or ((not include or type in include) and not (exclude and type in exclude))
    }


def _pictures(value: Any) -> dict[str, Any]:
    import base64

    is_value = isinstance(value, DataType)
    document, poster, alt = _value_page(value) if is_value else _run_page(value)
    png = as_png(poster)
    picture = base64.b64encode(png).decode()
    found: dict[str, Any] = {"image/png": picture}
    live = options.notebook == "auto" and options.written <= MOST_OUTPUT
    page = b""
    if live:
        buffer = io.BytesIO()
        try:
            document.write(buffer)
            page = buffer.getvalue()
        except PageMissing:  # a checkout whose page is not built: the poster remains
            page = b""
        options.written += len(page)
    height = HEIGHTS.get(value.kind if is_value else "report", HEIGHT)
    found["text/html"] = frame(page, poster, alt, height)
    return found


def frame(page: bytes, poster: Poster, alt: str, height: int) -> str:
    """Return the cell's HTML: the poster, and over it the page in a frame that may run scripts and nothing else."""
    import base64

    address = f"data:{poster.type};base64,{base64.b64encode(poster.data).decode()}"
    size = f"position:relative;width:100%;height:{height}px;overflow:hidden"
    image = (
        f'<img src="{address}" alt="{html.escape(alt)}" width="{poster.width}" height="{poster.height}" '
        f'style="max-width:100%;max-height:{height}px;object-fit:contain;width:auto;height:auto">'
    )
    if not page:
        return f'<div style="max-width:100%">{image}</div>'
    source = html.escape(page.decode("utf-8", "replace"))
    return (
        f'<div style="{size}">{image}<iframe sandbox="allow-scripts" srcdoc="{source}" title="{html.escape(alt)}" '
        f'loading="lazy" style="position:absolute;inset:0;width:100%;height:100%;border:0;background:Canvas">'
        "</iframe></div>"
    )


def _value_page(value: DataType) -> tuple[Document, Poster, str]:
    """Return the page of one value, its poster, and what the poster says to who does not see it."""
    sink = MemorySink()
    # Looking at a value is not logging it: a table that grows is not to be fixed by it.
    copied = getattr(value, "snapshot", None)
    descriptor = (value if copied is None else copied()).encode_into(sink)
    name = type(value).__name__
    contents = Contents()
    contents.add_row(0, 0.0, 0.0, {})
    contents.items[(name,)] = Item((name,), [Entry(0, descriptor)])
    posters = PosterCache(sink.storage, keep=False)
    facts = Facts({"id": name, "name": name, "finished": True})
    document = Document(sink.storage, contents, facts, _options(), posters, mode="item")
    caption = alt_text(name, descriptor)
    return document, posters.get(descriptor), caption if caption != name else repr(value)[:300]


def _run_page(value: Any) -> tuple[Document, Poster, str]:
    from medialog.viewer.report import make_document, open_reader

    reader = open_reader(value)
    return make_document(reader, _options()), _run_poster(reader), repr(value)[:300]


def _options() -> ReportOptions:
    return ReportOptions(max_size=MOST_OUTPUT, made_at="1970-01-01T00:00:00+00:00")


def _run_poster(reader: RunReader) -> Poster:
    """Return the pictures of a run's last values side by side, or its facts when it has none."""
    from medialog.viewer.contents import read_contents
    from medialog.viewer.posters import canvas
    from medialog.viewer.posters.cache import encode
    from medialog.viewer.posters.draw import draw

    contents = read_contents(reader)
    values = [item.entries[-1].value for item in contents.items.values()]
    media = [value for value in values if kind_of(value) not in ("text-value", "json-value")]
    if not media:
        lines = [f"{len(contents.steps):,} steps, {len(contents.series):,} keys of numbers"]
        return encode(canvas.page(reader.name, lines), photo=False)
    drawn = [draw(value, reader.storage).image for value in media[:12]]
    return encode(canvas.grid(drawn, len(media)), photo=True)


class RunView:
    """What `show` returns: a notebook draws it."""

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return bundle(self._reader, include, exclude)

    def __repr__(self) -> str:
        return repr(self._reader)


def show(run: str | os.PathLike[str] | RunReader | Run) -> RunView:
    """Return the page of a run for a notebook's cell: `medialog.show("runs/abc")` as its last expression."""
    from medialog.viewer.report import open_reader

    return RunView(open_reader(run))
