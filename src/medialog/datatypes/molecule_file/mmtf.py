"""MMTF: a MessagePack map (specification 1.0). Text and numbers stand in it as they are, large arrays as encoded bytes.

The header's counts are held against the limits before anything is unpacked: run lengths can turn bytes into gigabytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from medialog.datatypes.molecule_file.structure import Structure, broken, no_atoms, too_many

if TYPE_CHECKING:
    import numpy as np

_HEADER = struct.Struct(">iii")
# Codec -> the dtype of what follows the 12 bytes of its header.
_DTYPES = {1: ">f4", 2: ">i1", 3: ">i2", 4: ">i4", 7: ">i4", 8: ">i4", 9: ">i4", 10: ">i2", 11: ">i2", 12: ">i2",
           13: ">i1", 14: ">i2", 15: ">i1"}  # fmt: skip
_DIVIDED = (9, 10, 11, 12, 13)
_RUNS = (7, 8, 9)
_RECURSIVE = (10, 12, 13, 14, 15)
_DELTAS = (8, 10)
_MOST_BONDS_PER_ATOM = 16
# A file may be this long for what it says it holds; beyond it, a small header hides a large list.
_BYTES_PER_ATOM, _BYTES_BESIDE = 1_024, 16 * 2**20

Count = Annotated[int, Meta(ge=0, lt=2**31)]


class _Counts(msgspec.Struct, rename="camel"):
    """The header: read first, and alone (msgspec skips the other keys without building them)."""

    mmtf_version: Annotated[str, Meta(pattern="^1[.]")]
    num_atoms: Count
    num_bonds: Count
    num_groups: Count
    num_chains: Count
    num_models: Count


class _Group(msgspec.Struct, rename="camel"):
    """One kind of residue."""

    atom_name_list: list[str]
    bond_atom_list: list[Count] = []
    element_list: Any = None  # for pictures only: not checked


class _Document(msgspec.Struct, rename="camel"):
    """What is checked of the rest."""

    group_list: list[_Group]
    group_type_list: bytes
    groups_per_chain: list[Count]
    chains_per_model: list[Count]
    x_coord_list: bytes
    y_coord_list: bytes
    z_coord_list: bytes
    bond_atom_list: bytes | None = None


def looks_like(data: bytes) -> frozenset[str]:
    """Return mmtf for a MessagePack map that has its keys."""
    is_map = data[:1] in (b"\xde", b"\xdf") or 0x80 <= (data[0] if data else 0) <= 0x8F
    return frozenset({"mmtf"} if is_map and b"numAtoms" in data and b"groupTypeList" in data else ())


def parse(data: bytes, most_atoms: int) -> Structure:
    """Check an MMTF: counts agree with each other and the arrays, coordinates are finite, bonds join atoms."""
    counts: _Counts = _decode(data, _Counts)
    atoms = counts.num_atoms
    if atoms > most_atoms:
        raise too_many(most_atoms, f"{atoms:,}")
    if not atoms:
        raise no_atoms("numAtoms above 0")
    if len(data) > _BYTES_BESIDE + _BYTES_PER_ATOM * atoms:
        expected = f"at most {_BYTES_BESIDE + _BYTES_PER_ATOM * atoms:,} bytes for {atoms:,} atoms"
        raise broken("file", "molecule.counts", expected, f"{len(data):,}")
    document: _Document = _decode(data, _Document)
    for name, values in (("x", document.x_coord_list), ("y", document.y_coord_list), ("z", document.z_coord_list)):
        _check_coordinates(f"{name}CoordList", values, atoms)
    _check_tree("chainsPerModel", document.chains_per_model, counts.num_models, counts.num_chains)
    _check_tree("groupsPerChain", document.groups_per_chain, counts.num_chains, counts.num_groups)
    bonds = _check_groups(document, counts) + _check_bonds(document.bond_atom_list, atoms)
    if bonds != counts.num_bonds:
        raise broken("numBonds", "molecule.counts", f"{bonds:,}, the bonds there are", f"{counts.num_bonds:,}")
    return Structure(atoms, bonds, max(counts.num_models, 1))


def read_atoms(data: bytes, most_atoms: int) -> tuple[list[str], np.ndarray]:
    """Return the elements and the places, n x 3 in angstrom, of a checked file; `InvalidInput` when it is none."""
    import numpy as np

    atoms = parse(data, most_atoms).atoms
    counts: _Counts = _decode(data, _Counts)
    document: _Document = _decode(data, _Document)
    lists = (document.x_coord_list, document.y_coord_list, document.z_coord_list)
    places = np.stack([_unpack("coordinates", packed, atoms, atoms) for packed in lists], axis=1)
    types = _unpack("groupTypeList", document.group_type_list, counts.num_groups, counts.num_groups)
    groups = document.group_list
    names = [name for type in types.tolist() for name in _elements(groups[type])]
    return names, places


def _elements(group: _Group) -> list[str]:
    given = group.element_list
    if isinstance(given, list) and len(given) == len(group.atom_name_list):
        return [str(name).upper() for name in given]
    return [name[:1].upper() for name in group.atom_name_list]


def _decode(data: bytes, model: Any) -> Any:
    try:
        return msgspec.msgpack.decode(data, type=model)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise broken("file", "molecule.record", "a MessagePack map with MMTF's keys", str(error)[:160]) from error


def _check_coordinates(name: str, packed: bytes, atoms: int) -> None:
    import numpy as np

    values = _unpack(name, packed, atoms, atoms)
    finite = np.isfinite(values)
    if not finite.all():
        bad = int((~finite).argmax())
        raise broken(f"{name}[{bad}]", "molecule.coordinates", "a finite number", str(values[bad]))


def _check_tree(name: str, values: list[int], length: int, total: int) -> None:
    """Check that models hold all the chains, and chains all the groups."""
    if (len(values), sum(values)) != (length, total):
        expected = f"{length:,} numbers that add up to {total:,}"
        raise broken(name, "molecule.counts", expected, f"{len(values):,} that add up to {sum(values):,}")


def _check_groups(document: _Document, counts: _Counts) -> int:
    """Check that the groups have the atoms between them; return the number of bonds inside groups."""
    import numpy as np

    groups = document.group_list
    sizes = np.array([len(group.atom_name_list) for group in groups], np.int64)
    inside = np.array([_count_group_bonds(group, index) for index, group in enumerate(groups)], np.int64)
    # A group without atoms is of no use; as many as there are atoms bounds the array.
    if counts.num_groups > counts.num_atoms:
        raise broken(
            "numGroups", "molecule.counts", f"at most numAtoms, {counts.num_atoms:,}", f"{counts.num_groups:,}"
        )
    types = _unpack("groupTypeList", document.group_type_list, counts.num_groups, counts.num_groups)
    if types.dtype.kind == "f" or not (types.size and types.min() >= 0 and types.max() < len(groups)):
        raise broken("groupTypeList", "molecule.record", f"indices of the {len(groups):,} groups", "others")
    total = int(sizes[types].sum())
    if total != counts.num_atoms:
        raise broken("groupTypeList", "molecule.counts", f"{counts.num_atoms:,} atoms in all groups", f"{total:,}")
    return int(inside[types].sum())


def _count_group_bonds(group: _Group, index: int) -> int:
    at, ends, size = f"groupList[{index}].bondAtomList", group.bond_atom_list, len(group.atom_name_list)
    if len(ends) % 2:
        raise broken(at, "molecule.record", "pairs of atoms", f"{len(ends):,} numbers")
    for first, second in zip(ends[::2], ends[1::2], strict=True):
        if first == second or not (first < size and second < size):
            raise broken(at, "molecule.bonds", f"two of the group's atoms 0 to {size - 1}", f"{first}, {second}")
    return len(ends) // 2


def _check_bonds(packed: bytes | None, atoms: int) -> int:
    """Check the bonds between groups; return their number."""
    if not packed:
        return 0
    ends = _unpack("bondAtomList", packed, None, 2 * _MOST_BONDS_PER_ATOM * atoms)
    if ends.size % 2 or ends.dtype.kind == "f":
        raise broken("bondAtomList", "molecule.record", "pairs of whole numbers", f"{ends.size:,} of {ends.dtype}")
    pairs = ends.reshape(-1, 2)
    bad = ((pairs < 0) | (pairs >= atoms)).any(axis=1) | (pairs[:, 0] == pairs[:, 1])
    if bad.any():
        first = int(bad.argmax())
        expected = f"two of the atoms 0 to {atoms - 1}"
        raise broken(f"bondAtomList, bond {first}", "molecule.bonds", expected, ", ".join(map(str, pairs[first])))
    return len(pairs)


def _unpack(name: str, packed: bytes, length: int | None, most: int) -> np.ndarray:
    """Return the numbers of an encoded array: `length` of them, at most `most`; checked before anything expands."""
    import numpy as np

    if len(packed) < _HEADER.size:
        raise broken(name, "molecule.record", "an encoded array with a header of 12 bytes", f"{len(packed)} bytes")
    codec, declared, divisor = _HEADER.unpack_from(packed)
    dtype = np.dtype(_DTYPES.get(codec, "V1"))
    if codec not in _DTYPES or (len(packed) - _HEADER.size) % dtype.itemsize:
        raise broken(name, "molecule.record", f"whole numbers in a codec of {', '.join(map(str, _DTYPES))}", str(codec))
    if not 0 <= declared <= most or length not in (None, declared):
        expected = f"{length:,} numbers" if length is not None else f"at most {most:,} numbers"
        raise broken(name, "molecule.counts", expected, f"{declared:,}")
    values = np.frombuffer(packed, dtype, offset=_HEADER.size)
    if codec in _RUNS:
        values = _expand_runs(name, values, declared)
    elif codec in _RECURSIVE:
        values = _join_split(name, values, declared)
    if len(values) != declared:
        raise broken(name, "molecule.counts", f"{declared:,} numbers, as its header says", f"{len(values):,}")
    values = values.astype(np.float64 if codec == 1 else np.int64)
    if codec in _DELTAS:
        values = np.cumsum(values)
    if codec in _DIVIDED:
        if divisor <= 0:
            raise broken(name, "molecule.coordinates", "a divisor above 0", str(divisor))
        values = values / divisor
    return values


def _expand_runs(name: str, values: np.ndarray, declared: int) -> np.ndarray:
    import numpy as np

    if len(values) % 2:
        raise broken(name, "molecule.record", "pairs of a value and how often it stands", f"{len(values):,} numbers")
    runs = values[1::2].astype(np.int64)
    total = int(runs.sum())
    if (len(runs) and runs.min() < 0) or total != declared:
        raise broken(name, "molecule.counts", f"{declared:,} numbers, as its header says", f"{total:,} in its runs")
    return np.repeat(values[::2], runs)


def _join_split(name: str, values: np.ndarray, declared: int) -> np.ndarray:
    """Join integers that were split into parts: a part at either end of its type's range is not the last."""
    import numpy as np

    limits = np.iinfo(values.dtype)
    ends = (values != limits.max) & (values != limits.min)
    found = int(np.count_nonzero(ends))
    if found != declared or (len(ends) and not ends[-1]):
        raise broken(name, "molecule.counts", f"{declared:,} numbers, as its header says", f"{found:,} whole ones")
    if not found:
        return np.zeros(0, np.int64)
    starts = np.concatenate([[0], np.flatnonzero(ends)[:-1] + 1])
    joined: np.ndarray = np.add.reduceat(values, starts, dtype=np.int64)
    return joined
