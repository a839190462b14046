"""What every callback keeps to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.random import set_random_seed
from rosenblatt.layers.dense import Dense
from rosenblatt.layers.input import Input
from rosenblatt.models.sequential import Sequential
from rosenblatt.testing.check import Check, checks, same

Make = Callable[[], Callback]
_ROWS = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
_TARGETS = _ROWS.sum(axis=1, keepdims=True)


def callback_checks(make: Make, *, watches_only: bool = True) -> list[Check]:
    """What every callback keeps to.

    Args:
        make: makes a new callback.
        watches_only: whether training goes as if the callback did not exist.

    Returns:
        Checks, as `layer_checks` gives them.
    """
    found = checks([_passes_run_with_it, _a_second_fit_runs], make)
    return found + checks([_training_is_as_without_it][: int(watches_only)], make)


def _model() -> Sequential:
    set_random_seed(1)
    model = Sequential([Input((3,)), Dense(1)])
    model.compile(optimizer="sgd", loss="mse", metrics=["mae"])
    return model


def _fit(model: Sequential, callbacks: list[Callback]) -> dict[str, list[float]]:
    set_random_seed(2)
    return model.fit(
        _ROWS,
        _TARGETS,
        batch_size=8,
        epochs=3,
        verbose=0,
        callbacks=callbacks,
        validation_data=(_ROWS, _TARGETS),
    ).history


def _passes_run_with_it(make: Make) -> None:
    model, callback = _model(), make()
    _fit(model, [callback])
    assert callback.model is model, "`callback.model` is not the model that was trained"
    model.evaluate(_ROWS, _TARGETS, callbacks=[make()], verbose=0)
    model.predict(_ROWS, callbacks=[make()], verbose=0)


def _a_second_fit_runs(make: Make) -> None:
    model, callback = _model(), make()
    for _ in range(2):
        history = _fit(model, [callback])
        assert history["loss"], "no epoch was trained"


def _training_is_as_without_it(make: Make) -> None:
    model, bare = _model(), _model()
    history, expected = _fit(model, [make()]), _fit(bare, [])
    same([history[name] for name in expected], list(expected.values()), "the history")
    same(model.get_weights(), bare.get_weights(), "the weights")
