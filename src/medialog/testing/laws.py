"""The laws that every type obeys. A type's test is a subclass of `TypeLaws` that lists examples, and little else.

    from medialog.testing.laws import TypeLaws, call

    class TestHistogram(TypeLaws):
        type = Histogram
        valid = {"a list": lambda: call([1, 2, 3])}
        invalid = {"no bins": (lambda: call([1], num_bins=0), {"histogram.num_bins"})}
        spellings = {"one sample": [lambda: call([1.0]), lambda: call(np.array([1.0]))]}

Every example is a function, so that each law gets fresh data. medialog's pytest plugin hands the examples to the laws;
a law for which a class lists no example is skipped. A type of another package obeys the same laws as ours.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import math
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import jsonschema
import numpy as np
import pytest

from medialog.datatypes.base import DataType, MediaList, decode
from medialog.datatypes.files import MemorySink
from medialog.validators import validate
from medialog.validators.catalog import COMMON
from medialog.validators.descriptors import schema_of
from medialog.validators.errors import InvalidInput
from medialog.validators.limits import LIMITS
from medialog.wire import kinds
from medialog.wire.fileref import iter_file_refs


@dataclass
class Call:
    """Arguments for a constructor: the type's own, or `make` (a class method, say)."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    make: Callable[..., DataType] | None = None

    def construct(self, cls: type[DataType]) -> DataType:
        """Return the value that the arguments make."""
        return (self.make or cls)(*self.args, **self.kwargs)


def call(*args: Any, **kwargs: Any) -> Call:
    """Return arguments for the type's constructor."""
    return Call(args, kwargs)


def call_of(make: Callable[..., DataType], *args: Any, **kwargs: Any) -> Call:
    """Return arguments for another way to make the type: `call_of(Molecule.from_smiles, "CCO")`."""
    return Call(args, kwargs, make)


class TypeLaws:
    """Subclass as `Test<Type>`; pytest runs every law on every example."""

    type: ClassVar[type[DataType]]
    valid: ClassVar[Mapping[str, Callable[[], Call]]] = {}
    invalid: ClassVar[Mapping[str, tuple[Callable[[], Call], set[str]]]] = {}
    spellings: ClassVar[Mapping[str, list[Callable[[], Call]]]] = {}

    def test_encodes_to_its_published_schema(self, valid_example: Callable[[], Call]) -> None:
        descriptor = valid_example().construct(self.type).encode_into(MemorySink())

        assert self.type.kind == descriptor["_type"]
        jsonschema.Draft202012Validator(schema_of(descriptor["_type"])).validate(descriptor)
        assert validate(descriptor) == []

    def test_descriptor_is_plain_json(self, valid_example: Callable[[], Call]) -> None:
        descriptor = valid_example().construct(self.type).encode_into(MemorySink())

        text = json.dumps(descriptor, allow_nan=False)

        assert descriptor == json.loads(text)

    def test_every_file_is_there_with_its_hash_and_size(self, valid_example: Callable[[], Call]) -> None:
        sink = MemorySink()

        descriptor = valid_example().construct(self.type).encode_into(sink)

        references = list(iter_file_refs(descriptor))
        for reference in references:
            stored = sink.files[reference.path]
            assert reference.sha256 == hashlib.sha256(stored).hexdigest()
            assert reference.size == len(stored)
        assert not [path for path in sink.files if path.startswith("tmp/")]

    def test_same_value_gives_same_bytes(self, valid_example: Callable[[], Call]) -> None:
        first, second, third = MemorySink(), MemorySink(), MemorySink()
        value = valid_example().construct(self.type)

        descriptors = [value.encode_into(first), value.encode_into(second)]
        descriptors.append(valid_example().construct(self.type).encode_into(third))

        assert descriptors[0] == descriptors[1] == descriptors[2]
        assert first.files == second.files == third.files

    def test_the_callers_data_are_unchanged(self, valid_example: Callable[[], Call]) -> None:
        given, untouched = valid_example(), valid_example()

        value = given.construct(self.type)
        value.encode_into(MemorySink())

        assert_same(untouched.args, given.args)
        assert_same(untouched.kwargs, given.kwargs)

    def test_what_the_caller_changes_later_has_no_effect(self, valid_example: Callable[[], Call]) -> None:
        given = valid_example()
        value = given.construct(self.type)
        expected = valid_example().construct(self.type).encode_into(MemorySink())

        overwrite([given.args, given.kwargs])

        assert expected == value.encode_into(MemorySink())

    def test_loads_back_equal(self, valid_example: Callable[[], Call]) -> None:
        sink = MemorySink()
        value = valid_example().construct(self.type)
        descriptor = json.loads(json.dumps(value.encode_into(sink)))

        loaded = decode(descriptor, sink)

        assert isinstance(loaded, self.type)
        assert descriptor == loaded.encode_into(MemorySink())
        assert value == loaded

    def test_repr_is_one_short_line(self, valid_example: Callable[[], Call]) -> None:
        text = repr(valid_example().construct(self.type))

        assert text.startswith(f"{self.type.__name__}(")
        assert "\n" not in text
        assert len(text) < 200

    def test_pickles_and_copies(self, valid_example: Callable[[], Call]) -> None:
        value = valid_example().construct(self.type)

        assert value == pickle.loads(pickle.dumps(value))
        assert value == copy.deepcopy(value)

    def test_every_change_is_documented(self, valid_example: Callable[[], Call]) -> None:
        value = valid_example().construct(self.type)

        known = {name for cls in (self.type, *_inner_types()) for name in cls.documented_changes}
        assert {change.id for change in value._all_changes()} <= known

    def test_list_form(self, valid_example: Callable[[], Call]) -> None:
        sink = MemorySink()
        value = valid_example().construct(self.type)

        descriptor = json.loads(json.dumps(MediaList([value, value]).encode_into(sink), allow_nan=False))

        if self.type.list_kind is None:
            assert [value.encode_into(sink)] * 2 == descriptor
        else:
            assert self.type.list_kind == descriptor["_type"]
            assert 2 == descriptor["count"] == len(descriptor["items"])
            jsonschema.Draft202012Validator(schema_of(descriptor["_type"])).validate(descriptor)
            assert validate(descriptor) == []
        assert [value, value] == decode(descriptor, sink)

    def test_bad_input_names_its_rule(self, invalid_example: tuple[Callable[[], Call], set[str]]) -> None:
        make, expected = invalid_example
        given, untouched = make(), make()

        with pytest.raises(InvalidInput) as caught:
            given.construct(self.type)

        assert expected == {violation.rule for violation in caught.value.violations}
        assert expected <= {*self.type.documented_rules, *COMMON, *LIMITS, *_inner_rules()}
        assert all(violation.at and violation.expected for violation in caught.value.violations)
        assert_same(untouched.args, given.args)

    def test_equal_spellings_store_the_same(self, equal_spellings: list[Callable[[], Call]]) -> None:
        first, *others = [make().construct(self.type).encode_into(MemorySink()) for make in equal_spellings]

        assert others
        for other in others:
            assert first == other


def _inner_types() -> list[type[DataType]]:
    return [kinds.find_class(kind) for kind in kinds.KINDS]


def _inner_rules() -> set[str]:
    """Return the rules of every type: a composite value passes on what is wrong with its parts."""
    return {rule for cls in _inner_types() for rule in cls.documented_rules} | {
        change for cls in _inner_types() for change in cls.documented_changes
    }


def assert_same(expected: Any, actual: Any) -> None:
    """Compare data that may hold arrays, and skip what cannot be compared: open files and foreign objects."""
    assert type(expected) is type(actual)
    if isinstance(expected, np.ndarray):
        assert expected.dtype == actual.dtype
        if expected.dtype != object:
            np.testing.assert_array_equal(expected, actual)
    elif isinstance(expected, Mapping):
        assert list(expected) == list(actual)
        for key in expected:
            assert_same(expected[key], actual[key])
    elif isinstance(expected, (list, tuple)):
        assert len(expected) == len(actual)
        for one, other in zip(expected, actual, strict=True):
            assert_same(one, other)
    elif isinstance(expected, float) and math.isnan(expected):
        assert math.isnan(actual)
    elif isinstance(expected, (str, bytes, int, float, bool, type(None))):
        assert expected == actual


def overwrite(node: Any) -> None:
    """Change everything that a caller could change: arrays, lists, dicts, Pillow images, in-memory files."""
    if isinstance(node, np.ndarray) and node.flags.writeable and node.size:
        if node.dtype.kind in "MmV":  # times and records
            node[...] = np.zeros((), node.dtype)
        else:
            node[...] = node.dtype.type(1) if node.dtype != object else None
    elif isinstance(node, dict):
        for value in node.values():
            overwrite(value)
        node.clear()
    elif isinstance(node, (list, tuple)):
        for value in node:
            overwrite(value)
        if isinstance(node, list):
            node.clear()
    elif isinstance(node, io.BytesIO):
        node.truncate(0)
    elif type(node).__module__ == "PIL.Image":
        node.paste(0, (0, 0, *node.size))
