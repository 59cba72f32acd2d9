"""The pages of types: their example runs, and the descriptors they show are what it stores."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from medialog.validators import validate

PAGES = Path(__file__).resolve().parent.parent / "docs" / "types"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (PAGES / f"{page}.md").read_text(), re.MULTILINE | re.DOTALL)


def without_digests(node: Any) -> Any:
    """Leave out what depends on the library that deflates."""
    if isinstance(node, dict):
        return {key: without_digests(value) for key, value in node.items() if key not in ("path", "sha256", "size")}
    return [without_digests(item) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize("page", ["image", "histogram", "tensor"])
def test_the_example_runs_and_gives_the_descriptor_shown(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}

    exec("".join(blocks(page, "python")), names)

    shown = [json.loads(block) for block in blocks(page, "json")]
    assert without_digests(shown[0]) == without_digests(names["descriptor"])
    for descriptor in shown:
        assert [] == validate(descriptor)
