from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialog.wire import names

SHA = hashlib.sha256(b"").hexdigest()
GOOD = f"media/{SHA[:2]}/{SHA}.png"


@pytest.mark.parametrize(
    "name", ["a", "0", "run-1", "A.b_c-d", "a" * 128, "2024.01.02", "comet", "console", "nullable", "com10", "a..b"]
)
def test_names_for_every_system(name: str) -> None:
    assert names.problem_with_name(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        ".hidden",
        "-rf",
        "_a",
        "a b",
        "a" * 129,
        "x.",
        "é",
        "a\n",
        "\n",
        "a\0",
        "C:",
        "CON",
        "con",
        "Con.txt",
        "nul",
        "prn.a.b",
        "aux",
        "COM1",
        "lpt9.log",
        "com0",
        "project " * 40,
        None,
        5,
        b"a",
        ["a"],
    ],
    ids=lambda value: repr(value).partition(" at 0x")[0],
)
def test_names_that_some_system_refuses(name: Any) -> None:
    assert names.problem_with_name(name)


@given(st.text(max_size=20))
def test_a_good_name_is_one_part_of_a_path(name: str) -> None:
    if names.problem_with_name(name) is None:
        assert name.isascii()
        assert not set(name) & set('/\\:*?"<>|\0\n')
        assert name not in (".", "..")


@given(st.binary(max_size=20), st.sampled_from(["png", "mask.png", "boxes2D.json", "table.json", "7z", "a" * 12]))
def test_media_paths_are_good(data: bytes, suffix: str) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    path = names.media_path(sha256, suffix)

    assert names.problem_with_media_path(path) is None
    assert names.problem_with_media_path(path, sha256) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/" + GOOD,
        "./" + GOOD,
        GOOD + "/",
        GOOD + "\n",
        GOOD + "\0",
        GOOD.upper(),
        "media/../" + GOOD,
        GOOD.replace("/", "\\"),
        GOOD.replace("/", "//", 1),
        GOOD.removesuffix(".png"),
        GOOD + ".a.b",
        f"media/00/{SHA}.png",
        f"media/{SHA[:2]}/{SHA[:-1]}.png",
        f"media/{SHA[:2]}/{SHA}..png",
        f"media/{SHA[:2]}/../{SHA}.png",
        "C:/" + GOOD,
        None,
        5,
        [GOOD],
    ],
    ids=lambda value: repr(value).partition(" at 0x")[0],
)
def test_other_paths_are_refused(path: Any) -> None:
    assert names.problem_with_media_path(path)


def test_a_path_belongs_to_its_hash() -> None:
    assert names.problem_with_media_path(GOOD, "0" * 64)


@pytest.mark.parametrize("suffix", ["", ".", ".png", "a/b", "a.b.c", "a" * 13, "pn g", "png\n", "é"])
def test_other_suffixes_are_refused(suffix: str) -> None:
    with pytest.raises(ValueError, match="suffix"):
        names.media_path(SHA, suffix)
