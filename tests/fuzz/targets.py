"""Fuzz targets: each takes bytes and lets nothing but medialog's named errors pass.

What a target accepts is also stored, validated and loaded again, so a finding is an exception that is not ours, a
descriptor that breaks its own schema, a value that does not come back, or (see `mutation`) an input that takes long.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec

import medialog
from medialog.datatypes import gif, html_style, ogg, video_file
from medialog.datatypes.base import DataType, decode, find
from medialog.datatypes.files import MemorySink, read_input
from medialog.datatypes.mesh import formats, ply
from medialog.datatypes.molecule_file import find_format, read_structure
from medialog.datatypes.picture_file import open_picture
from medialog.datatypes.tensor import read_npy
from medialog.validators import descriptors, validate
from medialog.validators.errors import DamagedFile, Error, InvalidInput
from medialog.validators.rules import Rules
from medialog.wire import fileref, jsontext, kinds, line, names, schemas

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
# Small enough that no input of a few kilobytes can ask for seconds of work.
LOWERED = {
    "image.pixels": 1_000_000,
    "image.frames_pixels": 2_000_000,
    "image.side": 10_000,
    "video.pixels": 1_000_000,
    "video.frames_pixels": 4_000_000,
    "audio.duration": 60,
    "audio.size": 10_000_000,
    "molecule.atoms": 10_000,
}

Target = Callable[[bytes], None]


def keep(value: DataType) -> None:
    """Store an accepted value and load it again."""
    sink = MemorySink()
    with Rules(LOWERED, strict="record").use():
        descriptor = value.encode_into(sink)
        assert validate(descriptor) == [], validate(descriptor)
        text = json.dumps(descriptor, allow_nan=False)
        assert decode(json.loads(text), sink) == value
    repr(value)


def construct(make: Callable[[], DataType]) -> None:
    """Make a value; one that is refused has a named error, one that is accepted is kept."""
    with Rules(LOWERED, strict="record").use():
        try:
            value = make()
        except InvalidInput as error:
            refused = error.violations
        else:
            keep(value)
            return
    assert refused
    assert all(violation.at and violation.rule and str(violation) for violation in refused)


# --- lines and documents --------------------------------------------------------------------------------------------


def history_line(data: bytes) -> None:
    found = line.decode(data)
    if isinstance(found, line.Line):
        assert line.decode(line.encode(found)) == found
    else:
        assert found.reason


def sealed_line(data: bytes) -> None:
    """The same behind a checksum that is right."""
    import zlib

    history_line(b'%b,"crc":"%08x"}\n' % (data, zlib.crc32(data)))


def strict_json(data: bytes) -> None:
    try:
        document = jsontext.loads(data)
    except ValueError:
        return
    assert jsontext.first_non_finite(document) is None
    list(fileref.iter_file_refs(document))
    if isinstance(document, dict) and document.get("_type") == jsontext.NUMBER_KIND:
        try:
            jsontext.decode_number(document)
        except ValueError:
            return
    if not _has_big_integers(document):
        assert same(document, jsontext.loads(jsontext.dumps(document)))


def refs_file(data: bytes) -> None:
    try:
        found = fileref.parse_refs(data)
    except ValueError:
        return
    assert all(names.problem_with_media_path(reference.path, reference.sha256) is None for reference in found)


def _has_big_integers(document: Any) -> bool:
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, int) and not -(2**63) <= node < 2**64:
            return True
    return False


def same(one: Any, other: Any) -> bool:
    """Compare documents; 1e15 and 1000000000000000 are written alike by some and are the same number."""
    return bool(one == other)


def descriptor_text(data: bytes) -> None:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return
    check_descriptor(document)


def descriptor_tree(data: bytes) -> None:
    """A valid descriptor, changed in a few places; the bytes are the choices."""
    choices = random.Random(data)
    document = json.loads(choices.choice(_valid_texts()))
    for _ in range(choices.randint(1, 4)):
        document = change_somewhere(document, choices)
    check_descriptor(document)


def check_descriptor(document: Any) -> None:
    """Validate a document, and hold the fast way (msgspec) against the slow one (JSON Schema)."""
    found = validate(document)
    assert all(violation.at and violation.rule and str(violation) for violation in found)
    kind = document.get("_type") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in kinds.KINDS or any(v.rule == "descriptor.json" for v in found):
        assert found
        return
    cls = find(kind)
    model = cls.ListDescriptor if kind == cls.list_kind else cls.Descriptor
    by_schema = not list(descriptors.schema_violations(document, descriptors._validator(kind, model)))
    if by_schema:
        msgspec.convert(schemas.without_extensions(document, schemas.load(kind)), model)
        assert all(not violation.rule.startswith("schema.") for violation in found)
    else:
        assert not descriptors._is_structurally_valid(document, kind, model), "msgspec accepts what the schema does not"
    if not found:
        assert jsonschema.Draft202012Validator(schemas.load(kind)).is_valid(document)
        try:
            decode(document, MemorySink())
        except Error:
            return
        own = descriptors.without_extensions(document)
        assert not list(fileref.iter_file_refs(own)), "decoded without its file"


@cache
def _valid_texts() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((FIXTURES / "descriptors" / "valid").glob("*/*.json"))]


ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400),
    *(0.5, -0.0, 1e308, 1e-320, math.nan, math.inf),
    *("", "x", "é" * 3, "\ud800", "\0", "0", "-1", "1e5", "٣", "../..", "media/00/" + "0" * 64 + ".png", "a" * 3_000),
    *([], {}, [[]], [None], {"_type": "mask"}, {"": 1}, {"x-a": {"x-b": 1}}),
)


def change_somewhere(document: Any, choices: random.Random) -> Any:
    """Return a document with one change: a value replaced, removed, repeated, renamed, or moved."""
    places = list(_places(document))
    parent, key = choices.choice(places) if places else (None, None)
    if parent is None:
        return odd(choices)
    action = choices.randrange(6)
    value = json.loads(json.dumps(parent[key]))
    if action == 0:
        del parent[key]
    elif action == 1 and isinstance(parent, dict):
        parent[choices.choice(["x-new", "new", "_type", "files", "items", "count", "Ⅷ", ""])] = value
    elif action == 2 and isinstance(parent, list):
        parent.extend([value] * choices.choice([1, 2, 70]))
    elif action == 3:
        other_parent, other_key = choices.choice(places)
        parent[key] = json.loads(json.dumps(other_parent[other_key])) if _is_there(other_parent, other_key) else 0
    elif action == 4 and isinstance(value, (int, float)) and not isinstance(value, bool):
        parent[key] = choices.choice([value + 1, -value, value * 2**40, value % 7 + 0.5, str(value)[:50]])
    else:
        parent[key] = odd(choices)
    return document


def odd(choices: random.Random) -> Any:
    """Return an unusual value, a new one each time: it may be changed next."""
    return copy.deepcopy(choices.choice(ODD))


def _is_there(parent: Any, key: Any) -> bool:
    return key in parent if isinstance(parent, dict) else key < len(parent)


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    stack = [document]
    while stack:
        node = stack.pop()
        pairs = list(node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ())
        for key, value in pairs:
            yield node, key
            stack.append(value)


# --- files ----------------------------------------------------------------------------------------------------------


def mesh(format: str) -> Target:
    def target(data: bytes) -> None:
        rules = Rules(LOWERED)
        try:
            formats.sniff(data)
            formats.check(format, data, rules)
        except InvalidInput:
            return
        construct(lambda: medialog.Object3D(data, file_type=format))

    return target


def point_ply(data: bytes) -> None:
    try:
        ply.read_points(data)
    except (InvalidInput, DamagedFile):
        return


def molecule(data: bytes) -> None:
    try:
        format = find_format(data, None, "molecule")
        read_structure(data, format, 10_000)
    except InvalidInput:
        return
    construct(lambda: medialog.Molecule(data, file_type=format))


def molecule_of(format: str) -> Target:
    def target(data: bytes) -> None:
        try:
            read_structure(data, format, 10_000)
        except InvalidInput:
            return
        construct(lambda: medialog.Molecule(data, file_type=format))

    return target


def audio(data: bytes) -> None:
    construct(lambda: medialog.Audio(data))


def video_walk(data: bytes) -> None:
    """Only our own walks, which are fast: the probe behind them is FFmpeg's."""
    import io

    found = video_file.sniff(data[:512])
    walks: dict[str, Callable[[Any, int], Any]] = {
        **video_file._WALKS,
        "ogg": ogg.walk,
        "gif": lambda file, _: gif.read_layout(file),
    }
    for name, walk in walks.items():
        if found in (None, name):
            try:
                walk(io.BytesIO(data), len(data))
            except ValueError:
                continue


def video(data: bytes) -> None:
    construct(lambda: medialog.Video(data))


def picture(data: bytes) -> None:
    content = read_input(data, "Image", Rules(LOWERED))
    assert content is not None
    try:
        open_picture(content, "Image", Rules(LOWERED))
    except InvalidInput:
        return
    construct(lambda: medialog.Image(data))


def mask(data: bytes) -> None:
    construct(lambda: medialog.ImageMask({"path": data}, "mask"))


def page_style(data: bytes) -> None:
    page = data.decode("utf-8", "replace")
    assert html_style.remove(html_style.insert(page)) == page
    try:
        html_style.remove(page)
    except ValueError:
        return


def page(data: bytes) -> None:
    construct(lambda: medialog.Html(data))


def text(data: bytes) -> None:
    construct(lambda: medialog.Text(data))


def plotly(data: bytes) -> None:
    construct(lambda: medialog.Plotly(data))


def vega(data: bytes) -> None:
    construct(lambda: medialog.VegaLite(data))


def npy(data: bytes) -> None:
    try:
        array = read_npy(data, "array.npy")
    except DamagedFile:
        return
    construct(lambda: medialog.Tensor(array))


def stored_boxes(data: bytes) -> None:
    _decode_stored(data, "boxes2D.json", {"_type": "boxes2D", "count": 1, "class_labels": {}, "lossless": True})


def stored_table(data: bytes) -> None:
    """A table's file, under the descriptor that its own columns would have."""
    try:
        document = jsontext.loads(data)
        columns, types, rows = document["columns"], document["column_types"], len(document["data"])
    except (ValueError, TypeError, KeyError):
        return
    facts = {"format": "json", "ncols": len(columns) if isinstance(columns, list) else 0, "nrows": rows}
    facts |= {"columns": columns, "column_types": types, "log_mode": "IMMUTABLE", "lossless": True}
    _decode_stored(data, "table.json", {"_type": "table-file", **facts})


def stored_scene(data: bytes) -> None:
    facts = {"format": "scene.json", "lossless": True, "points": 1, "boxes": 0, "vectors": 0, "color_scheme": "none"}
    _decode_stored(data, "scene.json", {"_type": "object3D-file", **facts})


def _decode_stored(data: bytes, suffix: str, facts: dict[str, Any]) -> None:
    sink = MemorySink()
    reference = sink.write(suffix, data)
    assert reference.sha256 == hashlib.sha256(data).hexdigest()
    descriptor = {**facts, "path": reference.path, "sha256": reference.sha256, "size": reference.size}
    try:
        value = decode(descriptor, sink)
        repr(value)
        if isinstance(value, medialog.Table):
            for row in value.iterrows():
                repr(row)
    except Error:
        return


TARGETS: dict[str, tuple[Target, tuple[str, ...]]] = {
    # name: the target, and where its corpus is
    "audio": (audio, ("media/sound.*",)),
    "descriptor_text": (descriptor_text, ("descriptors/valid/*/*.json",)),
    "descriptor_tree": (descriptor_tree, ("media/notes.md",)),
    "glb": (mesh("glb"), ("media/solid.glb",)),
    "gltf": (mesh("gltf"), ("media/solid.gltf",)),
    "history_line": (history_line, ("../tests/fuzz/corpus/*.jsonl",)),
    "mask": (mask, ("media/picture*.png",)),
    "molecule": (molecule, ("molecules/*",)),
    "molecule_cif": (molecule_of("cif"), ("molecules/*cif",)),
    "molecule_gro": (molecule_of("gro"), ("molecules/*.gro",)),
    "molecule_mmcif": (molecule_of("mmcif"), ("molecules/*cif",)),
    "molecule_mmtf": (molecule_of("mmtf"), ("molecules/*.mmtf",)),
    "molecule_mol2": (molecule_of("mol2"), ("molecules/*.mol2",)),
    "molecule_pdb": (molecule_of("pdb"), ("molecules/*.pdb",)),
    "molecule_pqr": (molecule_of("pqr"), ("molecules/*.pqr",)),
    "molecule_sdf": (molecule_of("sdf"), ("molecules/*.sd*",)),
    "npy": (npy, ("media/array.npy",)),
    "obj": (mesh("obj"), ("media/solid.obj",)),
    "page": (page, ("media/page.html",)),
    "page_style": (page_style, ("media/page.html",)),
    "picture": (picture, ("media/picture.*", "media/clip.gif")),
    "plotly": (plotly, ("media/figure.plotly.json",)),
    "ply": (mesh("ply"), ("media/*.ply",)),
    "point_ply": (point_ply, ("media/*.ply",)),
    "refs_file": (refs_file, ("../tests/fuzz/corpus/refs.json",)),
    "sealed_line": (sealed_line, ("../tests/fuzz/corpus/*.unsealed",)),
    "stl": (mesh("stl"), ("media/*.stl",)),
    "stored_boxes": (stored_boxes, ("../tests/fuzz/corpus/boxes.json",)),
    "stored_scene": (stored_scene, ("../tests/fuzz/corpus/scene.json",)),
    "stored_table": (stored_table, ("../tests/fuzz/corpus/*table.json",)),
    "strict_json": (strict_json, ("descriptors/valid/*/*.json", "../tests/fuzz/corpus/*.json")),
    "text": (text, ("media/notes.md",)),
    "vega": (vega, ("media/chart.vl.json",)),
    "video": (video, ("media/clip.*",)),
    "video_walk": (video_walk, ("media/clip.*",)),
}


def corpus(name: str) -> list[bytes]:
    """Return the seeds of a target: small real files."""
    found = [path.read_bytes() for pattern in TARGETS[name][1] for path in sorted(FIXTURES.glob(pattern))]
    if not found:  # pathlib's glob does not climb
        found = [
            path.read_bytes()
            for pattern in TARGETS[name][1]
            for path in sorted((FIXTURES / Path(pattern).parent).resolve().glob(Path(pattern).name))
        ]
    return found
