"""Every way in which a process ends, forks or is interrupted: what of its run is there, and that it never hangs.

The cases are in `deaths.py`; the page docs/durability.md has the table of what this file expects.
"""

from __future__ import annotations

import collections
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import medialog
from durability import deaths, scripts
from medialog.validators import is_note

LONGEST = 30  # seconds; a case takes half a second on an idle machine, and a hang lasts for ever


@dataclass(frozen=True)
class Outcome:
    """`code`: the exit code, negative for a signal; `cut`: a last call that did not return may be there or not."""

    code: int = 0
    finished: bool = True
    cut: bool = False
    printed: str = ""


OUTCOMES = {
    "sigterm": Outcome(-15, finished=False, cut=True),
    "sigterm_that_finishes": Outcome(143, cut=True),
    "sigterm_that_exits": Outcome(143, cut=True),
    "signal_that_logs": Outcome(),
    "hard_exit": Outcome(7, finished=False),
    "exit_in_midst": Outcome(3),
    "unhandled_error": Outcome(1),
    "error_in_with": Outcome(1),
    "errors_at_exit": Outcome(),
    "logs_after_finish_at_exit": Outcome(printed="RunClosed"),
    "deleted_while_logging": Outcome(),
    "deleted_at_shutdown": Outcome(),
    "fork_that_logs": Outcome(),
    "fork_that_does_not": Outcome(),
    "fork_that_exits": Outcome(),
    "fork_that_logs_and_exits": Outcome(),
    "fork_while_a_thread_logs": Outcome(),
    "spawn": Outcome(),
    "forkserver": Outcome(),
    "sent_to_a_process": Outcome(printed="RunError"),
    "threads": Outcome(),
    "daemon_threads": Outcome(cut=True),
    "tasks": Outcome(),
}
ELSEWHERE = {"interrupts", "logs_at_exit", "open_row", "closed_output"}


def end(case: str, folder: Path, **options: Any) -> tuple[int, str, str]:
    """Let a process come to its end; return its exit code and what it wrote."""
    with scripts.start("deaths", case, folder, **options) as process:
        try:
            output, errors = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"{case} hangs: {process.communicate()[1]}")
    return process.returncode, output, errors


def told(folder: Path) -> dict[str, list[int]]:
    """Return the numbers of the calls that returned, by key."""
    calls = collections.defaultdict(list)
    for line in (folder / "told").read_text().splitlines():
        key, number = line.split()
        calls[key].append(int(number))
    return {key: sorted(numbers) for key, numbers in calls.items()}


def stored(folder: Path) -> dict[str, list[int]]:
    """Return the numbers that are in the run, by key, and hold it to be sound."""
    assert [str(each) for each in medialog.validate_run(folder / "run") if not is_note(each)] == []
    found = collections.defaultdict(list)
    for _, tree in medialog.open_run(folder / "run").rows():
        for key, number in tree.items():
            if isinstance(number, int):
                found[key].append(number)
    return {key: sorted(numbers) for key, numbers in found.items()}


def last_lines(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the last line of each file of events, by what began it."""
    found = {}
    for path in sorted((folder / "run" / "events").iterdir()):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        found[f"{lines[0]['d']['start']} {path.name}"] = lines[-1]
    return found


def ended(folder: Path) -> bool:
    """Say whether every writer that is no forked child has finished."""
    finished = all(line["k"] == "end" for start, line in last_lines(folder).items() if not start.startswith("fork"))
    assert medialog.open_run(folder / "run").finished is finished
    return finished


def test_every_case_has_an_outcome() -> None:
    assert deaths.CASES.keys() == OUTCOMES.keys() | ELSEWHERE


@pytest.mark.parametrize("case", OUTCOMES)
def test_what_returned_is_there(case: str, tmp_path: Path) -> None:
    expected = OUTCOMES[case]

    code, output, errors = end(case, tmp_path)

    assert code == expected.code, errors
    assert output.strip() == expected.printed
    calls, rows = told(tmp_path), stored(tmp_path)
    assert sum(map(len, calls.values())) >= 3
    rows.pop("open", None)
    if expected.cut:
        assert rows.keys() == calls.keys()
        for key, numbers in calls.items():
            assert rows[key] in (numbers, [*numbers, numbers[-1] + 1])
    else:
        assert rows == calls
    assert ended(tmp_path) is expected.finished


def test_interrupted_calls_are_made_or_not_made(tmp_path: Path) -> None:
    """After Ctrl-C `step` says whether the row is logged; logging on needs nothing else."""
    code, output, errors = end("interrupts", tmp_path)

    assert code == 0, errors
    assert int(output) > 20  # so many calls were cut
    assert stored(tmp_path) == told(tmp_path) == {"a": list(range(len(told(tmp_path)["a"])))}
    assert medialog.open_run(tmp_path / "run").steps == told(tmp_path)["a"]


def test_the_exit_code_of_a_with_block_is_recorded(tmp_path: Path) -> None:
    end("error_in_with", tmp_path)

    assert [line["d"]["exit_code"] for line in last_lines(tmp_path).values()] == [1]


def test_an_error_of_the_training_is_seen(tmp_path: Path) -> None:
    assert "ValueError: of the training" in end("unhandled_error", tmp_path)[2]


def test_the_end_of_the_process_writes_the_open_row(tmp_path: Path) -> None:
    assert end("open_row", tmp_path)[0] == 0

    assert stored(tmp_path) == {"a": [0, 1, 2], "open": [1]}
    assert ended(tmp_path)


@pytest.mark.parametrize("case", ["fork_that_logs", "fork_that_exits"])
def test_the_open_row_of_a_parent_is_its_own(case: str, tmp_path: Path) -> None:
    assert end(case, tmp_path)[0] == 0

    rows = dict(medialog.open_run(tmp_path / "run").rows())
    assert [step for step, tree in rows.items() if "open" in tree] == [10]
    assert rows[10]["parent"] == 10


def test_functions_at_exit_may_log(tmp_path: Path) -> None:
    """Before the run's own finish into its row, after it into a run that they resume."""
    assert end("logs_at_exit", tmp_path)[0] == 0

    assert dict(medialog.open_run(tmp_path / "run").rows()).keys() == {0, 1}
    assert stored(tmp_path) == {"before": [0], "open": [1], "after": [0]}


def test_a_finished_run_at_shutdown_says_so(tmp_path: Path) -> None:
    assert "RunClosed" in end("deleted_at_shutdown", tmp_path)[2]


def test_closed_output(tmp_path: Path) -> None:
    """The file of events never gets the number of stdout or stderr: others write to those."""
    script = scripts.HERE / "deaths.py"
    shell = ["/bin/sh", "-c", 'exec "$0" "$@" >&- 2>&-', sys.executable, str(script), "closed_output", str(tmp_path)]

    process = subprocess.run(shell, env=scripts.environment(), timeout=LONGEST, check=False)

    assert process.returncode == 0
    assert stored(tmp_path) == told(tmp_path) == {"a": [0, 1, 2, 3, 4, 5]}
    assert ended(tmp_path)


def test_the_process_stays_the_callers(tmp_path: Path) -> None:
    """No thread, no process, no signal handler; one function at exit."""
    code = f"""
import atexit, os, signal, threading
import numpy as np
import PIL.Image, PIL.PngImagePlugin

registered, register = [], atexit.register
atexit.register = lambda function, *rest, **named: (registered.append(function), register(function, *rest, **named))[1]
def handlers():
    return [signal.getsignal(number) for number in sorted(signal.valid_signals())]
def threads():
    return os.listdir("/proc/self/task")
def processes():
    return [open(f"/proc/self/task/{{thread}}/children").read() for thread in threads()]
before = handlers(), threads(), processes()
import medialog
for id in ("a", "b"):
    run = medialog.init(dir={str(tmp_path)!r}, id=id, quiet=True)
    picture, table = medialog.Image(np.zeros((4, 4))), medialog.Table(columns=["a"], data=[[1]])
    run.log({{"loss": 1, "picture": picture, "table": table}})
    run.sync()
assert (handlers(), threads(), processes()) == before, (threads(), processes())
ours = [function.__module__ for function in registered if function.__module__.startswith("medialog")]
assert ours == ["medialog.runtime.session"], ours
assert threading.active_count() == 1
"""
    environment = scripts.environment(OPENBLAS_NUM_THREADS="1")

    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, timeout=LONGEST, check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert medialog.open_run(tmp_path / "b").finished
