"""L: molecules."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bad_input import nasty
from bad_input.postcondition import KEY, Bench, Case, accepted, flat, refused, refused_file
from medialog import Molecule
from medialog.validators.errors import MissingDependency, WrongType

SMALL = 8 << 20
FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "molecules"
FILES = {path.suffix[1:]: path.read_bytes() for path in sorted(FOLDER.glob("molecule.*"))}
ATOM = "    1.0000    2.0000    3.0000 C   0  0"
PDB = "ATOM      1  CA  GLY A   1       1.000   2.000   3.000  1.00  0.00           C\n"


def sdf(atoms: Any = 2, bonds: Any = 1, *lines: str, end: str = "M  END") -> bytes:
    head = f"{atoms:>3}{bonds:>3}  0  0  0  0  0  0  0  0999 V2000"
    return "\n".join(["title", "", "", head, *(lines or (ATOM, ATOM, "  1  2  1  0")), end, ""]).encode()


def mol2(bond: str = "1 1 2 1", atoms: str = "2 1 0 0 0") -> bytes:
    return f"@<TRIPOS>MOLECULE\nx\n{atoms}\nSMALL\nNO_CHARGES\n\n@<TRIPOS>ATOM\n1 C1 0 0 0 C.3\n2 C2 1 0 0 C.3\n@<TRIPOS>BOND\n{bond}\n".encode()


def file(name: str, data: Any, kind: str, *rules: str, **options: Any) -> list[Case]:
    return refused_file(name, data, lambda given: Molecule(given, file_type=kind), f".{kind}", *rules, **options)


def smiles(name: str, text: Any, *rules: str, error: type[Exception] | None = None, **options: Any) -> list[Case]:
    return refused(
        name, lambda at: Molecule.from_smiles(text, **options), *rules, **({"error": error} if error else {})
    )


CASES = flat(
    file("L1 garbage", b"garbage\n", "pdb", "molecule.no_atoms"),
    file("L1 0 bytes", b"", "pdb", "file.content"),
    file("L1 a web page", b"<!DOCTYPE html><p>404", "pdb", "file.content"),
    file("L1 NUL", bytes(500), "pdb", "file.content"),
    file("L1 a picture", b"\x89PNG\r\n\x1a\n" + bytes(60), "sdf", "file.content"),
    refused("L2 .exe", lambda at: Molecule(at.file("a.exe", FILES["pdb"])), "molecule.formats"),
    refused("L2 no suffix", lambda at: Molecule(at.file("pdb", FILES["pdb"])), "molecule.formats"),
    refused("L2 file_type exe", lambda at: Molecule(FILES["pdb"], file_type="exe"), "molecule.formats"),
    refused("L2 file_type 5", lambda at: Molecule(FILES["pdb"], file_type=5), "molecule.formats"),
    refused("L3 .pdb.gz", lambda at: Molecule(at.file("a.pdb.gz", gzip.compress(FILES["pdb"]))), "molecule.formats"),
    file("L3 a gzip bomb named .pdb", lambda: gzip.compress(bytes(50 << 20)), "pdb", "file.content", peak=SMALL),
    file("L4 a pdb named .cif", FILES["pdb"], "cif", "file.content"),
    file("L4 a cif named .pdb", FILES["cif"], "pdb", "file.content"),
    file("L5 coordinates of stars", PDB.replace("   1.000", "********").encode(), "pdb", "molecule.coordinates"),
    file("L5 coordinates of NaN", PDB.replace("   1.000", "     nan").encode(), "pdb", "molecule.coordinates"),
    file("L5 coordinates of infinity", PDB.replace("   1.000", "     inf").encode(), "pdb", "molecule.coordinates"),
    file("L5 a cut line", PDB[:40].encode(), "pdb", "molecule.coordinates"),
    file("L6 1,000,001 atoms", lambda: (PDB * 1_000_001).encode(), "pdb", "molecule.atoms", forms=["bytes"]),
    file(
        "L7 a loop without values",
        b"data_x\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n",
        "mmcif",
        "molecule.loop",
    ),
    file(
        "L7 a row that is cut",
        b"data_x\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n1 2 3\n",
        "mmcif",
        "molecule.loop",
    ),
    file("L7 text that does not end", b"data_x\n_a\n;\nhello\n", "mmcif", "file.content", forms=["bytes"]),
    file("L9 999 atoms, two lines", sdf(999), "sdf", "molecule.coordinates"),
    file("L9 atoms of text", sdf("abc"), "sdf", "molecule.record"),
    file("L9 -1 atoms", sdf(-1), "sdf", "molecule.record"),
    file("L9 bonds that are not there", sdf(2, 9), "sdf", "molecule.counts"),
    file("L9 a bond to atom 9", sdf(2, 1, ATOM, ATOM, "  1  9  1  0"), "sdf", "molecule.bonds"),
    file("L9 a bond of itself to 0", sdf(2, 1, ATOM, ATOM, "  0  1  1  0"), "sdf", "molecule.bonds"),
    file("L9 coordinates of NaN", sdf(2, 0, ATOM, ATOM.replace("1.0000", "   nan")), "sdf", "molecule.coordinates"),
    file("L11 a bond to atom 10**9", mol2("1 1 1000000000 1"), "mol2", "molecule.bonds"),
    file("L11 a bond of text", mol2("1 a b 1"), "mol2", "molecule.record"),
    file("L11 10**9 atoms", mol2(atoms="1000000000 1 0 0 0"), "mol2", "molecule.atoms"),
    file("L12 gro of 10**12 atoms", b"x\n1000000000000\n", "gro", "molecule.atoms"),
    file("L12 gro of -1 atoms", b"x\n-1\n", "gro", "molecule.record"),
    file("L12 gro of text", b"x\nabc\n", "gro", "molecule.record"),
    file("L12 gro cut", FILES["gro"][:200], "gro", "molecule.counts"),
    file("L12 mmtf of an array of 2**32", b"\xdd\xff\xff\xff\xff", "mmtf", "molecule.record", peak=SMALL),
    file("L12 mmtf of a map of 2**32", b"\xdf\xff\xff\xff\xff", "mmtf", "molecule.record", peak=SMALL),
    file("L12 mmtf cut", FILES["mmtf"][:200], "mmtf", "molecule.record", peak=SMALL),
    file("L12 mmtf nested 100,000 deep", b"\x81\xa1a" + b"\x91" * 100_000, "mmtf", "molecule.record", peak=SMALL),
    smiles("L13 100 KB", "C" * 100_000, "molecule.smiles"),
    smiles("L13 unbalanced", "C(C", "molecule.smiles_syntax"),
    smiles("L13 an open ring", "C1CC", "molecule.smiles_syntax"),
    smiles("L13 a valence of five", "C(C)(C)(C)(C)C", "molecule.smiles_syntax"),
    smiles("L13 an aromatic ring of five", "c1cccc1", "molecule.smiles_syntax"),
    smiles("L13 empty", "", "molecule.smiles_syntax"),
    smiles("L13 spaces", "  ", "molecule.smiles_syntax"),
    smiles("L13 two lines", "CC\nO", "molecule.smiles_syntax"),
    smiles("L13 NUL", "C\0C", "molecule.smiles_syntax"),
    smiles("L13 a lone surrogate", "C\ud800", "molecule.smiles_syntax"),
    smiles("L13 an escape", "C\x1b[31m", "molecule.smiles_syntax"),
    smiles("L13 10,000 brackets", "(" * 10_000, "molecule.smiles_syntax"),
    smiles("L13 5,000 branches", "C(" * 4_999 + "C" + ")" * 1, "molecule.smiles_syntax"),
    smiles("L13 bytes", b"CC", "molecule.smiles_syntax", error=WrongType),
    smiles("L13 None", None, "molecule.smiles_syntax", error=WrongType),
    smiles("L13 no iterations", "C", "molecule.iterations", mmff_optimize_molecule_max_iterations=0),
    smiles("L13 NaN iterations", "C", "molecule.iterations", mmff_optimize_molecule_max_iterations=float("nan")),
    smiles("L13 10**400 iterations", "C", "molecule.iterations", mmff_optimize_molecule_max_iterations=10**400),
    refused("L+ None", lambda at: Molecule(None), "molecule.input", error=WrongType),
    refused("L+ a number", lambda at: Molecule(3), "molecule.input", error=WrongType),
    refused("L+ an array", lambda at: Molecule(np.zeros(3)), "molecule.input", error=WrongType),
    refused(
        "L+ an object whose attributes raise",
        lambda at: Molecule(nasty.NoAttributes()),
        "molecule.input",
        error=WrongType,
    ),
    refused("L+ a missing file", lambda at: Molecule("no/such.pdb"), "file.missing"),
    refused("L+ a URL", lambda at: Molecule("https://files.rcsb.org/download/6LU7.pdb"), "file.url"),
    refused("L+ a file that raises", lambda at: Molecule(nasty.OddFile(nasty.Rude("x"))), "file.kind"),
    refused("L+ unknown bytes", lambda at: Molecule(b"hello"), "file.content"),
    accepted(
        "L10 SDF without its end", lambda at: Molecule(sdf(), file_type="sdf"), lambda row: row[KEY]["atoms"] == 2
    ),
    accepted(
        "L8 every format",
        lambda at: [Molecule(data, file_type=name) for name, data in FILES.items()],
        lambda row: row[KEY]["count"] == 10,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_molecules(case: Case, bench: Bench) -> None:
    bench.hold(case)


def test_rdkit_missing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """L14: the extra is named, and the run goes on."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "rdkit"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "rdkit", None)

    with pytest.raises(MissingDependency, match=r"medialog\[molecule\]"):
        bench.run.log({"m": Molecule.from_smiles("CCO")})

    bench.run.log({"m": Molecule(FILES["pdb"])})
    assert bench.run.reader().history()[-1]["m"]["atoms"] == 20
