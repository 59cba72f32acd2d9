"""A clip of 64 frames, as GIF and as MP4, with how true it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import inputs
from case import Case, Column, Goal, SizeName, Values, Work, faster
from loggers import LOGGERS
from logging_values import COLUMNS, Written, log_values

SIZES: dict[SizeName, int] = {"full": 64, "small": 64, "smoke": 4}


def _log(name: str, suffix: str) -> Any:
    def subject(work: Work) -> Values:
        logger, clip = LOGGERS[name](), inputs.clip(work.size)
        values = log_values(logger, work, lambda logger, clip: getattr(logger, suffix)(clip), [clip])
        return {**values, **_truth(work.home, suffix, clip)}

    return subject


def _truth(place: Path, suffix: str, clip: Any) -> Values:
    """Return size, frames and fidelity of the newest file; none when a logger keeps clips inside a file of its own."""
    files = sorted(place.rglob(f"*.{suffix}"), key=lambda path: path.stat().st_mtime)
    if not files:
        return {}
    kb, fidelity = files[-1].stat().st_size / 1e3, _fidelity(files[-1], clip)
    return {"kb": kb, "kb_frame": kb / fidelity["frames"], **fidelity}


def _fidelity(path: Path, clip: Any) -> Values:
    """Return how many frames are stored, and their peak signal-to-noise ratio in dB.

    Each is compared with the frame it is nearest to: a clip that has lost a frame is not out of step from there on.
    """
    import av
    import numpy as np

    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    original = clip.transpose(0, 2, 3, 1).astype(np.float32)
    errors = []
    for frame in frames:
        nearest = np.mean((original[:, ::8, ::8] - frame[::8, ::8]) ** 2, axis=(1, 2, 3)).argmin()
        errors.append(np.mean((original[nearest] - frame) ** 2))
    return {"frames": len(frames), "psnr": float(10 * np.log10(255**2 / max(float(np.mean(errors)), 1e-9)))}


def _write(suffix: str, encode: Callable[[Any], bytes]) -> Any:
    """Return the subject that writes what `encode(clip)` makes."""

    def subject(work: Work) -> Values:
        clip = inputs.clip(work.size)
        values = log_values(Written(f".{suffix}"), work, lambda _, clip: encode(clip), [clip])
        return {**values, **_truth(work.folder, suffix, clip)}

    return subject


def _one_palette(clip: Any) -> bytes:
    """Return the fastest GIF that Pillow makes: the palette of the first frame for all."""
    from PIL import Image

    pictures = [Image.fromarray(picture) for picture in clip.transpose(0, 2, 3, 1)]
    palette = pictures[0].quantize(256)
    frames = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], optimize=False, duration=100)
    return out.getvalue()


def _x264(clip: Any, preset: str) -> bytes:
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": preset})
        stream.height, stream.width = clip.shape[2:]
        stream.pix_fmt = "yuv420p"
        for picture in clip.transpose(0, 2, 3, 1):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture.copy(), format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


FIDELITY = (
    *COLUMNS,
    Column("frames", "frames", 0),
    Column("kb_frame", "kB a frame"),
    Column("psnr", "PSNR, dB", 1),
)
NOTES = (
    "The file's size, and what comes out of it when it is decoded again, outside the time: how many frames, and their"
    " PSNR against the nearest one of the clip. A clip with fewer frames has lost some."
)

CASES = [
    Case(
        name="video_gif",
        what="Frames of 256 x 256 RGB as an animated GIF.",
        columns=FIDELITY,
        subjects={
            **{name: _log(name, "gif") for name in ("medialog", "wandb", "trackio", "tensorboardX")},
            "Pillow, the first frame's palette": _write("gif", _one_palette),
        },
        sizes=SIZES,
        unit_of_size="frames",
        goals=(Goal("ms", 150), faster(10, "wandb", "ms"), Goal("kb_frame", 1.0, "wandb")),
        notes=f"{NOTES} tensorboardX keeps the GIF inside its file of events.",
        rounds=3,
    ),
    Case(
        name="video_mp4",
        what="Frames of 256 x 256 RGB as an MP4 of H.264.",
        columns=FIDELITY,
        subjects={
            **{name: _log(name, "mp4") for name in ("medialog", "wandb", "trackio")},
            **{
                f"PyAV, x264 {preset}": _write("mp4", partial(_x264, preset=preset))
                for preset in ("veryfast", "ultrafast")
            },
        },
        sizes=SIZES,
        unit_of_size="frames",
        goals=(Goal("ms", 90), Goal("ms", 0.7, "wandb"), Goal("kb_frame", 1.0, "wandb")),
        notes=NOTES,
    ),
]
