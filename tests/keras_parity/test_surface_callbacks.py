"""Attributes that callbacks have in Keras: read, set with an effect, and methods overridden."""

from __future__ import annotations

import operator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

keras = pytest.importorskip("keras")
BOTH = [rb, keras]
X = np.linspace(0, 1, 12).reshape(4, 3).astype("float32")


def model(library: Any) -> Any:
    made = library.Sequential([library.Input((3,)), library.layers.Dense(1)])
    made.compile(library.optimizers.SGD(0.0), "mse", metrics=["mae"])
    return made


class Values:
    """Puts values of a log entry before the callbacks that come after it."""

    def __init__(self, library: Any, values: list[float]):
        class Given(library.callbacks.Callback):
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                logs["watched"] = values[epoch]

        self.callback = Given()


def epochs(library: Any, values: list[float], callback: Any) -> int:
    given = Values(library, values).callback
    fitted = model(library).fit(
        X, X[:, :1], epochs=len(values), verbose=0, callbacks=[given, callback]
    )
    return len(fitted.epoch)


@pytest.mark.parametrize("library", BOTH)
def test_a_subclass_of_early_stopping_says_what_is_watched(library: Any) -> None:
    class Negative(library.callbacks.EarlyStopping):
        def get_monitor_value(self, logs: Any) -> Any:
            return -logs["watched"]

    stopping = Negative("watched", mode="min", patience=1)
    assert epochs(library, [1.0, 2.0, 1.5, 1.0, 3.0], stopping) == 3
    assert stopping.best == -2.0


@pytest.mark.parametrize("library", BOTH)
def test_monitor_op_is_keras_s(library: Any) -> None:
    ops = library.ops
    for mode, expected in (("min", ops.less), ("max", ops.greater)):
        stopping = library.callbacks.EarlyStopping("watched", mode=mode, patience=9)
        epochs(library, [1.0], stopping)
        assert stopping.monitor_op is expected
        assert (stopping.mode, stopping.monitor) == (mode, "watched")


@pytest.mark.parametrize("op", [np.greater, operator.gt, lambda new, best: new > best])
def test_a_monitor_op_that_is_set_decides(op: Any) -> None:
    stopping = rb.callbacks.EarlyStopping("watched", patience=1)
    stopping.monitor_op = op
    assert epochs(rb, [1.0, 2.0, 1.0, 5.0], stopping) == 3
    assert stopping.best == 2.0


@pytest.mark.parametrize(
    ("name", "value", "stopped"), [("min_delta", 0.5, 3), ("mode", "max", 2), ("patience", 3, 4)]
)
def test_attributes_that_are_set_afterwards_count(name: str, value: Any, stopped: int) -> None:
    stopping = rb.callbacks.EarlyStopping("watched", mode="min", patience=1)
    setattr(stopping, name, value)
    found = {"min_delta": [3.0, 2.0, 1.9, 1.8], "mode": [1.0, 0.5, 0.4, 0.3]}
    assert epochs(rb, found.get(name, [1.0, 1.0, 1.0, 1.0]), stopping) == stopped


@pytest.mark.parametrize("library", BOTH)
def test_a_baseline_is_beaten_by_more_than_min_delta(library: Any) -> None:
    stopping = library.callbacks.EarlyStopping(
        "watched", min_delta=0.5, mode="min", patience=2, baseline=1.0
    )
    assert epochs(library, [0.9, 0.3, 0.3, 0.3, 0.3, 0.3], stopping) == 4


@pytest.mark.parametrize("library", BOTH)
def test_the_best_of_a_checkpoint_can_be_set(library: Any, tmp_path: Path) -> None:
    file = str(tmp_path / "best.keras")
    checkpoint = library.callbacks.ModelCheckpoint(file, "watched", save_best_only=True, mode="min")
    checkpoint.best = 0.5
    epochs(library, [0.9, 0.8], checkpoint)
    assert not Path(file).exists()
    epochs(library, [0.4], checkpoint)
    assert (Path(file).exists(), checkpoint.best, checkpoint.min_delta) == (True, 0.4, 0)


@pytest.mark.parametrize("library", BOTH)
def test_the_best_can_be_set_while_training_runs(library: Any) -> None:
    stopping = library.callbacks.EarlyStopping("watched", mode="min", patience=2)
    lowering = library.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(stopping, "best", 0.1) if epoch == 0 else None
    )
    given = Values(library, [1.0, 0.9, 0.8, 0.7]).callback
    history = model(library).fit(
        X, X[:, :1], epochs=4, verbose=0, callbacks=[given, stopping, lowering]
    )
    assert len(history.epoch) == 3


@pytest.mark.parametrize("library", BOTH)
def test_a_lambda_callback_keeps_other_attributes(library: Any) -> None:
    callback = library.callbacks.LambdaCallback(log_dir="logs", on_test_begin=lambda logs: None)
    assert callback.log_dir == "logs"
    with pytest.raises(TypeError, match="no hook is called 'on_epoch_ends'"):
        rb.callbacks.LambdaCallback(on_epoch_ends=print)


@pytest.mark.parametrize("library", BOTH)
def test_attributes_of_a_csv_logger(library: Any, tmp_path: Path) -> None:
    logger = library.callbacks.CSVLogger(str(tmp_path / "log.csv"), separator=";")
    assert (logger.sep, logger.keys, logger.writer, logger.csv_file) == (";", None, None, None)
    assert logger.append_header is True
    seen = []

    class Keys(library.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append((sorted(logger.keys), logger.csv_file.closed))

    model(library).fit(X, X[:, :1], verbose=0, callbacks=[logger, Keys()])
    assert seen[0][1] is False
    assert {"loss", "mae"} <= set(seen[0][0])
    assert (tmp_path / "log.csv").read_text().startswith("epoch;")


@pytest.mark.parametrize("library", BOTH)
def test_a_list_of_callbacks_knows_its_model(library: Any) -> None:
    made = model(library)
    callbacks = library.callbacks.CallbackList([library.callbacks.Callback()], model=made)
    assert callbacks.model is made
    assert callbacks.callbacks[0].model is made
