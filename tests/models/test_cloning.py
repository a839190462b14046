"""clone_model: the same structure with new layers, as Keras makes it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from architectures import WITH_STRUCTURE, shared, small

import rosenblatt as rb

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def base(k: Any) -> Any:
    layers = [k.Input((4,)), k.layers.Dense(3, name="a"), k.layers.Dense(2, name="b")]
    return k.Sequential(layers, name="base")


def around(k: Any) -> Any:
    inner, inputs = base(k), k.Input((4,), name="in")
    return k.Model(inputs, [inner(inputs), k.layers.Dense(1, name="head")(inner(inputs))])


@pytest.mark.parametrize("make", WITH_STRUCTURE, ids=lambda make: make.__name__)
def test_structure_stays_and_weights_are_new(make: Any) -> None:
    model = make(rb)
    clone = rb.models.clone_model(model)
    assert type(clone) is type(model)
    assert clone.name == model.name
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers]
    assert clone.output_shape == model.output_shape
    mine = {id(v) for v in model.weights}
    assert [v.shape for v in clone.weights] == [v.shape for v in model.weights]
    assert all(id(v) not in mine for v in clone.weights)


def test_layers_of_our_choice(keras: Any) -> None:
    for k in (keras, rb):

        def wider(layer: Any, k: Any = k) -> Any:
            config = layer.get_config()
            if isinstance(layer, k.layers.Dense) and config["units"] == 2:
                config["units"] = 5
            return type(layer).from_config(config)

        clone = k.models.clone_model(small(k), clone_function=wider)
        assert [layer.units for layer in clone.layers] == [5, 1]
        same = k.models.clone_model(base(k), clone_function=lambda layer: layer)
        assert same.output_shape == (None, 2)


def test_layers_returned_as_they_are_are_shared() -> None:
    model = around(rb)
    clone = rb.models.clone_model(model, clone_function=lambda layer: layer)
    assert clone.layers[1] is model.layers[1]
    assert clone.layers[0] is not model.layers[0]
    for one, other in zip(clone(X), model(X), strict=True):
        np.testing.assert_array_equal(one, other)


def test_layers_put_behind_others(keras: Any) -> None:
    names = []
    for k in (keras, rb):
        inputs = k.Input((4,), name="in")
        hidden = k.layers.Dense(3, name="a")(inputs)
        model = k.Model(inputs, k.layers.Dense(1, name="b")(hidden))

        def dropping(layer: Any, *args: Any, k: Any = k, **kwargs: Any) -> Any:
            outputs = layer(*args, **kwargs)
            return k.layers.Dropout(0.5)(outputs) if layer.name == "a" else outputs

        clone = k.models.clone_model(model, call_function=dropping)
        names.append([layer.name for layer in clone.layers])
    assert names[0][1:] == names[1][1:] == ["a", "dropout", "b"]


def test_recursive_goes_into_inner_models(keras: Any) -> None:
    seen: dict[str, Any] = {}
    for k in (keras, rb):
        for recursive in (False, True):
            names: list[str] = []

            def note(layer: Any, names: list[str] = names) -> Any:
                names.append(layer.name)
                return type(layer).from_config(layer.get_config())

            clone = k.models.clone_model(around(k), clone_function=note, recursive=recursive)
            assert len(clone.weights) == 6  # the inner model is still one, called twice
            seen[f"{k.__name__} {recursive}"] = names
    assert seen["rosenblatt False"] == seen["keras False"] == ["base", "head"]
    assert seen["rosenblatt True"] == seen["keras True"] == ["a", "b", "head"]


def test_inputs_of_our_choice(keras: Any) -> None:
    for k in (keras, rb):
        one, other = k.Input((3,), name="one"), k.Input((3,), name="other")
        clone = k.models.clone_model(shared(k), input_tensors=[one, other])
        assert [t is given for t, given in zip(clone.inputs, (one, other), strict=True)] == [1, 1]
        assert len(clone.weights) == 2
        new = k.Input((4,), name="new")
        clone = k.models.clone_model(base(k), input_tensors=new)
        assert clone.inputs[0] is new
        assert clone.output_shape == (None, 2)


def test_inputs_made_by_a_layer() -> None:
    made = rb.layers.Dense(4)(rb.Input((2,)))
    for model in (base(rb), around(rb)):
        clone = rb.models.clone_model(model, input_tensors=made)
        assert clone.inputs[0].shape == (None, 4)
        assert type(clone.layers[0]).__name__ != "KerasTensor"


def test_what_is_frozen_or_compiled_stays_so(keras: Any) -> None:
    facts = []
    for k in (keras, rb):
        frozen, part = base(k), base(k)
        frozen.trainable = False
        part.layers[0].trainable = False
        part.compile(k.optimizers.SGD(0.125, momentum=0.5), "mae", metrics=["mse"])
        clones = [k.models.clone_model(model) for model in (frozen, part)]
        second = clones[1].optimizer
        assert second is not part.optimizer
        clones[1].fit(X, X[:, :2], verbose=0)
        facts.append(
            [
                [model.trainable for model in clones],
                [[layer.trainable for layer in model.layers] for model in clones],
                [model.compiled for model in clones],
                [float(second.learning_rate), second.momentum, clones[1].loss],
            ]
        )
    assert facts[0] == facts[1]


class Net(rb.Model):
    """Made from its arguments."""

    def __init__(self, units: int = 3, **kwargs: Any):
        super().__init__(**kwargs)
        self.dense = rb.layers.Dense(units)

    def call(self, x: Any) -> Any:
        return self.dense(x)


def test_a_subclassed_model_is_made_from_its_arguments() -> None:
    model = Net(5, name="net")
    model.compile("sgd", "mse")
    model(X)
    clone = rb.models.clone_model(model)
    assert isinstance(clone, Net) and clone.name == "net" and clone.compiled
    assert clone(X).shape == (6, 5)
    assert clone.dense is not model.dense
    inputs = rb.Input((4,))
    outer = rb.models.clone_model(rb.Model(inputs, Net(2)(inputs)))
    assert isinstance(outer.layers[1], Net) and outer.output_shape == (None, 2)
