"""A small chart: axes with round numbers, lines, points, bars, cells. Enough for a poster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from medialog.viewer.posters import canvas
from medialog.viewer.posters.canvas import SCALE, Color

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

MOST_POINTS = 20_000


@dataclass
class _Mark:
    form: str
    x: np.ndarray
    y: np.ndarray
    color: Color
    extra: Any = None


class Axes:
    """Collects marks, then draws them: `axes.line(x, y, color)`, ..., `axes.draw()`."""

    def __init__(self, title: str = "", x_title: str = "", y_title: str = "") -> None:
        self.title, self.x_title, self.y_title = title, x_title, y_title
        self.x_names: list[str] = []
        self.y_names: list[str] = []
        self.legend: list[tuple[str, Color]] = []
        self._marks: list[_Mark] = []
        self._zero = False

    def line(self, x: Any, y: Any, color: Color, *, dashed: bool = False) -> None:
        """Join points; what is not finite is a gap."""
        self._add("dashed" if dashed else "line", x, y, color)

    def points(self, x: Any, y: Any, color: Color) -> None:
        """Draw points."""
        self._add("points", x, y, color)

    def bars(self, x: Any, y: Any, color: Color, width: Any) -> None:
        """Draw bars around `x`, from zero."""
        self._zero = True
        self._add("bars", x, y, color, width)

    def cells(self, x: Any, y: Any, colors: np.ndarray, texts: Sequence[str] | None = None) -> None:
        """Draw unit cells around `x`, `y`."""
        self._add("cells", x, y, canvas.INK, (colors, texts))

    def _add(self, form: str, x: Any, y: Any, color: Color, extra: Any = None) -> None:
        import numpy as np

        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        if len(x) > MOST_POINTS and form in ("line", "dashed", "points"):
            chosen = np.linspace(0, len(x) - 1, MOST_POINTS).astype(np.int64)
            x, y = x[chosen], y[chosen]
        self._marks.append(_Mark(form, x, y, color, extra))

    # --- drawing ---

    def draw(self) -> Image:
        """Return the picture."""
        image, pen = canvas.blank(canvas.WIDTH * SCALE, canvas.HEIGHT * SCALE)
        self._pen = pen
        cells = any(mark.form == "cells" for mark in self._marks)
        x_range, y_range = self._ranges(cells=cells)
        right = canvas.WIDTH - (150 if self.legend else 20)
        longest = max((len(name) for name in self.y_names), default=0)
        left = 24 + min(130, max(44, 8 * longest)) + (16 if self.y_title else 0)
        top, bottom = (48 if self.title else 18), canvas.HEIGHT - (58 if self.x_title else 36)
        self._box = left * SCALE, top * SCALE, right * SCALE, bottom * SCALE
        self._x = x_range
        self._y = y_range
        self._frame()
        for mark in self._marks:
            getattr(self, f"_draw_{mark.form}")(mark)
        self._names()
        return image.reduce(SCALE)

    def _ranges(self, *, cells: bool) -> tuple[tuple[float, float], tuple[float, float]]:
        import numpy as np

        xs = [mark.x for mark in self._marks]
        ys = [mark.y for mark in self._marks]
        if self.x_names:
            x = (-0.5, len(self.x_names) - 0.5)
        else:
            widths = [float(np.max(mark.extra, initial=0.0)) / 2 for mark in self._marks if mark.form == "bars"]
            x = _span(xs, max(widths, default=0.0))
        y = (len(self.y_names) - 0.5, -0.5) if self.y_names and cells else _span(ys)
        if self._zero:
            y = min(y[0], 0.0), max(y[1], 0.0)
            y = (y[0], y[0] + 1.0) if y[0] == y[1] else y
        if not (self.y_names and cells):
            room = (y[1] - y[0]) * 0.04
            y = (y[0] if self._zero and y[0] == 0 else y[0] - room), y[1] + room
        return x, y

    def _at(self, x: Any, y: Any) -> tuple[Any, Any]:
        left, top, right, bottom = self._box
        px = left + (x - self._x[0]) / (self._x[1] - self._x[0]) * (right - left)
        py = bottom - (y - self._y[0]) / (self._y[1] - self._y[0]) * (bottom - top)
        return px, py

    def _frame(self) -> None:
        left, top, right, bottom = self._box
        pen = self._pen
        if not self.y_names:
            for value in ticks(*self._y):
                _, y = self._at(0.0, value)
                y = round(y / SCALE) * SCALE  # on a whole pixel of the picture: a line across two is too faint
                pen.rectangle((left, y, right, y + SCALE - 1), fill=canvas.GRID)
                canvas.write(pen, (left - 8 * SCALE, y), number(value), 13 * SCALE, canvas.FAINT, "rm")
        if not self.x_names:
            for value in ticks(*self._x):
                x, _ = self._at(value, 0.0)
                x = round(x / SCALE) * SCALE
                pen.rectangle((x, top, x + SCALE - 1, bottom), fill=canvas.GRID)
                canvas.write(pen, (x, bottom + 6 * SCALE), number(value), 13 * SCALE, canvas.FAINT, "ma")
        if self.title:
            canvas.write(pen, (20 * SCALE, 16 * SCALE), canvas.one_line(self.title, 60), 18 * SCALE)
        if self.x_title:
            place = (left + right) / 2, (canvas.HEIGHT - 12) * SCALE
            canvas.write(pen, place, canvas.one_line(self.x_title, 50), 13 * SCALE, canvas.INK, "ms")
        if self.y_title:
            canvas.write(
                pen, (20 * SCALE, top - 2 * SCALE), canvas.one_line(self.y_title, 24), 13 * SCALE, canvas.INK, "ls"
            )
        for index, (name, color) in enumerate(self.legend[:14]):
            y = top + index * 22 * SCALE
            pen.rectangle((right + 14 * SCALE, y + 4 * SCALE, right + 28 * SCALE, y + 12 * SCALE), fill=color)
            canvas.write(pen, (right + 34 * SCALE, y), canvas.one_line(name, 13), 13 * SCALE)

    def _names(self) -> None:
        left, _, _, bottom = self._box
        for names, horizontal in ((self.x_names, True), (self.y_names, False)):
            every = max(1, math.ceil(len(names) / 16))
            for index in range(0, len(names), every):
                x, y = self._at(float(index), float(index))
                text = canvas.one_line(names[index], max(4, 60 // min(len(names), 16)) if horizontal else 15)
                if horizontal:
                    canvas.write(self._pen, (x, bottom + 6 * SCALE), text, 12 * SCALE, canvas.FAINT, "ma")
                else:
                    canvas.write(self._pen, (left - 8 * SCALE, y), text, 12 * SCALE, canvas.FAINT, "rm")

    def _draw_line(self, mark: _Mark) -> None:
        for run in self._runs(mark):
            if len(run) > 1:
                self._pen.line(run, fill=mark.color, width=2 * SCALE, joint="curve" if len(run) < 400 else None)
            else:
                self._dot(*run[0], mark.color)

    def _draw_dashed(self, mark: _Mark) -> None:
        for run in self._runs(mark):
            for (x0, y0), (x1, y1) in pairwise(run):
                pieces = max(1, int(math.hypot(x1 - x0, y1 - y0) / (10 * SCALE)))
                for piece in range(min(pieces, 200)):
                    a, b = piece / pieces, (piece + 0.5) / pieces
                    ends = (x0 + (x1 - x0) * a, y0 + (y1 - y0) * a, x0 + (x1 - x0) * b, y0 + (y1 - y0) * b)
                    self._pen.line(ends, fill=mark.color, width=SCALE)

    def _runs(self, mark: _Mark) -> list[list[tuple[float, float]]]:
        import numpy as np

        px, py = self._at(mark.x, mark.y)
        good = np.isfinite(px) & np.isfinite(py)
        runs: list[list[tuple[float, float]]] = [[]]
        for ok, x, y in zip(good.tolist(), px.tolist(), py.tolist(), strict=True):
            if ok:
                runs[-1].append((x, y))
            elif runs[-1]:
                runs.append([])
        return [run for run in runs if run]

    def _draw_points(self, mark: _Mark) -> None:
        for run in self._runs(mark):
            for x, y in run:
                self._dot(x, y, mark.color)

    def _dot(self, x: float, y: float, color: Color) -> None:
        radius = 3 * SCALE
        self._pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)

    def _draw_bars(self, mark: _Mark) -> None:
        import numpy as np

        widths = np.broadcast_to(np.asarray(mark.extra, np.float64), mark.x.shape)
        left, base = self._at(mark.x - widths / 2, 0.0)
        right, top = self._at(mark.x + widths / 2, mark.y)
        for x0, x1, y in zip(left.tolist(), right.tolist(), np.asarray(top).tolist(), strict=True):
            if math.isfinite(x0 + x1 + y):
                self._pen.rectangle((x0, min(y, base), max(x1 - SCALE, x0), max(y, base)), fill=mark.color)

    def _draw_cells(self, mark: _Mark) -> None:
        colors, texts = mark.extra
        left, top = self._at(mark.x - 0.5, mark.y - 0.5)
        right, bottom = self._at(mark.x + 0.5, mark.y + 0.5)
        for index, color in enumerate(colors.tolist()):
            x0, x1, y0, y1 = left[index], right[index], top[index], bottom[index]
            box = (min(x0, x1), min(y0, y1), max(x0, x1) - SCALE, max(y0, y1) - SCALE)
            if not all(map(math.isfinite, box)):
                continue
            self._pen.rectangle((box[0], box[1], max(box[0], box[2]), max(box[1], box[3])), fill=tuple(color))
            if texts is not None and len(colors) <= 256:
                light = sum(color) > 420
                place = (x0 + x1) / 2, (y0 + y1) / 2
                canvas.write(self._pen, place, texts[index], 12 * SCALE, canvas.INK if light else canvas.PAPER, "mm")


def _span(values: list[np.ndarray], margin: float = 0.0) -> tuple[float, float]:
    import numpy as np

    joined = np.concatenate(values) if values else np.zeros(0)
    joined = joined[np.isfinite(joined)]
    if not joined.size:
        return 0.0, 1.0
    low, high = float(joined.min()) - margin, float(joined.max()) + margin
    if not high - low > abs(high) * 1e-12:
        return low - (abs(low) * 0.1 or 0.5), high + (abs(high) * 0.1 or 0.5)
    return (low, high) if math.isfinite(high - low) else (low / 4, high / 4)


def ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers in a range."""
    low, high = min(low, high), max(low, high)
    size = (high - low) / 5
    if not (math.isfinite(size) and size > 0):
        return []
    unit = 10.0 ** math.floor(math.log10(size))
    step = next((unit * part for part in (1, 2, 5) if unit * part >= size), unit * 10)
    first = math.ceil(low / step)
    return [
        round((first + index) * step, 12 - math.floor(math.log10(step)))
        for index in range(int((high - first * step) / step) + 1)
    ]


def number(value: float) -> str:
    """Return a tick's number."""
    if value == 0:
        return "0"
    if abs(value) >= 1e5 or abs(value) < 1e-3:
        return f"{value:.2g}"
    return f"{value:.4g}"
