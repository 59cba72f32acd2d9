"""Posters of pictures: images with their masks and boxes, the first frame of a video, arrays as heatmaps."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medialog.viewer import media
from medialog.viewer.media import Unusable
from medialog.viewer.posters import axes, canvas
from medialog.viewer.posters.words import draw_facts, reference_of
from medialog.wire.storage import Storage

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

MOST_BYTES = 128 << 20
MOST_PIXELS = 60_000_000
MOST_BOXES = 500
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "WEBP")


def draw_image(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw an image with its masks and boxes."""
    from PIL import Image, ImageDraw

    given = _open(storage, descriptor)
    size = given.size
    small = canvas.shrink(_rgb(given)).copy()
    masks = descriptor.get("masks")
    for mask in (masks if isinstance(masks, dict) else {}).values():
        layer = _open(storage, mask).resize(small.size, Image.Resampling.NEAREST)
        small = _tint(small, layer)
    boxes = descriptor.get("boxes")
    pen = ImageDraw.Draw(small)
    scale = small.width / size[0], small.height / size[1]
    for layer in (boxes if isinstance(boxes, dict) else {}).values():
        for box in json.loads(media.read_small(storage, reference_of(layer), 16 << 20))["box_data"][:MOST_BOXES]:
            _box(pen, box, size, scale)
    return small


def draw_mask(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw a mask by itself: each class in its colour, class 0 dark."""
    from PIL import Image

    layer = _open(storage, descriptor)
    paper = Image.new("RGB", layer.size, (24, 26, 30))
    return canvas.shrink(_tint(paper, layer, 1.0))


def draw_boxes(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw a layer of boxes by itself; boxes in pixels are fitted."""
    given = json.loads(media.read_small(storage, reference_of(descriptor), 16 << 20))["box_data"][:MOST_BOXES]
    image, pen = canvas.blank()
    inside = [box for box in given if box.get("domain") != "pixel"]
    pixels = [box for box in given if box.get("domain") == "pixel"]
    for box in inside:
        _box(pen, box, image.size, (1.0, 1.0))
    if pixels:
        ends = [_edges(box) for box in pixels]
        reach = max([1.0, *(high for _, _, high_x, high_y in ends for high in (high_x, high_y))])
        scale = min(image.size) * 0.95 / reach
        for box in pixels:
            _box(pen, box, image.size, (scale, scale))
    return image


def _open(storage: Storage, descriptor: Mapping[str, Any]) -> Image:
    """Return a stored picture, checked for its size before its pixels are read."""
    from PIL import Image

    image: Image.Image = Image.open(
        io.BytesIO(media.read_small(storage, reference_of(descriptor), MOST_BYTES)), formats=FORMATS
    )
    if image.width * image.height > MOST_PIXELS:
        image.draft("RGB", (canvas.SIDE, canvas.SIDE))
    if image.width * image.height > MOST_PIXELS:
        raise Unusable("left-out", f"{image.width:,} x {image.height:,} pixels")
    return image


def _rgb(image: Image) -> Image:
    """Return any picture in RGB, transparency over white, 16-bit grey by its own range."""
    from PIL import Image

    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        import numpy as np

        values = np.asarray(image).astype(np.float64)
        high = 65535.0 if values.max(initial=0) > 255 else 255.0
        return Image.fromarray(np.clip(values / high * 255, 0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        over = image.convert("RGBA")
        paper = Image.new("RGBA", over.size, (255, 255, 255, 255))
        return Image.alpha_composite(paper, over).convert("RGB")
    return image.convert("RGB")


def _tint(image: Image, mask: Image, strength: float = 0.45) -> Image:
    import numpy as np
    from PIL import Image

    ids = np.asarray(mask).astype(np.int64)
    ids = ids if ids.ndim == 2 else ids[..., 0]
    palette = np.array(canvas.COLORS, np.float64)
    colors = palette[ids % len(palette)]
    share = np.where(ids > 0, strength, 0.0)[..., None]
    mixed = np.asarray(image) * (1 - share) + colors * share
    return Image.fromarray(np.rint(mixed).astype(np.uint8))


def _box(pen: Any, box: Mapping[str, Any], size: tuple[int, int], scale: tuple[float, float]) -> None:
    low_x, low_y, high_x, high_y = _edges(box)
    factor = (1.0, 1.0) if box.get("domain") == "pixel" else (float(size[0]), float(size[1]))
    across, down = factor[0] * scale[0], factor[1] * scale[1]
    corners = [low_x * across, low_y * down, high_x * across, high_y * down]
    corners = [min(max(float(value), -9999.0), 9999.0) for value in corners]
    if corners[0] <= corners[2] and corners[1] <= corners[3]:
        pen.rectangle(corners, outline=canvas.color_of(int(box.get("class_id") or 0)), width=2)


def _edges(box: Mapping[str, Any]) -> tuple[float, float, float, float]:
    position = box["position"]
    if "middle" in position:
        (x, y), w, h = position["middle"], position["width"], position["height"]
        return x - w / 2, y - h / 2, x + w / 2, y + h / 2
    low_x, low_y, high_x, high_y = (float(position[name]) for name in ("minX", "minY", "maxX", "maxY"))
    return low_x, low_y, high_x, high_y


def draw_video(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw the first frame of a video, with the sign for it; where nothing here decodes it, its facts."""
    from PIL import Image, ImageDraw

    data = media.read_small(storage, reference_of(descriptor), MOST_BYTES)
    if descriptor.get("format") == "gif":
        image = _rgb(Image.open(io.BytesIO(data), formats=("GIF",)))
    else:
        try:
            import av
        except ImportError:
            return draw_facts(descriptor, "a video (its first frame needs medialog[video])")
        with av.open(io.BytesIO(data), "r") as container:
            image = Image.fromarray(next(container.decode(video=0)).to_ndarray(format="rgb24"))
    small = canvas.shrink(image.convert("RGB")).copy()
    pen = ImageDraw.Draw(small, "RGBA")
    radius = max(10, min(small.size) // 9)
    x, y = small.width / 2, small.height / 2
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(0, 0, 0, 130))
    part = radius * 0.5
    pen.polygon([(x - part * 0.7, y - part), (x - part * 0.7, y + part), (x + part, y)], fill=(255, 255, 255, 230))
    return small


def draw_array(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw an array: one axis as a line, two as a heatmap, more by their facts."""
    import numpy as np

    file = descriptor["file"]
    data = media.read_small(storage, reference_of(file), MOST_BYTES)
    array = np.load(io.BytesIO(data), allow_pickle=False)
    if array.size == 0 or array.dtype.kind not in "biuf" or array.ndim > 2 or array.ndim == 0:
        return draw_facts(descriptor, "an array")
    values = array.astype(np.float64)
    if values.ndim == 1:
        plot = axes.Axes()
        plot.line(np.arange(len(values)), values, canvas.COLORS[0])
        return plot.draw()
    return heatmap(values)


def heatmap(values: np.ndarray) -> Image:
    """Return a matrix in colours, thinned where it is large."""
    import numpy as np
    from PIL import Image

    rows, columns = (-(-length // canvas.SIDE) for length in values.shape)
    values = values[::rows, ::columns]
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    colors = canvas.viridis((values - low) / ((high - low) or 1.0))
    colors[~np.isfinite(values)] = 200
    return canvas.shrink(Image.fromarray(colors))
