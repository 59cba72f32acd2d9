"""GRO: GROMACS' fixed columns. A title, the number of atoms, a line an atom, the box; frames follow one another.

The precision may vary (the manual, "gro file format"): the distance of the decimal points is the width of a number.
"""

from __future__ import annotations

from collections.abc import Iterator

from medialog.datatypes.molecule_file.structure import Structure, broken, is_number, lines, no_atoms, too_many, whole


def looks_like(data: bytes) -> frozenset[str]:
    """Return gro when a number stands alone on the second line and an atom's columns or a box on the third."""
    numbered = lines(data)
    first = [line for _, line in (next(numbered, (0, b"")) for _ in range(3))]
    count = whole(first[1])
    if count is None or count < 0:
        return frozenset()
    fits = _is_box(first[2]) if count == 0 else _has_coordinates(first[2], _width(first[2]))
    return frozenset({"gro"} if fits else ())


def parse(data: bytes, most_atoms: int) -> Structure:
    """Check a GRO file: as many atoms as it says, with finite positions and velocities, and a box after them."""
    numbered = lines(data)
    atoms = frames = 0
    while (title := next(numbered, None)) is not None:
        number, line = next(numbered, (title[0] + 1, b""))
        if frames and not title[1].strip() and not line.strip():
            _check_rest_is_blank(numbered)
            break
        count = whole(line)
        if count is None or count < 0:
            raise broken(number, "molecule.record", "the number of atoms, alone on the line after the title", line)
        atoms += count
        if atoms > most_atoms:
            raise too_many(most_atoms, f"{atoms:,}")
        _read_frame(numbered, count, number)
        frames += 1
    if not atoms:
        raise no_atoms("an atom in a frame")
    return Structure(atoms, None, frames)


def _check_rest_is_blank(numbered: Iterator[tuple[int, bytes]]) -> None:
    for number, line in numbered:
        if line.strip():
            raise broken(number, "molecule.record", "another frame, or nothing more after blank lines", line)


def _read_frame(numbered: Iterator[tuple[int, bytes]], count: int, start: int) -> None:
    width = 0
    for index in range(count):
        number, line = next(numbered, (0, b""))
        if not number:
            raise broken(start, "molecule.counts", f"{count:,} atoms, as line {start} says", f"{index:,}")
        width = width or _width(line)
        if not _has_coordinates(line, width):
            if _is_box(line):
                raise broken(
                    number, "molecule.counts", f"{count:,} atoms, as line {start} says", f"{index:,} and a box"
                )
            raise broken(number, "molecule.coordinates", "positions as numbers from column 21", line)
    number, line = next(numbered, (0, b""))
    if not number:
        raise broken(start, "molecule.counts", f"a box after {count:,} atoms", "the end of the file")
    if not _is_box(line):
        expected = f"a box of 3 or 9 numbers after {count:,} atoms, as line {start} says"
        raise broken(number, "molecule.counts", expected, line)


def _width(line: bytes) -> int:
    first = line.find(b".", 20)
    return max(line.find(b".", first + 1) - first, 0) if first >= 0 else 0


def _has_coordinates(line: bytes, width: int) -> bool:
    if not 2 <= width <= 40 or len(line) > 400:
        return False
    numbers = [line[start : start + width].strip() for start in range(20, 20 + 3 * width, width)]
    velocities = line[20 + 3 * width :].split()
    return all(map(is_number, numbers)) and len(velocities) in (0, 3) and all(map(is_number, velocities))


def _is_box(line: bytes) -> bool:
    fields = line[:400].split()
    return len(fields) in (3, 9) and all(map(is_number, fields))
