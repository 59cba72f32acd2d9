"""Clips and video files for the tests of Video: made here, seeded, by libraries that medialog does not encode with."""

from __future__ import annotations

import io
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from PIL import Image as PillowImage

T, H, W = 12, 48, 64


def smooth(count: int = T, height: int = H, width: int = W) -> np.ndarray:
    """Return a moving pattern without sharp edges, T x 3 x H x W in uint8: every codec keeps it well."""
    t, y, x = np.ogrid[:count, :height, :width]
    waves = (np.sin((x + 2 * t) / 12 + 0 * y), np.sin((y + t) / 15 + 0 * x), np.sin((x + y + 0 * t) / 25))
    return np.stack([np.rint(128 + 100 * wave) for wave in waves], axis=1).astype(np.uint8)


def grainy(count: int = 40, height: int = 128, width: int = 160) -> np.ndarray:
    """Return a photograph's slow pan with a camera's noise, T x 3 x height x width in uint8."""
    random = np.random.default_rng(3)
    ground = np.asarray(PillowImage.fromarray(random.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize((240, 180)))
    pan = [ground[20 : 20 + height, index : index + width] for index in range(count)]
    frames = np.stack(pan) + random.normal(0, 3, (count, height, width, 3))
    return np.ascontiguousarray(np.clip(frames, 0, 255).astype(np.uint8).transpose(0, 3, 1, 2))


def game(count: int = 40, height: int = 128, width: int = 160) -> np.ndarray:
    """Return small sharp things of pure colours that move before black, as T x 3 x height x width in uint8."""
    clip = np.zeros((count, 3, height, width), np.uint8)
    colours = np.array([[200, 72, 72], [66, 72, 200], [72, 160, 72], [162, 162, 42], [142, 142, 142]], np.uint8)
    for index, frame in enumerate(clip):
        for number, colour in enumerate(colours):
            frame[:, 10 + 6 * number : 15 + 6 * number, 8 + 4 * (index // 5) : -8] = colour[:, None, None]
            top, left = (7 * index + 31 * number) % (height - 8), (5 * index + 43 * number) % (width - 8)
            frame[:, top : top + 6, left : left + 4] = colour[:, None, None]
    return clip


def shapes(count: int = 40, height: int = 128, width: int = 160) -> np.ndarray:
    """Return large flat shapes with sharp edges that move, as T x 3 x height x width in uint8."""
    random = np.random.default_rng(5)
    y, x = np.mgrid[:height, :width]
    parts = [(random.integers(0, 256, 3), random.uniform(0, 1, 2), random.integers(-3, 4, 2)) for _ in range(9)]
    clip = np.empty((count, 3, height, width), np.uint8)
    clip[:] = np.array([120, 190, 240], np.uint8)[:, None, None]
    for index, frame in enumerate(clip):
        for number, (colour, place, speed) in enumerate(parts):
            top, left = (place * (height, width) + speed * index) % (height, width)
            inside = np.hypot(y - top, x - left) < 22 if number % 2 else np.abs(y - top) + np.abs(x - left) < 25
            frame[:, inside] = colour[:, None]
    return clip


def drawing(count: int = 6, height: int = 21, width: int = 30) -> np.ndarray:
    """Return a clip of 27 colours, T x 3 x H x W in uint8."""
    return np.random.default_rng(7).integers(0, 3, (count, 3, height, width)).astype(np.uint8) * 120


def pictures(clip: np.ndarray) -> list[PillowImage.Image]:
    return [PillowImage.fromarray(frame) for frame in clip.transpose(0, 2, 3, 1)]


def psnr(expected: np.ndarray, actual: np.ndarray) -> float:
    error = float(((expected.astype(float) - actual.astype(float)) ** 2).mean())
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


def ffmpeg(*arguments: str, data: bytes = b"") -> bytes:
    """Run the ffmpeg that imageio-ffmpeg brings: another build than PyAV's."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *arguments]
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()[-500:]
    return done.stdout


def written_as_moviepy_does(clip: np.ndarray, path: Path) -> None:
    """Write an mp4 as moviepy does, hence W&B: ffmpeg's libx264 as it comes, which is "medium" at 23."""
    _, _, height, width = clip.shape
    source = ("-f", "rawvideo", "-s", f"{width}x{height}", "-pix_fmt", "rgb24", "-r", "10", "-i", "-")
    target = ("-vcodec", "libx264", "-preset", "medium", "-pix_fmt", "yuv420p", str(path))
    ffmpeg("-y", *source, *target, data=clip.transpose(0, 2, 3, 1).tobytes())


def decoded_by_ffmpeg(path: Path) -> tuple[dict[str, Any], np.ndarray]:
    """Return what ffmpeg says of a file (size, fps, duration), and its frames as T x H x W x 3."""
    output = ("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), *output]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    said = done.stderr.decode()
    width, height = map(int, _search(r"Video: .*?, (\d+)x(\d+)[ ,]", said))
    hours, minutes, seconds = map(float, _search(r"Duration: (\d+):(\d+):([\d.]+)", said))
    (rate,) = _search(r"([\d.]+) (?:fps|tbr)", said)
    facts = {"size": (width, height), "fps": float(rate), "duration": 3600 * hours + 60 * minutes + seconds}
    return facts, np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)


def _search(pattern: str, said: str) -> tuple[str, ...]:
    found = re.search(pattern, said)
    assert found is not None, said
    return found.groups()


def decoded_by_pillow(data: bytes) -> tuple[list[int], np.ndarray]:
    """Return the delays of a gif in milliseconds and its frames as T x H x W x 3."""
    with PillowImage.open(io.BytesIO(data)) as picture:
        delays, frames = [], []
        for index in range(picture.n_frames):
            picture.seek(index)
            frames.append(np.asarray(picture.convert("RGB")))
            delays.append(picture.info["duration"])
    return delays, np.stack(frames)


@cache
def made_by_ffmpeg(suffix: str, *options: str, count: int = T, rate: str = "10") -> bytes:
    """Return a file of `smooth()` in any container and codec."""
    import tempfile

    raw = smooth(count).transpose(0, 2, 3, 1).tobytes()
    source = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{W}x{H}", "-r", rate, "-i", "-")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"clip.{suffix}"
        ffmpeg(*source, *options, str(path), data=raw)
        return path.read_bytes()


def h264(*options: str) -> bytes:
    return made_by_ffmpeg("mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", *options)


def vp9(*options: str) -> bytes:
    return made_by_ffmpeg("webm", "-c:v", "libvpx-vp9", *options)


def vp8_ogg() -> bytes:
    return made_by_ffmpeg("ogg", "-c:v", "libvpx")


def gif() -> bytes:
    return made_by_ffmpeg("gif")


def box(kind: bytes, body: bytes = b"") -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body
