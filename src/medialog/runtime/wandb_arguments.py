"""The arguments of W&B's `init` that medialog's has not: recorded, already so, said to have no effect, or refused.

None is ignored in silence: what a script counts on and does not get, it learns in the first line it runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypedDict

from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

Resume = Literal["allow", "must", "never", "auto"]
_RULE = "init.argument"


class WandbArguments(TypedDict, total=False):
    """The names and types, for type checkers."""

    entity: str | None
    job_type: str | None
    reinit: bool | str | None
    allow_val_change: bool | None
    anonymous: str | bool | None
    config_exclude_keys: Any
    config_include_keys: Any
    force: bool | None
    fork_from: str | None
    magic: Any
    monitor_gym: bool | None
    resume_from: str | None
    save_code: bool | None
    settings: Any
    sync_tensorboard: bool | None


_RECORDED = ("entity", "job_type")
_ALREADY_SO: Mapping[str, tuple[object, ...]] = {
    "reinit": (True, "default", "finish_previous"),  # a second init finishes the first run
    "allow_val_change": (True, False),  # config values can always be set again
}
_NO_EFFECT = {
    "anonymous": "there is no account",
    "force": "there is no account",
    "magic": "nothing is logged by itself",
    "save_code": "code is not copied; run.json has the commit, where there is a repository",
    "settings": "init(dir=, mode=, limits=, strict=) are the settings",
}
_REFUSED = {
    "reinit": "True or 'finish_previous': a second init finishes the first run",
    "config_exclude_keys": "nothing here: give config= the keys to keep",
    "config_include_keys": "nothing here: give config= the keys to keep",
    "fork_from": "nothing here: a run does not begin at a step of another",
    "monitor_gym": "False: environments are not watched, log Video(frames)",
    "resume_from": "nothing here: resume=True goes on after the last step",
    "sync_tensorboard": "False: TensorBoard is not watched, log its values",
}


def recorded(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return what is written to `run.json`; `InvalidInput` for what is refused, `TypeError` for a name nobody knows."""
    wrong: list[Violation | None] = []
    for name, value in arguments.items():
        if name not in WandbArguments.__annotations__:
            raise TypeError(f"init() got an unexpected keyword argument {name!r}")
        if value is None or value in _ALREADY_SO.get(name, ()):
            continue
        if name in _RECORDED:
            wrong.append(checks.text(value, name, _RULE))
        elif name in _REFUSED and (value or name == "reinit"):
            wrong.append(Violation(name, _RULE, _REFUSED[name], checks.show(value)))
    checks.refuse(wrong)
    return {name: arguments[name] for name in _RECORDED if arguments.get(name) is not None}


def without_effect(arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each argument that was given and does nothing here."""
    for name, reason in _NO_EFFECT.items():
        if arguments.get(name):
            yield f"init({name}=...) has no effect: {reason}"


def check_resume(resume: Any, id: Any) -> Resume:
    """Return what to do with an id that exists: "allow" and "must" go on with it, "never" does not."""
    words = {True: "allow", False: "never", None: "never", "auto": "allow"}
    known = (True, False, "allow", "must", "never", "auto")
    if not any(type(resume) is type(word) and resume == word for word in (*known, None)):
        expected = f"one of {', '.join(map(str, known))}, and the run's id in id="
        raise InvalidInput(Violation("resume", _RULE, expected, checks.show(resume)))
    found: Any = words.get(resume, resume)
    if found == "must" and id is None:
        raise InvalidInput(Violation("id", _RULE, "the id of the run that resume='must' goes on with", "none"))
    return found  # type: ignore[no-any-return]
