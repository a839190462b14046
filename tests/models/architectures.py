"""Models written once, for real Keras and for us: `k` is one library or the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def chapter(k: Any) -> Any:
    layers = k.layers
    return k.Sequential(
        [
            k.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(300, activation="relu"),
            layers.Dense(100, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def small(k: Any) -> Any:
    return k.Sequential([k.Input((3,)), k.layers.Dense(2, "relu"), k.layers.Dense(1)])


def unbuilt(k: Any) -> Any:
    return k.Sequential([k.layers.Flatten(), k.layers.Dense(3)])


def built_later(k: Any) -> Any:
    model = k.Sequential([k.layers.Dense(2, "relu"), k.layers.Dropout(0.5), k.layers.Dense(1)])
    model.build((None, 3))
    return model


def added(k: Any) -> Any:
    model = k.Sequential(name="by_hand")
    model.add(k.layers.Input(shape=(4,)))
    for units in (3, 2, 1):
        model.add(k.layers.Dense(units))
    model.pop()
    return model


def deep_and_wide(k: Any) -> Any:
    inputs = k.layers.Input((8,), name="in")
    normal = k.layers.Normalization()(inputs)
    hidden = k.layers.Dense(30, activation="relu")(normal)
    hidden = k.layers.Dense(30, activation="relu", name="hidden")(hidden)
    joined = k.layers.Concatenate()([normal, hidden])
    return k.Model(inputs=[inputs], outputs=[k.layers.Dense(1)(joined)])


def two_inputs_two_outputs(k: Any) -> Any:
    wide = k.layers.Input(shape=[5], name="input_wide")
    deep = k.layers.Input(shape=[6], name="input_deep")
    hidden = k.layers.Dense(30, activation="relu")(k.layers.Normalization()(deep))
    joined = k.layers.concatenate([k.layers.Normalization()(wide), hidden])
    output = k.layers.Dense(1)(joined)
    extra = k.layers.Dense(1)(hidden)
    return k.Model(inputs=[wide, deep], outputs=[output, extra])


def dicts(k: Any) -> Any:
    a, b = k.Input((3,), name="a"), k.Input((3,), name="b")
    joined = k.layers.Concatenate()([a, b])
    outputs = {"one": k.layers.Dense(1, name="one")(joined), "two": k.layers.Dense(2)(joined)}
    return k.Model({"a": a, "b": b}, outputs)


def tuples(k: Any) -> Any:
    a, b = k.Input((3,), name="a"), k.Input((3,), name="b")
    joined = k.layers.Concatenate()([a, b])
    return k.Model((a, b), (k.layers.Dense(1)(joined), k.layers.Dense(2)(joined)))


def shared(k: Any) -> Any:
    a, b = k.Input((3,)), k.Input((3,))
    layer = k.layers.Dense(3)
    return k.Model([a, b], k.layers.Add()([layer(a), layer(layer(b))]))


def chain(k: Any) -> Any:
    inputs = k.Input((5,))
    return k.Model(inputs, k.layers.Dense(2)(k.layers.Dense(3)(inputs)))


def nested(k: Any) -> Any:
    layers = k.layers
    inner = k.Sequential(
        [k.Input((5,)), layers.Dense(4, "relu"), layers.BatchNormalization(), layers.Dropout(0.5)],
        name="inner",
    )
    inputs = k.Input((5,))
    return k.Model(inputs, layers.Dense(1)(inner(inputs)))


def nested_twice(k: Any) -> Any:
    start = k.Input((4,))
    inner = k.Model(start, k.layers.Dense(4)(start), name="inner")
    inputs = k.Input((4,))
    first = inner(inputs)
    return k.Model(inputs, [first, inner(k.layers.Dense(4)(first))])


def nested_in_sequential(k: Any) -> Any:
    return k.Sequential([small(k), k.layers.Dense(4)])


def operations(k: Any) -> Any:
    a, b = k.Input((3,), name="a"), k.Input((3,), name="b")
    hidden = k.layers.Dense(3)(a + b * 2 - 1.0)
    joined = k.ops.concatenate([hidden, -b], axis=1)
    ratio = k.ops.relu(joined) / (1 + k.ops.sum(joined, axis=1, keepdims=True) ** 2)
    return k.Model([a, b], [ratio, a > b, abs(a)])


def sliced(k: Any) -> Any:
    inputs = k.Input((8,))
    hidden = k.layers.Dense(5, "relu")(inputs[:, 2:])
    joined = k.layers.concatenate([inputs[:, :5], hidden])
    return k.Model(inputs, k.layers.Dense(1)(joined))


def part(k: Any) -> Any:
    model = deep_and_wide(k)
    return k.Model(model.input, model.get_layer("hidden").output)


def frozen(k: Any) -> Any:
    model = small(k)
    model.layers[0].trainable = False
    return model


def mixed_precision(k: Any) -> Any:
    layers = k.layers
    return k.Sequential(
        [k.Input((3,)), layers.Dense(2, "relu", dtype="mixed_bfloat16"), layers.Dense(1)]
    )


def integers(k: Any) -> Any:
    inputs = k.Input((3,), dtype="int32")
    return k.Model(inputs, k.layers.Dense(2)(inputs))


def always_dropping(k: Any) -> Any:
    inputs = k.Input((3,))
    return k.Model(inputs, k.layers.Dropout(0.5, seed=1)(inputs, training=True))


def long_names(k: Any) -> Any:
    layers = k.layers
    return k.Sequential(
        [layers.Dense(3, name="a_rather_long_name_for_a_layer_that_has_to_wrap"), layers.Dropout(0)]
    )


def subclassed(k: Any) -> Any:
    class Net(k.Model):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden = k.layers.Dense(3)
            self.heads = [k.layers.Dense(1), k.layers.Dense(2)]

        def call(self, x: Any) -> Any:
            return [head(self.hidden(x)) for head in self.heads]

    return Net()


def subclassed_and_called(k: Any) -> Any:
    model = subclassed(k)
    model(np.zeros((2, 4), "float32"))
    return model


WITH_STRUCTURE: list[Callable[[Any], Any]] = [
    chapter, small, built_later, added, deep_and_wide, two_inputs_two_outputs, dicts, tuples,
    shared, chain, nested, nested_twice, nested_in_sequential, operations, sliced, part, frozen,
    mixed_precision, integers, always_dropping,
]  # fmt: skip
ALL = [*WITH_STRUCTURE, unbuilt, long_names, subclassed, subclassed_and_called]


def data(model: Any, rows: int = 4) -> Any:
    """Inputs for a model, in the structure it wants."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(rows, *t.shape[1:])).astype(t.dtype) for t in model.inputs]
    if len(arrays) == 1:
        return arrays if isinstance(model.input, list) else arrays[0]
    structure = model.input
    return (
        dict(zip(sorted(structure), arrays, strict=True)) if isinstance(structure, dict) else arrays
    )


def fill(model: Any) -> list[Any]:
    """Give a model weights that depend on their shapes alone; return them."""
    rng = np.random.default_rng(1)
    weights = [np.asarray(rng.uniform(0.1, 1, v.shape)).astype(v.dtype) for v in model.weights]
    model.set_weights(weights)
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
    return weights
