"""Limits of plain values, keys, files and metrics."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Collection
from typing import Any

import numpy as np

from limit_hits.hits import Converted, Limits, Noticed, Refused
from medialog.datatypes.audio import Audio
from medialog.datatypes.files import read_input
from medialog.datatypes.histogram import Histogram
from medialog.datatypes.image import Image
from medialog.datatypes.overlays import ImageMask
from medialog.datatypes.plain import prepare
from medialog.datatypes.plot.points import line_series
from medialog.datatypes.tensor import Tensor
from medialog.testing import FixedClock, memory_run
from medialog.validators.rules import Rules
from medialog.wire.line import Line, encode


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def prepared(value: Any, limits: Limits) -> Any:
    return prepare(value, "key", Rules(limits))


def log(value: dict[str, Any], limits: Limits) -> None:
    with memory_run(limits=limits) as run:
        run.log(value)


def file_of(n: int, limits: Limits) -> bool:
    """Say whether a file of n bytes is held in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")
        with open(path, "wb") as file:
            file.truncate(n)  # sparse: it takes no room on the disk
        content = read_input(path, "at", Rules(limits))
    assert content is not None
    return content.data is not None


def advice(limits: Limits, rows: list[dict[str, Any]]) -> Collection[str]:
    """Return the ids in brackets at the end of what a run warns about."""
    with memory_run(limits=limits) as run, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for row in rows:
            run.log(row)
    return [str(warning.message).rpartition("[")[2].rstrip("]") for warning in caught]


def points(n: int, limits: Limits) -> Collection[str]:
    return advice(limits, [{"loss": 1}] * n)


def columns(n: int, limits: Limits) -> Collection[str]:
    return advice(limits, [{f"key{index}": 1 for index in range(n)}])


def line_of(n: int, limits: Limits) -> None:
    """Log a row whose line of events has `n` bytes."""
    clock = FixedClock()
    with memory_run(limits=limits, clock=clock) as run:
        before = run.stats.line_bytes
        empty = encode(Line(1, "row", clock.time(), 0.0, {"key": ""}, 0))
        run.log({"key": "x" * (n - len(empty))})
        assert n == run.stats.line_bytes - before


def series(n: int, limits: Limits) -> None:
    with Rules(limits).use():
        line_series(range(n), [[0] * n])


def named(name: str, limits: Limits) -> list[str]:
    """Return the metric names that a run lists when it ends."""
    with memory_run(limits=limits) as run:
        run.log({name: 1})
        run.finish()
        return list(run._ending(None).get("metric.name", []))


INPUT = [
    Refused("array.range", lambda n, limits: Histogram(range(n), limits=limits)),
    Refused("array.range", lambda n, limits: prepared(range(n), limits), lowered=7),
    *(
        Refused("array.range", make, lowered=7)
        for make in (
            lambda n, limits: Image([range(n)], limits=limits),
            lambda n, limits: Audio(range(n), 8000, limits=limits),
            lambda n, limits: Tensor(range(n), limits=limits),
            series,
            lambda n, limits: ImageMask({"mask_data": [range(n)]}, limits=limits),
        )
    ),
    Refused("array.text", lambda n, limits: prepared(np.array(["a"] * n), limits)),
    Refused("array.text", lambda n, limits: prepared(np.array(["a"] * n), limits), lowered=7),
    Converted("file.in_memory", file_of, kept=True, becomes=False),
    Converted("file.in_memory", file_of, lowered=5, kept=True, becomes=False),
    Refused("json.depth", lambda n, limits: prepared(nested(n), limits)),
    Refused("json.depth", lambda n, limits: log({"key": nested(n - 1)}, limits), lowered=7),
    Refused("key.length", lambda n, limits: log({"k" * n: 1}, limits)),
    Refused("key.length", lambda n, limits: log({"outer": {"k" * n: 1}}, limits), lowered=7),
    Refused("line.size", line_of),
    Refused("line.size", line_of, lowered=2000),
    Refused("list.numbers", lambda n, limits: prepared([1] * n, limits)),
    Refused("list.numbers", lambda n, limits: prepared([1] * n, limits), lowered=7),
    Noticed("metric.columns_advice", columns),
    Noticed("metric.columns_advice", columns, lowered=3),
    Noticed("metric.points_advice", points),
    Noticed("metric.points_advice", points, lowered=3),
    Converted("metric.name", named, at="A9", past="9A", kept=[], becomes=["9A"]),
    Converted("metric.name", named, at="9A", past="A9", lowered="^[0-9].*$", kept=[], becomes=["A9"]),
    Converted("tensor.inline", lambda n, limits: type(prepared(np.zeros(n), limits)), kept=list, becomes=Histogram),
    Converted(
        "tensor.inline",
        lambda n, limits: type(prepared(np.zeros(n), limits)),
        lowered=5,
        kept=list,
        becomes=Histogram,
    ),
]

DESCRIPTOR: list[Any] = []
NOT_SHOWN = {
    "array.range": "of the input: an array of the same numbers has no such limit",
    "array.text": "of plain values in a row, which is no descriptor",
    "file.in_memory": "how a file is held while it is written: the file is the same",
    "json.depth": "of plain values in a row; a descriptor has the depth that its schema gives it",
    "line.size": "of a row with all its values",
    "list.numbers": "of plain values in a row, which is no descriptor",
    "metric.columns_advice": "a piece of advice on a run, which is no descriptor",
    "metric.name": "a piece of advice on a run, which is no descriptor",
    "metric.points_advice": "a piece of advice on a run, which is no descriptor",
    "tensor.inline": "of the input: a histogram may count any number of elements, a Tensor have any size",
}
