"""The benchmarks run, report who fails, and the page of their results is fresh. Nothing here asserts a time."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import page
import pytest
from case import Case, Goal
from harness import Worker, run_case, summarise
from registry import all_cases, find
from worker import repeat

ROOT = Path(__file__).resolve().parent.parent
PEERS = {"wandb", "trackio", "tensorboardX", "rerun"}
ALONE = [(case, name) for case in all_cases() for name in case.subjects if name not in PEERS]


@pytest.fixture(autouse=True)
def own_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        yield


@pytest.mark.parametrize(("case", "subject"), ALONE, ids=[f"{case.name}-{name}" for case, name in ALONE])
def test_what_needs_no_peer_runs(case: Case, subject: str, tmp_path: Path) -> None:
    values = repeat(case, subject, case.sizes["smoke"], tmp_path)

    assert case.columns[0].key in values
    assert all(math.isfinite(value) for value in values.values())
    assert not list(tmp_path.glob("run-*"))


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_goals_are_of_numbers_that_a_case_has(case: Case) -> None:
    columns = {column.key for column in case.columns}
    assert {goal.key for goal in case.goals} <= columns
    assert {goal.against for goal in case.goals} - {None} <= case.subjects.keys()
    assert case.sizes.keys() == {"full", "small", "smoke"}


def test_subjects_are_processes_that_take_turns(tmp_path: Path) -> None:
    result = run_case(find("scalars"), "smoke", only=["medialog", "limit: msgspec and one write"], rounds=2)

    assert {"medialog": 2, "limit: msgspec and one write": 2} == {
        name: len(subject["rounds"]) for name, subject in result["subjects"].items()
    }
    assert all(subject["failed"] is None for subject in result["subjects"].values())


def test_a_subject_that_fails_hangs_or_dies_is_reported_as_such(tmp_path: Path) -> None:
    case = find("scalars")
    with Worker(case, "nobody", tmp_path / "fails") as worker:
        assert ({}, "KeyError: 'nobody'") == worker.repeat(1, timeout=60)
    with Worker(case, "json and one write", tmp_path / "hangs") as worker:
        assert ({}, "took longer than 0.5 s") == worker.repeat(10**7, timeout=0.5)
    with Worker(case, "json and one write", tmp_path / "dies") as worker:
        _, reason = worker.repeat("not a number", timeout=60)  # type: ignore[arg-type]
    assert reason is not None
    assert reason.startswith("ValueError: invalid literal")


def test_a_goal_against_a_peer_is_the_median_of_the_rounds_ratios() -> None:
    case = Case("case", "what", (), {}, {"full": 9, "small": 2, "smoke": 1}, "things", (Goal("ms", 0.5, "peer"),))
    ours = [{"ms": 1.0}, {"ms": 8.0}, {"ms": 2.0}]
    theirs = [{"ms": 4.0}, {"ms": 80.0}, {"ms": 2.0}]

    (goal,) = summarise(case, "full", {"medialog": ours, "peer": theirs}, {}, 0.0)["goals"]
    (unknown,) = summarise(case, "full", {"medialog": ours, "peer": []}, {"peer": "not installed"}, 0.0)["goals"]

    assert (0.25, True) == (goal["measured"], goal["met"])  # of 0.25, 0.1 and 1.0
    assert (None, None) == (unknown["measured"], unknown["met"])


def test_a_failure_stands_in_the_table_and_a_missing_number_is_no_met_goal() -> None:
    case = Case("case", "what", find("scalars").columns, {}, {"full": 9, "small": 2, "smoke": 1}, "things",
        (Goal("us", 0.5, "peer"),))  # fmt: skip
    result = summarise(case, "small", {"medialog": [{"us": 1.0}], "peer": []}, {"peer": "Error: a | b"}, 0.0)

    lines = page.case_lines(result)

    assert "2 things (reduced: a full run has 9), 1 repetitions" in lines[2]
    assert any(line.startswith("| peer | failed: Error: a \\| b |") for line in lines)
    assert "| log, us <= 0.5x peer | - | not measured |" in lines


def test_a_goal_met_at_a_reduced_size_is_not_counted_as_met() -> None:
    case = Case("case", "what", find("scalars").columns, {}, {"full": 9, "small": 2, "smoke": 1}, "things",
        (Goal("us", 6),))  # fmt: skip
    small, full = (summarise(case, size, {"medialog": [{"us": 1.0}]}, {}, 0.0) for size in ("small", "full"))

    assert "| [a](#a) | log, us <= 6 | 1 | yes, reduced |" in page.goals_table({"a": small})
    assert page.goals_table({"a": small})[0].startswith("0 of 1 are met")
    assert page.goals_table({"a": full})[0].startswith("1 of 1 are met")


def test_the_page_is_what_the_results_give() -> None:
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))

    assert page.page(results) == (ROOT / "docs" / "performance.md").read_text(encoding="utf-8"), (
        "run `python benchmarks --page` and commit what it writes"
    )
    assert [case.name for case in all_cases()] == list(results["cases"])
