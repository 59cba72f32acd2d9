"""`logged`, `series`, `assert_logged` and `assert_valid`: what they find, and what they say of something else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from medialog.testing import assert_logged, assert_valid, logged, memory_run, series
from medialog.testing.lookup import MOST_KEYS

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)


@pytest.fixture(autouse=True)
def run() -> Iterator[medialog.Run]:
    with memory_run() as run:
        for step in range(3):
            run.log({"loss": 1 / (step + 1), "val": {"acc": step, "v1.0": True}, "nan": float("nan"), "huge": 2**80})
        run.log(
            {
                "image": medialog.Image(GREY, caption="grey"),
                "images": [medialog.Image(GREY, caption=f"no {i}") for i in range(2)],
                "sound": medialog.Audio(np.zeros((5, 2)), sample_rate=8000),
                "table": medialog.Table(columns=["a", "b"], data=[[1, 2.5]]),
                "histogram": np.arange(100.0),
                "list": [1, 2, [3]],
            }
        )
        yield run


def failure(*arguments: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_logged(*arguments, **options)
    return str(caught.value)


def test_values_come_back_as_python_has_them() -> None:
    assert 1 / 3 == logged("loss")
    assert 0.5 == logged("loss", step=1)
    assert {0: 0, 1: 1, 2: 2} == series("val.acc")
    assert 2**80 == logged("huge")
    assert np.isnan(logged("nan"))
    assert logged(("val", "v1.0")) is True
    assert logged(r"val.v1\.0") is True
    assert medialog.Image(GREY, caption="grey") == logged("image")


def test_everything_that_can_be_said_holds() -> None:
    assert 1 / 3 == assert_logged("loss", float, times=3, approx=0.3333333, count=1)
    assert_logged("val.acc", float, value=2)  # a whole number is a number
    assert_logged("nan", float, value=float("nan"))
    assert_logged("loss", approx=pytest.approx(0.3, abs=0.1))
    assert_logged("image", medialog.Image, shape=(3, 4), caption="grey", value=medialog.Image(GREY, caption="grey"))
    assert_logged("image", approx=GREY + 0.5, abs=1)
    assert_logged("images", medialog.Image, count=2, shape=(None, 4), caption=["no 0", "no 1"])
    assert_logged("images", list)
    assert_logged("images", value=[medialog.Image(GREY, caption=f"no {i}") for i in range(2)])
    assert_logged("sound", medialog.Audio, shape=(5, 2))
    assert_logged("table", medialog.Table, shape=(1, 2))
    assert_logged("histogram", (medialog.Image, medialog.Histogram), shape=(64,))
    assert_logged("list", list, value=[1, 2, [3]], count=3)


def test_all_that_is_wrong_is_said_at_once() -> None:
    message = failure("images", medialog.Audio, shape=(3, 5), count=4, times=2, caption="grey", step=3)

    assert [
        "'images' at step 3 is a list of 2, the first Image(3 x 4 L png, caption='no 0'):",
        "  item 0: type Audio expected, got Image",
        "  item 1: type Audio expected, got Image",
        "  item 0: shape (3, 5) expected, got (3, 4)",
        "  item 1: shape (3, 5) expected, got (3, 4)",
        "  4 items expected, got 2",
        "  logged at 2 steps expected, got 1",
        "  caption ['grey', 'grey'] expected, got ['no 0', 'no 1']",
    ] == message.splitlines()


def test_other_values() -> None:
    assert "'loss' at step 0 is 1.0:\n  type str expected, got float" == failure("loss", str, step=0)
    assert "type float expected, got bool" in failure(("val", "v1.0"), float)
    assert "  another value than expected in 1 place:\n    0.5 != 1.0 (off by 0.5)" in failure(
        "loss", value=0.5, step=0
    )
    assert "(tolerance: rel=1e-06, abs=1e-12):\n    0.9 != 1.0 (off by 0.1)" in failure("loss", approx=0.9, step=0)
    assert "0.9 ± 0.1 expected, got 1.0" in failure("loss", approx=pytest.approx(0.9, abs=0.1 - 1e-9), step=0)
    assert "[2][0]: 4 != 3 (off by 1)" in failure("list", value=[1, 2, [4]])
    assert "2 items != 3 items" in failure("list", value=[1, 2])
    assert "2 items != 1 items" not in failure("images", value=[medialog.Image(GREY)])
    assert "[1].caption: 'no 2' != 'no 1'" in failure(
        "images", value=[medialog.Image(GREY, caption="no 0"), medialog.Image(GREY, caption="no 2")]
    )
    other = GREY.copy()
    other[2, 1] = 100
    message = failure("image", value=medialog.Image(other, caption="grey"))
    assert "[2, 1]: 100 != 9 (1 of 12 pixels differ, here the most)" in message
    assert "[2, 1]: 100 != 9 (1 of 12 elements differ, here the most)" in failure("image", approx=other)


def test_a_key_that_is_not_there_names_those_that_are() -> None:
    assert [
        "nothing was logged under 'val/acc'; did you mean 'val.acc'?",
        "logged keys:",
        "  'loss' (3 steps)",
        "  'val.acc' (3 steps)",
        r"  'val.v1\\.0' (3 steps)",
        "  'nan' (3 steps)",
        "  'huge' (3 steps)",
        "  'image' (1 step)",
    ] == failure("val/acc").splitlines()[:8]
    assert failure("val").startswith("nothing was logged under 'val'; did you mean 'val.acc' or ")
    assert "'loss' was not logged at step 7; it was at 3 steps: 0, 1, 2" == failure("loss", step=7)
    with pytest.raises(AssertionError, match="nothing was logged under 'nothing of it'\nlogged keys"):
        series("nothing of it")
    with memory_run(), pytest.raises(AssertionError, match="'loss': the run is empty"):
        logged("loss")
    with memory_run() as many:
        many.log({f"k{i}": i for i in range(MOST_KEYS + 5)})
        assert "  ... and 5 more" == failure("none").splitlines()[-1]


def test_the_open_row_is_seen(run: medialog.Run) -> None:
    run.log({"open": 1}, commit=False)

    assert_logged("open", step=4, value=1)


def test_runs_of_every_form(run: medialog.Run, tmp_path: Path) -> None:
    assert 1.0 == logged("loss", step=0, run=run.reader()) == logged("loss", step=0, run=run)
    run.finish()
    assert 1.0 == logged("loss", step=0)
    with pytest.raises(medialog.RunError):
        logged("loss", run=tmp_path)


def test_no_run() -> None:
    from medialog.runtime import session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "_active", None)
        with pytest.raises(medialog.NotInitialised, match="use the fixture medialog_run, or give run="):
            logged("loss")


# --- assert_valid ---


def test_valid_descriptors_pass(tmp_path: Path) -> None:
    one = medialog.convert(medialog.Image(GREY), tmp_path, "one")
    two = medialog.convert([medialog.Image(GREY)] * 2, tmp_path)

    assert_valid(one)
    assert_valid(two)
    assert_valid([one, two])
    assert_valid(tmp_path / "one.medialog.json")
    assert_valid(tmp_path)


def test_violations_are_listed(tmp_path: Path) -> None:
    one = medialog.convert(medialog.Image(GREY), tmp_path)
    bad = {**one, "width": -1, "surprise": 1}

    with pytest.raises(AssertionError) as caught:
        assert_valid([one, bad])
    lines = str(caught.value).splitlines()
    assert "the descriptor is not valid:" == lines[0]
    assert all("schema." in line and line.startswith("  [1]") for line in lines[1:]), lines
    assert 3 == len(lines)

    (tmp_path / "bad.medialog.json").write_text(json.dumps(bad))
    for path in (tmp_path / "bad.medialog.json", tmp_path):
        with pytest.raises(AssertionError, match=r"\$\.surprise.*schema\.additionalProperties"):
            assert_valid(path)
    (tmp_path / "no.json").write_text("{")
    with pytest.raises(AssertionError, match=r"no\.json is not valid"):
        assert_valid(tmp_path / "no.json")


def test_a_run_is_valid(run: medialog.Run) -> None:
    assert_valid(run)  # also while it goes on
    run.finish()
    assert_valid(run)


def test_run_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from medialog.runtime import session

    monkeypatch.setattr(session, "_instead", {})  # on the disk after all
    with medialog.init(dir=tmp_path, id="sound") as stored:
        stored.log({"image": medialog.Image(GREY), "h": np.arange(100)})
    assert_valid(tmp_path / "sound")
    assert_logged("image", medialog.Image, run=tmp_path / "sound")

    media = next((tmp_path / "sound" / "media").rglob("*.png"))
    data = bytearray(media.read_bytes())
    data[40] ^= 1
    media.write_bytes(data)
    with pytest.raises(AssertionError, match=r"sound is not valid:\n  .*media/.*run.media_sha256"):
        assert_valid(tmp_path / "sound")
