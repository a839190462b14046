"""What models, histories, tables, searches and progress look like in a real JupyterLab page."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from browser import Page, opened
from nbformat.v4 import new_code_cell, new_notebook

pytest.importorskip("jupyterlab", reason="needs JupyterLab, which locks/test.txt installs")

CELLS = [
    """\
import numpy as np
import rosenblatt as rb
from rosenblatt.tables import read
from rosenblatt.tabular import TabularClassifier
x = np.linspace(0, 1, 400, dtype="float32")[:, None]
model = rb.Sequential([rb.Input((1,)), rb.layers.Dense(3, "relu", name="bend"), rb.layers.Dense(1)])
model.compile("adam", "mse")
model""",
    "history = model.fit(x, x**2, epochs=3)\nhistory",
    'read({"rooms": [3, 4, None], "sea": ["near", "far", "<b>near</b>"]})',
    "TabularClassifier()",
    """\
def build(hp):
    hidden = rb.layers.Dense(hp.Int("units", 2, 3))
    model = rb.Sequential([rb.Input((1,)), hidden, rb.layers.Dense(1)])
    model.compile("adam", "mse")
    return model
search = rb.tuner.GridSearch(build, objective="loss", directory="search", overwrite=True)
search.search(x, x**2, epochs=1, verbose=0)
search""",
]  # fmt: skip
# The text that a person reads below each cell.
OUTPUTS = """\
deep(".jp-CodeCell").map((cell) => [...cell.querySelectorAll(".jp-OutputArea-output")]
  .map((one) => one.innerText).join(" "))
"""
NOTEBOOK = "[...jupyterapp.shell.widgets('main')].find((one) => one.sessionContext)"
READY = f"""\
(() => {{
  const notebook = window.jupyterapp && {NOTEBOOK};
  if (notebook?.sessionContext.session?.kernel?.status !== "idle") return false;
  jupyterapp.shell.activateById(notebook.id);
  return jupyterapp.commands.isEnabled("notebook:run-all-cells");
}})()
"""
RUN = "jupyterapp.commands.execute('notebook:run-all-cells'); 0"
RAN = f"[...({NOTEBOOK}).content.model.cells].filter((one) => one.executionCount).length"


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """A JupyterLab of its own, with this process's Python as its kernel; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    places = {f"JUPYTER_{n}_DIR": str(folder / n) for n in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", f"--notebook-dir={folder}"]
    command += ["--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"]
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class="
                "jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    with (folder / "lab.log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=os.environ | places, cwd=folder
        )
        try:
            address, end = f"http://127.0.0.1:{port}", time.monotonic() + 300
            while True:
                assert process.poll() is None, (folder / "lab.log").read_text()
                try:
                    urllib.request.urlopen(f"{address}/api/status", timeout=60).close()
                    break
                except urllib.error.URLError:
                    assert time.monotonic() < end, (folder / "lab.log").read_text()
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait()


def evaluate(page: Page, code: str) -> object:
    reply = page.ask("Runtime.evaluate", expression=code, returnByValue=True)
    return reply["result"].get("value")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, list[str]]]:
    """The page with all cells run, and the text below each cell."""
    folder = tmp_path_factory.mktemp("lab")
    cells = [new_code_cell(code, id=f"cell-{i}") for i, code in enumerate(CELLS)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "a.ipynb")
    with lab(folder) as address, opened(tmp_path_factory.mktemp("profile")) as page:
        # JupyterLab's commands are for the notebook that has the focus. The window is so high that
        # all cells are drawn: JupyterLab draws only those in it.
        page.ask("Emulation.setFocusEmulationEnabled", enabled=True)
        page.ask("Emulation.setDeviceMetricsOverride", width=1400, height=3000,
                 deviceScaleFactor=1, mobile=False)  # fmt: skip
        page.ask("Page.navigate", url=f"{address}/lab/tree/a.ipynb?reset")
        assert page.sees(READY), (folder / "lab.log").read_text()
        evaluate(page, RUN)
        assert page.sees(f"{RAN} === {len(CELLS)}"), page.sees(OUTPUTS)
        yield page, page.sees(OUTPUTS)


def test_a_person_reads_what_each_object_is(outputs: tuple[Page, list[str]]) -> None:
    model, history, table, estimator, search = outputs[1]
    for word in ("bend (Dense)", "(None, 3)", "Total params: 10 (40.00 B)"):
        assert word in model
    for word in ("Epoch 1/3", "Epoch 3/3", "13/13", "loss:", "lowest", "3 epochs"):
        assert word in history
    for word in ("rooms", "far", "<b>near</b>"):
        assert word in table
    assert estimator == "TabularClassifier() not fitted"
    for word in ("best of 2 trials", "units", "0000", "0001"):
        assert word in search


def test_each_epoch_has_one_line(outputs: tuple[Page, list[str]]) -> None:
    assert outputs[1][1].count("13/13") == 3


def test_tables_and_curves_are_drawn(outputs: tuple[Page, list[str]]) -> None:
    page, _ = outputs
    assert page.sees("deep('.jp-OutputArea-output table').filter(seen).length === 4", 60)
    assert page.sees("deep('.jp-OutputArea-output polyline').filter(seen).length === 1", 60)
    wide = "deep('.jp-OutputArea-output').filter((one) => one.scrollWidth > one.clientWidth + 1)"
    assert page.sees(f"{wide}.length === 0", 60)


def test_the_page_has_no_errors(outputs: tuple[Page, list[str]]) -> None:
    page, _ = outputs
    if folder := os.environ.get("ROSENBLATT_SCREENSHOTS"):
        page.picture(Path(folder) / "jupyterlab.png")
    assert page.errors == []
