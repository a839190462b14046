"""Every message of the layers, by its text in the file beside this one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from messages import Case, check_message, texts_beside

import rosenblatt as rb
from rosenblatt import layers

X = np.ones((4, 3), "float32")


def calls(layer: Any, *inputs: Any) -> None:
    """Call a layer several times."""
    for one in inputs:
        layer(one)


class Forgetful(layers.Layer):
    """`super().__init__()` is missing."""

    def __init__(self) -> None:
        self.units = 2

    def call(self, x: Any) -> Any:
        return x


class Branching(layers.Layer):
    """Asks for a value in Python."""

    def call(self, x: Any) -> Any:
        if x.sum() > 0:
            return x
        return -x


class UsesNumPy(layers.Layer):
    """Gives NumPy a traced array."""

    def call(self, x: Any) -> Any:
        return np.log(x)


class Counts(layers.Layer):
    """Makes a Python number of a traced one."""

    def call(self, x: Any) -> Any:
        return x[: int(x.sum())]


class WeightInCall(layers.Layer):
    """Makes a weight at each call."""

    def call(self, x: Any) -> Any:
        return x * self.add_weight(shape=(3,), name="late")


class LayerInCall(layers.Layer):
    """Makes a layer at each call."""

    def call(self, x: Any) -> Any:
        self.late = layers.Dense(2)
        return self.late(x)


class Nothing(layers.Layer):
    """Forgets to return."""

    def call(self, x: Any) -> None:
        x + 1


class Half(layers.Layer):
    """Returns nothing for one output."""

    def call(self, x: Any) -> Any:
        return x, None


class WrongAssign(layers.Layer):
    """Assigns another shape to a weight."""

    def build(self, input_shape: Any) -> None:
        self.state = self.add_weight(shape=(2,), trainable=False, name="state")

    def call(self, x: Any) -> Any:
        self.state.assign(x[0])
        return x


class NoCall(layers.Layer):
    """Has no `call`."""


CASES: dict[str, Case] = {
    "features": (ValueError, lambda: calls(layers.Dense(2), X, np.ones((2, 7)))),
    "rank": (ValueError, lambda: layers.Dense(2)(np.ones(3))),
    "text": (ValueError, lambda: layers.Dense(2)(np.array([["a", "b"]]))),
    "objects": (ValueError, lambda: layers.Dense(2)(np.array([[None, 1]], dtype=object))),
    "None": (ValueError, lambda: layers.Dense(2)(None)),
    "a word": (ValueError, lambda: layers.Dense(2)("abc")),
    "no inputs": (TypeError, lambda: layers.Dense(2)()),
    "call argument": (TypeError, lambda: layers.Dense(2)(X, trainig=True)),
    "units as text": (ValueError, lambda: layers.Dense("10")),
    "units 0": (ValueError, lambda: layers.Dense(0)),
    "lora": (ValueError, lambda: layers.Dense(2, lora_rank=2)),
    "activation": (ValueError, lambda: layers.Dense(10, "rellu")),
    "argument": (TypeError, lambda: layers.Dense(10, activatoin="relu")),
    "argument in English English": (
        TypeError,
        lambda: layers.Dense(10, kernel_initialiser="he_normal"),
    ),
    "initializer": (ValueError, lambda: layers.Dense(10, kernel_initializer="he_norml")),
    "unknown features": (ValueError, lambda: layers.Dense(2)(rb.Input((None,)))),
    "name with slash": (ValueError, lambda: layers.Dense(2, name="a/b")),
    "dtype": (ValueError, lambda: layers.Dense(2, dtype="flaot32")),
    "policy": (ValueError, lambda: layers.Dense(2, dtype="mixed_bfloat17")),
    "no weights yet": (ValueError, lambda: layers.Dense(2).count_params()),
    "not built": (AttributeError, lambda: layers.Dense(2).kernel),
    "call before build": (AttributeError, lambda: layers.Dense(2).call(X)),
    "no such attribute": (AttributeError, lambda: layers.Activation("relu").kernel),
    "no output yet": (AttributeError, lambda: layers.Dense(2).output),
    "build with a number": (ValueError, lambda: layers.Dense(2).build(3)),
    "built twice": (
        ValueError,
        lambda: [layer.build((None, 3)) for layer in [layers.Dense(2)] for _ in range(2)],
    ),
    "set_weights count": (ValueError, lambda: layers.Activation("relu").set_weights([X])),
    "add_weight of unknown size": (
        ValueError,
        lambda: layers.Layer().add_weight(shape=(None, 2), name="w"),
    ),
    "Input without shape": (ValueError, lambda: rb.Input()),
    "Input of fractions": (ValueError, lambda: rb.Input((8.0,))),
    "Input of negatives": (ValueError, lambda: rb.Input((-8,), name="x")),
    "Input dtype": (ValueError, lambda: rb.Input((8,), dtype="flot32")),
    "sparse Input": (ValueError, lambda: rb.Input((8,), sparse=True)),
    "one tensor to join": (ValueError, lambda: layers.Add()(X)),
    "nothing to join": (ValueError, lambda: layers.Concatenate()([])),
    "shapes to add": (ValueError, lambda: layers.Add()([rb.Input((3,)), rb.Input((4,))])),
    "batches to add": (ValueError, lambda: layers.Add()([np.ones((2, 3)), np.ones((4, 3))])),
    "shapes to concatenate": (
        ValueError,
        lambda: layers.Concatenate(axis=1)([rb.Input((3, 2)), rb.Input((4, 3))]),
    ),
    "ranks to concatenate": (
        ValueError,
        lambda: layers.concatenate([rb.Input((3, 2)), rb.Input((4,))]),
    ),
    "axis to concatenate": (ValueError, lambda: layers.Concatenate(axis=5)([X, X])),
    "three to subtract": (ValueError, lambda: layers.Subtract()([X, X, X])),
    "dropout rate": (ValueError, lambda: layers.Dropout(1.5)),
    "dropout rate as text": (ValueError, lambda: layers.Dropout("0.5")),
    "noise shape": (
        ValueError,
        lambda: layers.Dropout(0.5, noise_shape=(None, 2))(X, training=True),
    ),
    "reshape": (ValueError, lambda: layers.Reshape((2, 2))(X)),
    "reshape to two unknowns": (ValueError, lambda: layers.Reshape((-1, -1))),
    "batch normalization axis": (ValueError, lambda: layers.BatchNormalization(axis=4)(X)),
    "batch normalization axes": (ValueError, lambda: layers.BatchNormalization(axis=[1])),
    "batch normalization of unknown size": (
        ValueError,
        lambda: layers.BatchNormalization()(rb.Input((None,))),
    ),
    "batch normalization mask": (
        ValueError,
        lambda: layers.BatchNormalization()(X, mask=np.ones((4, 3), bool)),
    ),
    "renorm": (ValueError, lambda: layers.BatchNormalization(renorm_clipping={"max": 1})),
    "mean alone": (ValueError, lambda: layers.Normalization(mean=1.0)),
    "mean and variance differ": (
        ValueError,
        lambda: layers.Normalization(mean=[1.0, 2.0], variance=1.0),
    ),
    "mean of other size": (
        ValueError,
        lambda: layers.Normalization(mean=[1.0, 2.0], variance=[1.0, 1.0])(X),
    ),
    "adapt where given": (
        ValueError,
        lambda: layers.Normalization(mean=1.0, variance=1.0).adapt(X),
    ),
    "adapt to nothing": (ValueError, lambda: layers.Normalization().adapt(iter([]))),
    "adapt to None": (ValueError, lambda: layers.Normalization().adapt(None)),
    "adapt to NaN": (ValueError, lambda: layers.Normalization().adapt(np.array([[1.0], [np.nan]]))),
    "adapt to other features": (
        ValueError,
        lambda: layers.Normalization().adapt(iter([X, np.ones((2, 4))])),
    ),
    "normalization axis": (ValueError, lambda: layers.Normalization(axis=3).adapt(X)),
    "normalization axis as text": (ValueError, lambda: layers.Normalization(axis="a")),
    "normalization of unknown size": (
        ValueError,
        lambda: layers.Normalization()(rb.Input((None,))),
    ),
    "not initialized": (RuntimeError, lambda: Forgetful()(X)),
    "not initialized, in a model": (
        AttributeError,
        lambda: rb.Sequential([rb.Input((3,)), Forgetful()]),
    ),
    "no call": (NotImplementedError, lambda: NoCall()(X)),
    "if": (TypeError, lambda: Branching()(rb.Input((3,)))),
    "NumPy": (TypeError, lambda: UsesNumPy()(rb.Input((3,)))),
    "int": (TypeError, lambda: Counts()(rb.Input((3,)))),
    "weight in call": (RuntimeError, lambda: WeightInCall()(X)),
    "layer in call": (RuntimeError, lambda: LayerInCall()(X)),
    "nothing returned": (ValueError, lambda: Nothing()(X)),
    "nothing returned for one output": (ValueError, lambda: Half()(rb.Input((3,)))),
    "assigned shape": (ValueError, lambda: WrongAssign()(X)),
    "stateless_call": (ValueError, lambda: layers.Activation("relu").stateless_call([X], [], X)),
    "config of other arguments": (
        TypeError,
        lambda: layers.Dropout.from_config({"rate": 0.1, "foo": 2}),
    ),
    "unknown class": (
        TypeError,
        lambda: layers.deserialize({"module": "keras.layers", "class_name": "Dens", "config": {}}),
    ),
}
TEXTS = texts_beside(__file__)


def test_every_case_has_a_text() -> None:
    assert list(TEXTS) == list(CASES)


@pytest.mark.parametrize("case", CASES)
def test_message(case: str) -> None:
    check_message(CASES[case], TEXTS[case])
