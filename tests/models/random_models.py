"""Random models for both libraries: hypothesis draws a recipe that either can build."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

MOST_LAYERS = 12
BATCH = 8
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """One call of a layer: its class, its arguments, the numbers of the tensors it takes."""

    layer: str
    arguments: dict[str, Any]
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Recipe:
    """Input shapes, steps in order, and the number of outputs; a chain is a Sequential model."""

    inputs: tuple[Shape, ...]
    steps: tuple[Step, ...]
    chain: bool

    def __repr__(self) -> str:
        lines = [f"  {s.layer}({s.arguments}) of {s.inputs}" for s in self.steps]
        return "\n".join([f"Recipe(chain={self.chain}, inputs={self.inputs})", *lines])


_UNITS = st.integers(1, 6)
_RATES = st.sampled_from([0.0, 0.2, 0.5])
_SEEDS = st.integers(0, 99)
_ACTIVATIONS = st.sampled_from([None, "relu", "tanh", "gelu", "selu", "softmax", "sigmoid"])
_BOOLS = st.booleans()
_SMALL = st.sampled_from([0.01, 0.3])


def _fixed(**arguments: st.SearchStrategy[Any]) -> Callable[[Shape], st.SearchStrategy[Any]]:
    return lambda shape: st.fixed_dictionaries(arguments)


def _divisors(shape: Shape) -> st.SearchStrategy[Any]:
    groups = [g for g in range(1, shape[-1] + 1) if shape[-1] % g == 0]
    return st.fixed_dictionaries({"groups": st.sampled_from(groups), "scale": _BOOLS})


def _einsum(shape: Shape) -> st.SearchStrategy[Any]:
    return _UNITS.map(
        lambda n: {"equation": "abc,cd->abd", "output_shape": (shape[0], n), "bias_axes": "d"}
    )


def _reshaped(shape: Shape) -> st.SearchStrategy[Any]:
    size = int(np.prod(shape))
    targets = [(size,), (1, size), (-1, shape[-1]), (shape[-1], -1)]
    return st.sampled_from([{"target_shape": target} for target in targets])


def _vectors(shape: Shape) -> st.SearchStrategy[Any]:
    return st.just({"mean": [0.1] * shape[-1], "variance": [2.0] * shape[-1]})


# Layers of one tensor: the ranks they take (without the batch), and how their arguments are drawn.
UNARY: dict[str, tuple[tuple[int, ...], Callable[[Shape], st.SearchStrategy[Any]]]] = {
    "Dense": (
        (1, 2),
        _fixed(
            units=_UNITS,
            activation=_ACTIVATIONS,
            use_bias=_BOOLS,
            kernel_regularizer=st.sampled_from([None, "l2"]),
            bias_initializer=st.sampled_from(["zeros", "ones"]),
            kernel_constraint=st.sampled_from([None, "max_norm"]),
        ),
    ),
    "EinsumDense": ((2,), _einsum),
    "Activation": ((1, 2), _fixed(activation=st.sampled_from(["relu", "tanh", "mish"]))),
    "ReLU": ((1, 2), _fixed(negative_slope=_SMALL)),
    "LeakyReLU": ((1, 2), _fixed(negative_slope=_SMALL)),
    "PReLU": ((1, 2), _fixed(alpha_initializer=st.just("ones"))),
    "ELU": ((1, 2), _fixed(alpha=_SMALL)),
    "Softmax": ((1,), _fixed()),  # of a masked sequence it fails in both libraries
    "BatchNormalization": ((1, 2), _fixed(momentum=_SMALL, center=_BOOLS, scale=_BOOLS)),
    "LayerNormalization": ((1, 2), _fixed(center=_BOOLS, scale=_BOOLS)),
    "RMSNormalization": ((1, 2), _fixed()),
    "UnitNormalization": ((1, 2), _fixed()),
    "GroupNormalization": ((2,), _divisors),
    "Dropout": ((1, 2), _fixed(rate=_RATES, seed=_SEEDS)),
    "SpatialDropout1D": ((2,), _fixed(rate=_RATES, seed=_SEEDS)),
    "GaussianDropout": ((1, 2), _fixed(rate=_RATES, seed=_SEEDS)),
    "GaussianNoise": ((1, 2), _fixed(stddev=_RATES, seed=_SEEDS)),
    "AlphaDropout": ((1, 2), _fixed(rate=_RATES, seed=_SEEDS)),
    "ActivityRegularization": ((1, 2), _fixed(l2=_SMALL)),
    "Flatten": ((2,), _fixed()),
    "Reshape": ((1, 2), _reshaped),
    "Permute": ((2,), lambda shape: st.just({"dims": (2, 1)})),
    "RepeatVector": ((1,), _fixed(n=st.integers(1, 3))),
    "Rescaling": ((1, 2), _fixed(scale=_SMALL, offset=_SMALL)),
    "Normalization": ((1, 2), _vectors),
    "Identity": ((1, 2), _fixed()),
    "Masking": ((2,), _fixed(mask_value=st.just(0.0))),
}
# Whose slope at 0 is another than beside it.
KINKED = ("ReLU", "LeakyReLU", "PReLU")
# Layers of two or more tensors of one shape.
MERGING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
# Attention of a tensor to itself, given as the number of times it is passed.
ATTENTION: dict[str, st.SearchStrategy[Any]] = {
    "Attention": st.fixed_dictionaries({"use_scale": _BOOLS}),
    "AdditiveAttention": st.fixed_dictionaries({"use_scale": _BOOLS}),
    "MultiHeadAttention": st.fixed_dictionaries(
        {"num_heads": st.integers(1, 2), "key_dim": st.integers(1, 3)}
    ),
}


@st.composite
def recipes(draw: Any, shape_of: Callable[[Step, list[Shape]], Shape]) -> Recipe:
    """A model of up to a dozen layers.

    Args:
        draw: hypothesis's.
        shape_of: the output shape of a step on inputs of some shapes (without the batch).
    """
    chain = draw(st.booleans())
    shapes: list[Shape] = draw(
        st.lists(
            st.tuples(st.integers(1, 5)) | st.tuples(st.integers(1, 4), st.integers(1, 4)),
            min_size=1,
            max_size=1 if chain else 3,
        )
    )  # fmt: skip
    inputs = tuple(shapes)
    steps: list[Step] = []
    makers = [""] * len(shapes)  # the layer that made each tensor
    for _ in range(draw(st.integers(1, MOST_LAYERS - 2))):
        step = draw(_step(shapes, makers, chain))
        shapes.append(shape_of(step, [shapes[i] for i in step.inputs]))
        steps.append(step)
        makers.append(step.layer)
    return Recipe(inputs, tuple(steps), chain)


def _step(shapes: list[Shape], makers: list[str], chain: bool) -> st.SearchStrategy[Step]:
    numbers = [len(shapes) - 1] if chain else list(range(len(shapes)))

    def unary(number: int) -> st.SearchStrategy[Step]:
        shape = shapes[number]
        fitting = [n for n, (ranks, _) in UNARY.items() if len(shape) in ranks]
        if makers[number].endswith("Normalization"):  # may be all zeros, or rounding errors
            fitting = [name for name in fitting if name not in KINKED]
        return st.sampled_from(fitting).flatmap(
            lambda name: UNARY[name][1](shape).map(lambda a: Step(name, a, (number,)))
        )

    choices = [st.sampled_from(numbers).flatmap(unary)]
    if not chain:
        pairs = [
            (i, j)
            for i in range(len(shapes))
            for j in range(i)
            if shapes[i] == shapes[j]
        ]  # fmt: skip
        if pairs:
            choices.append(
                st.tuples(st.sampled_from(MERGING), st.sampled_from(pairs)).map(
                    lambda chosen: Step(chosen[0], {}, chosen[1])
                )
            )
        sequences = [i for i, shape in enumerate(shapes) if len(shape) == 2]
        if sequences:
            choices.append(
                st.tuples(st.sampled_from(sorted(ATTENTION)), st.sampled_from(sequences)).flatmap(
                    lambda chosen: ATTENTION[chosen[0]].map(
                        lambda a: Step(chosen[0], a, (chosen[1], chosen[1]))
                    )
                )
            )
    return st.one_of(choices)


def made(keras: Any, step: Step, index: int) -> Any:
    """The layer of a step, named by its place so that both libraries agree."""
    return getattr(keras.layers, step.layer)(**step.arguments, name=f"layer_{index}")


def apply(keras: Any, step: Step, index: int, tensors: list[Any]) -> Any:
    """The output of a step's layer."""
    layer = made(keras, step, index)
    if step.layer == "MultiHeadAttention":
        return layer(*tensors)
    return layer(tensors if len(tensors) > 1 else tensors[0])


def build(keras: Any, recipe: Recipe) -> Any:
    """The model of a recipe: every tensor that nothing uses is flattened into an output."""
    if recipe.chain:
        layers = [made(keras, step, i) for i, step in enumerate(recipe.steps)]
        ends = [keras.layers.Flatten(name="flat"), keras.layers.Dense(2, name="out")]
        return keras.Sequential([keras.Input(recipe.inputs[0], name="in"), *layers, *ends])
    tensors = [keras.Input(shape, name=f"in_{i}") for i, shape in enumerate(recipe.inputs)]
    inputs = list(tensors)
    for index, step in enumerate(recipe.steps):
        tensors.append(apply(keras, step, index, [tensors[i] for i in step.inputs]))
    used = {number for step in recipe.steps for number in step.inputs}
    outputs = []
    for number, tensor in enumerate(tensors):
        if number not in used:
            flat = keras.layers.Flatten(name=f"flat_{number}")(tensor)
            outputs.append(keras.layers.Dense(2, name=f"out_{number}")(flat))
    return keras.Model(inputs, outputs, name="random_model")


def data(recipe: Recipe, outputs: int) -> tuple[Any, Any]:
    """A batch of inputs and targets, in the model's structure."""
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(BATCH, *shape)).astype("float32") for shape in recipe.inputs]
    y = [rng.normal(size=(BATCH, 2)).astype("float32") for _ in range(outputs)]
    return x[0] if len(x) == 1 else x, y[0] if len(y) == 1 else y
