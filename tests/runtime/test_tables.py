"""Tables in a run: what each log mode stores, and that incremental tables survive whatever happens to a step."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

import medialog
from medialog.datatypes.files import DirectorySource
from medialog.datatypes.table import Table


def rows_of(run: Any, key: str) -> list[dict[str, Any]]:
    return [row[key] for row in medialog.open_run(run.dir).history() if key in row]


def start(tmp_path: pathlib.Path, **options: Any) -> Any:
    return medialog.init(dir=tmp_path, **options)


def test_each_log_of_an_incremental_table_stores_its_new_rows(tmp_path: pathlib.Path) -> None:
    run = start(tmp_path)
    table = Table(["a"], log_mode="INCREMENTAL")
    for i in range(3):
        table.add_data(i)
        table.add_data(-i)
        run.log({"t": table})
    run.log({"t": table})
    run.finish()

    found = rows_of(run, "t")

    assert [(0, 0, 2), (1, 2, 2), (2, 4, 2), (2, 4, 2)] == [(d["increment_num"], d["start"], d["nrows"]) for d in found]
    assert table.data == Table.decode_increments(found, DirectorySource(run.dir)).data


def test_a_resumed_run_continues_the_table(tmp_path: pathlib.Path) -> None:
    run = start(tmp_path, id="one")
    run.log({"t": Table(["a"], [[1]], log_mode="INCREMENTAL")})
    run.finish()
    run = start(tmp_path, id="one", resume=True)
    run.log({"t": Table(["a"], [[2], [3]], log_mode="INCREMENTAL")})
    run.finish()

    whole = Table.decode_increments(rows_of(run, "t")[-1:], DirectorySource(run.dir))

    assert [[1], [2], [3]] == whole.data


def test_media_is_the_whole_table_as_it_was_at_a_step(tmp_path: pathlib.Path) -> None:
    run = start(tmp_path, id="one")
    table = Table(["a", "image"], log_mode="INCREMENTAL")
    for i in range(3):
        table.add_data(i, medialog.Image([[i]]))
        run.log({"val": {"t": table}})
    run.finish()
    run = start(tmp_path, id="one", resume=True)
    run.log({"val": {"t": Table(["a", "image"], [[9, None]], log_mode="INCREMENTAL")}})
    run.finish()
    reader = medialog.open_run(run.dir)

    assert [0, 1, 2, 9] == reader.media("val.t").get_column("a")
    assert [0, 1] == reader.media("val.t", step=1).get_column("a")
    assert medialog.Image([[1]]) == reader.media("val.t").get_column("image")[1]
    assert medialog.TableIncrement is type(medialog.load(reader.history()[1]["val.t"], run.dir))


def test_an_increment_in_a_late_row_is_part_of_the_whole(tmp_path: pathlib.Path) -> None:
    run = start(tmp_path, id="one", strict="record")
    table = Table(["a"], [[0]], log_mode="INCREMENTAL")
    run.log({"t": table}, step=5, commit=True)
    table.add_data(1)
    run.log({"t": table}, step=2)
    run.finish()
    run = start(tmp_path, id="one", strict="record", resume=True)
    run.log({"t": Table(["a"], [[2]], log_mode="INCREMENTAL")}, step=3)
    reader = run.reader()

    assert [[0], [1], [2]] == reader.media("t").data
    assert [[0], [1]] == reader.media("t", step=2).data


def test_a_refused_step_loses_no_rows(tmp_path: pathlib.Path) -> None:
    run = start(tmp_path)
    table = Table(["a"], [[1]], log_mode="INCREMENTAL")
    with pytest.raises(medialog.InvalidInput):
        run.log({"t": table, "x": object()})
    run.log({"t": table})
    run.finish()

    (found,) = rows_of(run, "t")

    assert (0, 1) == (found["start"], found["nrows"])


def test_the_open_row_holds_the_rows_of_its_last_call(tmp_path: pathlib.Path) -> None:
    run = start(tmp_path)
    table = Table(["a"], [[1]], log_mode="INCREMENTAL")
    run.log({"t": table}, commit=False)
    table.add_data(2)
    run.log({"t": table})
    table.add_data(3)
    run.log({"t": table})
    run.finish()

    assert [[1], [2], [3]] == Table.decode_increments(rows_of(run, "t"), DirectorySource(run.dir)).data


def test_immutable_and_mutable(tmp_path: pathlib.Path) -> None:
    run = start(tmp_path)
    fixed, free = Table(["a"], [[1]]), Table(["a"], [[1]], log_mode="MUTABLE")
    run.log({"fixed": fixed, "free": free})
    with pytest.warns(medialog.MedialogWarning, match="IMMUTABLE"):
        fixed.add_data(2)
    free.add_data(2)
    run.log({"fixed": fixed, "free": free})
    run.finish()

    assert [1, 1] == [found["nrows"] for found in rows_of(run, "fixed")]
    assert [1, 2] == [found["nrows"] for found in rows_of(run, "free")]


def test_a_frame_is_a_table(tmp_path: pathlib.Path) -> None:
    run = start(tmp_path)
    frame = pd.DataFrame({"x": np.arange(3), "y": ["a", "b", None]})
    run.log({"t": frame})
    run.finish()

    (found,) = rows_of(run, "t")

    assert "table-file" == found["_type"]
    pd.testing.assert_frame_equal(frame, medialog.load(found, DirectorySource(run.dir)).to_pandas())


def test_the_limit_of_the_run_holds(tmp_path: pathlib.Path) -> None:
    run = start(tmp_path, limits={"table.rows": 3})

    with pytest.raises(medialog.InvalidInput, match=r"table\.rows"):
        Table(["a"], [[1]] * 4)

    run.finish()
