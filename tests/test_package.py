"""The package as others get it: from a clone into any folder, and as a wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SMOKE = """
import medialog, numpy, sys, pathlib
with medialog.init(dir=sys.argv[1], id="smoke") as run:
    run.log({"image": medialog.Image(numpy.eye(4)), "h": medialog.Histogram([1, 2, 3])})
run = medialog.open_run(pathlib.Path(sys.argv[1]) / "smoke")
assert (run.media("image").to_numpy() == numpy.eye(4) * 255).all()
assert not medialog.validate(run.history()[0]["image"])
print(medialog.__file__)
"""


def run(*command: object, cwd: Path, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=kept | environment, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what git tracks, as a clone would be, in a folder with an odd name; uncommitted changes included."""
    if not (ROOT / ".git").exists():
        pytest.fail("the tests run from a git checkout")
    folder = tmp_path / "medialog-main (copy) é"
    tracked = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    for name in filter(None, tracked):
        if os.path.lexists(ROOT / name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


def test_the_links_are_relative_and_lead_to_the_rooms(clone: Path) -> None:
    for name in ("datatypes", "validators"):
        link = clone / name
        assert link.is_symlink()
        assert f"src/medialog/{name}" == os.readlink(link)
        assert (clone / "src" / "medialog" / name).samefile(link)
        modes = run("git", "ls-files", "--stage", name, cwd=ROOT)
        assert modes == "" or modes.startswith("120000 ")


def test_works_in_an_odd_folder_without_the_links(clone: Path, tmp_path: Path) -> None:
    (clone / "datatypes").unlink()
    (clone / "validators").unlink()

    output = run(sys.executable, "-c", SMOKE, tmp_path, cwd=clone, PYTHONPATH=str(clone / "src"))
    assert str(clone / "src" / "medialog" / "__init__.py") == output.strip()
    pytest_command = (sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    run(*pytest_command, "tests/runtime", "tests/datatypes/test_histogram.py", cwd=clone, PYTHONPATH=str(clone / "src"))


@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")
def test_make_demo_runs_as_the_readme_says(clone: Path) -> None:
    """With the environment that is there: `.venv` is a stand-in, so that nothing is installed."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").write_text(
        f'#!/bin/sh\nPYTHONPATH="{clone / "src"}" exec "{sys.executable}" "$@"\n'
    )
    (clone / ".venv" / "bin" / "python").chmod(0o755)
    (clone / ".venv" / "ready").touch()

    output = run("make", "demo", cwd=clone)
    assert "run.history" in output
    assert (clone / "runs").is_dir()


def test_the_wheel_works_in_an_empty_environment(clone: Path, tmp_path: Path) -> None:
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-q",
        "-w",
        tmp_path,
        clone,
        cwd=tmp_path,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    # One import name: `datatypes` and `validators` are other projects' names.
    assert {"medialog"} == {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert "medialog/py.typed" in names
    committed = {path.name for path in (clone / "src/medialog/validators/schemas/v1").glob("*.json")}
    assert committed == {Path(name).name for name in names if "/schemas/v1/" in name}

    empty = tmp_path / "empty"
    venv.create(empty, with_pip=False)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(empty), "platbase": str(empty)}))
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "-q", "--target", site, wheel, cwd=tmp_path)
    # The dependencies come from here; the wheel's own package stands before them.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    output = run(empty / "bin" / "python", "-c", SMOKE, tmp_path / "runs", cwd=tmp_path)
    assert str(site / "medialog" / "__init__.py") == output.strip()


def test_core_dependencies_are_few() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    names = [name.partition(">")[0] for name in project["dependencies"]]
    assert ["isal", "jsonschema", "msgspec", "numpy", "pillow"] == names
    extras = project["optional-dependencies"]
    assert f"medialog[{','.join(name for name in extras if name not in ('all', 'testing'))}]" == extras["all"][0]
