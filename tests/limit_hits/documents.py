"""Limits of texts, pages and figures."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np

from limit_hits.hits import Converted, Limits, Refused, Shown, described
from medialog.datatypes.base import MediaList
from medialog.datatypes.figure import Figure
from medialog.datatypes.html import Html
from medialog.datatypes.html_style import BLOCK
from medialog.datatypes.plotly_figure import Plotly
from medialog.datatypes.text import Text
from medialog.datatypes.vega_figure import VegaLite


def drawn(limits: Limits, *lengths: int) -> str:
    """Return what came of the interactive form of lines of so many points."""
    from matplotlib.figure import Figure as MatplotlibFigure

    figure = MatplotlibFigure(figsize=(1, 1), dpi=50)
    axes = figure.add_subplot()
    for length in lengths:
        axes.plot(np.zeros(length))
    return Figure(figure, limits=limits).status


def plotly(n: int, limits: Limits) -> Plotly:
    """Return a figure whose JSON has n bytes."""
    empty = len(Plotly({"data": [], "layout": {"meta": ""}}).read())
    return Plotly({"data": [], "layout": {"meta": "a" * (n - empty)}}, limits=limits)


def plotly_file(n: int, limits: Limits) -> Plotly:
    return Plotly(b'{"data":[]}'.ljust(n), limits=limits)


def vega(n: int, limits: Limits) -> VegaLite:
    empty = len(VegaLite({"mark": "bar", "description": ""}).read())
    return VegaLite({"mark": "bar", "description": "a" * (n - empty)}, limits=limits)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


INPUT = [
    Refused("text.size", lambda n, limits: Text("é" * (n // 2), limits=limits), step=2),
    Refused("text.size", lambda n, limits: Text(b"a" * n, limits=limits)),
    Refused("html.size", lambda n, limits: Html("é" * (n // 2), limits=limits), step=2),
    Refused("html.size", lambda n, limits: Html(io.BytesIO(b"a" * n), limits=limits)),
    Converted("figure.points", lambda n, limits: drawn(limits, n), kept="ok", becomes="failed"),
    Converted("figure.points", lambda n, limits: drawn(limits, n - 50_000, 50_000), kept="ok", becomes="failed"),
    Refused("figure.size", plotly, lowered=200),
    Refused("figure.size", plotly_file, lowered=200),
    Refused("figure.size", vega, lowered=200),
]


@cache
def _page(encoding: str, inject: bool) -> dict[str, Any]:
    descriptor: dict[str, Any] = described(Html(io.BytesIO("<p>a</p>".encode(encoding)), inject=inject))
    return descriptor


def page(n: int, encoding: str = "utf-8", inject: bool = False) -> dict[str, Any]:
    """Return the descriptor of a page of n bytes; the style that is put in is not the user's."""
    style = len(BLOCK.encode(encoding.replace("utf-16", "utf-16-le"))) if inject else 0
    return {**_page(encoding, inject), "size": n + style}


def list_of_pages(n: int) -> Any:
    descriptor = described(MediaList([Html("a", inject=False)]))
    items = [{**descriptor["items"][0], "size": n}]
    return {**descriptor, "items": items, "html": items}


@cache
def _described(kind: Any) -> dict[str, Any]:
    descriptor: dict[str, Any] = described(kind(200, {}))
    return descriptor


def figure(n: int) -> Any:
    from matplotlib.figure import Figure as MatplotlibFigure

    figure = MatplotlibFigure(figsize=(1, 1), dpi=50)
    figure.add_subplot().plot([1, 2])
    descriptor = described(Figure(figure))
    return {**descriptor, "plotly": {**descriptor["plotly"], "size": n}}


DESCRIPTOR = [
    Shown("text.size", lambda n: {**described(Text("a")), "size": n, "characters": n}),
    Shown("html.size", page),
    Shown("html.size", lambda n: page(n, inject=True)),
    Shown("html.size", lambda n: page(n, "utf-16", inject=True)),
    Shown("html.size", list_of_pages),
    Shown("figure.size", lambda n: {**_described(plotly), "size": n}),
    Shown("figure.size", lambda n: {**_described(vega), "size": n}),
    Shown("figure.size", figure),
]
NOT_SHOWN = {
    "figure.points": "of the conversion: the descriptor says what came of it, not of how many points",
}
