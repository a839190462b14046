"""The network a problem is given to."""

from __future__ import annotations

from typing import Any

import numpy as np

from rosenblatt.cli.problems import Problem
from rosenblatt.layers.dense import Dense
from rosenblatt.layers.input import Input
from rosenblatt.layers.preprocessing.normalization import Normalization
from rosenblatt.layers.regularization import Dropout
from rosenblatt.layers.reshaping import Flatten
from rosenblatt.metrics.regression import RootMeanSquaredError
from rosenblatt.models.sequential import Sequential
from rosenblatt.optimizers.adam import Adam
from rosenblatt.optimizers.sgd import SGD

OPTIMIZERS: dict[str, Any] = {"adam": Adam, "sgd": SGD}


def build_network(
    problem: Problem,
    hidden: tuple[int, ...],
    learning_rate: float,
    optimizer: str,
    dropout: float = 0.0,
) -> Sequential:
    """A compiled multilayer perceptron for a problem.

    Tables are normalized by a layer adapted to the training part; images are flattened. The
    output is linear for regression and a softmax for classes.

    Args:
        problem: the data and what they mean.
        hidden: units of each hidden layer, ReLU.
        learning_rate: of the optimizer.
        optimizer: "adam" or "sgd".
        dropout: share of each hidden layer's outputs to drop.

    Returns:
        A compiled Sequential model.
    """
    x, y = problem.train
    layers: list[Any] = [Input(shape=x.shape[1:])]
    if problem.features:
        normalization = Normalization()
        normalization.adapt(x)
        layers.append(normalization)
    else:
        layers.append(Flatten())
    for units in hidden:
        layers += [Dense(units, activation="relu"), *([Dropout(dropout)] if dropout else [])]
    metrics: list[Any]
    if problem.classes is None:
        layers.append(Dense(1))
        if problem.scale_target:
            layers.append(_target_units(y))
        loss, metrics = "mse", [RootMeanSquaredError()]
    else:
        layers.append(Dense(len(problem.classes), activation="softmax"))
        loss, metrics = "sparse_categorical_crossentropy", ["accuracy"]
    model = Sequential(layers)
    model.compile(loss=loss, optimizer=OPTIMIZERS[optimizer](learning_rate), metrics=metrics)
    return model


def _target_units(y: np.ndarray) -> Normalization:
    """A last layer that turns the network's unit-sized outputs into the target's own units.

    Without it the weights would have to grow to the size of, say, prices in dollars first.
    """
    layer = Normalization(invert=True)
    layer.adapt(y.reshape(-1, 1))
    return layer
