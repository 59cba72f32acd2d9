"""The report of a run: made by Python, opened from the disk by headless Chromium, its step moved."""

from __future__ import annotations

import atexit
import base64
import json
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import inputs
import numpy as np
from case import Case, Column, Goal, Values, Work
from loggers import LIMITS
from measure import Watch

METRICS = 20
FIRST_PICTURE = "(() => { const e = document.querySelector('.view img'); return e !== null && e.naturalWidth > 0 })()"
FIRST_LINE = "document.querySelector('.uplot canvas') !== null"
MOVE = """(async () => {
  const times = [];
  for (const key of ["Home", ...Array(12).fill("ArrowRight"), "End", ...Array(12).fill("ArrowLeft")]) {
    const started = performance.now();
    document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    times.push(performance.now() - started);
  }
  return times;
})()"""


def _of_images(work: Work) -> Values:
    return _report(work, _images(work), FIRST_PICTURE)


def _of_numbers(work: Work) -> Values:
    return _report(work, _numbers(work), FIRST_LINE)


def _images(work: Work) -> Path:
    """Return a run with that many photos, one a step: written once in the life of this process."""
    import medialog

    place = work.home / "images" / str(work.size)
    if not place.exists():
        with medialog.init(dir=place, id="run", quiet=True, limits=LIMITS) as run:
            for step in range(work.size):
                run.log({"photo": medialog.Image(inputs.photo(512, step)), "loss": 1 / (step + 1)})
    return place / "run"


def _numbers(work: Work) -> Path:
    import medialog

    place = work.home / "numbers" / str(work.size)
    if not place.exists():
        walks = np.random.default_rng(0).normal(size=(work.size, METRICS)).cumsum(axis=0)
        names = [f"part{index}/value{index}" for index in range(METRICS)]
        with medialog.init(dir=place, id="run", quiet=True, limits=LIMITS) as run:
            for walk in walks.tolist():
                run.log(dict(zip(names, walk, strict=True)))
    return place / "run"


def _report(work: Work, run: Path, first: str) -> Values:
    import medialog

    with Watch() as watch:
        started = time.perf_counter()
        report = medialog.report(run, work.folder / "report.html", max_size=10**9)
        seconds = time.perf_counter() - started
    assert not report.left_out, report.left_out

    chromium = _chromium()
    started = time.perf_counter()
    page = chromium.open(report.path.as_uri(), until=first)
    opened = time.perf_counter() - started
    page.settle()
    moves = sorted(page.evaluate(MOVE))
    heap = page.evaluate("performance.memory.usedJSHeapSize")
    page.close()
    return {
        "s": seconds,
        "mb": report.path.stat().st_size / 1e6,
        "peak_mb": watch.peak_mb,
        "opened_s": opened,
        "step_ms": moves[len(moves) // 2],
        "longest_ms": moves[-1],
        "heap_mb": heap / 1e6,
    }


@cache
def _chromium() -> Any:
    """Return a browser that lives as long as this process: its own start is not the page's."""
    sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))
    from chromium import Chromium

    browser = Chromium(webgl=False).__enter__()  # the processor alone draws: a GPU in software is slower than none
    atexit.register(browser.__exit__, None, None, None)
    return browser


def _pasted(work: Work) -> Values:
    """Write the run's pictures into one file as base64, as every self-contained page has to."""

    def paste(run: Path, file: Path) -> None:
        with open(file, "wb") as page:
            for each in sorted(run.glob("media/*/*")):
                page.write(base64.b64encode(each.read_bytes()))

    return _made(work, _images(work), paste)


def _parsed(work: Work) -> Values:
    """Read the lines with the standard library and write the numbers as columns of float32."""

    def write(run: Path, file: Path) -> None:
        rows = []
        for segment in sorted(run.glob("events/*.jsonl")):
            with open(segment, "rb") as lines:
                rows += [line["d"] for line in map(json.loads, lines) if line["k"] == "row"]
        columns = np.array([list(row.values()) for row in rows], np.float32)
        file.write_bytes(base64.b64encode(columns.tobytes()))

    return _made(work, _numbers(work), write)


def _made(work: Work, run: Path, make: Callable[[Path, Path], None]) -> Values:
    file = work.folder / "page"
    with Watch() as watch:
        started = time.perf_counter()
        make(run, file)
        seconds = time.perf_counter() - started
    return {"s": seconds, "mb": file.stat().st_size / 1e6, "peak_mb": watch.peak_mb}


COLUMNS = (
    Column("s", "made in, s"),
    Column("mb", "MB", 1),
    Column("peak_mb", "memory, MB", 1),
    Column("opened_s", "opened in, s"),
    Column("step_ms", "a step, ms", 1),
    Column("longest_ms", "longest, ms", 1),
    Column("heap_mb", "page's heap, MB", 1),
)
NOTES = (
    " Opened: from the address to the first {} on the screen, in a browser that runs. A step: from the key to the"
    " second frame after it, which by itself takes up to 33 ms. No GPU."
)

CASES = [
    Case(
        name="report_images",
        what="`medialog report` of a run with photos of 512 x 512, one a step.",
        columns=COLUMNS,
        subjects={"medialog": _of_images, "limit: the files in base64": _pasted},
        sizes={"full": 200, "small": 60, "smoke": 2},
        unit_of_size="photos",
        goals=(Goal("opened_s", 1.2), Goal("peak_mb", 100)),
        notes="200 photos are 100 MB." + NOTES.format("photo"),
        rounds=3,
    ),
    Case(
        name="report_numbers",
        what=f"`medialog report` of a run with {METRICS} numbers a step.",
        columns=COLUMNS,
        subjects={"medialog": _of_numbers, "json and float32": _parsed},
        sizes={"full": 100_000, "small": 10_000, "smoke": 20},
        unit_of_size="steps",
        goals=(Goal("step_ms", 50), Goal("longest_ms", 100)),
        notes=NOTES.format("line").strip(),
        rounds=3,
    ),
]
