"""Pages in headless Chromium, driven over a pipe by the DevTools protocol: nothing but the standard library.

`with Chromium() as chromium: page = chromium.open("file:///...")`. No port, no driver, and every wait is bounded.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from browser import FLAGS, browser

WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
READY = "document.documentElement.dataset.ready === 'true' || document.querySelector('.fatal') !== null"
LOADED = "location.href !== 'about:blank' && document.readyState === 'complete'"
NO_WEBGL = ("--disable-gpu", "--disable-software-rasterizer", "--disable-3d-apis")


class PageError(AssertionError):
    """What was evaluated in the page raised."""


class Chromium:
    """One browser, gone with all of its processes at the end of its `with`."""

    def __init__(self, *flags: str, webgl: bool = True) -> None:
        command_read, self._write = os.pipe()
        self._read, answer_write = os.pipe()
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        quiet = [flag for flag in FLAGS if flag != "--disable-gpu"]
        command = [browser(), *quiet, *(WEBGL if webgl else NO_WEBGL), *flags, "--remote-debugging-pipe"]
        command += ["--hide-scrollbars", f"--user-data-dir={self._profile}", "about:blank"]
        # The browser reads commands from 3 and writes answers to 4. A program of its own puts the pipes there: what
        # runs between fork and exec in this process, beside the threads of a test, may hang.
        redirect = f"import os, sys; os.dup2({command_read}, 3); os.dup2({answer_write}, 4)"
        redirect += "; os.execvp(sys.argv[1], sys.argv[1:])"
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", redirect, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(command_read, answer_write),
            start_new_session=True,
        )
        os.close(command_read)
        os.close(answer_write)
        self._number = 0
        self._buffer = b""
        self._answers: dict[int, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError, TimeoutError, AssertionError):
            self.call("Browser.close", timeout=5)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # its session: the browser and its helpers
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
        shutil.rmtree(self._profile, ignore_errors=True)

    def call(self, method: str, session: str | None = None, timeout: float = 60, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol; return its result."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        data = memoryview(json.dumps(message).encode() + b"\0")
        while data:
            data = data[os.write(self._write, data) :]
        end = time.monotonic() + timeout
        while number not in self._answers:
            self._receive(end, method)
        answer = self._answers.pop(number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self, end: float, waiting_for: str) -> None:
        left = end - time.monotonic()
        if left <= 0 or not select.select([self._read], [], [], left)[0]:
            raise TimeoutError(f"no answer of the browser: {waiting_for}")
        piece = os.read(self._read, 1 << 20)
        assert piece, "the browser is gone"
        *messages, self._buffer = (self._buffer + piece).split(b"\0")
        for text in messages:
            message = json.loads(text)
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self.events.append(message)

    def open(
        self,
        url: str,
        *,
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        until: str = READY,
        before: str = "",
    ) -> Page:
        """Open an address in a tab of its own; wait until a report says that it is ready, or for another condition.

        `before` is a script that runs before those of the page.
        """
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        page.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )
        if before:
            page.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        page.call("Page.navigate", url=url)
        page.wait(until)
        return page

    def pages(self) -> list[str]:
        """Return the addresses of all pages that are open."""
        found = self.call("Target.getTargets")["targetInfos"]
        return [each["url"] for each in found if each["type"] == "page"]


class Page:
    def __init__(self, chromium: Chromium, session: str, target: str) -> None:
        self.chromium = chromium
        self._session = session
        self._target = target

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self.chromium.call(method, self._session, **params)

    def close(self) -> None:
        self.chromium.call("Target.closeTarget", targetId=self._target)

    def frames(self) -> list[int]:
        """Return a context in each frame of the page, in their order, to `evaluate` in."""
        tree = self.call("Page.getFrameTree")["frameTree"]
        ids = [child["frame"]["id"] for child in tree.get("childFrames", [])]
        return [self.call("Page.createIsolatedWorld", frameId=each)["executionContextId"] for each in ids]

    def evaluate(self, expression: str, frame: int | None = None) -> Any:
        """Return the value of an expression, awaited where it is a promise."""
        place = {} if frame is None else {"contextId": frame}
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, **place)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise PageError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def wait(self, condition: str, timeout: float = 30, frame: int | None = None) -> Any:
        """Wait until an expression is true. The page's policy forbids eval inside it: this asks from outside."""
        end = time.monotonic() + timeout
        while True:
            try:
                value = self.evaluate(condition, frame)
            except PageError:
                value = None
            if value:
                return value
            if time.monotonic() > end:
                raise TimeoutError(f"not within {timeout} s: {condition}")
            time.sleep(0.02)

    def press(self, key: str, *, shift: bool = False) -> None:
        text = key if len(key) == 1 else {"Enter": "\r", "Space": " "}.get(key, "")
        name = " " if key == "Space" else key
        codes = {
            "ArrowLeft": 37,
            "ArrowRight": 39,
            "Home": 36,
            "End": 35,
            "Escape": 27,
            "Enter": 13,
            "Space": 32,
            "Tab": 9,
        }
        code = codes.get(key, ord(key.upper()[0]) if len(key) == 1 else 0)
        params = {"key": name, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **params)
        self.call("Input.dispatchKeyEvent", type="keyUp", **params)

    def click(self, selector: str) -> None:
        """Press the mouse on the middle of what a selector finds."""
        x, y = self.middle(selector)
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)

    def middle(self, selector: str) -> tuple[float, float]:
        """Return the middle of what a selector finds, in view, once it stands still: panels above it may still grow."""
        for _ in range(50):
            before = self._middle(selector)
            self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
            if before == self._middle(selector):
                return before
        raise TimeoutError(f"does not stand still: {selector}")

    def _middle(self, selector: str) -> tuple[float, float]:
        box = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'nearest'});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        return box[0], box[1]

    def mouse(self, kind: str, x: float, y: float, **params: Any) -> None:
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **params)

    def screenshot(self, path: str | os.PathLike[str] | None = None, clip: dict[str, float] | None = None) -> bytes:
        params: dict[str, Any] = {"format": "png"}
        if clip is not None:
            params["clip"] = {**clip, "scale": 1}
        data = base64.b64decode(self.call("Page.captureScreenshot", **params)["data"])
        if path is not None:
            Path(path).write_bytes(data)
        return data

    def picture_of(self, selector: str) -> bytes:
        """Return a screenshot of what a selector finds."""
        box = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center'});"
            " const b = e.getBoundingClientRect(); return {x: b.x, y: b.y, width: b.width, height: b.height}; })()"
        )
        return self.screenshot(clip=box)

    def settle(self, seconds: float = 0.3) -> None:
        time.sleep(seconds)
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")

    def _events(self) -> Iterator[dict[str, Any]]:
        self.evaluate("1")  # what the browser has to say stands before the answer
        for event in self.chromium.events:
            if event.get("sessionId") == self._session:
                yield event

    def errors(self) -> list[str]:
        """Return what the console called an error, and what was raised and not caught."""
        found = []
        for event in self._events():
            params = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                found.append(details.get("exception", {}).get("description") or details["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
                found.append(" ".join(str(one.get("value", one.get("description"))) for one in params["args"]))
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        return found

    def requests(self) -> list[str]:
        """Return every address that the page asked for, beyond its own bytes and what its policy refused."""
        found: dict[str, str] = {}
        for event in self._events():
            params = event["params"]
            if event["method"] == "Network.requestWillBeSent":
                found[params["requestId"]] = params["request"]["url"]
            elif event["method"] == "Network.loadingFailed" and params.get("blockedReason"):
                found.pop(params["requestId"], None)
        return [url for url in found.values() if not url.startswith(("data:", "blob:", "file:", "about:"))]
