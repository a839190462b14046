"""What every loss keeps to."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np

from rosenblatt.layers.identity import Identity
from rosenblatt.layers.input import Input
from rosenblatt.losses.base import Loss
from rosenblatt.models.sequential import Sequential
from rosenblatt.testing.check import Check, checks, config_makes_an_equal_part, same

Make = Callable[[], Loss]


def loss_checks(
    make: Make,
    y_true: np.ndarray,
    y_pred: np.ndarray,
    *,
    smooth: bool = True,
    row_independent: bool = True,
) -> list[Check]:
    """What every loss keeps to, for a loss and a batch.

    Args:
        make: makes a new loss: the class, or a function without arguments.
        y_true: targets (rows, …); at least three rows.
        y_pred: predictions (rows, …).
        smooth: whether the loss has a derivative at the predictions.
        row_independent: whether there is one value for each row, of that row alone.

    Returns:
        Checks, as `layer_checks` gives them.
    """
    found = checks([config_makes_an_equal_part], make)
    named: list[Callable[..., None]] = [_weights_count, _evaluate_as_by_hand]
    if row_independent:
        named += [_one_value_for_each_row, _evaluate_in_parts_as_by_hand]
    found += checks(named, make, y_true, y_pred)
    gradients = [_gradients_are_central_differences][: int(smooth)]
    return found + checks(gradients, make, y_true, y_pred)


def _one_value_for_each_row(make: Make, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    values = make().call(y_true, y_pred)
    assert values.shape[:1] == (len(y_pred),), (
        f"{type(make()).__name__}: `call` gives shape {values.shape} for {len(y_pred)} rows"
    )


def _weights_count(make: Make, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    weights = np.ones(len(y_pred), "float32")
    same(make()(y_true, y_pred, weights), make()(y_true, y_pred), "weights of one")
    zeros = make()(y_true, y_pred, np.zeros(len(y_pred), "float32"))
    same(np.sum(np.asarray(zeros)), 0.0, "weights of zero")


def _evaluate_as_by_hand(make: Make, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    _evaluate(make, y_true, y_pred, batch_size=len(y_pred))


def _evaluate_in_parts_as_by_hand(make: Make, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    _evaluate(make, y_true, y_pred, batch_size=2)  # the last batch may be filled up


def _evaluate(make: Make, y_true: np.ndarray, y_pred: np.ndarray, batch_size: int) -> None:
    loss = make()
    expected = loss(y_true, y_pred)
    if np.ndim(expected) or loss.reduction != "sum_over_batch_size":
        return  # nothing is reduced, or batches do not add up to the whole
    model = Sequential([Input(y_pred.shape[1:]), Identity()])
    model.compile(loss=make())
    found = model.evaluate(y_pred, y_true, batch_size=batch_size, verbose=0)
    same(found, expected, f"`evaluate` with batch_size={batch_size}")


def _gradients_are_central_differences(make: Make, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    loss, rng, step = make(), np.random.default_rng(0), 1e-3

    def total(values: np.ndarray) -> jax.Array:
        return loss(y_true, values).sum()

    direction = rng.normal(size=y_pred.shape).astype("float32")
    slope = float((jax.grad(total)(y_pred) * direction).sum())
    around = total(y_pred + step * direction) - total(y_pred - step * direction)
    same(float(around) / (2 * step), slope, "the gradient of the predictions", 2e-2)
