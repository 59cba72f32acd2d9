"""A type in a package of its own, as docs/new-type.md shows it: installed, logged, read back, held to the laws."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import medialog

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "examples" / "new_type"
SOURCE = Path(medialog.__file__).resolve().parent.parent

SESSION = """
import json, sys
import networkx, medialog
from medialog.validators import schema

graph = networkx.DiGraph([("data", "model"), ("model", "loss")])
with medialog.init(dir=sys.argv[1], id="graphs") as run:
    run.log({"graph": graph, "both": [graph, graph], "table": medialog.Table(columns=["graph"], data=[["none"]])})
assert "medialog_graph" in sys.modules and "medialog.testing.laws" not in sys.modules

again = medialog.open_run(run.dir)
descriptor = again.history()[0]["graph"]
broken = {**descriptor, "nodes": 0, "surprise": 1}
print(json.dumps({
    "descriptor": descriptor,
    "loaded": repr(again.media("graph")),
    "both": [repr(item) for item in again.media("both")],
    "valid": [str(found) for found in medialog.validate(descriptor)],
    "broken": [found.rule for found in medialog.validate(broken)],
    "crossed": [found.rule for found in medialog.validate({**descriptor, "nodes": 0})],
    "schema": schema("graph-file"),
    "problems": [str(problem) for problem in again.problems],
}))
"""

READER = """
import sys, medialog
again = medialog.open_run(sys.argv[1])
assert "medialog_graph" not in sys.modules
print(medialog.load(again.history()[0]["graph"], again))
"""


def run(*command: object, cwd: Path, path: list[Path]) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    environment.pop("PYTHONSAFEPATH", None)
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example package, built and installed into a folder, as pip installs any other."""
    source, target = tmp_path_factory.mktemp("source") / "new_type", tmp_path_factory.mktemp("site")
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    pip = (sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index", "-q")
    run(*pip, "--target", target, source, cwd=source, path=[])
    assert (target / "medialog_graph.py").exists()
    return target


def test_it_is_logged_loaded_and_validated(installed: Path, tmp_path: Path) -> None:
    told = json.loads(run(sys.executable, "-c", SESSION, tmp_path, cwd=tmp_path, path=[SOURCE, installed]))

    descriptor = told["descriptor"]
    assert ("graph-file", 3, 2, True) == tuple(descriptor[key] for key in ("_type", "nodes", "edges", "directed"))
    assert "Graph(3 nodes, 2 edges, directed)" == told["loaded"]
    assert [told["loaded"]] * 2 == told["both"]
    assert [] == told["valid"] == told["problems"]
    assert ["schema.additionalProperties"] == told["broken"]
    assert ["graph.descriptor"] == told["crossed"]
    assert "graph-file" == told["schema"]["x-medialog-kind"]
    assert "$id" not in told["schema"]
    assert "Made from the model medialog_graph.GraphDescriptor." == told["schema"]["$comment"]
    assert {"^x-": {}} == told["schema"]["patternProperties"]

    # Another process, which never imported the package, finds it by the kind.
    loaded = run(sys.executable, "-c", READER, tmp_path / "graphs", cwd=tmp_path, path=[SOURCE, installed])
    assert "Graph(3 nodes, 2 edges, directed)" == loaded.strip()


def test_without_the_package_the_kind_is_unknown(installed: Path, tmp_path: Path) -> None:
    run(sys.executable, "-c", SESSION, tmp_path, cwd=tmp_path, path=[SOURCE, installed])

    with pytest.raises(medialog.UnknownKind, match="no type writes 'graph-file'"):
        medialog.open_run(tmp_path / "graphs").media("graph")


def test_the_command_prints_its_schema(installed: Path, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "medialog", "schema")

    listed = run(*command, cwd=tmp_path, path=[SOURCE, installed]).split()
    printed = json.loads(run(*command, "graph-file", cwd=tmp_path, path=[SOURCE, installed]))

    assert {"graph-file", "image-file", "run"} <= {*listed}
    assert ("graph-file", None) == (printed["x-medialog-kind"], printed.get("$id"))
    assert "graph-file" not in run(*command, cwd=tmp_path, path=[SOURCE]).split()


def test_its_laws_hold_without_a_conftest(installed: Path, tmp_path: Path) -> None:
    shutil.copy(PACKAGE / "test_graph.py", tmp_path)

    # -p: where this medialog is not installed but only on the path, its entry point is not seen.
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "medialog.testing.plugin")
    output = run(*command, "-W", "error", "test_graph.py", cwd=tmp_path, path=[SOURCE, installed])

    assert re.search(r"^7\d passed in", output, re.MULTILINE), output


@pytest.mark.parametrize("name", ["pyproject.toml", "medialog_graph.py", "test_graph.py"])
def test_the_page_shows_the_package(name: str) -> None:
    page = (ROOT / "docs" / "new-type.md").read_text()

    assert (PACKAGE / name).read_text() in page
