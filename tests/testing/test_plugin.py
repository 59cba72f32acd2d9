"""The pytest plugin, in pytest sessions of its own: the fixture, the laws of outsiders, and the text of failures."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import medialog
from medialog.testing import FixedClock, FixedIdentifiers, last_run, memory_run
from medialog.validators import rules
from medialog.wire.storage import MemoryStorage

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(medialog.__file__).resolve().parent.parent
PLUGIN = ("-p", "medialog.testing.plugin", "-p", "no:cacheprovider")


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions in processes of their own: one in this process would leave modules of medialog behind twice."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))


def test_the_plugin_is_an_entry_point_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    # Its name is its module's, so that loading it twice, with -p or pytest_plugins too, is loading it once.
    assert {"medialog.testing.plugin": "medialog.testing.plugin"} == project["entry-points"]["pytest11"]


def test_the_plugin_imports_nothing_of_weight(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_light():
            loaded = {"numpy", "msgspec", "PIL", "hypothesis", "jsonschema", "medialog.testing.laws"} & set(sys.modules)
            assert not loaded
        """
    )

    pytester.runpytest_subprocess(*PLUGIN, "-p", "no:hypothesispytest").assert_outcomes(passed=1)


def test_logging_goes_to_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import medialog
        from medialog.testing import assert_logged

        def test_one(medialog_run):
            assert medialog.run is medialog_run and medialog_run.id == "run00001" and medialog_run.dir is None
            medialog.log({"loss": 0.5})
            assert_logged("loss", float, value=0.5, times=1)
            assert medialog_run.reader().history()[0]["_timestamp"] == 1_767_225_600.0

        def test_two(medialog_run):
            assert medialog_run.id == "run00001" and medialog_run.step == 0

        def test_without():
            assert medialog.run is None
        """
    )

    result = pytester.runpytest_subprocess(*PLUGIN)

    result.assert_outcomes(passed=3)
    assert [] == list(pytester.path.glob("runs*"))


def test_a_run_that_was_active_is_active_again(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import medialog, pytest
        from medialog.validators import rules

        @pytest.fixture(scope="module")
        def outer(tmp_path_factory):
            with medialog.init(dir=tmp_path_factory.mktemp("runs"), id="outer", limits={"caption.length": 7}) as run:
                yield run

        def test_before(outer):
            medialog.log({"x": 1})

        def test_inner(outer, medialog_run):
            assert medialog.run is medialog_run and rules.current().limit("caption.length") == 2000
            medialog.init(limits={"caption.length": 1})
            medialog.log({"inner": 1})
            raise ValueError("in the middle")

        def test_after(outer):
            assert medialog.run is outer and not outer.is_finished
            assert rules.current().limit("caption.length") == 7
            medialog.log({"x": 2})
            assert [row["x"] for row in medialog.open_run(outer.dir).history()] == [1, 2]
        """
    )

    result = pytester.runpytest_subprocess(*PLUGIN)

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["E*ValueError: in the middle"])


def test_the_codes_own_init_stays_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = last_run()
    with memory_run() as first:
        own = medialog.init(project="theirs", dir=tmp_path / "runs", id="chosen")
        medialog.log({"x": 1})
        medialog.finish()

        assert first.is_finished
        assert "chosen" == own.id
        assert own is last_run()
        assert medialog.init(mode="disabled").disabled
        assert "run00002" == medialog.init().id
    assert [] == list(tmp_path.iterdir())
    assert last_run() is before
    assert rules.current() == rules.Rules()


def test_memory_runs_can_be_nested() -> None:
    with memory_run(config={"a": 1}) as outer:
        with memory_run(strict="error") as inner:
            assert medialog.run is inner
        assert inner.is_finished
        assert medialog.run is outer
        medialog.log({"x": 1})
    assert outer.is_finished
    assert [1] == [row["x"] for row in outer.reader().history()]


def test_runs_of_a_fixed_clock_are_the_same_to_the_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = []
    for _ in range(2):
        clock = FixedClock()
        with memory_run(clock=clock, identifiers=FixedIdentifiers()) as run:
            run.log({"x": [1.5]})
            clock.advance(2.5)
            run.log({"x": [2.5]})
        assert isinstance(run._storage, MemoryStorage)
        contents.append(bytes(next(v for k, v in run._storage.files.items() if k.startswith("events/"))))
    assert contents[0] == contents[1]
    assert [0.0, 2.5] == [row["_runtime"] for row in run.reader().history()]
    with pytest.raises(ValueError, match="time does not go back: -1"):
        clock.advance(-1)


LAWS = """
    from medialog import Histogram, Text
    from medialog.testing.laws import TypeLaws, call

    class TestHistogram(TypeLaws):
        type = Histogram
        valid = {"a list": lambda: call([1, 2, 3])}
        invalid = {"no bins": (lambda: call([1], num_bins=0), {"histogram.%s"})}
        spellings = {"one": [lambda: call([1.0]), lambda: call([%s])]}

    class TestText(TypeLaws):
        type = Text
        valid = {"a word": lambda: call("word")}
"""


def test_laws_run_on_the_examples_that_a_class_lists(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LAWS % ("num_bins", "1"))

    result = pytester.runpytest_subprocess(*PLUGIN, "-v")

    result.assert_outcomes(
        passed=24, skipped=2
    )  # 11 laws of valid examples and one each of the others; Text lists none
    result.stdout.fnmatch_lines(["*TestHistogram::test_bad_input_names_its_rule[[]no bins] PASSED*"])


def test_a_law_that_fails_says_why(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LAWS % ("other", "2"))

    result = pytester.runpytest_subprocess(*PLUGIN)

    result.assert_outcomes(passed=22, failed=2, skipped=2)
    result.stdout.fnmatch_lines(["E*assert {'histogram.other'} == {'histogram.num_bins'}"])  # rewritten as a test's own
    result.stdout.re_match_lines([r"FAILED .*TestHistogram::test_equal_spellings_store_the_same\[one\]"])


def blocks(page: str, fence: str) -> list[str]:
    return re.findall(rf"^```{fence}\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)


def test_what_the_page_says_about_failures_is_what_pytest_says(pytester: pytest.Pytester) -> None:
    python, failing, output = blocks("testing.md", "python"), blocks("testing.md", "py"), blocks("testing.md", "text")
    comparing = python[2] + "\ndef test_another_seed():\n    assert_same_run(trained(), trained(seed=1))\n"
    pytester.makepyfile("\n".join([python[0], python[1], *failing, comparing]))

    result = pytester.runpytest_subprocess(*PLUGIN)

    result.assert_outcomes(passed=3, failed=3)
    printed = result.stdout.str()
    for expected in "".join(output).splitlines():
        assert expected.removesuffix("...") in printed, expected
