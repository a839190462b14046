"""Fit a perceptron on drawn data in a fresh process; prints seconds, CPU seconds, sum of weights.

python -m bench.children.perceptron MODULE CLASSES ROWS EPOCHS
"""

from __future__ import annotations

import importlib
import sys
import warnings

import numpy as np

from bench.children.stopwatch import Stopwatch

_FEATURES = 20


def main(module: str, classes: str, rows: str, epochs: str) -> None:
    """Ten per cent of the rows or so cannot be got right; all epochs run."""
    perceptron = importlib.import_module(module).Perceptron
    rng = np.random.default_rng(42)
    x = rng.normal(size=(int(rows), _FEATURES))
    scores = x @ rng.normal(size=(_FEATURES, int(classes))) + rng.normal(size=(int(rows), 1))
    y = scores.argmax(axis=1) if int(classes) > 2 else scores[:, 0] > 0
    warnings.simplefilter("ignore")  # that it does not converge
    # What a first call of any library does once in a process: imports, threads.
    perceptron(max_iter=1, tol=None).fit(x[:100, :3], np.arange(100) % 2)
    watch = Stopwatch()
    fitted = perceptron(max_iter=int(epochs), tol=None, random_state=0).fit(x, y)
    seconds = watch.read()
    print(*seconds, float(np.abs(fitted.coef_).sum()))


if __name__ == "__main__":
    main(*sys.argv[1:])
