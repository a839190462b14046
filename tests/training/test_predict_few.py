"""A few rows through `predict`: what is not asked again, what is not copied, and the same bits."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import layers
from rosenblatt.models.task import ModelTask
from rosenblatt.training import placement, predictor, programs
from rosenblatt.training.placement import CallingThread

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 8)).astype("float32")


def plain() -> Any:
    rb.utils.set_random_seed(0)
    scale = layers.Normalization()
    scale.adapt(X)
    parts = [rb.Input((8,)), scale, layers.Dense(16, "relu"), layers.Dense(2)]
    return rb.Sequential(parts)


def two_outputs() -> Any:
    rb.utils.set_random_seed(0)
    inputs = rb.Input((8,))
    hidden = layers.BatchNormalization()(layers.Dense(16, "tanh")(inputs))
    outputs = {"one": layers.Dense(1)(hidden), "two": layers.Dense(3, "softmax")(hidden)}
    return rb.Model(inputs, outputs)


def looks_across() -> Any:
    rb.utils.set_random_seed(0)

    class Centred(rb.layers.Layer):
        row_independent = False

        def call(self, inputs: Any) -> Any:
            return inputs - rb.ops.mean(inputs, axis=0, keepdims=True)

    return rb.Sequential([rb.Input((8,)), layers.Dense(4), Centred()])


class Own(rb.Model):
    def __init__(self) -> None:
        super().__init__()
        self.head = layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        return self.head(inputs)


def assert_equal(one: Any, another: Any) -> None:
    jax.tree_util.tree_map(np.testing.assert_array_equal, one, another)


@pytest.mark.parametrize("make", [plain, two_outputs, looks_across, Own])
@pytest.mark.parametrize("rows", [1, 3, 4, 5, 32, 33])
def test_every_way_gives_the_same_bits(
    make: Any, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, x = make(), X[:rows]
    read = model.predict(x.tolist(), verbose=0)  # a list: nothing is known of it
    arrays = [model.predict(x, verbose=0) for _ in range(5)]
    shown = model.predict(x, verbose=0, callbacks=[rb.callbacks.Callback()])
    monkeypatch.setattr(predictor, "calling_thread", lambda: None)
    model.training_session.forget()
    handed_on = model.predict(x, verbose=0)
    for outputs in (*arrays, shown, handed_on):
        assert_equal(outputs, read)


def test_what_changes_between_two_calls_counts() -> None:
    model, x = plain(), X[:3]
    before = [model.predict(x, verbose=0) for _ in range(4)][-1]
    kernel = model.layers[1].kernel
    kernel.assign(kernel * 2.0)
    assigned = model.predict(x, verbose=0)
    assert not np.array_equal(assigned, before)
    assert_equal(assigned, copy.deepcopy(model).predict(x, verbose=0))
    model.layers[1].activation = rb.activations.tanh
    assert not np.array_equal(model.predict(x, verbose=0), assigned)
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    model.layers[2].bias.assign([1.0, 2.0])
    assert_equal(model.predict(x, verbose=0), np.tile(np.float32([1.0, 2.0]), (3, 1)))


def test_training_between_two_calls_counts() -> None:
    model, x = plain(), X[:3]
    model.compile("sgd", "mse")
    for _ in range(4):
        before = model.predict(x, verbose=0)
        model.fit(X, X[:, :2], verbose=0)
        after = model.predict(x, verbose=0)
        assert not np.array_equal(before, after)
        assert_equal(after, copy.deepcopy(model).predict(x, verbose=0))


def test_arrays_of_other_kinds_go_the_whole_way() -> None:
    model = plain()
    for _ in range(4):
        right = model.predict(X[:3], verbose=0)
    assert_equal(model.predict(X[:3].astype("float64"), verbose=0), right)
    assert_equal(model.predict(np.asfortranarray(X[:3]), verbose=0), right)
    assert_equal(model.predict(X[2::-1], verbose=0), right[::-1])
    with pytest.raises(ValueError, match="wrong shape"):
        model.predict(X[:3, :7], verbose=0)
    with pytest.raises(ValueError, match="x is empty"):
        model.predict(X[:0], verbose=0)
    with pytest.raises(ValueError, match="single number"):
        model.predict(np.array(1.0), verbose=0)
    with pytest.warns(RuntimeWarning, match="row 1"):
        outputs = model.predict(np.where(np.arange(3)[:, None] == 1, np.nan, X[:3]), verbose=0)
    with pytest.warns(RuntimeWarning, match="row 1"):
        model.predict(np.where(np.arange(3)[:, None] == 1, np.float32(np.nan), X[:3]), verbose=0)
    assert np.isnan(outputs[1]).all() and not np.isnan(outputs[[0, 2]]).any()


def test_float64_goes_the_short_way_too(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = plain(), X[:3].astype("float64")
    expected = model.predict(x.tolist(), verbose=0)
    for _ in range(3):
        model.predict(x, verbose=0)
    read: list[Any] = []
    monkeypatch.setattr(ModelTask, "inputs", lambda *a, **k: read.append(a))
    assert_equal(model.predict(x, verbose=0), expected)
    with pytest.warns(RuntimeWarning, match="inputs that hold NaN or infinity"):
        model.predict(np.array([[1e300, -1e300] * 4]), verbose=0)  # infinities of float32
    assert read == []


def test_ids_are_checked_at_every_call() -> None:
    model = rb.Sequential([rb.Input((2,), dtype="int32"), layers.Embedding(5, 3), layers.Flatten()])
    ids = np.array([[0, 4]], "int32")
    for _ in range(4):
        model.predict(ids, verbose=0)
    with pytest.raises(ValueError, match="5"):
        model.predict(ids + 1, verbose=0)


def test_threads_that_share_a_model_get_their_own_rows() -> None:
    model = plain()
    right = [model.predict(X[n : n + 1], verbose=0) for n in range(len(X))]
    fresh = plain()
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda n: fresh.predict(X[n : n + 1], verbose=0), range(len(X))))
    assert_equal(found, right)


def test_weights_are_held_once_and_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[Any] = []
    hold = CallingThread.hold
    monkeypatch.setattr(
        CallingThread, "hold", lambda self, tree: held.append(hold(self, tree)) or held[-1]
    )
    model = rb.Sequential([rb.Input((8,)), layers.Dense(4096), layers.Dense(1)])
    kernel = model.layers[0].kernel
    value = kernel.value
    for calls in range(6):
        assert len(held) == (calls > 2)
        model.predict(X[:3], verbose=0)
    shared = np.asarray(held[0].trainable[0])
    assert shared.ctypes.data == np.asarray(value).ctypes.data
    kernel.assign(value + 1)
    for _ in range(4):
        model.predict(X[:3], verbose=0)
    assert len(held) == 2


def test_one_size_of_programs_for_up_to_32_rows() -> None:
    model = plain()
    programs.clear()
    compiled = []
    for rows in (1, 2, 5, 20, 3, 4, 32, 1, 30):
        before = programs.statistics.made
        model.predict(X[:rows], verbose=0)
        compiled.append(programs.statistics.made - before)
    # JAX's own; from the third call on one more, for the calling thread.
    assert compiled == [1, 0, 1, 0, 0, 0, 0, 0, 0]


def test_a_row_is_predicted_alike_among_any_number_of_rows() -> None:
    model = plain()
    whole = model.predict(X[:32], verbose=0)
    for rows in (1, 2, 3, 4, 5, 31):
        np.testing.assert_array_equal(model.predict(X[:rows], verbose=0), whole[:rows])


def test_a_prediction_that_changes_variables_is_left_to_jax_itself() -> None:
    class Noise(rb.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.seeds = rb.random.SeedGenerator(3)

        def call(self, inputs: Any) -> Any:
            return inputs + rb.random.normal((8,), seed=self.seeds)

    def make() -> Any:
        return rb.Sequential([rb.Input((8,)), Noise()])

    first, second = make(), make()
    outputs = [first.predict(X[:3], verbose=0) for _ in range(5)]
    assert_equal(outputs, [second.predict(X[:3].tolist(), verbose=0) for _ in range(5)])
    assert not np.array_equal(outputs[0], outputs[1])
    for variable in first.variables:
        devices = jax.numpy.asarray(variable.value).devices()
        assert devices <= set(jax.devices())


def test_weights_on_a_chosen_device_are_left_there() -> None:
    model = plain()
    right = model.predict(X[:3], verbose=0)
    kernel = model.layers[1].kernel
    kernel.assign(jax.device_put(kernel.value, jax.devices()[0]))
    for _ in range(4):
        assert_equal(model.predict(X[:3], verbose=0), right)


def test_a_jaxlib_without_such_a_client_predicts_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = plain().predict(X[:3], verbose=0)
    placement._calling_thread.cache_clear()
    monkeypatch.setattr(placement.xla_client, "make_cpu_client", None)
    try:
        assert placement.calling_thread() is None
        model = plain()
        for _ in range(4):
            assert_equal(model.predict(X[:3], verbose=0), right)
    finally:
        placement._calling_thread.cache_clear()
