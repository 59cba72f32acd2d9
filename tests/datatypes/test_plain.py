"""Values in `log`: each row of the table in `plain`, every rule of keys, and what is refused."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import math
import pathlib
import types
import uuid
from typing import Any, NamedTuple, cast

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from foreign import DlpackArray, EagerTensor, JaxArray, Parameter, Tensor
from medialog.datatypes.base import DataType, MediaList
from medialog.datatypes.histogram import Histogram
from medialog.datatypes.image import Image
from medialog.datatypes.plain import check_key, prepare, prepare_mapping
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, InvalidKey, WrongType
from medialog.validators.rules import Rules
from medialog.wire import jsontext

RULES = Rules()


class Colour(enum.Enum):
    RED = "red"
    DEEP = ("a", 1)


class Device:
    def __str__(self) -> str:
        return "cuda:0"


Device.__module__, Device.__qualname__ = "torch", "device"


class Level(enum.IntEnum):
    HIGH = 3


class Point(NamedTuple):
    x: int
    y: float


@dataclasses.dataclass
class Settings:
    rate: float
    inner: Any = None


class Text(str):  # noqa: SLOT000
    def __str__(self) -> str:
        return "something else"


def tagged(value: str) -> dict[str, str]:
    return {"_type": "number", "value": value}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        ("", ""),
        ("猫 \n\0 <script>", "猫 \n\0 <script>"),
        (True, True),
        (None, None),
        (0, 0),
        (-(2**63), -(2**63)),
        (2**64 - 1, 2**64 - 1),
        (2**64, tagged(str(2**64))),
        (-(2**63) - 1, tagged(str(-(2**63) - 1))),
        (10**4000, tagged("1" + "0" * 4000)),
        (0.1, 0.1),
        (5e-324, 5e-324),
        (math.nan, tagged("NaN")),
        (math.inf, tagged("Infinity")),
        (-math.inf, tagged("-Infinity")),
        (np.float32(0.5), 0.5),
        (np.float64(math.nan), tagged("NaN")),
        (np.float16(0.1), float(np.float16(0.1))),
        (np.longdouble(0.5), 0.5),
        (np.int8(-3), -3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (Text("abc"), "abc"),
        (np.datetime64("2020-01-02"), "2020-01-02"),
        (np.timedelta64(3, "s"), "3 seconds"),
        (np.array(3), 3),
        (np.array([3.5]), 3.5),
        (np.array([[[True]]]), True),
        (np.array(["a"]), "a"),
        (np.array([]), []),
        (np.zeros((0, 3)), []),
        (np.array([1, 2], ">i8"), [1, 2]),
        (np.array([[1.5, math.nan]]), [[1.5, tagged("NaN")]]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array(["a", None], object), ["a", None]),
        (np.array(["2020-01", "2020-02"], "M8[M]"), ["2020-01", "2020-02"]),
        (np.array([1.5, 2.5], np.longdouble), [1.5, 2.5]),
        (Tensor(3.5, requires_grad=True), 3.5),
        (Tensor([1, 2], device="cuda"), [1, 2]),
        (Parameter([0.5, 1.5]), [0.5, 1.5]),
        (EagerTensor([1, 2]), [1, 2]),
        (JaxArray([True, False]), [True, False]),
        (DlpackArray([1.5, 2.5]), [1.5, 2.5]),
        (datetime.datetime(2020, 1, 2, 3, 4, 5, 6), "2020-01-02T03:04:05.000006"),
        (datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC), "2020-01-02T00:00:00+00:00"),
        (datetime.date(2020, 1, 2), "2020-01-02"),
        (datetime.time(3, 4), "03:04:00"),
        (datetime.timedelta(days=1, seconds=2), "P1DT2S"),
        (decimal.Decimal("1.10"), "1.10"),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        (Colour.RED, "red"),
        (Colour.DEEP, ["a", 1]),
        (Level.HIGH, 3),
        (Settings(0.1, Settings(math.inf)), {"rate": 0.1, "inner": {"rate": tagged("Infinity"), "inner": None}}),
        (Point(1, 2.5), [1, 2.5]),
        ({"a": {"b": (1, 2)}}, {"a": {"b": [1, 2]}}),
        (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        ([], []),
        ((), []),
        (range(3), [0, 1, 2]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset((3, 1)), [1, 3]),
        ([1, "a", None, [2.5]], [1, "a", None, [2.5]]),
        (math.sqrt, "math.sqrt"),
        (np.dtype("float32"), "float32"),
        (Device(), "cuda:0"),
        (pandas.Timedelta(days=1, seconds=2), "P1DT0H0M2S"),
        (pandas.Timedelta(1), "P0DT0H0M0.000000001S"),
        (pandas.Series(["x", None, "y"]), ["x", None, "y"]),
        (pandas.Series(["x", None], dtype=object), ["x", None]),
        (pandas.Series(pandas.to_datetime(["2020-01-02", None])), ["2020-01-02T00:00:00", None]),
        (pandas.Categorical(["a", "b", "a"]), ["a", "b", "a"]),
        (pandas.Index(["a", "b"]), ["a", "b"]),
        (polars.Series(["x", None]), ["x", None]),
        (polars.Series([datetime.date(2020, 1, 2)] * 2), ["2020-01-02"] * 2),
        (pyarrow.array(["x", None]), ["x", None]),
        (pandas.Series([1.5, 2.5]), [1.5, 2.5]),
        (Settings, f"{__name__}.Settings"),
    ],
    ids=lambda value: checks.show(value, 30),
)  # fmt: skip
def test_what_is_stored_as_json(value: Any, expected: Any) -> None:
    prepared = prepare(value, "key", RULES)

    assert json.dumps(expected) == json.dumps(prepared, allow_nan=False)
    jsontext.dumps(prepared)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=4),
    max_leaves=20,
)


def back(value: Any) -> Any:
    if isinstance(value, dict) and value.get("_type") == "number":
        return jsontext.decode_number(value)
    if isinstance(value, dict):
        return {key: back(item) for key, item in value.items()}
    return [back(item) for item in value] if isinstance(value, list) else value


@given(plain)
def test_plain_values_come_back_from_json(value: Any) -> None:
    prepared = prepare(value, "key", RULES)

    assert repr(value) == repr(back(jsontext.loads(jsontext.dumps(prepared))))


def test_the_result_shares_nothing_with_the_callers_data() -> None:
    inner: dict[str, Any] = {"c": [1]}
    given_value = {"a": [inner]}
    prepared = prepare(given_value, "key", RULES)
    inner["c"].append(2)
    given_value["a"].append(3)  # type: ignore[arg-type]

    assert {"a": [{"c": [1]}]} == prepared


# --- arrays and media ---


def test_arrays_up_to_32_elements_are_lists_and_larger_ones_histograms() -> None:
    assert list(range(32)) == prepare(np.arange(32), "key", RULES)
    large = prepare(np.arange(33), "key", RULES)

    assert Histogram(np.arange(33)) == large
    assert 64 == len(large.counts)
    assert Histogram(np.arange(40.0)) == prepare(Tensor(np.arange(40.0), requires_grad=True), "key", RULES)
    assert 40 == prepare(np.full(40, math.nan), "key", RULES).nan
    assert list(range(33)) == prepare(np.arange(33), "key", Rules({"tensor.inline": 33}))


def test_a_list_of_large_arrays_is_a_list_of_histograms() -> None:
    prepared = prepare([np.arange(33), Tensor(np.arange(34))], "key", RULES)

    assert [Histogram(np.arange(33)), Histogram(np.arange(34))] == prepared


def test_media_stand_as_objects() -> None:
    image = Image([[1]])

    assert image is prepare(image, "key", RULES)
    assert image is prepare({"a": {"b": image}}, "key", RULES)["a"]["b"]
    media = prepare([image, image], "key", RULES)
    assert isinstance(media, MediaList)
    assert [image, image] == media.items
    assert media is prepare(media, "key", RULES)
    assert [{"a": image}] == prepare([{"a": image}], "key", RULES)


def test_foreign_objects_are_adopted() -> None:
    assert isinstance(prepare(Pillow.new("L", (2, 2)), "key", RULES), Image)
    assert isinstance(prepare([Pillow.new("L", (2, 2))], "key", RULES), MediaList)


@pytest.mark.parametrize(
    "value",
    [
        [Image([[1]]), Histogram([1])],
        [Image([[1]]), 1],
        [1, Image([[1]])],
        [[Image([[1]])], [Image([[1]])]],
        [np.zeros(33), 5],
    ],
    ids=["two types", "media first", "media last", "nested lists", "array and number"],
)
def test_mixed_lists_of_media_are_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^key\[\d\]: .*\[list\.mixed\]"):
        prepare(value, "key", RULES)


def test_a_list_of_lists_of_media_says_what_to_do() -> None:
    with pytest.raises(InvalidInput, match=r"key\[0\]: one value: a list of media is flat .*, got a list of 2"):
        prepare([[Image([[1]])] * 2, [Image([[1]])]], "key", RULES)


def test_too_many_images_name_the_key() -> None:
    with pytest.raises(InvalidInput, match=r"key: list: .*image\.per_list"):
        prepare([Image([[1]])] * 109, "key", RULES)


# --- refusals ---


@pytest.mark.parametrize(
    ("value", "rule", "place"),
    [
        (object(), "value.type", "key"),
        (1j, "value.type", "key"),
        (np.complex64(1), "value.type", "key"),
        (b"bytes", "value.type", "key"),
        (bytearray(b"bytes"), "value.type", "key"),
        (memoryview(b"bytes"), "value.type", "key"),
        (np.bytes_(b"a"), "value.type", "key"),
        (uuid.UUID(int=5), "value.type", "key"),
        (iter([1]), "value.type", "key"),
        ((x for x in (1, 2)), "value.type", "key"),
        ({}.keys(), "value.type", "key"),
        (math, "value.type", "key"),
        ({1, "a"}, "value.type", "key"),
        ([1, [object()]], "value.type", "key[1][0]"),
        ({"a": [b""]}, "value.type", "key['a'][0]"),
        ("\ud800", "value.type", "key"),
        (["ok", "bad \udfff"], "value.type", "key[1]"),
        (pathlib.PurePosixPath("/\udcff"), "value.type", "key"),
        (10**4301, "value.type", "key"),
        (-(10**5000), "value.type", "key"),
        (np.array([1j, 2]), "array.dtype", "key"),
        (np.array([b"a", b"b"]), "array.dtype", "key"),
        (np.array([object(), 1]), "value.array", "key"),
        (np.array(["a", 1.5], object), "value.array", "key"),
        (np.array(["a"] * 33), "array.text", "key"),
        (pandas.Series(["a"] * 33), "array.text", "key"),
        (pandas.Series(["a", 1.5], dtype=object), "array.dtype", "key[0]"),
        (np.array([-1.7e308, 1.7e308] * 20), "histogram.range", "key: Histogram"),
        (np.ma.array([1, 2], mask=[False, True]), "array.masked", "key"),
        ([0] * 10_001, "list.numbers", "key"),
        ([0.5] * 10_001, "list.numbers", "key"),
        ([np.float32(0.5)] * 10_001, "list.numbers", "key"),
        (range(10_001), "list.numbers", "key"),
        (Settings(cast("Any", object())), "value.type", "key['rate']"),
        (Pillow.new("L", (0, 1)), "pixels.empty", "key: Image"),
    ],
    ids=lambda value: "a set" if isinstance(value, set) else checks.show(value, 30),
)
def test_what_is_refused(value: Any, rule: str, place: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        prepare(value, "key", RULES)

    (violation,) = caught.value.violations
    assert (rule, place) == (violation.rule, violation.at)
    assert len(str(caught.value)) < 1000


def test_lists_up_to_ten_thousand_numbers_stay_lists() -> None:
    assert [1] * 10_000 == prepare([1] * 10_000, "key", RULES)
    assert ["a"] * 10_001 == prepare(["a"] * 10_001, "key", RULES)


def test_a_mapping_that_holds_itself() -> None:
    cycle: dict[str, Any] = {}
    cycle["a"] = [cycle]
    with pytest.raises(InvalidInput, match=r"json\.depth"):
        prepare(cycle, "key", RULES)


def test_a_list_that_holds_itself() -> None:
    cycle: list[Any] = [1]
    cycle.append(cycle)
    with pytest.raises(InvalidInput, match=r"json\.depth") as caught:
        prepare(cycle, "key", RULES)
    assert len(caught.value.violations[0].at) <= 80


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_nesting_ends_at_exactly_the_limit() -> None:
    assert nested(64) == prepare(nested(64), "key", RULES)
    jsontext.loads(jsontext.dumps(nested(64)))
    with pytest.raises(InvalidInput, match=r"json\.depth"):
        prepare(nested(65), "key", RULES)


# --- keys: corpus K ---


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "../../etc/passwd",
        "/abs/x",
        "C:\\x",
        "\\\\srv\\x",
        "..",
        "CON",
        "nul.png",
        "aux",
        "train/loss",
        "Test Accuracy",
        "train-loss",
        "猫",
        "e\u0301",
        "a" * 256,
        " a ",
        "a_",
        "<script>",
        "a.b\\.c",
        "🐈",
    ],
)
def test_keys_that_are_data(key: str) -> None:
    assert key == check_key(key, "row", RULES)


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("", "key.empty"),
        ("   ", "key.empty"),
        ("\u2003\t", "key.empty"),
        ("a\nb", "key.text"),
        ("a\tb", "key.text"),
        ("\x1b[31m", "key.text"),
        ("a\0", "key.text"),
        ("\x7f", "key.text"),
        ("\x85a", "key.text"),
        ("\ud800", "key.text"),
        ("\u202eevil", "key.text"),
        ("\u2066a", "key.text"),
        ("a" * 257, "key.length"),
        ("a" * 100_000, "key.length"),
        ("_step", "key.reserved"),
        ("_timestamp", "key.reserved"),
        ("_type", "key.reserved"),
        ("__proto__", "key.reserved"),
        (5, "key.type"),
        (None, "key.type"),
        (b"a", "key.type"),
        (("a",), "key.type"),
        (1.5, "key.type"),
    ],
    ids=lambda value: checks.show(value, 30),
)
def test_keys_that_are_refused(key: Any, rule: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        prepare_mapping({key: 1}, "", RULES)

    (violation,) = caught.value.violations
    assert rule == violation.rule
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isprintable()


def test_reserved_keys_are_refused_at_every_depth() -> None:
    with pytest.raises(InvalidKey, match=r"key\.reserved"):
        prepare({"a": [{"b": {"_type": "image-file"}}]}, "key", RULES)


@pytest.mark.parametrize("keys", [("\u00e9", "e\u0301"), ("\u212b", "\u00c5"), ("a\u00e9", "x", "ae\u0301")])
def test_k15_keys_that_normalise_to_one_are_refused(keys: tuple[str, ...]) -> None:
    with pytest.raises(InvalidKey, match=r"key\.unique"):
        prepare_mapping(dict.fromkeys(keys, 1), "", RULES)


def test_keys_are_plain_strings() -> None:
    for key in (np.str_("a"), Text("a")):
        (found,) = prepare_mapping({key: 1}, "", RULES)
        assert str is type(found)
        assert "a" == found


def test_an_unknown_object_is_named_with_its_type() -> None:
    with pytest.raises(WrongType, match=r"losses: a number, text, .* got uuid\.UUID UUID\("):
        prepare(uuid.UUID(int=1), "losses", RULES)


def test_a_class_of_media_is_a_name_not_a_medium() -> None:
    assert "medialog.datatypes.base.DataType" == prepare(DataType, "key", RULES)
