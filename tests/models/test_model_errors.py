"""Every message of models, graphs and summaries, by its text in the file beside this one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from messages import Case, check_message, texts_beside

import rosenblatt as rb
from rosenblatt import layers

X = np.ones((4, 3), "float32")


def small() -> Any:
    return rb.Sequential([rb.Input((3,)), layers.Dense(2)])


def waiting() -> Any:
    return rb.Sequential([layers.Dense(2)])


def two(kind: type = list) -> Any:
    names = "km" if kind is dict else "ab"
    a, b = (rb.Input((3,), name=name) for name in names)
    outputs = layers.Dense(1)(layers.Concatenate()([a, b]))
    return rb.Model({"k": a, "m": b} if kind is dict else [a, b], outputs)


def renamed(old: str, new: str) -> str:
    return small().to_json().replace(f'"{old}"', f'"{new}"')


class Forgetful(rb.Model):
    """`super().__init__()` is missing."""

    def __init__(self) -> None:
        self.dense = layers.Dense(2)


class Empty(rb.Model):
    """Has no `call`."""


class Branching(rb.Model):
    """Asks for a value in Python."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x: Any) -> Any:
        y = self.dense(x)
        if y.sum() > 0:
            return y
        return -y


class Returning(rb.Model):
    """Forgets to return."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x: Any) -> None:
        self.dense(x)


class Keeping(layers.Layer):
    """Keeps an array of one call for the next."""

    kept: Any = None

    def call(self, x: Any) -> Any:
        if self.kept is None:
            self.kept = x * 2
        return x + self.kept


class OfALayer(rb.Model):
    """Takes an argument that no file can hold."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def call(self, x: Any) -> Any:
        return self.layer(x)


def trained(model: Any) -> None:
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)


def keeping() -> None:
    layer = Keeping()
    layer(rb.Input((3,), batch_size=4))
    layer(X)


CASES: dict[str, Case] = {
    "features": (ValueError, lambda: small()(np.ones((2, 5)))),
    "features in predict": (ValueError, lambda: small().predict(np.ones((2, 5)), verbose=0)),
    "rank of one instance": (ValueError, lambda: small()(np.ones(3))),
    "rank": (ValueError, lambda: small()(np.ones((2, 3, 3)))),
    "text": (ValueError, lambda: small()(np.array([["a", "b", "c"]]))),
    "None": (ValueError, lambda: small()(None)),
    "several inputs for one": (ValueError, lambda: small()([X, X])),
    "missing key": (ValueError, lambda: two()({"a": X})),
    "wrong key": (ValueError, lambda: two()({"a": X, "bb": X})),
    "wrong key of a dict model": (ValueError, lambda: two(dict)({"k": X, "n": X})),
    "too few inputs": (ValueError, lambda: two()([X])),
    "too many inputs": (ValueError, lambda: two()([X, X, X])),
    "one array for two inputs": (ValueError, lambda: two()(X)),
    "call argument": (TypeError, lambda: small()(X, trainig=True)),
    "cut off": (
        ValueError,
        lambda: rb.Model(rb.Input((3,), name="q"), layers.Dense(2)(rb.Input((3,), name="r"))),
    ),
    "arrays as inputs": (ValueError, lambda: rb.Model(np.ones(1), np.ones(1))),
    "layer as output": (ValueError, lambda: rb.Model(rb.Input((3,)), layers.Dense(2))),
    "no outputs": (ValueError, lambda: rb.Model(rb.Input((3,)))),
    "empty inputs": (ValueError, lambda: rb.Model(inputs=[], outputs=rb.Input((3,)))),
    "tensor of no layer": (
        ValueError,
        lambda: rb.Model(
            rb.KerasTensor((None, 3), name="t"),
            layers.Dense(1)(rb.KerasTensor((None, 3), name="t")),
        ),
    ),
    "equal names": (
        ValueError,
        lambda: (lambda i: rb.Model(i, layers.Dense(2, name="a")(layers.Dense(2, name="a")(i))))(
            rb.Input((3,))
        ),
    ),
    "equal names in a sequence": (
        ValueError,
        lambda: rb.Sequential([layers.Dense(2, name="a"), layers.Dense(2, name="a")]),
    ),
    "a class in a sequence": (TypeError, lambda: rb.Sequential([layers.Dense])),
    "text in a sequence": (TypeError, lambda: rb.Sequential(["relu"])),
    "a layer for a list": (TypeError, lambda: rb.Sequential(layers.Dense(2))),
    "late Input": (ValueError, lambda: rb.Sequential([layers.Dense(2), rb.Input((3,))])),
    "two Inputs": (ValueError, lambda: rb.Sequential([rb.Input((3,)), rb.Input((3,))])),
    "nothing to pop": (ValueError, lambda: rb.Sequential().pop()),
    "no layers": (ValueError, lambda: rb.Sequential()(X)),
    "no layers in fit": (ValueError, lambda: trained(rb.Sequential())),
    "no weights yet": (ValueError, lambda: waiting().count_params()),
    "no input yet": (AttributeError, lambda: waiting().input),
    "no output shape yet": (AttributeError, lambda: waiting().output_shape),
    "set_weights too early": (ValueError, lambda: waiting().set_weights([X])),
    "build without a shape": (ValueError, lambda: waiting().build()),
    "build with a number": (ValueError, lambda: waiting().build(3)),
    "build for another shape": (ValueError, lambda: small().build((None, 5))),
    "two inputs in fit": (ValueError, lambda: waiting().predict([X, X], verbose=0)),
    "a layer that does not fit": (
        ValueError,
        lambda: rb.Sequential([rb.Input((3,)), layers.Reshape((2, 2))]),
    ),
    "layer name": (ValueError, lambda: small().get_layer("densee")),
    "layer number": (ValueError, lambda: small().get_layer(index=7)),
    "neither name nor number": (ValueError, lambda: small().get_layer()),
    "set_weights count": (ValueError, lambda: small().set_weights([X])),
    "set_weights shape": (ValueError, lambda: small().set_weights([X, X])),
    "stateless_call": (ValueError, lambda: small().stateless_call([], [], X)),
    "not initialized": (RuntimeError, lambda: Forgetful()),
    "no call": (NotImplementedError, lambda: Empty()(X)),
    "if, in fit": (TypeError, lambda: trained(Branching())),
    "if, in predict": (TypeError, lambda: Branching().predict(X, verbose=0)),
    "if, in build": (TypeError, lambda: Branching().build((None, 3))),
    "nothing returned": (ValueError, lambda: Returning()(X)),
    "nothing returned, in fit": (ValueError, lambda: trained(Returning())),
    "an array kept": (TypeError, lambda: keeping()),
    "structure of a subclass": (AttributeError, lambda: Branching().input),
    "clone of a subclass": (
        ValueError,
        lambda: rb.models.clone_model(Branching(), clone_function=lambda layer: layer),
    ),
    "clone of a subclass of a layer": (
        NotImplementedError,
        lambda: rb.models.clone_model(OfALayer(layers.Dense(2))),
    ),
    "clone with calls of a sequence": (
        ValueError,
        lambda: rb.models.clone_model(small(), call_function=lambda layer, x: layer(x)),
    ),
    "clone of a sequence with two inputs": (
        ValueError,
        lambda: rb.models.clone_model(small(), [rb.Input((3,)), rb.Input((3,))]),
    ),
    "clone with too few inputs": (
        ValueError,
        lambda: rb.models.clone_model(two(), [rb.Input((3,))]),
    ),
    "clone on arrays": (ValueError, lambda: rb.models.clone_model(two(), [X, X])),
    "config of a subclass": (NotImplementedError, lambda: OfALayer(layers.Dense(2)).get_config()),
    "unknown class": (TypeError, lambda: rb.models.model_from_json(renamed("Dense", "Dens"))),
    "unknown class of a user": (
        TypeError,
        lambda: rb.models.model_from_json(Branching().to_json()),
    ),
    "unknown argument": (TypeError, lambda: rb.models.model_from_json(renamed("units", "unitz"))),
    "not JSON": (ValueError, lambda: rb.models.model_from_json("{")),
    "config cut off": (
        ValueError,
        lambda: rb.Model.from_config(
            {
                "name": "m",
                "layers": [
                    {
                        "class_name": "Dense",
                        "module": "keras.layers",
                        "config": {"units": 1, "name": "d"},
                        "inbound_nodes": [
                            {
                                "args": [
                                    {
                                        "class_name": "__keras_tensor__",
                                        "config": {
                                            "shape": [None, 3],
                                            "dtype": "float32",
                                            "keras_history": ["d", 4, 0],
                                        },
                                    }
                                ],
                                "kwargs": {},
                            }
                        ],
                    }
                ],
                "input_layers": [["d", 0, 0]],
                "output_layers": [["d", 0, 0]],
            }
        ),
    ),
    "short summary": (ValueError, lambda: small().summary(line_length=8)),
    "summary positions": (ValueError, lambda: small().summary(positions=[0.5, 1.0])),
    "summary range": (ValueError, lambda: small().summary(layer_range=("a", "b"))),
    "summary range of one": (ValueError, lambda: small().summary(layer_range=["dense"])),
    "summary printer": (TypeError, lambda: small().summary(print_fn=globals)),
}
TEXTS = texts_beside(__file__)


def test_every_case_has_a_text() -> None:
    assert list(TEXTS) == list(CASES)


@pytest.mark.parametrize("case", CASES)
def test_message(case: str) -> None:
    check_message(CASES[case], TEXTS[case])
