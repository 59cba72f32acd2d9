"""`log` of five numbers."""

from __future__ import annotations

import json
import os
import time
import zlib
from functools import partial
from typing import Any

import inputs
from case import Case, Column, Goal, Values, Work, faster
from loggers import LOGGERS
from measure import Watch, size_on_disk


def _log(make: Any, work: Work) -> Values:
    rows, logger = inputs.scalars(work.size), make()
    before = size_on_disk(work.home)
    logger.start(work.folder)
    with Watch() as watch:
        started = time.perf_counter()
        for step, row in enumerate(rows):
            logger.log(step, row)
        logged = time.perf_counter() - started
        logger.finish()
    return {
        "us": logged / work.size * 1e6,
        "total_us": watch.seconds / work.size * 1e6,
        "bytes": (size_on_disk(work.home) - before) / work.size,
        "peak_mb": watch.peak_mb,
    }


class _Lines:
    """A checked sum and a line for each row, written before `log` returns: the least that is as durable."""

    def start(self, folder: Any) -> None:
        import msgspec

        self.encode = msgspec.json.Encoder().encode
        self.file = os.open(folder / "rows.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def log(self, step: int, row: dict[str, Any]) -> None:
        line = self.encode({"step": step, "t": time.time(), "d": row})
        os.write(self.file, b'%b,"crc":"%08x"}\n' % (line[:-1], zlib.crc32(line)))

    def finish(self) -> None:
        os.close(self.file)


class _StandardLines(_Lines):
    """The line that one would write by hand."""

    def start(self, folder: Any) -> None:
        super().start(folder)
        self.encode = lambda row: json.dumps(row).encode()


NAMES = ("medialog", "medialog, background", "trackio", "wandb", "tensorboardX", "rerun")
HERE = {"json and one write": _StandardLines, "limit: msgspec and one write": _Lines}

CASES = [
    Case(
        name="scalars",
        what="`log` of five numbers. medialog's row, and the limit's, survives `kill -9` when `log` returns.",
        columns=(
            Column("us", "log, us"),
            Column("total_us", "with finish, us"),
            Column("bytes", "bytes a row", 0),
            Column("peak_mb", "memory, MB", 1),
        ),
        subjects={name: partial(_log, make) for name, make in ({name: LOGGERS[name] for name in NAMES} | HERE).items()},
        sizes={"full": 20_000, "small": 2_000, "smoke": 20},
        unit_of_size="steps",
        goals=(Goal("us", 6), faster(15, "wandb", "us"), faster(2, "trackio", "us")),
        notes="trackio and wandb hand a row to a thread or a process; trackio's is in memory until its next batch.",
        rounds=7,
    )
]
