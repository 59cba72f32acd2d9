"""`plot_table`: a table drawn by a preset of one's own.

Source: the 2020 guide's "Custom charts". W&B draws such a preset on its server; here its spec is registered, given, or
replaced by a plain one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medialog.datatypes.plot import registry, template, vegalite
from medialog.datatypes.plot.chart import Chart
from medialog.datatypes.plot.drawing import Column, Drawing, Field, Preset, check_fields, check_table, read_columns
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    from medialog.datatypes.table import Table
    from medialog.validators.rules import Strictness

_Y_FIELDS = ("y", "value", "val", "height")
_COLOUR_FIELDS = ("stroke", "color", "colour", "class", "group", "series", "lineKey")


def plot_table(
    vega_spec_name: str,
    data_table: Table,
    fields: Mapping[str, str],
    string_fields: Mapping[str, str] | None = None,
    split_table: bool = False,
    *,
    spec: Mapping[str, Any] | None = None,
    limits: Mapping[str, Any] | None = None,
    strict: Strictness | None = None,
) -> Chart:
    """Return a chart of `data_table` by the preset `vega_spec_name`.

    `fields` maps the preset's fields to columns, `string_fields` its texts (`title`) to texts. The preset is W&B's
    own by its name (`wandb/line/v0`), one of `medialog.plot.register`, or `spec`, a Vega-Lite spec (see `Chart`). Of
    any other name nothing is known here: the table and the fields are kept, and drawn plainly, with a warning.

    Raises `InvalidInput` for a field that names no column, `InvalidName` for a name that can be no preset's.
    """
    name = template.check_name(vega_spec_name)
    check_table(data_table)
    built_in = registry.built_in(name)
    given = spec if spec is not None else registry.registered(name)
    if built_in is not None:
        if spec is not None:
            raise InvalidInput(Violation("spec", "plot.spec", f"no spec for {name}, which has its own", "a spec"))
        return Chart.preset(
            built_in, data_table, fields, string_fields, split_table=split_table, limits=limits, strict=strict
        )
    if given is not None:
        return Chart(
            data_table, given, fields, string_fields, None, split_table, spec_name=name, limits=limits, strict=strict
        )
    preset = _plain_preset(name, data_table, fields)
    sentence = f"no spec is registered for {name!r}: drawn plainly (give spec=, or plot.register it first)"
    return Chart.preset(
        preset, data_table, fields, string_fields, split_table=split_table,
        advice=[("plot.unregistered", sentence)], limits=limits, strict=strict,
    )  # fmt: skip


def _plain_preset(name: str, table: Table, fields: Any) -> Preset:
    """Return a preset of these very fields that draws them by guessing from their names and columns."""
    checked = check_fields(table, fields, None)
    if not checked:
        raise InvalidInput(Violation("fields", "plot.fields", "at least one field", "none"))
    known = {field: Field() for field in checked}
    read_columns(table, checked, known)
    return Preset(name, known, _draw_plain)


def _draw_plain(drawing: Drawing) -> dict[str, Any]:
    """Draw a histogram of one field, else points: x and y by name, else the first fields; a third one is the colour."""
    left = list(drawing.columns)

    def take(*names: str) -> str | None:
        found = next((name for name in names if name in left), None)
        if found is not None:
            left.remove(found)
        return found

    x, y = take("x"), take(*_Y_FIELDS)
    colour = take(*_COLOUR_FIELDS) if len(drawing.columns) > 2 else None
    x = x or take(*left)
    if x is None:
        x, y = y, None
    y = y or take(*left)
    colour = colour or take(*left)
    names = {role: field for role, field in (("x", x), ("y", y), ("color", colour)) if field is not None}
    names |= {f"field_{index}": field for index, field in enumerate(left)}
    # Drawn under names of our own: a field's name is the user's text and may not become part of an expression.
    columns = {role: drawing.columns[field] for role, field in names.items()}
    plain = Drawing(columns, drawing.title, drawing.strings)
    if "y" not in columns:
        bar = {"type": "bar", "color": vegalite.SINGLE}
        return vegalite.chart(plain, {"mark": bar, "encoding": _counted("x", columns["x"])})
    encoding: dict[str, Any] = {
        axis: vegalite.channel(axis, columns[axis], **vegalite.number_scale(columns[axis])) for axis in ("x", "y")
    }
    if "color" in columns and columns["color"].values:
        encoding["color"] = vegalite.channel("color", columns["color"])
    encoding["tooltip"] = vegalite.tooltip(columns)
    mark = {"type": "point", "filled": True, "size": 36, "opacity": 0.75, "color": vegalite.SINGLE}
    return vegalite.chart(plain, {"mark": mark, "encoding": encoding})


def _counted(field: str, column: Column) -> dict[str, Any]:
    x = vegalite.channel(field, column)
    if column.kind == "number":
        x = {**x, "bin": {"maxbins": 40}}
    return {"x": x, "y": {"aggregate": "count", "type": "quantitative", "title": "Count"}}
