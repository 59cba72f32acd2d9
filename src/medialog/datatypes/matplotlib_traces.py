"""Matplotlib artists -> plotly traces and shapes, for the artists that plotly can draw exactly.

An artist that is not listed here, or that is drawn in a way plotly has not, raises `Unconvertible` with what it is: an
interactive figure that misses something must never pass as the figure. What is only decoration joins `lost`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medialog.datatypes import matplotlib_style as style
from medialog.datatypes.matplotlib_collections import add_fills, add_polygons, add_scatter, add_segments
from medialog.datatypes.matplotlib_panel import Panel, Unconvertible


def add_artist(artist: Any, panel: Panel) -> None:
    """Add the traces of one artist. `Unconvertible` for one that plotly cannot draw exactly."""
    name = type(artist).__name__
    convert = _CONVERTERS.get(name) if type(artist).__module__.startswith("matplotlib.") else None
    if convert is None:
        raise Unconvertible(name)
    if artist.get_clip_path() is not None:
        raise Unconvertible(f"{name} clipped to a shape")
    for what, is_there in (("path effects", artist.get_path_effects()), ("sketch lines", artist.get_sketch_params())):
        if is_there:
            panel.lost[what] = None
    convert(artist, panel)


# --- lines ---


def _add_line(line: Any, panel: Panel) -> None:
    axes, transform = panel.axes, line.get_transform()
    x, y = line.get_xdata(orig=False), line.get_ydata(orig=False)
    if transform is axes.get_yaxis_transform(which="grid") or transform is axes.get_xaxis_transform(which="grid"):
        _add_rule(line, panel, x, y, across=transform is axes.get_yaxis_transform(which="grid"))
        return
    if transform is not axes.transData:
        raise Unconvertible("Line2D outside data coordinates")
    if line.get_markevery() is not None:
        raise Unconvertible("Line2D with markevery")
    if not len(x):
        return
    if line.get_gapcolor() is not None:
        raise Unconvertible("Line2D with a gap colour")
    trace: dict[str, Any] = {"type": "scatter"}
    modes = []
    if _has_stroke(line.get_linestyle()) and line.get_linewidth() > 0:
        modes.append("lines")
        trace["line"] = _stroke(line, panel)
        shape = style.LINE_SHAPES.get(line.get_drawstyle(), "linear")
        if shape != "linear":
            trace["line"]["shape"] = shape
    if line.get_marker() not in ("None", "none", None, "", " "):
        modes.append("markers")
        trace["marker"] = _line_marker(line)
    if modes:
        panel.add_trace(line, {**trace, "mode": "+".join(modes)}, x, y)


def _has_stroke(linestyle: Any) -> bool:
    return linestyle not in ("None", "none", "", " ")


def _stroke(line: Any, panel: Panel) -> dict[str, Any]:
    """Return colour, width and dash of a Line2D."""
    dash = style.dash(line.get_linestyle(), line.get_linewidth())
    # A pattern of one's own is called "--" by get_linestyle, and is known to the line alone.
    own = getattr(line, "_dash_pattern", None)
    if dash != "solid" and isinstance(own, tuple):
        dash = style.dash(own, 1.0)
    if dash is None:
        panel.lost["a dash pattern"] = None
        dash = "dash"
    width = style.pixels(line.get_linewidth())
    return {"color": style.colour(line.get_color(), line.get_alpha()), "width": width, "dash": dash}


def _line_marker(line: Any) -> dict[str, Any]:
    found = style.symbol(line.get_marker())
    if found is None or line.get_fillstyle() not in ("full", "none"):
        raise Unconvertible(f"marker {line.get_marker()!r:.20}" if found is None else "half-filled markers")
    name, factor = found
    alpha = line.get_alpha()
    fill = style.colour(line.get_markerfacecolor(), alpha) if line.get_fillstyle() == "full" else "rgba(0,0,0,0)"
    edge = style.colour(line.get_markeredgecolor(), alpha)
    return {
        "symbol": name,
        "size": style.pixels(line.get_markersize() * factor),
        "color": edge if style.is_thin(name) else fill,
        "line": {"color": edge, "width": style.pixels(line.get_markeredgewidth())},
    }


def _add_rule(line: Any, panel: Panel, x: Any, y: Any, across: bool) -> None:
    """Add an axhline (`across`: x in fractions of the axes) or an axvline."""
    if len(x) != 2 or line.get_marker() not in ("None", "none", None, ""):
        raise Unconvertible("Line2D outside data coordinates")
    xs = [float(value) for value in x] if across else panel.x.values(x)
    ys = panel.y.values(y) if across else [float(value) for value in y]
    if None in (*xs, *ys):
        return
    panel.add_shape(line, {"type": "line", **_ends(panel, xs, ys, across, not across), "line": _stroke(line, panel)})


def _ends(panel: Panel, xs: Any, ys: Any, x_domain: bool, y_domain: bool) -> dict[str, Any]:
    return {
        "xref": f"{panel.x.name} domain" if x_domain else panel.x.name,
        "yref": f"{panel.y.name} domain" if y_domain else panel.y.name,
        "x0": xs[0], "x1": xs[1], "y0": ys[0], "y1": ys[1],
    }  # fmt: skip


# --- patches ---


def add_bars(container: Any, panel: Panel) -> None:
    """Add a BarContainer as one bar trace: place, base, length, width and colours of each bar as they are."""
    import numpy as np

    bars = list(container.patches)
    if any(
        type(bar).__name__ != "Rectangle" or bar.angle or bar.get_data_transform() is not panel.axes.transData
        for bar in bars
    ):
        raise Unconvertible("BarContainer of other shapes")
    if any(bar.get_clip_path() is not None for bar in bars):
        raise Unconvertible("BarContainer clipped to a shape")
    present = {id(patch) for patch in panel.axes.patches}  # a bar that was removed stays in its container
    bars = [bar for bar in bars if id(bar) in present and bar.get_visible()]
    if not bars:
        return
    left, bottom, width, height = np.array(
        [[b.get_x(), b.get_y(), b.get_width(), b.get_height()] for b in bars], float
    ).T
    is_upright = container.orientation != "horizontal"
    along, value = (panel.x, panel.y) if is_upright else (panel.y, panel.x)
    if value.kind == "date" or along.kind == "log":
        raise Unconvertible("bars on a date axis" if value.kind == "date" else "bars beside a log axis")
    place, thickness, base, length = (left, width, bottom, height) if is_upright else (bottom, height, left, width)
    marker: dict[str, Any] = {"color": _each(style.colour(bar.get_facecolor()) for bar in bars)}
    edges = _each(style.colour(bar.get_edgecolor()) for bar in bars)
    widths = _each(style.pixels(bar.get_linewidth()) for bar in bars)
    marker["line"] = {"color": edges, "width": 0 if isinstance(edges, str) and style.is_clear(edges) else widths}
    if any(bar.get_hatch() for bar in bars):
        panel.lost["hatching"] = None
    if not _is_sorted_before_lines(panel):
        panel.lost["the order in which bars cover lines"] = None
    if value.kind == "log" and base.any():
        raise Unconvertible("stacked bars on a log axis")
    thick = thickness * 86_400_000.0 if along.kind == "date" else thickness
    trace: dict[str, Any] = {"type": "bar", "orientation": "v" if is_upright else "h", "marker": marker}
    trace["width"] = np.abs(thick).tolist()
    if base.any():
        trace["base"] = value.values(base)
    middle = place + thickness / 2
    panel.add_trace(container, trace, *((middle, length) if is_upright else (length, middle)))


def _is_sorted_before_lines(panel: Panel) -> bool:
    """Say whether plotly, which draws all bars below all lines, draws bars that come now in their place."""
    return not any(trace["type"].startswith("scatter") for trace in panel.traces)


def _each(values: Any) -> Any:
    """Return a list of values, or the value when all are the same."""
    found = list(values)
    return found[0] if len(set(found)) == 1 else found


def _add_patch(patch: Any, panel: Panel) -> None:
    """Add a Rectangle, Polygon or PathPatch with straight sides, or an axhspan or axvspan."""
    axes, transform = panel.axes, patch.get_data_transform()
    across = transform is axes.get_yaxis_transform(which="grid")
    if type(patch).__name__ == "Rectangle" and (across or transform is axes.get_xaxis_transform(which="grid")):
        _add_span(patch, panel, across)
        return
    if transform is not axes.transData:
        raise Unconvertible(f"{type(patch).__name__} outside data coordinates")
    path = patch.get_path().transformed(patch.get_patch_transform())
    fill = style.colour(patch.get_facecolor()) if patch.get_fill() else "rgba(0,0,0,0)"
    edge = (
        style.colour(patch.get_edgecolor()),
        patch.get_linewidth(),
        style.dash(patch.get_linestyle(), patch.get_linewidth()),
    )
    if patch.get_hatch():
        panel.lost["hatching"] = None
    add_polygons(patch, panel, [path], fill, edge)


def _add_span(patch: Any, panel: Panel, across: bool) -> None:
    import numpy as np

    x, y = (
        np.array([patch.get_x(), patch.get_x() + patch.get_width()]),
        np.array([patch.get_y(), patch.get_y() + patch.get_height()]),
    )
    xs = x.tolist() if across else panel.x.values(x)
    ys = panel.y.values(y) if across else y.tolist()
    edge = style.colour(patch.get_edgecolor())
    shape = {
        "type": "rect",
        **_ends(panel, xs, ys, across, not across),
        "fillcolor": style.colour(patch.get_facecolor()),
    }
    shape["line"] = {"color": edge, "width": 0 if style.is_clear(edge) else style.pixels(patch.get_linewidth())}
    shape["layer"] = "below"
    panel.add_shape(patch, shape)


_CONVERTERS: dict[str, Callable[[Any, Panel], None]] = {
    "Line2D": _add_line,
    "Rectangle": _add_patch,
    "Polygon": _add_patch,
    "PathPatch": _add_patch,
    "PathCollection": add_scatter,
    "LineCollection": add_segments,
    "EventCollection": add_segments,
    "PolyCollection": add_fills,
    "FillBetweenPolyCollection": add_fills,
}
