"""Ids without a vector and labels outside the classes, whatever way they come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import layers

X = np.random.default_rng(3).random((48, 4)).astype("f")
Y = X.sum(axis=1, keepdims=True)

IDS, BAD = np.arange(48) % 5, np.where(np.arange(48) == 17, 5, np.arange(48) % 5)
NEGATIVE = np.where(np.arange(48) == 17, -1, IDS)


class Looking(rb.Model):
    """A subclassed model with an `Embedding`, called on ids that it casts and reshapes."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors, self.dense = layers.Embedding(5, 3), layers.Dense(1)

    def call(self, ids: Any) -> Any:
        ids = rb.ops.reshape(rb.ops.cast(ids, "int32"), (-1,))
        return self.dense(self.vectors(ids))


def behind(*before: Any) -> Any:
    inputs = rb.Input((), dtype="int32", name="ids")
    inner = rb.Sequential([layers.Embedding(5, 3), layers.Dense(2)])
    x = inputs
    for step in before:
        x = step(x)
    return rb.Model(inputs, layers.Dense(1)(inner(x)))


READERS: dict[str, Callable[[], Any]] = {
    "first layer": lambda: rb.Sequential([layers.Embedding(5, 3), layers.Dense(1)]),
    "inner model": behind,
    "behind operations": lambda: behind(lambda x: rb.ops.reshape(x, (-1, 1)), layers.Flatten(),
                                        lambda x: x[:, 0]),
    "model of a model": lambda: rb.Sequential([rb.Input((), dtype="int32"), behind()]),
    "subclass": Looking,
}  # fmt: skip
WAYS: dict[str, Callable[[Any, Any], Any]] = {
    "array": lambda m, bad: m.fit(bad, Y, verbose=0),
    "stream": lambda m, bad: m.fit(iter([(IDS, Y), (bad, Y)]), verbose=0),
    "validation": lambda m, bad: m.fit(IDS, Y, validation_data=(bad, Y), verbose=0),
    "stream of validation": lambda m, bad: m.fit(
        IDS, Y, validation_data=iter([(IDS, Y), (bad, Y)]), verbose=0
    ),
    "evaluate": lambda m, bad: m.evaluate(iter([(IDS, Y), (bad, Y)]), verbose=0),
    "train_on_batch": lambda m, bad: m.train_on_batch(bad, Y),
    "test_on_batch": lambda m, bad: m.test_on_batch(bad, Y),
    "predict": lambda m, bad: m.predict(bad, verbose=0),
    "stream of predict": lambda m, bad: m.predict(iter([(IDS,), (bad,)]), verbose=0),
}


@pytest.mark.parametrize("reader", READERS)
def test_ids_without_a_vector(reader: str) -> None:
    model = READERS[reader]()
    model.compile(rb.optimizers.SGD(0.01), "mse")
    model.fit(IDS, Y, verbose=0)
    for way, call in WAYS.items():
        for bad, value in ((BAD, 5), (NEGATIVE, -1)):
            with pytest.raises(ValueError) as caught:
                call(model, bad)
            text = str(caught.value)
            assert text.startswith("Batch 1 of the stream: ") == (way in (
                "stream", "stream of validation", "evaluate", "stream of predict"
            )), way  # fmt: skip
            assert "(Embedding):" in text
            assert f"holds an id without a vector. Given: {value} (first in row 17)." in text
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_ids_that_a_network_makes_itself_are_its_own_affair() -> None:
    inputs = rb.Input((4,))
    chosen = rb.ops.argmax(layers.Dense(9)(inputs), axis=-1)
    model = rb.Model(inputs, layers.Dense(1)(layers.Embedding(9, 2)(chosen)))
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"][0])


CLASSES = np.arange(48) % 3
WRONG = np.where(np.arange(48) == 17, 3, CLASSES)


class Scoring(rb.Model):
    """A subclassed classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(3, "softmax")

    def call(self, x: Any) -> Any:
        return self.dense(x)


class OwnLoss(Scoring):
    """With a loss of its own."""

    def compute_loss(self, x: Any, y: Any, y_pred: Any, *_: Any, **__: Any) -> Any:
        return rb.ops.mean(rb.losses.sparse_categorical_crossentropy(y, y_pred))


def halved(y_true: Any, y_pred: Any) -> Any:
    return 0.5 * rb.losses.sparse_categorical_crossentropy(y_true, y_pred)


def classifier() -> Any:
    return rb.Sequential([rb.Input((4,)), layers.Dense(3, "softmax")])


class OwnStep(rb.Model):
    """With a step of its own around the library's."""

    def train_step(self, state: Any, data: Any) -> Any:
        return super().train_step(state, data)

    def test_step(self, state: Any, data: Any) -> Any:
        return super().test_step(state, data)


def stepping() -> Any:
    inputs = rb.Input((4,))
    return OwnStep(inputs, layers.Dense(3, "softmax")(inputs))


def two_heads() -> Any:
    inputs = rb.Input((4,))
    heads = {"kind": layers.Dense(3, "softmax")(inputs), "size": layers.Dense(1)(inputs)}
    return rb.Model(inputs, heads)


SPARSE = "sparse_categorical_crossentropy"
CLASSIFIERS: dict[str, tuple[Callable[[], Any], Any, str]] = {
    "sequential": (classifier, SPARSE, "The targets of output 'dense'"),
    "subclass": (Scoring, rb.losses.SparseCategoricalCrossentropy(), "The targets of output"),
    "a function around it": (classifier, halved, "The targets"),
    "compute_loss": (OwnLoss, None, "The targets"),
    "a step": (stepping, "sparse_categorical_crossentropy", "The targets"),
    "two outputs": (two_heads, {"kind": SPARSE, "size": "mse"}, "The targets of output 'kind'"),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_labels_outside_the_classes(name: str) -> None:
    make, loss, where = CLASSIFIERS[name]
    model = make()
    model.compile(rb.optimizers.SGD(0.01), loss)

    def named(labels: Any) -> Any:
        return {"kind": labels, "size": Y} if name == "two outputs" else labels

    ways: list[tuple[bool, Callable[[Any], Any]]] = [
        (True, lambda bad: model.fit(iter([(X, named(CLASSES)), (X, bad)]), verbose=0)),
        (True, lambda bad: model.fit(
            X, named(CLASSES), validation_data=iter([(X, named(CLASSES)), (X, bad)]), verbose=0)),
        (True, lambda bad: model.evaluate(iter([(X, named(CLASSES)), (X, bad)]), verbose=0)),
        (False, lambda bad: model.fit(X, bad, verbose=0)),
        (False, lambda bad: model.fit(X, named(CLASSES), validation_data=(X, bad), verbose=0)),
        (False, lambda bad: model.train_on_batch(X, bad)),
        (False, lambda bad: model.test_on_batch(X, bad)),
    ]  # fmt: skip
    for streamed, call in ways:
        for labels, value in ((WRONG, 3), (np.where(WRONG == 3, -1, CLASSES), -1)):
            with pytest.raises(ValueError) as caught:
                call(named(labels))
            text = str(caught.value)
            assert text.startswith(f"{'Batch 1 of the stream: ' * streamed}{where}"), text
            assert f"a label outside the classes. Given: {value} (first in row 17)." in text
    assert all(np.isfinite(w).all() for w in model.get_weights())
