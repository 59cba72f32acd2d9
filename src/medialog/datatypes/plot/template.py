"""A spec of the user's own: checked, its placeholders filled, its data put inside.

The form is that of W&B's chart editor: `"data": {"name": "wandb"}`, `${field:x}` for the column of a field and
`${string:title}` for a text, so that a spec copied from there draws here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from medialog.datatypes.plot import vegalite
from medialog.datatypes.plot.drawing import Column, not_drawn, read_column
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, InvalidName, Violation
from medialog.wire import jsontext

if TYPE_CHECKING:
    from medialog.datatypes.table import Table

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}(/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){0,3}"
TEMPLATE_RULES = {
    "plot.preset_name": "a preset's name is 1 to 4 parts of letters, digits, '.', '_', '-' between slashes",
    "plot.spec": "a spec is a Vega-Lite spec: a JSON object with a mark, layers or another view, of version 5 or 6",
    "plot.remote": "a spec refers to no URL: nothing is fetched to draw it",
    "plot.placeholder": "every ${field:...} and ${string:...} of a spec has a value",
}

_NAME = re.compile(NAME_PATTERN)
_PLACEHOLDER = re.compile(r"\$\{(field|string):([^}]*)\}")
_VIEWS = ("mark", "layer", "facet", "hconcat", "vconcat", "concat", "repeat")
_INLINE = ("values", "datasets")
# Keys whose text is shown, not read as the path of a field.
_SHOWN = frozenset({"title", "text", "subtitle", "name", "description"})
_SPECIAL = re.compile(r"[.\[\]'\"\\]")
_EXPRESSION = re.compile(r"[^\w \-:/%()+#]")


def check_name(name: object) -> str:
    """Return a preset's name; `InvalidName` for a bad one, `../x` among them."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        expected = "1 to 4 parts of letters, digits, '.', '_', '-' between slashes, a letter or digit first"
        raise InvalidName(Violation("vega_spec_name", "plot.preset_name", expected, checks.show(name)))
    return name


def check_spec(spec: object) -> dict[str, Any]:
    """Return a copy of `spec`; `InvalidInput` when it is no Vega-Lite spec, is not JSON, or refers to a URL."""
    if not isinstance(spec, Mapping):
        raise checks.wrong_type("spec", "plot.spec", "a Vega-Lite spec as a dict", spec)
    try:
        copied: dict[str, Any] = jsontext.loads(jsontext.dumps(spec))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(Violation("spec", "plot.spec", "a JSON object", str(error)[:120])) from None
    schema = copied.get("$schema", vegalite.SCHEMA)
    if not isinstance(schema, str) or "/vega-lite/" not in schema:
        raise InvalidInput(Violation("spec.$schema", "plot.spec", "Vega-Lite, version 5 or 6", checks.show(schema)))
    if not any(view in copied for view in _VIEWS):
        raise InvalidInput(Violation("spec", "plot.spec", f"one of {', '.join(_VIEWS)}", checks.show(list(copied))))
    checks.refuse(
        Violation(place, "plot.remote", "no reference to another file (the table is the data)", checks.show(value))
        for place, value in _references(copied)
    )
    return copied


def _references(spec: Any) -> Iterator[tuple[str, Any]]:
    """Yield every `url` and `$ref` of a spec, with its place."""
    stack = [(spec, "spec")]
    while stack:
        node, place = stack.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                if key in ("url", "$ref") and not (isinstance(value, str) and value.startswith("data:")):
                    yield f"{place}.{key}", value
                elif key not in _INLINE:
                    stack.append((value, f"{place}.{key}"))
        elif isinstance(node, list):
            stack.extend((value, f"{place}[{index}]") for index, value in enumerate(node))


def complete(
    spec: object, table: Table, fields: Mapping[str, str | None], strings: Mapping[str, str]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return `spec` with placeholders filled and the table's drawable columns as inline data, and what to advise."""
    filled = _fill(check_spec(spec), "", fields, strings)
    columns = drawable_columns(table)
    for name, column in fields.items():
        if column is not None and column not in columns:
            found = read_column(column, table.get_column(column))
            if isinstance(found, Violation):
                raise InvalidInput(found.within(f"fields[{checks.show(name)}]"))
    names = list(columns)
    rows = [
        dict(zip(names, row, strict=True)) for row in zip(*(column.values for column in columns.values()), strict=True)
    ]
    data = {**filled.pop("data", {})} if isinstance(filled.get("data"), dict) else filled.pop("data", None) or {}
    if "values" not in data:
        data = {**{key: value for key, value in data.items() if key in ("name", "format")}, "values": rows}
    drawn = {"$schema": filled.pop("$schema", vegalite.SCHEMA), "data": data, **filled}
    return drawn, list(not_drawn(columns))


def drawable_columns(table: Table) -> dict[str, Column]:
    """Return every column of numbers, dates or text, by name; others (media, arrays) are left to the table."""
    columns = {}
    for name in table.columns:
        column = read_column(str(name), table.get_column(name))
        if isinstance(column, Column):
            columns[column.name] = column
    return columns


def _fill(node: Any, key: str, fields: Mapping[str, str | None], strings: Mapping[str, str]) -> Any:
    """Return a copy of `node` with the placeholders in its texts replaced."""
    if isinstance(node, dict):
        return {name: value if name in _INLINE else _fill(value, name, fields, strings) for name, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, key, fields, strings) for value in node]
    if not isinstance(node, str) or "${" not in node:
        return node

    def value_of(match: re.Match[str]) -> str:
        kind, name = match.groups()
        value = (fields if kind == "field" else strings).get(name)
        if value is None and kind == "string":
            return ""
        if value is None:
            known = ", ".join(fields) or "none"
            raise InvalidInput(
                Violation("fields", "plot.placeholder", f"a column for ${{field:{name}}}", f"fields for: {known}")
            )
        if key in _SHOWN:
            return value
        if match.group() == node and kind == "field":
            return _SPECIAL.sub(r"\\\g<0>", value)
        if match.group() != node and _EXPRESSION.search(value):
            expected = "a name of letters, digits, spaces and _-:/%()+# inside an expression"
            raise InvalidInput(Violation(f"{kind} {name}", "plot.placeholder", expected, checks.show(value)))
        return value

    return _PLACEHOLDER.sub(value_of, node)
