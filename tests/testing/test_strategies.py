"""Every kind has a strategy, and what the strategies draw is what they say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import medialog
from medialog.datatypes.base import MediaList, decode, find
from medialog.datatypes.files import MemorySink
from medialog.testing import memory_run, strategies
from medialog.validators import validate
from medialog.validators.errors import UnknownKind
from medialog.wire import kinds

SLOW = {"figure": 3}


def few(kind: str, count: int = 15) -> settings:
    return settings(max_examples=SLOW.get(kind, count), suppress_health_check=list(HealthCheck))


def test_every_kind_has_a_strategy() -> None:
    assert {find(kind).kind for kind in kinds.KINDS} == set(strategies.KINDS)


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_values_are_of_their_kind_and_come_back(kind: str) -> None:
    cls = find(kind)

    @few(kind)
    @given(strategies.values(kind))
    def check(value: Any) -> None:
        sink = MemorySink()
        assert isinstance(value, MediaList if kind == cls.list_kind else cls)
        descriptor = value.encode_into(sink)
        assert [] == validate(descriptor)
        assert (value.items if isinstance(value, MediaList) else value) == decode(descriptor, sink)

    check()


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_descriptors_are_valid(kind: str) -> None:
    @few(kind)
    @given(strategies.descriptors(kind))
    def check(descriptor: dict[str, Any]) -> None:
        assert kind == descriptor["_type"]
        assert [] == validate(descriptor)

    check()


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_near_valid_descriptors_break_the_rule_they_name(kind: str) -> None:
    seen: set[str | None] = set()

    @few(kind, 60)
    @given(strategies.near_valid_descriptors(kind))
    def check(case: tuple[dict[str, Any], str | None]) -> None:
        descriptor, rule = case
        seen.add(rule)
        found = {violation.rule for violation in validate(descriptor)}
        assert (set() == found) if rule is None else (rule in found)

    check()
    assert kind in SLOW or len(seen) > 3, seen


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_what_a_schema_describes_its_model_takes(kind: str) -> None:
    """The schema and the model are two readings of one definition: what is drawn from the one, the other takes."""
    cls = find(kind)
    model: Any = cls.ListDescriptor if kind == cls.list_kind else cls.Descriptor

    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(strategies.structural_descriptors(kind))
    def check(descriptor: dict[str, Any]) -> None:
        msgspec.convert(descriptor, model)
        assert not [found for found in validate(descriptor) if found.rule.startswith("schema.")]

    check()


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(strategies.rows(), min_size=1, max_size=3))
@pytest.mark.filterwarnings("ignore::medialog.MedialogWarning")
def test_rows_can_be_logged(rows: list[dict[str, Any]]) -> None:
    with memory_run() as run:
        for row in rows:
            medialog.log(row)

        assert list(range(len(rows))) == [step for step, _ in run.reader().rows()]
        assert [] == run.reader().problems


def test_kinds_without_a_strategy() -> None:
    with pytest.raises(UnknownKind):
        strategies.values("no-such-kind")
