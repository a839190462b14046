"""What a model's call takes, as exported: known from calls and signatures, or why it is not."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from models_to_export import IDS, Calls, L, X, Z

import rosenblatt as rb
from rosenblatt.core.errors import NotBuilt, NotSavable, WrongType


class Several(rb.Model):
    """Takes several arguments, some of them no arrays."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = L.Dense(3)

    def call(self, first: Any, second: Any, scale: Any = None, squared: bool = False) -> Any:
        y = self.dense(first) + second
        y = y if scale is None else y * scale
        return y**2 if squared else y


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((X, Z), {}),
        ((X, Z), {"squared": True}),
        ((X, Z, Z), {}),
        ((X, Z, None, True), {}),
        ((X,), {"second": Z, "scale": Z}),
    ],
    ids=["two", "a choice", "three", "by place", "by name"],
)
def test_several_arguments(args: Any, kwargs: Any, tmp_path: Path) -> None:
    model = Several()
    expected = model(*args, **kwargs)
    names = ("first", "second", "scale")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    arrays = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
    model.export(tmp_path / "m.onnx", format="onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"))
    np.testing.assert_allclose(session.run(None, arrays)[0], expected, rtol=1e-5, atol=1e-6)
    model.export(tmp_path / "m")
    layer = L.TFSMLayer(tmp_path / "m")
    found = layer(arrays.pop("first"), **arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_any_number_of_arguments(tmp_path: Path) -> None:
    class Sum(rb.Model):
        def call(self, *inputs: Any) -> Any:
            return inputs[0] + 2 * inputs[1]

    model = Sum()
    expected = model(Z, Z + 1)
    model.export(tmp_path / "m")
    found = L.TFSMLayer(tmp_path / "m")(Z, inputs_1=Z + 1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


class TwoDense(rb.Model):
    """Takes numbers, or ids."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.embedding = L.Embedding(9, 4)
        self.dense = L.Dense(2)

    def call(self, inputs: Any) -> Any:
        return self.dense(self.embedding(inputs))


MADE: dict[str, Callable[[Path], tuple[Any, Any]]] = {
    "by build": lambda folder: (by_build(), {}),
    "from a file": lambda folder: (from_a_file(folder), {}),
    "by predict": lambda folder: (by_predict(), {}),
    "in a copy": lambda folder: (copy.deepcopy(by_predict()), {}),
    "in a pickle": lambda folder: (pickle.loads(pickle.dumps(by_predict())), {}),
    "with a signature": lambda folder: (
        by_build(),
        {"input_signature": [L.InputSpec(shape=(None, 5), dtype="int32")]},
    ),
    "with long integers": lambda folder: (
        by_build(),
        {"input_signature": [L.InputSpec(shape=(None, 5), dtype="int64")]},
    ),
    "with arrays for a signature": lambda folder: (by_build(), {"input_signature": [IDS]}),
}


def by_build() -> Any:
    model = TwoDense()
    model.build((None, 5))
    return model


def from_a_file(folder: Path) -> Any:
    model = TwoDense()
    model(IDS)
    model.save(folder / "m.keras")
    objects = {"TwoDense": TwoDense}
    return rb.models.load_model(folder / "m.keras", custom_objects=objects)


def by_predict() -> Any:
    model = TwoDense()
    model.predict(IDS, verbose=0)
    return model


@pytest.mark.parametrize("name", MADE)
def test_what_is_known_of_the_inputs(name: str, tmp_path: Path) -> None:
    model, settings = MADE[name](tmp_path)
    model.export(tmp_path / "m", **settings)
    model.export(tmp_path / "m.npz", format="npz", **settings)
    layer = L.TFSMLayer(tmp_path / "m")
    assert layer.saved.takes[0].shape[1:] == (5,)
    if name not in ("by build", "from a file"):  # which tell no dtype
        assert layer.saved.takes[0].dtype == "int32"
    np.testing.assert_allclose(layer(IDS), model(IDS), rtol=1e-6, atol=1e-6)


def test_a_signature_for_a_graph(tmp_path: Path) -> None:
    inputs = rb.Input((None, 4), name="steps")
    model = rb.Model(inputs, L.GlobalMaxPooling1D()(inputs))
    model.export(tmp_path / "m", input_signature=[L.InputSpec(shape=(1, 3, 4))])
    layer = L.TFSMLayer(tmp_path / "m")
    assert (layer.saved.names.inputs, layer.saved.takes[0].shape) == (("steps",), (1, 3, 4))
    x = X[None, :3]
    np.testing.assert_allclose(layer(x), model(x))


def drawing(x: Any, training: Any, dropout: Any) -> Any:
    return dropout(x, training=True)


def counting(x: Any, training: Any, norm: Any) -> Any:
    return norm(x, training=True)


def reading(x: Any, training: Any, dense: Any) -> Any:
    return dense(x) if float(x[0, 0]) > 0 else x


def called(model: Any, x: Any = X) -> Any:
    """A model that was called in Python, as `run_eagerly` does."""
    model(x)
    return model


REFUSED: dict[str, tuple[type[Exception], Callable[[], Any], str]] = {
    "random numbers": (
        NotSavable,
        lambda: called(Calls(drawing, dropout=L.Dropout(0.5))),
        "export: model 'mine' draws random numbers while it predicts "
        "('seed_generator/seed_generator_state'), and an exported program keeps no state from call "
        "to call. Fix: let `call` do so only where `training` is true.",
    ),
    "state": (
        NotSavable,
        lambda: called(Calls(counting, norm=L.BatchNormalization())),
        "export: model 'mine' changes a weight while it predicts "
        "('mine/batch_normalization/moving_mean'), and an exported program keeps no state from "
        "call to call. Fix: let `call` do so only where `training` is true.",
    ),
    "values": (
        WrongType,
        lambda: called(Calls(reading, dense=L.Dense(4))),
        "Layer 'mine' (Calls) asks for the values of an array in Python",
    ),
    "not built": (
        NotBuilt,
        lambda: TwoDense(name="mine"),
        "export: model 'mine' (TwoDense) is not built, so what it takes is unknown. Expected: a "
        "model that was fitted or called, or a Functional one. Fix: call it on a few rows first: "
        "`model(x[:1])`.",
    ),
    "never called": (
        NotBuilt,
        lambda: unknown_inputs(),
        "export: model 'mine' (TwoDense) was never called, so what it takes is unknown. Fix: "
        "call it on a few rows first: `model(x[:1])`.",
    ),
    "looks up": (
        NotSavable,
        lambda: looks_up(),
        "export: format 'tf_saved_model' cannot hold layer 'towns' (StringLookup), which looks "
        'values up on the host. Fix: export to "onnx", or look up before the model.',
    ),
}


def unknown_inputs() -> Any:
    model = TwoDense(name="mine")
    model.built = True
    return model


def looks_up() -> Any:
    inputs = rb.Input((1,), dtype="string")
    found = L.StringLookup(vocabulary=["a"], output_mode="one_hot", name="towns")(inputs)
    return rb.Model(inputs, L.Dense(1)(found))


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_exported(name: str, tmp_path: Path) -> None:
    kind, make, text = REFUSED[name]
    model = make()
    with pytest.raises(kind) as caught:
        model.export(tmp_path / "m")
    assert str(caught.value).startswith(text)
    assert type(caught.value) is kind
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("signature", [["x"], [L.InputSpec(ndim=2)], "x"])
def test_a_bad_signature(signature: Any, tmp_path: Path) -> None:
    model = by_build()
    with pytest.raises(ValueError) as caught:
        model.export(tmp_path / "m", input_signature=signature)
    assert str(caught.value).startswith("export: bad `input_signature`. Given: ")
    assert str(caught.value).endswith("Fix: write `[InputSpec(shape=(None, 3))]`.")


def test_a_model_that_was_refused_still_works() -> None:
    """Nothing of the trace stays in it."""
    model = called(Calls(drawing, dropout=L.Dropout(0.5, seed=1)))
    with pytest.raises(ValueError, match="draws random numbers"):
        model.export("never")
    assert {type(v.value).__name__ for v in model.variables} == {"ArrayImpl"}
    first, second = np.asarray(model(X)), np.asarray(model(X))
    assert not np.array_equal(first, second)
