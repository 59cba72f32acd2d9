"""Tables: of a DataFrame, row by row, with pictures."""

from __future__ import annotations

import io
import time
from functools import partial
from typing import Any

import inputs
from case import Case, Column, Goal, Values, Work, faster
from loggers import COLUMNS as NAMES
from loggers import LIMITS
from logging_values import COLUMNS, subjects, written
from measure import Watch

ROWS = ("medialog", "wandb", "trackio")


def _frames(rows: int) -> Any:
    return [inputs.frame(rows)]


def _parquet(frame: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), out, compression="zstd")
    return out.getvalue()


def _add_medialog(work: Work) -> Values:
    import medialog

    return _add(work, medialog.Table(columns=NAMES, limits=LIMITS).add_data)


def _add_wandb(work: Work) -> Values:
    import wandb

    return _add(work, wandb.Table(columns=NAMES).add_data)


def _add_list(work: Work) -> Values:
    rows: list[Any] = []
    return _add(work, lambda *row: rows.append(row))


def _add(work: Work, add: Any) -> Values:
    rows = inputs.cells(work.size)
    with Watch() as watch:
        started = time.perf_counter()
        for row in rows:
            add(*row)
        seconds = time.perf_counter() - started
    return {"us": seconds / work.size * 1e6, "peak_mb": watch.peak_mb}


def _pictures(count: int) -> Any:
    return [inputs.photos(count, 256)]


def _files(pictures: Any, compress_level: int) -> bytes:
    """Return the pictures as PNGs, one after another."""
    from PIL import Image

    out = io.BytesIO()
    for pixels in pictures:
        Image.fromarray(pixels).save(out, "PNG", compress_level=compress_level)
    return out.getvalue()


CASES = [
    Case(
        name="table_frame",
        what="A table of six columns (integer, number, text, time, boolean, float32) from a pandas DataFrame: typed,"
        " checked, on the disk.",
        columns=COLUMNS,
        subjects={
            **subjects(ROWS, lambda logger, frame: logger.frame(frame), _frames),
            "limit: pyarrow to Parquet, hashed": written(_parquet, _frames),
        },
        sizes={"full": 200_000, "small": 20_000, "smoke": 100},
        unit_of_size="rows",
        goals=(Goal("ms", 150), faster(100, "wandb", "ms"), faster(10, "trackio", "ms")),
    ),
    Case(
        name="table_rows",
        what="`add_data` of rows of five cells, each checked against the types of its columns.",
        columns=(Column("us", "a row, us"), Column("peak_mb", "memory, MB", 1)),
        subjects={"medialog": _add_medialog, "wandb": _add_wandb, "limit: list.append": _add_list},
        sizes={"full": 50_000, "small": 5_000, "smoke": 100},
        unit_of_size="rows",
        goals=(Goal("us", 1.5), faster(20, "wandb", "us")),
        notes="trackio has no way to add a row.",
    ),
    Case(
        name="table_images",
        what="A table with a column of different photos of 256 x 256: made, logged, every photo a file on the disk.",
        columns=COLUMNS,
        subjects={
            **subjects(ROWS, lambda logger, pictures: logger.pictures(pictures), _pictures),
            "Pillow's default PNG, one file": written(partial(_files, compress_level=6), _pictures),
        },
        sizes={"full": 200, "small": 40, "smoke": 2},
        unit_of_size="photos",
        goals=(Goal("ms", 120), faster(15, "wandb", "ms")),
        rounds=3,
    ),
]
