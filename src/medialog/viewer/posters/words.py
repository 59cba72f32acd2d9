"""Posters of what is read: text, markdown, html, tables, plain values, and the facts of what cannot be drawn."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medialog.runtime import trees
from medialog.viewer import media, tables
from medialog.viewer.posters import canvas
from medialog.wire.fileref import FileRef
from medialog.wire.storage import Storage

if TYPE_CHECKING:
    from PIL.Image import Image

EXCERPT = 1 << 16
FACTS = ("format", "width", "height", "frames", "fps", "duration", "codec", "sample_rate", "channels", "points",
         "vertices", "faces", "boxes", "atoms", "bonds", "nrows", "ncols", "shape", "dtype", "traces", "library",
         "spec_name", "characters", "lines", "count", "size")  # fmt: skip
_HIDDEN = re.compile(r"(?is)<(script|style|head|template|svg)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)")
_BREAK = re.compile(r"(?i)</?(?:p|div|h[1-6]|li|tr|br|table|ul|ol|pre|section)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")
_ROWS, _COLUMNS = 11, 6


def reference_of(descriptor: Mapping[str, Any]) -> FileRef:
    """Return the reference of a descriptor's own file."""
    return FileRef(str(descriptor["path"]), str(descriptor["sha256"]), int(descriptor["size"]))


def _excerpt(descriptor: Mapping[str, Any], storage: Storage) -> bytes:
    with media.open_file(storage, reference_of(descriptor)) as file:
        return file.read(EXCERPT)


def title_of(descriptor: Mapping[str, Any]) -> str:
    """Return a descriptor's caption, its title, or its kind."""
    for name in ("caption", "title"):
        if isinstance(descriptor.get(name), str) and descriptor[name].strip():
            return str(descriptor[name])
    return str(descriptor.get(trees.KIND, "value"))


def draw_text(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw the beginning of a text."""
    lines = _excerpt(descriptor, storage).decode("utf-8", "replace").splitlines()
    return canvas.page(title_of(descriptor), lines[:60])


def draw_html(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw the text of a page; what it looks like only a browser knows."""
    encoding = str(descriptor.get("encoding", "utf-8"))
    known = encoding if encoding in ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be") else "utf-8"
    text = _excerpt(descriptor, storage).decode(known, "replace")
    text = _BREAK.sub("\n", _HIDDEN.sub(" ", text))
    text = html.unescape(_TAG.sub("", text))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return canvas.page(title_of(descriptor), lines[:60] or ["(no text)"], note="html page")


def draw_value(value: Any) -> Image:
    """Draw a plain value: a text, or the JSON of anything else."""
    if isinstance(value, str):
        return canvas.page("text", value[:EXCERPT].splitlines()[:60])
    text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > 200:
        text = json.dumps(value, ensure_ascii=False, default=str, indent=1)
    return canvas.page("value", text[:EXCERPT].splitlines()[:60])


def draw_facts(descriptor: Mapping[str, Any], reason: str) -> Image:
    """Draw what a descriptor says, for a value of which there is no picture."""
    kind = canvas.one_line(descriptor.get(trees.KIND, "value"), 40)
    facts = [f"{name}: {canvas.one_line(descriptor[name], 60)}" for name in FACTS if name in descriptor]
    return canvas.page(title_of(descriptor), [kind, *facts[:10]], note=reason)


def draw_classes(descriptor: Mapping[str, Any], storage: Storage) -> Image:  # noqa: ARG001 - one form for all
    """Draw the names of classes."""
    lines = [f"{entry.get('id')}  {entry.get('name')}" for entry in descriptor["class_set"][:60]]
    return canvas.page("classes", lines or ["(none)"])


def draw_table(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw the first rows and columns of a table."""
    view = tables.read_view(storage, descriptor, _ROWS)
    image, draw = canvas.blank()
    columns = view.columns[:_COLUMNS]
    if not columns:
        return draw_facts(descriptor, "a table without columns")
    width = (canvas.WIDTH - 32) / len(columns)
    letters = max(4, int(width / 8))
    for number, name in enumerate(columns):
        left = 16 + number * width
        canvas.write(draw, (left + 6, 22), canvas.one_line(name, letters), 15)
        for row, cells in enumerate(view.data[:_ROWS]):
            text, numeric = cell_text(cells[number])
            top = 54 + row * 28
            shown = canvas.one_line(text, letters)
            place = (left + width - 8, top) if numeric else (left + 6, top)
            color = canvas.FAINT if text in ("", "None") else canvas.INK
            canvas.write(draw, place, shown, 14, color, "ra" if numeric else "la")
    draw.line((16, 46, canvas.WIDTH - 16, 46), fill=canvas.FAINT, width=1)
    for row in range(1, len(view.data[:_ROWS])):
        draw.line((16, 48 + row * 28, canvas.WIDTH - 16, 48 + row * 28), fill=canvas.GRID, width=1)
    rows = descriptor.get("nrows", view.rows)
    canvas.write(
        draw, (16, canvas.HEIGHT - 10), f"{rows:,} rows, {len(view.columns):,} columns", 13, canvas.FAINT, "ls"
    )
    return image


def cell_text(cell: Any) -> tuple[str, bool]:
    """Return a cell as a line, and whether it is a number."""
    if isinstance(cell, bool) or cell is None:
        return ("" if cell is None else str(cell)), False
    if isinstance(cell, float):
        return f"{cell:.6g}", True
    if isinstance(cell, int):
        return f"{cell:,}", True
    if isinstance(cell, dict) and trees.KIND in cell:
        if cell[trees.KIND] == "number":
            return str(cell.get("value")), True
        return f"[{cell.get('caption') or cell[trees.KIND]}]", False
    return str(cell)[:400], False
