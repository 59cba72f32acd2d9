from __future__ import annotations

import argparse
import dataclasses
import json
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import medialog
from medialog.validators.errors import InvalidInput, InvalidKey, WrongType

Start = Callable[..., medialog.Run]


@dataclasses.dataclass
class Settings:
    lr: float = 0.1
    name: str = "x"


SPELLINGS: list[Any] = [
    {"lr": 0.1, "name": "x"},
    types.MappingProxyType({"lr": 0.1, "name": "x"}),
    argparse.Namespace(lr=0.1, name="x"),
    types.SimpleNamespace(flag_values_dict=lambda: {"lr": 0.1, "name": "x"}),
    Settings(),
]


@pytest.mark.parametrize("config", SPELLINGS, ids=lambda value: type(value).__name__)
def test_spellings(start: Start, config: Any) -> None:
    run = start(config=config)

    assert {"lr": 0.1, "name": "x"} == run.config.as_dict()
    assert 0.1 == run.config["lr"] == run.config.lr
    run.finish()
    assert {"lr": 0.1, "name": "x"} == run.reader().config.as_dict()
    assert {"lr": 0.1, "name": "x"} == json.loads((Path(str(run.dir)) / "config.json").read_text())


def test_it_can_be_changed_and_is_kept(start: Start) -> None:
    run = start(config={"a": 1})
    run.config["b"] = {"c": [1, 2]}
    run.config.d = float("inf")
    run.config.update({"a": 2}, e=None, allow_val_change=True)
    run.config.setdefaults({"a": 100, "f": 6})
    run.finish()

    expected = {"a": 2, "b": {"c": [1, 2]}, "d": float("inf"), "e": None, "f": 6}
    assert expected == run.config.as_dict() == run.reader().config.as_dict()
    assert ["a", "b", "d", "e", "f"] == list(run.config)
    assert "a" in run.config
    assert 5 == len(run.config)


def test_a_refused_update_changes_nothing(start: Start) -> None:
    run = start(config={"a": 1})

    with pytest.raises(InvalidInput):
        run.config.update({"a": 2, "b": object()})
    with pytest.raises(InvalidKey):
        run.config["_a"] = 1
    with pytest.raises(WrongType, match=r"media go into log.*config\.value"):
        run.config["a"] = [medialog.Histogram([1])]
    with pytest.raises(InvalidInput):
        del run.config["a"]
    with pytest.raises(AttributeError):
        run.config.missing  # noqa: B018

    assert {"a": 1} == run.config.as_dict()


def test_what_was_read_cannot_be_set(start: Start) -> None:
    run = start(config={"a": 1})
    run.finish()

    with pytest.raises(InvalidInput):
        run.reader().config["a"] = 2


def test_functions_are_named(start: Start) -> None:
    run = start(config={"activation": len, "model": Settings})

    assert "builtins.len" == run.config["activation"]
    assert run.config["model"].endswith(".Settings")


def test_the_module_has_the_active_config(start: Start) -> None:
    with pytest.raises(medialog.NotInitialised):
        medialog.config  # noqa: B018
    start(config={"lr": 1})

    assert 1 == medialog.config.lr
    medialog.config["lr"] = 2
    assert 2 == medialog.config["lr"]
