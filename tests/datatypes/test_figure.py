from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import altair as alt
import matplotlib
import matplotlib.contour
import matplotlib.figure
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image as PillowImage

from laws import TypeLaws, call
from matplotlib_figures import FIGURES
from medialog.datatypes.adopt import adopt
from medialog.datatypes.base import decode
from medialog.datatypes.figure import Figure
from medialog.datatypes.files import MemorySink
from medialog.datatypes.image import Image
from medialog.datatypes.plotly_figure import Plotly
from medialog.validators import validate
from medialog.validators.errors import InvalidInput, WrongType

OK = {"line", "styles", "scatter", "bars", "grouped", "stacked", "barh", "hist", "loglog", "twin", "violin", "box",
      "errorbar", "fill", "stack", "stem", "dates", "subplots", "gridspec", "many", "dark", "patches", "logbars",
      "barlabel", "pandas_lines", "pandas_dates"}  # fmt: skip
LOSSY = {
    "annotated": "not shown interactively: the style of an arrow",
    "unicode": "not shown interactively: mathtext that HTML cannot say",
}
FAILED = {
    "pie": "plotly has no exact form of: 3 Wedge",
    "empty": "the figure has no axes",
    "empty_axes": "the figure shows no data",
    "imshow": "plotly has no exact form of: 1 AxesImage",
    "symlog": "plotly has no exact form of: 1 y axis with a symlog scale",
    "three_d": "plotly has no exact form of: 1 3d axes",
    "polar": "plotly has no exact form of: 1 polar axes",
    "contour": "plotly has no exact form of: 1 QuadContourSet",
    "quiver": "plotly has no exact form of: 1 Quiver",
    "table": "plotly has no exact form of: 1 Table",
    "huge": "plotly has no exact form of: 1 Line2D of 150,000 points (figure.points is 100,000)",
    "hexbin": "plotly has no exact form of: 1 PolyCollection outside data coordinates",
    "inset": "plotly has no exact form of: 1 Axes, 1 axes inside axes",
    "circle": "plotly has no exact form of: 1 Circle",
    "subfigures": "plotly has no exact form of: 2 SubFigure, 1 axes upon axes",
    "logfill": "plotly has no exact form of: 1 Polygon that reaches 0 on a log axis",
    "overlapping": "plotly has no exact form of: 1 axes upon axes",
}


@pytest.fixture(autouse=True)
def small_figures() -> Iterator[None]:
    with matplotlib.rc_context({"figure.dpi": 50}):
        yield
    plt.close("all")


def savefig(figure: Any) -> np.ndarray:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    with PillowImage.open(buffer) as picture:
        return np.asarray(picture)


def small(draw: Callable[[Any], object]) -> matplotlib.figure.Figure:
    figure = matplotlib.figure.Figure(figsize=(2, 1.5), dpi=50)
    draw(figure.add_subplot())
    return figure


def chart(**keywords: Any) -> alt.Chart:
    frame = pd.DataFrame({"x": [1, 2, 3], "y": [1.5, np.nan, 2.5]})
    return alt.Chart(frame, width=60, height=40, **keywords).mark_line().encode(x="x", y="y")


class TestFigure(TypeLaws):
    type = Figure
    valid = {
        "a line": lambda: call(small(lambda ax: ax.plot([1, 2, 3]))),
        "axes": lambda: call(small(lambda ax: ax.plot([1, 2, 3])).axes[0]),
        "an artist": lambda: call(small(lambda ax: ax.plot([1, 2, 3])).axes[0].lines[0]),
        "NaN": lambda: call(small(lambda ax: ax.plot([1, np.nan, 3]))),
        "a pie": lambda: call(small(lambda ax: ax.pie([1, 2]))),
        "lossy": lambda: call(small(lambda ax: ax.plot([1, 2]) and ax.set_title(r"$\frac{1}{2}$"))),
        "captioned": lambda: call(small(lambda ax: ax.bar(["a", "b"], [1, 2])), caption="größe"),
        "titled": lambda: call(small(lambda ax: ax.set_title("title " * 100))),
        "no axes": lambda: call(matplotlib.figure.Figure(figsize=(1, 1))),
        "altair": lambda: call(chart(title="a chart")),
        "altair, selected": lambda: call(chart().add_params(alt.selection_interval())),
    }
    invalid = {
        "nothing": (lambda: call(None), {"figure.type"}),
        "a path": (lambda: call("figure.png"), {"figure.type"}),
        "plotly": (lambda: call(go.Figure()), {"figure.type"}),
        "a dict": (lambda: call({"data": []}), {"figure.type"}),
        "what subplots() returns": (lambda: call((small(lambda ax: None), None)), {"figure.type"}),
        "a module": (lambda: call(np), {"figure.type"}),
        "pyplot without a figure": (lambda: call(plt), {"figure.none"}),
        "an artist without a figure": (lambda: call(matplotlib.lines.Line2D([0], [0])), {"figure.none"}),
        "broken mathtext": (lambda: call(small(lambda ax: ax.set_title(r"$\notacommand$"))), {"figure.draw"}),
        "a bomb": (
            lambda: call(matplotlib.figure.Figure(figsize=(1000, 600), dpi=1000)),
            {"image.side", "image.pixels"},
        ),
        "over the limit": (
            lambda: call(small(lambda ax: None), limits={"image.side": 99}),
            {"image.side"},
        ),
        "caption": (lambda: call(small(lambda ax: None), caption=3), {"caption.text"}),
        "altair, remote data": (lambda: call(alt.Chart("https://example.org/a.csv").mark_bar()), {"vega.remote"}),
        "altair, incomplete": (lambda: call(alt.Chart()), {"vega.altair"}),
    }
    spellings = {
        "one figure": [
            lambda: call(small(lambda ax: ax.plot([1, 2, 3]))),
            lambda: call(small(lambda ax: ax.plot([1, 2, 3])).axes[0]),
            lambda: call(small(lambda ax: ax.plot([1, 2, 3])).axes[0].title),
        ]
    }


def test_every_figure_is_judged() -> None:
    assert set(FIGURES) == OK | set(LOSSY) | set(FAILED)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_stored_exactly_and_judged_rightly(name: str) -> None:
    expected = savefig(FIGURES[name]())
    sinks = MemorySink(), MemorySink()

    figure = Figure(FIGURES[name]())

    np.testing.assert_array_equal(expected, figure.to_numpy())
    if name in FAILED:
        assert ("failed", FAILED[name], None) == (figure.status, figure.reason, figure.plotly)
    else:
        assert (("lossy", LOSSY[name]) if name in LOSSY else ("ok", None)) == (figure.status, figure.reason)
    again = Figure(FIGURES[name]())
    assert figure.encode(sinks[0]) == again.encode(sinks[1])
    assert sinks[0].files == sinks[1].files


@pytest.mark.parametrize("name", sorted(set(FIGURES) - set(FAILED)))
def test_plotly_accepts_what_was_made(name: str) -> None:
    document = Figure(FIGURES[name]()).plotly
    assert document is not None

    # plotly checks every property's name and value against its own schema.
    checked = go.Figure(document)

    assert len(document["data"]) == len(checked.data)


def fingerprint(figure: Any) -> list[Any]:
    """Everything of a figure that a converter could touch, artist by artist."""
    found: list[Any] = [figure.dpi, *figure.get_size_inches(), figure.get_facecolor(), type(figure.canvas), figure.axes]
    for artist in figure.findobj(include_self=True):
        state: dict[str, Any] = {"id": id(artist), "zorder": artist.get_zorder(), "visible": artist.get_visible()}
        for name in ("get_alpha", "get_label", "get_clip_on", "get_text", "get_color", "get_xdata", "get_ydata",
                     "get_xlim", "get_ylim", "get_xscale", "get_yscale", "get_position", "get_offsets", "get_array",
                     "get_linewidth", "get_facecolor", "get_edgecolor", "get_legend", "get_autoscale_on"):  # fmt: skip
            foreign = isinstance(artist, (matplotlib.spines.Spine, matplotlib.contour.ContourSet))
            if hasattr(artist, name) and not foreign:
                state[name] = repr(getattr(artist, name)())
        state["attributes"] = sorted(vars(artist))
        found.append(state)
    return found


@pytest.mark.parametrize("name", FIGURES)
def test_the_figure_is_unchanged(name: str) -> None:
    figure = FIGURES[name]()
    savefig(figure)
    figure.set_layout_engine("none")  # such an engine moves the axes a little at every drawing, whoever draws
    picture, before = savefig(figure), fingerprint(figure)
    rc, numbers = dict(matplotlib.rcParams), plt.get_fignums()

    Figure(figure).encode_into(MemorySink())

    assert before == fingerprint(figure)
    assert (rc, numbers) == (dict(matplotlib.rcParams), plt.get_fignums())
    assert plt.gcf() is figure
    np.testing.assert_array_equal(picture, savefig(figure))


def test_what_is_drawn_later_has_no_effect() -> None:
    drawn = FIGURES["line"]()
    figure = Figure(drawn)
    expected = figure.encode(MemorySink())

    drawn.axes[0].plot([4, 3, 2])
    drawn.axes[0].set_title("another")
    drawn.set_size_inches(1, 1)

    assert expected == figure.encode(MemorySink())


# --- the data, exactly ---


def document_of(draw: Callable[[Any], object]) -> dict[str, Any]:
    figure = Figure(small(draw))
    assert "ok" == figure.status, figure.reason
    assert figure.plotly is not None
    return figure.plotly


def test_lines_keep_their_values() -> None:
    x, y = np.linspace(0, 1, 50), np.random.default_rng(1).normal(size=50)

    (trace,) = document_of(lambda ax: ax.plot(x, y, "r--", lw=3))["data"]

    assert ("scatter", "lines", x.tolist(), y.tolist()) == (trace["type"], trace["mode"], trace["x"], trace["y"])
    assert ("rgba(255,0,0,1)", 4.0) == (trace["line"]["color"], trace["line"]["width"])
    assert trace["line"]["dash"].endswith("px")


def test_gaps_stay_gaps() -> None:
    (trace,) = document_of(lambda ax: ax.plot([1, np.nan, np.inf, 4]))["data"]

    assert [1, None, None, 4] == trace["y"]


def test_scatters_keep_places_sizes_and_colours() -> None:
    r = np.random.default_rng(2)
    x, y, size, value = r.random((4, 20))

    (trace,) = document_of(lambda ax: ax.scatter(x, y, s=size * 100, c=value, cmap="plasma", linewidths=0))["data"]

    assert (x.tolist(), y.tolist(), value.tolist()) == (trace["x"], trace["y"], trace["marker"]["color"])
    assert (value.min(), value.max()) == (trace["marker"]["cmin"], trace["marker"]["cmax"])
    np.testing.assert_allclose(np.sqrt(size * 100) * 96 / 72, trace["marker"]["size"], atol=0.005)
    expected = matplotlib.colormaps["plasma"]((value - value.min()) / np.ptp(value))
    stops = np.array([[float(part) for part in name[5:-1].split(",")] for _, name in trace["marker"]["colorscale"]])
    places = [place for place, _ in trace["marker"]["colorscale"]]
    scaled = (value - value.min()) / np.ptp(value)
    drawn = np.stack([np.interp(scaled, places, stops[:, channel]) for channel in range(3)], axis=1)
    np.testing.assert_allclose(expected[:, :3] * 255, drawn, atol=3)


def test_rings_have_no_filling() -> None:
    (trace,) = document_of(lambda ax: ax.scatter([1, 2], [1, 2], facecolors="none", edgecolors="r"))["data"]

    assert ("rgba(0,0,0,0)", "rgba(255,0,0,1)") == (trace["marker"]["color"], trace["marker"]["line"]["color"])


def test_removed_and_hidden_artists_stay_away() -> None:
    def draw(ax: Any) -> None:
        bars = ax.bar([1, 2, 3], [4, 5, 6])
        bars[0].remove()
        bars[1].set_visible(False)
        ax.plot([1, 2])[0].set_visible(False)

    (trace,) = document_of(draw)["data"]

    assert ([3], [6]) == (trace["x"], trace["y"])


def test_bars_keep_lengths_colours_and_names() -> None:
    document = document_of(lambda ax: ax.bar(["a", "b", "c"], [1, -2, 3], color=["r", "g", "b"], bottom=[0, 1, 2]))

    (trace,) = document["data"]
    assert ("bar", "v", [0, 1, 2], [1, -2, 3], [0, 1, 2]) == tuple(
        trace[k] for k in ("type", "orientation", "x", "y", "base")
    )
    assert ["rgba(255,0,0,1)", "rgba(0,128,0,1)", "rgba(0,0,255,1)"] == trace["marker"]["color"]
    assert ([0, 1, 2], ["a", "b", "c"]) == tuple(document["layout"]["xaxis"][k] for k in ("tickvals", "ticktext"))


def test_histograms_keep_their_counts() -> None:
    samples = np.random.default_rng(3).normal(size=500)
    counts, edges = np.histogram(samples, bins=12)

    (trace,) = document_of(lambda ax: ax.hist(samples, bins=12))["data"]

    assert counts.tolist() == trace["y"]
    np.testing.assert_allclose((edges[1:] + edges[:-1]) / 2, trace["x"])
    np.testing.assert_allclose(np.diff(edges), trace["width"])


def test_error_bars_are_segments() -> None:
    data = document_of(lambda ax: ax.errorbar([1, 2], [3, 5], yerr=[0.5, 1]))["data"]

    assert [([1, 2], [3, 5]), ([1, 1, None, 2, 2], [2.5, 3.5, None, 4, 6])] == [
        (trace["x"], trace["y"]) for trace in reversed(data)
    ]


def test_dates_are_dates() -> None:
    days = np.array(["2020-02-29T00:00", "2020-03-01T12:30"], "datetime64[m]")

    document = document_of(lambda ax: ax.plot(days, [1, 2]))

    assert "date" == document["layout"]["xaxis"]["type"]
    assert ["2020-02-29T00:00:00.000000", "2020-03-01T12:30:00.000000"] == document["data"][0]["x"]


def test_axes_keep_scale_range_and_titles() -> None:
    def draw(ax: Any) -> None:
        ax.semilogx([1, 100], [1, 2])
        ax.set(xlim=(0.1, 1000), ylim=(3, 0), xlabel="a < b", ylabel=r"$\alpha^2$ in $10^{-3}$ m")

    layout = document_of(draw)["layout"]

    assert ("log", "a &lt; b") == (layout["xaxis"]["type"], layout["xaxis"]["title"]["text"])
    np.testing.assert_allclose([-1, 3], layout["xaxis"]["range"])
    assert ("linear", [3, 0]) == (layout["yaxis"]["type"], layout["yaxis"]["range"])
    assert "α<sup>2</sup> in 10<sup>−3</sup> m" == layout["yaxis"]["title"]["text"]


def test_legends_name_their_traces() -> None:
    def draw(ax: Any) -> None:
        ax.plot([1, 2])
        ax.plot([2, 1], label="second")
        ax.scatter([0], [1], label="third")
        ax.legend(title="kinds")

    document = document_of(draw)

    shown = [(trace.get("name"), trace["showlegend"]) for trace in document["data"]]
    assert {(None, False), ("second", True), ("third", True)} == set(shown)
    assert "kinds" == document["layout"]["legend"]["title"]["text"]


def test_legend_by_order_and_by_hand() -> None:
    def in_order(ax: Any) -> None:
        ax.plot([1, 2])
        ax.plot([2, 1])
        ax.legend(["first", "second"])

    assert ["first", "second"] == [trace["name"] for trace in document_of(in_order)["data"]]

    def by_hand(ax: Any) -> None:
        ax.plot([1, 2])
        ax.legend(handles=[matplotlib.patches.Patch(color="r", label="nobody")])

    assert "not shown interactively: entries of a legend that name no single artist" == Figure(small(by_hand)).reason


def test_twin_axes_lie_upon_one_another() -> None:
    document = Figure(FIGURES["twin"]()).plotly
    assert document is not None

    assert [("x", "y"), ("x", "y2")] == [(trace["xaxis"], trace["yaxis"]) for trace in document["data"]]
    assert ("y", "right") == (document["layout"]["yaxis2"]["overlaying"], document["layout"]["yaxis2"]["side"])


def test_rules_across_the_axes_are_shapes() -> None:
    document = document_of(lambda ax: (ax.plot([1, 2]), ax.axhline(1.5), ax.axvspan(0.2, 0.4)))

    rule, span = sorted(document["layout"]["shapes"], key=lambda shape: shape["type"])
    assert ("line", "x domain", "y", 0, 1, 1.5) == tuple(rule[k] for k in ("type", "xref", "yref", "x0", "x1", "y0"))
    assert ("rect", "x", "y domain", 0.2, 0.4) == pytest.approx(
        tuple(span[k] for k in ("type", "xref", "yref", "x0", "x1"))
    )


@pytest.mark.parametrize(
    ("draw", "what"),
    [
        (lambda ax: ax.plot([1, 2, 3], "o", markevery=2), "1 Line2D with markevery"),
        (lambda ax: ax.plot([1, 2], "o", fillstyle="left"), "1 half-filled markers"),
        (lambda ax: ax.plot([1, 2], marker="$A$"), "1 marker '$A$'"),
        (lambda ax: ax.scatter([1], [1], marker="$A$"), "1 PathCollection with a marker that plotly has not"),
        (lambda ax: ax.plot([0, 1], [0, 1], transform=ax.transAxes), "1 Line2D outside data coordinates"),
        (lambda ax: (ax.plot([1, 2]), ax.axline((0, 0), slope=1)), "1 AxLine"),
        (lambda ax: ax.stairs([1, 2]), "1 StepPatch"),
        (lambda ax: ax.arrow(0, 0, 1, 1), "1 FancyArrow"),
        (lambda ax: ax.pcolormesh([[1, 2], [3, 4]]), "1 QuadMesh"),
        (lambda ax: (ax.plot([1, 2]), ax.secondary_yaxis("right")), "1 SecondaryAxis, 1 axes inside axes"),
        (lambda ax: (ax.plot([1, 2]), ax.figure.legend(["a"])), "1 Legend on the figure"),
        (lambda ax: ax.plot([1, 2])[0].set_clip_path(matplotlib.patches.Circle((1, 1), 1, transform=ax.transData)),
         "1 Line2D clipped to a shape"),
        (lambda ax: (ax.plot([0.1, 0.9]), ax.set_yscale("logit")), "1 y axis with a logit scale"),
        (lambda ax: ax.annotate("a", (0.5, 0.5), xycoords="figure fraction"), "1 Annotation outside data coordinates"),
        (lambda ax: ax.bar([1, 2], [3, 4], bottom=1, log=True), "1 stacked bars on a log axis"),
        (lambda ax: ax.figure.colorbar(ax.scatter([1, 2], [1, 2], c=[1, 10], norm="log")),
         "1 Colorbar, 1 PathCollection whose colours are not linear in their values"),
    ],
)  # fmt: skip
def test_what_plotly_has_not_is_never_passed_off(draw: Callable[[Any], object], what: str) -> None:
    figure = Figure(small(draw))

    assert ("failed", f"plotly has no exact form of: {what}", None) == (figure.status, figure.reason, figure.plotly)


@pytest.mark.parametrize(
    ("draw", "what"),
    [
        (lambda ax: ax.bar([1], [1], hatch="/"), "hatching"),
        (lambda ax: (ax.plot([1, 2], zorder=0), ax.bar([1], [1], zorder=9)), "the order in which bars cover lines"),
        (lambda ax: ax.semilogy([0, 1, 10]), "values that a log axis has not"),
        (lambda ax: (ax.plot([1, 2]), ax.text(0, 1, "a", bbox={})), "a box around a text"),
        (lambda ax: (ax.plot([1, 2]), ax.minorticks_on(), ax.grid(which="minor")), "minor grid lines"),
        (lambda ax: (ax.plot([1, 2]), ax.spines.left.set_position("center")), "a moved axis line"),
        (lambda ax: (ax.plot([1, 2]), ax.spines.left.set_bounds(1, 1.5)), "a shortened axis line"),
        (lambda ax: ax.loglog([1, 2, 4], [1, 2, 8], base=2), "ticks of a logarithm that is not to base 10"),
    ],
)
def test_what_only_decorates_is_named(draw: Callable[[Any], object], what: str) -> None:
    figure = Figure(small(draw))

    assert ("lossy", f"not shown interactively: {what}") == (figure.status, figure.reason)
    assert figure.plotly is not None


def test_an_artist_of_somebodys_own_class_is_not_trusted() -> None:
    class Line2D(matplotlib.lines.Line2D):
        pass

    figure = Figure(small(lambda ax: ax.add_line(Line2D([0, 1], [0, 1]))))

    assert ("failed", "plotly has no exact form of: 1 Line2D") == (figure.status, figure.reason)


def test_a_conversion_that_fails_leaves_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise KeyError("unforeseen")

    monkeypatch.setattr("medialog.datatypes.matplotlib_to_plotly.describe_axis", broken)

    figure = Figure(FIGURES["line"]())

    assert ("failed", "the conversion stopped with KeyError") == (figure.status, figure.reason)
    assert figure.image is not None


@pytest.mark.parametrize(("points", "status"), [(100_000, "ok"), (100_001, "failed")])
def test_most_points_of_an_interactive_figure(points: int, status: str) -> None:
    assert status == Figure(small(lambda ax: ax.plot(np.zeros(points)))).status


def test_the_limit_counts_the_points_of_all_traces() -> None:
    figure = Figure(small(lambda ax: (ax.plot(np.zeros(60_000)), ax.plot(np.zeros(60_000)))))

    assert ("failed", "120,000 points, more than figure.points (100,000)") == (figure.status, figure.reason)


def test_an_interactive_form_over_its_limit_is_left_out() -> None:
    figure = Figure(FIGURES["line"](), limits={"figure.size": 10})

    assert ("failed", "the interactive form breaks figure.size") == (figure.status, figure.reason)


# --- the other ways in and out ---


def test_pyplot_is_its_current_figure() -> None:
    FIGURES["pie"]()
    FIGURES["line"]()

    assert Figure(FIGURES["line"]()) == Figure(plt)


def test_artists_of_a_subfigure_are_of_the_whole_figure() -> None:
    drawn = plt.figure(figsize=(2, 1))
    parts: Any = drawn.subfigures(1, 2)
    left, _ = parts
    axes = left.subplots()

    for part in (left, axes, axes.title):
        np.testing.assert_array_equal(savefig(drawn), Figure(part).to_numpy())


def test_a_removed_artist_has_no_figure() -> None:
    _, axes = plt.subplots()
    (line,) = axes.plot([1, 2])
    line.remove()

    with pytest.raises(InvalidInput, match=r"figure\.none"):
        Figure(line)


def test_foreign_objects_find_their_type() -> None:
    figure, axes = plt.subplots()
    (line,) = axes.plot([1, 2])

    for value in (figure, axes, line, axes.xaxis, plt, chart(), chart() | chart(), chart() + chart()):
        assert isinstance(adopt(value), Figure)
    assert isinstance(adopt(go.Figure()), Plotly)


def test_a_trace_in_log_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(WrongType, match=r"go\.Figure\(trace\)"):
        adopt(go.Scatter(y=[1]))


@pytest.mark.parametrize(
    ("value", "help"),
    [
        (go.Figure(), "Plotly"),
        ({"mark": "bar"}, "VegaLite"),
        ({"data": []}, "Plotly"),
        ([object()], r"Figure\(value\[0\]\)"),
    ],
)
def test_wrong_types_name_the_right_one(value: Any, help: str) -> None:
    with pytest.raises(WrongType, match=help):
        Figure(value)


def test_images_of_figures_are_the_same_picture() -> None:
    assert Image(FIGURES["line"]()) == Figure(FIGURES["line"]()).image


def test_read_back() -> None:
    sink = MemorySink()
    figure = Figure(FIGURES["line"](), caption="c")

    loaded = decode(json.loads(json.dumps(figure.encode(sink))), sink)

    assert (figure.plotly, "c", "t", "matplotlib") == (loaded.plotly, loaded.caption, loaded.title, loaded.library)
    assert figure.to_pil().tobytes() == loaded.to_pil().tobytes()


def test_title_is_the_suptitle_else_of_the_first_axes() -> None:
    assert ("all of it", "t", None) == tuple(Figure(FIGURES[name]()).title for name in ("subplots", "line", "bars"))


def test_descriptor() -> None:
    descriptor = Figure(FIGURES["line"]()).encode(MemorySink())

    assert ["_type", "library", "conversion", "lossless", "image", "plotly", "title"] == list(descriptor)
    assert ("figure", {"status": "ok"}, False) == tuple(descriptor[k] for k in ("_type", "conversion", "lossless"))
    assert ("image-file", 320, 240, "png") == tuple(
        descriptor["image"][k] for k in ("_type", "width", "height", "format")
    )
    assert ("plotly-file", 1, ["scatter"]) == tuple(descriptor["plotly"][k] for k in ("_type", "traces", "trace_types"))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("image"),
        lambda d: d.pop("plotly"),
        lambda d: d.update(library="altair"),
        lambda d: d.update(conversion={"status": "failed", "reason": "because"}),
        lambda d: d.update(conversion={"status": "lossy"}),
        lambda d: d.update(conversion={"status": "ok", "reason": "because"}),
        lambda d: d["plotly"].update(trace_types=[]),
        lambda d: d["plotly"].update(trace_types=["b", "a"]),
        lambda d: d["image"].update(width=10**6),
        lambda d: d.update(unknown=1),
    ],
)
def test_bad_descriptors_are_found(change: Callable[[dict[str, Any]], object]) -> None:
    descriptor = Figure(FIGURES["line"]()).encode(MemorySink())
    assert [] == validate(descriptor)

    change(descriptor)

    assert validate(descriptor)


# --- altair ---


def test_altair_charts_keep_specification_and_picture() -> None:
    given = chart(title="a chart")

    figure = Figure(given)

    assert given.to_dict() == figure.vega
    assert alt.Chart.from_dict(figure.vega).to_dict() == given.to_dict()
    assert ("altair", "ok", "a chart") == (figure.library, figure.status, figure.title)
    assert figure.image is not None
    assert figure.image.width > 60


def test_drawing_an_altair_chart_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import vl_convert

    monkeypatch.setattr(
        vl_convert, "vegalite_to_png", lambda *_: pytest.fail("vl-convert fetches the pictures of image marks")
    )
    frame = pd.DataFrame({"x": [1], "url": ["http://127.0.0.1:9/a.png"]})
    pictures = alt.Chart(frame).mark_image().encode(x="x", url="url")

    for drawn in (pictures, pictures + pictures, pictures | chart()):
        figure = Figure(drawn)
        assert figure.image is None
        assert ["no picture of the chart: drawing its image marks would fetch them"] == [
            c.detail for c in figure.changes
        ]


@pytest.mark.parametrize("state", [None, ImportError])
def test_altair_without_vl_convert_has_no_picture(monkeypatch: pytest.MonkeyPatch, state: Any) -> None:
    if state is ImportError:
        monkeypatch.setitem(sys.modules, "vl_convert", None)
        expected = "no picture of the chart: vl-convert is not installed"
    else:
        import vl_convert

        def fail(*args: Any, **keywords: Any) -> bytes:
            raise ValueError("cannot")

        monkeypatch.setattr(vl_convert, "vegalite_to_png", fail)
        expected = "no picture of the chart: vl-convert failed with ValueError"

    figure = Figure(chart())

    descriptor = figure.encode(MemorySink())
    assert "image" not in descriptor
    assert [] == validate(descriptor)
    assert [expected] == [change.detail for change in figure.changes]
    for read in (figure.to_pil, figure.to_numpy):
        with pytest.raises(LookupError, match="without a picture"):
            read()
