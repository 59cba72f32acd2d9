from __future__ import annotations

import time

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from medialog.datatypes.mesh import obj
from medialog.validators.errors import InvalidInput
from medialog.validators.rules import Rules

TRIANGLE = b"v 0 0 0\nv 1 0 0\nv 0 1 0.5\nf 1 2 3\n"


def rules_of(data: bytes, rules: Rules | None = None) -> set[str]:
    with pytest.raises(InvalidInput) as caught:
        obj.check(data, rules or Rules())
    return {violation.rule for violation in caught.value.violations}


def test_what_it_holds() -> None:
    found = obj.check(TRIANGLE, Rules())

    assert (3, 1, ((0.0, 0.0, 0.0), (1.0, 1.0, 0.5)), ()) == (found.vertices, found.faces, found.bounds, found.advice)


@pytest.mark.parametrize("normals", [True, False])
def test_agrees_with_trimesh(normals: bool) -> None:
    mesh = trimesh.creation.icosphere(subdivisions=3, radius=2)
    mesh.apply_translation([5, -3, 0.25])
    text = mesh.export(file_type="obj", include_normals=normals).encode()

    found = obj.check(text, Rules())

    read = trimesh.load(trimesh.util.wrap_as_stream(text.decode()), file_type="obj", process=False)
    assert (len(mesh.vertices), len(mesh.faces)) == (found.vertices, found.faces)
    np.testing.assert_array_equal(read.bounds, found.bounds)


@pytest.mark.parametrize(
    "data",
    [
        b"# a comment\n\no thing\ng a b\ns off\nusemtl red\n" + TRIANGLE,
        TRIANGLE.replace(b"\n", b"\r\n"),
        b"v 0 0 0 1 0.5 0\nv 1 0 0 0 0 0\nv 0 1 0 1 1 1\nf 1 2 3",
        b"v 0 0 0 1\nv 1 0 0\nv 0 1 0 1 1 1\nf -3 -2 -1",
        (
            b"v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0 0\nvn 0 0 1\n"
            b"f 1/1/1 2/2/1 3/1/1\nf 1//1 2//1 3//1\nf 1/2 2/1 3/1\nl 1 2 3\np 1 2"
        ),
        b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 \\\n 3\n",
        b"f 1 2 3\nv 0 0 0\nv 1 0 0\nv 0 1 0\n",
        b"v 0 0 0\n",
        b"v 0 0 0 # the origin\n",
    ],
)
def test_what_exporters_write_passes(data: bytes) -> None:
    assert obj.check(data, Rules()).bounds is not None


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.content"),
        (b"hello", "file.content"),
        (b"hello\n" + TRIANGLE, "file.content"),
        (b"# nothing", "file.content"),
        (b"v 1 2", "file.content"),
        (b"v 1 2 x", "file.content"),
        (b"v 1_0 2 3", "file.content"),
        (b"v 1 2 3\0", "file.content"),
        (b"v 1 2 3 4 5 6 7 8 9", "file.content"),
        (TRIANGLE + b"f 1 2", "file.content"),
        (TRIANGLE + b"f a b c", "file.content"),
        (TRIANGLE + b"f 1/1/1/1 2 3", "file.content"),
        (TRIANGLE + b"f 1.5 2 3", "file.content"),
        (TRIANGLE + b"f " + b"9" * 5000 + b" 1 2", "file.content"),
        (b"v nan 2 3", "object3d.finite"),
        (b"v 1 2 -inf", "object3d.finite"),
        (b"v 1e999 2 3", "object3d.finite"),
        (TRIANGLE + b"f 1 2 4", "object3d.index"),
        (TRIANGLE + b"f 1 2 1000000000", "object3d.index"),
        (TRIANGLE + b"f 0 1 2", "object3d.index"),
        (TRIANGLE + b"f 1 2 -4", "object3d.index"),
        (TRIANGLE + b"f 1/1 2/1 3/1", "object3d.index"),
        (TRIANGLE + b"vn 0 0 1\nf 1//1 2//1 3//2", "object3d.index"),
        (b"mtllib ../../x\n" + TRIANGLE, "object3d.external"),
        (b"mtllib ..\n" + TRIANGLE, "object3d.external"),
        (b"mtllib /etc/passwd\n" + TRIANGLE, "object3d.external"),
        (b"mtllib C:\\x.mtl\n" + TRIANGLE, "object3d.external"),
        (b"mtllib http://example.com/x.mtl\n" + TRIANGLE, "object3d.external"),
        (b"maplib sub/x\n" + TRIANGLE, "object3d.external"),
        (b"mtllib\n" + TRIANGLE, "object3d.external"),
        (b"call other.obj\n" + TRIANGLE, "object3d.external"),
        (b"csh rm -rf x\n" + TRIANGLE, "object3d.external"),
    ],
)
def test_what_is_broken_is_named(data: bytes, rule: str) -> None:
    assert {rule} == rules_of(data)


def test_a_message_says_where() -> None:
    with pytest.raises(InvalidInput, match=r"line 5: vertices like .*got b'f 1 2 x'"):
        obj.check(TRIANGLE + b"f 1 2 x", Rules())


def test_a_material_file_beside_it_is_kept_and_mentioned() -> None:
    found = obj.check(b"mtllib ./my cube.mtl\nusemtl red\n" + TRIANGLE, Rules())

    ((rule, sentence),) = found.advice
    assert "object3d.materials" == rule
    assert "my cube.mtl" in sentence


def test_lines_up_to_the_limit() -> None:
    rules = Rules({"object3d.line": 40})
    line = b"v 0 0 0 #".ljust(39) + b"\n"

    assert 1 == obj.check(line, rules).vertices
    assert {"object3d.line"} == rules_of(b" " + line, rules)
    assert {"object3d.line"} == rules_of(b"v 0 0 \\\n0" * 10, Rules({"object3d.line": 20}))


def test_batches_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    text = trimesh.creation.icosphere(subdivisions=2).export(file_type="obj").encode()
    expected = obj.check(text, Rules())

    monkeypatch.setattr(obj, "BATCH", 7)

    assert expected == obj.check(text, Rules())


@given(st.data())
def test_any_bytes_give_facts_or_a_named_error(data: st.DataObject) -> None:
    words = st.sampled_from(
        [b"v", b"f", b"vt", b"vn", b"1", b"-1", b"2/1", b"1//1", b"/", b"nan", b"\n", b"\\\n", b"#", b"mtllib", b"\xff"]
    )
    text = data.draw(st.one_of(st.binary(max_size=60), st.lists(words, max_size=40).map(b" ".join)))
    try:
        obj.check(text, Rules())
    except InvalidInput as error:
        message = str(error)
        assert message


def test_joined_lines_take_linear_time() -> None:
    start = time.process_time()
    with pytest.raises(InvalidInput):
        obj.check(b"\\\n" * 1_500_000, Rules())

    assert time.process_time() - start < 10
