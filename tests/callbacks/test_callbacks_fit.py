"""Callbacks inside `fit`: what users of other systems report as wrong, and messages."""

from __future__ import annotations

import csv
import http.server
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import callbacks

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


def model(optimizer: Any = "sgd", **options: Any) -> Any:
    made = rb.Sequential([rb.Input((4,)), rb.layers.Dense(4, "tanh"), rb.layers.Dense(1)])
    made.compile(optimizer=optimizer, loss="mse", metrics=["mae"], **options)
    return made


def fit(made: Any, *given: Any, epochs: int = 3, **options: Any) -> Any:
    options = {"validation_data": (X, Y), "batch_size": 16, "verbose": 0, **options}
    return made.fit(X, Y, epochs=epochs, callbacks=list(given), **options)


# -- saving ----------------------------------------------------------------------------------


def test_checkpoints_of_epochs_load_as_the_model_was(tmp_path: Path) -> None:
    made = model()
    history = fit(made, callbacks.ModelCheckpoint(tmp_path / "m_{epoch}_{val_loss:.3f}.keras"))
    names = [f"m_{i + 1}_{v:.3f}.keras" for i, v in enumerate(history.history["val_loss"])]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    loaded = rb.saving.load_model(tmp_path / names[-1])
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), made.predict(X, verbose=0))


def test_checkpoints_every_third_batch(tmp_path: Path) -> None:
    checkpoint = callbacks.ModelCheckpoint(
        tmp_path / "{epoch}_{batch}.weights.h5", save_weights_only=True, save_freq=3
    )
    fit(model(), checkpoint)  # 4 batches an epoch, 3 epochs
    assert sorted(p.stem for p in tmp_path.iterdir()) == [
        "1_3.weights", "2_2.weights", "3_1.weights", "3_4.weights",
    ]  # fmt: skip


def test_only_the_best_files_are_kept(tmp_path: Path) -> None:
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", keep=2)
    history = fit(model(rb.optimizers.SGD(0.3)), checkpoint, epochs=6)
    best = np.argsort(history.history["val_loss"])[:2] + 1
    assert sorted(p.stem for p in tmp_path.iterdir()) == sorted(map(str, best))


def test_best_only_survives_an_interruption(tmp_path: Path) -> None:
    path = tmp_path / "best.keras"

    def interrupt(epoch: int, logs: Any) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    made = model()
    with pytest.raises(KeyboardInterrupt):
        fit(
            made,
            callbacks.ModelCheckpoint(path, save_best_only=True),
            callbacks.LambdaCallback(on_epoch_end=interrupt),
            epochs=9,
        )
    loaded = rb.saving.load_model(path)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), made.predict(X, verbose=0))


@pytest.mark.parametrize("how", ["runs out", "another stops", "interrupted", "fails"])
def test_best_weights_come_back_whatever_ends_training(how: str) -> None:
    made, seen = model(rb.optimizers.SGD(0.6)), []

    class Ends(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append((logs["val_loss"], self.model.get_weights()))
            if epoch == 4:
                self.model.stop_training = how == "another stops"
                if how == "interrupted":
                    raise KeyboardInterrupt
                if how == "fails":
                    raise RuntimeError("no")

    stopping = callbacks.EarlyStopping(patience=99, restore_best_weights=True)
    try:
        fit(made, stopping, Ends(), epochs=5 if how == "runs out" else 50)
    except (KeyboardInterrupt, RuntimeError):
        assert how in ("interrupted", "fails")
    assert len(seen) == 5
    best = min(seen, key=lambda entry: entry[0])[1]
    for one, other in zip(made.get_weights(), best, strict=True):
        np.testing.assert_array_equal(one, other)


# -- rates -----------------------------------------------------------------------------------


def test_a_plateau_logs_and_lowers_a_rate_given_as_an_integer() -> None:
    made = model(rb.optimizers.SGD(1))
    plateau = callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=1e9)
    history = fit(made, plateau, epochs=4)
    assert history.history["learning_rate"] == [1.0, 1.0, 0.5, 0.25]
    assert float(made.optimizer.learning_rate) == 0.125
    history = fit(made, plateau, epochs=2)  # a second fit starts clean
    assert history.history["learning_rate"] == [0.125, 0.125]


@pytest.mark.parametrize(
    "callback", [callbacks.ReduceLROnPlateau(), callbacks.LearningRateScheduler(lambda e: 0.1)]
)
def test_a_rate_that_follows_a_schedule_is_not_set(callback: Any) -> None:
    made = model(rb.optimizers.SGD(rb.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)))
    with pytest.raises(ValueError) as caught:
        fit(made, callback)
    name = type(callback).__name__
    assert str(caught.value) == (
        f"{name} sets the learning rate, but the optimizer's follows a ExponentialDecay, which "
        "would overrule it at the next step. Fix: give the optimizer a number, or leave the "
        "callback out."
    )


def test_a_rate_multiplied_at_every_batch_with_rates_and_losses_recorded() -> None:
    rates: list[float] = []
    losses: list[float] = []

    class Exponential(rb.callbacks.Callback):
        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            rates.append(self.model.optimizer.learning_rate.numpy())
            losses.append(logs["loss"])
            self.model.optimizer.learning_rate *= 1.5

    made = model(rb.optimizers.SGD(1e-4))
    fit(made, Exponential(), epochs=2)
    np.testing.assert_allclose(rates, 1e-4 * 1.5 ** np.arange(8), rtol=1e-5)
    assert len(losses) == 8 and all(type(v) is float for v in losses)
    assert float(made.optimizer.learning_rate) == pytest.approx(1e-4 * 1.5**8)


def test_a_schedule_must_return_a_number() -> None:
    with pytest.raises(ValueError, match=r"must return a number. Given: NoneType: None"):
        fit(model(), callbacks.LearningRateScheduler(lambda epoch: None))


# -- lines and pictures ----------------------------------------------------------------------


def test_csv_keeps_columns_for_later_validation(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "log.csv"
    fit(model(), callbacks.CSVLogger(path), epochs=4, validation_freq=2)
    lines = list(csv.DictReader(path.read_text().splitlines()))
    assert [line["epoch"] for line in lines] == ["0", "1", "2", "3"]
    assert [line["val_mae"] == "NA" for line in lines] == [True, False, True, False]


def test_csv_is_closed_and_whole_after_an_error(tmp_path: Path) -> None:
    logger = callbacks.CSVLogger(tmp_path / "log.csv")

    def fail(epoch: int, logs: Any) -> None:
        if epoch == 1:
            raise RuntimeError("full disk")

    with pytest.raises(RuntimeError, match="full disk") as caught:
        fit(model(), logger, callbacks.LambdaCallback(on_epoch_end=fail))
    assert "In callback LambdaCallback.on_epoch_end." in caught.value.__notes__
    assert logger.csv_file is None
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_learning_curves_are_redrawn(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"curves.{ending}"
    seen = []
    fit(
        model(),
        callbacks.LearningCurves(path, every=2),
        callbacks.LambdaCallback(on_epoch_end=lambda e, logs: seen.append(path.exists())),
    )
    assert seen == [False, True, True]
    assert path.stat().st_size > 1000


def test_a_ratio_of_validation_and_training_each_epoch(capsys: Any) -> None:
    class Ratio(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            print(f"Epoch={epoch}, val/train={logs['val_loss'] / logs['loss']:.2f}")

    history = fit(model(), Ratio()).history
    ratios = [v / t for v, t in zip(history["val_loss"], history["loss"], strict=True)]
    expected = [f"Epoch={i}, val/train={ratio:.2f}" for i, ratio in enumerate(ratios)]
    assert capsys.readouterr().out.splitlines() == expected


# -- stopping, timing, averages, servers --------------------------------------------------------


def test_training_stops_within_an_epoch_when_the_loss_is_no_number(capsys: Any) -> None:
    made = model(rb.optimizers.SGD(1e30))
    with pytest.warns(RuntimeWarning, match="The loss became"):
        history = fit(made, callbacks.TerminateOnNaN(), epochs=9, validation_data=None)
    assert len(history.epoch) == 1
    assert "terminating training" in capsys.readouterr().out


def test_a_loss_that_is_no_number_can_be_an_error() -> None:
    made = model(rb.optimizers.SGD(1e30))
    stops = callbacks.TerminateOnNaN(raise_error=True)
    with pytest.raises(RuntimeError, match=r"TerminateOnNaN: batch \d+: the loss is (nan|inf)\."):
        fit(made, stops, epochs=9, validation_data=None)


def test_timing_adds_up() -> None:
    timing = callbacks.Timing()
    fit(model(), timing)
    assert [entry["steps"] for entry in timing.epochs] == [4, 4, 4]
    for entry in timing.epochs:
        parts = entry["data"] + entry["program"] + entry["validation"]
        assert 0 < parts <= entry["seconds"]
        assert entry["steps_per_second"] > 0
    assert timing.epochs[1]["callbacks"] > 0  # every hook's since the last note


def test_averages_are_swapped_in_for_evaluation(keras: Any) -> None:
    histories = []
    start = None
    for lib in (rb, keras):
        made = lib.Sequential([lib.Input((4,)), lib.layers.Dense(1)])
        made.compile(lib.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8), "mse")
        start = made.get_weights() if start is None else start
        made.set_weights(start)
        swap = lib.callbacks.SwapEMAWeights()
        histories.append(
            made.fit(
                X, Y, epochs=3, batch_size=16, shuffle=False, verbose=0,
                validation_data=(X, Y), callbacks=[swap],
            ).history
        )  # fmt: skip
    for name, values in histories[0].items():
        np.testing.assert_allclose(values, histories[1][name], rtol=1e-4, err_msg=name)


def test_swapping_needs_averages() -> None:
    with pytest.raises(ValueError, match=r"SwapEMAWeights needs an optimizer that averages") as e:
        fit(model(), callbacks.SwapEMAWeights())
    assert "Given: SGD(use_ema=False). Fix: compile with `SGD(…, use_ema=True)`." in str(e.value)


def test_a_server_gets_the_metrics_and_may_be_gone() -> None:
    received: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            received.append((self.path, json.loads(self.rfile.read(length))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_address[1]}"
        fit(model(), callbacks.RemoteMonitor(root, send_as_json=True), epochs=2)
        server.shutdown()
    assert [path for path, _ in received] == ["/publish/epoch/end/"] * 2
    assert [sorted(body) for _, body in received] == [
        ["epoch", "loss", "mae", "val_loss", "val_mae"]
    ] * 2
    with pytest.warns(UserWarning, match="did not take the metrics"):
        fit(model(), callbacks.RemoteMonitor("http://127.0.0.1:9"), epochs=1)


# -- what hooks may do, and what they are told ---------------------------------------------------


def test_hooks_may_evaluate_predict_and_save(tmp_path: Path) -> None:
    plain, watched = model(), model()
    watched.set_weights(plain.get_weights())
    seen = []

    class Busy(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            found = self.model.evaluate(X, Y, verbose=0, return_dict=True)
            seen.append((found["loss"], logs["val_loss"]))
            self.model.predict(X, verbose=0)
            self.model.save(tmp_path / "now.keras")

    rb.utils.set_random_seed(1)
    first = fit(plain).history
    rb.utils.set_random_seed(1)
    second = fit(watched, Busy()).history
    assert first == second
    for evaluated, logged in seen:
        assert evaluated == pytest.approx(logged, rel=1e-6)


def test_epochs_are_counted_from_initial_epoch() -> None:
    seen: list[Any] = []
    made = model()
    made.fit(
        X, Y, epochs=5, initial_epoch=3, verbose=0, batch_size=32,
        callbacks=[
            callbacks.LambdaCallback(
                on_epoch_begin=lambda e, logs=None: seen.append(("epoch", e)),
                on_train_batch_begin=lambda b, logs=None: seen.append(("batch", b)),
            )
        ],
    )  # fmt: skip
    assert seen == [
        ("epoch", 3),
        ("batch", 0),
        ("batch", 1),
        ("epoch", 4),
        ("batch", 0),
        ("batch", 1),
    ]


def test_monitors_wait_for_validation(recwarn: Any) -> None:
    stopping = callbacks.EarlyStopping("val_loss", patience=1, mode="min", min_delta=1e9)
    made = model()
    history = fit(made, stopping, epochs=9, validation_freq=2)
    assert len(history.epoch) == 4  # validated after epochs 2 and 4
    assert not [w for w in recwarn if "val_loss" in str(w.message)]


def test_a_first_value_that_is_no_number_is_not_the_best(tmp_path: Path) -> None:
    checkpoint = callbacks.ModelCheckpoint(
        tmp_path / "best.keras", "x", save_best_only=True, mode="min"
    )
    checkpoint.set_model(model())
    checkpoint.on_train_begin()
    for epoch, value in enumerate([float("nan"), 3.0, float("nan"), 2.0]):
        checkpoint.on_epoch_end(epoch, {"x": value})
        assert (tmp_path / "best.keras").exists() is (epoch > 0)
    assert checkpoint.best == 2.0


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: callbacks.ModelCheckpoint("m.h5"), ValueError,
         "ModelCheckpoint: bad `filepath`. Given: 'm.h5'. Expected: a name that ends in '.keras' "
         "with `save_weights_only=False`"),
        (lambda: callbacks.ModelCheckpoint("m.keras", save_freq=0), ValueError,
         "ModelCheckpoint: bad `save_freq`. Given: 0. Expected: 'epoch', or a number of batches "
         "above 0"),
        (lambda: callbacks.ReduceLROnPlateau(factor=1.5), ValueError,
         "ReduceLROnPlateau: bad `factor`. Given: 1.5. Expected: less than 1"),
        (lambda: fit(model(), callbacks.ModelCheckpoint("m_{val_los}.keras")), ValueError,
         "ModelCheckpoint: `filepath` asks for 'val_los'. Given: m_{val_los}.keras. Expected: "
         "names among epoch, loss, mae, val_loss, val_mae. Fix: did you mean 'val_loss'?"),
    ],
)  # fmt: skip
def test_messages(make: Any, error: type, message: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert message in str(caught.value)
