"""Real headless Chromium, driven through its DevTools, for tests of pages."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

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

    def picture(self, path: Path) -> None:
        """Write what the page shows as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        shot = self.ask("Page.captureScreenshot")
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def opened(profile: Path) -> Iterator[Page]:
    """A page of a browser of its own.

    Args:
        profile: an empty folder.
    """
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
