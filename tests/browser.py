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

# What expressions of `Page.sees` may use: the elements of a selector, inside shadow roots and
# frames too, and whether a person sees an element: it has a size, and is within the window.
LOOKING = """
const deep = (selector, root = document) => {
  const found = [...root.querySelectorAll(selector)];
  for (const one of root.querySelectorAll("*")) {
    if (one.shadowRoot) found.push(...deep(selector, one.shadowRoot));
    if (one.nodeName === "IFRAME" && one.contentDocument)
      found.push(...deep(selector, one.contentDocument));
  }
  return found;
};
const seen = (one) => {
  const box = one.getBoundingClientRect();
  return box.width > 4 && box.height > 4 && box.bottom > 0 && box.right > 0
    && box.top < innerHeight && box.left < innerWidth;
};
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

    def sees(self, expression: str, seconds: float = 600) -> Any:
        """Wait until an expression is true, which may use `deep` and `seen`; its value then.

        Args:
            expression: JavaScript.
            seconds: how long to wait at most.
        """
        end = time.monotonic() + seconds
        while True:
            code = f"(() => {{ {LOOKING} return {expression}; }})()"
            reply = self.ask("Runtime.evaluate", expression=code, returnByValue=True)
            value = reply["result"].get("value")
            if value or time.monotonic() > end:
                return value
            time.sleep(0.25)

    def close(self) -> None:
        self._socket.close()

    def picture(self, path: Path, still: float = 30) -> None:
        """Write what the page shows as PNG, once nothing moves on it.

        Args:
            path: the file.
            still: seconds after which it is written though something moves.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        end, before, now = time.monotonic() + still, "", self._shot()
        while now != before and time.monotonic() < end:
            time.sleep(0.5)
            before, now = now, self._shot()
        path.write_bytes(base64.b64decode(now))

    def _shot(self) -> str:
        return str(self.ask("Page.captureScreenshot")["data"])


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
