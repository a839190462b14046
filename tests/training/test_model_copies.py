"""Copies and pickles of models train on as the model would, and hold nothing of anybody's data."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.training import programs

X = np.random.default_rng(0).random((4000, 20)).astype("float32")
Y = X[:, :1].copy()


def sequential(optimizer: Any = "adam") -> Any:
    rb.utils.set_random_seed(1)
    model = rb.Sequential([rb.Input((20,)), rb.layers.Dense(4, "relu"), rb.layers.Dense(1)])
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def functional() -> Any:
    rb.utils.set_random_seed(1)
    inputs = rb.Input((20,))
    hidden = rb.layers.Dense(4, "relu")(inputs)
    shared = rb.layers.Dense(4)
    joined = rb.layers.add([shared(hidden), shared(hidden * 2.0)])
    model = rb.Model(inputs, rb.layers.Dense(1)(rb.layers.Dropout(0.2)(joined)))
    model.compile("adam", "mse")
    return model


class Own(rb.Model):
    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.hidden = rb.layers.Dense(4, "relu")
        self.head = rb.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.head(self.hidden(inputs))


def subclassed() -> Any:
    rb.utils.set_random_seed(1)
    model = Own()
    model.compile("adam", "mse")
    return model


def multi() -> Any:
    chosen = rb.optimizers.MultiOptimizer(
        rb.optimizers.OptimizerMap(rb.optimizers.SGD(0.1), {".*bias": rb.optimizers.Adam(0.1)})
    )
    return sequential(chosen)


MODELS: dict[str, Callable[[], Any]] = {
    "sequential": sequential,
    "functional": functional,
    "subclassed": subclassed,
    "averaged": lambda: sequential(rb.optimizers.Adam(use_ema=True, gradient_accumulation_steps=2)),
    "scaled": lambda: sequential(rb.optimizers.LossScaleOptimizer(rb.optimizers.SGD(0.1))),
    "muon": lambda: sequential(rb.optimizers.Muon(0.01)),
    "several optimizers": multi,
}
COPIES: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "pickle of a copy": lambda model: pickle.loads(pickle.dumps(copy.deepcopy(model))),
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", MODELS)
def test_a_copy_takes_the_next_step_to_the_bit(kind: str, how: str) -> None:
    model = MODELS[kind]()
    model.fit(X[:64], Y[:64], verbose=0, shuffle=False)
    other = COPIES[how](model)
    programs.clear()  # the copy cannot do with what the model has compiled
    np.testing.assert_array_equal(other.predict(X[:5], verbose=0), model.predict(X[:5], verbose=0))
    for one in (other, model):
        programs.clear()
        one.fit(X[:64], Y[:64], batch_size=16, epochs=2, verbose=0, shuffle=False)
    for found, expected in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_copy_is_apart_from_the_model() -> None:
    model = functional()
    model.fit(X[:64], Y[:64], verbose=0)
    before = model.get_weights()
    other = copy.deepcopy(model)
    other.fit(X[:64], Y[:64], epochs=2, verbose=0)
    for weight, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, kept)
    shallow = copy.copy(model)
    assert shallow.training_session is not model.training_session


def test_excluded_from_weight_decay_in_a_copy_too() -> None:
    model = sequential(rb.optimizers.AdamW(0.0, weight_decay=0.5))
    model.optimizer.exclude_from_weight_decay(var_list=[model.layers[0].kernel])
    model.fit(X[:64], Y[:64], verbose=0)
    other = copy.deepcopy(model)
    facts = model.optimizer.traced_facts()
    assert other.optimizer.traced_facts() == facts and facts[0] != facts[2]


@pytest.mark.parametrize("how", COPIES)
def test_a_deep_graph_is_copied(how: str) -> None:
    inputs = rb.Input((4,))
    hidden = inputs
    for _ in range(400):
        hidden = rb.layers.add([hidden, rb.layers.Dense(4)(hidden)])
    model = rb.Model(inputs, rb.layers.Dense(1)(hidden))
    other = COPIES[how](model)
    assert [layer.name for layer in other.layers] == [layer.name for layer in model.layers]
    assert other.get_config() == model.get_config()


def test_a_copied_layer_and_its_model_know_each_other() -> None:
    model = functional()
    other = copy.deepcopy(model)
    inner = rb.Model(other.inputs, other.layers[1].output)
    assert inner.predict(X[:2], verbose=0).shape == (2, 4)
    assert all(layer not in model.layers for layer in other.layers)


CALLS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "fit": lambda model, x, y: model.fit(x, y, verbose=0),
    "fit with validation": lambda m, x, y: m.fit(x, y, validation_split=0.5, verbose=0),
    "fit of a generator": lambda m, x, y: m.fit(((x, y) for _ in range(2)), verbose=0),
    "fit with weights": lambda m, x, y: m.fit(x, y, sample_weight=np.ones(len(x)), verbose=0),
    "evaluate": lambda model, x, y: model.evaluate(x, y, verbose=0),
    "predict": lambda model, x, y: model.predict(x, verbose=0),
    "predict with progress": lambda model, x, y: model.predict(x, verbose=2),
    "train_on_batch": lambda model, x, y: model.train_on_batch(x, y),
    "test_on_batch": lambda model, x, y: model.test_on_batch(x, y),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["sequential", "functional", "subclassed"])
def test_nothing_of_the_data_stays_on_the_model(kind: str, call: str) -> None:
    model = MODELS[kind]()
    model.build((None, 20))
    empty = len(pickle.dumps(model))
    x, y = X.copy(), Y.copy()
    alive = weakref.ref(x)
    result = CALLS[call](model, x, y)
    row = x[5].tobytes()
    written = pickle.dumps((model, result if call.startswith("fit") else None))
    assert row not in written
    assert len(written) < empty + 10_000
    del x, y
    gc.collect()
    assert alive() is None


def test_an_error_in_training_leaves_nothing_behind() -> None:
    class Stop(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise RuntimeError("enough")

    model = sequential()
    with pytest.raises(RuntimeError, match="enough"):
        model.fit(X, Y, verbose=0, callbacks=[Stop()])
    assert model.current_run is None
    assert X[5].tobytes() not in pickle.dumps(model)
    model.fit(X, Y, verbose=0)


def test_a_pickled_history_is_small() -> None:
    model = rb.Sequential([rb.Input((20,)), rb.layers.Dense(500), rb.layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(X, Y, epochs=3, verbose=0)
    again = pickle.loads(pickle.dumps(history))
    assert len(pickle.dumps(history)) < 2000
    assert (again.history, again.epoch, again.params) == (
        history.history,
        history.epoch,
        history.params,
    )
