"""The run directory: what is in it, that `json` and a text editor are enough to read it, and what damage does."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from medialog.runtime import layout
from medialog.validators.errors import (
    DamagedFile,
    DamagedRow,
    InvalidInput,
    InvalidName,
    RunError,
    StorageError,
    StorageFull,
    UnsafePath,
    UnsupportedVersion,
)
from medialog.wire.storage import LocalStorage, MemoryStorage

Start = Callable[..., medialog.Run]


def make(start: Start, **options: Any) -> Path:
    run = start(**options)
    run.log({"loss": 0.5, "image": medialog.Image(np.zeros((2, 2)), caption="zero")})
    run.log({"loss": math.nan, "val": {"acc": 0.25}})
    run.finish()
    return Path(str(run.dir))


def segment(path: Path) -> Path:
    return next(path.glob("events/*.jsonl"))


def test_layout(start: Start) -> None:
    path = make(start)

    assert {"run.json", "config.json", "summary.json", "events", "media", "tmp"} == {p.name for p in path.iterdir()}
    assert list((path / "tmp").iterdir()) == []
    assert f"r0-{os.getpid()}-000000000001-0.jsonl" == segment(path).name


def test_golden_lines(start: Start) -> None:
    """The line format, byte for byte: what is written today is read by every later version."""
    run = start()
    run.log({"loss": 0.5, "n": {"a": 1, "b": "é"}})
    run.log({"x": math.inf, "big": 2**70, "none": None, "list": [True, 1.0]})
    run.finish()

    lines = segment(Path(str(run.dir))).read_bytes().splitlines()
    assert (
        '{"seq":1,"step":0,"k":"row","t":1795177742.0,"m":0.0,"d":{"loss":0.5,"n":{"a":1,"b":"é"}},"crc":"b7ce67df"}'
    ).encode() == lines[1]
    special = '{"_type":"number","value":"Infinity"}'
    big = '{"_type":"number","value":"1180591620717411303424"}'
    head = '{"seq":2,"step":1,"k":"row","t":1795177742.0,"m":0.0,"d":'
    text = f'{head}{{"x":{special},"big":{big},"none":null,"list":[true,1.0]}}'
    assert f'{text},"crc":"{zlib.crc32(text.encode()):08x}"}}' == lines[2].decode()
    assert [json.loads(line)["k"] for line in lines] == ["meta", "row", "row", "sync", "end"]


def test_readable_with_nothing_but_json(start: Start, tmp_path: Path) -> None:
    path = make(start, config={"lr": 1e-3}, name="a name", project="p", tags=["x"])
    script = """
import json, pathlib, sys
run = pathlib.Path(sys.argv[1])
rows = {}
for segment in sorted((run / "events").glob("*.jsonl")):
    for line in segment.open(encoding="utf-8"):
        line = json.loads(line)
        if line["k"] == "row":
            rows.setdefault(line["step"], {}).update(line["d"])
image = rows[0]["image"]
print(json.dumps([rows[0]["loss"], rows[1]["loss"], rows[1]["val"], image["caption"],
    (run / image["path"]).stat().st_size == image["size"],
    json.loads((run / "config.json").read_text()), json.loads((run / "run.json").read_text())["name"]]))
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script, path], capture_output=True, text=True, check=True)

    expected = [0.5, {"_type": "number", "value": "NaN"}, {"acc": 0.25}, "zero", True, {"lr": 1e-3}, "a name"]
    assert expected == json.loads(done.stdout)


def test_run_json_says_where_the_run_comes_from(start: Start) -> None:
    path = make(start, project="p", group="g", notes="n", strict="record", limits={"table.rows": 5})

    info = json.loads((path / "run.json").read_text())
    assert tuple(info[key] for key in ("format", "format_version", "id", "project", "group", "notes")) == (
        "medialog-run",
        1,
        "run00001",
        "p",
        "g",
        "n",
    )
    assert info["started"] == "2026-11-20T12:29:02.000+00:00"
    assert info["rules"] == {"strict": "record", "limits": {"table.rows": 5}}
    assert info["python"].count(".") == 2
    assert np.__version__ == info["packages"]["numpy"]
    assert isinstance(info["argv"], list)


def test_history(start: Start) -> None:
    reader = medialog.open_run(make(start))

    first, second = reader.history()
    assert (first["_step"], first["loss"]) == (0, 0.5)
    assert math.isnan(second["loss"])
    assert second["val.acc"] == 0.25
    assert second["_timestamp"] == 1_795_177_742.0
    assert second["_runtime"] == 0.0
    assert reader.history(keys=["val.acc"]) == [
        {"_step": 1, "_timestamp": 1_795_177_742.0, "_runtime": 0.0, "val.acc": 0.25}
    ]
    assert reader.steps == [0, 1]
    assert reader.finished
    assert reader.problems == []


def test_media_come_back_as_objects(start: Start) -> None:
    run = start()
    for value in (0, 1, 2):
        pixels = np.full((2, 2), value, np.uint8)
        run.log({"one": medialog.Image(pixels), "n": {"a.b": [medialog.Image(pixels), medialog.Image(pixels + 10)]}})
    run.finish()

    reader = run.reader()
    assert reader.media("one").to_numpy()[0, 0] == 2
    assert reader.media("one", step=1).to_numpy()[0, 0] == 1
    assert [image.to_numpy()[0, 0] for image in reader.media(("n", "a.b"), step=1)] == [1, 11]
    assert [image.to_numpy()[0, 0] for image in reader.media("n.a\\.b", step=0)] == [0, 10]
    with pytest.raises(KeyError, match="no media under 'two'"):
        reader.media("two")
    with pytest.raises(KeyError, match="at step 9"):
        reader.media("one", step=9)


def test_a_run_is_read_while_it_is_written(start: Start) -> None:
    run = start()
    reader = run.reader()
    assert reader.steps == []

    run.log({"a": 1})
    assert reader.steps == [0]
    run.log({"a": 2}, commit=False)
    assert reader.steps == [0]
    assert not reader.finished
    run.finish()
    assert reader.steps == [0, 1]
    assert reader.finished


def test_nothing_needs_flushing(start: Start, tmp_path: Path) -> None:
    """What `log` has returned from survives the death of the process, without `finish`, in a copy of the directory."""
    script = (
        "import medialog, numpy, os, sys\n"
        "run = medialog.init(dir=sys.argv[1], id='killed')\n"
        "for i in range(20): run.log({'i': i, 'image': medialog.Image(numpy.full((2, 2), i))})\n"
        "os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], check=False)
    assert done.returncode == 9
    shutil.copytree(tmp_path / "killed", tmp_path / "copy")

    reader = medialog.open_run(tmp_path / "copy")
    assert list(range(20)) == [row["i"] for row in reader.history()]
    assert reader.media("image").to_numpy()[0, 0] == 19
    assert not reader.finished


def test_a_changed_byte_is_reported_and_never_returned(start: Start) -> None:
    path = make(start)
    file = segment(path)
    original = file.read_bytes()
    changed = original.replace(b'"loss":0.5', b'"loss":0.7')
    assert changed != original
    file.write_bytes(changed)

    reader = medialog.open_run(path)
    assert reader.steps == [1]
    assert [problem.message for problem in reader.problems] == ["the checksum does not match: bytes were changed"]
    with pytest.raises(DamagedRow):
        medialog.open_run(path, recovery="strict").history()


def test_an_unfinished_line_is_reported(start: Start) -> None:
    path = make(start)
    file = segment(path)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:2]) + lines[2][:40])

    reader = medialog.open_run(path)
    assert reader.steps == [0]
    assert "unfinished line" in str(reader.problems[0])


def test_missing_lines_and_repeated_lines(start: Start) -> None:
    path = make(start)
    file = segment(path)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + lines[2] + lines[2] + lines[3])

    reader = medialog.open_run(path)
    assert reader.steps == [1]
    assert [problem.message for problem in reader.problems] == ["1 line is missing before it"]


def test_a_row_without_its_media_is_not_there(start: Start) -> None:
    path = make(start)
    (media,) = path.glob("media/*/*")
    media.unlink()

    reader = medialog.open_run(path)
    assert reader.steps == [1]
    assert "is missing: the row is left out" in str(reader.problems[0])
    salvaged = medialog.open_run(path, recovery="salvage")
    assert salvaged.steps == [0, 1]
    with pytest.raises(DamagedFile):
        salvaged.media("image", step=0)


def test_changed_media_are_never_returned(start: Start) -> None:
    path = make(start)
    (media,) = path.glob("media/*/*")
    data = bytearray(media.read_bytes())
    data[-20] ^= 1
    media.write_bytes(data)

    with pytest.raises(DamagedFile, match="its bytes are not those of its sha256"):
        medialog.open_run(path).media("image")


def test_links_are_not_followed(start: Start, tmp_path: Path) -> None:
    path = make(start)
    (media,) = path.glob("media/*/*")
    shutil.move(media, tmp_path / "elsewhere")
    media.symlink_to(tmp_path / "elsewhere")

    with pytest.raises((UnsafePath, DamagedFile)):
        medialog.open_run(path, recovery="salvage").media("image", step=0)


def test_a_later_major_version_is_refused(start: Start) -> None:
    path = make(start)
    info = json.loads((path / "run.json").read_text())
    (path / "run.json").write_text(json.dumps({**info, "format_version": 2}))

    with pytest.raises(UnsupportedVersion, match="format version 2"):
        medialog.open_run(path)


def test_unknown_kinds_are_passed_over(start: Start) -> None:
    from medialog.wire import line

    path = make(start)
    file = segment(path)
    lines = len(file.read_bytes().splitlines())
    with file.open("ab") as appended:
        appended.write(line.encode(line.Line(lines, "hologram", 0.0, 0.0, {"x": 1})))

    reader = medialog.open_run(path)
    assert reader.steps == [0, 1]
    assert reader.problems == []


def test_a_row_stays_when_a_key_of_another_program_names_a_file_of_its_own(start: Start) -> None:
    from medialog.wire import line

    path = make(start)
    file = segment(path)
    lines = file.read_bytes().splitlines()
    source = {"path": "data/train.csv", "sha256": "0" * 64, "size": 5}
    descriptor = {**medialog.Histogram([1, 2]).encode(medialog.MemorySink()), "x-source": source}
    with file.open("ab") as appended:
        appended.write(line.encode(line.Line(len(lines), "row", 0.0, 0.0, {"h": descriptor}, step=2)))

    reader = medialog.open_run(path)

    assert [0, 1, 2] == reader.steps
    assert [] == reader.problems


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"format_version": "1"}', "not json"])
def test_not_a_run_directory(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)

    with pytest.raises(RunError):
        medialog.open_run(tmp_path)


@pytest.mark.parametrize("name", ["../../x", "x/y", "", ".hidden", "COM1", "x.", "a" * 129, "a b", 3, "é"])
@pytest.mark.parametrize("argument", ["id", "project"])
def test_names_that_reach_no_path(start: Start, tmp_path: Path, name: Any, argument: str) -> None:
    with pytest.raises(InvalidName, match=r"name\.pattern"):
        start(**{argument: name})

    assert list(tmp_path.iterdir()) == []


def test_an_id_is_not_taken_twice(start: Start) -> None:
    make(start, id="mine")

    with pytest.raises(RunError, match="resume=True"):
        start(id="mine")


def test_resume_goes_on(start: Start) -> None:
    run = start(id="mine", config={"lr": 1, "layers": 2})
    run.define_metric("v", summary="max")
    run.log({"v": 5, "w": 1})
    run.summary["w"] = 100
    run.finish()

    again = start(id="mine", resume=True, config={"lr": 2})
    assert again.step == 1
    assert again.config.as_dict() == {"lr": 2, "layers": 2}
    again.log({"v": 3, "w": 2})
    again.finish()

    reader = medialog.open_run(str(run.dir))
    assert reader.steps == [0, 1]
    assert reader.summary == {"v": {"max": 5}, "w": 100}
    assert reader.config.as_dict() == {"lr": 2, "layers": 2}
    assert len(layout.segments(LocalStorage(str(run.dir)))) == 2
    assert json.loads((Path(str(run.dir)) / "summary.json").read_text()) == {"v": {"max": 5}, "w": 100}


def test_a_second_init_finishes_the_first(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    first = start(id="one")
    first.log({"a": 1}, commit=False)

    second = start(id="two")

    assert "run one is finished" in caplog.text
    assert first.is_finished
    assert first.reader().steps == [0]
    assert second is medialog.run


def test_memory_runs_touch_no_disk(start: Start, tmp_path: Path) -> None:
    run = start(mode="memory")
    run.log({"a": 1, "image": medialog.Image(np.zeros((2, 2)))})
    run.finish()

    assert list(tmp_path.iterdir()) == []
    assert None is run.dir
    assert run.reader().media("image").to_numpy().shape == (2, 2)


def test_disabled_runs_accept_everything_and_keep_nothing(start: Start, tmp_path: Path) -> None:
    run = start(mode="disabled", config={"lr": 1})
    anything: Any = {"a": object(), 3: 4}
    run.log(anything)
    run.summary["x"] = object()
    run.define_metric("v", summary="min")
    run.config["more"] = 1
    run.finish()

    assert list(tmp_path.iterdir()) == []
    assert run.config.lr == 1
    assert run.summary.to_dict() == {}


@pytest.mark.parametrize(
    "arguments",
    [
        {"mode": "cloud"},
        {"tags": "one"},
        {"tags": [1]},
        {"name": 3},
        {"notes": "a\x00b"},
        {"sync_every": 0},
        {"sync_every": math.nan},
        {"background": "yes"},
        {"strict": "maybe"},
        {"limits": {"no.such": 1}},
        {"limits": {"molecule.formats": ("pdb",)}},
        {"config": 3},
        {"config": {"_x": 1}},
        {"config": {"image": medialog.Image(np.zeros((2, 2)))}},
    ],
)
def test_bad_arguments_of_init(start: Start, tmp_path: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        start(**arguments)

    assert list(tmp_path.iterdir()) == []
    assert None is medialog.run


class Refusing(MemoryStorage):
    """A storage that refuses to write when told to, after writing some of the bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.refuse: OSError | None = None
        self.keep = 0

    def write(self, handle: int, data: bytes | memoryview) -> int:
        if self.refuse is not None:
            if self.keep:
                kept, self.keep = self.keep, 0
                return super().write(handle, data[:kept])
            raise self.refuse
        return super().write(handle, data)


@pytest.mark.parametrize("keep", [0, 1, 20])
def test_a_full_disk_is_named_and_the_step_stays_pending(
    start: Start, monkeypatch: pytest.MonkeyPatch, keep: int
) -> None:
    import errno

    from medialog.runtime import session

    storage = Refusing()
    monkeypatch.setattr(session, "MemoryStorage", lambda: storage)
    run = start(mode="memory")
    run.log({"a": 1})

    storage.refuse, storage.keep = OSError(errno.ENOSPC, "No space left on device"), keep
    for value in (2, 3):
        with pytest.raises(StorageFull, match="No space left"):
            run.log({"a": value})
    assert run.reader().steps == [0]
    assert run.step == 3

    storage.refuse = None
    run.log({"a": 4})
    run.finish()
    # 2 was pending and 3 waited behind it: the call that finds room writes both first.
    assert [row["a"] for row in run.reader().history()] == [1, 2, 3, 4]
    assert run.reader().problems == []


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError):
        medialog.init(dir=tmp_path / "file")
    assert None is medialog.run


def test_ranks_share_a_directory(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    first = start(id="shared")
    first.log({"a": 1})
    first.finish()
    monkeypatch.setenv("RANK", "3")
    second = start(id="shared")
    second.log({"b": 2}, step=0)
    second.finish()

    reader = first.reader()
    assert list(reader.rows()) == [(0, {"a": 1, "b": 2})]
    assert [name.rank for name in layout.segments(LocalStorage(str(first.dir)))] == [0, 3]


def test_a_forked_child_has_its_own_file(start: Start) -> None:
    run = start()
    run.log({"parent": 1})
    child = os.fork()
    if child == 0:
        try:
            run.log({"child": 2})
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    run.log({"parent": 3})
    run.finish()

    assert list(run.reader().rows()) == [(0, {"parent": 1}), (1, {"child": 2, "parent": 3})]
    assert run.reader().problems == []


def test_threads_log_whole_rows(start: Start) -> None:
    import threading

    run = start()

    def work(number: int) -> None:
        for i in range(50):
            run.log({"thread": number, "i": i})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()

    rows = [row for _, row in run.reader().rows()]
    assert len(rows) == 200
    assert all({"thread", "i"} == set(row) for row in rows)
    for number in range(4):
        assert list(range(50)) == [row["i"] for row in rows if row["thread"] == number]


def test_no_thread_and_no_signal_handler(start: Start) -> None:
    import signal
    import threading

    before = threading.active_count(), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    run = start()
    run.log({"a": medialog.Image(np.zeros((2, 2)))})
    run.finish()

    assert before == (threading.active_count(), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))


def test_what_a_run_stored_is_read_under_its_own_limits(start: Start) -> None:
    run = start(limits={"histogram.bins": 600, "caption.length": 5000})
    run.log({"h": medialog.Histogram([1.0], num_bins=600), "i": medialog.Image([[1]], caption="c" * 4000)})
    run.finish()

    reader = medialog.open_run(str(run.dir))
    assert 600 == len(reader.media("h").histogram)
    assert 4000 == len(medialog.load(reader.history()[0]["i"], str(run.dir)).caption)
    with pytest.raises(medialog.InvalidDescriptor, match=r"histogram\.bins"):
        medialog.load(reader.history()[0]["h"], reader.source)
    with medialog.Rules({"histogram.bins": 600}).use():
        medialog.load(reader.history()[0]["h"], reader.source)


def test_losses_are_not_warned_about_again_when_read(start: Start) -> None:
    run = start(strict="record")
    run.log({"i": medialog.Image([[0.0, 2.0]], value_range=(0, 1))})
    run.finish()

    image = run.reader().media("i")
    assert any(change.lossy for change in image.changes)
    assert [] == list(image.notices())


def test_a_killed_run_goes_on_with_the_row_that_was_open(start: Start, tmp_path: Path) -> None:
    run = start(id="killed")
    run.log({"a": 1})
    run.log({"a": 2, "nested": {"x": 1}}, commit=False)
    run.log({"nested": {"y": 2}}, step=1)
    run.abandon()  # nothing is written any more, as after a kill

    reader = medialog.open_run(tmp_path / "runs" / "killed")
    assert reader.steps == [0]
    assert [row["_step"] for row in reader.history(include_open=True)] == [0, 1]

    with start(id="killed", resume=True) as resumed:
        assert (resumed.step, dict(resumed.history.row)) == (1, {"a": 2, "nested": {"x": 1, "y": 2}})
        resumed.log({"b": 3}, step=1)
        resumed.log({"a": 4})
    rows = [{key: value for key, value in row.items() if key[0] != "_"} for row in reader.history()]
    assert rows == [{"a": 1}, {"a": 4, "nested.x": 1, "nested.y": 2, "b": 3}]
    assert reader.problems == []
    assert reader.finished


def test_a_row_that_is_longer_than_a_line_may_be_is_refused(start: Start) -> None:
    run = start(limits={"line.size": 2000})
    run.log({"a": 1})
    with pytest.raises(InvalidInput, match=r"at most 2,000 bytes .*\[line\.size\]"):
        run.log({"text": "x" * 2000})
    run.log({"text": "y" * 1500}, commit=False)
    with pytest.raises(InvalidInput, match=r"line\.size"):
        run.log({"more": "z" * 1500})
    run.finish()

    assert [row.get("text", row.get("a")) for row in run.reader().history()] == [1, "y" * 1500]
