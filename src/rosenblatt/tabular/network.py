"""The compiled part of a model for tables: numbers and codes to predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.initializers.constants import Constant
from rosenblatt.initializers.random import RandomUniform
from rosenblatt.initializers.scaling import VarianceScaling
from rosenblatt.layers.input import Input
from rosenblatt.layers.tabular.codes import ColumnEmbedding, OneHotColumns
from rosenblatt.layers.tabular.dropout import HashedDropout
from rosenblatt.layers.tabular.members import MemberDense, MemberHead, MemberInputs, MemberMean
from rosenblatt.layers.tabular.numbers import MissingIndicator, RangeClip, SmoothClip
from rosenblatt.layers.tabular.piecewise import PiecewiseLinearEncoding
from rosenblatt.losses.base import Loss
from rosenblatt.losses.crossentropy import BinaryCrossentropy, SparseCategoricalCrossentropy
from rosenblatt.losses.regression import MeanSquaredError
from rosenblatt.models.model import Functional
from rosenblatt.optimizers.adam import AdamW
from rosenblatt.optimizers.schedules.cosine import CosineDecay
from rosenblatt.tabular.recipe import Recipe

QUANTITY, TWO_CLASSES, CLASSES = "quantity", "two classes", "classes"


@dataclass(frozen=True)
class Shape:
    """What a network takes and gives, as its structure depends on it.

    Args:
        edges: for each number the edges of its piecewise-linear code.
        gaps: the numbers, by place, that are missing in some training rows.
        sizes: how many codes each category has.
        bins: hashed words of all columns of text.
        task: "quantity", "two classes" or "classes".
        shares: of the classes in the training rows; of one for a quantity.
    """

    edges: Sequence[NDArray[np.float32]]
    gaps: Sequence[int]
    sizes: Sequence[int]
    bins: int
    task: str
    shares: NDArray[np.float64]

    @property
    def outputs(self) -> int:
        """Outputs of the network: one for a quantity and for two classes."""
        return len(self.shares) if self.task == CLASSES else 1


def shape_of(
    inputs: dict[str, NDArray[Any]],
    sizes: Sequence[int],
    task: str,
    shares: NDArray[np.float64],
    recipe: Recipe,
    means: int = 0,
) -> Shape:
    """The structure that suits encoded training rows.

    Args:
        inputs: "numbers", "codes" and "words", where there are such.
        sizes, task, shares: as of `Shape`.
        recipe: how many bins a number has at most.
        means: how many of the numbers, the last ones, are target means.
    """
    numbers = inputs.get("numbers")
    numbers = np.zeros((0, 0), "float32") if numbers is None else numbers
    words = inputs.get("words")
    return Shape(
        [
            edges_of(column, recipe.bins if i < numbers.shape[1] - means else recipe.mean_bins)
            for i, column in enumerate(numbers.T)
        ],
        np.flatnonzero(np.isnan(numbers).any(axis=0)).tolist(),
        sizes,
        0 if words is None else words.shape[1],
        task,
        shares,
    )


def edges_of(values: NDArray[np.float32], bins: int) -> NDArray[np.float32]:
    """Edges of a number's code: its values where they are few, else quantiles.

    Quantiles of the rows alone would give a number that is nearly always 0 two or three pieces; so
    half of them are those of the different values, unless nearly every value is different.

    Args:
        values: (rows,), NaN where missing.
        bins: how many pieces there are at most.

    >>> edges_of(np.array([0, 0, 1, 3, np.nan], "float32"), 8)
    array([0., 1., 3.], dtype=float32)
    """
    there = values[np.isfinite(values)]
    different = np.unique(there)
    if len(different) < 2:
        first = different[0] if len(different) else np.float32(0)
        return np.array([first, first + 1], "float32")
    if len(different) <= bins + 1:
        return different
    if len(different) > 0.5 * len(there):
        return np.unique(np.quantile(there, np.linspace(0, 1, bins + 1)).astype("float32"))
    half = bins // 2
    rows = np.quantile(there, np.linspace(0, 1, half + 1))
    values_ = np.quantile(different, np.linspace(0, 1, bins - half + 1), method="nearest")
    return np.unique(np.concatenate([rows, values_]).astype("float32"))


def build_network(
    shape: Shape, recipe: Recipe, groups: int = 1, use_scale: bool = True
) -> Functional:
    """A network of members.

    Args:
        shape: what it takes and gives.
        recipe: its size.
        groups: so many trained networks side by side.
        use_scale: whether the first hidden layer has a factor for each of its inputs, which is
            trained; else its kernel is all.

    Returns:
        A model of the inputs "numbers", "codes" and "words", as far as there are such, that gives
        logits, or a quantity in units of its spread.
    """
    inputs: dict[str, Any] = {}
    features: list[Any] = []
    if len(shape.edges):
        inputs["numbers"] = Input((len(shape.edges),), name="numbers")
        low, high = ([float(one[end]) for one in shape.edges] for end in (0, -1))
        numbers = RangeClip(low, high, name="range")(inputs["numbers"])
        features += [
            SmoothClip(name="raw")(numbers),
            PiecewiseLinearEncoding([one.tolist() for one in shape.edges], name="pieces")(numbers),
        ]
        if shape.gaps:
            features.append(MissingIndicator(list(shape.gaps), name="gaps")(numbers))
    if len(shape.sizes):
        codes = inputs["codes"] = Input((len(shape.sizes),), dtype="int32", name="codes")
        short = [i for i, size in enumerate(shape.sizes) if size <= recipe.one_hot + 1]
        long = [i for i, size in enumerate(shape.sizes) if size > recipe.one_hot + 1]
        if short:
            sizes = [shape.sizes[i] for i in short]
            features.append(OneHotColumns(sizes, columns=short, name="one_hot")(codes))
        if long:
            sizes = [shape.sizes[i] for i in long]
            layer = ColumnEmbedding(
                sizes, recipe.embedding, columns=long, groups=groups, name="embedding"
            )
            features.append(layer(codes))
    if shape.bins:
        features.append(inputs.setdefault("words", Input((shape.bins,), name="words")))
    hidden = MemberInputs(recipe.members, groups, use_scale=False, trainable=False, name="members")(
        features
    )
    for depth in range(recipe.depth):
        first = depth == 0
        hidden = MemberDense(
            recipe.width,
            recipe.activation,
            kernel_initializer=VarianceScaling(
                1.0 if first else 2.0, "fan_in", "untruncated_normal"
            ),
            bias_initializer=RandomUniform(-1.0, 1.0) if first else RandomUniform(-0.1, 0.1),
            use_scale=use_scale and first,
            name=f"hidden_{depth + 1}",
        )(hidden)
        if recipe.dropout:
            hidden = HashedDropout(recipe.dropout, name=f"dropout_{depth + 1}")(hidden)
    outputs = MemberHead(
        shape.outputs, bias_initializer=Constant(_prior(shape)), name="head"
    )(hidden)  # fmt: skip
    average = {QUANTITY: "linear", TWO_CLASSES: "sigmoid", CLASSES: "softmax"}[shape.task]
    logits = shape.task != QUANTITY
    mean = MemberMean(average, logits=logits, name="mean")(outputs)
    return Functional(inputs, mean, name="network")  # type: ignore[arg-type]


def _prior(shape: Shape) -> NDArray[np.float32] | float:
    """What is predicted before anything is learnt: the logits of the classes' shares."""
    if shape.task == QUANTITY:
        return 0.0
    shares = np.clip(shape.shares, 1e-4, 1 - 1e-4)
    if shape.task == TWO_CLASSES:
        return float(np.log(shares[1] / shares[0]))
    return np.log(shares).astype("float32")


def compile_network(network: Functional, shape: Shape, recipe: Recipe, steps: int) -> None:
    """Give a network its loss and optimizer.

    Args:
        network: it.
        shape: what it gives.
        recipe: learning rate, decay.
        steps: of the whole training.
    """
    warm = max(1, round(recipe.warm_up * steps))
    rate = CosineDecay(
        0.0, max(1, steps - warm), warmup_target=recipe.learning_rate, warmup_steps=warm
    )
    optimizer = AdamW(rate, weight_decay=recipe.weight_decay, beta_2=recipe.beta_2, epsilon=1e-8)
    optimizer.exclude_from_weight_decay(var_names=["bias", "signs", "scale"])
    losses: dict[str, Loss] = {
        QUANTITY: MeanSquaredError(),
        TWO_CLASSES: BinaryCrossentropy(from_logits=True),
        CLASSES: SparseCategoricalCrossentropy(from_logits=True),
    }
    network.compile(optimizer, losses[shape.task])
