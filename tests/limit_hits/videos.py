"""Limits of videos and video files."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from limit_hits.hits import Default, Limits, Refused, RefusedByName, Shown, described
from medialog.datatypes.video import Video


def clip(height: int, width: int, frames: int = 2) -> np.ndarray:
    return np.zeros((frames, 1, height, width), np.uint8)


def gif_of_size(n: int, limits: Limits) -> Video:
    """Return the video of a GIF file of n bytes: readers take no notice of what follows its end."""
    data = _gif()
    return Video(data + bytes(n - len(data)), limits=limits)


@cache
def _gif() -> bytes:
    return Video(clip(2, 2)).read()


SIZE = len(_gif())
LARGER = clip(2, 2, frames=3)
LARGER_SIZE = len(Video(LARGER).read())


def array_of_size(n: int, limits: Limits) -> Video:
    """Return the video of an array whose GIF has n bytes."""
    return Video({SIZE: clip(2, 2), LARGER_SIZE: LARGER}[n], limits=limits)


INPUT = [
    *(
        # The argument's own rule lists them.
        RefusedByName(
            "video.formats", lambda n, limits: Video(clip(16, 16), format=n), at=name, past="avi", name="video.format"
        )
        for name in ("gif", "mp4", "webm", "ogg")
    ),
    Default("video.fps_default", lambda _, limits: Video(clip(2, 2), limits=limits).fps),
    Default("video.fps_default", lambda _, limits: Video(clip(2, 2), limits=limits).fps, lowered=10),
    Refused("video.fps_max", lambda n, limits: Video(clip(16, 16), fps=n, format="mp4", limits=limits), step=1e-9),
    Refused("video.fps_min", lambda n, limits: Video(clip(2, 2), fps=n, limits=limits), step=-1e-9),
    Refused("video.side", lambda n, limits: Video(clip(1, n), limits=limits)),
    Refused("video.side", lambda n, limits: Video(clip(n, 1), limits=limits)),
    Refused(
        "video.side",
        lambda n, limits: Video(Video(clip(16, n), format="mp4").read(), limits=limits),
        lowered=32,
        step=2,
    ),
    Refused("video.pixels", lambda n, limits: Video(clip(1, n), limits=limits), lowered=12),
    Refused("video.pixels", lambda n, limits: Video(Video(clip(1, n)).read(), limits=limits), lowered=12),
    Refused("video.frames_pixels", lambda n, limits: Video(clip(1, n // 3, 3), limits=limits), lowered=12, step=3),
    Refused(
        "video.frames_pixels",
        lambda n, limits: Video(Video(clip(1, n // 2)).read(), limits=limits),
        lowered=12,
        step=2,
    ),
    Refused("video.size", gif_of_size, lowered=SIZE),
    Refused("video.size", array_of_size, lowered=SIZE, past=LARGER_SIZE),
]


def video(**members: Any) -> dict[str, Any]:
    descriptor = {**_descriptor(), **members}
    return {**descriptor, "duration": descriptor["frames"] / descriptor["fps"]}


@cache
def _descriptor() -> dict[str, Any]:
    descriptor: dict[str, Any] = described(Video(clip(2, 2)))
    return descriptor


OPEN = {"video.frames_pixels": 2**62}

DESCRIPTOR = [
    *(
        Shown("video.formats", lambda n: video(format=n), at=name, past="avi", rule="schema.enum")
        for name in ("gif", "mp4", "webm", "ogg")
    ),
    Shown("video.side", lambda n: video(width=n)),
    Shown("video.side", lambda n: video(height=n)),
    Shown("video.side", lambda n: video(width=n), also={"image.side": 1}),
    Shown("video.pixels", lambda n: video(width=n // 4096, height=4096), step=4096),
    Shown("video.frames_pixels", lambda n: video(width=2000, height=1000, frames=n // (2 * 10**6)), step=2 * 10**6),
    Shown("video.size", lambda n: video(size=n)),
]
NOT_SHOWN = {
    "video.fps_default": "a default: any rate is valid",
    "video.fps_max": "of what is encoded: a file has its own rate",
    "video.fps_min": "of what is encoded: a file has its own rate",
}
