"""SDF and MOL: MDL connection tables, V2000 and V3000 (BIOVIA's "CTfile Formats").

A record is three header lines, a counts line, atoms, bonds, properties up to `M  END`, data items up to `$$$$`. The
last `$$$$` may be missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from medialog.datatypes.molecule_file.structure import Structure, broken, is_number, lines, no_atoms, too_many, whole

_Lines = Iterator[tuple[int, bytes]]
_MOST_CONTINUATIONS = 100_000


def looks_like(data: bytes) -> frozenset[str]:
    """Return sdf and sd when the fourth line is a counts line."""
    numbered = lines(data)
    head = [line for _, line in (next(numbered, (0, b"")) for _ in range(4))]
    counts = head[3]
    version = counts[33:39].strip() or counts.rstrip()[-5:]
    known = version in (b"V2000", b"V3000")
    plain = whole(counts[0:3]) is not None and whole(counts[3:6]) is not None and b"M  END" in data
    return frozenset({"sdf", "sd"} if known or plain else ())


def parse(data: bytes, most_atoms: int) -> Structure:
    """Check an SDF: each record has the atoms and bonds its counts line says, and bonds join atoms that are there."""
    numbered = lines(data)
    atoms = bonds = records = 0
    while True:
        header = [found for _ in range(4) if (found := next(numbered, None)) is not None]
        if len(header) < 4:
            if any(line.strip() for _, line in header) or not records:
                place = header[-1][0] if header else 1
                raise broken(place, "molecule.record", "three header lines and a counts line", "the end of the file")
            break
        if records and not any(line.strip() for _, line in header) and not any(line.strip() for _, line in numbered):
            break
        more_atoms, more_bonds = _read_table(numbered, *header[3], most_atoms - atoms, most_atoms)
        atoms, bonds, records = atoms + more_atoms, bonds + more_bonds, records + 1
        for _, line in numbered:
            if line.startswith(b"$$$$"):
                break
        else:
            break
    if not atoms:
        raise no_atoms("an atom in a record")
    return Structure(atoms, bonds, records)


def _read_table(numbered: _Lines, number: int, counts: bytes, left: int, most: int) -> tuple[int, int]:
    version = counts[33:39].strip() or counts.rstrip()[-5:]
    atoms, bonds = whole(counts[0:3]), whole(counts[3:6])
    if atoms is None or bonds is None or atoms < 0 or bonds < 0:
        expected = "a counts line: the numbers of atoms and bonds in columns 1-3 and 4-6"
        raise broken(number, "molecule.record", expected, counts)
    if version == b"V3000":
        return _read_v3000(numbered, number, left, most)
    if atoms > left:
        raise too_many(most, f"{most - left + atoms:,}")
    for index in range(atoms):
        _check_atom(numbered, number, index, atoms)
    for index in range(bonds):
        _check_bond(numbered, number, index, bonds, atoms)
    _skip_properties(numbered, number, strict=version == b"V2000")
    return atoms, bonds


def _take(numbered: _Lines, start: int, what: str, index: int, count: int) -> tuple[int, bytes]:
    number, line = next(numbered, (0, b""))
    if not number or line.startswith((b"M  END", b"$$$$")):
        raise broken(number or start, "molecule.counts", f"{count:,} {what}, as line {start} says", f"{index:,}")
    return number, line


def _check_atom(numbered: _Lines, start: int, index: int, count: int) -> None:
    number, line = _take(numbered, start, "atoms", index, count)
    fields = (line[0:10].strip(), line[10:20].strip(), line[20:30].strip())
    if not all(map(is_number, fields)):
        expected = f"atom {index + 1} of {count}: x, y and z as numbers in columns 1-10, 11-20 and 21-30"
        raise broken(number, "molecule.coordinates", expected, line)
    if not line[30:34].strip():
        raise broken(number, "molecule.record", "an element or atom symbol in columns 32-34", line)


def _check_bond(numbered: _Lines, start: int, index: int, count: int, atoms: int) -> None:
    number, line = _take(numbered, start, "bonds", index, count)
    ends = (whole(line[0:3]), whole(line[3:6]))
    if None in ends or whole(line[6:9]) is None:
        raise broken(number, "molecule.record", f"bond {index + 1} of {count}: two atoms and a type", line)
    if ends[0] == ends[1] or not all(1 <= (end or 0) <= atoms for end in ends):
        raise broken(number, "molecule.bonds", f"a bond of two of the atoms 1 to {atoms}", line)


def _skip_properties(numbered: _Lines, start: int, strict: bool) -> None:
    for number, line in numbered:
        if line.startswith(b"M  END"):
            return
        if line.startswith(b"$$$$"):
            if strict:
                raise broken(number, "molecule.record", f"M  END for the table of line {start}", line)
            raise broken(number, "molecule.record", f"M  END for the table of line {start} (it has no version)", line)
    if strict:
        raise broken(start, "molecule.record", "a connection table that ends in M  END", "the end of the file")


def _read_v3000(numbered: _Lines, start: int, left: int, most: int) -> tuple[int, int]:
    counts: tuple[int, int] | None = None
    known: set[int] = set()
    bonds = 0
    block = b""
    for number, fields in _v3000_lines(numbered, start):
        head = fields[0] if fields else b""
        if head in (b"BEGIN", b"END"):
            block = fields[1] if head == b"BEGIN" and len(fields) > 1 else b""
        elif head == b"COUNTS":
            counts = _v3000_counts(number, fields)
            if counts[0] > left:
                raise too_many(most, f"{most - left + counts[0]:,}")
        elif block == b"ATOM":
            known.add(_v3000_atom(number, fields, known))
            if counts is None or len(known) > counts[0]:
                raise broken(number, "molecule.counts", f"{counts[0] if counts else 0:,} atoms", "more")
        elif block == b"BOND":
            bonds += 1
            _check_v3000_bond(number, fields, known)
    if counts is None:
        raise broken(start, "molecule.record", "a V3000 COUNTS line", "none")
    if (len(known), bonds) != counts:
        expected = f"{counts[0]:,} atoms and {counts[1]:,} bonds, as COUNTS says"
        raise broken(start, "molecule.counts", expected, f"{len(known):,} and {bonds:,}")
    return counts


def _v3000_lines(numbered: _Lines, start: int) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the fields of the `M  V30` lines up to `M  END`, with continued lines joined."""
    parts: list[bytes] = []
    for number, line in numbered:
        if line.startswith(b"M  END"):
            return
        if not line.startswith(b"M  V30 "):
            raise broken(number, "molecule.record", "a line that begins with `M  V30 `, or `M  END`", line)
        text = line[7:].rstrip()
        if text.endswith(b"-"):
            parts.append(text[:-1])
            if len(parts) > _MOST_CONTINUATIONS:
                raise broken(number, "molecule.record", "a continued line that ends", "more than 100,000 parts")
            continue
        yield number, (b"".join(parts) + text).split()
        parts = []
    raise broken(start, "molecule.counts", "a connection table that ends in M  END", "the end of the file")


def _v3000_counts(number: int, fields: list[bytes]) -> tuple[int, int]:
    numbers = [whole(field) for field in fields[1:3]]
    if len(numbers) < 2 or any(value is None or value < 0 for value in numbers):
        raise broken(number, "molecule.record", "COUNTS with the numbers of atoms and bonds", b" ".join(fields[:6]))
    return numbers[0] or 0, numbers[1] or 0


def _v3000_atom(number: int, fields: list[bytes], known: set[int]) -> int:
    if fields[1:2] == [b"NOT"]:  # an excluded list of elements: NOT [C,N]
        fields = [fields[0], *fields[2:]]
    index = whole(fields[0]) if fields else None
    if index is None or index < 1 or index in known or len(fields) < 6:
        expected = "an atom: a new index above 0, a type, x, y, z and a mapping number"
        raise broken(number, "molecule.record", expected, b" ".join(fields[:8]))
    if not all(map(is_number, fields[2:5])):
        raise broken(number, "molecule.coordinates", "x, y and z as numbers", b" ".join(fields[:8]))
    return index


def _check_v3000_bond(number: int, fields: list[bytes], known: set[int]) -> None:
    numbers = [whole(field) for field in fields[:4]]
    if len(numbers) < 4 or None in numbers:
        raise broken(number, "molecule.record", "a bond: index, type and two atoms", b" ".join(fields[:8]))
    if numbers[2] == numbers[3] or numbers[2] not in known or numbers[3] not in known:
        raise broken(number, "molecule.bonds", "a bond of two atoms of this table", b" ".join(fields[:8]))
