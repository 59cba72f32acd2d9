"""What the processes of these tests log, and what must be read back: both follow from the number of the step."""

from __future__ import annotations

import os
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

import medialog

TORTURE = os.environ.get("MEDIALOG_TORTURE", "0") != "0"
SEED = int(os.environ.get("MEDIALOG_SEED", "20260"))


T = TypeVar("T")


def times(usually: T, torture: T) -> T:
    """Return what a test tries in CI, or in `make torture`."""
    return torture if TORTURE else usually


def pixels(number: int) -> npt.NDArray[np.uint8]:
    side = 160 if number % 11 == 0 else 16
    return np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)


def cells(number: int) -> list[list[Any]]:
    return [[number, f"row {index} of {number}", index / 4] for index in range(5)]


def text(number: int) -> str:
    return f"{number} " * (700_000 if number == 12 else 2_000)  # a line of hundreds of pages: a write is cut in it


def row(number: int) -> dict[str, Any]:
    """Return a row: numbers in each; images, tables and long text in some."""
    values: dict[str, Any] = {"loss": 1 / (number + 1), "nested": {"number": number}}
    if number % 2:
        values["picture"] = medialog.Image(pixels(number))
    if number % 5 == 3:
        values["table"] = medialog.Table(columns=["number", "text", "quarter"], data=cells(number))
    if number % 7 == 5 or number == 12:
        values["text"] = text(number)
    return values


def fault(reader: medialog.RunReader, number: int, tree: dict[str, Any]) -> str | None:
    """Say what is wrong with a row that was read back: a key or a file that is missing, another value."""
    expected = row(number)
    if tree.keys() != expected.keys():
        return f"row {number}: keys {sorted(tree)}"
    for key, value in expected.items():
        got = tree[key]
        if key == "picture":
            same = np.array_equal(reader.decode(got).to_numpy(), pixels(number))
        elif key == "table":
            same = [list(cell) for cell in reader.decode(got).data] == cells(number)
        else:
            same = got == value
        if not same:
            return f"row {number}: {key} is another value"
    return None


def faults(reader: medialog.RunReader) -> tuple[list[int], list[str]]:
    """Return the steps that are there, and what is wrong with them."""
    rows = list(reader.rows())
    found = [fault(reader, step, tree) for step, tree in rows]
    return [step for step, _ in rows], [each for each in found if each is not None]
