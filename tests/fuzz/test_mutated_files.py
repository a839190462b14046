"""Thousands of damaged files: each loads to a model that works, or is refused in our words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

LOADER = Path(__file__).with_name("loader.py")


def network() -> Any:
    """Parts of all families: text with assets, an inner model, merges, batch statistics, seeds."""
    layers = rb.layers
    words = rb.Input((1,), dtype="string", name="words")
    x, ids = rb.Input((4,), name="x"), rb.Input((2,), dtype="int32", name="ids")
    lookup = layers.StringLookup()
    lookup.adapt(np.array([["a"], ["b"], ["a"]]))
    embedded = layers.Flatten()(layers.Embedding(4, 2)(lookup(words)))
    inner = rb.Sequential([rb.Input((3,)), layers.Dense(3, "relu"), layers.Dropout(0.1)])
    h = layers.BatchNormalization()(layers.Dense(3, kernel_regularizer="l2")(x))
    h = layers.Add()([inner(h), layers.Dense(3)(layers.Flatten()(layers.Embedding(5, 2)(ids)))])
    h = layers.Concatenate()([layers.LayerNormalization()(h), embedded])
    model = rb.Model([words, x, ids], layers.Dense(2, "softmax")(h))
    model.compile(rb.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    data = [np.full((8, 1), "a", object), np.ones((8, 4)), np.ones((8, 2), int)]
    model.fit(data, np.ones(8, int), verbose=0)
    return model


def plain() -> Any:
    """What `.h5` and `.npz` hold too."""
    inner = rb.Sequential([rb.Input((3,)), rb.layers.Dense(3, "relu")], name="inner")
    x = rb.Input((4,), name="x")
    h = rb.layers.BatchNormalization()(rb.layers.Dense(3)(x))
    h = rb.layers.Concatenate()([inner(h), rb.layers.Dropout(0.5)(h)])
    model = rb.Model(x, rb.layers.Dense(1)(h))
    model.compile("adam", "mse")
    model.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0)
    return model


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a valid file of each kind."""
    folder = tmp_path_factory.mktemp("originals")
    network().save(folder / "original.keras")
    network().save_weights(folder / "original.weights.h5")
    plain().save(folder / "original.h5")
    plain().export(folder / "original.npz", format="npz")
    return folder


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (0, 240),
        *(pytest.param(n, n + 1000, marks=pytest.mark.soak) for n in range(0, 10_000, 1000)),
    ],
)
def test_mutated_files(originals: Path, first: int, last: int) -> None:
    command = [sys.executable, str(LOADER), str(originals), str(first), str(last)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"the interpreter died at {lines[-1]}: {done.stderr[-2000:]}"
    cases = [{**case, **report} for case, report in zip(lines[::2], lines[1::2], strict=True)]
    assert [case["number"] for case in cases] == list(range(first, last))
    bad = [case for case in cases if case["outcome"] not in ("works", "refused")]
    assert bad == []
    assert [case for case in cases if case["seconds"] > 2] == []
    assert [case for case in cases if case["megabytes"] > 500] == []
    counts = [sum(case["outcome"] == kind for case in cases) for kind in ("works", "refused")]
    assert min(counts) > (last - first) / 20  # both happen
