"""Tensor: a whole array, stored exactly, with its statistics. What a large array in the summary becomes.

Source: "Summary Metrics" of the guides: "we persist the entire tensor in a binary file and store high level metrics
in the summary object such as min, mean, variance, 95% percentile, etc."
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes import arrays
from medialog.datatypes.base import Changes, DataType, MediaPath, Model, Sha256, Size, file_fields
from medialog.datatypes.files import Sink, Source, read_reference
from medialog.validators.errors import DamagedFile, Violation
from medialog.wire.fileref import FileRef

if TYPE_CHECKING:
    import numpy as np

    from medialog.validators.rules import Rules, Strictness

Number = int | float
PERCENTILES = (5, 25, 75, 95)


class TensorFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where the array is: a NumPy `.npy` file, format version 1.0, never with pickled objects."""

    path: MediaPath
    sha256: Sha256
    size: Size


class TensorDescriptor(Model, tag="numpy.ndarray"):
    """The wire form of an array. The statistics are those of its finite elements; `size` counts elements, as in W&B."""

    size: Annotated[int, Meta(ge=0, description="how many elements there are")]
    shape: list[Annotated[int, Meta(ge=0)]]
    dtype: Annotated[str, Meta(description="NumPy's name of the dtype", examples=["float32"])]
    file: TensorFile
    lossless: bool
    nan: Annotated[int, Meta(ge=0, description="how many elements are not finite")] = 0
    min: Number | UnsetType = UNSET
    max: Number | UnsetType = UNSET
    mean: Number | UnsetType = UNSET
    var: Number | UnsetType = UNSET
    std: Number | UnsetType = UNSET
    median: Number | UnsetType = UNSET
    percentile_5: Number | UnsetType = msgspec.field(default=UNSET, name="5%")
    percentile_25: Number | UnsetType = msgspec.field(default=UNSET, name="25%")
    percentile_75: Number | UnsetType = msgspec.field(default=UNSET, name="75%")
    percentile_95: Number | UnsetType = msgspec.field(default=UNSET, name="95%")
    changes: Changes | UnsetType = UNSET


class Tensor(DataType, kind="numpy.ndarray"):
    """A whole array: `Tensor(array)`, of any shape and a boolean, integer or real dtype, stored exactly as `.npy`.

    Beside it stand min, max, mean, var, std, median and the 5, 25, 75 and 95 % percentiles of the finite elements,
    as numpy computes them in double precision. Arrays of more than `tensor.inline` elements in `run.summary` become
    this by themselves. Raises `InvalidInput`, `WrongType`.
    """

    Descriptor = TensorDescriptor
    documented_rules = {"tensor.shape": "size is the product of shape"}

    def __init__(self, data: Any, *, limits: Mapping[str, Any] | None = None, strict: Strictness | None = None) -> None:
        import numpy as np

        self._begin(limits, strict)
        self._array = np.array(arrays.to_numpy(data, "Tensor", self._rules), order="C", copy=True)

    def to_numpy(self) -> np.ndarray:
        """Return the array, with its shape and dtype."""
        return self._array.copy()

    def build(self, sink: Sink) -> TensorDescriptor:
        """Write the `.npy` file and return the descriptor."""
        import numpy as np

        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, self._array, version=(1, 0), allow_pickle=False)
        reference = sink.write("npy", buffer.getvalue())
        return TensorDescriptor(
            size=self._array.size,
            shape=list(self._array.shape),
            dtype=self._array.dtype.name,
            file=TensorFile(**file_fields(reference)),
            lossless=True,
            changes=self._changes or UNSET,
            **_statistics(self._array),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the tensor of a descriptor. `DamagedFile` when the file is no array of that shape and dtype."""
        model: TensorDescriptor = cls.read_model(descriptor)
        self = cls.restore(UNSET, model.changes)
        data = read_reference(source, FileRef(model.file.path, model.file.sha256, model.file.size))
        self._array = read_npy(data, model.file.path)
        if list(self._array.shape) != model.shape or self._array.dtype.name != model.dtype:
            got = f"{self._array.dtype.name} {list(self._array.shape)}"
            raise DamagedFile(f"{model.file.path}: an array of {model.dtype} {model.shape}, got {got}")
        return self

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield a size that is not the shape's."""
        expected = math.prod(descriptor["shape"])
        if descriptor["size"] != expected:
            yield Violation("$.size", "tensor.shape", f"{expected}, the product of shape", f"{descriptor['size']}")

    def describe(self) -> str:
        """Return dtype and shape."""
        return f"{self._array.dtype.name} {' x '.join(map(str, self._array.shape)) or 'scalar'}"


def read_npy(data: bytes, name: str) -> np.ndarray:
    """Return the array of a `.npy` file; `DamagedFile` when it is not one, or needs pickle.

    Nothing is allocated first.
    """
    import numpy as np

    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(file)
        wanted = math.prod(shape) * dtype.itemsize
        if dtype.kind not in "biuf" or any(length < 0 for length in shape) or len(data) - file.tell() != wanted:
            raise DamagedFile(f"{name}: {len(data) - file.tell()} bytes are no array of {dtype} {shape}")
        file.seek(0)
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    except DamagedFile:
        raise
    except Exception as error:  # the header is evaluated as a Python literal: it may raise anything
        raise DamagedFile(f"{name}: not a NumPy array file: {type(error).__name__}: {str(error)[:120]}") from error
    return array


def _statistics(array: np.ndarray) -> dict[str, Any]:
    """Return the statistics of the finite elements; none when there is no finite element or they overflow."""
    import numpy as np

    values = array.reshape(-1)
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    result: dict[str, Any] = {"nan": int(array.size - values.size)}
    if not values.size:
        return result
    with np.errstate(over="ignore", invalid="ignore"):
        wide = values.astype(np.float64)
        exact = wide if values.dtype.kind == "f" else values  # a long double is no JSON number, an integer is exact
        found = {"min": exact.min().item(), "max": exact.max().item(), "mean": wide.mean().item()}
        found |= {"var": wide.var().item(), "std": wide.std().item(), "median": np.median(wide).item()}
        for percent, value in zip(PERCENTILES, np.percentile(wide, PERCENTILES).tolist(), strict=True):
            found[f"percentile_{percent}"] = value
    result.update((name, value) for name, value in found.items() if math.isfinite(value))
    return result
