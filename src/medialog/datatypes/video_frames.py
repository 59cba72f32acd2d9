"""Clips: frames of H x W x 1 or H x W x 3 in uint8, made one at a time from an array, Pillow images or a moviepy clip.

No clip is held a second time: each frame is converted when the encoder asks for it, and may be asked for again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from medialog.datatypes import arrays, pixels
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    import numpy as np

    from medialog.datatypes.base import ChangeLog
    from medialog.validators.rules import Rules

_AT = "Video"
_MOVIEPY = ("moviepy.video.VideoClip", "VideoClip")

FRAME_RULES = {
    "video.shape": "an array is T x C x H x W or B x T x C x H x W, with C 1, 3 or 4",
    "video.frames": "a clip has at least one frame",
    "video.side": "no side is longer than `video.side`",
    "video.pixels": "a frame has at most `video.pixels` pixels",
    "video.frames_pixels": "all frames together have at most `video.frames_pixels` pixels",
    "video.pictures": "a list of Pillow images has images of one size, in modes that 8-bit RGB holds",
    "video.clip": "a moviepy clip has a duration, and frames of H x W or H x W x 3 in 0..255",
}
FRAME_CHANGES = {
    "video.grid": "the clips of a batch tiled into one, row by row",
    "video.alpha": "alpha dropped (lossy where any pixel is not opaque)",
    "video.converted": "Pillow images converted to RGB",
    "video.audio": "the sound of a moviepy clip is not stored (lossy)",
    "video.clip_rounded": "fractions in the frames of a moviepy clip rounded",
}


class Clip:
    """The frames of a video: `frame(i)` for i in 0..count-1, each height x width x channels (1 or 3), uint8."""

    def __init__(
        self,
        count: int,
        height: int,
        width: int,
        channels: int,
        frame: Callable[[int], np.ndarray],
        *,
        exact: bool = True,
    ) -> None:
        self.count, self.height, self.width, self.channels = count, height, width, channels
        self.frame = frame
        self.exact = exact

    def __iter__(self) -> Iterator[np.ndarray]:
        return map(self.frame, range(self.count))

    def padded(self, height: int, width: int) -> Clip:
        """Return the clip with its last row and column repeated up to `height` x `width`."""
        import numpy as np

        extra = ((0, height - self.height), (0, width - self.width), (0, 0))
        return Clip(
            self.count,
            height,
            width,
            self.channels,
            lambda index: np.pad(self.frame(index), extra, mode="edge"),
            exact=self.exact,
        )

    def held(self) -> Clip:
        """Return the clip with its frames in memory, for frames that may not be asked for twice."""
        frames = list(self)
        return Clip(self.count, self.height, self.width, self.channels, frames.__getitem__, exact=self.exact)


def check_frame(height: int, width: int, rules: Rules, at: str = _AT) -> list[Violation | None]:
    """Return what is wrong with the size of one frame."""
    return [
        checks.at_most(max(width, height), "video.side", at, rules, "pixels a side"),
        checks.at_most(width * height, "video.pixels", at, rules, "pixels in a frame"),
    ]


def check_size(count: int, height: int, width: int, rules: Rules) -> None:
    """Hold a clip against the limits, before anything is encoded or decoded."""
    checks.refuse([*check_frame(height, width, rules), check_frames(count, height, width, rules)])


def check_frames(count: int, height: int, width: int, rules: Rules, at: str = _AT) -> Violation | None:
    """Return what is wrong with the size of all frames together."""
    return checks.at_most(count * width * height, "video.frames_pixels", at, rules, "pixels in all frames")


# --- arrays ---


class _Shape(NamedTuple):
    clips: int
    frames: int
    channels: int
    height: int
    width: int


def from_array(data: Any, rules: Rules, log: ChangeLog, *, normalize: bool, value_range: Any) -> Clip:
    """Return the clip of an array of T x C x H x W or B x T x C x H x W.

    Values by the rules of `pixels`, as a whole.
    """
    import numpy as np

    array = arrays.to_numpy(data, _AT, rules)
    shape = _shape(array)
    rows, columns = _grid(shape.clips)
    height, width = rows * shape.height, columns * shape.width
    check_size(shape.frames, height, width, rules)
    convert = pixels.choose(array, _AT, log, normalize=normalize, value_range=value_range)
    exact = all(_is_exact(change.id, change.count) for change in log.changes)
    batch = array if array.ndim == 5 else array[None]
    colours = min(shape.channels, 3)
    if shape.channels == 4:
        exact &= _drop_alpha(
            log, all((convert(clip[i, 3]) == 255).all() for clip in batch for i in range(shape.frames))
        )
    if array.ndim == 5:
        empty = f", {rows * columns - shape.clips} of the tiles black" if rows * columns > shape.clips else ""
        log.record("video.grid", f"{shape.clips} clips tiled into {rows} x {columns}{empty}")

    def frame(index: int) -> np.ndarray:
        # Only one frame of the whole grid exists at a time.
        whole = np.zeros((height, width, colours), np.uint8)
        for place, clip in enumerate(batch):
            top, left = place // columns * shape.height, place % columns * shape.width
            tile = convert(clip[index][:colours].transpose(1, 2, 0))
            whole[top : top + shape.height, left : left + shape.width] = tile
        return whole

    return Clip(shape.frames, height, width, colours, frame, exact=exact)


def _is_exact(change: str, count: object) -> bool:
    return change == "pixels.bool" or (change == "pixels.round" and count == 0)


def _shape(array: np.ndarray) -> _Shape:
    shape = array.shape
    if array.ndim not in (4, 5) or shape[-3] not in (1, 3, 4):
        expected = "T x C x H x W or B x T x C x H x W, with C 1, 3 or 4"
        raise InvalidInput(Violation(_AT, "video.shape", expected, _name_axes(shape)))
    found = _Shape(shape[0] if array.ndim == 5 else 1, *shape[-4:])
    if not (found.clips and found.frames):
        raise InvalidInput(Violation(_AT, "video.frames", "at least one frame", f"shape {shape}"))
    return found


def _name_axes(shape: tuple[int, ...]) -> str:
    if len(shape) in (4, 5) and shape[-1] in (1, 3, 4):
        order = "0, 3, 1, 2" if len(shape) == 4 else "0, 1, 4, 2, 3"
        return f"shape {shape}, which looks like {'B x ' * (len(shape) - 4)}T x H x W x C: .transpose({order})"
    if len(shape) == 3 and shape[2] not in (1, 3, 4):
        return f"shape {shape}, 3 axes; if it is T x H x W in grey: a[:, None]"
    if len(shape) == 3:
        return f"shape {shape}, 3 axes: one picture (see Image)"
    return f"shape {shape}"


def _grid(clips: int) -> tuple[int, int]:
    """Return rows and columns for a number of clips: as square as it goes, rather wide than high."""
    columns = math.ceil(math.sqrt(clips))
    return math.ceil(clips / columns), columns


def _drop_alpha(log: ChangeLog, opaque: bool) -> bool:
    if opaque:
        log.record("video.alpha", "alpha left out: every pixel is opaque")
    else:
        log.lose("video.alpha", "alpha dropped: the colours of transparent pixels are shown")
    return opaque


# --- Pillow images ---


def are_pictures(data: object) -> bool:
    """Say whether `data` is a list of Pillow images, by the class path of its first item."""
    return isinstance(data, (list, tuple)) and bool(data) and _is_picture(data[0])


def _is_picture(value: object) -> bool:
    return any(cls.__module__ == "PIL.Image" and cls.__name__ == "Image" for cls in type(value).__mro__)


def from_pictures(pictures: Sequence[Any], rules: Rules, log: ChangeLog) -> Clip:
    """Return the clip of Pillow images of one size: grey when all are, else RGB."""
    import numpy as np

    for index, picture in enumerate(pictures):
        place = f"{_AT}[{index}]"
        if not _is_picture(picture):
            raise checks.wrong_type(place, "video.pictures", "a Pillow image like the items before it", picture)
        if picture.size != pictures[0].size:
            expected = f"{pictures[0].height} x {pictures[0].width} like the first image (height x width)"
            raise InvalidInput(Violation(place, "video.pictures", expected, f"{picture.height} x {picture.width}"))
        if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
            expected = "modes of 8 bits (an array with value_range= holds more)"
            raise InvalidInput(Violation(place, "video.pictures", expected, f"mode {picture.mode}"))
        try:
            picture.load()
        except Exception as error:  # the file behind it is read now, and decoders raise anything
            got = f"{type(error).__name__}: {checks.reason(error)[:120]}"
            raise InvalidInput(Violation(place, "file.content", "a whole picture", got)) from error
    width, height = pictures[0].size
    if not (width and height):
        raise InvalidInput(Violation(_AT, "pixels.empty", "at least one pixel", f"{height} x {width}"))
    check_size(len(pictures), height, width, rules)
    target = "L" if all(picture.mode in ("1", "L") for picture in pictures) else "RGB"
    exact = True
    others = sorted({picture.mode for picture in pictures} - {"1", "L", "RGB", "P", "PA", "LA", "RGBA"})
    if others:
        exact = False
        log.record("video.converted", f"mode {', '.join(others)} converted to RGB")
    if any(_has_alpha(picture) for picture in pictures):
        opaque = all(_is_opaque(picture) for picture in pictures)
        exact &= _drop_alpha(log, opaque)

    def frame(index: int) -> np.ndarray:
        picture = _rgb(pictures[index]) if target == "RGB" else pictures[index].convert("L")
        return np.array(picture).reshape(height, width, -1)

    return Clip(len(pictures), height, width, 1 if target == "L" else 3, frame, exact=exact)


def _has_alpha(picture: Any) -> bool:
    return picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info


def _is_opaque(picture: Any) -> bool:
    return not _has_alpha(picture) or picture.convert("RGBA").getextrema()[3][0] == 255


def _rgb(picture: Any) -> Any:
    if picture.mode in ("LAB", "La", "RGBa"):
        from medialog.datatypes.pillow_modes import convert

        return convert(picture, "RGB")
    return picture.convert("RGB")


# --- moviepy ---


def is_moviepy(value: object) -> bool:
    """Say whether `value` is a moviepy clip, by the class paths of its classes."""
    return any((cls.__module__, cls.__name__) == _MOVIEPY for cls in type(value).__mro__)


def from_moviepy(movie: Any, fps: float, rules: Rules, log: ChangeLog) -> Clip:
    """Return the clip of a moviepy clip, sampled at `fps` from its beginning to its end."""
    duration = checks.real_number(getattr(movie, "duration", None))
    if duration is None or not math.isfinite(duration) or duration <= 0:
        got = f"duration {checks.show(getattr(movie, 'duration', None))}"
        raise InvalidInput(Violation(_AT, "video.clip", "a clip that ends: clip.with_duration(seconds)", got))
    count = max(1, int(duration * fps + 1e-6))
    first = _movie_frame(movie, 0, fps)
    height, width = first.shape[:2]
    if not first.size:
        raise InvalidInput(Violation(_AT, "pixels.empty", "at least one pixel", f"{height} x {width}"))
    check_size(count, height, width, rules)
    exact = first.dtype.kind in "u"
    if not exact:
        log.record("video.clip_rounded", "frames of fractions rounded to whole numbers")
    if getattr(movie, "mask", None) is not None:
        exact &= _drop_alpha(log, opaque=False)
    if getattr(movie, "audio", None) is not None:
        log.lose(
            "video.audio", "the sound of the clip is not stored (write it with clip.write_videofile and log the file)"
        )

    def frame(index: int) -> np.ndarray:
        found = _movie_frame(movie, index, fps)
        if found.shape != first.shape:
            expected = f"frames of one shape, {first.shape}"
            raise InvalidInput(Violation(f"{_AT}[{index}]", "video.clip", expected, f"shape {found.shape}"))
        return _movie_pixels(movie, found, index)

    return Clip(count, height, width, first.shape[2], frame, exact=exact)


def _movie_frame(movie: Any, index: int, fps: float) -> np.ndarray:
    import numpy as np

    place = f"{_AT}[{index}]"
    try:
        frame = np.asarray(movie.get_frame(index / fps))
    except Exception as error:  # a clip runs its maker's own functions, which raise anything
        got = f"{type(error).__name__}: {str(error)[:120]}"
        raise InvalidInput(Violation(place, "video.clip", "a clip that gives its frames", got)) from error
    frame = frame[:, :, None] if frame.ndim == 2 else frame
    if frame.ndim != 3 or frame.shape[2] not in (1, 3) or frame.dtype.kind not in "biuf":
        got = f"shape {frame.shape}, dtype {frame.dtype}"
        raise InvalidInput(Violation(place, "video.clip", "frames of H x W or H x W x 3 in numbers", got))
    return frame


def _movie_pixels(movie: Any, frame: np.ndarray, index: int) -> np.ndarray:
    """Return a frame as uint8: moviepy's masks are floats in [0, 1], everything else is 0..255."""
    import numpy as np

    if frame.dtype == np.uint8:
        return frame
    at = f"{_AT}[{index}]"
    scale = 255 if getattr(movie, "is_mask", False) or frame.dtype == np.bool_ else 1
    checks.refuse([checks.within(frame, 0, 255 / scale, at, "video.clip")])
    whole: np.ndarray = np.rint(frame * float(scale)).astype(np.uint8)
    return whole
