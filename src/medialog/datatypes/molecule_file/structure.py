"""What a molecule file is found to hold, and the vocabulary its parsers share: lines, numbers, and named errors."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

STRUCTURE_RULES = {
    "molecule.atoms": "a file has at most `molecule.atoms` atoms, all its models together",
    "molecule.no_atoms": "a file has at least one atom",
    "molecule.record": "each record of a file has the form that its format prescribes",
    "molecule.coordinates": "coordinates are finite numbers",
    "molecule.counts": "a file holds as many atoms and bonds as it says",
    "molecule.bonds": "a bond joins two atoms of its molecule",
    "molecule.loop": "a CIF loop has names and whole rows of values",
    "molecule.cell": "fractional coordinates come with a unit cell: lengths above 0, angles in (0, 180)",
}

# A number with more characters than this is not a coordinate; it also bounds the work of the patterns below.
LONGEST_NUMBER = 40
_NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_WHOLE = re.compile(rb"[-+]?\d+")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Structure:
    """`atoms` of all models, `bonds` where the format lists them, `models` (of a PDB, molecules of an SDF, frames).

    `dangling` counts PDB CONECT records that name an atom the file does not have.
    """

    atoms: int
    bonds: int | None = None
    models: int = 1
    dangling: int = 0


def lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield `(number, line)` from 1, lazily and without line ends; a byte order mark is not part of the first."""
    for number, line in enumerate(io.BytesIO(data), 1):
        if number == 1 and line.startswith(_BYTE_ORDER_MARK):
            line = line[3:]  # noqa: PLW2901 - the mark is not part of the line
        yield number, line.rstrip(b"\r\n")


def is_number(token: bytes) -> bool:
    """Say whether `token` is a finite decimal number and nothing else (no NaN, no `1_000`, no asterisks)."""
    if len(token) > LONGEST_NUMBER:
        return False
    match = _NUMBER.fullmatch(token)
    # So few digits are finite without an exponent.
    return match is not None and (match.lastindex is None or math.isfinite(float(token)))


def whole(token: bytes) -> int | None:
    """Return `token` as an integer, or None when it is none (blanks around it are allowed)."""
    token = token.strip()
    if len(token) > LONGEST_NUMBER or _WHOLE.fullmatch(token) is None:
        return None
    return int(token)


def show(line: bytes) -> str:
    """Return a line of a file for a message: short, escaped."""
    return checks.show(line[:80].decode("latin-1").rstrip())


def broken(place: int | str, rule: str, expected: str, got: bytes | str) -> InvalidInput:
    """Return the error for what is wrong at a line (its number) or another place of a file."""
    at = f"line {place}" if isinstance(place, int) else place
    return InvalidInput(Violation(at, rule, expected, show(got) if isinstance(got, bytes) else got))


def too_many(most: int, got: str) -> InvalidInput:
    """Return the error for a file with more atoms than the limit; raised as soon as that is known."""
    expected = f"at most {most:,} atoms (limits={{'molecule.atoms': ...}} raises it)"
    return InvalidInput(Violation("atoms", "molecule.atoms", expected, got))


def no_atoms(what: str) -> InvalidInput:
    """Return the error for a file in which no atom was found; `what` says what was looked for."""
    return InvalidInput(Violation("file", "molecule.no_atoms", what, "none"))
