"""Strategies for texts, tables, charts, figures and molecules."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from medialog.datatypes.figure import Figure
from medialog.datatypes.html import Html
from medialog.datatypes.molecule import Molecule
from medialog.datatypes.plot.chart import Chart
from medialog.datatypes.plot.points import line, scatter
from medialog.datatypes.plotly_figure import Plotly
from medialog.datatypes.table import Table
from medialog.datatypes.table_increment import TableIncrement
from medialog.datatypes.text import Text
from medialog.datatypes.vega_figure import VegaLite
from medialog.testing.strategies.arrays import Draw, captions, images, shown_text

_NUMBERS = st.floats(-1e6, 1e6, width=32)
_ELEMENTS = ("C", "N", "O", "S", "H", "Fe")


@st.composite
def texts(draw: Draw) -> Text:
    """Draw a text of up to 3 lines, plain or Markdown."""
    lines = draw(st.lists(shown_text(), max_size=3))
    return Text(draw(st.sampled_from(["\n", "\r\n"])).join(lines), draw(st.booleans()), draw(captions()))


@st.composite
def html(draw: Draw) -> Html:
    """Draw a page of one paragraph, with and without the default style."""
    from html import escape

    body = f"<p>{escape(draw(shown_text()))}</p>"
    page = draw(st.sampled_from([body, f"<html><head></head><body>{body}</body></html>"]))
    return Html(page, inject=draw(st.booleans()), caption=draw(captions()))


def _columns() -> st.SearchStrategy[st.SearchStrategy[Any]]:
    """Return a strategy for what the cells of one column are."""
    kinds: list[st.SearchStrategy[Any]] = [
        st.integers(-(2**53), 2**53),
        _NUMBERS | st.just(float("nan")),
        shown_text(),
        st.booleans(),
        st.dates(),
        images(3, layers=False),
    ]
    return st.sampled_from([kind if index == len(kinds) - 1 else st.none() | kind for index, kind in enumerate(kinds)])


@st.composite
def tables(draw: Draw, max_rows: int = 4, log_mode: str = "IMMUTABLE") -> Table:
    """Draw a table of 1 to 4 columns of any type of cell, some of them missing, and of up to `max_rows` rows."""
    columns = draw(st.lists(shown_text(8).filter(str.strip), min_size=1, max_size=4, unique_by=str.strip))
    cells = [draw(_columns()) for _ in columns]
    data = [[draw(cell) for cell in cells] for _ in range(draw(st.integers(0, max_rows)))]
    return Table(columns=columns, data=data, log_mode=log_mode)


def increments() -> st.SearchStrategy[TableIncrement]:
    """Return a strategy for the first increment of an incremental table."""
    return tables(log_mode="INCREMENTAL").map(TableIncrement)


@st.composite
def charts(draw: Draw) -> Chart:
    """Draw a line or scatter chart of up to 5 points."""
    points = draw(st.lists(st.tuples(_NUMBERS, _NUMBERS), min_size=1, max_size=5))
    table = Table(columns=["x", "y"], data=[list(point) for point in points])
    return draw(st.sampled_from([line, scatter]))(table, "x", "y", title=draw(shown_text()))  # type: ignore[no-any-return]


@st.composite
def plotly(draw: Draw) -> Plotly:
    """Draw a plotly figure, as its JSON: one to two traces."""
    traces = [
        {"type": draw(st.sampled_from(["scatter", "bar"])), "y": draw(st.lists(_NUMBERS, max_size=5))}
        for _ in range(draw(st.integers(1, 2)))
    ]
    return Plotly({"data": traces, "layout": {"title": {"text": draw(shown_text())}}}, caption=draw(captions()))


@st.composite
def vega(draw: Draw) -> VegaLite:
    """Draw a Vega-Lite spec with its data inline."""
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": [{"a": index, "b": draw(_NUMBERS)} for index in range(draw(st.integers(0, 4)))]},
        "mark": draw(st.sampled_from(["bar", "line", "point"])),
        "encoding": {"x": {"field": "a", "type": "ordinal"}, "y": {"field": "b", "type": "quantitative"}},
    }
    return VegaLite(spec, caption=draw(captions()))


@st.composite
def figures(draw: Draw) -> Figure:
    """Draw a small matplotlib figure of one line; its picture and its plotly form. Takes matplotlib, and tens of ms."""
    from medialog.validators.optional import require

    figure = require("matplotlib.figure", extra="plot").Figure(figsize=(1, 1), dpi=40)
    figure.subplots().plot(draw(st.lists(st.integers(-100, 100), min_size=1, max_size=4)))
    return Figure(figure, caption=draw(captions()))


@st.composite
def molecules(draw: Draw, max_atoms: int = 4) -> Molecule:
    """Draw an SDF file of a chain of 1 to `max_atoms` atoms."""
    atoms, place = draw(st.integers(1, max_atoms)), st.floats(-100, 100, width=32)
    lines = ["", "  medialog", "", f"{atoms:3d}{atoms - 1:3d}  0  0  0  0  0  0  0  0999 V2000"]
    for _ in range(atoms):
        x, y, z, element = draw(place), draw(place), draw(place), draw(st.sampled_from(_ELEMENTS))
        lines.append(f"{x:10.4f}{y:10.4f}{z:10.4f} {element:<3} 0" + "  0" * 11)
    lines += [f"{atom:3d}{atom + 1:3d}  1  0" for atom in range(1, atoms)]
    return Molecule("\n".join([*lines, "M  END", "$$$$", ""]).encode(), file_type="sdf", caption=draw(captions()))
