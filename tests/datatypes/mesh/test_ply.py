from __future__ import annotations

import struct

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from medialog.datatypes.mesh import ply
from medialog.validators.errors import InvalidInput
from medialog.validators.rules import Rules

MESH = trimesh.creation.icosphere(subdivisions=2)
XYZ = "property float x\nproperty float y\nproperty float z\n"


def header(order: str = "binary_little_endian", vertices: int = 1, rest: str = "") -> bytes:
    return f"ply\nformat {order} 1.0\ncomment made here\nelement vertex {vertices}\n{XYZ}{rest}end_header\n".encode()


def rule_of(data: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        ply.check(data, Rules())
    (violation,) = caught.value.violations
    return violation.rule


FACE = "element face 2\nproperty list uchar int vertex_index\nproperty uchar part\n"
POINTS = struct.pack("<12f", *range(12))
# A triangle and a square: rows of different lengths.
MIXED = (
    header(vertices=4, rest=FACE)
    + POINTS
    + struct.pack("<BiiiB", 3, 0, 1, 2, 7)
    + struct.pack("<BiiiiB", 4, 0, 1, 2, 3, 8)
)
BIG = (
    header("binary_big_endian", 4, FACE)
    + struct.pack(">12f", *range(12))
    + struct.pack(">BiiiB", 3, 0, 1, 2, 7)
    + struct.pack(">BiiiiB", 4, 0, 1, 2, 3, 8)
)
TEXT = header("ascii", 4, FACE) + b"0 1 2\n3 4 5\n6 7 8\n9 10 11\n3 0 1 2 7\n4 0 1 2 3 8\n"


@pytest.mark.parametrize("encoding", ["binary", "ascii"])
def test_agrees_with_trimesh(encoding: str) -> None:
    data = MESH.export(file_type="ply", encoding=encoding, vertex_normal=True)
    data = data.encode() if isinstance(data, str) else data

    found = ply.check(data, Rules())

    assert (len(MESH.vertices), len(MESH.faces)) == (found.vertices, found.faces)
    assert found.bounds is not None
    np.testing.assert_allclose(MESH.bounds, found.bounds, atol=1e-7)
    np.testing.assert_allclose(MESH.vertices, ply.read_points(data), atol=1e-7)


@pytest.mark.parametrize("data", [MIXED, BIG, TEXT, TEXT.replace(b"\n", b"\r\n"), TEXT.replace(b"int", b"int32")])
def test_faces_of_any_length_in_every_order(data: bytes) -> None:
    found = ply.check(data, Rules())

    assert (4, 2, ((0, 1, 2), (9, 10, 11))) == (found.vertices, found.faces, found.bounds)
    np.testing.assert_array_equal(np.arange(12).reshape(4, 3), ply.read_points(data))


def test_no_vertices_is_no_error() -> None:
    found = ply.check(header(vertices=0), Rules())

    assert (0, 0, None) == (found.vertices, found.faces, found.bounds)


def test_doubles_and_colours_come_back() -> None:
    names = "".join(f"property double {name}\n" for name in "xyz") + "".join(
        f"property uchar {c}\n" for c in ("red", "green", "blue", "alpha")
    )
    data = f"ply\nformat binary_little_endian 1.0\nelement vertex 1\n{names}end_header\n".encode()
    data += struct.pack("<dddBBBB", 0.1, 0.2, 0.3, 1, 2, 255, 9)

    points = ply.read_points(data)

    assert np.float64 == points.dtype
    assert [[0.1, 0.2, 0.3, 1, 2, 255]] == points.tolist()


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.content"),
        (b"hello", "file.content"),
        (b"ply\nformat ascii 1.0\n", "file.content"),
        (b"ply\n" + b"comment x\n" * 10_000 + header()[4:], "file.content"),
        (b"ply\nend_header\n", "file.content"),
        (header("middle_endian"), "file.content"),
        (header().replace(b"1.0", b"2.0"), "file.content"),
        (header().replace(b"property float z\n", b""), "file.content"),
        (header().replace(b"float x", b"half x"), "file.content"),
        (header().replace(b"float y", b"float x"), "file.content"),
        (header().replace(b"vertex 1", b"vertex -1"), "file.content"),
        (header().replace(b"vertex 1", b"vertex 1e3"), "file.content"),
        (header(rest="element vertex 1\n"), "file.content"),
        (header(rest="element empty 1000000000000\n") + bytes(12), "file.content"),
        (header(rest="nonsense\n") + bytes(12), "file.content"),
        (header(rest="property list float int a\n") + bytes(16), "file.content"),
        (header(vertices=10**12) + bytes(12), "object3d.bytes"),
        (header("ascii", vertices=10**12) + b"1 2 3", "object3d.bytes"),
        (header(), "object3d.bytes"),
        (header() + bytes(11), "object3d.bytes"),
        (header() + bytes(13), "object3d.bytes"),
        (header("ascii") + b"1 2", "object3d.bytes"),
        (header("ascii") + b"1 2 3 4", "object3d.bytes"),
        (header("ascii") + b"1 2 x", "file.content"),
        (header("ascii") + b"1 2 1e999", "object3d.finite"),
        (header("ascii") + b"1 2 1e39", "object3d.finite"),
        (header() + struct.pack("<3f", 0, float("nan"), 0), "object3d.finite"),
        (MIXED[:-1], "object3d.bytes"),
        (MIXED + b"\0", "object3d.bytes"),
        (
            MIXED.replace(struct.pack("<BiiiiB", 4, 0, 1, 2, 3, 8), struct.pack("<BiiiiB", 4, 0, 1, 2, 4, 8)),
            "object3d.index",
        ),
        (MIXED.replace(struct.pack("<Bi", 4, 0), struct.pack("<Bi", 4, -1)), "object3d.index"),
        (MIXED.replace(struct.pack("<Bi", 4, 0), struct.pack("<Bi", 255, 0)), "object3d.bytes"),
        (TEXT.replace(b"4 0 1 2 3", b"4 0 1 2 4"), "object3d.index"),
        (TEXT.replace(b"4 0 1 2 3", b"4.5 0 1 2 3"), "object3d.bytes"),
        (TEXT.replace(b"4 0 1 2 3", b"nan 0 1 2 3"), "object3d.bytes"),
        (TEXT.replace(b"4 0 1 2 3", b"4 0 1 2 2.5"), "file.content"),
        (TEXT.replace(b"2 3 8", b"2 3 256"), "file.content"),
    ],
)  # fmt: skip
def test_what_is_broken_is_named(data: bytes, rule: str) -> None:
    assert rule == rule_of(data)


def test_a_property_may_have_any_name() -> None:
    rest = "element face 1\nproperty list uchar int 1\nproperty list uchar int f0\n"
    data = header(rest=rest) + bytes(12) + struct.pack("<BiBi", 1, 5, 1, 6)

    assert 1 == ply.check(data, Rules()).faces


@given(
    st.sampled_from([MIXED, BIG, TEXT]),
    st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=6)), max_size=4),
    st.integers(0, 400),
)
def test_mutations_give_facts_or_a_named_error(data: bytes, edits: list[tuple[int, bytes]], end: int) -> None:
    for place, piece in edits:
        data = data[:place] + piece + data[place + len(piece) :]
    for each in (data, data[:end]):
        try:
            ply.check(each, Rules())
        except InvalidInput as error:
            message = str(error)
            assert message
