"""Data in any nest that says what belongs where, and data that do not say it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import rosenblatt as rb
from rosenblatt import layers

RNG = np.random.default_rng(3)
X, Z = RNG.random((48, 4)).astype("f"), RNG.random((48, 2)).astype("f")
Y, V = X.sum(axis=1, keepdims=True), X[:, :2] + Z
W = np.linspace(0.5, 2.0, 48).astype("f")


def single() -> Any:
    return rb.Sequential([rb.Input((4,), name="inp"), layers.Dense(1, name="out")])


def joined(kind: type = list) -> Any:
    x, z = rb.Input((4,), name="x"), rb.Input((2,), name="z")
    h = layers.Concatenate()([x, z])
    y, v = layers.Dense(1, name="y")(h), layers.Dense(2, name="v")(h)
    if kind is dict:  # whose order of writing is not that of the alphabet
        return rb.Model({"z": z, "x": x}, {"y": y, "v": v})
    return rb.Model(kind([x, z]), kind([y, v]))


def nested() -> Any:
    x, z = rb.Input((4,), name="x"), rb.Input((2,), name="z")
    h = layers.Concatenate()([x, z])
    outputs = {"two": [layers.Dense(2, name="v")(h)], "one": layers.Dense(1, name="y")(h)}
    return rb.Model([[x], {"deep": z}], outputs)


class Single(rb.Model):
    """Whose output has no name that anybody gave it."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.dense(x)


# The first nest of each entry is the plainest one, and all of an entry mean the same data.
NESTS: dict[str, tuple[Callable[[], Any], list[Any], list[Any], list[Any]]] = {
    "one input, one output": (
        single,
        [X, [X], (X,), {"inp": X}],
        [Y, [Y], (Y,), {"out": Y}, Y[:, 0], [Y[:, 0]]],
        [W, [W], {"out": W}],
    ),
    "subclass": (
        Single,
        [X],
        [Y, [Y], (Y,), {"any": Y}, Y[:, 0], Y.tolist()],
        [W, [W], W[:, None]],
    ),
    "lists": (
        joined,
        [[X, Z], (X, Z), {"x": X, "z": Z}, {"z": Z, "x": X}],
        [[Y, V], (Y, V), {"y": Y, "v": V}, (Y[:, 0], V)],
        [W, [W, W], (W, W), {"v": W, "y": W}, [W]],
    ),
    "tuples": (
        lambda: joined(tuple),
        [(X, Z), [X, Z], {"z": Z, "x": X}],
        [(Y, V), [Y, V], {"v": V, "y": Y}],
        [W, [W, W]],
    ),
    "dicts": (
        lambda: joined(dict),
        [{"x": X, "z": Z}, {"z": Z, "x": X}],
        [{"y": Y, "v": V}, {"v": V, "y": Y}, {"y": Y[:, 0], "v": [V]}],
        [W, {"y": W, "v": W}, [W]],
    ),
    "nested": (
        nested,
        [[[X], {"deep": Z}], (X, {"deep": Z}), {"x": X, "z": Z}, [[X], Z]],
        [{"one": Y, "two": [V]}, {"two": V, "one": [Y]}],
        [W, {"two": W, "one": W}],
    ),
}


def calls(model: Any, x: Any, y: Any, w: Any) -> Iterator[Any]:
    """Each way in, and what came of it; the model is trained a little more each time."""

    def stream(names: bool = True) -> Iterator[Any]:
        yield from ((x, y, w), (x, y, w))

    history = model.fit(
        x, y, 16, sample_weight=w, shuffle=False, verbose=0, validation_data=(x, y, w)
    ).history
    yield [*history["loss"], *history["val_loss"]]
    yield model.fit(stream(), verbose=0, validation_data=stream()).history["val_loss"]
    yield model.evaluate(x, y, sample_weight=w, verbose=0)
    yield model.train_on_batch(x, y, w)
    yield model.test_on_batch(x, y, w)
    yield [np.asarray(leaf) for leaf in rb.tree.flatten(model.predict(x, verbose=0))]


def results(make: Callable[[], Any], x: Any, y: Any, w: Any) -> list[Any]:
    rb.utils.set_random_seed(1)
    model = make()
    model.compile(rb.optimizers.SGD(0.01), "mse")
    return [np.concatenate([np.ravel(part) for part in one]) if isinstance(one, list) else one
            for one in calls(model, x, y, w)]  # fmt: skip


@pytest.mark.parametrize("name", ["one input, one output", "dicts"])
def test_each_nest_gives_the_same(name: str) -> None:
    make, inputs, targets, weights = NESTS[name]
    expected = results(make, inputs[0], targets[0], weights[0])
    triples = [(x, targets[0], weights[0]) for x in inputs[1:]]
    triples += [(inputs[0], y, weights[0]) for y in targets[1:]]
    triples += [(inputs[0], targets[0], w) for w in weights[1:]]
    for triple in triples:
        for found, wanted in zip(results(make, *triple), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.parametrize("name", NESTS)
def test_one_model_takes_one_nest_after_another(name: str) -> None:
    make, inputs, targets, weights = NESTS[name]
    model = make()
    model.compile(rb.optimizers.SGD(0.0), "mse")
    first = model.evaluate(inputs[0], targets[0], sample_weight=weights[0], verbose=0)
    triples = [(x, targets[0], weights[0]) for x in inputs]
    triples += [(inputs[0], y, weights[0]) for y in targets]
    triples += [(inputs[0], targets[0], w) for w in weights]
    for x, y, w in triples:
        model.fit(x, y, sample_weight=w, verbose=0)
        model.fit(iter([(x, y, w), (inputs[0], targets[0], weights[0])]), verbose=0)
        again = model.evaluate(x, y, sample_weight=w, verbose=0)
        np.testing.assert_allclose(again, first, rtol=1e-6)


def test_a_step_of_the_users_sees_the_nest_that_was_given() -> None:
    seen = []

    class Own(rb.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def compute_loss(self, x: Any, y: Any, y_pred: Any, *_: Any, **__: Any) -> Any:
            seen.append(y)
            target = y["total"] if isinstance(y, dict) else y[0]
            return rb.ops.mean((target - y_pred) ** 2)

    model = Own()
    model.compile("sgd")
    model.fit(X, {"total": Y}, verbose=0)
    model.fit(X, [Y], verbose=0)
    assert {type(one) for one in seen} == {dict, list}


@pytest.mark.parametrize(
    "y",
    [Y, [Y], {"y": Y}, [Y, V], [Y, None], {"y": Y, "v": V}],
    ids=["array", "list", "dict", "all", "None", "all by name"],
)
def test_targets_of_outputs_without_a_loss_may_be_left_out(y: Any) -> None:
    model = joined()
    model.compile(rb.optimizers.SGD(0.0), {"y": "mse"})
    expected = model.evaluate([X, Z], [Y, V], verbose=0)
    for y in (Y, [Y], {"y": Y}, [Y, V], [Y, None], {"y": Y, "v": V}):
        assert model.evaluate([X, Z], y, verbose=0) == expected


def test_tables_whose_columns_are_numbers() -> None:
    model = joined()
    model.compile(rb.optimizers.SGD(0.0), "mse")
    expected = model.evaluate([X, Z], [Y, V], verbose=0)
    tables = [pd.DataFrame(X.astype("float64")), pd.DataFrame(Z)]
    assert model.evaluate(tables, [pd.DataFrame(Y), V], verbose=0) == expected
    model.fit(tables, [pd.DataFrame(Y), V], verbose=0)


def test_class_weights_of_a_nest_of_one() -> None:
    labels, by_class = (Y[:, 0] > 2).astype(int), {0: 1.0, 1: 5.0}
    found = []
    for y in (labels, [labels], {"out": labels}):
        rb.utils.set_random_seed(1)
        model = single()
        model.compile("sgd", rb.losses.BinaryCrossentropy(from_logits=True))
        found.append(model.fit(X, y, class_weight=by_class, verbose=0).history["loss"])
    assert found[0] == found[1] == found[2]


def _with_lists(what: str) -> Callable[[], Any]:
    def run() -> Any:
        model = joined(dict)
        model.compile("sgd", **({what: ["mse", "mae"]} if what == "loss" else {"loss": "mse"}))
        if what == "metrics":
            model.compile("sgd", "mse", metrics=[["mae"], ["mse"]])
        if what == "loss_weights":
            model.compile("sgd", "mse", loss_weights=[1.0, 2.0])
        weights = [W, W] if what == "sample_weight" else None
        y = [Y, V] if what == "y" else {"y": Y, "v": V}
        if what == "sample_weight":
            return model.train_on_batch({"x": X, "z": Z}, y, weights)
        return model.fit({"x": X, "z": Z}, y, verbose=0)

    return run


def _with_two_losses(call: Callable[[Any], Any]) -> Callable[[], Any]:
    def run() -> Any:
        model = joined(dict)
        model.compile("sgd", "mse")
        return call(model)

    return run


NAMES = "does not say what belongs to which output: the model knows its outputs by name."
INPUTS = (
    "Model 'functional' knows its inputs by name; a list does not say which is which. Given: "
    "a list of 2. Expected: a dict with ['z', 'x']. Fix: pass `{'z': …, 'x': …}`."
)
TARGETS = {"y": Y, "v": V}
UNNAMED: dict[str, tuple[Callable[[], Any], str]] = {
    "loss": (_with_lists("loss"), f"`loss` {NAMES} Given: a list of 2. Expected: a dict with"),
    "metrics": (_with_lists("metrics"), f"`metrics` {NAMES}"),
    "loss_weights": (_with_lists("loss_weights"), f"`loss_weights` {NAMES}"),
    "targets": (_with_lists("y"), f"`y` {NAMES}"),
    "sample weights": (_with_lists("sample_weight"), f"`sample_weight` {NAMES}"),
    "fit": (_with_two_losses(lambda m: m.fit([X, Z], TARGETS, verbose=0)), INPUTS),
    "evaluate": (_with_two_losses(lambda m: m.evaluate([X, Z], TARGETS, verbose=0)), INPUTS),
    "predict": (_with_two_losses(lambda m: m.predict([X, Z], verbose=0)), INPUTS),
    "call": (_with_two_losses(lambda m: m([X, Z])), INPUTS),
    "train_on_batch": (_with_two_losses(lambda m: m.train_on_batch([X, Z], TARGETS)), INPUTS),
    "test_on_batch": (_with_two_losses(lambda m: m.test_on_batch([X, Z], TARGETS)), INPUTS),
    "first batch of a stream": (
        _with_two_losses(lambda m: m.fit(iter([([X, Z], TARGETS)]), verbose=0)), INPUTS
    ),
    "second batch of a stream": (
        _with_two_losses(
            lambda m: m.fit(iter([({"x": X, "z": Z}, TARGETS), ([X, Z], TARGETS)]), verbose=0)
        ),
        f"Batch 1 of the stream: {INPUTS}",
    ),
    "targets of a stream": (
        _with_two_losses(lambda m: m.fit(iter([({"x": X, "z": Z}, [Y, V])]), verbose=0)),
        f"`y` {NAMES}",
    ),
    "weights of a stream": (
        _with_two_losses(
            lambda m: m.fit(iter([({"x": X, "z": Z}, TARGETS, [W, W])]), verbose=0)
        ),
        f"Batch 0 of the stream: `sample_weight` {NAMES}",
    ),
    "validation": (
        _with_two_losses(
            lambda m: m.fit(
                {"x": X, "z": Z}, TARGETS, validation_data=([X, Z], TARGETS), verbose=0
            )
        ),
        INPUTS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNNAMED)
def test_no_order_is_guessed_where_names_are_known(name: str) -> None:
    call, message = UNNAMED[name]
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value).startswith(message)


def test_names_count_after_a_file_too(tmp_path: Any) -> None:
    price, cost = rb.Input((2,), name="price"), rb.Input((2,), name="cost")
    model = rb.Model({"price": price, "cost": cost}, layers.subtract([price, cost]))
    model.save(tmp_path / "m.keras")
    one, zero = np.ones((1, 2), "f"), np.zeros((1, 2), "f")
    for loaded in (model, rb.models.load_model(tmp_path / "m.keras")):
        found = loaded.predict({"cost": zero, "price": one}, verbose=0)
        np.testing.assert_array_equal(found, one)
        with pytest.raises(ValueError, match="knows its inputs by name"):
            loaded.predict([one, zero], verbose=0)
