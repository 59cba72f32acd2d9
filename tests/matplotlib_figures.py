"""Figures that are known to break converters, each a function that draws it anew with pyplot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import matplotlib.patches as shapes
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

FIGURES: dict[str, Callable[[], Figure]] = {}


def case(draw: Callable[[], Figure]) -> Callable[[], Figure]:
    FIGURES[draw.__name__] = draw
    return draw


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@case
def line() -> Figure:
    fig, ax = plt.subplots()
    ax.plot([1, 2, 3, 4], label="a")
    ax.set_ylabel("some interesting numbers")
    ax.set_title("t")
    ax.legend()
    return fig


@case
def styles() -> Figure:
    fig, ax = plt.subplots()
    ax.plot([1, 2, np.nan, 4], "r--o", lw=3, ms=10)
    ax.plot([3, 2, 1], color="0.3", alpha=0.5)
    ax.plot([0, 1, 2], [1, 4, 2], "g:s", drawstyle="steps-mid")
    ax.plot([0, 1, 2], [2, 3, 3.5], "k-.x")
    ax.plot([0, 1, 2], [2.5, 3, 1.5], dashes=[6, 2, 1, 2])
    ax.grid(True)
    return fig


@case
def scatter() -> Figure:
    r = rng()
    fig, ax = plt.subplots()
    s = ax.scatter(r.random(30), r.random(30), c=r.random(30), s=r.random(30) * 300, alpha=None)
    fig.colorbar(s, label="value")
    ax.scatter([0.5], [0.5], marker="*", c="r", edgecolors="k", s=200, label="star")
    ax.legend()
    return fig


@case
def bars() -> Figure:
    fig, ax = plt.subplots()
    ax.bar(["a", "b", "c"], [1, 2, 3], color=["r", "g", "b"], yerr=0.2, capsize=4)
    ax.axhline(1.5, ls="--", color="k", label="mean")
    ax.legend()
    return fig


@case
def grouped() -> Figure:
    fig, ax = plt.subplots()
    ax.bar([0, 1, 2], [1, 2, 3], width=0.4, label="p")
    ax.bar([0.4, 1.4, 2.4], [3, 2, -1], width=0.4, label="q", edgecolor="k")
    ax.legend(title="kind", ncols=2)
    ax.set_xticks([0.2, 1.2, 2.2], ["x", "y", "z"], rotation=45)
    return fig


@case
def stacked() -> Figure:
    fig, ax = plt.subplots()
    ax.bar([0, 1, 2], [1, 2, 3])
    ax.bar([0, 1, 2], [3, 2, 3], bottom=[1, 2, 3])
    return fig


@case
def barh() -> Figure:
    fig, ax = plt.subplots()
    ax.barh(["cat", "dog"], [1, 2])
    ax.set_xlabel("n")
    return fig


@case
def hist() -> Figure:
    fig, ax = plt.subplots()
    ax.hist(rng().normal(size=1000), bins=30, alpha=0.6, label="h")
    ax.hist(rng().normal(1, 1, size=1000), bins=30, histtype="step", label="s")
    ax.legend()
    return fig


@case
def pie() -> Figure:
    fig, ax = plt.subplots()
    ax.pie([1, 2, 3], labels=list("abc"), autopct="%d")
    return fig


@case
def empty() -> Figure:
    return plt.figure()


@case
def empty_axes() -> Figure:
    return plt.subplots()[0]


@case
def imshow() -> Figure:
    fig, ax = plt.subplots()
    ax.imshow(np.arange(12).reshape(3, 4))
    return fig


@case
def loglog() -> Figure:
    fig, ax = plt.subplots()
    ax.loglog([1, 10, 100], [1, 10, 1000], "o-")
    ax.set_xlabel(r"$\lambda$ in $10^{-3}$ m")
    return fig


@case
def symlog() -> Figure:
    fig, ax = plt.subplots()
    ax.plot([1, 10])
    ax.set_yscale("symlog")
    return fig


@case
def twin() -> Figure:
    fig, ax = plt.subplots()
    (a,) = ax.plot([1, 2, 3], label="left")
    ax2 = ax.twinx()
    (b,) = ax2.plot([30, 20, 40], "r", label="right")
    ax2.set_ylabel("right", color="r")
    ax.legend([a, b], ["left", "right"])
    return fig


@case
def three_d() -> Figure:
    fig = plt.figure()
    ax = fig.add_subplot(projection="3d")
    ax.plot([1, 2], [1, 2], [1, 2])
    return fig


@case
def polar() -> Figure:
    fig = plt.figure()
    ax = fig.add_subplot(projection="polar")
    ax.plot([0, 1, 2], [1, 2, 3])
    return fig


@case
def violin() -> Figure:
    fig, ax = plt.subplots()
    ax.violinplot([rng().normal(size=50), rng().normal(size=50)])
    return fig


@case
def box() -> Figure:
    fig, ax = plt.subplots()
    ax.boxplot([rng().normal(size=50), rng().normal(1, 2, size=50)], patch_artist=True)
    return fig


@case
def errorbar() -> Figure:
    fig, ax = plt.subplots()
    ax.errorbar([1, 2, 3], [1, 2, 3], yerr=0.2, xerr=0.1, capsize=3, fmt="o-", label="e")
    ax.legend()
    return fig


@case
def fill() -> Figure:
    fig, ax = plt.subplots()
    x = np.linspace(0, 6, 50)
    ax.plot(x, np.sin(x))
    ax.fill_between(x, np.sin(x) - 0.2, np.sin(x) + 0.2, alpha=0.3)
    ax.fill_between(x, -1, -0.5, where=x > 3, color="g")
    ax.axvspan(1, 2, color="y", alpha=0.3)
    return fig


@case
def stack() -> Figure:
    fig, ax = plt.subplots()
    ax.stackplot([1, 2, 3], [1, 2, 3], [2, 1, 2], labels=["u", "v"])
    ax.legend(loc="upper left")
    return fig


@case
def contour() -> Figure:
    fig, ax = plt.subplots()
    ax.contourf(rng().random((5, 5)))
    return fig


@case
def quiver() -> Figure:
    fig, ax = plt.subplots()
    ax.quiver([0, 1], [0, 1], [1, 1], [1, 0])
    return fig


@case
def table() -> Figure:
    fig, ax = plt.subplots()
    ax.plot([1, 2])
    ax.table([["1", "2"]], loc="top")
    return fig


@case
def stem() -> Figure:
    fig, ax = plt.subplots()
    ax.stem([1, 2, 3], [3, 1, 2], label="st")
    ax.legend()
    return fig


@case
def dates() -> Figure:
    fig, ax = plt.subplots()
    days: Any = [dt.datetime(2020, 1, 1) + dt.timedelta(days=i) for i in range(60)]
    ax.plot(days, np.arange(60) ** 2)
    firsts: Any = [dt.datetime(2020, 1, 10), dt.datetime(2020, 2, 1)]
    ax.bar(firsts, [1000, 2000], width=5, color="r")
    fig.autofmt_xdate()
    return fig


@case
def annotated() -> Figure:
    fig, ax = plt.subplots()
    ax.plot([1, 2, 3])
    ax.text(0.5, 2.5, "a<b & c")
    ax.text(0.9, 0.1, "axes", transform=ax.transAxes, ha="right", rotation=30)
    ax.annotate("peak", (2, 3), xytext=(-40, -40), textcoords="offset points", arrowprops={"arrowstyle": "->"})
    return fig


@case
def subplots() -> Figure:
    fig, ax = plt.subplots(2, 2, sharex=True, sharey="row", layout="constrained")
    for i, a in enumerate(ax.flat):
        a.plot(rng().random(5) + i, color=f"C{i}")
        a.set_title(f"t{i}")
    fig.suptitle("all of it")
    fig.supxlabel("super x")
    return fig


@case
def gridspec() -> Figure:
    fig = plt.figure(layout="tight")
    g = fig.add_gridspec(2, 3)
    a = fig.add_subplot(g[0, :])
    b = fig.add_subplot(g[1, :2])
    c = fig.add_subplot(g[1, 2])
    a.plot([1, 2])
    b.plot([2, 1])
    c.bar([1, 2], [3, 4])
    c.invert_yaxis()
    return fig


@case
def unicode() -> Figure:
    fig, ax = plt.subplots()
    ax.plot([1, 2], label="größe")
    ax.set_title("größe → naïve")
    ax.set_xlabel(r"$\frac{a}{b}$")
    ax.legend()
    return fig


@case
def huge() -> Figure:
    fig, ax = plt.subplots()
    ax.plot(np.arange(150_000.0))
    return fig


@case
def many() -> Figure:
    fig, ax = plt.subplots()
    ax.plot(np.cumsum(rng().normal(size=30_000)))
    return fig


@case
def hexbin() -> Figure:
    fig, ax = plt.subplots()
    ax.hexbin(rng().random(100), rng().random(100), gridsize=5)
    return fig


@case
def inset() -> Figure:
    fig, ax = plt.subplots()
    ax.plot([1, 2])
    ax.inset_axes((0.5, 0.5, 0.3, 0.3)).plot([2, 1])
    return fig


@case
def dark() -> Figure:
    with plt.style.context("dark_background"):
        fig, ax = plt.subplots()
        ax.plot([1, 2, 3])
        ax.set_title("dark")
        ax.spines[["top", "right"]].set_visible(False)
    return fig


@case
def patches() -> Figure:
    fig, ax = plt.subplots()
    ax.add_patch(shapes.Rectangle((0, 0), 1, 0.5, angle=20, fill=False))
    ax.add_patch(shapes.Polygon([[0, 0], [1, 1], [1, 0]], color="r", alpha=0.3))
    ax.plot([0, 1], [0, 1])
    return fig


@case
def circle() -> Figure:
    fig, ax = plt.subplots()
    ax.add_patch(shapes.Circle((0, 0), 1))
    return fig


@case
def subfigures() -> Figure:
    fig = plt.figure()
    parts: Any = fig.subfigures(1, 2)
    a, b = parts
    a.subplots().plot([1, 2])
    b.subplots().plot([2, 1])
    return fig


@case
def logbars() -> Figure:
    fig, ax = plt.subplots()
    ax.bar([1, 2, 3], [1, 10, 100], log=True)
    return fig


@case
def barlabel() -> Figure:
    fig, ax = plt.subplots()
    b = ax.bar([1, 2], [3, 4])
    ax.bar_label(b)
    return fig


@case
def pandas_lines() -> Figure:
    figure: Figure = pd.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1]}).plot().figure
    return figure


@case
def pandas_dates() -> Figure:
    days = pd.to_datetime(["2020-01-01", "2020-01-05", "2020-02-01"])
    figure: Figure = pd.DataFrame({"a": [1, 2, 3]}, index=days).plot().figure
    return figure


@case
def logfill() -> Figure:
    fig, ax = plt.subplots()
    ax.hist(rng().normal(size=100), histtype="stepfilled", log=True)
    return fig


@case
def overlapping() -> Figure:
    fig = plt.figure()
    fig.add_axes((0.1, 0.1, 0.8, 0.8)).plot([1, 2])
    fig.add_axes((0.5, 0.5, 0.3, 0.3)).plot([2, 1])
    return fig
