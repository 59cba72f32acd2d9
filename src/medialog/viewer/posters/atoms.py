"""The atoms of a molecule file, as far as a poster needs them: element and place, of the first model.

The files were checked when they were logged; what cannot be read here gives fewer atoms, never an error of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Atoms = tuple[list[str], list[tuple[float, float, float]]]
COLORS = {
    "H": (235, 235, 235), "C": (95, 99, 104), "N": (48, 80, 248), "O": (225, 35, 30), "F": (120, 200, 80),
    "S": (225, 190, 40), "P": (255, 128, 0), "CL": (31, 200, 31), "BR": (166, 41, 41), "I": (148, 0, 148),
    "NA": (171, 92, 242), "MG": (110, 200, 0), "K": (143, 64, 212), "CA": (61, 200, 0), "FE": (224, 102, 51),
    "ZN": (125, 128, 176), "MN": (156, 122, 199), "SI": (200, 170, 130), "B": (255, 181, 181),
}  # fmt: skip
_RADII = {"H": 0.31, "C": 0.76, "N": 0.71, "O": 0.66, "F": 0.57, "S": 1.05, "P": 1.07, "CL": 1.02, "BR": 1.2, "I": 1.39}
_LETTERS = re.compile(r"[A-Za-z]{1,2}")


def read(data: bytes, format: str, most: int) -> Atoms:
    """Return elements and places, angstrom; empty lists for what cannot be read."""
    if format == "mmtf":
        return _mmtf(data, most)
    reader = _READERS.get(format)
    lines = data.decode("latin-1").splitlines()
    return ([], []) if reader is None else reader(lines, most)


def bonds(elements: list[str], points: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs that are near enough to be bonded."""
    import numpy as np

    radii = np.array([_RADII.get(element, 1.2) for element in elements])
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = (distances < (radii[:, None] + radii[None]) * 1.2 + 0.1) & (distances > 0.4)
    first, second = np.nonzero(np.triu(near, 1))
    return list(zip(first.tolist(), second.tolist(), strict=True))


def _element(name: str) -> str:
    """Return the element of an atom's name: `CA` of a residue is carbon, `CL1` is chlorine."""
    match = _LETTERS.search(name)
    letters = match[0].upper() if match else ""
    return letters if letters in ("CL", "BR", "NA", "MG", "FE", "ZN", "MN", "SI") else letters[:1]


def _numbers(words: list[str]) -> tuple[float, float, float]:
    x, y, z = (float(word) for word in words)
    return x, y, z


def _pdb(lines: list[str], most: int) -> Atoms:
    elements: list[str] = []
    places: list[tuple[float, float, float]] = []
    for line in lines:
        if line.startswith("ENDMDL") or len(places) >= most:
            break
        if line.startswith(("ATOM", "HETATM")):
            places.append(_numbers([line[30:38], line[38:46], line[46:54]]))
            elements.append(line[76:78].strip().upper() or _element(line[12:16]))
    return elements, places


def _pqr(lines: list[str], most: int) -> Atoms:
    elements: list[str] = []
    places: list[tuple[float, float, float]] = []
    for line in lines:
        words = line.split()
        if words[:1] in (["ATOM"], ["HETATM"]) and len(places) < most:
            places.append(_numbers(words[-5:-2]))
            elements.append(_element(words[2]))
    return elements, places


def _gro(lines: list[str], most: int) -> Atoms:
    count = min(int(lines[1]), most)
    elements: list[str] = []
    places: list[tuple[float, float, float]] = []
    for line in lines[2 : 2 + count]:
        x, y, z = _numbers(line[20:].split()[:3])
        places.append((10 * x, 10 * y, 10 * z))
        elements.append(_element(line[10:15]))
    return elements, places


def _sdf(lines: list[str], most: int) -> Atoms:
    elements: list[str] = []
    places: list[tuple[float, float, float]] = []
    if "V3000" in lines[3]:
        inside = False
        for line in lines[4:]:
            words = line.split()
            if "BEGIN ATOM" in line or "END ATOM" in line:
                inside = "BEGIN" in line
            elif inside and len(words) >= 7 and len(places) < most:
                elements.append(words[3].upper())
                places.append(_numbers(words[4:7]))
        return elements, places
    for line in lines[4 : 4 + min(int(lines[3][:3]), most)]:
        places.append(_numbers([line[:10], line[10:20], line[20:30]]))
        elements.append(line[31:34].strip().upper())
    return elements, places


def _mol2(lines: list[str], most: int) -> Atoms:
    elements: list[str] = []
    places: list[tuple[float, float, float]] = []
    inside = seen = False
    for line in lines:
        if line.startswith("@<TRIPOS>"):
            inside = line.strip() == "@<TRIPOS>ATOM" and not seen
            seen = seen or inside
        elif inside and len(words := line.split()) >= 6 and len(places) < most:
            places.append(_numbers(words[2:5]))
            elements.append(words[5].partition(".")[0].upper())
    return elements, places


def _cif(lines: list[str], most: int) -> Atoms:
    """Read the first loop of atom sites, of plain values; fractional places by the cell."""
    cell = _cell(lines)
    names: list[str] = []
    elements: list[str] = []
    places: list[tuple[float, float, float]] = []
    for line in lines:
        text = line.strip()
        if text == "loop_":
            if places:
                break
            names = []
        elif text.lower().startswith("_"):
            names.append(text.split()[0].lower().replace(".", "_"))
        elif text and len(places) < most:
            columns = {
                name.removeprefix("_atom_site_"): index
                for index, name in enumerate(names)
                if name.startswith("_atom_site_")
            }
            words = text.split()
            kind, axes = ("cartn", "xyz") if "cartn_x" in columns else ("fract", "xyz")
            if not all(f"{kind}_{axis}" in columns for axis in axes) or len(words) != len(names):
                continue
            place = _numbers([re.sub(r"\(\d+\)$", "", words[columns[f"{kind}_{axis}"]]) for axis in axes])
            places.append(place if kind == "cartn" else _apply(cell, place))
            symbol = next(
                (words[columns[name]] for name in ("type_symbol", "label_atom_id", "label") if name in columns), ""
            )
            elements.append(_element(symbol))
    return elements, places


def _cell(lines: list[str]) -> list[float]:
    found = {}
    for line in lines:
        words = line.split()
        if len(words) == 2 and words[0].lower().replace(".", "_").startswith("_cell_"):
            found[words[0].lower().replace(".", "_")] = words[1]
    names = [f"_cell_length_{axis}" for axis in "abc"] + [
        f"_cell_angle_{angle}" for angle in ("alpha", "beta", "gamma")
    ]
    return [float(re.sub(r"\(\d+\)$", "", found.get(name, "1" if "length" in name else "90"))) for name in names]


def _apply(cell: list[float], place: tuple[float, float, float]) -> tuple[float, float, float]:
    import math

    a, b, c = cell[:3]
    alpha, beta, gamma = (math.radians(angle) for angle in cell[3:])
    x, y, z = place
    shift = (math.cos(alpha) - math.cos(beta) * math.cos(gamma)) / math.sin(gamma)
    rise = math.sqrt(max(1 - math.cos(beta) ** 2 - shift**2, 0.0))
    return (
        a * x + b * math.cos(gamma) * y + c * math.cos(beta) * z,
        b * math.sin(gamma) * y + c * shift * z,
        c * rise * z,
    )


def _mmtf(data: bytes, most: int) -> Atoms:
    from medialog.datatypes.molecule_file.mmtf import read_atoms

    elements, places = read_atoms(data, most)
    return elements, [(float(x), float(y), float(z)) for x, y, z in places]


_READERS: dict[str, Callable[[list[str], int], Atoms]] = {
    "cif": _cif, "gro": _gro, "mcif": _cif, "mmcif": _cif, "mol2": _mol2,
    "pdb": _pdb, "pqr": _pqr, "sd": _sdf, "sdf": _sdf,
}  # fmt: skip
