"""Every fuzz target, briefly: its seeds, a fixed number of seeded mutations, and what was found before."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import medialog

HERE = Path(__file__).parent
SOURCE = Path(str(medialog.__file__)).parent.parent
INPUTS = 400
MOST_SECONDS = 2.0


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"fuzz_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


targets, mutation = load("targets"), load("mutation")


@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
@pytest.mark.parametrize("name", targets.TARGETS)
def test_a_target_finds_nothing_in_its_seeds_and_their_mutations(name: str) -> None:
    target, _ = targets.TARGETS[name]
    seeds = targets.corpus(name)

    count = mutation.run(target, seeds, seed=0, seconds=MOST_SECONDS, most=INPUTS)

    assert seeds
    assert count >= min(INPUTS, len(seeds))


@pytest.mark.parametrize("path", sorted(HERE.glob("crashes/*-*")), ids=lambda path: path.name)
def test_what_was_found_once_stays_fixed(path: Path) -> None:
    name = path.name.rpartition("-")[0].removesuffix("-crash").removesuffix("-timeout")

    mutation.run_one(targets.TARGETS[name][0], path.read_bytes())


@pytest.mark.parametrize("name", [name for name in targets.TARGETS if name not in ("descriptor_tree", "point_ply")])
def test_a_seed_gets_past_the_first_check(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A corpus that is refused at its first byte would prove nothing: at least one seed goes through to the end."""
    target, _ = targets.TARGETS[name]
    reached: list[bytes] = []

    def note(*arguments: object) -> object:
        reached.append(b"")
        return True

    monkeypatch.setattr(targets, "keep", note)
    monkeypatch.setattr(targets, "same", note)
    for seed in targets.corpus(name):
        target(seed)

    stops_before = {"history_line", "sealed_line", "refs_file", "descriptor_text", "page_style", "video_walk"}
    assert reached or name in stops_before or name.startswith("stored_")


def test_the_loop_repeats_and_passes_findings_on() -> None:
    seeds = [b"seed 12", b"other"]
    first, second = ([mutation.mutate(seeds, random.Random(3)) for _ in range(5)] for _ in range(2))
    assert first == second

    def target(data: bytes) -> None:
        if b"-1" in data:
            raise KeyError("found")

    with pytest.raises(KeyError, match="found") as caught:
        mutation.run(target, seeds, seed=1, seconds=10, most=10_000)
    assert "input: b'" in caught.value.__notes__[0]


def test_the_loop_finds_slow_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation, "MOST_SECONDS", 0.0)

    with pytest.raises(mutation.Slow):
        mutation.run_one(lambda data: sum(range(100_000)), b"")


def test_the_command_runs_a_target() -> None:
    command = [sys.executable, str(HERE / "run.py"), "page_style", "--seconds", "0.2"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert 0 == done.returncode, done.stderr
    assert "no finding" in done.stdout


ATHERIS = """
import sys

class instrument_imports:
    def __init__(self, include):
        assert ["medialog"] == include
    def __enter__(self):
        print("instrumented", not [name for name in sys.modules if name.partition(".")[0] in ("medialog", "targets")])
    def __exit__(self, *error):
        pass

def Setup(arguments, target):
    target(b"{}")

def Fuzz():
    sys.exit(print("fuzzed"))
"""


def test_libfuzzer_gets_instrumented_parsers(tmp_path: Path) -> None:
    """What is imported before atheris instruments it shows libFuzzer no coverage, and it searches blindly."""
    (tmp_path / "atheris.py").write_text(ATHERIS)
    command = [sys.executable, str(HERE / "run.py"), "strict_json", "--seconds", "1", "--atheris"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(SOURCE)])}

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)

    assert 0 == done.returncode, done.stderr
    assert ["instrumented True", "fuzzed"] == [done.stdout.splitlines()[0], done.stdout.splitlines()[-1]]
