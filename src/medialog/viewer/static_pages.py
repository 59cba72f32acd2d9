"""A folder for places where scripts are forbidden: one page of pictures with links to the files, nothing inline.

Jenkins' default policy, for one, allows neither scripts nor inline style nor `data:` addresses; what is here is plain
HTML, a style sheet beside it, posters and the run's own files.
"""

from __future__ import annotations

import hashlib
import html
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialog.runtime import trees
from medialog.validators.errors import InvalidInput, StorageError, Violation
from medialog.viewer import media
from medialog.viewer.contents import LAST_KINDS, Entry, Item, read_contents, references
from medialog.viewer.document import alt_text, escape
from medialog.viewer.media import Unusable
from medialog.viewer.options import DEFAULT_SIZE, ReportOptions, read_options, show_size
from medialog.viewer.posters import canvas
from medialog.viewer.posters.axes import Axes
from medialog.viewer.posters.cache import Poster, PosterCache, encode
from medialog.viewer.report import Report, open_reader, read_facts
from medialog.viewer.selection import Selection, select

if TYPE_CHECKING:
    from medialog.runtime.reader import RunReader
    from medialog.runtime.run import Run
    from medialog.viewer.contents import Contents, Series
    from medialog.wire.fileref import FileRef
    from medialog.wire.storage import Storage

MARK = "medialog.txt"
# Files that a browser could run as a page are linked as text.
AS_TEXT = frozenset(("html", "svg"))
MOST_STEPS, FEW_STEPS = 50, 8  # of media, and of histograms and plain values
STYLE = """\
body { margin: 1.5rem auto; max-width: 82rem; padding: 0 1rem; color: #22262b; background: #fff;
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
.steps { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0; max-width: 20rem; } figure img { max-width: 100%; height: auto; border: 1px solid #e2e5e9; }
figcaption { font-size: .85rem; color: #565d64; overflow-wrap: anywhere; }
table { border-collapse: collapse; } td, th { padding: .15rem .8rem .15rem 0; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
.problems li { overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { body { color: #e4e7ea; background: #16191d; } figcaption { color: #a4abb3; }
  a { color: #8ab8ff; } }
"""


@dataclass
class _Folder:
    """The folder that is written, and what was written to it."""

    path: Path
    size: int = 0

    def write(self, name: str, pieces: bytes | Iterator[bytes]) -> None:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.part")
        with temporary.open("wb") as file:
            for piece in [pieces] if isinstance(pieces, bytes) else pieces:
                file.write(piece)
                self.size += len(piece)
        os.replace(temporary, target)


def write_static(
    run: str | os.PathLike[str] | RunReader | Run,
    folder: str | os.PathLike[str],
    *,
    steps: str = "all",
    keys: str | Sequence[str] | None = None,
    max_size: str | int = DEFAULT_SIZE,
) -> Report:
    """Write a run as a folder of pictures and files with one page, without scripts, inline style or `data:`.

    The folder must not exist, be empty, or hold what this function wrote before, which is replaced. Raises
    `InvalidInput` for any other folder.
    """
    options = read_options(steps, keys, max_size)
    reader = open_reader(run)
    target = _Folder(Path(folder))
    try:
        _take(target.path)
        return _Pages(reader, options, target).write()
    except OSError as error:
        raise StorageError(f"{os.fspath(folder)}: {error.strerror or error}") from error


def _take(folder: Path) -> None:
    """Make the folder ours; one that holds anything else is not touched."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        got = "a folder with other files in it"
        raise InvalidInput(
            Violation(str(folder), "report.static", "a new or empty folder, or an earlier report's", got)
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("A report without scripts, written by medialog. Open index.html.\n", encoding="utf-8")


class _Pages:
    def __init__(self, reader: RunReader, options: ReportOptions, folder: _Folder) -> None:
        self._storage: Storage = reader.storage
        self._options = options
        self._folder = folder
        self._contents: Contents = read_contents(reader)
        self._facts = read_facts(reader, self._contents)
        self._posters = PosterCache(self._storage)
        self._linked: dict[str, str] = {}
        self._problems = list(self._facts.problems)

    def write(self) -> Report:
        summary = [value["value"] for value in self._facts.summary]
        chosen = select(self._contents, summary, self._storage, self._options, 0)
        for reference in chosen.files.values():
            self._copy(reference, chosen)
        for path, error in chosen.states.items():
            if error.state != "left-out" and not any(
                problem["message"].startswith(f"{path} of ") for problem in self._problems
            ):
                kind = "missing" if error.state == "missing" else "damage"
                self._problems.append({"place": path, "message": error.reason, "kind": kind})
        parts = list(self._head())
        last = [item for item in chosen.items if item.entries[-1].kind in LAST_KINDS]
        for item in chosen.items:
            parts += self._item(item, chosen) if item not in last else ()
        parts += self._lines()
        for item in last:
            parts += self._item(item, chosen)
        parts += [*self._tables(), *self._notes(chosen), "</body></html>\n"]
        self._folder.write("style.css", STYLE.encode())
        self._folder.write("index.html", "".join(parts).encode("utf-8", "replace"))
        written = self._folder.path / "index.html"
        return Report(written, self._folder.size, self._problems, chosen.left_out())

    def _copy(self, reference: FileRef, chosen: Selection) -> None:
        suffix = media.suffix_of(reference.path)
        name = f"files/{reference.path.rpartition('/')[2]}" + (".txt" if suffix in AS_TEXT else "")
        digest = hashlib.sha256()

        def pieces() -> Iterator[bytes]:
            with media.open_file(self._storage, reference) as file:
                while block := file.read(media.BLOCK):
                    digest.update(block)
                    yield block

        try:
            self._folder.write(name, pieces())
            if digest.hexdigest() != reference.sha256:
                (self._folder.path / name).unlink()
                raise Unusable("damaged", f"{reference.path}: its bytes are not those of its sha256")
            self._linked[reference.path] = name
        except Unusable as error:
            chosen.states[reference.path] = error

    # --- the page ---

    def _head(self) -> Iterator[str]:
        run = self._facts.run
        name = escape(str(run.get("name") or run.get("id")))
        yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        yield f'<title>{name}</title>\n<link rel="stylesheet" href="style.css">\n</head>\n<body>\n<h1>{name}</h1>\n'
        state = "finished" if run.get("finished") else "not finished"
        facts = [f"run {run.get('id')}", f"started {run.get('started', 'at an unknown time')}", state]
        facts.append(f"{len(self._contents.steps):,} steps")
        yield f"<p>{escape(', '.join(facts))}</p>\n"

    def _lines(self) -> Iterator[str]:
        """Yield a chart for each key of numbers."""
        wanted = [each for each in self._contents.series.values() if self._options.wants(trees.dotted(each.path))]
        if wanted:
            yield '<h2>Metrics</h2>\n<div class="steps">\n'
            for series in wanted:
                key = trees.dotted(series.path)
                poster = self._series_poster(series, key)
                last = f"{series.values[-1]:.6g}"
                alt = escape(f"{key}: {len(series.values):,} values, the last {last}")
                yield f"<figure>{self._image(poster, alt)}"
                yield f"<figcaption>{escape(key)}: last value {last}</figcaption></figure>\n"
            yield "</div>\n"

    def _series_poster(self, series: Series, key: str) -> Poster:
        import numpy as np

        plot = Axes("", "step")
        steps = np.array(self._contents.steps)[np.array(series.rows, np.int64)]
        plot.line(steps, np.array(series.values), canvas.COLORS[0])
        return encode(plot.draw(), photo=False)

    def _image(self, poster: Poster, alt: str) -> str:
        name = f"posters/{hashlib.sha256(poster.data).hexdigest()[:32]}.{poster.type.partition('/')[2]}"
        if not (self._folder.path / name).exists():
            self._folder.write(name, poster.data)
        return f'<img src="{name}" width="{poster.width}" height="{poster.height}" alt="{alt}" loading="lazy">'

    def _item(self, item: Item, chosen: Selection) -> Iterator[str]:
        shown = item.entries[-(FEW_STEPS if item.entries[-1].kind in LAST_KINDS else MOST_STEPS) :]
        yield f'<h2 id="{escape(item.key)}">{escape(item.key)}</h2>\n'
        if len(shown) < len(item.entries):
            yield f"<p>The last {len(shown)} of {len(item.entries):,} steps.</p>\n"
        yield '<div class="steps">\n'
        for entry in reversed(shown):
            image = self._image(self._posters.get(entry.value), escape(alt_text(item.key, entry.value)))
            first = next((link for link, _ in self._links(entry)), None)
            linked = f'<a href="{first}">{image}</a>' if first else image
            yield f"<figure>{linked}<figcaption>{self._caption(item, entry, chosen)}</figcaption></figure>\n"
        yield "</div>\n"

    def _links(self, entry: Entry) -> Iterator[tuple[str, str]]:
        for reference in references(entry.value):
            name = self._linked.get(reference.path)
            if name is not None:
                yield name, media.suffix_of(reference.path)

    def _caption(self, item: Item, entry: Entry, chosen: Selection) -> str:
        parts = [f"step {self._contents.steps[entry.row]:.0f}"]
        text = alt_text(item.key, entry.value)
        if text != item.key:
            parts.append(escape(text.removeprefix(f"{item.key}: ")))
        links = list(dict.fromkeys(self._links(entry)))[:8]
        parts += [f'<a href="{html.escape(link)}">{html.escape(suffix)}</a>' for link, suffix in links]
        states = {each.path: chosen.states[each.path] for each in references(entry.value) if each.path in chosen.states}
        parts += [escape(f"{error.state}: {error.reason}") for error in states.values()]
        return ", ".join(parts)

    def _tables(self) -> Iterator[str]:
        for title, pairs in (("Summary", self._facts.summary), ("Config", _leaves(self._facts.config))):
            if pairs:
                yield f"<h2>{title}</h2>\n<table>\n"
                for pair in pairs:
                    value = pair["value"]
                    shown = value.get(trees.KIND) if isinstance(value, dict) and trees.KIND in value else value
                    if isinstance(value, dict) and value.get(trees.KIND) == "number":
                        shown = value.get("value")
                    yield f"<tr><th>{escape(pair['key'])}</th><td>{escape(str(shown)[:400])}</td></tr>\n"
                yield "</table>\n"

    def _notes(self, chosen: Selection) -> Iterator[str]:
        left = chosen.left_out()
        if left is not None:
            yield "<h2>Left out</h2>\n<p>"
            yield escape(
                f"{left['reason']}: {left['steps']:,} values, {len(left['keys']):,} keys, {show_size(left['bytes'])}"
            )
            yield "</p>\n"
        if self._problems:
            yield '<h2>Problems</h2>\n<ul class="problems">\n'
            yield from (f"<li>{escape(each['place'])}: {escape(each['message'])}</li>\n" for each in self._problems)
            yield "</ul>\n"


def _leaves(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": trees.dotted(path), "value": value} for path, value in trees.leaves(tree)]
