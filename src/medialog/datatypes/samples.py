"""Arrays of sound -> the integer samples that are stored: the value rules of Audio.

| given                       | stored                                                                               |
|-----------------------------|--------------------------------------------------------------------------------------|
| float of any width          | int16, `rint(x * 32768)`, at most 32,767; values outside [-1, 1] are clipped (lossy) |
| int16, int32                | as they are                                                                          |
| uint8                       | as they are: 8-bit sound, in which 128 is silence                                    |
| Python ints, int64, uint64  | int16 when all fit, else int32; they are amplitudes and are never scaled             |
| other dtypes                | refused: whether their silence is 0 or half the range is anybody's guess             |

The scale of floats is the one by which libsndfile (hence soundfile and librosa) reads 16-bit files, `k / 32768`. So
sound that was read from one is stored without any error, and any other sample comes back within one step, 1 / 32768.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from medialog.datatypes.base import ChangeLog
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.rules import Rules

if TYPE_CHECKING:
    import numpy as np

FULL_SCALE = 32_768
# An array of at most this many rows and more columns than this is taken for channels x frames.
FEW_ROWS = 8
_BLOCK = 1 << 16

SAMPLE_RULES = {
    "audio.shape": "an array is (frames,) or (frames, channels)",
    "audio.layout": "an array has frames first: (frames, channels), not (channels, frames)",
    "audio.empty": "a sound has at least one frame and one channel",
    "audio.channels": "a sound has at most `audio.channels` channels",
    "audio.dtype": "samples are floats, uint8, int16, int32, or Python integers (int64)",
    "audio.finite": "samples are finite",
    "audio.integers": "integer samples fit 32 bits",
}
SAMPLE_CHANGES = {
    "audio.pcm16": "float samples stored as 16-bit integers, rint(x * 32768); `count` of them are not exact",
    "audio.clipped": "samples outside [-1, 1] clipped (lossy)",
}


def check_layout(array: np.ndarray, at: str, rules: Rules) -> np.ndarray:
    """Return a view of `array` as (frames, channels); `InvalidInput` for any other shape."""
    if array.ndim not in (1, 2):
        got = f"shape {array.shape}"
        raise InvalidInput(Violation(at, "audio.shape", "(frames,) or (frames, channels)", got))
    if not array.size:
        raise InvalidInput(Violation(at, "audio.empty", "at least one frame and one channel", f"shape {array.shape}"))
    if array.ndim == 1:
        return array[:, None]
    rows, columns = array.shape
    if rows < columns and (columns > rules.limit("audio.channels") or rows <= FEW_ROWS < columns):
        expected = "(frames, channels); this looks like (channels, frames): pass its transpose, data.T"
        raise InvalidInput(Violation(at, "audio.layout", expected, f"shape {array.shape}"))
    checks.refuse([checks.at_most(columns, "audio.channels", at, rules, "channels")])
    return array


def stored_dtype(array: np.ndarray, at: str) -> str:
    """Return the dtype in which `array`, as it was given, is stored: "u1", "i2" or "i4".

    `InvalidInput` for another dtype, and for integers that do not fit; floats are looked at where they are converted.
    """
    dtype = array.dtype
    if dtype.kind == "f":
        return "i2"
    name: str = dtype.str[1:]
    if name in ("u1", "i2", "i4"):
        return name
    if name not in ("i8", "u8"):
        expected = "floats in [-1, 1], int16, int32, uint8 (128 is silence) or Python integers; convert with astype"
        raise InvalidInput(Violation(at, "audio.dtype", expected, f"dtype {dtype}"))
    if array.min() < -(2**31) or array.max() >= 2**31:
        wide = (array < -(2**31)) | (array >= 2**31)
        checks.refuse([checks.elements(wide, array, at, "audio.integers", "an integer of at most 32 bits")])
    return "i2" if array.min() >= -(2**15) and array.max() < 2**15 else "i4"


def to_integers(given: np.ndarray, dtype: str, at: str, log: ChangeLog) -> np.ndarray:
    """Return a new array, (frames, channels) of the `dtype` from `stored_dtype`, of what `write_integers` writes."""
    import numpy as np

    stored = np.empty((len(given), given.size // len(given)), dtype)
    write_integers(given, stored, at, log)
    return stored


def write_integers(given: np.ndarray, stored: np.ndarray, at: str, log: ChangeLog) -> None:
    """Write an array by the rules of this module to `stored`: (frames, channels) of the dtype from `stored_dtype`.

    `InvalidInput` for floats that are not finite.
    """
    array = given if given.ndim == 2 else given[:, None]
    if array.dtype.kind != "f":
        stored[...] = array
        return
    blocks = _Blocks(array)
    for start in range(0, len(array), blocks.step):
        part = slice(start, start + blocks.step)
        if not blocks.convert(array[part], stored[part]):
            checks.refuse([checks.finite(given, at, "audio.finite")])
    if blocks.outside:
        log.lose("audio.clipped", _clipped(array, blocks.peak), blocks.outside)
    log.record("audio.pcm16", "float samples stored as 16-bit integers, rint(x * 32768), at most 32767", blocks.inexact)


def _clipped(array: np.ndarray, peak: float) -> str:
    detail = f"samples outside [-1, 1] clipped; the peak is {peak:g}"
    if 128 <= peak < 2**31 and bool((array[:_BLOCK] == array[:_BLOCK].astype("i8")).all()):
        detail += " (integers in a float array? pass data.astype('int16') or 'int32')"
    return detail


class _Blocks:
    """Converts floats block by block, as many as a processor's cache holds with what is made of them.

    A sound is so read once, and nothing of its size is made but what is stored.
    """

    def __init__(self, array: np.ndarray) -> None:
        import numpy as np

        channels = array.shape[1]
        self.step = max(1, _BLOCK // channels)
        shape = min(self.step, len(array)), channels
        self._dtype = array.dtype.type if array.dtype.itemsize >= 4 else np.float32
        self._scaled, self._rounded = np.empty(shape, self._dtype), np.empty(shape, self._dtype)
        self._differs = np.empty(shape, np.bool_)
        self.peak, self.outside, self.inexact = 0.0, 0, 0

    def convert(self, block: np.ndarray, stored: np.ndarray) -> bool:
        """Write the 16-bit samples of a block to `stored`; say whether all of it is finite, else nothing is written."""
        import numpy as np

        low, high = float(block.min()), float(block.max())
        if not (math.isfinite(low) and math.isfinite(high)):  # NaN and infinities go through both
            return False
        scaled, rounded, differs = (all[: len(block)] for all in (self._scaled, self._rounded, self._differs))
        if low < -1 or high > 1:
            self.peak = max(self.peak, -low, high)
            self.outside += int(np.count_nonzero(block < -1) + np.count_nonzero(block > 1))
            block = np.clip(block, -1, 1, out=scaled)
        # A multiplication by a power of two is exact; only rint and the upper end change anything.
        np.multiply(block, FULL_SCALE, out=scaled, dtype=self._dtype)
        np.rint(scaled, out=rounded)
        if high * FULL_SCALE > FULL_SCALE - 1:
            np.minimum(rounded, FULL_SCALE - 1, out=rounded)
        stored[...] = rounded
        self.inexact += int(np.count_nonzero(np.not_equal(rounded, scaled, out=differs)))
        return True
