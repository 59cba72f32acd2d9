"""Molecule: a file of atoms in one of ten formats, a SMILES, or an rdkit molecule.

Source: "Molecule" of the guides (the ten file types), and `wandb.Molecule` with `from_smiles` and `from_rdkit`.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes import molecule_rdkit
from medialog.datatypes.base import (
    Caption,
    ChangeLog,
    Changes,
    Count,
    DataType,
    FileModel,
    MediaPath,
    Model,
    captions_column,
    file_fields,
)
from medialog.datatypes.files import Content, Sink, Source, read_input, read_reference
from medialog.datatypes.molecule_file import (
    FORMATS,
    STRUCTURE_RULES,
    Structure,
    find_format,
    is_same_family,
    read_structure,
)
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.wire.fileref import FileRef

if TYPE_CHECKING:
    from medialog.validators.rules import Rules, Strictness

DEFAULT_ITERATIONS = 200
_MOST_ITERATIONS = 1_000_000
_RDKIT_READS = ("pdb", "sdf", "sd", "mol2")
_MOL_SUFFIXES = ("mol", "sdf", "sd")

Format = Annotated[str, Meta(pattern=f"^({'|'.join(FORMATS)})$", description=f"one of {', '.join(FORMATS)}")]


class MoleculeDescriptor(FileModel, tag="molecule-file"):
    """The wire form of one molecule file."""

    format: Format
    atoms: Annotated[
        int,
        Meta(ge=1, description="atoms of all models", extra_json_schema={"x-medialog-limit": "molecule.atoms"}),
    ]
    lossless: Annotated[bool, Meta(description="what was given can be had back exactly")]
    bonds: Annotated[int, Meta(ge=0, description="bonds, where the format lists them")] | UnsetType = UNSET
    models: Annotated[int, Meta(ge=2, description="models, molecules or frames of the file")] | UnsetType = UNSET
    smiles: (
        Annotated[
            str,
            Meta(
                min_length=1,
                description="the SMILES that was given",
                extra_json_schema={"x-medialog-limit": "molecule.smiles"},
            ),
        ]
        | UnsetType
    ) = UNSET
    caption: Caption | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class MoleculeListDescriptor(Model, tag="molecule"):
    """The wire form of a list of molecules. `items` is the truth; the other keys derive from it, as W&B writes them."""

    count: Count
    filenames: list[MediaPath]
    items: Annotated[list[MoleculeDescriptor], Meta(min_length=1)]
    captions: list[Caption | None] | UnsetType = UNSET


class Molecule(DataType, kind="molecule-file", list_kind="molecule"):
    """Atoms in space: `Molecule(data_or_path, caption=..., file_type=...)`.

    `data_or_path` is one of

    - a path (`str` or `Path`) or an open file whose name ends in pdb, pqr, mmcif, mcif, cif, sdf, sd, gro, mol2 or mmtf
      (in any case), or whose format `file_type` says;
    - `bytes` or `BytesIO`, with `file_type` unless the content is clearly one format; `StringIO` with `file_type`;
    - an rdkit `Mol`: see `from_rdkit`.

    A file is stored byte for byte. It must be what its name or `file_type` says, and whole: it has as many atoms as it
    says, their coordinates (ångström; nanometre in gro) are finite numbers, and its bonds join atoms that are there.
    Compressed files are refused. CONECT records of a PDB that name missing atoms are kept, with one warning.

    Raises `InvalidInput` with the line and the rule, `WrongType` for an object that can never be a molecule.
    """

    Descriptor = MoleculeDescriptor
    ListDescriptor = MoleculeListDescriptor
    documented_rules: ClassVar[Mapping[str, str]] = {
        **STRUCTURE_RULES,
        **molecule_rdkit.RDKIT_RULES,
        "molecule.formats": "file_type, or else the end of the file's name, is one of the ten documented formats",
        "molecule.file_type": "text in memory has a file_type; file_type and the file's name do not disagree",
        "molecule.input": "a molecule is a path, bytes, an open file, or an rdkit Mol",
        "molecule.size": "a file has at most `molecule.size` bytes",
        "molecule.smiles": "a SMILES has at most `molecule.smiles` characters",
        "molecule.conect": "a PDB's CONECT records name atoms that are in the file (a warning)",
        "molecule.text": "text and to_rdkit() need a format that is text, or that rdkit reads",
        "molecule.list": "a list descriptor's columns agree with its items",
        "molecule.suffix": "a stored file's path ends in its format",
    }
    documented_changes: ClassVar[Mapping[str, str]] = molecule_rdkit.RDKIT_CHANGES

    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        file_type: str | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        log = self._begin(limits, strict, caption)
        self.smiles: str | None = None
        self.lossless = True
        if file_type is not None:
            checks.refuse([checks.one_of(file_type, FORMATS, "file_type", "molecule.formats")])
        if molecule_rdkit.is_mol(data_or_path):
            if file_type is not None:
                got = f"file_type={file_type!r} with an rdkit Mol, which is stored as SDF"
                raise InvalidInput(Violation("file_type", "molecule.file_type", "no file_type", got))
            self._load_mol(data_or_path, True, DEFAULT_ITERATIONS, log)
            return
        content = self._read_given(data_or_path)
        if content is None:
            expected = "a path, bytes, an open file, or an rdkit Mol"
            if data_or_path is None:
                expected += " (rdkit gives None for what it cannot parse)"
            raise checks.wrong_type("Molecule", "molecule.input", expected, data_or_path)
        if isinstance(data_or_path, io.StringIO) and file_type is None:
            expected = "file_type=, as text in memory has no name"
            raise InvalidInput(Violation("file_type", "molecule.file_type", expected, "none"))
        self._load_file(content, _declared_format(content, file_type))

    def _read_given(self, data: Any) -> Content | None:
        """Read the input; a text that is neither a file nor could be the name of one is almost surely SMILES."""
        try:
            return read_input(data, "Molecule", self._rules)
        except InvalidInput as error:
            (violation,) = error.violations
            if isinstance(data, str) and violation.rule == "file.missing" and "." not in os.path.basename(data):
                expected = f"{violation.expected} (for SMILES: Molecule.from_smiles)"
                raise InvalidInput(Violation(violation.at, violation.rule, expected, violation.got)) from error
            raise

    @classmethod
    def from_smiles(
        cls,
        data: str,
        caption: str | None = None,
        sanitize: bool = True,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = DEFAULT_ITERATIONS,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> Self:
        """Return the molecule of a SMILES, stored as SDF; the descriptor keeps the SMILES.

        With `convert_to_3d_and_optimize` hydrogens are added, the geometry is embedded (ETKDGv3, fixed seed: the same
        SMILES gives the same bytes) and optimised (MMFF94, at most `mmff_optimize_molecule_max_iterations` steps);
        without, it is drawn in 2-D. What fails on the way is in `changes`. `sanitize=False` skips rdkit's checks of
        valence and aromaticity. `MissingDependency` without rdkit.
        """
        self = cls.__new__(cls)
        log = self._begin(limits, strict, caption)
        if not isinstance(data, str):
            raise checks.wrong_type("smiles", "molecule.smiles_syntax", "a SMILES (a string)", data)
        checks.refuse([checks.at_most(len(data), "molecule.smiles", "smiles", self._rules, "characters")])
        if not data.strip() or not data.isprintable():
            expected = "one line of text with at least one atom"
            raise InvalidInput(Violation("smiles", "molecule.smiles_syntax", expected, checks.show(data)))
        mol = molecule_rdkit.parse_smiles(data, sanitize)
        self._load_mol(mol, convert_to_3d_and_optimize, mmff_optimize_molecule_max_iterations, log)
        self.smiles, self.lossless = data, True
        return self

    @classmethod
    def from_rdkit(
        cls,
        data_or_path: Any,
        caption: str | None = None,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = DEFAULT_ITERATIONS,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> Self:
        """Return the molecule of an rdkit `Mol`, or of a .mol or .sdf file (its first molecule), stored as SDF.

        A 3-D conformer that is there is kept as it is: a docked pose stays one. Without one,
        `convert_to_3d_and_optimize` does what it does in `from_smiles`. `MissingDependency` without rdkit.
        """
        self = cls.__new__(cls)
        log = self._begin(limits, strict, caption)
        self.smiles = None
        mol = data_or_path if molecule_rdkit.is_mol(data_or_path) else self._read_mol(data_or_path, log)
        self._load_mol(mol, convert_to_3d_and_optimize, mmff_optimize_molecule_max_iterations, log)
        return self

    # --- construction ---

    def _load_file(self, content: Content, declared: str | None) -> None:
        checks.refuse([checks.at_most(content.size, "molecule.size", "Molecule", self._rules, "bytes")])
        data = content.read()
        self.format = find_format(data, declared, "Molecule")
        self._structure = self._read(data, self.format)
        self._content = content

    def _read(self, data: bytes, format: str) -> Structure:
        try:
            return read_structure(data, format, self._rules.limit("molecule.atoms"))
        except InvalidInput as error:
            raise error.within("Molecule") from error

    def _read_mol(self, value: Any, log: ChangeLog) -> Any:
        content = read_input(value, "Molecule", self._rules)
        if content is None:
            expected = "an rdkit Mol, or the path of a .mol or .sdf file"
            if value is None:
                expected += " (rdkit gives None for what it cannot parse)"
            raise checks.wrong_type("Molecule", "molecule.input", expected, value)
        if content.suffix not in _MOL_SUFFIXES:
            expected = f"a file whose name ends in {', '.join(_MOL_SUFFIXES)} (Molecule(path) takes the other formats)"
            got = checks.show(content.name) if content.name else "bytes without a name"
            raise InvalidInput(Violation("Molecule", "molecule.formats", expected, got))
        checks.refuse([checks.at_most(content.size, "molecule.size", "Molecule", self._rules, "bytes")])
        data = content.read()
        find_format(data, "sdf", "Molecule")
        structure = self._read(data, "sdf")
        if structure.models > 1:
            detail = f"only the first of {structure.models:,} molecules stored (Molecule(path) stores the whole file)"
            log.lose("molecule.first", detail)
        return molecule_rdkit.parse_file(data, "sdf")

    def _load_mol(self, mol: Any, three_d: bool, iterations: Any, log: ChangeLog) -> None:
        number = checks.whole_number(iterations)
        if number is None or not 1 <= number <= _MOST_ITERATIONS:
            expected = f"a whole number in 1..{_MOST_ITERATIONS:,}"
            at = "mmff_optimize_molecule_max_iterations"
            raise InvalidInput(Violation(at, "molecule.iterations", expected, checks.show(iterations)))
        data = molecule_rdkit.to_sdf(mol, bool(three_d), number, log, self._rules)
        self._load_file(Content(hashlib.sha256(data).hexdigest(), len(data), None, data), "sdf")
        self.lossless = False

    # --- facts ---

    @property
    def atoms(self) -> int:
        """Return the number of atoms in the file, of all its models."""
        return self._structure.atoms

    @property
    def bonds(self) -> int | None:
        """Return the number of bonds in the file; None for a format that does not list them all."""
        return self._structure.bonds

    @property
    def models(self) -> int:
        """Return the number of models (pdb, mmcif, mmtf), molecules (sdf, mol2) or frames (gro)."""
        return self._structure.models

    def advice(self) -> Iterator[tuple[str, str]]:
        """Yield `(rule, sentence)` for what is kept as given but looks wrong."""
        if self._structure.dangling:
            sentence = f"{self._structure.dangling:,} CONECT records name atoms that are not in the file"
            yield "molecule.conect", sentence

    def describe(self) -> str:
        """Return format, atoms and bonds."""
        bonds = "" if self.bonds is None else f", {self.bonds:,} bonds"
        smiles = "" if self.smiles is None else f", smiles={checks.show(self.smiles, 40)}"
        return f"{self.format}, {self.atoms:,} atoms{bonds}{smiles}"

    # --- the way out and back ---

    def read(self) -> bytes:
        """Return the bytes of the file."""
        return self._content.read()

    @property
    def text(self) -> str:
        """Return the file as text (UTF-8, or else Latin-1); `InvalidInput` for mmtf, which is binary."""
        if self.format == "mmtf":
            raise InvalidInput(Violation("Molecule", "molecule.text", "a text format; read() gives the bytes", "mmtf"))
        data = self.read()
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("latin-1")

    def to_rdkit(self, sanitize: bool = True) -> Any:
        """Return the (first) molecule as an rdkit Mol with its hydrogens and coordinates: from pdb, sdf, sd and mol2.

        `InvalidInput` for the other formats, and with rdkit's reason for what it cannot read.
        """
        if self.format not in _RDKIT_READS:
            expected = f"a format that rdkit reads: {', '.join(_RDKIT_READS)}"
            raise InvalidInput(Violation("Molecule", "molecule.text", expected, self.format))
        return molecule_rdkit.parse_file(self.read(), self.format, sanitize)

    def build(self, sink: Sink) -> MoleculeDescriptor:
        """Write the file and return the descriptor."""
        return MoleculeDescriptor(
            **file_fields(sink.write(self.format, self._content)),
            format=self.format,
            atoms=self.atoms,
            lossless=self.lossless,
            bonds=UNSET if self.bonds is None else self.bonds,
            models=self.models if self.models > 1 else UNSET,
            smiles=UNSET if self.smiles is None else self.smiles,
            **self._common(),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the molecule of a descriptor."""
        model: MoleculeDescriptor = cls.read_model(descriptor)
        self = cls.restore(model.caption, model.changes)
        reference = FileRef(model.path, model.sha256, model.size)
        self._content = Content(model.sha256, model.size, None, read_reference(source, reference))
        bonds = None if isinstance(model.bonds, UnsetType) else model.bonds
        self._structure = Structure(model.atoms, bonds, 1 if isinstance(model.models, UnsetType) else model.models)
        self.format, self.lossless = model.format, model.lossless
        self.smiles = None if isinstance(model.smiles, UnsetType) else model.smiles
        return self

    @classmethod
    def list_columns(cls, descriptors: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return W&B's columns: file names and captions."""
        return {"filenames": [descriptor["path"] for descriptor in descriptors], **captions_column(descriptors)}

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield a path of another format and, for a list, columns that do not agree with its items."""
        if descriptor["_type"] == cls.list_kind:
            items = descriptor["items"]
            expected = {"count": len(items), **cls.list_columns(items)}
            for name in ("count", "filenames", "captions"):
                if descriptor.get(name) != expected.get(name):
                    wanted = f"what items say: {checks.show(expected.get(name))}"
                    yield Violation(f"$.{name}", "molecule.list", wanted, checks.show(descriptor.get(name)))
            for index, item in enumerate(items):
                for violation in cls.descriptor_violations(item, rules):
                    yield Violation(
                        f"$.items[{index}]{violation.at[1:]}", violation.rule, violation.expected, violation.got
                    )
            return
        if not descriptor["path"].endswith(f".{descriptor['format']}"):
            yield Violation(
                "$.path", "molecule.suffix", f"a path that ends in .{descriptor['format']}", descriptor["path"]
            )
        yield from (v for v in [checks.at_most(descriptor["size"], "molecule.size", "$.size", rules, "bytes")] if v)


def _declared_format(content: Content, file_type: str | None) -> str | None:
    """Return the format that the name or `file_type` declares; None for bytes without either."""
    suffix = content.suffix
    if content.name is None:
        return file_type
    if suffix in FORMATS:
        if file_type is not None and not is_same_family(file_type, suffix):
            expected = f"the format that the name {checks.show(content.name)} says"
            raise InvalidInput(Violation("file_type", "molecule.file_type", expected, repr(file_type)))
        return file_type or suffix
    if file_type is None:
        expected = f"a file whose name ends in {', '.join(FORMATS)}, or file_type="
        if suffix == "mol":
            expected += " (Molecule.from_rdkit takes .mol)"
        raise InvalidInput(Violation("Molecule", "molecule.formats", expected, checks.show(content.name)))
    return file_type
