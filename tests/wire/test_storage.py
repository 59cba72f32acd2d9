"""Both storages against one list of promises."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from medialog.wire.storage import LocalStorage, MemoryStorage, Storage


@pytest.fixture(params=["local", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return LocalStorage(tmp_path) if request.param == "local" else MemoryStorage()


def put(storage: Storage, path: str, data: bytes) -> None:
    storage.make_directory(os.path.dirname(path))
    handle = storage.create(path)
    storage.write(handle, data)
    storage.close(handle)


def read(storage: Storage, path: str) -> bytes:
    with storage.open(path) as file:
        return file.read()


def test_what_is_written_is_read(storage: Storage) -> None:
    storage.make_directory("a/b")
    handle = storage.create("a/b/c")
    assert [3, 2, 0] == [storage.write(handle, data) for data in (b"abc", memoryview(b"de"), b"")]
    assert 5 == storage.handle_size(handle)
    storage.fsync(handle)
    storage.close(handle)
    storage.fsync_path("a/b/c")
    storage.fsync_path("a/b")

    assert (b"abcde", 5) == (read(storage, "a/b/c"), storage.size("a/b/c"))


def test_a_file_is_created_once(storage: Storage) -> None:
    put(storage, "a", b"first")
    with pytest.raises(FileExistsError):
        storage.create("a")

    assert b"first" == read(storage, "a")


def test_writes_go_to_the_end_also_after_a_cut(storage: Storage) -> None:
    handle = storage.create("a")
    storage.write(handle, b"abcdef")
    storage.truncate(handle, 2)
    storage.write(handle, b"X")

    assert (3, b"abX") == (storage.handle_size(handle), read(storage, "a"))
    storage.close(handle)


def test_rename_replaces(storage: Storage) -> None:
    put(storage, "tmp/x", b"new")
    put(storage, "final", b"old")
    storage.rename("tmp/x", "final")

    assert (b"new", None, []) == (read(storage, "final"), storage.size("tmp/x"), storage.names("tmp"))
    with pytest.raises(FileNotFoundError):
        storage.rename("tmp/x", "final")


def test_a_handle_outlives_a_rename(storage: Storage) -> None:
    handle = storage.create("a")
    storage.rename("a", "b")
    storage.write(handle, b"data")
    storage.close(handle)

    assert b"data" == read(storage, "b")


def test_remove_is_silent_about_what_is_not_there(storage: Storage) -> None:
    put(storage, "a", b"")
    storage.remove("a")
    storage.remove("a")
    storage.remove("no/such/file")

    assert storage.size("a") is None


def test_names_are_sorted_and_of_one_level(storage: Storage) -> None:
    for path in ("d/b", "d/a/deep", "c", "d/ab"):
        put(storage, path, b"")

    assert (["c", "d"], ["a", "ab", "b"], ["deep"]) == (storage.names(""), storage.names("d"), storage.names("d/a"))
    assert ([], []) == (storage.names("none"), storage.names("c"))


def test_what_is_not_there(storage: Storage) -> None:
    storage.make_directory("d/e")

    assert [None] * 4 == [storage.size(path) for path in ("a", "d", "d/e", "a/b")]
    with pytest.raises(FileNotFoundError):
        storage.open("a")


def test_a_root_that_was_removed_is_not_made_anew(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "root")
    storage.make_directory("")
    storage.make_directory("a/b/c")
    shutil.rmtree(tmp_path / "root")

    with pytest.raises(FileNotFoundError):
        storage.make_directory("a/b/c")
    assert not (tmp_path / "root").exists()


def test_a_file_gets_a_name_that_nobody_has(storage: Storage) -> None:
    put(storage, "new", b"1")
    storage.rename_new("new", "name")
    assert (read(storage, "name"), storage.size("new")) == (b"1", None)
    put(storage, "other", b"2")
    with pytest.raises(FileExistsError):
        storage.rename_new("other", "name")
    assert (read(storage, "name"), read(storage, "other")) == (b"1", b"2")


def test_the_same_on_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    test_a_file_gets_a_name_that_nobody_has(LocalStorage(tmp_path))


def test_directories_are_made_again(storage: Storage) -> None:
    for _ in range(2):
        storage.make_directory("a/b")
        storage.make_directory("")


def test_repr_names_the_storage(storage: Storage) -> None:
    assert type(storage).__name__ in repr(storage)


def test_links_are_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(outside / "file")
    (root / "folder").symlink_to(outside)
    (root / "nowhere").symlink_to(outside / "none")
    storage = LocalStorage(root)

    assert storage.size("link") is None
    for path in ("link", "folder/file"):
        with pytest.raises(OSError, match="link") as caught:
            storage.open(path)
        assert errno.ELOOP == caught.value.errno
    with pytest.raises(OSError, match="link"):
        storage.make_directory("folder/new")
    for path in ("link", "nowhere"):
        with pytest.raises(FileExistsError):
            storage.create(path)
    assert ["file"] == os.listdir(outside)


@pytest.mark.parametrize("link", ["a", "a/b", "a/b/c"])
def test_a_directory_that_became_a_link_is_refused_every_time(tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    (outside / "b" / "c").mkdir(parents=True)
    (outside / "c").mkdir()
    storage = LocalStorage(tmp_path / "root")
    storage.make_directory("")
    storage.make_directory("a/b/c")  # the storage has made it, and must look again all the same
    shutil.rmtree(storage.root / link)
    (storage.root / link).symlink_to(outside)

    with pytest.raises(OSError, match="link") as caught:
        storage.make_directory("a/b/c")
    assert errno.ELOOP == caught.value.errno


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    put(storage, "name", b"")

    with pytest.raises(FileExistsError):
        storage.make_directory("name")
    with pytest.raises(NotADirectoryError):
        storage.make_directory("name/below")


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    storage = LocalStorage(tmp_path)

    assert [None, None] == [storage.size("fifo"), storage.size("folder")]
    for path in ("fifo", "folder"):
        with pytest.raises(OSError, match="not a regular file"):
            storage.open(path)


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0, 0o666)])
def test_files_get_what_the_umask_leaves(mask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        put(LocalStorage(tmp_path), "file", b"")
    finally:
        os.umask(before)

    assert mode == (tmp_path / "file").stat().st_mode & 0o777


def test_a_relative_root_is_fixed_when_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    storage = LocalStorage("root")
    monkeypatch.chdir("/")
    storage.make_directory("")
    put(storage, "d/file", b"x")

    assert (tmp_path / "root" / "d" / "file").exists()
