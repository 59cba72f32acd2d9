"""PDB and PQR: lines of ATOM and HETATM records.

PDB (format description 3.30 of the wwPDB) has fixed columns: x, y and z in 31-38, 39-46, 47-54. PQR (PDB2PQR, APBS)
has blank-separated fields that end in x, y, z, charge, radius; an element symbol may follow, as Open Babel writes it.
"""

from __future__ import annotations

import re

from medialog.datatypes.molecule_file.structure import Structure, broken, is_number, lines, no_atoms, too_many

_ATOMS = (b"ATOM  ", b"HETATM")
_SNIFFED_LINES = 20_000
_OCCUPANCY = re.compile(rb"[ \d-]{3}\.\d\d[ \d-]{3}\.\d\d(?!\d)")


def looks_like(data: bytes) -> frozenset[str]:
    """Return the formats among pdb and pqr that the first atom record allows; none when there is no such record."""
    for number, line in lines(data):
        if line.startswith((b"ATOM", b"HETATM")):
            as_pdb = line[:6] in _ATOMS and _has_pdb_coordinates(line)
            as_pqr = _pqr_numbers(line) is not None
            if as_pdb and as_pqr:
                # The two overlap. An element in its columns, or an occupancy of 1.00 in its own, is a PDB's.
                occupied = _OCCUPANCY.match(line[54:]) is not None
                is_pdb = occupied and (line[76:78].strip().isalpha() or line[54:60].strip() == b"1.00")
                return frozenset({"pdb"} if is_pdb else {"pdb", "pqr"})
            return frozenset(name for name, yes in (("pdb", as_pdb), ("pqr", as_pqr)) if yes)
        if number > _SNIFFED_LINES:
            break
    return frozenset()


def _has_pdb_coordinates(line: bytes) -> bool:
    return is_number(line[30:38].strip()) and is_number(line[38:46].strip()) and is_number(line[46:54].strip())


def parse_pdb(data: bytes, most_atoms: int) -> Structure:
    """Check a PDB file: every ATOM and HETATM record has finite coordinates in its columns."""
    atoms = models = 0
    bonds = False
    for number, line in lines(data):
        record = line[:6]
        if record in _ATOMS:
            atoms += 1
            if atoms > most_atoms:
                raise too_many(most_atoms, f"more, at line {number:,}")
            if not _has_pdb_coordinates(line):
                expected = "x, y and z as numbers in columns 31-38, 39-46 and 47-54"
                raise broken(number, "molecule.coordinates", expected, line[30:54] or line)
        elif record[:5] == b"MODEL":
            models += 1
        elif record == b"CONECT":
            bonds = True
    if not atoms:
        raise no_atoms("an ATOM or HETATM record")
    return Structure(atoms, None, max(models, 1), _count_dangling(data) if bonds else 0)


def _count_dangling(data: bytes) -> int:
    """Return how many CONECT records name an atom that is not there.

    Serial numbers are compared as text: past 99,999 programs write them in hexadecimal, in base 36, or as asterisks.
    """
    serials = {line[6:11].strip() for _, line in lines(data) if line[:6] in _ATOMS}
    dangling = 0
    for _, line in lines(data):
        if line[:6] == b"CONECT":
            named = {line[start : start + 5].strip() for start in range(6, min(len(line), 31), 5)} - {b""}
            dangling += not named <= serials
    return dangling


def parse_pqr(data: bytes, most_atoms: int) -> Structure:
    """Check a PQR file: every atom has finite coordinates, a charge and a radius of at least 0."""
    atoms = models = 0
    for number, line in lines(data):
        if line.startswith((b"ATOM", b"HETATM")):
            atoms += 1
            if atoms > most_atoms:
                raise too_many(most_atoms, f"more, at line {number:,}")
            numbers = _pqr_numbers(line)
            if numbers is None:
                expected = "an atom that ends in x, y, z, charge and radius, all numbers"
                raise broken(number, "molecule.coordinates", expected, line)
            if float(numbers[4]) < 0:
                raise broken(number, "molecule.record", "a radius of at least 0", line)
        elif line.startswith(b"MODEL"):
            models += 1
    if not atoms:
        raise no_atoms("an ATOM or HETATM record")
    return Structure(atoms, None, max(models, 1))


def _pqr_numbers(line: bytes) -> list[bytes] | None:
    """Return x, y, z, charge and radius of an atom record, or None when it has not got them."""
    fields = line[:200].split()
    if fields and fields[-1].isalpha() and len(fields[-1]) <= 2:
        fields.pop()
    # Record, serial, name, residue, its number and five more; a serial of five digits may touch HETATM.
    least = 10 if fields[:1] in ([b"ATOM"], [b"HETATM"]) else 9
    if len(fields) >= least and all(map(is_number, fields[-5:])):
        return fields[-5:]
    # Large coordinates touch each other: then the columns of a PDB separate them.
    wide = [line[30:38].strip(), line[38:46].strip(), line[46:54].strip(), *line[54:200].split()[:2]]
    return wide if len(wide) == 5 and all(map(is_number, wide)) else None
