"""Rules: which limits and which strictness hold.

`Rules` decides whether a value is accepted, never which bytes it becomes. `init` sets the rules of the process,
`with rules.use():` those of a block; a constructor's `limits=` and `strict=` those of one value, to which they stay
pinned.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

from medialog.validators.errors import InvalidInput, Violation, WrongType
from medialog.validators.limits import LIMITS, LimitValue

Strictness = Literal["warn", "error", "record"]
STRICTNESSES: tuple[str, ...] = get_args(Strictness)


@dataclass(frozen=True)
class Rules:
    """`limits`: id -> value where it differs from the default. `strict`: what a lossy conversion does.

    "warn" converts, records it in the descriptor's `changes` and warns once; "record" does so without a warning;
    "error" refuses. Raises `InvalidInput` for an unknown or unsettable limit, or one of another type.
    """

    limits: Mapping[str, LimitValue] = field(default_factory=dict)
    strict: Strictness = "warn"

    def __post_init__(self) -> None:
        if self.strict not in STRICTNESSES:
            expected = f"one of {', '.join(STRICTNESSES)}"
            raise InvalidInput(Violation("strict", "rules.strict", expected, _show(self.strict)))
        _check_mapping(self.limits)
        violations = [found for name, value in self.limits.items() if (found := _problem_with_limit(name, value))]
        if violations:
            raise InvalidInput(violations)
        object.__setattr__(self, "limits", MappingProxyType(dict(self.limits)))

    def __reduce__(self) -> tuple[type[Rules], tuple[dict[str, LimitValue], str]]:
        return Rules, (dict(self.limits), self.strict)

    def __hash__(self) -> int:
        return hash((tuple(sorted(self.limits)), self.strict))

    def limit(self, name: str) -> Any:
        """Return the value of the limit `name` under these rules."""
        found = self.limits.get(name)
        return LIMITS[name].value if found is None else found

    def but(self, limits: Mapping[str, LimitValue] | None = None, strict: Strictness | None = None) -> Rules:
        """Return these rules with some limits or the strictness replaced."""
        if limits is None and strict is None:
            return self
        _check_mapping({} if limits is None else limits)
        return Rules({**self.limits, **(limits or {})}, self.strict if strict is None else strict)

    @contextmanager
    def use(self) -> Iterator[Rules]:
        """Let these rules hold inside the block, in this thread or task."""
        token = _scoped.set(self)
        try:
            yield self
        finally:
            _scoped.reset(token)

    def describe(self) -> dict[str, Any]:
        """Return the rules as JSON, for `run.json`: the strictness and every limit that differs from its default."""
        return {"strict": self.strict, "limits": dict(sorted(self.limits.items()))}


def _check_mapping(limits: object) -> None:
    if not isinstance(limits, Mapping):
        raise WrongType(Violation("limits", "rules.limits", "a mapping of limit id to value", _show(limits)))


def _show(value: object) -> str:
    from medialog.validators.checks import show  # which takes its limits from here

    return show(value)


def _problem_with_limit(name: object, value: object) -> Violation | None:
    limit = LIMITS.get(name) if isinstance(name, str) else None
    if limit is None:
        close = difflib.get_close_matches(str(name), LIMITS, 3, 0.5)
        expected = (
            f"a limit's id, like {', '.join(close)}" if close else "a limit's id (medialog.validators.limits.LIMITS)"
        )
        return Violation(f"limits[{_show(name)}]", "rules.limits", expected, "an unknown one")
    if not limit.settable:
        return Violation(
            f"limits[{name!r}]", "rules.limits", "a settable limit", "one that a file format or wire form fixes"
        )
    same = isinstance(value, type(limit.value)) or (
        isinstance(limit.value, (int, float)) and isinstance(value, (int, float))
    )
    if not same or isinstance(value, bool) or (isinstance(value, (int, float)) and not 0 <= value < 2**63):
        return Violation(f"limits[{name!r}]", "rules.limits", f"a value like {limit.value!r}", _show(value))
    try:
        re.compile(value if isinstance(value, str) else "")  # the limits of text are patterns
    except re.error as error:
        return Violation(f"limits[{name!r}]", "rules.limits", "a regular expression", f"{_show(value)} ({error})")
    return None


_DEFAULT = Rules()
_scoped: ContextVar[Rules | None] = ContextVar("medialog_rules", default=None)
_of_process: Rules = _DEFAULT


def current() -> Rules:
    """Return the rules that hold here: those of the enclosing `use()` block, else those of the process."""
    return _scoped.get() or _of_process


def process_rules() -> Rules:
    """Return the rules that hold wherever no `use()` block is open."""
    return _of_process


def set_process_rules(rules: Rules | None) -> None:
    """Set the rules that hold wherever no `use()` block is open, in every thread; None restores the defaults."""
    global _of_process
    _of_process = rules or _DEFAULT
