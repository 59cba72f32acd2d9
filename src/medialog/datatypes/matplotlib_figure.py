"""A matplotlib figure in whatever form it is handed in, and its exact picture."""

from __future__ import annotations

import io
import types
from typing import Any

from medialog.validators.errors import InvalidInput, Violation

FIGURE_RULES = {"figure.none": "pyplot has an open figure"}


def find_figure(value: Any) -> Any | None:
    """Return the matplotlib Figure of a figure, an axes, another artist or the pyplot module; None for anything else.

    Recognised by class path; nothing is imported. `InvalidInput` for pyplot without an open figure: none is made.
    """
    if isinstance(value, types.ModuleType):
        if value.__name__ != "matplotlib.pyplot":
            return None
        if not value.get_fignums():
            raise InvalidInput(Violation("plt", "figure.none", "an open figure", "pyplot without a figure"))
        return value.gcf()
    for cls in type(value).__mro__:
        path = f"{cls.__module__}.{cls.__qualname__}"
        if path == "matplotlib.artist.Artist":
            return _root_of(value)
    return None


def _root_of(artist: Any) -> Any | None:
    """Return the whole figure that an artist stands in, through any subfigures; None for one that stands in none."""
    figure = artist
    while figure is not None and not hasattr(figure, "savefig"):
        parent = getattr(figure, "figure", None)
        # A subfigure of newer versions names itself or the root as its figure.
        figure = getattr(figure, "_parent", None) if parent is figure else parent
    return figure


def to_png(figure: Any) -> bytes:
    """Return the figure as PNG bytes, at its own size and resolution. The figure is not changed."""
    buffer = io.BytesIO()
    # Without the software's name in the file, two versions of matplotlib that draw the same give the same bytes.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
