"""A Chromium or Chrome without a window, told over its DevTools protocol what to open and what to draw."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 60.0
"""Longest wait for the browser's start, or for one answer of it."""

_DRAWN = """new Promise(done => {
  const wait = () => document.body.dataset.drawn ? requestAnimationFrame(() => done()) : requestAnimationFrame(wait);
  wait();
})"""


class BrowserError(Exception):
    """A browser that is missing, does not start, or does not answer as it should."""


class Browser:
    """One open page.

    Attributes
    ----------
    events : list of dict
        What the browser reported so far: ``method`` and ``params``, as the protocol names them.
    """

    def __init__(self, address: str) -> None:
        import websocket

        self.events: list[dict[str, Any]] = []
        self._asked = 0
        self._socket = websocket.create_connection(address, timeout=SECONDS, suppress_origin=True)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command of the protocol and return its answer.

        Raises
        ------
        BrowserError
            When the browser refuses it or does not answer in time.
        """
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "method": method, "params": params}))
        answer = self._next()
        while answer.get("id") != self._asked:
            self.events.append(answer)
            answer = self._next()
        if "error" in answer:
            raise BrowserError(f"the browser refused {method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, file: Path, *, width: int, height: int = 900) -> None:
        """Open a report in a window of this many pixels and wait until it says that everything is drawn."""
        self.events.clear()
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        address = file.resolve().as_uri()
        self.ask("Page.navigate", url=address)
        while not self._has_loaded(address):
            self.events.append(self._next())
        self.evaluate(_DRAWN)

    def evaluate(self, script: str) -> Any:
        """Run JavaScript in the page and return its value, that of a promise when it is fulfilled.

        Raises
        ------
        BrowserError
            When it throws.
        """
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(f"the page reports: {details.get('exception', details).get('description', details)}")
        return answer["result"].get("value")

    def screenshot(self) -> bytes:
        """Return the whole page, not only what the window shows, as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _has_loaded(self, address: str) -> bool:
        """Whether the page at an address was reached, and loaded after that; an earlier page may still report too."""
        reached = False
        for event in self.events:
            reached |= event["method"] == "Page.frameNavigated" and event["params"]["frame"]["url"] == address
            if reached and event["method"] == "Page.loadEventFired":
                return True
        return False

    def _next(self) -> dict[str, Any]:
        from websocket import WebSocketException

        try:
            message: dict[str, Any] = json.loads(self._socket.recv())
        except (WebSocketException, OSError) as error:
            raise BrowserError(f"the browser does not answer: {error}") from error
        return message


def find_browser() -> str:
    """Return the path of an installed Chromium or Chrome; the environment's ``BROWSER_PATH`` wins.

    Raises
    ------
    BrowserError
        When there is none.
    """
    named = os.environ.get("BROWSER_PATH")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        searched = f"BROWSER_PATH={named}" if named else ", ".join(PROGRAMS)
        raise BrowserError(
            f"no browser found ({searched}); install Chromium (Debian: apt-get install chromium) or Chrome, "
            "or name one in BROWSER_PATH"
        )
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser of our own, lend a page of it, and end it.

    Raises
    ------
    BrowserError
        When there is none, or it does not start.
    """
    program = find_browser()
    with tempfile.TemporaryDirectory(prefix="meio-browser-", ignore_cleanup_errors=True) as profile:
        options = ["--headless=new", "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage"]
        process = subprocess.Popen(  # noqa: S603 - a program found on the path, or named by the user
            [
                program,
                *options,
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                f"--user-data-dir={profile}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            page = Browser(_address_of_page(process, Path(profile)))
            try:
                yield page
            finally:
                page.close()
        finally:
            process.terminate()
            process.wait()


def _address_of_page(process: subprocess.Popen[bytes], profile: Path) -> str:
    """Wait until the browser has opened its port, and return the address of its first page."""
    from urllib.request import urlopen

    written, deadline = profile / "DevToolsActivePort", monotonic() + SECONDS
    while monotonic() < deadline and process.poll() is None:
        if written.exists() and (lines := written.read_text("utf-8").splitlines())[1:]:
            with urlopen(f"http://127.0.0.1:{lines[0]}/json", timeout=SECONDS) as answer:
                targets = json.load(answer)
            pages = [target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page"]
            if pages:
                return str(pages[0])
        sleep(0.05)
    raise BrowserError("the browser did not start" if process.poll() is not None else "the browser takes too long")
