"""Pixels: numbers of any dtype -> 8-bit (or 16-bit) picture values, by stated rules. Used for images and videos.

The rules, chosen from the values of the whole array and always recorded when they change a value:

| input                                         | rule          | output                                     |
|-----------------------------------------------|---------------|--------------------------------------------|
| bool                                          | pixels.bool   | 0 or 255                                   |
| integers in 0..255                            |               | as they are                                |
| integers outside                              | error         | `value_range=` says what 0 and 255 mean    |
| float in [0, 1]                               | pixels.unit   | rint(x * 255)                              |
| float in [-1, 1], some below 0                | pixels.signed | rint((x + 1) * 127.5)                      |
| float in [0, 255]                             | pixels.round  | rint(x)                                    |
| float with a maximum in (1, 2], fractions     | error         | almost surely not 0..255                   |
| anything else, NaN, infinity                  | error         |                                            |
| `value_range=(lo, hi)`                        | pixels.range  | rint((x - lo) / (hi - lo) * 255), clipped  |

[0, 1] and [-1, 1] are taken with a tolerance of 1e-3, and what overshoots inside it is clipped. Floats are computed in
their own precision (half in single); rounding is to nearest, ties to even, as `numpy.rint`. Nothing wraps around.

`choose` decides and `to_uint8` decides and converts. A clip is decided as a whole and converted frame by frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from medialog.datatypes import arrays
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    import numpy as np

    from medialog.datatypes.base import ChangeLog

TOLERANCE = 1e-3

PIXEL_RULES = {
    "pixels.empty": "a picture has at least one pixel",
    "pixels.finite": "pixels are finite numbers",
    "pixels.integer": "integer pixels lie in 0..255 (0..65,535 with mode='I;16')",
    "pixels.float": "float pixels lie in [0, 1], [-1, 1] or [0, 255]",
    "pixels.value_range": "value_range= is two finite numbers, low < high",
    "pixels.normalize": "with normalize=False pixels are already 0..255",
}
PIXEL_CHANGES = {
    "pixels.bool": "booleans stored as 0 and 255",
    "pixels.unit": "float [0, 1] stored as rint(x * 255)",
    "pixels.signed": "float [-1, 1] stored as rint((x + 1) * 127.5)",
    "pixels.round": "float [0, 255] rounded to whole numbers",
    "pixels.range": "value_range=(low, high) stored as 0..255",
    "pixels.clipped": "values outside value_range= clipped to it (lossy)",
}


def to_uint8(
    values: np.ndarray, at: str, log: ChangeLog, *, normalize: bool = True, value_range: Any = None
) -> np.ndarray:
    """Return `values` as a new uint8 array of the same shape, by the rules above; `InvalidInput` when none fits."""
    return choose(values, at, log, normalize=normalize, value_range=value_range)(values)


def choose(
    values: np.ndarray, at: str, log: ChangeLog, *, normalize: bool = True, value_range: Any = None
) -> Callable[[np.ndarray], np.ndarray]:
    """Check and record what `to_uint8` would, by all of `values`, and return the conversion.

    It applies to any part of them. Nothing of the size of `values` is allocated when they have more than three axes:
    a clip may be most of the memory.
    """
    import numpy as np

    if not values.size:
        raise InvalidInput(Violation(at, "pixels.empty", "at least one pixel", f"shape {values.shape}"))
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:  # long doubles are judged as the doubles they become
        values = _working_float(values)
    if value_range is not None:
        return _stretch(values, at, log, value_range)
    if values.dtype == np.uint8:
        return arrays.in_rows
    if values.dtype == np.bool_:
        log.record("pixels.bool", "booleans stored as 0 and 255")
        return lambda part: np.where(part, np.uint8(255), np.uint8(0))
    if values.dtype.kind in "iu":
        checks.refuse([_whole_pixels(values, at, 255)])
        return lambda part: part.astype(np.uint8)
    checks.refuse([checks.finite(values, at, "pixels.finite")])
    # The bounds as the array's own dtype holds them: float32(1.001) is a little more than 1.001.
    given = values.dtype.type
    tolerated = [float(given(bound)) for bound in (-1 - TOLERANCE, -TOLERANCE, 1 + TOLERANCE)]
    return _from_float(values, at, log, normalize, tolerated)


def _pictures(values: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the pictures of a clip or grid, and anything of up to three axes as it is."""
    if values.ndim <= 3:
        yield values
        return
    for part in values:
        yield from _pictures(part)


def to_uint16(values: np.ndarray, at: str) -> np.ndarray:
    """Return whole numbers in 0..65,535 as a new uint16 array; `InvalidInput` for any other."""
    import numpy as np

    if not values.size:
        raise InvalidInput(Violation(at, "pixels.empty", "at least one pixel", f"shape {values.shape}"))
    if values.dtype.kind not in "iu":
        raise InvalidInput(Violation(at, "pixels.integer", "integers for mode='I;16'", f"dtype {values.dtype}"))
    checks.refuse([checks.within(values, 0, 65_535, at, "pixels.integer", "a whole number")])
    return values.astype(np.uint16)


def _working_float(values: np.ndarray) -> np.ndarray:
    """Return floats in the precision the rules compute in: float32 or float64."""
    import numpy as np

    if values.dtype in (np.float32, np.float64):
        return values
    with np.errstate(over="ignore"):  # a long double beyond double precision is an infinity, and refused as one
        wide: np.ndarray = values.astype(np.float32 if values.dtype.itemsize < 4 else np.float64)
    return wide


def _whole_pixels(values: np.ndarray, at: str, most: int) -> Violation | None:
    found = checks.within(values, 0, most, at, "pixels.integer", "a whole number")
    if found is None:
        return None
    help = "; value_range=(low, high) says what 0 and 255 mean"
    if values.ndim == 2 and values.min() >= 0 and values.max() <= 65_535:
        help += ", mode='I;16' keeps 16 bits"
    return Violation(found.at, found.rule, found.expected + help, found.got)


def _from_float(
    values: np.ndarray, at: str, log: ChangeLog, normalize: bool, tolerated: list[float]
) -> Callable[[np.ndarray], np.ndarray]:
    import numpy as np

    low, high = float(values.min()), float(values.max())
    least_signed, least_unit, most = tolerated
    if not normalize:
        if not (low >= 0 and high <= 255):
            raise InvalidInput(
                _range_violation(values, at, "pixels.normalize", "0..255 with normalize=False", low, high)
            )
        return _round(values, log)
    if low >= least_unit and high <= most:
        log.record("pixels.unit", _with_overshoot("float [0, 1] stored as rint(x * 255)", low < 0 or high > 1))
        return lambda part: np.rint(np.clip(_working_float(part), 0, 1) * 255).astype(np.uint8)
    if least_signed <= low < 0 and high <= most:
        detail = _with_overshoot("float [-1, 1] stored as rint((x + 1) * 127.5)", low < -1 or high > 1)
        log.record("pixels.signed", detail)
        return lambda part: np.rint((np.clip(_working_float(part), -1, 1) + 1) * 127.5).astype(np.uint8)
    if low >= 0 and high <= 255:
        if high <= 2 and not all((np.floor(part) == part).all() for part in _pictures(values)):
            expected = "float pixels in [0, 1], [-1, 1] or [0, 255]; value_range=(low, high) says what 0 and 255 mean"
            got = f"fractions with a maximum of {high:g}, almost surely not 0..255"
            raise InvalidInput(Violation(at, "pixels.float", expected, got))
        return _round(values, log)
    expected = "float pixels in [0, 1], [-1, 1] or [0, 255], or value_range=(low, high)"
    raise InvalidInput(_range_violation(values, at, "pixels.float", expected, low, high))


def _with_overshoot(detail: str, overshoot: bool) -> str:
    return f"{detail}, overshoot of at most {TOLERANCE:g} clipped" if overshoot else detail


def _range_violation(values: np.ndarray, at: str, rule: str, expected: str, low: float, high: float) -> Violation:
    worst = values.argmin() if low < 0 else values.argmax()
    import numpy as np

    index = ", ".join(str(int(i)) for i in np.unravel_index(int(worst), values.shape))
    return Violation(
        f"{at}[{index}]", rule, expected, f"{low if low < 0 else high:g} (values from {low:g} to {high:g})"
    )


def _round(values: np.ndarray, log: ChangeLog) -> Callable[[np.ndarray], np.ndarray]:
    import numpy as np

    moved = sum(int((np.rint(part) != part).sum()) for part in _pictures(values))
    log.record("pixels.round", "float [0, 255] rounded to whole numbers", moved)
    return lambda part: np.rint(_working_float(part)).astype(np.uint8)


def _stretch(values: np.ndarray, at: str, log: ChangeLog, value_range: Any) -> Callable[[np.ndarray], np.ndarray]:
    import numpy as np

    low, high = check_value_range(value_range)
    checks.refuse([checks.finite(values, at, "pixels.finite")])
    narrow = values.dtype.kind == "f" and values.dtype.itemsize <= 4 and _fits_float32(low, high)

    def measured(part: np.ndarray) -> np.ndarray:
        """Return the part in the precision that the range is applied in."""
        wide: np.ndarray = _working_float(part) if narrow else part.astype(np.float64)
        return wide

    parts = (measured(part) for part in _pictures(values))
    outside = sum(int(((part < low) | (part > high)).sum()) for part in parts)
    log.record("pixels.range", f"value_range=({low:g}, {high:g}) stored as 0..255")
    if outside:
        log.lose("pixels.clipped", f"values outside value_range=({low:g}, {high:g}) clipped to it", outside)
    return lambda part: np.rint((np.clip(measured(part), low, high) - low) / (high - low) * 255).astype(np.uint8)


def _fits_float32(low: float, high: float) -> bool:
    """Say whether the arithmetic of `value_range` neither overflows nor vanishes in float32."""
    import numpy as np

    normal = np.finfo(np.float32)
    return max(abs(low), abs(high), high - low) < float(normal.max) / 255 and high - low > float(normal.tiny)


def check_value_range(value_range: Any) -> tuple[float, float]:
    """Return `value_range` as two floats; `InvalidInput` unless both and their difference are finite, low < high."""
    import math

    try:
        low, high = value_range
        numbers = [checks.real_number(low), checks.real_number(high)]
    except (TypeError, ValueError):
        numbers = [None]
    first, last = (math.nan if number is None else float(number) for number in (numbers[0], numbers[-1]))
    if not (first < last and math.isfinite(last - first)):
        expected = "two finite numbers, low < high"
        raise InvalidInput(Violation("value_range", "pixels.value_range", expected, checks.show(value_range)))
    return first, last
