"""A run with examples of every type, as the laws list them, is valid to the last value read back."""

from __future__ import annotations

import importlib.util
import json
import warnings
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import medialog
from medialog.runtime import session
from medialog.validators import schema

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES_OF_A_TYPE = 4


def law_classes() -> list[Any]:
    spec = importlib.util.spec_from_file_location("tools_generate", ROOT / "tools" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: list[Any] = module.law_classes()
    return found


def test_every_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_active", None)
    logged = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", medialog.MedialogWarning)
        with medialog.init(dir=tmp_path, id="all", strict="record") as run:
            for laws in law_classes():
                if laws.type.__name__ == "TableIncrement":  # one alone follows no other: a table is logged below
                    continue
                for name, make in [*laws.valid.items()][:EXAMPLES_OF_A_TYPE]:
                    value = make().construct(laws.type)
                    run.log({"one": {name: value}, "two": {name: [value, value]}})
                    logged.add(laws.type.__name__)
            table = medialog.Table(columns=["n"], log_mode="INCREMENTAL")
            for n in range(3):
                table.add_data(n)
                run.log({"rows": table})

    assert [] == [*map(str, medialog.validate_run(tmp_path / "all", deep=True))]
    assert len(logged) >= 17
    validator = jsonschema.Draft202012Validator(schema("line"))
    for segment in (tmp_path / "all" / "events").iterdir():
        for raw in segment.read_text().splitlines():
            validator.validate(json.loads(raw))
