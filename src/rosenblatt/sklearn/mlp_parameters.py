"""The parameters of the multilayer perceptrons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np
from sklearn.base import BaseEstimator

import rosenblatt.sklearn.settings as takes
from rosenblatt.core.checks import Check, choice
from rosenblatt.core.errors import BadArgument, explain
from rosenblatt.core.types import Identifier
from rosenblatt.sklearn.settings import check_partial, check_values, either, one_of_keras, parameter
from rosenblatt.sklearn.types import Callbacks, RandomState

ACTIVATION = one_of_keras("'identity', 'logistic', 'tanh', 'relu', or any activation of Keras's")
SOLVER = one_of_keras("'adam', 'sgd', 'lbfgs', or any optimizer of Keras's")
LOSS = one_of_keras("'auto', or any loss of Keras's")
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
