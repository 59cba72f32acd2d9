"""Object3D: a 3D file, a point cloud or a lidar scene.

Source: "Logging 3D Objects" and "Point Clouds" of the guides.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from msgspec import UNSET, UnsetType

from medialog.datatypes import arrays, point_cloud, scene, trimesh_object
from medialog.datatypes.base import ChangeLog, DataType, captions_column, file_fields
from medialog.datatypes.files import Content, Sink, Source, read_input, read_reference
from medialog.datatypes.mesh import formats
from medialog.datatypes.mesh.facts import MESH_RULES, Bounds
from medialog.datatypes.object3d_descriptor import (
    SCENE,
    ChildFile,
    FileType,
    Object3DDescriptor,
    Object3DListDescriptor,
    check_file_size,
    single_violations,
)
from medialog.datatypes.point_cloud import ColorScheme
from medialog.validators import checks
from medialog.validators.errors import DamagedFile, InvalidInput, Violation
from medialog.validators.optional import require
from medialog.wire import jsontext
from medialog.wire.fileref import FileRef

if TYPE_CHECKING:
    import numpy as np

    from medialog.validators.rules import Rules, Strictness


@dataclass(frozen=True)
class _Facts:
    """What is known of a stored object; None where it does not apply."""

    format: str
    lossless: bool
    bounds: Bounds | None
    vertices: int | None = None
    faces: int | None = None
    points: int | None = None
    color_scheme: ColorScheme | None = None
    boxes: int | None = None
    vectors: int | None = None


class Object3D(DataType, kind="object3D-file", list_kind="object3D"):
    """A 3D object: `Object3D(data_or_path, caption=...)`.

    `data_or_path` is one of

    - a path, bytes or an open file (binary or text) of an OBJ, glTF, GLB, STL or PLY: checked for being whole and
      self-contained, and stored byte for byte. `file_type` says what it is where no name does;
    - an array (numpy, nested lists, tensors) of points: n x 3 (x y z), n x 4 (with a category, a whole number in 1..14)
      or n x 6 (with red green blue in 0..255), stored as binary PLY in single precision;
    - a scene, `{"type": "lidar/beta", "points": array, "boxes": [...], "vectors": [...]}`: boxes are
      `{"corners": 8 x 3 in any order, "label", "color", "score"}` or made by `box3d`, vectors `{"start", "end"}`;
    - a `Trimesh` or `Scene` of trimesh (stored as GLB), or its `PointCloud` (as PLY);
    - another `Object3D`.

    More than `object3d.points` points are one warning; nothing is dropped. Raises `InvalidInput` with every broken
    rule, `WrongType` for an object that can never be one.
    """

    Descriptor = Object3DDescriptor
    ListDescriptor = Object3DListDescriptor
    documented_rules = {
        **MESH_RULES,
        **point_cloud.POINT_RULES,
        **scene.SCENE_RULES,
        **scene.BOX3D_RULES,
        **trimesh_object.TRIMESH_RULES,
        "object3d.counts": "a descriptor has the counts, files and bounds of its format",
        "object3d.empty": "a 3D file shows something (a warning)",
        "object3d.file_type": "file_type is a format, agrees with the file's name, "
        "and is given where nothing else says it",
        "object3d.formats": "a 3D file is one of `object3d.formats`",
        "object3d.kind": "data_or_path is a file, an array of points, a scene, or an object of trimesh",
        "object3d.list": "a list descriptor's columns agree with its items",
        "object3d.numpy": "from_numpy takes an array, to_numpy needs points",
        "object3d.size": "a 3D file has at most `object3d.size` bytes",
    }
    documented_changes = {**point_cloud.POINT_CHANGES, **trimesh_object.TRIMESH_CHANGES}

    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        file_type: FileType | str | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        original = data_or_path if isinstance(data_or_path, Object3D) else None
        if original is not None and caption is None:
            caption = original.caption
        log = self._begin(limits, strict, caption)
        if file_type is not None:
            known = self._rules.limit("object3d.formats")
            checks.refuse([checks.one_of(file_type, known, "file_type", "object3d.formats")])
        self._content: Content
        self._points_file: Content | None = None
        self._facts: _Facts
        self._advice: tuple[tuple[str, str], ...] = ()
        if original is not None:
            self._check_no_file_type(file_type)
            self._content, self._points_file = original._content, original._points_file
            self._facts, self._advice = original._facts, original._advice
            self._changes.extend(original._changes)
            return
        content = read_input(data_or_path, "Object3D", self._rules)
        if content is not None:
            self._load_file(content, file_type)
            return
        self._check_no_file_type(file_type)
        kind = trimesh_object.recognise(data_or_path)
        if kind in ("mesh", "scene"):
            self._load_file(self._hold(trimesh_object.to_glb(data_or_path, "Object3D", log)), "glb", lossless=False)
        elif kind == "cloud":
            self._load_points(trimesh_object.to_array(data_or_path, log), log)
        elif isinstance(data_or_path, Mapping):
            self._load_scene(data_or_path, log)
        elif isinstance(data_or_path, (list, tuple, range)) or arrays.is_array_like(data_or_path):
            self._load_points(data_or_path, log)
        else:
            expected = "a file, an array of points, a scene, or an object of trimesh"
            raise checks.wrong_type("Object3D", "object3d.kind", expected, data_or_path)

    @classmethod
    def from_file(
        cls,
        data_or_path: Any,
        file_type: FileType | str | None = None,
        caption: str | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> Self:
        """Return the object of a file: a path, bytes or an open file. `InvalidInput` for anything else."""
        if not isinstance(data_or_path, (str, bytes, bytearray, memoryview)) and not _is_path_or_file(data_or_path):
            raise checks.wrong_type("Object3D", "object3d.kind", "a path, bytes or an open file", data_or_path)
        return cls(data_or_path, caption, file_type, limits=limits, strict=strict)

    @classmethod
    def from_numpy(
        cls,
        data: Any,
        caption: str | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> Self:
        """Return the point cloud of an array, n x 3, n x 4 or n x 6. `InvalidInput` for anything else."""
        if not isinstance(data, (list, tuple)) and not arrays.is_array_like(data):
            raise checks.wrong_type("Object3D", "object3d.numpy", "an array", data)
        return cls(data, caption, limits=limits, strict=strict)

    @classmethod
    def from_point_cloud(
        cls,
        points: Any,
        boxes: Any,
        vectors: Any = None,
        point_cloud_type: str = scene.TYPE,
        caption: str | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> Self:
        """Return the scene of points, boxes and vectors."""
        given = {"type": point_cloud_type, "points": points, "boxes": boxes, "vectors": vectors}
        return cls(given, caption, limits=limits, strict=strict)

    # --- construction ---

    def _check_no_file_type(self, file_type: Any) -> None:
        if file_type is not None:
            got = f"file_type={file_type!r} for data that are no file"
            raise InvalidInput(Violation("file_type", "object3d.file_type", "file_type with a file only", got))

    def _hold(self, data: bytes) -> Content:
        content = read_input(data, "Object3D", self._rules)
        assert content is not None
        return content

    def _load_file(self, content: Content, file_type: str | None, *, lossless: bool = True) -> None:
        checks.refuse([check_file_size(content.size, "Object3D", self._rules)])
        data = content.read()
        format = formats.choose(content, data, file_type, self._rules)
        try:
            found = formats.check(format, data, self._rules)
        except InvalidInput as error:
            raise error.within(f"Object3D ({format.upper()})") from None
        self._content = content
        self._facts = _Facts(format, lossless, found.bounds, found.vertices, found.faces)
        self._advice = found.advice
        if found.bounds is None:
            self._advice += (("object3d.empty", f"the {format.upper()} file has nothing to show"),)

    def _load_points(self, data: Any, log: ChangeLog) -> None:
        cloud = point_cloud.encode(data, "points", self._rules, log)
        self._content = self._hold(cloud.ply)
        self._facts = _Facts("ply", cloud.exact, cloud.bounds, points=cloud.points, color_scheme=cloud.color_scheme)

    def _load_scene(self, value: Mapping[Any, Any], log: ChangeLog) -> None:
        found = scene.encode(value, "scene", self._rules, log)
        cloud = found.cloud
        self._points_file = self._hold(cloud.ply)
        self._content = self._hold(scene.to_json(found, self._points_file))
        self._facts = _Facts(
            format=SCENE,
            lossless=found.exact,
            bounds=found.bounds,
            points=cloud.points,
            color_scheme=cloud.color_scheme,
            boxes=len(found.boxes),
            vectors=len(found.vectors),
        )

    # --- facts ---

    @property
    def format(self) -> str:
        """Return the format of the stored file: obj, gltf, glb, stl, ply or scene.json."""
        return self._facts.format

    @property
    def lossless(self) -> bool:
        """Say whether the stored file holds the very values that were given."""
        return self._facts.lossless

    @property
    def points(self) -> int | None:
        """Return how many points a cloud or scene has; None for a mesh file."""
        return self._facts.points

    @property
    def vertices(self) -> int | None:
        """Return how many vertices a mesh file has; None for a cloud or scene."""
        return self._facts.vertices

    @property
    def faces(self) -> int | None:
        """Return how many faces a mesh file has; None for a cloud or scene."""
        return self._facts.faces

    @property
    def bounds(self) -> Bounds | None:
        """Return the smallest and the largest x, y, z of what is shown; None when nothing is."""
        return self._facts.bounds

    def advice(self) -> Iterator[tuple[str, str]]:
        """Yield `(rule, sentence)` for what is kept as given but looks wrong."""
        yield from self._advice
        most = self._rules.limit("object3d.points")
        if self.points is not None and self.points > most:
            sentence = f"{self.points:,} points, viewers may show no more than {most:,}; all are stored"
            yield "object3d.points", sentence

    # --- the way out and back ---

    def read(self) -> bytes:
        """Return the stored file's bytes."""
        return self._content.read()

    def to_numpy(self) -> np.ndarray:
        """Return the points of a cloud, a scene or a PLY file: n x 3, n x 4 or n x 6.

        float32 (float64 for such a file).
        """
        from medialog.datatypes.mesh import ply

        if self.format == SCENE:
            assert self._points_file is not None
            return ply.read_points(self._points_file.read())
        if self.format == "ply":
            return ply.read_points(self.read())
        expected = "a point cloud, a scene or a PLY (read() gives the file, to_trimesh() its mesh)"
        raise InvalidInput(Violation("Object3D", "object3d.numpy", expected, f"a {self.format.upper()} file"))

    def to_scene(self) -> dict[str, Any]:
        """Return a scene as the dict it can be made from again: type, points, boxes and vectors."""
        if self.format != SCENE:
            raise InvalidInput(Violation("Object3D", "object3d.scene", "a scene", f"a {self.format.upper()} file"))
        document = jsontext.loads(self.read())
        boxes = [{key: value for key, value in box.items() if key != "edges"} for box in document["boxes"]]
        return {**document, "points": self.to_numpy(), "boxes": boxes}

    def to_trimesh(self) -> Any:
        """Return the object as trimesh loads it.

        `Trimesh` or `Scene` for a mesh, `PointCloud` for points (boxes not included).
        `MissingDependency` without trimesh.
        """
        trimesh = require("trimesh", extra="object3d")
        if self.points is not None:
            points = self.to_numpy()
            colors = points[:, 3:].astype("uint8") if points.shape[1] == 6 else None
            return trimesh.PointCloud(points[:, :3].astype("float64"), colors=colors)
        return trimesh.load(io.BytesIO(self.read()), file_type=self.format)

    def build(self, sink: Sink) -> Object3DDescriptor:
        """Write the file, and the points of a scene, and return the descriptor."""
        facts = self._facts
        children = [] if self._points_file is None else [sink.write("ply", self._points_file)]
        names = ("vertices", "faces", "points", "color_scheme", "boxes", "vectors")
        counts: dict[str, Any] = {
            name: UNSET if getattr(facts, name) is None else getattr(facts, name) for name in names
        }
        return Object3DDescriptor(
            **file_fields(sink.write(facts.format, self._content)),
            format=facts.format,  # type: ignore[arg-type]
            lossless=facts.lossless,
            **counts,
            bounds=UNSET if facts.bounds is None else [list(end) for end in facts.bounds],
            files=[ChildFile(**file_fields(child)) for child in children] or UNSET,
            **self._common(),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the object of a descriptor."""
        model: Object3DDescriptor = cls.read_model(descriptor)
        self = cls.restore(model.caption, model.changes)
        reference = FileRef(model.path, model.sha256, model.size)
        self._content = Content(model.sha256, model.size, None, read_reference(source, reference))
        self._points_file = None
        self._advice = ()
        if not isinstance(model.files, UnsetType):
            child = model.files[0]
            _check_named_points(self._content.read(), child)
            data = read_reference(source, FileRef(child.path, child.sha256, child.size))
            self._points_file = Content(child.sha256, child.size, None, data)
        bounds = None if isinstance(model.bounds, UnsetType) else model.bounds
        self._facts = _Facts(
            format=model.format,
            lossless=model.lossless,
            bounds=None if bounds is None else tuple(tuple(end) for end in bounds),  # type: ignore[arg-type]
            vertices=_or_none(model.vertices),
            faces=_or_none(model.faces),
            points=_or_none(model.points),
            color_scheme=_or_none(model.color_scheme),
            boxes=_or_none(model.boxes),
            vectors=_or_none(model.vectors),
        )
        return self

    @classmethod
    def list_columns(cls, descriptors: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return W&B's columns: file names, the single descriptors, captions."""
        columns: dict[str, Any] = {"filenames": [descriptor["path"] for descriptor in descriptors]}
        return {**columns, "objects": list(descriptors), **captions_column(descriptors)}

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield files over the limits, and counts, files and bounds that do not fit the format.

        For a list, also columns that do not fit its items.
        """
        if descriptor["_type"] == cls.list_kind:
            items = descriptor["items"]
            expected = {"count": len(items), **cls.list_columns(items)}
            for name in ("count", "filenames", "objects", "captions"):
                if descriptor.get(name) != expected.get(name):
                    wanted = f"what items say: {checks.show(expected.get(name))}"
                    yield Violation(f"$.{name}", "object3d.list", wanted, checks.show(descriptor.get(name)))
            for index, item in enumerate(items):
                for violation in cls.descriptor_violations(item, rules):
                    yield Violation(
                        f"$.items[{index}]{violation.at[1:]}", violation.rule, violation.expected, violation.got
                    )
            return
        yield from single_violations(descriptor, rules)

    def describe(self) -> str:
        """Return the format and how much is in it."""
        names = ("points", "boxes", "vectors", "vertices", "faces")
        counts = [(getattr(self._facts, name), name) for name in names]
        return ", ".join([self.format, *(f"{count:,} {name}" for count, name in counts if count is not None)])


def _is_path_or_file(value: object) -> bool:
    return hasattr(value, "__fspath__") or (hasattr(value, "read") and not hasattr(value, "__array__"))


def _or_none(value: Any) -> Any:
    return None if isinstance(value, UnsetType) else value


def _check_named_points(text: bytes, child: ChildFile) -> None:
    """Hold a scene's file against the descriptor: both name the same points."""
    try:
        named = jsontext.loads(text)["points"]
        same = (named["sha256"], named["size"]) == (child.sha256, child.size)
    except (ValueError, TypeError, KeyError):
        same = False
    if not same:
        raise DamagedFile(f"{child.path}: not the points that the scene names")
