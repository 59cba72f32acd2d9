"""Matplotlib's titles, texts, annotations and legends -> plotly's annotations and legends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medialog.datatypes import matplotlib_style as style
from medialog.datatypes.matplotlib_panel import Panel

_Y_ANCHORS = {"top": "top", "center": "middle", "center_baseline": "middle", "bottom": "bottom", "baseline": "bottom"}


def add_axes_texts(panel: Panel, refuse: Callable[[str], None]) -> None:
    """Add the titles and texts of one axes; `refuse` is told of those at places that plotly has not."""
    axes, lost = panel.axes, panel.lost
    for title, place, anchor in (
        (axes.title, 0.5, "center"),
        (axes._left_title, 0.0, "left"),
        (axes._right_title, 1.0, "right"),
    ):
        if title.get_visible() and title.get_text():
            above = axes.transAxes.inverted().transform(title.get_transform().transform(title.get_position()))[1]
            note = _note(title, panel, "domain", place, float(above))
            panel.annotations.append({**note, "xanchor": anchor, "yanchor": "bottom"})
    for text in axes.texts:
        if not text.get_visible() or not text.get_text():
            continue
        if type(text).__name__ == "Annotation":
            _add_annotation(text, panel, refuse)
        elif type(text).__name__ != "Text":
            refuse(type(text).__name__)
        elif text.get_transform() is axes.transData:
            _add_data_text(text, panel, text.get_position())
        elif text.get_transform() is axes.transAxes:
            panel.annotations.append(_note(text, panel, "domain", *map(float, text.get_position())))
        else:
            refuse("Text outside data and axes coordinates")
        if text.get_bbox_patch() is not None:
            lost["a box around a text"] = None


def _add_data_text(text: Any, panel: Panel, position: Any) -> dict[str, Any]:
    x, y = _to_data(panel, position)
    note = _note(text, panel, "", x, y)
    panel.annotations.append(note)
    return note


def _to_data(panel: Panel, position: Any) -> tuple[Any, Any]:
    """Return a place in data as an annotation names it: the logarithm on a log axis."""
    x, y = panel.axes.convert_xunits(position[0]), panel.axes.convert_yunits(position[1])
    return panel.x.limits(x, x)[0], panel.y.limits(y, y)[0]


def _add_annotation(text: Any, panel: Panel, refuse: Callable[[str], None]) -> None:
    """Add an annotation of a place in data, with its text there, at another place, or some points away."""
    if text.xycoords != "data" or text.anncoords not in ("data", "offset points"):
        refuse("Annotation outside data coordinates")
        return
    if text.arrow_patch is None:
        if text.anncoords == "data":
            _add_data_text(text, panel, text.xyann)
        else:
            note = _add_data_text(text, panel, text.xy)
            note["xshift"], note["yshift"] = style.pixels(text.xyann[0]), style.pixels(text.xyann[1])
        return
    panel.lost["the style of an arrow"] = None
    note = _add_data_text(text, panel, text.xy)
    note |= {"showarrow": True, "arrowcolor": style.colour(text.arrow_patch.get_edgecolor()), "arrowhead": 2}
    if text.anncoords == "data":
        note["axref"], note["ayref"] = panel.x.name, panel.y.name
        note["ax"], note["ay"] = _to_data(panel, text.xyann)
    else:
        note["ax"], note["ay"] = style.pixels(text.xyann[0]), -style.pixels(text.xyann[1])


def _note(text: Any, panel: Panel, of: str, x: Any, y: Any) -> dict[str, Any]:
    """Return an annotation on the panel's axes: at data, or at fractions of their `domain`."""
    suffix = f" {of}" if of else ""
    return {**_words(text, panel.lost), "xref": panel.x.name + suffix, "yref": panel.y.name + suffix, "x": x, "y": y}


def _words(text: Any, lost: dict[str, None]) -> dict[str, Any]:
    note: dict[str, Any] = {"text": style.text(text.get_text(), lost), "showarrow": False, "font": style.font(text)}
    note["xanchor"], note["yanchor"] = text.get_horizontalalignment(), _Y_ANCHORS[text.get_verticalalignment()]
    note["borderpad"] = 0
    if text.get_rotation():
        note["textangle"] = -((text.get_rotation() + 180) % 360 - 180)
    if text.get_usetex():
        lost["TeX"] = None
    if text.get_path_effects():
        lost["path effects"] = None
    return note


def add_figure_texts(figure: Any, lost: dict[str, None]) -> list[dict[str, Any]]:
    """Return the texts of the figure itself: suptitle, supxlabel, fig.text."""
    notes = []
    for text in figure.texts:
        if not text.get_visible() or not text.get_text():
            continue
        if text.get_transform() is not figure.transSubfigure and text.get_transform() is not figure.transFigure:
            lost["a text outside figure coordinates"] = None
            continue
        x, y = map(float, text.get_position())
        notes.append({**_words(text, lost), "xref": "paper", "yref": "paper", "x": x, "y": y})
    return notes


# --- legends ---


def add_legend(panel: Panel, panels: list[Panel], layout: dict[str, Any]) -> None:
    """Show an axes' legend: each of its entries names the trace that has its label, or that its handle looks like."""
    legend = panel.axes.get_legend()
    number = sum(name.startswith("legend") for name in layout)
    name = "legend" if not number else f"legend{number + 1}"
    texts = [text.get_text() for text in legend.get_texts()]
    unnamed = [made for one in [panel, *(p for p in panels if p is not panel)] for made in one.made]
    found = 0
    for text, handle in zip(texts, legend.legend_handles, strict=False):
        artist = next((a for a, _ in unnamed if _label(a, panels) == text), None)
        if artist is None:
            artist = next((a for a, _ in unnamed if _label(a, panels).startswith("_") and _look_alike(a, handle)), None)
        if artist is None:
            continue
        found += 1
        traces = [trace for a, trace in unnamed if a is artist]
        unnamed = [made for made in unnamed if made[0] is not artist]
        entry = {"name": style.text(text, panel.lost), "showlegend": True, **({"legend": name} if number else {})}
        traces[0] |= entry
        for trace in traces:
            trace["legendgroup"] = f"{name}-{found}"
    if found < len(texts):
        panel.lost["entries of a legend that name no single artist"] = None
    layout["showlegend"] = True
    layout[name] = _describe_legend(legend, panel)


def _label(artist: Any, panels: list[Panel]) -> str:
    """Return an artist's label, or its container's (error bars, stems)."""
    own = str(artist.get_label())
    if not own.startswith("_"):
        return own
    for panel in panels:
        for container in panel.axes.containers:
            members = [part for part in container if part is not None]
            flat = [one for part in members for one in (part if isinstance(part, (tuple, list)) else (part,))]
            if any(one is artist for one in flat):
                return str(container.get_label())
    return own


def _look_alike(artist: Any, handle: Any) -> bool:
    """Say whether a legend's handle shows this artist: a line of its colour and style, a patch of its colour."""
    from matplotlib.colors import same_color

    if type(artist).__name__ == "Line2D" and type(handle).__name__ == "Line2D":
        return (
            bool(same_color(artist.get_color(), handle.get_color()))
            and artist.get_linestyle() == handle.get_linestyle()
        )
    if type(artist).__name__ == "BarContainer" and type(handle).__name__ == "Rectangle" and len(artist.patches):
        return bool(same_color(artist.patches[0].get_facecolor(), handle.get_facecolor()))
    return False


def _describe_legend(legend: Any, panel: Panel) -> dict[str, Any]:
    shown: dict[str, Any] = {"tracegroupgap": 0}
    frame = legend.get_frame()
    if legend.get_frame_on():
        shown |= {"bgcolor": style.colour(frame.get_facecolor()), "bordercolor": style.colour(frame.get_edgecolor())}
        shown["borderwidth"] = style.pixels(frame.get_linewidth())
    if legend.get_texts():
        shown["font"] = style.font(legend.get_texts()[0])
    if legend.get_title().get_text():
        shown["title"] = {"text": style.text(legend.get_title().get_text(), panel.lost)}
    if getattr(legend, "_ncols", 1) > 1:
        shown["orientation"] = "h"
    box = legend.get_window_extent().transformed(panel.axes.get_figure().transFigure.inverted())
    # A corner near the legend's own place, so that a difference of font widths grows towards the middle.
    x, xanchor = (box.x0, "left") if box.x0 + box.x1 < 1 else (box.x1, "right")
    y, yanchor = (box.y0, "bottom") if box.y0 + box.y1 < 1 else (box.y1, "top")
    return {**shown, "x": _paper(x), "y": _paper(y), "xanchor": xanchor, "yanchor": yanchor}


def _paper(place: float) -> float:
    return round(min(max(float(place), -2.0), 3.0), 6)
