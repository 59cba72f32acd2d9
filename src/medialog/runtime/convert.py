"""Standalone conversion: any value -> a descriptor and files in a directory, with no run."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from medialog.datatypes import plain
from medialog.datatypes.base import DataType, MediaList
from medialog.datatypes.files import DirectorySink, StagedSink
from medialog.runtime import layout, trees
from medialog.validators import checks
from medialog.validators import rules as rulebook
from medialog.validators.errors import InvalidName, Violation, WrongType, storage_errors
from medialog.validators.notice import warn
from medialog.wire import jsontext, names

SUFFIX = names.DESCRIPTOR_SUFFIX


def convert(value: Any, dir: str | os.PathLike[str], name: str | None = None) -> Any:
    """Store a value in `dir` and return its descriptor: `convert(Image(pixels), "out")`.

    `value` is a medialog object, a list of one type, or anything that `log` would make one of (a Pillow image, a
    figure, a DataFrame, a large array). Files go to `<dir>/media/`, the descriptor to `<dir>/<name>.medialog.json`;
    without a name it is named by its content. The directory can be moved, uploaded, validated, and read with
    `medialog.load(descriptor, dir)`.

    Raises `InvalidInput`, `InvalidName`, and `WrongType` for a value that has no descriptor.
    """
    if name is not None:
        problem = names.problem_with_name(name)
        if problem is not None:
            raise InvalidName(Violation("name", "name.pattern", problem, checks.show(name)))
    rules = rulebook.current()
    prepared = plain.prepare(value, "value", rules)
    if not _is_media(prepared):
        expected = "a value that becomes media: an Image, an array of more than 32 elements, a figure, a DataFrame ..."
        raise WrongType(Violation("value", "value.type", expected, f"{checks.type_name(value)} {checks.show(value)}"))
    for item in prepared if isinstance(prepared, list) else [prepared]:
        for category, rule, sentence in item.notices():
            warn(f"{sentence} [{rule}]", category)
    sink = DirectorySink(dir)
    staged = StagedSink(sink.storage)
    try:
        descriptor = trees.encode(prepared, lambda _, item: item.encode_into(staged))
        staged.publish()
    finally:
        staged.discard()
    if name is None:
        name = hashlib.sha256(jsontext.dumps(descriptor)).hexdigest()[:16]
    with storage_errors("writing the descriptor"):
        layout.replace_json(sink.storage, f"{name}{SUFFIX}", descriptor)
    return descriptor


def _is_media(prepared: Any) -> bool:
    if isinstance(prepared, list):
        return bool(prepared) and all(isinstance(item, DataType) for item in prepared)
    return isinstance(prepared, (DataType, MediaList))
