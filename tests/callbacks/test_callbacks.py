"""EarlyStopping and LambdaCallback, against real Keras and by hand."""

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb


class _Scripted:
    """Stands in for a model: callbacks only read and set these."""

    def __init__(self):
        self.stop_training = False
        self.metrics = []
        self.variable = rb.Variable(np.zeros(1))

    @property
    def weights(self):
        return [self.variable]

    def get_weights(self):
        return [self.variable.numpy()]

    def set_weights(self, weights):
        self.variable.assign(weights[0])


def _run(callback, values, monitor="val_loss"):
    """Epochs done, and the weight at the end, where the weight in epoch e is e."""
    model = _Scripted()
    callback.set_model(model)
    callback.on_train_begin()
    epoch = 0
    for epoch, value in enumerate(values):
        model.variable.assign([float(epoch)])
        callback.on_epoch_end(epoch, {monitor: value})
        if model.stop_training:
            break
    callback.on_train_end()
    return epoch, float(model.variable.numpy()[0])


SCRIPTS = {
    "falls": [5, 4, 3, 2, 1],
    "rises": [1, 2, 3, 4, 5],
    "valley": [5, 3, 1, 2, 3, 4, 5, 6],
    "flat": [1.0] * 6,
    "late": [3, 4, 4, 4, 1, 5, 5, 5],
    "noisy": list(np.random.default_rng(0).random(20)),
}
ARGUMENTS = (
    {"patience": 0},
    {"patience": 2},
    {"patience": 3, "restore_best_weights": True},
    {"patience": 1, "mode": "max", "restore_best_weights": True},
    {"patience": 2, "min_delta": 0.5},
    {"patience": 1, "baseline": 2.5},
    {"patience": 1, "start_from_epoch": 3, "restore_best_weights": True},
)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_early_stopping_stops_where_keras_does(script, arguments):
    keras = pytest.importorskip("keras")
    theirs, epochs_theirs = keras.callbacks.EarlyStopping(monitor="val_loss", **arguments), None
    epochs_theirs, weight_theirs = _run(theirs, SCRIPTS[script])
    epochs, weight = _run(
        rb.callbacks.EarlyStopping(monitor="val_loss", **arguments), SCRIPTS[script]
    )
    assert epochs == epochs_theirs
    if theirs.stopped_epoch or not arguments.get("restore_best_weights"):
        assert weight == weight_theirs


def test_best_weights_are_restored_when_the_epochs_run_out():
    stop = rb.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
    assert _run(stop, SCRIPTS["valley"]) == (7, 2.0)


def test_a_second_fit_starts_clean():
    stop = rb.callbacks.EarlyStopping(patience=1)
    assert _run(stop, SCRIPTS["rises"])[0] == 1
    assert _run(stop, SCRIPTS["valley"])[0] == 3


def test_direction_comes_from_the_metric():
    stop = rb.callbacks.EarlyStopping(monitor="val_score", patience=1)
    model = _Scripted()

    class Score(rb.metrics.Mean):
        direction = "max"

    model.metrics = [Score(name="score")]
    assert stop.watch.find_direction(model) == "max"
    unknown = rb.callbacks.EarlyStopping(monitor="val_score")
    with pytest.raises(
        ValueError,
        match=r"^EarlyStopping: whether a higher 'val_score' is better is not known. Fix: pass "
        r"`mode='min'` or `mode='max'`.$",
    ):
        _run(unknown, [1.0], "val_score")


def test_a_monitor_that_no_metric_has_and_no_mode_explains_is_refused():
    stop = rb.callbacks.EarlyStopping(monitor="score")
    with pytest.raises(
        ValueError,
        match=r"^EarlyStopping watches 'score', which is no metric of the model, so that nothing "
        r"says whether a higher value is better. Given: logs val_loss. Fix: .*`mode='max'`.$",
    ):
        _run(stop, [1.0])


def test_a_missing_monitor_is_listed():
    stop = rb.callbacks.EarlyStopping(monitor="val_lost", mode="min")
    with pytest.warns(
        UserWarning,
        match=r"EarlyStopping watches 'val_lost', which is not among the logs: val_loss; did you "
        r"mean 'val_loss'\?",
    ):
        _run(stop, [1.0])


def test_unknown_mode_and_hook():
    with pytest.warns(UserWarning, match=r"^A callback's `mode` is unknown, and \"auto\" is used."):
        assert rb.callbacks.EarlyStopping(mode="lowest").mode == "auto"
    with pytest.raises(
        TypeError, match=r"^LambdaCallback: no hook is called 'on_epoch_edn'. Fix: did you mean"
    ):
        rb.callbacks.LambdaCallback(on_epoch_edn=print)


def test_lambda_callback_and_stop_in_mid_epoch():
    seen = []
    x = np.ones((40, 2), "float32")
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile(loss="mse")

    def stop(batch, logs):
        seen.append(batch)
        model.stop_training = batch == 1

    model.fit(
        x,
        x[:, 0],
        batch_size=10,
        epochs=3,
        verbose=0,
        callbacks=[rb.callbacks.LambdaCallback(on_train_batch_end=stop)],
    )
    assert seen == [0, 1]


def test_verbose_says_where_it_stopped(capsys):
    _run(rb.callbacks.EarlyStopping(patience=1, verbose=1, restore_best_weights=True), [1, 2, 3])
    assert capsys.readouterr().out == (
        "Epoch 2: early stopping\nRestoring model weights from the end of the best epoch: 1.\n"
    )


# `on_batch_begin` and `on_batch_end` are called by the train hooks, where those are not given.
HOOKS = sorted(
    name
    for name in dir(rb.callbacks.Callback)
    if name.startswith("on_") and not name.startswith("on_batch")
)


def test_every_hook_gets_logs() -> None:
    """As in Keras: a user's hook may take them without a default."""
    seen: dict[str, list[tuple[Any, ...]]] = {}

    def note(name: str) -> Any:
        if "epoch" in name or "batch" in name:
            return lambda number, logs: seen.setdefault(name, []).append((number, dict(logs)))
        return lambda logs: seen.setdefault(name, []).append((dict(logs),))

    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 2)), np.ones((4, 1))
    hooks = [rb.callbacks.LambdaCallback(**{name: note(name) for name in HOOKS})]
    model.fit(x, y, batch_size=2, validation_split=0.5, verbose=0, callbacks=hooks)
    model.predict(x, verbose=0, callbacks=hooks)
    assert set(seen) == set(HOOKS)
    assert seen["on_train_begin"] == seen["on_test_begin"] == seen["on_predict_begin"] == [({},)]
    assert seen["on_epoch_begin"] == [(0, {})]
    assert [set(logs) for _, logs in seen["on_epoch_end"]] == [{"loss", "val_loss"}]


def test_a_list_of_callbacks_has_the_hooks() -> None:
    """What loops of users call."""
    seen = []
    hooks = {"on_epoch_end": lambda epoch, logs: seen.append((epoch, logs))}
    hooks["on_train_begin"] = lambda logs: seen.append(logs)
    both = rb.callbacks.CallbackList([rb.callbacks.LambdaCallback(**hooks)], epochs=3)
    both.on_train_begin()
    both.on_epoch_end(1, {"loss": 2.0})
    both.on_epoch_end(2, None)
    assert seen == [{}, (1, {"loss": 2.0}), (2, {})]
    with pytest.raises(AttributeError, match=r"^CallbackList has no attribute 'on_epoch'\."):
        both.on_epoch()
