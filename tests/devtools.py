"""Pages in a real Chromium, driven through a pipe: no port, no driver, every wait bounded."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from browser import FLAGS, browser

WAIT = 60.0
GRAPHICS = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


class Page:
    """One page: `open`, `evaluate`, `wait_for`, `screenshot`; what went wrong in it stands in `errors`."""

    def __init__(self, process: subprocess.Popen[bytes], to: int, back: int, width: int, height: int) -> None:
        self._process, self._to, self._back = process, to, back
        self._number, self._rest = 0, b""
        self._session: str | None = None
        self.errors: list[str] = []
        self._asked: dict[str, str] = {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        answer = self._receive(self._number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self, wanted: int | None, seconds: float = WAIT) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            while b"\0" in self._rest:
                raw, _, self._rest = self._rest.partition(b"\0")
                message: dict[str, Any] = json.loads(raw)
                if message.get("id") == wanted and wanted is not None:
                    return message
                self._note(message)
            if select.select([self._back], [], [], min(0.2, seconds))[0]:
                piece = os.read(self._back, 1 << 20)
                assert piece, "the browser is gone"
                self._rest += piece
        assert wanted is None, f"no answer in {seconds} seconds"
        return {}

    def _note(self, message: dict[str, Any]) -> None:
        method, facts = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = facts["exceptionDetails"]
            self.errors.append(str(details.get("exception", {}).get("description", details.get("text"))))
        elif method == "Runtime.consoleAPICalled" and facts["type"] == "error":
            self.errors.append(" ".join(str(each.get("value", each.get("description"))) for each in facts["args"]))
        elif method == "Log.entryAdded" and facts["entry"]["level"] == "error":
            self.errors.append(f"{facts['entry']['text']} {facts['entry'].get('url', '')}".strip())
        elif method == "Network.requestWillBeSent":
            self._asked[facts["requestId"]] = facts["request"]["url"]
        elif method == "Network.loadingFailed" and facts.get("blockedReason"):
            self._asked.pop(facts["requestId"], None)

    @property
    def requests(self) -> list[str]:
        """Return the addresses that were asked for and not refused by the page's policy."""
        return list(self._asked.values())

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""
        self.call("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete'")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, which may be a promise."""
        found = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def frames(self) -> list[int]:
        """Return a context in each frame of the page, in their order, to `evaluate_in`."""
        tree = self.call("Page.getFrameTree")["frameTree"]
        ids = [child["frame"]["id"] for child in tree.get("childFrames", [])]
        return [self.call("Page.createIsolatedWorld", frameId=each)["executionContextId"] for each in ids]

    def evaluate_in(self, context: int, expression: str) -> Any:
        """Return the value of an expression in a frame."""
        found = self.call("Runtime.evaluate", expression=expression, contextId=context, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait_in(self, context: int, expression: str, seconds: float = WAIT) -> None:
        """Wait until an expression holds in a frame."""
        end = time.monotonic() + seconds
        while not self.evaluate_in(context, f"Boolean({expression})"):
            assert time.monotonic() < end, f"not so in {seconds} seconds: {expression}"
            self.pause(0.1)

    def wait_for(self, expression: str, seconds: float = WAIT) -> None:
        """Wait until an expression holds."""
        end = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < end, f"not so in {seconds} seconds: {expression}"
            self.pause(0.1)

    def pause(self, seconds: float) -> None:
        """Let the page go on."""
        self._receive(None, seconds)

    def screenshot(self, path: Path) -> Path:
        """Write what is seen as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
        return path

    def targets(self) -> list[str]:
        """Return the addresses of all pages that are open."""
        session, self._session = self._session, None
        try:
            found = self.call("Target.getTargets")["targetInfos"]
        finally:
            self._session = session
        return [each["url"] for each in found if each["type"] == "page"]


@contextmanager
def open_page(width: int = 1440, height: int = 900, *flags: str) -> Iterator[Page]:
    """Start a browser with one empty page; it is gone afterwards, whatever happens."""
    profile = tempfile.mkdtemp(prefix="medialog-browser-")
    commands, to = os.pipe()
    back, answers = os.pipe()
    quiet = [flag for flag in FLAGS if flag != "--disable-gpu"]
    command = [
        browser(),
        *quiet,
        *GRAPHICS,
        *flags,
        "--remote-debugging-pipe",
        f"--user-data-dir={profile}",
        "about:blank",
    ]
    # The browser reads from 3 and writes to 4; between fork and exec a program of its own puts the pipes there.
    redirect = f"import os, sys; os.dup2({commands}, 3); os.dup2({answers}, 4); os.execvp(sys.argv[1], sys.argv[1:])"
    redirected = [sys.executable, "-S", "-c", redirect, *command]
    with subprocess.Popen(
        redirected,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(commands, answers),
        start_new_session=True,
    ) as process:
        try:
            os.close(commands)
            os.close(answers)
            yield Page(process, to, back, width, height)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # our own session: the browser and its helpers
            process.wait(10)
            os.close(to)
            os.close(back)
            shutil.rmtree(profile, ignore_errors=True)


class Listener:
    """A server on the loopback that remembers everything that reaches it."""

    def __init__(self) -> None:
        self.hits: list[str] = []
        self.connections = 0
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                listener.connections += 1
                super().handle_one_request()

            def answer(self) -> None:
                listener.hits.append(f"{self.command} {self.path}")
                self.send_response(200)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = do_HEAD = do_OPTIONS = answer

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
