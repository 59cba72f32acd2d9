"""The loggers behind one face: begin, make a value, log it, finish. Each as its documentation shows it, and as lean.

Peers run without their system monitors, without a console and without a network; their files are on this disk. What a
logger has no way to store, its class has no method for.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

RATE = 44_100  # of the sounds
COLUMNS = ["id", "name", "loss", "score", "ok"]  # of the tables
# More than the defaults, which are advice; medialog says so before it takes more.
LIMITS = {"metric.points_advice": 10**8, "table.rows": 10**7, "metric.columns_advice": 10**6}


class Medialog:
    """medialog as it comes: each row and file is written when `log` returns, every file hashed."""

    background = False

    library: Any
    run: Any

    def start(self, folder: Path) -> None:
        import medialog

        warnings.simplefilter("ignore", medialog.MedialogWarning)
        self.library = medialog
        self.run = medialog.init(dir=folder, quiet=True, limits=LIMITS, background=self.background)

    def log(self, step: int, row: dict[str, Any]) -> None:
        self.run.log(row)

    def finish(self) -> None:
        self.run.finish()

    def image(self, pixels: Any) -> Any:
        return self.library.Image(pixels)

    def histogram(self, samples: Any) -> Any:
        return self.library.Histogram(samples)

    def gif(self, clip: Any) -> Any:
        return self.library.Video(clip, fps=10, format="gif")

    def mp4(self, clip: Any) -> Any:
        return self.library.Video(clip, fps=10, format="mp4")

    def audio(self, samples: Any) -> Any:
        return self.library.Audio(samples, sample_rate=RATE)

    def points(self, points: Any) -> Any:
        return self.library.Object3D(points)

    def frame(self, frame: Any) -> Any:
        return self.library.Table(dataframe=frame)

    def table(self, rows: Any) -> Any:
        return self.library.Table(columns=COLUMNS, data=rows)

    def pictures(self, pictures: Any) -> Any:
        return self.library.Table(columns=["id", "picture"], data=[[i, self.image(p)] for i, p in enumerate(pictures)])


class MedialogBackground(Medialog):
    """medialog with threads that encode and write."""

    background = True


class Wandb(Medialog):
    """W&B, offline: the same calls on another module."""

    def start(self, folder: Path) -> None:
        import wandb

        self.library = wandb
        settings = wandb.Settings(silent=True, console="off", x_disable_stats=True, disable_git=True)
        self.run = wandb.init(mode="offline", project="bench", dir=folder, settings=settings)

    def table(self, rows: Any) -> Any:
        return self.library.Table(columns=COLUMNS, data=[list(row) for row in rows])


class Trackio:
    """trackio, local: its folder is set by a variable before its first import, so all runs of a process share it."""

    _count = 0

    def start(self, folder: Path) -> None:
        import trackio

        self.library = trackio
        Trackio._count += 1
        self.project = f"bench-{Trackio._count}"
        self.run = trackio.init(project=self.project, name="run", embed=False, auto_log_gpu=False, auto_log_cpu=False)

    def log(self, step: int, row: dict[str, Any]) -> None:
        self.library.log(row)

    def finish(self) -> None:
        self.library.finish()

    def image(self, pixels: Any) -> Any:
        return self.library.Image(pixels)

    def histogram(self, samples: Any) -> Any:
        return self.library.Histogram(samples)

    def gif(self, clip: Any) -> Any:
        return self.library.Video(clip, fps=10, format="gif")

    def mp4(self, clip: Any) -> Any:
        return self.library.Video(clip, fps=10, format="mp4")

    def audio(self, samples: Any) -> Any:
        return self.library.Audio(samples, sample_rate=RATE)

    def points(self, points: Any) -> Any:
        return self.library.Object3D(points)

    def frame(self, frame: Any) -> Any:
        return self.library.Table(dataframe=frame)

    def table(self, rows: Any) -> Any:
        import pandas as pd

        return self.frame(pd.DataFrame(rows, columns=COLUMNS))

    def pictures(self, pictures: Any) -> Any:
        import pandas as pd

        return self.frame(pd.DataFrame({"id": range(len(pictures)), "picture": [self.image(p) for p in pictures]}))


class TensorboardX:
    """tensorboardX: a value is the name of a method and what it is given."""

    def start(self, folder: Path) -> None:
        from tensorboardX import SummaryWriter

        self.writer = SummaryWriter(str(folder))

    def log(self, step: int, row: dict[str, Any]) -> None:
        for key, value in row.items():
            if isinstance(value, tuple):
                name, arguments = value
                getattr(self.writer, name)(key, global_step=step, **arguments)
            else:
                self.writer.add_scalar(key, value, step)

    def finish(self) -> None:
        self.writer.close()

    def image(self, pixels: Any) -> Any:
        return "add_image", {"img_tensor": pixels, "dataformats": "HWC"}

    def histogram(self, samples: Any) -> Any:
        return "add_histogram", {"values": samples}

    def gif(self, clip: Any) -> Any:
        return "add_video", {"vid_tensor": clip[None], "fps": 10}

    def audio(self, samples: Any) -> Any:
        return "add_audio", {"snd_tensor": samples, "sample_rate": RATE}


class Rerun:
    """rerun: raw values into one file."""

    def start(self, folder: Path) -> None:
        import rerun

        self.library = rerun
        self.file = folder / "run.rrd"
        self.recording = rerun.RecordingStream("bench")
        self.recording.save(self.file)

    def log(self, step: int, row: dict[str, Any]) -> None:
        self.recording.set_time("step", sequence=step)
        for key, value in row.items():
            self.recording.log(key, self.library.Scalars(value) if isinstance(value, float) else value)

    def finish(self) -> None:
        self.recording.flush()
        self.recording.disconnect()

    def image(self, pixels: Any) -> Any:
        return self.library.Image(pixels)

    def mask(self, ids: Any) -> Any:
        return self.library.SegmentationImage(ids)

    def histogram(self, samples: Any) -> Any:
        import numpy as np

        counts, _ = np.histogram(samples, 64)
        return self.library.BarChart(counts)

    def points(self, points: Any) -> Any:
        import numpy as np

        return self.library.Points3D(points[:, :3], colors=points[:, 3:].astype(np.uint8))


LOGGERS: dict[str, Any] = {
    "medialog": Medialog,
    "medialog, background": MedialogBackground,
    "wandb": Wandb,
    "trackio": Trackio,
    "tensorboardX": TensorboardX,
    "rerun": Rerun,
}
# The package a subject imports; a subject that is not here needs nothing of its own.
PACKAGES = {"wandb": "wandb", "trackio": "trackio", "tensorboardX": "tensorboardX", "rerun": "rerun"}
