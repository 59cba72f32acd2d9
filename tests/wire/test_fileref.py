from __future__ import annotations

import pickle
from typing import Any

import pytest

from medialog.wire.fileref import FileRef, iter_file_refs

A, B = ({"path": name, "sha256": name * 2, "size": 3} for name in "ab")


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (A, "a"),
        ({"_type": "x", **A, "caption": "c"}, "a"),
        ([A, B, A], "aba"),
        ({"x": {"y": [A, {"z": B}]}}, "ab"),
        ({**A, "masks": {"m": B}, "files": [A]}, "aba"),
        ({"_type": "x", "x-source": A}, ""),
        ({"_type": "x", **A, "x-source": [{"y": B}], "y-source": B}, "ab"),
        ({**A, "x-source": B}, "a"),
        ({"_type": "x", "masks": {"x-ray": A}}, "a"),
        ({"path": "a", "sha256": "aa"}, ""),
        ({"path": "a", "sha256": "aa", "size": "3"}, ""),
        ({"path": 1, "sha256": "aa", "size": 3}, ""),
        ([], ""),
        (None, ""),
        ("path", ""),
        (5, ""),
    ],
)
def test_every_reference_is_found_in_order(document: Any, found: str) -> None:
    assert [FileRef(name, name * 2, 3) for name in found] == list(iter_file_refs(document))


def test_a_deep_document_does_not_exhaust_the_stack() -> None:
    document: Any = A
    for _ in range(100_000):
        document = [document]
    found = list(iter_file_refs(document))
    while isinstance(document, list):  # taken apart by hand: the interpreter's own clean-up recurses
        document = document.pop()

    assert [FileRef("a", "aa", 3)] == found


def test_a_reference_is_a_value() -> None:
    reference = FileRef("a", "b", 1)

    assert reference == pickle.loads(pickle.dumps(reference))
    assert 1 == len({reference, FileRef("a", "b", 1)})
    with pytest.raises(AttributeError):
        reference.size = 2  # type: ignore[misc]
