"""Any number of writers, no locks: sixteen processes begin one run in the same moment."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import medialog
from durability import scripts, workload
from durability.many_writers import ROWS, WRITERS
from medialog.validators import is_note

ROUNDS = workload.times(2, 20)


@pytest.mark.parametrize("round", range(ROUNDS))
@pytest.mark.parametrize("how", ["ranks", "resume"])
def test_sixteen_at_once(how: str, round: int, tmp_path: Path) -> None:
    """With ranks of their own they join; with one rank and `resume=True` each goes on from what it sees."""
    found = scripts.report("many_writers", tmp_path, how, timeout=120)

    assert found == {"codes": [0] * WRITERS, "told": [ROWS] * WRITERS}
    run = medialog.open_run(tmp_path / "run")
    assert run.problems == []
    assert [str(each) for each in medialog.validate_run(tmp_path / "run") if not is_note(each)] == []
    rows = list(run.rows())
    for number in range(WRITERS):
        mine = [tree for _, tree in rows if f"w{number}" in tree]
        assert [tree[f"w{number}"] for tree in mine] == list(range(ROWS))
        assert np.array_equal(run.decode(mine[-1][f"i{number}"]).to_numpy(), workload.pixels(number))
    if how == "ranks":
        assert run.steps == list(range(ROWS))
    assert run.config == {f"from{number}": number for number in range(WRITERS)}
    assert {run.summary[f"by hand {number}"] for number in range(WRITERS)} == set(range(WRITERS))


@pytest.mark.parametrize("how", ["ranks", "resume"])
def test_one_run_json_and_no_locks(how: str, tmp_path: Path) -> None:
    scripts.report("many_writers", tmp_path, how, timeout=120)

    names = {path.relative_to(tmp_path / "run").parts[0] for path in (tmp_path / "run").rglob("*")}
    assert names <= {"run.json", "config.json", "summary.json", "events", "media", "tmp"}
    assert list((tmp_path / "run" / "tmp").iterdir()) == []
    segments = list((tmp_path / "run" / "events").iterdir())
    assert len(segments) == WRITERS
    first = [json.loads(path.read_text().splitlines()[0])["d"] for path in segments]
    assert sum("run_json" in meta for meta in first) == 1  # one of them has written run.json
    later = "join" if how == "ranks" else "resume"
    assert Counter(meta["start"] for meta in first) == {"new": 1, later: WRITERS - 1}


def test_one_rank_without_resume(tmp_path: Path) -> None:
    """At least one begins the run; the others are refused, or their rows are there too."""
    found = scripts.report("many_writers", tmp_path, "neither", timeout=120)

    assert found["codes"] == [0] * WRITERS
    assert set(found["told"]) <= {0, ROWS}
    assert ROWS in found["told"]
    rows = [tree for _, tree in medialog.open_run(tmp_path / "run").rows()]
    for number, told in enumerate(found["told"]):
        assert [tree[f"w{number}"] for tree in rows if f"w{number}" in tree] == list(range(told))
