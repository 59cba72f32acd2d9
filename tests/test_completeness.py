"""Every registered kind has its laws, its page and its published schema."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from medialog.datatypes.base import DataType, find
from medialog.validators.catalog import COMMON
from medialog.validators.limits import LIMITS
from medialog.wire import kinds, schemas

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "types"
# Types that are described on a page of another name.
SHARED_PAGES = {
    "ImageMask": "image",
    "BoundingBoxes2D": "image",
    "Classes": "image",
    "VegaLite": "vega",
    "TableIncrement": "table",
    "Chart": "plot",
}
TYPES = sorted({find(kind) for kind in kinds.KINDS}, key=lambda cls: cls.__name__)
NAMES = [cls.__name__ for cls in TYPES]


def law_classes() -> dict[str, dict[str, ast.expr]]:
    """Return type name -> what its law class assigns, read from the tests' source."""
    found: dict[str, dict[str, ast.expr]] = {}
    for path in sorted((ROOT / "tests" / "datatypes").glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and "TypeLaws" in [ast.unparse(base) for base in node.bases]:
                assigned = {
                    target.id: statement.value
                    for statement in node.body
                    if isinstance(statement, ast.Assign)
                    for target in statement.targets
                    if isinstance(target, ast.Name)
                }
                found[ast.unparse(assigned["type"]).rpartition(".")[2]] = assigned
    return found


LAWS = law_classes()


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_every_kind_has_a_published_schema(kind: str) -> None:
    assert schemas.published(kind)


@pytest.mark.parametrize("name", NAMES)
def test_every_type_has_its_laws(name: str) -> None:
    assert name in LAWS, f"tests/datatypes needs a TypeLaws subclass with type = {name}"
    for examples in ("valid", "invalid", "spellings"):
        assert examples in LAWS[name], f"the laws of {name} list no {examples} examples"
    assert len(getattr(LAWS[name]["valid"], "keys", [])) >= 3
    assert len(getattr(LAWS[name]["invalid"], "keys", [])) >= 3


@pytest.mark.parametrize("cls", TYPES, ids=NAMES)
def test_every_type_has_a_page(cls: type[DataType]) -> None:
    name = cls.__name__
    page = PAGES / f"{SHARED_PAGES.get(name, name.lower())}.md"

    assert page.exists(), f"write {page.relative_to(ROOT)}"
    assert cls.kind in page.read_text()


@pytest.mark.parametrize("cls", TYPES, ids=NAMES)
def test_every_type_says_what_it_takes(cls: type[DataType]) -> None:
    assert cls.__doc__
    assert cls.documented_rules
    for id in {*cls.documented_rules, *cls.documented_changes}:
        assert re.fullmatch(r"[a-z0-9]+\.[a-z0-9_]+", id)


@pytest.mark.parametrize("cls", TYPES, ids=NAMES)
def test_ids_that_stand_in_a_types_source_are_documented(cls: type[DataType]) -> None:
    """An id that a type raises or records stands in its documentation, in the common catalog or among the limits."""
    known: set[str] = {*COMMON, *LIMITS}
    for each in TYPES:
        known |= {*each.documented_rules, *each.documented_changes}
    areas = {id.partition(".")[0] for id in (*cls.documented_rules, *cls.documented_changes)}
    module: Any = __import__(cls.__module__, fromlist=["x"])
    assert module.__file__
    tree = ast.parse(Path(module.__file__).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            area = text.partition(".")[0]
            if re.fullmatch(r"[a-z0-9]+\.[a-z0-9_]*[a-z0-9]", text) and area in areas:
                is_suffix = text.endswith(("png", "json", "jpg"))  # "mask.png" is no rule
                is_module = importlib.util.find_spec(area) and importlib.util.find_spec(
                    text
                )  # "plotly.io" is none either
                assert text in known or is_suffix or is_module, (
                    f"{module.__file__}:{node.lineno}: {text} is not documented"
                )
