"""Documents that are no descriptors in ways that schemas cannot say: each a named violation, never another error."""

from __future__ import annotations

from typing import Any

import pytest

import medialog
from medialog.datatypes.base import decode
from medialog.datatypes.files import MemorySink
from medialog.validators.errors import InvalidDescriptor


def histogram(**changed: Any) -> dict[str, Any]:
    base = {"_type": "histogram", "values": [1, 2], "bins": [0, 1, 2], "lossless": False, "count": 3}
    return {**base, "nan": 0, "positive_infinity": 0, "negative_infinity": 0, **changed}


NO_JSON = {
    "a lone surrogate in a value": histogram(**{"x-note": "\ud800"}),
    "a lone surrogate in a list": histogram(**{"x-note": ["a", "\udfff"]}),
    "a lone surrogate in a key": histogram(**{"x-\ud800": 1}),
    "a whole number beyond 64 bits": histogram(max=2**64),
    "a whole number below 64 bits": histogram(min=-(2**63) - 1),
    "a whole number beyond a double": histogram(sum=10**400),
    "a whole number beyond 64 bits in a list": histogram(bins=[0, 1, 10**400]),
    "an infinity": histogram(max=float("inf")),
}


@pytest.mark.parametrize("descriptor", NO_JSON.values(), ids=NO_JSON)
def test_what_no_json_of_ours_holds_is_one_violation(descriptor: dict[str, Any]) -> None:
    assert ["descriptor.json"] == [violation.rule for violation in medialog.validate(descriptor)]
    with pytest.raises(InvalidDescriptor):
        decode(descriptor, MemorySink())


def test_what_fits_64_bits_and_utf8_is_json() -> None:
    assert [] == medialog.validate(histogram(**{"x-note": ["é", "😀", 2**64 - 1, -(2**63), True, None, 0.5]}))


def test_items_of_a_list_must_say_their_type() -> None:
    """msgspec takes an object without its tag where only one model can stand."""
    from medialog.datatypes.base import MediaList

    descriptor = MediaList([medialog.Html("<b>a</b>"), medialog.Html("<b>b</b>")]).encode_into(MemorySink())
    assert isinstance(descriptor, dict)
    del descriptor["items"][1]["_type"]

    found = medialog.validate(descriptor)

    assert {"schema.required"} == {violation.rule for violation in found}
    assert "$.items[1]._type" in {violation.at for violation in found}


def test_counts_whose_sum_is_beyond_a_double_are_a_violation() -> None:
    found = medialog.validate(histogram(values=[1e308, 1e308], count=1e308))

    assert ["histogram.counts"] == [violation.rule for violation in found]


def test_a_rate_so_low_that_no_duration_fits_is_a_violation() -> None:
    descriptor = medialog.Video([[[[0]]]]).encode_into(MemorySink())
    descriptor["fps"] = 1e-320

    assert ["video.duration"] == [violation.rule for violation in medialog.validate(descriptor)]
