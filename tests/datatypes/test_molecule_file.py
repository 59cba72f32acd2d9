"""The parsers of molecule files: counts, agreement with rdkit, and every way a file can be broken."""

from __future__ import annotations

import math
import runpy
import struct
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialog.datatypes.molecule_file import FORMATS, PARSERS, STRUCTURE_RULES, candidates, find_format, read_structure
from medialog.datatypes.molecule_file.structure import is_number, whole
from medialog.validators.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "fixtures" / "molecules"
FILES = {name: (FOLDER / f"molecule.{name}").read_bytes() for name in FORMATS}
MOST = 1_000_000
# format -> (atoms, bonds, models), counted by hand in the script's table
COUNTS = {
    "pdb": (20, None, 1),
    "pqr": (20, None, 1),
    "mmcif": (20, None, 1),
    "mcif": (2, None, 1),
    "cif": (2, None, 1),
    "sdf": (20, 19, 1),
    "sd": (40, 38, 2),
    "gro": (20, None, 1),
    "mol2": (20, 19, 1),
    "mmtf": (20, 19, 1),
}


def count(format: str, data: bytes, most: int = MOST) -> tuple[int, int | None, int]:
    found = read_structure(data, format, most)
    return found.atoms, found.bonds, found.models


def rule_of(format: str, data: bytes, most: int = MOST) -> set[str]:
    with pytest.raises(InvalidInput) as caught:
        read_structure(data, format, most)
    return {violation.rule for violation in caught.value.violations}


@pytest.mark.parametrize("format", FORMATS)
def test_counts_of_a_real_file(format: str) -> None:
    assert COUNTS[format] == count(format, FILES[format])


@pytest.mark.parametrize("format", FORMATS)
def test_line_ends_and_a_byte_order_mark_change_nothing(format: str) -> None:
    if format != "mmtf":
        data = b"\xef\xbb\xbf" + FILES[format].replace(b"\n", b"\r\n")
        assert COUNTS[format] == count(format, data)
        assert format in candidates(data)


@pytest.mark.parametrize("format", FORMATS)
def test_the_limit_is_exact(format: str) -> None:
    atoms = COUNTS[format][0]

    assert atoms == count(format, FILES[format], most=atoms)[0]
    assert {"molecule.atoms"} == rule_of(format, FILES[format], most=atoms - 1)


def test_each_file_looks_like_its_own_family_only() -> None:
    same = [{"mmcif", "cif", "mcif"}, {"sdf", "sd"}]
    expected = {name: next((family for family in same if name in family), {name}) for name in FORMATS}
    expected |= {"cif": {"cif", "mcif"}, "mcif": {"cif", "mcif"}, "pqr": {"pqr", "pdb"}}

    assert expected == {name: candidates(data) for name, data in FILES.items()}


@pytest.mark.parametrize("declared", FORMATS)
@pytest.mark.parametrize("format", FORMATS)
def test_content_of_another_format_is_named(format: str, declared: str) -> None:
    if declared in candidates(FILES[format]):
        assert declared == find_format(FILES[format], declared, "Molecule")
        return
    with pytest.raises(InvalidInput, match=r"file\.content") as caught:
        find_format(FILES[format], declared, "Molecule")
    assert f"a {declared} file" in caught.value.violations[0].expected


def test_the_script_makes_the_committed_files(monkeypatch: pytest.MonkeyPatch) -> None:
    script = runpy.run_path(str(ROOT / "fixtures" / "molecules.py"))

    assert {name: FILES[name] for name in script["MADE_HERE"]} == {n: make() for n, make in script["MADE_HERE"].items()}
    made = {name: make() for name, make in script["MADE_WITH_RDKIT"].items()}
    assert {name: FILES[name] for name in script["MADE_WITH_RDKIT"]} == made
    assert set(FORMATS) == {*script["MADE_HERE"], *script["MADE_WITH_RDKIT"]}


# --- oracles ---


def test_rdkit_counts_the_same() -> None:
    from rdkit import Chem as chem

    pdb = chem.MolFromPDBBlock(FILES["pdb"].decode(), removeHs=False)
    mol2 = chem.MolFromMol2Block(FILES["mol2"].decode(), removeHs=False)
    supplier = chem.SDMolSupplier()
    supplier.SetData(FILES["sd"].decode(), removeHs=False)
    molecules = list(supplier)

    assert pdb.GetNumAtoms() == count("pdb", FILES["pdb"])[0]
    assert (mol2.GetNumAtoms(), mol2.GetNumBonds(), 1) == count("mol2", FILES["mol2"])
    atoms, bonds = sum(m.GetNumAtoms() for m in molecules), sum(m.GetNumBonds() for m in molecules)
    assert (atoms, bonds, len(molecules)) == count("sd", FILES["sd"])


SMILES = st.sampled_from(
    ["C", "CCO", "c1ccccc1", "[Na+].[Cl-]", "N[C@@H](C)C(=O)O", "C1CC2CC1CC2", "C#N", "CC(C)(C)Br"]
)


@given(st.lists(SMILES, min_size=1, max_size=4), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_what_rdkit_writes_is_counted_as_rdkit_counts(smiles: list[str], hydrogens: bool, v3000: bool) -> None:
    from rdkit import Chem as chem

    mols = [chem.MolFromSmiles(text) for text in smiles]
    mols = [chem.AddHs(mol) if hydrogens else mol for mol in mols]

    sdf = "".join(f"{chem.MolToMolBlock(mol, forceV3000=v3000)}$$$$\n" for mol in mols).encode()

    atoms, bonds = sum(mol.GetNumAtoms() for mol in mols), sum(mol.GetNumBonds() for mol in mols)
    assert (atoms, bonds, len(mols)) == count("sdf", sdf)
    assert mols[0].GetNumAtoms() == count("pdb", chem.MolToPDBBlock(mols[0]).encode())[0]


# --- what formats allow ---


def pdb_line(xyz: str = "   1.000   2.000   3.000", serial: str = "    1", record: str = "ATOM  ") -> str:
    return f"{record}{serial}  CA  GLY A   1    {xyz}  1.00  0.00           C\n"


def text(*lines: str) -> bytes:
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines).encode()


ATOM = "    1.0000    2.0000    3.0000 C   0  0"


def sdf(atoms: int = 2, bonds: int = 1, *lines: str, end: str = "M  END") -> bytes:
    head = f"{atoms:>3}{bonds:>3}  0  0  0  0  0  0  0  0999 V2000"
    return text("title", "", "", head, *(lines or (ATOM, ATOM, "  1  2  1  0")), end)


def v3000(*lines: str, end: str = "M  END") -> bytes:
    head = ("", "", "", "  0  0  0     0  0            999 V3000")
    return text(*head, *(f"M  V30 {line}" for line in lines), end)


V3 = ("BEGIN CTAB", "COUNTS 2 1 0 0 0", "BEGIN ATOM", "1 C 0 0 0 0", "7 N 1 0 0 0", "END ATOM", "BEGIN BOND")
MOL2 = ("@<TRIPOS>MOLECULE", "name", "2 1", "SMALL", "NO_CHARGES", "@<TRIPOS>ATOM", "1 C 0 0 0 C.3", "2 O 1 0 0 O.3")
SITE = ("loop_", "_atom_site_label", "_atom_site_fract_x", "_atom_site_fract_y", "_atom_site_fract_z")
CELL = (
    *(f"_cell_length_{name} 5.0(1)" for name in "abc"),
    *(f"_cell_angle_{n} 90" for n in ("alpha", "beta", "gamma")),
)
DOTTED = ("loop_", "_atom_site.id", "_atom_site.Cartn_x", "_atom_site.Cartn_y", "_atom_site.Cartn_z")
GRO_ATOM = "    1WATER  OW1    1   0.126   1.624   1.679"

ALLOWED: dict[str, tuple[str, bytes, tuple[int, int | None, int]]] = {
    "pdb with a long header": ("pdb", text("HEADER x", *["REMARK"] * 3_000, pdb_line()), (1, None, 1)),
    "pdb models": ("pdb", text("MODEL 1", pdb_line(), "ENDMDL", "MODEL 2", pdb_line(), "ENDMDL"), (2, None, 2)),
    "pdb serial overflow": ("pdb", text(pdb_line(serial="*****"), pdb_line(serial="186a0")), (2, None, 1)),
    "pdb HETATM only": ("pdb", text(pdb_line(record="HETATM")), (1, None, 1)),
    "pdb touching coordinates": ("pdb", text(pdb_line("-100.000-200.000-300.000")), (1, None, 1)),
    "pdb that ends after z": ("pdb", pdb_line()[:54].encode(), (1, None, 1)),
    "pqr without chain": ("pqr", b"ATOM 1 N GLY 1 0.1 0.2 0.3 -0.3 1.55\n", (1, None, 1)),
    "pqr with an element": ("pqr", b"ATOM 1 N GLY A 1 0.1 0.2 0.3 -0.3 1.55 N\n", (1, None, 1)),
    "pqr touching coordinates": (
        "pqr", text("ATOM      1  N   GLY A   1    -100.000-200.000-300.000 -0.3000 1.5500"), (1, None, 1)),
    "sdf without $$$$": ("sdf", sdf(), (2, 1, 1)),
    "sdf of nothing, then one": ("sdf", text("", "", "", "  0  0", "M  END", "$$$$") + sdf(), (2, 1, 2)),
    "sdf with blank lines at the end": ("sdf", sdf() + b"$$$$\n\n\n\n\n\n", (2, 1, 1)),
    "sdf without version or M  END": ("sdf", text("", "", "", "  1  0", ATOM), (1, 0, 1)),
    "sdf 999 atoms": ("sdf", sdf(999, 0, *[ATOM] * 999), (999, 0, 1)),
    "v3000 with sparse indices": ("sdf", v3000(*V3, "1 1 1 7", "END BOND", "END CTAB"), (2, 1, 1)),
    "v3000 continued line": (
        "sdf", v3000("COUNTS 1 0 0 0 0", "BEGIN ATOM", "1 C 0 0 -", "0 0", "END ATOM"), (1, 0, 1)),
    "v3000 excluded elements": (
        "sdf", v3000("COUNTS 1 0 0 0 0", "BEGIN ATOM", "1 NOT [C,N] 0 0 0 0", "END ATOM"), (1, 0, 1)),
    "mol2 comments, blank lines, odd name": (
        "mol2", text("# made by", MOL2[0], "# name", *MOL2[2:6], "", "# atoms", *MOL2[6:], "@<TRIPOS>BOND", "1 1 2 1"),
        (2, 1, 1)),
    "mol2 continued line": ("mol2", text(*MOL2[:7], "2 O 1 \\", "0 0 O.3", "@<TRIPOS>BOND", "1 2 1 ar"), (2, 1, 1)),
    "mol2 without a count of bonds": ("mol2", text(*MOL2[:2], "2", *MOL2[3:]), (2, 0, 1)),
    "two mol2": ("mol2", text(*MOL2, "@<TRIPOS>BOND", "1 1 2 1") * 2, (4, 2, 2)),
    "gro of high precision": (
        "gro", text("t", "1", "    1WATER  OW1    1   0.12345   1.62345   1.67945", "1 1 1"), (1, None, 1)),
    "gro velocities, triclinic": (
        "gro", text("t", "1", GRO_ATOM + "  0.1227 -0.0580  0.0434", "1 1 1 0 0 0 0 0 0"), (1, None, 1)),
    "gro frames": ("gro", text("t= 0", "1", GRO_ATOM, "1 1 1", "t= 1", "1", GRO_ATOM, "1 1 1", "", ""), (2, None, 2)),
    "gro frames with blank titles": ("gro", text("", "1", GRO_ATOM, "1 1 1", "", "1", GRO_ATOM, "1 1 1"), (2, None, 2)),
    "cif uncertainty and quotes": ("cif", text("data_x", *CELL, *SITE, "C1 0.1(2) '0.2' .3"), (1, None, 1)),
    "cif row over lines": ("cif", text("data_x", *CELL, *SITE, "C1 0", "0", "0 C2 1 1 1"), (2, None, 1)),
    "cif cell after the atoms": ("cif", text("data_x", *SITE, "C1 0 0 0", *CELL), (1, None, 1)),
    "cif names in any case": ("cif", text("DATA_x", *CELL, *map(str.upper, SITE), "C1 0 0 0"), (1, None, 1)),
    "cif of two blocks": (
        "cif", text("data_x", *CELL, *SITE, "C1 0 0 0", "data_y", *CELL, *SITE, "C1 0 0 0"), (2, None, 2)),
    "cif text field in a loop": (
        "cif", text("data_x", *CELL, "loop_", "_note", ";", "_atom_site_label", "loop_", ";", "b", *SITE, "C 0 0 0"),
        (1, None, 1)),
    "mmcif quoted names": ("mmcif", text("data_x", *DOTTED, "\"O5'\" 0 0 0", "'a b' 1 1 1", "C#1 2 2 2"), (3, None, 1)),
    "mmcif one atom without a loop": ("mmcif", text("data_x", *(f"{name} 1" for name in DOTTED[1:])), (1, None, 1)),
    "mmcif models": (
        "mmcif", text("data_x", *DOTTED, "_atom_site.pdbx_PDB_model_num", *[f"1 0 0 0 {i // 2}" for i in range(6)]),
        (6, None, 3)),
    "cif comments between": ("cif", text("# c", "", "data_x # d", *CELL, *SITE, "C1 0 0 0 # e"), (1, None, 1)),
}  # fmt: skip


@pytest.mark.parametrize(("format", "data", "expected"), list(ALLOWED.values()), ids=list(ALLOWED))
def test_what_a_format_allows(format: str, data: bytes, expected: tuple[int, int | None, int]) -> None:
    assert expected == count(format, data)
    assert format == find_format(data, format, "Molecule")


# --- what is broken ---

BROKEN: dict[str, tuple[str, bytes, str]] = {
    "pdb garbage": ("pdb", b"garbage", "molecule.no_atoms"),
    "pdb HEADER only": ("pdb", b"HEADER    HYDROLASE\nEND\n", "molecule.no_atoms"),
    "pdb asterisks": ("pdb", text(pdb_line("************************")), "molecule.coordinates"),
    "pdb NaN": ("pdb", text(pdb_line("     nan   2.000   3.000")), "molecule.coordinates"),
    "pdb infinity": ("pdb", text(pdb_line("     inf   2.000   3.000")), "molecule.coordinates"),
    "pdb underscore": ("pdb", text(pdb_line(" 1_0.000   2.000   3.000")), "molecule.coordinates"),
    "pdb blank z": ("pdb", text(pdb_line("   1.000   2.000        ")), "molecule.coordinates"),
    "pdb cut line": ("pdb", pdb_line()[:46].encode(), "molecule.coordinates"),
    "pqr without radius": ("pqr", b"ATOM 1 N GLY 1 0.1 0.2 0.3 -0.3\n", "molecule.coordinates"),
    "pqr negative radius": ("pqr", b"ATOM 1 N GLY 1 0.1 0.2 0.3 -0.3 -1\n", "molecule.record"),
    "pqr nothing": ("pqr", b"REMARK\n", "molecule.no_atoms"),
    "sdf 999 atoms on 2 lines": ("sdf", sdf(999, 0, ATOM, ATOM), "molecule.counts"),
    "sdf cut in the atoms": ("sdf", sdf(2, 1, ATOM, end="")[:-1], "molecule.counts"),
    "sdf fewer bonds": ("sdf", sdf(2, 2), "molecule.counts"),
    "sdf more atoms than said": ("sdf", sdf(1, 1, ATOM, ATOM, "  1  2  1  0"), "molecule.record"),
    "sdf bond to atom 3": ("sdf", sdf(2, 1, ATOM, ATOM, "  1  3  1  0"), "molecule.bonds"),
    "sdf bond to atom 0": ("sdf", sdf(2, 1, ATOM, ATOM, "  0  1  1  0"), "molecule.bonds"),
    "sdf bond to itself": ("sdf", sdf(2, 1, ATOM, ATOM, "  1  1  1  0"), "molecule.bonds"),
    "sdf asterisks": ("sdf", sdf(1, 0, ATOM.replace("1.0000", "******")), "molecule.coordinates"),
    "sdf NaN": ("sdf", sdf(1, 0, ATOM.replace("1.0000", "   nan")), "molecule.coordinates"),
    "sdf no symbol": ("sdf", sdf(1, 0, ATOM[:30]), "molecule.record"),
    "sdf without M  END": ("sdf", sdf(end="> <x>"), "molecule.record"),
    "sdf without M  END before $$$$": ("sdf", sdf(end="$$$$"), "molecule.record"),
    "sdf no counts": ("sdf", text("", "", "", "hello"), "molecule.record"),
    "sdf negative count": ("sdf", text("", "", "", " -1  0", "M  END"), "molecule.record"),
    "sdf of three lines": ("sdf", b"a\nb\nc\n", "molecule.record"),
    "sdf empty": ("sdf", b"", "molecule.record"),
    "sdf no atoms": ("sdf", text("", "", "", "  0  0", "M  END"), "molecule.no_atoms"),
    "sdf rubbish after $$$$": ("sdf", sdf() + b"$$$$\nrubbish\n", "molecule.record"),
    "v3000 bond to atom 9": ("sdf", v3000(*V3, "1 1 1 9"), "molecule.bonds"),
    "v3000 fewer atoms": ("sdf", v3000("COUNTS 3 0 0 0 0", *V3[2:6]), "molecule.counts"),
    "v3000 more atoms": ("sdf", v3000("COUNTS 1 0 0 0 0", *V3[2:6]), "molecule.counts"),
    "v3000 no counts": ("sdf", v3000("BEGIN CTAB", "END CTAB"), "molecule.record"),
    "v3000 one index twice": ("sdf", v3000("COUNTS 2 0 0 0 0", "BEGIN ATOM", *["1 C 0 0 0 0"] * 2), "molecule.record"),
    "v3000 NaN": ("sdf", v3000("COUNTS 1 0 0 0 0", "BEGIN ATOM", "1 C nan 0 0 0"), "molecule.coordinates"),
    "v3000 10^9 atoms": ("sdf", v3000("COUNTS 1000000000 0 0 0 0"), "molecule.atoms"),
    "v3000 without M  END": ("sdf", v3000(*V3, "1 1 1 7", end="")[:-1], "molecule.counts"),
    "mol2 bond to atom 10^9": ("mol2", text(*MOL2, "@<TRIPOS>BOND", "1 1 1000000000 1"), "molecule.bonds"),
    "mol2 bond to itself": ("mol2", text(*MOL2, "@<TRIPOS>BOND", "1 1 1 1"), "molecule.bonds"),
    "mol2 fewer atoms": ("mol2", text(*MOL2[:7], "@<TRIPOS>BOND", "1 1 1 1"), "molecule.bonds"),
    "mol2 too few atoms": ("mol2", text(*MOL2[:2], "3 0", *MOL2[3:]), "molecule.counts"),
    "mol2 too many atoms": ("mol2", text(*MOL2[:2], "1 0", *MOL2[3:]), "molecule.counts"),
    "mol2 fewer bonds": ("mol2", text(*MOL2), "molecule.counts"),
    "mol2 10^9 atoms": ("mol2", text(*MOL2[:2], "1000000000 0", *MOL2[3:]), "molecule.atoms"),
    "mol2 asterisks": ("mol2", text(*MOL2[:6], "1 C **** 0 0 C.3"), "molecule.coordinates"),
    "mol2 no counts": ("mol2", text(*MOL2[:2], "SMALL"), "molecule.record"),
    "mol2 cut after the name": ("mol2", text(*MOL2[:2]), "molecule.record"),
    "mol2 atoms before a molecule": ("mol2", text(*MOL2[5:]), "molecule.record"),
    "mol2 one id twice": ("mol2", text(*MOL2[:7], MOL2[6]), "molecule.record"),
    "mol2 bond of three": ("mol2", text(*MOL2, "@<TRIPOS>BOND", "1 1"), "molecule.record"),
    "mol2 nothing": ("mol2", b"hello", "molecule.no_atoms"),
    "gro asterisks": ("gro", text("t", "1", GRO_ATOM.replace("0.126", "*.***"), "1 1 1"), "molecule.coordinates"),
    "gro fewer atoms": ("gro", text("t", "2", GRO_ATOM, "1 1 1"), "molecule.counts"),
    "gro cut": ("gro", text("t", "2", GRO_ATOM), "molecule.counts"),
    "gro more atoms": ("gro", text("t", "1", GRO_ATOM, GRO_ATOM, "1 1 1"), "molecule.counts"),
    "gro without a box": ("gro", text("t", "1", GRO_ATOM), "molecule.counts"),
    "gro without a count": ("gro", text("t", "x", GRO_ATOM), "molecule.record"),
    "gro negative count": ("gro", text("t", "-1", "1 1 1"), "molecule.record"),
    "gro 10^9 atoms": ("gro", text("t", "1000000000", GRO_ATOM), "molecule.atoms"),
    "gro no atoms": ("gro", text("t", "0", "1 1 1"), "molecule.no_atoms"),
    "gro rubbish after": ("gro", text("t", "1", GRO_ATOM, "1 1 1", "", "", "x"), "molecule.record"),
    "mmcif loop without values": ("mmcif", text("data_x", *DOTTED), "molecule.loop"),
    "mmcif loop without values, then another": ("mmcif", text("data_x", *DOTTED, *DOTTED, "1 0 0 0"), "molecule.loop"),
    "cif loop without names": ("cif", text("data_x", "loop_", "1 2"), "molecule.loop"),
    "cif loop at the end": ("cif", text("data_x", "loop_"), "molecule.loop"),
    "mmcif half a row": ("mmcif", text("data_x", *DOTTED, "1 0 0 0", "2 0"), "molecule.loop"),
    "mmcif asterisks": ("mmcif", text("data_x", *DOTTED, "1 **** 0 0"), "molecule.coordinates"),
    "mmcif unknown": ("mmcif", text("data_x", *DOTTED, "1 ? 0 0"), "molecule.coordinates"),
    "mmcif NaN": ("mmcif", text("data_x", *DOTTED, "1 nan 0 0"), "molecule.coordinates"),
    "mmcif 1e999": ("mmcif", text("data_x", *DOTTED, "1 1e999 0 0"), "molecule.coordinates"),
    "mmcif without atoms": ("mmcif", text("data_x", "_entry.id x"), "molecule.no_atoms"),
    "cif open quote": ("cif", text("data_x", "_a 'b"), "molecule.record"),
    "cif open text field": ("cif", text("data_x", "_a", ";b"), "molecule.record"),
    "cif name without value": ("cif", text("data_x", "_a", "_b 1"), "molecule.record"),
    "cif name at the end": ("cif", text("data_x", "_a"), "molecule.record"),
    "cif value without name": ("cif", text("data_x", "_a 1 2"), "molecule.record"),
    "cif stop_": ("cif", text("data_x", "loop_", "_a", "1", "stop_"), "molecule.record"),
    "cif 2.0": ("cif", text("#\\#CIF_2.0", "data_x", *CELL, *SITE, "C 0 0 0"), "molecule.record"),
    "cif without a cell": ("cif", text("data_x", *SITE, "C1 0 0 0"), "molecule.cell"),
    "cif cell of zero": ("cif", text("data_x", "_cell_length_a 0", *CELL[1:], *SITE, "C1 0 0 0"), "molecule.cell"),
    "cif angle of 180": ("cif", text("data_x", *CELL[:5], "_cell_angle_gamma 180", *SITE, "C 0 0 0"), "molecule.cell"),
}  # fmt: skip


@pytest.mark.parametrize(("format", "data", "rule"), list(BROKEN.values()), ids=list(BROKEN))
def test_what_is_broken_names_its_rule(format: str, data: bytes, rule: str) -> None:
    assert {rule} == rule_of(format, data)


def test_dangling_conect_records_are_counted() -> None:
    pdb = text(pdb_line(serial="    1"), pdb_line(serial="    2"), "CONECT    1    2", "CONECT    1    3")

    assert 1 == read_structure(pdb, "pdb", MOST).dangling
    assert 0 == read_structure(FILES["pdb"], "pdb", MOST).dangling


# --- MMTF ---


def mmtf(**changes: object) -> bytes:
    document = {**msgspec.msgpack.decode(FILES["mmtf"]), **changes}
    return msgspec.msgpack.encode({name: value for name, value in document.items() if value is not None})


def array(codec: int, length: int, parameter: int, layout: str, *values: float) -> bytes:
    return struct.pack(f">iii{layout}", codec, length, parameter, *values)


def one_atom(**changes: object) -> bytes:
    """The smallest MMTF: an atom in a group in a chain in a model."""
    x = array(1, 1, 0, "f", 1.5)
    document: dict[str, object] = {"numAtoms": 1, "numBonds": 0, "numGroups": 1, "numChains": 1, "numModels": 1}
    document |= {"groupList": [{"atomNameList": ["C"]}], "groupTypeList": array(4, 1, 0, "i", 0), "bondAtomList": None}
    document |= {"groupsPerChain": [1], "chainsPerModel": [1], "xCoordList": x, "yCoordList": x, "zCoordList": x}
    return mmtf(**{**document, **changes})


CODECS = {
    "1 float32": array(1, 1, 0, "f", 1.5),
    "9 runs": array(9, 1, 1000, "ii", 1500, 1),
    "10 differences": array(10, 1, 1000, "h", 1500),
    "10 split": array(10, 1, 1000, "hhh", 32767, 32767, 5),
    "11 divided": array(11, 1, 1000, "h", 1500),
    "12 split": array(12, 1, 1000, "hh", -32768, -5),
    "13 split to 8 bits": array(13, 1, 10, "bb", 127, 0),
    "4 integers": array(4, 1, 0, "i", 1),
}


@pytest.mark.parametrize("packed", list(CODECS.values()), ids=list(CODECS))
def test_mmtf_codecs(packed: bytes) -> None:
    assert (1, 0, 1) == count("mmtf", one_atom(xCoordList=packed))


def test_mmtf_unpacks_what_was_packed() -> None:
    from medialog.datatypes.molecule_file.mmtf import _unpack

    assert [65539.0] == (_unpack("x", CODECS["10 split"], 1, 1) * 1000).tolist()
    assert [-32.773] == _unpack("x", CODECS["12 split"], 1, 1).tolist()
    assert [1, 2, 3, 3] == _unpack("x", array(8, 4, 0, "iiii", 1, 3, 0, 1), 4, 4).tolist()
    script = runpy.run_path(str(ROOT / "fixtures" / "molecules.py"))
    packed = msgspec.msgpack.decode(FILES["mmtf"])["yCoordList"]
    assert [atom[5] for atom in script["ATOMS"]] == _unpack("y", packed, 20, 20).tolist()


BROKEN_MMTF: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "molecule.record"),
    "cut": (FILES["mmtf"][:-20], "molecule.record"),
    "a list": (b"\x93\x01\x02\x03", "molecule.record"),
    "version 2": (one_atom(mmtfVersion="2.0"), "molecule.record"),
    "no coordinates": (one_atom(zCoordList=None), "molecule.record"),
    "a list of coordinates": (one_atom(zCoordList=[1.0]), "molecule.record"),
    "text for numAtoms": (one_atom(numAtoms="1"), "molecule.record"),
    "negative numAtoms": (one_atom(numAtoms=-1), "molecule.record"),
    "no atoms": (one_atom(numAtoms=0), "molecule.no_atoms"),
    "10^7 atoms": (one_atom(numAtoms=10**7), "molecule.atoms"),
    "10^7 atoms in 28 bytes of runs": (
        one_atom(numAtoms=10**7, xCoordList=array(9, 10**7, 1, "ii", 0, 10**7)), "molecule.atoms"),
    "one more atom": (one_atom(numAtoms=2), "molecule.counts"),
    "runs beyond the header": (one_atom(xCoordList=array(9, 1, 1, "ii", 0, 2**31 - 1)), "molecule.counts"),
    "negative runs": (one_atom(xCoordList=array(9, 1, 1, "iiii", 0, 2, 0, -1)), "molecule.counts"),
    "odd runs": (one_atom(xCoordList=array(9, 1, 1, "iii", 0, 1, 0)), "molecule.record"),
    "split without an end": (one_atom(xCoordList=array(10, 1, 1, "h", 32767)), "molecule.counts"),
    "NaN": (one_atom(xCoordList=array(1, 1, 0, "f", math.nan)), "molecule.coordinates"),
    "divisor 0": (one_atom(xCoordList=array(10, 1, 0, "h", 1)), "molecule.coordinates"),
    "codec 5": (one_atom(xCoordList=array(5, 1, 4, "i", 1)), "molecule.record"),
    "codec 99": (one_atom(xCoordList=array(99, 1, 4, "i", 1)), "molecule.record"),
    "half a number": (one_atom(xCoordList=array(1, 1, 0, "f", 1.0)[:-1]), "molecule.record"),
    "short header": (one_atom(xCoordList=b"abc"), "molecule.record"),
    "negative length": (one_atom(xCoordList=array(1, -1, 0, "f", 1.0)), "molecule.counts"),
    "group 1 of 1": (one_atom(groupTypeList=array(4, 1, 0, "i", 1)), "molecule.record"),
    "group -1": (one_atom(groupTypeList=array(4, 1, 0, "i", -1)), "molecule.record"),
    "no groups": (one_atom(groupList=[]), "molecule.record"),
    "groups of two": (one_atom(groupList=[{"atomNameList": ["C", "O"]}]), "molecule.counts"),
    "chains do not add up": (one_atom(groupsPerChain=[2]), "molecule.counts"),
    "models do not add up": (one_atom(chainsPerModel=[1, 0]), "molecule.counts"),
    "10^9 groups": (one_atom(numGroups=10**9, groupsPerChain=[10**9]), "molecule.counts"),
    "bond to atom 10^9": (mmtf(bondAtomList=array(4, 2, 0, "ii", 2, 10**9)), "molecule.bonds"),
    "bond to itself": (mmtf(bondAtomList=array(4, 2, 0, "ii", 2, 2)), "molecule.bonds"),
    "half a bond": (mmtf(bondAtomList=array(4, 1, 0, "i", 2)), "molecule.record"),
    "10^9 bonds": (mmtf(bondAtomList=array(7, 10**9, 0, "ii", 2, 10**9)), "molecule.counts"),
    "one bond less": (mmtf(bondAtomList=None), "molecule.counts"),
    "bond in a group to atom 9": (
        one_atom(groupList=[{"atomNameList": ["C"], "bondAtomList": [0, 9]}]), "molecule.bonds"),
    "half a bond in a group": (
        one_atom(groupList=[{"atomNameList": ["C"], "bondAtomList": [0]}]), "molecule.record"),
    "nested too deep": (b"\x81\xa1x" * 5_000 + b"\xc0", "molecule.record"),
    "a list of 4 billion": (b"\x81\xa9groupList\xdd\xff\xff\xff\xff", "molecule.record"),
    "much beside one atom": (one_atom(title="x" * (17 * 2**20)), "molecule.counts"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "rule"), list(BROKEN_MMTF.values()), ids=list(BROKEN_MMTF))
def test_broken_mmtf_names_its_rule(data: bytes, rule: str) -> None:
    assert {rule} == rule_of("mmtf", data)


# --- fuzzing: only results or InvalidInput, in bounded time ---


def survives(format: str, data: bytes) -> None:
    started = time.process_time()
    try:
        found = read_structure(data, format, 1_000)
    except InvalidInput as error:
        rules = {violation.rule for violation in error.violations}
    else:
        rules = set()
        assert 1 <= found.atoms <= 1_000
    assert rules <= set(STRUCTURE_RULES)
    candidates(data)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("format", FORMATS)
@given(st.data())
@settings(max_examples=150)
def test_changed_bytes(format: str, data: st.DataObject) -> None:
    changed = bytearray(FILES[format])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(changed) - 1))
        piece = data.draw(
            st.sampled_from([b"\n", b"\0", b"9", b"-", b"'", b";", b"_", b" ", b"\xff", b"$$$$", b"1e999"])
        )
        length = data.draw(st.integers(0, 12))
        changed[place : place + length] = data.draw(st.one_of(st.just(piece), st.binary(max_size=8)))
        if not changed:
            break
    survives(format, bytes(changed))


@pytest.mark.parametrize("format", FORMATS)
@given(st.binary(max_size=300))
@settings(max_examples=50)
def test_any_bytes(format: str, data: bytes) -> None:
    survives(format, data)


@pytest.mark.parametrize("format", FORMATS)
def test_every_cut_is_refused_or_whole(format: str) -> None:
    for length in range(0, len(FILES[format]), 7):
        survives(format, FILES[format][:length])


HUGE = 2_000_000
LONG = {
    "one line of blanks": b" " * HUGE,
    "one line of digits": b"1" * HUGE,
    "quotes": b"data_x\nloop_\n_a\n" + b"'" * HUGE,
    "open quote": b"data_x\n_a '" + b"x " * (HUGE // 2),
    "comments": b"# " * HUGE,
    "comment lines": b"#\n" * HUGE,
    "blank lines": b"\n" * HUGE,
    "names": b"data_x\nloop_\n" + b"_a " * (HUGE // 3),
    "continued": b"@<TRIPOS>MOLECULE\nx\n1\n@<TRIPOS>ATOM\n" + b"\\\n" * (HUGE // 2),
    "continued v3000": b"\n\n\n  0  0  0     0  0            999 V3000\n" + b"M  V30 -\n" * (HUGE // 9),
    "records": b"$$$$\n" * (HUGE // 5),
    "list of nothing": b"\x82\xa8numAtoms\x01\xa9groupList\xdd\x00\x1e\x84\x80" + b"\x80" * HUGE,
}


@pytest.mark.parametrize("data", list(LONG.values()), ids=list(LONG))
@pytest.mark.parametrize("parse", sorted({parse.__module__.rpartition(".")[2]: parse for parse in PARSERS.values()}))
def test_long_input_takes_bounded_time(parse: str, data: bytes) -> None:
    name = next(name for name, function in PARSERS.items() if function.__module__.endswith(f".{parse}"))

    started = time.process_time()
    rule_of(name, data)
    candidates(data)

    assert time.process_time() - started < 5


# --- numbers ---


@pytest.mark.parametrize("token", [b"1", b"-1.5", b"+.5", b"5.", b"1e5", b"1E-5", b"0" * 40])
def test_numbers(token: bytes) -> None:
    assert is_number(token)


@pytest.mark.parametrize(
    "token", [b"", b".", b"-", b"e5", b"nan", b"inf", b"1_0", b"0x1", b" 1", b"1e999", b"0" * 41, "١".encode()]
)
def test_no_numbers(token: bytes) -> None:
    assert not is_number(token)


@given(st.integers(-(10**30), 10**30))
def test_whole_numbers(value: int) -> None:
    assert value == whole(str(value).encode())
    assert value == whole(f"  {value} ".encode())


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_written_float_is_a_number(value: float) -> None:
    assert is_number(repr(value).encode())
