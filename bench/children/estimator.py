"""Train an MLP estimator in a fresh process; prints `fit`'s seconds, CPU seconds and a score.

python -m bench.children.estimator MODULE DATA FOLDER DTYPE
"""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from bench import data
from bench.children.stopwatch import Stopwatch


def main(module: str, name: str, folder: str, dtype: str) -> None:
    """The same settings, initial weights and order of the rows; all epochs run."""
    library = importlib.import_module(module)
    kind, settings, x, y, x_valid, y_valid = globals()[f"_{name}"](Path(folder))
    x, x_valid = x.astype(dtype), x_valid.astype(dtype)
    warnings.simplefilter("ignore")  # that it does not converge
    mlp = getattr(library, kind)(**settings, random_state=42, n_iter_no_change=10_000)
    watch = Stopwatch()
    mlp.fit(x, y)
    seconds = watch.read()
    # Few blocks are so extreme that squares of them would decide alone.
    off = np.abs(mlp.predict(x_valid) - y_valid).mean() if "Regressor" in kind else None
    print(*seconds, float(mlp.score(x_valid, y_valid) if off is None else off))


def _housing(folder: Path) -> Any:
    with np.load(data.housing(folder)) as arrays:
        scaler = StandardScaler().fit(arrays["x_train"])
        x, x_valid = (scaler.transform(arrays[f"x_{part}"]) for part in ("train", "valid"))
        y, y_valid = (arrays[f"y_{part}"].ravel() for part in ("train", "valid"))
    settings = {"hidden_layer_sizes": (50, 50, 50), "max_iter": 200}
    return "MLPRegressor", settings, x, y, x_valid, y_valid


def _digits(folder: Path) -> Any:
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    settings = {"hidden_layer_sizes": (100,), "max_iter": 200}
    return "MLPClassifier", settings, x[:1437], y[:1437], x[1437:], y[1437:]


def _fashion(folder: Path) -> Any:
    with np.load(data.fashion(folder)) as arrays:
        x, y = arrays["x_train"].reshape(-1, 784), arrays["y_train"]
    settings = {"hidden_layer_sizes": (100,), "max_iter": 8}
    return "MLPClassifier", settings, x[:50_000], y[:50_000], x[50_000:], y[50_000:]


if __name__ == "__main__":
    main(*sys.argv[1:])
