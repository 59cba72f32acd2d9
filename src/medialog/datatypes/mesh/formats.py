"""Which format a 3D file has, and its check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medialog.datatypes.mesh import gltf, obj, ply, stl
from medialog.datatypes.mesh.facts import MeshFacts, broken
from medialog.validators import checks

if TYPE_CHECKING:
    from medialog.datatypes.files import Content
    from medialog.validators.rules import Rules

_CHECKS = {
    "obj": obj.check,
    "gltf": gltf.check_gltf,
    "glb": gltf.check_glb,
    "stl": stl.check,
    "ply": ply.check,
}


def check(format: str, data: bytes, rules: Rules) -> MeshFacts:
    """Return what a file of `format` holds; `InvalidInput` where it is not whole or not of that format."""
    return _CHECKS[format](data, rules)


def choose(content: Content, data: bytes, file_type: str | None, rules: Rules) -> str:
    """Return the format of a file: by its name, by `file_type`, or else by how it begins.

    `InvalidInput` when name and `file_type` differ, when the name is that of another format, or when nothing tells.
    """
    known = rules.limit("object3d.formats")
    suffix = content.suffix
    format = file_type or (suffix if suffix in known else None)
    if suffix in known and format != suffix:
        raise broken(
            "file_type", f"{suffix}, as the name {checks.show(content.name)} says", format or "", "object3d.file_type"
        )
    if format is None and suffix:
        expected = f"a file named .{', .'.join(known)} (or file_type=...)"
        if content.name is not None and content.name.endswith(".pts.json"):
            expected = "the array or dict in it: Object3D(json.load(file))"
        raise broken("Object3D", expected, checks.show(content.name), "object3d.formats")
    begins = sniff(data)
    if format is None and begins is None:
        expected = f"file_type= one of {', '.join(known)}, where there is no file name"
        raise broken("Object3D", expected, f"bytes that begin {data[:12]!r}", "object3d.file_type")
    if format is not None and begins is not None and begins != format:
        raise broken("Object3D", f"a {format.upper()} file, as it is said to be", f"a {begins.upper()} file")
    return format or begins or ""


def sniff(data: bytes) -> str | None:
    """Return the format that a file begins like, or None: an OBJ begins like any text."""
    head = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith(b"glTF"):
        return "glb"
    if data.startswith((b"ply\n", b"ply\r\n")):
        return "ply"
    if stl.is_binary(data) or head[:6].lower() in (b"solid ", b"solid\n", b"solid\r"):
        return "stl"
    return "gltf" if head.startswith(b"{") else None
