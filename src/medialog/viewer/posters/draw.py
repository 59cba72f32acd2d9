"""The poster of any value: by its kind, and by its name and facts where the kind is not known or cannot be drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialog.runtime import trees
from medialog.viewer.contents import kind_of, singles
from medialog.viewer.media import Unusable
from medialog.viewer.posters import canvas, charts, pictures, sound, space, words
from medialog.wire.storage import Storage

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_IN_GRID = 12
PHOTOS = frozenset(("image-file", "video-file", "object3D-file", "molecule-file", "figure", "numpy.ndarray"))

Draw = Callable[[Mapping[str, Any], Storage], "Image"]
BY_KIND: dict[str, Draw] = {
    "audio-file": sound.draw_audio,
    "boxes2D": pictures.draw_boxes,
    "chart": charts.draw_chart,
    "classes": words.draw_classes,
    "figure": charts.draw_figure,
    "histogram": charts.draw_histogram,
    "html-file": words.draw_html,
    "image-file": pictures.draw_image,
    "incremental-table-file": words.draw_table,
    "mask": pictures.draw_mask,
    "molecule-file": space.draw_molecule,
    "numpy.ndarray": pictures.draw_array,
    "object3D-file": space.draw_object,
    "plotly-file": charts.draw_plotly,
    "table-file": words.draw_table,
    "text-file": words.draw_text,
    "vega-file": charts.draw_vega,
    "video-file": pictures.draw_video,
}


@dataclass(frozen=True)
class Drawn:
    """A picture, whether it is like a photograph, and whether it shows the value itself."""

    image: Image
    photo: bool
    whole: bool


def draw(value: Any, storage: Storage) -> Drawn:
    """Return the picture of a stored value: a descriptor, a list form, a list of descriptors, text, any JSON."""
    kind = kind_of(value)
    if kind in ("text-value", "json-value"):
        return Drawn(words.draw_value(value), photo=False, whole=True)
    found = singles(value)
    if len(found) == 1:
        return _draw_one(found[0], storage)
    drawn = [_draw_one(each, storage) for each in found[:MOST_IN_GRID]]
    photo = any(each.photo for each in drawn)
    return Drawn(canvas.grid([each.image for each in drawn], len(found)), photo, all(each.whole for each in drawn))


def _draw_one(descriptor: Mapping[str, Any], storage: Storage) -> Drawn:
    import warnings

    kind = descriptor.get(trees.KIND)
    function = BY_KIND.get(kind) if isinstance(kind, str) else None
    if function is None:
        return Drawn(words.draw_facts(descriptor, "a type that this version does not know"), photo=False, whole=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Drawn(function(descriptor, storage), photo=kind in PHOTOS, whole=True)
    except Unusable as error:
        reason = {"missing": "its file is missing", "damaged": "its file is damaged"}.get(error.state, error.reason)
    except Exception as error:  # noqa: BLE001 - whatever a file holds, there is a poster
        reason = f"no picture of it: {type(error).__name__}: {error}"
    return Drawn(words.draw_facts(descriptor, reason), photo=False, whole=False)
