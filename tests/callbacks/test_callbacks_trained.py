"""Callbacks that act on a real training, against real Keras: epochs, weights, requests."""

from __future__ import annotations

import http.server
import json
import math
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_callbacks_keras import drive

import rosenblatt as rb

FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
RNG = np.random.default_rng(5)
X = RNG.normal(size=(24, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)
START = [RNG.normal(size=shape).astype("float32") for shape in ((3, 2), (2,), (2, 1), (1,))]


def network(lib: Any, **options: Any) -> Any:
    model = lib.Sequential([lib.Input((3,)), lib.layers.Dense(2, "tanh"), lib.layers.Dense(1)])
    model.compile(loss="mse", optimizer=lib.optimizers.SGD(0.05, **options))
    model.set_weights(START)
    return model


def train(lib: Any, model: Any, hooks: list[Any], epochs: int, **options: Any) -> Any:
    given = {"batch_size": 24, "shuffle": False, "verbose": 0, **options}
    return model.fit(X, Y, epochs=epochs, callbacks=hooks, **given)


def watching(lib: Any, seen: list[Any], fails_in: int | None = None) -> Any:
    """Notes each epoch and the weights at its end; fails where it is told to."""

    class Watching(lib.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == fails_in:
                raise RuntimeError("the power is gone")

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append((epoch, [np.asarray(w) for w in self.model.get_weights()]))

    return Watching()


def same(found: list[Any], expected: list[Any]) -> None:
    assert [epoch for epoch, _ in found] == [epoch for epoch, _ in expected]
    for (_, ours), (_, theirs) in zip(found, expected, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@FEW
@given(breaks=st.integers(0, 4))
def test_training_ends_with_the_first_nan(keras: Any, breaks: int) -> None:
    epochs = []
    for lib in (rb, keras):
        rate = lib.callbacks.LearningRateScheduler(lambda e: 1e30 if e == breaks else 0.05)
        hooks = [rate, lib.callbacks.TerminateOnNaN()]
        losses = train(lib, network(lib), hooks, 8).history["loss"]
        epochs.append([math.isfinite(loss) for loss in losses])
    assert epochs[0] == epochs[1]
    assert epochs[0][-1] is False and len(epochs[0]) < 8


@FEW
@given(momentum=st.sampled_from([0.5, 0.9]), swap_on_epoch=st.booleans())
def test_averages_are_swapped_in_at_the_same_moments(
    keras: Any, momentum: float, swap_on_epoch: bool
) -> None:
    found: list[list[Any]] = [[], []]
    values = []
    for lib, seen in zip((rb, keras), found, strict=True):
        model = network(lib, use_ema=True, ema_momentum=momentum)
        hooks = [lib.callbacks.SwapEMAWeights(swap_on_epoch), watching(lib, seen)]
        history = train(lib, model, hooks, 3, batch_size=8, validation_data=(X, Y))
        seen.append((-1, model.get_weights()))
        values.append([history.history["loss"], history.history["val_loss"]])
    same(*found)
    np.testing.assert_allclose(*values, rtol=1e-5)


@FEW
@given(cuts=st.lists(st.integers(0, 5), max_size=3))
def test_a_run_goes_on_in_the_same_epoch(
    keras: Any, tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    found: list[list[Any]] = [[], []]
    for lib, seen in zip((rb, keras), found, strict=True):
        folder = tmp_path_factory.mktemp("backup")
        for cut in [*cuts, None]:
            # Keras looks for a file: `weights.h5` is its, and a folder is both libraries'.
            backup = lib.callbacks.BackupAndRestore(str(folder))
            try:
                train(lib, network(lib), [backup, watching(lib, seen, cut)], 5)
            except RuntimeError as error:
                seen.append((str(error), []))
    same(*found)


@pytest.fixture(scope="module")
def posted() -> Iterator[tuple[str, list[Any]]]:
    """A server's address, and what was posted to it."""
    requests: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            kind = self.headers["Content-Type"]
            form = {} if "json" in kind else urllib.parse.parse_qs(body)
            sent = {k: json.loads(v[0]) for k, v in form.items()} if form else json.loads(body)
            requests.append((self.path, kind, self.headers.get("X-Run"), sent))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()


@FEW
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4),
    as_json=st.booleans(),
    path=st.sampled_from(["/publish/epoch/end/", "/x"]),
)
def test_servers_get_the_same(
    keras: Any, posted: Any, values: list[float], as_json: bool, path: str
) -> None:
    address, requests = posted
    found = []
    for lib in (rb, keras):
        requests.clear()
        monitor = lib.callbacks.RemoteMonitor(
            address, path, headers={"X-Run": "7"}, send_as_json=as_json
        )
        drive(lib, monitor, values, "val_x")
        found.append(list(requests))
    assert found[0] == found[1]
    assert len(found[0]) == len(values)


def test_lambdas_are_called_at_the_same_moments(keras: Any) -> None:
    calls: list[list[Any]] = [[], []]
    names = ["epoch_begin", "epoch_end", "train_begin", "train_end"]
    names += ["train_batch_begin", "train_batch_end"]
    for lib, seen in zip((rb, keras), calls, strict=True):
        hooks = {
            f"on_{name}": (lambda *given, name=name, seen=seen, **_: seen.append((name, given[:1])))
            for name in names
        }
        train(lib, network(lib), [lib.callbacks.LambdaCallback(**hooks)], 2, batch_size=12)
    assert calls[0] == calls[1]
    assert len(calls[0]) == 2 + 2 * (2 + 4)


def test_files_of_a_run_are_gone_when_it_is_over(keras: Any, tmp_path: Path) -> None:
    for lib in (rb, keras):
        folder = tmp_path / lib.__name__
        train(lib, network(lib), [lib.callbacks.BackupAndRestore(str(folder))], 2)
        assert not folder.exists() or not any(folder.iterdir())
