"""Libraries that are not installed: one clear sentence, with the command that helps."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from medialog.validators.errors import MissingDependency
from medialog.validators.optional import require


def test_what_is_installed_is_imported() -> None:
    assert sys.modules["json"] is require("json", "table")


def test_what_is_missing_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rdkit", "rdkit.Chem"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependency) as caught:
        require("rdkit.Chem", "molecule")

    assert 'this needs rdkit, which is not installed: pip install "medialog[molecule]"' == str(caught.value)


def test_a_library_that_does_not_load_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_library.py").write_text("raise ImportError('libsndfile.so: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        MissingDependency, match=r"broken_library, which cannot be imported \(libsndfile\.so: cannot open"
    ):
        require("broken_library", "audio")
