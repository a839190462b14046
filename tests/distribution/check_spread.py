"""What several devices compute is what one does; `test_distribution.py` runs this with eight."""

from __future__ import annotations

import random
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.distribution import (
    DataParallel,
    DeviceMesh,
    TensorLayout,
    distribute_tensor,
    set_distribution,
)
from rosenblatt.training import flat, paying, programs

ROWS = 100
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 8)).astype("float32")
Y = (X[:, :1] * 2 + np.sin(X[:, 1:2])).astype("float32")
CLASSES = (X[:, 0] > 0).astype("int32") + (X[:, 1] > 0)
WEIGHTS = RNG.uniform(0.5, 2.0, ROWS).astype("float32")
IDS = RNG.integers(0, 5, (ROWS, 1)).astype("int32")
layers, losses = rb.layers, rb.losses

Fit = tuple[rb.Model, Any, Any, dict[str, Any]]  # model, x, y, arguments of `fit`


def sequential(*parts: rb.Layer) -> rb.Model:
    return rb.Sequential([rb.Input((8,)), *parts])


def plain() -> Fit:
    model = sequential(layers.Dense(16, "relu"), layers.Dense(1))
    model.compile("adam", "mse", metrics=["mae", "root_mean_squared_error"])
    return model, X, Y, {"sample_weight": WEIGHTS}


def normalized() -> Fit:
    # A bias before it would have gradients of zero, which Adam makes steps of: of rounding.
    inner = layers.Dense(16, use_bias=False)
    model = sequential(inner, layers.BatchNormalization(), layers.ReLU(), layers.Dense(1))
    model.compile("adam", "mse")
    return model, X, Y, {"validation_split": 0.1}


def noisy() -> Fit:
    parts = layers.Dropout(0.3), layers.GaussianNoise(0.1), layers.Dense(1)
    model = sequential(layers.Dense(16, "tanh"), *parts)
    model.compile("sgd", "huber")
    return model, X, Y, {}


def penalized() -> Fit:
    hidden = layers.Dense(16, "relu", kernel_regularizer="l2", activity_regularizer="l1")
    model = sequential(hidden, layers.Dense(1))
    model.compile(rb.optimizers.AdamW(clipnorm=0.5), "mse")
    return model, X, Y, {}


def classes() -> Fit:
    model = sequential(layers.Dense(16, "relu"), layers.Dense(3, "softmax"))
    metrics = ["accuracy", rb.metrics.SparseTopKCategoricalAccuracy(2)]
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=metrics)
    return model, X, CLASSES, {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}}


def binary() -> Fit:
    model = sequential(layers.Dense(8, "silu"), layers.Dense(1, "sigmoid"))
    metrics = [rb.metrics.AUC(), rb.metrics.Precision(), rb.metrics.F1Score(threshold=0.5)]
    model.compile("adam", "binary_crossentropy", metrics=metrics)
    return model, X, (CLASSES[:, None] > 0).astype("float32"), {}


def two_outputs() -> Fit:
    numbers, ids = rb.Input((8,), name="numbers"), rb.Input((1,), name="ids", dtype="int32")
    embedded = layers.Flatten()(layers.Embedding(5, 3)(ids))
    hidden = layers.Dense(16, "relu")(layers.Concatenate()([numbers, embedded]))
    outputs = {
        "price": layers.Dense(1, name="price")(hidden),
        "kind": layers.Dense(3, "softmax", name="kind")(hidden),
    }
    model = rb.Model([numbers, ids], outputs)
    loss = {"price": "mae", "kind": "sparse_categorical_crossentropy"}
    model.compile("adam", loss, loss_weights={"price": 2.0}, metrics={"kind": ["accuracy"]})
    return model, [X, IDS], {"price": Y, "kind": CLASSES}, {}


def accumulated() -> Fit:
    model = sequential(layers.Dense(16), layers.LayerNormalization(), layers.Dense(1))
    optimizer = rb.optimizers.Adam(global_clipnorm=1.0, gradient_accumulation_steps=3)
    model.compile(optimizer, "mse", metrics=["r2_score"])
    return model, X, Y, {}


def half() -> Fit:
    model = rb.Sequential(
        [rb.Input((8,)), layers.Dense(16, dtype="mixed_bfloat16"), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    return model, X, Y, {}


def centred() -> Fit:
    across = layers.Dense(8, activation=lambda z: z - rb.ops.mean(z, axis=0))
    model = sequential(across, layers.Dense(1))
    model.compile("sgd", "mse")
    return model, X, Y, {}


def spectral() -> Fit:
    model = sequential(layers.SpectralNormalization(layers.Dense(8, "relu")), layers.Dense(1))
    model.compile("sgd", "mse")
    return model, X, Y, {}


def own_loss() -> Fit:
    model = sequential(layers.Dense(8, "relu"), layers.Dense(1))
    model.compile("sgd", lambda y, p: rb.ops.mean(rb.ops.square(y - p), axis=-1))
    return model, X, Y, {}


def across_rows() -> Fit:
    """A loss that looks at several rows: the last batch has its true size on every device."""
    model = sequential(layers.Dense(8, "relu"), layers.Dense(1))
    model.compile("sgd", lambda y, p: rb.ops.mean(rb.ops.square(y - p)) + 0.1 * rb.ops.std(p))
    return model, X, Y, {}


class _OwnStep(rb.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.last = layers.Dense(8, "relu"), layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        hidden = self.hidden(inputs)
        return self.last(hidden - rb.ops.mean(hidden, axis=0))


def subclassed() -> Fit:
    model = _OwnStep()
    model.compile("sgd", "mse", metrics=["mae"])
    return model, X, Y, {}


def eagerly() -> Fit:
    model = sequential(layers.Dense(8, "relu"), layers.Dense(1))
    model.compile("sgd", "mse", run_eagerly=True)
    return model, X[:40], Y[:40], {"epochs": 1}


def by_batch() -> Fit:
    model, x, y, more = plain()
    seen = rb.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    return model, x, y, {**more, "callbacks": [seen], "steps_per_epoch": 3}


def stream() -> Fit:
    model, *_ = plain()

    def batches() -> Any:
        for start in [*range(0, ROWS, 30)] * 2:
            yield X[start : start + 30], Y[start : start + 30]

    return model, batches(), None, {"steps_per_epoch": 4, "batch_size": None}


@pytest.fixture(autouse=True)
def _one_device_afterwards() -> Iterator[None]:
    yield
    set_distribution(None)


KINDS: list[Callable[[], Fit]] = [
    plain, normalized, noisy, penalized, classes, binary, two_outputs, accumulated, half, spectral,
    centred, own_loss, across_rows, subclassed, eagerly, by_batch, stream,
]  # fmt: skip


def results(kind: Callable[[], Fit], batch_size: int, used: bool = False) -> dict[str, Any]:
    """All that training a model gives, and using it."""
    rb.backend.clear_session(free_memory=False)
    rb.utils.set_random_seed(3)
    model, x, y, more = kind()
    history = model.fit(x, y, **{"batch_size": batch_size, "epochs": 2, "verbose": 0, **more})
    found: dict[str, Any] = {"history": history.history}
    if used:
        found["evaluate"] = model.evaluate(x, y, batch_size=batch_size, verbose=0)
        found["predict"] = model.predict(x, batch_size=batch_size, verbose=0)
        found["few"] = model.predict(jax.tree_util.tree_map(lambda a: a[:3], x), verbose=0)
        found["by batch"] = model.train_on_batch(x, y)
    slots = [variable.numpy() for variable in model.optimizer.variables]
    return found | {"weights": model.get_weights(), "optimizer": slots}


@pytest.mark.filterwarnings("ignore:.*epochs go on around the end")
@pytest.mark.parametrize(
    ("kind", "batch_size", "devices", "used"),
    [(kind, 30, 2, kind in (two_outputs, subclassed)) for kind in KINDS]
    + [(plain, 7, 4, True), (plain, 32, 8, False), (normalized, 7, 8, False)]
    + [(noisy, 30, 8, False), (across_rows, 30, 8, False)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_devices_give_the_numbers_of_one(
    kind: Callable[[], Fit], batch_size: int, devices: int, used: bool
) -> None:
    alone = results(kind, batch_size, used)
    with DataParallel(devices=[f"cpu:{n}" for n in range(devices)]).scope():
        together = results(kind, batch_size, used)
    leaves, structure = jax.tree_util.tree_flatten_with_path(alone)
    others, other_structure = jax.tree_util.tree_flatten(together)
    assert structure == other_structure
    for (path, one), other in zip(leaves, others, strict=True):
        exact = 1e-6 if kind is not half else 5e-3
        np.testing.assert_allclose(one, other, rtol=exact, atol=exact, err_msg=str(path))


def collectives(text: str) -> list[str]:
    return re.findall(r" (all-\w+|reduce-scatter|collective-\w+)\(", text)


def test_a_step_adds_up_over_the_devices_once() -> None:
    programs.clear()
    model = sequential(layers.Dense(16, "relu"), layers.Dropout(0.1), layers.Dense(1))
    model.compile(rb.optimizers.Adam(global_clipnorm=1.0), "mse", metrics=["mae"])
    with DataParallel().scope():
        model.fit(X, Y, batch_size=30, epochs=1, verbose=0)
    (program,) = programs._by_text.values()
    assert collectives(program.as_text()) == ["all-reduce"]
    (added,) = re.findall(r"= \(?(.*?)\)? all-reduce\(", program.as_text())
    arrays = [shape for shape in re.findall(r"f32\[([\d,]*)\]", added) if shape]
    assert arrays == [str(8 * 16 + 16 + 16 + 1)]  # all gradients are one; all else are numbers


def test_large_gradients_are_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    programs.clear()
    monkeypatch.setattr(flat, "MOST_BYTES", 100)
    model = sequential(layers.Dense(16, "relu"), layers.Dense(1))
    model.compile("sgd", "mse")
    with DataParallel().scope():
        model.fit(X, Y, batch_size=30, epochs=1, verbose=0)
    (program,) = programs._by_text.values()
    (added,) = re.findall(r"= \(?(.*?)\)? all-reduce\(", program.as_text())
    assert len(re.findall(r"f32\[\d", added)) == 4  # two kernels and two biases


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Has `fit` measure whether devices pay; the sizes of the batches that it tried."""
    monkeypatch.setenv(paying.VARIABLE, "1")
    sizes: list[int] = []
    real = paying.seconds_of_a_step

    def seconds(engine: Any, block: Any, *more: Any) -> float:
        sizes.append(jax.tree_util.tree_leaves(block)[0].shape[1])
        return real(engine, block, *more)

    monkeypatch.setattr(paying, "seconds_of_a_step", seconds)
    return sizes


@pytest.mark.filterwarnings("ignore:DataParallel over 8 devices")
@pytest.mark.parametrize("kind", [plain, noisy, normalized])
def test_measuring_changes_no_number(
    kind: Callable[[], Fit], measured: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def trained() -> Any:
        with DataParallel().scope():
            found = results(kind, 30)
        drawn = random.random(), np.random.random(), rb.random.uniform((2,))
        return jax.tree_util.tree_leaves((found, drawn))

    seen = trained()
    assert measured[:2] == [30, 30]
    monkeypatch.setenv(paying.VARIABLE, "0")
    measured.clear()
    for one, other in zip(seen, trained(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not measured


def test_it_says_where_devices_do_not_pay(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    def seconds(engine: Any, block: Any) -> float:
        rows = jax.tree_util.tree_leaves(block)[0].shape[1]
        devices = engine.placement.devices
        return 20e-6 + 10e-6 * rows / devices + (500e-6 if devices > 1 else 0)

    monkeypatch.setattr(paying, "seconds_of_a_step", seconds)
    monkeypatch.setenv(paying.VARIABLE, "1")
    warnings.simplefilter("always")
    model, x, y, _ = plain()

    def warned(batch_size: int) -> list[str]:
        recwarn.clear()
        model.fit(x, y, batch_size=batch_size, verbose=0)
        return [str(one.message) for one in recwarn]

    assert not warned(30)  # one device
    with DataParallel(devices=["cpu:0"]).scope():
        assert not warned(30)
    with DataParallel().scope():
        assert not warned(90)  # where it pays
        (told,) = warned(30)
        assert "over 8 devices is 1.7 times slower than one device here" in told
        assert "Use a batch of 58 or more, or one device." in told
        assert not warned(30)  # once
        assert "2 times slower" in warned(25)[0]
        model.compile("sgd", "mse")
        assert len(warned(30)) == 1
        monkeypatch.setenv(paying.VARIABLE, "0")
        assert not warned(20)


def test_off_it_changes_no_program() -> None:
    """The programs of one device are the same objects before, after and beside."""
    programs.clear()
    results(plain, 30)
    made = programs.statistics.compiled
    with DataParallel().scope():
        results(plain, 30)
    assert programs.statistics.compiled > made
    made = programs.statistics.compiled
    results(plain, 30)
    assert programs.statistics.compiled == made


def test_state_stays_on_the_devices_between_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once an epoch has begun only metrics, which begin anew, and blocks are copied there."""
    copied: list[str] = []
    put = jax.device_put

    def counted(value: Any, *where: Any, **more: Any) -> Any:
        copied.append(str(getattr(value, "shape", ())))
        return put(value, *where, **more)

    model, x, y, _ = plain()

    class Mark(rb.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            copied.clear()

    with DataParallel().scope():
        monkeypatch.setattr(jax, "device_put", counted)
        model.fit(x, y, epochs=3, batch_size=50, verbose=0, callbacks=[Mark()])
    metrics = sum(len(metric.variables) for metric in model.metrics)
    assert len(copied) <= metrics + 2  # and a block: inputs and targets


def test_it_may_change_at_any_time() -> None:
    model, x, y, _ = plain()
    reference, *_ = plain()
    reference.set_weights(model.get_weights())
    reference.fit(x, y, epochs=3, shuffle=False, verbose=0)
    for choice in (None, DataParallel(devices=["cpu:2", "cpu:5"]), DataParallel()):
        set_distribution(choice)
        assert rb.distribution.distribution() is choice
        model.fit(x, y, epochs=1, shuffle=False, verbose=0)
    for one, other in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_files_and_copies_know_nothing_of_devices(tmp_path: Any) -> None:
    model, x, y, _ = plain()
    with DataParallel().scope():
        model.fit(x, y, epochs=1, verbose=0)
        model.save(tmp_path / "model.keras")
        expected = model.predict(x, verbose=0)
    loaded = rb.saving.load_model(tmp_path / "model.keras")
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), expected, atol=1e-6)
    with DataParallel().scope():
        np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)


def test_a_run_goes_on_with_another_number_of_devices(tmp_path: Any) -> None:
    def train(devices: int, epochs: int, stops: bool = False) -> rb.Model:
        rb.backend.clear_session(free_memory=False)
        rb.utils.set_random_seed(1)
        model, x, y, _ = plain()

        def stop(epoch: int, logs: Any = None) -> None:
            if stops and epoch == 2:
                raise KeyboardInterrupt

        hooks = [
            rb.callbacks.BackupAndRestore(tmp_path / "backup"),
            rb.callbacks.LambdaCallback(on_epoch_begin=stop),
        ]
        with DataParallel(devices=[f"cpu:{n}" for n in range(devices)]).scope():
            model.fit(x, y, batch_size=30, epochs=epochs, verbose=0, callbacks=hooks)
        return model

    whole = train(1, 4).get_weights()
    with pytest.raises(KeyboardInterrupt):
        train(2, 4, stops=True)
    for one, other in zip(whole, train(8, 4).get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_threads_take_turns_at_the_devices() -> None:
    """Two programs that reached the devices in different orders would wait forever."""
    found: list[Any] = [None] * 4
    set_distribution(DataParallel())
    models = []
    for _ in found:
        rb.backend.clear_session(free_memory=False)
        rb.utils.set_random_seed(3)
        models.append(plain())

    def train(place: int) -> None:
        model, x, y, more = models[place]
        model.fit(x, y, batch_size=30, epochs=20, verbose=0, shuffle=False, **more)
        found[place] = model.get_weights()

    threads = [threading.Thread(target=train, args=(place,)) for place in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for weights in found[1:]:
        for one, other in zip(found[0], weights, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_scope_is_of_its_thread() -> None:
    seen: list[Any] = []
    with DataParallel(devices=["cpu:1"]).scope():
        thread = threading.Thread(target=lambda: seen.append(rb.distribution.distribution()))
        thread.start()
        thread.join()
        assert rb.distribution.distribution() is not None
    assert seen == [None]
    assert rb.distribution.distribution() is None


def test_names_of_devices() -> None:
    assert rb.distribution.list_devices() == [f"cpu:{n}" for n in range(8)]
    assert rb.distribution.get_device_count("CPU") == 8
    mesh = DeviceMesh((4, 2), ["batch", "model"])
    with pytest.warns(UserWarning, match="more than one axis"):
        choice = DataParallel(mesh)
    assert (choice.num_model_replicas, choice.batch_dim_name) == (8, "batch")
    with choice.scope():
        model, x, y, _ = plain()
        assert np.isfinite(model.fit(x, y, verbose=0).history["loss"]).all()
    with pytest.raises(ValueError, match="a device is named twice"):
        DataParallel(devices=["cpu:0", "cpu:0"])
    layout = TensorLayout(["batch", None], DeviceMesh((8,), ["batch"]))
    assert len(distribute_tensor(np.ones((16, 2)), layout).sharding.device_set) == 8
