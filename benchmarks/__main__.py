"""Measure medialog beside its peers.

    python benchmarks [--case scalars] [--size full|small|smoke] [--who medialog wandb] [--rounds 3] [--save]
    python benchmarks --page

Prints Markdown and leaves the JSON in `.benchmarks/<case>.json`. `--save` puts it into `benchmarks/results.json` too,
and makes `docs/performance.md` of that; `--page` does only the latter. A case is given by its name or the beginning of
several (`image`, `flat`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import machine
import page
from registry import all_cases, select

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "performance.md"
SCRATCH = ROOT / ".benchmarks"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure medialog beside its peers.")
    parser.add_argument("--case", default="", help="a case, or how several begin; all without it")
    parser.add_argument("--size", choices=["full", "small", "smoke"], default="full")
    parser.add_argument("--who", nargs="*", help="only these subjects")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--save", action="store_true", help="keep the result, and make the page")
    parser.add_argument("--page", action="store_true", help="make docs/performance.md of the kept results and stop")
    given = parser.parse_args()
    if given.page:
        write_page(json.loads(RESULTS.read_text(encoding="utf-8")))
        return
    from harness import run_case

    for case in select(given.case):
        started = time.monotonic()
        result = run_case(case, given.size, given.who, given.rounds)
        SCRATCH.mkdir(exist_ok=True)
        (SCRATCH / f"{case.name}.json").write_text(as_text(result), encoding="utf-8")
        print(f"## {case.name}", "", *page.case_lines(result), "", sep="\n", flush=True)
        print(f"{case.name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        if given.save:
            save(case.name, result)


def save(name: str, result: dict[str, Any]) -> None:
    """Put the result of a case among the kept ones. Those of another machine or of other versions go."""
    facts = {"machine": machine.describe(), "versions": machine.versions()}
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    cases = kept["cases"] if {key: kept.get(key) for key in facts} == facts else {}
    cases[name] = result
    ordered = {case.name: cases[case.name] for case in all_cases() if case.name in cases}
    kept = {**facts, "cases": ordered}
    RESULTS.write_text(as_text(kept), encoding="utf-8")
    write_page(kept)


def write_page(results: dict[str, Any]) -> None:
    """Make the page."""
    PAGE.write_text(page.page(results), encoding="utf-8")


def as_text(result: dict[str, Any]) -> str:
    """Return the JSON as kept: numbers rounded, so that a difference can be read."""
    return json.dumps(_rounded(result), indent=1) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
