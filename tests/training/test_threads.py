"""One model in several threads, and in a forked process: right, or refused with what to do."""

from __future__ import annotations

import multiprocessing
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

RNG = np.random.default_rng(0)
X, Y = RNG.random((500, 8)).astype("float32"), RNG.random((500, 1)).astype("float32")
SIZES = (50, 100, 333, 500)


def make() -> Any:
    rb.utils.set_random_seed(0)
    layers = [rb.Input((8,)), rb.layers.Dense(16, "relu"), rb.layers.Dense(1)]
    model = rb.Sequential(layers)
    model.compile("adam", "mse", metrics=["mae"])
    return model


class Own(rb.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.head = rb.layers.Dense(16, "relu"), rb.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.head(self.hidden(inputs))


def in_threads(work: Callable[[int], Any], threads: int) -> list[Any]:
    """All begin together."""
    barrier = threading.Barrier(threads)

    def begin(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))


def evaluations(each: int) -> None:
    model = make()
    right = {n: model.evaluate(X[:n], Y[:n], verbose=0) for n in SIZES}

    def work(number: int) -> None:
        rows = SIZES[number]
        for _ in range(each):
            assert model.evaluate(X[:rows], Y[:rows], verbose=0) == right[rows]

    in_threads(work, len(SIZES))


def test_evaluate_in_four_threads() -> None:
    evaluations(25)


@pytest.mark.soak
def test_ten_thousand_evaluations_in_threads() -> None:
    evaluations(2500)


def test_single_batches_in_threads() -> None:
    model = make()
    right = {n: model.test_on_batch(X[:n], Y[:n]) for n in SIZES}

    def work(number: int) -> None:
        rows = SIZES[number]
        for _ in range(20):
            assert model.test_on_batch(X[:rows], Y[:rows]) == right[rows]

    in_threads(work, len(SIZES))


@pytest.mark.parametrize("kind", [make, Own])
def test_sixteen_threads_serve_one_model(kind: Callable[[], Any]) -> None:
    model = kind()
    results = in_threads(
        lambda i: (model.predict(X[: 20 + i], verbose=0), np.asarray(model(X[: 20 + i]))), 16
    )
    weights = len(model.weights)
    for number, (predicted, called) in enumerate(results):
        rows = X[: 20 + number]
        np.testing.assert_array_equal(predicted, model.predict(rows, verbose=0))
        np.testing.assert_allclose(called, predicted, rtol=1e-5, atol=1e-6)
    assert weights == 4  # built once, whoever came first


class Waits(rb.callbacks.Callback):
    """Stays in the first epoch's end until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.go = threading.Event(), threading.Event()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.inside.set()
        assert self.go.wait(120)


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("evaluate", lambda model: model.evaluate(X, Y, verbose=0)),
        ("fit", lambda model: model.fit(X, Y, verbose=0)),
        ("train_on_batch", lambda model: model.train_on_batch(X, Y)),
        ("test_on_batch", lambda model: model.test_on_batch(X, Y)),
    ],
)
def test_beside_fit(method: str, call: Callable[[Any], Any]) -> None:
    model, waits = make(), Waits()
    alone = make().fit(X, Y, epochs=2, shuffle=False, verbose=0).history
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(
            lambda: model.fit(X, Y, epochs=2, shuffle=False, verbose=0, callbacks=[waits])
        )
        assert waits.inside.wait(120)
        with pytest.raises(RuntimeError) as error:
            call(model)
        predicted = model.predict(X, verbose=0)  # may be called meanwhile
        waits.go.set()
        assert running.result().history == alone
    assert str(error.value) == (
        f"`{method}` of model 'sequential': another thread is training it with `fit`. Fix: wait "
        "for it; call `evaluate` from a callback; or work on a copy, `copy.deepcopy(model)`. "
        "`predict` may be called meanwhile."
    )
    assert predicted.shape == (500, 1)
    call(model)  # and when it is over


@pytest.mark.parametrize("what", ["fit", "set_weights", "restored weights", "averages"])
def test_predict_sees_the_weights_of_one_moment(what: str) -> None:
    """All weights are moved alike: any mixture of two moments would show."""

    class Equal(rb.layers.Layer):
        def build(self, shape: Any) -> None:
            self.parts = [self.add_weight((1,), "zeros", name=f"w{i}") for i in range(20)]

        def call(self, inputs: Any) -> Any:
            return rb.ops.stack([p + 0 * inputs[:, 0] for p in self.parts], axis=-1)

    model = rb.Sequential([rb.Input((8,)), Equal()])
    model.compile(rb.optimizers.SGD(0.1, use_ema=what == "averages"), "mse")
    done = threading.Event()
    mixed = []

    def watch() -> None:
        while not done.is_set():
            row = model.predict(X[:1], verbose=0)[0]
            if len(set(row.tolist())) > 1:
                mixed.append(row)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        if what == "set_weights":
            for value in range(300):
                model.set_weights([np.full(1, value, "float32")] * 20)
        else:
            hooks: dict[str, list[Any]] = {
                "restored weights": [
                    rb.callbacks.EarlyStopping("loss", mode="max", restore_best_weights=True)
                ],
                "averages": [rb.callbacks.SwapEMAWeights(swap_on_epoch=True)],
            }
            for _ in range(10):
                model.fit(X, np.ones((500, 20)), epochs=3, verbose=0, callbacks=hooks.get(what))
    finally:
        done.set()
        watcher.join()
    assert not mixed


def test_evaluate_in_a_hook_is_the_same_thread() -> None:
    seen = []
    model = make()
    look = rb.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(model.evaluate(X, Y, verbose=0))
    )
    with_look = model.fit(X, Y, epochs=2, shuffle=False, verbose=0, callbacks=[look]).history
    assert with_look == make().fit(X, Y, epochs=2, shuffle=False, verbose=0).history
    assert len(seen) == 2


@pytest.mark.parametrize("round", range(5))
def test_drawing_layers_draw_apart_in_threads(round: int) -> None:
    class Noisy(rb.layers.Dropout):
        def call(self, inputs: Any, training: bool = False) -> Any:
            return super().call(inputs, training=True)

    model = rb.Sequential([rb.Input((8,)), Noisy(0.5, seed=1)])
    ones = np.ones((20, 8), "float32")
    drawn = in_threads(lambda _: model.predict(ones, verbose=0), 16)
    assert len({one.tobytes() for one in drawn}) == 16
    again = rb.Sequential([rb.Input((8,)), Noisy(0.5, seed=1)])
    one_by_one = {again.predict(ones, verbose=0).tobytes() for _ in range(16)}
    assert {one.tobytes() for one in drawn} == one_by_one


# -- forked processes ----------------------------------------------------------------------------

WORK: dict[str, Callable[[Any], Any]] = {
    "predict": lambda model: model.predict(X[:3], verbose=0),
    "call": lambda model: model(X[:3]),
    "evaluate": lambda model: model.evaluate(X, Y, verbose=0),
    "fit": lambda model: model.fit(X, Y, verbose=0),
    "train_on_batch": lambda model: model.train_on_batch(X, Y),
    "another model": lambda model: make().predict(X[:3], verbose=0),
}


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)
@pytest.mark.parametrize("what", WORK)
def test_a_forked_child_says_what_to_do(what: str) -> None:
    model = make()
    model.predict(X[:3], verbose=0)
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)

    def child() -> None:
        try:
            WORK[what](model)
            sending.send("nothing was raised")
        except BaseException as error:
            sending.send(f"{type(error).__name__}: {error}")

    with warnings.catch_warnings():  # JAX warns of forking, as it should
        warnings.simplefilter("ignore")
        process = context.Process(target=child)
        process.start()
    try:
        assert receiving.poll(120), "the child hangs"
        assert receiving.recv() == (
            "RuntimeError: This process was forked from one that had used JAX: its threads were "
            "not copied, and computing would hang. Given: a child made by `os.fork` or by "
            'multiprocessing\'s "fork". Fix: start processes with '
            '`multiprocessing.get_context("spawn")`, `joblib` (loky), or before the first model is '
            "used; or use threads, which share a model."
        )
    finally:
        process.kill()
        process.join()
