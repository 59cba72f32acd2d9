"""rdkit's part of `Molecule`: SMILES, `Mol` objects, a reproducible 3-D geometry, and the SDF that is stored.

Everything here is the same on every run: the embedding has a fixed seed and one thread, and the SDF has no date. What
rdkit would print to stderr becomes the reason in an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medialog.datatypes.molecule_file.structure import no_atoms
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.optional import require

if TYPE_CHECKING:
    from medialog.datatypes.base import ChangeLog
    from medialog.validators.rules import Rules

SEED = 0xF00D
# Past these, V2000's three-digit counts and ten-character coordinates overflow; V3000 has no such columns.
_V2000_COUNT = 999
_V2000_COORDINATE = 9_999.0
_TITLE_LENGTH = 80

RDKIT_RULES = {
    "molecule.rdkit": "rdkit can read the molecule, and work on it",
    "molecule.smiles_syntax": "a SMILES is one line of text that rdkit can parse",
    "molecule.drawing": "a molecule without coordinates, to be drawn, has at most `molecule.drawing` atoms",
    "molecule.iterations": "mmff_optimize_molecule_max_iterations is a whole number in 1..1,000,000",
}
RDKIT_CHANGES = {
    "molecule.sdf": "stored as SDF: coordinates rounded to the format's decimals, title and structure kept",
    "molecule.hydrogens": "hydrogens added for the 3-D geometry",
    "molecule.embedded": "3-D coordinates computed (ETKDGv3, fixed seed)",
    "molecule.optimised": "geometry optimised with MMFF94 until it converged",
    "molecule.not_converged": "MMFF94 did not converge within the iterations asked for: the last geometry is stored",
    "molecule.no_parameters": "MMFF94 has no parameters for this molecule: the geometry is as embedded",
    "molecule.drawn": "2-D coordinates of a drawing computed, as no 3-D geometry was asked for",
    "molecule.not_embedded": "no 3-D geometry was found or tried (past `molecule.embedding`): a 2-D drawing (lossy)",
    "molecule.conformers": "only the first of several conformers stored (lossy)",
    "molecule.first": "only the first of several molecules of a file stored (lossy)",
}


def is_mol(value: object) -> bool:
    """Say whether `value` is an rdkit Mol (or a class made from it), without importing rdkit."""
    return any(cls.__module__ == "rdkit.Chem.rdchem" and cls.__name__ == "Mol" for cls in type(value).__mro__)


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Keep rdkit's log off stderr in this block; the list yielded holds its error lines afterwards."""
    base = require("rdkit.rdBase", "molecule")
    found: list[str] = []
    capture = getattr(base, "CaptureErrorLog", None)  # in newer releases only
    with base.BlockLogs():
        if capture is None:
            yield found
            return
        with capture() as errors:
            yield found
        found.extend(errors.messages.splitlines())


def _reason(messages: list[str], otherwise: str) -> str:
    """Return rdkit's first error without the time of day it begins with."""
    for message in messages:
        text = re.sub(r"^\[\d\d:\d\d:\d\d\] *", "", message).strip()
        if text:
            return "".join(character if character.isprintable() else "?" for character in text[:160])
    return otherwise


def _refused(rule: str, expected: str, got: str, at: str = "Molecule") -> InvalidInput:
    return InvalidInput(Violation(at, rule, expected, got))


def parse_smiles(smiles: str, sanitize: bool) -> Any:
    """Return the Mol of a SMILES; `InvalidInput` with rdkit's reason when it is none."""
    chem = require("rdkit.Chem", "molecule")
    with quiet() as messages:
        mol = chem.MolFromSmiles(smiles, sanitize=bool(sanitize))
    if mol is None:
        got = f"{checks.show(smiles, 40)}: {_reason(messages or _problems(smiles), 'a syntax error')}"
        raise _refused("molecule.smiles_syntax", "a SMILES that rdkit can parse", got, "smiles")
    return mol


def _problems(smiles: str) -> list[str]:
    """Return what is wrong with a SMILES (not its syntax), for releases of rdkit whose log cannot be captured."""
    chem = require("rdkit.Chem", "molecule")
    with quiet():
        mol = chem.MolFromSmiles(smiles, sanitize=False)
        return [] if mol is None else [problem.Message() for problem in chem.DetectChemistryProblems(mol)]


def parse_file(data: bytes, format: str, sanitize: bool = True) -> Any:
    """Return the Mol of the first molecule of a pdb, sdf, sd, mol or mol2 file, its hydrogens and coordinates kept."""
    chem = require("rdkit.Chem", "molecule")
    readers = {"pdb": chem.MolFromPDBBlock, "mol2": chem.MolFromMol2Block}
    read = readers.get(format, chem.MolFromMolBlock)
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    with quiet() as messages:
        try:
            mol = read(text, sanitize=bool(sanitize), removeHs=False)
        except Exception as error:  # noqa: BLE001 - rdkit's C++ raises many kinds
            messages.append(str(error))
            mol = None
    if mol is None:
        got = _reason(messages, "rdkit gave no reason")
        raise _refused("molecule.rdkit", f"a {format} file that rdkit can read", got)
    return mol


def to_sdf(mol: Any, three_d: bool, iterations: int, log: ChangeLog, rules: Rules) -> bytes:
    """Return a Mol as the bytes of an SDF of one record, with coordinates; the caller's object is not changed.

    A 3-D conformer that is there is kept. Without one, `three_d` adds hydrogens, embeds and optimises; else it is drawn
    in 2-D.
    """
    chem = require("rdkit.Chem", "molecule")
    if not mol.GetNumAtoms():
        raise no_atoms("a molecule with atoms").within("Molecule")
    checks.refuse([checks.at_most(mol.GetNumAtoms(), "molecule.atoms", "Molecule", rules, "atoms")])
    with quiet() as messages:
        try:
            mol = chem.Mol(mol)
            mol.UpdatePropertyCache(strict=False)
            chem.FastFindRings(mol)
            return _write(_with_coordinates(mol, three_d, iterations, log, rules), log)
        except InvalidInput:
            raise
        except Exception as error:  # rdkit's C++ raises many kinds
            got = _reason([*messages, *str(error).splitlines()], type(error).__name__)
            raise _refused("molecule.rdkit", "a molecule that rdkit can work on", got) from error


def _with_coordinates(mol: Any, three_d: bool, iterations: int, log: ChangeLog, rules: Rules) -> Any:
    conformers = mol.GetNumConformers()
    if conformers > 1:
        log.lose("molecule.conformers", f"only the first of {conformers} conformers stored")
    if conformers and (mol.GetConformer().Is3D() or not three_d):
        return mol
    if not three_d:
        log.record("molecule.drawn", "2-D coordinates computed: the molecule had none")
        return _draw(mol, rules)
    return _embed(mol, iterations, log, rules)


def _draw(mol: Any, rules: Rules) -> Any:
    advice = " for a drawing (a Mol with a conformer is stored as it is)"
    checks.refuse([checks.at_most(mol.GetNumAtoms(), "molecule.drawing", "Molecule", rules, "atoms", advice)])
    require("rdkit.Chem.rdDepictor", "molecule").Compute2DCoords(mol)
    return mol


def _embed(mol: Any, iterations: int, log: ChangeLog, rules: Rules) -> Any:
    chem, geometry = require("rdkit.Chem", "molecule"), require("rdkit.Chem.rdDistGeom", "molecule")
    whole = chem.AddHs(mol)
    atoms, most = whole.GetNumAtoms(), rules.limit("molecule.embedding")
    if atoms > most:
        log.lose(
            "molecule.not_embedded", f"{atoms:,} atoms with hydrogens, 3-D up to {most:,}: a 2-D drawing is stored"
        )
        return _draw(mol, rules)
    parameters = geometry.ETKDGv3()
    parameters.randomSeed, parameters.numThreads = SEED, 1
    detail = f"ETKDGv3, seed {SEED}"
    if geometry.EmbedMolecule(whole, parameters) < 0:
        parameters.useRandomCoords = True
        detail += ", random starting coordinates"
        if geometry.EmbedMolecule(whole, parameters) < 0:
            log.lose("molecule.not_embedded", "rdkit found no 3-D geometry: a 2-D drawing is stored")
            return _draw(mol, rules)
    if atoms > mol.GetNumAtoms():
        log.record("molecule.hydrogens", "hydrogens added", atoms - mol.GetNumAtoms())
    log.record("molecule.embedded", f"3-D coordinates computed: {detail}")
    _optimise(whole, iterations, log)
    return whole


def _optimise(mol: Any, iterations: int, log: ChangeLog) -> None:
    field = require("rdkit.Chem.rdForceFieldHelpers", "molecule")
    if not field.MMFFHasAllMoleculeParams(mol):
        log.record("molecule.no_parameters", "MMFF94 has no parameters for this molecule: not optimised")
        return
    result = field.MMFFOptimizeMolecule(mol, maxIters=iterations)
    if result == 0:
        log.record("molecule.optimised", f"MMFF94 converged within {iterations:,} iterations")
    elif result > 0:
        log.record("molecule.not_converged", f"MMFF94 did not converge within {iterations:,} iterations")
    else:
        log.record("molecule.no_parameters", "MMFF94 could not be set up for this molecule: not optimised")


def _write(mol: Any, log: ChangeLog) -> bytes:
    chem = require("rdkit.Chem", "molecule")
    title = " ".join(mol.GetProp("_Name").split()) if mol.HasProp("_Name") else ""
    mol.SetProp("_Name", title[:_TITLE_LENGTH] if title.isprintable() and not title.startswith("$$$$") else "")
    # Program line and comment of the file it was read from: not the molecule, and often a date.
    for name in ("_MolFileInfo", "_MolFileComments"):
        mol.ClearProp(name)
    positions = mol.GetConformer().GetPositions()
    large = max(mol.GetNumAtoms(), mol.GetNumBonds()) > _V2000_COUNT or bool(abs(positions).max() > _V2000_COORDINATE)
    try:
        block = chem.MolToMolBlock(mol, forceV3000=large)
    except Exception:  # noqa: BLE001 - not sanitised: no Kekulé form, but still atoms and bonds
        block = chem.MolToMolBlock(mol, kekulize=False, forceV3000=large)
    log.record("molecule.sdf", f"stored as SDF {'V3000' if 'V3000' in block[:400] else 'V2000'}")
    return f"{block}$$$$\n".encode()
