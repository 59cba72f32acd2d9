"""O: 3-D files, point clouds and scenes."""

from __future__ import annotations

import base64
import copy
import io
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import pictures
from bad_input import nasty
from bad_input.postcondition import KEY, Bench, Case, accepted, flat, refused, refused_file
from medialog import Object3D
from medialog.validators.errors import WrongType

SMALL = 8 << 20
NAN, INF = float("nan"), float("inf")
POINTS = np.zeros((3, 3))
POSITIONS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.5]], "<f4")
DATA = POSITIONS.tobytes() + np.array([0, 1, 2, 0], "<u2").tobytes()
TRIANGLE = b"v 0 0 0\nv 1 0 0\nv 0 1 0.5\nf 1 2 3\n"
UNIT = [[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]


def picture(width: int = 2, height: int = 2) -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()


def uri(data: bytes, kind: str = "application/octet-stream") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


DOCUMENT: dict[str, Any] = {
    "asset": {"version": "2.0"},
    "scene": 0,
    "scenes": [{"nodes": [0]}],
    "nodes": [{"children": [1]}, {"mesh": 0}],
    "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": 0}]}],
    "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
    "textures": [{"source": 0}],
    "images": [{"uri": uri(picture(), "image/png")}],
    "accessors": [
        {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0.5]},
        {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"},
    ],
    "bufferViews": [
        {"buffer": 0, "byteOffset": 0, "byteLength": 36},
        {"buffer": 0, "byteOffset": 36, "byteLength": 8},
    ],
    "buffers": [{"byteLength": 44, "uri": uri(DATA)}],
}


def gltf(*path: Any, value: Any) -> bytes:
    """Return the document with one member changed."""
    edited = copy.deepcopy(DOCUMENT)
    node: Any = edited
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return json.dumps(edited).encode()


def glb(
    *chunks: tuple[bytes, bytes],
    version: int = 2,
    length: int | None = None,
    magic: bytes = b"glTF",
    text: bytes | None = None,
) -> bytes:
    if text is None:
        text = gltf("buffers", value=[{"byteLength": 44}])
    parts = ((b"JSON", text + b" " * (-len(text) % 4)), *chunks)
    body = b"".join(struct.pack("<I", len(data)) + kind + data for kind, data in parts)
    return magic + struct.pack("<II", version, 12 + len(body) if length is None else length) + body


BIN = (b"BIN\0", DATA)


def ply(count: Any = 1, order: str = "binary_little_endian", rest: str = "", names: str = "xyz") -> bytes:
    properties = "".join(f"property float {name}\n" for name in names)
    return f"ply\nformat {order} 1.0\nelement vertex {count}\n{properties}{rest}end_header\n".encode()


def stl(count: int = 1, body: bytes = bytes(50)) -> bytes:
    return bytes(80) + struct.pack("<I", count) + body


def mesh(name: str, data: bytes | Callable[[], bytes], *rules: str, suffix: str = "", **options: Any) -> list[Case]:
    """Return a refused 3-D file, as a path, an open file and as bytes with `file_type`."""
    kind = suffix.removeprefix(".")
    return refused_file(name, data, lambda given: Object3D(given, file_type=kind), suffix, *rules, **options)


def of_gltf(name: str, rule: str, *path: Any, value: Any) -> list[Case]:
    return mesh(name, gltf(*path, value=value), rule, suffix=".gltf", forms=["path", "bytes"])


def cloud(name: str, make: Any, *rules: str, error: type[Exception] | None = None, **options: Any) -> list[Case]:
    return refused(name, lambda at: Object3D(make(), **options), *rules, error=error)


def scene(name: str, rule: str, error: type[Exception] | None = None, **members: Any) -> list[Case]:
    document = {"type": "lidar/beta", "points": POINTS, **members}
    return refused(name, lambda at: Object3D(document), rule, error=error)


def box(name: str, rule: str, **members: Any) -> list[Case]:
    return scene(name, rule, boxes=[{"corners": UNIT}, {"corners": UNIT, **members}])


CASES = flat(
    of_gltf("O1 file:///etc/passwd", "object3d.external", "buffers", 0, "uri", value="file:///etc/passwd"),
    of_gltf("O2 http://", "object3d.external", "buffers", 0, "uri", value="http://127.0.0.1:9/a.bin"),
    of_gltf("O2 //host", "object3d.external", "buffers", 0, "uri", value="//127.0.0.1/a.bin"),
    of_gltf("O3 ../secret.bin", "object3d.external", "buffers", 0, "uri", value="../secret.bin"),
    of_gltf("O3 a picture's name", "object3d.external", "images", 0, "uri", value="a.png"),
    of_gltf("O3 deep in an extension", "object3d.external", "extensions", value={"X": [{"Y": {"uri": "https://a"}}]}),
    of_gltf("O4 data that are no base64", "file.content", "buffers", 0, "uri", value="data:;base64,a!"),
    of_gltf("O4 data that are cut", "object3d.bytes", "buffers", 0, "uri", value=uri(DATA[:-4])),
    mesh(
        "O5 64 MB of base64",
        lambda: gltf("buffers", 0, "uri", value="data:;base64," + "A" * (64 << 20)),
        "object3d.json",
        suffix=".gltf",
        forms=["bytes"],
    ),
    mesh("O6 another magic", glb(BIN, magic=b"GLTF"), "file.content", suffix=".glb"),
    mesh("O7 a length too short", glb(BIN, length=40), "object3d.bytes", suffix=".glb"),
    mesh("O7 a length of 4 GB", glb(BIN, length=2**32 - 1), "object3d.bytes", suffix=".glb"),
    mesh("O7 a byte more", glb(BIN) + b"\0", "object3d.bytes", suffix=".glb"),
    mesh(
        "O8 a chunk of 4 GB",
        b"glTF" + struct.pack("<IIII", 2, 24, 0xFFFFFFFC, 0x4E4F534A) + bytes(4),
        "object3d.bytes",
        suffix=".glb",
        peak=SMALL,
    ),
    mesh("O9 a chunk that is not aligned", glb((b"BIN\0", DATA + b"\0")), "object3d.bytes", suffix=".glb"),
    mesh("O10 two BIN", glb(BIN, BIN), "file.content", suffix=".glb"),
    mesh("O10 two JSON", glb((b"JSON", b"{}  ")), "file.content", suffix=".glb"),
    mesh("O10 no chunk", b"glTF" + struct.pack("<II", 2, 12), "file.content", suffix=".glb"),
    mesh("O10 JSON of 100,000 brackets", glb(text=b"[" * 100_000), "file.content", suffix=".glb"),
    of_gltf(
        "O11 10**9 without data",
        "object3d.bytes",
        "accessors",
        0,
        value={"componentType": 5126, "count": 10**9, "type": "VEC3"},
    ),
    of_gltf("O11 10**30", "object3d.bytes", "accessors", 0, "count", value=10**30),
    of_gltf("O11 -1", "file.content", "accessors", 0, "count", value=-1),
    of_gltf("O11 1.5", "file.content", "accessors", 0, "count", value=1.5),
    of_gltf("O11 True", "file.content", "accessors", 0, "count", value=True),
    of_gltf("O13 a negative offset", "file.content", "accessors", 0, "byteOffset", value=-4),
    of_gltf("O13 an offset of 10**30", "object3d.bytes", "bufferViews", 0, "byteOffset", value=10**30 * 4),
    of_gltf("O14 stride 0", "file.content", "bufferViews", 0, "byteStride", value=0),
    of_gltf("O14 stride 256", "file.content", "bufferViews", 0, "byteStride", value=256),
    of_gltf("O14 stride below the element", "object3d.bytes", "bufferViews", 0, "byteStride", value=8),
    of_gltf("O15 a cycle", "object3d.graph", "nodes", 1, "children", value=[0]),
    of_gltf("O15 its own child", "object3d.graph", "nodes", 0, "children", value=[0, 1]),
    of_gltf("O15 two parents", "object3d.graph", "nodes", value=[{"children": [2]}, {"children": [2]}, {"mesh": 0}]),
    mesh(
        "O16 100,001 nodes",
        lambda: gltf("nodes", value=[{"children": [1]}, {"mesh": 0}, *[{}] * 100_000]),
        "object3d.nodes",
        suffix=".gltf",
        forms=["bytes"],
    ),
    of_gltf(
        "O17 an index past the vertices",
        "object3d.index",
        "buffers",
        0,
        "uri",
        value=uri(DATA[:36] + b"\3\0\1\0\2\0\0\0"),
    ),
    of_gltf("O17 an index of no accessor", "object3d.index", "meshes", 0, "primitives", 0, "indices", value=7),
    of_gltf("O17 a mesh that is not there", "object3d.index", "nodes", 1, "mesh", value=10**30),
    of_gltf("O18 NaN", "object3d.finite", "buffers", 0, "uri", value=uri(struct.pack("<f", NAN) + DATA[4:])),
    of_gltf("O18 infinity", "object3d.finite", "buffers", 0, "uri", value=uri(struct.pack("<f", -INF) + DATA[4:])),
    of_gltf(
        "O19 a picture bomb", "image.pixels", "images", 0, "uri", value=uri(pictures.png(20_000, 20_000), "image/png")
    ),
    of_gltf("O19 a picture of text", "file.content", "images", 0, "uri", value=uri(b"hello", "image/png")),
    of_gltf(
        "O19 a picture that is cut", "file.content", "images", 0, "uri", value=uri(picture(64, 64)[:-20], "image/png")
    ),
    of_gltf("O20 draco", "object3d.extension", "extensionsRequired", value=["KHR_draco_mesh_compression"]),
    of_gltf("O21 version 1.0", "object3d.version", "asset", "version", value="1.0"),
    of_gltf("O21 version 2", "object3d.version", "asset", "version", value=2),
    of_gltf("O21 no asset", "object3d.version", "asset", value=None),
    mesh("O21 GLB of version 1", glb(BIN, version=1), "object3d.version", suffix=".glb"),
    *(
        of_gltf(f"O+ {member} is {value!r:.20}", "file.content", member, value=value)
        for member in ("nodes", "meshes", "accessors", "bufferViews", "buffers", "scenes", "materials", "images")
        for value in (5, "x", {}, [5], [None])
    ),
    *(
        mesh(f"O+ a gltf of {name}", data, "file.content", suffix=".gltf", forms=["bytes", "path"])
        for name, data in {
            "0 bytes": b"",
            "text": b"hello",
            "a list": b"[]",
            "null": b"null",
            "NaN": b'{"asset":NaN}',
            "1e999": b'{"asset":1e999}',
            "a key twice": b'{"asset":{"version":"2.0"},"asset":1}',
            "no UTF-8": b"\xff",
            "brackets": b"[" * 100_000,
            "a surrogate": b'{"asset":"\\ud800"}',
        }.items()
    ),
    *(
        mesh(
            f"O+ GLB cut at byte {end}",
            glb(BIN)[:end],
            "file.content" if end < 4 or end == 12 else "object3d.bytes",
            suffix=".glb",
            forms=["bytes"],
        )
        for end in (1, 3, 16, 19, 20, 100, len(glb(BIN)) - 1)
    ),
    # OBJ, PLY, STL
    mesh("O22 hello", b"hello", "file.content", suffix=".obj"),
    mesh("O22 0 bytes", b"", "file.content", suffix=".obj"),
    mesh("O22 NUL", b"v 1 2 3\0", "file.content", suffix=".obj"),
    mesh("O23 face 10**9", TRIANGLE + b"f 1 2 1000000000", "object3d.index", suffix=".obj"),
    mesh("O23 face 0", TRIANGLE + b"f 0 1 2", "object3d.index", suffix=".obj"),
    mesh("O23 face -4", TRIANGLE + b"f 1 2 -4", "object3d.index", suffix=".obj"),
    mesh("O23 a face of 5,000 digits", TRIANGLE + b"f " + b"9" * 5_000 + b" 1 2", "file.content", suffix=".obj"),
    mesh("O24 NaN", b"v nan 2 3", "object3d.finite", suffix=".obj"),
    mesh("O24 1e999", b"v 1e999 2 3", "object3d.finite", suffix=".obj"),
    mesh("O24 other digits", "v 1 2 \u0661".encode(), "file.content", suffix=".obj"),
    mesh("O25 a line of 2 MB", lambda: TRIANGLE + b"#" * (2 << 20), "object3d.line", suffix=".obj"),
    mesh("O25 1,500,000 joined lines", lambda: b"\\\n" * 1_500_000, "object3d.line", suffix=".obj", forms=["bytes"]),
    mesh("O26 mtllib ../../x", b"mtllib ../../x\n" + TRIANGLE, "object3d.external", suffix=".obj"),
    mesh("O26 mtllib /etc/passwd", b"mtllib /etc/passwd\n" + TRIANGLE, "object3d.external", suffix=".obj"),
    mesh("O26 csh", b"csh rm -rf x\n" + TRIANGLE, "object3d.external", suffix=".obj"),
    mesh("O27 10**12 vertices", ply(10**12) + bytes(12), "object3d.bytes", suffix=".ply", peak=SMALL),
    mesh("O27 10**12 vertices in text", ply(10**12, "ascii") + b"1 2 3", "object3d.bytes", suffix=".ply", peak=SMALL),
    mesh("O27 10**400 vertices", ply("1" + "0" * 400) + bytes(12), "file.content", suffix=".ply"),
    mesh("O27 10**5000 vertices", ply("1" + "0" * 5000) + bytes(12), "file.content", suffix=".ply"),
    mesh("O27 -1 vertices", ply(-1) + bytes(12), "file.content", suffix=".ply"),
    mesh(
        "O27 10**12 empty elements",
        ply(rest="element empty 1000000000000\n") + bytes(12),
        "file.content",
        suffix=".ply",
    ),
    mesh("O27 a header without an end", b"ply\nformat ascii 1.0\n", "file.content", suffix=".ply"),
    mesh("O27 a header of a megabyte", lambda: b"ply\n" + b"comment x\n" * 100_000, "file.content", suffix=".ply"),
    mesh("O27 another byte order", ply(order="middle_endian"), "file.content", suffix=".ply"),
    mesh("O27 cut", ply() + bytes(11), "object3d.bytes", suffix=".ply"),
    mesh("O27 a byte more", ply() + bytes(13), "object3d.bytes", suffix=".ply"),
    mesh("O27 NaN", ply() + struct.pack("<3f", 0, NAN, 0), "object3d.finite", suffix=".ply"),
    mesh("O27 no z", ply(names="xy") + bytes(8), "file.content", suffix=".ply"),
    mesh("O28 STL of 4 GB", stl(2**32 - 1), "object3d.bytes", suffix=".stl", peak=SMALL),
    mesh("O28 STL cut", stl(1, bytes(49)), "object3d.bytes", suffix=".stl"),
    mesh("O28 STL of NaN", stl(1, bytes(12) + struct.pack("<f", NAN) + bytes(34)), "object3d.finite", suffix=".stl"),
    mesh("O28 STL of text", b"solid\nfacet", "file.content", suffix=".stl"),
    refused("O28 a suffix nobody knows", lambda at: Object3D(at.file("a.fbx", b"x")), "object3d.formats"),
    refused("O28 bytes without a type", lambda at: Object3D(TRIANGLE), "object3d.file_type"),
    refused("O28 a URL", lambda at: Object3D("https://example.org/a.glb"), "file.url"),
    refused("O28 a missing file", lambda at: Object3D("no.glb"), "file.missing"),
    # clouds
    cloud("O29 n x 5", lambda: np.zeros((2, 5)), "object3d.shape"),
    cloud("O29 n x 2", lambda: np.zeros((2, 2)), "object3d.shape"),
    cloud("O29 1-D", lambda: np.zeros(3), "object3d.shape"),
    cloud("O29 3-D", lambda: np.zeros((2, 3, 3)), "object3d.shape"),
    cloud("O29 0-D", lambda: np.zeros(()), "object3d.shape"),
    cloud("O29 n x 7", lambda: np.zeros((2, 7)), "object3d.shape"),
    cloud("O29 ragged", lambda: [[1, 2, 3], [1, 2]], "array.ragged"),
    cloud("O29 text", lambda: [["a", "b", "c"]], "array.dtype"),
    cloud("O29 complex", lambda: np.zeros((2, 3), complex), "array.dtype"),
    cloud("O29 objects", lambda: np.zeros((2, 3), object), "array.dtype"),
    cloud("O29 masked", lambda: np.ma.masked_equal(POINTS, 0), "array.masked"),
    cloud("O29 an array that raises", nasty.NoArray, "array.kind"),
    cloud("O29 a list in itself", nasty.cycle, "array.ragged"),
    cloud("O30 category 0", lambda: [[0, 0, 0, 0]], "object3d.category"),
    cloud("O30 category 15", lambda: [[0, 0, 0, 15]], "object3d.category"),
    cloud("O30 category 1.5", lambda: [[0, 0, 0, 1.5]], "object3d.category"),
    cloud("O30 category NaN", lambda: [[0, 0, 0, NAN]], "object3d.category"),
    cloud("O30 category -1", lambda: np.array([[0, 0, 0, -1]]), "object3d.category"),
    cloud("O31 colour 256, strict", lambda: [[0, 0, 0, 256, 0, 0]], "object3d.rgb", strict="error"),
    cloud("O31 colour -1, strict", lambda: [[0, 0, 0, -1, 0, 0]], "object3d.rgb", strict="error"),
    cloud("O31 colours of one", lambda: [[0, 0, 0, 0.5, 0.2, 1]], "object3d.rgb_unit"),
    cloud("O32 NaN", lambda: [[0, NAN, 0]], "object3d.finite"),
    cloud("O32 infinity", lambda: [[0, -INF, 0]], "object3d.finite"),
    cloud("O32 1e39", lambda: [[0, 1e39, 0]], "object3d.range"),
    cloud("O32 a colour of NaN", lambda: [[0, 0, 0, NAN, 0, 0]], "object3d.finite"),
    cloud("O32 None", lambda: None, "object3d.kind", error=WrongType),
    cloud("O32 a number", lambda: 5, "object3d.kind", error=WrongType),
    cloud("O32 an object", object, "object3d.kind", error=WrongType),
    cloud("O32 an object whose attributes raise", nasty.NoAttributes, "object3d.kind", error=WrongType),
    # scenes
    scene("O33 another scene", "object3d.scene", type="lidar"),
    scene("O33 a scene of None", "object3d.scene", type=None),
    scene("O33 an unknown member", "object3d.scene", colour=5),
    scene("O33 boxes that are a mapping", "object3d.box", boxes={}, error=WrongType),
    scene("O33 boxes that are text", "object3d.box", boxes="ab", error=WrongType),
    scene("O33 a box that is a list", "object3d.box", boxes=[UNIT]),
    scene("O33 a box that is None", "object3d.box", boxes=[None]),
    scene("O33 vectors that are a mapping", "object3d.vector", vectors={}, error=WrongType),
    scene("O33 a vector without an end", "object3d.vector", vectors=[{"start": [0, 0, 0]}]),
    scene("O33 a vector of NaN", "object3d.vector", vectors=[{"start": [0, 0, 0], "end": [0, 0, NAN]}]),
    scene("O33 a vector of two", "object3d.vector", vectors=[{"start": [0, 0], "end": [0, 0, 1]}]),
    scene("O33 points of NaN", "object3d.finite", points=[[NAN, 0, 0]]),
    scene("O33 points that are a mapping", "array.kind", points={}, error=WrongType),
    box("O33 seven corners", "object3d.corners", corners=UNIT[:7]),
    box("O33 nine corners", "object3d.corners", corners=[*UNIT, [0, 0, 0]]),
    box("O33 corners of NaN", "object3d.corners", corners=[[NAN, 0, 0], *UNIT[1:]]),
    box("O33 corners of 1e39", "object3d.corners", corners=[[1e39, 0, 0], *UNIT[1:]]),
    box("O33 corners that are no box", "object3d.box_tolerance", corners=np.random.default_rng(1).random((8, 3))),
    box("O33 corners of one point", "object3d.corners", corners=[[0, 0, 0]] * 8),
    box("O33 a colour of two", "object3d.color", color=[1, 2]),
    box("O33 a colour of NaN", "object3d.color", color=[NAN, 0, 0]),
    box("O33 a label of 3", "object3d.label", label=3),
    box("O33 a label of NUL", "object3d.label", label="a\0"),
    box("O33 a label of 2,001", "caption.length", label="c" * 2_001),
    box("O33 a score of NaN", "object3d.score", score=NAN),
    box("O33 a score of text", "object3d.score", score="0.5"),
    box("O33 an unknown member of a box", "object3d.box", colour=5),
    refused("O33 a scene without items", lambda at: Object3D(nasty.NoItems()), "value.read"),
    accepted(
        "O34 300,001 points",
        lambda at: Object3D(np.zeros((300_001, 3), "f4")),
        lambda row: row[KEY]["points"] == 300_001,
    ),
    accepted("O+ no points", lambda at: Object3D({"type": "lidar/beta", "points": np.zeros((0, 3))})),
    accepted(
        "O+ extras are the author's own",
        lambda at: Object3D(gltf("extras", value={"uri": "https://a"}), file_type="gltf"),
    ),
    accepted(
        "O31 colour 321 is clamped",
        lambda at: Object3D([[0, 0, 0, 321, 0, 0]]),
        lambda row: any(change["lossy"] for change in row[KEY]["changes"]),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_objects3d(case: Case, bench: Bench) -> None:
    bench.hold(case)
