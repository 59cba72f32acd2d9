"""Strategies for descriptors: those of drawn values, and those that a schema alone describes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from medialog.datatypes.base import DataType, MediaList, find
from medialog.datatypes.files import MemorySink
from medialog.testing.strategies import arrays, documents, schema, space
from medialog.validators.descriptors import schema_of, validate

# Every kind that writes one value, and a strategy for it.
KINDS: Mapping[str, st.SearchStrategy[Any]] = MappingProxyType(
    {
        "audio-file": arrays.audio(),
        "boxes2D": arrays.boxes(),
        "chart": documents.charts(),
        "classes": arrays.class_sets(),
        "figure": documents.figures(),
        "histogram": arrays.histograms(),
        "html-file": documents.html(),
        "image-file": arrays.images(),
        "incremental-table-file": documents.increments(),
        "mask": arrays.masks(),
        "molecule-file": documents.molecules(),
        "numpy.ndarray": arrays.tensors(),
        "object3D-file": space.objects3d(),
        "plotly-file": documents.plotly(),
        "table-file": documents.tables(),
        "text-file": documents.texts(),
        "vega-file": documents.vega(),
        "video-file": arrays.videos(),
    }
)


def values(kind: str) -> st.SearchStrategy[Any]:
    """Return a strategy for what is stored as `kind`; for a list kind, a `MediaList` of 1 to 3 values.

    `UnknownKind` for a kind that nobody writes, `LookupError` for one of another package.
    """
    cls = find(kind)
    if cls.kind not in KINDS:
        raise LookupError(f"medialog has no strategy for {kind!r} of {cls.__module__}: build one from its own values")
    one = KINDS[cls.kind]
    return st.lists(one, min_size=1, max_size=3).map(MediaList) if kind == cls.list_kind else one


def descriptors(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for valid descriptors of a kind: what drawn values encode to; their files are not kept.

    For a kind of another package, what its schema describes and its own rules accept.
    """
    cls = find(kind)
    if cls.kind in KINDS:
        return values(kind).map(_encode)
    return structural_descriptors(kind).filter(lambda descriptor: not validate(descriptor))


def structural_descriptors(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for documents that hold to the JSON Schema of a kind.

    What a schema cannot say may be wrong in them: rules across fields, the limits of a run, a file's name and its hash.
    """
    described: st.SearchStrategy[dict[str, Any]] = schema.documents(schema_of(kind))
    return described


def _encode(value: DataType | MediaList) -> dict[str, Any]:
    descriptor: dict[str, Any] = value.encode_into(MemorySink())  # type: ignore[assignment]  # no list of a plain type here
    return descriptor
