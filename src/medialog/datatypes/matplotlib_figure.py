"""A matplotlib figure in whatever form it is handed in, and its exact picture."""

from __future__ import annotations

import io
import types
from typing import Any

from medialog.validators.errors import InvalidInput, Violation

FIGURE_RULES = {
    "figure.none": "pyplot has an open figure, and an artist is on a figure",
    "figure.draw": "matplotlib can draw the figure",
}


def find_figure(value: Any) -> Any | None:
    """Return the matplotlib Figure of a figure, an axes, another artist or the pyplot module; None for anything else.

    Recognised by class path; nothing is imported. `InvalidInput` for pyplot without an open figure (none is made), and
    for an artist that is on no figure.
    """
    if isinstance(value, types.ModuleType):
        if value.__name__ != "matplotlib.pyplot":
            return None
        if not value.get_fignums():
            raise InvalidInput(Violation("plt", "figure.none", "an open figure", "pyplot without a figure"))
        return value.gcf()
    if not any(f"{cls.__module__}.{cls.__qualname__}" == "matplotlib.artist.Artist" for cls in type(value).__mro__):
        return None
    figure = _root_of(value)
    if figure is None:
        got = f"a {type(value).__name__} that was never added to a figure, or was removed"
        raise InvalidInput(Violation(type(value).__name__, "figure.none", "an artist on a figure", got))
    return figure


def _root_of(artist: Any) -> Any | None:
    """Return the whole figure that an artist stands in, through any subfigures; None for one that stands in none."""
    figure = artist
    while figure is not None and not hasattr(figure, "savefig"):
        parent = getattr(figure, "figure", None)
        # A subfigure of newer versions names itself or the root as its figure.
        figure = getattr(figure, "_parent", None) if parent is figure else parent
    return figure


def to_png(figure: Any) -> bytes:
    """Return the figure as PNG bytes, at its own size and resolution. The figure is not changed.

    `InvalidInput` when matplotlib cannot draw it: broken mathtext, a size of zero, an artist that fails.
    """
    buffer = io.BytesIO()
    try:
        # Without the software's name in the file, two versions of matplotlib that draw the same give the same bytes.
        figure.savefig(buffer, format="png", metadata={"Software": None})
    except MemoryError:
        raise
    except Exception as error:
        message = " ".join(str(error).split())[:200]
        got = f"{type(error).__name__}: {message}"
        raise InvalidInput(Violation("figure", "figure.draw", "a figure that matplotlib can draw", got)) from error
    return buffer.getvalue()
