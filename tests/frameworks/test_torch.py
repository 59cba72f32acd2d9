"""Real torch tensors, on the CPU: every place that takes an array takes them, with the values they have.

Run by `make test-frameworks`, which installs torch; the ordinary tests use the stand-ins of `foreign.py`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import medialog
from medialog.datatypes import arrays
from medialog.validators.errors import InvalidInput, WrongType

SINK = medialog.MemorySink


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    torch.manual_seed(0)
    yield
    medialog.finish()


def picture(*shape: int) -> Any:
    return torch.rand(*(shape or (3, 6, 7)))


# --- to numpy ---

VALUES = torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: VALUES,
        lambda: VALUES.clone().requires_grad_(),
        lambda: VALUES.clone().requires_grad_() * 1,
        lambda: torch.nn.Parameter(VALUES),
        lambda: torch.nn.Buffer(VALUES),
        lambda: VALUES.half(),
        lambda: VALUES.double(),
        lambda: VALUES.bfloat16(),
        lambda: VALUES.to(torch.float8_e4m3fn),
        lambda: VALUES.to(torch.float8_e5m2),
        lambda: VALUES.to(torch.float8_e4m3fnuz),
        lambda: VALUES.to(torch.float8_e5m2fnuz),
        lambda: VALUES.int(),
        lambda: VALUES.byte(),
        lambda: VALUES.t().contiguous().t(),
        lambda: VALUES.to_sparse(),
        lambda: VALUES.to_sparse_csr(),
        lambda: VALUES.to_sparse_csc(),
        lambda: (VALUES * 1j).imag,
        lambda: (VALUES * 1j).conj().imag.neg(),
        lambda: -(VALUES * -1),
        lambda: [row.clone().requires_grad_() for row in VALUES],
        lambda: [[value.clone().requires_grad_() for value in row] for row in VALUES],
        lambda: list(VALUES),
        lambda: VALUES.numpy(),
    ],
)
def test_spellings_of_one_tensor(make: Callable[[], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch's own, of sparse layouts
        value = make()
    array = arrays.to_numpy(value)

    assert type(array) is np.ndarray
    assert VALUES.tolist() == array.tolist()


def test_quantized() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, and still in people's models
        quantized = torch.quantize_per_tensor(VALUES, 1.0, 0, torch.quint8)

    assert VALUES.tolist() == arrays.to_numpy(quantized).tolist()


def nested() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)])


def fake() -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        return torch.zeros(3)


@pytest.mark.parametrize("make", [lambda: torch.zeros(3, device="meta"), nested, fake], ids=["meta", "nested", "fake"])
def test_tensors_without_values(make: Callable[[], Any], tmp_path: Path) -> None:
    run = medialog.init(dir=tmp_path)
    for use in (medialog.Histogram, medialog.Image, lambda value: run.log({"key": value})):
        with pytest.raises(InvalidInput, match="a tensor whose values can be read"):
            use(make())
    with pytest.raises(InvalidInput, match="a tensor whose values can be read"):
        run.summary["key"] = make()
    assert 0 == run.step


def test_inside_a_transformation() -> None:
    def loss(x: Any) -> Any:
        medialog.Histogram(x)
        return x.sum()

    with pytest.raises(InvalidInput, match="a tensor whose values can be read"):
        torch.func.grad(loss)(torch.zeros(3))


def test_complex_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"real and imaginary parts.*\[array\.dtype\]"):
        medialog.Histogram(torch.zeros(3, dtype=torch.cfloat))


# --- images ---


def expected(x: Any) -> np.ndarray:
    pixels: np.ndarray = np.rint(x.double().permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    return pixels


def test_an_image_is_c_h_w() -> None:
    x = picture()

    assert (expected(x) == medialog.Image(x).to_numpy()).all()
    assert medialog.Image(x) == medialog.Image(x.clone().requires_grad_())
    assert medialog.Image(x) == medialog.Image(x.permute(1, 2, 0).contiguous().permute(2, 0, 1))
    assert (x.bfloat16().float().permute(1, 2, 0).mul(255).round().byte().numpy()
            == medialog.Image(x.bfloat16()).to_numpy()).all()  # fmt: skip
    assert "RGBA" == medialog.Image(picture(4, 6, 7)).mode
    assert (6, 7) == medialog.Image(picture(1, 6, 7)).to_numpy().shape == medialog.Image(picture(6, 7)).to_numpy().shape


def test_integers_and_booleans_of_an_image() -> None:
    x = torch.randint(0, 256, (3, 6, 7))

    for dtype in (torch.uint8, torch.int16, torch.int32, torch.int64):
        assert (x.permute(1, 2, 0).numpy() == medialog.Image(x.to(dtype)).to_numpy()).all()
    assert ((x > 99).permute(1, 2, 0).numpy() * 255 == medialog.Image(x > 99).to_numpy()).all()


def test_an_image_is_a_snapshot() -> None:
    x = torch.ones(3, 4, 4)
    image = medialog.Image(x)
    x.zero_()

    assert 255 == image.to_numpy().min()


@pytest.mark.parametrize(
    ("shape", "hint"),
    [((6, 7, 3), r"permute\(2, 0, 1\)"), ((2, 3, 6, 7), "looks like a batch"), ((1, 3, 6, 7), "looks like a batch")],
)
def test_other_layouts_say_what_they_look_like(shape: tuple[int, ...], hint: str) -> None:
    with pytest.raises(InvalidInput, match=hint):
        medialog.Image(picture(*shape))


def test_masks_and_boxes() -> None:
    ids = torch.randint(0, 5, (6, 7))
    box = {
        "position": {"middle": torch.tensor([0.3, 0.4]), "width": torch.tensor(0.25), "height": 0.5},
        "class_id": torch.tensor(2),
        "scores": {"sure": torch.tensor(0.5, requires_grad=True)},
    }
    image = medialog.Image(
        picture(), masks={"m": {"mask_data": ids}}, boxes={"b": {"box_data": [box], "class_labels": {2: "two"}}}
    )

    assert (ids.numpy() == image.masks["m"].to_numpy()).all()
    stored = image.boxes["b"].boxes[0]
    assert (2, {"sure": 0.5}) == (stored["class_id"], stored["scores"])
    assert 0.25 == stored["position"]["width"]


# --- the other types ---


def test_histograms() -> None:
    x = torch.randn(1000)
    counts, edges = np.histogram(x.numpy(), bins=64)

    histogram = medialog.Histogram(torch.nn.Parameter(x))
    assert counts.tolist() == histogram.counts.tolist()
    assert np.allclose(edges, histogram.edges)
    assert 10 == len(medialog.Histogram(np_histogram=torch.histogram(x, bins=10)).counts)
    assert 2 == medialog.Histogram([torch.tensor(1.0), torch.tensor(2.0, requires_grad=True)]).counts.sum()


def test_video_audio_points_and_charts() -> None:
    clip = torch.randint(0, 256, (2, 4, 3, 8, 8), dtype=torch.uint8)
    stored = medialog.Video(clip).encode(SINK())
    assert (4, 8, 16) == (stored["frames"], stored["height"], stored["width"])
    assert medialog.Video(clip[0]) == medialog.Video(clip[0].numpy())

    wave = torch.sin(torch.arange(800) / 10).requires_grad_()
    audio = medialog.Audio(wave, sample_rate=torch.tensor(8000))
    assert audio == medialog.Audio(wave.detach().numpy(), sample_rate=8000)
    with pytest.raises(InvalidInput, match="pass its transpose"):  # torchaudio's layout
        medialog.Audio(wave[None], sample_rate=8000)

    points = torch.rand(10, 3, requires_grad=True)
    assert medialog.Object3D(points) == medialog.Object3D(points.detach().numpy())
    scene = {"type": "lidar/beta", "points": points, "boxes": [{"corners": CORNERS, "label": "b", "color": [1, 2, 3]}]}
    assert "scene" in str(medialog.Object3D(scene))
    medialog.box3d(center=torch.zeros(3), size=torch.ones(3), orientation=torch.tensor([1.0, 0, 0, 0]),
                   color=torch.tensor([255, 0, 0]), label="a", score=torch.tensor(0.5))  # fmt: skip

    truth, scores = torch.tensor([0, 1, 1]), torch.softmax(torch.randn(3, 2, requires_grad=True), 1)
    assert medialog.plot.roc_curve(truth, scores) == medialog.plot.roc_curve(truth.tolist(), scores.tolist())
    assert medialog.plot.pr_curve(truth, scores) == medialog.plot.pr_curve(truth.tolist(), scores.tolist())
    assert medialog.plot.confusion_matrix(y_true=truth, preds=truth) == medialog.plot.confusion_matrix(
        y_true=truth.tolist(), preds=truth.tolist()
    )


CORNERS = torch.tensor([[0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])


def test_cells_of_a_table() -> None:
    table = medialog.Table(["whole", "real", "truth", "vector"])
    table.add_data(torch.tensor(1), torch.nn.Parameter(torch.tensor(0.5)), torch.tensor(True), torch.arange(3.0))
    table.add_data(torch.tensor(2), 0.25, False, torch.arange(3.0).bfloat16())

    assert [[1, 0.5, True], [2, 0.25, False]] == [row[:3] for row in table.data]
    descriptor = table.encode(SINK())
    assert ["integer", "number", "boolean", "ndarray"] == [column["type"] for column in descriptor["column_types"]]
    assert [[0.0, 1.0], [2.0, 3.0]] == medialog.Table(["a", "b"], torch.arange(4.0).reshape(2, 2)).data
    assert [[0, 0.5]] == medialog.Table(data={"a": torch.tensor([0]), "b": torch.tensor([0.5])}).data


# --- log, summary, config ---


def test_values_in_a_row(tmp_path: Path) -> None:
    run = medialog.init(dir=tmp_path)
    model = torch.nn.Linear(20, 20)
    loss = model(torch.randn(2, 20)).square().mean()
    loss.backward()
    run.log(
        {
            "loss": loss,
            "one": torch.tensor([2]),
            "truth": torch.tensor(True),
            "bfloat16": torch.tensor(1.5, dtype=torch.bfloat16),
            "few": torch.arange(5),
            "empty": torch.zeros(0),
            "nan": torch.tensor(float("nan")),
            "scalars": [torch.tensor(1.0), torch.tensor(2.0, requires_grad=True)],
            "shape": torch.Size([1, 2]),
            "dtype": torch.float32,
            "device": torch.device("cpu"),
            "max": torch.tensor([[1.0, 2.0]]).max(1),
            "weights": model.state_dict(),
            "gradient": model.weight.grad,
            "sparse": torch.eye(8).to_sparse(),
            "images": [medialog.Image(picture()), medialog.Image(picture())],
        },
        step=torch.tensor(7),
        commit=True,
    )
    (row,) = run.reader().history()

    assert (7, loss.item(), 2, True, 1.5) == tuple(row[key] for key in ("_step", "loss", "one", "truth", "bfloat16"))
    assert ([0, 1, 2, 3, 4], [], [1.0, 2.0], [1, 2]) == tuple(row[k] for k in ("few", "empty", "scalars", "shape"))
    assert np.isnan(row["nan"])
    assert ("torch.float32", "cpu", [2.0, 1]) == (row["dtype"], row["device"], row["max"])
    for key in ("weights.weight", "gradient", "sparse"):
        assert "histogram" == row[key]["_type"]
    assert 20 == len(row["weights.bias"])
    assert "images/separated" == row["images"]["_type"]
    with pytest.raises(WrongType, match=r"'model': .*, got torch\.nn\.modules\.linear\.Linear"):
        run.log({"model": model})


def test_summary_and_config(tmp_path: Path) -> None:
    tensor = torch.randn(100, requires_grad=True)
    config = {"lr": torch.tensor(0.5), "sizes": torch.tensor([1, 2]), "device": torch.device("cpu")}
    run = medialog.init(dir=tmp_path, config=config)
    run.summary["tensor"] = tensor
    run.summary["half"] = tensor.bfloat16()
    run.summary["accuracy"] = torch.tensor(0.75)

    assert {"lr": 0.5, "sizes": [1, 2], "device": "cpu"} == run.config.as_dict()
    assert 0.75 == run.summary["accuracy"]
    again = medialog.load(run.summary["tensor"], str(run.dir)).to_numpy()
    assert (tensor.detach().numpy() == again).all()
    assert "float32" == run.summary["half"]["dtype"]


def test_nothing_of_the_caller_is_changed() -> None:
    x = picture().requires_grad_()
    before = x.detach().clone()
    for use in (medialog.Image, medialog.Histogram):
        use(x).encode(SINK())

    assert x.requires_grad
    assert x.grad is None
    assert x.device == torch.device("cpu")
    assert torch.equal(before, x.detach())
