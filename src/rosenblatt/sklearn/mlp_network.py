"""The network of an MLP estimator: layers, initial weights, optimizer."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from rosenblatt import layers, optimizers, regularizers
from rosenblatt.core.errors import explain
from rosenblatt.models.sequential import Sequential

ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid"}  # scikit-learn's names for Keras's


def build_network(settings: Any, n_features: int, n_outputs: int, output: str, l2: float) -> Any:
    """A model with hidden layers as an estimator's parameters say.

    Args:
        settings: the estimator.
        n_features: width of the input.
        n_outputs: width of the output.
        output: activation of the output.
        l2: factor of the squared weights in the loss.
    """
    sizes = settings.hidden_layer_sizes
    sizes = [sizes] if isinstance(sizes, (int, np.integer)) else list(sizes)
    for size in sizes:
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(
                explain(
                    f"{type(settings).__name__}: bad `hidden_layer_sizes`.",
                    given=repr(settings.hidden_layer_sizes),
                    expected="positive integers, hidden_layer_sizes > 0",
                )
            )
    activation = settings.activation
    if isinstance(activation, str):
        activation = ACTIVATIONS.get(activation, activation)

    def dense(units: int) -> Any:
        return layers.Dense(int(units), kernel_regularizer=regularizers.L2(l2))

    stack: list[Any] = [layers.Input((n_features,))]
    for size in sizes:
        stack.append(dense(size))
        if settings.batch_normalization:
            stack.append(layers.BatchNormalization())
        stack.append(layers.Activation(activation))
        if settings.dropout:
            stack.append(layers.Dropout(settings.dropout))
    return Sequential([*stack, dense(n_outputs), layers.Activation(output)])


def dense_layers(model: Any) -> list[Any]:
    """The layers with coefficients, in order."""
    return [layer for layer in model.layers if isinstance(layer, layers.Dense)]


def draw_weights(model: Any, activation: str, random_state: np.random.RandomState) -> None:
    """Initial weights as scikit-learn draws them: uniform, Glorot and Bengio 2010.

    Args:
        model: the network.
        activation: of its hidden layers.
        random_state: where the numbers come from.
    """
    factor = 2.0 if activation == "logistic" else 6.0
    for layer in dense_layers(model):
        n_in, n_out = layer.kernel.shape
        bound = np.sqrt(factor / (n_in + n_out))
        kernel = random_state.uniform(-bound, bound, (n_in, n_out))
        layer.set_weights([kernel, random_state.uniform(-bound, bound, n_out)])


def make_optimizer(settings: Any) -> Any:
    """The optimizer of `solver`: its own numbers for "sgd" and "adam", or any of Keras's."""
    rate = settings.learning_rate_init
    if settings.solver == "adam":
        return optimizers.Adam(rate, settings.beta_1, settings.beta_2, settings.epsilon)
    if settings.solver == "sgd":
        nesterov = settings.nesterovs_momentum and settings.momentum > 0
        return optimizers.SGD(rate, settings.momentum, nesterov)
    optimizer = copy.deepcopy(optimizers.get(settings.solver))
    if isinstance(settings.solver, str):
        optimizer.learning_rate = rate
    return optimizer
