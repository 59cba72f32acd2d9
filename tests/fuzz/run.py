"""Fuzz one target, or all of them one after the other.

    python tests/fuzz/run.py TARGET... | all --seconds 60 [--atheris] [--seed 0]

With `--atheris` and atheris installed (`pip install atheris`), libFuzzer looks for inputs that reach new code;
otherwise a seeded loop changes the seeds. A finding is written to `tests/fuzz/crashes/<target>-<hash>`, where the tests
replay it. Exit code 1 when there was one.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import subprocess
import sys
import tempfile
import traceback
import warnings
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
CRASHES = HERE / "crashes"


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz medialog's parsers.")
    parser.add_argument("targets", nargs="+")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--atheris", action="store_true")
    arguments = parser.parse_args()
    use_atheris = arguments.atheris and importlib.util.find_spec("atheris") is not None
    if arguments.atheris and not use_atheris:
        print("atheris is not installed: the seeded loop runs")
    with instrumented(use_atheris):
        known = target_names()
    names = known if arguments.targets == ["all"] else arguments.targets
    unknown = sorted(set(names) - set(known))
    if unknown:
        parser.error(f"no target {', '.join(unknown)}; there are all, {', '.join(known)}")
    if use_atheris and len(names) == 1:
        run_atheris(names[0], arguments.seconds, arguments.seed)
    if use_atheris or len(names) > 1:  # each in a process of its own: libFuzzer ends the process
        options = ["--seconds", str(arguments.seconds), "--seed", str(arguments.seed)]
        options += ["--atheris"] if use_atheris else []
        failed = [
            name for name in names if subprocess.run([sys.executable, __file__, name, *options], check=False).returncode
        ]
        print(f"{len(names)} targets, findings in {len(failed)}: {', '.join(failed) or 'none'}")
        return 1 if failed else 0
    return run_loop(names[0], arguments.seconds, arguments.seed)


def instrumented(use_atheris: bool) -> AbstractContextManager[object]:
    """Return what the targets must first be imported in: of what is imported outside, libFuzzer sees no coverage."""
    if not use_atheris:
        return nullcontext()
    import atheris

    context: AbstractContextManager[object] = atheris.instrument_imports(include=["medialog"])
    return context


def target_names() -> list[str]:
    from targets import TARGETS

    return list(TARGETS)


def run_loop(name: str, seconds: float, seed: int) -> int:
    import mutation
    from targets import TARGETS, corpus

    warnings.simplefilter("error")
    last = b""

    def target(data: bytes) -> None:
        nonlocal last
        last = data
        TARGETS[name][0](data)

    try:
        count = mutation.run(target, corpus(name), seed, seconds=seconds)
    except Exception:  # noqa: BLE001 - whatever it is, it is a finding
        traceback.print_exc()
        CRASHES.mkdir(exist_ok=True)
        path = CRASHES / f"{name}-{hashlib.sha256(last).hexdigest()[:12]}"
        path.write_bytes(last)
        print(f"{name}: a finding, written to {path.name}")
        return 1
    print(f"{name}: {count:,} inputs, no finding")
    return 0


def run_atheris(name: str, seconds: float, seed: int) -> None:
    import atheris
    from targets import TARGETS, corpus

    warnings.simplefilter("error")
    for number in range(3):  # what targets import when they are called is instrumented too
        with instrumented(use_atheris=True):
            TARGETS[name][0](corpus(name)[number % len(corpus(name))])
    CRASHES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        for number, data in enumerate(corpus(name)):
            (Path(directory) / f"seed-{number}").write_bytes(data)
        options = [f"-max_total_time={int(seconds)}", f"-seed={seed + 1}", "-max_len=65536", "-timeout=20"]
        options += ["-rss_limit_mb=4096", f"-artifact_prefix={CRASHES}/{name}-", "-print_final_stats=1", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *options, directory], TARGETS[name][0])
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
