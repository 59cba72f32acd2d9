"""Matplotlib artists -> plotly traces and shapes, for the artists that plotly can draw exactly.

An artist that is not listed here, or that is drawn in a way plotly has not, raises `Unconvertible` with what it is: an
interactive figure that misses something must never pass as the figure. What is only decoration joins `lost`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from medialog.datatypes import matplotlib_style as style
from medialog.datatypes.matplotlib_axes import Scale

MOST_STYLES = 50  # traces that one collection may become: one per colour, width and dash


class Unconvertible(Exception):  # noqa: N818 - it is a finding, not a fault
    """An artist that has no exact form in plotly; the text says which."""


@dataclass
class Panel:
    """One axes as the traces see it: its plotly axes and their scales."""

    axes: Any
    x: Scale
    y: Scale
    traces: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    lost: dict[str, None] = field(default_factory=dict)
    # Traces and shapes by the artist they come from: legends name them by it.
    made: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)

    def add_trace(self, artist: Any, trace: dict[str, Any], x: Any, y: Any) -> None:
        """Add a trace with its data on this panel's axes."""
        points = len(x)
        kind = "scattergl" if trace["type"] == "scatter" and points > 10_000 and "fill" not in trace else trace["type"]
        full = {**trace, "type": kind, "x": self.x.values(x), "y": self.y.values(y)}
        full |= {"xaxis": self.x.name, "yaxis": self.y.name, "showlegend": False}
        self.traces.append(full)
        self.made.append((artist, full))

    def add_shape(self, artist: Any, shape: dict[str, Any]) -> None:
        """Add a shape: a line or a rectangle across the axes."""
        self.shapes.append(shape)
        self.made.append((artist, shape))


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
    if any(type(bar).__name__ != "Rectangle" or bar.angle or bar.get_data_transform() is not panel.axes.transData for bar in bars):
        raise Unconvertible("BarContainer of other shapes")
    if any(bar.get_clip_path() is not None for bar in bars):
        raise Unconvertible("BarContainer clipped to a shape")
    bars = [bar for bar in bars if bar.get_visible()]
    if not bars:
        return
    left, bottom, width, height = np.array([[b.get_x(), b.get_y(), b.get_width(), b.get_height()] for b in bars], float).T
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
    if not _is_sorted_before_lines(bars[0], panel):
        panel.lost["the order in which bars cover lines"] = None
    if value.kind == "log" and base.any():
        raise Unconvertible("stacked bars on a log axis")
    thick = thickness * 86_400_000.0 if along.kind == "date" else thickness
    trace = {"type": "bar", "orientation": "v" if is_upright else "h", "marker": marker}
    trace["width"] = np.abs(thick).tolist()
    if base.any():
        trace["base"] = value.values(base)
    middle = place + thickness / 2
    panel.add_trace(container, trace, *((middle, length) if is_upright else (length, middle)))


def _is_sorted_before_lines(bar: Any, panel: Panel) -> bool:
    """Say whether plotly, which draws all bars below all lines, draws this bar in its place."""
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
    edge = (style.colour(patch.get_edgecolor()), patch.get_linewidth(), style.dash(patch.get_linestyle(), patch.get_linewidth()))
    if patch.get_hatch():
        panel.lost["hatching"] = None
    _add_polygons(patch, panel, [path], fill, edge)


def _add_span(patch: Any, panel: Panel, across: bool) -> None:
    import numpy as np

    x, y = np.array([patch.get_x(), patch.get_x() + patch.get_width()]), np.array([patch.get_y(), patch.get_y() + patch.get_height()])
    xs = x.tolist() if across else panel.x.values(x)
    ys = panel.y.values(y) if across else y.tolist()
    edge = style.colour(patch.get_edgecolor())
    shape = {"type": "rect", **_ends(panel, xs, ys, across, not across), "fillcolor": style.colour(patch.get_facecolor())}
    shape["line"] = {"color": edge, "width": 0 if style.is_clear(edge) else style.pixels(patch.get_linewidth())}
    shape["layer"] = "below"
    panel.add_shape(patch, shape)


def _add_polygons(
    artist: Any, panel: Panel, paths: list[Any], fill: str, edge: tuple[str, float, str | None]
) -> None:
    """Add paths of straight lines of one style as one filled trace, gaps between them."""
    import numpy as np

    name = type(artist).__name__
    pieces = []
    for path in paths:
        codes = path.codes
        if codes is not None and (set(codes.tolist()) - {1, 2, 79} or (codes[1:] == 1).any()):
            raise Unconvertible(f"{name} with curves or holes")
        if not len(path.vertices):
            continue
        vertices = np.asarray(path.vertices, float)
        if not np.isfinite(vertices).all():
            raise Unconvertible(f"{name} with NaN")
        if codes is not None and codes[-1] == 79:  # CLOSEPOLY: its own vertex is a filler
            vertices = np.concatenate([vertices[:-1], vertices[:1]])
        pieces += [vertices, np.full((1, 2), np.nan)]
    if not pieces:
        return
    points = np.concatenate(pieces[:-1])
    edge_colour, width, dash = edge
    drawn = 0 if style.is_clear(edge_colour) else style.pixels(width)
    trace: dict[str, Any] = {"type": "scatter", "mode": "lines"}
    trace["line"] = {"color": edge_colour, "width": drawn, "dash": dash or "solid"}
    if not style.is_clear(fill):
        trace |= {"fill": "toself", "fillcolor": fill, "hoveron": "points"}
    panel.add_trace(artist, trace, points[:, 0], points[:, 1])


# --- collections ---


def _add_scatter(points: Any, panel: Panel) -> None:
    import numpy as np

    if points.get_offset_transform() is not panel.axes.transData or len(points.get_paths()) != 1:
        raise Unconvertible("PathCollection of several shapes")
    found = style.symbol_of_path(points.get_paths()[0])
    if found is None:
        raise Unconvertible("PathCollection with a marker that plotly has not")
    offsets = np.ma.filled(np.ma.asarray(points.get_offsets(), dtype=float), np.nan)
    if not len(offsets):
        return
    name, factor = found
    sizes = np.sqrt(np.asarray(points.get_sizes(), float)) * factor
    if not len(sizes):
        raise Unconvertible("PathCollection without sizes")
    edges = _cycle(points.get_edgecolors(), len(offsets), style.colour)
    widths = _cycle(points.get_linewidths(), len(offsets), style.pixels)
    fill = edges if style.is_thin(name) else _fill(points, len(offsets))
    if points.get_hatch():
        panel.lost["hatching"] = None
    marker = {"symbol": name, "size": _cycle(sizes, len(offsets), style.pixels), **(fill if isinstance(fill, dict) else {"color": fill})}
    marker["line"] = {"color": edges, "width": widths}
    same = np.array_equal(points.get_edgecolors(), points.get_facecolors())
    if same and not style.is_thin(name) and not isinstance(widths, list):
        # Matplotlib's default: an edge of the face's colour, which makes the marker larger by its width.
        marker["line"] = {"width": 0}
        sizes = marker["size"]
        marker["size"] = [size + widths for size in sizes] if isinstance(sizes, list) else sizes + widths
    panel.add_trace(points, {"type": "scatter", "mode": "markers", "marker": marker}, offsets[:, 0], offsets[:, 1])


def _fill(points: Any, count: int) -> Any:
    """Return the colours of a scatter: values with their scale where a plain colour map makes them, else themselves."""
    import numpy as np

    values = points.get_array()
    if values is None:
        return _cycle(points.get_facecolors(), count, style.colour)
    norm, scale = points.norm, points.get_cmap()
    numbers = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan).ravel()
    is_plain = type(norm).__name__ == "Normalize" and not norm.clip and points.get_alpha() is None and len(numbers) == count
    inside = is_plain and np.isfinite(numbers).all() and numbers.min() >= norm.vmin and numbers.max() <= norm.vmax
    if not inside or norm.vmin == norm.vmax:
        if points.colorbar is not None:
            raise Unconvertible("PathCollection whose colours are not linear in their values")
        return _cycle(points.get_facecolors(), count, style.colour)
    return {
        "color": numbers.tolist(),
        "cmin": float(norm.vmin),
        "cmax": float(norm.vmax),
        "colorscale": colour_scale(scale),
        "showscale": False,
    }


def colour_scale(scale: Any) -> list[list[Any]]:
    """Return a colour map as plotly's colorscale: in steps where it has few colours, else 64 stops."""
    if scale.N < 64:
        colours = [style.colour(scale(index)) for index in range(scale.N)]
        return [[edge / scale.N, name] for index, name in enumerate(colours) for edge in (index, index + 1)]
    return [[index / 63, style.colour(scale(index / 63))] for index in range(64)]


def _cycle(values: Any, count: int, convert: Callable[[Any], Any]) -> Any:
    """Return one value for all, or a list of `count` values that begins anew where it ends; None for no value."""
    found = [convert(value) for value in values]
    if len(set(found)) <= 1:
        return found[0] if found else None
    return [found[index % len(found)] for index in range(count)]


def _add_segments(lines: Any, panel: Panel) -> None:
    """Add a LineCollection (error bars, vlines, stems): one trace for each colour, width and dash."""
    import numpy as np

    if lines.get_transform() is not panel.axes.transData or np.asarray(lines.get_offsets()).any():
        raise Unconvertible("LineCollection outside data coordinates")
    segments = lines.get_segments()
    colours, widths, dashes = lines.get_colors(), lines.get_linewidths(), lines.get_linestyles()
    if not segments or not len(colours):
        return
    groups: dict[tuple[str, float, str], list[Any]] = {}
    for index, segment in enumerate(segments):
        width = widths[index % len(widths)]
        key = (style.colour(colours[index % len(colours)]), style.pixels(width), style.dash(dashes[index % len(dashes)], 1.0) or "solid")
        groups.setdefault(key, []).extend([np.asarray(segment, float), np.full((1, 2), np.nan)])
    if len(groups) > MOST_STYLES:
        raise Unconvertible(f"LineCollection in more than {MOST_STYLES} styles")
    for (name, width, dash), pieces in groups.items():
        points = np.concatenate(pieces[:-1])
        trace = {"type": "scatter", "mode": "lines", "line": {"color": name, "width": width, "dash": dash}}
        panel.add_trace(lines, trace, points[:, 0], points[:, 1])


def _add_fills(fills: Any, panel: Panel) -> None:
    """Add a PolyCollection (fill_between, stackplot, violins): one trace for each style."""
    import numpy as np

    if fills.get_transform() is not panel.axes.transData or np.asarray(fills.get_offsets()).any():
        raise Unconvertible(f"{type(fills).__name__} outside data coordinates")
    faces, edges = fills.get_facecolors(), fills.get_edgecolors()
    widths, dashes = fills.get_linewidths(), fills.get_linestyles()
    if fills.get_hatch():
        panel.lost["hatching"] = None
    groups: dict[tuple[str, tuple[str, float, str | None]], list[Any]] = {}
    for index, path in enumerate(fills.get_paths()):
        fill = style.colour(faces[index % len(faces)]) if len(faces) else "rgba(0,0,0,0)"
        edge = style.colour(edges[index % len(edges)]) if len(edges) else "rgba(0,0,0,0)"
        dash = style.dash(dashes[index % len(dashes)], 1.0)
        groups.setdefault((fill, (edge, float(widths[index % len(widths)]), dash)), []).append(path)
    if len(groups) > MOST_STYLES:
        raise Unconvertible(f"{type(fills).__name__} in more than {MOST_STYLES} styles")
    for (fill, stroke), paths in groups.items():
        _add_polygons(fills, panel, paths, fill, stroke)


_CONVERTERS: dict[str, Callable[[Any, Panel], None]] = {
    "Line2D": _add_line,
    "Rectangle": _add_patch,
    "Polygon": _add_patch,
    "PathPatch": _add_patch,
    "PathCollection": _add_scatter,
    "LineCollection": _add_segments,
    "EventCollection": _add_segments,
    "PolyCollection": _add_fills,
    "FillBetweenPolyCollection": _add_fills,
}
