"""docs/adding.md is right: its parts, put into a copy of the library, are found everywhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "adding.md").read_text()
NEW = re.compile(r"[Mm]ake `(?P<path>src/[^`]+)`:\n\n```python\n(?P<code>.*?)```", re.DOTALL)
LINE = re.compile(
    r"In `(?P<path>(?:src|tests)/[^`]+)`, before `(?P<anchor>[^`]+)`:\n\n"
    r"```python\n(?P<code>.*?)```",
    re.DOTALL,
)
MOST_FILES = 3

LOOK_EVERYWHERE = """
import contextlib, io, json, pathlib, sys
import numpy as np
import rosenblatt as rb

folder = pathlib.Path(sys.argv[1])
x = np.linspace(0.05, 0.95, 24, dtype="float32").reshape(8, 3)
y = x.sum(axis=1, keepdims=True)

layer = rb.layers.Solarization(0.25)
assert rb.layers.deserialize(rb.layers.serialize(layer)).get_config() == layer.get_config()
assert "threshold" in layer.get_config() and "Solarization" in rb.layers.__all__
model = rb.Sequential([rb.Input((3,)), layer, rb.layers.Dense(1)])
model.compile(optimizer="SignSGD", loss="wing", metrics=["mae"])
history = model.fit(x, y, epochs=9, verbose=0, callbacks=[rb.callbacks.StopAt(1e9)])
assert len(history.history["loss"]) == 1
assert isinstance(model.optimizer, rb.optimizers.SignSGD)
assert type(rb.losses.get("Wing")) is rb.losses.Wing
assert rb.losses.get({"class_name": "Wing", "config": {"width": 2.0}}).width == 2.0

path = folder / "model.keras"
model.save(path)
loaded = rb.saving.load_model(path)
assert isinstance(loaded.optimizer, rb.optimizers.SignSGD)
np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
assert rb.saving.export.FORMATS["shapes"]
model.export(folder / "model.shapes", format="shapes")
assert len((folder / "model.shapes").read_text().split()) == 2
model.export(folder / "model.onnx", format="onnx")
import onnxruntime
session = onnxruntime.InferenceSession(folder / "model.onnx")
(found,) = session.run(None, {session.get_inputs()[0].name: x})
np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-5)
try:
    model.export(folder / "model.npz", format="npz")
except ValueError as error:
    assert "Solarization" in str(error) and "npz" in str(error), error

import polars
table = folder / "table.avro"
rows = [{"a": float(r[0]), "b": float(r[1]), "target": float(r[0] + r[1])} for r in x]
polars.DataFrame(rows * 4).write_avro(table)
from rosenblatt.cli import main
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    assert main(["count", str(path)]) == 0
assert printed.getvalue().split()[-1] == str(model.count_params())
with contextlib.redirect_stdout(printed):
    assert main(["train", "--no-tabular", str(table), "--target", "target", "--epochs", "1",
                 "--out", str(folder / "run")]) == 0

def build(hp):
    units = hp.Int("units", 1, 8)
    made = rb.Sequential([rb.Input((3,)), rb.layers.Dense(units), rb.layers.Dense(1)])
    made.compile(optimizer=hp.Choice("optimizer", ["SignSGD", "sgd"]), loss="wing")
    return made

oracle = rb.tuner.DefaultsFirstOracle("loss", max_trials=2, seed=1)
tuner = rb.tuner.Tuner(oracle, build, directory=folder / "search")
tuner.search(x, y, epochs=1, verbose=0)
assert len(oracle.get_best_trials(2)) == 2
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the library with the page's parts in it."""
    copy = tmp_path_factory.mktemp("library")
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tools", copy / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tests" / "losses").mkdir(parents=True)
    for name in ("conftest.py", "losses/test_own_losses.py"):
        shutil.copy(ROOT / "tests" / name, copy / "tests" / name)
    (copy / "docs").mkdir()
    for made in NEW.finditer(PAGE):
        path = copy / made["path"]
        assert not path.exists(), path
        path.write_text(made["code"])
    for line in LINE.finditer(PAGE):
        path = copy / line["path"]
        text = path.read_text()
        assert text.count(line["anchor"]) == 1, (line["path"], line["anchor"])
        start = text.rindex("\n", 0, text.index(line["anchor"])) + 1
        path.write_text(text[:start] + line["code"] + text[start:])
    return copy


def run(library: Path, *arguments: str | Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(library / "src")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=library,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3600,
    )
    assert done.returncode == 0, done.stderr


def test_each_kind_touches_few_files() -> None:
    kinds = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert [kind.partition("\n")[0] for kind in kinds] == [
        "A layer", "A loss", "An optimizer", "A callback", "A file format", "A source of data",
        "A verb", "An oracle",
    ]  # fmt: skip
    for kind in kinds:
        files = {found["path"] for pattern in (NEW, LINE) for found in pattern.finditer(kind)}
        assert 1 <= len(files) <= MOST_FILES, kind
        assert "Tests: " in kind


def test_the_parts_are_found_everywhere(library: Path, tmp_path: Path) -> None:
    run(library, "-c", LOOK_EVERYWHERE, tmp_path)


def test_the_row_of_a_loss_is_its_test(library: Path) -> None:
    rows = library / "tests" / "losses" / "test_own_losses.py"
    run(library, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "Wing or row", rows)


def test_the_parts_are_shown_to_editors_and_counted_as_keras_s(library: Path) -> None:
    run(library, library / "tools" / "stubs.py")
    for package, name in (("layers", "Solarization"), ("losses", "Wing"), ("tuner", "Defaults")):
        assert name in (library / "src" / "rosenblatt" / package / "__init__.pyi").read_text()
    run(library, library / "tools" / "keras_coverage.py")
    assert "`Solarization`" in re.search(
        r"## keras.layers:[^\n]*\n\nOurs: ([^\n]*)",
        (library / "docs" / "keras-coverage.md").read_text(),
    ).group(1)  # type: ignore[union-attr]
