"""A run directory is held against everything that is said of it: every rule id by a directory damaged here."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import medialog
from medialog.runtime import session
from medialog.validators import is_note, schema
from medialog.validators import run as directories
from medialog.validators.errors import Error, MissingDependency, RunError, Violation
from medialog.wire import jsontext, records


@pytest.fixture(autouse=True)
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_active", None)
    for variable in ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"):
        monkeypatch.delenv(variable, raising=False)


def pictures(count: int) -> list[medialog.Image]:
    return [medialog.Image(np.full((2, 2), index, np.uint8)) for index in range(count)]


def write(folder: Path) -> Path:
    """A small run with something of everything: media, layers, lists, tables with refs, increments, what is set."""
    table = medialog.Table(columns=["n", "picture"], log_mode="INCREMENTAL")
    many = medialog.Table(columns=["picture"], data=[[picture] for picture in pictures(70)])
    mask = {"mask_data": np.eye(4, dtype=int), "class_labels": {0: "a", 1: "b"}}
    with medialog.init(
        dir=folder,
        id="r",
        project="p",
        config={"lr": 0.1, "net": {"layers": [8, 4]}},
        tags=["t"],
        strict="record",
        entity="me",
        job_type="train",
    ) as run:
        run.define_metric("loss", summary="min,mean")
        run.log({"loss": 0.5, "image": medialog.Image(np.eye(4), caption="one", masks={"m": mask})})
        run.log({"loss": math.nan, "big": 2**70, "val": {"acc": 0.25, "h": medialog.Histogram([1, 2, 3])}})
        for n in range(3):
            table.add_data(n, medialog.Image(np.full((2, 2), 200 + n, np.uint8)))
            run.log({"rows": table, "images": pictures(3), "file": {"path": "a", "sha256": "b", "size": 1}})
        run.log({"many": many}, step=2)
        run.summary["best"] = np.arange(100)
        run.summary["gone"] = 1
        del run.summary["gone"]
        run.config["late"] = True
        run.name, run.notes, run.tags = "a name", None, ("t", "u")
    return Path(str(run.dir))


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", medialog.MedialogWarning)
        return write(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def path(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "r", symlinks=True))


def segment(path: Path) -> Path:
    return next(path.glob("events/*.jsonl"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in segment(path).read_bytes().splitlines()]


def sealed(document: dict[str, Any]) -> bytes:
    body = jsontext.dumps({key: value for key, value in document.items() if key != "crc"})[:-1]
    return b'%b,"crc":"%08x"}\n' % (body, zlib.crc32(body))


def rewrite(path: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change the lines and seal them anew: damage that no checksum shows."""
    documents = lines(path)
    change(documents)
    segment(path).write_bytes(b"".join(map(sealed, documents)))


def row(documents: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return next(each["d"] for each in documents if each["k"] == "row" and key in each["d"])


def media(path: Path, suffix: str) -> Path:
    return min(path.glob(f"media/*/*.{suffix}"))


def found(path: Path, **options: Any) -> list[Violation]:
    return medialog.validate_run(path, **options)


def ids(path: Path, **options: Any) -> set[str]:
    return {each.rule for each in found(path, **options)}


def test_a_sound_run_has_nothing(original: Path) -> None:
    assert [] == found(original, deep=True)
    assert [] == directories.validate_run(original)
    assert [] == medialog.open_run(original, recovery="strict").problems


def test_a_run_in_memory() -> None:
    run = medialog.init(mode="memory")
    run.log({"image": medialog.Image(np.zeros((2, 2)))})

    assert {"run.unfinished"} <= ids(run)  # type: ignore[arg-type]
    run.finish()

    assert [] == medialog.validate_run(run, deep=True)


def test_what_the_writer_writes_is_what_the_schemas_say(original: Path) -> None:
    validators = {name: jsonschema.Draft202012Validator(schema(name)) for name in records.NAMES}
    for name in ("run", "config", "summary"):
        validators[name].validate(json.loads((original / f"{name}.json").read_text()))
    kinds = set()
    for document in lines(original):
        validators["line"].validate(document)
        kinds.add(document["k"])

    assert {"meta", "config", "info", "row", "summary", "metric", "sync", "end"} == kinds


# --- each kind of damage and what is said of it ---


def change_row(key: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    return lambda path: rewrite(path, lambda documents: change(row(documents, key)))


def replace(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        file = segment(path) if name == "events" else path / name
        content = file.read_bytes()
        assert old in content
        file.write_bytes(content.replace(old, new, 1))

    return change


def drop_line(path: Path) -> None:
    documents = segment(path).read_bytes().splitlines(keepends=True)
    del documents[3]
    segment(path).write_bytes(b"".join(documents))


def other_line_of_a_number(path: Path) -> None:
    with segment(path).open("ab") as file:
        file.write(sealed(lines(path)[3] | {"m": 9.0}))


def link(path: Path) -> None:
    file = media(path, "png")
    moved = path.parent / "elsewhere.png"
    file.rename(moved)
    file.symlink_to(moved)


def link_folder(path: Path) -> None:
    folder = media(path, "png").parent
    moved = path.parent / "elsewhere"
    folder.rename(moved)
    folder.symlink_to(moved, target_is_directory=True)


def escape(descriptor: dict[str, Any]) -> None:
    descriptor["image"]["path"] = "../../etc/passwd"


def set_format_version(path: Path) -> None:
    info = json.loads((path / "run.json").read_text())
    (path / "run.json").write_text(json.dumps(info | {"format_version": 2}))


def set_limits(path: Path) -> None:
    info = json.loads((path / "run.json").read_text())
    info["rules"]["limits"] = {"no.limit": 1, "image.side": "wide", "table.rows": 10**6}
    (path / "run.json").write_text(json.dumps(info))


def lower_limit(path: Path) -> None:
    info = json.loads((path / "run.json").read_text())
    info["rules"]["limits"] = {"image.side": 1}
    (path / "run.json").write_text(json.dumps(info))


def long_line(path: Path) -> None:
    info = json.loads((path / "run.json").read_text())
    info["rules"]["limits"] = {"line.size": 100_000}
    (path / "run.json").write_text(json.dumps(info))
    with segment(path).open("ab") as file:
        file.write(b"x" * 100_000 + b"\n")


def refs_of_nothing(path: Path) -> None:
    """A refs file whose name and references are right, and which is no list of files."""
    import hashlib

    content = b'{"files": 1}'
    digest = hashlib.sha256(content).hexdigest()
    new = path / "media" / digest[:2] / f"{digest}.refs.json"
    new.parent.mkdir(exist_ok=True)
    new.write_bytes(content)

    def change(tree: dict[str, Any]) -> None:
        tree["many"]["files"] = [{"path": str(new.relative_to(path)), "sha256": digest, "size": len(content)}]

    rewrite(path, lambda documents: change(row(documents, "many")))


def unnumbered_segment(path: Path) -> None:
    file = segment(path)
    file.rename(file.with_name(file.name.replace("-0.jsonl", "-1.jsonl")))


def drop_end(path: Path) -> None:
    segment(path).write_bytes(b"".join(segment(path).read_bytes().splitlines(keepends=True)[:-2]))


def folder_for_file(path: Path) -> None:
    file = media(path, "npy")
    file.unlink()
    file.mkdir()


def stale_summary(path: Path) -> None:
    drop_end(path)
    (path / "summary.json").write_text("{}")


def fifo(path: Path) -> None:
    os.mkfifo(path / "tmp" / "pipe")


DAMAGE: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "a changed byte in a line": (replace("events", b'"loss":0.5', b'"loss":0.6'), {"run.crc"}),
    "a line that is no JSON": (
        lambda path: segment(path).write_bytes(segment(path).read_bytes() + b"rubbish\n"),
        {"run.crc"},
    ),
    "a sealed line without members": (
        lambda path: segment(path).write_bytes(segment(path).read_bytes() + sealed({"k": "row"})),
        {"run.line"},
    ),
    "an unfinished line": (
        lambda path: segment(path).write_bytes(segment(path).read_bytes()[:-1]),
        {"run.torn", "run.unfinished"},
    ),
    "a line is missing": (drop_line, {"run.seq"}),
    "another line of the same number": (other_line_of_a_number, {"run.seq"}),
    "a far number": (
        lambda path: rewrite(path, lambda each: each[-1].update(seq=2**60)),
        {"run.seq"},
    ),
    "a row without a step": (lambda path: rewrite(path, lambda each: each[3].pop("step")), {"run.schema"}),
    "an unknown member of a record": (
        lambda path: rewrite(path, lambda each: each[-1]["d"].update(more=1)),
        {"run.schema"},
    ),
    "a metric of another goal": (
        lambda path: rewrite(path, lambda each: each[2]["d"].update(goal="up")),
        {"run.schema"},
    ),
    "the first line says nothing": (
        lambda path: rewrite(path, lambda each: each[0].update(k="sync", d={})),
        {"run.segment"},
    ),
    "another writer": (
        lambda path: rewrite(path, lambda each: each[0]["d"].update(writer="r0-1-000000000000")),
        {"run.segment"},
    ),
    "an empty file of events": (
        lambda path: segment(path).write_bytes(b""),
        {"run.segment", "run.unfinished", "run.orphan"},
    ),
    "a line that is too long": (long_line, {"run.line_size", "run.identity"}),
    "a gap of segments": (unnumbered_segment, {"run.segment"}),
    "another run": (lambda path: rewrite(path, lambda each: each[0]["d"].update(run="other")), {"run.identity"}),
    "another name in run.json": (replace("run.json", b'"project": "p"', b'"project": "q"'), {"run.identity"}),
    "no run.json": (lambda path: (path / "run.json").unlink(), {"run.missing"}),
    "no summary.json": (lambda path: (path / "summary.json").unlink(), {"run.missing"}),
    "no events": (lambda path: shutil.rmtree(path / "events"), {"run.missing", "run.orphan"}),
    "run.json is no JSON": (lambda path: (path / "run.json").write_text("{"), {"run.json", "run.identity"}),
    "run.json has NaN": (replace("run.json", b'"notes": null', b'"notes": NaN'), {"run.json", "run.identity"}),
    "run.json lacks a key": (replace("run.json", b'"notes": null,', b""), {"run.schema", "run.identity"}),
    "a later version": (set_format_version, {"run.version"}),
    "rules that are none": (set_limits, {"run.rules", "run.identity"}),
    "a lower limit of the run": (lower_limit, {"image.side", "run.identity"}),
    "another summary": (replace("summary.json", b'"acc": 0.25', b'"acc": 0.75'), {"run.summary"}),
    "a summary that is a list": (lambda path: (path / "summary.json").write_text("[]"), {"run.schema"}),
    "another config": (replace("config.json", b'"lr": 0.1', b'"lr": 0.2'), {"run.config"}),
    "a key of ours in config": (replace("config.json", b'"late"', b'"_lat"'), {"run.schema"}),
    "an empty key": (change_row("val", lambda tree: tree["val"].update({"": 1})), {"key.empty"}),
    "a number that is none": (change_row("big", lambda tree: tree["big"].update(value="many")), {"run.number"}),
    "a file is missing": (lambda path: media(path, "png").unlink(), {"run.media_missing"}),
    "a file is a folder": (
        folder_for_file,
        {"run.media_missing"},
    ),
    "a file is cut": (lambda path: media(path, "npy").write_bytes(b""), {"run.media_size"}),
    "a file has other bytes": (
        lambda path: media(path, "png").write_bytes(bytes(len(media(path, "png").read_bytes()))),
        {"run.media_sha256"},
    ),
    "two sizes": (change_row("image", lambda tree: tree["image"].update(size=7)), {"run.media_size", "run.summary"}),
    "a link": (link, {"run.link"}),
    "a linked folder": (link_folder, {"run.link", "run.media_missing"}),
    "a path that escapes": (change_row("image", escape), {"run.path", "schema.pattern", "run.orphan"}),
    "a descriptor that is none": (
        change_row("image", lambda tree: tree["image"].pop("width")),
        {"schema.required"},
    ),
    "a kind that nobody writes": (
        change_row("image", lambda tree: tree["image"].update(_type="hologram")),
        {"descriptor.kind"},
    ),
    "a refs file that is none": (refs_of_nothing, {"run.refs", "run.summary"}),
    "an increment is missing": (change_row("rows", lambda tree: tree.pop("rows")), {"run.increment"}),
    "a run that goes on": (drop_end, {"run.unfinished"}),
    "a stale summary": (
        stale_summary,
        {"run.unfinished", "run.stale"},
    ),
    "something in tmp": (lambda path: (path / "tmp" / "x").write_text("x"), {"run.tmp"}),
    "a file of others": (lambda path: (path / "notes.txt").write_text("x"), {"run.unknown"}),
    "a pipe": (fifo, {"run.link"}),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named(name: str, path: Path) -> None:
    damage, expected = DAMAGE[name]
    damage(path)

    violations = found(path)

    assert expected == {each.rule for each in violations} - ({"run.orphan"} - expected), [*map(str, violations)]
    for each in violations:
        assert "\n" not in str(each)
        assert len(str(each)) < 600


def test_orphans(path: Path) -> None:
    import hashlib

    digest = hashlib.sha256(b"x").hexdigest()
    file = path / "media" / digest[:2] / f"{digest}.png"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"x")

    assert ["run.orphan"] == [each.rule for each in found(path)]
    file.write_bytes(b"y")
    assert {"run.orphan", "run.media_sha256"} == ids(path)


def test_kinds_that_are_not_known_are_passed_over(path: Path) -> None:
    def later(documents: list[dict[str, Any]]) -> None:
        documents.insert(-1, documents[-1] | {"k": "from the future", "d": {"a": 1}})
        documents[-1]["seq"] += 1

    rewrite(path, later)

    assert [] == found(path)


def test_a_retried_write_is_no_damage(path: Path) -> None:
    all = segment(path).read_bytes().splitlines(keepends=True)
    segment(path).write_bytes(b"".join([*all[:4], all[3], *all[4:]]))

    assert [] == found(path)


def test_unreadable_files(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from medialog.wire.storage import LocalStorage

    def refuse(self: LocalStorage, name: str) -> Any:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(LocalStorage, "open", refuse)

    assert {"run.unreadable"} == ids(path) - {"run.orphan"}


def test_deep_reads_every_distinct_value_once(path: Path) -> None:
    seen: list[Any] = []

    assert [] == directories.validate_run(path, deep=True, decode=seen.append)
    assert len(seen) == len({json.dumps(each) for each in seen}) >= 7
    with pytest.raises(TypeError, match="decode"):
        directories.validate_run(path, deep=True)


def test_what_cannot_be_read_back(path: Path) -> None:
    rewrite(path, lambda documents: row(documents, "many")["many"].update(nrows=69))

    assert "run.decode" not in ids(path)
    (violation,) = [each for each in found(path, deep=True) if each.rule == "run.decode"]
    assert "many" in violation.at
    assert "DamagedFile" in violation.got


def test_a_missing_library_is_a_note(path: Path) -> None:
    def refuse(descriptor: Any) -> None:
        raise MissingDependency('soundfile is needed here: pip install "medialog[audio]"')

    violations = directories.validate_run(path, deep=True, decode=refuse)

    assert ["run.decode_skipped"] == [each.rule for each in violations]
    assert all(map(is_note, violations))


def test_values_of_damaged_files_are_not_decoded(path: Path) -> None:
    seen: list[Any] = []
    media(path, "npy").write_bytes(b"")

    directories.validate_run(path, deep=True, decode=seen.append)

    assert "numpy.ndarray" not in {each["_type"] for each in seen}


def test_every_rule_is_met_by_a_test() -> None:
    elsewhere = {"run.decode", "run.decode_skipped", "run.unreadable"}  # each in a test of its own above
    met = elsewhere.union(*(expected for _, expected in DAMAGE.values()))

    assert set() == set(directories.DIRECTORY_RULES) - met


def test_notes_are_rules() -> None:
    assert set(directories.DIRECTORY_RULES) >= directories.NOTES


# --- no byte changes unseen ---


def files(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file())


def test_every_flipped_bit_is_found(path: Path) -> None:
    """A few bits of every file, with a fixed seed; the reader's strict mode and validation say the same of lines."""
    chosen = random.Random(20261121)
    flips = 0
    for file in files(path):
        content = file.read_bytes()
        count = 24 if file.suffix in (".jsonl", ".json") else 1
        for position in {chosen.randrange(8 * len(content)) for _ in range(count)}:
            changed = bytearray(content)
            changed[position // 8] ^= 1 << position % 8
            file.write_bytes(changed)
            violations = medialog.validate_run(path)
            faults = [each for each in violations if not is_note(each)]
            assert faults, f"{file.relative_to(path)}, bit {position}"
            if file.suffix == ".jsonl":
                assert medialog.open_run(path).problems
            flips += 1
        file.write_bytes(content)

    assert [] == medialog.validate_run(path)
    assert flips > 150


def test_bits_of_a_tiny_run(tmp_path: Path) -> None:
    """Every fifth bit of run.json, config.json, summary.json and the media, every thirteenth of the events."""
    with medialog.init(dir=tmp_path, id="t", config={"a": 1}) as run:
        run.log({"x": 0.5, "i": medialog.Image(np.zeros((1, 1), np.uint8))})
    path = Path(str(run.dir))
    shorten(path)
    missed = []
    for file in files(path):
        content = file.read_bytes()
        for position in range(8 * len(content)):
            if position % (
                13 if file.suffix == ".jsonl" else 5
            ):  # the line's own tests flip them all; each bit of 8 comes
                continue
            changed = bytearray(content)
            changed[position // 8] ^= 1 << position % 8
            file.write_bytes(changed)
            if all(map(is_note, directories.validate_run(path, fold=fold()))):
                missed.append(f"{file.relative_to(path)}, bit {position}")
        file.write_bytes(content)

    assert [] == missed


def fold() -> Any:
    from medialog.runtime.validation import SummaryOfEvents

    return SummaryOfEvents()


def shorten(path: Path) -> None:
    """Leave the packages of this machine out of run.json, and name the new bytes in the first line."""
    import hashlib

    info = json.loads((path / "run.json").read_text())
    (path / "run.json").write_bytes(jsontext.dumps_pretty(info | {"packages": {}, "argv": []}))
    digest = hashlib.sha256((path / "run.json").read_bytes()).hexdigest()
    rewrite(path, lambda documents: documents[0]["d"].update(run_json=digest))
    assert [] == medialog.validate_run(path)


def test_any_truncation_is_seen(path: Path) -> None:
    """Of the events, at any byte: damage, or at the end of a line at least a note."""
    content = segment(path).read_bytes()
    for length in range(0, len(content), 97):
        segment(path).write_bytes(content[:length])
        assert medialog.validate_run(path)


def test_random_rubbish_ends_in_a_result(path: Path) -> None:
    """Whatever a line says under a right checksum: violations, never an exception."""
    chosen = random.Random(7)
    leaves: list[Any] = [
        None,
        True,
        -1,
        2**63,
        1e308,
        "",
        "x" * 100,
        [],
        {},
        {"_type": 1},
        {"_type": "image-file"},
        [[[]]],
    ]
    for _ in range(150):

        def change(documents: list[dict[str, Any]]) -> None:
            node: Any = documents
            while True:
                inner = list(node) if isinstance(node, dict) else list(range(len(node)))
                key = chosen.choice(inner)
                if not isinstance(node[key], (dict, list)) or not node[key] or chosen.random() < 0.15:
                    if isinstance(node, list) and node is documents:
                        node[key]["d"] = chosen.choice(leaves)
                    else:
                        node[key] = chosen.choice(leaves)
                    return
                node = node[key]

        before = segment(path).read_bytes()
        rewrite(path, change)
        assert isinstance(medialog.validate_run(path, deep=False), list)
        segment(path).write_bytes(before)


# --- folders and files of descriptors ---


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    medialog.convert(medialog.Image(np.eye(4, dtype=np.uint8)), tmp_path / "out", "picture")
    medialog.convert([medialog.Histogram([1, 2]), medialog.Histogram([3])], tmp_path / "out", "list")
    return tmp_path / "out"


def test_a_converted_folder_is_sound(folder: Path) -> None:
    assert [] == medialog.validate_folder(folder, deep=True)
    assert [] == medialog.validate_file(folder / "picture.medialog.json", deep=True)


def test_damage_in_a_folder(folder: Path) -> None:
    (folder / "picture.medialog.json").rename(folder / "other.json")
    assert ["run.orphan"] == [each.rule for each in medialog.validate_folder(folder)]
    assert [] == medialog.validate_file(folder / "other.json")

    media(folder, "png").write_bytes(b"x")
    document = json.loads((folder / "list.medialog.json").read_text())
    del document[1]["bins"]
    (folder / "list.medialog.json").write_text(json.dumps(document))

    assert ["run.media_size"] == [each.rule for each in medialog.validate_file(folder / "other.json")]
    violations = medialog.validate_folder(folder)
    assert {"schema.required", "run.media_sha256", "run.orphan"} == {each.rule for each in violations}
    assert any(each.at == "list.medialog.json: [1]: $.bins" for each in violations)


def test_a_folder_under_other_rules(folder: Path) -> None:
    with medialog.Rules({"image.side": 2}).use():
        assert ["image.side"] * 2 == [each.rule for each in medialog.validate_folder(folder)]
    rules = medialog.Rules({"image.side": 2})
    assert ["image.side"] * 2 == [
        each.rule for each in medialog.validate_file(folder / "picture.medialog.json", rules=rules)
    ]


def test_what_is_not_there(tmp_path: Path) -> None:
    for check in (medialog.validate_run, medialog.validate_folder, medialog.validate_file):
        with pytest.raises(RunError):
            check(tmp_path / "nothing")
    (tmp_path / "rubbish.json").write_bytes(b"\xff")
    assert ["run.json"] == [each.rule for each in medialog.validate_file(tmp_path / "rubbish.json")]
    assert issubclass(RunError, Error)


def test_progress(path: Path) -> None:
    calls: list[tuple[str, int, int]] = []

    medialog.validate_run(path, deep=True, progress=lambda *call: calls.append(call))

    assert ["events", "files", "values"] == list(dict.fromkeys(what for what, _, _ in calls))
    for what in ("events", "files", "values"):
        last = [call for call in calls if call[0] == what][-1]
        assert last[1] == last[2] > 0
