"""`line`, `scatter` and `line_series`: points on a pair of axes.

Source: the 2020 guide's "Custom charts"; the names and defaults are those of `wandb.plot`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from medialog.datatypes import arrays
from medialog.datatypes.plot import vegalite
from medialog.datatypes.plot.chart import Chart
from medialog.datatypes.plot.drawing import Drawing, Field, Preset
from medialog.validators import checks
from medialog.validators import rules as rulebook
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    from medialog.datatypes.table import Table
    from medialog.validators.rules import Strictness

SERIES_COLUMNS = ("step", "lineKey", "lineVal")


def line(
    table: Table,
    x: str,
    y: str,
    stroke: str | None = None,
    title: str | None = "",
    split_table: bool = False,
    *,
    limits: Mapping[str, Any] | None = None,
    strict: Strictness | None = None,
) -> Chart:
    """Return a line chart: column `y` over column `x`, one line for each value of column `stroke`.

    The points are joined in the order of the table's rows. `x` holds numbers, dates or text, `y` numbers; an empty cell
    or NaN is a gap. Raises `InvalidInput` for a name that is no column of the table.
    """
    fields = {"x": x, "y": y, "stroke": stroke}
    return Chart.preset(
        LINE,
        table,
        fields,
        {"title": "" if title is None else title},
        split_table=split_table,
        limits=limits,
        strict=strict,
    )


def scatter(
    table: Table,
    x: str,
    y: str,
    title: str | None = "",
    split_table: bool = False,
    *,
    limits: Mapping[str, Any] | None = None,
    strict: Strictness | None = None,
) -> Chart:
    """Return a scatter chart: a point at column `x`, column `y` for each row (numbers, dates or text).

    Raises `InvalidInput` for a name that is no column of the table.
    """
    fields = {"x": x, "y": y}
    return Chart.preset(
        SCATTER,
        table,
        fields,
        {"title": "" if title is None else title},
        split_table=split_table,
        limits=limits,
        strict=strict,
    )


def line_series(
    xs: Any,
    ys: Any,
    keys: Iterable[str] | None = None,
    title: str | None = "",
    xname: str = "x",
    split_table: bool = False,
    *,
    limits: Mapping[str, Any] | None = None,
    strict: Strictness | None = None,
) -> Chart:
    """Return one chart of several lines.

    `ys`: a list of lines, each a list or array of numbers. `xs`: one list of x values (numbers, dates or text) for all
    lines, or a list of such lists, one for each line. `keys`: the lines' names, by default `line_0`, `line_1`, ...
    `xname`: the title of the x axis. The table has the columns step, lineKey and lineVal.

    Raises `InvalidInput` when x and y of a line differ in length: nothing is cut.
    """
    from medialog.datatypes.table import Table

    lines_ = [_cells(y, f"ys[{index}]") for index, y in enumerate(_cells(ys, "ys"))]
    all_x = _cells(xs, "xs")
    if all_x and all(_is_series(x) for x in all_x):
        all_x = [_cells(x, f"xs[{index}]") for index, x in enumerate(all_x)]
        checks.refuse([_as_many(len(all_x), len(lines_), "xs", "lists, as many as ys")])
    else:
        all_x = [all_x] * len(lines_)
    checks.refuse(
        _as_many(len(y), len(x), f"ys[{i}]", "values, as many as its x")
        for i, (x, y) in enumerate(zip(all_x, lines_, strict=True))
    )
    names = _check_keys(keys, len(lines_))
    rows = [
        [x, name, y]
        for x_line, name, y_line in zip(all_x, names, lines_, strict=True)
        for x, y in zip(x_line, y_line, strict=True)
    ]
    checks.refuse([checks.text(xname, "xname", "plot.title")])
    table = Table(columns=list(SERIES_COLUMNS), data=rows, limits=limits, strict=strict)
    fields = {name: name for name in SERIES_COLUMNS}
    strings = {"title": "" if title is None else title, "xname": xname}
    return Chart.preset(LINE_SERIES, table, fields, strings, split_table=split_table, limits=limits, strict=strict)


def _is_series(value: Any) -> bool:
    if isinstance(value, (str, bytes)):
        return False
    return getattr(value, "ndim", 1) > 0 and isinstance(value, Iterable)


def _cells(value: Any, at: str) -> list[Any]:
    """Return the elements of a list, array, tensor or other iterable, as Python values where they are numbers."""
    if not _is_series(value) or isinstance(value, Mapping):
        raise checks.wrong_type(at, "plot.series", "a list or array" + (" of lines" if at == "ys" else ""), value)
    if arrays.is_array_like(value) and getattr(getattr(value, "dtype", None), "kind", "b") not in "OUSTM":
        cells: list[Any] = arrays.to_numpy(value, at).tolist()
        return cells
    if isinstance(value, range):
        checks.range_length(value, at, rulebook.current())
    return list(value)


def _as_many(got: int, expected: int, at: str, what: str) -> Violation | None:
    return None if got == expected else Violation(at, "plot.lengths", f"{expected:,} {what}", f"{got:,}")


def _check_keys(keys: Any, count: int) -> list[str]:
    if keys is None:
        return [f"line_{index}" for index in range(count)]
    names = [str(key) if isinstance(key, str) else key for key in _cells(keys, "keys")]
    found = [checks.text(name, f"keys[{index}]", "plot.series") for index, name in enumerate(names)]
    checks.refuse([*found, _as_many(len(names), count, "keys", "names, as many as ys")])
    if len(set(names)) < len(names):
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise InvalidInput(
            Violation("keys", "plot.series", "each name once (equal names would be one line)", f"{twice!r} again")
        )
    return names


def _draw_line(drawing: Drawing) -> dict[str, Any]:
    return _lines(drawing, "x", "y", "stroke")


def _draw_series(drawing: Drawing) -> dict[str, Any]:
    spec = _lines(drawing, "step", "lineVal", "lineKey")
    # The columns are named by the preset, not by the user: their names say nothing on an axis.
    spec["encoding"]["x"]["title"] = vegalite.lines(drawing.strings.get("xname", "x")) or None
    spec["encoding"]["y"]["title"] = None
    if "field" in spec["encoding"]["color"]:
        spec["encoding"]["color"]["title"] = None
    return spec


def _lines(drawing: Drawing, x: str, y: str, stroke: str) -> dict[str, Any]:
    columns = drawing.columns
    encoding: dict[str, Any] = {
        axis: vegalite.channel(field, columns[field], **vegalite.number_scale(columns[field]))
        for axis, field in (("x", x), ("y", y))
    }
    per_line = Counter(columns[stroke].values if stroke in columns else [None] * len(columns[x].values))
    encoding["color"] = {"value": vegalite.SINGLE}
    if per_line and stroke in columns:
        encoding["color"] = vegalite.categories(stroke, columns[stroke])
    encoding["tooltip"] = vegalite.tooltip(columns)
    marked = vegalite.points_fit(max(per_line.values(), default=0))
    # order: joined in the order of the rows, not by x
    mark = {"type": "line", "order": False, "strokeWidth": 2, "point": {"size": 28} if marked else False}
    return vegalite.chart(drawing, {"mark": mark, "encoding": encoding})


def _draw_scatter(drawing: Drawing) -> dict[str, Any]:
    columns = drawing.columns
    many = len(columns["x"].values) > 500
    mark = {
        "type": "point",
        "filled": True,
        "size": 18 if many else 42,
        "opacity": 0.45 if many else 0.75,
        "color": vegalite.SINGLE,
    }
    encoding = {
        axis: vegalite.channel(axis, columns[axis], **vegalite.number_scale(columns[axis])) for axis in ("x", "y")
    }
    return vegalite.chart(drawing, {"mark": mark, "encoding": {**encoding, "tooltip": vegalite.tooltip(columns)}})


_NUMBERS = Field(("number",))
LINE = Preset("wandb/line/v0", {"x": Field(), "y": _NUMBERS, "stroke": Field(optional=True)}, _draw_line)
SCATTER = Preset("wandb/scatter/v0", {"x": Field(), "y": Field()}, _draw_scatter)
LINE_SERIES = Preset("wandb/lineseries/v0", {"step": Field(), "lineKey": Field(), "lineVal": _NUMBERS}, _draw_series)
