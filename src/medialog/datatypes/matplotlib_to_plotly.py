"""A matplotlib figure as an interactive plotly figure, and an honest judgement of whether it is the same figure.

Written anew instead of calling `plotly.tools.mpl_to_plotly`, which gives wrong figures without a word: it drops
legends, category names, the colours of single bars, pies and axhlines, and stops at others
(`docs/decisions/0006-figures-are-converted-here.md`). The rule here is the other way round: an artist is converted when
it is known to be exact, and one unknown artist makes the whole figure unconvertible. The picture is kept in every case,
so nothing is lost by saying no.

The figure is only read. It must have been drawn before (its picture is taken first), so that limits and layout are
final.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from medialog.datatypes import matplotlib_style as style
from medialog.datatypes.matplotlib_axes import UnknownAxis, describe_axis, find_scale
from medialog.datatypes.matplotlib_panel import Panel, Unconvertible
from medialog.datatypes.matplotlib_text import add_axes_texts, add_figure_texts, add_legend
from medialog.datatypes.matplotlib_traces import add_artist, add_bars
from medialog.validators.limits import LIMITS


@dataclass(frozen=True)
class Conversion:
    """What came of it: `ok` and `lossy` have a document; `lossy` and `failed` have the reason."""

    status: Literal["ok", "lossy", "failed"]
    reason: str | None = None
    document: dict[str, Any] | None = None


def convert(figure: Any) -> Conversion:
    """Return the plotly form of a drawn matplotlib figure, or why there is none. Never raises."""
    try:
        return _Drawing(figure).convert()
    except Exception as error:  # noqa: BLE001 - an artist may be of anybody's class and fail in any way; the picture stays
        return Conversion("failed", f"the conversion stopped with {type(error).__name__}")


class _Drawing:
    def __init__(self, figure: Any) -> None:
        self._figure = figure
        self._refused: Counter[str] = Counter()
        self._lost: dict[str, None] = {}
        self._panels: list[Panel] = []
        self._layout: dict[str, Any] = {}
        self._annotations: list[dict[str, Any]] = []

    def convert(self) -> Conversion:
        axes = [one for one in self._figure.axes if one.get_visible()]
        if not axes:
            return Conversion("failed", "the figure has no axes")
        self._check_figure()
        colorbars = [one for one in axes if getattr(one, "_colorbar", None) is not None]
        for one in axes:
            if one not in colorbars:
                self._add_axes(one)
        self._check_places()
        for one in colorbars:
            self._add_colorbar(one)
        if self._refused:
            found = ", ".join(f"{count} {what}" for what, count in sorted(self._refused.items()))
            return Conversion("failed", f"plotly has no exact form of: {found}"[:500])
        traces = [trace for panel in self._panels for trace in panel.traces]
        points = sum(len(trace["x"]) for trace in traces)
        most = LIMITS["figure.points"].value
        if not traces:
            return Conversion("failed", "the figure shows no data")
        if points > most:  # type: ignore[operator]
            return Conversion("failed", f"{points:,} points, more than figure.points ({most:,})")
        document = self._document(traces)
        if self._lost:
            return Conversion("lossy", f"not shown interactively: {', '.join(sorted(self._lost))}"[:500], document)
        return Conversion("ok", None, document)

    def _check_figure(self) -> None:
        figure = self._figure
        if getattr(figure, "subfigs", None):
            self._refuse("SubFigure", len(figure.subfigs))
        for artist in (*figure.lines, *figure.patches, *figure.images, *figure.artists, *figure.legends):
            if artist.get_visible():
                self._refuse(f"{type(artist).__name__} on the figure")

    def _refuse(self, what: str, count: int = 1) -> None:
        self._refused[what] += count

    # --- axes ---

    def _add_axes(self, axes: Any) -> None:
        if type(axes).__name__ != "Axes" or axes.name != "rectilinear":
            self._refuse(f"{axes.name} axes")
            return
        if axes.child_axes:
            self._refuse("axes inside axes", len(axes.child_axes))
        number = "" if not self._panels else str(len(self._panels) + 1)
        try:
            scales = find_scale(axes.xaxis, f"x{number}"), find_scale(axes.yaxis, f"y{number}")
        except UnknownAxis as found:
            self._refuse(str(found))
            return
        panel = Panel(axes, *scales, lost=self._lost)
        base = self._find_twin(axes)
        self._panels.append(panel)
        self._describe_axes(panel, base)
        containers = [c for c in axes.containers if type(c).__name__ == "BarContainer"]
        in_container = {id(bar): container for container in containers for bar in container.patches}
        self._add_artists(axes, panel, in_container)
        add_axes_texts(panel, self._refuse)

    def _add_artists(self, axes: Any, panel: Panel, in_container: dict[int, Any]) -> None:
        furniture = {
            id(artist) for artist in (*axes.spines.values(), axes.xaxis, axes.yaxis, axes.patch, axes.get_legend())
        }
        texts = {id(text) for text in (axes.title, axes._left_title, axes._right_title, *axes.texts)}
        artists = [a for a in axes.get_children() if id(a) not in furniture | texts and a.get_visible()]
        done: set[int] = set()
        for artist in sorted(artists, key=lambda one: one.get_zorder()):
            container = in_container.get(id(artist))
            if container is not None and id(container) in done:
                continue
            try:
                if container is not None:
                    done.add(id(container))
                    add_bars(container, panel)
                else:
                    add_artist(artist, panel)
            except Unconvertible as found:
                self._refuse(str(found))

    def _find_twin(self, axes: Any) -> tuple[Panel, str] | None:
        """Return the panel that `axes` lies upon (twinx, twiny), and the letter of the axis they share."""
        for panel in self._panels:
            if _same_place(panel.axes, axes):
                if axes.get_shared_x_axes().joined(panel.axes, axes):
                    return panel, "x"
                if axes.get_shared_y_axes().joined(panel.axes, axes):
                    return panel, "y"
        return None

    def _describe_axes(self, panel: Panel, twin: tuple[Panel, str] | None) -> None:
        axes = panel.axes
        x = describe_axis(axes, axes.xaxis, panel.x, self._lost)
        y = describe_axis(axes, axes.yaxis, panel.y, self._lost)
        x["anchor"], y["anchor"] = panel.y.name, panel.x.name
        if twin is not None and twin[0].axes.get_zorder() > axes.get_zorder():
            self._lost["the order of axes upon one another"] = None
        if twin is not None and twin[1] == "x":
            panel.x = twin[0].x
            self._layout[panel.y.key] = {**y, "anchor": twin[0].x.name, "overlaying": twin[0].y.name}
            return
        if twin is not None:
            panel.y = twin[0].y
            self._layout[panel.x.key] = {**x, "anchor": twin[0].y.name, "overlaying": twin[0].x.name}
            return
        for scale, layout, shared in ((panel.x, x, axes.get_shared_x_axes()), (panel.y, y, axes.get_shared_y_axes())):
            first = next((one for one in self._panels if one.axes is not axes and shared.joined(one.axes, axes)), None)
            if first is not None:
                layout["matches"] = (first.x if scale is panel.x else first.y).name
        self._layout[panel.x.key], self._layout[panel.y.key] = x, y
        if axes.axison and axes.patch.get_visible():
            background = style.colour(axes.patch.get_facecolor())
            if self._layout.setdefault("plot_bgcolor", background) != background:
                self._lost["backgrounds of single axes"] = None

    def _check_places(self) -> None:
        """Refuse axes that lie upon one another without sharing an axis, and axes beyond the figure."""
        boxes = [panel.axes.get_position() for panel in self._panels]
        for index, box in enumerate(boxes):
            if min(box.x0, box.y0) < -1e-6 or max(box.x1, box.y1) > 1 + 1e-6 or box.x0 >= box.x1 or box.y0 >= box.y1:
                self._refuse("axes beyond the figure")
            for before in range(index):
                other, one = self._panels[before].axes, self._panels[index].axes
                is_twin = _same_place(other, one) and (
                    one.get_shared_x_axes().joined(other, one) or one.get_shared_y_axes().joined(other, one)
                )
                if not is_twin and _overlap(boxes[before], box):
                    self._refuse("axes upon axes")

    def _add_colorbar(self, axes: Any) -> None:
        """Show a colour bar with the trace whose colours it explains."""
        bar = axes._colorbar
        for panel in self._panels:
            for artist, trace in panel.made:
                marker = trace.get("marker")
                if artist is bar.mappable and isinstance(marker, dict) and "colorscale" in marker:
                    place = axes.get_position()
                    title = bar.ax.get_ylabel() if bar.orientation == "vertical" else bar.ax.get_xlabel()
                    upright = bar.orientation == "vertical"
                    marker["showscale"] = True
                    marker["colorbar"] = {
                        "orientation": "v" if upright else "h",
                        "x": place.x0,
                        "y": (place.y0 + place.y1) / 2 if upright else place.y0,
                        "xanchor": "left",
                        "yanchor": "middle" if upright else "bottom",
                        "len": place.height if upright else place.width,
                        "thickness": (place.width if upright else place.height),
                        "thicknessmode": "fraction",
                        "xpad": 0,
                        "ypad": 0,
                    }
                    if title:
                        text = {"text": style.text(title, self._lost), "side": "right" if upright else "bottom"}
                        marker["colorbar"]["title"] = text
                    return
        self._refuse("Colorbar")

    # --- the whole ---

    def _document(self, traces: list[dict[str, Any]]) -> dict[str, Any]:
        figure = self._figure
        width, height = (round(float(inches) * style.PIXELS_PER_INCH, 2) for inches in figure.get_size_inches())
        layout: dict[str, Any] = {
            "width": width,
            "height": height,
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
            "paper_bgcolor": style.colour(figure.get_facecolor()),
            "hovermode": "closest",
            "showlegend": False,
            **self._layout,
        }
        if any(trace["type"] == "bar" for trace in traces):
            layout["barmode"] = "overlay"
        for panel in self._panels:
            if panel.axes.get_legend() is not None and panel.axes.get_legend().get_visible():
                add_legend(panel, self._panels, layout)
        shapes = [shape for panel in self._panels for shape in panel.shapes]
        annotations = [note for panel in self._panels for note in panel.annotations]
        annotations += add_figure_texts(figure, self._lost)
        if shapes:
            layout["shapes"] = shapes
        if annotations:
            layout["annotations"] = annotations
        return {"data": traces, "layout": layout}


def _same_place(one: Any, other: Any) -> bool:
    return bool(abs(one.get_position().get_points() - other.get_position().get_points()).max() < 1e-9)


def _overlap(one: Any, other: Any) -> bool:
    slack = 1e-6
    apart = (
        one.x1 <= other.x0 + slack
        or other.x1 <= one.x0 + slack
        or one.y1 <= other.y0 + slack
        or other.y1 <= one.y0 + slack
    )
    return not apart
