"""How matplotlib says colours, lengths, dashes, markers and text, and how plotly says them."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

# Matplotlib measures in points, 72 to the inch; a browser's pixel is 1/96 inch, whatever the figure's dpi is.
PIXELS_PER_INCH = 96.0
PIXELS_PER_POINT = PIXELS_PER_INCH / 72.0

# Marker -> plotly's symbol, and its size relative to matplotlib's.
SYMBOLS = {
    "o": ("circle", 1.0),
    ".": ("circle", 0.5),
    "s": ("square", 1.0),
    "D": ("diamond", 1.09),
    "d": ("diamond-tall", 0.9),
    "^": ("triangle-up", 1.0),
    "v": ("triangle-down", 1.0),
    "<": ("triangle-left", 1.0),
    ">": ("triangle-right", 1.0),
    "*": ("star", 0.71),
    "p": ("pentagon", 1.0),
    "h": ("hexagon2", 1.0),
    "H": ("hexagon", 1.0),
    "8": ("octagon", 1.0),
    "P": ("cross", 1.0),
    "X": ("x", 1.0),
    "+": ("cross-thin", 1.0),
    "x": ("x-thin", 0.71),
    "|": ("line-ns", 0.71),
    "_": ("line-ew", 0.71),
    "1": ("y-down", 1.0),
    "2": ("y-up", 1.0),
    "3": ("y-left", 1.0),
    "4": ("y-right", 1.0),
}
LINE_SHAPES = {"default": "linear", "steps": "vh", "steps-pre": "vh", "steps-post": "hv", "steps-mid": "hvh"}
# Matplotlib's default patterns, in line widths.
_DASHES = {"--": (3.7, 1.6), "-.": (6.4, 1.6, 1.0, 1.6), ":": (1.0, 1.65)}


def pixels(points: float) -> float:
    """Return a length in points as pixels, to a hundredth."""
    return round(float(points) * PIXELS_PER_POINT, 2)


def colour(value: Any, alpha: float | None = None) -> str:
    """Return a matplotlib colour as `rgba(...)`."""
    from matplotlib.colors import to_rgba

    red, green, blue, opacity = to_rgba(value, alpha)
    return f"rgba({round(red * 255)},{round(green * 255)},{round(blue * 255)},{round(opacity, 3):g})"


def is_clear(rgba: str) -> bool:
    """Say whether a colour of `colour` is fully transparent."""
    return rgba.endswith(",0)")


def dash(style: Any, width: float) -> str | None:
    """Return plotly's dash of a line style; None for one unknown.

    A style is a name, or an `(offset, on-off lengths in points)` pair.
    """
    if isinstance(style, str):
        if style in ("-", "solid"):
            return "solid"
        style = {"dashed": "--", "dashdot": "-.", "dotted": ":"}.get(style, style)
        pattern = _DASHES.get(style)
        if pattern is None:
            return None
        return ",".join(f"{pixels(length * width):g}px" for length in pattern)
    lengths = style[1] if isinstance(style, tuple) and len(style) == 2 else None
    if lengths is None:
        return "solid"
    return ",".join(f"{pixels(length):g}px" for length in lengths)


def symbol(name: Any) -> tuple[str, float] | None:
    """Return plotly's symbol of a marker and its relative size; None for one that plotly has not."""
    return SYMBOLS.get(name) if isinstance(name, str) else None


def is_thin(name: str) -> bool:
    """Say whether plotly draws a symbol by its outline only."""
    return name.endswith("-thin") or name.startswith(("line-", "y-"))


def symbol_of_path(path: Any) -> tuple[str, float] | None:
    """Return plotly's symbol for the path of a scatter's marker, or None."""
    import numpy as np
    from matplotlib.markers import MarkerStyle

    for name, found in SYMBOLS.items():
        style = MarkerStyle(name)
        known = style.get_path().transformed(style.get_transform())
        vertices = np.asarray(known.vertices)
        if vertices.shape == path.vertices.shape and np.allclose(vertices, path.vertices):
            return found
    return None


def text(source: str, lost: dict[str, None]) -> str:
    """Return a text as plotly's small HTML.

    Mathtext becomes HTML where that says it, else it stays as source (noted).
    """
    parts = re.split(r"(?<!\\)\$", source)
    if len(parts) % 2 == 0 or len(parts) == 1:
        return _escape(source.replace(r"\$", "$"))
    shown = []
    for index, part in enumerate(parts):
        if index % 2 == 0:
            shown.append(_escape(part.replace(r"\$", "$")))
            continue
        html = _mathtext(part)
        if html is None:
            lost["mathtext that HTML cannot say"] = None
            html = _escape(part)
        shown.append(html)
    return "".join(shown)


def _escape(plain: str) -> str:
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")


def _mathtext(source: str) -> str | None:
    html = _escape(source)
    for _ in range(8):
        shorter = re.sub(r"\\(?:mathdefault|mathrm|mathregular|mathit|mathbf|text)\{([^{}]*)\}", r"\1", html)
        shorter = re.sub(r"\\([A-Za-z]+)", lambda match: _character(match[1]) or match[0], shorter)
        shorter = re.sub(r"\^(?:\{([^{}]*)\}|([^\\{}^_]))", lambda m: f"<sup>{m[1] or m[2] or ''}</sup>", shorter)
        shorter = re.sub(r"_(?:\{([^{}]*)\}|([^\\{}^_]))", lambda m: f"<sub>{m[1] or m[2] or ''}</sub>", shorter)
        if shorter == html:
            break
        html = shorter
    return None if re.search(r"[\\{}^_]", html) else html.replace("-", "\N{MINUS SIGN}")


_OPERATORS = {"times": "×", "cdot": "·", "pm": "±", "leq": "≤", "geq": "≥", "neq": "≠", "approx": "≈", "infty": "∞",
              "partial": "∂", "rightarrow": "→", "to": "→", "circ": "°", "varepsilon": "ε", "sum": "∑",
              "nabla": "∇"}  # fmt: skip


def _character(name: str) -> str | None:
    if name in _OPERATORS:
        return _OPERATORS[name]
    case = "CAPITAL" if name[:1].isupper() else "SMALL"
    try:
        return unicodedata.lookup(
            f"GREEK {case} LETTER {name.replace('lambda', 'lamda').replace('Lambda', 'lamda').upper()}"
        )
    except KeyError:
        return None


def font(artist: Any) -> dict[str, Any]:
    """Return size and colour of a text."""
    return {"size": pixels(artist.get_fontsize()), "color": colour(artist.get_color(), artist.get_alpha())}
