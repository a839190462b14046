"""The real server in real headless Chromium, driven through its DevTools."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Page, opened
from calls import fit

import rosenblatt as rb

pytest.importorskip("tensorboard", reason="needs the extra tensorboard")
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
# What a person sees on a page, beside its words: curves with points, pictures, rows with values.
SEEN = {
    "scalars": """deep("path.line").filter(seen).some(
        (line) => line.getAttribute("d").match(/[ML]/g).length === 3)""",
    "graphs": """["net/hidden", "net/out"].every((name) => deep("g.node").some(
        (node) => node.dataset.name === name && seen(node)
            && node.getBoundingClientRect().width > 20))""",
    "histograms": """deep("tf-histogram-loader").filter(seen).some(
        (card) => deep("path", card.shadowRoot).some(
            (line) => seen(line) && (line.getAttribute("d") || "").length > 100))""",
    "images": """deep("tf-image-loader").some((card) => deep("img", card.shadowRoot).some(
        (one) => seen(one) && one.naturalWidth > 0))""",
    "text": """deep("*").some((one) => one.children.length === 0 && seen(one)
        && one.textContent.trim() === "hello")""",
    "audio": """deep("audio").filter(seen).some((one) => one.duration > 0)""",
    "hparams": """["2.0000", "0.50000"].every((value) => deep("vaadin-grid-cell-content").some(
        (cell) => seen(cell) && cell.innerText.trim() === value))""",
    "projector": """deep("canvas").filter(seen).length > 0""",
    "profile": "true",
}
# The graph shows a folded model: this opens it.
OPEN = """deep("g.node").filter((node) => node.dataset.name === "net" && seen(node)).map(
    (node) => node.querySelector(".buttoncontainer").dispatchEvent(
        new MouseEvent("click", {bubbles: true}))).length"""


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
    with opened(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str, address: str, page: Page) -> None:
    page.errors.clear()
    page.ask("Page.navigate", url="about:blank")
    page.ask("Page.navigate", url=f"{address}#{name}")
    text = page.shows(PAGES[name])
    if name == "graphs":
        assert page.sees(OPEN) == 1
    seen = page.sees(SEEN[name])
    folder = os.environ.get("ROSENBLATT_SCREENSHOTS")
    if folder:
        page.picture(Path(folder) / f"{name}.png")
    assert seen, f"{name}: nothing to see of {SEEN[name]}"
    assert [word for word in PAGES[name] if word not in text] == []
    assert "failed" not in text.lower()
    assert [error for error in page.errors if not _of_elsewhere(error, address)] == []
