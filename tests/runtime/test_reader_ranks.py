"""Several ranks in one run: merged, one of them, side by side; and where they differ."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import medialog
from handmade_runs import Writer, make_run
from medialog.runtime import merging, trees
from medialog.runtime.entries import Row
from medialog.runtime.layout import SegmentName
from medialog.runtime.merging import Clash
from medialog.validators import is_note
from medialog.validators.errors import InvalidInput


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Rank 0 and rank 2, with one key of their own each and one in common."""
    path = make_run(tmp_path / "made")
    first, second = Writer(path), Writer(path, rank=2, start="join")
    second.row(0, {"loss": 9.0, "two": 2, "same": 1})
    first.row(0, {"loss": 1.0, "zero": {"a": 0}, "same": 1})
    second.row(1, {"loss": 8.0})
    first.row(2, {"loss": 3.0})
    first.row(0, {"late": True, "zero": {"b": 1}})
    for writer in (first, second):
        writer.end()
    return path


def facts(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("_timestamp", "_runtime")}


def test_merged(run: Path) -> None:
    reader = medialog.open_run(run)

    assert [facts(row) for row in reader.history()] == [
        {"_step": 0, "loss": 1.0, "zero.a": 0, "zero.b": 1, "late": True, "same": 1, "two": 2},
        {"_step": 1, "loss": 8.0},
        {"_step": 2, "loss": 3.0},
    ]
    assert [facts(row) for row in reader.history("two")] == [{"_step": 0, "two": 2}]
    assert [0, 1, 2] == reader.steps
    assert [0, 2] == reader.ranks
    assert reader.finished
    assert [] == reader.problems


def test_one_rank(run: Path) -> None:
    reader = medialog.open_run(run)

    assert [facts(row) for row in reader.history(ranks=2)] == [
        {"_step": 0, "loss": 9.0, "two": 2, "same": 1},
        {"_step": 1, "loss": 8.0},
    ]
    assert [(0, {"loss": 1.0, "zero": {"a": 0, "b": 1}, "same": 1, "late": True}), (2, {"loss": 3.0})] == list(
        reader.rows(ranks=0)
    )
    assert [] == reader.history(ranks=1)  # it may still come
    assert reader.history(ranks=2) == reader.history(ranks=np.int64(2))  # type: ignore[arg-type]


def test_side_by_side(run: Path) -> None:
    reader = medialog.open_run(run)

    found = reader.history("loss", ranks="all")
    assert [(0, 0, 1.0), (0, 2, 9.0), (1, 2, 8.0), (2, 0, 3.0)] == [
        (row["_step"], row["_rank"], row["loss"]) for row in found
    ]
    assert [0, 0, 1, 2] == [step for step, _ in reader.rows(ranks="all")]


def test_clashes_are_counted_and_no_damage(run: Path) -> None:
    reader = medialog.open_run(run, recovery="strict")

    clashes = reader.clashes
    assert (1, {"loss": 1}, (Clash(0, "loss", (0, 2)),)) == (clashes.count, dict(clashes.keys), clashes.first)
    assert [] == reader.problems
    assert reader.clashes is clashes


@pytest.mark.parametrize("ranks", ["rank0", "", "0", -1, 1.5, True, None, [0], (0, 1)])
def test_bad_ranks(run: Path, ranks: Any) -> None:
    reader = medialog.open_run(run)
    for read in (reader.history, reader.rows):
        with pytest.raises(InvalidInput, match=r"ranks: .*read\.ranks"):
            read(ranks=ranks)
    with pytest.raises(InvalidInput, match=r"rank: .*read\.ranks"):
        reader.media("x", rank=-1 if ranks is None else ranks)


def test_what_is_a_clash(tmp_path: Path) -> None:
    path = make_run(tmp_path / "made")
    first, second, third = (Writer(path, rank=rank) for rank in (5, 6, 7))
    first.row(0, {"n": 1, "f": 1, "t": [1], "tree": {"a": 1}, "leaf": 1, "nan": {"_type": "number", "value": "NaN"}})
    second.row(
        0, {"n": 1, "f": 1.0, "t": [True], "tree": 1, "leaf": {"a": 1}, "nan": {"_type": "number", "value": "NaN"}}
    )
    third.row(0, {"f": True})

    found = {clash.key: clash.ranks for clash in medialog.open_run(path).clashes}

    assert {"f": (5, 6, 7), "t": (5, 6), "tree": (5, 6), "leaf": (5, 6)} == found


def test_the_first_hundred_clashes_are_listed(tmp_path: Path) -> None:
    path = make_run(tmp_path / "made")
    for rank in range(3):
        writer = Writer(path, rank=rank)
        for step in range(150):
            writer.row(step, {"loss": rank, "acc": 1})

    clashes = medialog.open_run(path).clashes

    assert (150, {"loss": 150}, 100) == (clashes.count, dict(clashes.keys), len(clashes.first))
    assert 150 == len(clashes)


def test_the_summary_is_that_of_the_lowest_rank(tmp_path: Path) -> None:
    """The last step counts; of several ranks that have it, the lowest, whatever order they were read in."""
    path = make_run(tmp_path / "made")
    late, first = Writer(path, rank=0, number=3), Writer(path, rank=4, number=0)
    first.row(0, {"a": "four", "b": "four"})
    late.row(0, {"a": "zero"})
    Writer(path, rank=9, number=1, start="join").row(0, {"a": "nine", "b": "nine"})

    assert {"a": "zero", "b": "four"} == medialog.open_run(path).summary


def test_media_of_a_rank(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for rank in (0, 1):
        monkeypatch.setenv("RANK", str(rank))
        table = medialog.Table(columns=["rank", "n"], log_mode="INCREMENTAL")
        with medialog.init(dir=tmp_path, id="shared") as run:
            for n in range(3 - rank):
                table.add_data(rank, n)
                run.log({"table": table, f"only{rank}": medialog.Histogram([rank])})

    reader = medialog.open_run(tmp_path / "shared")

    assert [[0, 0], [0, 1], [0, 2]] == reader.media("table").data
    assert [[0, 0], [0, 1], [0, 2]] == reader.media("table", rank=0).data
    assert [[1, 0], [1, 1]] == reader.media("table", rank=1).data
    assert [[1, 0]] == reader.media("table", step=0, rank=1).data
    assert reader.media("only1") == reader.media("only1", rank=1)
    with pytest.raises(KeyError, match=r"no media under 'only1' at step 0 of rank 0; .* 'table', 'only0'"):
        reader.media("only1", 0, rank=0)
    assert all(map(is_note, medialog.validate_run(tmp_path / "shared")))


leaf = st.sampled_from([1, 2.0, "x", None, [1], {"_type": "number", "value": "NaN"}])
tree = st.recursive(
    st.dictionaries(st.sampled_from("abc"), leaf, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), leaf | inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), tree), max_size=8))
def test_merging_is_what_it_says(rows: list[tuple[int, int, dict[str, Any]]]) -> None:
    """Against the plainest way to say it: rank after rank, a leaf is taken where nothing stands in its way."""
    given = [
        Row(step, 0.0, 0.0, tree, SegmentName(0, f"w{rank}", rank), seq) for seq, (step, rank, tree) in enumerate(rows)
    ]
    expected: dict[int, dict[trees.Path, Any]] = {}
    for step in sorted({step for step, _, _ in rows}):
        taken = expected[step] = {}
        for rank in (0, 1, 2):
            own: dict[str, Any] = {}
            for at, of, each in rows:
                if (at, of) == (step, rank):
                    trees.merge(own, trees.copied(each))
            new = [(path, value) for path, value in trees.leaves(own) if not any(map(in_the_way(path), taken))]
            taken.update(new)
    before = repr(given)

    found = {row.step: dict(trees.leaves(row.tree)) for row in merging.by_step(given, "merged")}

    assert expected == found
    assert before == repr(given)
    for rank in (0, 1, 2):
        alone = list(merging.by_step(given, rank))
        assert alone == [row._replace(rank=None) for row in merging.by_step(given, "all") if row.rank == rank]


def in_the_way(path: trees.Path) -> Callable[[trees.Path], bool]:
    """One of the two is the other, or a mapping that holds it."""
    return lambda other: all(one == two for one, two in zip(path, other, strict=False))
