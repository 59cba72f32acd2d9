"""Rules: which limits and which strictness hold, where, and for how long."""

from __future__ import annotations

import asyncio
import contextvars
import math
import pickle
import threading
from typing import Any

import numpy as np
import pytest

from medialog.datatypes.files import MemorySink
from medialog.datatypes.image import Image
from medialog.validators import rules
from medialog.validators.errors import InvalidInput, WrongType
from medialog.validators.limits import LIMITS
from medialog.validators.rules import Rules


def test_the_defaults_are_those_of_the_table() -> None:
    assert {name: limit.value for name, limit in LIMITS.items()} == {name: Rules().limit(name) for name in LIMITS}
    assert "warn" == Rules().strict
    assert {"strict": "warn", "limits": {}} == Rules().describe()


def test_what_is_set_holds_and_the_rest_stays() -> None:
    changed = Rules({"table.rows": 5, "image.side": 0}, "error")

    assert (5, 0, 108) == tuple(changed.limit(name) for name in ("table.rows", "image.side", "image.per_list"))
    assert {"strict": "error", "limits": {"image.side": 0, "table.rows": 5}} == changed.describe()


def test_an_unknown_limit_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Rules().limit("image.colour")


@pytest.mark.parametrize(
    ("limits", "at"),
    [
        ({"image.colour": 1}, "limits['image.colour']"),
        ({5: 1}, "limits[5]"),
        ({"image.side_jpeg": 1}, "limits['image.side_jpeg']"),
        ({"mask.class_id": (0, 9)}, "limits['mask.class_id']"),
        ({"table.rows": "many"}, "limits['table.rows']"),
        ({"table.rows": None}, "limits['table.rows']"),
        ({"table.rows": True}, "limits['table.rows']"),
        ({"table.rows": -1}, "limits['table.rows']"),
        ({"table.rows": math.nan}, "limits['table.rows']"),
        ({"table.rows": math.inf}, "limits['table.rows']"),
        ({"table.rows": 2**63}, "limits['table.rows']"),
        ({"table.rows": [5]}, "limits['table.rows']"),
        ({"metric.name": 5}, "limits['metric.name']"),
        ({"metric.name": "("}, "limits['metric.name']"),
    ],
    ids=str,
)
def test_limits_that_cannot_be_set(limits: dict[Any, Any], at: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Rules(limits)

    (violation,) = caught.value.violations
    assert ("rules.limits", at) == (violation.rule, violation.at)


def test_all_wrong_limits_are_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        Rules({"a": 1, "b": 2, "table.rows": 3})
    assert 2 == len(caught.value.violations)


@pytest.mark.parametrize("limits", [[("table.rows", 5)], "table.rows", 5])
def test_limits_are_a_mapping(limits: Any) -> None:
    with pytest.raises(WrongType, match=r"rules\.limits"):
        Rules(limits)


@pytest.mark.parametrize("strict", ["ignore", "WARN", None, True, 1, ["warn"]])
def test_strict_is_one_of_three(strict: Any) -> None:
    with pytest.raises(InvalidInput, match=r"rules\.strict"):
        Rules(strict=strict)


def test_but_replaces_some() -> None:
    first = Rules({"table.rows": 5, "image.side": 6}, "error")

    assert first is first.but()
    assert Rules({"table.rows": 7, "image.side": 6}, "error") == first.but({"table.rows": 7})
    assert Rules({"table.rows": 5, "image.side": 6}, "record") == first.but(strict="record")


def test_rules_are_values_and_do_not_follow_the_callers_dict() -> None:
    limits = {"table.rows": 5}
    made = Rules(limits)
    limits["table.rows"] = 6

    assert 5 == made.limit("table.rows")
    assert made == pickle.loads(pickle.dumps(made)) == Rules({"table.rows": 5})
    assert made != Rules({"table.rows": 6})
    assert hash(made) == hash(Rules({"table.rows": 5}))
    with pytest.raises(AttributeError):
        made.strict = "error"  # type: ignore[misc]
    with pytest.raises(TypeError):
        made.limits["table.rows"] = 1  # type: ignore[index]


def test_use_holds_inside_its_block_and_nests() -> None:
    outer, inner = Rules({"table.rows": 1}), Rules({"table.rows": 2})
    with outer.use() as given:
        assert outer is given is rules.current()
        with inner.use():
            assert inner is rules.current()
        with pytest.raises(RuntimeError), inner.use():
            raise RuntimeError
        assert outer is rules.current()
    assert Rules() == rules.current()


def test_rules_of_the_process_hold_in_every_thread_and_a_blocks_only_in_its_own() -> None:
    found: list[Rules] = []

    def look() -> None:
        found.append(rules.current())

    process, block = Rules({"table.rows": 1}), Rules({"table.rows": 2})
    rules.set_process_rules(process)
    with block.use():
        assert block is rules.current()
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        contextvars.copy_context().run(look)
    assert [process, block] == found
    rules.set_process_rules(None)
    assert Rules() == rules.current()


def test_tasks_keep_their_own_rules() -> None:
    async def task(rows: int) -> int:
        with Rules({"table.rows": rows}).use():
            await asyncio.sleep(0)
            return int(rules.current().limit("table.rows"))

    async def both() -> list[int]:
        return list(await asyncio.gather(task(1), task(2)))

    assert [1, 2] == asyncio.run(both())


def test_a_value_stays_pinned_to_the_rules_it_was_made_under() -> None:
    with Rules(strict="record").use():
        image = Image(np.full((1, 1), 3.0), value_range=(0, 1))
    image.encode(MemorySink())

    assert "record" == image._rules.strict


def test_rules_decide_acceptance_never_bytes() -> None:
    first, second = MemorySink(), MemorySink()

    for sink, made in ((first, Rules()), (second, Rules({"image.side": 9, "file.in_memory": 0}, "error"))):
        with made.use():
            Image([[1]], caption="a").encode(sink)
    assert first.files == second.files


def test_a_misspelt_limit_is_answered_with_those_it_resembles() -> None:
    with pytest.raises(InvalidInput, match=r"limits\['table.row'\]: a limit's id, like table\.rows"):
        Rules({"table.row": 5})
    with pytest.raises(InvalidInput, match=r"limits\['zzz'\]: a limit's id \(medialog\.validators\.limits\.LIMITS\)"):
        Rules({"zzz": 5})
