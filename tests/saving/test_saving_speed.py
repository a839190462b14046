"""What makes saving and loading fast: no second HDF5 file of a structure, no needless draws."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import initializers
from rosenblatt.layers import inference
from rosenblatt.saving import archive, hdf5_write, load_model


def _model(units: int = 5, **options: Any) -> Any:
    model = rb.Sequential(
        [
            rb.Input((4,)),
            rb.layers.Dense(units, "relu", **options),
            rb.layers.BatchNormalization(),
            rb.layers.Dropout(0.5, seed=1),
            rb.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
    model.fit(x, x[:, :1], epochs=2, verbose=0)
    return model


def _same_values(first: Any, second: Any) -> None:
    for one, other in zip(first.variables, second.variables, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "mixed_bfloat16"])
def test_a_second_file_asks_hdf5_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str
) -> None:
    monkeypatch.setattr(hdf5_write, "_layouts", {})
    rb.utils.set_random_seed(1)
    model = _model(dtype=dtype)
    first = [np.asarray(w) for w in model.get_weights()]
    model.save(tmp_path / "first.keras")

    def refused(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("HDF5 was asked again")

    monkeypatch.setattr(h5py, "File", refused)
    model.set_weights([w + 1 for w in first])
    model.save(tmp_path / "second.keras")
    monkeypatch.undo()
    _same_values(load_model(tmp_path / "second.keras"), model)
    model.set_weights(first)
    _same_values(load_model(tmp_path / "first.keras"), model)


def test_another_shape_is_another_file(tmp_path: Path) -> None:
    for units in (5, 6, 5):
        model = _model(units)
        model.save_weights(tmp_path / "a.weights.h5")
        again = _model(units)
        again.load_weights(tmp_path / "a.weights.h5")
        for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_layouts_are_few_and_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5_write, "_layouts", {})
    monkeypatch.setattr(hdf5_write, "_MOST_LAYOUTS", 2)
    model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])
    for units in range(1, 5):
        rb.Sequential([rb.Input((3,)), rb.layers.Dense(units)]).save(tmp_path / "a.keras")
    assert len(hdf5_write._layouts) == 2
    monkeypatch.setattr(hdf5_write, "_MOST_BYTES", 10)
    model.save(tmp_path / "a.keras")
    assert len(hdf5_write._layouts) == 2


def test_loading_draws_no_initial_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model(kernel_initializer="he_normal")
    model.save(tmp_path / "a.keras")
    drawn = []
    draw = initializers.HeNormal.__call__
    monkeypatch.setattr(
        initializers.HeNormal,
        "__call__",
        lambda self, *args, **kwargs: drawn.append(args) or draw(self, *args, **kwargs),
    )
    _same_values(load_model(tmp_path / "a.keras"), model)
    assert drawn == []
    rb.Sequential.from_config(model.get_config())
    assert drawn == [((4, 5),)]


def test_what_a_file_does_not_hold_is_drawn(tmp_path: Path) -> None:
    @rb.saving.register_keras_serializable("test_saving_speed")
    class Half(rb.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.kept = self.add_weight((2,), "ones", name="kept")
            self.left = self.add_weight((200,), "random_normal", name="left")

        def call(self, x: Any) -> Any:
            return x + self.kept

        def save_own_variables(self, store: Any) -> None:
            store["kept"] = self.kept

        def load_own_variables(self, store: Any) -> None:
            self.kept.assign(store["kept"])

    model = rb.Sequential([rb.Input((2,)), Half()])
    model.layers[0].kept.assign([3.0, 4.0])
    model.save(tmp_path / "a.keras")
    layer = load_model(tmp_path / "a.keras").layers[0]
    np.testing.assert_array_equal(layer.kept.numpy(), [3, 4])
    assert layer.left.numpy().std() == pytest.approx(0.05, rel=0.3)


def test_loading_traces_nothing_that_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _model().save(tmp_path / "a.keras")
    load_model(tmp_path / "a.keras")

    def refused(*args: Any) -> None:
        raise AssertionError("a known layer was traced again")

    monkeypatch.setattr(rb.layers.Dense, "call", refused)
    monkeypatch.setattr(rb.layers.BatchNormalization, "call", refused)
    model = load_model(tmp_path / "a.keras")
    monkeypatch.undo()
    assert model.output_shape == (None, 1)
    assert model.predict(np.ones((2, 4)), verbose=0).shape == (2, 1)


def test_a_layer_is_traced_again_where_more_than_its_config_decides() -> None:
    inference._known.clear()
    for bins in ([0.0], [0.0, 1.0]):
        layer = rb.layers.Discretization(num_bins=len(bins) + 1, output_mode="one_hot")
        layer.adapt(np.linspace(-1, 2, 30))
        assert layer(rb.Input((1,))).shape == (None, len(bins) + 1)
    dense = rb.layers.Dense(3)
    for shape in ((4,), (2, 4)):
        assert dense(rb.Input(shape)).shape == (None, *shape[:-1], 3)
    assert len(inference._known) == 2
    with pytest.raises(ValueError, match="wrong size at axis -1"):
        dense(rb.Input((5,)))


@pytest.fixture
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written and read in place, as those of large models are."""
    monkeypatch.setattr(hdf5_write, "_MOST_BYTES", 0)
    monkeypatch.setattr(archive, "_LARGE", 1)


@pytest.mark.usefixtures("everything_is_large")
def test_large_files_are_written_and_read_in_place(keras: Any, tmp_path: Path) -> None:
    model = _model()
    path = tmp_path / "a.keras"
    model.save(path)
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        assert file.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
    _same_values(load_model(path), model)
    for one, other in zip(
        keras.models.load_model(path).get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"is damaged: model.weights.h5 cannot be read"):
        load_model(path)
    model.save_weights(tmp_path / "a.weights.h5")
    again = _model()
    again.load_weights(tmp_path / "a.weights.h5")
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.usefixtures("everything_is_large")
def test_assets_after_a_large_member(tmp_path: Path) -> None:
    lookup = rb.layers.StringLookup()
    lookup.adapt(np.array(["b", "a", "b"]))
    model = rb.Sequential(
        [rb.Input((1,), dtype="string"), lookup, rb.layers.Embedding(3, 2), rb.layers.Flatten()]
    )
    model.save(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as file:
        assert file.testzip() is None
    words = np.array([["a"], ["b"], ["?"]])
    again = load_model(tmp_path / "a.keras").predict(words, verbose=0)
    np.testing.assert_array_equal(again, model.predict(words, verbose=0))


def test_loading_needs_no_second_copy(tmp_path: Path) -> None:
    size = 64 << 20
    model = rb.Sequential([rb.Input((4096,)), rb.layers.Dense(4096, use_bias=False)])
    model.save(tmp_path / "a.keras")
    assert (tmp_path / "a.keras").stat().st_size > size
    load_model(tmp_path / "a.keras")  # once, so that all modules are there
    tracemalloc.start()
    try:
        loaded = load_model(tmp_path / "a.keras")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The zeros that stand for the kernel until it is read take no memory, but are counted.
    assert peak < 2.3 * size
    _same_values(loaded, model)
