"""Pillow's modes: which of them a picture file holds, and the way into one that it does.

A mode says how the pixels of a Pillow image are stored: grey (`L`), colours (`RGB`), with alpha (`LA`, `RGBA`), a
palette (`P`), 16-bit grey (`I;16`), print colours (`CMYK`) and more. Used for images and for the frames of videos.
"""

from __future__ import annotations

import io
from typing import Any

from medialog.datatypes import png

DEFAULT_JPEG_QUALITY = 90

# What each written format can hold without a loss.
HELD_MODES = {
    "png": ("1", "L", "LA", "I;16", "P", "RGB", "RGBA"),
    "jpeg": ("L", "RGB"),
    "bmp": ("1", "L", "P", "RGB"),
    "webp": ("RGB", "RGBA"),
}
# Conversions that give back the very same values.
EXACT_CONVERSIONS = {
    ("1", "L"), ("1", "LA"), ("1", "RGB"), ("1", "RGBA"), ("L", "LA"), ("L", "RGB"), ("L", "RGBA"),
    ("LA", "RGBA"), ("P", "RGB"), ("P", "RGBA"), ("PA", "RGBA"), ("RGB", "RGBA"), ("RGBX", "RGB"),
    ("I;16B", "I;16"), ("I;16L", "I;16"), ("I;16N", "I;16"),
}  # fmt: skip


def is_pillow(value: object) -> bool:
    """Say whether `value` is a Pillow image, by the class paths of its classes."""
    return any(cls.__module__ == "PIL.Image" and cls.__name__ == "Image" for cls in type(value).__mro__)


def has_alpha(picture: Any) -> bool:
    """Say whether a Pillow image has transparency, in a channel or as one transparent colour."""
    return bool(picture.has_transparency_data)


def held_mode(picture: Any, format: str) -> str:
    """Return the mode in which `format` holds the picture with the least loss."""
    held = HELD_MODES[format]
    if picture.mode in held and not (format != "png" and has_alpha(picture) and picture.mode not in ("RGBA", "LA")):
        return str(picture.mode)
    if picture.mode.startswith("I;16"):
        return "I;16"
    wanted: tuple[str, ...]
    if has_alpha(picture):
        grey = picture.mode in ("LA", "La", "L", "1")
        wanted = ("LA", "RGBA", "L", "RGB") if grey else ("RGBA", "RGB")
    else:
        wanted = ("L", "RGB") if picture.mode in ("1", "L") else ("RGB",)
    return next(mode for mode in wanted if mode in held)


def colours_of(mode: str) -> str:
    """Return what kind of colours a mode has, as far as a colour profile is concerned."""
    grey = mode in ("1", "L", "LA", "La") or mode.startswith("I;16")
    return "grey" if grey else "CMYK" if mode == "CMYK" else "RGB"


def convert(picture: Any, target: str) -> Any:
    """Return a Pillow image in the mode `target`, also from the modes that Pillow converts by halves or not at all."""
    if picture.mode == "LAB":
        from PIL import ImageCms

        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        picture = ImageCms.profileToProfile(picture, lab, rgb, outputMode="RGB")
        # It is sRGB, for which a file without a profile is taken, and it holds the time of day.
        del picture.info["icc_profile"]
    if picture.mode in ("La", "RGBa"):
        picture = picture.convert({"La": "LA", "RGBa": "RGBA"}[picture.mode])
    if picture.mode in ("P", "PA") and target in ("L", "1", "LA"):
        picture = picture.convert("RGBA" if has_alpha(picture) else "RGB")
    if picture.mode in ("I;16B", "I;16L", "I;16N"):
        import numpy as np

        return png.to_pil(np.asarray(picture).astype(np.uint16))
    return picture if picture.mode == target else picture.convert(target)


def to_bytes(picture: Any, format: str, quality: int | None) -> bytes:
    """Return a Pillow image as a file of `format`; `quality` makes a WebP a lossy one."""
    if format == "png":
        return png.encode(picture)
    options: dict[str, Any] = {}
    if "icc_profile" in picture.info:
        options["icc_profile"] = picture.info["icc_profile"]
    if format == "jpeg":
        options["quality"] = quality or DEFAULT_JPEG_QUALITY
    elif format == "webp":
        # `exact` keeps the colours of fully transparent pixels, which are data here.
        options |= {"exact": True, "lossless": True} if quality is None else {"exact": True, "quality": quality}
    buffer = io.BytesIO()
    picture.save(buffer, format=format.upper(), **options)
    return buffer.getvalue()
