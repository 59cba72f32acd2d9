from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from medialog.datatypes.mesh import stl
from medialog.validators.errors import InvalidInput
from medialog.validators.rules import Rules

MESH = trimesh.creation.icosphere(subdivisions=1)
BINARY: bytes = MESH.export(file_type="stl")
TEXT: bytes = MESH.export(file_type="stl_ascii").encode()
ONE_FACET = b"solid\nfacet normal 0 0 1 outer loop vertex 0 0 %s vertex 0 0 0 vertex 0 0 0 endloop endfacet\nendsolid"


def rule_of(data: bytes, rules: Rules | None = None) -> str:
    with pytest.raises(InvalidInput) as caught:
        stl.check(data, rules or Rules())
    (violation,) = caught.value.violations
    return violation.rule


@pytest.mark.parametrize("data", [BINARY, TEXT, TEXT.upper(), TEXT.replace(b"\n", b"\r\n"), b"solid" + BINARY[5:]])
def test_agrees_with_trimesh(data: bytes) -> None:
    found = stl.check(data, Rules())

    assert (3 * len(MESH.faces), len(MESH.faces)) == (found.vertices, found.faces)
    assert found.bounds is not None
    np.testing.assert_allclose(MESH.bounds, found.bounds, atol=1e-7)


@pytest.mark.parametrize("data", [bytes(84), b"solid\nendsolid\n", b"solid a\nendsolid a\nsolid b\nendsolid b"])
def test_no_triangles_is_no_error(data: bytes) -> None:
    found = stl.check(data, Rules())

    assert (0, 0, None) == (found.vertices, found.faces, found.bounds)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.content"),
        (b"hello", "file.content"),
        (BINARY[:-1], "object3d.bytes"),
        (BINARY + b"x", "object3d.bytes"),
        (BINARY[:80] + b"\xff\xff\xff\xff" + BINARY[84:], "object3d.bytes"),
        (BINARY[:96] + np.float32(np.nan).tobytes() + BINARY[100:], "object3d.finite"),
        (BINARY[:96] + np.float32(np.inf).tobytes() + BINARY[100:], "object3d.finite"),
        (TEXT[:-20], "file.content"),
        (TEXT + b"more", "file.content"),
        (TEXT.replace(b"outer", b"inner", 1), "file.content"),
        (TEXT.replace(b"vertex", b"vertex nan", 1), "file.content"),
        (ONE_FACET % b"nan", "object3d.finite"),
        (ONE_FACET % b"a", "file.content"),
    ],
)  # fmt: skip
def test_what_is_broken_is_named(data: bytes, rule: str) -> None:
    assert rule == rule_of(data)


def test_normals_may_be_anything() -> None:
    data = BINARY[:84] + np.float32(np.nan).tobytes() + BINARY[88:]

    assert len(MESH.faces) == stl.check(data, Rules()).faces


def test_lines_up_to_the_limit() -> None:
    text = b"solid".ljust(29) + b"\nendsolid"

    assert 0 == stl.check(text, Rules({"object3d.line": 30})).faces
    assert "object3d.line" == rule_of(text, Rules({"object3d.line": 29}))


@given(
    st.sampled_from([BINARY[:484], TEXT[:600]]),
    st.lists(st.tuples(st.integers(0, 599), st.binary(max_size=6)), max_size=4),
)
def test_mutations_give_facts_or_a_named_error(data: bytes, edits: list[tuple[int, bytes]]) -> None:
    for place, piece in edits:
        data = data[:place] + piece + data[place + len(piece) :]
    try:
        stl.check(data, Rules())
    except InvalidInput as error:
        message = str(error)
        assert message


def test_a_run_of_one_character_takes_linear_time() -> None:
    for piece in (b" ", b"x", b"facet normal ", b"\n"):
        with pytest.raises(InvalidInput):
            stl.check(b"solid\n" + piece * (100_000 // len(piece)), Rules())
