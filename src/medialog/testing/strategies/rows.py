"""Strategies for what `log` takes: keys, and rows of plain values, arrays and media."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from medialog.testing.strategies.arrays import audio, histograms, images, shown_text
from medialog.testing.strategies.documents import tables, texts

_FIRST = "abcdefghijklmnopqrstuvwxyz"


def keys() -> st.SearchStrategy[str]:
    """Return a strategy for keys that raise no advice: lower-case names, in up to two parts joined by "/"."""
    name = st.text(_FIRST, min_size=1, max_size=6)
    return st.lists(name, min_size=1, max_size=2).map("/".join)


def _plain() -> st.SearchStrategy[Any]:
    numbers = st.integers(-(2**70), 2**70) | st.floats()
    scalars = numbers | shown_text() | st.booleans() | st.none() | st.dates() | st.datetimes()
    arrays = hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=8), elements=st.floats(-1e6, 1e6))
    return scalars | st.lists(numbers, max_size=5) | arrays


def _media() -> st.SearchStrategy[Any]:
    one = images() | audio() | histograms() | tables() | texts()
    return one | st.lists(images(), min_size=1, max_size=3)


def rows(*, media: bool = True, max_keys: int = 4) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for rows that `log` takes: plain values of every kind, nested, and `media`."""
    leaves = _plain() | _media() if media else _plain()
    nested = st.dictionaries(keys(), leaves, max_size=max_keys)
    return st.dictionaries(keys(), leaves | nested, min_size=1, max_size=max_keys)
