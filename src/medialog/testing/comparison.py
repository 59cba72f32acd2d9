"""Two runs, or two descriptors: where they differ, by their values and not by their bytes.

A file of other bytes is decoded on both sides, and what it holds is compared: the pixels of a picture, the samples of
a sound, the rows of a table, the numbers in a JSON file. So a picture that another library wrote is the same picture,
and a tolerance holds inside files too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from medialog.datatypes.base import DataType, find
from medialog.datatypes.files import DirectorySource, MemorySink, Source, read_reference
from medialog.runtime import trees
from medialog.runtime.reader import RunReader, open_run
from medialog.runtime.run import Run
from medialog.testing.differences import (
    Difference,
    Place,
    Tolerance,
    compare,
    compare_mappings,
    name,
    report,
)
from medialog.validators.errors import InvalidInput, MissingDependency, UnknownKind
from medialog.wire import jsontext
from medialog.wire.fileref import FileRef

FILE_KEYS = frozenset(("path", "sha256", "size"))
_PICTURES = ("image-file", "mask", "video-file")


def compare_runs(
    left: Run | RunReader | str | os.PathLike[str],
    right: Run | RunReader | str | os.PathLike[str],
    *,
    rel: float = 0.0,
    abs: float = 0.0,
    ignore: Iterable[str] = (),
) -> list[Difference]:
    """Return where two runs differ: config, steps, the values of every step, and what only the summary says.

    `left`, `right`: a run, a reader, or the path of a run directory. Numbers are equal when |a - b| <= max(rel *
    max(|a|, |b|), abs), also those inside files. `ignore`: patterns of places that may differ: a key ("time/*"), a key
    of the config ("config.seed"), a key of descriptors ("caption"). Ids, names, times and the environment are never
    compared.
    """
    tolerance = Tolerance(rel, abs, _patterns(ignore))
    return list(_runs(_reader(left), _reader(right), tolerance))


def assert_same_run(
    left: Run | RunReader | str | os.PathLike[str],
    right: Run | RunReader | str | os.PathLike[str],
    *,
    rel: float = 0.0,
    abs: float = 0.0,
    ignore: Iterable[str] = (),
) -> None:
    """Fail with the first few differences when two runs differ; see `compare_runs`."""
    __tracebackhide__ = True
    tolerance = Tolerance(rel, abs, _patterns(ignore))
    one, other = _reader(left), _reader(right)
    found = list(_runs(one, other, tolerance))
    if found:
        names = "" if one.id == other.id else f" {one.id!r} and {other.id!r}"
        raise AssertionError(report(f"the runs{names} differ", found, tolerance))


def compare_descriptors(
    left: Any,
    right: Any,
    *,
    sources: tuple[Any, Any] | None = None,
    rel: float = 0.0,
    abs: float = 0.0,
    ignore: Iterable[str] = (),
) -> list[Difference]:
    """Return where two descriptors differ, single or list forms.

    With `sources` (for each side a run, a reader, a directory or any `Source`), files are compared by what they hold;
    without, by their hash. `rel`, `abs`, `ignore` are those of `compare_runs`.
    """
    tolerance = Tolerance(rel, abs, _patterns(ignore))
    return list(_compare(left, right, (), tolerance, sources))


def assert_same_descriptor(
    left: Any,
    right: Any,
    *,
    sources: tuple[Any, Any] | None = None,
    rel: float = 0.0,
    abs: float = 0.0,
    ignore: Iterable[str] = (),
) -> None:
    """Fail with the first few differences when two descriptors differ; see `compare_descriptors`."""
    __tracebackhide__ = True
    tolerance = Tolerance(rel, abs, _patterns(ignore))
    found = list(_compare(left, right, (), tolerance, sources))
    if found:
        raise AssertionError(report("the descriptors differ", found, tolerance))


def compare_values(left: DataType, right: DataType, place: Place, tolerance: Tolerance) -> Iterator[Difference]:
    """Yield where two values differ, by what they store."""
    sinks = MemorySink(), MemorySink()
    one, other = left.encode_into(sinks[0]), right.encode_into(sinks[1])
    yield from _Comparison(sinks, tolerance).compare(one, other, place)


def _patterns(ignore: Iterable[str]) -> tuple[str, ...]:
    if isinstance(ignore, str):
        raise TypeError(f"ignore: a list of patterns, got the text {ignore!r}")
    return tuple(ignore)


def _compare(
    left: Any, right: Any, place: Place, tolerance: Tolerance, sources: tuple[Any, Any] | None
) -> Iterator[Difference]:
    found = None if sources is None else (_source(sources[0]), _source(sources[1]))
    yield from _Comparison(found, tolerance).compare(left, right, place)


def _source(source: Any) -> Source:
    if isinstance(source, (str, os.PathLike)):
        return DirectorySource(source)
    if isinstance(source, Run):
        source = source.reader()
    found: Source = source.source if isinstance(source, RunReader) else source
    return found


def _reader(run: Run | RunReader | str | os.PathLike[str]) -> RunReader:
    if isinstance(run, RunReader):
        return run
    return run.reader() if isinstance(run, Run) else open_run(run)


def _runs(left: RunReader, right: RunReader, tolerance: Tolerance) -> Iterator[Difference]:
    yield from compare_mappings(dict(left.config), dict(right.config), ("config",), tolerance)
    rows: list[dict[int, dict[str, Any]]] = []
    for run in (left, right):
        rows.append(
            {step: {trees.dotted(path): leaf for path, leaf in trees.leaves(tree)} for step, tree in run.rows()}
        )
    for one, other, which in ((*rows, "first"), (*reversed(rows), "second")):
        only = [step for step in one if step not in other]
        if only:
            steps = f"step{'s' if len(only) > 1 else ''} {', '.join(map(str, only[:5]))}{' ...' if only[5:] else ''}"
            have, lack = f"{len(one):,} steps", f"{len(other):,} steps"
            yield Difference(f"{steps} only in the {which} run", *((have, lack) if which == "first" else (lack, have)))
    comparison = _Comparison((left.source, right.source), tolerance)
    seen: set[str] = set()
    for step in rows[0]:
        if step in rows[1]:
            for found, key in comparison.compare_rows(rows[0][step], rows[1][step]):
                seen.add(key)
                yield Difference(f"step {step}, {found.at}", found.left, found.right, found.detail)
    leaves = [{trees.dotted(path): leaf for path, leaf in trees.leaves(run.summary)} for run in (left, right)]
    for found, key in comparison.compare_rows(*leaves):
        if key not in seen:  # what the history says already, the summary only repeats
            yield Difference(f"summary, {found.at}", found.left, found.right, found.detail)


class _Comparison:
    """Compares descriptors and rows, files included when there are sources."""

    def __init__(self, sources: tuple[Source, Source] | None, tolerance: Tolerance) -> None:
        self._sources, self._tolerance = sources, tolerance

    def compare_rows(self, left: dict[str, Any], right: dict[str, Any]) -> Iterator[tuple[Difference, str]]:
        """Yield every difference of two rows of dotted keys, with its key."""
        for key in [*left, *(key for key in right if key not in left)]:
            if key in left and key in right:
                for found in self.compare(left[key], right[key], (key,)):
                    yield found, key
            else:
                for found in compare_mappings(
                    {key: _named(left[key])} if key in left else {},
                    {key: _named(right[key])} if key in right else {},
                    (),
                    self._tolerance,
                ):
                    yield found, key

    def compare(self, left: Any, right: Any, place: Place) -> Iterator[Difference]:
        """Yield the differences of two stored values."""
        if self._tolerance.ignores(place):
            return
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            yield from self._mappings(left, right, place)
        elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right) and _has_objects(left):
            for index, (one, other) in enumerate(zip(left, right, strict=True)):
                yield from self.compare(one, other, (*place, f"[{index}]"))
        else:
            yield from compare(_named(left), _named(right), place, self._tolerance)

    def _mappings(self, left: Mapping[str, Any], right: Mapping[str, Any], place: Place) -> Iterator[Difference]:
        kinds = left.get("_type"), right.get("_type")
        if kinds[0] != kinds[1]:
            yield Difference(name(place), _named(left), _named(right))
            return
        if kinds[0] == jsontext.NUMBER_KIND:
            yield from compare(trees.plain(dict(left)), trees.plain(dict(right)), place, self._tolerance)
            return
        if isinstance(left.get("items"), list) and isinstance(right.get("items"), list):
            # A list form: everything else in it derives from its items.
            yield from self.compare(left["items"], right["items"], place)
            return
        skipped: frozenset[str] = frozenset()
        derived = False
        file = _file_of(left), _file_of(right)
        if file[0] is not None and file[1] is not None:
            # `files` lists what stands in the file, and `file` is where a Tensor has it.
            skipped = frozenset(("files", "file")) | (FILE_KEYS if "path" in left else frozenset())
            if file[0].sha256 != file[1].sha256:
                for found in self._contents(left, right, file[0], file[1], place):
                    derived = True  # sizes, counts and bounds that follow from a content that differs
                    yield found
        for key in [*left, *(key for key in right if key not in left)]:
            if key in skipped or (derived and isinstance(left.get(key, right.get(key)), (int, float, list))):
                continue
            inner = (*place, str(key))
            if key in left and key in right:
                yield from self.compare(left[key], right[key], inner)
            else:
                one, other = ({key: _named(side[key])} if key in side else {} for side in (left, right))
                yield from compare_mappings(one, other, place, self._tolerance)

    def _contents(
        self, left: Mapping[str, Any], right: Mapping[str, Any], one: FileRef, other: FileRef, place: Place
    ) -> Iterator[Difference]:
        if self._sources is None:
            yield Difference(
                name((*place, "sha256")), f"{one.sha256[:12]}...", f"{other.sha256[:12]}...", "files not compared"
            )
            return
        unit = "pixels" if left.get("_type") in _PICTURES else "numbers"
        first, second = _content(left, one, self._sources[0]), _content(right, other, self._sources[1])
        if isinstance(first, bytes) or isinstance(second, bytes):
            yield Difference(name(place), f"a file of {one.size:,} bytes", f"{other.size:,} bytes", "other content")
        else:
            yield from compare(first, second, place, self._tolerance, unit)


def _file_of(node: Mapping[str, Any]) -> FileRef | None:
    """Return the file that an object of a descriptor refers to itself."""
    for holder in (node, node.get("file")):
        if isinstance(holder, Mapping) and all(key in holder for key in FILE_KEYS):
            return FileRef(holder["path"], holder["sha256"], holder["size"])
    return None


def _content(node: Mapping[str, Any], reference: FileRef, source: Source) -> Any:
    """Return what the file of a descriptor holds: arrays, JSON, text, or bytes when it is none of them."""
    kind = node.get("_type")
    try:
        value = None if kind is None else find(str(kind)).decode(dict(node), source)
    except UnknownKind:
        value = None
    decoded = _decoded(value)
    if decoded is not None:
        return decoded
    data = read_reference(source, reference)
    try:
        text = data.decode()
        return jsontext.loads(text) if reference.path.endswith("json") else text
    except ValueError:
        return data


def _decoded(value: Any) -> Any:
    """Return the arrays or rows of a value, or None when its file says it best."""
    if value is not None and value.kind == "table-file":
        return {"columns": value.columns, "rows": [[_cell(cell) for cell in row] for row in value.data]}
    try:
        if getattr(value, "format", None) == "scene.json":
            return value.to_scene()
        return value.to_numpy() if hasattr(value, "to_numpy") else None
    except (InvalidInput, MissingDependency):  # a mesh is no array; a film may need a library that is not installed
        return None


def _cell(cell: Any) -> Any:
    return cell.encode_into(MemorySink()) if isinstance(cell, DataType) else cell


def _has_objects(values: list[Any]) -> bool:
    return any(isinstance(value, (dict, list)) for value in values)


def _named(value: Any) -> Any:
    """Return a descriptor as its name, for a message; everything else as it is."""
    if isinstance(value, Mapping) and isinstance(value.get("_type"), str) and value["_type"] != jsontext.NUMBER_KIND:
        return f"{value['_type']}"
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and "_type" in item for item in value):
        return f"{len(value)} x {value[0]['_type']}"
    return trees.plain(value)
