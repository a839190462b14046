"""The real server in real headless Chromium, driven through its DevTools."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calls import fit

import rosenblatt as rb

pytest.importorskip("tensorboard", reason="needs the extra tensorboard")
websocket = pytest.importorskip("websocket", reason="needs websocket-client")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("needs Chromium (on Debian: apt install chromium)", allow_module_level=True)

# The text of a page, also inside shadow roots and frames (the projector is one).
TEXT = """
(function read(node) {
  let text = node.nodeType === 3 ? node.data + " " : "";
  if (node.shadowRoot) text += read(node.shadowRoot);
  if (node.nodeName === "IFRAME" && node.contentDocument && node.contentDocument.body)
    text += read(node.contentDocument.body);
  if (["STYLE", "SCRIPT"].includes(node.nodeName)) return text;
  for (const child of node.childNodes) text += read(child);
  return text;
})(document.body)
"""
# A page to what it has to show.
PAGES = {
    "scalars": ["epoch_loss", "by_hand"],
    "graphs": ["run/train", "Default", " net "],
    "histograms": ["my_hist"],
    "images": ["my_image"],
    "text": ["my_text", "hello"],
    "audio": ["my_audio"],
    "hparams": ["units"],
    "projector": ["points:00000", "Points: 3", "Dimension: 4"],
    "profile": ["Performance Summary", "Average Step Time", "Host Compute Time"],
}


def _of_elsewhere(message: dict[str, Any], address: str) -> bool:
    """Whether an error is about a file of another server: the profiler's charts are loaded so.

    Without the net their library, `google`, is missing to the page.
    """
    said = " ".join(str(one.get("value")) for one in message.get("args", ()))
    if said.startswith("XProf Error: ReferenceError: google is not defined"):
        return True
    entry = message.get("entry", {})
    if entry.get("source") == "security":
        return bool(entry["text"].startswith("Loading the script 'https://"))
    return entry.get("source") == "network" and not entry.get("url", "").startswith(address)


def _is_error(message: dict[str, Any]) -> bool:
    """Whether the browser's console would show it as an error."""
    told = message.get("params", {})
    match message.get("method"):
        case "Runtime.exceptionThrown":
            return True
        case "Runtime.consoleAPICalled":
            return bool(told["type"] in ("error", "assert"))
        case "Log.entryAdded":
            return bool(told["entry"]["level"] == "error")
    return False


class Page:
    """A page of the browser."""

    def __init__(self, address: str):
        self._socket = websocket.create_connection(address, suppress_origin=True, timeout=600)
        self._numbers = itertools.count(1)
        self.errors: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **arguments: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": arguments}))
        while True:
            message = json.loads(self._socket.recv())
            if _is_error(message):
                self.errors.append(message["params"])
            if message.get("id") == number:
                return message["result"]

    def shows(self, words: list[str], seconds: float = 600) -> str:
        """Wait until all words are there; the text, whatever it is then."""
        end = time.monotonic() + seconds
        while True:
            reply = self.ask("Runtime.evaluate", expression=TEXT, returnByValue=True)
            text = " ".join(str(reply["result"].get("value", "")).split())
            if all(word in text for word in words) or time.monotonic() > end:
                return text
            time.sleep(0.25)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    logs = tmp_path_factory.mktemp("logs")
    fit(rb, logs / "run", histogram_freq=1)
    fit(rb, logs / "profiled", profile_batch=(2, 3))
    with rb.summary.create_file_writer(logs / "by_hand").as_default(step=0):
        rb.summary.scalar("epoch_loss", 0.5)
        rb.summary.histogram("my_hist", np.arange(9))
        rb.summary.image("my_image", np.ones((1, 4, 4, 3)))
        rb.summary.text("my_text", "hello")
        rb.summary.audio("my_audio", np.zeros((1, 80, 1)), 8000)
        rb.summary.hparams({"units": 2})
        rb.summary.embedding("points", np.eye(3, 4), metadata=["a", "b", "c"])
    with rb.tensorboard.start(logs, timeout=600) as server:
        yield server.url


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    profile = tmp_path_factory.mktemp("profile")
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio"]
    command += ["--enable-unsafe-swiftshader", "--window-size=1400,1000"]
    command += ["--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        port, end = profile / "DevToolsActivePort", time.monotonic() + 600
        while not (port.exists() and port.read_text()) and time.monotonic() < end:
            assert process.poll() is None, "the browser did not start"
            time.sleep(0.1)
        where = f"http://localhost:{port.read_text().split()[0]}/json/list"
        with urllib.request.urlopen(where, timeout=600) as reply:
            found = next(one for one in json.load(reply) if one["type"] == "page")
        page = Page(found["webSocketDebuggerUrl"])
        yield page
        page.close()
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str, address: str, page: Page) -> None:
    page.errors.clear()
    page.ask("Page.navigate", url="about:blank")
    page.ask("Page.navigate", url=f"{address}#{name}")
    text = page.shows(PAGES[name])
    folder = os.environ.get("ROSENBLATT_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        picture = base64.b64decode(page.ask("Page.captureScreenshot")["data"])
        (Path(folder) / f"{name}.png").write_bytes(picture)
    assert [word for word in PAGES[name] if word not in text] == []
    assert "failed" not in text.lower()
    assert [error for error in page.errors if not _of_elsewhere(error, address)] == []
