"""CIF, mmCIF and mCIF: the syntax of CIF 1.1, and the atoms of its `_atom_site` loops.

mmCIF (dotted names, `_atom_site.Cartn_x`) is the PDB's; core CIF (`_atom_site_fract_x`) is crystallography's, and a
magnetic CIF adds moments. A file named `.cif` or `.mcif` may be either; `.mmcif` is dotted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from medialog.datatypes.molecule_file.structure import (
    LONGEST_NUMBER,
    Structure,
    broken,
    is_number,
    lines,
    no_atoms,
    too_many,
)

_DOTTED = re.compile(rb"^[ \t]*_atom_site\.", re.IGNORECASE | re.MULTILINE)
_MOMENT = re.compile(rb"^[ \t]*_atom_site_moment", re.IGNORECASE | re.MULTILINE)
# A line without these has no comments, names or keywords (every keyword has an underscore): only values.
_SPECIAL = re.compile(rb"[#_;$\[\]]")
_QUOTES = (b"'", b'"')
_BLANK = re.compile(rb"\s*")
_PLAIN = re.compile(rb"\S+")
_SNIFFED_LINES = 20_000
_UNCERTAINTY = re.compile(rb"\(\d{1,9}\)$")
_LENGTHS = (b"_cell_length_a", b"_cell_length_b", b"_cell_length_c")
_ANGLES = (b"_cell_angle_alpha", b"_cell_angle_beta", b"_cell_angle_gamma")
_CARTESIAN = (b"_atom_site_cartn_x", b"_atom_site_cartn_y", b"_atom_site_cartn_z")
_FRACTIONAL = (b"_atom_site_fract_x", b"_atom_site_fract_y", b"_atom_site_fract_z")
_MODEL = b"_atom_site_pdbx_pdb_model_num"
_TEXT = b"'text field"  # stands for a text field: a quoted value whose content does not matter here


def looks_like(data: bytes) -> frozenset[str]:
    """Return the formats that a file beginning with a data block can be."""
    for number, line in lines(data):
        text = line.strip()
        if text and not text.startswith(b"#"):
            if text[:5].lower() == b"data_":
                break
            return frozenset()
        if number > _SNIFFED_LINES:
            return frozenset()
    else:
        return frozenset()
    if _DOTTED.search(data):
        return frozenset({"mmcif", "cif", "mcif"})
    return frozenset({"cif", "mcif"})


def is_magnetic(data: bytes) -> bool:
    """Say whether a CIF lists magnetic moments."""
    return _MOMENT.search(data) is not None


def parse(data: bytes, most_atoms: int) -> Structure:
    """Check a CIF: its syntax, whole loops, and finite coordinates of every atom site."""
    if data[:20].lstrip(b"\xef\xbb\xbf").startswith(b"#\\#CIF_2.0"):
        raise broken(1, "molecule.record", "CIF 1.1 (no viewer reads the lists and tables of CIF 2.0)", data[:10])
    reader = _Reader(most_atoms)
    numbered = lines(data)
    for number, line in numbered:
        if line.startswith(b";"):
            rest, number = _skip_text(numbered, number)  # noqa: PLW2901 - the field ends lines below
            reader.value(_TEXT, number)
            for token in _tokens(rest, number):
                reader.token(token, number)
        elif reader.loop and not reader.row and _SPECIAL.search(line) is None and (values := _plain_values(line)):
            reader.plain_row(values, number)
        else:
            for token in _tokens(line, number):
                reader.token(token, number)
    reader.end_block(None)
    if not reader.atoms:
        raise no_atoms("an _atom_site with coordinates (Cartn_x, y, z or fract_x, y, z)")
    return Structure(reader.atoms, None, max(len(reader.models), 1))


def _plain_values(line: bytes) -> list[bytes] | None:
    """Return the values of a line when blanks alone separate them; None when a quoted one may hold a blank."""
    values = line.split()
    if b"'" in line or b'"' in line:
        for value in values:
            if value[:1] in _QUOTES and (len(value) < 2 or value[-1] != value[0]):
                return None
    return values


def _skip_text(numbered: Iterator[tuple[int, bytes]], start: int) -> tuple[bytes, int]:
    """Skip to the end of a text field; return what follows on its last line, and the line's number."""
    for number, line in numbered:
        if line.startswith(b";"):
            return line[1:], number
    raise broken(start, "molecule.record", "a text field that ends with `;` on a line", "the end of the file")


def _tokens(line: bytes, number: int) -> Iterator[bytes]:
    """Yield the values, names and keywords of a line, quotes included. A quote ends at its mark before a blank."""
    position, end = 0, len(line)
    while True:
        position = _BLANK.match(line, position).end()  # type: ignore[union-attr]
        if position == end or line[position] == 0x23:  # '#': a comment
            return
        start, mark = position, line[position : position + 1]
        if mark in _QUOTES:
            position = line.find(mark, position + 1)
            while position >= 0 and position + 1 < end and not line[position + 1 : position + 2].isspace():
                position = line.find(mark, position + 1)
            if position < 0:
                raise broken(number, "molecule.record", "a quoted value with its closing quote", line[start:])
            position += 1
        else:
            position = _PLAIN.match(line, start).end()  # type: ignore[union-attr]
        yield line[start:position]


class _Reader:
    """The state between two tokens: a name that waits for its value, or a loop and its unfinished row."""

    def __init__(self, most_atoms: int) -> None:
        self.most = most_atoms
        self.atoms = 0
        self.models: set[tuple[int | bytes, ...]] = set()
        self.last_model: list[bytes] | None = None
        self.block = 0
        self.name: bytes | None = None
        self.loop: list[bytes] = []
        self.in_header = False
        self.loop_line = 0
        self.row: list[bytes] = []
        self.rows = 0
        self.columns: tuple[int, ...] = ()
        self.fractional = False
        self.items: dict[bytes, bytes] = {}
        self.needs_cell = 0

    def token(self, token: bytes, number: int) -> None:
        """Take the next token of a line."""
        if token[:1] == b"_":
            if self.in_header and not self.rows and not self.row:
                self.loop.append(token.lower().replace(b".", b"_", 1))
                return
            self.end_item(number)
            self.name = token.lower().replace(b".", b"_", 1)
            return
        keyword = token[:7].lower()
        if keyword == b"loop_" and len(token) == 5:
            self.end_item(number)
            self.in_header, self.loop_line = True, number
        elif keyword.startswith((b"data_", b"save_")):
            self.end_block(number)
        elif keyword in (b"global_", b"stop_"):
            raise broken(number, "molecule.record", "CIF 1.1 (which has no global_ and stop_)", token)
        else:
            self.value(token, number)

    def value(self, value: bytes, number: int) -> None:
        """Take a value: that of a name, or the next of a loop's row."""
        if self.name is not None:
            if self.name.startswith((b"_cell_", b"_atom_site_")):
                self.items[self.name] = value
            self.name = None
        elif self.in_header:
            if not self.loop:
                raise broken(self.loop_line, "molecule.loop", "names after loop_", value)
            self.row.append(value)
            if len(self.row) == len(self.loop):
                self.end_row(self.row, number)
                self.row = []
        else:
            raise broken(number, "molecule.record", "a name before each value", value)

    def plain_row(self, values: list[bytes], number: int) -> None:
        """Take a line of values in a loop: mostly one row, and then at once."""
        if len(values) == len(self.loop):
            self.end_row(values, number)
        else:
            for value in values:
                self.value(value, number)

    def end_row(self, row: list[bytes], number: int) -> None:
        if not self.rows:
            self.columns = _coordinate_columns(self.loop)
            self.fractional = _CARTESIAN[0] not in self.loop
        self.rows += 1
        if self.columns:
            self.atom([row[column] for column in self.columns], number, self.fractional)

    def atom(self, values: list[bytes], number: int, fractional: bool) -> None:
        self.atoms += 1
        if self.atoms > self.most:
            raise too_many(self.most, f"more, at line {number:,}")
        for value in values[:3]:
            if not is_number(value) and not is_number(_plain(value)):
                raise broken(number, "molecule.coordinates", "coordinates that are numbers", b" ".join(values[:3]))
        if values[3:] != self.last_model:
            self.last_model = values[3:]
            self.models.add((self.block, *self.last_model))
        if fractional and not self.needs_cell:
            self.needs_cell = number

    def end_item(self, number: int | None) -> None:
        """End what came before: an item must have its value, a loop its names and whole rows."""
        if self.name is not None:
            got = "the end of the file" if number is None else "the next name"
            place: int | str = "end" if number is None else number
            raise broken(place, "molecule.record", f"a value for {self.name[:60].decode('latin-1')}", got)
        if self.in_header:
            if not self.rows and not self.row:
                got = f"a loop of {len(self.loop)} names without values"
                raise broken(self.loop_line, "molecule.loop", "a loop with names and values", got)
            if self.row:
                got = f"{len(self.row)} values in the last row"
                raise broken(self.loop_line, "molecule.loop", f"a loop with whole rows of {len(self.loop)} values", got)
        self.loop, self.rows, self.row, self.in_header, self.columns = [], 0, [], False, ()

    def end_block(self, number: int | None) -> None:
        """End a data block: atoms that stand as single items, and the cell that fractional coordinates need."""
        self.end_item(number)
        for names in (_CARTESIAN, _FRACTIONAL):
            if all(name in self.items for name in names):
                values = [self.items[name] for name in (*names, _MODEL) if name in self.items]
                self.atom(values, number or 1, fractional=names is _FRACTIONAL)
                break
        if self.needs_cell:
            self.check_cell()
        self.items, self.needs_cell, self.last_model = {}, 0, None
        self.block += 1

    def check_cell(self) -> None:
        lengths, angles = ([_value(self.items.get(name, b"?")) for name in names] for names in (_LENGTHS, _ANGLES))
        if any(length is None or length <= 0 for length in lengths) or any(
            a is None or not 0 < a < 180 for a in angles
        ):
            expected = "a unit cell for the fractional coordinates: lengths above 0 and angles in (0, 180)"
            got = " ".join("none" if value is None else f"{value:g}" for value in (*lengths, *angles))
            raise broken(f"block of line {self.needs_cell}", "molecule.cell", expected, got)


def _coordinate_columns(names: list[bytes]) -> tuple[int, ...]:
    """Return the columns of x, y, z, and of the model where there is one; nothing for a loop of something else."""
    for wanted in (_CARTESIAN, _FRACTIONAL):
        if all(name in names for name in wanted):
            model = (names.index(_MODEL),) if _MODEL in names else ()
            return (*map(names.index, wanted), *model)
    return ()


def _plain(value: bytes) -> bytes:
    """Return a value without quotes and without its standard uncertainty: 1.234(5) -> 1.234."""
    if len(value) > LONGEST_NUMBER:
        return value
    if value[:1] in _QUOTES:
        value = value[1:-1]
    return _UNCERTAINTY.sub(b"", value) if value[-1:] == b")" else value


def _value(value: bytes) -> float | None:
    plain = _plain(value)
    return float(plain) if is_number(plain) else None
