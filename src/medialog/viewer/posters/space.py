"""Posters of what is in space: meshes, point clouds, lidar scenes, molecules, drawn with numpy alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medialog.viewer import media
from medialog.viewer.posters import canvas
from medialog.viewer.posters.words import draw_facts, reference_of
from medialog.wire.fileref import FileRef
from medialog.wire.names import media_path
from medialog.wire.storage import Storage

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

MOST_BYTES = 128 << 20
MOST_FACES = 12_000
MOST_POINTS = 300_000
MOST_ATOMS = 4_000
_BACKGROUND = (247, 248, 250)
_LIGHT = (0.35, 0.55, 0.75)
_SURFACE = (150, 170, 195)


def draw_object(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw a mesh, a cloud or a scene from above its corner."""
    from medialog.datatypes.mesh import ply, surface

    format = descriptor.get("format")
    data = media.read_small(storage, reference_of(descriptor), MOST_BYTES)
    if format == "scene.json":
        return _draw_scene(json.loads(data), storage)
    if format == "ply" and descriptor.get("points") is not None:
        return draw_points(ply.read_points(data))
    vertices, faces = surface.read(str(format), data)
    if not len(vertices):
        return draw_facts(descriptor, "nothing to see in it")
    if not len(faces):
        return draw_points(vertices)
    # glTF, as OBJ mostly, has y upwards; the rest is drawn with z upwards, as clouds are.
    if format in ("gltf", "glb", "obj"):
        vertices = vertices[:, [0, 2, 1]] * (1.0, -1.0, 1.0)
    return _draw_mesh(vertices, faces)


class _View:
    """A parallel view from above a corner, framed on the points it is made from."""

    def __init__(self, points: np.ndarray, width: int, height: int, margin: float = 0.06) -> None:
        import numpy as np

        turn, tilt = np.radians(-35.0), np.radians(62.0)
        about = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
        over = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
        self.turned = over.T @ about
        flat = points @ self.turned.T
        low, high = flat.min(axis=0), flat.max(axis=0)
        size = np.maximum(high - low, 1e-12)
        self._scale = min(width * (1 - 2 * margin) / size[0], height * (1 - 2 * margin) / size[1])
        if not np.isfinite(self._scale):
            raise ValueError("coordinates too large to draw")
        self._middle = (low + high) / 2
        self._center = np.array([width / 2, height / 2])

    def place(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return pixels, n x 2, and how near each point is."""
        import numpy as np

        flat = points @ self.turned.T - self._middle
        pixels = self._center + flat[:, :2] * (self._scale, -self._scale)
        return pixels, np.asarray(flat[:, 2])


def _finite(points: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.asarray(points[np.isfinite(points[:, :3]).all(axis=1)])


def draw_points(points: np.ndarray) -> Image:
    """Draw a cloud: n x 3 by height, n x 4 by category, n x 6 by colour."""
    image, view = _splat(points)
    return _smooth(image) if view is not None else image


def _splat(points: np.ndarray, more: np.ndarray | None = None) -> tuple[Image, _View | None]:
    import numpy as np
    from PIL import Image

    points = _finite(np.asarray(points, np.float64))
    if len(points) > MOST_POINTS:
        points = points[np.linspace(0, len(points) - 1, MOST_POINTS).astype(np.int64)]
    width, height = canvas.WIDTH * 2, canvas.HEIGHT * 2
    both = points[:, :3] if more is None else np.concatenate([points[:, :3], more])
    if not len(both):
        return canvas.page("point cloud", ["no points"]), None
    view = _View(both, width, height)
    pixels = np.full((height, width, 3), _BACKGROUND, np.uint8)
    if len(points):
        places, near = view.place(points[:, :3])
        order = np.argsort(near, kind="stable")
        colors = _colors(points)[order]
        xy = np.rint(places[order]).astype(np.int64)
        reach = 4 if len(points) < 2_000 else 2 if len(points) < 60_000 else 1
        for dy in range(-reach, reach + 1):
            for dx in range(-reach, reach + 1):
                if dx * dx + dy * dy <= reach * reach + 1:
                    x = np.clip(xy[:, 0] + dx, 0, width - 1)
                    y = np.clip(xy[:, 1] + dy, 0, height - 1)
                    pixels[y, x] = colors  # the nearest comes last
    return Image.fromarray(pixels), view


def _colors(points: np.ndarray) -> np.ndarray:
    import numpy as np

    if points.shape[1] == 6:
        return np.asarray(np.clip(points[:, 3:], 0, 255), np.uint8)
    if points.shape[1] == 4:
        return np.asarray(np.array(canvas.COLORS, np.uint8)[points[:, 3].astype(np.int64) % len(canvas.COLORS)])
    height = points[:, 2]
    return canvas.viridis((height - height.min()) / ((height.max() - height.min()) or 1.0))


def _smooth(image: Image) -> Image:
    return image.reduce(2)


def _draw_scene(scene: Mapping[str, Any], storage: Storage) -> Image:
    import numpy as np
    from PIL import ImageDraw

    from medialog.datatypes.mesh import ply

    linked = scene["points"]
    reference = FileRef(media_path(linked["sha256"], "ply"), linked["sha256"], linked["size"])
    points = ply.read_points(media.read_small(storage, reference, MOST_BYTES))
    boxes = scene.get("boxes", [])[:500]
    vectors = scene.get("vectors", [])[:500]
    corners = [np.array(box["corners"], np.float64) for box in boxes]
    ends = [np.array([vector["start"], vector["end"]], np.float64) for vector in vectors]
    more = np.concatenate([*corners, *ends]) if corners or ends else None
    image, view = _splat(points, more)
    if view is None:
        return image
    pen = ImageDraw.Draw(image)
    for box, its_corners in zip(boxes, corners, strict=True):
        places, _ = view.place(its_corners)
        color = tuple(min(max(int(part), 0), 255) for part in box.get("color", canvas.COLORS[5]))
        for first, second in box.get("edges", []):
            pen.line([tuple(places[first]), tuple(places[second])], fill=color, width=4)
        if box.get("label"):
            x, y = places[places[:, 1].argmin()]
            canvas.write(pen, (x, y - 6), canvas.one_line(box["label"], 24), 28, canvas.INK, "ms")
    for vector in ends:
        places, _ = view.place(vector)
        pen.line([tuple(places[0]), tuple(places[1])], fill=canvas.COLORS[5], width=5)
    return _smooth(image)


def _draw_mesh(vertices: np.ndarray, faces: np.ndarray) -> Image:
    import numpy as np

    vertices = np.asarray(vertices, np.float64)
    good = np.isfinite(vertices).all(axis=1)
    faces = faces[good[faces].all(axis=1)]
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    keep = lengths > 0
    corners, normals = corners[keep], normals[keep] / lengths[keep][:, None]
    width, height = canvas.WIDTH * 2, canvas.HEIGHT * 2
    if not len(corners):
        return draw_points(vertices)
    view = _View(corners.reshape(-1, 3), width, height)
    # Lit from the eye's side, either face of a surface alike: many files do not say which is the outer one.
    light = np.array(_LIGHT) / np.linalg.norm(_LIGHT)
    shade = 0.35 + 0.65 * np.abs((normals @ view.turned.T) @ light)
    colors = np.clip(np.array(_SURFACE) * shade[:, None] * 1.15, 0, 255).astype(np.uint8)
    if len(corners) > MOST_FACES:
        return _smooth(_sampled(view, corners, colors, width, height))
    image, pen = canvas.blank(width, height, _BACKGROUND)
    places, near = view.place(corners.reshape(-1, 3))
    triangles = places.reshape(-1, 6)
    order = np.argsort(near.reshape(-1, 3).mean(axis=1), kind="stable")
    for triangle, color in zip(triangles[order].tolist(), colors[order].tolist(), strict=True):
        pen.polygon(triangle, fill=tuple(color), outline=tuple(color))
    return _smooth(image)


def _sampled(view: _View, corners: np.ndarray, colors: np.ndarray, width: int, height: int) -> Image:
    """Draw a mesh of many faces as points on them, dense enough to close, the nearest on top."""
    import numpy as np
    from PIL import Image

    places, near = view.place(corners.reshape(-1, 3))
    places, near = places.reshape(-1, 3, 2), near.reshape(-1, 3)
    first, second = places[:, 1] - places[:, 0], places[:, 2] - places[:, 0]
    areas = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2
    counts = np.minimum(np.ceil(areas / 2).astype(np.int64) + 1, 4_000)
    total = int(counts.sum())
    if total > 3_000_000:
        counts = np.maximum(counts * 3_000_000 // total, 1)
    chosen = np.repeat(np.arange(len(counts)), counts)
    random = np.random.default_rng(0)
    a, b = random.random(len(chosen)), random.random(len(chosen))
    over = a + b > 1
    a[over], b[over] = 1 - a[over], 1 - b[over]
    xy = places[chosen, 0] + first[chosen] * a[:, None] + second[chosen] * b[:, None]
    depth = near[chosen, 0] * (1 - a - b) + near[chosen, 1] * a + near[chosen, 2] * b
    order = np.argsort(depth, kind="stable")
    pixels = np.full((height, width, 3), _BACKGROUND, np.uint8)
    x, y = np.rint(xy[order]).astype(np.int64).T
    shades = colors[chosen[order]]
    for dx, dy in ((1, 1), (0, 1), (1, 0), (0, 0)):
        pixels[np.clip(y + dy, 0, height - 1), np.clip(x + dx, 0, width - 1)] = shades
    return Image.fromarray(pixels)


# --- molecules ---


def draw_molecule(descriptor: Mapping[str, Any], storage: Storage) -> Image:
    """Draw atoms as balls in the usual colours, bonds by distance; large molecules by their atoms alone."""
    import numpy as np

    from medialog.viewer.posters import atoms

    data = media.read_small(storage, reference_of(descriptor), MOST_BYTES)
    elements, found = atoms.read(data, str(descriptor.get("format")), MOST_ATOMS)
    if not found:
        return draw_facts(descriptor, "its atoms are in a form that is not drawn here")
    points = np.array(found, np.float64)
    points = (points - points.mean(axis=0)) @ _main_axes(points)
    image, pen = canvas.blank(canvas.WIDTH * 2, canvas.HEIGHT * 2, _BACKGROUND)
    view = _View(points, canvas.WIDTH * 2, canvas.HEIGHT * 2, 0.12)
    places, near = view.place(points)
    unit = view.place(np.array([[0.0, 0, 0]]))[0][0] - view.place(np.array([[1.0, 0, 0]]))[0][0]
    scale = max(float(np.abs(unit).max()), 1.0)
    fade = (near - near.min()) / (np.ptp(near) or 1.0)
    parts: list[tuple[float, Any]] = []
    if len(points) <= 600:
        for first, second in atoms.bonds(elements, points):
            parts.append((float(min(near[first], near[second])) - 0.01, ("bond", first, second)))
    parts += [(float(depth), ("atom", index, index)) for index, depth in enumerate(near)]
    for _, (what, first, second) in sorted(parts, key=lambda part: part[0]):
        dim = 0.65 + 0.35 * float(fade[first])
        if what == "bond":
            ends = [tuple(places[first]), tuple(places[second])]
            pen.line(ends, fill=tuple(int(part * dim) for part in (120, 124, 130)), width=max(3, int(scale * 0.18)))
            continue
        color = tuple(int(part * dim) for part in atoms.COLORS.get(elements[first], (200, 100, 200)))
        radius = max(2.0, min(scale * (0.25 if elements[first] == "H" else 0.4), 60.0))
        x, y = places[first]
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color, outline=(90, 94, 100), width=2)
        shine = radius * 0.35
        bright = tuple(min(255, part + 70) for part in color)
        pen.ellipse((x - shine * 1.4, y - shine * 1.6, x - shine * 0.3, y - shine * 0.5), fill=bright)
    return _smooth(image)


def _main_axes(points: np.ndarray) -> np.ndarray:
    """Return the axes that lay a molecule flat: its longest extent across, its shortest towards the eye."""
    import numpy as np

    if len(points) < 3:
        return np.eye(3)
    _, _, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    return np.asarray(axes.T)
