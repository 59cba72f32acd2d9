"""A reader that is kept while a run is written sees what a fresh one sees, and reads every line once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import medialog
from handmade_runs import Writer, describe, make_run, put_media
from medialog.runtime.reader import RunReader
from medialog.wire import line


def everything(reader: RunReader) -> dict[str, Any]:
    return {
        "problems": reader.problems,
        "merged": reader.history(),
        "all": reader.history(ranks="all", include_open=True),
        "open": reader.open_rows,
        "resumed": [reader._read().open_row(rank) for rank in reader.ranks],
        "last": (reader._read().last_step, reader._read().last_row),
        "summary": reader.summary,
        "config": reader.config.as_dict(),
        "info": reader.info,
        "finished": reader.finished,
        "ranks": reader.ranks,
        "clashes": reader.clashes,
    }


class Script:
    """Writers that do as they are told: every kind of line, further files, torn tails, damage, media that come late."""

    def __init__(self, path: Path) -> None:
        self.path = make_run(path)
        self.writers = [Writer(path, rank=rank, start="new" if not rank else "join") for rank in (0, 1)]
        self.torn: dict[str, bytes] = {}
        self.synced: dict[str, int] = {}
        self.count = 0

    def do(self, which: int, action: str, step: int) -> None:
        writer = self.writers[which % len(self.writers)]
        self.count += 1
        content = b"%d" % (self.count % 5)
        if writer.name in self.torn:
            if action == "go on":
                del self.torn[writer.name]  # what the line was stands in the further file
            else:
                writer.append(self.torn.pop(writer.name))
        if action == "row":
            writer.row(step, {"a": self.count, "n": {f"k{step}": step}})
        elif action == "image":
            writer.row(step, {"image": put_media(self.path, content)})
        elif action == "image first":
            writer.row(step, {"image": describe(content), "late": self.count})
        elif action == "image then":
            put_media(self.path, content)
        elif action == "part":
            writer.part(step, {"open": self.count, f"k{step}": self.count})
        elif action == "drop":
            writer.drop(step, "open")
        elif action == "config":
            writer.add("config", {f"c{step}": self.count})
        elif action == "info":
            writer.add("info", {"name": str(self.count)})
        elif action == "set":
            writer.add("summary", {"set": [{"key": ["a"], "value": self.count}]})
        elif action == "unset":
            writer.add("summary", {"delete": [["a"]]})
        elif action == "sync":
            writer.add("sync")
            self.synced[writer.name] = len(writer.lines)
        elif action == "end":
            writer.add("end", {"next_step": step})
            self.synced[writer.name] = len(writer.lines)
        elif action == "damage":
            writer.append(b"rubbish\n")
        elif action in ("rotten row", "rotten part"):  # which a further file may make good
            raw = writer.seal(action.removeprefix("rotten "), {"open": self.count, f"k{step}": self.count}, step)
            writer.append(raw.replace(b'"d"', b'"e"'))
        elif action == "lost":
            writer.seal("row", {"lost": self.count}, step)
        elif action == "tear":
            raw = writer.seal("row", {"torn": self.count}, step)
            writer.append(raw[:40])
            self.torn[writer.name] = raw[40:]
        elif action == "go on":
            writer.go_on(max(self.synced.get(writer.name, 1), 1))
        elif action in ("resume", "fork", "edit", "join"):
            self.writers[which % len(self.writers)] = Writer(self.path, rank=writer.rank, start=action)
            self.torn.pop(writer.name, None)


ACTIONS = (
    *("row", "row", "image", "image first", "image then", "part", "drop", "config", "info", "set", "unset", "sync"),
    *("rotten row", "rotten part", "go on", "go on", "end", "damage", "lost", "tear", "go on"),
    *("resume", "fork", "edit", "join", "poll", "poll", "poll"),
)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(ACTIONS), st.integers(0, 3)), max_size=25),
    st.sampled_from(["recover", "salvage"]),
)
def test_a_kept_reader_sees_what_a_fresh_one_sees(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[int, str, int]], recovery: Any
) -> None:
    script = Script(tmp_path_factory.mktemp("runs") / "made")
    kept = medialog.open_run(script.path, recovery)
    for which, action, step in actions:
        if action == "poll":
            kept.history()  # also when nobody asks for the rest
            if step:
                assert everything(medialog.open_run(script.path, recovery)) == everything(kept)
        else:
            script.do(which, action, step)
    assert everything(medialog.open_run(script.path, recovery)) == everything(kept)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_run(tmp_path / "made")


def test_each_line_is_decoded_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []
    real = line.decode

    def note(raw: bytes) -> line.Line | line.Damage:
        decoded.append(raw)
        return real(raw)

    monkeypatch.setattr(line, "decode", note)
    writers = [Writer(path, rank=rank) for rank in (0, 1)]
    reader = medialog.open_run(path)
    for step in range(20):
        writers[step % 2].row(step, {"a": step})
        assert step + 1 == len(reader.steps) == len(reader.history())
        assert {"a": step} == reader.summary

    assert len(decoded) == len(set(decoded)) == 22


def test_only_what_was_appended_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from medialog.wire.storage import LocalStorage

    opened: list[str] = []
    real = LocalStorage.open

    def note(self: LocalStorage, path: str) -> BinaryIO:
        opened.append(path)
        return real(self, path)

    monkeypatch.setattr(LocalStorage, "open", note)
    quiet, busy = Writer(path), Writer(path, rank=1)
    reader = medialog.open_run(path)
    assert [] == reader.steps
    opened.clear()
    busy.row(0, {"a": 0})
    for _ in range(3):
        assert [0] == reader.steps

    assert [str(busy.file.relative_to(path))] == opened
    assert quiet.file.exists()


@pytest.mark.parametrize("change", ["cut", "cut in a line", "replaced", "replaced by a longer one", "gone", "all gone"])
def test_files_that_are_not_what_they_were(path: Path, change: str) -> None:
    writer, other = Writer(path), Writer(path, rank=1)
    for step in range(5):
        writer.row(step, {"a": step})
        other.row(step, {"b": step})
    reader = medialog.open_run(path)
    assert 5 == len(everything(reader)["merged"])
    content = writer.file.read_bytes()
    if change == "cut":
        writer.file.write_bytes(b"".join(content.splitlines(keepends=True)[:3]))
    elif change == "cut in a line":
        writer.file.write_bytes(content[:-9])
    elif change.startswith("replaced"):
        writer.lines = writer.lines[:1]
        writer.file.write_bytes(writer.lines[0])
        for step in range(9 if "longer" in change else 3):
            writer.row(step, {"other": step})
    else:
        writer.file.unlink()
        if change == "all gone":
            other.file.unlink()

    assert everything(medialog.open_run(path)) == everything(reader)
    if not change.endswith("gone"):
        assert "a" in reader.summary or "other" in reader.summary


def test_an_interrupted_read_is_begun_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at any line: nothing is lost and nothing counted twice."""
    writer = Writer(path)
    for step in range(6):
        writer.row(step, {"a": step})
        writer.part(9, {"b": step})
    expected = everything(medialog.open_run(path))
    real = line.decode
    for at in range(len(writer.lines)):
        calls = iter(range(10_000))

        def stop(raw: bytes, at: int = at, calls: Any = calls) -> Any:
            if next(calls) == at:
                raise KeyboardInterrupt
            return real(raw)

        reader = medialog.open_run(path)
        monkeypatch.setattr(line, "decode", stop)
        with pytest.raises(KeyboardInterrupt):
            reader.history()
        monkeypatch.setattr(line, "decode", real)
        assert expected == everything(reader)


def test_the_further_file_of_a_writer_comes_first(path: Path, tmp_path: Path) -> None:
    writer = Writer(path)
    writer.row(0, {"a": 0})
    first = writer.file
    writer.go_on(1)
    writer.row(1, {"a": 1})
    (tmp_path / "elsewhere").write_bytes(first.read_bytes())
    first.unlink()
    reader = medialog.open_run(path)
    assert [0, 1] == reader.steps
    first.write_bytes((tmp_path / "elsewhere").read_bytes())

    assert everything(medialog.open_run(path)) == everything(reader)
    assert {first.name} == {reader._read().rows[0].segment.path.removeprefix("events/")}


def test_a_copy_that_arrives_in_pieces(path: Path, tmp_path: Path) -> None:
    """As rsync brings it: files replaced by longer ones, the further file of a writer before the rest of the first."""
    writer = Writer(path)
    copy = Path(shutil.copytree(path, tmp_path / "copy"))
    reader = medialog.open_run(copy)
    for step in range(3):
        writer.row(step, {"a": step})
        assert everything(medialog.open_run(copy)) == everything(reader)
        shutil.copy(writer.file, copy / "new")
        (copy / "new").rename(copy / writer.file.relative_to(path))
    first = writer.file
    for step in range(3, 6):
        writer.row(step, {"a": step})
    writer.go_on(2)
    shutil.copy(writer.file, copy / writer.file.relative_to(path))
    assert list(range(6)) == reader.steps
    assert everything(medialog.open_run(copy)) == everything(reader)
    shutil.copy(first, copy / first.relative_to(path))

    assert list(range(6)) == reader.steps
    assert everything(medialog.open_run(path)) == everything(reader)
