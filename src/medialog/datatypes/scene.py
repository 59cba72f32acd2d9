"""Lidar scenes: points, boxes and vectors, `{"type": "lidar/beta", "points", "boxes", "vectors"}`.

Source: "Point Clouds" of the guides. Stored as a small JSON file that names the PLY of the points by its SHA-256.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialog.datatypes import arrays, point_cloud
from medialog.datatypes.mesh.facts import Bounds, join
from medialog.datatypes.point_cloud import PointCloud
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.wire import jsontext

if TYPE_CHECKING:
    import numpy as np

    from medialog.datatypes.base import ChangeLog
    from medialog.datatypes.files import Content
    from medialog.validators.rules import Rules

TYPE = "lidar/beta"
MEMBERS = ("type", "points", "boxes", "vectors")
BOX_MEMBERS = ("corners", "label", "color", "score")

SCENE_RULES = {
    "object3d.scene": "a scene has type 'lidar/beta', and points, boxes and vectors",
    "object3d.box": "a box has corners, and may have label, color and score; a scene's boxes are a list",
    "object3d.box_tolerance": "a corner is at most `object3d.box_tolerance` of the diagonal from where a box has it",
    "object3d.corners": "a box has eight corners, not all equal",
    "object3d.color": "a colour is three finite numbers",
    "object3d.label": "a label is text",
    "object3d.score": "a score is a finite number",
    "object3d.vector": "a vector has start and end, three finite numbers each",
}

_BATCH = 512


@dataclass(frozen=True)
class Scene:
    """A checked scene. Boxes and vectors are plain JSON."""

    cloud: PointCloud
    boxes: list[dict[str, Any]]
    vectors: list[dict[str, Any]]
    bounds: Bounds | None
    exact: bool


def encode(value: Mapping[Any, Any], at: str, rules: Rules, log: ChangeLog) -> Scene:
    """Return the scene of a mapping. `InvalidInput` with everything that is wrong with its boxes and vectors."""
    _check_members(value, at)
    points = value.get("points")
    cloud = point_cloud.encode([] if points is None else points, f"{at}.points", rules, log)
    given_boxes = _items(value.get("boxes"), f"{at}.boxes", "object3d.box", rules)
    given_vectors = _items(value.get("vectors"), f"{at}.vectors", "object3d.vector", rules)
    found: list[Violation | None] = []
    boxes = [_read_box(box, f"{at}.boxes[{index}]", found, rules) for index, box in enumerate(given_boxes)]
    vectors = [_read_vector(vector, f"{at}.vectors[{index}]", found) for index, vector in enumerate(given_vectors)]
    if not any(found):
        found += _find_edges(boxes, f"{at}.boxes", rules)
    checks.refuse(found)
    exact = _fit_box_colors(boxes, f"{at}.boxes", rules, log)
    ends = [vector[end] for vector in vectors for end in ("start", "end")]
    bounds = [cloud.bounds, *(_bound(box["corners"]) for box in boxes), _bound(ends) if ends else None]
    total = join([box for box in bounds if box is not None])
    return Scene(cloud, boxes, vectors, total, cloud.exact and exact)


def to_json(scene: Scene, points: Content) -> bytes:
    """Return the scene's file; `points` is its PLY."""
    reference = {"sha256": points.sha256, "format": "ply", "size": points.size}
    return jsontext.dumps({"type": TYPE, "points": reference, "boxes": scene.boxes, "vectors": scene.vectors})


def _check_members(value: Mapping[Any, Any], at: str) -> None:
    found: list[Violation | None] = [checks.one_of(value.get("type"), (TYPE,), f"{at}.type", "object3d.scene")]
    for key in value:
        if key not in MEMBERS:
            got = "an unknown key"
            if key == "camera":
                got = "a camera, which is not stored: the viewer frames the scene by itself"
            place = f"{at}[{checks.show(key)}]"
            found.append(Violation(place, "object3d.scene", f"one of {', '.join(MEMBERS)}", got))
    checks.refuse(found)


def _items(value: Any, at: str, rule: str, rules: Rules) -> list[Any]:
    """Return the boxes or vectors of a scene as a list; an array of dicts, as in the guide, is one too."""
    if value is None:
        return []
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Sequence):
        raise checks.wrong_type(at, rule, "a list", value)
    checks.refuse([checks.at_most(len(value), "boxes.per_layer", at, rules, "items")])
    return list(value)


def _read_box(box: Any, at: str, found: list[Violation | None], rules: Rules) -> dict[str, Any]:
    if not isinstance(box, Mapping) or "corners" not in box:
        expected = "a mapping with corners, and maybe label, color and score"
        found.append(Violation(at, "object3d.box", expected, checks.show(box)))
        return {}
    for key in box:
        if key not in BOX_MEMBERS:
            place = f"{at}[{checks.show(key)}]"
            found.append(Violation(place, "object3d.box", f"one of {', '.join(BOX_MEMBERS)}", "an unknown key"))
    corners = _read_numbers(box["corners"], (8, 3), f"{at}.corners", "object3d.corners", found)
    result: dict[str, Any] = {"corners": corners}
    label, color, score = (box.get(name) for name in ("label", "color", "score"))
    if label is not None:
        wrong = checks.text(label, f"{at}.label", "object3d.label")
        found.append(wrong or checks.at_most(len(label), "caption.length", f"{at}.label", rules, "characters"))
        result["label"] = label
    if color is not None:
        result["color"] = _read_numbers(color, (3,), f"{at}.color", "object3d.color", found)
    if score is not None:
        number = checks.real_number(score)
        if number is None or not math.isfinite(number):
            found.append(Violation(f"{at}.score", "object3d.score", "a finite number", checks.show(score)))
        else:
            result["score"] = float(number)
    return result


def _read_vector(vector: Any, at: str, found: list[Violation | None]) -> dict[str, Any]:
    if not isinstance(vector, Mapping) or set(vector) != {"start", "end"}:
        found.append(Violation(at, "object3d.vector", "{'start': [x, y, z], 'end': [x, y, z]}", checks.show(vector)))
        return {}
    return {end: _read_numbers(vector[end], (3,), f"{at}.{end}", "object3d.vector", found) for end in ("start", "end")}


def _read_numbers(value: Any, shape: tuple[int, ...], at: str, rule: str, found: list[Violation | None]) -> Any:
    """Return finite numbers of a shape as nested lists of floats; what is wrong goes to `found`."""
    import numpy as np

    try:
        array = arrays.to_numpy(value, at)
    except InvalidInput as error:
        found.extend(Violation(each.at, rule, each.expected, each.got) for each in error.violations)
        return []
    if array.shape != shape:
        expected = f"{' x '.join(map(str, shape))} numbers"
        found.append(Violation(at, rule, expected, f"shape {array.shape}"))
        return []
    values = array.astype(np.float64)
    largest = float(np.finfo(np.float32).max)
    if not (np.abs(values) <= largest).all():
        bad = ~(np.abs(values) <= largest)
        found.append(checks.elements(bad, values, at, rule, f"a finite number, at most {largest:.3g}"))
    return values.tolist()


def _bound(points: list[list[float]]) -> Bounds:
    columns = list(zip(*points, strict=True))
    return tuple(map(min, columns)), tuple(map(max, columns))


def _fit_box_colors(boxes: list[dict[str, Any]], at: str, rules: Rules, log: ChangeLog) -> bool:
    """Bring the colours of all boxes to whole numbers in 0..255, and say whether they were."""
    import numpy as np

    colored = [box for box in boxes if "color" in box]
    if not colored:
        return True
    colors = np.array([box["color"] for box in colored])
    unit = ((colors >= 0) & (colors <= 1)).all(axis=1) & (np.floor(colors) != colors).any(axis=1)
    if unit.any():
        index = boxes.index(colored[int(unit.argmax())])
        expected = "a colour in 0..255 (this one runs from 0 to 1: multiply it by 255)"
        raise InvalidInput(
            Violation(f"{at}[{index}].color", "object3d.rgb_unit", expected, checks.show(boxes[index]["color"]))
        )
    fitted, exact = point_cloud.fit_colors(colors, at, rules, log)
    for box, color in zip(colored, fitted.tolist(), strict=True):
        box["color"] = color
    return exact


# --- boxes ---

# A box is its corner 0, the corner opposite to it, and six others: three neighbours a, b, c of corner 0, and a+b, a+c,
# b+c. Every way to deal out the six, as positions among them: 20 choices of the neighbours, times 6 orders of the rest.
_NEIGHBOURS, _SUMS = zip(
    *(
        (chosen, rest)
        for chosen in itertools.combinations(range(6), 3)
        for rest in itertools.permutations([position for position in range(6) if position not in chosen])
    ),
    strict=True,
)
# The corners by the edges that lead to them from corner 0, one bit each (a, b, c), so an edge joins numbers that differ
# in one bit.
_EDGES = [(first, first | bit) for bit in (1, 2, 4) for first in range(8) if not first & bit]


def _find_edges(boxes: list[dict[str, Any]], at: str, rules: Rules) -> list[Violation | None]:
    """Add the twelve edges to each box, pairs of corner numbers; return the boxes whose corners form none."""
    import numpy as np

    found: list[Violation | None] = []
    for start in range(0, len(boxes), _BATCH):
        batch = boxes[start : start + _BATCH]
        orders, errors, tolerances = _order(np.array([box["corners"] for box in batch]), rules)
        for index, box in enumerate(batch):
            if not errors[index] <= tolerances[index]:
                expected, got = "eight corners of one box, in any order", "eight equal corners"
                rule = "object3d.corners"
                if tolerances[index]:
                    rule = "object3d.box_tolerance"
                    expected += f", each within {rules.limit(rule):g} of its diagonal"
                    got = f"a corner {errors[index]:.3g} away from where a box has it"
                found.append(Violation(f"{at}[{start + index}].corners", rule, expected, got))
            order = orders[index].tolist()
            box["edges"] = sorted(sorted((order[first], order[second])) for first, second in _EDGES)
    return found


def _order(corners: np.ndarray, rules: Rules) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for n x 8 x 3 corners, their order, how far they are from a box and how far they may be.

    The order is by the bits above.
    """
    import numpy as np

    count = len(corners)
    every = np.arange(count)
    offsets = corners - corners[:, :1]
    # The offsets of a box add up to four times that of the opposite corner.
    far = offsets.sum(axis=1) / 4
    distances = np.linalg.norm(offsets - far[:, None], axis=2)
    distances[:, 0] = np.inf
    opposite = distances.argmin(axis=1)
    six = np.array([[i for i in range(1, 8) if i != last] for last in opposite.tolist()])
    neighbours, sums = six[:, np.array(_NEIGHBOURS)], six[:, np.array(_SUMS)]  # n x 120 x 3 corner numbers
    row = every[:, None, None]
    a, b, c = np.moveaxis(offsets[row, neighbours], 2, 0)
    predicted = np.stack([a + b, a + c, b + c], axis=2)
    errors = np.linalg.norm(predicted - offsets[row, sums], axis=3).max(axis=2)
    errors = np.maximum(errors, np.linalg.norm(a + b + c - offsets[every, opposite][:, None], axis=2))
    best = errors.argmin(axis=1)
    (a, b, c), (ab, ac, bc) = (np.moveaxis(chosen[every, best], 1, 0) for chosen in (neighbours, sums))
    order = np.stack([np.zeros(count, int), a, b, ab, c, ac, bc, opposite], axis=1)
    diagonal = 2 * np.linalg.norm(corners - corners.mean(axis=1, keepdims=True), axis=2).max(axis=1)
    # Corners far from the origin may come from float32, with its coarser steps there.
    steps = 8 * np.spacing(np.abs(corners).max(axis=(1, 2)).astype(np.float32)).astype(np.float64)
    tolerance = np.where(offsets.any(axis=(1, 2)), rules.limit("object3d.box_tolerance") * diagonal + steps, 0.0)
    return order, np.where(tolerance > 0, errors[every, best], np.inf), tolerance


def box3d(
    center: Any,
    size: Any,
    orientation: Any,
    color: Any,
    label: str | None = None,
    score: float | None = None,
) -> dict[str, Any]:
    """Return a box for a scene, from its center, size and orientation.

    `center`: x, y, z. `size`: its lengths along its own axes, >= 0 and not all 0. `orientation`: the quaternion
    `[r, x, y, z]` that turns the box's own axes to where they are, of any length but 0; the sign of every part counts.
    (scipy's `Rotation.as_quat()` gives x, y, z, r: use `as_quat(scalar_first=True)`.) `color`: red, green, blue, up to
    1 (the documented form) or up to 255; no part above 1 means the former. `label`: text. `score`: a finite number.

    Corners come in the order of `itertools.product((-1, 1), repeat=3)`. Raises `InvalidInput`.
    """
    import numpy as np

    found: list[Violation | None] = []
    given = {"center": (center, 3), "size": (size, 3), "orientation": (orientation, 4), "color": (color, 3)}
    parts = {
        name: np.array(_read_numbers(value, (length,), name, f"box3d.{name}", found))
        for name, (value, length) in given.items()
    }
    if not any(found):
        lengths, quaternion = parts["size"], parts["orientation"]
        if (lengths < 0).any() or not lengths.any():
            found.append(Violation("size", "box3d.size", "lengths >= 0, not all 0", checks.show(lengths.tolist())))
        if not quaternion.any():
            found.append(Violation("orientation", "box3d.orientation", "a quaternion other than 0", "0"))
    if label is not None:
        found.append(checks.text(label, "label", "box3d.label"))
    number = None if score is None else checks.real_number(score)
    if score is not None and (number is None or not math.isfinite(number)):
        found.append(Violation("score", "box3d.score", "a finite number", checks.show(score)))
    checks.refuse(found)
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
    corners = signs * parts["size"] / 2 @ _rotation(parts["orientation"]).T + parts["center"]
    rgb = parts["color"]
    if ((rgb >= 0) & (rgb <= 1)).all():
        rgb = np.rint(rgb * 255)
    return {"corners": corners.tolist(), "color": rgb.tolist(), "label": label, "score": number}


def _rotation(quaternion: np.ndarray) -> np.ndarray:
    """Return the 3 x 3 rotation of a quaternion [r, x, y, z] other than 0, for column vectors."""
    import numpy as np

    # By the largest part first, so that squares of tiny or huge parts neither vanish nor overflow.
    quaternion = quaternion / np.abs(quaternion).max()
    r, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * r), 2 * (x * z + y * r)],
            [2 * (x * y + z * r), 1 - 2 * (x * x + z * z), 2 * (y * z - x * r)],
            [2 * (x * z - y * r), 2 * (y * z + x * r), 1 - 2 * (x * x + y * y)],
        ]
    )


BOX3D_RULES = {
    "box3d.center": "a box's center is three finite numbers",
    "box3d.size": "a box's size is three finite numbers >= 0, not all 0",
    "box3d.orientation": "a box's orientation is a quaternion [r, x, y, z] other than 0",
    "box3d.color": "a box's colour is three finite numbers",
    "box3d.label": "a box's label is text",
    "box3d.score": "a box's score is a finite number",
}
