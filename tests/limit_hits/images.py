"""Limits of pictures, their layers and lists of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from PIL import Image as Pillow

import pictures
from limit_hits.hits import Limits, Noticed, Refused, Shown, described, noticed
from medialog.datatypes.base import MediaList
from medialog.datatypes.image import Image
from medialog.datatypes.object3d import Object3D
from medialog.datatypes.overlays import BoundingBoxes2D, ImageMask
from medialog.validators.rules import Rules

ONE_BOX = {"position": {"middle": [0, 0], "width": 0, "height": 0}, "class_id": 0}


def boxes(n: int, **members: Any) -> dict[str, Any]:
    return {"box_data": [{**ONE_BOX, **members}] * n}


def grey(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width), np.uint8)


def listed(n: int, limits: Limits) -> MediaList:
    return MediaList([Image([[1]])] * n, Rules(limits))


def mask(n: int, limits: Limits, **members: Any) -> ImageMask:
    return ImageMask({"mask_data": [[n]], **members}, limits=limits)


def scene(n: int, limits: Limits) -> Object3D:
    corners = [[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]
    return Object3D({"type": "lidar/beta", "boxes": [{"corners": corners}] * n}, limits=limits)


INPUT = [
    Refused("image.side", lambda n, limits: Image(grey(1, n), limits=limits)),
    Refused("image.side", lambda n, limits: Image(pictures.saved(Pillow.new("1", (1, n)), "PNG"), limits=limits)),
    Refused("image.side", lambda n, limits: Image(Pillow.new("L", (n, 1)), limits=limits)),
    Refused("image.side", lambda n, limits: ImageMask({"mask_data": grey(n, 1)}, limits=limits)),
    Refused("image.side", lambda n, limits: Image(grey(n, 2), limits=limits), lowered=9),
    # Lowered: a picture of the true number is 100 MB.
    Refused("image.pixels", lambda n, limits: Image(grey(1, n), limits=limits), lowered=12),
    Refused(
        "image.pixels",
        lambda n, limits: Image(pictures.saved(Pillow.new("L", (n, 1)), "BMP"), limits=limits),
        lowered=12,
    ),
    Refused("image.frames", lambda n, limits: Image(pictures.gif(1, 1, n), limits=limits)),
    Refused("image.frames", lambda n, limits: Image(pictures.animation("GIF", n), limits=limits), lowered=3),
    Refused(
        "image.frames_pixels", lambda n, limits: Image(pictures.gif(n // 3, 1, 3), limits=limits), lowered=12, step=3
    ),
    Refused("image.per_list", listed),
    Noticed("image.per_step_advice", lambda n, limits: noticed(listed(n, limits))),
    Noticed("image.per_step_advice", lambda n, limits: noticed(listed(n, limits)), lowered=2),
    # Under a raised `image.side`, which would refuse the same picture.
    Refused(
        "image.side_jpeg",
        lambda n, limits: Image(grey(1, n), file_type="jpg", limits=limits),
        also={"image.side": 10**6},
    ),
    Refused("image.side_webp", lambda n, limits: Image(grey(n, 1), file_type="webp", limits=limits)),
    Refused("mask.class_id", mask, at=0, step=-1),
    Refused("mask.class_id", mask, at=255),
    Refused("mask.class_id_16", lambda n, limits: mask(n, limits, bits=16), at=0, step=-1),
    Refused("mask.class_id_16", lambda n, limits: mask(n, limits, bits=16), at=65_535),
    Refused("boxes.per_layer", lambda n, limits: BoundingBoxes2D(boxes(n), limits=limits), lowered=5),
    Refused("boxes.per_layer", lambda n, limits: Image([[1]], boxes={"b": boxes(n)}, limits=limits), lowered=5),
    Refused("boxes.per_layer", scene, lowered=5),
    Refused("caption.length", lambda n, limits: Image([[1]], caption="é" * n, limits=limits)),
    Refused("caption.length", lambda n, limits: BoundingBoxes2D(boxes(1, box_caption="a" * n), limits=limits)),
    Refused("key.length", lambda n, limits: Image([[1]], boxes={"k" * n: boxes(1)}, limits=limits)),
]


@cache
def _picture(**options: Any) -> dict[str, Any]:
    descriptor: dict[str, Any] = described(Image(grey(1, 1), **options))
    return descriptor


def picture(width: int = 1, height: int = 1, **members: Any) -> dict[str, Any]:
    return {**_picture(), "width": width, "height": height, **members}


def jpeg(n: int) -> dict[str, Any]:
    return {**_picture(file_type="jpg"), "width": n, "height": 1}


def layer(n: int) -> dict[str, Any]:
    return {**described(BoundingBoxes2D(boxes(1))), "count": n}


DESCRIPTOR = [
    Shown("image.side", picture),
    Shown("image.side", lambda n: picture(1, n)),
    Shown("image.side", lambda n: {**described(ImageMask({"mask_data": [[0]]})), "width": n}),
    Shown("image.side_jpeg", jpeg, also={"image.side": 10**6}),
    Shown("image.pixels", lambda n: picture(n // 10_000, 10_000), step=10_000),
    Shown("image.frames", lambda n: picture(frames=n)),
    Shown("image.frames_pixels", lambda n: picture(n // 10**6, 10**4, frames=100), step=10**6),
    Shown("image.per_list", lambda n: described(MediaList([Image([[1]])] * n, Rules({"image.per_list": n})))),
    Shown("boxes.per_layer", layer),
    Shown("boxes.per_layer", lambda n: picture(boxes={"b": layer(n)})),
    Shown("boxes.per_layer", lambda n: {**described(scene(1, {})), "boxes": n}),
    Shown("boxes.per_layer", lambda n: {**described(scene(1, {})), "vectors": n}),
    Shown("caption.length", lambda n: picture(caption="é" * n)),
    Shown("key.length", lambda n: picture(boxes={"k" * n: layer(1)})),
    Shown("key.length", lambda n: picture(masks={"k" * n: described(ImageMask({"mask_data": [[0]]}))})),
]
NOT_SHOWN = {
    "image.per_step_advice": "a piece of advice: a longer list is valid",
    "image.side_webp": "the limit of the encoder: the format's own lossless files have a pixel more, and are kept",
    "mask.class_id": "the ids are the pixels of a file; those that have names are held by `overlay.class_labels`",
    "mask.class_id_16": "the ids are the pixels of a file; those that have names are held by `overlay.class_labels`",
}
