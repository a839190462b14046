"""Sequential, Functional and subclassed models: what they do and what they refuse."""

from __future__ import annotations

import json
import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import layers

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def dense_model() -> Any:
    return rb.Sequential([rb.Input((4,)), layers.Dense(3, "relu"), layers.Dense(1)])


# -- Sequential ------------------------------------------------------------------------------


def test_sequential_by_adding_and_popping() -> None:
    model = rb.Sequential()
    model.add(layers.Input(shape=(4,)))
    assert not model.built
    model.add(layers.Dense(3))
    assert model.output_shape == (None, 3)
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    assert model.pop().name == "dense_1"
    assert model.output_shape == (None, 3)
    assert model(X).shape == (6, 3)


def test_sequential_waits_for_a_shape() -> None:
    model = rb.Sequential([layers.Dense(3), layers.Dense(1)])
    assert not model.built
    assert model.weights == []
    assert model(X).shape == (6, 1)
    assert model.built
    assert model.input_shape == (None, 4)
    again = rb.Sequential([layers.Dense(3), layers.Dense(1)])
    again.build((None, 4))
    assert again.count_params() == 19
    again.build((None, 4))
    assert again(X[:1]).shape == (1, 1)


def test_sequential_is_built_by_fit_and_predict() -> None:
    model = rb.Sequential([layers.Dense(3), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    assert model.count_params() == 19
    other = rb.Sequential([layers.Flatten(), layers.Dense(2)])
    assert other.predict(np.zeros((3, 2, 2)), verbose=0).shape == (3, 2)


def test_a_layer_shared_by_two_models_trains_in_both() -> None:
    first = dense_model()
    second = rb.Sequential([*first.layers[:-1], layers.Dense(2)])
    assert second.layers[0] is first.layers[0]
    first.layers[0].set_weights([np.ones((4, 3)), np.ones(3)])
    np.testing.assert_array_equal(second.layers[0].get_weights()[1], np.ones(3))


def test_transfer_freezes_and_replaces() -> None:
    base = dense_model()
    model = rb.Sequential([*base.layers[:-1], layers.Dense(5)])
    for layer in model.layers[:-1]:
        layer.trainable = False
    model.build((None, 4))
    assert [v.path.split("/")[-2] for v in model.trainable_weights] == [model.layers[-1].name] * 2
    model.compile("sgd", "mse")
    before = base.layers[0].get_weights()
    model.fit(X, np.zeros((6, 5)), verbose=0)
    for one, other in zip(base.layers[0].get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_get_layer_names_and_weights() -> None:
    model = dense_model()
    assert [layer.name for layer in model.layers] == ["dense", "dense_1"]
    assert model.get_layer("dense") is model.layers[0]
    assert model.get_layer(index=-1) is model.layers[1]
    kernel, bias = model.layers[0].get_weights()
    limit = np.sqrt(6 / (4 + 3))
    assert np.abs(kernel).max() <= limit
    assert kernel.std() > 0
    np.testing.assert_array_equal(bias, np.zeros(3))
    weights = [w + 1 for w in model.get_weights()]
    model.set_weights(weights)
    for one, other in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_same_seed_same_weights() -> None:
    weights = []
    for _ in range(2):
        rb.utils.set_random_seed(42)
        weights.append(dense_model().get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


# -- Functional ------------------------------------------------------------------------------


def wide_and_deep(structure: Any = list) -> Any:
    wide = layers.Input(shape=(2,), name="wide")
    deep = layers.Input(shape=(3,), name="deep")
    hidden = layers.Dense(5, activation="relu")(deep)
    joined = layers.concatenate([wide, hidden])
    outputs = [layers.Dense(1, name="main")(joined), layers.Dense(1, name="aux")(hidden)]
    inputs = {"wide": wide, "deep": deep} if structure is dict else structure([wide, deep])
    return rb.Model(inputs=inputs, outputs=outputs)


@pytest.mark.parametrize("structure", [list, tuple, dict])
def test_inputs_by_place_and_by_name(structure: Any) -> None:
    model = wide_and_deep(structure)
    wide, deep = X[:, :2], X[:, 1:]
    expected = model({"wide": wide, "deep": deep})
    data = {"deep": deep, "wide": wide, "unused": X}
    if structure is dict:
        with pytest.warns(UserWarning, match=r"the structure of `inputs` .* \['unused'\]"):
            found = model(data)
    else:
        found = model(data)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    if structure is not dict:
        for given in ([wide, deep], (wide, deep)):
            np.testing.assert_array_equal(model(given)[0], expected[0])
    assert sorted(model.input_names) == ["deep", "wide"]
    assert model.output_names == ["main", "aux"]


def test_structures_of_any_depth(keras: Any) -> None:
    data = {"x": [X[:, :2], {"y": X[:, 1:3]}], "z": (X[:, 2:],)}
    configs, outputs = [], []
    for k in (keras, rb):
        a, b, c = (k.Input((2,), name=name) for name in "abc")
        s = k.layers.Concatenate()([a, b, c])
        head = k.layers.Dense(1, kernel_initializer="ones", name="head")(s)
        model = k.Model({"x": [a, {"y": b}], "z": (c,)}, {"p": s, "q": (s, [head])})
        config = json.loads(model.to_json())
        configs.append([config["config"][key] for key in ("input_layers", "output_layers")])
        again = k.models.model_from_json(model.to_json())
        outputs.append([model(data), model.predict(data, verbose=0), again(data)])
    assert configs[0] == configs[1]
    for theirs, ours in zip(*outputs, strict=True):
        assert jax.tree_util.tree_structure(theirs) == jax.tree_util.tree_structure(ours)
        for one, other in zip(*map(jax.tree_util.tree_leaves, (theirs, ours)), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("structure", [list, tuple])
def test_a_list_of_one_output_gives_the_output(keras: Any, structure: Any) -> None:
    for k in (keras, rb):
        inputs = k.Input((4,))
        model = k.Model(structure([inputs]), structure([k.layers.Dense(2)(inputs)]))
        data = structure([X])
        assert model(data).shape == model.predict(data, verbose=0).shape == (6, 2)
        (symbolic,) = model(structure([inputs]))
        outer = k.Model(inputs, k.layers.Dense(3)(symbolic))
        assert outer(X).shape == k.models.model_from_json(outer.to_json())(X).shape == (6, 3)
        model.compile("sgd", ["mse"], metrics=[["mae"]])
        assert list(model.fit(data, X[:, :2], verbose=0).history) == ["loss", "mae"]
        assert isinstance(model.output, (list, tuple))


def test_a_model_from_the_middle_of_another() -> None:
    inputs = rb.Input((4,))
    hidden = layers.Dense(3, name="hidden")(inputs)
    outputs = layers.Dense(2, name="out")(hidden)
    whole = rb.Model(inputs, outputs)
    front = rb.Model(whole.input, whole.get_layer("hidden").output)
    back = rb.Model(hidden, outputs)
    assert [layer.name for layer in back.layers] == ["input_layer_1", "out"]
    assert back.count_params() == 8
    np.testing.assert_allclose(back(front(X)), whole(X), rtol=1e-6)
    again = rb.models.model_from_json(back.to_json())
    assert again.count_params() == 8


def test_operations_and_slices_in_a_graph() -> None:
    inputs = rb.Input((4,))
    hidden = inputs[:, 1:] * 2 + 1 - rb.ops.square(inputs[:, :3])
    model = rb.Model(inputs, [hidden, -hidden, hidden > 0, 1 / (1 + abs(hidden))])
    expected = X[:, 1:] * 2 + 1 - X[:, :3] ** 2
    found = model(X)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)
    np.testing.assert_allclose(found[1], -expected, rtol=1e-5)
    np.testing.assert_array_equal(found[2], expected > 0)
    np.testing.assert_allclose(found[3], 1 / (1 + np.abs(expected)), rtol=1e-5)
    assert [layer.name for layer in model.layers] == ["input_layer"]
    again = rb.models.model_from_json(model.to_json())
    np.testing.assert_allclose(again(X)[0], expected, rtol=1e-5)


def test_clone_has_its_own_weights() -> None:
    model = wide_and_deep()
    clone = rb.models.clone_model(model)
    assert clone.get_config() == model.get_config()
    data = [X[:, :2], X[:, 1:]]
    clone.set_weights(model.get_weights())
    np.testing.assert_allclose(clone(data)[0], model(data)[0], rtol=1e-6)
    clone.set_weights([w + 1 for w in clone.get_weights()])
    assert not np.allclose(clone(data)[0], model(data)[0])


def test_one_column_may_be_given_without_its_axis() -> None:
    inputs = rb.Input((1,))
    model = rb.Model(inputs, layers.Dense(1, kernel_initializer="ones")(inputs))
    np.testing.assert_array_equal(model(np.array([1.0, 2.0], "float32")), [[1], [2]])


def test_an_optional_input_may_be_none() -> None:
    class Either(layers.Layer):
        def call(self, inputs: Any) -> Any:
            one, other = inputs
            return one if other is None else one + other

    one, other = rb.Input((4,)), rb.Input((4,), optional=True, name="maybe")
    model = rb.Model([one, other], Either()([one, other]))
    np.testing.assert_array_equal(model([X, None]), X)
    np.testing.assert_array_equal(model([X, X]), X + X)


def test_nested_model_keeps_the_inner_weights() -> None:
    inner = dense_model()
    inputs = rb.Input((4,))
    outer = rb.Model(inputs, layers.Dense(2)(inner(inputs)))
    assert outer.layers[1] is inner
    assert len(outer.weights) == 6
    inner.trainable = False
    assert len(outer.trainable_weights) == 2
    np.testing.assert_allclose(outer.layers[2](inner(X)), outer(X), rtol=1e-6)


# -- subclassed ------------------------------------------------------------------------------


class WideAndDeepModel(rb.Model):
    """The chapter's subclass."""

    def __init__(self, units: int = 30, activation: str = "relu", **kwargs: Any):
        super().__init__(**kwargs)
        self.norm_wide = layers.Normalization()
        self.hidden = [layers.Dense(units, activation=activation) for _ in range(2)]
        self.heads = {"main": layers.Dense(1), "aux": layers.Dense(1)}

    def call(self, inputs: Any) -> Any:
        wide, deep = inputs
        hidden = deep
        for layer in self.hidden:
            hidden = layer(hidden)
        joined = layers.concatenate([self.norm_wide(wide), hidden])
        return self.heads["main"](joined), self.heads["aux"](hidden)


def test_subclassed_model_trains_and_predicts() -> None:
    model = WideAndDeepModel(5, activation="relu", name="my_cool_model")
    model.norm_wide.adapt(X[:, :2])
    model.compile(loss=["mse", "mse"], loss_weights=[0.9, 0.1], optimizer="adam")
    data, targets = (X[:, :2], X[:, 1:]), (X[:, :1], X[:, :1])
    model.fit(data, targets, epochs=2, verbose=0)
    main, aux = model.predict(data, verbose=0)
    assert main.shape == aux.shape == (6, 1)
    assert model.name == "my_cool_model"
    assert model.layers[0] is model.norm_wide
    assert len(model.trainable_weights) == 8
    assert model.weights[3].path == "my_cool_model/dense/kernel"
    np.testing.assert_allclose(model(data)[0], main, rtol=1e-4, atol=1e-5)


def test_subclassed_model_is_built_by_a_call_or_by_shapes() -> None:
    called = WideAndDeepModel(5)
    called([X[:, :2], X[:, 1:]])
    by_shape = WideAndDeepModel(5)
    by_shape.build([(None, 2), (None, 3)])
    assert called.count_params() == by_shape.count_params()
    assert called.built
    assert by_shape.built


def test_subclassed_model_goes_through_its_arguments() -> None:
    model = WideAndDeepModel(7, name="net")
    config = model.get_config()
    assert config["units"] == 7
    assert config["name"] == "net"
    custom = {"WideAndDeepModel": WideAndDeepModel}
    again = rb.models.model_from_json(model.to_json(), custom_objects=custom)
    assert isinstance(again, WideAndDeepModel)
    assert again.hidden[0].units == 7


def test_own_models_without_keyword_arguments_come_back_too() -> None:
    class Plain(rb.Model):
        def __init__(self, units: int = 3):
            super().__init__()
            self.dense = layers.Dense(units)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    class Pile(rb.Sequential):
        def __init__(self, units: int = 3):
            super().__init__([rb.Input((4,)), layers.Dense(units)])

    class Graph(rb.Model):
        def __init__(self, units: int = 3):
            inputs = rb.Input((4,))
            super().__init__(inputs, layers.Dense(units)(inputs))

    class Wider(layers.Dense):
        def __init__(self, half: int, **kwargs: Any):
            super().__init__(2 * half, **kwargs)

    class Same(layers.Dense):
        pass

    for cls in (Plain, Pile, Graph):
        assert cls(5).get_config() == {"units": 5}
        again = cls.from_config(cls(5).get_config())
        assert again(X).shape == (6, 5)
    again = Wider.from_config(Wider(2, activation="relu", name="w").get_config())
    assert (again.units, again.name, again(X).shape) == (4, "w", (6, 4))
    again = Same.from_config(Same(3, activation=rb.activations.relu).get_config())
    assert again.activation is rb.activations.relu


def test_a_sequence_that_begins_with_a_merge() -> None:
    model = rb.Sequential([layers.Concatenate(), layers.Dense(1)])
    assert model([X, X]).shape == (6, 1)
    assert model.count_params() == 9


def test_python_control_flow_over_layers_and_training() -> None:
    class Net(rb.Model):
        def __init__(self, depth: int):
            super().__init__()
            self.steps = [layers.Dense(4) for _ in range(depth)]

        def call(self, x: Any, training: bool = False) -> Any:
            for number, layer in enumerate(self.steps):
                x = layer(x) if number % 2 == 0 else x + layer(x)
            return x * 2 if training else x

    net = Net(3)
    np.testing.assert_allclose(net(X, training=True), 2 * net(X), rtol=1e-5)


def test_losses_of_layers_reach_the_model_and_training() -> None:
    class Pull(layers.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(3.0 * jnp.mean(jnp.square(x)))
            return x

    model = rb.Sequential(
        [
            rb.Input((4,)),
            layers.Dense(4, kernel_initializer="identity", kernel_regularizer=None),
            Pull(),
            layers.Activation("linear", activity_regularizer=rb.regularizers.L2(0.5)),
        ]
    )
    model(X)
    expected = 3.0 * np.mean(X**2) + 0.5 * np.sum(X**2) / len(X)
    np.testing.assert_allclose(sum(float(v) for v in model.losses), expected, rtol=1e-5)
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.evaluate(X, X, verbose=0), expected, rtol=1e-5)


def test_model_config_equals_after_a_round_trip() -> None:
    for model in (dense_model(), wide_and_deep(), wide_and_deep(dict)):
        again = rb.models.model_from_json(model.to_json())
        assert json.loads(again.to_json()) == json.loads(model.to_json())
        assert type(again).from_config(model.get_config()).get_config() == model.get_config()
        assert re.match(r"<(Sequential|Functional) name=\w+, built=True>", repr(again))


@pytest.mark.parametrize("key", ["h", "b/c", 0, "dense"])
def test_outputs_of_layers_are_inputs_under_any_key(key: Any) -> None:
    """No warning either: nobody gave such an input its name."""
    x = rb.Input((3,))
    hidden = layers.Dense(2, name="hidden")(x)
    model = rb.Model({key: hidden}, layers.Dense(1, name="dense")(hidden))
    assert model.input_names == [key]
    assert model.predict({key: np.ones((4, 2), "float32")}, verbose=0).shape == (4, 1)
    more = key * 2 if isinstance(key, str) else key + 1  # keys of a dict are sorted
    with pytest.warns(UserWarning, match="structure of `inputs` is not the model's"):
        model.predict({key: np.ones((4, 2), "float32"), more: np.ones(4)}, verbose=0)
