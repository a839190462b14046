"""What is said of the data before the first trial, and what every trial is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import tuner as rt
from rosenblatt.tuner.errors import FatalValueError
from rosenblatt.tuner.search_arguments import SearchArguments

X = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
CLASSES = np.arange(60) % 3


def build(hp: Any) -> Any:
    """A classifier for three classes."""
    units = hp.Int("units", 2, 8)
    hidden, output = rb.layers.Dense(units, "relu"), rb.layers.Dense(3, "softmax")
    model = rb.Sequential([rb.Input((4,)), hidden, output])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def tuner_in(folder: Path, hypermodel: Any = build) -> Any:
    return rt.RandomSearch(hypermodel, "val_loss", max_trials=2, seed=1, directory=folder)


@pytest.mark.parametrize(
    ("y", "validation", "message"),
    [
        (np.linspace(0.1, 3, 60), (X, CLASSES), "are not class labels. Given: the value 0.1"),
        (np.arange(60) % 5, (X, CLASSES), "a label outside the classes. Given: 4"),
        (CLASSES, (X, np.arange(60) % 4), "a label outside the classes. Given: 3"),
        (CLASSES, (X[:, :2], CLASSES), r"wrong shape"),
        (np.eye(3)[CLASSES], (X, CLASSES), "categorical_crossentropy"),
        (["cat"] * 60, (X, CLASSES), "cat"),
    ],
)
def test_what_no_trial_can_learn_is_said_before_the_first(
    y: Any, validation: Any, message: str, tmp_path: Path
) -> None:
    tuner = tuner_in(tmp_path)
    with pytest.raises(FatalValueError, match=rf"No trial was begun[\s\S]*{message}"):
        tuner.search(X, y, epochs=1, validation_data=validation, verbose=0)
    assert not tuner.oracle.trials and not list(tmp_path.rglob("journal.jsonl"))


def test_data_that_fit_prepares_itself_are_its_own_matter(tmp_path: Path) -> None:
    class Halved(rt.HyperModel):
        def build(self, hp: Any) -> Any:
            return build(hp)

        def fit(self, hp: Any, model: Any, x: Any, y: Any, **kwargs: Any) -> Any:
            return model.fit(x, y // 2, validation_data=(x, y // 2), **kwargs)

    tuner = tuner_in(tmp_path, Halved())
    tuner.search(X, np.arange(60) % 6, epochs=1, verbose=0)
    assert [t.status for t in tuner.oracle.trials.values()] == ["COMPLETED"] * 2


def test_generators_are_not_drawn_from_beforehand(tmp_path: Path) -> None:
    drawn = []

    def rows() -> Any:
        while True:
            drawn.append(1)
            yield X, CLASSES

    tuner = tuner_in(tmp_path)
    options = {"epochs": 2, "steps_per_epoch": 3, "validation_data": (X, CLASSES), "verbose": 0}
    tuner.check_data(SearchArguments((rows(),), options))
    assert not drawn
