"""Matplotlib's collections and filled paths -> plotly traces: scatters, segments, fills and polygons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medialog.datatypes import matplotlib_style as style
from medialog.datatypes.matplotlib_panel import Panel, Unconvertible

MOST_STYLES = 50  # traces that one collection may become: one per colour, width and dash


def add_polygons(artist: Any, panel: Panel, paths: list[Any], fill: str, edge: tuple[str, float, str | None]) -> None:
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


def add_scatter(points: Any, panel: Panel) -> None:
    """Add the points of `scatter`: a PathCollection with one marker, in data coordinates."""
    import numpy as np

    if points.get_offset_transform() is not panel.axes.transData or len(points.get_paths()) != 1:
        raise Unconvertible("PathCollection of several shapes")
    found = style.symbol_of_path(points.get_paths()[0])
    if found is None:
        raise Unconvertible("PathCollection with a marker that plotly has not")
    offsets: Any = np.ma.filled(np.ma.asarray(points.get_offsets(), dtype=float), np.nan)
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
    marker = {
        "symbol": name,
        "size": _cycle(sizes, len(offsets), style.pixels),
        **(fill if isinstance(fill, dict) else {"color": fill}),
    }
    marker["line"] = {"color": edges, "width": widths}
    marker["opacity"] = 1  # plotly's own default for markers of several sizes is 0.7
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
    numbers: Any = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan).ravel()
    is_plain = (
        type(norm).__name__ == "Normalize" and not norm.clip and points.get_alpha() is None and len(numbers) == count
    )
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
    """Return one value for all, or a list of `count` values that begins anew where it ends; clear for no colour."""
    found = [convert(value) for value in values]
    if len(set(found)) <= 1:
        return found[0] if found else "rgba(0,0,0,0)"
    return [found[index % len(found)] for index in range(count)]


def add_segments(lines: Any, panel: Panel) -> None:
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
        key = (
            style.colour(colours[index % len(colours)]),
            style.pixels(width),
            style.dash(dashes[index % len(dashes)], 1.0) or "solid",
        )
        groups.setdefault(key, []).extend([np.asarray(segment, float), np.full((1, 2), np.nan)])
    if len(groups) > MOST_STYLES:
        raise Unconvertible(f"LineCollection in more than {MOST_STYLES} styles")
    for (name, width, dash), pieces in groups.items():
        points = np.concatenate(pieces[:-1])
        trace = {"type": "scatter", "mode": "lines", "line": {"color": name, "width": width, "dash": dash}}
        panel.add_trace(lines, trace, points[:, 0], points[:, 1])


def add_fills(fills: Any, panel: Panel) -> None:
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
        add_polygons(fills, panel, paths, fill, stroke)
