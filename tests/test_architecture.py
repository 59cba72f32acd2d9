"""Who may import whom (design of the rooms), held by walking the imports of the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import medialog
from medialog.wire import kinds

PACKAGE = Path(medialog.__file__).parent
MODULES = {
    ".".join(("medialog", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
CONCRETE = {location.partition(":")[0] for location in kinds.KINDS.values()}
# What a room may see of the others; a room may always see itself.
ROOMS = {
    "wire": set[str](),
    "validators": {"wire"},
    "datatypes": {"validators", "wire"},
    "runtime": {"datatypes", "validators", "wire"},
    "viewer": {"runtime", "datatypes", "validators", "wire"},
}
PUBLIC_NAMES = {"log", "run", "config", "summary"}


class Import(NamedTuple):
    source: str
    target: str
    line: int
    at_module_level: bool


def imports(module: str) -> Iterator[Import]:
    """Yield every import of another module of medialog, those of functions included; not those for type checking."""
    tree = ast.parse(MODULES[module].read_text())
    yield from walk(module, tree.body, at_module_level=True)


def walk(module: str, body: list[ast.stmt], *, at_module_level: bool) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from walk(module, node.orelse, at_module_level=at_module_level)
            continue
        for target in named_in(module, node):
            yield Import(module, target, node.lineno, at_module_level)
        inside_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(node, field, None)
            if isinstance(inner, list):
                yield from walk(module, inner, at_module_level=at_module_level and not inside_function)
        for handler in getattr(node, "handlers", []):
            yield from walk(module, handler.body, at_module_level=at_module_level)


def named_in(module: str, node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.partition(".")[0] == "medialog")
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{module}:{node.lineno}: imports are absolute"
        if node.module and node.module.partition(".")[0] == "medialog":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


ALL_IMPORTS = [found for module in MODULES for found in imports(module)]


def test_the_walk_finds_imports() -> None:
    found = {(each.source, each.target, each.at_module_level) for each in ALL_IMPORTS}

    assert ("medialog.datatypes.image", "medialog.datatypes.overlays", True) in found
    assert ("medialog.datatypes.base", "medialog.validators.descriptors", False) in found
    assert len(found) > 60


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_see_only_what_is_below_them(room: str) -> None:
    wrong = [
        each
        for each in ALL_IMPORTS
        if room_of(each.source) == room and room_of(each.target) not in {*ROOMS[room], room}
    ]

    assert [] == wrong


def test_the_runtime_knows_no_type() -> None:
    found = [each for each in ALL_IMPORTS if room_of(each.source) == "runtime" and each.target in CONCRETE]

    assert [] == found


def test_no_module_imports_itself_round_a_corner() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for each in ALL_IMPORTS:
        if each.at_module_level:
            graph[each.source].add(each.target)
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join([*way[way.index(module) :], module])
        if module not in done:
            for target in sorted(graph.get(module, ())):
                visit(target, (*way, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


def test_no_module_bears_the_name_of_something_public() -> None:
    assert not {f"medialog.{name}" for name in PUBLIC_NAMES} & set(MODULES)
    assert not [path for path in PACKAGE.iterdir() if path.stem in PUBLIC_NAMES]


def test_modules_are_named_for_what_they_define() -> None:
    assert not {
        module
        for module in MODULES
        if module.rpartition(".")[2] in ("utils", "util", "helpers", "common", "misc", "manager")
    }


def test_users_input_is_never_held_by_assert_or_a_bare_except() -> None:
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.ExceptHandler) and node.type is None), (
                f"{module}:{node.lineno}: a bare except"
            )


HEAVY = (
    "numpy",
    "PIL",
    "msgspec",
    "jsonschema",
    "matplotlib",
    "pandas",
    "pyarrow",
    "av",
    "soundfile",
    "trimesh",
    "rdkit",
    "plotly",
)


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import medialog", HEAVY),
        ("import medialog.wire.line, medialog.wire.storage, medialog.wire.names", HEAVY),
        ("import medialog.validators.rules, medialog.validators.checks", HEAVY),
        ("import medialog.datatypes", HEAVY),
        ("from medialog.datatypes import Image, Histogram", ("numpy", "PIL", "jsonschema", "matplotlib", "pandas")),
    ],
)
def test_importing_is_light(statement: str, unwanted: tuple[str, ...]) -> None:
    code = f"import sys; {statement}; print([name for name in {unwanted!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(PACKAGE.parent)},
    )

    assert "[]" == done.stdout.strip()
