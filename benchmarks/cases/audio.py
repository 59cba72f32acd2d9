"""A sound as WAV."""

from __future__ import annotations

import io
import wave
from functools import cache
from typing import Any

import inputs
import numpy as np
from case import Case, Goal, faster
from loggers import RATE
from logging_values import COLUMNS, subjects, written


@cache
def _sound(seconds: int) -> Any:
    return [inputs.sound(seconds) * np.float32(1 - n / 100) for n in range(3)]


def _wave(samples: Any) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.clip(np.rint(samples * np.float32(32768)), -32768, 32767).astype("<i2").data)
    return out.getvalue()


CASES = [
    Case(
        name="audio",
        what="Stereo at 44.1 kHz, float32, as a 16-bit WAV, checked, hashed, on the disk.",
        columns=COLUMNS,
        subjects={
            **subjects(
                ("medialog", "wandb", "trackio", "tensorboardX"), lambda logger, samples: logger.audio(samples), _sound
            ),
            "limit: numpy and wave, hashed": written(_wave, _sound),
        },
        sizes={"full": 30, "small": 30, "smoke": 1},
        unit_of_size="seconds of sound",
        goals=(Goal("ms", 10), faster(2.4, "wandb", "ms")),
        notes="trackio scales the sound to its peak.",
    )
]
