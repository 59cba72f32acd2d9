"""Sinks, sources and file inputs: every byte arrives, or nothing is left behind and the reason has a name."""

from __future__ import annotations

import array
import errno
import hashlib
import io
import os
import pickle
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medialog.datatypes import files
from medialog.datatypes.files import (
    Content,
    DirectorySink,
    DirectorySource,
    MemorySink,
    StorageSink,
    read_input,
    read_reference,
)
from medialog.validators.errors import (
    DamagedFile,
    InvalidInput,
    StorageError,
    StorageFull,
    StorageReadOnly,
    UnsafePath,
    WrongType,
)
from medialog.validators.rules import Rules
from medialog.wire.fileref import FileRef
from medialog.wire.storage import LocalStorage, MemoryStorage

DATA = b"some bytes"
SHA = hashlib.sha256(DATA).hexdigest()
PATH = f"media/{SHA[:2]}/{SHA}.bin"
SMALL = Rules({"file.in_memory": 4})


def content(value: Any, rules: Rules | None = None) -> Content:
    found = read_input(value, "here", rules or Rules())
    assert found is not None
    return found


def refused(value: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        content(value)
    (violation,) = caught.value.violations
    assert "here" == violation.at
    return violation.rule


# --- sinks ---


@pytest.fixture(params=["directory", "memory"])
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> StorageSink:
    return DirectorySink(tmp_path / "run") if request.param == "directory" else MemorySink()


def stored_paths(sink: StorageSink) -> list[str]:
    if isinstance(sink, MemorySink):
        return sorted(sink.files)
    assert isinstance(sink.storage, LocalStorage)
    root = sink.storage.root
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "form",
    [
        DATA,
        Content(SHA, len(DATA), None, DATA),
        lambda file: file.write(DATA),
        lambda file: [file.write(bytes([byte])) for byte in DATA],
        lambda file: file.write(memoryview(DATA)),
        lambda file: file.write(bytearray(DATA)),
        lambda file: file.write(np.frombuffer(DATA, np.uint16)),
        lambda file: file.write(array.array("H", DATA)),
        lambda file: io.BufferedWriter(file, 4).write(DATA) and None,
    ],
    ids=[
        "bytes",
        "content",
        "a write",
        "many writes",
        "memoryview",
        "bytearray",
        "array of 16 bits",
        "array",
        "buffered",
    ],
)
def test_every_form_of_the_same_bytes_is_one_file(sink: StorageSink, form: Any) -> None:
    for _ in range(2):
        assert FileRef(PATH, SHA, len(DATA)) == sink.write("bin", form)

    assert [PATH] == stored_paths(sink)
    assert DATA == read_reference(files.StorageSource(sink.storage), FileRef(PATH, SHA, len(DATA)))


def test_nothing_is_a_file_too(sink: StorageSink) -> None:
    reference = sink.write("txt", b"")

    assert (0, hashlib.sha256(b"").hexdigest()) == (reference.size, reference.sha256)
    assert b"" == read_reference(files.StorageSource(sink.storage), reference)


def test_a_file_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    sink = DirectorySink(tmp_path)
    sink.write("bin", DATA)
    before = (tmp_path / PATH).stat()
    sink.write("bin", DATA)

    assert (before.st_ino, before.st_mtime_ns) == (
        (tmp_path / PATH).stat().st_ino,
        (tmp_path / PATH).stat().st_mtime_ns,
    )


def test_a_file_that_was_cut_is_written_again(tmp_path: Path) -> None:
    sink = DirectorySink(tmp_path)
    sink.write("bin", DATA)
    (tmp_path / PATH).write_bytes(DATA[:3])
    sink.write("bin", DATA)

    assert (tmp_path / PATH).read_bytes() == DATA


def test_every_stored_path_is_reported_also_when_it_was_there() -> None:
    reported: list[str] = []
    sink = StorageSink(MemoryStorage(), reported.append)
    for form in (DATA, DATA, lambda file: file.write(DATA)):
        sink.write("bin", form)

    assert [PATH] * 3 == reported


@pytest.mark.parametrize("suffix", ["", "..", "a/b", "../x", "a b", ".png", "png\n", "a" * 13, "a.b.c"])
def test_suffixes_never_come_from_a_user(sink: StorageSink, suffix: str) -> None:
    with pytest.raises(ValueError, match="not a file suffix"):
        sink.write(suffix, DATA)
    assert [] == stored_paths(sink)


class Failing(MemoryStorage):
    """A storage that writes a few bytes at a time and fails where it is told to."""

    def __init__(self, at: str = "", number: int = errno.ENOSPC, short: int = 3) -> None:
        super().__init__()
        self.at, self.number, self.short = at, number, short

    def _fail(self, at: str) -> None:
        if at == self.at:
            raise OSError(self.number, os.strerror(self.number), at)

    def make_directory(self, path: str) -> None:
        self._fail("make_directory")

    def create(self, path: str) -> int:
        self._fail("create")
        return super().create(path)

    def write(self, handle: int, data: bytes | memoryview) -> int:
        if self.handle_size(handle) >= 2 * self.short:
            self._fail("write")
        return super().write(handle, data[: self.short])

    def close(self, handle: int) -> None:
        super().close(handle)
        self._fail("close")

    def rename(self, source: str, target: str) -> None:
        self._fail("rename")
        super().rename(source, target)


FORMS = [DATA, Content(SHA, len(DATA), None, DATA), lambda file: file.write(DATA)]


@pytest.mark.parametrize("form", FORMS, ids=["bytes", "content", "stream"])
def test_short_writes_lose_nothing(form: Any) -> None:
    storage = Failing()

    assert FileRef(PATH, SHA, len(DATA)) == StorageSink(storage).write("bin", form)
    assert {PATH: DATA} == {path: bytes(data) for path, data in storage.files.items()}


@pytest.mark.parametrize("form", FORMS, ids=["bytes", "content", "stream"])
@pytest.mark.parametrize("at", ["make_directory", "create", "write", "close", "rename"])
@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EROFS, StorageReadOnly),
        (errno.EACCES, StorageReadOnly),
        (errno.EIO, StorageError),
    ],
    ids=["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EIO"],
)
def test_a_failing_write_is_named_and_leaves_nothing(form: Any, at: str, number: int, error: type[Exception]) -> None:
    storage = Failing(at, number)

    with pytest.raises(error) as caught:
        StorageSink(storage).write("bin", form)

    assert type(caught.value) is error
    assert number == caught.value.errno  # type: ignore[attr-defined]
    assert {} == storage.files


def test_a_storage_that_takes_nothing_ends() -> None:
    with pytest.raises(StorageError, match="takes no bytes"):
        StorageSink(Failing(short=0)).write("bin", DATA)


def test_a_writer_that_raises_leaves_nothing(sink: StorageSink) -> None:
    def write(file: Any) -> None:
        file.write(DATA)
        raise KeyError("the user's own")

    with pytest.raises(KeyError):
        sink.write("bin", write)
    assert [] == stored_paths(sink)


def test_a_path_that_is_a_file_cannot_be_a_directory(tmp_path: Path) -> None:
    (tmp_path / "run").write_bytes(b"")

    with pytest.raises(StorageError):
        DirectorySink(tmp_path / "run")


@pytest.mark.parametrize("folder", ["tmp", "media", f"media/{SHA[:2]}"])
def test_nothing_is_written_through_a_link(folder: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = tmp_path / "run" / folder
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)

    with pytest.raises(UnsafePath):
        DirectorySink(tmp_path / "run").write("bin", DATA)
    assert [] == list(outside.rglob("*"))


# --- sources ---


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/etc/passwd",
        "media/../../x",
        f"media/00/{SHA}.bin",
        f"media/{SHA[:2]}/{SHA}.bin/..",
        f"media/{SHA[:2]}/{SHA}.b/n",
        f"media/{SHA[:2]}/{SHA}",
        f"{PATH}\n",
        f"media/{SHA[:2]}/{'0' * 64}.bin",
        f"media//{SHA[:2]}/{SHA}.bin",
        "",
        "tmp/x",
    ],
)
def test_paths_that_lead_elsewhere_are_refused(sink: StorageSink, path: str) -> None:
    sink.write("bin", DATA)

    with pytest.raises(UnsafePath):
        files.StorageSource(sink.storage).open(FileRef(path, SHA, len(DATA)))


def test_a_path_of_another_hash_is_refused(sink: StorageSink) -> None:
    sink.write("bin", DATA)

    with pytest.raises(UnsafePath):
        files.StorageSource(sink.storage).open(FileRef(PATH, "0" * 64, len(DATA)))


def test_damage_is_named(sink: StorageSink) -> None:
    source = files.StorageSource(sink.storage)
    with pytest.raises(DamagedFile, match="no such regular file"):
        source.open(FileRef(PATH, SHA, len(DATA)))
    sink.write("bin", DATA)
    with pytest.raises(DamagedFile, match="9 bytes, got 10"):
        source.open(FileRef(PATH, SHA, 9))
    if isinstance(sink.storage, LocalStorage):
        (sink.storage.root / PATH).write_bytes(b"other byte")
        with pytest.raises(DamagedFile, match="not those of its sha256"):
            read_reference(DirectorySource(sink.storage.root), FileRef(PATH, SHA, len(DATA)))


def test_links_are_not_followed_when_reading(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_bytes(DATA)
    reference = FileRef(PATH, SHA, len(DATA))
    linked = [(PATH, elsewhere / "file"), (f"media/{SHA[:2]}", elsewhere), ("media", elsewhere)]
    for index, (link, target) in enumerate(linked):
        root = tmp_path / str(index)
        (root / link).parent.mkdir(parents=True)
        (root / link).symlink_to(target)
        with pytest.raises(UnsafePath):
            DirectorySource(root).open(reference)


def test_what_is_no_regular_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / PATH).parent.mkdir(parents=True)
    os.mkfifo(tmp_path / PATH)
    with pytest.raises(DamagedFile):
        DirectorySource(tmp_path).open(FileRef(PATH, SHA, len(DATA)))
    os.unlink(tmp_path / PATH)
    (tmp_path / PATH).mkdir()
    with pytest.raises(DamagedFile):
        DirectorySource(tmp_path).open(FileRef(PATH, SHA, len(DATA)))


def test_a_disk_that_fails_is_no_unsafe_path() -> None:
    class Unreadable(MemoryStorage):
        def open(self, path: str) -> Any:
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    with pytest.raises(StorageError):
        files.StorageSource(Unreadable()).open(FileRef(PATH, SHA, len(DATA)))


def test_a_run_directory_can_be_a_link_itself(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    reference = DirectorySink(tmp_path / "link").write("bin", DATA)

    assert DATA == read_reference(DirectorySource(tmp_path / "link"), reference)


# --- file inputs ---


def test_every_kind_of_file_input(tmp_path: Path) -> None:
    path = tmp_path / "Name.BIN"
    path.write_bytes(DATA)
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("inner.txt", DATA)
    spooled = tempfile.SpooledTemporaryFile()  # noqa: SIM115
    spooled.write(DATA)
    spooled.seek(0)
    with (
        path.open("rb") as binary,
        path.open() as text,
        zipfile.ZipFile(archive) as opened,
        opened.open("inner.txt") as member,
        spooled,
    ):
        for value in (
            str(path),
            path,
            DATA,
            bytearray(DATA),
            memoryview(DATA),
            io.BytesIO(DATA),
            io.StringIO(DATA.decode()),
            binary,
            text,
            member,
            spooled,
        ):
            found = content(value)
            assert (SHA, len(DATA), DATA) == (found.sha256, found.size, found.read())
            with found.open() as file:
                assert DATA == file.read()
        assert not binary.closed
        assert not text.closed
    assert ("bin", "txt", "") == (
        content(path).suffix,
        Content(SHA, 1, "a/inner.TXT", DATA).suffix,
        content(DATA).suffix,
    )


@pytest.mark.parametrize("read", [0, 1, 4, 7, 12])
def test_open_files_are_read_from_their_position(read: int, tmp_path: Path) -> None:
    text = "é猫\r\nzweite Zeile\nx"
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    with path.open(encoding="utf-8", newline="") as file:
        file.read(read)
        assert text[read:].encode() == content(file).read()
    with path.open("rb") as file:
        file.read(read)
        assert text.encode()[read:] == content(file).read()
    text_only = io.StringIO(text, newline="")
    text_only.read(read)
    assert text[read:].encode() == content(text_only).read()


class Reader:
    def __init__(self, result: Any) -> None:
        self.result = result

    def read(self) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def test_what_can_be_no_file_input(tmp_path: Path) -> None:
    closed = io.BytesIO(DATA)
    closed.close()
    (tmp_path / "written").write_bytes(b"")
    with (tmp_path / "written").open("ab") as write_only:
        for value in (closed, write_only, Reader(None), Reader(5), Reader(OSError("gone")), Reader(ValueError("bad"))):
            assert "file.kind" == refused(value)


@pytest.mark.parametrize("value", [None, 5, 1.5, [], {}, object(), np.zeros(3)])
def test_other_values_are_no_files(value: Any) -> None:
    assert read_input(value, "here", Rules()) is None


@pytest.mark.parametrize(
    "url", ["http://a/b.png", "HTTPS://a", "s3://bucket/key", "file:///etc/passwd", "gs://a", "a+b.c-d://x"]
)
def test_nothing_is_fetched(url: str) -> None:
    assert "file.url" == refused(url)


@pytest.mark.parametrize(
    "path", ["", "no such file", "a\0b", "a" * 5000, "\ud800", "data:image/png;base64,AAAA", "c://x", "."]
)
def test_paths_of_no_regular_file(path: str) -> None:
    assert "file.missing" == refused(path)


def test_no_handle_is_left_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    for path in (tmp_path, tmp_path / "fifo", "/dev/null", tmp_path / "none"):
        refused(path)

    assert before == (len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    assert "file.missing" == refused(tmp_path / "a")


# --- large files ---


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(DATA)
    return path


def test_files_up_to_the_limit_are_held_and_larger_ones_left(large: Path) -> None:
    assert content(large, Rules({"file.in_memory": len(DATA)})).data == DATA
    left = content(large, Rules({"file.in_memory": len(DATA) - 1}))

    assert (None, large, SHA, len(DATA)) == (left.data, left.location, left.sha256, left.size)
    assert DATA == left.read()


def test_a_large_file_is_copied_when_it_is_stored(
    large: Path, sink: StorageSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BLOCK", 3)
    left = content(large, SMALL)

    assert FileRef(PATH, SHA, len(DATA)) == sink.write("bin", left)
    assert [PATH] == stored_paths(sink)


def test_the_place_of_a_large_file_does_not_depend_on_the_working_directory(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(large.parent)
    left = content("large.bin", SMALL)
    monkeypatch.chdir("/")

    assert DATA == left.read()


@pytest.mark.parametrize(
    "change", [lambda path: path.write_bytes(b"other bytes"), lambda path: path.write_bytes(DATA[::-1]), Path.unlink]
)
def test_a_large_file_that_changed_is_named_and_nothing_stored(large: Path, sink: StorageSink, change: Any) -> None:
    left = content(large, SMALL)
    change(large)

    for attempt in (lambda: sink.write("bin", left), left.read, lambda: pickle.dumps(left)):
        with pytest.raises(InvalidInput, match=r"large\.bin: .*\[file\.changed\]"):
            attempt()
    assert [] == stored_paths(sink)


def test_pickle_carries_the_bytes(large: Path) -> None:
    left = content(large, SMALL)
    carried = pickle.loads(pickle.dumps(left))
    large.unlink()

    assert (DATA, SHA, "bin") == (carried.read(), carried.sha256, carried.suffix)


def test_wrong_types_are_the_callers_to_name() -> None:
    assert issubclass(WrongType, InvalidInput)
    assert read_input(Path, "here", Rules()) is None
