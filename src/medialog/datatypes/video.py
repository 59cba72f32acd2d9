"""Video: a clip as gif, mp4, webm or ogg.

Source: "Logging Video" of the guides. The value rules are those of `pixels`, applied to the clip as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes import arrays, pixels, video_encoder, video_file, video_frames
from medialog.datatypes.base import (
    Caption,
    Changes,
    Count,
    DataType,
    FileModel,
    Model,
    captions_column,
    file_fields,
)
from medialog.datatypes.files import Content, Sink, Source, read_input, read_reference
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.wire.fileref import FileRef

if TYPE_CHECKING:
    import numpy as np

    from medialog.validators.rules import Rules, Strictness

# Not the pixels of pictures: those have a limit of their own.
VideoSide = Annotated[int, Meta(ge=1, description="pixels", extra_json_schema={"x-medialog-limit": "video.side"})]
VideoFormat = Literal["gif", "mp4", "webm", "ogg"]
FORMATS: tuple[str, ...] = get_args(VideoFormat)
DEFAULT_FORMAT = "gif"
_ACCEPTED = (
    "an array of T x C x H x W, a list of Pillow images, a moviepy clip, or a video file (path, bytes or open file)"
)


class VideoDescriptor(FileModel, tag="video-file"):
    """The wire form of one video."""

    format: Annotated[VideoFormat, Meta(description="the container of the file")]
    width: VideoSide
    height: VideoSide
    fps: Annotated[float, Meta(gt=0, description="frames per second, the mean where they vary")]
    frames: Annotated[int, Meta(ge=1, description="number of frames")]
    duration: Annotated[float, Meta(gt=0, description="seconds; frames / fps")]
    codec: Annotated[str, Meta(min_length=1, description="how the picture is coded: gif, h264, vp9, vp8, ...")]
    lossless: Annotated[bool, Meta(description="the file gives back the very values that were given")]
    pixel_format: Annotated[str, Meta(description="FFmpeg's name of the layout of the stored pixels")] | UnsetType = (
        UNSET
    )
    caption: Caption | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class VideoListDescriptor(Model, tag="videos"):
    """The wire form of a list of videos. `items` is the truth; the other keys derive from it, as W&B writes them."""

    count: Count
    # W&B's key. It repeats `items` as they are: a reader of W&B's form finds there what it finds for a single video,
    # and a descriptor of this kind is the same thing wherever it stands. A few hundred bytes beside the videos
    # themselves.
    videos: Annotated[list[VideoDescriptor], Meta(description="the same as items")]
    captions: Annotated[list[Caption | None] | bool, Meta(description="false when no item has a caption")]
    items: Annotated[list[VideoDescriptor], Meta(min_length=1)]


class Video(DataType, kind="video-file", list_kind="videos"):
    """A clip: `Video(data_or_path, caption=..., fps=..., format=...)`.

    `data_or_path` is one of

    - an array (numpy, nested lists, torch, TensorFlow, JAX) of T x C x H x W (time, channels, height, width) or
      B x T x C x H x W, tiled into one picture, with C 1 (grey), 3 (RGB) or 4 (RGB and alpha, which is dropped).
      Values: uint8 as they are; bool as 0 and 255; other integers in 0..255; floats in [0, 1], [-1, 1] or [0, 255] by
      the rules of `medialog.datatypes.pixels`, chosen for the clip as a whole and recorded in `changes`;
    - a list of Pillow images of one size;
    - a moviepy clip, sampled at `fps` (its own rate when not given), without its sound;
    - a path, bytes or an open file of a gif, mp4, webm or ogg: its bytes are stored as they are. The rate and the
      format are the file's: another `fps` warns, and `format` must agree when given;
    - another `Video`, under the same conditions.

    `fps`: frames per second, 0.01 to 1,000, default 4. `format`: gif (default; one palette for the clip, exact up to
    256 colours), mp4 (H.264 in 4:2:0, sides padded to even numbers), webm (VP9) or ogg (VP8). All but gif need
    `pip install "medialog[video]"`, as does reading their files. `normalize=False`: no scaling, values must be 0..255.
    `value_range=(low, high)`: what 0 and 255 stand for; values outside are clipped, recorded and warned about.

    Raises `InvalidInput` with every broken rule, `WrongType` for an object that can never be a video, and
    `MissingDependency` when the library for a format is not installed.
    """

    Descriptor = VideoDescriptor
    ListDescriptor = VideoListDescriptor
    _asked_fps: float | None = None
    documented_rules = {
        **pixels.PIXEL_RULES,
        **video_frames.FRAME_RULES,
        **video_encoder.ENCODER_RULES,
        **video_file.FILE_RULES,
        "video.input": f"the value is {_ACCEPTED}",
        "video.format": "format is gif, mp4, webm or ogg",
        "video.fps": "fps is a finite number above 0",
        "video.fps_max": "fps is at most `video.fps_max`",
        "video.fps_min": "fps is at least `video.fps_min`",
        "video.file_fps": "fps= agrees with the rate of a file (a warning: the file is stored as it is)",
        "video.file_options": "a file is stored as it is: normalize and value_range are for frames",
        "video.duration": "a descriptor's duration is frames / fps",
        "video.list": "a list descriptor's columns agree with its items",
    }
    documented_changes = {
        **pixels.PIXEL_CHANGES,
        **video_frames.FRAME_CHANGES,
        **video_encoder.ENCODER_CHANGES,
    }

    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        fps: float | None = None,
        format: VideoFormat | str | None = None,
        normalize: bool = True,
        value_range: tuple[float, float] | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        original = data_or_path if isinstance(data_or_path, Video) else None
        if original is not None and caption is None:
            caption = original.caption
        log = self._begin(limits, strict, caption)
        self._check_options(fps, format)
        if value_range is not None:
            pixels.check_value_range(value_range)
        self._content: Content
        self._facts: video_file.Facts
        if original is not None:
            self._note_options(fps, normalize, value_range)
            self._take(original, format)
            return
        content = read_input(data_or_path, "Video", self._rules)
        if content is not None:
            self._note_options(fps, normalize, value_range)
            self._content, self._facts = content, video_file.probe(content, format, self._rules)
            return
        rate, format = self._rate(data_or_path, fps), format or DEFAULT_FORMAT
        clip = self._clip(data_or_path, rate, normalize, value_range, log)
        if format == "gif" and video_frames.is_moviepy(data_or_path):
            clip = clip.held()  # a gif asks for its frames again, and a clip need not give the same ones
        # Encoded here and not when it is logged: the encoded bytes are the snapshot, and far smaller than a copy of the
        # clip. What is wrong with the clip, or missing to encode it, is said at the caller's line.
        self._encode(clip, rate, format, log)

    # --- construction ---

    def _check_options(self, fps: Any, format: Any) -> None:
        wrong: list[Violation | None] = []
        if format is not None:
            wrong.append(checks.one_of(format, FORMATS, "format", "video.format"))
        if fps is not None:
            wrong.append(checks.positive_number(fps, "fps", "video.fps") or self._fps_out_of_range(fps))
        checks.refuse(wrong)

    def _fps_out_of_range(self, fps: Any) -> Violation | None:
        number = checks.real_number(fps)
        assert number is not None
        least = self._rules.limit("video.fps_min")
        if number < least:
            return Violation("fps", "video.fps_min", f"at least {least:g} frames per second", checks.show(fps))
        return checks.at_most(number, "video.fps_max", "fps", self._rules, "frames per second")

    def _note_options(self, fps: Any, normalize: bool, value_range: Any) -> None:
        """Refuse options that are for frames; an `fps` is kept, to be compared with the file's own."""
        given = {"normalize": not normalize, "value_range": value_range is not None}
        checks.refuse(
            Violation(name, "video.file_options", f"no {name} with a file", "a file, stored as it is")
            for name, is_given in given.items()
            if is_given
        )
        self._asked_fps = checks.real_number(fps)

    def _take(self, original: Video, format: str | None) -> None:
        """Take the stored clip of another video; it is shared, and never changed."""
        if format not in (None, original.format):
            expected = f"a {video_file.NAMES[str(format)]} video, as format={format!r} says"
            got = f"a {video_file.NAMES[original.format]} video"
            raise InvalidInput(Violation("Video", "file.content", expected, got))
        self._content, self._facts = original._content, original._facts
        self._changes.extend(original._changes)

    def _rate(self, data: Any, fps: Any) -> float:
        if fps is None and video_frames.is_moviepy(data) and getattr(data, "fps", None) is not None:
            fps = data.fps
            self._check_options(fps, None)
        return float(self._rules.limit("video.fps_default") if fps is None else fps)

    def _clip(self, data: Any, fps: float, normalize: bool, value_range: Any, log: Any) -> video_frames.Clip:
        if video_frames.is_moviepy(data):
            self._note_options(None, normalize, value_range)
            return video_frames.from_moviepy(data, fps, self._rules, log)
        if video_frames.are_pictures(data):
            self._note_options(None, normalize, value_range)
            return video_frames.from_pictures(data, self._rules, log)
        if not (isinstance(data, (list, tuple)) or arrays.is_array_like(data)):
            raise checks.wrong_type("Video", "video.input", _ACCEPTED, data)
        return video_frames.from_array(data, self._rules, log, normalize=normalize, value_range=value_range)

    def _encode(self, clip: video_frames.Clip, fps: float, format: str, log: Any) -> None:
        encoded = video_encoder.encode(clip, fps, format, log)
        content = read_input(encoded.data, "Video", self._rules)
        assert content is not None
        checks.refuse([video_file.check_file_size(content.size, self._rules)])
        self._content = content
        self._facts = video_file.Facts(
            format=format,
            width=encoded.width,
            height=encoded.height,
            fps=encoded.fps,
            frames=encoded.frames,
            duration=encoded.duration,
            codec=video_encoder.CODECS[format],
            lossless=encoded.lossless,
            pixel_format=encoded.pixel_format,
        )

    # --- facts ---

    @property
    def format(self) -> str:
        """Return the container of the stored file: gif, mp4, webm or ogg."""
        return self._facts.format

    @property
    def width(self) -> int:
        """Return the width in pixels."""
        return self._facts.width

    @property
    def height(self) -> int:
        """Return the height in pixels."""
        return self._facts.height

    @property
    def fps(self) -> float:
        """Return the frames per second, the mean where they vary."""
        return self._facts.fps

    @property
    def frames(self) -> int:
        """Return the number of frames."""
        return self._facts.frames

    @property
    def duration(self) -> float:
        """Return the duration in seconds."""
        return self._facts.duration

    @property
    def codec(self) -> str:
        """Return how the picture is coded: gif, h264, vp9, vp8, or whatever a given file has."""
        return self._facts.codec

    @property
    def lossless(self) -> bool:
        """Say whether the stored file gives back the very values that were given."""
        return self._facts.lossless

    def advice(self) -> Iterator[tuple[str, str]]:
        """Yield `(rule, sentence)` for a codec that browsers do not play."""
        sentence = video_file.complaint(self._facts)
        if sentence is not None:
            yield "video.codec", sentence
        asked = self._asked_fps
        if asked is not None and not math.isclose(asked, self._facts.fps, rel_tol=1e-3):
            yield (
                "video.file_fps",
                f"fps={asked:g} was given, the file plays at {self._facts.fps:g} and is stored as it is",
            )

    # --- the way out and back ---

    def read(self) -> bytes:
        """Return the bytes of the stored file."""
        return self._content.read()

    def to_numpy(self) -> np.ndarray:
        """Return the frames as T x H x W x 3 (RGB) in uint8, decoded now.

        `InvalidInput` when they are damaged or too many.
        """
        return video_file.decode_frames(self._content, self._facts, self._rules)

    def build(self, sink: Sink) -> VideoDescriptor:
        """Write the file and return the descriptor."""
        facts = self._facts
        return VideoDescriptor(
            **file_fields(sink.write(self.format, self._content)),
            format=facts.format,  # type: ignore[arg-type]
            width=facts.width,
            height=facts.height,
            fps=facts.fps,
            frames=facts.frames,
            duration=facts.duration,
            codec=facts.codec,
            lossless=facts.lossless,
            pixel_format=UNSET if facts.pixel_format is None else facts.pixel_format,
            **self._common(),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the video of a descriptor."""
        model: VideoDescriptor = cls.read_model(descriptor)
        self = cls.restore(model.caption, model.changes)
        reference = FileRef(model.path, model.sha256, model.size)
        self._content = Content(model.sha256, model.size, None, read_reference(source, reference))
        self._facts = video_file.Facts(
            format=model.format,
            width=model.width,
            height=model.height,
            fps=model.fps,
            frames=model.frames,
            duration=model.duration,
            codec=model.codec,
            lossless=model.lossless,
            pixel_format=None if isinstance(model.pixel_format, UnsetType) else model.pixel_format,
        )
        return self

    @classmethod
    def list_columns(cls, descriptors: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return W&B's columns: the single descriptors once more, and the captions or false."""
        return {"videos": list(descriptors), "captions": captions_column(descriptors).get("captions", False)}

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield sizes over the limits, a duration that is not frames / fps, and columns that do not fit the items."""
        if descriptor["_type"] == cls.list_kind:
            items = descriptor["items"]
            for name, wanted in {"count": len(items), **cls.list_columns(items)}.items():
                if descriptor[name] != wanted:
                    expected = f"what items say: {checks.show(wanted)}"
                    yield Violation(f"$.{name}", "video.list", expected, checks.show(descriptor[name]))
            for index, item in enumerate(items):
                for found in cls.descriptor_violations(item, rules):
                    yield Violation(f"$.items[{index}]{found.at[1:]}", found.rule, found.expected, found.got)
            return
        width, height, fps, frames = (descriptor[name] for name in ("width", "height", "fps", "frames"))
        wanted = frames / fps
        if not math.isclose(descriptor["duration"], wanted, rel_tol=1e-6):
            yield Violation("$.duration", "video.duration", f"frames / fps, {wanted:g}", f"{descriptor['duration']:g}")
        checked = [
            video_file.check_file_size(descriptor["size"], rules, "$.size"),
            *video_frames.check_frame(height, width, rules, "$"),
        ]
        if descriptor["format"] == "gif":  # the frames of other files are not decoded before they are asked for
            checked.append(video_frames.check_frames(frames, height, width, rules, "$"))
        yield from (violation for violation in checked if violation is not None)

    def describe(self) -> str:
        """Return format, codec, frames, size and rate."""
        codec = "" if self.codec == self.format else f" ({self.codec})"
        return f"{self.format}{codec}, {self.frames} x {self.height} x {self.width}, {self.fps:g} fps"
