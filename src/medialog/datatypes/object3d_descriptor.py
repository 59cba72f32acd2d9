"""The wire forms of `Object3D`: one object, and a list of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes.base import Caption, Changes, Count, FileModel, MediaPath, Model, Sha256, Size
from medialog.datatypes.mesh import gltf
from medialog.datatypes.point_cloud import ColorScheme
from medialog.validators import checks
from medialog.validators.errors import Violation
from medialog.validators.rules import Rules

SCENE = "scene.json"
Format = Literal["obj", "gltf", "glb", "stl", "ply", "scene.json"]
FileType = Literal["obj", "gltf", "glb", "stl", "ply"]

Items = Annotated[int, Meta(ge=0, extra_json_schema={"x-medialog-limit": "boxes.per_layer"})]
Point = Annotated[list[float], Meta(min_length=3, max_length=3)]


class ChildFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A file that another file of the same value refers to."""

    path: MediaPath
    sha256: Sha256
    size: Size


class Object3DDescriptor(FileModel, tag="object3D-file"):
    """The wire form of one 3D object: a mesh file, points (PLY) or a scene (JSON, its points a PLY in `files`)."""

    format: Annotated[Format, Meta(description="what the file's content is")]
    lossless: Annotated[bool, Meta(description="the file holds the very values that were given")]
    vertices: Annotated[Count, Meta(description="vertices of a mesh file, as stored")] | UnsetType = UNSET
    faces: Annotated[Count, Meta(description="faces of a mesh file, as stored")] | UnsetType = UNSET
    points: Annotated[Count, Meta(description="points of a cloud or a scene")] | UnsetType = UNSET
    color_scheme: (
        Annotated[ColorScheme, Meta(description="of a cloud or a scene: how points are coloured")] | UnsetType
    ) = UNSET
    boxes: Annotated[Items, Meta(description="boxes of a scene")] | UnsetType = UNSET
    vectors: Annotated[Items, Meta(description="vectors of a scene")] | UnsetType = UNSET
    bounds: (
        Annotated[
            list[Point],
            Meta(
                min_length=2, max_length=2, description="smallest and largest x, y, z; left out where nothing is shown"
            ),
        ]
        | UnsetType
    ) = UNSET
    files: (
        Annotated[
            list[ChildFile], Meta(min_length=1, max_length=64, description="files that this file names by their sha256")
        ]
        | UnsetType
    ) = UNSET
    caption: Caption | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class Object3DListDescriptor(Model, tag="object3D"):
    """The wire form of a list of 3D objects. `items` is the truth; other keys derive from it, as W&B writes them."""

    count: Count
    filenames: list[MediaPath]
    objects: Annotated[list[Object3DDescriptor], Meta(description="the same as items: W&B's name for them")]
    items: Annotated[list[Object3DDescriptor], Meta(min_length=1)]
    captions: list[Caption | None] | UnsetType = UNSET


_MESH_COUNTS = {"vertices", "faces"}
_POINT_COUNTS = {"points", "color_scheme"}
_SCENE_COUNTS = _POINT_COUNTS | {"boxes", "vectors", "files"}


def check_file_size(size: int, at: str, rules: Rules) -> Violation | None:
    """Hold a 3D file against the limit."""
    return checks.at_most(size, "object3d.size", at, rules, "bytes in a 3D file")


def single_violations(descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
    """Yield a file over the limits, and counts, files and bounds of one object that do not fit its format."""
    format = descriptor["format"]
    given = {name for name in _MESH_COUNTS | _SCENE_COUNTS if name in descriptor}
    wanted = (
        [_SCENE_COUNTS] if format == SCENE else [_MESH_COUNTS, _POINT_COUNTS] if format == "ply" else [_MESH_COUNTS]
    )
    if given not in wanted:
        expected = " or ".join(", ".join(sorted(names)) for names in wanted)
        yield Violation("$", "object3d.counts", f"{expected} for format {format}", ", ".join(sorted(given)) or "none")
    if "vertices" in descriptor:  # a file that was given: points and scenes are not held against its limit
        checked = [check_file_size(descriptor["size"], "$.size", rules)]
        if format == "gltf":
            checked.append(gltf.check_json_size(descriptor["size"], "$.size", rules))
        yield from (violation for violation in checked if violation is not None)
    if len(descriptor.get("files", ())) > 1:
        yield Violation("$.files", "object3d.counts", "one file, the points", f"{len(descriptor['files'])}")
    if not descriptor["path"].endswith(f".{format}"):
        yield Violation("$.path", "object3d.counts", f"a file named .{format}", descriptor["path"][-20:])
    low, high = descriptor.get("bounds", ((), ()))
    if any(least > most for least, most in zip(low, high, strict=True)):
        expected = "[[smallest x, y, z], [largest x, y, z]]"
        yield Violation("$.bounds", "object3d.counts", expected, checks.show(descriptor["bounds"]))
