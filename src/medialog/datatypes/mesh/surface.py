"""The triangles of a mesh file, for who draws a picture of it: vertices n x 3, faces m x 3, in the file's own axes.

Every reader checks what it reads as the parsers beside it do; materials, normals and textures are not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medialog.datatypes.mesh import gltf, ply, stl

if TYPE_CHECKING:
    import numpy as np

MOST_CORNERS = 64


def read(format: str, data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices and the triangles of a file; `ValueError` for a format that is no mesh's."""
    if format in ("glb", "gltf"):
        return gltf.read_triangles(data, format)
    if format == "obj":
        return _read_obj(data)
    if format == "ply":
        return _read_ply(data)
    if format == "stl":
        return _read_stl(data)
    raise ValueError(f"not a mesh format: {format!r:.40}")


def _read_obj(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    vertices: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    for line in data.replace(b"\\\n", b" ").splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == b"v":
            vertices.append([float(word) for word in words[1:4]])
        elif words[0] == b"f":
            corners = [int(word.partition(b"/")[0]) for word in words[1 : 1 + MOST_CORNERS]]
            corners = [corner - 1 if corner > 0 else len(vertices) + corner for corner in corners]
            faces += [(corners[0], corners[i], corners[i + 1]) for i in range(1, len(corners) - 1)]
    return np.array(vertices, np.float64).reshape(-1, 3), _within(faces, len(vertices))


def _within(faces: list[tuple[int, int, int]] | np.ndarray, count: int) -> np.ndarray:
    """Return the triangles whose corners are all there."""
    import numpy as np

    array = np.asarray(faces, np.int64).reshape(-1, 3)
    return array[((array >= 0) & (array < count)).all(axis=1)]


def _read_stl(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    if stl.is_binary(data):
        layout = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
        vertices = np.frombuffer(data, layout, offset=stl.HEADER)["corners"].reshape(-1, 3)
    else:
        words = [line.split() for line in data.splitlines()]
        vertices = np.array([word[1:4] for word in words if word[:1] == [b"vertex"]], np.float64).reshape(-1, 3)
    return vertices, np.arange(len(vertices) // 3 * 3).reshape(-1, 3)


def _read_ply(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    header = ply.read_header(data)
    elements = dict(ply.read_elements(data, header))
    vertices = np.stack([elements["vertex"][name] for name in "xyz"], axis=1).astype(np.float64)
    face = next((element for element in header.elements if element.name == "face"), None)
    indices = next((elements["face"][name] for name in ply.INDICES if name in elements["face"]), None) if face else None
    if face is None or indices is None or not face.rows or len(indices) % face.rows:
        return vertices, np.zeros((0, 3), np.int64)  # faces of unequal lengths are shown by their vertices
    corners = indices.reshape(face.rows, -1).astype(np.int64)
    if corners.shape[1] < 3:
        return vertices, np.zeros((0, 3), np.int64)
    fans = [corners[:, [0, i, i + 1]] for i in range(1, min(corners.shape[1], MOST_CORNERS) - 1)]
    return vertices, _within(np.concatenate(fans), len(vertices))
