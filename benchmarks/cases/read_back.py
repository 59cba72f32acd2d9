"""A long run of numbers, back into a DataFrame."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import inputs
from case import Case, Column, Goal, Values, Work, faster
from loggers import LOGGERS
from measure import Watch


def _medialog(work: Work) -> Values:
    import medialog

    run = _written("medialog", work) / "run"
    return _read(work, lambda: medialog.open_run(run).frame())


def _compacted(work: Work) -> Values:
    import medialog

    run = _written("medialog", work) / "run"
    medialog.compact(run)
    return _read(work, lambda: medialog.open_run(run).frame())


def _trackio(work: Work) -> Values:
    import pandas as pd
    from trackio.sqlite_storage import SQLiteStorage

    os.environ["TRACKIO_DISABLE_LOGS_CACHE"] = "1"
    project = _written("trackio", work).name
    return _read(work, lambda: pd.DataFrame(SQLiteStorage.get_logs(project, "run")))


def _tensorboard(work: Work) -> Values:
    import pandas as pd
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = _written("tensorboardX", work)

    def read() -> Any:
        events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
        events.Reload()
        return pd.DataFrame({key: [each.value for each in events.Scalars(key)] for key in events.Tags()["scalars"]})

    return _read(work, read)


def _rerun(work: Work) -> Values:
    import pandas as pd
    from rerun.chunk import RrdReader

    file = _written("rerun", work) / "run.rrd"

    def read() -> Any:
        columns: dict[str, list[Any]] = {}
        for chunk in RrdReader(file).stream():
            batch = chunk.to_record_batch()
            for name in batch.schema.names:
                if name.endswith("Scalars:scalars"):
                    values = batch.column(name).flatten().to_numpy(zero_copy_only=False)
                    columns.setdefault(str(chunk.entity_path), []).append(values)
        return pd.DataFrame({key: pd.Series(_joined(parts)) for key, parts in columns.items()})

    return _read(work, read)


def _joined(parts: list[Any]) -> Any:
    import numpy as np

    return np.concatenate(parts)


def _lines(work: Work) -> Values:
    import msgspec
    import pandas as pd

    file = work.home / "lines.jsonl"
    if not _is_there(file, work):
        rows = inputs.scalars(work.size)
        file.write_bytes(msgspec.json.Encoder().encode_lines([{"_step": i, **row} for i, row in enumerate(rows)]))
    decode = msgspec.json.Decoder().decode_lines
    return _read(work, lambda: pd.DataFrame(decode(file.read_bytes())))


def _is_there(path: Path, work: Work) -> bool:
    """Say whether this worker has written this many steps before; what it wrote for another size is not taken."""
    mark = work.home / f"{path.name}.steps"
    there = mark.exists() and mark.read_text() == str(work.size)
    mark.write_text(str(work.size))
    return there


def _written(name: str, work: Work) -> Path:
    """Return where a logger has written the steps: once in the life of its process."""
    logger, place = LOGGERS[name](), work.home / "to_read" / str(work.size)
    told = work.home / f"to_read-{work.size}"
    if not told.exists():
        place.mkdir(parents=True)
        if name == "medialog":
            from loggers import LIMITS

            import medialog

            with medialog.init(dir=place, id="run", quiet=True, limits=LIMITS) as run:
                for row in inputs.scalars(work.size):
                    run.log(row)
        else:
            logger.start(place)
            for step, row in enumerate(inputs.scalars(work.size)):
                logger.log(step, row)
            logger.finish()
        told.write_text(getattr(logger, "project", place.name))
    return place.with_name(told.read_text()) if name == "trackio" else place


def _read(work: Work, read: Callable[[], Any]) -> Values:
    with Watch() as watch:
        started = time.perf_counter()
        frame = read()
        seconds = time.perf_counter() - started
    assert (len(frame), len(frame.columns) >= len(inputs.KEYS)) == (work.size, True), frame
    return {"ms": seconds * 1e3, "peak_mb": watch.peak_mb}


CASES = [
    Case(
        name="read_back",
        what="Steps of five numbers, from the disk into a pandas DataFrame. medialog verifies the checksum of every"
        " line, and of a compacted run that of all its lines.",
        columns=(Column("ms", "to a DataFrame, ms", 1), Column("peak_mb", "memory, MB", 1)),
        subjects={
            "medialog": _medialog,
            "medialog, compacted": _compacted,
            "trackio": _trackio,
            "tensorboardX": _tensorboard,
            "rerun": _rerun,
            "limit: msgspec of plain lines": _lines,
        },
        sizes={"full": 100_000, "small": 10_000, "smoke": 20},
        unit_of_size="steps",
        goals=(Goal("ms", 200), faster(1.5, "trackio", "ms"), Goal("ms", 15, of="medialog, compacted")),
        notes="wandb has no reader of its offline files. tensorboardX's are read by TensorBoard's EventAccumulator,"
        " rerun's by its RrdReader.",
    )
]
