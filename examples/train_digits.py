"""A real, small training that logs what it does: `make demo`, or `python examples/train_digits.py`.

Two models learn side by side for 120 steps. A two-layer network learns scikit-learn's handwritten digits, in numpy, so
that every gradient is at hand. A logistic model learns to find the coins in scikit-image's photograph, pixel by pixel,
against the segmentation that a watershed makes. Everything goes into one run directory, which is read back at the end.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from coins import CoinFinder
from digits import DigitNetwork
from showcase import log_everything, log_foreign_objects, read_back

import medialog

STEPS = 120
SHOW_EVERY = 10


def main(directory: str = "runs") -> Path:
    started = time.perf_counter()
    run = medialog.init(
        project="digits",
        name="two-layer network and coin finder",
        config={"steps": STEPS, "hidden": 32, "learning_rate": 0.5, "batch": 128, "seed": 0},
        dir=directory,
    )
    run.define_metric("val/*", summary="last,best", goal="maximize")
    run.define_metric("train/loss", summary="last,min")

    network = DigitNetwork(run.config["hidden"], run.config["seed"])
    finder = CoinFinder(run.config["seed"])
    progress = medialog.Table(columns=["step", "accuracy", "coins found"], log_mode="INCREMENTAL")
    film = []
    for step in range(run.config["steps"]):
        batch = network.train_step(run.config["batch"], run.config["learning_rate"])
        coin_loss = finder.train_step(0.5)

        row: dict[str, Any] = {
            "train/loss": batch.loss,
            "coins/loss": coin_loss,
            "gradients": {name: medialog.Histogram(gradient) for name, gradient in batch.gradients.items()},
            "bias": network.output_bias,  # ten numbers: kept as they are
            "weights": network.hidden_weights,  # two thousand: a histogram
        }
        if step % SHOW_EVERY == 0 or step == STEPS - 1:
            row["val/accuracy"] = network.accuracy()
            row["coins/iou"] = finder.intersection_over_union()
            row["digits"] = digit_images(network)
            row["coins"] = coin_image(finder)
            progress.add_data(step, row["val/accuracy"], len(finder.boxes(finder.predict())))
            row["progress"] = progress  # each time only the rows that are new are stored
        run.log(row)
        film.append(finder.probabilities()[::2, ::2])

    log_everything(run, network, finder, film)
    log_foreign_objects(run, network, finder)
    run.summary["confusion"] = network.confusion()
    run.summary["final weights"] = network.hidden_weights
    run.finish()
    directory_of_run = Path(str(run.dir))
    report(directory_of_run, time.perf_counter() - started)
    print(f"\nlook at it: {medialog.report(directory_of_run, directory_of_run.with_suffix('.html'))}")
    return directory_of_run


def digit_images(network: DigitNetwork) -> list[medialog.Image]:
    """The first eight validation digits with what the network takes them for."""
    pixels, labels, guesses = network.validation_examples(8)
    captions = [f"{label}, taken for {guess}" for label, guess in zip(labels, guesses, strict=True)]
    return [medialog.Image(digit / 16.0, caption=caption) for digit, caption in zip(pixels, captions, strict=True)]


def coin_image(finder: CoinFinder) -> medialog.Image:
    """The photograph with the true and the predicted masks and boxes."""
    labels = {0: "background", 1: "coin"}
    classes = medialog.Classes([{"id": number, "name": name} for number, name in labels.items()])
    layers = {"ground_truth": finder.truth, "prediction": finder.predict()}
    return medialog.Image(
        finder.photograph,
        caption=f"IoU {finder.intersection_over_union():.2f}",
        classes=classes,
        masks={name: {"mask_data": mask, "class_labels": labels} for name, mask in layers.items()},
        boxes={name: {"box_data": finder.boxes(mask), "class_labels": labels} for name, mask in layers.items()},
    )


def report(directory: Path, seconds: float) -> None:
    """Print what is in the run directory, from what can be read back."""
    run = medialog.open_run(directory)
    files = [path for path in directory.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    print(f"\n{len(run.steps)} steps in {seconds:.1f} s -> {directory} ({len(files)} files, {size / 1e6:.1f} MB)\n")
    print("summary:")
    for key in ("train/loss", "val/accuracy", "coins/loss", "coins/iou"):
        print(f"  {key:14} {run.summary[key]}")
    confusion = medialog.load(run.summary["confusion"], run)
    print(f"  {'confusion':14} {confusion}, trace {np.trace(confusion.to_numpy())}")

    print("\none of every type, read back:")
    for key, found in read_back(run):
        print(f"  {key:26} {found[:92]}")
    coins = run.media("coins")
    truth, guess = coins.masks["ground_truth"].to_numpy(), coins.masks["prediction"].to_numpy()
    agree = float((truth == guess).mean())
    print(f"\n{coins}")
    print(f"  its masks agree on {agree:.1%} of the pixels; {len(run.problems)} problems in the directory")
    print("\nread it yourself:")
    print("  import medialog")
    print(f"  run = medialog.open_run({str(directory)!r})")
    print('  run.history(keys=["train/loss"])[-1]; run.media("coins").to_pil().show(); run.summary')


if __name__ == "__main__":
    main(*sys.argv[1:2])
