"""The parameters of an MLP estimator and its network: layers, initial weights, optimizer."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np
from sklearn.base import BaseEstimator

import rosenblatt.sklearn.settings as takes
from rosenblatt import layers, optimizers, regularizers
from rosenblatt.core.checks import Check, choice
from rosenblatt.core.errors import BadArgument, explain
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.types import Identifier
from rosenblatt.models.sequential import Sequential
from rosenblatt.sklearn.settings import check_partial, check_values, either, one_of_keras, parameter
from rosenblatt.sklearn.types import Callbacks, RandomState

ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid"}  # scikit-learn's names for Keras's
ACTIVATION = one_of_keras("'identity', 'logistic', 'tanh', 'relu', or any Keras activation")
SOLVER = one_of_keras("'adam', 'sgd', 'lbfgs', or any Keras optimizer")
LOSS = one_of_keras("'auto', or any Keras loss")
BATCH = either("'auto', or a positive integer", choice("auto"), takes.COUNT)
RATE = either(
    "'constant', 'invscaling' or 'adaptive'; the number is `learning_rate_init`",
    choice("constant", "invscaling", "adaptive"),
)
PATIENCE = Check(lambda v: takes.COUNT.fits(v) or v == np.inf, "a positive integer, or infinity")


def _are_sizes(value: object) -> bool:
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return all(map(takes.COUNT.fits, value))
    return takes.COUNT.fits(value)


@dataclass(eq=False, repr=False)
class MLPParameters(BaseEstimator):
    """The parameters of both estimators."""

    # scikit-learn's MLPRegressor takes its loss first; here both take the sizes first.
    hidden_layer_sizes: int | Sequence[int] = parameter(
        (100,), Check(_are_sizes, "positive integers, hidden_layer_sizes > 0")
    )
    activation: Identifier = parameter("relu", ACTIVATION)
    _: KW_ONLY
    solver: Identifier = parameter("adam", SOLVER)
    alpha: float = parameter(0.0001, takes.NOT_NEGATIVE)
    batch_size: int | str = parameter("auto", BATCH)
    learning_rate: str = parameter("constant", RATE)
    learning_rate_init: float = parameter(0.001, takes.POSITIVE)
    power_t: float = parameter(0.5, takes.NOT_NEGATIVE)
    max_iter: int = parameter(200, takes.COUNT)
    shuffle: bool = parameter(True, takes.FLAG)
    random_state: RandomState = parameter(None)
    tol: float = parameter(1e-4, takes.NOT_NEGATIVE)
    verbose: bool | int = parameter(False, takes.VERBOSE)
    warm_start: bool = parameter(False, takes.FLAG)
    momentum: float = parameter(0.9, takes.UNIT)
    nesterovs_momentum: bool = parameter(True, takes.FLAG)
    early_stopping: bool = parameter(False, takes.FLAG)
    validation_fraction: float = parameter(0.1, takes.SHARE)
    beta_1: float = parameter(0.9, takes.SHARE)
    beta_2: float = parameter(0.999, takes.SHARE)
    epsilon: float = parameter(1e-8, takes.POSITIVE)
    n_iter_no_change: float = parameter(10, PATIENCE)
    max_fun: int = parameter(15000, takes.COUNT)
    dropout: float = parameter(0.0, takes.SHARE)
    batch_normalization: bool = parameter(False, takes.FLAG)
    loss: Identifier = parameter("auto", LOSS)
    callbacks: Callbacks = parameter(None)

    def check(self, partial: bool) -> None:
        """Refuse bad values, and values that exclude each other.

        Args:
            partial: whether this is for `partial_fit`.

        Raises:
            ValueError, AttributeError: as scikit-learn raises them.
        """
        check_values(self)
        name = type(self).__name__
        if self.solver == "lbfgs" and (self.dropout or self.batch_normalization):
            what = "dropout" if self.dropout else "batch_normalization"
            raise BadArgument(
                f"{name}: `{what}` and solver='lbfgs' exclude each other: L-BFGS minimizes one "
                "function of all rows, without noise.",
                fix="use solver='adam'.",
            )
        if self.solver == "lbfgs" and partial:
            raise AttributeError(
                explain(
                    f"{name}: partial_fit is only available for solvers that take batches.",
                    given="solver='lbfgs'",
                    fix="use solver='sgd' or 'adam'.",
                )
            )
        if partial:
            check_partial(self)


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
    """The optimizer of `solver`: its own numbers for "sgd" and "adam", or any Keras optimizer."""
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
