"""The two networks, written once in the Keras API for every library that has it."""

from __future__ import annotations

from typing import Any

import numpy as np


def housing(lib: Any, x: np.ndarray, **compile_options: Any) -> Any:
    """Row 9's regression network, compiled and adapted to `x` (rows, 8).

    Args:
        lib: `rosenblatt` or `keras`.
        x: training features, for the Normalization layer.
        compile_options: passed on to `compile`.
    """
    normalization = lib.layers.Normalization()
    hidden = [lib.layers.Dense(50, activation="relu") for _ in range(3)]
    model = lib.Sequential([lib.layers.Input((8,)), normalization, *hidden, lib.layers.Dense(1)])
    model.compile(
        loss="mse",
        optimizer=lib.optimizers.Adam(learning_rate=1e-3),
        metrics=[lib.metrics.RootMeanSquaredError()],
        **compile_options,
    )
    normalization.adapt(x)
    return model


def fashion(lib: Any, x: np.ndarray, **compile_options: Any) -> Any:
    """Row 6's classifier of 28 x 28 images, compiled.

    Args:
        lib: `rosenblatt` or `keras`.
        x: training images; only `housing` needs them.
        compile_options: passed on to `compile`.
    """
    model = lib.Sequential(
        [
            lib.layers.Input((28, 28)),
            lib.layers.Flatten(),
            lib.layers.Dense(300, activation="relu"),
            lib.layers.Dense(100, activation="relu"),
            lib.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=lib.optimizers.SGD(learning_rate=0.01),
        metrics=["accuracy"],
        **compile_options,
    )
    return model


NETWORKS = {"housing": housing, "fashion": fashion}
