from __future__ import annotations

import io
import json
import struct
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import medialog
from laws import Call, TypeLaws, call, call_of
from medialog.datatypes.adopt import adopt
from medialog.datatypes.base import decode
from medialog.datatypes.files import MemorySink
from medialog.datatypes.object3d import Object3D
from medialog.datatypes.scene import box3d
from medialog.validators import validate
from medialog.validators.errors import (
    Advice,
    DamagedFile,
    DataChanged,
    InvalidDescriptor,
    InvalidInput,
    MissingDependency,
    WrongType,
)

BOX = trimesh.creation.box()
FILES: dict[str, bytes] = {
    "obj": BOX.export(file_type="obj").encode(),
    "stl": BOX.export(file_type="stl"),
    "ply": BOX.export(file_type="ply"),
    "glb": BOX.export(file_type="glb"),
    "gltf": trimesh.exchange.gltf.export_gltf(trimesh.Scene(BOX), embed_buffers=True)["model.gltf"],
}


PLY_HEADER = (
    b"ply\nformat binary_little_endian 1.0\nelement vertex %d\nproperty float x\nproperty float y\nproperty float z\n"
)


def xyz() -> list[list[float]]:
    return [[0.0, 0.5, 1.0], [1.5, -2.0, 3.0]]


def unit() -> list[list[float]]:
    return [[x, y, z] for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)]


def named(name: str, data: bytes) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


def documented_scene() -> dict[str, Any]:
    """The guide's own example, colours of 321 included."""
    return {
        "type": "lidar/beta",
        "points": np.array([[0.4, 1, 1.3], [1, 1, 1], [1.2, 1, 1.2]]),
        "boxes": np.array(
            [
                {
                    "corners": [[0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]],
                    "label": "Box",
                    "color": [123, 321, 111],
                },
                {
                    "corners": [[0, 0, 0], [0, 2, 0], [0, 0, 2], [2, 0, 0], [2, 2, 0], [0, 2, 2], [2, 0, 2], [2, 2, 2]],
                    "label": "Box-2",
                    "color": [111, 321, 0],
                },
            ]
        ),
        "vectors": [{"start": [0, 0, 0], "end": [0.1, 0.2, 0.5]}],
    }


def scene(**members: Any) -> dict[str, Any]:
    return {"type": "lidar/beta", **members}


def textured() -> Any:
    from PIL import Image

    mesh = trimesh.creation.box()
    mesh.visual = trimesh.visual.TextureVisuals(uv=np.zeros((8, 2)), image=Image.new("RGB", (4, 4), "red"))
    return mesh


def two_meshes() -> Any:
    result = trimesh.Scene(trimesh.creation.box())
    result.add_geometry(
        trimesh.creation.icosphere(subdivisions=1), transform=trimesh.transformations.translation_matrix([3, 0, 0])
    )
    return result


def coloured_cloud(colours: list[list[int]]) -> Any:
    return trimesh.PointCloud(np.array(xyz()), colors=colours)


def triangle(height: float) -> Any:
    """Return a mesh of one triangle, with one corner at a height."""
    return trimesh.Trimesh([[0.0, 0.0, height], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [[0, 1, 2]], process=False)


def of_file(name: str) -> Callable[[], Call]:
    return lambda: call(named(f"a.{name}", FILES[name]))


class Dlpack:
    """An array of a library that nobody imported."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __dlpack__(self, **keywords: Any) -> Any:
        return self._array.__dlpack__(**keywords)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()


class TestObject3D(TypeLaws):
    type = Object3D
    valid = {
        **{f"a file: {name}": of_file(name) for name in FILES},
        "bytes": lambda: call(FILES["glb"]),
        "bytes with a type": lambda: call(FILES["obj"], file_type="obj"),
        "with a caption": lambda: call(named("a.glb", FILES["glb"]), caption="a box"),
        "points": lambda: call(np.array(xyz(), np.float32)),
        "points of doubles": lambda: call(np.array([[0.1, 0.2, 0.3]])),
        "points of integers": lambda: call(np.arange(9).reshape(3, 3)),
        "large integers": lambda: call(np.array([[2**24 + 1, 0, 0]])),
        "float16": lambda: call(np.ones((2, 3), np.float16)),
        "a list": lambda: call([[0, 0, 0], [1, 2, 3]]),
        "no points": lambda: call(np.zeros((0, 3))),
        "no coloured points": lambda: call(np.zeros((0, 6), np.float32)),
        "an empty list": lambda: call([]),
        "categories": lambda: call(np.array([[0, 0, 0, 1], [1, 2, 3, 14]], np.float32)),
        "integer categories": lambda: call([[0, 0, 0, 1], [1, 2, 3, 14]]),
        "colours": lambda: call(np.array([[0, 0, 0, 0, 128, 255]], np.float32)),
        "uint8": lambda: call(np.array([[0, 0, 0, 0, 128, 255]], np.uint8)),
        "colours to round": lambda: call(np.array([[0, 0, 0, 0.4, 127.5, 254.6]])),
        "colours to clamp": lambda: call(np.array([[0, 0, 0, -1, 128, 999]])),
        "the documented scene": lambda: call(documented_scene()),
        "a scene of nothing": lambda: call(scene()),
        "a scene of boxes": lambda: call(
            scene(boxes=[box3d((0, 0, 0), (1, 2, 3), (1, 0, 0, -0.5), (1, 0, 0), "car", 0.5)])
        ),
        "a scene with colours": lambda: call(scene(points=[[0, 0, 0, 1, 2, 300.4]])),
        "from_point_cloud": lambda: call_of(Object3D.from_point_cloud, xyz(), [{"corners": unit()}]),
        "from_numpy": lambda: call_of(Object3D.from_numpy, np.array(xyz())),
        "from_file": lambda: call_of(Object3D.from_file, FILES["stl"], "stl"),
        "a Trimesh": lambda: call(trimesh.creation.icosphere(subdivisions=1)),
        "an inexact Trimesh": lambda: call(trimesh.creation.box(extents=(0.1, 0.2, 0.3))),
        "a textured Trimesh": lambda: call(textured()),
        "a primitive": lambda: call(trimesh.primitives.Sphere(subdivisions=1)),
        "a Scene": lambda: call(two_meshes()),
        "a PointCloud": lambda: call(trimesh.PointCloud(np.array(xyz()))),
        "a coloured PointCloud": lambda: call(coloured_cloud([[1, 2, 3, 255], [4, 5, 6, 255]])),
        "a transparent PointCloud": lambda: call(coloured_cloud([[1, 2, 3, 255], [4, 5, 6, 7]])),
        "another Object3D": lambda: call(Object3D(documented_scene(), caption="kept")),
    }  # fmt: skip
    invalid = {
        "n x 5": (lambda: call(np.zeros((2, 5))), {"object3d.shape"}),
        "n x 2": (lambda: call(np.zeros((2, 2))), {"object3d.shape"}),
        "1-D": (lambda: call(np.zeros(3)), {"object3d.shape"}),
        "3-D": (lambda: call(np.zeros((2, 3, 3))), {"object3d.shape"}),
        "0-D": (lambda: call(np.float64(3)), {"object3d.shape"}),
        "ragged": (lambda: call([[0, 0, 0], [1]]), {"array.ragged"}),
        "text": (lambda: call([["a", "b", "c"]]), {"array.dtype"}),
        "complex": (lambda: call(np.zeros((1, 3), complex)), {"array.dtype"}),
        "an object": (lambda: call(object()), {"object3d.kind"}),
        "None": (lambda: call(None), {"object3d.kind"}),
        "a number": (lambda: call(3), {"object3d.kind"}),
        "NaN": (lambda: call([[0, 0, np.nan]]), {"object3d.finite"}),
        "infinity": (lambda: call([[0, 0, np.inf]]), {"object3d.finite"}),
        "beyond float32": (lambda: call([[0, 0, 1e39]]), {"object3d.range"}),
        "category 0": (lambda: call([[0, 0, 0, 0]]), {"object3d.category"}),
        "category 15": (lambda: call([[0, 0, 0, 15]]), {"object3d.category"}),
        "category 1.5": (lambda: call([[0, 0, 0, 1.5]]), {"object3d.category"}),
        "category NaN": (lambda: call([[0, 0, 0, np.nan]]), {"object3d.category"}),
        "NaN and a category": (lambda: call([[0, np.nan, 0, 99]]), {"object3d.finite", "object3d.category"}),
        "colour NaN": (lambda: call([[0, 0, 0, 0, 0, np.nan]]), {"object3d.finite"}),
        "colours of 0 to 1": (lambda: call([[0, 0, 0, 0.2, 0.4, 1.0]]), {"object3d.rgb_unit"}),
        "colour 256, strict": (lambda: call([[0, 0, 0, 0, 0, 256]], strict="error"), {"object3d.rgb"}),
        "colour -1, strict": (lambda: call([[0, 0, 0, 0, 0, -1]], strict="error"), {"object3d.rgb"}),
        "transparent, strict": (
            lambda: call(coloured_cloud([[1, 2, 3, 4], [4, 5, 6, 7]]), strict="error"),
            {"object3d.alpha"},
        ),
        "documented scene, strict": (lambda: call(documented_scene(), strict="error"), {"object3d.rgb"}),
        "another scene": (lambda: call({"type": "lidar"}), {"object3d.scene"}),
        "no scene type": (lambda: call({"points": xyz()}), {"object3d.scene"}),
        "from_point_cloud of a type": (
            lambda: call_of(Object3D.from_point_cloud, xyz(), [], None, "x"),
            {"object3d.scene"},
        ),
        "a camera": (lambda: call(scene(camera={})), {"object3d.scene"}),
        "scene points of 5": (lambda: call(scene(points=np.zeros((2, 5)))), {"object3d.shape"}),
        "boxes that are one": (lambda: call(scene(boxes={"corners": unit()})), {"object3d.box"}),
        "boxes of numbers": (lambda: call(scene(boxes=np.zeros((1, 8, 3)))), {"object3d.box"}),
        "a box without corners": (lambda: call(scene(boxes=[{"label": "a"}])), {"object3d.box"}),
        "a box with more": (lambda: call(scene(boxes=[{"corners": unit(), "colour": [1, 2, 3]}])), {"object3d.box"}),
        "7 corners": (lambda: call(scene(boxes=[{"corners": unit()[:7]}])), {"object3d.corners"}),
        "a label that is none": (lambda: call(scene(boxes=[{"corners": unit(), "label": 3}])), {"object3d.label"}),
        "a long label": (lambda: call(scene(boxes=[{"corners": unit(), "label": "a" * 2_001}])), {"caption.length"}),
        "score NaN": (lambda: call(scene(boxes=[{"corners": unit(), "score": np.nan}])), {"object3d.score"}),
        "score of text": (lambda: call(scene(boxes=[{"corners": unit(), "score": "1"}])), {"object3d.score"}),
        "colour of two": (lambda: call(scene(boxes=[{"corners": unit(), "color": [1, 2]}])), {"object3d.color"}),
        "box colour of 0 to 1": (
            lambda: call(scene(boxes=[{"corners": unit(), "color": [0.5, 0, 1]}])),
            {"object3d.rgb_unit"},
        ),
        "a vector without end": (lambda: call(scene(vectors=[{"start": [0, 0, 0]}])), {"object3d.vector"}),
        "a vector of two": (lambda: call(scene(vectors=[{"start": [0, 0], "end": [0, 0, 0]}])), {"object3d.vector"}),
        "an infinite vector": (
            lambda: call(scene(vectors=[{"start": [0, 0, np.inf], "end": [0, 0, 0]}])),
            {"object3d.vector"},
        ),
        "everything": (
            lambda: call(scene(boxes=[{"corners": unit()[:7], "label": 3}, 5], vectors=[1])),
            {"object3d.corners", "object3d.label", "object3d.box", "object3d.vector"},
        ),
        "more boxes than the limit": (
            lambda: call(scene(boxes=[{"corners": unit()}] * 3), limits={"boxes.per_layer": 2}),
            {"boxes.per_layer"},
        ),
        "no such file": (lambda: call("/nowhere/a.obj"), {"file.missing"}),
        "a URL": (lambda: call("https://example.com/a.glb"), {"file.url"}),
        "a suffix": (lambda: call(named("a.fbx", b"abc")), {"object3d.formats"}),
        "pts.json": (lambda: call(named("a.pts.json", b"[]")), {"object3d.formats"}),
        "a type": (lambda: call(FILES["obj"], file_type="babylon"), {"object3d.formats"}),
        "bytes of text": (lambda: call(FILES["obj"]), {"object3d.file_type"}),
        "text without a type": (lambda: call(io.StringIO("v 0 0 0")), {"object3d.file_type"}),
        "type against name": (lambda: call(named("a.obj", FILES["obj"]), file_type="glb"), {"object3d.file_type"}),
        "type of an array": (lambda: call(np.zeros((2, 3)), file_type="ply"), {"object3d.file_type"}),
        "garbage glb": (lambda: call(named("a.glb", b"garbage")), {"file.content"}),
        "garbage obj": (lambda: call(named("a.obj", b"hello")), {"file.content"}),
        "a glb called obj": (lambda: call(named("a.obj", FILES["glb"])), {"file.content"}),
        "a ply called stl": (lambda: call(named("a.stl", FILES["ply"])), {"file.content"}),
        "an empty file": (lambda: call(named("a.glb", b"")), {"file.content"}),
        "a file over the limit": (lambda: call(FILES["glb"], limits={"object3d.size": 100}), {"object3d.size"}),
        "from_file of an array": (lambda: call_of(Object3D.from_file, np.zeros((2, 3))), {"object3d.kind"}),
        "from_numpy of a path": (lambda: call_of(Object3D.from_numpy, "a.obj"), {"object3d.numpy"}),
        "a Trimesh of NaN": (
            lambda: call(triangle(np.nan)),
            {"object3d.finite"},
        ),
        "a Trimesh beyond float32": (
            lambda: call(triangle(1e39)),
            {"object3d.range"},
        ),
        "a Trimesh of a missing vertex": (
            lambda: call(trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 7]], process=False)),
            {"object3d.index"},
        ),
        "a caption": (lambda: call(xyz(), caption=3), {"caption.text"}),
    }  # fmt: skip
    spellings = {
        "points": [
            lambda: call(xyz()),
            lambda: call(tuple(map(tuple, xyz()))),
            lambda: call(np.array(xyz())),
            lambda: call(np.array(xyz(), np.float32)),
            lambda: call(np.array(xyz(), np.float16)),
            lambda: call(np.array(xyz(), order="F")),
            lambda: call(np.array(xyz()).astype(">f8")),
            lambda: call(Dlpack(np.array(xyz()))),
            lambda: call([np.array(xyz()[0]), np.array(xyz()[1])]),
            lambda: call(trimesh.PointCloud(np.array(xyz()))),
            lambda: call_of(Object3D.from_numpy, np.array(xyz())),
        ],
        "a scene": [
            lambda: call(
                scene(
                    points=xyz(),
                    boxes=[{"corners": unit(), "color": [1, 2, 3]}],
                    vectors=[{"start": [0, 0, 0], "end": [1, 1, 1]}],
                )
            ),
            lambda: call(
                scene(
                    points=np.array(xyz()),
                    boxes=np.array(
                        [{"corners": np.array(unit(), np.float32), "color": np.array([1, 2, 3]), "label": None}]
                    ),
                    vectors=np.array([{"start": (0, 0, 0), "end": np.ones(3)}]),
                )
            ),
            lambda: call_of(
                Object3D.from_point_cloud,
                xyz(),
                [{"corners": np.array(unit(), int), "color": (1.0, 2.0, 3.0)}],
                [{"start": [0, 0, 0], "end": [1, 1, 1]}],
            ),
        ],
        "a file": [lambda: call(named("a.obj", FILES["obj"])), lambda: call(FILES["obj"], file_type="obj"),
                   lambda: call(io.StringIO(FILES["obj"].decode()), file_type="obj")],
    }  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mode", ["path", "text", "binary"])
def test_files_are_stored_byte_for_byte(tmp_path: Path, name: str, mode: str) -> None:
    path = tmp_path / f"sample.{name}"
    path.write_bytes(FILES[name])
    sink = MemorySink()

    if mode == "path":
        descriptor = Object3D(path).encode(sink)
    else:
        with path.open("r" if mode == "text" else "rb") as file:  # the guide opens a GLB in text mode
            descriptor = Object3D(file).encode(sink)

    assert {descriptor["path"]: FILES[name]} == sink.files
    assert (name, True) == (descriptor["format"], descriptor["lossless"])
    assert len(BOX.faces) == descriptor["faces"]
    np.testing.assert_allclose(BOX.bounds, descriptor["bounds"], atol=1e-6)


def test_a_file_too_large_to_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.glb"
    path.write_bytes(FILES["glb"])
    sink = MemorySink()

    descriptor = Object3D(path, limits={"file.in_memory": 10}).encode(sink)

    assert FILES["glb"] == sink.files[descriptor["path"]]


def test_golden_ply_of_points() -> None:
    header = PLY_HEADER % 2

    assert (
        header + b"end_header\n" + struct.pack("<6f", *[part for point in xyz() for part in point])
        == Object3D(xyz()).read()
    )


def test_golden_ply_of_categories() -> None:
    header = PLY_HEADER % 1
    expected = header + b"property uchar category\nend_header\n" + struct.pack("<3fB", 1, 2, 3, 14)

    assert expected == Object3D([[1, 2, 3, 14]]).read()


def test_golden_ply_of_colours() -> None:
    header = PLY_HEADER % 1
    names = b"property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n"

    assert header + names + struct.pack("<3f3B", 1, 2, 3, 4, 5, 255) == Object3D([[1, 2, 3, 4, 5, 255]]).read()


def test_the_documented_scene() -> None:
    sink = MemorySink()
    value = Object3D(documented_scene())

    with pytest.warns(DataChanged, match=r"object3d\.rgb"):
        descriptor = value.encode(sink)

    stored = json.loads(sink.files[descriptor["path"]])
    (points,) = descriptor["files"]
    edges = [[0, 1], [0, 2], [0, 3], [1, 4], [1, 5], [2, 5], [2, 6], [3, 4], [3, 6], [4, 7], [5, 7], [6, 7]]
    boxes = documented_scene()["boxes"].tolist()
    assert {
        "type": "lidar/beta",
        "points": {"sha256": points["sha256"], "format": "ply", "size": points["size"]},
        "boxes": [
            {"corners": boxes[0]["corners"], "label": "Box", "color": [123, 255, 111], "edges": edges},
            {"corners": boxes[1]["corners"], "label": "Box-2", "color": [111, 255, 0], "edges": edges},
        ],
        "vectors": [{"start": [0, 0, 0], "end": [0.1, 0.2, 0.5]}],
    } == stored
    assert descriptor["path"].endswith(".scene.json")
    assert {descriptor["path"], points["path"]} == set(sink.files)
    assert (3, 2, 1, "none", False) == tuple(
        descriptor[k] for k in ("points", "boxes", "vectors", "color_scheme", "lossless")
    )
    assert [[0, 0, 0], [2, 2, 2]] == descriptor["bounds"]
    assert [("object3d.float32", False, 4), ("object3d.rgb", True, 2)] == [
        (change["id"], change["lossy"], change["count"]) for change in descriptor["changes"]
    ]


def test_a_scene_comes_back_as_what_makes_it_again() -> None:
    sink = MemorySink()
    value = Object3D(scene(points=xyz(), boxes=[{"corners": unit(), "color": [1, 2, 3], "score": 0.5}]))

    loaded = decode(value.encode(sink), sink)

    again = loaded.to_scene()
    assert [{"corners": unit(), "color": [1, 2, 3], "score": 0.5}] == again["boxes"]
    assert xyz() == again["points"].tolist()
    assert value == Object3D(again)


@given(hnp.arrays(np.float64, st.tuples(st.integers(0, 20), st.just(3)), elements=st.floats(-1e6, 1e6, width=32)))
def test_points_come_back(points: np.ndarray) -> None:
    value = Object3D(points)

    np.testing.assert_array_equal(points, value.to_numpy())
    assert np.float32 == value.to_numpy().dtype
    assert value.lossless
    assert not value.changes


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 20), st.just(3)), elements=st.floats(-1e30, 1e30)))
def test_doubles_are_rounded_as_numpy_rounds_them_and_counted(points: np.ndarray) -> None:
    value = Object3D(points)

    expected = points.astype(np.float32)
    np.testing.assert_array_equal(expected, value.to_numpy())
    changed = int((expected != points).sum())
    assert [("object3d.float32", changed)] * bool(changed) == [(change.id, change.count) for change in value.changes]
    assert (not changed) == value.lossless


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 20), st.just(6)), elements=st.integers(0, 255).map(float)))
def test_trimesh_reads_the_same_points_and_colours(points: np.ndarray) -> None:
    read: Any = trimesh.load(io.BytesIO(Object3D(points).read()), file_type="ply")

    np.testing.assert_array_equal(points[:, :3], read.vertices)
    np.testing.assert_array_equal(points[:, 3:], read.colors[:, :3])


def test_colours_are_rounded_then_clamped_and_counted() -> None:
    value = Object3D([[0, 0, 0, 255.4, -0.4, 255.6], [0, 0, 0, -0.6, 300, 1.5]], strict="record")

    assert [[0, 0, 0, 255, 0, 255], [0, 0, 0, 0, 255, 2]] == value.to_numpy().tolist()
    assert [("object3d.rgb_rounded", False, 5), ("object3d.rgb", True, 3)] == [
        (c.id, c.lossy, c.count) for c in value.changes
    ]
    assert not value.lossless


def test_a_message_names_place_and_count() -> None:
    with pytest.raises(InvalidInput, match=r"points\[1, 3\]: a whole number in \[1, 14\], got 15.0 \(2 such rows\)"):
        Object3D([[0, 0, 0, 1.0], [0, 0, 0, 15], [0, 0, 0, 1.5]])
    with pytest.raises(InvalidInput, match=r"n x 3: \[\[x, y, z\], ...\]\n.*n x 4.*\n.*n x 6.*got shape \(2, 5\)"):
        Object3D(np.zeros((2, 5)))


def test_points_past_the_limit_are_one_warning_and_all_stored() -> None:
    points = np.zeros((300_001, 3), np.float32)

    with pytest.warns(Advice, match=r"300,001 points.*300,000") as caught:
        descriptor = Object3D(points).encode(MemorySink())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Object3D(points[1:]).encode(MemorySink())

    assert 1 == len(caught)
    assert 300_001 == descriptor["points"]


def test_a_file_that_shows_nothing_is_a_warning() -> None:
    with pytest.warns(Advice, match=r"object3d\.empty"):
        Object3D(bytes(84), file_type="stl").encode(MemorySink())


def test_an_obj_with_materials_is_a_warning() -> None:
    with pytest.warns(Advice, match=r"object3d\.materials"):
        Object3D(b"mtllib a.mtl\n" + FILES["obj"], file_type="obj").encode(MemorySink())


def test_file_size_exactly() -> None:
    size = len(FILES["glb"])

    assert size == len(Object3D(FILES["glb"], limits={"object3d.size": size}).read())
    with pytest.raises(InvalidInput, match=r"object3d\.size"):
        Object3D(FILES["glb"], limits={"object3d.size": size - 1})


@pytest.mark.parametrize(
    ("make", "name"),
    [(trimesh.creation.box, "glb"), (two_meshes, "glb"), (lambda: trimesh.PointCloud(np.array(xyz())), "ply"),
     (trimesh.primitives.Box, "glb")],
)  # fmt: skip
def test_objects_of_trimesh_are_adopted(make: Any, name: str) -> None:
    value = adopt(make())

    assert isinstance(value, Object3D)
    assert name == value.format


def test_a_trimesh_comes_back() -> None:
    mesh = trimesh.creation.icosphere(subdivisions=2)

    read = Object3D(mesh).to_trimesh().to_mesh()

    np.testing.assert_allclose(mesh.triangles, read.triangles, atol=1e-6)


def test_a_trimesh_is_stored_the_same_whatever_was_asked_of_it() -> None:
    fresh, used = trimesh.creation.icosphere(subdivisions=1), trimesh.creation.icosphere(subdivisions=1)
    assert len(used.vertex_normals)
    used.metadata["file_path"] = "/home/someone/secret.obj"

    assert Object3D(fresh) == Object3D(used)
    assert b"someone" not in Object3D(used).read()


def test_points_come_back_as_a_point_cloud_of_trimesh() -> None:
    cloud = Object3D([[0, 0, 0, 1, 2, 3], [1, 1, 1, 4, 5, 6]]).to_trimesh()

    assert [[0, 0, 0], [1, 1, 1]] == cloud.vertices.tolist()
    assert [[1, 2, 3], [4, 5, 6]] == cloud.colors[:, :3].tolist()


def test_without_trimesh(monkeypatch: pytest.MonkeyPatch) -> None:
    value = Object3D(FILES["glb"])
    monkeypatch.setitem(sys.modules, "trimesh", None)

    assert value == Object3D(FILES["glb"])
    with pytest.raises(MissingDependency, match=r'pip install "medialog\[object3d\]"'):
        value.to_trimesh()


def test_readers_say_what_they_cannot_read() -> None:
    with pytest.raises(InvalidInput, match=r"object3d\.numpy"):
        Object3D(FILES["glb"]).to_numpy()
    with pytest.raises(InvalidInput, match=r"object3d\.scene"):
        Object3D(xyz()).to_scene()
    with pytest.raises(WrongType):
        Object3D(object())


def test_list_form_has_the_keys_of_wandb() -> None:
    from medialog.datatypes.base import MediaList

    descriptor = MediaList([Object3D(xyz(), caption="a"), Object3D(FILES["glb"])]).encode_into(MemorySink())

    assert isinstance(descriptor, dict)
    assert ("object3D", 2, ["a", None]) == (descriptor["_type"], descriptor["count"], descriptor["captions"])
    assert [item["path"] for item in descriptor["items"]] == descriptor["filenames"]
    assert descriptor["items"] == descriptor["objects"]
    descriptor["filenames"].reverse()
    assert {"object3d.list"} == {violation.rule for violation in validate(descriptor)}


@pytest.mark.parametrize(
    "edit",
    [
        {"bounds": [[1, 1, 1], [0, 0, 0]]},
        {"format": "glb"},
        {"vertices": 3},
        {"color_scheme": None},
        {"files": [{"path": "media/00/" + 64 * "0" + ".ply", "sha256": 64 * "0", "size": 1}]},
    ],
)
def test_descriptors_that_contradict_themselves(edit: dict[str, Any]) -> None:
    descriptor = {**Object3D(xyz()).encode_into(MemorySink()), **edit}

    assert {"object3d.counts"} == {
        violation.rule for violation in validate({k: v for k, v in descriptor.items() if v is not None})
    }


def test_a_scene_must_name_the_points_of_its_descriptor() -> None:
    sink = MemorySink()
    first, second = (Object3D(scene(points=points)).encode(sink) for points in (xyz(), xyz()[:1]))

    with pytest.raises(DamagedFile, match="not the points that the scene names"):
        decode({**first, "files": second["files"]}, sink)
    with pytest.raises(InvalidDescriptor):
        decode({key: value for key, value in first.items() if key != "files"}, sink)


def test_the_face_has_both_names() -> None:
    import medialog.datatypes as types

    assert {"Object3D", "box3d"} <= set(types.__all__)
    assert Object3D is types.Object3D
    assert box3d is types.box3d
    assert medialog is not None
