"""Every exception and warning of medialog.

    Error
      InvalidInput (ValueError)          a value breaks a documented rule
        WrongType (TypeError)            this object can never be what it was given as
        InvalidKey                       a key of `log`, summary or config
        InvalidName                      a run id, a project or a file name
      InvalidDescriptor (ValueError)     a JSON document is not what its schema says
      UnsafePath (ValueError)            a descriptor points outside its directory
      MissingDependency (ImportError)    an optional library is not installed
      UnknownKind (LookupError)          nobody writes this `_type`
      RunError (RuntimeError)
        NotInitialised                   before `init()`
        RunClosed                        after `finish()`
        UnsupportedVersion               the run directory is of a later major version
      StorageError (OSError)             the disk said no
        StorageFull, StorageReadOnly, DurabilityLost
      DamagedFile (ValueError)           stored bytes are not the bytes that were written
        DamagedRow

    MedialogWarning (UserWarning)
      DataChanged                        something was lost in a conversion, and recorded
      Advice                             a documented recommendation is not met

An `InvalidInput` carries all its `violations`; its text shows the first few.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

SHOWN = 5
LONGEST_PLACE = 200
LONGEST_GOT = 300


def one_line(text: str, length: int) -> str:
    """Return text of anybody's as one printable line of at most `length` characters, the rest cut off."""
    text = " ".join(text[: 4 * length].split())
    if not text.isprintable():
        text = text.encode("unicode_escape").decode()
    return text if len(text) <= length else text[: length - 3] + "..."


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: `at` (a place), `rule` (a stable id), what was `expected` and what was `got`.

    What was given decides what stands in `at` and `got`: they are made one short, printable line.
    """

    at: str
    rule: str
    expected: str
    got: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", one_line(self.at, LONGEST_PLACE))
        object.__setattr__(self, "got", one_line(self.got, LONGEST_GOT))

    @property
    def message(self) -> str:
        """What was expected and what was there, without the place."""
        return f"{self.expected}, got {self.got}" if self.got else self.expected

    def within(self, place: str) -> Violation:
        """Return the same violation, one level further in: `at` is put behind `place`."""
        if not self.at or not place:
            return replace(self, at=place or self.at)
        joint = "" if self.at.startswith(("[", ".")) else ": "
        return replace(self, at=f"{place}{joint}{self.at}")

    def __str__(self) -> str:
        place = f"{self.at}: " if self.at else ""
        return f"{place}{self.message} [{self.rule}]"


class Error(Exception):
    """The base of every exception that medialog raises itself."""


class _WithViolations(Error):
    def __init__(self, violations: Sequence[Violation] | Violation) -> None:
        self.violations = (violations,) if isinstance(violations, Violation) else tuple(violations)
        super().__init__(self.violations)

    def __str__(self) -> str:
        lines = [str(violation) for violation in self.violations[:SHOWN]]
        if len(self.violations) > SHOWN:
            lines.append(f"... and {len(self.violations) - SHOWN} more")
        return "\n".join(lines)

    def within(self, place: str) -> _WithViolations:
        """Return the same error with every place put behind `place`."""
        return type(self)([violation.within(place) for violation in self.violations])


class InvalidInput(_WithViolations, ValueError):
    """A value breaks a documented rule. `violations` lists every one that was found."""


class WrongType(InvalidInput, TypeError):
    """This object can never be what it was given as."""


class InvalidKey(InvalidInput):
    """A key that `log`, the summary or the config cannot hold."""


class InvalidName(InvalidInput):
    """A run id, project or file name that cannot be a name on every system."""


class InvalidDescriptor(_WithViolations, ValueError):
    """A JSON document is not what its published schema says."""


class UnsafePath(Error, ValueError):
    """A descriptor points at a file outside its own directory, or through a link."""


class MissingDependency(Error, ImportError):
    """An optional library is not installed; the message is the command that installs it."""


class UnknownKind(Error, LookupError):
    """Nobody writes or reads this `_type`."""


class RunError(Error, RuntimeError):
    """A run is not in the state the call needs."""


class NotInitialised(RunError):
    """The call needs a run, and `init()` was not called."""


class RunClosed(RunError):
    """The run is finished."""


class UnsupportedVersion(RunError):
    """The run directory was written by a later major version of the format."""


class StorageError(Error, OSError):
    """The storage refused. `errno` and `filename` are those of the operating system.

    `kept`: the row that `log` was given waits in memory, and the next call writes it first.
    """

    kept = False


class StorageFull(StorageError):
    """No space or no quota is left. The step stays pending and the next call tries again."""


class StorageReadOnly(StorageError):
    """The directory cannot be written."""


class DurabilityLost(StorageError):
    """The disk could not promise that what was written will survive a power cut."""


class DamagedFile(Error, ValueError):
    """A stored file is not what its descriptor says: missing, of another size, or with other bytes."""


class DamagedRow(DamagedFile):
    """A line of the history was damaged."""


class MedialogWarning(UserWarning):
    """The base of every warning that medialog issues."""


class DataChanged(MedialogWarning):
    """A conversion lost something. It is in the descriptor's `changes`."""


class Advice(MedialogWarning):
    """A documented recommendation is not met. Nothing was changed."""


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


def name_storage_error(error: OSError, doing: str) -> StorageError:
    """Return the named form of an `OSError` met while `doing` something."""
    number = error.errno or 0
    kind = StorageFull if number in _FULL else StorageReadOnly if number in _READ_ONLY else StorageError
    return kind(number, f"{doing}: {error.strerror or error}", error.filename)


@contextmanager
def storage_errors(doing: str) -> Iterator[None]:
    """Turn every `OSError` of the block into a named `StorageError`; `UnsafePath` for a link that is not followed."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafePath(f"{doing}: {error.filename}: {error.strerror}") from error
        raise name_storage_error(error, doing) from error
