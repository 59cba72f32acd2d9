"""Arrays of every library -> numpy, without a copy where there need be none and without a framework installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foreign import DlpackArray, EagerTensor, JaxArray, Parameter, Tensor
from medialog.datatypes import arrays
from medialog.validators.errors import InvalidInput, WrongType

VALUES = np.arange(6, dtype=np.float32).reshape(2, 3)


def refused(value: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        arrays.to_numpy(value, "here")
    (violation,) = caught.value.violations
    assert violation.at.startswith("here")
    return violation.rule


@pytest.mark.parametrize(
    "make",
    [
        lambda: VALUES,
        lambda: VALUES.tolist(),
        lambda: tuple(map(tuple, VALUES.tolist())),
        lambda: list(VALUES),
        lambda: Tensor(VALUES),
        lambda: Tensor(VALUES, requires_grad=True),
        lambda: Tensor(VALUES, device="cuda:0", requires_grad=True),
        lambda: Tensor(VALUES, "bfloat16"),
        lambda: Tensor(VALUES, "float8_e4m3fn"),
        lambda: Tensor(VALUES, "float8_e5m2fnuz"),
        lambda: Tensor(VALUES, layout="sparse_csr"),
        lambda: Tensor(VALUES, quantized=True),
        lambda: Parameter(VALUES),
        lambda: [Tensor(row, requires_grad=True) for row in VALUES],
        lambda: [[Tensor(value, requires_grad=True) for value in row] for row in VALUES],
        lambda: EagerTensor(VALUES),
        lambda: JaxArray(VALUES),
        lambda: DlpackArray(VALUES),
        lambda: VALUES.astype(">f4"),
        lambda: np.asfortranarray(VALUES),
        lambda: np.repeat(VALUES, 2, axis=0)[::2],
        lambda: VALUES[::-1][::-1],
        lambda: np.ma.array(VALUES),
    ],
)
def test_spellings_of_one_array(make: Any) -> None:
    array = arrays.to_numpy(make())

    assert type(array) is np.ndarray
    assert array.dtype.isnative
    assert VALUES.tolist() == array.tolist()


def test_nothing_is_copied_that_need_not_be() -> None:
    assert np.shares_memory(VALUES, arrays.to_numpy(VALUES))
    assert np.shares_memory(VALUES, arrays.to_numpy(Tensor(VALUES)))
    assert np.shares_memory(VALUES, arrays.to_numpy(VALUES[::-1, ::2]))


def test_read_only_arrays_and_memory_maps(tmp_path: Path) -> None:
    frozen = VALUES.copy()
    frozen.flags.writeable = False
    np.save(tmp_path / "a.npy", VALUES)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")

    for value in (frozen, mapped):
        array = arrays.to_numpy(value)
        assert type(array) is np.ndarray
        assert VALUES.tolist() == array.tolist()


@pytest.mark.parametrize("dtype", ["?", "i1", "u8", "f2", "f4", "f8", "g", ">i4", "<u2", ">f8"])
def test_dtypes_that_hold_numbers_keep_them(dtype: str) -> None:
    array = arrays.to_numpy(np.array([0, 1], dtype))

    assert np.dtype(dtype).newbyteorder("=") == array.dtype
    assert [0, 1] == array.tolist()


def test_pandas_series() -> None:
    import pandas

    assert [1.5, 2.5] == arrays.to_numpy(pandas.Series([1.5, 2.5])).tolist()
    assert [1, 2] == arrays.to_numpy(pandas.Series([1, 2], index=["a", "b"]).astype("Int64")).tolist()
    assert "array.dtype" == refused(pandas.Series(["a"], dtype=object))
    assert "array.kind" == refused(pandas.DataFrame({"a": [1]}))


def test_ranges_and_nested_sequences() -> None:
    assert [0, 1, 2] == arrays.to_numpy(range(3)).tolist()
    assert [[1, 2], [3, 4]] == arrays.to_numpy([(1, 2), range(3, 5)]).tolist()
    assert (0,) == arrays.to_numpy([]).shape


class Broken:
    """An array whose library fails."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("out of memory on device 0")

    def __dlpack__(self, **_: Any) -> Any:
        raise BufferError("not contiguous")


def test_the_reasons_of_a_library_that_fails_are_named() -> None:
    with pytest.raises(
        InvalidInput, match=r"Broken whose __array__: RuntimeError: out of memory.*; __dlpack__: BufferError"
    ):
        arrays.to_numpy(Broken())
    assert "array.kind" == refused([[Broken()]])


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ([[1, 2], [3]], "array.ragged"),
        ([1, [2]], "array.ragged"),
        ([np.zeros(2), np.zeros(3)], "array.ragged"),
        (["a"], "array.dtype"),
        ([None], "array.dtype"),
        ([1, "a"], "array.dtype"),
        ([2**70], "array.dtype"),
        ([1j], "array.dtype"),
        (np.array([1j]), "array.dtype"),
        (np.array(["2020"], "M8[Y]"), "array.dtype"),
        (np.array([b"a"]), "array.dtype"),
        (np.zeros(2, [("x", "f4")]), "array.dtype"),
        (np.ma.array([1, 2], mask=[False, True]), "array.masked"),
        (None, "array.kind"),
        ("text", "array.kind"),
        (b"bytes", "array.kind"),
        (3, "array.kind"),
        ({}, "array.kind"),
        (object(), "array.kind"),
        (np.ndarray, "array.kind"),
        (iter([1]), "array.kind"),
    ],
    ids=lambda value: repr(value).partition(" at 0x")[0][:30],
)
def test_what_is_no_array_of_numbers(value: Any, rule: str) -> None:
    assert rule == refused(value)
    if rule == "array.kind":
        with pytest.raises(WrongType):
            arrays.to_numpy(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1, 2], [3]], "here[1]: 2 items, like [0], got 1 item [array.ragged]"),
        ([1, [2]], "here[1]: a single number, like [0], got 1 item [array.ragged]"),
        ([[1], 2], "here[1]: 1 item, like [0], got a single number [array.ragged]"),
        ([[[1, 2]], [[1, 2, 3]]], "here[1][0]: 2 items, like [0][0], got 3 items [array.ragged]"),
        ([np.zeros((2, 3)), np.zeros((2, 4))], "here[1][0]: 3 items, like [0][0], got 4 items [array.ragged]"),
        ([1.0, None], "here[1]: a number, got None [array.dtype]"),
        ([[1, 2], [3, "x"]], "here[1][1]: a number, got 'x' [array.dtype]"),
        (np.array([1, "x"], dtype=object), "here[1]: a number, got 'x' [array.dtype]"),
    ],
)
def test_the_element_that_differs_is_named(value: Any, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        arrays.to_numpy(value, "here")
    assert message == str(caught.value)


def test_a_tensor_without_values_is_one_sentence() -> None:
    class Meta(Tensor):
        def cpu(self) -> Any:
            raise NotImplementedError("Cannot copy out of meta tensor; no data!\nmore")

    with pytest.raises(
        InvalidInput, match=r"here: a tensor whose values can be read, got .*Meta \(NotImplementedError: .*no data!\)"
    ):
        arrays.to_numpy(Meta(VALUES), "here")


def test_complex_says_what_to_do() -> None:
    with pytest.raises(InvalidInput, match="real and imaginary parts"):
        arrays.to_numpy(np.array([1j]))


def test_torch_is_recognised_by_its_class_path() -> None:
    class Tensor2(Tensor):
        """A user's own subclass, in the user's own module."""

    assert arrays.is_torch(Tensor2(VALUES))
    assert arrays.is_torch(Parameter(VALUES))
    for other in (VALUES, EagerTensor(VALUES), JaxArray(VALUES), Tensor, None):
        assert not arrays.is_torch(other)


def test_nothing_is_imported_to_recognise_anything() -> None:
    before = set(sys.modules)
    for value in (Tensor(VALUES), EagerTensor(VALUES), JaxArray(VALUES), [1], VALUES):
        arrays.to_numpy(value)

    assert not {name for name in set(sys.modules) - before if name.partition(".")[0] in ("torch", "tensorflow", "jax")}


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "rows": lambda a: a.copy(),
    "channels first": lambda a: np.ascontiguousarray(a.transpose(2, 0, 1)).transpose(1, 2, 0),
    "columns first": lambda a: np.ascontiguousarray(a.transpose(1, 0, 2)).transpose(1, 0, 2),
    "Fortran": np.asfortranarray,
    "upside down": lambda a: a[::-1].copy()[::-1],
    "mirrored": lambda a: a[:, ::-1].copy()[:, ::-1],
    "BGR": lambda a: a[..., ::-1].copy()[..., ::-1],
    "part": lambda a: np.pad(a, ((2, 3), (4, 5), (0, 0)))[2:-3, 4:-5],
    "part of the channels": lambda a: np.pad(a, ((0, 0), (0, 0), (0, 1)))[..., :-1],
    "every other": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "one row, repeated": lambda a: np.broadcast_to(a[:1], a.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (37, 70), (70, 37), (5, 0), (3, 64)], ids=str)
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 9])
def test_a_copy_in_rows_has_the_very_values(layout: str, dtype: Any, shape: tuple[int, int], channels: int) -> None:
    values = np.random.default_rng(0).integers(0, 256, (*shape, channels)).astype(dtype)
    given = LAYOUTS[layout](values)
    expected = np.array(given.tolist(), dtype).reshape(given.shape)

    for array, wanted in ((given, expected), (given[..., 0], expected[..., 0])):
        copied = arrays.in_rows(array)

        np.testing.assert_array_equal(wanted, copied)
        assert (array.dtype, array.shape, True) == (copied.dtype, copied.shape, copied.flags.c_contiguous)
        assert not np.shares_memory(array, copied)
