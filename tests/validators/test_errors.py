"""The exception tree, what an error says, and that it survives a process boundary."""

from __future__ import annotations

import copy
import errno
import inspect
import pickle

import pytest

from medialog.validators import errors
from medialog.validators.errors import (
    Error,
    InvalidInput,
    InvalidKey,
    StorageError,
    StorageFull,
    StorageReadOnly,
    UnsafePath,
    Violation,
    WrongType,
    name_storage_error,
    storage_errors,
)

TREE = {
    "InvalidInput": ("Error", ValueError),
    "WrongType": ("InvalidInput", TypeError),
    "InvalidKey": ("InvalidInput", ValueError),
    "InvalidName": ("InvalidInput", ValueError),
    "InvalidDescriptor": ("Error", ValueError),
    "UnsafePath": ("Error", ValueError),
    "MissingDependency": ("Error", ImportError),
    "UnknownKind": ("Error", LookupError),
    "RunError": ("Error", RuntimeError),
    "NotInitialised": ("RunError", RuntimeError),
    "RunClosed": ("RunError", RuntimeError),
    "UnsupportedVersion": ("RunError", RuntimeError),
    "StorageError": ("Error", OSError),
    "StorageFull": ("StorageError", OSError),
    "StorageReadOnly": ("StorageError", OSError),
    "DurabilityLost": ("StorageError", OSError),
    "DamagedFile": ("Error", ValueError),
    "DamagedRow": ("DamagedFile", ValueError),
    "DataChanged": ("MedialogWarning", UserWarning),
    "Advice": ("MedialogWarning", UserWarning),
}
BAD = Violation("points[1, 3]", "object3d.category", "a whole number in [1, 14]", "15.0 (2 such rows)")


@pytest.mark.parametrize("name", TREE)
def test_the_tree(name: str) -> None:
    parent, builtin = TREE[name]
    cls = getattr(errors, name)

    assert issubclass(cls, getattr(errors, parent))
    assert issubclass(cls, builtin)
    assert name in (errors.__doc__ or "")
    assert cls.__doc__


def test_the_tree_is_whole() -> None:
    public = {
        name
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, (Error, errors.MedialogWarning))
    }

    assert public - {"Error", "MedialogWarning", "_WithViolations"} == set(TREE)
    assert not issubclass(Error, (ValueError, OSError, RuntimeError))


def test_a_violation_reads_as_documented() -> None:
    assert "points[1, 3]: a whole number in [1, 14], got 15.0 (2 such rows) [object3d.category]" == str(BAD)
    assert "a number [x.y]" == str(Violation("", "x.y", "a number", ""))
    assert "a whole number in [1, 14], got 15.0 (2 such rows)" == BAD.message


@pytest.mark.parametrize(("at", "expected"), [("[3]", "key[3]"), ("masks", "key: masks"), ("", "key")])
def test_places_are_put_behind_outer_ones(at: str, expected: str) -> None:
    violation = Violation(at, "r", "e", "g")

    assert expected == violation.within("key").at
    assert Violation(expected, "r", "e", "g") == violation.within("key")


@pytest.mark.parametrize("cls", [InvalidInput, WrongType, InvalidKey, errors.InvalidDescriptor])
def test_errors_keep_their_class_and_violations(cls: type[errors._WithViolations]) -> None:
    error = cls([BAD, BAD])

    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(same) is cls
        assert (error.violations, str(error)) == (same.violations, str(same))
    moved = error.within("log")
    assert type(moved) is cls
    assert (BAD.within("log"),) * 2 == moved.violations
    assert (BAD,) == cls(BAD).violations


def test_the_first_five_violations_are_shown() -> None:
    assert 5 == len(str(InvalidInput([BAD] * 5)).splitlines())
    lines = str(InvalidInput([BAD] * 8)).splitlines()
    assert (6, "... and 3 more") == (len(lines), lines[-1])


@pytest.mark.parametrize(
    ("number", "cls"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EFBIG, StorageFull),
        (errno.EROFS, StorageReadOnly),
        (errno.EACCES, StorageReadOnly),
        (errno.EPERM, StorageReadOnly),
        (errno.EIO, StorageError),
        (errno.ENOENT, StorageError),
        (None, StorageError),
    ],
)
def test_storage_errors_are_named_and_keep_the_systems_numbers(number: int | None, cls: type[StorageError]) -> None:
    original = OSError(number, "why", "file") if number else OSError("why")
    named = name_storage_error(original, "writing")

    assert type(named) is cls
    assert (number or 0, original.filename) == (named.errno, named.filename)
    assert "writing: why" in str(named)
    same = pickle.loads(pickle.dumps(named))
    assert (type(named), named.errno, str(named)) == (type(same), same.errno, str(same))


def test_the_block_names_what_the_system_says_and_nothing_else() -> None:
    with pytest.raises(StorageFull) as caught, storage_errors("writing"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert isinstance(caught.value.__cause__, OSError)
    already = StorageReadOnly(errno.EROFS, "said before")
    with pytest.raises(StorageReadOnly) as again, storage_errors("writing"):
        raise already
    assert already is again.value
    with pytest.raises(UnsafePath), storage_errors("writing"):
        raise OSError(errno.ELOOP, "a link", "tmp")
    with pytest.raises(KeyError), storage_errors("writing"):
        raise KeyError("x")


def test_a_violation_within_no_place_stays_as_it_is() -> None:
    violation = Violation("Image", "image.side", "at most 5", "6")

    assert violation == violation.within("")
