from __future__ import annotations

import gzip
import io
import os
import pickle
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from laws import TypeLaws, call, call_of
from medialog.datatypes.adopt import adopt
from medialog.datatypes.base import DataType, MediaList, decode
from medialog.datatypes.files import DirectorySink, DirectorySource, MemorySink
from medialog.datatypes.molecule import Molecule
from medialog.datatypes.molecule_file import FORMATS
from medialog.datatypes.molecule_rdkit import RDKIT_CHANGES
from medialog.validators import validate
from medialog.validators.errors import Advice, DataChanged, InvalidInput, MissingDependency, WrongType
from medialog.validators.limits import LIMITS

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "molecules"
PATHS = {name: FOLDER / f"molecule.{name}" for name in FORMATS}
FILES = {name: path.read_bytes() for name, path in PATHS.items()}
ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
NO_GEOMETRY = "C1=CC2=CC=C1C=C2"  # a para-bridged benzene: no distances fit
BIPHENYL = "c1ccc(cc1)c1ccccc1"


def mol(smiles: str = "CCO", conformers: int = 0) -> Any:
    from rdkit.Chem import rdDistGeom

    made = Chem.AddHs(Chem.MolFromSmiles(smiles))
    if conformers:
        parameters: Any = rdDistGeom.ETKDGv3()
        parameters.randomSeed = 1
        rdDistGeom.EmbedMultipleConfs(made, conformers, parameters)
    return made


def named(data: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


def adopted(value: object) -> DataType:
    found = adopt(value)
    assert found is not None
    return found


def changes(molecule: Molecule) -> list[str]:
    return [change.id for change in molecule.changes]


class TestMolecule(TypeLaws):
    type = Molecule
    valid = {
        **{f"a {name} file": partial(call, str(PATHS[name])) for name in FORMATS},
        **{f"{name} bytes": partial(call, FILES[name], file_type=name) for name in FORMATS},
        "a caption": lambda: call(PATHS["pdb"], "a protein"),
        "bytes that are clearly one": lambda: call(FILES["mmtf"]),
        "text in memory": lambda: call(io.StringIO(FILES["pdb"].decode()), file_type="pdb"),
        "a file without a suffix": lambda: call(named(FILES["pdb"], "1abc.ent"), file_type="pdb"),
        "an rdkit Mol": lambda: call(mol()),
        "an rdkit Mol with a conformer": lambda: call(mol(conformers=1)),
        "a SMILES": lambda: call_of(Molecule.from_smiles, "CCO", caption="ethanol"),
        "a drawn SMILES": lambda: call_of(Molecule.from_smiles, "CCO", convert_to_3d_and_optimize=False),
        "a salt": lambda: call_of(Molecule.from_smiles, "[Na+].[Cl-]"),
        "one atom": lambda: call_of(Molecule.from_smiles, "[Fe]"),
        "a wildcard": lambda: call_of(Molecule.from_smiles, "*CC"),
        "a name after the SMILES": lambda: call_of(Molecule.from_smiles, "CCO ethanol"),
        "no geometry": lambda: call_of(Molecule.from_smiles, NO_GEOMETRY),
        "not sanitised": lambda: call_of(
            Molecule.from_smiles, "C(C)(C)(C)(C)C", sanitize=False, convert_to_3d_and_optimize=False
        ),
        "an SDF through rdkit": lambda: call_of(Molecule.from_rdkit, PATHS["sdf"]),
    }
    invalid = {
        "nothing": (lambda: call(None), {"molecule.input"}),
        "a number": (lambda: call(3), {"molecule.input"}),
        "an array": (lambda: call(np.zeros(3)), {"molecule.input"}),
        "a missing file": (lambda: call("no/such.pdb"), {"file.missing"}),
        "a folder": (lambda: call(FOLDER), {"file.missing"}),
        "a URL": (lambda: call("https://files.rcsb.org/download/6LU7.pdb"), {"file.url"}),
        "an unknown file type": (lambda: call(FILES["pdb"], file_type="exe"), {"molecule.formats"}),
        "an upper-case file type": (lambda: call(FILES["pdb"], file_type="PDB"), {"molecule.formats"}),
        "a number as file type": (lambda: call(FILES["pdb"], file_type=3), {"molecule.formats"}),
        "text without a type": (lambda: call(io.StringIO(FILES["pdb"].decode())), {"molecule.file_type"}),
        "a .exe": (lambda: call(named(FILES["pdb"], "a.exe")), {"molecule.formats"}),
        "no suffix": (lambda: call(named(FILES["pdb"], "pdb")), {"molecule.formats"}),
        "a .mol": (lambda: call(named(FILES["sdf"], "a.mol")), {"molecule.formats"}),
        "a .pdb.gz": (lambda: call(named(gzip.compress(FILES["pdb"]), "a.pdb.gz")), {"molecule.formats"}),
        "gzip named pdb": (lambda: call(named(gzip.compress(FILES["pdb"]), "a.pdb")), {"file.content"}),
        "gzip bytes": (lambda: call(gzip.compress(FILES["pdb"]), file_type="pdb"), {"file.content"}),
        "a cif named .pdb": (lambda: call(named(FILES["cif"], "a.pdb")), {"file.content"}),
        "a pdb named .cif": (lambda: call(named(FILES["pdb"], "a.cif")), {"file.content"}),
        "a core CIF named .mmcif": (lambda: call(named(FILES["cif"], "a.mmcif")), {"file.content"}),
        "a mmtf named .sdf": (lambda: call(named(FILES["mmtf"], "a.sdf")), {"file.content"}),
        "name and type disagree": (lambda: call(named(FILES["pdb"], "a.pdb"), file_type="cif"), {"molecule.file_type"}),
        "a web page named .pdb": (lambda: call(named(b"<!DOCTYPE html><p>404", "a.pdb")), {"file.content"}),
        "an empty file": (lambda: call(b"", file_type="pdb"), {"file.content"}),
        "nothing but blanks": (lambda: call(b" \n\n", file_type="gro"), {"file.content"}),
        "unknown bytes": (lambda: call(b"hello"), {"file.content"}),
        "bytes of two families": (lambda: call(FILES["pqr"]), {"file.content"}),
        "binary named .pdb": (lambda: call(named(b"\x01\0\0\0", "a.pdb")), {"file.content"}),
        "garbage named .pdb": (lambda: call(named(b"garbage\n", "a.pdb")), {"molecule.no_atoms"}),
        "too large": (lambda: call(FILES["pdb"], limits={"molecule.size": 100}), {"molecule.size"}),
        "too many atoms": (lambda: call(FILES["pdb"], limits={"molecule.atoms": 19}), {"molecule.atoms"}),
        "a Mol and a file type": (lambda: call(mol(), file_type="pdb"), {"molecule.file_type"}),
        "a Mol without atoms": (lambda: call(Chem.Mol()), {"molecule.no_atoms"}),
        "too large a Mol": (lambda: call(mol(), limits={"molecule.atoms": 8}), {"molecule.atoms"}),
        "a Mol with NaN": (lambda: call(mol_at(float("nan"))), {"molecule.coordinates"}),
        "unbalanced": (lambda: call_of(Molecule.from_smiles, "C(C"), {"molecule.smiles_syntax"}),
        "open ring": (lambda: call_of(Molecule.from_smiles, "C1CC"), {"molecule.smiles_syntax"}),
        "valence": (lambda: call_of(Molecule.from_smiles, "C(C)(C)(C)(C)C"), {"molecule.smiles_syntax"}),
        "kekulize": (lambda: call_of(Molecule.from_smiles, "c1cccc1"), {"molecule.smiles_syntax"}),
        "no SMILES": (lambda: call_of(Molecule.from_smiles, ""), {"molecule.smiles_syntax"}),
        "blanks": (lambda: call_of(Molecule.from_smiles, "  "), {"molecule.smiles_syntax"}),
        "two lines": (lambda: call_of(Molecule.from_smiles, "CC\nO"), {"molecule.smiles_syntax"}),
        "NUL": (lambda: call_of(Molecule.from_smiles, "C\0C"), {"molecule.smiles_syntax"}),
        "bytes": (lambda: call_of(Molecule.from_smiles, b"CC"), {"molecule.smiles_syntax"}),
        "a Mol as SMILES": (lambda: call_of(Molecule.from_smiles, mol()), {"molecule.smiles_syntax"}),
        "100 KB": (lambda: call_of(Molecule.from_smiles, "C" * 100_000), {"molecule.smiles"}),
        "not sanitised and 3-D": (
            lambda: call_of(Molecule.from_smiles, "C(C)(C)(C)(C)C", sanitize=False), {"molecule.rdkit"}),
        "no iterations": (
            lambda: call_of(Molecule.from_smiles, "C", mmff_optimize_molecule_max_iterations=0),
            {"molecule.iterations"}),
        "half an iteration": (
            lambda: call_of(Molecule.from_smiles, "C", mmff_optimize_molecule_max_iterations=1.5),
            {"molecule.iterations"}),
        "strict and no geometry": (
            lambda: call_of(Molecule.from_smiles, NO_GEOMETRY, strict="error"), {"molecule.not_embedded"}),
        "strict and conformers": (lambda: call(mol(conformers=2), strict="error"), {"molecule.conformers"}),
        "from_rdkit(None)": (lambda: call_of(Molecule.from_rdkit, None), {"molecule.input"}),
        "from_rdkit(3)": (lambda: call_of(Molecule.from_rdkit, 3), {"molecule.input"}),
        "from_rdkit of a pdb": (lambda: call_of(Molecule.from_rdkit, PATHS["pdb"]), {"molecule.formats"}),
        "from_rdkit of bytes": (lambda: call_of(Molecule.from_rdkit, FILES["sdf"]), {"molecule.formats"}),
        "from_rdkit of a missing file": (lambda: call_of(Molecule.from_rdkit, "no.mol"), {"file.missing"}),
        "from_rdkit of a cif": (lambda: call_of(Molecule.from_rdkit, named(FILES["cif"], "a.mol")), {"file.content"}),
        "from_rdkit of what rdkit refuses": (
            lambda: call_of(Molecule.from_rdkit, named(FILES["sdf"].replace(b" C  ", b" Q9 "), "a.mol")),
            {"molecule.rdkit"}),
        "a long caption": (lambda: call(FILES["pdb"], "c" * 2_001, "pdb"), {"caption.length"}),
    }  # fmt: skip
    spellings = {
        "a pdb": [
            lambda: call(str(PATHS["pdb"])),
            lambda: call(PATHS["pdb"]),
            lambda: call(PATHS["pdb"], file_type="pdb"),
            lambda: call(FILES["pdb"]),
            lambda: call(bytearray(FILES["pdb"]), file_type="pdb"),
            lambda: call(io.BytesIO(FILES["pdb"])),
            lambda: call(io.BytesIO(FILES["pdb"]), file_type="pdb"),
            lambda: call(io.StringIO(FILES["pdb"].decode()), None, "pdb"),
            lambda: call(named(FILES["pdb"], "A.PDB")),
        ],
        "a SMILES": [
            lambda: call_of(Molecule.from_smiles, ASPIRIN),
            lambda: call_of(Molecule.from_smiles, data=ASPIRIN, sanitize=True),
            lambda: call_of(Molecule.from_smiles, ASPIRIN, None, True, True, 200),
        ],
        "a Mol": [
            lambda: call(mol()),
            lambda: call_of(Molecule.from_rdkit, mol()),
            lambda: call_of(Molecule.from_rdkit, Chem.RWMol(mol())),
            lambda: call_of(adopted, mol()),
        ],
    }


def mol_at(x: float) -> Any:
    from rdkit.Geometry import Point3D

    made = mol(conformers=1)
    made.GetConformer().SetAtomPosition(0, Point3D(x, 0, 0))
    return made


# --- files ---


@pytest.mark.parametrize("name", FORMATS)
def test_the_stored_bytes_are_the_given_bytes(name: str, tmp_path: Path) -> None:
    descriptor = Molecule(PATHS[name]).encode(DirectorySink(tmp_path))

    assert FILES[name] == (tmp_path / descriptor["path"]).read_bytes()
    assert name == descriptor["format"]
    assert descriptor["path"].endswith(f".{name}")
    assert FILES[name] == decode(descriptor, DirectorySource(tmp_path)).read()


def test_golden_descriptor() -> None:
    assert {
        "_type": "molecule-file",
        "path": "media/{0}/{1}.sd",
        "sha256": "{1}",
        "size": len(FILES["sd"]),
        "format": "sd",
        "atoms": 40,
        "bonds": 38,
        "models": 2,
        "caption": "two",
        "lossless": True,
    } == {
        name: re.sub(r"[0-9a-f]{64}", "{1}", value).replace("/" + value[6:8] + "/", "/{0}/")
        if isinstance(value, str)
        else value
        for name, value in Molecule(PATHS["sd"], caption="two").encode(MemorySink()).items()
    }


def test_a_path_in_another_folder_and_a_relative_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "x.pdb").write_bytes(FILES["pdb"])
    monkeypatch.chdir(tmp_path)

    assert 20 == Molecule(tmp_path / "deep" / "x.pdb").atoms == Molecule(Path("deep/x.pdb")).atoms


def test_open_files_are_read_from_where_they_stand_and_left_open() -> None:
    with PATHS["pdb"].open() as text, PATHS["mmtf"].open("rb") as binary, PATHS["pdb"].open() as later:
        assert FILES["pdb"] == Molecule(text).read()
        assert FILES["mmtf"] == Molecule(binary).read()
        first = later.readline()
        assert FILES["pdb"][len(first) :] == Molecule(later).read()
        assert not text.closed
        assert not binary.closed


def test_a_name_may_say_another_name_of_the_same_format() -> None:
    assert "sdf" == Molecule(named(FILES["sdf"], "a.sd"), file_type="sdf").format
    assert "cif" == Molecule(named(FILES["mmcif"], "1abc.cif")).format
    assert "mmcif" == Molecule(named(FILES["mmcif"], "1abc.cif"), file_type="mmcif").format
    assert "mcif" == Molecule(FILES["mcif"]).format


def test_messages_say_what_is_what() -> None:
    with pytest.raises(InvalidInput, match="Molecule: a pdb file, as declared, got a cif file"):
        Molecule(named(FILES["cif"], "a.pdb"))
    with pytest.raises(InvalidInput, match=r"from_rdkit takes \.mol"):
        Molecule(named(FILES["sdf"], "a.mol"))
    with pytest.raises(InvalidInput, match=r"Molecule: line 3: x, y and z .* got ' 2.503 \*{5}"):
        Molecule(FILES["pdb"].replace(b"0.659", b"*****"), file_type="pdb")
    with pytest.raises(InvalidInput, match="gzip archive"):
        Molecule(gzip.compress(bytes(10**8)), file_type="pdb")
    with pytest.raises(InvalidInput, match=r"limits=\{'molecule.atoms': ...\} raises it"):
        Molecule(FILES["pdb"], limits={"molecule.atoms": 3})


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.pdb")

    with pytest.raises(InvalidInput, match=r"file\.missing"):
        Molecule(tmp_path / "a.pdb")


def test_the_limits_are_exact() -> None:
    assert 20 == Molecule(FILES["pdb"], limits={"molecule.atoms": 20, "molecule.size": len(FILES["pdb"])}).atoms
    with pytest.raises(InvalidInput, match=r"molecule\.size"):
        Molecule(FILES["pdb"], limits={"molecule.size": len(FILES["pdb"]) - 1})
    assert 5 == Molecule.from_smiles("C", limits={"molecule.smiles": 1, "molecule.embedding": 5}).atoms
    with pytest.raises(InvalidInput, match=r"molecule\.smiles\]"):
        Molecule.from_smiles("CC", limits={"molecule.smiles": 1})
    assert "molecule.not_embedded" in changes(Molecule.from_smiles("C", limits={"molecule.embedding": 4}))
    drawn = partial(Molecule.from_smiles, convert_to_3d_and_optimize=False, limits={"molecule.drawing": 3})
    assert 3 == drawn("CCO").atoms
    with pytest.raises(InvalidInput, match=r"at most 3 atoms for a drawing .* got 4 \[molecule\.drawing\]"):
        drawn("CCCO")


def test_ten_million_atoms_are_refused_early() -> None:
    line = b"ATOM      1  CA  GLY A   1       1.000   2.000   3.000  1.00  0.00           C\n"
    most = LIMITS["molecule.atoms"].value
    assert isinstance(most, int)
    gro = b"t\n 10000000\n    1WATER  OW1    1   0.126   1.624   1.679\n"

    with pytest.raises(InvalidInput, match=r"10,000,000 \[molecule\.atoms\]"):
        Molecule(gro, file_type="gro")
    with pytest.raises(InvalidInput, match=r"at line 101 \[molecule\.atoms\]"):
        Molecule(line * 1_000, limits={"molecule.atoms": 100})
    assert 10**7 > most


def test_dangling_conect_records_are_kept_with_one_warning() -> None:
    line = b"ATOM      1  CA  GLY A   1       1.000   2.000   3.000  1.00  0.00           C\n"
    molecule = Molecule(line + b"CONECT    1    2\n")

    with pytest.warns(Advice, match="1 CONECT record"):
        descriptor = molecule.encode(MemorySink())
    assert "changes" not in descriptor


def test_pickles_carry_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.pdb").write_bytes(FILES["pdb"])
    stored = pickle.dumps(Molecule(tmp_path / "a.pdb", limits={"file.in_memory": 10}))
    (tmp_path / "a.pdb").unlink()

    assert FILES["pdb"] == pickle.loads(stored).read()


def test_a_large_file_that_changed_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pdb").write_bytes(FILES["pdb"])
    molecule = Molecule(tmp_path / "a.pdb", limits={"file.in_memory": 10})
    (tmp_path / "a.pdb").write_bytes(FILES["pdb"].replace(b"GLY", b"ALA"))

    with pytest.raises(InvalidInput, match=r"file\.changed"):
        molecule.encode(MemorySink())


# --- readers ---


def test_text_is_the_file() -> None:
    assert FILES["pdb"].decode() == Molecule(PATHS["pdb"]).text
    latin = FILES["pdb"].replace(b"COMPND    g", b"COMPND    \xe9")
    assert "\u00e9lycyl" in Molecule(latin).text
    with pytest.raises(InvalidInput, match=r"molecule\.text"):
        _ = Molecule(PATHS["mmtf"]).text


@pytest.mark.parametrize("name", ["pdb", "sdf", "sd", "mol2"])
def test_to_rdkit_gives_the_same_atoms(name: str) -> None:
    read = Molecule(PATHS[name]).to_rdkit()

    positions = read.GetConformer().GetPositions()
    assert (20, 19) == (read.GetNumAtoms(), read.GetNumBonds())
    np.testing.assert_allclose([2.599, -0.484, 0.561], positions[0], atol=1e-9)


@pytest.mark.parametrize("name", ["pqr", "gro", "cif", "mmcif", "mcif", "mmtf"])
def test_to_rdkit_names_what_it_reads(name: str) -> None:
    with pytest.raises(InvalidInput, match="a format that rdkit reads: pdb, sdf, sd, mol2"):
        Molecule(PATHS[name]).to_rdkit()


def test_to_rdkit_gives_rdkits_reason(capfd: pytest.CaptureFixture[str]) -> None:
    crowded = FILES["sdf"].replace(b" H   0", b" F   0").replace(b"  2  7  1  0", b"  2  7  2  0")
    molecule = Molecule(crowded, file_type="sdf")

    with pytest.raises(InvalidInput, match="valence"):
        molecule.to_rdkit()
    assert 20 == molecule.to_rdkit(sanitize=False).GetNumAtoms()
    assert "" == capfd.readouterr().err


# --- SMILES and rdkit ---


@pytest.mark.parametrize("smiles", [ASPIRIN, BIPHENYL, "N[C@@H](C)C(=O)O", "C/C=C/C", "[Na+].[Cl-]", "CB(O)O", "C#N"])
@pytest.mark.parametrize("three_d", [True, False])
def test_the_stored_sdf_is_the_molecule(smiles: str, three_d: bool) -> None:
    molecule = Molecule.from_smiles(smiles, convert_to_3d_and_optimize=three_d)

    supplier = Chem.SDMolSupplier()
    supplier.SetData(molecule.text)
    (read,) = supplier
    assert Chem.CanonSmiles(smiles) == Chem.MolToSmiles(read)
    assert three_d == read.GetConformer().Is3D()
    assert ("sdf", smiles) == (molecule.format, molecule.encode(MemorySink())["smiles"])


def test_the_same_smiles_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import sys; from medialog.datatypes import Molecule; sys.stdout.write(Molecule.from_smiles(sys.argv[1]).text)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"}

    done = subprocess.run([sys.executable, "-c", code, BIPHENYL], capture_output=True, check=True, env=environment)

    assert Molecule.from_smiles(BIPHENYL).read() == done.stdout
    assert b"" == done.stderr


def test_the_header_has_no_date() -> None:
    old = Chem.MolFromMolBlock(Chem.MolToMolBlock(mol(conformers=1)), removeHs=False)
    old.SetProp("_MolFileInfo", "  ChemDraw01012011223D")
    old.SetProp("_MolFileComments", "made on a Tuesday")

    for molecule in (Molecule.from_smiles(ASPIRIN), Molecule(old)):
        title, program, comment = molecule.text.split("\n")[:3]
        assert ("", "     RDKit          3D", "") == (title, program, comment)


def test_the_title_is_kept_when_it_is_one_line() -> None:
    made = mol(conformers=1)
    for name, expected in (
        ("ethanol", "ethanol"),
        ("a\nb", "a b"),
        ("$$$$", ""),
        ("\x1b[2J", ""),
        ("n" * 200, "n" * 80),
    ):
        made.SetProp("_Name", name)
        assert expected == Molecule(made).text.split("\n")[0]
        assert name == made.GetProp("_Name")


def test_v2000_ends_at_999_atoms() -> None:
    def stored(atoms: int) -> Molecule:  # the second is at the limit for drawings
        return Molecule.from_smiles("C" * atoms, convert_to_3d_and_optimize=False)

    small, large = stored(999), stored(1_000)

    assert ("V2000", 999) == (small.text.split("\n")[3][34:39], small.atoms)
    assert ("V3000", 1_000) == (large.text.split("\n")[3][34:39], large.atoms)
    assert "V3000" in large.changes[-1].detail
    assert 1_000 == large.to_rdkit().GetNumAtoms()


def test_coordinates_too_wide_for_v2000_are_v3000() -> None:
    molecule = Molecule(mol_at(123_456.5))

    assert "V3000" in molecule.text
    assert 123_456.5 == molecule.to_rdkit().GetConformer().GetPositions()[0][0]


def test_what_happened_is_recorded() -> None:
    expected = ["molecule.hydrogens", "molecule.embedded", "molecule.optimised", "molecule.sdf"]
    assert expected == changes(Molecule.from_smiles(ASPIRIN))
    assert 8 == Molecule.from_smiles(ASPIRIN).changes[0].count

    assert ["molecule.drawn", "molecule.sdf"] == changes(Molecule.from_smiles("C", convert_to_3d_and_optimize=False))
    one = Molecule.from_smiles("c1ccccc1CCCCCCCC", mmff_optimize_molecule_max_iterations=1)
    assert "molecule.not_converged" in changes(one)
    assert "molecule.no_parameters" in changes(Molecule.from_smiles("CB(O)O"))
    assert set(RDKIT_CHANGES) >= set(changes(one))


def test_no_geometry_is_a_drawing_with_a_warning() -> None:
    molecule = Molecule.from_smiles(NO_GEOMETRY)

    assert ["molecule.not_embedded", "molecule.sdf"] == changes(molecule)
    with pytest.warns(DataChanged, match="no 3-D geometry"):
        molecule.encode(MemorySink())
    positions = molecule.to_rdkit().GetConformer().GetPositions()
    assert 8 == len({tuple(row) for row in positions.tolist()})
    assert not positions[:, 2].any()


def test_a_pose_is_kept() -> None:
    made = mol(conformers=1)
    given = made.GetConformer().GetPositions().round(4)

    molecule = Molecule.from_rdkit(made)

    np.testing.assert_allclose(given, molecule.to_rdkit().GetConformer().GetPositions(), atol=1e-9)
    assert ["molecule.sdf"] == changes(molecule)
    assert not molecule.lossless


def test_a_drawing_is_embedded_when_asked_and_kept_when_not() -> None:
    from rdkit.Chem import rdDepictor

    flat = Chem.MolFromSmiles("CCO")
    rdDepictor.Compute2DCoords(flat)

    assert Molecule.from_rdkit(flat).to_rdkit().GetConformer().Is3D()
    kept = Molecule.from_rdkit(flat, convert_to_3d_and_optimize=False)
    np.testing.assert_allclose(
        flat.GetConformer().GetPositions(), kept.to_rdkit().GetConformer().GetPositions(), atol=5e-5
    )
    assert 3 == flat.GetNumAtoms()


def test_only_the_first_of_several_is_stored_and_said() -> None:
    molecule = Molecule(mol(conformers=3))
    assert "molecule.conformers" in changes(molecule)
    with pytest.warns(DataChanged, match="first of 3 conformers"):
        molecule.encode(MemorySink())

    first = Molecule.from_rdkit(str(PATHS["sd"].with_suffix(".sdf")))
    several = Molecule.from_rdkit(PATHS["sd"])
    assert "molecule.first" in changes(several)
    assert first.read() == several.read()


@pytest.mark.parametrize("suffix", ["mol", "sdf", "sd", "MOL"])
def test_from_rdkit_takes_paths(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_text(Chem.MolToMolBlock(mol(conformers=1)))

    for value in (path, str(path)):
        assert 9 == Molecule.from_rdkit(value).atoms


def test_the_callers_mol_is_unchanged() -> None:
    made = Chem.MolFromSmiles("c1ccccc1O")
    before = (made.ToBinary(), made.GetPropsAsDict(includePrivate=True, includeComputed=False))

    Molecule(made)

    assert before == (made.ToBinary(), made.GetPropsAsDict(includePrivate=True, includeComputed=False))


def test_a_query_molecule_without_valences_is_stored() -> None:
    assert 3 == Molecule.from_rdkit(Chem.MolFromSmarts("CCO"), convert_to_3d_and_optimize=False).atoms


def test_rdkits_reason_is_in_the_error_and_not_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    for smiles, reason in (
        ("C1CC", "unclosed ring"),
        ("C(C", "extra open parentheses"),
        ("c1cccc1", "kekulize"),
        ("C(C)(C)(C)(C)C", "valence"),
        ("hello", "syntax error"),
    ):
        with pytest.raises(InvalidInput, match=reason) as caught:
            Molecule.from_smiles(smiles)
        assert not re.search(r"\d\d:\d\d:\d\d", str(caught.value))
    Molecule.from_smiles("[U]")
    assert ("", "") == tuple(capfd.readouterr())
    Chem.MolFromSmiles("C1CC")
    assert "unclosed ring" in capfd.readouterr().err, "rdkit's log works again afterwards"


def test_the_reason_without_a_log_to_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    import rdkit.rdBase

    monkeypatch.delattr(rdkit.rdBase, "CaptureErrorLog", raising=False)

    for smiles, reason in (("C(C", "a syntax error"), ("C(C)(C)(C)(C)C", "valence"), ("c1cccc1", "kekulize")):
        with pytest.raises(InvalidInput, match=reason):
            Molecule.from_smiles(smiles)


@given(st.text(alphabet="CNOcn()[]=#123+-@H/\\.%*: ", max_size=12))
@settings(max_examples=60)
def test_any_smiles_is_a_molecule_or_named(smiles: str) -> None:
    try:
        molecule = Molecule.from_smiles(smiles, strict="record")
    except InvalidInput as error:
        rules = {violation.rule for violation in error.violations}
    else:
        rules = set()
        assert molecule.atoms >= 1
        assert validate(molecule.encode(MemorySink())) == []
    assert rules <= set(Molecule.documented_rules)


def test_without_rdkit(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("rdkit")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rdkit", None)

    for make in (partial(Molecule.from_smiles, "C"), partial(Molecule.from_rdkit, PATHS["sdf"])):
        with pytest.raises(MissingDependency, match=r'pip install "medialog\[molecule\]"'):
            make()
    with pytest.raises(MissingDependency):
        Molecule(PATHS["sdf"]).to_rdkit()
    assert [20] * 3 == [Molecule(PATHS[name]).atoms for name in ("pdb", "mmtf", "mol2")]


def test_none_of_rdkit_is_said() -> None:
    with pytest.raises(WrongType, match="rdkit gives None for what it cannot parse"):
        Molecule.from_rdkit(None)


# --- lists and descriptors ---


def test_a_list_has_wandbs_columns_and_the_items() -> None:
    sink = MemorySink()
    first, second = Molecule(PATHS["pdb"], caption="a"), Molecule(PATHS["mmtf"])

    descriptor = MediaList([first, second]).encode_into(sink)

    items = [first.encode(sink), second.encode(sink)]
    assert {
        "_type": "molecule",
        "count": 2,
        "filenames": [item["path"] for item in items],
        "captions": ["a", None],
        "items": items,
    } == descriptor


def test_descriptors_that_disagree_are_named() -> None:
    single = Molecule(PATHS["pdb"]).encode(MemorySink())
    many = MediaList([Molecule(PATHS["pdb"])]).encode_into(MemorySink())

    assert isinstance(many, dict)

    def rules(descriptor: Any) -> set[str]:
        return {violation.rule for violation in validate(descriptor)}

    assert {"molecule.suffix"} == rules({**single, "format": "gro"})
    assert {"schema.pattern"} == rules({**single, "format": "xyz"})
    assert {"schema.minimum"} == rules({**single, "atoms": 0})
    assert {"molecule.atoms"} == rules({**single, "atoms": 1_000_001})
    assert {"molecule.size"} == rules({**single, "size": 2**28 + 1})
    assert {"molecule.smiles"} == rules({**single, "smiles": "C" * 10_001})
    assert {"molecule.list"} == rules({**many, "count": 2})
    assert {"molecule.list"} == rules({**many, "captions": ["x"]})
    assert {"molecule.suffix"} == rules({**many, "items": [{**many["items"][0], "format": "gro"}]})


def test_repr() -> None:
    assert "Molecule(sdf, 9 atoms, 8 bonds, smiles='CCO', caption='ethanol')" == repr(
        Molecule.from_smiles("CCO", caption="ethanol")
    )
    assert "Molecule(pdb, 20 atoms)" == repr(Molecule(PATHS["pdb"]))


@pytest.mark.parametrize(
    ("text", "hinted"), [("CCO", True), ("CC(=O)O", True), ("C/C=C/C", True), ("no/such.pdb", False)]
)
def test_smiles_in_the_place_of_a_path_is_told_where_it_goes(text: str, hinted: bool) -> None:
    with pytest.raises(InvalidInput, match=r"file\.missing") as caught:
        Molecule(text)

    assert hinted == ("(for SMILES: Molecule.from_smiles)" in str(caught.value))
