"""Posters of charts: histograms, Vega-Lite specs of the usual marks, plotly figures of the usual traces.

A chart whose form is not known here is drawn by its facts; the page draws it with its own library.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medialog.viewer import media
from medialog.viewer.posters import axes, canvas, pictures
from medialog.viewer.posters.words import draw_facts, reference_of, title_of
from medialog.wire.storage import Storage

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

MOST_BYTES = 48 << 20
MOST_ROWS = 50_000
MOST_GROUPS = 24
_SIMPLE_MARKS = ("line", "point", "circle", "square", "bar", "area", "rect", "tick", "trail")


def draw_histogram(descriptor: Mapping[str, Any], storage: Storage) -> Image:  # noqa: ARG001 - one form for all
    """Draw the bars of a histogram."""
    import numpy as np

    edges = np.array(descriptor["bins"], np.float64)
    counts = np.array(descriptor["values"], np.float64)
    plot = axes.Axes(title_of(descriptor) if descriptor.get("caption") else "")
    plot.bars((edges[1:] + edges[:-1]) / 2, counts, canvas.COLORS[0], np.diff(edges))
    return plot.draw()


def draw_figure(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw a figure: its picture, else its interactive form."""
    if isinstance(descriptor.get("image"), dict):
        return pictures.draw_image(descriptor["image"], storage)
    if isinstance(descriptor.get("vega"), dict):
        return draw_vega(descriptor["vega"], storage)
    if isinstance(descriptor.get("plotly"), dict):
        return draw_plotly(descriptor["plotly"], storage)
    return draw_facts(descriptor, "a figure without a picture")


def draw_chart(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw a chart of `medialog.plot`."""
    return draw_vega(descriptor, storage)


# --- Vega-Lite ---


def draw_vega(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw a Vega-Lite spec of one view with inline data."""
    spec = _json(descriptor, storage)
    plot = axes.Axes(_title(spec.get("title")) or str(descriptor.get("title", "")))
    given = spec.get("layer")
    layers: list[dict[str, Any]] = given if isinstance(given, list) else [{}]
    drawn = 0
    for layer in layers:
        encoding = {**spec.get("encoding", {}), **layer.get("encoding", {})}
        mark = layer.get("mark", spec.get("mark"))
        data = _rows(layer.get("data") or spec.get("data"), spec)
        drawn += _draw_layer(plot, mark, encoding, data)
    return plot.draw() if drawn else draw_facts(descriptor, "a chart (its picture is drawn by the page)")


def _json(descriptor: Mapping[str, Any], storage: Storage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(media.read_small(storage, reference_of(descriptor), MOST_BYTES))
    return found


def _title(title: Any) -> str:
    if isinstance(title, dict):
        title = title.get("text")
    return " ".join(title) if isinstance(title, list) else str(title or "")


def _rows(data: Any, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    values = data.get("values") if isinstance(data, dict) else None
    if values is None and isinstance(data, dict) and "name" in data:
        values = spec.get("datasets", {}).get(data["name"])
    return [row for row in values[:MOST_ROWS] if isinstance(row, dict)] if isinstance(values, list) else []


def _draw_layer(plot: axes.Axes, mark: Any, encoding: Mapping[str, Any], rows: list[dict[str, Any]]) -> int:
    """Draw one layer; return 1 when there was something that could be drawn."""
    import numpy as np

    kind = mark.get("type") if isinstance(mark, dict) else mark
    x, y = encoding.get("x"), encoding.get("y")
    if kind not in _SIMPLE_MARKS or not rows or not isinstance(x, dict):
        return 0
    y = y if isinstance(y, dict) else {}
    if x.get("bin") and "field" in x:
        return _draw_binned(plot, x, rows)
    if "field" not in x or "field" not in y:
        return 0
    plot.x_title = plot.x_title or _title(x.get("title", x["field"]))
    plot.y_title = plot.y_title or _title(y.get("title", y["field"]))
    color = encoding.get("color")
    if kind == "rect":
        return _draw_cells(plot, x, y, color, rows)
    xs, x_names = _positions(rows, x)
    ys, y_names = _positions(rows, y)
    if kind == "bar" and y_names and not x_names:  # lying bars: stand them up, a poster shows as much
        xs, ys, x_names, y_names = ys, xs, y_names, []
        plot.x_title, plot.y_title = plot.y_title, plot.x_title
    plot.x_names = x_names or plot.x_names
    if y_names:
        return 0
    fixed = mark.get("color") if isinstance(mark, dict) else None
    groups: dict[str, list[int]] = {}
    by = color.get("field") if isinstance(color, dict) else None
    for index, row in enumerate(rows):
        groups.setdefault(str(row.get(by)) if by else "", []).append(index)
    dashed = isinstance(mark, dict) and bool(mark.get("strokeDash"))
    for number, (name, chosen) in enumerate(list(groups.items())[:MOST_GROUPS]):
        shade = canvas.color_of(number) if fixed is None else canvas.FAINT
        x_part, y_part = xs[np.array(chosen)], ys[np.array(chosen)]
        if kind in ("line", "area", "trail"):
            plot.line(x_part, y_part, shade, dashed=dashed)
        elif kind == "bar":
            plot.bars(x_part, y_part, shade, 0.8 if x_names else _gap(xs) * 0.8)
        else:
            plot.points(x_part, y_part, shade)
        if by:
            plot.legend.append((name, shade))
    return 1


def _positions(rows: list[dict[str, Any]], channel: Mapping[str, Any]) -> tuple[np.ndarray, list[str]]:
    """Return the places of a channel's values, and the names of the places where they are names."""
    import numpy as np

    values = [row.get(channel["field"]) for row in rows]
    if channel.get("type") in ("nominal", "ordinal") or any(isinstance(value, str) for value in values):
        names = list(dict.fromkeys(str(value) for value in values))
        place = {name: float(index) for index, name in enumerate(names)}
        return np.array([place[str(value)] for value in values]), names
    return np.array([float(v) if isinstance(v, (int, float)) else np.nan for v in values]), []


def _gap(xs: np.ndarray) -> float:
    import numpy as np

    different = np.unique(xs[np.isfinite(xs)])
    return float(np.diff(different).min()) if len(different) > 1 else 1.0


def _draw_binned(plot: axes.Axes, x: Mapping[str, Any], rows: list[dict[str, Any]]) -> int:
    import numpy as np

    values = np.array(
        [row.get(x["field"]) for row in rows if isinstance(row.get(x["field"]), (int, float))], np.float64
    )
    values = values[np.isfinite(values)]
    if not values.size:
        return 0
    counts, edges = np.histogram(values, 30)
    plot.x_title = _title(x.get("title", x["field"]))
    plot.bars((edges[1:] + edges[:-1]) / 2, counts, canvas.COLORS[0], np.diff(edges))
    return 1


def _draw_cells(
    plot: axes.Axes, x: Mapping[str, Any], y: Mapping[str, Any], color: Any, rows: list[dict[str, Any]]
) -> int:
    import numpy as np

    xs, plot.x_names = _positions(rows, {**x, "type": "nominal"})
    ys, plot.y_names = _positions(rows, {**y, "type": "nominal"})
    by = color.get("field") if isinstance(color, dict) else None
    values = np.array([float(row[by]) if by and isinstance(row.get(by), (int, float)) else 0.0 for row in rows])
    shade = _blues(values)
    plot.cells(xs, ys, shade, [f"{value:g}" for value in values])
    return 1


def _blues(values: np.ndarray) -> np.ndarray:
    import numpy as np

    stops = np.array([(243, 247, 251), (198, 219, 239), (107, 174, 214), (33, 113, 181)], np.float64)
    low, high = min(float(values.min(initial=0.0)), 0.0), float(values.max(initial=0.0))
    place = (values - low) / ((high - low) or 1.0) * (len(stops) - 1)
    base = np.minimum(place.astype(np.int64), len(stops) - 2)
    part = (place - base)[:, None]
    return np.asarray(np.rint(stops[base] * (1 - part) + stops[base + 1] * part), np.uint8)


# --- plotly ---


def draw_plotly(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw a plotly figure of lines, points, bars, histograms, or one heatmap."""
    import numpy as np

    figure = _json(descriptor, storage)
    given = figure.get("layout")
    layout: dict[str, Any] = given if isinstance(given, dict) else {}
    plot = axes.Axes(_title(layout.get("title")), _axis_title(layout, "xaxis"), _axis_title(layout, "yaxis"))
    drawn = 0
    traces = [trace for trace in figure.get("data", []) if isinstance(trace, dict)]
    for number, trace in enumerate(traces[:MOST_GROUPS]):
        kind = trace.get("type", "scatter")
        color = canvas.color_of(number)
        if kind in ("heatmap", "contour") and len(traces) == 1:
            return pictures.heatmap(np.atleast_2d(numbers(trace.get("z")))[::-1])
        if kind == "histogram":
            values = numbers(trace.get("x", trace.get("y")))
            counts, edges = np.histogram(values[np.isfinite(values)], 30)
            plot.bars((edges[1:] + edges[:-1]) / 2, counts, color, np.diff(edges))
        elif kind in ("scatter", "scattergl", "bar"):
            drawn += _draw_trace(plot, trace, kind, color)
            continue
        else:
            continue
        drawn += 1
    names = [str(trace.get("name")) for trace in traces[:MOST_GROUPS] if trace.get("name")]
    if len(names) > 1:
        plot.legend = [(name, canvas.color_of(number)) for number, name in enumerate(names)]
    return plot.draw() if drawn else draw_facts(descriptor, "a plotly figure (drawn by the page)")


def _axis_title(layout: Mapping[str, Any], name: str) -> str:
    axis = layout.get(name)
    return _title(axis.get("title")) if isinstance(axis, dict) else ""


def _draw_trace(plot: axes.Axes, trace: Mapping[str, Any], kind: str, color: canvas.Color) -> int:
    import numpy as np

    y = numbers(trace.get("y"))
    if not y.size or y.ndim != 1:
        return 0
    given = trace.get("x")
    if isinstance(given, list) and any(isinstance(value, str) for value in given):
        places = {str(name): index for index, name in enumerate(dict.fromkeys(map(str, given)))}
        plot.x_names = list(places)
        x = np.array([places[str(value)] for value in given], np.float64)
    else:
        x = numbers(given) if given is not None else np.arange(len(y), dtype=np.float64)
    length = min(len(x), len(y))
    x, y = x[:length], y[:length]
    mode = str(trace.get("mode", "lines"))
    if kind == "bar":
        plot.bars(x, y, color, 0.8 if plot.x_names else _gap(x) * 0.8)
    elif "lines" in mode:
        plot.line(x, y, color)
    else:
        plot.points(x, y, color)
    return 1


def numbers(value: Any) -> np.ndarray:
    """Return the numbers of a plotly array: a list, nested or not, or the typed form `{"dtype", "bdata", "shape"}`."""
    import base64

    import numpy as np

    if isinstance(value, dict) and "bdata" in value:
        dtype = np.dtype(str(value["dtype"]))
        if dtype.kind not in "iufb":
            raise ValueError(f"dtype {dtype}")
        array = np.frombuffer(base64.b64decode(value["bdata"]), dtype).astype(np.float64)
        shape = value.get("shape")
        if isinstance(shape, str):
            shape = [int(part) for part in shape.split(",")]
        return array.reshape(shape) if shape else array
    if isinstance(value, list) and value and isinstance(value[0], list):
        return np.array([[_number(item) for item in row] for row in value], np.float64)
    return np.array([_number(item) for item in value or []], np.float64)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")
