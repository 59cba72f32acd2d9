"""Point clouds: n x 3, n x 4 and n x 6 arrays, stored as binary little-endian PLY.

Source: "Point Clouds" of the guides. Coordinates are float32, categories and colours 8 bits: what a viewer can upload
as it is, a fifth of the same cloud as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from medialog.datatypes import arrays
from medialog.datatypes.mesh.facts import Bounds
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    import numpy as np

    from medialog.datatypes.base import ChangeLog
    from medialog.validators.rules import Rules

ColorScheme = Literal["none", "category", "rgb"]
SCHEMES: dict[int, ColorScheme] = {3: "none", 4: "category", 6: "rgb"}
_EXTRAS: dict[ColorScheme, tuple[str, ...]] = {"none": (), "category": ("category",), "rgb": ("red", "green", "blue")}

POINT_RULES = {
    "object3d.shape": "a point cloud is n x 3 (x y z), n x 4 (and a category) or n x 6 (and red green blue)",
    "object3d.finite": "coordinates are finite",
    "object3d.range": "coordinates fit into float32",
    "object3d.category": "categories are whole numbers in `object3d.category`",
    "object3d.rgb": "colours lie in `object3d.rgb`",
    "object3d.rgb_unit": "colours are not fractions of one: they run to 255",
    "object3d.points": "a cloud has at most `object3d.points` points (a warning: all are stored)",
}
POINT_CHANGES = {
    "object3d.float32": "coordinates stored in single precision",
    "object3d.rgb_rounded": "colours rounded to whole numbers",
    "object3d.rgb": "colours outside 0..255 clamped (lossy)",
}


@dataclass(frozen=True)
class PointCloud:
    """An encoded cloud: the PLY's bytes, and what is in it. `exact`: the PLY holds the very values that were given."""

    ply: bytes
    points: int
    color_scheme: ColorScheme
    bounds: Bounds | None
    exact: bool


def encode(value: Any, at: str, rules: Rules, log: ChangeLog) -> PointCloud:
    """Return the cloud of an array. `InvalidInput` with everything that is wrong with it; `value` is not changed."""
    import numpy as np

    array = arrays.to_numpy(value, at, rules)
    if array.shape == (0,):
        array = array.reshape(0, 3)
    if array.ndim != 2 or array.shape[1] not in SCHEMES:
        raise InvalidInput(Violation(at, "object3d.shape", _shapes(rules), f"shape {array.shape}"))
    scheme = SCHEMES[array.shape[1]]
    found = [_check_coordinates(array[:, :3], at)]
    if scheme == "category":
        found.append(_check_categories(array, at, rules))
    whole = _whole_colors(array[:, 3:]) if scheme == "rgb" else None
    if scheme == "rgb" and whole is None:
        found.append(_check_colors(array[:, 3:], at))
    checks.refuse(found)
    extras = _EXTRAS[scheme]
    rows = np.empty(len(array), [("position", "<f4", 3), *((name, "u1") for name in extras)])
    rows["position"] = array[:, :3]
    exact = _note_precision(rows["position"], array[:, :3], at, log)
    if scheme == "category":
        rows["category"] = array[:, 3]
    elif scheme == "rgb":
        colors, kept = fit_colors(array[:, 3:], at, rules, log) if whole is None else (whole, True)
        exact = exact and kept
        for index, name in enumerate(extras):
            rows[name] = colors[:, index]
    ply = b"".join((_header(len(rows), extras), rows.view(np.uint8).data))
    return PointCloud(ply, len(rows), scheme, _bound(rows["position"]), exact)


def _shapes(rules: Rules) -> str:
    category, rgb = ("..".join(map(str, rules.limit(f"object3d.{name}"))) for name in ("category", "rgb"))
    return f"""one of
    n x 3: [[x, y, z], ...]
    n x 4: [[x, y, z, c], ...] with a category c in {category}
    n x 6: [[x, y, z, r, g, b], ...] with r, g and b in {rgb}"""


def _header(points: int, extras: tuple[str, ...]) -> bytes:
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {points}"]
    lines += [f"property float {axis}" for axis in "xyz"] + [f"property uchar {name}" for name in extras]
    return "\n".join([*lines, "end_header", ""]).encode()


def _bound(positions: np.ndarray) -> Bounds | None:
    if not len(positions):
        return None
    # A column at a time: one pass each, no temporary.
    low, high = ([float(end(positions[:, axis])) for axis in range(3)] for end in (_least, _largest))
    return tuple(low), tuple(high)  # type: ignore[return-value]


def _least(values: np.ndarray) -> float:
    return float(values.min())


def _largest(values: np.ndarray) -> float:
    return float(values.max())


def _check_coordinates(positions: np.ndarray, at: str) -> Violation | None:
    import numpy as np

    if positions.dtype.kind != "f" or not len(positions):
        return None
    extremes = np.array([(column.min(), column.max()) for column in positions.T], dtype=np.float64)
    largest = float(np.finfo(np.float32).max)
    # NaN and infinities come through min and max.
    if np.isfinite(extremes).all() and np.abs(extremes).max() <= largest:
        return None
    return checks.finite(positions, at, "object3d.finite") or checks.elements(
        np.abs(positions) > largest,
        positions,
        at,
        "object3d.range",
        f"a coordinate within float32, at most {largest:.3g}",
    )


def _check_categories(array: np.ndarray, at: str, rules: Rules) -> Violation | None:
    import numpy as np

    low, high = rules.limit("object3d.category")
    categories = array[:, 3]
    bad = ~((categories >= low) & (categories <= high))
    if categories.dtype.kind == "f":
        bad |= np.floor(categories) != categories
    return _cell(bad[:, None], categories[:, None], at, 3, "object3d.category", f"a whole number in [{low}, {high}]")


def _check_colors(colors: np.ndarray, at: str, column: int = 3) -> Violation | None:
    import numpy as np

    if colors.dtype.kind != "f" or not colors.size:
        return None
    low, high = colors.min(), colors.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        return _cell(~np.isfinite(colors), colors, at, column, "object3d.finite", "a finite number")
    if low >= 0 and high <= 1 and (np.floor(colors) != colors).any():
        expected = "colours in 0..255 (these run from 0 to 1: multiply them by 255)"
        return Violation(f"{at}[:, {column}:]", "object3d.rgb_unit", expected, f"{low:g} to {high:g}")
    return None


def _whole_colors(colors: np.ndarray) -> np.ndarray | None:
    """Return colours as uint8 when that changes nothing, which is the usual case and takes one look; None otherwise."""
    import numpy as np

    with np.errstate(invalid="ignore"):  # what does not fit differs afterwards
        whole = colors.astype(np.uint8)
    return whole if (whole == colors).all() else None


def fit_colors(colors: np.ndarray, at: str, rules: Rules, log: ChangeLog) -> tuple[np.ndarray, bool]:
    """Return finite colours as uint8, rounded and clamped where they must be, and whether nothing had to be."""
    import numpy as np

    low, high = rules.limit("object3d.rgb")
    rounded = 0
    if colors.dtype.kind == "f":
        whole = np.rint(colors)
        rounded = int((whole != colors).sum())
        colors = whole
        if rounded:
            log.record("object3d.rgb_rounded", f"colours of {at} rounded to whole numbers", rounded)
    outside = 0
    if colors.size and colors.dtype != np.uint8 and (colors.min() < low or colors.max() > high):
        outside = int(((colors < low) | (colors > high)).sum())
        log.lose("object3d.rgb", f"colours of {at} clamped to {low}..{high}", outside)
        colors = np.clip(colors, low, high)
    return colors.astype(np.uint8), not (rounded or outside)


def _note_precision(stored: np.ndarray, given: np.ndarray, at: str, log: ChangeLog) -> bool:
    if given.dtype.kind == "b" or (given.dtype.kind in "iu" and given.dtype.itemsize <= 2):
        return True
    if given.dtype.kind == "f" and given.dtype.itemsize <= 4:
        return True
    changed = int((stored != given).sum())
    if changed:
        log.record("object3d.float32", f"coordinates of {at} stored in single precision", changed)
    return not changed


def _cell(bad: np.ndarray, values: np.ndarray, at: str, column: int, rule: str, expected: str) -> Violation | None:
    """Return the violation of the rows where `bad` is True; `values` begin at `column` of the array."""
    import numpy as np

    count = int(bad.any(axis=1).sum())
    if not count:
        return None
    row, offset = (int(index) for index in np.unravel_index(int(bad.argmax()), bad.shape))
    more = f" ({count:,} such rows)" if count > 1 else ""
    return Violation(f"{at}[{row}, {column + offset}]", rule, expected, f"{values[row, offset].item()}{more}")
