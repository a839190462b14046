"""`config.set_max_epochs` and `set_max_steps_per_epoch` hold wherever a `Model` is trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import rosenblatt as rb
from rosenblatt.sklearn import KerasClassifier, MLPClassifier
from rosenblatt.tabular import TabularRegressor

X = np.random.default_rng(0).normal(size=(80, 3)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    rb.config.set_max_epochs(2)
    rb.config.set_max_steps_per_epoch(1)
    yield
    rb.config.set_max_epochs(None)
    rb.config.set_max_steps_per_epoch(None)


def model() -> rb.Sequential:
    made = rb.Sequential([rb.Input((3,)), rb.layers.Dense(1, "sigmoid")])
    made.compile("sgd", "binary_crossentropy")
    return made


def steps(trained: Any) -> int:
    return int(np.asarray(trained.optimizer.iterations))


@pytest.mark.filterwarnings("ignore:Limiting")
def test_models() -> None:
    made = model()
    assert len(made.fit(X, Y, validation_data=(X, Y), epochs=9, verbose=0).epoch) == 2
    assert steps(made) == 2
    alone = made.evaluate(X[:20], Y[:20], verbose=0)
    assert made.evaluate(X, Y, batch_size=20, verbose=0) == pytest.approx(alone)
    assert len(made.predict(X, batch_size=20, verbose=0)) == 20
    made.train_on_batch(X, Y)  # one batch, of any size
    assert steps(made) == 3
    assert len(made.predict_on_batch(X)) == 80


def test_what_is_within_the_limits_is_said_nothing_of() -> None:
    made = model()
    made.fit(X[:8], Y[:8], epochs=2, steps_per_epoch=1, verbose=0)
    made.evaluate(X, Y, steps=1, verbose=0)
    rb.config.set_max_epochs(0)  # no limit, as in Keras
    assert len(made.fit(X[:8], Y[:8], epochs=3, steps_per_epoch=1, verbose=0).epoch) == 3


@pytest.mark.filterwarnings("ignore:Limiting")
def test_estimators_for_networks() -> None:
    wrapped = KerasClassifier(model, epochs=9, batch_size=32, verbose=0).fit(X, Y)
    assert (len(wrapped.history_["loss"]), steps(wrapped.model_)) == (2, 2)
    with pytest.warns(ConvergenceWarning):  # as where `max_iter` ends training
        own = MLPClassifier((4,), max_iter=9, batch_size=32, random_state=0).fit(X, Y)
    assert own.n_iter_ == 2


@pytest.mark.filterwarnings("ignore:Limiting")
def test_estimators_for_tables() -> None:
    with pytest.warns(UserWarning, match="Limiting epochs to 2"):
        fitted = TabularRegressor(
            models=2, epochs=40, width=8, depth=1, members=2, batch_size=16, random_state=0
        ).fit({"a": X[:, 0], "b": X[:, 1]}, X[:, 2])
    assert {len(one["loss"]) for one in fitted.history_} == {2}
    # Predictions are of all rows.
    assert fitted.predict({"a": X[:, 0], "b": X[:, 1]}).shape == (80,)


@pytest.mark.filterwarnings("ignore:Limiting")
def test_trials_of_a_tuner(tmp_path: Path) -> None:
    def build(hp: Any) -> rb.Sequential:
        hp.Float("rate", 0.1, 0.2)
        return model()

    tuner = rb.tuner.RandomSearch(build, "loss", max_trials=2, directory=tmp_path, seed=0)
    tuner.search(X, Y, epochs=9, verbose=0)
    for trial in tuner.oracle.get_best_trials(2):
        assert trial.best_step < 2
        assert len(trial.metrics.get_history("loss")) <= 2
