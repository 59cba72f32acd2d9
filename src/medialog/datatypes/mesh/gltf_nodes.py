"""The nodes of a glTF: that they form trees, and how large the scene is that they make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from medialog.datatypes.mesh.facts import Bounds, broken, join
from medialog.datatypes.mesh.gltf_document import Document, Mesh, Node
from medialog.datatypes.mesh.gltf_geometry import Geometry

if TYPE_CHECKING:
    import numpy as np

# A mesh can stand in a scene any number of times. Its vertices are transformed one by one as long as the scene has no
# more than this many; the copies after that are bounded by the corners of their mesh's box.
EXACT_VERTICES = 20_000_000
# What a primitive costs beside its vertices.
_CALL = 1_000


def check_nodes(document: Document, geometry: Geometry) -> Bounds | None:
    """Check that nodes form trees and return the bounds of the scene that is shown, None where nothing is."""
    _check_trees(document)
    return _bound_scene(document, geometry, _roots(document))


def placed_meshes(document: Document) -> Iterator[tuple[Mesh, np.ndarray]]:
    """Yield every mesh of the scene that is shown with its 4 x 4 matrix, a mesh that stands twice twice."""
    import numpy as np

    _check_trees(document)
    stack: list[tuple[int, np.ndarray]] = [(root, np.eye(4)) for root in _roots(document)]
    while stack:
        index, above = stack.pop()
        node = document.nodes[index]
        local = _local_matrix(node)
        matrix = above if local is None else above @ local
        if node.mesh is not None:
            yield document.meshes[node.mesh], matrix
        stack += [(child, matrix) for child in node.children]


def _roots(document: Document) -> list[int]:
    if document.scenes:
        return document.scenes[document.scene or 0].nodes
    children = {child for node in document.nodes for child in node.children}
    return [index for index in range(len(document.nodes)) if index not in children]


def _check_trees(document: Document) -> None:
    parents: dict[int, int] = {}
    for index, node in enumerate(document.nodes):
        for child in node.children:
            if child in parents:
                got = f"nodes {parents[child]} and {index}"
                raise broken(f"nodes[{child}]", "one parent", got, "object3d.graph")
            parents[child] = index
    reached = 0
    stack = [index for index in range(len(document.nodes)) if index not in parents]
    seen = set(stack)
    while stack:
        index = stack.pop()
        reached += 1
        stack += document.nodes[index].children
        seen.update(document.nodes[index].children)
    if reached < len(document.nodes):
        cycle = next(index for index in range(len(document.nodes)) if index not in seen)
        raise broken(f"nodes[{cycle}]", "a tree of nodes", "a node that is its own ancestor", "object3d.graph")
    for number, scene in enumerate(document.scenes):
        if len(set(scene.nodes)) < len(scene.nodes) or any(root in parents for root in scene.nodes):
            raise broken(f"scenes[{number}].nodes", "root nodes, each once", "another node", "object3d.graph")


def _bound_scene(document: Document, geometry: Geometry, roots: list[int]) -> Bounds | None:
    import numpy as np

    boxes: list[Bounds] = []
    meshes = [_Mesh(geometry, mesh) for mesh in document.meshes]
    budget = EXACT_VERTICES
    stack: list[tuple[int, np.ndarray]] = [(root, np.eye(4)) for root in roots]
    with np.errstate(over="ignore", invalid="ignore"):
        while stack:
            index, above = stack.pop()
            node = document.nodes[index]
            local = _local_matrix(node)
            matrix = above if local is None else above @ local
            if node.mesh is not None and meshes[node.mesh].box is not None:
                mesh = meshes[node.mesh]
                at = f"nodes[{index}]"
                if np.array_equal(matrix, np.eye(4)):
                    boxes += [mesh.box] if mesh.box is not None else []
                elif mesh.cost <= budget:
                    budget -= mesh.cost
                    boxes += [_transform(positions, matrix, at) for positions in mesh.positions]
                elif mesh.box is not None:
                    boxes.append(_transform(_corners(mesh.box), matrix, at))
            stack += [(child, matrix) for child in node.children]
    return join(boxes)


class _Mesh:
    """The positions of a mesh's primitives, their box, and what transforming them costs."""

    def __init__(self, geometry: Geometry, mesh: Mesh) -> None:
        used = {primitive.attributes["POSITION"] for primitive in mesh.primitives if "POSITION" in primitive.attributes}
        found = [geometry.positions[index] for index in sorted(used)]
        self.positions = [positions for positions, _ in found]
        self.box = join([box for _, box in found])
        self.cost = sum(len(positions) + _CALL for positions in self.positions)


def _local_matrix(node: Node) -> np.ndarray | None:
    """Return a node's own 4 x 4 matrix, or None where it has none."""
    import numpy as np

    if node.matrix is not None:
        return np.array(node.matrix).reshape(4, 4).T
    if node.translation is None and node.rotation is None and node.scale is None:
        return None
    matrix = np.eye(4)
    if node.rotation is not None:
        x, y, z, w = node.rotation
        matrix[:3, :3] = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    if node.scale is not None:
        matrix[:3, :3] *= node.scale
    if node.translation is not None:
        matrix[:3, 3] = node.translation
    return matrix


def _corners(box: Bounds) -> np.ndarray:
    import numpy as np

    return np.array([(box[i][0], box[j][1], box[k][2]) for i in (0, 1) for j in (0, 1) for k in (0, 1)])


def _transform(positions: np.ndarray, matrix: np.ndarray, at: str) -> Bounds:
    import numpy as np

    ends = [positions @ row[:3] + row[3] for row in matrix[:3]]
    low, high = [float(end.min()) for end in ends], [float(end.max()) for end in ends]
    if not np.isfinite((low, high)).all():
        raise broken(at, "a node whose vertices stay finite", "a matrix that makes them infinite", "object3d.finite")
    return tuple(low), tuple(high)  # type: ignore[return-value]
