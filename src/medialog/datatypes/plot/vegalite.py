"""The parts of a Vega-Lite spec that the presets share: data, title, look, and one encoding channel.

Every spec is complete: it draws in any Vega-Lite viewer of version 5 or 6 with no other file, no network, no server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medialog.datatypes.plot.drawing import Column, Drawing

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
WIDTH, HEIGHT = 480, 300

# Okabe and Ito's colours that can be told apart by everybody, darker ones first, then others between them.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8B6914",
           "#5A3E9B", "#B22222", "#2F4F4F", "#9ACD32", "#A0522D", "#708090", "#F0C000")  # fmt: skip
SINGLE = PALETTE[0]
QUIET = "#888888"

_TYPES = {"number": "quantitative", "date": "temporal", "text": "nominal"}
_CONFIG: dict[str, Any] = {
    "font": "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif",
    "title": {"fontSize": 15, "fontWeight": 600, "anchor": "start", "offset": 12},
    "axis": {"labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": 500, "titlePadding": 8, "gridOpacity": 0.5,
             "labelLimit": 160, "labelOverlap": True},
    "legend": {"labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": 500, "labelLimit": 200},
    "view": {"stroke": "transparent"},
    "range": {"category": list(PALETTE)},
}  # fmt: skip


def chart(drawing: Drawing, body: Mapping[str, Any], *, width: int = WIDTH, height: int = HEIGHT) -> dict[str, Any]:
    """Return a complete spec: `body` (mark and encoding, or layers) over the drawing's rows."""
    spec: dict[str, Any] = {"$schema": SCHEMA}
    if drawing.title:
        spec["title"] = {"text": lines(drawing.title)}
    config = _CONFIG
    if not all(is_safe(column.name) for column in drawing.columns.values()):
        # The description of each mark is an expression with the titles in it.
        config = {**_CONFIG, "aria": False}
    return {**spec, "width": width, "height": height, "data": {"values": drawing.rows()}, **body, "config": config}


# Vega's runtime takes a title of these names for a member of every JavaScript object, and draws nothing.
_JAVASCRIPT = frozenset(
    ("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf",
     "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__")
)  # fmt: skip


def lines(text: str) -> str | list[str]:
    """Return a title as Vega-Lite has it: a list where the text has several lines."""
    parts = [f"{line} " if line in _JAVASCRIPT else line for line in text.splitlines()]
    return parts if len(parts) > 1 else "".join(parts)


def channel(field: str, column: Column, **more: Any) -> dict[str, Any]:
    """Return the encoding of a field: its type, the column's name as title. Categories stay in the table's order."""
    encoding: dict[str, Any] = {"field": field, "type": _TYPES[column.kind], "title": lines(column.name) or None}
    if column.kind == "text":
        encoding["sort"] = None
    elif column.kind == "date":
        encoding["scale"] = {"type": "utc"}
    if "scale" in more and "scale" in encoding:
        more["scale"] = {**more["scale"], **encoding["scale"]}
    return {**encoding, **more}


def categories(field: str, column: Column, **more: Any) -> dict[str, Any]:
    """Return the encoding of a field whose values are names, whatever their type, in the table's order."""
    encoding = {**channel(field, column), "type": "nominal", "sort": None, **more}
    encoding.pop("scale", None)
    return encoding


def number_scale(column: Column) -> dict[str, Any]:
    """Return an axis scale that fits the values: it need not begin at zero."""
    return {"scale": {"zero": False, "nice": True}} if column.kind == "number" else {}


def tooltip(columns: Mapping[str, Column], **formats: str) -> list[dict[str, Any]]:
    """Return the tooltip of a mark: every field with its value."""
    result = []
    for field, column in columns.items():
        title = column.name if is_safe(column.name) else field
        entry: dict[str, Any] = {"field": field, "type": _TYPES[column.kind], "title": title}
        if column.kind == "date":
            entry["timeUnit"] = "utcyearmonthdatehoursminutesseconds"
        if field in formats:
            entry["format"] = formats[field]
        result.append(entry)
    return result


def is_safe(name: str) -> bool:
    """Say whether a name can be the title of a tooltip: Vega-Lite puts it into an expression without escaping it."""
    return bool(name) and name.isprintable() and not set(name) & set("\"'\\`")


def points_fit(count: int) -> bool:
    """Say whether a line's points can be marked without hiding the line."""
    return count <= 50
