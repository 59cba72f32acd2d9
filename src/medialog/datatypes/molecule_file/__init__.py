"""Molecule files: one parser for each family of formats, and which format a file is in.

Each parser is a pure function of bytes: it returns the `Structure` that it counted, or raises `InvalidInput` with the
line and the rule. It takes one pass over the file, and stops at the first atom over the limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from medialog.datatypes.molecule_file import cif, gro, mmtf, mol2, pdb, sdf
from medialog.datatypes.molecule_file.structure import STRUCTURE_RULES, Structure
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.limits import LIMITS

__all__ = ["FORMATS", "STRUCTURE_RULES", "Structure", "find_format", "is_same_family", "read_structure"]

FORMATS: tuple[str, ...] = LIMITS["molecule.formats"].value  # type: ignore[assignment]

PARSERS: Mapping[str, Callable[[bytes, int], Structure]] = MappingProxyType(
    {
        "pdb": pdb.parse_pdb,
        "pqr": pdb.parse_pqr,
        "mmcif": cif.parse,
        "mcif": cif.parse,
        "cif": cif.parse,
        "sdf": sdf.parse,
        "sd": sdf.parse,
        "gro": gro.parse,
        "mol2": mol2.parse,
        "mmtf": mmtf.parse,
    }
)
_SNIFFERS = (pdb.looks_like, cif.looks_like, sdf.looks_like, gro.looks_like, mol2.looks_like, mmtf.looks_like)
# What is no molecule file at all, for a message that says so.
_FOREIGN = (
    (b"\x1f\x8b", "a gzip archive (decompress it first)"),
    (b"PK\x03\x04", "a zip archive (decompress it first)"),
    (b"BZh", "a bzip2 archive (decompress it first)"),
    (b"\xfd7zXZ\x00", "an xz archive (decompress it first)"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive (decompress it first)"),
    (b"\x89PNG", "a PNG picture"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def is_same_family(one: str, other: str) -> bool:
    """Say whether two formats are names of the same thing: sdf and sd; cif, mmcif and mcif."""
    return PARSERS[one] is PARSERS[other]


def candidates(data: bytes) -> frozenset[str]:
    """Return every format that `data` can be in by its looks; empty when it looks like none."""
    found = frozenset[str]().union(*(looks_like(data) for looks_like in _SNIFFERS))
    # The rows of a CIF may begin with ATOM too.
    return found - {"pdb", "pqr"} if "cif" in found else found


def find_format(data: bytes, declared: str | None, at: str) -> str:
    """Return the format of a file: the declared one, when the content can be that, or the one it looks like.

    Raises `InvalidInput` when it looks like another one, like several, or like none.
    """
    found = candidates(data)
    expected = f"a {declared} file, as declared" if declared else f"a molecule file: {', '.join(FORMATS)}"
    if not found:
        foreign = _name_foreign(data, declared)
        if foreign is not None:
            raise InvalidInput(Violation(at, "file.content", expected, foreign))
        if declared is None:
            raise InvalidInput(Violation(at, "file.content", expected, f"bytes that begin {checks.show(data[:24])}"))
        return declared  # its parser says what is wrong
    if declared is not None:
        if declared not in found:
            raise InvalidInput(
                Violation(at, "file.content", expected, f"a {' or '.join(_preferred(data, found))} file")
            )
        return declared
    names = _preferred(data, found)
    if len(names) > 1:
        got = f"bytes that can be {' or '.join(names)}"
        raise InvalidInput(Violation(at, "file.content", "file_type=, which says what they are", got))
    return names[0]


def _preferred(data: bytes, found: frozenset[str]) -> list[str]:
    """Return one name for each family among `found`."""
    names: list[str] = [name for name in ("pdb", "pqr", "gro", "mol2", "mmtf") if name in found]
    if "cif" in found:
        names.append("mmcif" if "mmcif" in found else "mcif" if cif.is_magnetic(data) else "cif")
    if "sdf" in found:
        names.append("sdf")
    return names


def _name_foreign(data: bytes, declared: str | None) -> str | None:
    if not data.strip():
        return "an empty file"
    for magic, name in _FOREIGN:
        if data.startswith(magic):
            return name
    text = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith((b"<", b"{")):
        return "markup or JSON (a web page saved in its place?)"
    if declared != "mmtf" and b"\0" in data[:65_536]:
        return "bytes that are not text"
    return None


def read_structure(data: bytes, format: str, most_atoms: int) -> Structure:
    """Return what a file of `format` holds; `InvalidInput` with the line and the rule when it is broken."""
    return PARSERS[format](data, most_atoms)
