"""What `compact` wrote is read instead of the lines as long as it says the same; after anything else it is not."""

from __future__ import annotations

import errno
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import medialog
from handmade_runs import Writer, describe, make_run, put_media
from medialog.runtime.compacted import Description, seal, unseal
from medialog.runtime.reader import RunReader
from medialog.validators.errors import (
    DamagedRow,
    MissingDependency,
    RunError,
    StorageReadOnly,
    UnsafePath,
)
from medialog.wire.storage import LocalStorage
from runtime.test_columns import ONE_BY_ONE, alike, check, fewest, leaf, number, rows, stored, tree, write
from runtime.test_reader_following import ACTIONS, Script

RANKS: list[Any] = ["merged", "all", 0, 1]


def without(path: Path) -> list[list[dict[str, Any]]]:
    """What the lines say, and each way to ask."""
    with fewest(*ONE_BY_ONE):
        return [medialog.open_run(path).history(ranks=ranks) for ranks in RANKS]


def is_used(reader: RunReader) -> bool:
    reader.columns()
    return reader._compacted is not None


def check_all(path: Path, recovery: Any = "recover") -> bool:
    """Hold the columns against the lines; say whether what was compacted was used."""
    expected = without(path)
    reader = medialog.open_run(path, recovery)
    for ranks, history in zip(RANKS, expected, strict=True):
        check(reader.columns(ranks=ranks), history)
        check(medialog.open_run(path, recovery).columns(ranks=ranks), history)
    for key in ("a", "n.a"):
        check(medialog.open_run(path, recovery).columns(key), medialog.open_run(path).history(key))
    return is_used(reader)


@settings(max_examples=120)
@given(rows, st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8), tree), max_size=4))
def test_the_columns_are_the_history(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], more: list[tuple[int, int, dict[str, Any]]]
) -> None:
    """Of late rows, ranks, rows alike and rows that are not; then with rows appended to any of the files."""
    path = write(tmp_path_factory.mktemp("runs") / "made", rows)
    assert medialog.compact(path)

    assert check_all(path)
    assert not medialog.compact(path)
    kept = medialog.open_run(path)
    kept.columns()
    files = sorted(path.glob("events/*.jsonl"))
    for rank, step, added in more:
        if rank < len(files):
            lines = files[rank].read_bytes().splitlines(keepends=True)
            writer = Writer.__new__(Writer)
            writer.lines = list(lines)
            with files[rank].open("ab") as file:
                file.write(writer.seal("row", stored(added, path), step))
            check(kept.columns(), without(path)[0])
            check_all(path)
    medialog.compact(path)
    assert check_all(path)


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(ACTIONS), st.integers(0, 3)), max_size=15),
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(ACTIONS), st.integers(0, 3)), max_size=10),
    st.sampled_from(["recover", "salvage"]),
)
def test_whatever_comes_after_it(
    tmp_path_factory: pytest.TempPathFactory, before: list[Any], after: list[Any], recovery: Any
) -> None:
    """Damage, gaps, lines that come again, torn tails, resumed and forked writers, media that are missing or late."""
    script = Script(tmp_path_factory.mktemp("runs") / "made")
    for action in before:
        script.do(*action)
    try:
        medialog.compact(script.path)
    except RunError as error:
        assert medialog.open_run(script.path).problems
        assert "not compacted" in str(error)  # noqa: PT017
        return
    kept = medialog.open_run(script.path, recovery)
    for action in after:
        script.do(*action)
        check(medialog.open_run(script.path, recovery).columns(), medialog.open_run(script.path, recovery).history())
        check(kept.columns(), medialog.open_run(script.path, recovery).history())


# --- examples ---


def make(path: Path) -> Writer:
    writer = Writer(make_run(path))
    writer.row(0, {"a": 1, "x": {"y": 0.5}, "text": "t", "big": 2**64, "image": put_media(path, b"0")})
    writer.row(1, {"a": 2**53 + 1, "x": {"y": {"_type": "number", "value": "NaN"}}, "list": [1, "b"], "none": None})
    writer.row(2, {"a": 3, "flag": True})
    writer.add("sync")
    return writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made"


@pytest.fixture
def writer(path: Path) -> Writer:
    writer = make(path)
    assert medialog.compact(path)
    return writer


def test_any_tool_reads_it(writer: Writer, path: Path) -> None:
    frame = pd.read_parquet(path / "derived" / "history.parquet")

    assert list(frame.columns) == (
        ["_step", "_timestamp", "_runtime", "_rank", "a", "x.y", "text", "big", "image", "list", "none", "flag"]
    )
    assert [0, 1, 2] == frame["_step"].tolist()
    assert [1, 2**53 + 1, 3] == frame["a"].tolist()
    assert frame["text"][0] == "t"
    assert 2**64 == int(json.loads(frame["big"][0])["value"])
    assert json.loads(frame["image"][0]) == describe(b"0")
    assert [1, "b"] == json.loads(frame["list"][1])


def test_it_is_used_and_says_the_same(writer: Writer, path: Path) -> None:
    assert check_all(path)
    assert is_used(medialog.open_run(path, "strict"))
    pd.testing.assert_frame_equal(without_columns(path).frame(), medialog.open_run(path).frame())
    reader = medialog.open_run(path)
    assert reader.columns(include_open=True).step.tolist() == [0, 1, 2]
    assert reader._events.is_read  # open rows are with the lines


def without_columns(path: Path) -> RunReader:
    reader = medialog.open_run(path)
    assert reader.steps  # reads the lines
    return reader


def test_no_line_is_decoded(writer: Writer, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from medialog.wire import line

    def refuse(raw: bytes) -> Any:
        raise AssertionError(raw)

    monkeypatch.setattr(line, "decode", refuse)

    assert [0, 1, 2] == medialog.open_run(path).frame()["_step"].tolist()


def test_a_second_time_there_is_nothing_to_do(writer: Writer, path: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in (path / "derived").iterdir()}

    assert not medialog.compact(path)
    assert before == {file: file.stat().st_mtime_ns for file in (path / "derived").iterdir()}
    writer.row(3, {"a": 4})
    assert medialog.compact(path)
    assert not medialog.compact(path)
    assert {"history.json", "history.parquet"} == {file.name for file in (path / "derived").iterdir()}
    assert [] == list((path / "tmp").iterdir())


def test_appended_rows_are_added(writer: Writer, path: Path) -> None:
    reader = medialog.open_run(path)
    for step in range(3, 6):
        writer.row(step, {"a": step, "new": step / 2})
        assert list(range(step + 1)) == reader.frame()["_step"].tolist()
    writer.append(b'{"torn')

    assert check_all(path)
    assert is_used(reader)
    with pytest.raises(DamagedRow, match="unfinished line"):
        medialog.open_run(path, "strict").frame()


def test_a_run_that_goes_on(tmp_path: Path) -> None:
    run = medialog.init(dir=tmp_path, id="live", quiet=True)
    for step in range(50):
        run.log({"loss": 1 / (step + 1)})
    assert medialog.compact(tmp_path / "live")
    run.log({"loss": 0.5, "more": 1})
    assert 51 == len(medialog.open_run(tmp_path / "live").frame())
    run.finish()
    with medialog.init(dir=tmp_path, id="live", resume=True, quiet=True) as again:
        again.log({"loss": 0.25})
        with pytest.warns(medialog.Advice, match="log.late"):
            again.log({"loss": 7.5}, step=3)

    frame = medialog.open_run(tmp_path / "live").frame()

    assert check_all(tmp_path / "live")
    assert list(range(52)) == frame["_step"].tolist()
    assert [0.25, 7.5] == [frame["loss"][51], frame["loss"][3]]
    assert [] == medialog.open_run(tmp_path / "live").problems
    assert not [each for each in medialog.validate_run(tmp_path / "live") if "derived" in each.at]


def test_no_changed_byte_of_the_events_goes_by(writer: Writer, path: Path) -> None:
    content = writer.file.read_bytes()
    before = without(path)
    for position in range(0, len(content), 7):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        writer.file.write_bytes(changed)
        reader = medialog.open_run(path)
        assert reader.frame() is not None
        assert reader._events.is_read
        assert reader.problems or position == len(content) - 1, position
        with pytest.raises(DamagedRow):
            medialog.open_run(path, "strict").frame()
    writer.file.write_bytes(content)
    assert repr(before) == repr(without(path))
    assert check_all(path)


@pytest.mark.parametrize("name", ["history.json", "history.parquet"])
def test_no_changed_byte_of_the_columns_goes_by(writer: Writer, path: Path, name: str) -> None:
    file = path / "derived" / name
    content = file.read_bytes()
    for position in range(0, len(content), 11):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        file.write_bytes(changed)
        assert not is_used(medialog.open_run(path)), position
    file.write_bytes(content[:-1])
    assert not check_all(path)
    file.unlink()
    assert not check_all(path)
    assert medialog.compact(path)
    assert check_all(path)


def edited(path: Path, **changes: Any) -> None:
    file = path / "derived" / "history.json"
    description = unseal(file.read_bytes())
    assert isinstance(description, Description)
    for name, value in changes.items():
        setattr(description, name, value)
    file.write_bytes(seal(description))


@pytest.mark.parametrize(
    "changes",
    [{"format_version": 2}, {"format": "other"}, {"rows": [(0, 2)]}, {"rows": []}, {"writers": []}, {"size": 7}],
    ids=str,
)
def test_a_description_that_does_not_fit(writer: Writer, path: Path, changes: dict[str, Any]) -> None:
    edited(path, **changes)

    if "writers" in changes:  # of other files: their lines come in addition, and are refused
        edited(path, columns=[])
    assert medialog.open_run(path).frame()["a"].tolist() == [1, 2**53 + 1, 3]


def test_no_other_file_is_opened(writer: Writer, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    description = unseal((path / "derived" / "history.json").read_bytes())
    assert description is not None
    description.writers[0].writer = "../../elsewhere"
    edited(path, writers=description.writers)
    opened: list[str] = []
    real = LocalStorage.open

    def note(self: LocalStorage, path: str) -> Any:
        opened.append(path)
        return real(self, path)

    monkeypatch.setattr(LocalStorage, "open", note)

    assert not is_used(medialog.open_run(path))
    assert not [each for each in opened if ".." in each]


def test_a_description_of_more_columns_than_there_are(writer: Writer, path: Path) -> None:
    description = unseal((path / "derived" / "history.json").read_bytes())
    assert description is not None
    edited(path, columns=[*description.columns, *description.columns])

    assert not check_all(path)


@pytest.mark.parametrize("change", ["cut", "gone", "replaced", "another writer's rows before them"])
def test_other_events(writer: Writer, path: Path, change: str) -> None:
    content = writer.file.read_bytes()
    if change == "cut":
        writer.file.write_bytes(b"".join(content.splitlines(keepends=True)[:3]))
    elif change == "gone":
        writer.file.unlink()
    elif change == "replaced":
        writer.lines = writer.lines[:1]
        writer.file.write_bytes(writer.lines[0])
        for step in range(9):
            writer.row(step, {"other": step})
    else:
        shutil.rmtree(path)
        late = Writer(make_run(path), number=5)
        late.row(1, {"a": "later"})
        assert medialog.compact(path)
        Writer(path, number=3, start="fork").row(1, {"a": "before"})

    assert not check_all(path)


def test_media_that_are_gone(writer: Writer, path: Path) -> None:
    media = path / describe(b"0")["path"]
    media.unlink()

    assert not check_all(path)
    assert [1, 2] == medialog.open_run(path).frame()["_step"].tolist()
    assert [0, 1, 2] == medialog.open_run(path, "salvage").frame()["_step"].tolist()
    with pytest.raises(DamagedRow):
        medialog.open_run(path, "strict").frame()
    with pytest.raises(RunError, match=r"not compacted, .*: the row is left out"):
        medialog.compact(path)


def test_media_that_may_not_be_on_the_disk_are_hashed(path: Path) -> None:
    writer = Writer(make_run(path))
    writer.row(0, {"image": put_media(path, b"abc")})
    assert medialog.compact(path)
    assert check_all(path)
    (path / describe(b"abc")["path"]).write_bytes(b"xyz")

    assert not check_all(path)
    assert [] == medialog.open_run(path).frame()["_step"].tolist()


def test_a_run_with_damage_is_not_compacted(path: Path) -> None:
    writer = make(path)
    writer.append(b"rubbish\n")

    with pytest.raises(RunError, match=r"not compacted, .*line 6: no checksum at its end"):
        medialog.compact(path)
    assert not (path / "derived").exists()


def test_an_empty_run(path: Path) -> None:
    Writer(make_run(path))

    assert medialog.compact(path)
    assert not medialog.compact(path)
    assert 0 == len(medialog.open_run(path).frame())
    assert check_all(path)


def test_links_are_refused(path: Path, tmp_path: Path) -> None:
    make(path)
    (tmp_path / "elsewhere").mkdir()
    (path / "derived").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UnsafePath, match="derived"):
        medialog.compact(path)
    assert [] == list((tmp_path / "elsewhere").iterdir())

    (path / "derived").unlink()
    assert medialog.compact(path)
    (tmp_path / "file").write_bytes(b"kept")
    for name in ("history.json", "history.parquet"):
        (path / "derived" / name).unlink()
        (path / "derived" / name).symlink_to(tmp_path / "file")
        assert not check_all(path)
    assert medialog.compact(path)
    assert b"kept" == (tmp_path / "file").read_bytes()
    assert check_all(path)


def test_a_directory_that_cannot_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(path)

    def refuse(self: LocalStorage, path: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system", path)

    monkeypatch.setattr(LocalStorage, "make_directory", refuse)

    with pytest.raises(StorageReadOnly, match="compacting the run"):
        medialog.compact(path)


def test_without_pyarrow(writer: Writer, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = medialog.open_run(path).columns().step.tolist()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    with pytest.raises(MissingDependency, match=r'this needs pyarrow, .*: pip install "medialog\[table\]"'):
        medialog.compact(path)
    reader = medialog.open_run(path)
    assert expected == reader.columns().step.tolist()
    assert reader._events.is_read


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run directory"):
        medialog.compact(tmp_path)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.dictionaries(st.sampled_from("ab"), leaf | number)) | alike, max_size=5)
)
def test_history_does_not_depend_on_it(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    path = write(tmp_path_factory.mktemp("runs") / "made", rows)
    before = repr(medialog.open_run(path).history())
    medialog.compact(path)
    reader = medialog.open_run(path)
    reader.columns()

    assert before == repr(reader.history())
