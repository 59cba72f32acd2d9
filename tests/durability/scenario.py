"""One run's life with everything in it, told twice: as calls, and as what a reader must find afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import medialog
from durability.runs import described, page, picture

PICTURE, SAME_PICTURE, OTHER_PICTURE = picture(1), picture(1), picture(2)
PAGE = page(1)


@dataclass(frozen=True)
class Row:
    """A `log` call."""

    data: dict[str, Any]
    step: int | None = None
    commit: bool | None = None

    def __call__(self, run: medialog.Run) -> None:
        run.log(self.data, step=self.step, commit=self.commit)


@dataclass(frozen=True)
class Other:
    """Any other call; making it twice is the same as making it once."""

    name: str
    do: Callable[[medialog.Run], object]

    def __call__(self, run: medialog.Run) -> None:
        self.do(run)


def _set_best(run: medialog.Run) -> None:
    run.summary["best"] = 0.5


def _set_picture(run: medialog.Run) -> None:
    run.summary["cover"] = OTHER_PICTURE


def _set_rate(run: medialog.Run) -> None:
    run.config["rate"] = 0.1


BEFORE: list[Row | Other] = [
    Other("define_metric", lambda run: run.define_metric("loss", summary="min,max,mean,last")),
    Row({"loss": 1.0}),
    Row({"loss": 0.5, "picture": PICTURE, "page": PAGE}),
    Other("config", _set_rate),
    Row({"picture": SAME_PICTURE, "loss": 0.25}),
    Row({"a": {"b": 1}}, commit=False),
    Row({"a": {"c": OTHER_PICTURE}, "loss": 4.0}, commit=False),
    Row({"loss": 2.0}),
    Other("sync", lambda run: run.sync()),
    Row({"x": 1}, step=10),
    Row({"y": [picture(3), picture(4)]}, step=10),
    Row({"x": 2, "loss": 8.0}, step=12, commit=True),
    Row({"late": 1, "loss": 3.0}, step=1, commit=True),
    Other("summary", _set_best),
    Other("summary media", _set_picture),
    Row({"loss": 1.5}, commit=False),
]
AFTER: list[Row | Other] = [
    Row({"picture": PICTURE, "loss": 0.125}),
    Row({"loss": 9.0, "page": page(2)}),
    Other("sync", lambda run: run.sync()),
    Row({"loss": 7.0}, commit=False),
]


@dataclass
class Expected:
    """What was asked for: the versions of each row in the order in which they come to be, and the open one."""

    rows: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    written: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    open: dict[str, Any] | None = None
    step: int = 0

    def take(self, call: Row) -> None:
        data = as_json(call.data)
        step = self.step if call.step is None else call.step
        commit = call.commit if call.commit is not None else call.step is None
        if step < self.step:
            self._write(step, data)
            return
        if step > self.step:
            self.close()
            self.step = step
        self.open = merged(self.open or {}, data)
        if commit:
            self.close()

    def close(self) -> None:
        """Write the open row."""
        if self.open is not None:
            self._write(self.step, self.open)
            self.step, self.open = self.step + 1, None

    def _write(self, step: int, tree: dict[str, Any]) -> None:
        versions = self.rows.setdefault(step, [])
        versions.append(merged(versions[-1], tree) if versions else tree)
        self.written.append((step, tree))

    @property
    def history(self) -> dict[int, dict[str, Any]]:
        """Return the rows as they stand."""
        return {step: versions[-1] for step, versions in self.rows.items()}


def as_json(value: Any) -> Any:
    """Return what a value is in a row."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return described(value) if isinstance(value, list) or hasattr(value, "encode_into") else value


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return two trees as one: mappings deeply, anything else is replaced."""
    result = dict(old)
    for key, value in new.items():
        inner = result.get(key)
        if isinstance(value, dict) and "_type" not in value:
            result[key] = merged(inner if isinstance(inner, dict) and "_type" not in inner else {}, value)
        else:
            result[key] = value
    return result


def statistics(written: list[tuple[int, dict[str, Any]]], key: str) -> dict[str, float]:
    """Return min, max, mean and last (of the largest step) of a key over the rows as they were written."""
    values = [(step, tree[key]) for step, tree in written if key in tree]
    numbers = [value for _, value in values]
    last = max(step for step, _ in values)
    return {
        "min": min(numbers),
        "max": max(numbers),
        "mean": sum(numbers) / len(numbers),
        "last": [value for step, value in values if step == last][-1],
    }
