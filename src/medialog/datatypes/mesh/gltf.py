"""glTF 2.0: `.gltf` (JSON with its data in `data:` URIs) and `.glb` (JSON and data in one binary file).

Checked against the specification where it decides whether a viewer can show the file and whether reading it is safe:
containers, references, byte ranges, indices, coordinates, the tree of nodes and the embedded pictures.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from medialog.datatypes import picture_file
from medialog.datatypes.files import read_input
from medialog.datatypes.mesh.facts import MeshFacts, broken
from medialog.datatypes.mesh.gltf_document import Document
from medialog.datatypes.mesh.gltf_geometry import Geometry
from medialog.datatypes.mesh.gltf_nodes import check_nodes, placed_meshes
from medialog.validators import checks
from medialog.wire import jsontext

if TYPE_CHECKING:
    import numpy as np

    from medialog.validators.errors import Violation
    from medialog.validators.rules import Rules

_JSON, _BIN = b"JSON", b"BIN\0"

# Extensions that a file may require: the viewer draws them, or draws the same geometry without them.
READABLE_EXTENSIONS = frozenset(
    [
        "KHR_lights_punctual",
        "KHR_materials_anisotropy",
        "KHR_materials_clearcoat",
        "KHR_materials_dispersion",
        "KHR_materials_emissive_strength",
        "KHR_materials_ior",
        "KHR_materials_iridescence",
        "KHR_materials_pbrSpecularGlossiness",
        "KHR_materials_sheen",
        "KHR_materials_specular",
        "KHR_materials_transmission",
        "KHR_materials_unlit",
        "KHR_materials_variants",
        "KHR_materials_volume",
        "KHR_mesh_quantization",
        "KHR_texture_transform",
        "EXT_texture_webp",
    ]
)
# Meshes that are drawn for a picture, together: a scene can hold the same one any number of times.
_MOST_DRAWN = 4_000_000


def check_json_size(size: int, at: str, rules: Rules) -> Violation | None:
    """Hold the JSON, all of a `.gltf` file or the chunk of a GLB, against the limit."""
    return checks.at_most(size, "object3d.json", at, rules, "bytes (save it as GLB, or raise the limit)")


def check_gltf(data: bytes, rules: Rules) -> MeshFacts:
    """Return what a `.gltf` file holds."""
    checks.refuse([check_json_size(len(data), "JSON", rules)])
    return _check_document(data.removeprefix(b"\xef\xbb\xbf"), None, rules)


def check_glb(data: bytes, rules: Rules) -> MeshFacts:
    """Return what a `.glb` file holds."""
    text, binary = read_chunks(data)
    checks.refuse([check_json_size(len(text), "JSON", rules)])
    return _check_document(text, binary, rules)


def read_chunks(data: bytes) -> tuple[bytes, memoryview | None]:
    """Return the JSON and the binary chunk of a GLB container."""
    if len(data) < 12 or data[:4] != b"glTF":
        raise broken("header", "a GLB file, which begins with b'glTF'", f"{data[:12]!r}")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2:
        raise broken("header.version", "2", f"{version}", "object3d.version")
    if length != len(data):
        raise broken("header.length", f"the length of the file, {len(data):,}", f"{length:,}", "object3d.bytes")
    chunks: dict[bytes, memoryview] = {}
    place, number = 12, 0
    while place < len(data):
        at = f"chunks[{number}]"
        if place + 8 > len(data):
            raise broken(at, "a chunk header of 8 bytes", f"{len(data) - place}", "object3d.bytes")
        size, kind = struct.unpack_from("<I4s", data, place)
        if size % 4:
            raise broken(at, "a chunk length that is a multiple of 4", f"{size:,}", "object3d.bytes")
        if place + 8 + size > len(data):
            expected = f"at most the {len(data) - place - 8:,} bytes that are left"
            raise broken(at, expected, f"{size:,}", "object3d.bytes")
        if (number == 0) != (kind == _JSON) or (kind == _BIN and number != 1):
            raise broken(at, "one JSON chunk, then at most one BIN chunk, then others", f"{kind!r} as chunk {number}")
        chunks.setdefault(kind, memoryview(data)[place + 8 : place + 8 + size])
        place, number = place + 8 + size, number + 1
    if _JSON not in chunks:
        raise broken("chunks[0]", "a JSON chunk", "none")
    return bytes(chunks[_JSON]), chunks.get(_BIN)


def _check_document(text: bytes, binary: memoryview | None, rules: Rules) -> MeshFacts:
    raw = _read_json(text)
    _check_version(raw)
    _check_addresses(raw)
    document = _read_document(raw)
    for name in document.extensions_required:
        if name not in READABLE_EXTENSIONS:
            expected = "no required extension that a viewer may not have (export it without compression)"
            raise broken("extensionsRequired", expected, repr(name)[:60], "object3d.extension")
    checks.refuse([checks.at_most(len(document.nodes), "object3d.nodes", "nodes", rules, "nodes")])
    _check_references(document, raw)
    buffers = [_read_buffer(document, index, binary) for index in range(len(document.buffers))]
    geometry = Geometry(document, buffers, len(text) + sum(map(len, buffers)))
    geometry.check()
    _check_pictures(document, buffers, rules)
    bounds = check_nodes(document, geometry)
    return MeshFacts(geometry.vertices, geometry.faces, bounds)


def read_triangles(data: bytes, format: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices and triangles of the scene that a file shows, its nodes' transforms applied."""
    import numpy as np

    text, binary = read_chunks(data) if format == "glb" else (data.removeprefix(b"\xef\xbb\xbf"), None)
    raw = _read_json(text)
    document = _read_document(raw)
    _check_references(document, raw)
    buffers = [_read_buffer(document, index, binary) for index in range(len(document.buffers))]
    geometry = Geometry(document, buffers, len(text) + sum(map(len, buffers)))
    geometry.check()
    vertices, faces, count = [np.zeros((0, 3))], [np.zeros((0, 3), np.int64)], 0
    for mesh, matrix in placed_meshes(document):
        for primitive in mesh.primitives:
            triangles = geometry.triangles(primitive)
            if triangles is None or count > _MOST_DRAWN:
                continue
            positions, _ = geometry.positions[primitive.attributes["POSITION"]]
            vertices.append(positions @ matrix[:3, :3].T + matrix[:3, 3])
            faces.append(triangles + count)
            count += len(positions)
    return np.concatenate(vertices), np.concatenate(faces)


def _read_json(text: bytes) -> dict[str, Any]:
    try:
        raw = jsontext.loads(text)
    except ValueError as error:
        raise broken("JSON", "a JSON document", str(error)[:120]) from None
    if not isinstance(raw, dict):
        raise broken("JSON", "an object", checks.show(raw, 40))
    return raw


def _check_version(raw: dict[str, Any]) -> None:
    asset = raw.get("asset")
    version = asset.get("version") if isinstance(asset, dict) else None
    if not isinstance(version, str) or version.partition(".")[0] != "2":
        raise broken("asset.version", "2.x", checks.show(version, 40), "object3d.version")
    least = asset.get("minVersion", "2.0") if isinstance(asset, dict) else "2.0"
    if least != "2.0":
        raise broken("asset.minVersion", "2.0", checks.show(least, 40), "object3d.version")


def _check_addresses(raw: dict[str, Any]) -> None:
    """Refuse every `uri` but `data:`, extensions included; `extras` are the author's own and nobody follows them."""
    stack: list[tuple[Any, str]] = [(raw, "")]
    while stack:
        node, at = stack.pop()
        if isinstance(node, dict):
            uri = node.get("uri")
            if isinstance(uri, str) and uri[:5].lower() != "data:":
                expected = "a data: URI or the binary chunk (the file must be self-contained)"
                raise broken(f"{at}.uri".lstrip("."), expected, checks.show(uri), "object3d.external")
            stack += [(value, f"{at}.{key}"[:80]) for key, value in node.items() if key != "extras"]
        elif isinstance(node, list):
            stack += [(value, f"{at}[{index}]") for index, value in enumerate(node) if isinstance(value, (dict, list))]


def _read_document(raw: dict[str, Any]) -> Document:
    try:
        return msgspec.convert(raw, Document)
    except (msgspec.ValidationError, OverflowError) as error:
        reason, _, place = str(error).partition(" - at `$.")
        raise broken(place.rstrip("`") or "JSON", "a glTF 2.0 document", reason[:120]) from None


def _check_references(document: Document, raw: dict[str, Any]) -> None:
    for at, index, name in _references(document):
        if index is not None:
            count = len(getattr(document, name))
            if index >= count:
                expected = f"an index of one of the {count:,} {name}"
                raise broken(at, expected, f"{index:,}", "object3d.index")
    for number, material in enumerate(raw.get("materials", ())):
        _check_textures(material, f"materials[{number}]", len(document.textures))


def _references(document: Document) -> Iterator[tuple[str, int | None, str]]:
    """Yield `(place, index, which list it points into)` of every reference that a viewer follows."""
    yield "scene", document.scene, "scenes"
    for number, view in enumerate(document.buffer_views):
        yield f"bufferViews[{number}].buffer", view.buffer, "buffers"
    for number, accessor in enumerate(document.accessors):
        yield f"accessors[{number}].bufferView", accessor.buffer_view, "buffer_views"
        if accessor.sparse is not None:
            yield f"accessors[{number}].sparse.indices", accessor.sparse.indices.buffer_view, "buffer_views"
            yield f"accessors[{number}].sparse.values", accessor.sparse.values.buffer_view, "buffer_views"
    for number, mesh in enumerate(document.meshes):
        for part, primitive in enumerate(mesh.primitives):
            at = f"meshes[{number}].primitives[{part}]"
            yield f"{at}.indices", primitive.indices, "accessors"
            yield f"{at}.material", primitive.material, "materials"
            for attributes in (primitive.attributes, *primitive.targets):
                for name, index in attributes.items():
                    yield f"{at}.{name[:40]}", index, "accessors"
    for number, node in enumerate(document.nodes):
        for child in node.children:
            yield f"nodes[{number}].children", child, "nodes"
        yield f"nodes[{number}].mesh", node.mesh, "meshes"
        yield f"nodes[{number}].skin", node.skin, "skins"
        yield f"nodes[{number}].camera", node.camera, "cameras"
    for number, scene in enumerate(document.scenes):
        for root in scene.nodes:
            yield f"scenes[{number}].nodes", root, "nodes"
    for number, image in enumerate(document.images):
        yield f"images[{number}].bufferView", image.buffer_view, "buffer_views"
    for number, texture in enumerate(document.textures):
        yield f"textures[{number}].source", texture.source, "images"
        yield f"textures[{number}].sampler", texture.sampler, "samplers"
    for number, skin in enumerate(document.skins):
        yield f"skins[{number}].inverseBindMatrices", skin.inverse_bind_matrices, "accessors"
        yield f"skins[{number}].skeleton", skin.skeleton, "nodes"
        for joint in skin.joints:
            yield f"skins[{number}].joints", joint, "nodes"
    for number, animation in enumerate(document.animations):
        for channel in animation.channels:
            yield f"animations[{number}].channels", channel.target.node, "nodes"
            if channel.sampler >= len(animation.samplers):
                expected = f"an index of one of the {len(animation.samplers):,} samplers"
                raise broken(f"animations[{number}].channels", expected, f"{channel.sampler:,}", "object3d.index")
        for sampler in animation.samplers:
            yield f"animations[{number}].samplers", sampler.input, "accessors"
            yield f"animations[{number}].samplers", sampler.output, "accessors"


def _check_textures(node: Any, at: str, count: int) -> None:
    """Check every texture that a material names, those of extensions included. The depth of the document is bounded."""
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key != "extras" and isinstance(value, dict):
            index = value.get("index")
            if key.endswith("Texture") and not (type(index) is int and 0 <= index < count):
                expected = f"an index of one of the {count:,} textures"
                raise broken(f"{at}.{key}"[:80], expected, checks.show(index, 40), "object3d.index")
            _check_textures(value, f"{at}.{key}", count)


def _read_buffer(document: Document, index: int, binary: memoryview | None) -> memoryview:
    buffer, at = document.buffers[index], f"buffers[{index}]"
    if buffer.uri is not None:
        data = memoryview(_decode(buffer.uri, f"{at}.uri"))
    elif index == 0 and binary is not None:
        data = binary
    else:
        raise broken(
            at, "a data: URI, or the binary chunk of a GLB as the first buffer", "neither", "object3d.external"
        )
    if len(data) < buffer.byte_length:
        expected = f"at most the {len(data):,} bytes that are there"
        raise broken(f"{at}.byteLength", expected, f"{buffer.byte_length:,}", "object3d.bytes")
    return data[: buffer.byte_length]


def _decode(uri: str, at: str) -> bytes:
    head, comma, payload = uri.partition(",")
    if not comma or not head.lower().endswith(";base64"):
        raise broken(at, "data:<type>;base64,<data>", checks.show(head, 40))
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise broken(at, "base64", str(error)[:80]) from None


def _check_pictures(document: Document, buffers: list[memoryview], rules: Rules) -> None:
    """Decode the embedded pictures within the limits of pictures, all of them together within those of an animation."""
    pixels = 0
    for index, image in enumerate(document.images):
        at = f"images[{index}]"
        if (image.uri is None) == (image.buffer_view is None):
            raise broken(at, "a data: URI or a bufferView", "both" if image.uri is not None else "neither")
        if image.uri is not None:
            data = _decode(image.uri, f"{at}.uri")
        else:
            assert image.buffer_view is not None
            view = document.buffer_views[image.buffer_view]
            data = bytes(buffers[view.buffer][view.byte_offset : view.byte_offset + view.byte_length])
        content = read_input(data, at, rules)
        assert content is not None
        picture, _ = picture_file.open_picture(content, at, rules)
        pixels += picture.width * picture.height
        checks.refuse(
            [checks.at_most(pixels, "image.frames_pixels", "images", rules, "pixels in all embedded pictures")]
        )
