"""The fixtures of a run's other documents: made by their script, valid ones accepted, invalid ones refused."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from medialog.validators.descriptors import schema_violations, strict_validator
from medialog.wire import schemas

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "records"
FILES: dict[str, Any] = {
    str(path.relative_to(FOLDER)): json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.rglob("*.json"))
}


def test_the_script_makes_the_committed_files() -> None:
    script = runpy.run_path(str(FOLDER.parent / "records.py"))

    assert FILES == json.loads(json.dumps(script["all_files"]()))


@pytest.mark.parametrize("name", FILES)
def test_valid_ones_pass_and_invalid_ones_fail(name: str) -> None:
    group, kind, _ = name.split("/")
    document = FILES[name] if group == "valid" else FILES[name]["descriptor"]

    found = [violation.rule for violation in schema_violations(document, strict_validator(schemas.load(kind)))]

    if group == "valid":
        assert [] == found
    else:
        assert set(FILES[name]["expected"]) <= set(found)


def test_every_kind_of_line_is_there() -> None:
    kinds = {Path(name).stem for name in FILES if name.startswith("valid/line/")}

    assert {"meta", "config", "info", "row", "summary", "metric", "sync", "end"} <= kinds
