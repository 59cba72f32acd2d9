"""N: plain values, arrays and tensors, and the `.npy` files of arrays in the summary."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bad_input import nasty
from bad_input.postcondition import KEY, Bench, Case, Row, accepted, flat, refused, refused_value
from foreign import Tensor
from medialog import Histogram, Image, Table
from medialog.datatypes.tensor import read_npy
from medialog.validators.errors import DamagedFile, InvalidInput, InvalidKey, WrongType


class Colour(enum.Enum):
    RED = object()


@dataclasses.dataclass
class Holder:
    value: Any


@dataclasses.dataclass
class Reserved:
    _type: str = "image-file"


def unreadable() -> memoryview:
    view = memoryview(b"abc")
    view.release()
    return view


def object_array(*items: Any) -> np.ndarray:
    array = np.empty(len(items), object)
    array[:] = items
    return array


def self_holding() -> np.ndarray:
    array = np.empty(1, object)
    array[0] = array
    return array


def no_kind(name: str, make: Any, error: type[Exception] = WrongType, **options: Any) -> list[Case]:
    """Return a value that nothing in medialog can be made of."""
    options.setdefault("convert", ("value.type", error))
    return refused_value(name, lambda at: make(), "value.type", error=error, **options)


def rude(name: str, make: Any, **options: Any) -> list[Case]:
    """Return a value whose own methods raise when it is read."""
    options.setdefault("cell", "value.read")
    return refused_value(name, lambda at: make(), "value.read", **options)


def wrong_array(name: str, make: Any, *rules: str, **options: Any) -> list[Case]:
    """Return an array that is refused everywhere; in a table by the rule that tables have for it."""
    return refused_value(name, lambda at: make(), *rules, **options)


def equals(expected: Any) -> Any:
    return lambda row: row[KEY] == expected and type(row[KEY]) is type(expected)


IN_ROW = ("log", "list", "nested")

CASES = flat(
    no_kind("N+ an object", object),
    no_kind("N+ an object without repr", nasty.NoRepr),
    no_kind("N+ an object of a long repr", nasty.LongRepr),
    no_kind("N+ an object of a dirty repr", nasty.DirtyRepr),
    no_kind("N+ an object whose repr is a number", nasty.NumberRepr),
    no_kind("N+ an object without truth", nasty.NoBool),
    no_kind("N+ an object without equality", nasty.NoEquality),
    no_kind("N+ an object whose attributes raise", nasty.NoAttributes),
    rude("N+ an object whose class raises", nasty.NoClass),
    rude("N+ a dataclass that lost a field", nasty.lost_field),
    rude("N+ a path without text", lambda: nasty.OddPath("a")),
    rude("N+ a date without isoformat", lambda: nasty.OddDate(2026, 1, 1), cell=None),
    no_kind("N+ a complex number", lambda: 1 + 2j),
    no_kind("N+ a generator", lambda: (x for x in [1])),
    no_kind("N+ an iterator that raises", lambda: nasty.raising(0)),
    no_kind("N+ a zip", lambda: zip([1], [2], strict=True)),
    no_kind("N+ a module", lambda: struct),
    no_kind("N+ an open file", lambda: io.BytesIO(b"x")),
    no_kind("N+ Ellipsis", lambda: ...),
    no_kind("N+ NotImplemented", lambda: NotImplemented),
    no_kind("N+ a slice", lambda: slice(1)),
    no_kind("N+ an exception", lambda: ValueError("x")),
    no_kind("N+ a lock", lambda: __import__("threading").Lock()),
    no_kind("N+ an enum of an object", lambda: Colour.RED),
    no_kind("N+ a dataclass of an object", lambda: Holder(object())),
    no_kind("N+ a list with an object at its end", lambda: [1, "a", None, object()]),
    no_kind("N+ an object nested", lambda: {"a": [{"b": (1, {2, 3}, object())}]}),
    no_kind("N+ a deque", lambda: collections.deque([1]), cell=("table.cell", WrongType)),
    no_kind("N+ bytes", lambda: b"abc", cell=None),
    no_kind("N+ a bytearray", lambda: bytearray(3), cell=None),
    no_kind("N+ a memoryview", lambda: memoryview(b"abc"), cell=None),
    no_kind("N+ a released memoryview", unreadable, cell=("value.read", InvalidInput)),
    no_kind("N+ a set without an order", lambda: {1, "a"}),
    no_kind("N+ a set of objects", lambda: {object(), object()}),
    rude("N+ a set of objects whose order raises", lambda: {nasty.OddOrder(), nasty.OddOrder()}),
    no_kind("N+ a complex scalar of numpy", lambda: np.complex64(1j)),
    no_kind("N+ a void scalar of numpy", lambda: np.void(b"abc")),
    no_kind(
        "N+ text with a lone surrogate",
        lambda: "a\ud800b",
        InvalidInput,
        cell="table.text",
        convert=("value.type", InvalidInput),
    ),
    no_kind(
        "N+ a list with a lone surrogate",
        lambda: ["a", "\udc80"],
        InvalidInput,
        cell="table.text",
        convert=("value.type", InvalidInput),
    ),
    no_kind(
        "N+ a path that is no UTF-8",
        lambda: Path("a\udcff"),
        InvalidInput,
        cell="table.text",
        convert=("value.type", InvalidInput),
    ),
    refused("N+ an integer of 16,000 bits", lambda at: 2**16_000, "value.type", forms=IN_ROW, says="4,300"),
    refused("N+ an integer of 10 million bits", lambda at: 1 << 10_000_000, "value.type", forms=IN_ROW),
    refused("N+ minus an integer of 10 million bits", lambda at: -(1 << 10_000_000), "value.type", forms=IN_ROW),
    refused(
        "N+ an integer of 10 million bits, in a cell",
        lambda at: 1 << 10_000_000,
        "table.cell",
        error=WrongType,
        forms=["cell"],
    ),
    refused(
        "N+ an integer of 10 million bits, in a list in a cell",
        lambda at: [1 << 10_000_000, "a"],
        "table.cell",
        error=WrongType,
        forms=["cell"],
    ),
    refused(
        "N+ an integer of 10 million bits, in the summary",
        lambda at: [1 << 10_000_000],
        "value.type",
        forms=["summary", "config"],
    ),
    # depth and cycles
    refused(
        "N+ a list in itself",
        lambda at: nasty.cycle(),
        "json.depth",
        forms=(*IN_ROW, "cell", "summary", "config", "convert"),
        says="64",
        cell="json.depth",
    ),
    refused(
        "N+ a mapping in itself",
        lambda at: nasty.cyclic_dict(),
        "json.depth",
        forms=(*IN_ROW, "cell", "summary", "config"),
        cell="json.depth",
    ),
    refused(
        "N+ 65 levels",
        lambda at: nasty.nested(65),
        "json.depth",
        forms=(*IN_ROW, "cell", "summary", "config", "convert"),
        cell="json.depth",
    ),
    refused(
        "N+ 100,000 levels",
        lambda at: nasty.nested(100_000),
        "json.depth",
        forms=(*IN_ROW, "cell", "summary", "config", "convert"),
        cell="json.depth",
    ),
    refused(
        "N+ 100,000 mappings",
        lambda at: nasty.nested_dict(100_000),
        "json.depth",
        forms=(*IN_ROW, "cell", "summary", "config"),
        cell="json.depth",
    ),
    refused(
        "N+ 1,000 dataclasses",
        lambda at: nasty.wrapped(Holder, 1000),
        "json.depth",
        forms=(*IN_ROW, "cell", "summary", "config"),
        cell="json.depth",
    ),
    refused(
        "N+ an array in itself", lambda at: self_holding(), "value.array", forms=(*IN_ROW, "config"), cell="json.depth"
    ),
    refused("N+ an array in itself, in a cell", lambda at: self_holding(), "json.depth", forms=["cell"]),
    # lists
    refused(
        "N+ 10,001 numbers",
        lambda at: [0.5] * 10_001,
        "list.numbers",
        forms=(*IN_ROW, "summary", "config", "convert"),
        says="10,000",
    ),
    refused("N+ 10,001 numbers in a tuple", lambda at: (1,) * 10_001, "list.numbers"),
    refused("N+ a range of 20,000", lambda at: range(20_000), "list.numbers", forms=(*IN_ROW, "config")),
    *(
        refused(f"N+ {name}", lambda at, given=given: given, "array.range", forms=(*IN_ROW, "config", "cell"))
        for name, given in {
            "a range of 10**12": range(10**12),
            "a range of 10**30": range(10**30),
            "a range of 10**5000": range(10**5000),
            "a falling range": range(10**12, 0, -7),
        }.items()
    ),
    refused("N+ a histogram of a range of 10**12", lambda at: Histogram(range(10**12)), "array.range"),
    refused("N+ an image of a range of 10**12", lambda at: Image([range(10**12)]), "array.range"),
    refused("N+ a column of a range of 10**12", lambda at: Table(["a"], {"a": range(10**12)}), "table.rows"),
    refused("N+ a set of 20,000 numbers", lambda at: set(range(20_000)), "list.numbers"),
    refused(
        "N+ a list without a length", lambda at: nasty.NoLength([1]), "value.read", forms=(*IN_ROW, "config", "cell")
    ),
    refused(
        "N+ a list without iteration",
        lambda at: nasty.NoIteration([1]),
        "value.read",
        forms=(*IN_ROW, "config", "cell"),
    ),
    refused("N+ a list of a lying length", lambda at: nasty.LyingLength([1]), "list.numbers"),
    # mappings
    refused(
        "N+ a mapping without items",
        lambda at: nasty.NoItems(),
        "value.read",
        forms=(*IN_ROW, "config", "summary", "cell"),
    ),
    refused(
        "N+ a mapping without keys",
        lambda at: nasty.NoKeys(),
        "value.read",
        forms=(*IN_ROW, "config", "summary", "cell"),
    ),
    refused(
        "N+ a mapping of integers",
        lambda at: {1: 2},
        "key.type",
        error=InvalidKey,
        forms=(*IN_ROW, "config", "summary"),
    ),
    refused(
        "N+ a mapping of None", lambda at: {None: 2}, "key.type", error=InvalidKey, forms=(*IN_ROW, "config", "summary")
    ),
    refused(
        "N+ a dataclass of a reserved name",
        lambda at: Reserved(),
        "key.reserved",
        error=InvalidKey,
        forms=(*IN_ROW, "config", "summary"),
    ),
    # arrays
    wrong_array("N+ complex", lambda: np.zeros(50, complex), "array.dtype", cell=("table.cell", WrongType)),
    wrong_array(
        "N+ objects",
        lambda: object_array(*[object()] * 40),
        "value.array",
        cell=("table.cell", WrongType),
        summary="array.dtype",
    ),
    wrong_array("N+ objects of one", lambda: object_array(object()), "value.array", cell=("table.cell", WrongType)),
    wrong_array(
        "N+ objects hidden after 1,000",
        lambda: object_array(*["a"] * 1_000, object()),
        "array.text",
        cell=("table.cell", WrongType),
        summary="array.dtype",
    ),
    wrong_array("N+ dictionaries", lambda: object_array({}, {}), "value.array", cell=None),
    wrong_array("N+ records", lambda: np.zeros(40, [("a", "i4")]), "array.dtype", cell=("table.cell", WrongType)),
    wrong_array("N+ bytes in an array", lambda: np.array([b"a", b"b"]), "array.dtype", cell=None),
    wrong_array("N+ void", lambda: np.zeros(40, "V8"), "array.dtype", cell=("table.cell", WrongType)),
    wrong_array("N+ 33 texts", lambda: np.array(["a"] * 33), "array.text", cell=None, summary="array.dtype"),
    wrong_array(
        "N+ 33 dates", lambda: np.array(["2026-01-01"] * 33, "M8[D]"), "array.text", cell=None, summary="array.dtype"
    ),
    wrong_array(
        "N+ masked", lambda: np.ma.masked_invalid(np.array([1.0, np.nan] * 20)), "array.masked", cell="array.masked"
    ),
    wrong_array("N+ __array__ that raises", nasty.NoArray, "array.kind", cell="array.kind"),
    wrong_array(
        "N+ __array__ that is out of memory", lambda: nasty.NoArray(MemoryError("x")), "array.kind", cell="array.kind"
    ),
    wrong_array(
        "N+ __array__ that recurses", lambda: nasty.NoArray(RecursionError("x")), "array.kind", cell="array.kind"
    ),
    wrong_array(
        "N+ __array__ that raises an error without text",
        lambda: nasty.NoArray(ValueError()),
        "array.kind",
        cell="array.kind",
    ),
    wrong_array(
        "N+ __array__ with a megabyte of error",
        lambda: nasty.NoArray(ValueError("x\n" * 500_000)),
        "array.kind",
        cell="array.kind",
    ),
    wrong_array(
        "N+ __array__ with a dirty error",
        lambda: nasty.NoArray(ValueError("\x1b[31m\ud800\u202e\0")),
        "array.kind",
        cell="array.kind",
    ),
    wrong_array("N+ __array__ of text", lambda: nasty.WrongArray("abc"), "array.kind", cell="array.kind"),
    wrong_array("N+ __array__ of None", lambda: nasty.WrongArray(None), "array.kind", cell="array.kind"),
    wrong_array("N+ __array__ of a list", lambda: nasty.WrongArray([1, 2]), "array.kind", cell="array.kind"),
    wrong_array(
        "N+ __array__ of objects", lambda: nasty.WrongArray(object_array(1, None)), "array.dtype", cell="array.dtype"
    ),
    wrong_array("N+ an array that says 10**18 elements", nasty.HugeShape, "array.kind", cell="array.kind"),
    wrong_array(
        "N+ an array of 40 NaN, beyond doubles",
        lambda: np.array([np.longdouble("1e4000")] * 40),
        "histogram.range",
        cell=None,
        summary=None,
    ),
    wrong_array(
        "N+ a range beyond doubles",
        lambda: np.array([-1.7e308, 1.7e308] * 20),
        "histogram.range",
        cell=None,
        summary=None,
    ),
    refused(
        "N+ a shape that raises, in the summary",
        lambda at: nasty.OddShape(nasty.Rude("x")),
        "value.read",
        forms=["summary"],
    ),
    refused(
        "N+ a shape of text, in the summary",
        lambda at: nasty.OddShape("abc"),
        "array.dtype",
        forms=["summary", "log", "config", "cell"],
    ),
    refused(
        "N+ a shape of None", lambda at: nasty.OddShape(None), "array.dtype", forms=["summary", "log", "config", "cell"]
    ),
    refused(
        "N+ a shape of huge integers",
        lambda at: nasty.OddShape((10**5000, -1)),
        "array.dtype",
        forms=["summary", "log", "config", "cell"],
    ),
    # what is taken
    accepted("T5 NaN", lambda at: float("nan"), lambda row: row[KEY] != row[KEY]),
    accepted("T6 infinity", lambda at: [float("inf"), -float("inf")], equals([float("inf"), -float("inf")])),
    accepted("T7 2**70", lambda at: 2**70, equals(2**70)),
    accepted("N+ -2**63 - 1", lambda at: -(2**63) - 1, equals(-(2**63) - 1)),
    accepted("N+ 2**64 - 1", lambda at: 2**64 - 1, equals(2**64 - 1)),
    accepted("N+ minus zero", lambda at: -0.0, lambda row: str(row[KEY]) == "-0.0"),
    accepted("N+ the smallest double", lambda at: 5e-324, equals(5e-324)),
    accepted("N+ True", lambda at: True, equals(True)),
    accepted("N+ numpy's True", lambda at: np.True_, equals(True)),
    accepted("N+ a 0-d array", lambda at: np.array(3), equals(3)),
    accepted("N+ a 0-d array of text", lambda at: np.array("abc"), equals("abc")),
    accepted("N+ a 0-d array of None", lambda at: np.array(None), lambda row: row[KEY] is None),
    accepted("N+ an empty array", lambda at: np.zeros((0, 3)), equals([])),
    accepted("N+ a big-endian array", lambda at: np.array([1, 2], ">i4"), equals([1, 2])),
    accepted("N+ a negative stride", lambda at: np.arange(3)[::-1], equals([2, 1, 0])),
    accepted("N+ an array of 32 axes", lambda at: np.ones((1,) * 32), equals(1.0)),
    accepted(
        "N+ NaN in an array",
        lambda at: np.array([1.0, np.nan]),
        lambda row: row[KEY][0] == 1.0 and row[KEY][1] != row[KEY][1],
    ),
    accepted(
        "N+ 40 NaN",
        lambda at: np.full(40, np.nan),
        lambda row: row[KEY]["_type"] == "histogram" and row[KEY]["nan"] == 40,
    ),
    accepted("N+ 40 infinities", lambda at: np.full(40, np.inf), lambda row: row[KEY]["_type"] == "histogram"),
    accepted("N+ float16", lambda at: np.float16(0.5), equals(0.5)),
    accepted("N+ a long double beyond doubles", lambda at: np.longdouble("1e4000"), equals(float("inf"))),
    accepted("N+ Decimal NaN", lambda at: decimal.Decimal("NaN"), equals("NaN")),
    accepted("N+ a Decimal of a huge exponent", lambda at: decimal.Decimal("1e999999"), equals("1E+999999")),
    accepted("N+ the longest timedelta", lambda at: datetime.timedelta.max, lambda row: row[KEY].startswith("P9")),
    accepted("N+ year 1", lambda at: datetime.datetime.min, equals("0001-01-01T00:00:00")),
    accepted("N+ NaT", lambda at: np.datetime64("NaT"), equals("NaT")),
    accepted("N+ a NUL in text", lambda at: "a\0b", equals("a\0b")),
    accepted("N+ text of a megabyte", lambda at: "é" * 1_000_000, equals("é" * 1_000_000)),
    accepted("N+ a JSON bomb as text", lambda at: "[" * 100_000, equals("[" * 100_000)),
    accepted("N+ a mapping that changes", lambda at: nasty.Changing(), equals({"read1": "read1"})),
    accepted("N+ a str whose methods raise", lambda at: nasty.FalseText("abc"), equals("abc")),
    accepted("N+ an int whose methods raise", lambda at: nasty.FalseInt(7), equals(7)),
    accepted("N+ a float whose methods raise", lambda at: nasty.FalseFloat(0.5), equals(0.5)),
    accepted("N+ a key whose methods raise", lambda at: Row({nasty.FalseText("abc"): 1}), lambda row: row["abc"] == 1),
    accepted("N15 a tensor that needs a gradient", lambda at: Tensor([1.5], requires_grad=True), equals(1.5)),
    accepted("N15 a tensor on a GPU", lambda at: Tensor([1.5], device="cuda:0"), equals(1.5)),
    accepted("N16 a read-only array", lambda at: np.frombuffer(b"abcd", "u1"), equals([97, 98, 99, 100])),
    accepted("N+ an empty mapping", lambda at: {}, equals({})),
    accepted("N+ an empty set", lambda at: set(), equals([])),
    accepted(
        "N+ pandas' NA in a cell",
        lambda at: Table(["a"], [[pd.NA], [1]]),
        lambda row: row[KEY]["nrows"] == 2 if "nrows" in row[KEY] else True,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values(case: Case, bench: Bench) -> None:
    bench.hold(case)


# --- .npy files ---------------------------------------------------------------------------------------------------


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def header(text: str, body: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    raw = text.encode("latin1") + b"\n"
    size = struct.pack("<H" if version == (1, 0) else "<I", len(raw))
    return b"\x93NUMPY" + bytes(version) + size + raw + body


def described(shape: str, descr: str = "'<f8'", body: bytes = b"") -> bytes:
    return header(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}", body)


class Canary:
    """Unpickling it would write a file."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("unpickled"),)


GOOD = npy(np.arange(6.0).reshape(2, 3))
BAD_NPY = {
    "N1 a pickle": npy(object_array(Canary())),
    "N1 a pickle, and a header of floats": described("(1,)", "'|O'", npy(object_array(Canary()))[128:]),
    "N1 only a pickle": b"\x80\x04cposix\nsystem\n(S'true'\ntR.",
    "N2 10**12 elements": described("(1000000000000,)"),
    "N2 10**30 elements": described("(10**15,)".replace("10**15", "9" * 30)),
    "N2 a shape of 5,000 digits": described("(" + "9" * 5_000 + ",)"),
    "N2 10**12 elements of no size": described("(1000000000000,)", "'V0'"),
    "N2 10**12 empty texts": described("(1000000000000,)", "'<U0'"),
    "N3 a negative shape": described("(-1,)", body=bytes(8)),
    "N3 two negative lengths": described("(-1, -1)", body=bytes(8)),
    "N4 a shape of a float": described("(1.5,)", body=bytes(8)),
    "N4 a shape of True": described("(True,)", body=bytes(16)),
    "N4 no shape": header("{'descr': '<f8', 'fortran_order': False}", bytes(8)),
    "N4 a shape that is a number": described("1", body=bytes(8)),
    "N4 100 axes": described(f"({'1,' * 100})", body=bytes(8)),
    "N4 another order": header("{'descr': '<f8', 'fortran_order': 2, 'shape': (1,)}", bytes(8)),
    "N4 a header that is a call": header("__import__('os').system('touch unpickled')"),
    "N4 a header of 60,000 brackets": header("(" * 60_000),
    "N4 a header of minus signs": header("-" * 60_000 + "1"),
    "N4 an empty header": header(""),
    "N4 a header of NUL": header("\0" * 100),
    "N4 an unknown dtype": described("(1,)", "'<q9'", bytes(8)),
    "N4 a dtype that is a list of lists": described("(1,)", "[[[]]]", bytes(8)),
    "N5 a body too short": GOOD[:-1],
    "N5 a body too long": GOOD + b"\0",
    "N5 no body": GOOD[:128],
    "N6 10,000 fields": header("{'descr': [" + ",".join(f"('f{i}', '<f8')" for i in range(3_000)) + "], 'fortran_order': False, 'shape': (10**9,)}"),
    "N6 an itemsize of 2**31": described("(2,)", "'V2147483647'"),
    "N+ version 9": header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", bytes(8), (9, 9)),
    "N+ version 2 of 4 GB": b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + b"{}",
    "N+ version 3 that is no UTF-8": header("\xff", bytes(8), (3, 0)),
    "N+ only the magic": b"\x93NUMPY",
    "N+ 0 bytes": b"",
    "N+ text": b"hello",
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_NPY)
def test_npy_files_that_are_none(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DamagedFile) as caught:
        read_npy(BAD_NPY[name], "media/x.npy")

    assert len(str(caught.value)) < 1000
    assert not Path("unpickled").exists()


@pytest.mark.parametrize("end", range(0, len(GOOD), 7))
def test_npy_files_cut_anywhere(end: int) -> None:
    with pytest.raises(DamagedFile):
        read_npy(GOOD[:end], "media/x.npy")


def test_an_npz_is_no_npy() -> None:
    """N7: a zip bomb is never opened: only plain arrays are read."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(10_000_000))

    with pytest.raises(DamagedFile):
        read_npy(file.getvalue(), "media/x.npy")


def test_an_array_that_changes_after_log(bench: Bench) -> None:
    """N17: what is stored is one snapshot."""
    array = np.zeros(40)
    bench.run.summary["array"] = array
    array[:] = np.nan

    assert bench.run.summary["array"]["nan"] == 0
