"""Models saved and loaded by rosenblatt: state, training that goes on, custom objects, files."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from saving_helpers import rewrite

import rosenblatt as rb
from rosenblatt.core.files import atomic_write
from rosenblatt.saving import load_model, load_weights, save_model, save_weights
from rosenblatt.saving.saved_parts import saved_parts

rng = np.random.default_rng(5)
X = rng.normal(size=(70, 4)).astype("float32")
Y = rng.normal(size=(70, 1)).astype("float32")


def noisy_model(optimizer: Any = "adam") -> Any:
    layers = rb.layers
    norm = layers.Normalization()
    norm.adapt(X)
    hidden = [layers.Dense(8, "relu"), layers.Dropout(0.3), layers.BatchNormalization()]
    model = rb.Sequential([rb.Input((4,)), norm, *hidden, layers.Dense(1)])
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def weights_of(model: Any) -> list[np.ndarray]:
    return [v.numpy() for v in [*model.variables, *model.optimizer.variables]]


def fit(model: Any, seed: int, epochs: int = 2) -> dict[str, list[float]]:
    rb.utils.set_random_seed(seed)
    return model.fit(X, Y, batch_size=16, epochs=epochs, verbose=0).history


@pytest.mark.parametrize(
    "optimizer",
    [
        "adam",
        rb.optimizers.SGD(rb.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5), momentum=0.9),
        rb.optimizers.RMSprop(0.01, momentum=0.5, centered=True, global_clipnorm=1.0),
        rb.optimizers.AdamW(0.01, use_ema=True, ema_overwrite_frequency=2),
        rb.optimizers.SGD(0.01, gradient_accumulation_steps=2),
    ],
    ids=lambda o: o if isinstance(o, str) else o.name,
)
def test_training_goes_on_as_if_it_had_not_stopped(optimizer: Any, tmp_path: Path) -> None:
    model = noisy_model(optimizer)
    fit(model, seed=1)
    save_model(model, tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert int(loaded.optimizer.iterations) == int(model.optimizer.iterations)

    assert fit(model, seed=2) == fit(loaded, seed=2)
    for ours, theirs in zip(weights_of(model), weights_of(loaded), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_compile_settings_come_back(small: Any, saved: Path) -> None:
    loaded = load_model(saved)
    assert loaded.compiled
    assert loaded.evaluate(X, Y, verbose=0) == small.evaluate(X, Y, verbose=0)
    loaded = load_model(saved, compile=False)
    assert not loaded.compiled
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), small.predict(X, verbose=0))


def test_a_changed_learning_rate_is_kept(small: Any, tmp_path: Path) -> None:
    small.optimizer.learning_rate = 0.25
    small.save(tmp_path / "model.keras")
    assert float(load_model(tmp_path / "model.keras").optimizer.learning_rate) == 0.25


def test_a_compiled_model_that_was_not_trained(tmp_path: Path) -> None:
    model = noisy_model()
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert int(loaded.optimizer.iterations) == 0
    assert fit(model, seed=3) == fit(loaded, seed=3)


def test_custom_objects_by_name_or_in_a_scope(tmp_path: Path) -> None:
    class Twice(rb.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return 2 * inputs

    def cube(x: Any) -> Any:
        return x**3

    def half_error(y_true: Any, y_pred: Any) -> Any:
        return rb.ops.mean(rb.ops.abs(y_true - y_pred), axis=-1) / 2

    model = rb.Sequential([rb.Input((4,)), Twice(), rb.layers.Dense(1, activation=cube)])
    model.compile("sgd", half_error)
    model.save(tmp_path / "model.keras")
    table = {"Twice": Twice, "cube": cube, "half_error": half_error}
    loaded = load_model(tmp_path / "model.keras", custom_objects=table)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    with rb.saving.CustomObjectScope(table):
        assert load_model(tmp_path / "model.keras").layers[0](X[:1]).shape == (1, 4)
    with pytest.raises(ValueError) as caught:
        load_model(tmp_path / "model.keras")
    assert "Unknown class or function 'Twice'" in str(caught.value)
    assert "@rosenblatt.saving.register_keras_serializable()" in str(caught.value)
    assert "custom_objects={'Twice': Twice}" in str(caught.value)


def test_own_save_and_load_methods_are_used(tmp_path: Path) -> None:
    @rb.saving.register_keras_serializable("saving_tests")
    class Table(rb.layers.Layer):
        def __init__(self, **kwargs: Any):
            super().__init__(**kwargs)
            self.words = np.zeros(0)

        def call(self, inputs: Any) -> Any:
            return inputs

        def save_own_variables(self, store: Any) -> None:
            store["words"] = self.words

        def load_own_variables(self, store: Any) -> None:
            assert len(store.keys()) == 1
            assert "words" in store
            self.words = store["words"]

    model = rb.Sequential([rb.Input((4,)), Table()])
    model.layers[0].words = np.arange(5)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras").layers[0].words, range(5))


def test_nothing_is_compiled(small: Any, tmp_path: Path, compiled: list[str]) -> None:
    small.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    loaded.save_weights(tmp_path / "w.weights.h5")
    loaded.load_weights(tmp_path / "w.weights.h5")
    assert compiled == []


def test_a_program_may_begin_with_load_model(saved: Path) -> None:
    code = (
        "from rosenblatt.saving import load_model; "
        f"print(load_model({str(saved)!r}).count_params())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "19\n", done.stderr


def test_weights_go_to_a_model_with_other_names(small: Any, saved: Path, tmp_path: Path) -> None:
    other = rb.Sequential(
        [rb.Input((4,)), rb.layers.Dense(3, "relu", name="a"), rb.layers.Dense(1, name="b")]
    )
    save_weights(small, tmp_path / "w.weights.h5")
    for path in (tmp_path / "w.weights.h5", saved):
        other.set_weights([0 * w for w in other.get_weights()])
        load_weights(other, path)
        np.testing.assert_array_equal(other.predict(X, verbose=0), small.predict(X, verbose=0))


def test_training_goes_on_from_weights_alone(tmp_path: Path) -> None:
    model, other = noisy_model(), noisy_model()
    fit(model, seed=1)
    model.save_weights(tmp_path / "w.weights.h5")
    other.load_weights(tmp_path / "w.weights.h5")  # compiled, and not trained yet
    assert fit(model, seed=2) == fit(other, seed=2)


def test_the_archive_names_its_version(saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        metadata = json.loads(archive.read("metadata.json"))
    assert metadata["keras_version"].startswith("3.")
    assert list(metadata) == ["keras_version", "date_saved", "saved_by"]


def test_a_recompressed_archive_is_read(small: Any, saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    loaded = load_model(saved)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), small.predict(X, verbose=0))


def test_archives_without_metadata_are_read(saved: Path) -> None:
    rewrite(saved, metadata=None)
    assert load_model(saved).count_params() == 19


def test_containers_in_themselves_are_walked_once() -> None:
    layer = rb.layers.Layer(name="any")
    layer.notes = [1, "text", rb.layers.Dense(1)]
    layer.notes.append(layer.notes)
    assert [path for path, _ in saved_parts(layer)] == ["", "notes/dense"]


class Broken(Exception):
    pass


def test_a_failure_leaves_the_old_file_and_nothing_else(
    small: Any, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def fail(*_: Any) -> None:
        raise Broken

    for target in ("os.replace", "os.fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(target, fail)
            with pytest.raises(Broken):
                small.save(saved)
    with monkeypatch.context() as patch:
        patch.setattr(type(small.layers[-1]), "save_own_variables", fail)
        with pytest.raises(Broken):
            small.save(saved)
    assert saved.read_bytes() == before
    assert [f.name for f in saved.parent.iterdir()] == ["model.keras"]


def test_atomic_write(tmp_path: Path) -> None:
    path = tmp_path / ("long" * 60 + ".bin")
    with atomic_write(path) as file:
        file.write(b"one")
        assert not path.exists()
    assert path.read_bytes() == b"one"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    path.chmod(0o600)
    link = tmp_path / "link.bin"
    link.symlink_to(path)
    with atomic_write(link) as file:
        file.write(b"two")
    assert link.is_symlink()
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Broken), atomic_write(path) as file:  # noqa: PT012
        file.write(b"three")
        raise Broken
    assert path.read_bytes() == b"two"
    assert len(list(tmp_path.iterdir())) == 2


def test_atomic_write_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "no" / "a.bin"
    with pytest.raises(FileNotFoundError) as caught, atomic_write(missing):
        pass
    folder = str(missing.parent)
    assert str(caught.value) == (
        f"Cannot write {str(missing)!r}: folder {folder!r} does not exist. "
        f"Fix: create it: `pathlib.Path({folder!r}).mkdir(parents=True)`."
    )

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError) as full_disk, atomic_write(tmp_path / "a.bin"):
        pass
    assert full_disk.value.errno == 28
    assert str(full_disk.value) == (
        f"[Errno 28] Cannot write {str(tmp_path / 'a.bin')!r}: No space left on device. "
        "Fix: free some space, or name another place; what was there before is as it was."
    )
    assert list(tmp_path.iterdir()) == []


def test_an_object_in_two_places_is_one_object_again(keras: Any, tmp_path: Path) -> None:
    shared = rb.initializers.GlorotUniform(seed=3)
    layers = [rb.layers.Dense(4, kernel_initializer=shared) for _ in range(2)]
    model = rb.Sequential([rb.Input((4,)), *layers, rb.layers.Dense(1)])
    path = tmp_path / "shared.keras"
    model.save(path)
    config = zipfile.ZipFile(path).read("config.json").decode()
    assert re.findall(r'"shared_object_id": (\d+)', config) == ["2", "2"]
    one, two, last = (layer.kernel_initializer for layer in load_model(path).layers)
    assert one is two and one is not last
    theirs = keras.saving.load_model(path)
    np.testing.assert_allclose(theirs.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5)


def test_one_number_for_two_objects_does_not_make_them_one(tmp_path: Path) -> None:
    model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(4), rb.layers.Dense(1)])
    path = tmp_path / "model.keras"
    model.save(path)

    config = json.loads(zipfile.ZipFile(path).read("config.json"))
    for layer in config["config"]["layers"][1:]:
        for field in ("kernel_initializer", "bias_initializer"):
            layer["config"][field]["shared_object_id"] = 7
    rewrite(path, config=json.dumps(config).encode())
    for layer in load_model(path).layers:
        assert isinstance(layer.kernel_initializer, rb.initializers.GlorotUniform)
        assert isinstance(layer.bias_initializer, rb.initializers.Zeros)
