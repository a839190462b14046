"""Callbacks over scripted histories, against real Keras: rates, files, lines."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import rosenblatt as rb

QUICK = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
VALUES = st.lists(
    st.one_of(st.integers(0, 6).map(float), st.floats(0, 1, width=16), st.just(math.nan)),
    min_size=1,
    max_size=14,
).filter(lambda values: not math.isnan(values[0]))  # NaN first: see docs/differences.md


class Rated:
    """Stands in for a model: an optimizer with a rate, and files that are only noted."""

    def __init__(self, lib: Any, rate: Any = 0.5):
        self.optimizer = lib.optimizers.SGD(rate)
        self.stop_training = False
        self.metrics: list[Any] = []
        self.saved: list[str] = []

    def save(self, path: Any, **_: Any) -> None:
        self.saved.append(str(path))

    save_weights = save


def drive(
    lib: Any, callback: Any, values: list[float], name: str, rate: Any = 0.5
) -> tuple[Rated, list[float]]:
    """Run the epochs' hooks; gives the model, and the rate at the end of each epoch."""
    model = Rated(lib, rate)
    callback.set_model(model)
    callback.set_params({"epochs": len(values), "steps": 1, "verbose": 0})
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"loss": 1.0, name: value})
        rates.append(float(model.optimizer.learning_rate))
    callback.on_train_end()
    return model, rates


@QUICK
@given(
    values=VALUES,
    patience=st.integers(0, 3),
    cooldown=st.integers(0, 2),
    min_delta=st.sampled_from([0.0, 1e-4, 0.5]),
    min_lr=st.sampled_from([0.0, 0.02]),
    mode=st.sampled_from(["min", "max"]),
)
def test_plateaus_lower_the_same_rates(keras: Any, values: list[float], **options: Any) -> None:
    found, expected = (
        drive(lib, lib.callbacks.ReduceLROnPlateau("val_x", 0.3, **options), values, "val_x")[1]
        for lib in (rb, keras)
    )
    assert found == pytest.approx(expected, rel=1e-6)


@QUICK
@given(
    values=VALUES,
    best=st.booleans(),
    weights=st.booleans(),
    mode=st.sampled_from(["min", "max"]),
    threshold=st.sampled_from([None, 0.5]),
)
def test_checkpoints_are_the_same_files(
    keras: Any, values: list[float], best: bool, weights: bool, mode: str, threshold: Any
) -> None:
    path = "run_{epoch:02d}_{val_x:.2f}" + (".weights.h5" if weights else ".keras")
    found, expected = (
        drive(
            lib,
            lib.callbacks.ModelCheckpoint(
                path, "val_x", 0, best, weights, mode, initial_value_threshold=threshold
            ),
            values,
            "val_x",
        )[0].saved
        for lib in (rb, keras)
    )
    assert [Path(p).name for p in found] == [Path(p).name for p in expected]


class Weighed(Rated):
    """Its one weight is the number of the epoch."""

    def __init__(self, lib: Any, rate: Any = 0.5):
        super().__init__(lib, rate)
        self.weight = rb.Variable(np.zeros(1, "float32"))

    @property
    def weights(self) -> list[Any]:
        return [self.weight]

    def get_weights(self) -> list[Any]:
        return [self.weight.numpy()]

    def set_weights(self, weights: list[Any]) -> None:
        self.weight.assign(weights[0])


@QUICK
@given(
    values=VALUES,
    patience=st.integers(0, 3),
    min_delta=st.sampled_from([0.0, 0.5]),
    mode=st.sampled_from(["min", "max"]),
    baseline=st.sampled_from([None, 2.0]),
    restore=st.booleans(),
    start_from_epoch=st.integers(0, 3),
)
def test_training_stops_in_the_same_epoch_with_the_same_weights(
    keras: Any, values: list[float], restore: bool, **options: Any
) -> None:
    assume(not math.isnan(values[min(options["start_from_epoch"], len(values) - 1)]))
    ends = []
    for lib in (rb, keras):
        stopping = lib.callbacks.EarlyStopping("val_x", restore_best_weights=restore, **options)
        model, epoch = Weighed(lib), 0
        stopping.set_model(model)
        stopping.set_params({"epochs": len(values)})
        stopping.on_train_begin()
        for epoch, value in enumerate(values):
            model.weight.assign(np.full(1, epoch, "float32"))
            stopping.on_epoch_end(epoch, {"loss": 1.0, "val_x": value})
            if model.stop_training:
                break
        stopping.on_train_end()
        ends.append((epoch, stopping.stopped_epoch, float(model.weight.numpy()[0])))
        if not model.stop_training:  # where the epochs run out: see docs/differences.md
            ends[-1] = ends[-1][:2]
    assert ends[0] == ends[1]


@QUICK
@given(values=VALUES, append=st.booleans(), separator=st.sampled_from([",", ";"]))
def test_lines_and_histories_are_the_same(
    keras: Any, tmp_path: Path, values: list[float], append: bool, separator: str
) -> None:
    texts, histories = [], []
    for lib in (rb, keras):
        path = tmp_path / f"{lib.__name__}.csv"
        path.unlink(missing_ok=True)
        for _ in range(2):
            drive(lib, lib.callbacks.CSVLogger(str(path), separator, append), values, "val_x")
        texts.append(path.read_text())
        history = lib.callbacks.History()
        drive(lib, history, values, "val_x")
        histories.append((history.epoch, repr(history.history)))
    assert texts[0] == texts[1]
    assert histories[0] == histories[1]


@pytest.mark.parametrize("schedule", [lambda e, lr: lr * 0.5, lambda e: 0.1 / (e + 1)])
def test_schedules_set_the_same_rates(keras: Any, schedule: Any) -> None:
    found, expected = (
        drive(lib, lib.callbacks.LearningRateScheduler(schedule), [1.0] * 4, "val_x")[1]
        for lib in (rb, keras)
    )
    assert found == pytest.approx(expected, rel=1e-6)


def test_csv_lines_equal_keras(keras: Any, tmp_path: Path) -> None:
    for append in (False, True):
        for lib in (rb, keras):
            logger = lib.callbacks.CSVLogger(str(tmp_path / f"{lib.__name__}.csv"), ";", append)
            drive(lib, logger, [0.5, 0.25], "val_x")
    ours, theirs = ((tmp_path / f"{lib.__name__}.csv").read_text() for lib in (rb, keras))
    assert ours == theirs
    assert ours.splitlines()[0] == "epoch;loss;val_x"
    assert len(ours.splitlines()) == 5
