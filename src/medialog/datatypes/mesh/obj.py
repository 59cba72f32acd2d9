"""Wavefront OBJ files: text, one statement a line.

Statements of one kind that follow each other are read together, some thousands at a time: fast enough in Python, and a
large file is never held as a list of its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING

from medialog.datatypes.mesh.facts import Bounds, MeshFacts, bound, broken, join, lines

if TYPE_CHECKING:
    from medialog.validators.rules import Rules

BATCH = 10_000

_COORDINATES = {b"v": (3, 8), b"vt": (1, 3), b"vn": (3, 3)}
_ELEMENTS = {b"f": 3, b"l": 2, b"p": 1}
# Files that a statement names, and statements that run something.
_LIBRARIES = frozenset((b"mtllib", b"maplib", b"shadow_obj", b"trace_obj"))
_PROGRAMS = frozenset((b"call", b"csh"))
# The rest of the format: groups, display attributes, free-form curves and surfaces. Read past, not checked.
_OTHERS = frozenset(
    b"""vp o g s mg usemtl usemap lod bevel c_interp d_interp ctech stech cstype deg bmat step curv curv2 surf parm trim
    hole scrv sp end con bsp bzp cdc cdp res""".split()
)
_KNOWN = frozenset((*_COORDINATES, *_ELEMENTS, *_LIBRARIES, *_PROGRAMS, *_OTHERS))

_Statement = tuple[int, list[bytes]]


def check(data: bytes, rules: Rules) -> MeshFacts:
    """Return what an OBJ file holds."""
    return _Check(rules).run(data)


class _Check:
    """The counts so far, and what there is to say at the end."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._counts = {b"v": 0, b"vt": 0, b"vn": 0}
        self._largest = {b"v": 0, b"vt": 0, b"vn": 0}
        self._largest_at = {b"v": 0, b"vt": 0, b"vn": 0}
        self._boxes: list[Bounds] = []
        self._faces = 0
        self._libraries: list[str] = []

    def run(self, data: bytes) -> MeshFacts:
        for keyword, group in groupby(_statements(data, self._rules), key=lambda statement: statement[1][0]):
            if keyword in _COORDINATES:
                for batch in _batches(group):
                    self._read_coordinates(keyword, batch)
            elif keyword in _ELEMENTS:
                for batch in _batches(group):
                    self._read_elements(keyword, batch)
            elif keyword in _LIBRARIES:
                self._read_libraries(group)
            elif keyword not in _KNOWN:
                number, words = next(group)
                raise broken(f"line {number:,}", "a statement of the OBJ format", f"{b' '.join(words)[:40]!r}")
            elif keyword in _PROGRAMS:
                number, words = next(group)
                got = f"{b' '.join(words)[:60]!r}"
                raise broken(f"line {number:,}", "no statement that runs something", got, "object3d.external")
        self._check_indices()
        if not self._counts[b"v"]:
            raise broken("", "an OBJ file with at least one vertex (v x y z)", f"{len(data):,} bytes without one")
        return MeshFacts(self._counts[b"v"], self._faces, join(self._boxes), tuple(self._advice()))

    def _read_coordinates(self, keyword: bytes, group: list[_Statement]) -> None:
        import numpy as np

        fewest, most = _COORDINATES[keyword]
        for number, words in group:
            if not fewest <= len(words) - 1 <= most:
                expected = f"{fewest} to {most} numbers" if fewest != most else f"{fewest} numbers"
                raise broken(f"line {number:,}", expected, f"{b' '.join(words)[:40]!r}")
        numbers = list(chain.from_iterable(words[1:] for _, words in group))
        try:
            _check_words(numbers)
            values = iter(list(map(float, numbers)))
        except ValueError:
            number, words = next(statement for statement in group if not _are_numbers(statement[1][1:]))
            raise broken(f"line {number:,}", "numbers", f"{b' '.join(words)[:40]!r}") from None
        if keyword == b"v":
            # What follows x, y and z is a weight or a colour.
            rows = [tuple(islice(values, len(words) - 1))[:3] for _, words in group]
            box = bound(np.array(rows), f"v from line {group[0][0]:,}: ")
            self._boxes += [] if box is None else [box]
        self._counts[keyword] += len(group)

    def _read_elements(self, keyword: bytes, group: list[_Statement]) -> None:
        for number, words in group:
            if len(words) - 1 < _ELEMENTS[keyword]:
                expected = f"{_ELEMENTS[keyword]} or more vertices"
                raise broken(f"line {number:,}", expected, f"{b' '.join(words)[:40]!r}")
        try:
            columns = _read_corners(chain.from_iterable(words[1:] for _, words in group))
        except ValueError:
            number, words = next(statement for statement in group if not _are_corners(statement[1][1:]))
            raise broken(
                f"line {number:,}", "vertices like 1, 1/2, 1//3 or 1/2/3", f"{b' '.join(words)[:40]!r}"
            ) from None
        if keyword == b"f":
            self._faces += len(group)
        for name, indices in columns.items():
            self._check_range(name, indices, group)

    def _check_range(self, name: bytes, indices: list[int], group: list[_Statement]) -> None:
        if not indices:
            return
        least, largest, count = min(indices), max(indices), self._counts[name]
        # 1 is the first of the file; -1 is the last one before this line.
        if 0 in indices or least < -count:
            place = f"lines {group[0][0]:,} to {group[-1][0]:,}"
            expected = f"an index in 1..{count:,} or -{count:,}..-1 ({name.decode()})"
            raise broken(place, expected, f"{0 if 0 in indices else least}", "object3d.index")
        if largest > self._largest[name]:
            self._largest[name], self._largest_at[name] = largest, group[0][0]

    def _check_indices(self) -> None:
        for name, largest in self._largest.items():
            if largest > self._counts[name]:
                place = f"from line {self._largest_at[name]:,}"
                expected = f"an index of one of the {self._counts[name]:,} {name.decode()} lines"
                raise broken(place, expected, f"{largest}", "object3d.index")

    def _read_libraries(self, group: Iterable[_Statement]) -> None:
        for number, words in group:
            name = b" ".join(words[1:]).decode("utf-8", "replace")
            plain = name.removeprefix("./")
            if not plain or any(part in plain for part in ("/", "\\", ":")) or plain == "..":
                expected = "the name of a file beside the OBJ, or none"
                raise broken(f"line {number:,}", expected, f"{words[0].decode()} {name[:60]!r}", "object3d.external")
            self._libraries.append(plain)

    def _advice(self) -> Iterator[tuple[str, str]]:
        if self._libraries:
            names = ", ".join(sorted(set(self._libraries))[:3])
            sentence = f"its materials ({names[:100]}) are other files and are not stored: save it as GLB to keep them"
            yield "object3d.materials", sentence


def _batches(group: Iterator[_Statement]) -> Iterator[list[_Statement]]:
    while batch := list(islice(group, BATCH)):
        yield batch


def _statements(data: bytes, rules: Rules) -> Iterator[_Statement]:
    """Yield `(line number, words)` of each line that says something; a backslash joins a line with the next."""
    joined: list[bytes] = []
    length, most = 0, rules.limit("object3d.line")
    for number, line in lines(data, rules):
        text = line.rstrip(b"\r\n")
        if b"\0" in text:
            raise broken(f"line {number:,}", "text", "a zero byte")
        if text.endswith(b"\\"):
            joined.append(text[:-1])
            length += len(text)
            if length > most:
                expected = f"at most {most:,} bytes joined by backslashes"
                raise broken(f"line {number:,}", expected, f"{length:,}", "object3d.line")
            continue
        if joined:
            text = b" ".join([*joined, text])
            joined, length = [], 0
        words = text.partition(b"#")[0].split()
        if words:
            yield number, words
    words = b" ".join(joined).split()
    if words:
        yield number, words


def _read_corners(corners: Iterable[bytes]) -> dict[bytes, list[int]]:
    """Return the indices of `1`, `1/2`, `1//3` and `1/2/3`, by what they name; `ValueError` for anything else."""
    vertices: list[bytes] = []
    textures: list[bytes] = []
    normals: list[bytes] = []
    for corner in corners:
        if b"/" not in corner:
            vertices.append(corner)
            continue
        vertex, texture, *normal = corner.split(b"/")
        vertices.append(vertex)
        if texture:
            textures.append(texture)
        if len(normal) > 1:
            raise ValueError
        if normal and normal[0]:
            normals.append(normal[0])
    columns = {b"v": vertices, b"vt": textures, b"vn": normals}
    for words in columns.values():
        _check_words(words)
    return {name: list(map(int, words)) for name, words in columns.items()}


def _check_words(words: list[bytes]) -> None:
    """Refuse `1_000`, which Python reads as a number and nobody else does."""
    if any(b"_" in word for word in words):
        raise ValueError


def _are_numbers(words: list[bytes]) -> bool:
    try:
        _check_words(words)
        list(map(float, words))
    except ValueError:
        return False
    return True


def _are_corners(words: list[bytes]) -> bool:
    try:
        _read_corners(words)
    except ValueError:
        return False
    return True
