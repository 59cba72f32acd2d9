"""Differences between two values, each with its place: numbers within a tolerance, arrays counted, texts by their line.

NaN equals NaN. A whole number and a float of the same value are equal; True is not 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from medialog.validators import checks

if TYPE_CHECKING:
    import numpy as np

SHOWN = 10
Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two values differ: `at`, what stands there in the first (`left`) and in the second (`right`)."""

    at: str
    left: str
    right: str
    detail: str = ""

    def __str__(self) -> str:
        place = f"{self.at}: " if self.at else ""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{place}{self.left} != {self.right}{detail}"


NOTHING = "nothing"


@dataclass(frozen=True)
class Tolerance:
    """Numbers a, b are equal when |a - b| <= max(rel * max(|a|, |b|), abs). `ignore`: places that may differ.

    An entry of `ignore` is a pattern as of `fnmatch`, held against the whole place ("config.seed", "time/*") and
    against its last part ("caption").
    """

    rel: float = 0.0
    abs: float = 0.0
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, value in (("rel", self.rel), ("abs", self.abs)):
            if not isinstance(value, (int, float)) or not value >= 0:
                raise ValueError(f"{name}: a tolerance >= 0, got {value!r}")

    def close(self, left: float, right: float) -> bool:
        """Say whether two numbers are equal within the tolerance."""
        if left == right or (_is_nan(left) and _is_nan(right)):
            return True
        try:
            return (self.rel > 0 or self.abs > 0) and math.isclose(left, right, rel_tol=self.rel, abs_tol=self.abs)
        except OverflowError:  # whole numbers that no float holds are equal or not
            return False

    def ignores(self, place: Place) -> bool:
        """Say whether what stands at `place` may differ."""
        whole = ".".join(place)
        last = place[-1] if place else ""
        return any(fnmatchcase(whole, pattern) or fnmatchcase(last, pattern) for pattern in self.ignore)


def name(place: Place) -> str:
    """Return a place as text: `layers[2].weights`."""
    text = ""
    for part in place:
        text += part if part.startswith("[") or not text else f".{part}"
    return text


def compare(left: Any, right: Any, place: Place, tolerance: Tolerance, unit: str = "numbers") -> Iterator[Difference]:
    """Yield the differences of two values of JSON and arrays."""
    if tolerance.ignores(place):
        return
    if _is_array(left) or _is_array(right):
        yield from compare_arrays(left, right, place, tolerance, unit)
    elif _is_number(left) and _is_number(right):
        if not tolerance.close(left, right):
            yield Difference(name(place), repr(left), repr(right), _off_by(left, right))
    elif isinstance(left, Mapping) and isinstance(right, Mapping):
        yield from compare_mappings(left, right, place, tolerance, unit)
    elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        yield from _compare_lists(left, right, place, tolerance, unit)
    elif isinstance(left, str) and isinstance(right, str):
        if left != right:
            yield _difference_of_texts(left, right, place)
    elif type(left) is not type(right) or left != right:
        yield Difference(name(place), checks.show(left), checks.show(right))


def compare_mappings(
    left: Mapping[str, Any], right: Mapping[str, Any], place: Place, tolerance: Tolerance, unit: str = "numbers"
) -> Iterator[Difference]:
    """Yield the differences of two mappings, key by key."""
    for key in [*left, *(key for key in right if key not in left)]:
        inner = (*place, str(key))
        if key in left and key in right:
            yield from compare(left[key], right[key], inner, tolerance, unit)
        elif not tolerance.ignores(inner):
            yield Difference(
                name(inner),
                checks.show(left[key]) if key in left else NOTHING,
                checks.show(right[key]) if key in right else NOTHING,
            )


def _compare_lists(
    left: Sequence[Any], right: Sequence[Any], place: Place, tolerance: Tolerance, unit: str
) -> Iterator[Difference]:
    if len(left) != len(right):
        yield Difference(name(place), f"{len(left):,} items", f"{len(right):,} items")
    elif len(left) > SHOWN and all(map(_is_number, left)) and all(map(_is_number, right)):
        bad = [index for index in range(len(left)) if not tolerance.close(left[index], right[index])]
        if bad:
            most = max(bad, key=lambda index: _distance(left[index], right[index]))
            detail = f"{len(bad):,} of {len(left):,} {unit} differ"
            inner = (*place, f"[{most}]")
            yield Difference(name(inner), repr(left[most]), repr(right[most]), f"{detail}, here the most")
    else:
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from compare(one, other, (*place, f"[{index}]"), tolerance, unit)


def compare_arrays(left: Any, right: Any, place: Place, tolerance: Tolerance, unit: str) -> Iterator[Difference]:
    """Yield the difference of two arrays: how many elements (or pixels) differ, and where the most."""
    import numpy as np

    left, right = np.asarray(left), np.asarray(right)
    if left.shape != right.shape:
        yield Difference(name(place), f"shape {left.shape}", f"shape {right.shape}")
        return
    if not {left.dtype.kind, right.dtype.kind} <= set("biuf"):
        yield from compare(left.tolist(), right.tolist(), place, tolerance, unit)
        return
    bad = _unequal(left, right, tolerance)
    if not bad.any():
        return
    with np.errstate(all="ignore"):
        distance = np.where(bad, np.abs(left.astype(np.float64) - right.astype(np.float64)), -1.0)
    distance[np.isnan(distance)] = np.inf
    most = np.unravel_index(int(distance.argmax()), distance.shape)
    counted = bad.any(axis=-1) if unit == "pixels" and bad.ndim > 2 else bad
    index = ", ".join(str(int(i)) for i in most)
    one, other = left[most].item(), right[most].item()
    detail = f"{int(counted.sum()):,} of {counted.size:,} {unit} differ, here the most"
    yield Difference(f"{name(place)}[{index}]" if most else name(place), repr(one), repr(other), detail)


def _unequal(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any], tolerance: Tolerance) -> np.ndarray[Any, Any]:
    import numpy as np

    bad: np.ndarray[Any, Any] = np.asarray(left != right)
    if not bad.any():
        return bad
    one, other = left.astype(np.float64), right.astype(np.float64)
    bad &= ~(np.isnan(one) & np.isnan(other))
    if tolerance.rel or tolerance.abs:
        with np.errstate(all="ignore"):
            allowed = np.maximum(tolerance.rel * np.maximum(np.abs(one), np.abs(other)), tolerance.abs)
            bad &= ~((np.abs(one - other) <= allowed) & np.isfinite(one) & np.isfinite(other))
    return bad


def _difference_of_texts(left: str, right: str, place: Place) -> Difference:
    """Return the difference of two texts; long ones at their first differing line."""
    if "\n" not in left + right and max(len(left), len(right)) <= 60:
        return Difference(name(place), repr(left), repr(right))
    ours, theirs = left.splitlines(keepends=True), right.splitlines(keepends=True)
    pairs = enumerate(zip(ours, theirs, strict=False))
    line = next((index for index, (one, other) in pairs if one != other), min(len(ours), len(theirs)))
    one, other = (lines[line] if line < len(lines) else "" for lines in (ours, theirs))
    column = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, column - 20)
    detail = f"line {line + 1}, column {column + 1}"
    shown = [text.splitlines()[0][start:] if text else "" for text in (one, other)]
    if shown[0] == shown[1]:
        detail = f"line {line + 1}: another line end"
    return Difference(name(place), checks.show(shown[0]), checks.show(shown[1]), detail)


def report(title: str, differences: Iterable[Difference], tolerance: Tolerance) -> str:
    """Return the text of a failure: the title, the first few differences, and how many there are."""
    found = list(differences)
    places = "1 place" if len(found) == 1 else f"{len(found):,} places"
    within = ", ".join(f"{key}={value:g}" for key, value in (("rel", tolerance.rel), ("abs", tolerance.abs)) if value)
    lines = [f"{title} in {places}{f' (tolerance: {within})' if within else ''}:"]
    lines += [f"  {difference}" for difference in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"  ... and {len(found) - SHOWN:,} more")
    return "\n".join(lines)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_nan(value: float) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype") and hasattr(value, "shape")


def _distance(left: float, right: float) -> float:
    try:
        distance = abs(float(left) - float(right))
    except OverflowError:
        return math.inf
    return math.inf if math.isnan(distance) else distance


def _off_by(left: float, right: float) -> str:
    distance = _distance(left, right)
    return f"off by {distance:.3g}" if math.isfinite(distance) else ""
