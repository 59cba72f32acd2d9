"""PLY files, text and binary of both byte orders: named elements with named properties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from medialog.datatypes.mesh.facts import MeshFacts, bound, broken

if TYPE_CHECKING:
    import numpy as np

    from medialog.validators.rules import Rules

HEADER = 65_536
_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"), **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"), **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"), **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"), **dict.fromkeys(("double", "float64"), "f8"),
}  # fmt: skip
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_WORD = re.compile(rb"\S++")
INDICES = ("vertex_indices", "vertex_index")


@dataclass(frozen=True)
class Property:
    """A scalar of numpy type `type`, or a list of them behind a count of numpy type `count`."""

    name: str
    type: str
    count: str | None = None


@dataclass
class Element:
    """`rows` rows of `properties`."""

    name: str
    rows: int
    properties: list[Property] = field(default_factory=list)

    @property
    def is_fixed(self) -> bool:
        """Say whether every row has the same length."""
        return not any(item.count for item in self.properties)


@dataclass(frozen=True)
class Header:
    """What a PLY file announces: its byte order ("" for text), its elements, and where its data begin."""

    order: str
    elements: list[Element]
    start: int


# Property name -> a row's values: an array of scalars, or for a list property all of its items one after another.
Columns = dict[str, "np.ndarray"]


def check(data: bytes, rules: Rules) -> MeshFacts:  # noqa: ARG001 - every format's check has the same form
    """Return what a PLY file holds: `vertex` elements with x, y and z, and maybe `face` elements."""
    header = read_header(data)
    elements = dict(read_elements(data, header))
    vertices = next(element for element in header.elements if element.name == "vertex")
    faces = next((element for element in header.elements if element.name == "face"), None)
    if faces is not None:
        _check_faces(elements["face"], vertices.rows)
    return MeshFacts(vertices.rows, faces.rows if faces else 0, bound(_positions(elements["vertex"]), "vertex"))


def read_points(data: bytes) -> np.ndarray:
    """Return the points of a checked PLY, float32 or float64.

    n x 3, n x 4 (`category`) or n x 6 (8-bit `red`, `green`, `blue`).
    """
    import numpy as np

    header = read_header(data)
    columns = next(columns for name, columns in read_elements(data, header) if name == "vertex")
    names = ["x", "y", "z"]
    for extra in (["category"], ["red", "green", "blue"]):
        if all(name in columns and columns[name].dtype == np.uint8 for name in extra):
            names += extra
            break
    dtype = np.result_type(np.float32, *(columns[name].dtype for name in names))
    return np.stack([columns[name] for name in names], axis=1).astype(dtype)


def read_header(data: bytes) -> Header:
    """Return the header of a PLY file, its counts held against the length of the file."""
    end = data.find(b"end_header", 0, HEADER)
    close = data.find(b"\n", end, end + 12) if end >= 0 else -1
    if not data.startswith((b"ply\n", b"ply\r\n")) or close < 0 or data[end + 10 : close].strip():
        expected = f"'ply', a header of at most {HEADER:,} bytes, and 'end_header', each on its own line"
        raise broken("header", expected, f"{data[:40]!r}")
    text = data[:end].decode("utf-8", "replace")
    order: str | None = None
    elements: list[Element] = []
    for number, line in enumerate(text.splitlines()[1:], 2):
        words = line.split()
        at = f"line {number}"
        if not words or words[0] in ("comment", "obj_info"):
            continue
        if words[0] == "format" and len(words) == 3 and words[1] in _ORDERS and words[2] == "1.0" and order is None:
            order = _ORDERS[words[1]]
        elif words[0] == "element" and len(words) == 3 and _is_count(words[2]):
            if any(element.name == words[1] for element in elements):
                raise broken(at, "each element once", line[:60])
            elements.append(Element(words[1], int(words[2])))
        elif words[0] == "property" and elements:
            elements[-1].properties.append(_read_property(words, elements[-1], at, line))
        else:
            raise broken(at, "format, element, property or comment, as the PLY format has them", repr(line[:60]))
    if order is None:
        raise broken("header", "a line 'format ascii|binary_little_endian|binary_big_endian 1.0'", "none")
    header = Header(order, elements, close + 1)
    _check_elements(header, len(data) - header.start)
    return header


def _is_count(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= 18


def _read_property(words: list[str], element: Element, at: str, line: str) -> Property:
    if len(words) == 3 and words[1] in _TYPES:
        found = Property(words[2], _TYPES[words[1]])
    elif len(words) == 5 and words[1] == "list" and words[2] in _TYPES and words[3] in _TYPES:
        found = Property(words[4], _TYPES[words[3]], _TYPES[words[2]])
    else:
        raise broken(at, "property <type> <name>, or property list <type> <type> <name>", repr(line[:60]))
    if found.count is not None and found.count.startswith("f"):
        raise broken(at, "a whole number type for the length of a list", repr(line[:60]))
    if any(item.name == found.name for item in element.properties):
        raise broken(at, f"each property of {element.name} once", repr(line[:60]))
    return found


def _check_elements(header: Header, available: int) -> None:
    names = [element.name for element in header.elements]
    vertex = next((element for element in header.elements if element.name == "vertex"), None)
    if vertex is None:
        raise broken("header", "an element named vertex", f"elements {names}"[:80])
    scalars = {item.name for item in vertex.properties if item.count is None}
    if not {"x", "y", "z"} <= scalars:
        raise broken("header", "properties x, y and z of vertex", ", ".join(sorted(scalars))[:80] or "none")
    for element in header.elements:
        if not element.properties:
            raise broken("header", f"a property of {element.name}", "none")
        if header.order:
            least = sum(int((item.count or item.type)[1:]) for item in element.properties)
        else:
            least = 2 * len(element.properties)  # a digit and what stands between two
        # The last number of a text needs nothing after it.
        if element.rows * least > available + 1:
            expected = f"{element.rows:,} rows of {element.name}: at least {element.rows * least:,} bytes"
            raise broken(element.name, expected, f"{available:,}", "object3d.bytes")


def _check_faces(columns: Columns, vertices: int) -> None:
    for name in INDICES:
        indices = columns.get(name)
        if indices is None or not indices.size:
            continue
        low, high = indices.min(), indices.max()
        if not (low >= 0 and high < vertices):
            got = f"{low if not low >= 0 else high}"
            raise broken(f"face.{name}", f"an index in 0..{vertices - 1:,}", got, "object3d.index")


def _positions(columns: Columns) -> np.ndarray:
    import numpy as np

    dtype = np.result_type(*(columns[name].dtype for name in "xyz"))
    return np.stack([columns[name] for name in "xyz"], axis=1).astype(dtype, copy=False)


def read_elements(data: bytes, header: Header) -> Iterator[tuple[str, Columns]]:
    """Yield each element's columns in order; `InvalidInput` when the data end early or go on."""
    reader: Any = _Binary(data, header) if header.order else _Text(data, header)
    for element in header.elements:
        yield element.name, reader.read(element)
    reader.check_end()


class _Binary:
    """Reads the elements of a binary file."""

    def __init__(self, data: bytes, header: Header) -> None:
        self._data, self._order, self._place = data, header.order, header.start

    def read(self, element: Element) -> Columns:
        if element.is_fixed:
            return self._read_rows(element, [(item.name, self._order + item.type) for item in element.properties])
        return self._read_equal_rows(element) or self._read_row_by_row(element)

    def _read_rows(self, element: Element, fields: list[Any]) -> Columns:
        import numpy as np

        layout = np.dtype([(f"f{index}", *spec[1:]) for index, spec in enumerate(fields)])
        self._need(element, element.rows * layout.itemsize)
        rows = np.frombuffer(self._data, layout, element.rows, self._place)
        self._place += element.rows * layout.itemsize
        return {name: rows[f"f{index}"] for index, (name, *_) in enumerate(fields)}

    def _need(self, element: Element, length: int) -> None:
        if self._place + length > len(self._data):
            expected = f"{length:,} bytes for {element.rows:,} rows of {element.name}"
            raise broken(element.name, expected, f"{max(len(self._data) - self._place, 0):,}", "object3d.bytes")

    def _read_equal_rows(self, element: Element) -> Columns | None:
        """Read rows whose lists are as long as those of the first row; None if not so.

        Nearly all meshes are like that.
        """
        import numpy as np

        start, lengths = self._place, []
        if not element.rows:
            return {item.name: np.zeros(0, self._order + item.type) for item in element.properties}
        fields: list[Any] = []
        for item in element.properties:
            if item.count is not None:
                length = self._read_length(element, item.count)
                lengths.append(length)
                fields += [
                    (f" {len(lengths)}", self._order + item.count),
                    (item.name, self._order + item.type, (length,)),
                ]
                self._place += length * int(item.type[1:])
            else:
                fields.append((item.name, self._order + item.type))
                self._place += int(item.type[1:])
        size = self._place - start
        self._place = start
        if start + size * element.rows > len(self._data) or size > 2**31 - 1:
            return None
        columns = self._read_rows(element, [(name, *rest) for name, *rest in fields])
        # The counts stand under a name with a space, which no property has.
        numbers = {f" {index}": length for index, length in enumerate(lengths, 1)}
        if any((columns[name] != length).any() for name, length in numbers.items()):
            self._place = start
            return None
        return {item.name: columns[item.name].reshape(-1) for item in element.properties}

    def _read_length(self, element: Element, type: str) -> int:
        size = int(type[1:])
        self._need(element, 0 if self._place + size <= len(self._data) else size)
        order = "little" if self._order == "<" else "big"
        length = int.from_bytes(self._data[self._place : self._place + size], order, signed=type[0] == "i")  # type: ignore[arg-type]
        self._place += size
        if length < 0 or self._place + length > len(self._data):
            expected = f"a list within the {len(self._data) - self._place:,} bytes that are left"
            raise broken(element.name, expected, f"{length:,} items", "object3d.bytes")
        return length

    def _read_row_by_row(self, element: Element) -> Columns:
        import numpy as np

        parts: dict[str, bytearray] = {item.name: bytearray() for item in element.properties}
        for _ in range(element.rows):
            for item in element.properties:
                length = 1 if item.count is None else self._read_length(element, item.count)
                size = length * int(item.type[1:])
                if self._place + size > len(self._data):
                    self._need(element, size)
                parts[item.name] += self._data[self._place : self._place + size]
                self._place += size
        types = {item.name: self._order + item.type for item in element.properties}
        return {name: np.frombuffer(piece, types[name]) for name, piece in parts.items()}

    def check_end(self) -> None:
        rest = len(self._data) - self._place
        if rest:
            raise broken("end", "the end of the file after the last element", f"{rest:,} more bytes", "object3d.bytes")


class _Text:
    """Reads the elements of a text file, number by number; where the lines break does not matter."""

    def __init__(self, data: bytes, header: Header) -> None:
        self._most = len(data)
        # One at a time: a list of all words would take many times the file's size.
        self._words = (match.group() for match in _WORD.finditer(data, header.start))

    def read(self, element: Element) -> Columns:
        import numpy as np

        if element.is_fixed:
            width = len(element.properties)
            values = self._take(element, element.rows * width).reshape(-1, width)
            return {item.name: _narrow(values[:, i], item, element) for i, item in enumerate(element.properties)}
        columns: dict[str, list[float]] = {item.name: [] for item in element.properties}
        for _ in range(element.rows):
            for item in element.properties:
                length = 1.0 if item.count is None else float(self._take(element, 1)[0])
                if not 0 <= length <= self._most or length != int(length):
                    expected = "the length of a list within the file"
                    raise broken(element.name, expected, f"{length:g}", "object3d.bytes")
                columns[item.name] += self._take(element, int(length)).tolist()
        return {item.name: _narrow(np.array(columns[item.name]), item, element) for item in element.properties}

    def _take(self, element: Element, count: int) -> np.ndarray:
        import numpy as np

        try:
            values = np.fromiter(map(float, islice(self._words, count)), np.float64)
        except ValueError as error:
            raise broken(element.name, "numbers", str(error)[:80]) from None
        if len(values) < count:
            expected = f"{element.rows:,} rows of {element.name}"
            raise broken(element.name, expected, "the end of the file", "object3d.bytes")
        return values

    def check_end(self) -> None:
        word = next(self._words, None)
        if word is not None:
            raise broken("end", "the end of the file after the last element", f"{word[:40]!r}", "object3d.bytes")


def _narrow(values: np.ndarray, item: Property, element: Element) -> np.ndarray:
    """Return numbers of a text in the type their header states; `InvalidInput` where a whole number does not fit."""
    import numpy as np

    dtype = np.dtype(item.type)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        wrong = ~((values >= limits.min) & (values <= limits.max) & (values == np.floor(values)))
        if wrong.any():
            expected = f"whole numbers in {limits.min}..{limits.max}"
            raise broken(f"{element.name}.{item.name}", expected, f"{values[wrong][0]:g}")
    with np.errstate(over="ignore"):  # beyond float32 is infinite, which the check of coordinates finds
        narrowed: np.ndarray = values.astype(dtype)
    return narrowed
