"""`import medialog` is light, and its face is what it says."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import medialog

HEAVY = [
    "IPython", "PIL", "altair", "av", "imageio", "isal", "jsonschema", "matplotlib", "moviepy", "msgspec", "numpy",
    "pandas", "plotly", "polars", "pyarrow", "rdkit", "rpds", "scipy", "skimage", "sklearn", "soundfile", "torch",
    "trimesh",
]  # fmt: skip


def modules_after(code: str) -> set[str]:
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_loads_nothing_of_weight() -> None:
    added = modules_after("import medialog") - modules_after("pass")

    assert {"medialog"} == {name for name in added if name.partition(".")[0] == "medialog"}
    assert [] == sorted(added & set(HEAVY))
    # Nothing but this module, and what `typing` brings.
    assert len(added) < 30, sorted(added)


def test_logging_numbers_loads_no_array_library(tmp_path: Path) -> None:
    code = (
        f"import medialog\nwith medialog.init(dir={str(tmp_path)!r}) as run: run.log({{'loss': 0.5, 'n': {{'a': 1}}}})"
    )

    loaded = modules_after(code)

    assert {"msgspec"} == loaded & set(HEAVY)


def test_recognising_foreign_objects_imports_nothing() -> None:
    code = "from medialog.datatypes.adopt import adopt\nassert adopt(object()) is None\nimport types\nadopt(types)"

    assert set() == modules_after(code) & (set(HEAVY) - {"msgspec"})


FOREIGN = {
    "Pillow": ("import PIL.Image", "PIL.Image.new('RGB', (4, 4))", {"isal", "numpy"}),
    "matplotlib": ("from matplotlib.figure import Figure", "Figure()", set()),
    "plotly": ("import plotly.graph_objects as go", "go.Figure(go.Scatter(x=[1], y=[1]))", set()),
    "pandas": ("import pandas", "pandas.DataFrame({'a': [1]})", set()),
    "rdkit": ("from rdkit import Chem", "Chem.MolFromSmiles('CCO')", {"numpy"}),
    "trimesh": ("import trimesh", "trimesh.creation.box()", set()),
    "nobody's": ("class Own: pass", "Own()", set()),
}


@pytest.mark.parametrize("library", FOREIGN)
def test_a_foreign_object_brings_no_other_library(library: str) -> None:
    """What an object's own library has loaded is there already; storing the object loads no other."""
    setup, value, needed = FOREIGN[library]
    log = f"""
{setup}
value = {value}
import medialog
with medialog.init(mode="memory") as run:
    try:
        run.log({{"key": value}})
    except medialog.InvalidInput:
        assert {library!r} == "nobody's"
"""

    added = modules_after(f"import warnings; warnings.simplefilter('ignore'){log}") - modules_after(
        setup + f"\n{value}"
    )

    assert (added & set(HEAVY)) - {"msgspec"} <= needed


def test_the_face() -> None:
    assert sorted(medialog.__all__) == medialog.__all__
    for name in medialog.__all__:
        assert getattr(medialog, name) is not None
        assert name in dir(medialog)


def type_checked_names() -> set[str]:
    """Return what a type checker sees: the re-exports and aliases under `if TYPE_CHECKING`."""
    tree = ast.parse(Path(str(medialog.__file__)).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names if alias.asname
    }
    return imported | {
        target.id
        for node in block.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_type_checkers_see_the_same_face() -> None:
    submodules = {"data_types", "plot", "plots"}
    assert {*medialog.__all__, *submodules} == type_checked_names()


@pytest.mark.parametrize("name", ["Imgae", "nothing", "__wrapped__"])
def test_misspelt_names(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(medialog, name)


def test_a_misspelt_name_fails_type_checking(tmp_path: Path) -> None:
    source = tmp_path / "user.py"
    source.write_text("import medialog\nmedialog.Image([[1]])\nmedialog.Imgae([[1]])\n")

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), "--follow-imports=silent", str(source)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(Path(str(medialog.__file__)).parent.parent)},
    )

    assert 'user.py:3: error: Module has no attribute "Imgae"' in done.stdout
    assert "user.py:2" not in done.stdout


def test_it_stands_in_for_wandb() -> None:
    wandb: Any = medialog

    assert wandb.data_types.Image is medialog.Image
    assert issubclass(wandb.Error, Exception)
    assert None is wandb.run
