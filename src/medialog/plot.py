"""The chart presets: `medialog.plot.line(table, "x", "y")` and the rest, and `register` for one's own.

The names and arguments are those of `wandb.plot`. Each returns a `Chart`: a table and a complete Vega-Lite spec. What a
function takes stands in its own docstring; nothing is loaded before a name is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medialog.datatypes.plot.bars import bar, histogram
    from medialog.datatypes.plot.chart import Chart
    from medialog.datatypes.plot.classifier import pr_curve, roc_curve
    from medialog.datatypes.plot.confusion_chart import confusion_matrix
    from medialog.datatypes.plot.custom import plot_table
    from medialog.datatypes.plot.points import line, line_series, scatter
    from medialog.datatypes.plot.registry import register, unregister

_HOMES = {
    "Chart": "chart",
    "bar": "bars",
    "confusion_matrix": "confusion_chart",
    "histogram": "bars",
    "line": "points",
    "line_series": "points",
    "plot_table": "custom",
    "pr_curve": "classifier",
    "register": "registry",
    "roc_curve": "classifier",
    "scatter": "points",
    "unregister": "registry",
}

__all__ = [
    "Chart",
    "bar",
    "confusion_matrix",
    "histogram",
    "line",
    "line_series",
    "plot_table",
    "pr_curve",
    "register",
    "roc_curve",
    "scatter",
    "unregister",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"medialog.datatypes.plot.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
