"""What medialog encodes plays in a browser: headless Chromium, a page from the loopback, bounded waits.

Without Chromium this fails, unless MEDIALOG_NO_BROWSER=1 says that there is none.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import FLAGS, browser
from medialog.datatypes.video import Video

WAIT = 40
COLOURS = {"left": [200, 40, 40], "right": [40, 60, 200]}

PAGE = """<!doctype html><meta charset="utf-8"><script>
const wait = (target, name) => new Promise((done, fail) => {
  target.addEventListener(name, done, { once: true });
  const failed = () => fail(new Error('error ' + (target.error ? target.error.message : '')));
  target.addEventListener('error', failed, { once: true });
});
const pixels = (target, width, height) => {
  const canvas = document.createElement('canvas');
  canvas.width = width; canvas.height = height;
  const context = canvas.getContext('2d');
  context.drawImage(target, 0, 0);
  const at = x => Array.from(context.getImageData(x, height / 2, 1, 1).data.slice(0, 3));
  return { left: at(width / 4), right: at(3 * width / 4) };
};
async function play(format) {
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  video.src = URL.createObjectURL(await (await fetch('/clip.' + format)).blob());
  await video.play();
  while (video.currentTime < 0.2) await wait(video, 'timeupdate');
  video.pause();
  video.currentTime = 1.0;
  await wait(video, 'seeked');
  return { width: video.videoWidth, height: video.videoHeight, duration: video.duration, time: video.currentTime,
           pixels: pixels(video, video.videoWidth, video.videoHeight) };
}
async function show() {
  const image = document.createElement('img');
  image.src = '/clip.gif';
  document.body.append(image);
  await image.decode();
  return { width: image.naturalWidth, height: image.naturalHeight,
           pixels: pixels(image, image.naturalWidth, image.naturalHeight) };
}
addEventListener('load', async () => {
  const found = {};
  for (const format of ['mp4', 'webm', 'ogg', 'gif']) {
    const tried = format === 'gif' ? show() : play(format);
    const late = new Promise((_, fail) => setTimeout(() => fail(new Error('nothing happened')), 8000));
    found[format] = await Promise.race([tried, late]).catch(error => ({ error: String(error) }));
  }
  await fetch('/found', { method: 'POST', body: JSON.stringify(found) });
});
</script><body></body>"""


def colours() -> np.ndarray:
    """Return 20 frames of two colours side by side; odd sizes, so that the mp4 is padded."""
    clip = np.empty((20, 3, 95, 127), np.uint8)
    clip[..., :64] = np.array(COLOURS["left"], np.uint8)[:, None, None]
    clip[..., 64:] = np.array(COLOURS["right"], np.uint8)[:, None, None]
    return clip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what the browser says of each format."""
    program = browser()
    clip = colours()
    files = {f"/clip.{name}": Video(clip, fps=10, format=name).read() for name in ("gif", "mp4", "webm", "ogg")}
    files["/"] = PAGE.encode()
    answer: dict[str, Any] = {}
    arrived = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = files.get(self.path)
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Type", "text/html" if self.path == "/" else "application/octet-stream")
            if self.path.endswith("gif"):
                self.send_header("Content-Type", "image/gif")
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def do_POST(self) -> None:
            answer.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            arrived.set()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    profile: Path = tmp_path_factory.mktemp("profile")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        page = f"http://127.0.0.1:{server.server_port}/"
        command = [program, *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-port=0", page]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            try:
                arrived.wait(WAIT)
            finally:
                os.killpg(process.pid, signal.SIGKILL)  # our own session: the browser and its helpers
                process.wait(10)
        server.shutdown()
        serving.join(10)
    shutil.rmtree(profile, ignore_errors=True)
    assert arrived.is_set(), f"the browser said nothing in {WAIT} seconds"
    return answer


@pytest.mark.parametrize(("format", "height", "width"), [("mp4", 96, 128), ("webm", 95, 127), ("ogg", 95, 127)])
def test_it_plays(found: dict[str, Any], format: str, height: int, width: int) -> None:
    facts = found[format]

    assert "error" not in facts, facts
    assert (width, height) == (facts["width"], facts["height"])
    assert pytest.approx(2.0, abs=0.06) == facts["duration"]
    assert pytest.approx(1.0, abs=0.11) == facts["time"]
    for side, colour in COLOURS.items():
        np.testing.assert_allclose(facts["pixels"][side], colour, atol=6)


def test_the_gif_is_shown(found: dict[str, Any]) -> None:
    assert {"width": 127, "height": 95, "pixels": COLOURS} == found["gif"]
