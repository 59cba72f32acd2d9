"""Every code example of the five documents runs with `import medialog as wandb`, and what it logs reads back.

The examples stand verbatim in `documented_examples/`, one file a document. Some are not valid Python (brackets that do
not match, `...` for data), and two train with TensorFlow 1: `REPAIRS` lists every edit, the smallest that makes them
run. The files' digests are pinned, so an edit that is not listed fails.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from medialog.validators import validate

FOLDER = Path(__file__).parent / "documented_examples"
DIGESTS = {
    "guide-2019": "ea785fb11f51f3a699afd39a62e2bd875cf5dd97467ab6dc667c0d66d69b9d82",
    "guide-2020": "0db68573986231255a5877458dd2a7d1f798ebe634c493e2fb70e7f48ba0be0f",
    "overview": "72887fb9096479fb62d355975dd043cb016afbbd49e772f5741713aa1a07ec66",
    "reference-0.12": "9fa599caef141b956f6be33003c814527b1b228cc4e8ef835056ad3b88a8a0d6",
    "reference-0.17": "9ebe7aec046e9d63b4810612113d9ab0d4eda0a4737d5428a0c0160cab98bb9d",
}

CLOUD = [("[[0, 0, 0, COLOR...], ...]", "[[0, 0, 0, 1], [1, 1, 1, 14]]")]
TENSORFLOW = [
    ("wandb.init(config=flags.FLAGS)", "run = wandb.init(config=flags.FLAGS)"),
    ("with tf.Session() as sess:", "with Session() as sess:"),
]
REPAIRS: dict[str, list[tuple[str, str]]] = {
    "guide-2019 07": [('"True Label"])})\ntable.add_data', '"True Label"])\ntable.add_data')],
    "guide-2019 12": CLOUD,
    "guide-2019 15": TENSORFLOW,
    "guide-2020 02": [
        ("[[1, 2, 2, ... , 2, 2, 1], ...]", "[[1, 2, 2, 2, 2, 1]] * 4"),
        ('"groud_truth": {\n    ...\n  },\n  ...', '"groud_truth": {\n    "mask_data": mask_data\n  },'),
    ],
    "guide-2020 03": [
        ('"building",\n    ....', '"building",'),
        ("# Log as many boxes as needed\n        ...", "# Log as many boxes as needed"),
        ("unique key name\n    ...", 'unique key name\n    "box_data": []'),
    ],
    "guide-2020 10": [('open("6lu7.pdb"))}', 'open("6lu7.pdb"))})')],
    "guide-2020 13": [('title="Custom Bar Chart")', 'title="Custom Bar Chart")})')],
    "guide-2020 17": [("class_names})", "class_names)})")],
    "guide-2020 21": CLOUD,
    "guide-2020 27": TENSORFLOW,
    "guide-2020 31": [("wandb.Image(...)", "wandb.Image(img)")],
    "guide-2020 32": [("PIL.fromarray(...)", "PIL.fromarray(img)")],
    "guide-2020 inline 04": [("“", '"'), ("”", '"')],
    "guide-2020 inline 05": [("“", '"'), ("”", '"')],
    "reference-0.12 inline 04": [("0.5, commit=False})", "0.5}, commit=False)")],
    # Pillow 13 has no `mode` argument of fromarray any more; it is RGB by the shape.
    "reference-0.17 04": [(', mode="RGB"', "")],
}


def examples() -> dict[str, str]:
    """Return "document number" -> code, as it stands in the document."""
    found = {}
    for path in sorted(FOLDER.glob("*.txt")):
        parts = re.split(r"^=== (.+)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        found.update({f"{path.stem} {number}": code for number, code in zip(parts[1::2], parts[2::2], strict=True)})
    return found


EXAMPLES = examples()

# What an example must leave in the history or the summary: dotted key -> `_type`, or the value itself.
EXPECTED: dict[str, dict[str, Any]] = {
    "guide-2019 00": {"accuracy": 0.9, "epoch": 5},
    "guide-2019 01": {"loss": 0.2},
    "guide-2019 02": {"loss": 0.2, "accuracy": 0.8},
    "guide-2019 03": {"chart": "figure"},
    "guide-2019 04": {"examples": "images/separated"},
    "guide-2019 05": {"video": "video-file"},
    "guide-2019 06": {"examples": "audio"},
    "guide-2019 07": {"examples": "table-file"},
    "guide-2019 08": {"custom_file": "html-file", "custom_string": "html-file"},
    "guide-2019 09": {"custom_file": "html-file"},
    "guide-2019 10": {"gradients": "histogram"},
    "guide-2019 11": {"generated_samples": "object3D"},
    "guide-2019 12": {"point_cloud": "object3D-file"},
    "guide-2019 13": {"best_accuracy": 0.75},
    "guide-2019 14": {"tensor": "numpy.ndarray"},
    "guide-2019 15": {"acc": 0.5, "loss": 1.5},
    "guide-2019 16": {"loss": 0.25, "val_loss": 0.5},
    "guide-2020 00": {"accuracy": 0.9, "epoch": 5},
    "guide-2020 01": {"gradients": "histogram"},
    "guide-2020 02": {},
    "guide-2020 03": {"driving_scene": "image-file"},
    "guide-2020 04": {"examples": "audio"},
    "guide-2020 05": {"video": "video-file"},
    "guide-2020 06": {"examples": "table-file"},
    "guide-2020 07": {},
    "guide-2020 08": {"custom_file": "html-file", "custom_string": "html-file"},
    "guide-2020 09": {"custom_file": "html-file"},
    "guide-2020 10": {"protein": "molecule-file"},
    "guide-2020 11": {"my_custom_plot_id": "chart"},
    "guide-2020 12": {"my_custom_id": "chart"},
    "guide-2020 13": {"my_bar_chart_id": "chart"},
    "guide-2020 14": {"my_histogram": "chart"},
    "guide-2020 15": {"pr": "chart"},
    "guide-2020 16": {"roc": "chart"},
    "guide-2020 17": {"conf_mat": "chart"},
    "guide-2020 18": {},
    "guide-2020 19": {"chart": "figure"},
    "guide-2020 20": {"generated_samples": "object3D"},
    "guide-2020 21": {"point_cloud": "object3D-file"},
    "guide-2020 22": {"point_scene": "object3D-file"},
    "guide-2020 23": {"loss": 0.2},
    "guide-2020 24": {"loss": 0.2, "accuracy": 0.8},
    "guide-2020 25": {"best_accuracy": 0.75},
    "guide-2020 26": {"tensor": "numpy.ndarray"},
    "guide-2020 27": {"acc": 0.5, "loss": 1.5},
    "guide-2020 28": {"loss": 0.25, "val_loss": 0.5},
    "guide-2020 29": {"epoch": 3, "val_acc": 0.94},
    "guide-2020 30": {"batch": 1, "loss": 0.3},
    "guide-2020 31": {"example": "images/separated"},
    "guide-2020 32": {"example": "image-file"},
    "guide-2020 33": {"example": "video-file"},
    "guide-2020 34": {"Examples": "images/separated", "Test Accuracy": 90.0, "Test Loss": 0.5},
    "guide-2020 inline 00": {"accuracy": 0.99},
    "guide-2020 inline 01": {"acc": 0.9, "loss": 0.1},
    "guide-2020 inline 02": {"examples": "images/separated"},
    "guide-2020 inline 03": {"loss": 0.1, "epoch": 1, "batch": 3},
    "guide-2020 inline 04": {"acc": 1, "global_step": 1},
    "guide-2020 inline 05": {"acc": 1, "batch": 10},
    "overview inline 00": {},
    "overview inline 01": {"best_accuracy": 0.99},
    "reference-0.12 00": {"accuracy": 0.9, "epoch": 5},
    "reference-0.12 01": {"loss": 0.2, "accuracy": 0.8},
    "reference-0.12 02": {"gradients": "histogram"},
    "reference-0.12 03": {"examples": "images/separated"},
    "reference-0.12 04": {"video": "video-file"},
    "reference-0.12 05": {"chart": "figure"},
    "reference-0.12 06": {"pr": "chart"},
    "reference-0.12 07": {"generated_samples": "object3D"},
    "reference-0.12 inline 00": {"train-loss": 0.5, "accuracy": 0.9},
    "reference-0.12 inline 01": {"accuracy": 0.9},
    "reference-0.12 inline 02": {"example": "image-file"},
    "reference-0.12 inline 03": {"dataset-1.acc": 0.9, "dataset-2.loss": 0.2},
    "reference-0.12 inline 04": {"train-loss": 0.5},
    "reference-0.12 inline 05": {"accuracy": 0.9},
    "reference-0.17 00": {"accuracy": 0.9, "epoch": 5},
    "reference-0.17 01": {"loss": 0.2, "accuracy": 0.8},
    "reference-0.17 02": {"gradients": "histogram"},
    "reference-0.17 03": {"examples": "images/separated"},
    "reference-0.17 04": {"examples": "images/separated"},
    "reference-0.17 05": {"video": "video-file"},
    "reference-0.17 06": {"chart": "figure"},
    "reference-0.17 07": {"pr": "chart"},
    "reference-0.17 08": {"generated_samples": "object3D"},
    "reference-0.17 inline 00": {"train-loss": 0.5, "accuracy": 0.9},
    "reference-0.17 inline 01": {"key": 0.99},
    "reference-0.17 inline 02": {"example": "image-file"},
    "reference-0.17 inline 03": {"train.acc": 0.9, "val.acc": 0.8},
    "reference-0.17 inline 04": {"train-loss": 0.5},
    "reference-0.17 inline 05": {"accuracy": 0.9},
}

# What medialog warns about: a sample rate of 32 that no browser plays, a colour of 321, a preset that nobody
# registered, an image and then a list under one key.
WARNS = {"guide-2019 06", "guide-2020 04", "guide-2020 18", "guide-2020 22", "guide-2020 31"}


class Session:
    """Stands in for a TensorFlow 1 session: two numbers for two fetches."""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def run(self, fetches: Any, feed_dict: Any = None) -> Any:
        return (1.5, 0.5) if isinstance(fetches, list) else None


def surroundings() -> dict[str, Any]:
    """Return the names that the examples take for granted."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 60)
    scores = random.dirichlet(np.ones(3), 60)
    tests = iter([(0.5, 0.5), (0.5, 0.75), (0.5, 0.6)])
    args = argparse.Namespace(epochs=3, lr=0.01)
    flags = types.SimpleNamespace(flag_values_dict=lambda: {"num_steps": 2, "batch_size": 8})
    picture = random.integers(0, 256, (4, 6, 3), dtype=np.uint8)
    return {
        "wandb": medialog,
        "np": np,
        "args": args,
        "flags": types.SimpleNamespace(FLAGS=flags),
        "your_config_dictionary": {"lr": 0.01},
        "step": 3,
        "epoch": 3,
        "value": 0.99,
        "best_accuracy": 0.99,
        "test": lambda: next(tests),
        "train": lambda epoch: 0.25,
        "torch": types.SimpleNamespace(save=lambda state, path: None),
        "model": types.SimpleNamespace(state_dict=dict),
        "Session": Session,
        "init": "init",
        "train_op": "train",
        "loss_op": "loss",
        "accuracy": "accuracy",
        "X": "X",
        "Y": "Y",
        "mnist": types.SimpleNamespace(train=types.SimpleNamespace(next_batch=lambda size: ([0] * size, [0] * size))),
        "image": picture,
        "img": picture,
        "images": [picture, picture],
        "example_images": [medialog.Image(picture), medialog.Image(picture)],
        "correct": 9,
        "test_loader": types.SimpleNamespace(dataset=[0] * 10),
        "Test": None,
        "test_loss": 0.5,
        "numpy_array_or_pil": picture,
        "numpy_array": random.uniform(-1, 1, 64),
        "numpy_array_or_sequence": random.normal(size=1000),
        "numpy_array_or_path_to_video": random.integers(0, 256, (4, 3, 16, 16), dtype=np.uint8),
        "numpy_array_or_video_path": random.integers(0, 256, (4, 3, 16, 16), dtype=np.uint8),
        "data": [[1, 2.5], [2, 3.5]],
        "x_values": [1, 2, 3],
        "y_values": [1.0, 4.0, 9.0],
        "class_x_prediction_scores": [0.1, 0.2],
        "class_y_prediction_scores": [0.3, 0.4],
        "values": [1, 2],
        "scores": [0.1, 0.5, 0.9],
        "ground_truth": labels,
        "predictions": scores,
        "y_test": labels,
        "y_probas": scores,
        "labels": ["cat", "dog", "bird"],
        "class_names": ["cat", "dog", "bird"],
    }


def special_names(name: str) -> dict[str, Any]:
    """Return names that mean something else in one example."""
    if name == "guide-2020 13":
        return {"labels": ["a", "b"]}
    if name == "guide-2020 07":
        import pandas

        return {"my_dataframe": pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})}
    if name == "guide-2020 32":
        from PIL import Image

        return {"PIL": Image}
    if name == "reference-0.12 05":
        import matplotlib.pyplot as plt

        plt.plot([1, 2, 3, 4])
        return {"plt": plt}
    return {}


def write_files(folder: Path) -> None:
    """Write the files that the examples open."""
    from PIL import Image

    (folder / "some.html").write_text("<html><head></head><body><p>text</p></body></html>")
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / "myimage.jpg")
    fixtures = Path(__file__).parent.parent / "fixtures"
    pdb = next(iter(sorted(fixtures.glob("molecules/*.pdb"))), None)
    if pdb is not None:
        (folder / "6lu7.pdb").write_bytes(pdb.read_bytes())


def write_meshes(folder: Path) -> None:
    import trimesh

    box = trimesh.creation.box()
    for name in ("sample.obj", "sample.glb"):
        box.export(folder / name)
    (folder / "sample.gltf").write_bytes(
        trimesh.exchange.gltf.export_gltf(trimesh.Scene(box), embed_buffers=True)["model.gltf"]
    )


def write_video(folder: Path) -> None:
    from medialog.datatypes.files import MemorySink

    sink = MemorySink()
    frames = np.zeros((4, 3, 16, 16), np.uint8)
    descriptor = medialog.Video(frames, fps=4, format="mp4").encode(sink)
    (folder / "myvideo.mp4").write_bytes(sink.files[descriptor["path"]])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path)
    yield tmp_path
    medialog.finish()
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def test_examples_stand_as_in_their_documents() -> None:
    found = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.txt")}

    assert DIGESTS == found


def test_every_example_is_covered_and_every_repair_applies() -> None:
    assert set(EXAMPLES) == set(EXPECTED)
    for name, repairs in REPAIRS.items():
        for old, new in repairs:
            assert old in EXAMPLES[name], (name, old)
            assert old != new


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_example_runs(name: str, folder: Path) -> None:
    code = EXAMPLES[name]
    for old, new in REPAIRS.get(name, []):
        code = code.replace(old, new)
    code = code.replace("import wandb\n", "import medialog as wandb\n")
    if "sample.obj" in code:
        write_meshes(folder)
    if "myvideo.mp4" in code:
        write_video(folder)
    if "wandb.Api()" in code:
        medialog.init(id="run_id", project="project").finish()
    elif "wandb.init(" not in code:
        medialog.init()

    with warnings.catch_warnings():
        warnings.filterwarnings("error")
        # A file that an example opens and does not close is closed by the interpreter.
        warnings.simplefilter("ignore", ResourceWarning)
        if name in WARNS:
            warnings.simplefilter("ignore", medialog.MedialogWarning)
        exec(compile(code, f"<{name}>", "exec"), surroundings() | special_names(name))
        medialog.finish()

    (path,) = (folder / "runs").iterdir()
    run = medialog.open_run(path)
    assert [] == run.problems
    found = {**flat(run.summary), **{key: value for row in run.history() for key, value in row.items()}}
    for key, expected in EXPECTED[name].items():
        value = found[key]
        if isinstance(value, dict):
            assert expected == value["_type"]
            assert [] == validate(value)
            medialog.load(value, path)
        else:
            assert expected == value


def flat(tree: dict[str, Any], above: str = "") -> dict[str, Any]:
    result = {}
    for key, value in tree.items():
        if isinstance(value, dict) and "_type" not in value:
            result.update(flat(value, f"{above}{key}."))
        else:
            result[above + key] = value
    return result
