"""The built files are those of the sources, whole, and free of what a page from a stranger may not hold."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import medialog

STATIC = Path(medialog.__file__).parent / "viewer" / "static"


def files(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_the_same_sources_give_the_committed_bytes(web: Path, tmp_path: Path) -> None:
    subprocess.run(
        ["node", "build.mjs"], cwd=web, env={**os.environ, "MEDIALOG_STATIC": str(tmp_path)}, check=True, timeout=300
    )
    assert files(STATIC) == files(tmp_path)


def test_the_manifest_names_every_script_and_style() -> None:
    manifest = json.loads((STATIC / "manifest.json").read_text())
    renderers = manifest.pop("renderers")
    assert {"core.css", "core.js", "renderers/three.js", "renderers/molecule.js", "renderers/vega.js"} == set(manifest)
    for name, about in manifest.items():
        data = (STATIC / name).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (about["sha256"], about["size"])
    assert {"three", "molecule", "vega", "plotly"} == set(renderers)


@pytest.mark.parametrize("name", ["core.js", "renderers/three.js", "renderers/molecule.js", "renderers/vega.js"])
def test_a_module_imports_nothing_and_evaluates_nothing(name: str) -> None:
    code = (STATIC / name).read_text(encoding="utf-8")
    assert not re.search(r"(?:^|[;}])\s*import(?:\s*[{*\"'`]|\s+\w+\s+from\b)", code)
    assert not re.search(r"(?<![\w.$])eval\((?!\w+(?:,\w+)*\)\{)", code)


def test_the_core_is_small() -> None:
    import gzip

    assert len(gzip.compress((STATIC / "core.js").read_bytes())) < 100_000


@pytest.mark.parametrize(
    "package", ["svelte", "uplot", "three", "3dmol", "vega", "vega-lite", "vega-interpreter", "d3-array"]
)
def test_the_licence_of_each_part_is_there(package: str) -> None:
    text = (STATIC / "THIRD_PARTY_LICENSES.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(package)} \d[\w.]+ \([\w .-]+\)\n=+\n\n(.{{200}})", text, re.MULTILINE | re.DOTALL)
    assert found is not None
