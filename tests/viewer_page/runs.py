"""Runs that the page is looked at with: one of every type and format, and one of every broken state.

`python tests/viewer_page/runs.py report.html` writes the report of the first one.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

import medialog

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures"
STEPS = 13
CLASSES = {0: "background", 1: "disc", 2: "bar"}
Array = np.ndarray[Any, Any]


def every_type(directory: Path) -> Path:
    """Log one of every type and format; return the run's directory."""
    rng = np.random.default_rng(0)
    with medialog.init(
        dir=directory,
        id="everytype",
        name="one of everything",
        project="viewer",
        config={"model": {"width": 64, "names": ["a", "b"]}, "rate": 3e-4},
    ) as run:
        run.define_metric("train/loss", summary="last,min")
        for step in range(STEPS):
            row: dict[str, Any] = {
                "train/loss": 2.0 * 0.8**step, "val/loss": 2.2 * 0.83**step, "epoch": step / 4,
                "broken": [1.0, float("nan"), 2.0, float("inf"), 1.5, float("-inf")][step % 6],
                "done": step > 8,
                "weights": medialog.Histogram(rng.normal(0, 1 + step / 6, 500)),
            }  # fmt: skip
            if step % 4 == 0:
                row["scene"] = picture(step)
                row["grid"] = [
                    medialog.Image(np.full((8, 8), 20 * i + 10 * step, np.uint8), caption=f"tile {i}") for i in range(6)
                ]
                row["words"] = f"answer of step {step}"
            run.log(row)
        run.log({"file": files(), **shapes(), "bars": bars(), "roc": roc(), "plotly": plotly()}, step=STEPS)
    return Path(str(run.dir))


def picture(step: int) -> medialog.Image:
    """An image with two masks and two layers of boxes, in which the prediction comes nearer to the truth."""
    y, x = np.mgrid[0:48, 0:64]

    def ids(shift: int) -> Array:
        mask = np.zeros((48, 64), np.uint8)
        mask[(x - 20 - shift) ** 2 + (y - 24) ** 2 < 100] = 1
        mask[30:40, 44:60] = 2
        return mask

    def boxes(shift: int, score: float) -> dict[str, Any]:
        disc = {"minX": 10 + shift, "maxX": 30 + shift, "minY": 14, "maxY": 34}
        bar = {"middle": [52 / 64, 35 / 48], "width": 16 / 64, "height": 10 / 48}
        return {
            "box_data": [
                {"position": disc, "domain": "pixel", "class_id": 1, "scores": {"confidence": score}},
                {"position": bar, "class_id": 2, "scores": {"confidence": 0.3}},
            ],
            "class_labels": CLASSES,
        }

    shift = 8 - 8 * step // STEPS
    return medialog.Image(
        np.stack([x * 4, y * 5, np.full_like(x, 90)], axis=2).astype(np.uint8),
        caption=f"a disc at step {step}",
        masks={
            "truth": {"mask_data": ids(0), "class_labels": CLASSES},
            "guess": {"mask_data": ids(shift), "class_labels": CLASSES},
        },
        boxes={"truth": boxes(0, 1.0), "guess": boxes(shift, 0.5 + step / 30)},
    )  # fmt: skip


def files() -> dict[str, Any]:
    """Return every file of `fixtures`, as the type that takes it."""
    kinds: dict[str, Callable[..., Any]] = {
        "clip": medialog.Video, "picture": medialog.Image, "solid": medialog.Object3D, "sound": medialog.Audio,
        "notes": lambda path: medialog.Text(Path(path)), "page": medialog.Html,
    }  # fmt: skip
    found: dict[str, Any] = {}
    for path in sorted((FIXTURES / "media").iterdir()):
        make = kinds.get(path.name.split(".")[0])
        if make is not None and "mask" not in path.name:
            found[path.name.replace(".", " ")] = make(str(path))
    for path in sorted((FIXTURES / "molecules").iterdir()):
        found[path.name.replace(".", " ")] = medialog.Molecule(str(path))
    return found


def shapes() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(400, 3)).astype(np.float32)
    ring = [[0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]]
    lidar = {
        "type": "lidar/beta",
        "points": points,
        "boxes": [{"corners": ring, "label": "box", "color": [123, 255, 111], "score": 0.9}],
        "vectors": [{"start": [0, 0, 0], "end": [1.5, 1, 0.5]}],
    }
    rows = [[i, f"row {i}", i / 7 if i % 5 else None, medialog.Image(np.full((8, 8), i, np.uint8))] for i in range(200)]
    big = [[i, float(rng.normal()), "abcdefgh"[i % 8]] for i in range(5000)]
    return {
        "cloud": medialog.Object3D(np.column_stack([points, rng.integers(1, 6, 400)])),
        "colored cloud": medialog.Object3D(np.column_stack([points, rng.integers(0, 256, (400, 3))])),
        "lidar": medialog.Object3D(lidar),
        "table": medialog.Table(columns=["number", "name", "share", "picture"], data=rows),
        "big table": medialog.Table(columns=["i", "value", "letter"], data=big),
        "array": medialog.Tensor(rng.normal(size=(40, 30))),
        "list": [3, 1, -2, 5],
    }


def bars() -> Any:
    table = medialog.Table(columns=["name", "value"], data=[["a", 3], ["b", 5], ["c", 2]])
    return medialog.plot.bar(table, "name", "value", title="Bars")


def roc() -> Any:
    truth = np.array([0, 0, 1, 1, 0, 1])
    scores = np.array([0.1, 0.4, 0.35, 0.8, 0.2, 0.9])
    return medialog.plot.roc_curve(truth, np.column_stack([1 - scores, scores]))


def plotly() -> medialog.Plotly:
    return medialog.Plotly({"data": [{"type": "scatter", "y": [1, 3, 2]}], "layout": {"title": {"text": "plotly"}}})


def broken_states(directory: Path) -> Path:
    """Log what then is damaged, lost, unplayable or of several types; return the run's directory."""
    run = medialog.init(dir=directory, id="broken", project="viewer")
    run.log(
        {
            "missing": medialog.Image(np.zeros((5, 7))),
            "damaged": medialog.Image(np.full((6, 7), 0.5)),
            "fine": medialog.Image(np.eye(9)),
            "loss": 1.0,
        }
    )
    run.log({"several": 3.5, "loss": float("nan")})
    run.log({"several": "now a text", "mask lost": picture(2), "loss": 0.5})
    run.log(
        {
            "several": medialog.Image(np.eye(6)),
            "clip": medialog.Video(io.BytesIO(unplayable_clip()), format="mp4"),
            "late": medialog.Image(np.eye(3)),
        }
    )
    run.finish()
    root = Path(str(run.dir))
    rows = {key: value for row in medialog.open_run(root).history() for key, value in row.items()}
    (root / rows["missing"]["path"]).unlink()
    damaged = root / rows["damaged"]["path"]
    damaged.write_bytes(damaged.read_bytes()[:40] + b"\0" * 20)
    (root / rows["mask lost"]["masks"]["guess"]["path"]).unlink()
    segment = max((root / "events").glob("*.jsonl"))
    with segment.open("a") as file:
        file.write('{"seq":99,"step":4,"k":"row","t":1')
    return root


def unplayable_clip() -> bytes:
    """MPEG-4 part 2, as OpenCV writes it: no browser plays it."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 * i, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


_INDEX = re.compile(r'(<script type="application/json" id="medialog-index">)(.*?)(</script>)', re.DOTALL)


def edit_index(report: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the index inside a report: states that no run of this version can have."""
    text = report.read_text(encoding="utf-8")
    match = _INDEX.search(text)
    assert match is not None
    index = json.loads(match[2])
    change(index)
    inside = json.dumps(index).replace("<", "\\u003c")
    report.write_text(text[: match.start(2)] + inside + text[match.end(2) :], encoding="utf-8")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        print(medialog.report(every_type(Path(scratch)), sys.argv[1]))
