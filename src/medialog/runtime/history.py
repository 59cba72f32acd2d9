"""History: the open row as a mapping, and how to write it. Source: "Accessing Logs Directly" of the guides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from medialog.runtime import trees

if TYPE_CHECKING:
    from medialog.runtime.run import Run


class Row(MutableMapping[str, Any]):
    """The open row: `run.history.row["loss"] = 0.2` is `run.log({"loss": 0.2}, commit=False)`."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getitem__(self, key: str) -> Any:
        return trees.plain(self._run.open_tree()[key])

    def __setitem__(self, key: str, value: Any) -> None:
        self._run.log({key: value}, commit=False)

    def __delitem__(self, key: str) -> None:
        self._run.drop_from_row(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._run.open_tree())

    def __len__(self) -> int:
        return len(self._run.open_tree())

    def update(self, *others: Any, **values: Any) -> None:
        """Collect several keys in one step: all of them, or none when one is refused."""
        merged: dict[str, Any] = {}
        for other in others:
            merged.update(other)
        self._run.log({**merged, **values}, commit=False)

    def __repr__(self) -> str:
        return f"Row(step={self._run.step}, {dict(self)!r:.150})"


class History:
    """`row` is the open row; `add` writes it."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @property
    def row(self) -> Row:
        """Return the open row; assigning to a key checks the value and collects it."""
        return Row(self._run)

    def add(self, row: Mapping[str, Any] | None = None, step: int | None = None) -> None:
        """Collect `row` and write the open row; with `step`, collect into that step as `log(step=...)` does."""
        self._run.log({} if row is None else row, step=step)

    def update(self, row: Mapping[str, Any]) -> None:
        """Collect `row` without writing."""
        self._run.log(row, commit=False)

    def __repr__(self) -> str:
        return f"History({self.row!r})"
