from __future__ import annotations

from collections.abc import Iterator

import pytest

from medialog.datatypes.base import DataType, find
from medialog.validators.errors import UnknownKind
from medialog.wire import kinds


@pytest.fixture
def own_kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kinds, "_claimed", dict(kinds._claimed))
    kinds.third_party_kinds.cache_clear()
    yield
    kinds.third_party_kinds.cache_clear()


class EntryPoint:
    def __init__(self, name: str, value: str) -> None:
        self.name, self.value = name, value


def test_the_table_is_sorted_and_every_class_is_there() -> None:
    assert sorted(kinds.KINDS, key=str.casefold) == list(kinds.KINDS)
    for kind, location in kinds.KINDS.items():
        cls = kinds.find_class(kind)
        assert location == f"{cls.__module__}:{cls.__qualname__}"
        assert kind in (cls.kind, cls.list_kind)
        model = cls.ListDescriptor if kind == cls.list_kind else cls.Descriptor
        assert kind == model.__struct_config__.tag


def test_list_kinds_are_in_the_table() -> None:
    for kind in kinds.KINDS:
        cls = kinds.find_class(kind)
        assert (cls.list_kind is None) == (cls.ListDescriptor is None)
        assert {cls.kind, cls.list_kind} - {None} <= set(kinds.KINDS)


def test_an_unknown_kind_lists_the_known_ones() -> None:
    with pytest.raises(KeyError):
        kinds.find_class("no-such-kind")
    with pytest.raises(UnknownKind, match=r"'no-such-kind'; known kinds: .*image-file, images/separated"):
        find("no-such-kind")


@pytest.mark.usefixtures("own_kinds")
def test_a_kind_is_claimed_by_one_class() -> None:
    class Sketch(DataType, kind="test-sketch"):
        """A kind of somebody else's."""

    assert Sketch is find("test-sketch")
    assert "test-sketch" in kinds.known_kinds()
    for kind, list_kind in (("test-sketch", None), ("image-file", None), ("new", "images/separated")):
        with pytest.raises(TypeError, match="is written by"):
            type("Other", (DataType,), {"__module__": "elsewhere"}, kind=kind, list_kind=list_kind)


@pytest.mark.usefixtures("own_kinds")
def test_a_subclass_without_a_kind_claims_nothing() -> None:
    before = kinds.known_kinds()

    class Base(DataType):
        """Shared by kinds of somebody else's."""

    assert before == kinds.known_kinds()
    assert Base.kind == ""


@pytest.mark.usefixtures("own_kinds")
def test_other_packages_add_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    asked: list[str] = []
    found = [EntryPoint("test-counter", "collections:Counter")]

    def entry_points(group: str) -> list[EntryPoint]:
        asked.append(group)
        return found

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    kinds.find_class("image-file")
    assert [] == asked  # entry points are read for unknown kinds only

    import collections

    assert collections.Counter is kinds.find_class("test-counter")
    kinds.known_kinds()
    assert ["medialog.datatypes"] == asked

    for taken in ([EntryPoint("mask", "x:Y")], [EntryPoint("a", "x:Y"), EntryPoint("a", "x:Z")]):
        kinds.third_party_kinds.cache_clear()
        found[:] = taken
        with pytest.raises(ValueError, match="is taken by"):
            kinds.third_party_kinds()
