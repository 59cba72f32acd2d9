"""The command line: `medialog validate | limits | show | report | compact | schema`, also as `python -m medialog`.

Exit codes: 0 when all is valid, 1 when something is not, 2 for wrong usage or a path that cannot be read.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from medialog.viewer.command import add_report

if TYPE_CHECKING:
    from medialog.runtime.reader import RunReader
    from medialog.validators.errors import Violation

SHOWN = 10
_PLACE_IN_FILE = re.compile(r"(?P<file>.*?)(?:, (?P<line>line \d+))?(?:: (?P<key>.*))?", re.DOTALL)
_VALID, _INVALID, _USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    _speak_utf8(sys.stdout)
    _speak_utf8(sys.stderr)
    try:
        code: int = options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:  # `medialog limits | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _VALID
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="medialog", description="Check and look at what medialog stored.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    validate = commands.add_parser(
        "validate",
        help="check runs, folders of descriptors, descriptor files",
        description="Check run directories, folders of runs, folders of *.medialog.json, and descriptor files.",
        epilog="Exit code: 0 valid, 1 not valid, 2 a path that cannot be read.",
    )
    validate.add_argument("paths", nargs="+", metavar="PATH")
    validate.add_argument("--deep", action="store_true", help="also read every value back")
    validate.add_argument("--json", action="store_true", help="print one JSON document")
    validate.add_argument("--strict", action="store_true", help="take notes for violations")
    validate.add_argument("--all", action="store_true", help=f"show more than {SHOWN} lines of a file")
    validate.set_defaults(command=_validate)
    limits = commands.add_parser("limits", help="list every documented limit")
    limits.add_argument("words", nargs="*", metavar="WORD", help="only those whose id has one of these words")
    limits.add_argument("--json", action="store_true", help="print one JSON document")
    limits.set_defaults(command=_limits)
    show = commands.add_parser("show", help="show what a run holds")
    show.add_argument("run", metavar="RUN", help="a run directory")
    show.set_defaults(command=_show)
    add_report(commands)
    compact = commands.add_parser(
        "compact",
        help="write the history of runs as columns too, which are read without the lines",
        description="Write the history of run directories as columns, to derived/history.parquet: RunReader.frame and"
        " any tool that knows Parquet read it in milliseconds. Nothing is taken away, and what is written may be"
        " deleted at any time. Needs pyarrow.",
        epilog="Exit code: 0 written, or nothing was new; 1 a run with damage; 2 not a run, or it cannot be written.",
    )
    compact.add_argument("runs", nargs="+", metavar="RUN", help="a run directory")
    compact.set_defaults(command=_compact)
    schema = commands.add_parser("schema", help="print the JSON Schema of a kind or a record")
    schema.add_argument(
        "kind",
        nargs="?",
        metavar="KIND",
        help="image-file, run, line, a kind of another package ...; none lists them",
    )
    schema.set_defaults(command=_schema)
    return parser


def _speak_utf8(stream: TextIO) -> None:
    """Print what a terminal cannot show as an escape instead of failing."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _say(text: str = "") -> None:
    sys.stdout.write(f"{text}\n")


def _complain(text: str) -> int:
    sys.stderr.write(f"medialog: {text}\n")
    return _USAGE


def _plain(text: str) -> str:
    """Return text without control characters: a stored text must not steer the terminal."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _paint(text: str, code: str) -> str:
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{code}m{text}\x1b[0m"


# --- validate ---


def _validate(options: argparse.Namespace) -> int:
    from medialog.validators.errors import Error
    from medialog.validators.run import is_note

    results: list[dict[str, Any]] = []
    unreadable: list[str] = []
    for given in options.paths:
        try:
            checks = list(_checks(given))
            for what, path, check in checks:
                progress = _Progress(path)
                started = time.monotonic()
                found = check(path, options.deep, progress)
                progress.clear()
                results.append({"path": path, "what": what, "found": found, "seconds": time.monotonic() - started})
                if not options.json:
                    _print_result(path, what, found, full=options.all)
        except (Error, OSError) as error:
            unreadable.append(f"{given}: {_plain(str(error))}")
            _complain(unreadable[-1])
    faults = sum(not is_note(each) for result in results for each in result["found"])
    notes = sum(is_note(each) for result in results for each in result["found"])
    if options.json:
        _say(json.dumps(_as_json(results, unreadable, faults, notes), indent=2, ensure_ascii=False))
    elif len(results) > 1:
        _say(f"{len(results)} checked: {_count(faults, notes)}")
    if unreadable:
        return _USAGE
    return _INVALID if faults or (options.strict and notes) else _VALID


Check = Callable[..., "list[Violation]"]


def _checks(given: str) -> Iterable[tuple[str, str, Check]]:
    """Yield what there is to check at a path: what it is, where, and how it is checked."""
    from medialog.runtime import validation
    from medialog.validators.errors import RunError
    from medialog.wire import names

    if os.path.isfile(given):
        yield "descriptor", given, validation.validate_file
        return
    if not os.path.isdir(given):
        raise RunError("no such file or directory")
    inside = sorted(os.listdir(given))
    if names.RUN in inside or names.EVENTS in inside:
        yield "run", given, validation.validate_run
        return
    found = False
    if any(name.endswith(names.DESCRIPTOR_SUFFIX) for name in inside):
        found = True
        yield "folder", given, validation.validate_folder
    for name in inside:
        if os.path.isfile(os.path.join(given, name, names.RUN)):
            found = True
            yield "run", os.path.join(given, name), validation.validate_run
    if not found:
        raise RunError("neither a run, nor a folder of runs or of *.medialog.json")


def _print_result(path: str, what: str, found: list[Violation], *, full: bool) -> None:
    from medialog.validators.run import is_note

    notes = sum(map(is_note, found))
    faults = len(found) - notes
    mark = _paint("invalid", "31;1") if faults else _paint("valid", "32;1")
    _say(f"{_plain(path)}: {mark} {what}" + (f", {_count(faults, notes)}" if found else ""))
    for file, violations in _by_file(found).items():
        _say(f"  {_paint(_plain(file), '1')}")
        shown = violations if full else violations[:SHOWN]
        for place, violation in shown:
            rule = f"note {violation.rule}" if is_note(violation) else violation.rule
            text = f"{place}: {violation.message}" if place else violation.message
            _say(f"    {_plain(text)} {_paint(f'[{rule}]', '33' if is_note(violation) else '31')}")
        if len(violations) > len(shown):
            _say(f"    ... and {len(violations) - len(shown):,} more (--all shows them)")


def _by_file(found: list[Violation]) -> dict[str, list[tuple[str, Violation]]]:
    """Return violations by the file in which they are, with the rest of their place."""
    grouped: dict[str, list[tuple[str, Violation]]] = {}
    for violation in found:
        file, rest = _split(violation.at)
        grouped.setdefault(file, []).append((rest, violation))
    return grouped


def _split(at: str) -> tuple[str, str]:
    match = _PLACE_IN_FILE.fullmatch(at)
    assert match is not None
    return match["file"], ": ".join(part for part in (match["line"], match["key"]) if part)


def _count(faults: int, notes: int) -> str:
    texts = [f"{faults:,} violation{'s' * (faults != 1)}"] if faults or not notes else []
    if notes:
        texts.append(f"{notes:,} note{'s' * (notes != 1)}")
    return ", ".join(texts)


def _as_json(results: list[dict[str, Any]], unreadable: list[str], faults: int, notes: int) -> dict[str, Any]:
    from medialog.validators.run import is_note

    checked = []
    for result in results:
        listed = [
            {
                "at": each.at,
                "file": _split(each.at)[0],
                "rule": each.rule,
                "expected": each.expected,
                "got": each.got,
                "note": is_note(each),
            }
            for each in result["found"]
        ]
        checked.append(
            {
                "path": result["path"],
                "what": result["what"],
                "valid": all(each["note"] for each in listed),
                "seconds": round(result["seconds"], 3),
                "violations": listed,
            }
        )
    valid = not faults and not unreadable
    return {"valid": valid, "violations": faults, "notes": notes, "unreadable": unreadable, "checked": checked}


class _Progress:
    """How far a check is, on a terminal, when it takes longer than a second."""

    def __init__(self, path: str) -> None:
        from medialog.validators.progress import ProgressLine

        self._path = _plain(os.path.basename(os.path.abspath(path)))
        self._line = ProgressLine(patience=1.0)

    def __call__(self, what: str, done: int, total: int) -> None:
        if not self._line.is_due():
            return
        share = done / total if total else 1.0
        amount = f"{done:,} of {total:,}" if what == "values" else f"{done / 2**20:,.1f} of {total / 2**20:,.1f} MiB"
        filled = round(20 * share)
        self._line.show(f"{self._path}: {what:6} {'#' * filled}{'.' * (20 - filled)} {share:4.0%}  {amount}")

    def clear(self) -> None:
        """Take the line away."""
        self._line.clear()


# --- limits ---


def _limits(options: argparse.Namespace) -> int:
    from medialog.validators.limits import LIMITS

    found = [each for each in LIMITS.values() if not options.words or any(word in each.id for word in options.words)]
    if not found:
        return _complain(f"no limit has {' or '.join(options.words)} in its id")
    if options.json:
        names = ("id", "value", "unit", "over", "why", "source", "settable")
        _say(json.dumps([{name: getattr(each, name) for name in names} for each in found], indent=2))
        return _VALID
    rows = [(each.id, _value(each.value), each.unit, "" if each.settable else "fixed", each.why) for each in found]
    _table(("limit", "value", "unit", "", "why"), rows, right=(1,))
    return _VALID


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        joint = ".." if all(isinstance(item, int) for item in value) else " "
        return joint.join(map(_value, value))
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print columns as wide as their cells, the last one wrapped to the terminal, or whole when there is none."""
    import textwrap

    caps = [44] * (len(head) - 1)
    widths = [min(max(len(row[i]) for row in (head, *rows)), cap) for i, cap in enumerate(caps)]
    used = [i for i, width in enumerate(widths) if width]
    left = sum(widths[i] + 2 for i in used)
    room = shutil.get_terminal_size().columns - left if sys.stdout.isatty() else 10_000
    for number, row in enumerate([head, *rows]):
        cells = [row[i].rjust(widths[i]) if i in right else row[i].ljust(widths[i]) for i in used]
        lines = textwrap.wrap(row[-1], max(room, 24)) or [""]
        text = "  ".join([*cells, lines[0]]).rstrip()
        _say(_paint(text, "1") if number == 0 else text)
        for line in lines[1:]:
            _say(" " * left + line)


# --- show ---


def _show(options: argparse.Namespace) -> int:
    from medialog.runtime.reader import open_run
    from medialog.validators.errors import Error

    try:
        run = open_run(options.run)
        lines = list(_describe(run))
    except (Error, OSError) as error:
        return _complain(f"{options.run}: {_plain(str(error))}")
    for line in lines:
        _say(line)
    problems = run.problems
    for problem in problems[:SHOWN]:
        _say(f"  {_plain(str(problem))}")
    if len(problems) > SHOWN:
        _say(f"  ... and {len(problems) - SHOWN:,} more (medialog validate lists them)")
    return _INVALID if problems else _VALID


def _describe(run: RunReader) -> Iterable[str]:
    info = run.info
    title = [f"run {_paint(run.id, '1')}"]
    title += [f"{name} {_plain(str(info[name]))}" for name in ("project", "name", "group") if info.get(name)]
    if info.get("tags"):
        title.append(f"tags {_plain(', '.join(map(str, info['tags'])))}")
    yield ", ".join(title)
    git = info.get("git")
    git = git if isinstance(git, dict) else {}
    made = [f"started {info.get('started', 'at an unknown time')}"]
    made += [f"Python {info['python']}"] if info.get("python") else []
    made += [f"commit {str(git['commit'])[:12]}"] if git.get("commit") else []
    yield _plain(", ".join(made))
    if info.get("notes"):
        yield _plain(str(info["notes"]))
    steps = run.steps
    state = "finished" if run.finished else "not finished"
    if len(steps) > 1:
        yield f"{len(steps):,} steps, {steps[0]:,} to {steps[-1]:,}, {state}"
    else:
        yield f"one step, {steps[0]:,}, {state}" if steps else f"no steps, {state}"
    yield from _describe_ranks(run)
    config = _leaves(run.config.as_json())
    if config:
        yield ""
        yield _paint("config", "1")
        width = min(max(map(len, config)), 40)
        yield from (f"  {key:{width}}  {_last(value)}" for key, value in config.items())
    keys = _keys(run)
    if keys:
        yield ""
        width, kinds = min(max(map(len, keys)), 48), max(len(kind) for kind, _, _ in keys.values())
        yield _paint(f"{'key':{width + 2}}  {'kind':{kinds}}  {'points':>6}  last", "1")
        for key, (kind, points, last) in keys.items():
            yield f"  {_plain(key):{width}}  {kind:{kinds}}  {points:>6,}  {last}"
    yield ""
    count = len(run.problems)
    yield f"{count:,} problem{'s' * (count != 1)}" if count else "no problems"


def _describe_ranks(run: RunReader) -> Iterable[str]:
    """Say what no single row shows: the ranks, where they differ, and what is not written yet."""
    ranks = run.ranks
    if len(ranks) > 1:
        named = ", ".join(map(str, ranks[:SHOWN])) + (", ..." if len(ranks) > SHOWN else "")
        yield f"{len(ranks):,} ranks: {named}"
    clashes = run.clashes
    if clashes:
        keys = list(clashes.keys)
        named = ", ".join(map(_plain, keys[:SHOWN])) + (", ..." if len(keys) > SHOWN else "")
        values = "one value differs" if len(clashes) == 1 else f"{len(clashes):,} values differ"
        yield f"note: {values} between ranks, the lowest rank's is shown: {named}"
    for row in run.open_rows[:SHOWN]:
        of_rank = f" of rank {row.rank}" if len(ranks) > 1 else ""
        yield f"note: step {row.step:,}{of_rank} is open, with {_count_keys(row.tree)}"


def _count_keys(tree: dict[str, Any]) -> str:
    count = len(_leaves(tree))
    return "one key" if count == 1 else f"{count:,} keys"


def _leaves(tree: dict[str, Any]) -> dict[str, Any]:
    from medialog.runtime import trees

    return {trees.dotted(path): value for path, value in trees.leaves(tree)}


def _keys(run: RunReader) -> dict[str, tuple[str, int, str]]:
    """Return each key's kind, how many steps have it, and its last value."""
    from medialog.runtime.watch import kind_of

    found: dict[str, tuple[str, int, str]] = {}
    for row in run.history():
        for key, value in row.items():
            if not key.startswith("_"):
                points = found[key][1] if key in found else 0
                found[key] = kind_of(value), points + 1, _last(value)
    return found


_FACTS = ("count", "nrows", "ncols", "frames", "duration", "width", "height", "characters", "format", "caption")


def _last(value: Any) -> str:
    """Return a value in a few characters: a number, a text, or the facts of a descriptor."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict) and "_type" in value:
        facts = [f"{name} {value[name]}" for name in _FACTS if isinstance(value.get(name), (int, float, str))]
        text = ", ".join(facts)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = _plain(text)
    return text if len(text) <= 60 else f"{text[:57]}..."


# --- compact ---


def _compact(options: argparse.Namespace) -> int:
    from medialog.runtime.compacted import PARQUET
    from medialog.runtime.compaction import Damaged, compact
    from medialog.validators.errors import Error

    codes = [_VALID]
    for given in options.runs:
        try:
            is_new = compact(given)
        except (Error, OSError) as error:
            _complain(f"{given}: {_plain(str(error))}")
            codes.append(_INVALID if isinstance(error, Damaged) else _USAGE)
            continue
        file = os.path.join(given, PARQUET)
        written = f"written, {os.path.getsize(file) / 2**20:,.1f} MiB" if is_new else "nothing new"
        _say(f"{_plain(file)}: {written}")
    return max(codes)


# --- schema ---


def _schema(options: argparse.Namespace) -> int:
    from medialog.wire import kinds, records, schemas

    text = None if options.kind is None else schemas.published(options.kind)
    if text is not None:
        _say(text.decode().rstrip("\n"))
        return _VALID
    try:
        others = kinds.third_party_kinds()
    except ValueError as error:  # two packages write one kind
        return _complain(_plain(str(error)))
    names = [*records.NAMES, *sorted([*kinds.KINDS, *others])]
    if options.kind is None:
        for name in names:
            _say(name)
        return _VALID
    if options.kind in others:
        return _schema_of_another_package(options.kind, others[options.kind])
    import difflib

    near = difflib.get_close_matches(options.kind, names, 3)
    hint = f"did you mean {' or '.join(near)}?" if near else "`medialog schema` lists them"
    return _complain(f"no schema of {options.kind!r}: {hint}")


def _schema_of_another_package(kind: str, location: str) -> int:
    from medialog.validators.descriptors import schema_of

    try:
        text = json.dumps(schema_of(kind), indent=2, ensure_ascii=False)
    except Exception as error:  # noqa: BLE001 - importing another package may raise anything
        return _complain(_plain(f"no schema of {kind!r}: {location} gives none: {type(error).__name__}: {error}"))
    _say(text)
    return _VALID
