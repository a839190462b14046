"""Mistakes with layers, losses and other parts, each written once for both libraries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Table = dict[str, Callable[[Any], Any]]


def ones(*shape: int, dtype: str = "float32") -> np.ndarray:
    """An array for a call."""
    return np.ones(shape, dtype)


class HasNoLength:
    """Not a value of anything."""


def _unbuilt(k: Any, **options: Any) -> Any:
    class Plain(k.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x * 2.0

    return Plain(**options)


def _without_init(k: Any, base: type, *args: Any) -> Any:
    class Forgets(base):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            pass

        def call(self, x: Any) -> Any:
            return x

    return Forgets()(*args)


def _adapted(layer: Any, data: Any) -> Any:
    layer.adapt(data)
    return layer


def _optimizer(k: Any, **options: Any) -> tuple[Any, Any]:
    variable = k.Variable(np.ones(2, "float32"))
    optimizer = k.optimizers.Adam(**options)
    optimizer.build([variable])
    return optimizer, variable


LAYERS: Table = {
    "trainable is a word": lambda k: k.layers.Dense(2, trainable="no"),
    "trainable is a number": lambda k: k.layers.Dense(2, trainable=1),
    "trainable is None": lambda k: k.layers.Dense(2, trainable=None),
    "trainable of a user's layer": lambda k: _unbuilt(k, trainable="yes"),
    "unknown argument": lambda k: k.layers.Dense(2, unit=3),
    "unknown argument of a plain layer": lambda k: k.layers.Layer(unit=3),
    "a slash in a name": lambda k: k.layers.Dense(2, name="a/b"),
    "a number as a name": lambda k: k.layers.Dense(2, name=3),
    "unknown dtype": lambda k: k.layers.Dense(2, dtype="float31"),
    "a number as dtype": lambda k: k.layers.Dense(2, dtype=3),
    "unknown activation": lambda k: k.layers.Dense(2, activation="rellu"),
    "a number as activation": lambda k: k.layers.Dense(2, activation=3),
    "unknown initializer": lambda k: k.layers.Dense(2, kernel_initializer="one"),
    "a number as initializer": lambda k: k.layers.Dense(2, kernel_initializer=3),
    "unknown regularizer": lambda k: k.layers.Dense(2, kernel_regularizer="l3"),
    "a number as regularizer": lambda k: k.layers.Dense(2, kernel_regularizer=3),
    "unknown constraint": lambda k: k.layers.Dense(2, kernel_constraint="small"),
    "a number as constraint": lambda k: k.layers.Dense(2, kernel_constraint=3),
    "an argument of older releases": lambda k: k.layers.Dense(2, weights=[ones(2, 2)]),
    "no units": lambda k: k.layers.Dense(0),
    "units as a float": lambda k: k.layers.Dense(2.0),
    "units as text": lambda k: k.layers.Dense("2"),
    "units is None": lambda k: k.layers.Dense(None),
    "kernel of an unbuilt Dense": lambda k: k.layers.Dense(2).kernel,
    "kernel of an unbuilt EinsumDense": lambda k: k.layers.EinsumDense("ab,bc->ac", 2).kernel,
    "embeddings of an unbuilt Embedding": lambda k: k.layers.Embedding(2, 2).embeddings,
    "count_params of an unbuilt layer": lambda k: k.layers.Dense(2).count_params(),
    "stateless_call of an unbuilt layer": lambda k: k.layers.Dense(2).stateless_call(
        [], [], ones(2, 2)
    ),
    "input of a layer without a node": lambda k: k.layers.Dense(2).input,
    "output of a layer without a node": lambda k: k.layers.Dense(2).output,
    "a text given to a layer": lambda k: k.layers.Dense(2)("text"),
    "None given to a layer": lambda k: k.layers.Dense(2)(None),
    "an object given to a layer": lambda k: k.layers.Dense(2)(HasNoLength()),
    "a list with a hole given to a layer": lambda k: k.layers.Dense(2)([ones(2, 2), "x"]),
    "rank 1 to Dense": lambda k: k.layers.Dense(2)(ones(2)),
    "another last axis to Dense": lambda k: [d := k.layers.Dense(2), d(ones(2, 3)), d(ones(2, 4))],
    "rank 3 to a layer of rank 2": lambda k: k.layers.RepeatVector(2)(ones(2, 2, 2)),
    "last axis None for Dense": lambda k: k.layers.Dense(2)(k.Input((None,))),
    "add_loss of text": lambda k: k.layers.Dense(2).add_loss("text"),
    "add_weight of a negative shape": lambda k: k.layers.Layer().add_weight(shape=(-1,)),
    "add_weight of None in a shape": lambda k: k.layers.Layer().add_weight(shape=(None,)),
    "add_weight of a text as shape": lambda k: k.layers.Layer().add_weight("kernel", (2, 2)),
    "add_weight with a shape twice": lambda k: k.layers.Layer().add_weight((2,), shape=(3,)),
    "add_weight of four by place": lambda k: k.layers.Layer().add_weight((2,), "ones", None, True),
    "add_weight, unknown initializer": lambda k: k.layers.Layer().add_weight(
        shape=(2,), initializer="noo"
    ),
    "set_weights of another number": lambda k: [d := k.layers.Dense(2), d(ones(2, 3)),
                                                d.set_weights([ones(3, 2)])],
    "set_weights of another shape": lambda k: [d := k.layers.Dense(2), d(ones(2, 3)),
                                               d.set_weights([ones(2, 2), ones(2)])],
    "super().__init__() was forgotten": lambda k: _without_init(k, k.layers.Layer, ones(2, 2)),
    "call() was not written": lambda k: type("Empty", (k.layers.Layer,), {})()(ones(2, 2)),
    "shape of a layer without call": lambda k: type("Empty", (k.layers.Layer,), {})()
    .compute_output_shape((2, 2)),
    "input_shape of a layer": lambda k: k.layers.Dense(2, input_shape=(3,)),
    "input_dim of a layer": lambda k: k.layers.Dense(2, input_dim=3),
    "input_length of an embedding": lambda k: k.layers.Embedding(3, 2, input_length=4),
    "alpha of LeakyReLU": lambda k: k.layers.LeakyReLU(alpha=0.1),
    "negative slope of LeakyReLU": lambda k: k.layers.LeakyReLU(-0.1),
    "slope of LeakyReLU is None": lambda k: k.layers.LeakyReLU(None),
    "negative max_value of ReLU": lambda k: k.layers.ReLU(max_value=-1),
    "negative slope of ReLU": lambda k: k.layers.ReLU(negative_slope=-1),
    "slope of ReLU is None": lambda k: k.layers.ReLU(negative_slope=None),
    "negative threshold of ReLU": lambda k: k.layers.ReLU(threshold=-1),
    "threshold of ReLU is None": lambda k: k.layers.ReLU(threshold=None),
    "mask of Softmax with more axes": lambda k: k.layers.Softmax()(
        ones(2, 3), mask=np.ones((1, 2, 3), bool)
    ),
    "mask of Softmax of other sizes": lambda k: k.layers.Softmax()(
        ones(2, 3), mask=np.ones((2, 4), bool)
    ),
    "score mode of Attention": lambda k: k.layers.Attention(score_mode="cat"),
    "Attention of one tensor": lambda k: k.layers.Attention()(ones(2, 3, 4)),
    "Attention of one tensor in a list": lambda k: k.layers.Attention()([ones(2, 3, 4)]),
    "Attention of four tensors": lambda k: k.layers.Attention()([ones(2, 3, 4)] * 4),
    "Attention with one mask for two": lambda k: k.layers.Attention()(
        [ones(2, 3, 4)] * 2, mask=np.ones((2, 3), bool)
    ),
    "Attention with masks of one": lambda k: k.layers.Attention()(
        [ones(2, 3, 4)] * 2, mask=[np.ones((2, 3), bool)]
    ),
    "AdditiveAttention of one tensor": lambda k: k.layers.AdditiveAttention()(ones(2, 3, 4)),
    "query heads that key heads do not divide": lambda k: k.layers.GroupQueryAttention(2, 3, 2),
    "heads as a float": lambda k: k.layers.MultiHeadAttention(2.0, 2),
    "no heads": lambda k: k.layers.MultiHeadAttention(0, 2),
    "key_dim as text": lambda k: k.layers.MultiHeadAttention(2, "2"),
    "negative value_dim": lambda k: k.layers.MultiHeadAttention(2, 2, value_dim=-1),
    "output_shape of attention is text": lambda k: k.layers.MultiHeadAttention(
        2, 2, output_shape="abc"
    ),
    "attention_axes is text": lambda k: k.layers.MultiHeadAttention(2, 2, attention_axes="a"),
    "key and value of other lengths": lambda k: k.layers.MultiHeadAttention(2, 2)(
        ones(2, 3, 4), ones(2, 5, 4), ones(2, 6, 4)
    ),
    "key and value of other lengths, shapes": lambda k: k.layers.MultiHeadAttention(
        2, 2
    ).compute_output_shape((2, 3, 4), (2, 5, 4), (2, 6, 4)),
    "einsum equation without an arrow": lambda k: k.layers.EinsumDense("ab,bc", 2)(ones(2, 3)),
    "einsum output that nobody gives": lambda k: k.layers.EinsumDense("ab,bc->ad", 2)(ones(2, 3)),
    "einsum output of another size": lambda k: k.layers.EinsumDense("abc,cd->abd", (9, 2))(
        ones(2, 3, 4)
    ),
    "einsum bias axis that is none": lambda k: k.layers.EinsumDense(
        "ab,bc->ac", 2, bias_axes="z"
    )(ones(2, 3)),
    "einsum weight that vanishes": lambda k: k.layers.EinsumDense("ab,bcd->ac", 2)(ones(2, 3)),
    "input_dim of an embedding": lambda k: k.layers.Embedding(0, 2),
    "output_dim of an embedding": lambda k: k.layers.Embedding(2, -2),
    "input_dim True": lambda k: k.layers.Embedding(True, 2),
    "input_dim as a float": lambda k: k.layers.Embedding(2.0, 2),
    "InputLayer without a shape": lambda k: k.layers.InputLayer(),
    "InputLayer with two shapes": lambda k: k.layers.InputLayer(shape=(2,), batch_shape=(1, 2)),
    "InputLayer, batch size twice": lambda k: k.layers.InputLayer(batch_size=2, batch_shape=(1, 2)),
    "InputLayer, input_shape": lambda k: k.layers.InputLayer(input_shape=(2,)),
    "Input without a shape": lambda k: k.Input(),
    "Input with two shapes": lambda k: k.Input(shape=(2,), batch_shape=(1, 2)),
    "Input, batch size twice": lambda k: k.Input(batch_size=2, batch_shape=(1, 2)),
    "Input of a number": lambda k: k.Input(3),
    "Input of a negative shape": lambda k: k.Input((-2,)),
    "Input of a text in a shape": lambda k: k.Input(("a",)),
    "Input of a float in a shape": lambda k: k.Input((2.5,)),
    "Input of an unknown dtype": lambda k: k.Input((2,), dtype="float31"),
    "Input of an array": lambda k: k.Input(tensor=ones(2, 2)),
    "Input, tensor of another batch": lambda k: k.Input(
        tensor=k.KerasTensor((2, 2)), batch_size=3
    ),
    "Input, tensor of another shape": lambda k: k.Input((3,), tensor=k.KerasTensor((2, 2))),
    "Input, tensor of another batch shape": lambda k: k.Input(
        batch_shape=(3, 2), tensor=k.KerasTensor((2, 2))
    ),
    "Input, tensor of another dtype": lambda k: k.Input(
        tensor=k.KerasTensor((2, 2)), dtype="int32"
    ),
    "InputSpec of a bad axis": lambda k: k.InputSpec(ndim=2, axes={3: 2}),
    "InputSpec of axes that are text": lambda k: k.InputSpec(axes={"a": "b"}),
    "Wrapper of a number": lambda k: k.layers.Wrapper(3),
    "TimeDistributed of a number": lambda k: k.layers.TimeDistributed(3),
    "TimeDistributed of rank 2": lambda k: k.layers.TimeDistributed(k.layers.Dense(2))(ones(2, 3)),
    "power iterations": lambda k: k.layers.SpectralNormalization(
        k.layers.Dense(2), power_iterations=0
    ),
    "spectral norm of a layer without kernel": lambda k: k.layers.SpectralNormalization(
        k.layers.ReLU()
    )(ones(2, 2)),
    "Lambda that is a number": lambda k: k.layers.Lambda(3)(ones(2, 2)),
    "Add of one tensor": lambda k: k.layers.Add()(ones(2, 2)),
    "Add of none": lambda k: k.layers.Add()([]),
    "Add of other shapes": lambda k: k.layers.Add()([ones(2, 3), ones(2, 4)]),
    "Add of other batches": lambda k: k.layers.Add()([ones(2, 3), ones(3, 3)]),
    "Add of a dict": lambda k: k.layers.Add()({"a": ones(2, 3)}),
    "Add, symbolic shapes": lambda k: k.layers.Add()([k.Input((3,)), k.Input((4,))]),
    "Add, mask that is no list": lambda k: k.layers.Add().compute_mask(
        [k.Input((3,)), k.Input((3,))], k.Input((3,))
    ),
    "Add, inputs that are no list": lambda k: k.layers.Add().compute_mask(
        k.Input((3,)), [None, None]
    ),
    "Add, masks of another number": lambda k: k.layers.Add().compute_mask(
        [k.Input((3,)), k.Input((3,))], [None]
    ),
    "Subtract of three": lambda k: k.layers.Subtract()([ones(2, 2)] * 3),
    "Subtract of one": lambda k: k.layers.Subtract()([ones(2, 2)]),
    "Concatenate of one tensor": lambda k: k.layers.Concatenate()(ones(2, 2)),
    "Concatenate of other ranks": lambda k: k.layers.Concatenate()([ones(2, 2), ones(2, 2, 2)]),
    "Concatenate of other sizes": lambda k: k.layers.Concatenate(axis=-1)(
        [ones(2, 3, 2), ones(2, 4, 2)]
    ),
    "Concatenate, shape of one": lambda k: k.layers.Concatenate().compute_output_shape((2, 2)),
    "Concatenate, mask that is no list": lambda k: k.layers.Concatenate().compute_mask(
        [k.Input((3,)), k.Input((3,))], k.Input((3,))
    ),
    "Concatenate, inputs that are no list": lambda k: k.layers.Concatenate().compute_mask(
        k.Input((3,)), [k.Input((3,))]
    ),
    "Concatenate, masks of another number": lambda k: k.layers.Concatenate().compute_mask(
        [k.Input((3,)), k.Input((3,))], [k.Input((3,))]
    ),
    "Dot, axes text": lambda k: k.layers.Dot(axes="a"),
    "Dot, three axes": lambda k: k.layers.Dot(axes=(1, 2, 3)),
    "Dot, axes that are text": lambda k: k.layers.Dot(axes=("a", 1)),
    "Dot, axes None": lambda k: k.layers.Dot(axes=None),
    "Dot of one tensor": lambda k: k.layers.Dot(axes=1)(ones(2, 2)),
    "Dot of three": lambda k: k.layers.Dot(axes=1)([ones(2, 2)] * 3),
    "Dot of other sizes": lambda k: k.layers.Dot(axes=1)([ones(2, 2), ones(2, 3)]),
    "Dot, shape of one": lambda k: k.layers.Dot(axes=1).compute_output_shape((2, 2)),
    "synchronized": lambda k: k.layers.BatchNormalization(synchronized=True),
    "batch normalization, axis outside": lambda k: k.layers.BatchNormalization(axis=5)(ones(2, 3)),
    "batch normalization, shape": lambda k: k.layers.BatchNormalization(
        axis=5
    ).compute_output_shape((2, 3)),
    "batch normalization, mask of another rank": lambda k: k.layers.BatchNormalization()(
        ones(2, 3, 4), mask=np.ones((2, 3, 4), bool), training=True
    ),
    "groups as a float": lambda k: k.layers.GroupNormalization(2.0),
    "no groups": lambda k: k.layers.GroupNormalization(0),
    "groups below -1": lambda k: k.layers.GroupNormalization(-2),
    "fewer channels than groups": lambda k: k.layers.GroupNormalization(4)(ones(2, 2)),
    "channels that groups do not divide": lambda k: k.layers.GroupNormalization(4)(ones(2, 6)),
    "channels unknown": lambda k: k.layers.GroupNormalization(4)(k.Input((None,))),
    "group normalization, shape": lambda k: k.layers.GroupNormalization(
        2, axis=5
    ).compute_output_shape((2, 4)),
    "rms_scaling": lambda k: k.layers.LayerNormalization(rms_scaling=True),
    "layer normalization, axis text": lambda k: k.layers.LayerNormalization(axis="a"),
    "layer normalization, axis None": lambda k: k.layers.LayerNormalization(axis=None),
    "layer normalization, axis a dict": lambda k: k.layers.LayerNormalization(axis={"axis": -1}),
    "layer normalization, shape": lambda k: k.layers.LayerNormalization(
        axis=5
    ).compute_output_shape((2, 4)),
    "RMS normalization, shape": lambda k: k.layers.RMSNormalization(axis=5).compute_output_shape(
        (2, 4)
    ),
    "unit normalization, axis text": lambda k: k.layers.UnitNormalization(axis="a"),
    "unit normalization, axis a dict": lambda k: k.layers.UnitNormalization(axis={"axis": -1}),
    "unit normalization, shape": lambda k: k.layers.UnitNormalization(
        axis=5
    ).compute_output_shape((2, 4)),
    "output mode of CategoryEncoding": lambda k: k.layers.CategoryEncoding(3, "hot"),
    "CategoryEncoding without tokens": lambda k: k.layers.CategoryEncoding(),
    "CategoryEncoding of no tokens": lambda k: k.layers.CategoryEncoding(0),
    "weights in CategoryEncoding": lambda k: k.layers.CategoryEncoding(3)(
        np.array([[1, 2]]), count_weights=ones(1, 2)
    ),
    "Discretization without bins": lambda k: k.layers.Discretization(),
    "Discretization, both": lambda k: k.layers.Discretization([1.0], num_bins=2),
    "Discretization, negative bins": lambda k: k.layers.Discretization(num_bins=-2),
    "Discretization, sparse": lambda k: k.layers.Discretization([1.0], sparse=True),
    "Discretization, mode": lambda k: k.layers.Discretization([1.0], output_mode="hot"),
    "Discretization, adapt with bins": lambda k: k.layers.Discretization([1.0]).adapt(ones(3, 1)),
    "Discretization before adapt": lambda k: k.layers.Discretization(num_bins=2)(ones(3, 1)),
    "Normalization, mean alone": lambda k: k.layers.Normalization(mean=1.0),
    "Normalization, variance alone": lambda k: k.layers.Normalization(variance=1.0),
    "Normalization, other shapes": lambda k: k.layers.Normalization(mean=[1.0, 2.0], variance=1.0),
    "Normalization, axis outside": lambda k: k.layers.Normalization(axis=4)(k.Input((3,))),
    "Normalization, axis outside, adapt": lambda k: k.layers.Normalization(axis=4).adapt(
        ones(3, 2)
    ),
    "Normalization, unknown axis": lambda k: k.layers.Normalization()(k.Input((None,))),
    "Normalization, adapt of a number": lambda k: k.layers.Normalization().adapt(3),
    "Normalization, adapt of nothing": lambda k: k.layers.Normalization().adapt(iter([])),
    "Normalization, another shape": lambda k: _adapted(
        k.layers.Normalization(), ones(3, 2)
    ).adapt(ones(3, 4)),
    "Rescaling of text": lambda k: k.layers.Rescaling("a")(ones(2, 2)),
    "Pipeline of a number": lambda k: k.layers.Pipeline(3),
    "Pipeline config": lambda k: k.layers.Pipeline.from_config({"name": "p", "layers": 3}),
    "rate above 1": lambda k: k.layers.Dropout(1.5),
    "rate below 0": lambda k: k.layers.Dropout(-0.5),
    "rate as text": lambda k: k.layers.Dropout("a"),
    "rate None": lambda k: k.layers.Dropout(None),
    "noise shape text": lambda k: k.layers.Dropout(0.5, noise_shape="abc"),
    "noise shape a number": lambda k: k.layers.Dropout(0.5, noise_shape=3),
    "noise shape of a float": lambda k: k.layers.Dropout(0.5, noise_shape=(1.5,)),
    "noise shape of zero": lambda k: k.layers.Dropout(0.5, noise_shape=(0, 2)),
    "seed of Dropout": lambda k: k.layers.Dropout(0.5, seed="a"),
    "rate of AlphaDropout": lambda k: k.layers.AlphaDropout(1.5),
    "rate of GaussianDropout": lambda k: k.layers.GaussianDropout(-1),
    "stddev of GaussianNoise": lambda k: k.layers.GaussianNoise(2),
    "rate of SpatialDropout1D": lambda k: k.layers.SpatialDropout1D(2),
    "rank for SpatialDropout1D": lambda k: k.layers.SpatialDropout1D(0.5)(
        ones(2, 2), training=True
    ),
    "rank for GlobalAveragePooling1D": lambda k: k.layers.GlobalAveragePooling1D()(ones(2, 2)),
    "data format of pooling": lambda k: k.layers.GlobalAveragePooling1D("first"),
    "data format of Flatten": lambda k: k.layers.Flatten("first"),
    "Permute from 0": lambda k: k.layers.Permute((0, 1)),
    "Permute with a hole": lambda k: k.layers.Permute((1, 3)),
    "Permute twice the same": lambda k: k.layers.Permute((1, 1)),
    "Permute of another rank": lambda k: k.layers.Permute((2, 1))(ones(2, 2)),
    "RepeatVector of a float": lambda k: k.layers.RepeatVector(2.0),
    "RepeatVector of True": lambda k: k.layers.RepeatVector(True),
    "RepeatVector of nothing": lambda k: k.layers.RepeatVector(0),
    "RepeatVector of text": lambda k: k.layers.RepeatVector("2"),
    "Reshape below -1": lambda k: k.layers.Reshape((-2, 5)),
    "Reshape below -1, called": lambda k: k.layers.Reshape((-2, 5))(ones(2, 10)),
    "Reshape with two -1": lambda k: k.layers.Reshape((-1, -1)),
    "Reshape of another size": lambda k: k.layers.Reshape((3, 3))(ones(2, 10)),
    "Reshape that does not divide": lambda k: k.layers.Reshape((-1, 3))(ones(2, 10)),
    "Reshape, symbolic": lambda k: k.layers.Reshape((3, 3))(k.Input((10,))),
    "a mask that a layer loses": lambda k: _unbuilt(k)(
        k.layers.Embedding(3, 2, mask_zero=True)(np.array([[1, 2]]))
    ),
    "LoRA before build": lambda k: k.layers.Dense(2).enable_lora(2),
    "quantize before build": lambda k: k.layers.Dense(2).quantize("int8"),
    "Layer from a wrong config": lambda k: k.layers.Dense.from_config({"units": 2, "unit": 3}),
    "Layer from half a config": lambda k: k.layers.Dense.from_config({"name": "d"}),
    "Layer from no config": lambda k: k.layers.Dense.from_config(3),
    "build of a number": lambda k: k.layers.Dense(2).build(3),
    "compute_output_shape of a number": lambda k: k.layers.Flatten().compute_output_shape(3),
    "policy that is unknown": lambda k: k.DTypePolicy("mixed_float17"),
    "policy that is a number": lambda k: k.DTypePolicy(3),
    "global policy that is a number": lambda k: k.config.set_dtype_policy(3),
    "global policy that is unknown": lambda k: k.config.set_dtype_policy("mixed_float17"),
    "unknown floatx": lambda k: k.config.set_floatx("float31"),
    "unknown data format": lambda k: k.config.set_image_data_format("first"),
    "Variable with a slash": lambda k: k.Variable(ones(2), name="a/b"),
    "Variable of an initializer without shape": lambda k: k.Variable(lambda s, dtype: ones(*s)),
    "Variable, aggregation": lambda k: k.Variable(ones(2), aggregation="all"),
    "Variable, synchronization": lambda k: k.Variable(ones(2), synchronization="all"),
    "Variable, another shape": lambda k: k.Variable(ones(2)).assign(ones(3)),
    "Variable, regularizer": lambda k: setattr(k.Variable(ones(2)), "regularizer", 3),
    "Variable, constraint": lambda k: setattr(k.Variable(ones(2)), "constraint", 3),
    "Variable, int of two": lambda k: int(k.Variable(ones(2))),
    "Variable, float of two": lambda k: float(k.Variable(ones(2))),
    "Variable, dtype": lambda k: k.Variable(ones(2), dtype="float31"),
    "KerasTensor as an array": lambda k: np.asarray(k.Input((2,))),
    "KerasTensor as a bool": lambda k: bool(k.Input((2,))),
    "KerasTensor as an int": lambda k: int(k.Input((2,))),
    "KerasTensor as a float": lambda k: float(k.Input((2,))),
    "KerasTensor, shape set": lambda k: setattr(k.KerasTensor((2,)), "shape", (3,)),
    "KerasTensor, dtype set": lambda k: setattr(k.KerasTensor((2,)), "dtype", "int32"),
    "KerasTensor, iterated": lambda k: list(k.Input((2,))),
    "KerasTensor, len": lambda k: len(k.Input((2,))),
}  # fmt: skip

LOOKUPS: Table = {
    "max_tokens of 1": lambda k: k.layers.StringLookup(max_tokens=1),
    "padding without max_tokens": lambda k: k.layers.StringLookup(
        pad_to_max_tokens=True, output_mode="multi_hot"
    ),
    "negative oov": lambda k: k.layers.StringLookup(num_oov_indices=-1),
    "output mode": lambda k: k.layers.StringLookup(output_mode="hot"),
    "invert with a mode": lambda k: k.layers.StringLookup(
        vocabulary=["a"], invert=True, output_mode="count"
    ),
    "sparse int": lambda k: k.layers.StringLookup(sparse=True),
    "idf without tf_idf": lambda k: k.layers.StringLookup(vocabulary=["a"], idf_weights=[1.0]),
    "tf_idf without idf": lambda k: k.layers.StringLookup(vocabulary=["a"], output_mode="tf_idf"),
    "unknown argument": lambda k: k.layers.StringLookup(vocabularies=["a"]),
    "vocabulary file that is missing": lambda k: k.layers.StringLookup(vocabulary="/no/such/file"),
    "empty vocabulary": lambda k: k.layers.StringLookup(vocabulary=[]),
    "a token twice": lambda k: k.layers.StringLookup(vocabulary=["a", "a"]),
    "the mask token in it": lambda k: k.layers.StringLookup(
        vocabulary=["a", "", "b"], mask_token=""
    ),
    "the oov token in it": lambda k: k.layers.StringLookup(
        vocabulary=["a", "[UNK]"], invert=True, num_oov_indices=1
    ),
    "more than max_tokens": lambda k: k.layers.StringLookup(
        vocabulary=["a", "b", "c"], max_tokens=2
    ),
    "idf of another length": lambda k: k.layers.StringLookup(
        vocabulary=["a", "b"], output_mode="tf_idf", idf_weights=[1.0]
    ),
    "call without a vocabulary": lambda k: k.layers.StringLookup()(np.array([["a"]])),
    "adapt with a vocabulary given": lambda k: k.layers.StringLookup(vocabulary=["a"]).adapt(
        np.array(["b"])
    ),
    "integer lookup, dtype": lambda k: k.layers.IntegerLookup(vocabulary_dtype="int8"),
    "integer lookup, max_tokens": lambda k: k.layers.IntegerLookup(max_tokens=1),
    "integer lookup, oov": lambda k: k.layers.IntegerLookup(num_oov_indices=-1),
    "hashing without bins": lambda k: k.layers.Hashing(None),
    "hashing in no bins": lambda k: k.layers.Hashing(0),
    "hashing, dtype": lambda k: k.layers.Hashing(3, output_mode="int", dtype="float32"),
    "hashing, mode": lambda k: k.layers.Hashing(3, output_mode="hot"),
    "hashing, sparse": lambda k: k.layers.Hashing(3, output_mode="int", sparse=True),
    "hashing, salt": lambda k: k.layers.Hashing(3, salt="salt"),
    "hashing, three salts": lambda k: k.layers.Hashing(3, salt=(1, 2, 3)),
    "crossing of one": lambda k: k.layers.HashedCrossing(3)(np.array([1, 2])),
    "crossing of one in a list": lambda k: k.layers.HashedCrossing(3)([np.array([1, 2])]),
    "crossing of other shapes": lambda k: k.layers.HashedCrossing(3)(
        [np.array([1, 2]), np.array([1, 2, 3])]
    ),
    "crossing of floats": lambda k: k.layers.HashedCrossing(3)([ones(2), ones(2)]),
    "feature space of nothing": lambda k: k.utils.FeatureSpace({}),
    "feature space, crosses without a dim": lambda k: k.utils.FeatureSpace(
        {"a": "string_categorical", "b": "string_categorical"}, crosses=[("a", "b")],
        crossing_dim=0,
    ),
    "feature space, an unknown cross": lambda k: k.utils.FeatureSpace(
        {"a": "string_categorical", "b": "string_categorical"}, crosses=[("a", "c")],
        crossing_dim=4,
    ),
    "feature space, output mode": lambda k: k.utils.FeatureSpace(
        {"a": "float"}, output_mode="list"
    ),
    "feature space, unknown feature": lambda k: k.utils.FeatureSpace({"a": "number"}),
    "feature space, adapt": lambda k: k.utils.FeatureSpace({"a": "float_normalized"}).adapt(3),
    "feature space, not adapted": lambda k: k.utils.FeatureSpace({"a": "float_normalized"})(
        {"a": [1.0]}
    ),
    "feature space, a list": lambda k: k.utils.FeatureSpace({"a": "float"})([1.0]),
    "feature space, feature mode": lambda k: k.utils.FeatureSpace.float_discretized(
        3, output_mode="hot"
    ),
}  # fmt: skip

PARTS: Table = {
    "unknown loss": lambda k: k.losses.get("mee"),
    "a number as loss": lambda k: k.losses.get(3),
    "unknown metric": lambda k: k.metrics.get("mee"),
    "a number as metric": lambda k: k.metrics.get(3),
    "unknown optimizer": lambda k: k.optimizers.get("addam"),
    "a number as optimizer": lambda k: k.optimizers.get(3),
    "unknown initializer": lambda k: k.initializers.get("one"),
    "a number as initializer": lambda k: k.initializers.get(3),
    "unknown regularizer": lambda k: k.regularizers.get("l3"),
    "a number as regularizer": lambda k: k.regularizers.get(3),
    "unknown constraint": lambda k: k.constraints.get("small"),
    "a number as constraint": lambda k: k.constraints.get(3),
    "unknown activation": lambda k: k.activations.get("rellu"),
    "a number as activation": lambda k: k.activations.get(3),
    "a number as layer": lambda k: k.layers.deserialize(3),
    "reduction": lambda k: k.losses.MeanSquaredError(reduction="median"),
    "reduction of a function": lambda k: k.losses.Huber(reduction="none_"),
    "q of generalized cross-entropy": lambda k: k.losses.CategoricalGeneralizedCrossEntropy(q=1.5),
    "axis True": lambda k: k.losses.categorical_crossentropy(ones(2, 2), ones(2, 2), axis=True),
    "one class": lambda k: k.losses.categorical_crossentropy(ones(2, 1), ones(2, 1)),
    "one class, focal": lambda k: k.losses.categorical_focal_crossentropy(ones(2, 1), ones(2, 1)),
    "loss of other shapes": lambda k: k.losses.MeanSquaredError()(ones(2, 3), ones(2, 4)),
    "loss config": lambda k: k.losses.deserialize({"class_name": "Nope", "config": {}}),
    "metric config": lambda k: k.metrics.deserialize({"class_name": "Nope", "config": {}}),
    "loss from half a config": lambda k: k.losses.Huber.from_config({"delt": 3}),
    "recall": lambda k: k.metrics.PrecisionAtRecall(1.5),
    "precision": lambda k: k.metrics.RecallAtPrecision(-1),
    "specificity": lambda k: k.metrics.SensitivityAtSpecificity(2),
    "sensitivity": lambda k: k.metrics.SpecificityAtSensitivity(2),
    "no thresholds": lambda k: k.metrics.SpecificityAtSensitivity(0.5, num_thresholds=0),
    "AUC, thresholds": lambda k: k.metrics.AUC(num_thresholds=1),
    "AUC, curve": lambda k: k.metrics.AUC(curve="auc"),
    "AUC, summation": lambda k: k.metrics.AUC(summation_method="sum"),
    "AUC, labels without multi_label": lambda k: k.metrics.AUC(num_labels=3),
    "AUC, rank": lambda k: k.metrics.AUC(multi_label=True).update_state(ones(2), ones(2)),
    "threshold of a precision": lambda k: k.metrics.Precision(thresholds=2),
    "threshold of a recall": lambda k: k.metrics.Recall(thresholds=[0.5, -1]),
    "threshold of counts": lambda k: k.metrics.TruePositives(thresholds=[2]),
    "F score, average": lambda k: k.metrics.FBetaScore(average="mean"),
    "F score, beta an int": lambda k: k.metrics.FBetaScore(beta=1),
    "F score, beta negative": lambda k: k.metrics.FBetaScore(beta=-1.0),
    "F score, threshold an int": lambda k: k.metrics.F1Score(threshold=1),
    "F score, threshold": lambda k: k.metrics.F1Score(threshold=1.5),
    "F score, rank": lambda k: k.metrics.F1Score().update_state(ones(2), ones(2)),
    "IoU, class": lambda k: k.metrics.IoU(2, [2]),
    "R2, aggregation": lambda k: k.metrics.R2Score("mean"),
    "R2, regressors": lambda k: k.metrics.R2Score(num_regressors=-1),
    "R2, rank": lambda k: k.metrics.R2Score().update_state(ones(2), ones(2)),
    "stateless_update_state": lambda k: k.metrics.Mean().stateless_update_state([], 3.0),
    "stateless_result": lambda k: k.metrics.Mean().stateless_result([]),
    "metric without super().__init__": lambda k: type(
        "M", (k.metrics.Metric,), {"__init__": lambda self: None}
    )().add_variable((), "zeros"),
    "update_state not written": lambda k: type("M", (k.metrics.Metric,), {})().update_state(3),
    "result not written": lambda k: type("M", (k.metrics.Metric,), {})().result(),
    "learning rate None": lambda k: k.optimizers.SGD(None),
    "learning rate text": lambda k: k.optimizers.SGD("fast"),
    "optimizer, unknown argument": lambda k: k.optimizers.SGD(0.1, momentun=0.9),
    "optimizer, lr": lambda k: k.optimizers.SGD(lr=0.1),
    "optimizer, decay": lambda k: k.optimizers.SGD(0.1, decay=0.1),
    "momentum": lambda k: k.optimizers.SGD(0.1, momentum=2.0),
    "momentum, negative": lambda k: k.optimizers.SGD(0.1, momentum=-0.5),
    "accumulation": lambda k: k.optimizers.SGD(gradient_accumulation_steps=1),
    "EMA momentum": lambda k: k.optimizers.SGD(use_ema=True, ema_momentum=2),
    "EMA frequency": lambda k: k.optimizers.SGD(use_ema=True, ema_overwrite_frequency=0.5),
    "two kinds of clipping": lambda k: k.optimizers.SGD(clipnorm=1.0, clipvalue=1.0),
    "Ftrl, accumulator": lambda k: k.optimizers.Ftrl(initial_accumulator_value=-1.0),
    "Ftrl, power": lambda k: k.optimizers.Ftrl(learning_rate_power=1.0),
    "Ftrl, l1": lambda k: k.optimizers.Ftrl(l1_regularization_strength=-1.0),
    "Ftrl, l2": lambda k: k.optimizers.Ftrl(l2_regularization_strength=-1.0),
    "Ftrl, shrinkage": lambda k: k.optimizers.Ftrl(l2_shrinkage_regularization_strength=-1.0),
    "Lion": lambda k: k.optimizers.Lion(beta_1=0.0),
    "loss scale, unknown argument": lambda k: k.optimizers.LossScaleOptimizer(
        k.optimizers.SGD(), scale=3
    ),
    "loss scale of a number": lambda k: k.optimizers.LossScaleOptimizer(3),
    "optimizer that is not built": lambda k: k.optimizers.SGD().apply([ones(2)]),
    "optimizer, set_weights unbuilt": lambda k: k.optimizers.SGD().set_weights([ones(2)]),
    "optimizer, another number": lambda k: _optimizer(k)[0].apply([ones(2), ones(2)]),
    "optimizer, unknown variable": lambda k: _optimizer(k)[0].apply(
        [ones(2)], [k.Variable(ones(2))]
    ),
    "optimizer, set_weights": lambda k: (o := _optimizer(k)[0]).set_weights(
        [ones(7) for _ in o.variables]
    ),
    "optimizer, no gradients": lambda k: (o := _optimizer(k))[0].apply([None], [o[1]]),
    "optimizer, stateless unbuilt": lambda k: k.optimizers.SGD().stateless_apply([], [], []),
    "optimizer, stateless": lambda k: _optimizer(k)[0].stateless_apply([], [ones(2)], [ones(2)]),
    "optimizer, stateless variables": lambda k: (o := _optimizer(k)[0]).stateless_apply(
        [v.value for v in o.variables], [ones(2)], []
    ),
    "optimizer, a rate over a schedule": lambda k: setattr(
        k.optimizers.SGD(k.optimizers.schedules.ExponentialDecay(0.1, 1, 0.9)), "learning_rate", 1.0
    ),
    "optimizer, exclusion after build": lambda k: _optimizer(k, weight_decay=0.1)[
        0
    ].exclude_from_weight_decay(var_names=["a"]),
    "optimizer config": lambda k: k.optimizers.deserialize({"class_name": "Nope", "config": {}}),
    "optimizer from half a config": lambda k: k.optimizers.Adam.from_config({"rate": 3}),
    "decay_steps 0": lambda k: k.optimizers.schedules.ExponentialDecay(0.1, 0, 0.9),
    "polynomial, decay_steps 0": lambda k: k.optimizers.schedules.PolynomialDecay(0.1, 0),
    "inverse time, decay_steps 0": lambda k: k.optimizers.schedules.InverseTimeDecay(0.1, 0, 0.9),
    "cosine, decay_steps 0": lambda k: k.optimizers.schedules.CosineDecay(0.1, 0),
    "restarts, decay_steps 0": lambda k: k.optimizers.schedules.CosineDecayRestarts(0.1, 0),
    "boundaries": lambda k: k.optimizers.schedules.PiecewiseConstantDecay([1], [0.1]),
    "schedule config": lambda k: k.optimizers.schedules.deserialize(
        {"class_name": "Nope", "config": {}}
    ),
    "Identity of rank 3": lambda k: k.initializers.Identity()((2, 2, 2)),
    "seed as text": lambda k: k.initializers.RandomNormal(seed="a"),
    "seed as a float": lambda k: k.initializers.GlorotUniform(seed=1.5),
    "scale": lambda k: k.initializers.VarianceScaling(scale=0.0),
    "mode": lambda k: k.initializers.VarianceScaling(mode="fan"),
    "distribution": lambda k: k.initializers.VarianceScaling(distribution="flat"),
    "Orthogonal of rank 1": lambda k: k.initializers.Orthogonal()((3,)),
    "array of another shape": lambda k: k.initializers.get(ones(2))((3,)),
    "initializer config": lambda k: k.initializers.deserialize({"class_name": "No", "config": {}}),
    "l1 negative": lambda k: k.regularizers.L1(-1.0),
    "l2 NaN": lambda k: k.regularizers.L2(float("nan")),
    "l2 text": lambda k: k.regularizers.L2("0.1"),
    "l1l2": lambda k: k.regularizers.L1L2(l1=float("inf")),
    "orthogonal, mode": lambda k: k.regularizers.OrthogonalRegularizer(mode="all"),
    "orthogonal, rank": lambda k: k.regularizers.OrthogonalRegularizer()(ones(3)),
    "regularizer config": lambda k: k.regularizers.deserialize({"class_name": "No", "config": {}}),
    "constraint config": lambda k: k.constraints.deserialize({"class_name": "No", "config": {}}),
    "random.uniform of integers": lambda k: k.random.uniform((2,), dtype="int32"),
    "random.randint of floats": lambda k: k.random.randint((2,), 0, 3, dtype="float32"),
    "random.categorical, rank": lambda k: k.random.categorical(ones(2), 1),
    "SeedGenerator, argument": lambda k: k.random.SeedGenerator(3, seeds=3),
    "SeedGenerator of a float": lambda k: k.random.SeedGenerator(1.5),
    "seed of random.normal": lambda k: k.random.normal((2,), seed="a"),
    "to_categorical of nothing": lambda k: k.utils.to_categorical("a"),
    "normalize": lambda k: k.utils.normalize("a"),
    "split_dataset of a number": lambda k: k.utils.split_dataset(3, left_size=0.5),
    "split_dataset without sizes": lambda k: k.utils.split_dataset(ones(4)),
    "set_random_seed of text": lambda k: k.utils.set_random_seed("a"),
    "tree of other structures": lambda k: k.tree.map_structure(
        lambda a, b: a, [1, 2], [1, 2, 3]
    ),
    "tree.assert_same_structure": lambda k: k.tree.assert_same_structure([1, 2], {"a": 1}),
    "tree.pack_sequence_as": lambda k: k.tree.pack_sequence_as([1, 2], [1]),
    "tree.map of a number": lambda k: k.tree.map_structure(3, [1]),
}  # fmt: skip
