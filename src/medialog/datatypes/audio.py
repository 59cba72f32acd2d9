"""Audio: a sound, from an array or a file.

Source: "Logging Audio" of the guides (at most 100 clips per step). The value rules are those of `samples`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes import arrays, audio_file, samples, wav
from medialog.datatypes.audio_file import AudioFacts
from medialog.datatypes.base import (
    Caption,
    ChangeLog,
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

StoredFormat = Literal["wav", "flac", "ogg", "mp3"]
WRITTEN_FORMATS = ("wav", "flac", "ogg")
# Measured with Chromium 156; PCM of 8 to 32 bits, FLOAT, ALAW and ULAW play.
UNPLAYABLE_SUBTYPES = ("DOUBLE", *wav.COMPRESSED_TAGS.values())
_WAV_SUBTYPES = {"u1": "PCM_U8", "i2": "PCM_16", "i4": "PCM_32"}

SampleRate = Annotated[
    int,
    Meta(ge=1, description="frames per second", extra_json_schema={"x-medialog-limit": "audio.sample_rate"}),
]
Seconds = Annotated[
    float,
    Meta(gt=0, description="seconds: frames / sample_rate", extra_json_schema={"x-medialog-limit": "audio.duration"}),
]


class AudioDescriptor(FileModel, tag="audio-file"):
    """The wire form of one sound."""

    format: Annotated[StoredFormat, Meta(description="what the file's content is")]
    sample_rate: SampleRate
    channels: Annotated[int, Meta(ge=1, extra_json_schema={"x-medialog-limit": "audio.channels"})]
    frames: Annotated[int, Meta(ge=1, description="samples of each channel")]
    duration: Seconds
    subtype: Annotated[
        str,
        Meta(min_length=1, description="coding of the samples, by libsndfile's name", examples=["PCM_16", "VORBIS"]),
    ]
    lossless: Annotated[bool, Meta(description="the file gives back the very samples that were given")]
    caption: Caption | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class AudioListDescriptor(Model, tag="audio"):
    """The wire form of a list of sounds. `items` is the truth; the other keys derive from it, as W&B writes them."""

    count: Count
    audio: Annotated[list[AudioDescriptor], Meta(description="the same as items (W&B's name)")]
    sampleRates: list[SampleRate]  # noqa: N815 - W&B's key
    durations: list[Seconds]
    items: Annotated[
        list[AudioDescriptor], Meta(min_length=1, extra_json_schema={"x-medialog-limit": "audio.per_step"})
    ]
    captions: list[Caption | None] | UnsetType = UNSET


class Audio(DataType, kind="audio-file", list_kind="audio"):
    """A sound: `Audio(samples, sample_rate=16_000)` or `Audio("speech.flac")`.

    `data_or_path` is one of

    - an array (numpy, lists, torch, TensorFlow, JAX) of (frames,) or (frames, channels). Floats in [-1, 1] are stored
      as 16-bit integers, rint(x * 32768) (outside: clipped, recorded, warned about); int16 and int32 exactly; uint8
      exactly, as 8-bit sound in which 128 is silence; Python integers and int64 as int16 when all fit, else int32;
    - a path, bytes or an open file of a wav, flac, ogg (Vorbis, Opus, FLAC) or mp3: its bytes are stored as they are;
    - another `Audio`, from which everything is taken that is not given anew.

    `sample_rate`: frames per second, a whole number > 0; required for arrays, and for a file only its own is accepted.
    `format`: of the stored file for an array: wav (default), flac (lossless) or ogg (Vorbis, lossy as asked for); the
    last two need `medialog[audio]`. For a file only its own is accepted.

    Raises `InvalidInput` with every broken rule, `WrongType` for an object that can never be a sound, and
    `MissingDependency` when flac, ogg or mp3 are used without soundfile.
    """

    Descriptor = AudioDescriptor
    ListDescriptor = AudioListDescriptor
    list_limit = "audio.per_step"
    documented_rules = {
        **samples.SAMPLE_RULES,
        "audio.sample_rate": "sample_rate is a whole number in 1..`audio.sample_rate`, and an array needs one",
        "audio.format": "format is wav, flac or ogg for an array",
        "audio.file_options": "a file is stored as it is: sample_rate and format are its own",
        "audio.encoder": "flac holds the sample rate, and the bits of the samples (24)",
        "audio.flac_channels": "flac holds at most `audio.flac_channels` channels",
        "audio.flac_sample_rate": "flac holds sample rates up to `audio.flac_sample_rate`",
        "audio.ogg_channels": "ogg holds at most `audio.ogg_channels` channels",
        "audio.ogg_sample_rate": "ogg holds sample rates up to `audio.ogg_sample_rate`",
        "audio.playable": "browsers play the coding of the samples (a warning)",
        "audio.playable_rate": "browsers play rates within `audio.playable_rate` (a warning)",
        "audio.playable_channels": "browsers play up to `audio.playable_channels` channels (a warning)",
        "audio.duration": "a sound lasts at most `audio.duration` seconds",
        "audio.size": "a sound has at most `audio.size` bytes, as a file and as samples",
        "audio.wav_size": "the samples of a WAV file have at most `audio.wav_size` bytes",
        "audio.tags": "the ID3 tags of a file have at most `audio.tags` bytes",
        "audio.chunks": "a file has at most `audio.chunks` chunks or metadata blocks",
        "audio.pages": "a file has at most `audio.pages` Ogg pages",
        "audio.per_step": "a list has at most `audio.per_step` sounds",
        "audio.descriptor": "duration is frames / sample_rate",
        "audio.list": "a list descriptor's columns agree with its items",
    }
    documented_changes = {
        **samples.SAMPLE_CHANGES,
        "audio.vorbis": "stored with Vorbis' own loss, as asked for",
    }

    def __init__(
        self,
        data_or_path: Any,
        sample_rate: int | None = None,
        caption: str | None = None,
        format: Literal["wav", "flac", "ogg"] | str | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        original = data_or_path if isinstance(data_or_path, Audio) else None
        if original is not None and caption is None:
            caption = original.caption
        log = self._begin(limits, strict, caption)
        self._facts: AudioFacts
        # One of the two: the file as it was given or encoded, or a WAV of our own, hashed when it is written.
        self._content: Content | None = None
        self._wav: np.ndarray | None = None
        rate = self._check_sample_rate(sample_rate)
        if original is not None:
            # Shared, as neither is ever changed.
            self._content, self._wav, self._facts = original._content, original._wav, original._facts
            self._changes.extend(original._changes)
            self._check_file_options(rate, format)
            return
        content = read_input(data_or_path, "Audio", self._rules)
        if content is not None:
            self._content, self._facts = content, audio_file.open_audio(content, "Audio", self._rules)
            self._check_file_options(rate, format)
        else:
            self._take_array(data_or_path, rate, "wav" if format is None else format, log)

    # --- construction ---

    def _check_sample_rate(self, sample_rate: Any) -> int | None:
        if sample_rate is None:
            return None
        rate = checks.whole_number(sample_rate)
        if rate is None or rate < 1:
            got = checks.show(sample_rate)
            raise InvalidInput(Violation("sample_rate", "audio.sample_rate", "a whole number of hertz > 0", got))
        checks.refuse([checks.at_most(rate, "audio.sample_rate", "sample_rate", self._rules, "frames a second")])
        return rate

    def _check_file_options(self, rate: int | None, format: Any) -> None:
        expected = "the file's own, or soundfile.read(...) and then Audio(samples, ...)"
        asked = (("sample_rate", rate, self.sample_rate), ("format", format, self.format))
        checks.refuse(
            Violation(name, "audio.file_options", expected, f"{want!r:.40} for a file of {have!r}")
            for name, want, have in asked
            if want is not None and want != have
        )

    def _take_array(self, data: Any, rate: int | None, format: Any, log: ChangeLog) -> None:
        given = arrays.to_numpy(data, "Audio", self._rules)
        wrong = [checks.one_of(format, WRITTEN_FORMATS, "format", "audio.format")]
        if rate is None:
            expected = "the rate in hertz, sample_rate=44100: samples do not say it"
            wrong.append(Violation("sample_rate", "audio.sample_rate", expected, "none"))
        checks.refuse(wrong)
        assert rate is not None
        frames, channels = samples.check_layout(given, "Audio", self._rules).shape
        dtype = samples.stored_dtype(given, "Audio")
        subtype = _WAV_SUBTYPES[dtype]
        audio_file.check_bounds(rate, channels, frames, subtype, "Audio", self._rules)
        if format == "wav":
            written = wav.written_size(frames * channels * wav.BYTES[subtype])
            checks.refuse(
                [
                    audio_file.check_wav_size(frames, channels, subtype, "Audio", self._rules),
                    audio_file.check_file_size(written, "Audio", self._rules),
                ]
            )
            self._wav = wav.new_file(frames, channels, subtype, rate)
            samples.write_integers(given, wav.samples_of(self._wav, channels, subtype), "Audio", log)
        else:
            stored = samples.to_integers(given, dtype, "Audio", log)
            # Not every rate fits these formats: encoded now, so that an error is raised at the caller's line.
            encoded, subtype = audio_file.encode(stored, rate, format, "Audio", self._rules)
            checks.refuse([audio_file.check_file_size(len(encoded), "Audio", self._rules)])
            self._content = read_input(encoded, "Audio", self._rules)
        if format == "ogg":
            log.record("audio.vorbis", "stored as Ogg Vorbis")
        exact = format != "ogg" and not any(change.lossy or change.count for change in self._changes)
        self._facts = AudioFacts(format, subtype, rate, channels, frames, lossless=exact)

    # --- facts ---

    @property
    def format(self) -> str:
        """Return the format of the stored file: wav, flac, ogg or mp3."""
        return self._facts.format

    @property
    def subtype(self) -> str:
        """Return the coding of the samples by libsndfile's name: PCM_16, PCM_U8, VORBIS, MPEG_LAYER_III ..."""
        return self._facts.subtype

    @property
    def sample_rate(self) -> int:
        """Return the frames per second."""
        return self._facts.sample_rate

    @property
    def channels(self) -> int:
        """Return the number of channels."""
        return self._facts.channels

    @property
    def frames(self) -> int:
        """Return the number of samples of each channel."""
        return self._facts.frames

    @property
    def duration(self) -> float:
        """Return the duration in seconds."""
        return self.frames / self.sample_rate

    @property
    def lossless(self) -> bool:
        """Say whether the stored file gives back the very samples (or file) that were given."""
        return self._facts.lossless

    def advice(self) -> Iterator[tuple[str, str]]:
        """Yield `(rule, sentence)` for what is kept as given but looks wrong."""
        if self.subtype in UNPLAYABLE_SUBTYPES:
            yield (
                "audio.playable",
                f"browsers do not play {self.subtype} samples in a WAV file: store PCM, flac, ogg or mp3",
            )
        slowest, fastest = self._rules.limit("audio.playable_rate")
        if not slowest <= self.sample_rate <= fastest:
            sentence = f"browsers play {slowest:,} to {fastest:,} Hz, this is {self.sample_rate:,} Hz"
            hint = f" (is it {self.sample_rate} kHz? sample_rate is in hertz)" if self.sample_rate < 200 else ""
            yield "audio.playable_rate", sentence + hint
        most = self._rules.limit("audio.playable_channels")
        if self.channels > most:
            yield "audio.playable_channels", f"browsers play up to {most} channels, this has {self.channels}"

    # --- the way out and back ---

    def read(self) -> bytes:
        """Return the bytes of the stored file."""
        if self._wav is not None:
            return self._wav.tobytes()
        assert self._content is not None
        return self._content.read()

    def to_numpy(self) -> np.ndarray:
        """Return the samples as a new array: (frames,) for one channel, else (frames, channels).

        Integers as they are stored: int16, int32 (also for 24 bits, with the lowest byte zero) or uint8 (128 is
        silence); float32 or float64 for float WAV files; float32 for ogg, mp3 and companded files. WAV files of PCM or
        float samples need no library; the others `medialog[audio]`.
        """
        if self._wav is not None:
            written = wav.samples_of(self._wav, self.channels, self.subtype)
            stored = written.astype(written.dtype.newbyteorder("="))
        else:
            assert self._content is not None
            stored = audio_file.read_samples(self._content, self._facts, "Audio", self._rules)
        return stored[:, 0] if self.channels == 1 else stored

    def _write(self, sink: Sink) -> FileRef:
        if self._content is not None:
            return sink.write(self.format, self._content)
        assert self._wav is not None
        data = self._wav.data
        return sink.write("wav", lambda file: file.write(data))  # not as bytes, which would be a second copy

    def build(self, sink: Sink) -> AudioDescriptor:
        """Write the file and return the descriptor."""
        return AudioDescriptor(
            **file_fields(self._write(sink)),
            format=self.format,  # type: ignore[arg-type]
            sample_rate=self.sample_rate,
            channels=self.channels,
            frames=self.frames,
            duration=self.duration,
            subtype=self.subtype,
            lossless=self.lossless,
            **self._common(),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the sound of a descriptor."""
        model: AudioDescriptor = cls.read_model(descriptor)
        self = cls.restore(model.caption, model.changes)
        reference = FileRef(model.path, model.sha256, model.size)
        self._content = Content(model.sha256, model.size, None, read_reference(source, reference))
        self._wav = None
        self._facts = AudioFacts(
            model.format, model.subtype, model.sample_rate, model.channels, model.frames, lossless=model.lossless
        )
        return self

    @classmethod
    def list_columns(cls, descriptors: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return W&B's columns: the singles, their sample rates, durations and captions."""
        return {
            "audio": list(descriptors),
            "sampleRates": [descriptor["sample_rate"] for descriptor in descriptors],
            "durations": [descriptor["duration"] for descriptor in descriptors],
            **captions_column(descriptors),
        }

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield sizes over the limits, a duration that is not the frames', and columns that do not fit the items."""
        if descriptor["_type"] == cls.list_kind:
            items = descriptor["items"]
            for name, column in {"count": len(items), "captions": None, **cls.list_columns(items)}.items():
                if descriptor.get(name) != column:
                    yield Violation(
                        f"$.{name}",
                        "audio.list",
                        f"{checks.show(column)} by its items",
                        checks.show(descriptor.get(name)),
                    )
            for index, item in enumerate(items):
                for violation in cls.descriptor_violations(item, rules):
                    yield Violation(
                        f"$.items[{index}]{violation.at[1:]}", violation.rule, violation.expected, violation.got
                    )
            return
        duration = descriptor["frames"] / descriptor["sample_rate"]
        if not math.isclose(descriptor["duration"], duration, rel_tol=1e-9):
            yield Violation("$.duration", "audio.descriptor", f"{duration:g}", f"{descriptor['duration']!r}")
        format, frames, channels = descriptor["format"], descriptor["frames"], descriptor["channels"]
        subtype = descriptor["subtype"]
        checked = [
            audio_file.check_file_size(descriptor["size"], "$.size", rules),
            audio_file.check_samples_size(frames, channels, subtype, "$", rules),
            audio_file.check_wav_size(frames, channels, subtype, "$", rules) if format == "wav" else None,
            audio_file.check_format_channels(format, channels, "$.channels", rules),
        ]
        yield from (violation for violation in checked if violation is not None)

    def describe(self) -> str:
        """Return duration, channels, rate and coding."""
        channels = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return f"{self.duration:g} s, {channels}, {self.sample_rate} Hz, {self.format} {self.subtype}"
