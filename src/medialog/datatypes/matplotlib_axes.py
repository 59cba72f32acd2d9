"""Matplotlib's axes -> plotly's: place, range, scale, ticks, titles, frame and grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from medialog.datatypes import matplotlib_style as style

# Formatters and locators whose ticks plotly makes just so by itself; the ticks of any other are written out.
_OWN_FORMATTERS = {
    "linear": ("ScalarFormatter",),
    "log": ("LogFormatterSciNotation", "LogFormatter", "LogFormatterMathtext"),
    "date": ("AutoDateFormatter", "ConciseDateFormatter", "PandasAutoDateFormatter"),
}
_OWN_LOCATORS = (
    "AutoLocator",
    "MaxNLocator",
    "MultipleLocator",
    "LogLocator",
    "AutoDateLocator",
    "PandasAutoDateLocator",
)


class UnknownAxis(Exception):
    """An axis that plotly has not; the text says what it is."""


@dataclass
class Scale:
    """One plotly axis: its id in traces (`x2`), its kind, and how values are written on it."""

    name: str
    kind: Literal["linear", "log", "date"]

    @property
    def key(self) -> str:
        """Return its key in the layout: `xaxis2` for `x2`."""
        return f"{self.name[0]}axis{self.name[1:]}"

    def values(self, numbers: Any) -> list[Any]:
        """Return matplotlib's numbers as plotly takes them: as they are, or ISO 8601 text of a date axis."""
        import numpy as np

        array = np.asarray(numbers, dtype=np.float64)
        if self.kind != "date":
            values: list[Any] = array.tolist()
            return values
        return to_dates(array)

    def limits(self, low: float, high: float) -> list[Any]:
        """Return a range: logarithms for a log axis, as plotly wants them."""
        import math

        if self.kind == "log":
            return [math.log10(low), math.log10(high)]
        return self.values([low, high])


def to_dates(days: Any) -> list[Any]:
    """Return days since matplotlib's epoch as ISO 8601 text to the microsecond, None for what is not finite."""
    import numpy as np
    from matplotlib import dates

    finite = np.isfinite(days)
    microseconds = np.round(np.where(finite, days, 0.0) * 86_400e6).astype(np.int64)
    epoch: str = dates.get_epoch()  # type: ignore[no-untyped-call]
    moments = np.datetime64(epoch, "us") + microseconds.astype("timedelta64[us]")
    text = np.datetime_as_string(moments, unit="us").tolist()
    return [moment if known else None for moment, known in zip(text, finite.tolist(), strict=True)]


def find_scale(axis: Any, name: str) -> Scale:
    """Return the plotly axis for a matplotlib axis.

    `UnknownAxis` for symlog, logit, periods, other units and time zones.
    """
    letter = axis.axis_name
    converter = axis.get_converter() if hasattr(axis, "get_converter") else axis.converter
    module, unit = type(converter).__module__, type(converter).__name__
    is_date = module == "matplotlib.dates" or unit == "DatetimeConverter"
    if converter is not None and not is_date and module != "matplotlib.category":
        raise UnknownAxis(f"{letter} axis with units of {unit}")
    scale = axis.get_scale()
    if scale not in ("linear", "log") or (is_date and scale == "log"):
        raise UnknownAxis(f"{letter} axis with a {scale} scale")
    if not is_date:
        return Scale(name, scale)
    zone = getattr(axis.get_major_formatter(), "_tz", None)
    if zone is not None and str(zone) not in ("UTC", "UTC+00:00"):
        raise UnknownAxis(f"{letter} axis in a time zone")
    return Scale(name, "date")


def describe_axis(axes: Any, axis: Any, scale: Scale, lost: dict[str, None]) -> dict[str, Any]:
    """Return the layout of one axis."""
    is_x = axis.axis_name == "x"
    near, far = ("bottom", "top") if is_x else ("left", "right")
    position = axes.get_position()
    domain = [position.x0, position.x1] if is_x else [position.y0, position.y1]
    low, high = axes.get_xlim() if is_x else axes.get_ylim()
    is_shown = axes.axison and axis.get_visible()
    layout: dict[str, Any] = {
        "type": scale.kind,
        "domain": [min(max(edge, 0.0), 1.0) for edge in domain],
        "range": scale.limits(low, high),
        "zeroline": False,
        "showgrid": False,
    }
    if not is_shown:
        return {**layout, "visible": False}
    spines = axes.spines
    near_line, far_line = (side in spines and spines[side].get_visible() for side in (near, far))
    params = axis.get_tick_params(which="major")
    ticks_near, ticks_far = params.get(near, True), params.get(far, False)
    labels_near, labels_far = params.get(f"label{near}", True), params.get(f"label{far}", False)
    side = far if (labels_far and not labels_near) or axis.get_label_position() == far else near
    layout["side"] = side
    layout["showline"] = near_line or far_line
    if near_line and far_line:
        layout["mirror"] = True
    elif layout["showline"] and (far_line if side == near else near_line):
        lost["an axis line on the other side"] = None
    if layout["showline"]:
        spine = spines[near if near_line else far]
        layout["linecolor"] = style.colour(spine.get_edgecolor())
        layout["linewidth"] = style.pixels(spine.get_linewidth())
        if spine.get_position() not in (
            ("outward", 0.0),
            ("axes", 0.0 if spine.spine_type in ("left", "bottom") else 1.0),
        ):
            lost["a moved axis line"] = None
        if spine._bounds is not None:
            lost["a shortened axis line"] = None
    if axis.get_tick_params(which="minor").get("gridOn"):
        lost["minor grid lines"] = None
    layout["ticks"] = "outside" if (ticks_far if side == far else ticks_near) else ""
    layout["showticklabels"] = bool(labels_near or labels_far)
    if labels_near and labels_far:
        lost["tick labels on both sides"] = None
    layout |= _describe_ticks(axis, scale, lost)
    gridlines = axis.get_gridlines()
    if params.get("gridOn") and gridlines:
        layout["showgrid"] = True
        line = gridlines[0]
        layout["gridcolor"] = style.colour(line.get_color(), line.get_alpha())
        layout["gridwidth"] = style.pixels(line.get_linewidth())
        layout["griddash"] = style.dash(line.get_linestyle(), line.get_linewidth()) or "solid"
    if axis.label.get_visible() and axis.get_label_text():
        layout["title"] = {"text": style.text(axis.get_label_text(), lost), "font": style.font(axis.label)}
    return layout


def _describe_ticks(axis: Any, scale: Scale, lost: dict[str, None]) -> dict[str, Any]:
    """Return where ticks stand and what they say: left to plotly where it does the same, else written out."""
    labels = axis.get_majorticklabels()
    layout: dict[str, Any] = {}
    if labels:
        layout["tickfont"] = style.font(labels[0])
        layout["tickcolor"] = style.colour(axis.get_majorticklines()[0].get_color())
        rotation = labels[0].get_rotation()
        if rotation:
            layout["tickangle"] = -((rotation + 180) % 360 - 180)
    if scale.kind == "log":
        low, high = sorted(axis.get_view_interval())
        if high / low >= 100:
            layout["dtick"] = 1  # the powers of ten alone; fewer than two decades need ticks between them
        layout["exponentformat"] = "power"
        if getattr(axis.get_transform(), "base", 10) != 10:
            lost["ticks of a logarithm that is not to base 10"] = None
    formatter, locator = type(axis.get_major_formatter()).__name__, type(axis.get_major_locator()).__name__
    places = axis.get_majorticklocs()
    if formatter in _OWN_FORMATTERS[scale.kind] and locator in _OWN_LOCATORS:
        if scale.kind == "linear":
            # As many ticks as matplotlib made; plotly finds round steps itself, also after zooming.
            layout |= {"nticks": len(places), "minexponent": 5} if len(places) > 1 else {}
        return layout
    layout.pop("dtick", None)
    layout["tickmode"] = "array"
    layout["tickvals"] = scale.values(places)
    texts = [label.get_text() for label in labels]
    if formatter in _OWN_FORMATTERS["linear"] and len(texts) != len(places):
        return layout
    layout["ticktext"] = [style.text(text, lost) for text in (texts + [""] * len(places))[: len(places)]]
    return layout
