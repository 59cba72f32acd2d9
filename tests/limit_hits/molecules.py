"""Limits of molecules."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from limit_hits.hits import Converted, Limits, Refused, Shown, changed, described
from medialog.datatypes.molecule import Molecule

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "molecules"
FORMATS = ("pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf")


@cache
def file(format: str) -> bytes:
    return (FOLDER / f"molecule.{format}").read_bytes()


def of_format(name: str, limits: Limits) -> Molecule:
    return Molecule(file(name if name in FORMATS else "pdb"), file_type=name, limits=limits)


def pdb(atoms: int) -> bytes:
    line = "HETATM{:>5}  C   LIG A   1    {:8.3f}{:8.3f}{:8.3f}  1.00  0.00           C\n"
    return "".join(line.format(i + 1, i, 0, 0) for i in range(atoms)).encode() + b"END\n"


def chain(atoms: int, limits: Limits, three_d: bool = False) -> Molecule:
    return Molecule.from_smiles("C" * atoms, convert_to_3d_and_optimize=three_d, limits=limits)


def methanes(atoms: int, limits: Limits) -> bool:
    """Say whether n atoms get no 3-D coordinates: methane of five, and helium that stands alone."""
    value = Molecule.from_smiles(".".join(["C"] + ["[He]"] * (atoms - 5)), limits=limits)
    return "molecule.not_embedded" in changed(value)


SIZE = len(pdb(3))

INPUT = [
    Refused("molecule.atoms", lambda n, limits: Molecule(pdb(n), file_type="pdb", limits=limits), lowered=3),
    Refused("molecule.atoms", chain, lowered=3),
    Refused("molecule.drawing", chain, lowered=12),
    Converted("molecule.embedding", methanes, lowered=6, kept=False, becomes=True),
    *(Refused("molecule.formats", of_format, at=name, past="xyz") for name in FORMATS),
    Refused(
        "molecule.size",
        lambda n, limits: Molecule(pdb(3) + b"\n" * (n - SIZE), file_type="pdb", limits=limits),
        lowered=SIZE,
    ),
    Refused("molecule.smiles", chain, lowered=12),
]


@cache
def _molecule() -> dict[str, Any]:
    descriptor: dict[str, Any] = described(chain(2, {}))
    return descriptor


def molecule(**members: Any) -> dict[str, Any]:
    return {**_molecule(), **members}


def named(format: str) -> dict[str, Any]:
    return molecule(format=format, path=_molecule()["path"].rpartition(".")[0] + f".{format}")


DESCRIPTOR = [
    Shown("molecule.atoms", lambda n: molecule(atoms=n)),
    *(Shown("molecule.formats", named, at=name, past="xyz", rule="schema.pattern") for name in FORMATS),
    Shown("molecule.size", lambda n: molecule(size=n)),
    Shown("molecule.smiles", lambda n: molecule(smiles="C" * n)),
]
NOT_SHOWN = {
    "molecule.drawing": "of what is computed: a file may have the coordinates of any number of atoms",
    "molecule.embedding": "of what is computed: a file may have the coordinates of any number of atoms",
}
