"""Train and evaluate the housing network as a script would; prints the test RMSE.

python -m bench.children.train_housing LIBRARY DATA.npz
"""

from __future__ import annotations

import importlib
import sys

import numpy as np

from bench import networks


def main(library: str, path: str) -> None:
    """Twenty epochs with validation, then an evaluation."""
    lib = importlib.import_module(library)
    with np.load(path) as arrays:
        data = dict(arrays)
    lib.utils.set_random_seed(42)
    model = networks.housing(lib, data["x_train"])
    validation = (data["x_valid"], data["y_valid"])
    model.fit(data["x_train"], data["y_train"], epochs=20, validation_data=validation, verbose=0)
    _, rmse = model.evaluate(data["x_test"], data["y_test"], verbose=0)
    print(float(rmse))


if __name__ == "__main__":
    main(*sys.argv[1:])
