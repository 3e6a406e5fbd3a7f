"""A headless Chromium, driven by its own protocol over two pipes: nothing has to be installed for
it but the browser.
"""

import base64
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")

BECOME = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 20) for number in sys.argv[1:3]]
for end, wanted in zip(ends, (3, 4)):
    os.dup2(end, wanted)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""A program that puts the pipes where the browser looks for them, and becomes the browser; shells
know only pipes of one digit.
"""


def installed() -> str | None:
    """The browser of this machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page. Messages end with a null character; the browser reads from 3 and writes to 4."""

    def __init__(self, program: str) -> None:
        self._profile = tempfile.mkdtemp(prefix="browser-")
        from_us, self._write = os.pipe()
        self._read, to_us = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", BECOME, str(from_us), str(to_us), program, *ARGUMENTS]
            + [f"--user-data-dir={self._profile}", "--remote-debugging-pipe", "about:blank"],
            pass_fds=(from_us, to_us),
            stderr=subprocess.DEVNULL,
        )
        os.close(from_us)
        os.close(to_us)
        self._numbers = itertools.count(1)
        self._left = b""
        self.events: list[dict[str, Any]] = []
        """What the page has told by itself: exceptions, and lines of its console."""
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer."""
        message: dict[str, Any] = {"id": next(self._numbers), "method": method}
        message |= {"params": parameters} | ({"sessionId": self._session} if self._session else {})
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == message["id"]:
                assert "error" not in told, f"{method}: {told['error']}"
                answer: dict[str, Any] = told["result"]
                return answer
            self.events.append(told)

    def show(self, url: str, *, width: int, height: int, dark: bool = False) -> None:
        """Open a page in a window of a size."""
        self.resize(width, height)
        scheme = "dark" if dark else "light"
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Page.navigate", url=url)

    def resize(self, width: int, height: int) -> None:
        """The window's size, in its own pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def value(self, expression: str) -> Any:
        """What JavaScript makes of it in the page."""
        told = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def press(self, key: str) -> None:
        """A key, down and up."""
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def picture(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    @property
    def complaints(self) -> list[str]:
        """Exceptions, and what the console of the page calls an error."""
        return [
            json.dumps(event["params"])
            for event in self.events
            if event.get("method") == "Runtime.exceptionThrown"
            or event.get("params", {}).get("entry", {}).get("level") == "error"
        ]

    def close(self) -> None:
        """End the browser, and remove what it has written."""
        self._session = ""
        with suppress(BrokenPipeError, EOFError):
            self.call("Browser.close")
        self._process.wait(timeout=60)
        os.close(self._write)
        os.close(self._read)
        shutil.rmtree(Path(self._profile), ignore_errors=True)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            if not (more := os.read(self._read, 1 << 20)):
                raise EOFError("the browser is gone")
            self._left += more
        line, self._left = self._left.split(b"\0", 1)
        told: dict[str, Any] = json.loads(line)
        return told
