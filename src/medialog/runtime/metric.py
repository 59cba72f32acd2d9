"""Metric definitions: what `define_metric` says of a key. Source: the overview's "Customize the x-axis" and W&B."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from medialog.runtime.trees import Path, undotted
from medialog.validators import checks
from medialog.validators.errors import Violation

SUMMARIES = ("min", "max", "mean", "last", "first", "best", "none", "copy")
GOALS = ("minimize", "maximize")
Goal = Literal["minimize", "maximize"]
_RULE = "metric.definition"


@dataclass(frozen=True)
class Metric:
    """A definition of the keys that `name` names: one key, or with a final `*` every key that begins so.

    Dots in the name separate nested keys. `summary`: see `SUMMARIES`; empty: the last value. `step_metric`: the key to
    draw it over. `step_sync`: write that key's last value into every row that lacks it. `hidden`: not drawn.
    `goal`: what "best" means.
    """

    name: str
    step_metric: str | None = None
    step_sync: bool = False
    hidden: bool = False
    summary: tuple[str, ...] = ()
    goal: Goal = "minimize"

    @property
    def is_glob(self) -> bool:
        """Say whether the definition is for every key that begins like its name."""
        return self.name.endswith("*")

    @property
    def path(self) -> Path:
        """Return the path of the key, for a definition that is not a glob."""
        return undotted(self.name)

    def matches(self, path: Path, key: str) -> bool:
        """Say whether the definition is for the leaf at `path`, whose dotted key is `key`."""
        return key.startswith(self.name[:-1]) if self.is_glob else path == self.path

    def to_json(self) -> dict[str, Any]:
        """Return the definition as an event's payload."""
        return {**asdict(self), "summary": list(self.summary)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Metric:
        """Return the definition of an event's payload; unknown members of later versions are passed over."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        known["summary"] = tuple(known.get("summary", ()))
        return cls(**known)


def define(
    name: Any,
    step_metric: Any = None,
    step_sync: Any = None,
    hidden: Any = None,
    summary: Any = None,
    goal: Any = None,
    earlier: Metric | None = None,
) -> Metric:
    """Return a checked definition; `InvalidInput` lists what is wrong. `earlier` is added to, as W&B does."""
    step_name = step_metric.name if isinstance(step_metric, Metric) else step_metric
    names = [item.strip().lower() for item in summary.split(",")] if isinstance(summary, str) and summary else []
    wrong: list[Violation | None] = []
    if not isinstance(name, str) or not name or "*" in name[:-1]:
        got = checks.show(name)
        wrong.append(Violation("name", _RULE, "a key, or the beginning of keys and '*'", got))
    if step_name is not None and (not isinstance(step_name, str) or not step_name or "*" in step_name):
        wrong.append(Violation("step_metric", _RULE, "a key or a Metric", checks.show(step_metric)))
    if summary is not None and not isinstance(summary, str):
        wrong.append(Violation("summary", _RULE, "text like 'min,max'", checks.show(summary)))
    wrong += [checks.one_of(item, SUMMARIES, "summary", _RULE) for item in names]
    if goal is not None:
        wrong.append(checks.one_of(goal, GOALS, "goal", _RULE))
        if "best" not in names:
            wrong.append(Violation("goal", _RULE, "goal with summary='best'", f"summary={summary!r}"))
    checks.refuse(wrong)
    before = earlier or Metric(name)
    return Metric(
        name=name,
        step_metric=step_name or before.step_metric,
        step_sync=bool(step_name) if step_sync is None and step_name else bool(step_sync) or before.step_sync,
        hidden=bool(hidden) or before.hidden,
        summary=tuple(dict.fromkeys([*before.summary, *names])),
        goal=goal or before.goal,
    )
