"""The one file: a page, its data, and everything it needs to show them, put together without a network or node.

The file is written in one pass to a temporary name beside its own, media block by block, and renamed when it is whole.
"""

from __future__ import annotations

import base64
import datetime
import html
import io
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

from medialog.runtime import trees
from medialog.viewer import bundle, media, policy, tables
from medialog.viewer.contents import LAST_KINDS, Contents, Entry, Item, Series, singles
from medialog.viewer.media import Unusable
from medialog.viewer.options import ReportOptions
from medialog.viewer.posters.cache import Poster, PosterCache
from medialog.viewer.selection import POSTER_SHARE, Selection, select
from medialog.wire.fileref import iter_descriptors
from medialog.wire.storage import Storage

if TYPE_CHECKING:
    from array import array

# These need WebGL or a large library, so their pictures are shown until the object itself is.
HEAVY_KINDS = frozenset(("object3D-file", "molecule-file", "plotly-file"))
MOST_POSTERS = 24
MOST_STATIC = 200
_PAGE_SIZE_LIMIT = 16 << 20
NOSCRIPT = (
    "body{margin:1.5rem;overflow:auto;height:auto}figure{display:inline-block;vertical-align:top;margin:0 1rem 1rem 0;"
    "max-width:20rem}figure img{max-width:100%;height:auto}figcaption{overflow-wrap:anywhere}"
)


@dataclass
class Facts:
    """What a page says besides the values."""

    run: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)
    summary: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)


class Document:
    """Writes one page: `Document(...).write(file)`; `mode` is "report", or "item" for a single value."""

    def __init__(
        self,
        storage: Storage,
        contents: Contents,
        facts: Facts,
        options: ReportOptions,
        posters: PosterCache,
        mode: str = "report",
    ) -> None:
        self._storage = storage
        self._contents = contents
        self._facts = facts
        self._options = options
        self._posters = posters
        self._mode = mode
        self._file: IO[bytes] = io.BytesIO()
        self._index: dict[str, Any] = {}
        self._problems = list(facts.problems)
        self._room = 0.0

    # --- the whole ---

    def write(self, file: IO[bytes]) -> dict[str, Any]:
        """Write the page to a binary file that can be cut, and return its index."""
        self._file = file
        series = [each for each in self._contents.series.values() if self._options.wants(trees.dotted(each.path))]
        renderers = {name: bundle.renderer(name) for name in bundle.renderers_for(self._kinds())}
        base = self._base_size(series, renderers)
        self._room = max(self._options.max_size - base, 0) * POSTER_SHARE
        summary = [value["value"] for value in self._facts.summary]
        chosen = select(self._contents, summary, self._storage, self._options, base)
        scripts = self._has_scripts(chosen)
        self._begin_index(chosen, scripts=scripts)
        shown = self._last_posters(chosen)
        self._head(scripts=scripts, shown=shown)
        self._columns(series)
        self._index["items"] = [_item_json(item) for item in chosen.items]
        self._write_posters(chosen, shown)
        self._write_views(chosen)
        self._write_files(chosen)
        self._write_renderers(renderers)
        self._index["problems"] = self._problems
        self._index["left_out"] = chosen.left_out()
        self._text('<script type="application/json" id="medialog-index">')
        file.write(media.to_json(self._index))
        self._text('</script>\n<script type="module">')
        file.write(bundle.core_script())
        self._text("</script>\n</body></html>\n")
        return self._index

    def _text(self, text: str) -> None:
        self._file.write(text.encode("utf-8", "replace"))

    def _kinds(self) -> set[str]:
        """Return every kind that stands anywhere in a value that is asked for, inside others and in tables too."""
        kinds: set[str] = set()
        stack: list[Any] = [entry["value"] for entry in self._facts.summary]
        for item in self._contents.items.values():
            if self._options.wants(item.key):
                stack += [entry.value for entry in item.entries if isinstance(entry.value, (dict, list))]
        seen: set[str] = set()
        while stack:
            node = stack.pop()
            if isinstance(node, list):
                stack += [value for value in node if isinstance(value, (dict, list))]
                continue
            if not isinstance(node, dict):
                continue
            kind = node.get(trees.KIND)
            if isinstance(kind, str):
                kinds.add(kind)
                if kind == "histogram" and kind in seen:
                    continue
                seen.add(kind)
            types = node.get("column_types")
            if isinstance(types, list):
                kinds |= {str(each.get("type")) for each in types if isinstance(each, dict)}
            stack += [value for value in node.values() if isinstance(value, (dict, list))]
        return kinds

    def _base_size(self, series: list[Series], renderers: dict[str, bytes | None]) -> int:
        size = len(bundle.core_script()) + len(bundle.core_style())
        size += sum(len(module) // 2 for module in renderers.values() if module is not None)
        size += 3 * 8 * len(self._contents.steps) + sum(12 * len(each.rows) for each in series)
        for number, item in enumerate(item for item in self._contents.items.values() if self._options.wants(item.key)):
            poster = self._posters.get(item.entries[-1].value)
            size += len(poster.data) * (
                2 if number < MOST_STATIC else 1
            )  # in the page without scripts, and for the page
        return int(size * 4 / 3)

    def _begin_index(self, chosen: Selection, *, scripts: bool) -> None:
        made_at = self._options.made_at or datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self._index = {
            "format": "medialog-view",
            "version": 1,
            "mode": self._mode,
            "run": self._facts.run,
            "made": {"at": made_at, "by": f"medialog {_version()}", "options": self._options.to_json()},
            "config": self._facts.config,
            "summary": self._facts.summary,
            "metrics": self._facts.metrics,
            "series": [],
            "items": [],
            "views": {},
            "files": {},
            "posters": {},
            "problems": [],
            "left_out": None,
            "html": {"scripts": scripts, "eval": scripts and self._options.html_eval},
        }

    # --- the head and what is seen without scripts ---

    def _head(self, *, scripts: bool, shown: list[tuple[Item, Entry, Poster]]) -> None:
        csp = policy.content_policy(bundle.core_script(), html_scripts=scripts, html_eval=self._options.html_eval)
        name = str(self._facts.run.get("name") or self._facts.run.get("id") or "medialog")
        self._text(f'<!doctype html>\n<html lang="en" data-mode="{self._mode}"><head>\n')
        self._text(f'<meta http-equiv="Content-Security-Policy" content="{html.escape(csp)}">\n')
        self._text('<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n')
        self._text('<meta name="referrer" content="no-referrer">\n')
        self._text(f"<title>{escape(name)}</title>\n<style>")
        self._file.write(bundle.core_style())
        self._text(f"</style></head>\n<body>\n<noscript>\n<style>{NOSCRIPT}</style>\n")
        if self._mode == "report":
            self._text(f"<h1>{escape(name)}</h1>\n<p>The pictures of a run. Its page needs scripts.</p>\n")
        for item, entry, poster in sorted(shown, key=lambda each: each[1].kind in LAST_KINDS)[:MOST_STATIC]:
            step = self._step_text(entry.row)
            address = f"data:{poster.type};base64,{base64.b64encode(poster.data).decode()}"
            size = f'width="{poster.width}" height="{poster.height}"'
            caption = f"{item.key}, step {step}" if self._mode == "report" else item.key
            self._text(
                f'<figure><img src="{address}" {size} alt="{escape(alt_text(item.key, entry.value))}">'
                f"<figcaption>{escape(caption)}</figcaption></figure>\n"
            )
        self._text('</noscript>\n<div id="app"></div>\n')

    def _step_text(self, row: int) -> str:
        return f"{self._contents.steps[row]:.0f}"

    def _has_scripts(self, chosen: Selection) -> bool:
        for reference in chosen.files.values():
            if reference.path.endswith(".html"):
                try:
                    if policy.has_scripts(media.read_small(self._storage, reference, _PAGE_SIZE_LIMIT)):
                        return True
                except Unusable as error:
                    if error.state == "left-out":  # too large to look at: then it may hold anything
                        return True
        return False

    # --- blocks ---

    def _block(self, name: str, pieces: Iterable[bytes], encoding: str) -> None:
        self._text(f'<script type="text/plain" class="medialog-block" id="block-{name}" data-encoding="{encoding}">')
        for piece in pieces:
            self._file.write(piece)
        self._text("</script>\n")

    def _columns(self, series: list[Series]) -> None:
        contents = self._contents
        count = len(contents.steps)
        for name, column in (("steps", contents.steps), ("time", contents.times), ("runtime", contents.runtimes)):
            self._block(name, _packed([_little(column)]), "gzip")
            self._index[name] = {"block": name, "count": count, "dtype": "float64"}
        for number, each in enumerate(series):
            rows = _little(each.rows)
            self._block(f"s{number}", _packed([rows + b"\0" * (-len(rows) % 8), _little(each.values)]), "gzip")
            from medialog.wire import jsontext

            self._index["series"].append(
                {
                    "key": trees.dotted(each.path),
                    "path": list(each.path),
                    "block": f"s{number}",
                    "count": len(each.rows),
                    "dtype": "float64",
                    "index_dtype": "uint32",
                    "kinds": list(each.kinds),
                    "last": jsontext.encode_number(each.values[-1]),
                }
            )

    def _last_posters(self, chosen: Selection) -> list[tuple[Item, Entry, Poster]]:
        """Return the poster of each key's last value."""
        found = []
        for item in chosen.items:
            entry = item.entries[-1]
            found.append((item, entry, self._posters.get(entry.value)))
        return found

    def _write_posters(self, chosen: Selection, shown: list[tuple[Item, Entry, Poster]]) -> None:
        room = self._room
        for number, (item, entry, poster) in enumerate(chain(shown, self._other_posters(chosen))):
            if number >= len(shown):
                room -= len(poster.data) * 4 / 3
                if room < 0:
                    break
            name = f"p{number}"
            self._block(name, [base64.b64encode(poster.data)], "base64")
            self._index["posters"][f"{item.key}\0{entry.row}"] = {
                "block": name,
                "type": poster.type,
                "width": poster.width,
                "height": poster.height,
            }

    def _other_posters(self, chosen: Selection) -> Iterator[tuple[Item, Entry, Poster]]:
        """Yield further posters: of what needs a large library to be drawn, and of what was left out."""
        for item in chosen.items:
            wanted = [
                entry
                for entry in item.entries[:-1]
                if entry.kind in HEAVY_KINDS or (item.path, entry.row) in chosen.left_entries
            ]
            for entry in reversed(wanted[-MOST_POSTERS:]):
                yield item, entry, self._posters.get(entry.value)

    def _write_views(self, chosen: Selection) -> None:
        views = self._index["views"]
        for item in chosen.items:
            for entry in reversed(item.entries):  # the last increment has the rows of all before it
                for descriptor in _tables_in(entry.value):
                    state = chosen.states.get(descriptor["path"])
                    if descriptor["sha256"] in views:
                        continue
                    if state is not None:
                        views[descriptor["sha256"]] = _no_view(state)
                    else:
                        self._write_view(descriptor)
        for value in self._facts.summary:
            for descriptor in _tables_in(value["value"]):
                if descriptor["sha256"] not in views and descriptor["path"] not in chosen.states:
                    self._write_view(descriptor)

    def _write_view(self, descriptor: dict[str, Any]) -> None:
        """Write the rows of a table; of an increment those of the whole table, which the ones before it share."""
        views = self._index["views"]
        found = tables.Chain(self._storage, descriptor, self._options.table_rows)
        if found.view is None:
            assert found.error is not None
            views.update({sha256: _no_view(found.error) for sha256 in found.ends if sha256 not in views})
            self._note(descriptor["path"], found.error)
            return
        name = f"v{len(views)}"
        self._block(name, [base64.b64encode(found.view.packed())], "gzip")
        for sha256, rows in found.ends.items():
            shown = min(rows, len(found.view.data))
            facts = {"kind": "table", "block": name, "rows": rows, "shown": shown, "truncated": shown < rows}
            views.setdefault(sha256, facts)

    def _write_files(self, chosen: Selection) -> None:
        files = self._index["files"]
        for path, error in chosen.states.items():
            files[path] = {"state": error.state, "reason": error.reason}
            self._note(path, error)
        for number, (path, reference) in enumerate(chosen.files.items()):
            if path in chosen.states:
                continue
            name = f"f{number}"
            start = self._file.tell()
            compress = media.suffix_of(path) in media.COMPRESSIBLE
            try:
                pieces = media.encoded(self._storage, reference, compress=compress)
                self._block(name, pieces, "gzip" if compress else "base64")
            except Unusable as error:
                self._file.seek(start)
                self._file.truncate()
                files[path] = {"state": error.state, "reason": error.reason}
                self._note(path, error)
                continue
            files[path] = {"block": name, "type": media.type_of(path), "size": reference.size}

    def _note(self, path: str, error: Unusable) -> None:
        """Add a file's state to the problems, unless the reader named it already. The size limit has its own place."""
        if error.state != "left-out" and not any(
            problem["message"].startswith(f"{path} of ") for problem in self._problems
        ):
            kind = "missing" if error.state == "missing" else "damage"
            self._problems.append({"place": path, "message": error.reason, "kind": kind})

    def _write_renderers(self, renderers: dict[str, bytes | None]) -> None:
        for name, module in renderers.items():
            if name == "plotly":
                self._write_plotly(module)
            elif module is not None:
                self._block(f"renderer-{name}", _packed([module]), "gzip")

    def _write_plotly(self, library: bytes | None) -> None:
        if library is None:
            message = "plotly is not installed where this report was made: its figures are shown as pictures"
            self._problems.append({"place": "plotly", "message": message, "kind": "advice"})
            return
        self._block(f"renderer-{bundle.PLOTLY}", _packed([library]), "gzip")


def escape(text: str) -> str:
    """Return text as it may stand in markup and attributes, without what steers a text's direction."""
    return html.escape("".join(character if character.isprintable() else " " for character in text))


def alt_text(key: str, value: Any) -> str:
    """Return what a picture of a value says to who does not see it: its caption, else its key."""
    for descriptor in singles(value):
        for name in ("caption", "title"):
            text = descriptor.get(name)
            if isinstance(text, str) and text.strip():
                return f"{key}: {text}"[:300]
    if isinstance(value, str):
        return f"{key}: {value}"[:300]
    return key


def _version() -> str:
    import sys

    return str(sys.modules["medialog"].__version__)  # the package above, which has loaded this


def _packed(pieces: Iterable[bytes], level: int = 4) -> Iterator[bytes]:
    return media.to_base64(media.gzipped(iter(pieces), level))


def _little(column: array[Any]) -> bytes:
    import sys

    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()


def _item_json(item: Item) -> dict[str, Any]:
    kinds = item.kinds
    entries = [{"row": entry.row, "value": entry.value} for entry in item.entries]
    return {"key": item.key, "path": list(item.path), "kind": kinds[0], "kinds": kinds, "entries": entries}


def _no_view(why: Unusable) -> dict[str, Any]:
    return {"kind": "table", "state": why.state, "reason": why.reason}


def _tables_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the descriptors of tables in a value: its own, and those of charts."""
    for descriptor in iter_descriptors(value):
        for each in (descriptor, descriptor.get("table")):
            if not isinstance(each, dict) or each.get(trees.KIND) not in tables.KINDS:
                continue
            facts = (each.get("path"), each.get("sha256"), each.get("size"))
            if isinstance(facts[0], str) and isinstance(facts[1], str) and isinstance(facts[2], int):
                yield each


def write_file(path: str | os.PathLike[str], document: Document) -> dict[str, Any]:
    """Write a page to `path`, which is replaced when the page is whole and left alone when it cannot be written."""
    target = os.fspath(path)
    temporary = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.{secrets.token_hex(6)}")
    try:
        with open(temporary, "xb", buffering=1 << 20) as file:
            index = document.write(file)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return index
