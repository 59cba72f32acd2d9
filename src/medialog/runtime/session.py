"""The session: the one active run of the process, behind `medialog.init`, `log`, `finish`, `run` and `config`."""

from __future__ import annotations

import atexit
import datetime
import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Unpack, get_args

from medialog.runtime import config as configuration
from medialog.runtime import console, description, environment, layout, wandb_arguments
from medialog.runtime.background import Background
from medialog.runtime.clock import Clock, Identifiers
from medialog.runtime.events import read_events
from medialog.runtime.metric import Metric
from medialog.runtime.reader import RunReader
from medialog.runtime.run import Run
from medialog.runtime.wandb_arguments import Resume, WandbArguments
from medialog.validators import checks, progress
from medialog.validators import rules as rulebook
from medialog.validators.errors import (
    Advice,
    InvalidName,
    NotInitialised,
    RunError,
    StorageError,
    Violation,
    storage_errors,
)
from medialog.validators.notice import warn
from medialog.validators.rules import Rules, Strictness
from medialog.wire import names
from medialog.wire.storage import LocalStorage, MemoryStorage, Storage

logger = logging.getLogger("medialog")

Mode = Literal["local", "offline", "online", "dryrun", "disabled", "memory"]

RESERVE = 64 * 2**10  # bytes that are given back on a full disk, so that the last row and the end still fit

_active: Run | None = None
_hooked = False
_instead: Mapping[str, Any] = {}  # what `in_memory` puts in place of what `init` was given


def init(
    project: str | None = None,
    name: str | None = None,
    config: Any = None,
    dir: str | os.PathLike[str] = "runs",
    id: str | None = None,
    resume: bool | Resume | None = False,
    tags: Sequence[str] | None = None,
    notes: str | None = None,
    group: str | None = None,
    mode: Mode | str = "local",
    limits: Mapping[str, Any] | None = None,
    strict: Strictness = "warn",
    background: bool | Background = False,
    sync_every: float = 30.0,
    quiet: bool = False,
    *,
    clock: Clock | None = None,
    identifiers: Identifiers | None = None,
    **of_wandb: Unpack[WandbArguments],
) -> Run:
    """Begin a run in `<dir>/<id>/` and make it the active one.

    `project`, `id`: 1 to 128 letters, digits, '.', '_' or '-'; without an id, 8 random characters. `name`, `notes`,
    `group`, `tags`: text, recorded. `config`: a mapping, `argparse.Namespace`, absl FLAGS or dataclass of plain values.
    `resume=True` (`"allow"`) goes on with an existing id: steps, summary and config continue; `"must"` refuses an id
    that does not exist, `"never"` one that does. `mode`: `"local"` (`"offline"`, `"online"`, `"dryrun"` mean the same:
    there is no server), `"memory"` (nothing on disk), `"disabled"` (everything is accepted, nothing is kept).
    `limits`, `strict`: the rules of the run (`medialog.validators`). `sync_every`: seconds after which `log` calls
    `sync()` by itself. `quiet=True` (or the variable MEDIALOG_QUIET) leaves out the line at the start and at the end,
    and the progress of long encodings, which only a terminal sees. `clock`, `identifiers`: for tests. `entity`,
    `job_type`: text, recorded; the other arguments of W&B's `init` are accepted where they change nothing, and refused
    where they would.

    A run that is still active is finished first. Raises `InvalidName`, `InvalidInput`, `RunError` (the id exists),
    `StorageError`.
    """
    global _active
    rules = Rules(limits or {}, strict)
    words = description.check(name=name, group=group, tags=tags, notes=notes)
    _check_arguments(project, id, mode, background, sync_every)
    progress.set_quiet(bool(quiet))
    resume = wandb_arguments.check_resume(resume, id)
    recorded = wandb_arguments.recorded(of_wandb)
    if _instead and mode != "disabled":
        mode, clock, identifiers = "memory", _instead["clock"], _instead["identifiers"]
    clock, identifiers = clock or Clock(), identifiers or Identifiers()
    config_tree = configuration.prepare(config, rules)
    if _active is not None and not _active.is_finished:
        logger.warning("medialog: run %s is finished, because init() was called again", _active.id)
        try:
            finish()
        except StorageError as error:
            logger.error("medialog: run %s could not be finished: %s", _active.id, error)
            _active.abandon()
    run_id = identifiers.run_id() if id is None else id
    on_disk = mode not in ("memory", "disabled")
    storage: Storage = LocalStorage(Path(dir) / run_id) if on_disk else MemoryStorage()
    info = {
        "format": "medialog-run",
        "format_version": layout.FORMAT_VERSION,
        "id": run_id,
        "project": project,
        **words,
        **recorded,
        "started": datetime.datetime.fromtimestamp(clock.time(), datetime.UTC).isoformat(timespec="milliseconds"),
        "rules": rules.describe(),
        **(environment.describe() if mode != "disabled" else {}),
    }
    _advise(of_wandb, resume, id)
    options: dict[str, Any] = {
        "on_finish": _restore_rules,
        "rules": rules,
        "clock": clock,
        "identifiers": identifiers,
        "sync_every": sync_every,
        "reserve": RESERVE if on_disk else 0,
        "background": (background if isinstance(background, Background) else Background()) if background else None,
    }
    with storage_errors("opening the run directory"):
        run = _open(storage, info, config_tree, resume, mode == "disabled", options)
    rulebook.set_process_rules(rules)
    _active = run
    _hook_exit()
    if run.dir is not None and layout.rank_of_process() == 0:
        console.started(run.id, run.dir, run.step)
    return run


def _advise(of_wandb: Mapping[str, Any], resume: Resume, id: str | None) -> None:
    sentences = list(wandb_arguments.without_effect(of_wandb))
    if resume == "allow" and id is None:
        sentences.append("init(resume=...) without id= begins a new run: id= says which run to go on with")
    for sentence in sentences:
        warn(f"{sentence} [init.argument]", Advice)


def _open(
    storage: Storage,
    info: dict[str, Any],
    config: dict[str, Any],
    resume: Resume,
    disabled: bool,
    common: dict[str, Any],
) -> Run:
    """Create the run directory, or join the one that is there."""
    rank = layout.rank_of_process()
    if storage.size(layout.RUN) is None:
        if resume == "must":
            raise RunError(f"run {info['id']!r} does not exist, and resume='must' goes on with one that does")
        written = None
        with storage_errors("creating the run directory"), suppress(FileExistsError):  # another process was faster
            storage.make_directory("")
            written = layout.create_json(storage, layout.RUN, info)
        if written is not None:
            digest = hashlib.sha256(written).hexdigest()
            return Run(storage, info, config=config, disabled=disabled, run_json=digest, **common)
    if resume == "never" and rank in {segment.rank for segment in layout.segments(storage)}:
        who = "exists" if rank == 0 else f"has a writer of rank {rank}"
        raise RunError(f"run {info['id']!r} {who}: resume=True goes on with it, another id= begins a new one")
    info = RunReader(storage).info
    events = read_events(storage)
    common = {**common, "known_config": events.config}
    if resume == "never":
        # Another rank of a run that is going on: its steps are its own, and so is its view of the summary.
        return Run(storage, info, config=config, start="join", **common)
    # A row that is left out because its media are damaged comes back when the same media are logged again: its step is
    # taken.
    known = read_events(storage, "salvage") if events.problems else events
    steps = [row.step for row in known.rows if row.segment.rank == rank] or [known.last_step]
    common["first_step"] = max(steps) + 1
    common["unsynced"] = events.unsynced()
    opened = events.open_row(rank)
    if opened is not None and opened[0] >= common["first_step"]:  # what a killed process had collected
        common["first_step"], common["open_row"] = opened
    return Run(storage, info, config=config, fold=events.summary, start="resume", **common)


def _check_arguments(project: Any, id: Any, mode: Any, background: Any, sync_every: Any) -> None:
    for at, value in (("project", project), ("id", id)):
        problem = None if value is None else names.problem_with_name(value)
        if problem is not None:
            raise InvalidName(Violation(at, "name.pattern", problem, checks.show(value)))
    rule = "init.argument"
    wrong: list[Violation | None] = [checks.one_of(mode, get_args(Mode), "mode", rule)]
    if not isinstance(background, (bool, Background)):
        wrong.append(Violation("background", rule, "True, False or a medialog.Background", checks.show(background)))
    wrong.append(checks.positive_number(sync_every, "sync_every", rule))
    checks.refuse(wrong)


def _hook_exit() -> None:
    global _hooked
    if not _hooked:
        atexit.register(finish)
        _hooked = True


def active(doing: str) -> Run:
    """Return the active run, or the one that was finished last; `NotInitialised` when there is none."""
    if _active is None:
        raise NotInitialised(f"medialog.init() must be called before {doing}")
    return _active


def current_run() -> Run | None:
    """Return the active run; None before `init()` and after `finish()`."""
    return None if _active is None or _active.is_finished else _active


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None, sync: bool | None = None) -> None:
    """Log a row to the active run; see `Run.log`. `NotInitialised` before `init()`."""
    active("medialog.log()").log(data, step=step, commit=commit, sync=sync)


def define_metric(name: str, *arguments: Any, **options: Any) -> Metric:
    """Define a metric of the active run; see `Run.define_metric`. `NotInitialised` before `init()`."""
    return active("medialog.define_metric()").define_metric(name, *arguments, **options)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Finish the active run, if there is one. Called at exit by itself."""
    if _active is not None:
        _active.finish(exit_code, quiet)


def last_run() -> Run | None:
    """Return the active run, or the one that was finished last."""
    return _active


@contextmanager
def in_memory(clock: Clock, identifiers: Identifiers) -> Iterator[None]:
    """Put the active run and the rules of the process aside for a block, and back after it: for tests.

    Every `init` in the block makes a run in memory with that clock and those identifiers. It is finished with it.
    """
    global _active, _instead
    kept = _active, _instead, rulebook.process_rules()
    _active, _instead = None, {"clock": clock, "identifiers": identifiers}
    rulebook.set_process_rules(None)
    try:
        yield
    finally:
        try:
            finish()
        finally:
            _active, _instead, rules = kept
            rulebook.set_process_rules(rules)


def _restore_rules() -> None:
    rulebook.set_process_rules(None)
