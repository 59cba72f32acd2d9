"""Cases of bad input, and the whole postcondition that each is held against, end to end through `log()`.

A case is written once, by its number in the list (`I30`) or in its spirit (`I+`), and is tried in every form in which it
applies: as a value, in a list, in a nested mapping, as a cell of a table, in the summary, in the config, by `convert`;
the content of a file as a path, as bytes, as a `BytesIO` and as an open file.

    CASES = [
        refused("I30 no pixels", lambda at: Image(np.zeros((0, 0, 3))), "pixels.empty"),
        refused("K6 an empty key", lambda at: at.row({"": 1}), "key.empty", error=InvalidKey),
        *refused_file("I17 0 bytes", b"", Image, ".png", "file.content"),
        accepted("B13 no masks", lambda at: Image(GREY, masks={}), lambda read: read["value"]["width"] == 2),
    ]

    @pytest.mark.parametrize("case", CASES, ids=str)
    def test_images(case: Case, bench: Bench) -> None:
        bench.hold(case)
"""

from __future__ import annotations

import io
import os
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import medialog
from medialog import Image, Table
from medialog.validators.catalog import COMMON
from medialog.validators.errors import InvalidInput, MedialogWarning, Violation
from medialog.validators.limits import LIMITS
from medialog.wire import kinds

KEY = "case/value"
CPU_SECONDS = 2.0
MEMORY = 256 << 20
MESSAGE = 2048
LONGEST_LINE = 1024
VALUE_FORMS = ("log", "list", "nested", "cell", "summary", "config", "convert")
FILE_FORMS = ("path", "bytes", "BytesIO", "open file")


class Row(dict[Any, Any]):
    """A whole row for `log`, where the case is about keys and not about a value."""


class Call:
    """Something to do with the run, where the case is about neither."""

    def __init__(self, act: Callable[[medialog.Run], Any]) -> None:
        self.act = act


class Where:
    """Where a case makes its value: a directory of its own, and the run."""

    def __init__(self, directory: Path, run: medialog.Run) -> None:
        self.directory, self.run = directory, run

    def file(self, name: str, content: bytes | str = b"") -> Path:
        path = self.directory / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


Make = Callable[[Where], Any]


@dataclass(frozen=True)
class Case:
    """One bad input in one form. `rules` empty: accepted, and `check` says what is read back."""

    name: str
    make: Make
    rules: frozenset[str] = frozenset()
    error: type[Exception] = InvalidInput
    says: tuple[str, ...] = ()
    form: str = "log"
    peak: int | None = None
    check: Callable[[dict[str, Any]], Any] | None = None
    before: Callable[[], Any] | None = None

    def __str__(self) -> str:
        return self.name if self.form == "log" else f"{self.name} ({self.form})"


def refused(
    name: str,
    make: Make,
    *rules: str,
    error: type[Exception] | None = None,
    says: str | Sequence[str] = (),
    forms: Iterable[str] = ("log",),
    peak: int | None = None,
    **by_form: tuple[str | None, type[Exception]] | str | None,
) -> list[Case]:
    """Return a refused input in its forms. `error`: `InvalidInput` unless given. `says`: what the message holds. `peak`: bytes that it may allocate.

    `by_form`: another rule, or another rule and error, in that form; None where it does not apply.
    """
    says = (says,) if isinstance(says, str) else tuple(says)
    error = error or InvalidInput
    case = Case(name, make, frozenset(rules), error, says, peak=peak)
    cases = []
    for form in forms:
        if form not in by_form:
            cases.append(replace(case, form=form))
            continue
        other = by_form[form]
        if other is not None:
            rule, kind = (other, error) if isinstance(other, str) else other
            cases.append(replace(case, form=form, rules=frozenset([rule] if rule else []), error=kind, says=()))
    return cases


def refused_value(name: str, make: Make, *rules: str, **options: Any) -> list[Case]:
    """Return a refused plain value in all the forms of values. A table names its own rule for cells."""
    options.setdefault("cell", ("table.cell", options.get("error") or InvalidInput))
    return refused(name, make, *rules, forms=VALUE_FORMS, **options)


def refused_file(
    name: str,
    content: bytes | Callable[[], bytes],
    make: Callable[[Any], Any],
    suffix: str,
    *rules: str,
    forms: Iterable[str] = FILE_FORMS,
    **options: Any,
) -> list[Case]:
    """Return a refused file in the forms of files."""
    made = cache(content if callable(content) else lambda: content)
    return [
        replace(case, before=made)
        for form in forms
        for case in refused(f"{name}, {form}", _from_file(made, make, suffix, form), *rules, **options)
    ]


def _from_file(content: Callable[[], bytes], make: Callable[[Any], Any], suffix: str, form: str) -> Make:
    def from_file(at: Where) -> Any:
        data = content()
        if form == "path":
            return make(at.file(f"given{suffix}", data))
        if form == "bytes":
            return make(data)
        if form == "BytesIO":
            return make(io.BytesIO(data))
        with at.file(f"given{suffix}", data).open("rb") as file:
            return make(file)

    return from_file


def accepted(name: str, make: Make, check: Callable[[dict[str, Any]], Any] | None = None) -> list[Case]:
    """Return an input that is taken. `check(row)` asserts or returns what must be true of the row as it is read back."""
    return [Case(name, make, check=check or (lambda row: True))]


# --- the postcondition ----------------------------------------------------------------------------------------------


class Bench:
    """A run with a history, an open row, and a case put into it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.outside = directory / "given"
        self.outside.mkdir()
        self.run = medialog.init(dir=directory / "runs", id="bench")
        self.run.log({"loss": 0.5, "note": "é", "before": Image(np.zeros((2, 2), np.uint8))})
        self.run.log({"loss": 0.25, "nested": {"a": [1, None]}})
        self.run.log({"open": 1}, commit=False)

    def hold(self, case: Case) -> None:
        """Put the case into the run and hold everything that must be true afterwards."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MedialogWarning)
            if case.rules:
                self._hold_refused(case)
            else:
                self._hold_accepted(case)
            self._hold_next_step()

    def _hold_refused(self, case: Case) -> None:
        before, step, history = self._files(), self.run.step, self.run.reader().history()
        summary, row = self.run.summary_tree(), self.run.open_tree()
        caught = self._measure(case)
        assert caught is not None, "the input was accepted"
        assert type(caught) is case.error, f"{type(caught).__name__}: {str(caught)[:1500]!a}"
        assert isinstance(caught, InvalidInput)
        assert case.rules == {violation.rule for violation in caught.violations}, ascii(str(caught)[:1500])
        hold_message(caught, case)
        assert before == self._files(), "the run directory has changed"
        assert not (self.directory / "converted").exists()
        assert step == self.run.step
        assert row == self.run.open_tree() == {"open": 1}
        assert summary == self.run.summary_tree()
        assert history == self.run.reader().history()

    def _hold_accepted(self, case: Case) -> None:
        caught = self._measure(case)
        assert caught is None, f"{type(caught).__name__}: {str(caught)[:1500]!a}"
        reader = self.run.reader()
        assert not reader.problems
        assert case.check is not None
        rows = [tree for _, tree in reader.rows()]
        held = case.check(rows[-1])
        assert held is None or held
        left = os.listdir(self._root / "tmp") if (self._root / "tmp").exists() else []
        assert not [name for name in left if not name.startswith("reserve-")]

    def _hold_next_step(self) -> None:
        """The same run takes a good step, with the row that was open, and reads it back."""
        history, step, row = self.run.reader().history(), self.run.step, self.run.open_tree()
        self.run.log({"good": 1.5, "after": Image(np.full((2, 3), 9, np.uint8)), "table": Table(["a"], [[1]])})
        reader = self.run.reader()
        *earlier, last = reader.history()
        assert not reader.problems
        assert history == earlier
        assert step == last["_step"]
        assert last["good"] == 1.5
        assert all(last[key] == value for key, value in row.items())
        np.testing.assert_array_equal(np.full((2, 3), 9, np.uint8), reader.media("after").to_numpy())

    # --- doing it ---

    def _measure(self, case: Case) -> BaseException | None:
        """Return what the case raised, after holding its time and its memory."""
        where = Where(self.outside, self.run)
        if case.before is not None:
            case.before()
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # the peak of the memory begins anew
        memory, started = _peak_memory(), time.process_time()
        if case.peak is not None:
            tracemalloc.start()
        caught: BaseException | None = None
        try:
            self._do(case, where)
        except Exception as error:  # whatever it is, it is held below
            caught = error
        finally:
            spent, grown = time.process_time() - started, _peak_memory() - memory
            allocated = tracemalloc.get_traced_memory()[1] if case.peak is not None else 0
            tracemalloc.stop()
        assert spent <= CPU_SECONDS, f"{spent:.1f} s of processor time"
        assert grown <= MEMORY, f"{grown >> 20} MB of memory"
        assert case.peak is None or allocated <= case.peak, f"{allocated >> 10} KB were allocated"
        return caught

    def _do(self, case: Case, where: Where) -> None:
        value = case.make(where)
        if type(value) is Call:
            value.act(self.run)
        elif type(value) is Row:
            self.run.log(dict(value))
        elif case.form == "log":
            self.run.log({"beside": Image(np.full((3, 3), 7, np.uint8)), KEY: value})
        elif case.form == "list":
            self.run.log({"beside": Image(np.full((3, 3), 7, np.uint8)), KEY: [value, value]})
        elif case.form == "nested":
            self.run.log({"outer": {"beside": 1, KEY: {"inner": value}}})
        elif case.form == "cell":
            self.run.log({"table": Table(columns=[KEY], data=[[value]])})
        elif case.form == "summary":
            self.run.summary[KEY] = value
        elif case.form == "config":
            self.run.config[KEY] = value
        else:
            medialog.convert(value, self.directory / "converted")

    @property
    def _root(self) -> Path:
        return self.directory / "runs" / "bench"

    def _files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self._root)): path.read_bytes() for path in self._root.rglob("*") if path.is_file()
        }

    def close(self) -> None:
        self.run.finish()


def _peak_memory() -> int:
    """Return the peak of this process' memory, in bytes: since it was reset, where the system can do that."""
    with suppress(OSError), open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) << 10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


KNOWN_RULES = {*COMMON, *LIMITS}


def known_rules() -> set[str]:
    """Return every documented rule and conversion."""
    types = [kinds.find_class(kind) for kind in kinds.KINDS]
    return KNOWN_RULES.union(*(cls.documented_rules for cls in types), *(cls.documented_changes for cls in types))


def hold_message(error: InvalidInput, case: Case) -> None:
    """Hold the form of a message: short, one line for each violation, printable, with the place and the limit."""
    text = str(error)
    assert len(text.encode()) < MESSAGE, f"a message of {len(text.encode())} bytes: {text[:300]}"
    assert all(line.isprintable() for line in text.splitlines()), ascii(text[:300])
    shown = min(len(error.violations), 5) + (len(error.violations) > 5)
    # An expectation of several lines (the shapes of a point cloud) is indented.
    assert shown == len([line for line in text.split("\n") if not line.startswith(" ")]), ascii(text)
    assert all(violation.at and violation.expected for violation in error.violations)
    assert case.rules <= known_rules()
    if case.form in ("log", "nested", "list", "summary", "config", "cell") and _is_of_the_key(error.violations):
        assert KEY in text, ascii(text)
    for wanted in case.says:
        assert wanted in text, f"{wanted!r} not in {text!r}"


def _is_of_the_key(violations: Sequence[Violation]) -> bool:
    """Say whether `log` found it, by the rules of plain values. A constructor names its own place, not the key."""
    return all(
        violation.rule in ("value.type", "value.array", "array.text", "list.numbers") for violation in violations
    )


def flat(*groups: list[Case]) -> list[Case]:
    """Return the cases of all groups; `ValueError` when two have one name."""
    cases = [case for group in groups for case in group]
    names = [str(case) for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two cases of one name: {sorted(twice)}")
    return cases
