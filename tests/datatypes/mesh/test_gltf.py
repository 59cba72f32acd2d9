from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from trimesh.exchange.gltf import export_gltf

from medialog.datatypes.mesh import gltf, gltf_nodes
from medialog.datatypes.mesh.facts import MeshFacts
from medialog.validators.errors import InvalidInput
from medialog.validators.rules import Rules

POSITIONS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.5]], "<f4")
DATA = POSITIONS.tobytes() + np.array([0, 1, 2, 0], "<u2").tobytes()


def picture(width: int = 2, height: int = 2) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def uri(data: bytes, kind: str = "application/octet-stream") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def document() -> dict[str, Any]:
    """A triangle, complete: every test breaks one thing of it."""
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"children": [1]}, {"mesh": 0, "translation": [10, 0, 0], "scale": [2, 1, 1]}],
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


def check(edited: dict[str, Any], rules: Rules | None = None) -> MeshFacts:
    return gltf.check_gltf(json.dumps(edited).encode(), rules or Rules())


def glb(
    edited: dict[str, Any] | bytes, *chunks: tuple[bytes, bytes], version: int = 2, length: int | None = None
) -> bytes:
    text = edited if isinstance(edited, bytes) else json.dumps(edited).encode()
    body = b"".join(
        struct.pack("<I", len(data)) + kind + data
        for kind, data in ((b"JSON", text + b" " * (-len(text) % 4)), *chunks)
    )
    return b"glTF" + struct.pack("<II", version, 12 + len(body) if length is None else length) + body


def binary_document() -> dict[str, Any]:
    edited = document()
    edited["buffers"] = [{"byteLength": 44}]
    return edited


def rule_of(action: Callable[[], object]) -> str:
    with pytest.raises(InvalidInput) as caught:
        action()
    (violation,) = caught.value.violations
    return violation.rule


BIN = (b"BIN\0", DATA)


def test_what_it_holds() -> None:
    expected = MeshFacts(3, 1, ((10.0, 0.0, 0.0), (12.0, 1.0, 0.5)))

    assert expected == check(document())
    assert expected == gltf.check_gltf(b"\xef\xbb\xbf" + json.dumps(document()).encode(), Rules())
    assert expected == gltf.check_glb(glb(binary_document(), BIN), Rules())
    assert expected == gltf.check_glb(glb(binary_document(), BIN, (b"XTRA", b"1234")), Rules())


def scene() -> Any:
    result = trimesh.Scene(trimesh.creation.box(extents=(1, 2, 3)))
    turn = trimesh.transformations.rotation_matrix(0.7, [1, 2, 3], [1, 1, 1])
    sphere = trimesh.creation.icosphere(subdivisions=2)
    result.add_geometry(sphere, node_name="a", geom_name="sphere", transform=turn)
    result.graph.update(
        "b", "a", geometry="sphere", matrix=trimesh.transformations.translation_matrix([9, 0, 1]) @ turn
    )
    return result


def test_agrees_with_trimesh() -> None:
    whole = scene()

    found = gltf.check_glb(whole.export(file_type="glb"), Rules())
    embedded = gltf.check_gltf(export_gltf(whole, embed_buffers=True)["model.gltf"], Rules())

    meshes = whole.geometry.values()
    assert (sum(len(m.vertices) for m in meshes), sum(len(m.faces) for m in meshes)) == (found.vertices, found.faces)
    # trimesh bounds a scene by the transformed corners of boxes; a mesh of all its vertices has its exact bounds.
    assert found.bounds is not None
    np.testing.assert_allclose(whole.to_mesh().bounds, found.bounds, atol=1e-5)
    assert found == embedded


def test_a_textured_mesh_of_trimesh() -> None:
    mesh = trimesh.creation.box()
    mesh.visual = trimesh.visual.TextureVisuals(uv=np.zeros((8, 2)), image=Image.new("RGB", (4, 4), "red"))
    data = mesh.export(file_type="glb")

    assert 12 == gltf.check_glb(data, Rules()).faces
    limited = Rules({"image.pixels": 15})
    assert "image.pixels" == rule_of(lambda: gltf.check_glb(data, limited))


def test_files_beside_it_are_refused() -> None:
    assert "object3d.external" == rule_of(lambda: gltf.check_gltf(export_gltf(scene())["model.gltf"], Rules()))


def test_copies_past_the_budget_are_bounded_by_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    data = scene().export(file_type="glb")
    exact = gltf.check_glb(data, Rules()).bounds

    monkeypatch.setattr(gltf_nodes, "EXACT_VERTICES", 0)
    rough = gltf.check_glb(data, Rules()).bounds

    assert exact is not None
    assert rough is not None
    assert (np.array(rough[0]) <= np.array(exact[0])).all()
    assert (np.array(rough[1]) >= np.array(exact[1])).all()


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_versions(version: str) -> None:
    assert 1 == check({**document(), "asset": {"version": version}}).faces


@pytest.mark.parametrize(("mode", "faces"), [(0, 0), (1, 0), (3, 0), (4, 1), (5, 1), (6, 1)])
def test_faces_by_mode(mode: int, faces: int) -> None:
    edited = document()
    edited["meshes"][0]["primitives"][0]["mode"] = mode

    assert faces == check(edited).faces


def test_matrix_and_rotation_of_nodes() -> None:
    edited = document()
    edited["nodes"] = [
        {"children": [1], "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 6, 7, 1]},
        {"mesh": 0, "rotation": [0, 0, 0.7071067811865476, 0.7071067811865476]},
    ]

    bounds = check(edited).bounds

    assert bounds is not None
    np.testing.assert_allclose([[4.0, 6.0, 7.0], [5.0, 7.0, 7.5]], bounds, atol=1e-6)


def test_nothing_to_show() -> None:
    assert MeshFacts(0, 0, None) == check({"asset": {"version": "2.0"}})


def test_sparse_positions() -> None:
    edited = document()
    data = np.array([2], "<u2").tobytes() + b"\0\0" + np.array([[3, 4, 5]], "<f4").tobytes()
    edited["buffers"].append({"byteLength": 16, "uri": uri(data)})
    edited["bufferViews"] += [{"buffer": 1, "byteLength": 4}, {"buffer": 1, "byteOffset": 4, "byteLength": 12}]
    sparse = {"count": 1, "indices": {"bufferView": 2, "componentType": 5123}, "values": {"bufferView": 3}}
    edited["accessors"][0]["sparse"] = sparse
    edited["nodes"] = [{"mesh": 0}]

    assert ((0, 0, 0), (3, 4, 5)) == check(edited).bounds
    del edited["accessors"][0]["bufferView"]
    assert ((0, 0, 0), (3, 4, 5)) == check(edited).bounds
    edited["accessors"][0]["count"] = 2
    edited["meshes"][0]["primitives"][0].pop("indices")
    assert "object3d.index" == rule_of(lambda: check(edited))


def test_quantised_positions() -> None:
    edited = document()
    data = np.array([[-127, 0, 0, 0], [127, 0, 0, 0], [0, 64, -128, 0]], "i1").tobytes()
    edited["buffers"][0] = {"byteLength": 12, "uri": uri(data)}
    edited["bufferViews"] = [{"buffer": 0, "byteLength": 12, "byteStride": 4}]
    edited["accessors"] = [{"bufferView": 0, "componentType": 5120, "normalized": True, "count": 3, "type": "VEC3"}]
    edited["meshes"][0]["primitives"][0].pop("indices")
    edited["nodes"] = [{"mesh": 0}]
    assert "file.content" == rule_of(lambda: check(edited))

    edited["extensionsUsed"] = edited["extensionsRequired"] = ["KHR_mesh_quantization"]

    assert ((-1, 0, -1), (1, 64 / 127, 0)) == check(edited).bounds


def put(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(edited: dict[str, Any]) -> None:
        node: Any = edited
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value

    return edit


BROKEN = {
    "file address": (put("buffers", 0, "uri", value="file:///etc/passwd"), "object3d.external"),
    "web address": (put("buffers", 0, "uri", value="http://127.0.0.1:1/a.bin"), "object3d.external"),
    "relative address": (put("buffers", 0, "uri", value="../secret.bin"), "object3d.external"),
    "plain name": (put("buffers", 0, "uri", value="a.bin"), "object3d.external"),
    "picture address": (put("images", 0, "uri", value="a.png"), "object3d.external"),
    "address in an extension": (put("extensions", value={"X": {"list": [{"uri": "https://a"}]}}), "object3d.external"),
    "buffer without data": (put("buffers", 0, value={"byteLength": 44}), "object3d.external"),
    "not base64": (put("buffers", 0, "uri", value="data:,abc"), "file.content"),
    "bad base64": (put("buffers", 0, "uri", value="data:;base64,a!"), "file.content"),
    "buffer too short": (put("buffers", 0, "byteLength", value=45), "object3d.bytes"),
    "view past its buffer": (put("bufferViews", 1, "byteLength", value=9), "object3d.bytes"),
    "view of no buffer": (put("bufferViews", 1, "buffer", value=1), "object3d.index"),
    "accessor past its view": (put("accessors", 0, "count", value=4), "object3d.bytes"),
    "accessor of 10^9 without data": (
        put("accessors", 0, value={"componentType": 5126, "count": 10**9, "type": "VEC3"}),
        "object3d.bytes",
    ),
    "accessor of 10^9": (put("accessors", 0, "count", value=10**9), "object3d.bytes"),
    "accessor of 10^30": (put("accessors", 0, "count", value=10**30), "object3d.bytes"),
    "accessor of no view": (put("accessors", 0, "bufferView", value=2), "object3d.index"),
    "negative offset": (put("accessors", 0, "byteOffset", value=-4), "file.content"),
    "negative view offset": (put("bufferViews", 0, "byteOffset", value=-4), "file.content"),
    "misaligned": (put("bufferViews", 0, "byteOffset", value=2), "object3d.bytes"),
    "stride 0": (put("bufferViews", 0, "byteStride", value=0), "file.content"),
    "stride 256": (put("bufferViews", 0, "byteStride", value=256), "file.content"),
    "stride 6": (put("bufferViews", 0, "byteStride", value=6), "file.content"),
    "stride below the element": (put("bufferViews", 0, "byteStride", value=8), "object3d.bytes"),
    "component type": (put("accessors", 0, "componentType", value=5124), "file.content"),
    "element type": (put("accessors", 0, "type", value="VEC5"), "file.content"),
    "positions of two": (put("accessors", 0, "type", value="VEC2"), "file.content"),
    "float indices": (put("meshes", 0, "primitives", 0, "indices", value=0), "file.content"),
    "index of no accessor": (put("meshes", 0, "primitives", 0, "indices", value=7), "object3d.index"),
    "no such attribute": (put("meshes", 0, "primitives", 0, "attributes", "POSITION", value=9), "object3d.index"),
    "negative reference": (put("meshes", 0, "primitives", 0, "attributes", "POSITION", value=-1), "file.content"),
    "normals of another count": (put("meshes", 0, "primitives", 0, "attributes", "NORMAL", value=2), "object3d.bytes"),
    "mode 7": (put("meshes", 0, "primitives", 0, "mode", value=7), "file.content"),
    "no primitives": (put("meshes", 0, "primitives", value=[]), "file.content"),
    "no material": (put("meshes", 0, "primitives", 0, "material", value=1), "object3d.index"),
    "no texture": (put("materials", 0, "pbrMetallicRoughness", "baseColorTexture", "index", value=1), "object3d.index"),
    "no picture": (put("textures", 0, "source", value=1), "object3d.index"),
    "index past the vertices": (put("buffers", 0, "uri", value=uri(DATA[:36] + b"\3\0\1\0\2\0\0\0")), "object3d.index"),
    "NaN position": (
        put("buffers", 0, "uri", value=uri(struct.pack("<f", float("nan")) + DATA[4:])),
        "object3d.finite",
    ),
    "infinite position": (
        put("buffers", 0, "uri", value=uri(struct.pack("<f", float("inf")) + DATA[4:])),
        "object3d.finite",
    ),
    "infinite node": (put("nodes", 1, "scale", value=[1e308, 1e308, 1e308]), ""),
    "cycle": (put("nodes", 1, "children", value=[0]), "object3d.graph"),
    "own child": (put("nodes", 0, "children", value=[0, 1]), "object3d.graph"),
    "cycle beside the scene": (
        put("nodes", value=[{"mesh": 0}, {"children": [2]}, {"children": [1]}]),
        "object3d.graph",
    ),
    "two parents": (put("nodes", value=[{"children": [2]}, {"children": [2]}, {"mesh": 0}]), "object3d.graph"),
    "scene of a child": (put("scenes", 0, "nodes", value=[1]), "object3d.graph"),
    "child that is not there": (put("nodes", 1, "children", value=[5]), "object3d.index"),
    "no such mesh": (put("nodes", 1, "mesh", value=1), "object3d.index"),
    "no such scene": (put("scene", value=1), "object3d.index"),
    "root that is not there": (put("scenes", 0, "nodes", value=[2]), "object3d.index"),
    "matrix of 15": (put("nodes", 1, "matrix", value=[0] * 15), "file.content"),
    "version 1": (put("asset", "version", value="1.0"), "object3d.version"),
    "version 20": (put("asset", "version", value="20.0"), "object3d.version"),
    "no version": (put("asset", value={}), "object3d.version"),
    "no asset": (put("asset", value=[]), "object3d.version"),
    "minimum version 2.1": (put("asset", "minVersion", value="2.1"), "object3d.version"),
    "compressed": (put("extensionsRequired", value=["KHR_draco_mesh_compression"]), "object3d.extension"),
    "nodes that are no list": (put("nodes", value={}), "file.content"),
    "mesh that is text": (put("meshes", 0, value="mesh"), "file.content"),
    "picture of text": (put("images", 0, "uri", value=uri(b"hello", "image/png")), "file.content"),
    "broken picture": (put("images", 0, "uri", value=uri(picture(64, 64)[:-20], "image/png")), "file.content"),
    "picture with two sources": (put("images", 0, "bufferView", value=0), "file.content"),
    "picture without source": (put("images", 0, value={}), "file.content"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named(name: str) -> None:
    edit, rule = BROKEN[name]
    edited = document()
    edited["accessors"].append({"bufferView": 0, "componentType": 5126, "count": 2, "type": "VEC3"})
    edit(edited)
    if not rule:
        assert check(edited).bounds is not None
        return

    assert rule == rule_of(lambda: check(edited))


def test_a_matrix_beyond_double_precision() -> None:
    edited = document()
    edited["nodes"] = [{"children": [1], "scale": [1e308, 1, 1]}, {"mesh": 0, "scale": [1e308, 1, 1]}]

    assert "object3d.finite" == rule_of(lambda: check(edited))


def test_extras_are_the_authors_own() -> None:
    assert 1 == check({**document(), "extras": {"uri": "https://example.com"}}).faces


@pytest.mark.parametrize("text",
                         [b"", b"hello", b"[]", b"null", b'{"asset":{"version":"2.0"},"asset":1}', b'{"a":NaN}',
                          b'{"a":1e999}', b"\xff", b"[" * 100_000])  # fmt: skip
def test_not_a_json_object(text: bytes) -> None:
    assert "file.content" == rule_of(lambda: gltf.check_gltf(text, Rules()))


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.content"),
        (b"GLTF" + bytes(20), "file.content"),
        (glb(binary_document(), BIN, version=1), "object3d.version"),
        (glb(binary_document(), BIN, length=40), "object3d.bytes"),
        (glb(binary_document(), BIN) + b"\0", "object3d.bytes"),
        (b"glTF" + struct.pack("<II", 2, 12), "file.content"),
        (b"glTF" + struct.pack("<II", 2, 16) + b"JSON", "object3d.bytes"),
        (b"glTF" + struct.pack("<IIII", 2, 24, 0xFFFFFFFC, 0x4E4F534A) + bytes(4), "object3d.bytes"),
        (glb(binary_document(), (b"BIN\0", DATA + b"\0")), "object3d.bytes"),
        (glb(binary_document(), BIN, BIN), "file.content"),
        (glb(binary_document(), (b"XTRA", b"1234"), BIN), "file.content"),
        (glb(binary_document(), (b"JSON", b"{}  ")), "file.content"),
        (glb(binary_document()), "object3d.external"),
        (glb(binary_document(), (b"BIN\0", DATA[:40])), "object3d.bytes"),
    ],
)
def test_broken_containers(data: bytes, rule: str) -> None:
    assert rule == rule_of(lambda: gltf.check_glb(data, Rules()))


def test_limits_exactly() -> None:
    text = json.dumps(document()).encode()

    assert 1 == gltf.check_gltf(text, Rules({"object3d.json": len(text)})).faces
    assert "object3d.json" == rule_of(lambda: gltf.check_gltf(text, Rules({"object3d.json": len(text) - 1})))
    assert 1 == check(document(), Rules({"object3d.nodes": 2})).faces
    assert "object3d.nodes" == rule_of(lambda: check(document(), Rules({"object3d.nodes": 1})))
    assert 1 == check(document(), Rules({"image.frames_pixels": 4})).faces
    assert "image.frames_pixels" == rule_of(lambda: check(document(), Rules({"image.frames_pixels": 3})))


def test_a_picture_bomb_is_refused_from_its_header() -> None:
    import zlib

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    edited = document()
    edited["images"][0]["uri"] = uri(picture()[:8] + chunk + picture()[33:], "image/png")

    assert "image.pixels" == rule_of(lambda: check(edited))


def test_many_accessors_of_the_same_bytes_are_refused() -> None:
    edited = document()
    data = bytes(4_000_000)
    edited["bufferViews"][0]["byteLength"] = len(data)
    edited["accessors"] = [{"bufferView": 0, "componentType": 5126, "count": 300_000, "type": "VEC3"}] * 2_000
    primitives = [{"attributes": {"POSITION": index}} for index in range(2_000)]
    edited["meshes"] = [{"primitives": primitives}]
    edited["bufferViews"] = edited["bufferViews"][:1]
    edited["buffers"] = [{"byteLength": len(data)}]

    assert "object3d.bytes" == rule_of(lambda: gltf.check_glb(glb(edited, (b"BIN\0", data)), Rules()))


WHOLE = glb(binary_document(), BIN)


@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.binary(max_size=4)), min_size=1, max_size=4))
def test_mutations_of_bytes_give_facts_or_a_named_error(edits: list[tuple[int, bytes]]) -> None:
    data = WHOLE
    for place, piece in edits:
        data = data[:place] + piece + data[place + len(piece) :]
    try:
        gltf.check_glb(data, Rules())
    except InvalidInput as error:
        message = str(error)
        assert message


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-2, 10**12), st.floats(allow_nan=False, allow_infinity=False),
                   st.text(max_size=4), st.just([]), st.just({}), st.lists(st.integers(0, 3), max_size=3))  # fmt: skip


@given(st.data())
def test_mutations_of_values_give_facts_or_a_named_error(data: st.DataObject) -> None:
    edited = document()
    for _ in range(data.draw(st.integers(1, 3))):
        node: Any = edited
        while isinstance(node, (dict, list)) and node:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(node[key], (dict, list)) or data.draw(st.integers(0, 4)) == 0:
                node[key] = data.draw(VALUES)
                break
            node = node[key]
    try:
        check(edited)
    except InvalidInput as error:
        message = str(error)
        assert message


def test_embedded_data_over_the_limit() -> None:
    edited = document()
    edited["buffers"].append({"byteLength": 1, "uri": uri(bytes(200_000))})

    assert "object3d.json" == rule_of(lambda: check(edited, Rules({"object3d.json": 200_000})))
