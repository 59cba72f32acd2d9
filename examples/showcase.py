"""Every type of medialog on what the training made: `log_everything` logs one of each, `read_back` loads each again."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import trimesh
from coins import CoinFinder
from digits import DigitNetwork
from PIL import Image as PillowImage
from rdkit import Chem

import medialog

Array = np.ndarray[Any, Any]
CAFFEINE = "CN1C=NC2=C1C(=O)N(C(=O)N2C)C"


def log_everything(run: medialog.Run, network: DigitNetwork, finder: CoinFinder, film: list[Array]) -> None:
    """Log one step with every type, on real content."""
    labels, probabilities = network.probabilities()
    guesses = probabilities.argmax(axis=1)
    names = [str(digit) for digit in range(10)]
    losses = [row["train/loss"] for row in run.reader().history(keys=["train/loss"])]
    run.log(
        {
            "film": medialog.Video(np.stack(film)[:, None], fps=12, format="mp4", caption="probability of a coin"),
            "film as gif": medialog.Video(np.stack(film)[::8, None], fps=4),
            "sound of the loss": medialog.Audio(sonify(losses), sample_rate=16_000, caption="lower is better"),
            "mistakes": mistakes(network),
            "page": medialog.Html(page(network)),
            "notes": medialog.Text("# Notes\n\nA *network* of two layers and a coin finder.", markdown=True),
            "digits in space": digits_in_space(network),
            "scene": scene(network),
            "relief": relief(finder),
            "molecule": medialog.Molecule.from_smiles(CAFFEINE, caption="what kept us awake"),
            "loss as figure": loss_figure(losses),
            "loss as plotly": go.Figure(go.Scatter(y=losses, name="loss")),
            "plots": {
                "precision and recall": medialog.plot.pr_curve(labels, probabilities, labels=names),
                "roc": medialog.plot.roc_curve(labels, probabilities, labels=names, classes_to_plot=[3, 8]),
                "confusion": medialog.plot.confusion_matrix(y_true=labels, preds=guesses, class_names=names),
                "loss": medialog.plot.line(loss_table(losses), "step", "loss", title="Training loss"),
                "digits": digit_counts(labels, guesses),
            },
        }
    )
    plt.close("all")


def log_foreign_objects(run: medialog.Run, network: DigitNetwork, finder: CoinFinder) -> None:
    """Log objects of other libraries as they are; medialog knows what they become."""
    labels, probabilities = network.probabilities()
    frame = pd.DataFrame({"digit": labels, "sure": probabilities.max(axis=1)}).groupby("digit", as_index=False).mean()
    run.log(
        {
            "data frame": frame,
            "pillow": PillowImage.fromarray(finder.photograph),
            "figure": loss_figure([1.0, 0.5, 0.25]),
            "molecule": Chem.MolFromSmiles("CCO"),
            "mesh": trimesh.creation.icosphere(subdivisions=2),
            "tensor": network.hidden_weights,
        }
    )
    plt.close("all")


def sonify(losses: list[float], sample_rate: int = 16_000) -> Array:
    """Two seconds of a tone whose pitch follows the loss."""
    time = np.linspace(0, 1, 2 * sample_rate)
    loss = np.interp(time, np.linspace(0, 1, len(losses)), losses)
    pitch = 220 + 440 * loss / max(losses)
    return 0.4 * np.sin(2 * np.pi * np.cumsum(pitch) / sample_rate)


def mistakes(network: DigitNetwork) -> medialog.Table:
    """A table of the digits that the network takes for others, with their pictures."""
    table = medialog.Table(columns=["digit", "taken for", "probability", "picture"])
    for pixels, label, probabilities in network.mistakes():
        guess = int(probabilities.argmax())
        table.add_data(int(label), guess, float(probabilities[guess]), medialog.Image(pixels / 16.0))
    return table


def page(network: DigitNetwork) -> str:
    return f"<h1>Digits</h1><p>Accuracy <b>{network.accuracy():.1%}</b> on digits that it has not seen.</p>"


def digits_in_space(network: DigitNetwork) -> medialog.Object3D:
    """The validation digits in the space of their three principal components, coloured by digit (categories 1..10)."""
    positions, labels = network.principal_components()
    return medialog.Object3D(np.column_stack([positions, labels + 1]), caption="principal components")


def scene(network: DigitNetwork) -> medialog.Object3D:
    """The zeros and ones in space, each cloud in a box."""
    positions, labels = network.principal_components()
    boxes = []
    for digit, color in ((0, (255, 80, 80)), (1, (80, 80, 255))):
        cloud = positions[labels == digit]
        low, high = np.percentile(cloud, [10, 90], axis=0)
        center, size = (low + high) / 2, high - low
        boxes.append(medialog.box3d(center=center, size=size, orientation=[1, 0, 0, 0], color=color, label=str(digit)))
    chosen = positions[labels < 2]
    return medialog.Object3D.from_point_cloud(points=chosen, boxes=boxes)


def relief(finder: CoinFinder) -> medialog.Object3D:
    """The photograph of the coins as a landscape, as a trimesh object."""
    heights = finder.photograph[::6, ::6] / 255.0 * 6
    rows, columns = heights.shape
    y, x = np.mgrid[0:rows, 0:columns]
    vertices = np.column_stack([x.ravel(), y.ravel(), heights.ravel()])
    corner = (y[:-1, :-1] * columns + x[:-1, :-1]).ravel()
    upper = np.column_stack([corner, corner + 1, corner + columns])
    lower = np.column_stack([corner + 1, corner + columns + 1, corner + columns])
    return medialog.Object3D(trimesh.Trimesh(vertices, np.concatenate([upper, lower]), process=False))


def loss_figure(losses: list[float]) -> Any:
    figure, axes = plt.subplots(figsize=(5, 3))
    axes.plot(losses, label="training loss")
    axes.set_xlabel("step")
    axes.legend()
    return figure


def digit_counts(labels: Array, guesses: Array) -> medialog.VegaLite:
    """How often each digit is there and how often it is guessed, as a chart of the user's own."""
    counts = [
        {"digit": digit, "count": int((found == digit).sum()), "of": of}
        for of, found in (("labels", labels), ("guesses", guesses))
        for digit in range(10)
    ]
    return medialog.VegaLite(
        {
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            "data": {"values": counts},
            "mark": "bar",
            "encoding": {
                "x": {"field": "digit", "type": "ordinal"},
                "xOffset": {"field": "of"},
                "y": {"field": "count", "type": "quantitative"},
                "color": {"field": "of", "type": "nominal"},
            },
        }
    )


def loss_table(losses: list[float]) -> medialog.Table:
    return medialog.Table(columns=["step", "loss"], data=[[step, loss] for step, loss in enumerate(losses)])


def read_back(run: medialog.RunReader) -> list[tuple[str, str]]:
    """Load everything that the last two steps logged; return what each is."""
    found = []
    for step in run.steps[-2:]:
        for row in run.history():
            if row["_step"] == step:
                for key, value in row.items():
                    if isinstance(value, dict) and "_type" in value:
                        found.append((key, repr(run.media(key, step=step))))
    return found
