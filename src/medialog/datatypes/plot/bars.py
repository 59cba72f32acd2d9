"""`bar` and `histogram`: labelled values as bars, and how often values occur.

Source: the 2020 guide's "Custom charts"; the names and defaults are those of `wandb.plot`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medialog.datatypes.plot import vegalite
from medialog.datatypes.plot.chart import Chart
from medialog.datatypes.plot.drawing import Drawing, Field, Preset

if TYPE_CHECKING:
    from medialog.datatypes.table import Table
    from medialog.validators.rules import Strictness


def bar(
    table: Table,
    label: str,
    value: str,
    title: str | None = "",
    split_table: bool = False,
    *,
    limits: Mapping[str, Any] | None = None,
    strict: Strictness | None = None,
) -> Chart:
    """Return a bar chart: a bar of column `value` for each row, named by column `label`, in the table's order.

    `value` holds numbers. Rows with the same label are stacked on one bar. Raises `InvalidInput` for a name that is no
    column of the table.
    """
    fields = {"label": label, "value": value}
    return Chart.preset(
        BAR,
        table,
        fields,
        {"title": "" if title is None else title},
        split_table=split_table,
        limits=limits,
        strict=strict,
    )


def histogram(
    table: Table,
    value: str,
    title: str | None = "",
    split_table: bool = False,
    *,
    limits: Mapping[str, Any] | None = None,
    strict: Strictness | None = None,
) -> Chart:
    """Return a histogram of column `value` (numbers), in up to 40 bins of round widths that the viewer chooses.

    `medialog.Histogram` is the type for exact bins and for distributions over time. Raises `InvalidInput` for a name
    that is no column of the table.
    """
    return Chart.preset(
        HISTOGRAM,
        table,
        {"value": value},
        {"title": "" if title is None else title},
        split_table=split_table,
        limits=limits,
        strict=strict,
    )


def _draw_bar(drawing: Drawing) -> dict[str, Any]:
    columns = drawing.columns
    labels = list(dict.fromkeys(columns["label"].values))
    sloped = len(labels) > 8 or max((len(str(label)) for label in labels), default=0) * len(labels) > 70
    x = vegalite.categories("label", columns["label"], axis={"labelAngle": -40 if sloped else 0})
    encoding = {
        "x": x,
        "y": vegalite.channel("value", columns["value"], scale={"nice": True}),
        "tooltip": vegalite.tooltip(columns),
    }
    width = min(1200, max(vegalite.WIDTH, 22 * len(labels)))
    mark = {"type": "bar", "color": vegalite.SINGLE, "width": {"band": 0.75}}
    return vegalite.chart(drawing, {"mark": mark, "encoding": encoding}, width=width)


def _draw_histogram(drawing: Drawing) -> dict[str, Any]:
    column = drawing.columns["value"]
    binned = {
        "field": "value",
        "bin": {"maxbins": 40},
        "type": "quantitative",
        "title": vegalite.lines(column.name) or None,
    }
    shown = column.name if vegalite.is_safe(column.name) else "value"
    count = {"aggregate": "count", "type": "quantitative", "title": "Count"}
    encoding = {"x": binned, "y": count, "tooltip": [{**binned, "title": shown}, count]}
    mark = {"type": "bar", "color": vegalite.SINGLE, "binSpacing": 1}
    return vegalite.chart(drawing, {"mark": mark, "encoding": encoding})


BAR = Preset("wandb/bar/v0", {"label": Field(), "value": Field(("number",))}, _draw_bar)
HISTOGRAM = Preset("wandb/histogram/v0", {"value": Field(("number",))}, _draw_histogram)
