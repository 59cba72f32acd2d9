"""MOL2: Tripos' sections, each after a line `@<TRIPOS>NAME` ("Tripos Mol2 File Format")."""

from __future__ import annotations

from medialog.datatypes.molecule_file.structure import Structure, broken, is_number, lines, no_atoms, too_many, whole

_MARK = b"@<TRIPOS>"
_MOLECULE = b"@<TRIPOS>MOLECULE"


def looks_like(data: bytes) -> frozenset[str]:
    """Return mol2 when a line begins a molecule section."""
    return frozenset(
        {"mol2"} if data.startswith((_MOLECULE, b"\xef\xbb\xbf" + _MOLECULE)) or b"\n" + _MOLECULE in data else ()
    )


class _Reader:
    """The state of one file: which section a line belongs to, and the molecule that is being read."""

    def __init__(self, most_atoms: int) -> None:
        self.most = most_atoms
        self.section = b""
        self.row = 0
        self.molecules = self.atoms = self.bonds = 0
        self.start = 0
        self.counts: list[int] = []
        self.known: set[bytes] = set()
        self.found_bonds = 0

    def begin_section(self, number: int, line: bytes) -> None:
        self.section, self.row = line[len(_MARK) :].strip(), 0
        if self.section == b"MOLECULE":
            self.end_molecule()
            self.molecules += 1
            self.start, self.counts, self.known, self.found_bonds = number, [], set(), 0
        elif self.section in (b"ATOM", b"BOND") and not self.counts:
            raise broken(number, "molecule.record", "a MOLECULE section with its counts before the others", line)

    def read(self, number: int, line: bytes) -> None:
        self.row += 1
        if self.section == b"MOLECULE":
            if self.row == 2:  # the first line is the name, whatever it holds
                self.read_counts(number, line)
        elif self.section == b"ATOM":
            self.read_atom(number, line)
        elif self.section == b"BOND":
            self.read_bond(number, line)

    def read_counts(self, number: int, line: bytes) -> None:
        counts = [whole(field) for field in line[:200].split()]
        if not counts or any(count is None or count < 0 for count in counts):
            raise broken(number, "molecule.record", "the numbers of atoms, bonds, ...", line)
        self.counts = [count or 0 for count in counts]
        if self.atoms + self.counts[0] > self.most:
            raise too_many(self.most, f"{self.atoms + self.counts[0]:,}")

    def read_atom(self, number: int, line: bytes) -> None:
        fields = line[:2_000].split(None, 6)
        if len(fields) < 6 or whole(fields[0]) is None or fields[0] in self.known:
            raise broken(number, "molecule.record", "an atom: a new id, name, x, y, z, type", line)
        if not all(map(is_number, fields[2:5])):
            raise broken(number, "molecule.coordinates", "x, y and z as numbers", line)
        self.known.add(fields[0])
        if len(self.known) > self.counts[0]:
            expected = f"{self.counts[0]:,} atoms, as line {self.start + 2} says"
            raise broken(number, "molecule.counts", expected, "more")

    def read_bond(self, number: int, line: bytes) -> None:
        fields = line[:2_000].split(None, 4)
        if len(fields) < 4 or any(whole(field) is None for field in fields[:3]):
            raise broken(number, "molecule.record", "a bond: id, two atoms, type", line)
        if fields[1] == fields[2] or fields[1] not in self.known or fields[2] not in self.known:
            raise broken(number, "molecule.bonds", f"a bond of two of the {len(self.known):,} atoms", line)
        self.found_bonds += 1

    def end_molecule(self) -> None:
        if not self.molecules:
            return
        if not self.counts:
            raise broken(self.start, "molecule.record", "a MOLECULE section with a name and counts", "no counts")
        expected_bonds = self.counts[1] if len(self.counts) > 1 else self.found_bonds
        if (len(self.known), self.found_bonds) != (self.counts[0], expected_bonds):
            expected = f"{self.counts[0]:,} atoms and {expected_bonds:,} bonds, as line {self.start + 2} says"
            raise broken(self.start, "molecule.counts", expected, f"{len(self.known):,} and {self.found_bonds:,}")
        self.atoms += len(self.known)
        self.bonds += self.found_bonds


def parse(data: bytes, most_atoms: int) -> Structure:
    """Check a MOL2 file: as many atoms and bonds as it says, finite coordinates, bonds of atoms that are there."""
    reader = _Reader(most_atoms)
    held = b""
    for number, line in lines(data):
        if reader.section == b"MOLECULE" and reader.row == 0 and not line.startswith(_MARK):
            reader.read(number, line)  # the name may be blank or look like a comment
            continue
        if line.startswith(_MARK):
            reader.begin_section(number, line)
            continue
        if line.endswith(b"\\") and len(held) < 10_000:
            held += line[:-1] + b" "
            continue
        text, held = (held + line if held else line), b""
        if text.strip() and not text.startswith(b"#"):
            reader.read(number, text)
    reader.end_molecule()
    if not reader.atoms:
        raise no_atoms("an atom in an @<TRIPOS>ATOM section")
    return Structure(reader.atoms, reader.bonds, reader.molecules)
