"""One matplotlib axes on its way to plotly.

It holds what was made of it so far, and how to say that something cannot be made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from medialog.datatypes.matplotlib_axes import Scale
from medialog.validators.limits import LIMITS


class Unconvertible(Exception):
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
        import numpy as np

        points, most = len(x), LIMITS["figure.points"].value
        if points > most:  # type: ignore[operator]
            raise Unconvertible(f"{type(artist).__name__} of {points:,} points (figure.points is {most:,})")
        for scale, values in ((self.x, x), (self.y, y)):
            if scale.kind == "log" and trace["type"] == "scatter" and (np.asarray(values) <= 0).any():
                if "fill" in trace:
                    raise Unconvertible(f"{type(artist).__name__} that reaches 0 on a log axis")
                self.lost["values that a log axis has not"] = None
        kind = "scattergl" if trace["type"] == "scatter" and points > 10_000 and "fill" not in trace else trace["type"]
        full = {**trace, "type": kind, "x": self.x.values(x), "y": self.y.values(y)}
        full |= {"xaxis": self.x.name, "yaxis": self.y.name, "showlegend": False}
        self.traces.append(full)
        self.made.append((artist, full))

    def add_shape(self, artist: Any, shape: dict[str, Any]) -> None:
        """Add a shape: a line or a rectangle across the axes."""
        self.shapes.append(shape)
        self.made.append((artist, shape))
