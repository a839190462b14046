"""Metrics that give a value for each class, or a dict: every reader of logs takes them."""

from __future__ import annotations

import csv
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import callbacks, layers, ops

X = np.random.default_rng(0).normal(size=(120, 5)).astype("f")
Y = np.eye(3, dtype="f")[X[:, :3].argmax(1)]


class Shares(rb.metrics.Metric):
    """A dict of results, one of them an array."""

    def __init__(self) -> None:
        super().__init__(name="shares")
        self.sums = self.add_variable((3,), "zeros", name="sums")
        self.rows = self.add_variable((), "zeros", name="rows")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.sums.assign_add(ops.sum(y_pred, axis=0))
        self.rows.assign_add(ops.cast(ops.shape(y_pred)[0], "float32"))

    def result(self) -> Any:
        shares = self.sums / ops.maximum(self.rows, 1.0)
        return {"share": shares, "largest_share": ops.max(shares)}


def model(*metrics: Any) -> Any:
    rb.utils.set_random_seed(5)
    made = rb.Sequential([rb.Input((5,)), layers.Dense(3, "softmax")])
    chosen = list(metrics) or [rb.metrics.F1Score(), Shares()]
    made.compile(rb.optimizers.Adam(0.05), "categorical_crossentropy", metrics=chosen)
    return made


def fit(*watching: Any, **settings: Any) -> Any:
    arguments = {"epochs": 2, "verbose": 0, "validation_data": (X, Y), **settings}
    return model().fit(X, Y, callbacks=list(watching), **arguments)


def test_history_has_the_values() -> None:
    history = fit().history
    assert np.shape(history["f1_score"]) == np.shape(history["val_f1_score"]) == (2, 3)
    assert np.shape(history["val_share"]) == (2, 3)
    assert np.shape(history["val_largest_share"]) == (2,)
    np.testing.assert_allclose(np.sum(history["val_share"][-1]), 1.0, rtol=1e-5)


@pytest.mark.parametrize("verbose", [1, 2])
def test_progress_shows_means(verbose: int, capsys: Any) -> None:
    history = fit(verbose=verbose).history
    lines = capsys.readouterr().out.splitlines()
    for epoch, line in enumerate(one for one in lines if " - " in one):
        assert f"val_f1_score: {np.mean(history['val_f1_score'][epoch]):.4f}" in line
        assert f" - share: {np.mean(history['share'][epoch]):.4f}" in line


def test_evaluate_gives_and_shows_them(capsys: Any) -> None:
    found = model().evaluate(X, Y, return_dict=True)
    assert np.shape(found["f1_score"]) == (3,)
    assert f"f1_score: {np.mean(found['f1_score']):.4f}" in capsys.readouterr().out


def test_pictures_show_means(tmp_path: Any) -> None:
    watching = callbacks.LearningCurves(tmp_path / "curves.png")
    history = fit(watching).history
    assert watching.curves["f1_score"] == pytest.approx(np.mean(history["f1_score"], axis=1))
    assert (tmp_path / "curves.png").stat().st_size > 1000
    axes = rb.plots.learning_curves(history)
    drawn = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    assert drawn["val_f1_score"] == pytest.approx(np.mean(history["val_f1_score"], axis=1))


def test_csv_has_them_as_keras_writes_them(tmp_path: Any, keras: Any) -> None:
    fit(callbacks.CSVLogger(tmp_path / "ours.csv"))
    theirs = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, "softmax")])
    theirs.compile("sgd", "categorical_crossentropy", metrics=[keras.metrics.F1Score()])
    logger = keras.callbacks.CSVLogger(tmp_path / "theirs.csv")
    theirs.fit(X, Y, epochs=1, verbose=0, callbacks=[logger])
    rows = [
        next(csv.DictReader((tmp_path / name).read_text().splitlines()))
        for name in ("ours.csv", "theirs.csv")
    ]
    for row in rows:
        assert row["f1_score"][:2] + row["f1_score"][-2:] == '"[]"'
        assert len([float(part) for part in row["f1_score"][2:-2].split(", ")]) == 3


def test_tensorboard_writes_means(tmp_path: Any) -> None:
    history = fit(callbacks.TensorBoard(tmp_path, update_freq=1)).history
    rows = rb.tensorboard.load(tmp_path).rows(named=True)
    found = {(row["run"], row["tag"]): [] for row in rows}
    for row in rows:
        found[row["run"], row["tag"]].append(row["value"])
    means = np.mean(history["val_f1_score"], axis=1)
    assert found["validation", "epoch_f1_score"] == pytest.approx(means)
    assert len(found["train", "batch_share"]) == 8


@pytest.mark.parametrize(
    ("make", "owner"),
    [
        (lambda name: callbacks.EarlyStopping(name, mode="max"), "EarlyStopping"),
        (lambda name: callbacks.ReduceLROnPlateau(name, mode="max"), "ReduceLROnPlateau"),
        (
            lambda name: callbacks.ModelCheckpoint(
                "unused.keras", monitor=name, mode="max", save_best_only=True
            ),
            "ModelCheckpoint",
        ),
    ],
)
def test_one_of_several_values_cannot_be_the_best(make: Any, owner: str) -> None:
    with pytest.raises(ValueError) as caught:
        fit(make("val_f1_score"))
    assert str(caught.value) == (
        f"{owner} watches 'val_f1_score', which is not one number. Given: shape (3,). Fix: watch a "
        "metric that averages over classes, for example `F1Score(average='macro')`."
    )


def test_names_of_checkpoints(tmp_path: Any) -> None:
    history = fit(callbacks.ModelCheckpoint(tmp_path / "{epoch}-{f1_score:.3f}.keras")).history
    means = np.mean(history["f1_score"], axis=1)
    expected = {f"{epoch + 1}-{mean:.3f}.keras" for epoch, mean in enumerate(means)}
    assert {path.name for path in tmp_path.iterdir()} == expected


def test_a_monitor_on_the_network_gets_lists() -> None:
    sent = []

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent.append(json.loads(parse_qs(body)["data"][0]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Server)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        fit(callbacks.RemoteMonitor(f"http://127.0.0.1:{server.server_port}"))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert [np.shape(one["val_f1_score"]) for one in sent] == [(3,), (3,)]


def test_backups_keep_them(tmp_path: Any) -> None:
    class Stopped(callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(Stopped(), resume_from=tmp_path)
    resumed = fit(resume_from=tmp_path).history
    assert np.shape(resumed["f1_score"]) == (2, 3)
    np.testing.assert_allclose(resumed["f1_score"], fit().history["f1_score"], rtol=1e-6)


def test_searches_take_the_mean(tmp_path: Any) -> None:
    def build(hp: Any) -> Any:
        hp.Int("unused", 1, 3)
        return model()

    search = rb.tuner.RandomSearch(
        build,
        rb.tuner.Objective("val_f1_score", "max"),
        max_trials=2,
        directory=tmp_path,
        seed=1,
    )
    search.search(X, Y, epochs=2, validation_data=(X, Y), verbose=0)
    (best,) = search.oracle.get_best_trials(1)
    history = [one.value for one in best.metrics.get_history("val_share")]
    assert best.score == pytest.approx(
        max(np.mean(best.metrics.get_history("val_f1_score")[-1].value), best.score)
    )
    assert 0 < best.score <= 1
    assert np.ravel(history) == pytest.approx(1 / 3, rel=1e-5)


def test_estimators_keep_them() -> None:
    estimator = rb.sklearn.KerasClassifier(model, epochs=2, verbose=0)
    estimator.fit(X, Y)
    assert np.shape(estimator.history_["f1_score"]) == (2, 3)


def test_a_step_may_log_several_losses() -> None:
    class Own(rb.Model):
        def train_step(self, state: Any, data: Any) -> Any:
            logs, state = super().train_step(state, data)
            return {"loss": ops.stack([logs["loss"], logs["loss"]])}, state

    inputs = rb.Input((5,))
    made = Own(inputs, layers.Dense(3, "softmax")(inputs))
    made.compile("sgd", "categorical_crossentropy")
    history = made.fit(X, Y, verbose=2, callbacks=[callbacks.TerminateOnNaN()]).history
    assert np.shape(history["loss"]) == (1, 2)
