"""Half a minute of sound to a hashed WAV file on disk: medialog, soundfile, a short program by hand, and the raw limit.

    python benchmarks/audio.py [--json]

30 s of stereo at 44.1 kHz, float32; the goal is 10 ms. "by hand" neither checks nor counts anything.
"""

from __future__ import annotations

import hashlib
import io
import wave
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from interleaved import Row, measure, report

from medialog.datatypes.audio import Audio
from medialog.datatypes.files import DirectorySink

Array = np.ndarray[Any, Any]
RATE = 44_100


def sound(seconds: int = 30) -> Array:
    """Return (frames, 2) in float32: two tones and noise."""
    random = np.random.default_rng(0)
    time = np.arange(seconds * RATE) / RATE
    tones = np.stack([np.sin(2 * np.pi * 440 * time), np.sin(2 * np.pi * 554 * time)], axis=1)
    stereo: Array = (0.4 * tones + random.normal(0, 0.05, tones.shape)).astype(np.float32)
    return stereo


def hashed(data: bytes, folder: Path) -> int:
    (folder / hashlib.sha256(data).hexdigest()).write_bytes(data)
    return len(data)


def stored(samples: Array, folder: Path) -> int:
    return Audio(samples, sample_rate=RATE).build(DirectorySink(folder)).size


def by_hand(samples: Array, folder: Path) -> int:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((samples.shape[1], 2, RATE, len(samples), "NONE", ""))
        file.writeframes(np.rint(np.clip(samples, -1, 1) * np.float32(32_767)).astype("<i2").tobytes())
    return hashed(buffer.getvalue(), folder)


def by_soundfile(samples: Array, folder: Path) -> int:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format="WAV", subtype="PCM_16")
    return hashed(buffer.getvalue(), folder)


def raw(samples: Array, folder: Path) -> int:
    return hashed(samples.tobytes(), folder)


def run() -> list[Row]:
    """Measure every case."""
    samples = sound()
    whole = np.rint(samples * 20_000).astype(np.int16)
    return [
        *measure(
            "30 s, stereo, float32",
            {
                "medialog": partial(partial, stored, samples),
                "by hand (numpy, wave)": partial(partial, by_hand, samples),
                "soundfile": partial(partial, by_soundfile, samples),
                "limit: the raw 16-bit samples": partial(partial, raw, whole),
            },
            15,
        ),
        *measure(
            "30 s, stereo, int16",
            {
                "medialog": partial(partial, stored, whole),
                "limit: the raw 16-bit samples": partial(partial, raw, whole),
            },
            15,
        ),
    ]


if __name__ == "__main__":
    report(run())
