"""K: keys, captions, names, the identity of a run, steps and rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import medialog
from bad_input import nasty
from bad_input.postcondition import Bench, Call, Case, Row, accepted, flat, refused
from medialog import Html, Image, Table
from medialog.validators.errors import InvalidInput, InvalidKey, InvalidName, WrongType

GREY = np.zeros((2, 2), np.uint8)


def key(name: str, value: Any, *rules: str, says: Any = ()) -> list[Case]:
    """Return a refused key as the key of a row, deeper in, of a cell, of the summary, of the config, of config=."""
    forms = {
        "row": lambda at: Row({value: 1}),
        "beside media": lambda at: Row({"beside": Image(GREY + 9), value: 1}),
        "nested": lambda at: Row({"outer": {"inner": [{value: 1}]}}),
        "cell": lambda at: Row({"table": Table(["a"], [[{value: 1}]])}),
        "summary": lambda at: Call(lambda run: run.summary.update({value: Image(GREY + 9)})),
        "below the summary": lambda at: Call(lambda run: run.summary.update({"best": {value: 1}})),
        "config": lambda at: Call(lambda run: run.config.update({value: 1})),
        "below the config": lambda at: Call(lambda run: run.config.update({"model": {value: 1}})),
        "history.row": lambda at: Call(lambda run: run.history.row.update({value: 1})),
    }
    return [
        case
        for form, make in forms.items()
        # A table says all that is wrong with it in one error, whatever it is.
        for case in refused(
            f"{name}, {form}", make, *rules, error=InvalidInput if form == "cell" else InvalidKey, says=says
        )
    ]


def whole(name: str, value: Any) -> list[Case]:
    """Return a key that is taken as it is."""
    return accepted(name, lambda at: Row({value: {"x": GREY}}), lambda row: row[value] == {"x": [[0, 0], [0, 0]]})


def run_id(name: str, value: Any) -> list[Case]:
    return refused(
        name,
        lambda at: Call(lambda run: medialog.init(dir=at.directory, id=value)),
        "name.pattern",
        error=InvalidName,
    )


def project(name: str, value: Any) -> list[Case]:
    return refused(
        name,
        lambda at: Call(lambda run: medialog.init(dir=at.directory, project=value)),
        "name.pattern",
        error=InvalidName,
    )


def step(name: str, value: Any) -> list[Case]:
    return refused(name, lambda at: Call(lambda run: run.log({"a": 1, "i": Image(GREY)}, step=value)), "log.step")


def row(name: str, value: Any) -> list[Case]:
    return refused(name, lambda at: Call(lambda run: run.log(value)), "log.row", error=WrongType)


def caption(name: str, value: Any, *rules: str) -> list[Case]:
    return flat(
        refused(f"{name}, image", lambda at: Image(GREY, caption=value), *rules),
        refused(f"{name}, page", lambda at: Html("<p>", caption=value), *rules),
        refused(f"{name}, in a list", lambda at: [Image(GREY), Image(GREY, caption=value)], *rules),
    )


CASES = flat(
    whole("K1 ../../etc/passwd", "../../etc/passwd"),
    whole("K2 /abs/x", "/abs/x"),
    whole("K3 a drive", "C:\\x"),
    whole("K3 a share", "\\\\srv\\x"),
    whole("K4 a drive alone", "C:"),
    whole("K5 ..", ".."),
    whole("K5 .", "."),
    key("K6 empty", "", "key.empty"),
    key("K7 spaces", "   ", "key.empty"),
    key("K7 no-break spaces", "\u00a0\u2003", "key.empty"),
    key("K9 newline", "a\nb", "key.text", says="\\n"),
    key("K9 tab", "a\tb", "key.text", says="\\t"),
    key("K9 escape", "a\x1b[31mb", "key.text", says="\\x1b"),
    key("K9 NUL", "a\0b", "key.text", says="\\x00"),
    key("K9 a C1 control", "a\x85b", "key.text"),
    key("K9 only a newline", "\n", "key.empty"),
    key("K10 257 characters", "k" * 257, "key.length", says="256"),
    whole("K10 256 characters", "k" * 256),
    key("K11 100 KB", "k" * 100_000, "key.length", says="100,000"),
    key("K11 100 KB of four bytes each", "\U0001f600" * 25_000, "key.length"),
    key("K11 100 KB of escapes", "\x1b" * 100_000, "key.length"),
    key("K12 right-to-left override", "abc\u202egnp.exe", "key.text", says="\\u202e"),
    key("K12 an isolate", "a\u2066b", "key.text"),
    key("K13 a lone surrogate", "a\ud800b", "key.text", says="\\ud800"),
    key("K13 a low surrogate", "\udfff", "key.text"),
    whole("K14 CON", "CON"),
    whole("K14 nul.png", "nul.png"),
    whole("K14 aux", "aux"),
    refused(
        "K15 NFC and NFD of one word",
        lambda at: Row({"caf\u00e9": Image(GREY), "cafe\u0301": 1}),
        "key.unique",
        error=InvalidKey,
    ),
    refused(
        "K15 NFC and NFD, nested",
        lambda at: Row({"a": {"b": {"\u00c5": 1, "\u212b": 2}}}),
        "key.unique",
        error=InvalidKey,
    ),
    refused(
        "K15 NFC and NFD, summary",
        lambda at: Call(lambda run: run.summary.update({"caf\u00e9": 1, "cafe\u0301": 1})),
        "key.unique",
        error=InvalidKey,
    ),
    key("K17 _step", "_step", "key.reserved"),
    key("K17 _timestamp", "_timestamp", "key.reserved"),
    key("K17 _type", "_type", "key.reserved"),
    key("K17 __class__", "__class__", "key.reserved"),
    key("K17 only an underscore", "_", "key.reserved"),
    refused(
        "K17 a forged descriptor",
        lambda at: Row({"i": {"_type": "image-file", "path": "../../x", "sha256": "0" * 64, "size": 1}}),
        "key.reserved",
        error=InvalidKey,
    ),
    refused(
        "K17 a forged number",
        lambda at: Row({"i": [{"_type": "number", "value": "NaN"}]}),
        "key.reserved",
        error=InvalidKey,
    ),
    accepted(
        "K18 My-Metric and my-metric",
        lambda at: Row({"My-Metric": 1, "my-metric": 2}),
        lambda row: row["My-Metric"] == 1 and row["my-metric"] == 2,
    ),
    whole("K+ a dot", "a.b"),
    whole("K+ a backslash and a dot", "a\\.b"),
    whole("K+ a slash at each end", "/"),
    whole("K+ quotes", "'\"`$(id)"),
    whole("K+ an emoji with joiners", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    whole("K+ HTML", "<img src=x onerror=alert(1)>"),
    whole("K+ a percent sign", "%s%n%00"),
    key("K+ bytes", b"loss", "key.type"),
    key("K+ an integer", 1, "key.type"),
    key("K+ None", None, "key.type"),
    key("K+ a tuple", ("a", "b"), "key.type"),
    key("K+ True", True, "key.type"),
    key("K+ a float", 1.5, "key.type"),
    key("K+ NaN", float("nan"), "key.type"),
    key("K+ a huge integer", 10**5000, "key.type"),
    key("K+ a tuple of a megabyte", ("x" * 1_000_000,), "key.type"),
    key("K+ an object without repr", nasty.NoRepr(), "key.type"),
    key("K+ an object with a long repr", nasty.LongRepr(), "key.type"),
    key("K+ an object with a dirty repr", nasty.DirtyRepr(), "key.type"),
    key("K+ an object whose repr is a number", nasty.NumberRepr(), "key.type"),
    key("K+ an object whose attributes raise", nasty.NoAttributes(), "key.type"),
    key("K+ a numpy integer", np.int64(3), "key.type"),
    accepted("K+ a numpy string", lambda at: Row({np.str_("loss"): 1}), lambda row: row["loss"] == 1),
    # captions
    caption("K19 a caption of 100 KB", "c" * 100_000, "caption.length"),
    caption("K19 a caption of 2,001", "c" * 2001, "caption.length"),
    caption("K21 a caption with NUL", "a\0b", "caption.text"),
    caption("K21 a caption with an escape", "a\x1b]0;title\x07b", "caption.text"),
    caption("K21 a caption with a surrogate", "a\ud800b", "caption.text"),
    caption("K21 a caption of bytes", b"c", "caption.text"),
    caption("K21 a caption of a number", 5, "caption.text"),
    caption("K21 a caption of a list", ["a", "b"], "caption.text"),
    caption("K21 a caption without repr", nasty.NoRepr(), "caption.text"),
    caption("K21 a huge integer as caption", 10**5000, "caption.text"),
    accepted(
        "K20 a caption of 2,000",
        lambda at: Image(GREY, caption="c" * 2000),
        lambda row: row["case/value"]["caption"] == "c" * 2000,
    ),
    accepted(
        "K22 a caption fewer than images",
        lambda at: [Image(GREY), Image(GREY, caption="only")],
        lambda row: row["case/value"]["captions"] == [None, "only"],
    ),
    # identity
    run_id("K23 run id ../../x", "../../x"),
    run_id("K23 run id ..", ".."),
    run_id("K23 run id .", "."),
    run_id("K23 an absolute run id", "/tmp/x"),
    run_id("K23 run id a/b", "a/b"),
    run_id("K23 run id a\\b", "a\\b"),
    run_id("K23 an empty run id", ""),
    run_id("K23 run id -rf", "-rf"),
    run_id("K23 a hidden run id", ".hidden"),
    run_id("K24 run id with NUL", "a\0b"),
    run_id("K24 run id with a newline at its end", "abc\n"),
    run_id("K24 run id with a space", "a b"),
    run_id("K24 run id of 129", "a" * 129),
    run_id("K24 run id of a megabyte", "a" * 1_000_000),
    run_id("K24 run id with a surrogate", "a\ud800"),
    run_id("K24 run id with an umlaut", "läuft"),
    run_id("K24 run id with other digits", "a\u0661"),
    run_id("K25 run id COM1", "COM1"),
    run_id("K25 run id nul.txt", "nul.txt"),
    run_id("K25 run id x.", "x."),
    run_id("K+ run id of bytes", b"abc"),
    run_id("K+ run id of a number", 7),
    run_id("K+ run id of a list", ["a"]),
    run_id("K+ run id without repr", nasty.NoRepr()),
    project("K26 project of 300", "p" * 300),
    project("K26 project ../x", "../x"),
    project("K26 project with a slash", "team/project"),
    project("K26 project of a number", 5),
    project("K26 an empty project", ""),
    # rows and steps
    row("K+ a row that is None", None),
    row("K+ a row that is a list", [("a", 1)]),
    row("K+ a row that is a number", 5),
    row("K+ a row that is text", "loss"),
    row("K+ a row that is an array", GREY),
    row("K+ a row that is an Image", Image(GREY)),
    row("K+ a row without repr", nasty.NoRepr()),
    row("K+ a row that is a generator", (pair for pair in [("a", 1)])),
    row("K+ a row whose attributes raise", nasty.NoAttributes()),
    step("K+ step -1", -1),
    step("K+ step 1.0", 1.0),
    step("K+ step True", True),
    step("K+ step '1'", "1"),
    step("K+ step NaN", float("nan")),
    step("S33 step 2**63", 2**63),
    step("K+ step 2**53 + 1", 2**53 + 1),
    step("K+ step 10**5000", 10**5000),
    step("K+ step an array", np.array([1, 2])),
    step("K+ step a mapping", {"a": 1}),
    step("K+ step an infinite float of numpy", np.float64("inf")),
    step("K+ step uint64 of numpy", np.uint64(2**63)),
    step("K+ step without repr", nasty.NoRepr()),
    step("K+ step whose index raises", nasty.OddIndex(nasty.Rude("no index"))),
    step("K+ step whose index is out of memory", nasty.OddIndex(MemoryError("no index"))),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_keys_and_names(case: Case, bench: Bench) -> None:
    bench.hold(case)
