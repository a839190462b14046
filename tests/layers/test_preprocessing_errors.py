"""Every message of the preprocessing layers, by its text in the file beside this one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from messages import Case, check_message, texts_beside

import rosenblatt as rb
from rosenblatt import layers as L

TEXT = np.array([["a"], ["b"]])
X = np.ones((2, 1), "float32")


def text_input(name: str = "city") -> Any:
    return rb.Input((1,), dtype="string", name=name)


def lookup(**arguments: Any) -> Any:
    return L.StringLookup(vocabulary=["a", "b"], name="places", **arguments)


def model() -> Any:
    inputs = text_input()
    made = rb.Model(inputs, L.Dense(1)(lookup(output_mode="one_hot")(inputs)), name="model")
    made.compile("sgd", "mse")
    return made


def behind_weights() -> Any:
    inputs = rb.Input((1,))
    hidden = L.Dense(1, name="hidden")(inputs)
    return rb.Model(inputs, lookup(invert=True)(hidden), name="model")


class Subclassed(rb.Model):
    """Looks up inside its own `call`."""

    def __init__(self) -> None:
        super().__init__(name="own")
        self.lookup = L.IntegerLookup(vocabulary=[5, 7], name="ids")
        self.head = L.Dense(1)

    def call(self, x: Any) -> Any:
        return self.head(self.lookup(x))


def fit_subclassed() -> None:
    made = Subclassed()
    made.compile("sgd", "mse")
    made.fit(np.array([[5], [7]]), X)


def used_then_changed() -> None:
    layer = lookup(output_mode="one_hot")
    layer(TEXT)
    layer.set_vocabulary(["a", "b", "c"])


def save_line_break() -> None:
    layer = L.StringLookup(name="places")
    layer.adapt(["a\nb"])
    layer.asset_files()


class Plain(L.Layer):
    """A user's layer."""

    def call(self, x: Any) -> Any:
        return x


def inverse() -> Any:
    inputs = rb.Input((1,), dtype="int64")
    return rb.Model(inputs, lookup(invert=True)(inputs), name="model")


def mixed_frame() -> None:
    model().predict(pd.DataFrame({"a": ["x"], "b": [1]}), verbose=0)


CASES: dict[str, Case] = {
    # -- arguments
    "max_tokens": (ValueError, lambda: L.StringLookup(max_tokens=1, name="places")),
    "pad without max": (ValueError, lambda: L.StringLookup(pad_to_max_tokens=True, name="places")),
    "oov indices": (ValueError, lambda: L.StringLookup(num_oov_indices=-1, name="places")),
    "output mode": (ValueError, lambda: L.StringLookup(output_mode="onehot", name="places")),
    "invert": (ValueError, lambda: L.StringLookup(invert=True, output_mode="count", name="places")),
    "sparse": (ValueError, lambda: L.StringLookup(sparse=True, name="places")),
    "idf without tf_idf": (ValueError, lambda: lookup(idf_weights=[1, 2])),
    "tf_idf without idf": (ValueError, lambda: lookup(output_mode="tf_idf")),
    "idf of another number": (
        ValueError,
        lambda: lookup(output_mode="tf_idf", idf_weights=[1.0]),
    ),
    "oov method": (ValueError, lambda: lookup(oov_method="farm")),
    "salt": (ValueError, lambda: lookup(salt="x")),
    "salt with floormod": (ValueError, lambda: L.IntegerLookup(salt=3, name="ids")),
    "vocabulary dtype": (ValueError, lambda: L.IntegerLookup(vocabulary_dtype="int32")),
    "unknown argument": (TypeError, lambda: L.StringLookup(max_token=3)),
    "bins": (ValueError, lambda: L.Hashing(0, name="bins")),
    "hashing dtype": (ValueError, lambda: L.Hashing(3, dtype="float32", name="bins")),
    "crossing mode": (ValueError, lambda: L.HashedCrossing(3, output_mode="count", name="bins")),
    "encoding tokens": (ValueError, lambda: L.CategoryEncoding(name="code")),
    "encoding mode": (ValueError, lambda: L.CategoryEncoding(3, "int", name="code")),
    "count weights": (ValueError, lambda: L.CategoryEncoding(3, name="code")(X, count_weights=X)),
    "no bins": (ValueError, lambda: L.Discretization(name="bins")),
    "falling bounds": (ValueError, lambda: L.Discretization([2.0, 1.0], name="bins")),
    "number of bins": (ValueError, lambda: L.Discretization(num_bins=0, name="bins")),
    "epsilon": (ValueError, lambda: L.Discretization(num_bins=2, epsilon=2, name="bins")),
    "pipeline": (TypeError, lambda: L.Pipeline([3], name="line")),
    # -- vocabularies
    "empty vocabulary": (ValueError, lambda: L.StringLookup(vocabulary=[], name="places")),
    "token twice": (ValueError, lambda: L.StringLookup(vocabulary=["a", "a"], name="places")),
    "no strings": (ValueError, lambda: L.StringLookup(vocabulary=[1, 2], name="places")),
    "text as ids": (ValueError, lambda: L.IntegerLookup(vocabulary=["a"], name="ids")),
    "too large": (
        ValueError,
        lambda: L.StringLookup(vocabulary=["a", "b"], max_tokens=2, name="places"),
    ),
    "mask inside": (
        ValueError,
        lambda: L.StringLookup(vocabulary=["a", ""], mask_token="", name="places"),
    ),
    "no such file": (ValueError, lambda: L.StringLookup(vocabulary="no/file.txt", name="places")),
    "adapt a given one": (ValueError, lambda: lookup().adapt(["a"])),
    "adapt given bounds": (ValueError, lambda: L.Discretization([1.0], name="bins").adapt(X)),
    "size changed": (RuntimeError, used_then_changed),
    "line break": (ValueError, save_line_break),
    # -- inputs
    "not adapted": (RuntimeError, lambda: L.StringLookup(name="places")(TEXT)),
    "not adapted, symbolic": (
        RuntimeError,
        lambda: L.StringLookup(output_mode="count", name="places")(text_input()),
    ),
    "bins not learned": (ValueError, lambda: L.Discretization(num_bins=2, name="bins")(X)),
    "numbers as text": (ValueError, lambda: lookup()(X)),
    "missing": (ValueError, lambda: lookup()(np.array(["a", None], object))),
    "not a number": (ValueError, lambda: lookup()(np.array(["a", np.nan], object))),
    "number among text": (ValueError, lambda: lookup()(np.array([["a"], [3]], object))),
    "text for ids": (ValueError, lambda: L.IntegerLookup(vocabulary=[1], name="ids")(TEXT)),
    "fractions for ids": (
        ValueError,
        lambda: L.IntegerLookup(vocabulary=[1], name="ids")(X + 0.5),
    ),
    "unknown tokens": (
        ValueError,
        lambda: lookup(num_oov_indices=0)(np.array([["a"], ["q"], ["z"]])),
    ),
    "one feature": (ValueError, lambda: L.HashedCrossing(3, name="cross")(TEXT)),
    "wide features": (
        ValueError,
        lambda: L.HashedCrossing(3, name="cross")([np.ones((2, 2), int)] * 2),
    ),
    "floats crossed": (
        ValueError,
        lambda: L.HashedCrossing(3, name="cross")([TEXT, X + 0.5]),
    ),
    "symbolic text": (ValueError, lambda: L.Dense(1, name="dense")(text_input())),
    "symbolic text, own layer": (ValueError, lambda: Plain(name="own")(text_input())),
    "symbolic text, operation": (ValueError, lambda: rb.ops.abs(text_input())),
    # -- models
    "model of text, numbers": (ValueError, lambda: model().predict(X, verbose=0)),
    "model of text, called on numbers": (ValueError, lambda: model()(X)),
    "model of numbers, text": (
        ValueError,
        lambda: rb.Sequential([rb.Input((1,)), L.Dense(1)], name="plain").predict(TEXT, verbose=0),
    ),
    "rows": (ValueError, lambda: model().fit(TEXT, np.ones(3), verbose=0)),
    "behind weights": (ValueError, lambda: behind_weights().predict(X, verbose=0)),
    "inverse as output": (ValueError, lambda: inverse().predict(np.array([1]), verbose=0)),
    "in a program": (TypeError, fit_subclassed),
    "mixed frame": (ValueError, mixed_frame),
}


TEXTS = texts_beside(__file__)


def test_every_case_has_a_text() -> None:
    assert list(TEXTS) == list(CASES)


@pytest.mark.parametrize("case", CASES)
def test_message(case: str) -> None:
    check_message(CASES[case], TEXTS[case])
