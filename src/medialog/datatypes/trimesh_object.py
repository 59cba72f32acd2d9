"""Objects of trimesh: recognised by their class path, and written in a form that depends on nothing but their data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    import numpy as np

    from medialog.datatypes.base import ChangeLog

CLASSES = {
    "trimesh.base.Trimesh": "mesh",
    "trimesh.scene.scene.Scene": "scene",
    "trimesh.points.PointCloud": "cloud",
}
TRIMESH_RULES = {"object3d.trimesh": "a trimesh object can be written as GLB"}
TRIMESH_CHANGES = {
    "object3d.glb": "a mesh or scene of trimesh stored as GLB, without its normals and metadata",
    "object3d.alpha": "the transparency of a cloud's points dropped (lossy)",
}


def recognise(value: object) -> str | None:
    """Return "mesh", "scene" or "cloud" for an object of trimesh, subclasses included, else None."""
    paths = (f"{cls.__module__}.{cls.__qualname__}" for cls in type(value).__mro__)
    return next((CLASSES[path] for path in paths if path in CLASSES), None)


def to_array(cloud: Any, log: ChangeLog) -> np.ndarray:
    """Return a `PointCloud` as n x 3, or as n x 6 when it has colours."""
    import numpy as np

    vertices = np.asarray(cloud.vertices)
    colors = np.asarray(cloud.colors)
    if colors.ndim != 2 or len(colors) != len(vertices) or not len(vertices):
        return vertices
    if colors.shape[1] == 4 and (colors[:, 3] != 255).any():
        seen = int((colors[:, 3] != 255).sum())
        log.lose("object3d.alpha", "the transparency of points dropped: a cloud has red, green and blue", seen)
    return np.hstack([vertices, colors[:, :3]])


def to_glb(value: Any, at: str, log: ChangeLog) -> bytes:
    """Return a `Trimesh` or `Scene` as GLB.

    Normals are left to the viewer: trimesh would write them or not by what was asked of the mesh before. So is its
    metadata, where trimesh keeps the path the mesh came from.
    """
    import numpy as np

    inexact = 0
    meshes = value.geometry if recognise(value) == "scene" else {"": value}
    for name, mesh in meshes.items():
        place = f"{at}.geometry[{name!r}].vertices" if name else f"{at}.vertices"
        vertices = np.asarray(mesh.vertices)
        largest = float(np.finfo(np.float32).max)
        checks.refuse([checks.finite(vertices, place, "object3d.finite")])
        expected = f"a coordinate within float32, at most {largest:.3g}"
        checks.refuse([checks.elements(np.abs(vertices) > largest, vertices, place, "object3d.range", expected)])
        inexact += int((vertices.astype(np.float32) != vertices).sum())
    try:
        glb = value.export(file_type="glb", include_normals=False, tree_postprocessor=_drop_extras)
    except Exception as error:  # a foreign library may raise anything; broken meshes end in all kinds of errors
        got = f"{type(error).__name__}: {str(error)[:120]}"
        raise InvalidInput(Violation(at, "object3d.trimesh", "an object that trimesh can write as GLB", got)) from error
    if inexact:
        log.record("object3d.float32", f"coordinates of {at} stored in single precision", inexact)
    log.record("object3d.glb", "stored as GLB, without the normals and the metadata that trimesh keeps")
    return bytes(glb)


def _drop_extras(tree: dict[str, Any]) -> None:
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            node.pop("extras", None)
            stack += node.values()
        elif isinstance(node, list):
            stack += node
