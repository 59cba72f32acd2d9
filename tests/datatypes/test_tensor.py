"""Tensors: the very array comes back, with numpy's statistics beside it."""

from __future__ import annotations

import io
import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foreign import DlpackArray, EagerTensor, JaxArray
from foreign import Tensor as TorchTensor
from laws import TypeLaws, call
from medialog.datatypes.base import decode
from medialog.datatypes.files import MemorySink
from medialog.datatypes.tensor import Tensor
from medialog.validators import validate
from medialog.validators.errors import DamagedFile

VALUES = np.arange(40, dtype=np.float32).reshape(4, 10)
DTYPES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]


class TestTensor(TypeLaws):
    type = Tensor
    valid = {
        "floats": lambda: call(VALUES.copy()),
        "a list": lambda: call([[1, 2], [3, 4]]),
        "a scalar": lambda: call(np.array(3.5)),
        "nothing": lambda: call(np.zeros((0, 3))),
        "one": lambda: call([7]),
        "NaN and infinities": lambda: call([1.0, math.nan, math.inf, -math.inf, 3.0]),
        "only NaN": lambda: call([math.nan, math.nan]),
        "booleans": lambda: call([True, False, True]),
        "largest": lambda: call(np.array([2**64 - 1, 0], np.uint64)),
        "overflowing": lambda: call([1.7e308, -1.7e308, 1.7e308]),
        "long doubles": lambda: call(np.array([0.5, 1.5], np.longdouble)),
        "columns first": lambda: call(np.asfortranarray(VALUES)),
        "five dimensions": lambda: call(np.ones((1, 2, 3, 2, 1), np.int16)),
        "a tensor": lambda: call(TorchTensor(VALUES, requires_grad=True)),
        **{dtype: partial(lambda dtype: call(np.ones((2, 2), dtype)), dtype) for dtype in DTYPES},
    }
    invalid = {
        "None": (lambda: call(None), {"array.kind"}),
        "a number": (lambda: call(5), {"array.kind"}),
        "text": (lambda: call(["a"]), {"array.dtype"}),
        "objects": (lambda: call(np.array([None])), {"array.dtype"}),
        "complex": (lambda: call(np.array([1j])), {"array.dtype"}),
        "dates": (lambda: call(np.array(["2020"], "M8[Y]")), {"array.dtype"}),
        "ragged": (lambda: call([[1, 2], [3]]), {"array.ragged"}),
        "masked": (lambda: call(np.ma.array([1, 2], mask=[False, True])), {"array.masked"}),
        "unknown limit": (lambda: call([1], limits={"tensor.colour": 1}), {"rules.limits"}),
    }
    spellings = {
        "floats": [
            lambda: call(VALUES.copy()),
            lambda: call(np.asfortranarray(VALUES)),
            lambda: call(VALUES.astype(">f4")),
            lambda: call(np.repeat(VALUES, 2, axis=0)[::2]),
            lambda: call(TorchTensor(VALUES, device="cuda", requires_grad=True)),
            lambda: call(EagerTensor(VALUES)),
            lambda: call(JaxArray(VALUES)),
            lambda: call(DlpackArray(VALUES)),
        ],
        "integers": [
            lambda: call([[1, 2], [3, 4]]),
            lambda: call(((1, 2), (3, 4))),
            lambda: call(np.array([[1, 2], [3, 4]])),
        ],
    }


def stored(array: Any) -> tuple[dict[str, Any], np.ndarray]:
    sink = MemorySink()
    descriptor = Tensor(array).encode(sink)
    return descriptor, np.load(io.BytesIO(sink.files[descriptor["file"]["path"]]), allow_pickle=False)


@given(
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, max_side=4))
    )
)
def test_numpy_reads_the_very_array(array: np.ndarray) -> None:
    descriptor, read = stored(array)

    assert (array.dtype, array.shape) == (read.dtype, read.shape)
    np.testing.assert_array_equal(array, read)
    np.testing.assert_array_equal(array, Tensor(array).to_numpy())
    assert (array.size, list(array.shape), array.dtype.name) == tuple(
        descriptor[name] for name in ("size", "shape", "dtype")
    )
    assert descriptor["lossless"]


@given(
    hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6)),
    st.lists(st.sampled_from([math.nan, math.inf])),
)
def test_statistics_are_numpys_of_the_finite_elements(finite: np.ndarray, others: list[float]) -> None:
    descriptor, _ = stored(np.concatenate([finite, others]))

    expected = {
        "min": finite.min(),
        "max": finite.max(),
        "mean": finite.mean(),
        "var": finite.var(),
        "std": finite.std(),
        "median": np.median(finite),
        **{f"{p}%": np.percentile(finite, p) for p in (5, 25, 75, 95)},
    }
    assert {name: float(value) for name, value in expected.items()} == {name: descriptor[name] for name in expected}
    assert len(others) == descriptor["nan"]


def test_integers_keep_their_extremes_exactly() -> None:
    descriptor, _ = stored(np.array([2**63 + 1, 2**64 - 1], np.uint64))

    assert (2**63 + 1, 2**64 - 1) == (descriptor["min"], descriptor["max"])


def test_what_has_no_finite_element_has_no_statistics() -> None:
    for array in ([], [math.nan], [math.inf]):
        descriptor, _ = stored(np.array(array, float))
        assert not {"min", "max", "mean", "median", "5%"} & set(descriptor)
        assert len(array) == descriptor["nan"]


def test_statistics_that_overflow_are_left_out() -> None:
    descriptor, _ = stored(np.array([1.7e308, 1.7e308, -1.7e308]))

    assert (1.7e308, -1.7e308) == (descriptor["max"], descriptor["min"])
    assert "var" not in descriptor


@pytest.mark.parametrize(
    "content",
    [b"", b"no array", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x09\x00" + bytes(200)],
    ids=["empty", "text", "cut", "unknown version"],
)
def test_a_stored_file_that_is_no_array_is_damaged(content: bytes) -> None:
    assert "not a NumPy array file" in refused(content)


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def header(text: str) -> bytes:
    padded = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded.encode()


def refused(content: bytes) -> str:
    sink = MemorySink()
    reference = sink.write("npy", content)
    descriptor = Tensor(np.zeros((2, 2), np.float32)).encode(sink)
    descriptor["file"] = {"path": reference.path, "sha256": reference.sha256, "size": reference.size}
    assert [] == validate(descriptor)
    with pytest.raises(DamagedFile) as caught:
        decode(descriptor, sink)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        npy(np.array([[object()] * 2] * 2)),
        npy(np.zeros((2, 3), np.float32)),
        npy(np.zeros((2, 2), np.float64)),
        npy(np.zeros((2, 2), np.float32))[:-1],
        npy(np.zeros((2, 2), np.float32)) + b"\0",
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), 'more': __import__('os')}"),
    ],
    ids=["N1 pickled objects", "shape", "dtype", "N5 cut", "longer", "N2 10**12 elements", "N3 negative", "code"],
)
def test_hostile_files_are_damaged_and_nothing_is_allocated_or_run(content: bytes) -> None:
    assert len(refused(content)) < 400


def test_a_size_that_is_not_the_shapes() -> None:
    descriptor = {**Tensor([1, 2, 3]).encode(MemorySink()), "size": 4}

    assert ["tensor.shape"] == [violation.rule for violation in validate(descriptor)]


def test_golden_descriptor() -> None:
    descriptor, _ = stored(np.array([[1, 2], [3, 4]], np.int16))
    file = descriptor.pop("file")

    assert {
        "_type": "numpy.ndarray",
        "size": 4,
        "shape": [2, 2],
        "dtype": "int16",
        "lossless": True,
        "nan": 0,
        "min": 1,
        "max": 4,
        "mean": 2.5,
        "var": 1.25,
        "std": math.sqrt(1.25),
        "median": 2.5,
        "5%": 1.15,
        "25%": 1.75,
        "75%": 3.25,
        "95%": 3.8499999999999996,
    } == descriptor
    assert 136 == file["size"]
