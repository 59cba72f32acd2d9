"""The built page, as Python takes it along and takes it apart."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from medialog.viewer import bundle

ROOT = Path(__file__).resolve().parents[2]


def test_every_kind_has_at_most_one_renderer() -> None:
    drawn = [kind for kinds in bundle.manifest()["renderers"].values() for kind in kinds]

    shared = {kind for kind in drawn if drawn.count(kind) > 1}
    assert shared <= bundle.WITHOUT_RENDERER
    assert {"object3D-file", "molecule-file", "chart", "vega-file", "plotly-file"} <= set(drawn)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (set[str](), []),
        ({"image-file", "figure", "table-file"}, []),
        ({"object3D-file"}, ["three"]),
        ({"figure", "plotly-file"}, ["plotly"]),
        ({"chart", "molecule-file"}, ["molecule", "vega"]),
    ],
)
def test_renderers(kinds: set[str], expected: list[str]) -> None:
    assert expected == bundle.renderers_for(kinds)
    assert all(bundle.renderer(name) for name in expected)


def test_nothing_in_the_script_or_the_style_ends_its_element() -> None:
    script, style = bundle.core_script().lower(), bundle.core_style().lower()

    assert b"</script" not in script
    assert b"<!--" not in script
    assert b"\r" not in script
    assert b"</" not in style


def test_the_wheel_takes_the_page_along() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]

    patterns = data["medialog.viewer"]
    for path in bundle.FOLDER.rglob("*"):
        if path.is_file():
            name = path.relative_to(bundle.FOLDER.parent)
            assert any(name.match(pattern) and len(name.parts) == pattern.count("/") + 1 for pattern in patterns), name
