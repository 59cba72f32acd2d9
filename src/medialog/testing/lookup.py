"""What a run has logged, for assertions: `logged`, `series`, `assert_logged`, `assert_valid`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from medialog.datatypes.base import DataType, decode
from medialog.runtime import layout, session, trees
from medialog.runtime.reader import RunReader, open_run
from medialog.runtime.run import Run
from medialog.runtime.validation import validate_file, validate_folder, validate_run
from medialog.testing.comparison import compare_values
from medialog.testing.differences import Difference, Tolerance, compare, report
from medialog.validators import checks
from medialog.validators.descriptors import validate
from medialog.validators.errors import NotInitialised, Violation
from medialog.validators.run import is_note
from medialog.wire import kinds

AnyRun = Run | RunReader | str | os.PathLike[str]
Shape = tuple[int | None, ...]
MOST_KEYS = 20


def logged(key: str | tuple[str, ...], *, step: int | None = None, run: AnyRun | None = None) -> Any:
    """Return what was logged under `key` at `step`, by default at the last step that has it; media as objects.

    `key`: dotted for nested keys ("val.acc"), or the exact tuple. `run`: a run, a reader or the path of a run
    directory; by default the active run or the one finished last. What was collected with `commit=False` is seen too.
    Fails with the keys that there are when there is nothing.
    """
    __tracebackhide__ = True
    return _find(key, step, run)[1]


def series(key: str | tuple[str, ...], *, run: AnyRun | None = None) -> dict[int, Any]:
    """Return everything that was logged under `key`: step -> value. Fails when there is nothing."""
    __tracebackhide__ = True
    rows, source = _rows(run)
    path = trees.undotted(key) if isinstance(key, str) else tuple(key)
    found = {step: _value(leaves[path], source) for step, leaves in rows if path in leaves}
    if not found:
        raise AssertionError(_nothing(path, None, rows))
    return found


def assert_logged(
    key: str | tuple[str, ...],
    type: type | tuple[type, ...] | None = None,
    *,
    step: int | None = None,
    shape: Sequence[int | None] | None = None,
    count: int | None = None,
    times: int | None = None,
    caption: str | Sequence[str | None] | None = None,
    value: Any = ...,
    approx: Any = ...,
    rel: float = 1e-6,
    abs: float = 1e-12,
    run: AnyRun | None = None,
) -> Any:
    """Fail unless something was logged under `key` that is what the arguments say; return it, media as objects.

    `type`: its class (for a list, that of each item; `float` takes whole numbers too). `step`: at this step; by default
    the last one that has the key. `shape`: of its array, None for any length: (height, width) or (height, width,
    channels) of an image, (frames, height, width, 3) of a video, (samples,) or (samples, channels) of a sound, (rows,
    columns) of a table. `count`: how many items a list has (a single value is one). `times`: how many steps have the
    key. `caption`: its caption; for a list one for all or one for each. `value`: equal to this, exactly; a medialog
    object by what it stores. `approx`: numbers, nested lists and mappings, or an array, equal to this within `rel` and
    `abs`.

    All that is wrong is said at once.
    """
    __tracebackhide__ = True
    at, found, number = _find(key, step, run)
    items = found if isinstance(found, list) else [found]
    wrong: list[str] = []
    if type is not None:
        wrong += _wrong_types(items, type)
    if shape is not None:
        wrong += _wrong_shapes(found, tuple(shape))
    if count is not None and len(items) != count:
        wrong.append(f"{_items(count)} expected, got {len(items):,}")
    if times is not None and number != times:
        wrong.append(f"logged at {_steps(times)} expected, got {number:,}")
    if caption is not None:
        wrong += _wrong_captions(items, caption)
    name = key if isinstance(key, str) else trees.dotted(tuple(key))
    if value is not ...:
        wrong += _unequal(value, found, Tolerance(), "another value than expected")
    if approx is not ...:
        wrong += _unequal(approx, found, Tolerance(rel, abs), "another value than expected")
    if wrong:
        what = items[0] if isinstance(items[0] if items else None, DataType) else checks.show(found, 100)
        if isinstance(found, list) and isinstance(what, DataType):
            what = f"a list of {len(items):,}, the first {what}"
        lines = "\n".join(f"  {line}" for line in wrong)
        raise AssertionError(f"{name!r} at step {at} is {what}:\n{lines}")
    return found


def assert_valid(thing: Any) -> None:
    """Fail with every violation unless it is valid: a descriptor, a list of them, a run, or what a path names.

    A path is that of a run directory, of a folder of descriptors, or of one descriptor file; their media are checked
    too, and read back. Notes (`medialog.validators.is_note`) are no failure: the run may be going on.
    """
    __tracebackhide__ = True
    if isinstance(thing, Run):
        found, what = validate_run(thing, deep=True), f"run {thing.id!r}"
    elif isinstance(thing, (str, os.PathLike)):
        found, what = _violations_at(thing), os.fspath(thing)
    else:
        found, what = list(_violations(thing)), "the descriptor"
    problems = [violation for violation in found if not is_note(violation)]
    if problems:
        lines = "\n".join(f"  {violation}" for violation in problems)
        raise AssertionError(f"{what} is not valid:\n{lines}")


def _violations_at(path: str | os.PathLike[str]) -> list[Violation]:
    if not os.path.isdir(path):
        return validate_file(path, deep=True)
    if os.path.exists(os.path.join(path, layout.RUN)):
        return validate_run(path, deep=True)
    return validate_folder(path, deep=True)


def _violations(descriptor: Any, place: str = "") -> Iterator[Violation]:
    if isinstance(descriptor, list):
        for index, item in enumerate(descriptor):
            yield from _violations(item, f"{place}[{index}]")
    else:
        yield from (found.within(place) if place else found for found in validate(descriptor))


# --- finding ---

Rows = list[tuple[int, dict[trees.Path, Any]]]


def _find(key: str | tuple[str, ...], step: int | None, run: AnyRun | None) -> tuple[int, Any, int]:
    """Return the step, the value and how many steps have the key."""
    __tracebackhide__ = True
    rows, source = _rows(run)
    path = trees.undotted(key) if isinstance(key, str) else tuple(key)
    having = [(at, leaves[path]) for at, leaves in rows if path in leaves]
    chosen = [(at, value) for at, value in having if step is None or at == step]
    if not chosen:
        raise AssertionError(_nothing(path, step, rows))
    at, value = chosen[-1]
    return at, _value(value, source), len(having)


def _rows(run: AnyRun | None) -> tuple[Rows, Any]:
    if run is None:
        run = session.last_run()
        if run is None:
            raise NotInitialised("no run to look into: use the fixture medialog_run, or give run=")
    reader = run if isinstance(run, RunReader) else run.reader() if isinstance(run, Run) else open_run(run)
    rows = [(step, dict(trees.leaves(tree))) for step, tree in reader.rows()]
    if isinstance(run, Run) and not run.is_finished:
        collected = dict(trees.leaves(run.open_tree()))
        if collected:
            rows.append((run.step, collected))
    return rows, reader.source


def _value(stored: Any, source: Any) -> Any:
    return decode(stored, source) if _is_media(stored) else trees.plain(stored)


def _is_media(stored: Any) -> bool:
    if isinstance(stored, list):
        return bool(stored) and all(_is_media(item) for item in stored)
    kind = stored.get(trees.KIND) if isinstance(stored, Mapping) else None
    return isinstance(kind, str) and kind in kinds.known_kinds()


def _nothing(path: trees.Path, step: int | None, rows: Rows) -> str:
    """Return why there is nothing under a key: what there is instead."""
    name = trees.dotted(path)
    at = [number for number, leaves in rows if path in leaves]
    if at:
        shown = ", ".join(map(str, at[:MOST_KEYS])) + (" ..." if len(at) > MOST_KEYS else "")
        return f"{name!r} was not logged at step {step}; it was at {_steps(len(at))}: {shown}"
    numbers: dict[str, int] = {}
    for _, leaves in rows:
        for leaf in leaves:
            numbers[trees.dotted(leaf)] = numbers.get(trees.dotted(leaf), 0) + 1
    if not numbers:
        return f"nothing was logged under {name!r}: the run is empty"
    below = [key for key in numbers if key.startswith(f"{name}.")]
    near = below or get_close_matches(name, numbers, 3, 0.6)
    hint = f"; did you mean {' or '.join(map(repr, near[:3]))}?" if near else ""
    lines = [f"nothing was logged under {name!r}{hint}", "logged keys:"]
    lines += [f"  {key!r} ({_steps(number)})" for key, number in list(numbers.items())[:MOST_KEYS]]
    if len(numbers) > MOST_KEYS:
        lines.append(f"  ... and {len(numbers) - MOST_KEYS} more")
    return "\n".join(lines)


# --- what a value is ---


def _wrong_types(items: list[Any], expected: type | tuple[type, ...]) -> Iterator[str]:
    classes = expected if isinstance(expected, tuple) else (expected,)
    accepted = (*classes, int) if float in classes else classes
    for index, item in enumerate(items):
        if list in classes or (isinstance(item, accepted) and (not isinstance(item, bool) or bool in classes)):
            continue
        names = " or ".join(each.__name__ for each in classes)
        place = f"item {index}: " if len(items) > 1 else ""
        yield f"{place}type {names} expected, got {type(item).__name__}"


def _wrong_shapes(found: Any, expected: Shape) -> Iterator[str]:
    """Yield what has another shape: the items of a list of media, else the value itself."""
    items = found if isinstance(found, list) and found and isinstance(found[0], DataType) else [found]
    for index, item in enumerate(items):
        shape = _shape(item)
        same = len(shape) == len(expected) and all(
            wanted is None or wanted == length for wanted, length in zip(expected, shape, strict=True)
        )
        if not same:
            place = f"item {index}: " if len(items) > 1 else ""
            wanted_text = str(expected).replace("None", "any")
            yield f"{place}shape {wanted_text} expected, got {shape}"


def _shape(item: Any) -> Shape:
    import numpy as np

    if isinstance(item, DataType) and hasattr(item, "columns") and hasattr(item, "__len__"):
        return len(item), len(item.columns)
    array = item.to_numpy() if hasattr(item, "to_numpy") else item
    if isinstance(array, tuple):  # a histogram: its counts
        array = array[0]
    return tuple(np.shape(array))


def _wrong_captions(items: list[Any], expected: str | Sequence[str | None]) -> Iterator[str]:
    captions = [getattr(item, "caption", None) for item in items]
    wanted: list[str | None] = [expected] * len(items) if isinstance(expected, str) else list(expected)
    if captions != wanted:
        shown = (repr(one[0]) if len(one) == 1 else repr(one) for one in (wanted, captions))
        yield "caption {} expected, got {}".format(*shown)


def _unequal(expected: Any, actual: Any, tolerance: Tolerance, title: str) -> Iterator[str]:
    if type(expected).__module__.startswith("_pytest."):  # pytest.approx compares by itself
        if expected != actual:
            yield f"{expected} expected, got {checks.show(actual)}"
        return
    found = list(_differences(expected, actual, tolerance))
    if found:
        yield report(title, found, tolerance).replace("\n", "\n  ")


def _differences(expected: Any, actual: Any, tolerance: Tolerance) -> Iterator[Difference]:
    if isinstance(expected, DataType) and isinstance(actual, DataType):
        yield from compare_values(expected, actual, (), tolerance)
    elif isinstance(expected, list) and isinstance(actual, list) and any(isinstance(e, DataType) for e in expected):
        if len(expected) != len(actual):
            yield Difference("", f"{len(expected)} items", f"{len(actual)} items")
            return
        for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
            for each in _differences(one, other, tolerance):
                yield Difference(f"[{index}]{'.' * bool(each.at)}{each.at}", each.left, each.right, each.detail)
    elif isinstance(actual, DataType) and hasattr(expected, "shape") and hasattr(actual, "to_numpy"):
        yield from compare(expected, actual.to_numpy(), (), tolerance, "elements")
    else:
        yield from compare(expected, actual, (), tolerance)


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count:,} items"


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"
