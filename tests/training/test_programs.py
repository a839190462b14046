"""What makes it fast: how many programs are compiled, and when none is."""

import threading

import jax
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.layers import tracking
from rosenblatt.training import programs


@pytest.fixture
def compiled():
    """A function that gives the programs compiled since it was last asked."""
    programs.clear()
    seen = programs.statistics.made

    def since():
        nonlocal seen
        count, seen = programs.statistics.made - seen, programs.statistics.made
        return count

    return since


def _data(rows, features=5):
    rng = np.random.default_rng(rows)
    return rng.normal(size=(rows, features)).astype("float32"), rng.normal(size=(rows, 1))


def _model(optimizer=None, rate=0.3, units=7, l2=0.01, **options):
    model = rb.Sequential(
        [
            rb.Input((5,)),
            rb.layers.Dense(units, "relu", kernel_regularizer=rb.regularizers.L2(l2)),
            rb.layers.Dropout(rate),
            rb.layers.Dense(1),
        ]
    )
    model.compile(loss="mse", optimizer=optimizer or rb.optimizers.Adam(1e-3), **options)
    return model


def test_fit_with_validation_compiles_two(compiled):
    x, y = _data(100)
    _model().fit(x, y, epochs=3, validation_split=0.2, verbose=0)
    assert compiled() == 2


def test_numbers_compile_nothing(compiled):
    x, y = _data(100)
    first = _model()
    first.fit(x, y, epochs=1, verbose=0)
    assert compiled() == 1
    first.fit(x, y, epochs=2, verbose=0)
    _model().fit(*_data(333), verbose=0)  # another model, a different number of batches
    _model(rb.optimizers.Adam(0.1, beta_1=0.5), rate=0.7, l2=0.5).fit(x, y, verbose=0)
    first.optimizer.learning_rate = 0.5
    first.fit(x, y, verbose=0)
    assert compiled() == 0


def test_a_number_that_compiles_nothing_still_counts():
    x, y = _data(64)
    losses = []
    for l2 in (0.0001, 10.0):
        rb.utils.set_random_seed(0)
        model = _model(l2=l2)
        losses.append(model.fit(x, y, verbose=0, shuffle=False).history["loss"][0])
    assert losses[1] > 10 * losses[0]


def test_a_known_structure_is_not_even_traced(monkeypatch):
    x, y = _data(100)
    _model(metrics=["mae", "accuracy"]).fit(x, y, validation_data=(x, y), verbose=0)
    monkeypatch.setattr("jax.jit", None)
    model = _model(metrics=["mae", "accuracy"])
    model.fit(x, y, epochs=2, validation_data=(x, y), verbose=0)
    model.fit(x, y, verbose=0)


def test_structure_compiles(compiled):
    x, y = _data(100)
    _model().fit(x, y, verbose=0)
    _model(units=8).fit(x, y, verbose=0)
    _model(rate=0).fit(x, y, verbose=0)
    _model(metrics=["mae"]).fit(x, y, verbose=0)
    _model().fit(x, y, batch_size=16, verbose=0)
    frozen = _model()
    frozen.layers[0].trainable = False
    frozen.fit(x, y, verbose=0)
    assert compiled() == 6


def test_evaluate_and_predict_share_programs(compiled):
    x, y = _data(100)
    model = _model()
    model.evaluate(x, y, verbose=0)
    assert compiled() == 1
    _model("sgd").evaluate(x[:40], y[:40], verbose=0)
    assert compiled() == 0
    model.predict(x[:3], verbose=0)
    assert compiled() == 1
    model.predict(x[:20], verbose=0)
    _model().predict(x[:1], verbose=0)
    assert compiled() == 0


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_a_small_prediction_looks_through_no_attributes(monkeypatch, kind):
    model = _model()
    if kind == "functional":
        model = rb.Model(model.inputs, model.outputs)
    first = model.predict(np.ones((3, 5)), verbose=0)
    calls = []
    monkeypatch.setattr(tracking, "parts_of", lambda holder: calls.append(holder))
    np.testing.assert_array_equal(model.predict(np.ones((3, 5)), verbose=0), first)
    assert calls == []


def test_predictions_bring_weights_to_the_device_once(tmp_path):
    _model().save(tmp_path / "m.keras")
    model, (x, _) = rb.saving.load_model(tmp_path / "m.keras"), _data(3)
    assert all(isinstance(weight.held, np.ndarray) for weight in model.weights)
    first = model.predict(x, verbose=0)
    there = [weight.held for weight in model.weights]
    assert all(isinstance(held, jax.Array) for held in there)
    np.testing.assert_array_equal(model.predict(x, verbose=0), first)
    assert all(weight.held is held for weight, held in zip(model.weights, there, strict=True))
    model.layers[0].kernel.assign(np.zeros((5, 7)))
    assert not np.array_equal(model.predict(x, verbose=0), first)


def test_building_compiles_nothing(compiled):
    model = _model(metrics=["mae", "accuracy"])
    model.optimizer.build(model.trainable_variables)
    assert model.count_params() == 5 * 7 + 7 + 8
    assert compiled() == 0


def test_a_users_call_gets_the_last_batch_in_its_true_size():
    sizes = []

    class Spy(rb.Layer):
        def call(self, inputs):
            sizes.append(inputs.shape[0])
            return inputs

    model = rb.Sequential([rb.Input((5,)), Spy(), rb.layers.Dense(1)])
    sizes.clear()
    model.compile(loss="mse")
    x, y = _data(40)
    model.fit(x, y, verbose=0)
    assert set(sizes) == {32, 8}


def test_threads_train_side_by_side():
    x, y = _data(200)
    alone = {}
    for seed in (1, 2):
        rb.utils.set_random_seed(seed)
        model = _model(rate=0)
        alone[seed] = (model.get_weights(), model)
    expected = {}
    for seed, (start, _) in alone.items():
        model = _model(rate=0)
        model.set_weights(start)
        model.fit(x, y, epochs=3, shuffle=False, verbose=0)
        expected[seed] = model.get_weights()
    threads = [
        threading.Thread(target=lambda m=model: m.fit(x, y, epochs=3, shuffle=False, verbose=0))
        for _, model in alone.values()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, (_, model) in alone.items():
        for found, want in zip(model.get_weights(), expected[seed], strict=True):
            np.testing.assert_array_equal(found, want)


def test_few_programs_are_kept_and_a_model_keeps_its_own(compiled, monkeypatch):
    monkeypatch.setattr(programs, "_MOST_PROGRAMS", 4)
    given = []
    monkeypatch.setattr(programs, "_give_memory_back", lambda: given.append(1))
    x, y = _data(40)
    forgotten = programs.statistics.forgotten
    first = _model(units=2)
    first.fit(x, y, verbose=0)
    for units in range(3, 15):
        _model(units=units).fit(x, y, verbose=0)
    assert compiled() == 13
    assert len(programs._by_structure) == len(programs._by_text) == 4
    assert programs.statistics.forgotten - forgotten == 2 * (13 - 4)
    assert len(given) in (1, 2)  # after every 16 that were forgotten
    first.fit(x, y, verbose=0)  # still holds its program
    _model(units=14).fit(x, y, verbose=0)
    assert compiled() == 0
    _model(units=2).fit(x, y, verbose=0)
    assert compiled() == 1


def test_memory_can_be_given_back():
    programs._give_memory_back()  # and where there is no glibc, nothing happens
