"""The network of an MLP estimator: layers, initial weights, optimizer."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import numpy as np

from rosenblatt import layers, optimizers, regularizers
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.types import Identifier
from rosenblatt.models.sequential import Sequential
from rosenblatt.sklearn.mlp_parameters import MLPParameters

ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid"}  # scikit-learn's names for Keras's


def build_network(
    parameters: MLPParameters, n_features: int, n_outputs: int, output: str
) -> Sequential:
    """A model with hidden layers as an estimator's parameters say.

    Args:
        parameters: the estimator's.
        n_features: width of the input.
        n_outputs: width of the output.
        output: activation of the output.
    """
    activation = parameters.activation
    if isinstance(activation, str):
        activation = ACTIVATIONS.get(activation, activation)

    def dense(units: int) -> layers.Dense:
        return layers.Dense(int(units), kernel_regularizer=regularizers.L2(0.5 * parameters.alpha))

    stack: list[layers.Layer | KerasTensor] = [layers.Input((n_features,))]
    sizes = parameters.hidden_layer_sizes
    for size in sizes if isinstance(sizes, Iterable) else [sizes]:
        stack.append(dense(size))
        if parameters.batch_normalization:
            stack.append(layers.BatchNormalization())
        stack.append(layers.Activation(activation))
        if parameters.dropout:
            stack.append(layers.Dropout(parameters.dropout))
    output = ACTIVATIONS.get(output, output)
    return Sequential([*stack, dense(n_outputs), layers.Activation(output)])


def dense_layers(model: Sequential) -> list[layers.Dense]:
    """The layers with coefficients, in order."""
    return [layer for layer in model.layers if isinstance(layer, layers.Dense)]


def draw_weights(
    model: Sequential, activation: Identifier, random_state: np.random.RandomState
) -> None:
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


def make_optimizer(parameters: MLPParameters) -> optimizers.Optimizer:
    """The optimizer of `solver`: its own numbers for "sgd" and "adam", or any of Keras's."""
    rate = parameters.learning_rate_init
    if parameters.solver == "adam":
        return optimizers.Adam(rate, parameters.beta_1, parameters.beta_2, parameters.epsilon)
    if parameters.solver == "sgd":
        nesterov = parameters.nesterovs_momentum and parameters.momentum > 0
        return optimizers.SGD(rate, parameters.momentum, nesterov)
    optimizer = copy.deepcopy(optimizers.get(parameters.solver))
    if isinstance(parameters.solver, str):
        optimizer.learning_rate = rate
    return optimizer
