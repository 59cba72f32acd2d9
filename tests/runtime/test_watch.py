"""Advice on keys: the same as of a watch that keeps everything it has seen."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from medialog.runtime.trees import Path, dotted
from medialog.runtime.watch import KeyWatch, kind_of
from medialog.validators.rules import Rules

MOST_POINTS, MOST_COLUMNS = 4, 3
RULES = Rules({"metric.points_advice": MOST_POINTS, "metric.columns_advice": MOST_COLUMNS})

paths = st.lists(st.sampled_from(["a", "A", "ß", "SS", "ss", "b.c", "B.c"]), min_size=1, max_size=2).map(tuple)
values = st.sampled_from([1, 0.5, "text", None, True])
rows = st.lists(st.tuples(paths, values), max_size=4, unique_by=lambda leaf: leaf[0])


class Naive:
    def __init__(self) -> None:
        self.kinds: dict[Path, str] = {}
        self.mixed: set[Path] = set()
        self.points: Counter[Path] = Counter()
        self.folded: dict[str, Path] = {}
        self.told = False

    def see(self, leaves: list[tuple[Path, Any]]) -> list[str]:
        said = []
        for path, value in leaves:
            kind = kind_of(value)
            if not self.points[path]:
                first = self.folded.setdefault(dotted(path).casefold(), path)
                said += [f"case {path} {first}"] if first != path else []
                said += ["columns"] if len(self.folded) == MOST_COLUMNS + 1 else []
            if kind != "null":
                known = self.kinds.setdefault(path, kind)
                if kind != known and path not in self.mixed:
                    self.mixed.add(path)
                    said.append(f"type {path}")
            self.points[path] += 1
            if self.points[path] == MOST_POINTS + 1 and not self.told:
                self.told = True
                said.append(f"points {path}")
        return said


@given(st.lists(st.one_of(rows, st.tuples(st.integers(0, 9), st.integers(1, 2))), max_size=14))
def test_it_says_what_one_says_that_keeps_everything(script: list[Any]) -> None:
    """A row is looked at, or a row that was looked at is counted again without a look."""
    watch, naive, seen = KeyWatch(RULES), Naive(), []
    for each in script:
        if isinstance(each, list):
            found = [_short(rule, sentence) for rule, sentence in watch.see(each)]
            assert [said.split(" ")[0] for said in naive.see(each)] == found
            seen.append([path for path, _ in each])
        elif seen and each[1] <= watch.rows_left():
            known = seen[each[0] % len(seen)]
            watch.count(known, each[1])
            naive.points.update(dict.fromkeys(known, each[1]))
    if not naive.told:
        assert watch.rows_left() == MOST_POINTS - max(naive.points.values(), default=0)


def test_the_first_spelling_is_named() -> None:
    watch = KeyWatch(RULES)
    for first, second in (("a", "A"), ("Bc", "bc"), ("dE", "De")):
        assert list(watch.see([((first,), 1)])) == []
        ((rule, sentence),) = watch.see([((second,), 1)])
        assert (rule, sentence) == (
            "metric.case",
            f"{second}: differs from {first} only by case; some tools take them for one",
        )
        assert list(watch.see([((first,), 1), ((second,), 2)])) == []


def _short(rule: str, sentence: str) -> str:
    return rule.removeprefix("metric.").removesuffix("_advice")
