"""What callbacks set and log, compared with Keras: stops, rates of several optimizers."""

from __future__ import annotations

import json
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

X = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3)
Y = X.sum(axis=1, keepdims=True)


def model_of(library: Any, optimizer: Any = "sgd") -> Any:
    model = library.Sequential(
        [library.layers.Input((3,)), library.layers.Dense(1, kernel_initializer="ones")]
    )
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize("kind", ["test", "predict"])
def test_a_callback_ends_an_evaluation_or_a_prediction(kind: str, keras: Any) -> None:
    def seen(library: Any) -> Any:
        model = model_of(library)
        batches: list[int] = []

        def stop(self: Any, batch: int, logs: Any = None) -> None:
            batches.append(batch)
            if batch == 1:
                setattr(
                    self.model, f"stop_{'evaluating' if kind == 'test' else kind + 'ing'}", True
                )

        hook = type("Hook", (library.callbacks.Callback,), {f"on_{kind}_batch_end": stop})()
        use = model.evaluate if kind == "test" else model.predict
        data = (X, Y) if kind == "test" else (X,)
        first = use(*data, batch_size=2, callbacks=[hook], verbose=0)
        again = use(*data, batch_size=2, verbose=0)  # the flag is not for the next call
        return batches, np.asarray(first), np.asarray(again)

    ours, theirs = seen(rb), seen(keras)
    assert ours[0] == theirs[0] == [0, 1]
    for mine, other in zip(ours[1:], theirs[1:], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("callback", ["LearningRateScheduler", "ReduceLROnPlateau"])
def test_rates_of_several_optimizers(callback: str, keras: Any) -> None:
    def rates(library: Any) -> Any:
        kinds = library.optimizers
        first, second = kinds.SGD(0.2, name="first"), kinds.Adam(0.1, name="second")
        several = kinds.MultiOptimizer(
            kinds.OptimizerMap(default_optimizer=first, optimizer_map={".*bias": second})
        )
        hook = (
            library.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
            if callback == "LearningRateScheduler"
            else library.callbacks.ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=100.0)
        )
        model = model_of(library, several)
        history = model.fit(X, Y, epochs=3, verbose=0, callbacks=[hook]).history
        logged = {name: values for name, values in history.items() if "rate" in name}
        return logged, [float(np.asarray(one.learning_rate)) for one in several.optimizers]

    ours, theirs = rates(rb), rates(keras)
    assert sorted(ours[0]) == sorted(theirs[0]) == ["learning_rate_first", "learning_rate_second"]
    for name, values in theirs[0].items():
        np.testing.assert_allclose(ours[0][name], values, rtol=1e-6)
    assert sorted(ours[1]) == pytest.approx(sorted(theirs[1]))


def test_a_remote_monitor_sends_numpy_numbers() -> None:
    got: list[Any] = []

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Server)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        monitor = rb.callbacks.RemoteMonitor(address, send_as_json=True)
        logs = {"loss": np.float32(0.5), "all": np.arange(2), "size": np.int64(3), "plain": 1.0}
        monitor.on_epoch_end(np.int64(2), logs)  # type: ignore[arg-type]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert got == [{"epoch": 2, "loss": 0.5, "all": [0, 1], "size": 3, "plain": 1.0}]


def test_what_callbacks_print(
    keras: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines that people's scripts look for, with the values in them."""

    def printed(library: Any, optimizer: Any) -> list[str]:
        made = library.callbacks
        best = str(tmp_path / "best.keras")
        callbacks = [
            made.LearningRateScheduler(lambda epoch, rate: [0.02, 0.05, 5.0, 0.1][epoch], 1),
            made.ModelCheckpoint(best, monitor="loss", save_best_only=True, verbose=1),
            made.ModelCheckpoint(str(tmp_path / "every.weights.h5"), verbose=1,
                                 save_weights_only=True),
            made.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, verbose=1),
            made.EarlyStopping(monitor="loss", patience=1, restore_best_weights=True, verbose=1),
        ]  # fmt: skip
        capsys.readouterr()
        model_of(library, optimizer(library)).fit(
            X, Y + 1, batch_size=8, epochs=4, shuffle=False, verbose=0, callbacks=callbacks
        )
        lines = [line for line in capsys.readouterr().out.splitlines() if line]
        # Ours are finished while the next epoch computes, and do not say so.
        return [line for line in lines if "finished saving" not in line]

    def several(library: Any) -> Any:
        kinds = library.optimizers
        first, second = kinds.SGD(0.2, name="first"), kinds.SGD(0.1, name="second")
        return kinds.MultiOptimizer(
            kinds.OptimizerMap(default_optimizer=first, optimizer_map={".*bias": second})
        )

    for optimizer in (lambda library: library.optimizers.SGD(), several):
        ours, theirs = printed(rb, optimizer), printed(keras, optimizer)
        assert ours == theirs
        assert any("improved from" in line for line in ours)
        assert any("did not improve from" in line for line in ours)
        assert any("reducing" in line for line in ours)
        assert any("early stopping" in line for line in ours)


def test_what_a_loss_that_is_no_number_prints(
    keras: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = []
    for library in (rb, keras):
        model = model_of(library)
        capsys.readouterr()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, Y * 1e30, batch_size=8, verbose=0,
                      callbacks=[library.callbacks.TerminateOnNaN()])  # fmt: skip
        lines.append([line for line in capsys.readouterr().out.splitlines() if line])
    assert [one.partition(": ")[2] for one in lines[0]] == ["Invalid loss, terminating training"]
    assert [one.partition(": ")[2] for one in lines[1]] == ["Invalid loss, terminating training"]
