"""Models of every make, for the tests of formats."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

import rosenblatt as rb

L = rb.layers
RNG = np.random.default_rng(5)
X = RNG.normal(size=(6, 4)).astype("float32")
Z = RNG.normal(size=(6, 3)).astype("float32")
IDS = RNG.integers(0, 9, (6, 5)).astype("int32")


class WideAndDeep(rb.Model):
    """The chapter's class."""

    def __init__(self, units: int = 30, activation: str = "relu", **kwargs: Any):
        super().__init__(**kwargs)
        self.norm_layer_wide = L.Normalization()
        self.norm_layer_deep = L.Normalization()
        self.hidden1 = L.Dense(units, activation=activation)
        self.hidden2 = L.Dense(units, activation=activation)
        self.main_output = L.Dense(1)
        self.aux_output = L.Dense(1)

    def call(self, inputs: Any) -> Any:
        input_wide, input_deep = inputs
        norm_wide = self.norm_layer_wide(input_wide)
        norm_deep = self.norm_layer_deep(input_deep)
        hidden2 = self.hidden2(self.hidden1(norm_deep))
        concat = L.concatenate([norm_wide, hidden2])
        return self.main_output(concat), self.aux_output(hidden2)


class Calls(rb.Model):
    """A model whose `call` is a function of its layers."""

    def __init__(self, function: Callable[..., Any], **parts: Any):
        super().__init__(name="mine")
        self.parts = parts
        self.function = function

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.function(inputs, training=training, **self.parts)


class Pair(NamedTuple):
    mean: Any
    spread: Any


def chapter() -> Any:
    """Fitted, as in the chapter."""
    model = WideAndDeep(30, name="my_cool_model")
    model.compile(loss=["mse", "mse"], loss_weights=[0.9, 0.1], optimizer="adam")
    model.norm_layer_wide.adapt(Z)
    model.norm_layer_deep.adapt(X)
    model.fit((Z, X), (X[:, :1], X[:, :1]), epochs=2, verbose=0)
    return model, (Z, X)


def by_name() -> Any:
    def call(inputs: Any, training: Any, dense: Any) -> Any:
        joined = L.concatenate([inputs["wide"], dense(inputs["deep"])])
        return {"sum": rb.ops.sum(joined, axis=-1, keepdims=True), "all": joined}

    return Calls(call, dense=L.Dense(2, "tanh")), {"wide": Z, "deep": X}


def loop() -> Any:
    """Python decides which layers there are, and whether dropout counts."""

    def call(x: Any, training: Any, hidden: Any, dropout: Any) -> Any:
        for layer in hidden:
            x = dropout(layer(x), training=training)
        return x

    return Calls(call, hidden=[L.Dense(4, "relu") for _ in range(3)], dropout=L.Dropout(0.5)), X


def arrays_alone() -> Any:
    """JAX's functions take no symbolic tensors."""

    def call(x: Any, training: Any, dense: Any) -> Any:
        return jnp.where(dense(x) > 0, 1.0, jnp.exp(x[:, :2]))

    return Calls(call, dense=L.Dense(2)), X


def texts() -> Any:
    def call(ids: Any, training: Any, embedding: Any, pooling: Any, dense: Any) -> Any:
        return dense(pooling(embedding(ids)))

    parts = {
        "embedding": L.Embedding(9, 4, mask_zero=True),
        "pooling": L.GlobalAveragePooling1D(),
        "dense": L.Dense(3, "softmax"),
    }
    return Calls(call, **parts), IDS


def classes() -> Any:
    def call(x: Any, training: Any, dense: Any) -> Any:
        logits = dense(x)
        return rb.ops.argmax(logits, axis=-1), rb.ops.greater(logits, 0)

    return Calls(call, dense=L.Dense(3)), X


def a_type_of_ones_own() -> Any:
    return Calls(lambda x, training, dense: Pair(dense(x), rb.ops.abs(x)), dense=L.Dense(2)), X


def nested() -> Any:
    def call(inputs: Any, training: Any, dense: Any) -> Any:
        (a, b), c = inputs["pair"], inputs["one"]
        return [dense(a), {"x": b + c}]

    return Calls(call, dense=L.Dense(2)), {"pair": (X, Z), "one": Z}


def unused_input() -> Any:
    return Calls(lambda inputs, training, dense: dense(inputs[1]), dense=L.Dense(2)), (Z, X)


def looks_across_rows() -> Any:
    def call(x: Any, training: Any, dense: Any) -> Any:
        return dense(x - rb.ops.mean(x, axis=0, keepdims=True))

    return Calls(call, dense=L.Dense(2)), X


def inside_a_graph() -> Any:
    inner, _ = arrays_alone()
    inputs = rb.Input((4,))
    return rb.Model(inputs, L.Dense(2)(inner(inputs))), X


def a_graph_inside() -> Any:
    inputs = rb.Input((4,))
    inner = rb.Model(inputs, L.Dense(2, "relu")(inputs))
    return Calls(
        lambda x, training, inner, dense: dense(inner(x)), inner=inner, dense=L.Dense(1)
    ), X


def half_precision() -> Any:
    model = rb.Sequential([L.Dense(3, "relu", dtype="mixed_float16"), L.Dense(2)])
    return model, X


def graph_by_name() -> Any:
    inputs = {"b": rb.Input((3,), name="b"), "a": rb.Input((4,), name="a")}
    joined = L.Concatenate()([inputs["b"], inputs["a"]])
    return rb.Model(inputs, {"z": L.Dense(1)(joined), "y": L.Dense(2)(joined)}), {"a": X, "b": Z}


def graph_of_several() -> Any:
    inputs = [rb.Input((3,), name="median income"), rb.Input((4,), name="0")]
    joined = L.Concatenate()(inputs)
    return rb.Model(inputs, [L.Dense(1)(joined), L.Dense(2)(joined)]), [Z, X]


def free_steps() -> Any:
    inputs = rb.Input((None, 4))
    return rb.Model(inputs, L.GlobalMaxPooling1D()(L.Dense(3)(inputs))), X[:, None].repeat(3, 1)


def fixed_rows() -> Any:
    inputs = rb.Input(batch_shape=(6, 4))
    return rb.Model(inputs, L.Dense(2)(inputs)), X


def integers() -> Any:
    inputs = rb.Input((5,), dtype="int32")
    return rb.Model(inputs, L.Flatten()(L.Embedding(9, 2)(inputs))), IDS


def long_integers() -> Any:
    inputs = rb.Input((5,), dtype="int64")
    return rb.Model(inputs, L.Flatten()(L.Embedding(9, 2)(inputs))), IDS.astype("int64")


def a_kernel_of_ones_own() -> Any:
    class Product(rb.Model):
        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight((shape[-1], 2), "normal", name="kernel")

        def call(self, x: Any) -> Any:
            self.add_loss(rb.ops.mean(x))
            return rb.ops.matmul(x, self.kernel)

    return Product(), X


def a_metric_inside() -> Any:
    def call(x: Any, training: Any, dense: Any, mean: Any) -> Any:
        mean.update_state(x)
        return dense(x)

    return Calls(call, dense=L.Dense(2), mean=rb.metrics.Mean()), X


def fixed_noise() -> Any:
    """A seed that is a number gives the same numbers each time, in a file too."""

    def call(x: Any, training: Any, dense: Any) -> Any:
        return dense(x) + rb.random.normal((2,), seed=3)

    return Calls(call, dense=L.Dense(2)), X


def an_exported_model_inside() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        rb.Sequential([rb.Input((4,)), L.Dense(3, "relu")]).export(f"{folder}/m")
        served = L.TFSMLayer(f"{folder}/m", name="served")
    return rb.Sequential([rb.Input((4,)), served, L.Dense(2)]), X


MODELS: dict[str, Callable[[], Any]] = {
    maker.__name__.replace("_", " "): maker
    for maker in (
        chapter, by_name, loop, arrays_alone, texts, classes, a_type_of_ones_own, nested,
        unused_input, looks_across_rows, inside_a_graph, a_graph_inside, half_precision,
        graph_by_name, graph_of_several, free_steps, fixed_rows, integers, long_integers,
        a_kernel_of_ones_own, a_metric_inside, fixed_noise, an_exported_model_inside,
    )
}  # fmt: skip
