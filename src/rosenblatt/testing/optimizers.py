"""What every optimizer keeps to."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np

from rosenblatt.core.random import set_random_seed
from rosenblatt.layers.dense import Dense
from rosenblatt.layers.input import Input
from rosenblatt.models.sequential import Sequential
from rosenblatt.optimizers.base import Optimizer
from rosenblatt.testing.check import Check, checks, config_makes_an_equal_part, same

Make = Callable[[], Optimizer]
_ROWS = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
_TARGETS = (_ROWS @ np.array([[1.0], [-2.0], [0.5]], "float32")) + 1


def optimizer_checks(make: Make) -> list[Check]:
    """What every optimizer keeps to.

    Args:
        make: makes a new optimizer with a rate that fits a loss of about one.

    Returns:
        Checks, as `layer_checks` gives them.
    """
    return checks(
        [
            config_makes_an_equal_part, _the_loss_falls, _compiled_as_by_hand,
            _saved_state_resumes, _a_copy_trains_alike,
        ],
        make,
    )  # fmt: skip


def _model(make: Make) -> Sequential:
    set_random_seed(1)
    model = Sequential([Input((3,)), Dense(1, kernel_initializer="ones")])
    model.compile(optimizer=make(), loss="mse")
    return model


def _fit(model: Sequential, epochs: int) -> list[float]:
    history = model.fit(_ROWS, _TARGETS, batch_size=8, epochs=epochs, shuffle=False, verbose=0)
    return history.history["loss"]


def _the_loss_falls(make: Make) -> None:
    losses = _fit(_model(make), 10)
    assert np.isfinite(losses).all(), f"losses {losses}"
    assert losses[-1] < losses[0], f"losses {losses}"


def _compiled_as_by_hand(make: Make) -> None:
    compiled, stepwise = _model(make), _model(make)
    _fit(compiled, 1)
    for start in range(0, len(_ROWS), 8):
        stepwise.train_on_batch(_ROWS[start : start + 8], _TARGETS[start : start + 8])
    same(compiled.get_weights(), stepwise.get_weights(), "an epoch, and its steps one by one")


def _saved_state_resumes(make: Make) -> None:
    whole, begun, resumed = _model(make), _model(make), _model(make)
    _fit(whole, 2)
    _fit(begun, 1)
    resumed.optimizer.build(resumed.trainable_variables)
    resumed.set_weights(begun.get_weights())
    for variable, saved in zip(resumed.optimizer.variables, begun.optimizer.variables, strict=True):
        variable.assign(saved.numpy())
    _fit(resumed, 1)
    same(resumed.get_weights(), whole.get_weights(), "training resumed from the variables' values")


def _a_copy_trains_alike(make: Make) -> None:
    model = _model(make)
    _fit(model, 1)
    other = copy.deepcopy(model)
    for one in (model, other):
        _fit(one, 1)
    same(other.get_weights(), model.get_weights(), "a deep copy that trains on")
