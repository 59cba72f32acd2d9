"""J: reading: damaged journals, forged descriptors, foreign schemas. Nothing is lost in silence, nothing is opened outside."""

from __future__ import annotations

import copy
import json
import os
import shutil
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from bad_input import nasty
from medialog import Histogram, Html, Image, Table
from medialog.validators import validate
from medialog.validators.errors import (
    DamagedFile,
    DamagedRow,
    InvalidDescriptor,
    RunError,
    UnknownKind,
    UnsafePath,
    UnsupportedVersion,
)
from medialog.wire import jsontext

ROWS = 6


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run of six rows."""
    folder = tmp_path_factory.mktemp("runs")
    run = medialog.init(dir=folder, id="sound")
    for index in range(ROWS):
        run.log({"loss": index / 2, "image": Image(np.full((2, 2), index, np.uint8))})
    run.finish()
    return folder / "sound"


@pytest.fixture
def broken(sound: Path, tmp_path: Path) -> Path:
    """Return a copy of that run, to be broken."""
    return Path(shutil.copytree(sound, tmp_path / "run"))


def segment(run: Path) -> Path:
    (path,) = (run / "events").iterdir()
    return path


def seal(body: dict[str, Any] | bytes) -> bytes:
    """Return a line with a checksum that is right."""
    sealed = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()[:-1]
    return b'%b,"crc":"%08x"}' % (sealed, zlib.crc32(sealed))


def row(data: Any, **changed: Any) -> dict[str, Any]:
    return {"seq": 3, "step": 2, "k": "row", "t": 1.0, "m": 1.0, "d": data, **changed}


def raw(text: str) -> bytes:
    """Return a sealed row whose data are any text."""
    return seal(b'{"seq":3,"step":2,"k":"row","t":1.0,"m":1.0,"d":' + text.encode("utf-8", "surrogatepass"))


def lines_of(run: Path) -> list[bytes]:
    return segment(run).read_bytes().split(b"\n")[:-1]


def third_row(lines: list[bytes]) -> int:
    return [index for index, line in enumerate(lines) if b'"k":"row"' in line][2]


# A change of the third row's line -> whether the reader reports it. The other rows are read in any case.
LINES: dict[str, Callable[[bytes], bytes]] = {
    "J3 a flipped bit": lambda line: line[:40] + bytes([line[40] ^ 1]) + line[41:],
    "J3 a checksum in capitals": lambda line: line[:-10] + line[-10:].upper(),
    "J3 no checksum": lambda line: line[:-18] + b"}",
    "J5 NUL": lambda line: bytes(len(line)),
    "J5 one NUL": lambda line: b"\0",
    "J6 4 KiB zeroed": lambda line: bytes(4096),
    "J6 an empty line": lambda line: b"",
    "J7 a byte order mark": lambda line: b"\xef\xbb\xbf" + line,
    "J8 no UTF-8": lambda line: seal(b'{"seq":3,"step":2,"k":"row","t":1,"m":1,"d":{"a":"\xff"}'),
    "J13 NaN": lambda line: raw('{"a":NaN}'),
    "J13 Infinity": lambda line: raw('{"a":-Infinity}'),
    "J14 1e999": lambda line: raw('{"a":1e999}'),
    "J15 a key twice": lambda line: raw('{"path":"a","path":"b"}'),
    "J15 a key twice, escaped": lambda line: raw('{"path":"a","p\\u0061th":"b"}'),
    "J17 an integer of 5,000 digits": lambda line: raw('{"a":' + "9" * 5_000 + "}"),
    "J18 a lone surrogate": lambda line: raw('{"a":"\\ud800"}'),
    "J18 a lone surrogate as a key": lambda line: raw('{"\\udfff":1}'),
    "J18 a surrogate in bytes": lambda line: raw('{"a":"\ud800"}'),
    "J19 a list": lambda line: seal(b"[1,2"),
    "J19 a number": lambda line: seal(b"5"),
    "J19 data that are a list": lambda line: raw("[1]"),
    "J19 data that are null": lambda line: raw("null"),
    "J19 data that are missing": lambda line: seal({"seq": 3, "step": 2, "k": "row", "t": 1, "m": 1}),
    "J20 100,000 levels": lambda line: raw('{"a":' + "[" * 100_000 + "]" * 100_000 + "}"),
    "J20 65 levels": lambda line: raw('{"a":' + "[" * 65 + "]" * 65 + "}"),
    "J20 brackets that do not end": lambda line: raw('{"a":' + "[" * 100_000),
    "J20 quotes that do not end": lambda line: raw('{"a":"' + '\\"' * 50_000),
    "J+ a step of -1": lambda line: seal(row({}, step=-1)),
    "J+ a step of 1.5": lambda line: seal(row({}, step=1.5)),
    "J+ a step of True": lambda line: seal(row({}, step=True)),
    "J+ a step of 2**63": lambda line: seal(row({}, step=2**63)),
    "J+ a step of text": lambda line: seal(row({}, step="2")),
    "J+ a seq of -1": lambda line: seal(row({}, seq=-1)),
    "J+ a seq of text": lambda line: seal(row({}, seq="3")),
    "J+ a time of text": lambda line: seal(row({}, t="now")),
    "J+ a time of 10**400": lambda line: seal(row({}, t=10**400)),
    "J+ a kind that is a number": lambda line: seal(row({}, k=5)),
    "J+ a summary of numbers": lambda line: seal(row({"set": [5]}, k="summary")),
    "J+ a summary that deletes a number": lambda line: seal(row({"delete": [5]}, k="summary")),
    "J+ a summary whose key is a number": lambda line: seal(row({"set": [{"key": 5, "value": 1}]}, k="summary")),
    "J+ a summary whose key is text": lambda line: seal(row({"set": 5}, k="summary")),
    "J+ a metric without a name": lambda line: seal(row({"summary": "min"}, k="metric")),
    "J+ a metric of numbers": lambda line: seal(row({"name": 5}, k="metric")),
    "J+ a metric of an unknown summary": lambda line: seal(row({"name": "a", "summary": ["median!"]}, k="metric")),
    "J+ a number that is tagged text": lambda line: raw('{"a":{"_type":"number","value":"nine"}}'),
    "J+ a number that is tagged nothing": lambda line: raw('{"a":{"_type":"number"}}'),
    "J+ a number that is tagged 5,000 digits": lambda line: raw('{"a":{"_type":"number","value":"' + "9" * 5_000 + '"}}'),
    "J22 a medium at ../../x": lambda line: seal(row({"i": reference("../../x")})),
    "J23 a medium at /etc/passwd": lambda line: seal(row({"i": reference("/etc/passwd")})),
    "J23 a medium at C:\\x": lambda line: seal(row({"i": reference("C:\\x")})),
    "J23 a medium in events": lambda line: seal(row({"i": reference("events/x")})),
    "J23 a medium in a device": lambda line: seal(row({"i": reference("media/../../../../dev/zero")})),
}  # fmt: skip


def reference(path: str) -> dict[str, Any]:
    return {"_type": "image-file", "path": path, "sha256": "0" * 64, "size": 1}


@pytest.mark.parametrize("name", LINES)
def test_a_damaged_line_is_reported_and_the_others_are_read(broken: Path, name: str) -> None:
    lines = lines_of(broken)
    at = third_row(lines)
    lines[at] = LINES[name](lines[at])
    segment(broken).write_bytes(b"\n".join(lines) + b"\n")
    started = time.process_time()

    reader = medialog.open_run(broken)
    history = reader.history()

    assert {0, 1, 3, 4, 5} <= {row["_step"] for row in history}
    assert [row["loss"] for row in history if "loss" in row and row["_step"] != 2] == [0, 0.5, 1.5, 2, 2.5]
    assert reader.problems
    assert all(len(str(problem)) < 1000 and str(problem).isprintable() for problem in reader.problems)
    assert reader.summary["loss"] == 2.5
    assert medialog.open_run(broken, recovery="salvage").history()
    assert time.process_time() - started < 2
    with pytest.raises(DamagedRow):
        medialog.open_run(broken, recovery="strict").history()


def test_an_empty_segment(broken: Path) -> None:
    """J1."""
    segment(broken).write_bytes(b"")

    reader = medialog.open_run(broken)

    assert reader.history() == []


@pytest.mark.parametrize("left", [1, 5, 17, 18, 19, 60])
def test_a_torn_tail(broken: Path, left: int) -> None:
    """J2: an unfinished last line."""
    with segment(broken).open("ab") as file:
        file.write(seal(row({"loss": 9}, seq=99, step=99))[:left])

    reader = medialog.open_run(broken)

    assert ROWS == len(reader.history())
    assert [problem for problem in reader.problems if "unfinished" in problem.message]


def test_a_run_cut_at_every_line_and_in_it(broken: Path) -> None:
    """What stands before the cut is read; a cut never raises."""
    whole = segment(broken).read_bytes()
    for end in range(0, len(whole), 61):
        segment(broken).write_bytes(whole[:end])
        rows = medialog.open_run(broken).history()
        assert [row["_step"] for row in rows] == list(range(len(rows)))


def test_a_line_of_64_MB_without_an_end(broken: Path) -> None:
    """J9: reported, in bounded time."""
    with segment(broken).open("ab") as file:
        for _ in range(64):
            file.write(b"x" * (1 << 20))
    started = time.process_time()

    reader = medialog.open_run(broken)

    assert ROWS == len(reader.history())
    assert reader.problems
    assert time.process_time() - started < 2


def test_a_gap_and_a_repeat(broken: Path) -> None:
    """J10, J11: a gap is reported, a retried line is read once."""
    lines = lines_of(broken)
    at = third_row(lines)
    segment(broken).write_bytes(b"\n".join([*lines[:at], *lines[at + 1 :]]) + b"\n")
    gap = medialog.open_run(broken)
    assert ["1 line is missing before it"] == [problem.message for problem in gap.problems]
    assert ROWS - 1 == len(gap.history())
    segment(broken).write_bytes(b"\n".join([*lines[: at + 1], *lines[at:]]) + b"\n")
    repeat = medialog.open_run(broken)

    assert ROWS == len(repeat.history())
    assert not repeat.problems


def test_an_unknown_kind_of_line_is_passed_over(broken: Path) -> None:
    """J12: a later version wrote it."""
    lines = lines_of(broken)
    lines.append(seal({"seq": len(lines), "k": "hologram", "t": 1.0, "m": 1.0, "d": {}}))
    segment(broken).write_bytes(b"\n".join(lines) + b"\n")

    assert not medialog.open_run(broken).problems


RUN_FILES = {
    "J21 another major version": (b'{"format_version":99,"id":"sound"}', UnsupportedVersion),
    "J21 a version of text": (b'{"format_version":"1","id":"sound"}', RunError),
    "J21 no version": (b'{"id":"sound"}', RunError),
    "J21 a version of True": (b'{"format_version":true,"id":"sound"}', RunError),
    "J21 0 bytes": (b"", RunError),
    "J21 a list": (b"[1]", RunError),
    "J21 NaN": (b'{"format_version":NaN}', RunError),
    "J21 no UTF-8": (b"\xff\xfe", RunError),
    "J21 100,000 brackets": (b"[" * 100_000, RunError),
    "J21 no id": (b'{"format_version":1}', RunError),
    "J21 a huge version": (b'{"format_version":' + b"9" * 5_000 + b"}", RunError),
}


@pytest.mark.parametrize("name", RUN_FILES)
def test_a_run_json_that_is_none(broken: Path, name: str) -> None:
    content, error = RUN_FILES[name]
    (broken / "run.json").write_bytes(content)

    with pytest.raises(error) as caught:
        medialog.open_run(broken)

    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", ["config.json", "summary.json"])
def test_derived_files_are_not_the_truth(broken: Path, name: str) -> None:
    (broken / name).write_bytes(b"[" * 100_000)

    reader = medialog.open_run(broken)

    assert reader.summary["loss"] == 2.5
    assert reader.config.as_dict() == {}


# --- descriptors ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("stored")
    values = {
        "image": Image(np.zeros((2, 2), np.uint8), caption="c", masks={"m": {"mask_data": np.zeros((2, 2), int)}}),
        "html": Html("<p>"),
        "histogram": Histogram([1.0, 2.0]),
        "table": Table(["a", "b"], [[1, Image(np.ones((2, 2), np.uint8))]]),
        "list": [Image(np.zeros((2, 2), np.uint8)), Image(np.ones((2, 2), np.uint8))],
    }
    return folder, {name: medialog.convert(value, folder) for name, value in values.items()}


def same_folder(digest: str) -> str:
    return f"media/{digest[:2]}/{digest}.png"


PATHS = {
    "J22 ../../x": "../../x",
    "J22 media/../../x": "media/../../x",
    "J22 a dot": "media/./x",
    "J23 /etc/passwd": "/etc/passwd",
    "J23 C:\\x": "C:\\x",
    "J23 \\\\srv\\x": "\\\\srv\\x",
    "J23 a URL": "https://example.org/a.png",
    "J23 a file URL": "file:///etc/passwd",
    "J23 NUL": "media/00/a\0",
    "J23 empty": "",
    "J23 other digits": "media/00/" + "\u0660" * 64 + ".png",
    "J23 capitals": "media/AA/" + "A" * 64 + ".png",
    "J23 another folder": "media/11/" + "0" * 64 + ".png",
    "J23 a newline at its end": same_folder("0" * 64) + "\n",
    "J23 two suffixes too many": same_folder("0" * 64) + ".a.b",
    "J23 100 KB": "media/" + "a" * 100_000,
}


@pytest.mark.parametrize("name", PATHS)
def test_a_path_that_leads_elsewhere(stored: tuple[Path, dict[str, Any]], name: str) -> None:
    folder, descriptors = stored
    forged = {**descriptors["image"], "path": PATHS[name]}

    assert validate(forged)
    with pytest.raises((UnsafePath, InvalidDescriptor)) as caught:
        medialog.load(forged, folder)

    assert len(str(caught.value)) < 2000


def test_a_medium_that_became_a_link(stored: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """J25: neither the file nor its folder may be a link."""
    folder = Path(shutil.copytree(stored[0], tmp_path / "copy"))
    path = folder / stored[1]["image"]["path"]
    elsewhere = tmp_path / "elsewhere.png"
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)

    with pytest.raises(UnsafePath):
        medialog.load(stored[1]["image"], folder)


@pytest.mark.parametrize("content", [None, b"", b"x", "same size"])
def test_a_medium_of_other_bytes(stored: tuple[Path, dict[str, Any]], tmp_path: Path, content: Any) -> None:
    """J26, J27: missing, empty, of another size, of the same size."""
    folder = Path(shutil.copytree(stored[0], tmp_path / "copy"))
    path = folder / stored[1]["image"]["path"]
    data = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(bytes(len(data)) if content == "same size" else content)

    with pytest.raises(DamagedFile):
        medialog.load(stored[1]["image"], folder)


def test_a_medium_that_is_a_fifo_or_a_folder(stored: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(stored[0], tmp_path / "copy"))
    path = folder / stored[1]["image"]["path"]
    path.unlink()
    path.mkdir()
    with pytest.raises(DamagedFile):
        medialog.load(stored[1]["image"], folder)
    path.rmdir()
    os.mkfifo(path)

    with pytest.raises((DamagedFile, UnsafePath)):
        medialog.load(stored[1]["image"], folder)


JUNK = [
    None,
    True,
    -1,
    1.5,
    float("nan"),
    2**70,
    "",
    "\ud800",
    "a\0",
    [],
    {},
    [[]],
    {"a": 1},
    object(),
    b"x",
    "x" * 100_000,
]


@pytest.mark.parametrize("kind", ["image", "html", "histogram", "table", "list"])
def test_descriptors_with_any_member_changed(stored: tuple[Path, dict[str, Any]], kind: str) -> None:
    """J28, J29: each member in turn is each kind of junk, or missing: violations or an object, nothing else."""
    folder, descriptors = stored
    started = time.process_time()
    count = 0
    for key in descriptors[kind]:
        for junk in [*JUNK, ...]:
            forged = copy.deepcopy(descriptors[kind])
            if junk is ...:
                del forged[key]
            else:
                forged[key] = junk
            found = validate(forged)
            assert all(len(str(violation)) < 2000 and str(violation).isprintable() for violation in found)
            with suppress(InvalidDescriptor, UnknownKind, DamagedFile, UnsafePath):
                repr(medialog.load(forged, folder))
            count += 1
    assert count > 100
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "junk",
    [None, 5, "x", {}, [{}], {"_type": None}, {"_type": 5}, {"_type": ["image-file"]}, {"_type": "hologram"},
     {"_type": "../x"}, {"_type": "x" * 100_000}, {"_type": "image-file"}, {5: 1, "_type": "image-file"}, object(),
     nasty.NoAttributes(), nasty.cycle(), nasty.pure_cycle(), nasty.cyclic_dict()],
    ids=lambda junk: type(junk).__name__,
)  # fmt: skip
def test_documents_that_are_no_descriptor(tmp_path: Path, junk: Any) -> None:
    with pytest.raises((InvalidDescriptor, UnknownKind)) as caught:
        medialog.load(junk, tmp_path)

    assert len(str(caught.value)) < 3000


def test_an_extra_member(stored: tuple[Path, dict[str, Any]]) -> None:
    """J29: `x-*` is anybody's, anything else is refused."""
    folder, descriptors = stored

    assert medialog.load({**descriptors["image"], "x-lab": {"a": [1]}}, folder).width == 2
    with pytest.raises(InvalidDescriptor):
        medialog.load({**descriptors["image"], "colour": 5}, folder)


def test_a_reference_in_a_schema_is_never_fetched(stored: tuple[Path, dict[str, Any]]) -> None:
    """J30: `$ref` and `$schema` in a descriptor are data like any other."""
    forged = {**stored[1]["image"], "$ref": "http://127.0.0.1:9/schema.json", "$schema": "http://127.0.0.1:9/"}

    assert [violation.rule for violation in validate(forged)] == ["schema.additionalProperties"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "1e999",
        "[" * 65 + "]" * 65,
        '{"a":1,"a":2}',
        '"\\ud800"',
        "9" * 5_000,
        "",
        "nul",
        "[1,]",
        "\ufeff1",
        "'a'",
        "01",
    ],
)
def test_json_that_is_none(text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        jsontext.loads(text)

    assert len(str(caught.value)) < 500
