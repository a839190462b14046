"""Networks of members that share their large weights: an ensemble at the price of one network."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core.checks import choice, flag
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.random import draw_seed
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import FIRST_VALUE, setting
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.types import Array, DTypeLike, Shapes, Tree
from rosenblatt.initializers.random import RandomUniform
from rosenblatt.initializers.scaling import VarianceScaling
from rosenblatt.layers.affine import at_least_float32
from rosenblatt.layers.arguments import ACTIVATION, POSITIVE, REGULARIZER, SEED, initializer
from rosenblatt.layers.base import Layer
from rosenblatt.layers.product import product
from rosenblatt.layers.spec import InputSpec

_VALUES = setting(initializer("zeros").check, default=None, role=FIRST_VALUE)


def _dealt(values: Array, rows: int) -> Any:
    """Values of the members, (groups, members, …), for the rows of a batch: that of i mod k."""
    flat = values.reshape(-1, values.shape[-1])
    times = math.ceil(rows / len(flat))
    return jnp.broadcast_to(flat, (times, *flat.shape)).reshape(-1, flat.shape[-1])[:rows]


def _by_member(inputs: Array, members: tuple[int, int]) -> Any:
    """(rows, 1, 1, d) as (rounds, groups, members, d): zeros after the last row complete a round.

    What every member sees, (rows, groups, members, d), stays.
    """
    if inputs.shape[1:3] == members:
        return inputs
    rows, rounds = len(inputs), math.ceil(len(inputs) / math.prod(members))
    missing = rounds * math.prod(members) - rows
    flat = inputs.reshape(rows, -1)
    flat = jnp.pad(flat, ((0, missing), (0, 0))) if missing else flat
    return flat.reshape(rounds, *members, flat.shape[-1])


def _by_row(outputs: Array, like: Array) -> Any:
    """The way back of `_by_member`, for outputs of another size."""
    if like.shape[1:3] == outputs.shape[1:3]:
        return outputs
    return outputs.reshape(-1, outputs.shape[-1])[: len(like), None, None]


class Signs:
    """First signs of the members: +1 and −1 at random, all +1 where there is one member.

    Args:
        seed: where the draws start; drawn if None.
    """

    def __init__(self, seed: int | None):
        self.seed = draw_seed() if seed is None else seed

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        """Signs (groups, members, features)."""
        if shape[1] == 1:
            return np.ones(shape, "float32")
        drawn = np.random.default_rng(self.seed).integers(0, 2, shape)
        return (2 * drawn - 1).astype("float32")


@builtin("rosenblatt.layers")
class MemberInputs(Layer):
    """The beginning of a network of members: x ∘ s ∘ r_m, the inputs as member m sees them.

    The k members share all kernels up to their heads; each has signs r_m, biases and a head of its
    own. In training a batch is dealt out: row i goes to member i mod k alone, so k members cost
    what one network costs. In inference every member sees every row, and `MemberMean` averages what
    they give. Between the two come `MemberDense` layers, with any layer that works element by
    element behind them, and a `MemberHead`.

    Args:
        members: k.
        groups: so many such networks side by side, which share nothing: models trained one by one,
            as one for predictions. Each weight is those of the single models along the first axis.
        use_scale: whether a factor s of each input, common to the members, is trained.
        seed: seed of the signs r, ±1 at first.

    Inputs: (batch, features), or a list of such that are joined; (batch, groups, features) where
    each group has features of its own. Outputs: (batch, groups, members, features), and
    (batch, 1, 1, features) in training.

    Raises:
        ValueError: numbers that are not positive; inputs of another rank.

    Reference: Y. Gorishniy, A. Kotelnikov and A. Babenko, "TabM: advancing tabular deep learning
    with parameter-efficient ensembling", 2024; here each member has its own part of a batch.

    >>> layer = MemberInputs(2)
    >>> x = np.ones((3, 5), "float32")
    >>> layer(x).shape, layer(x, training=True).shape
    ((3, 1, 2, 5), (3, 1, 1, 5))
    """

    members: int = setting(POSITIVE)
    groups: int = setting(POSITIVE, default=1)
    use_scale: bool = setting(flag, default=True)
    seed: int | None = SEED
    multiplies_rows = True  # in inference, as `predict` wants to know

    def build(self, input_shape: Shapes) -> None:
        """Create signs (groups, members, features) and scale (groups, features)."""
        shapes = [tuple(s) for s in ([input_shape] if _is_shape(input_shape) else input_shape)]
        for shape in shapes:
            if len(shape) not in (2, 3) or shape[1:-1] not in ((), (self.groups,)):
                raise BadArgument(
                    f"{self._where} takes one vector of features a row.",
                    given=f"inputs of shape {shape}",
                    expected="(batch, features)"
                    + (f" or (batch, {self.groups}, features)" if self.groups > 1 else ""),
                )
        features = sum(shape[-1] for shape in shapes)
        shape = (self.groups, self.members, features)
        self.signs = self.add_weight(shape, Signs(self.seed), name="signs")
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight((self.groups, features), "ones", name="scale")

    def call(self, inputs: Tree, training: bool | None = None) -> Array:
        """The inputs times what a member multiplies them by."""
        x = _joined(tree_leaves(inputs), self.groups)
        factors = self.signs.value
        if self.scale is not None:
            factors = factors * self.scale.value[:, None]
        if not training:
            shape = (x.shape[0], -1, 1, x.shape[-1])
            return x.reshape(shape) * factors
        if x.ndim == 3:  # the features of the group that a row was dealt to
            group = jnp.arange(len(x)) // self.members % self.groups
            x = jnp.take_along_axis(x, group[:, None, None], axis=1)[:, 0]
        return (x * _dealt(factors, len(x)))[:, None, None]


def _is_shape(shape: Any) -> bool:
    return all(size is None or isinstance(size, int) for size in shape)


def _joined(arrays: list[Any], groups: int) -> Any:
    """Features side by side; those of all groups beside those that groups have of their own."""
    if len({array.ndim for array in arrays}) > 1:
        arrays = [
            jnp.broadcast_to(a[:, None], (a.shape[0], groups, a.shape[-1])) if a.ndim == 2 else a
            for a in arrays
        ]
    return arrays[0] if len(arrays) == 1 else jnp.concatenate(arrays, axis=-1)


class Member(Layer):
    """A layer behind `MemberInputs`."""

    input_spec = InputSpec(ndim=4)
    _members = (1, 1)

    def settle_members(self, input_shape: Shapes) -> int:
        """Keep the numbers of groups and members; the number of features.

        Raises:
            ValueError: one of them is unknown.
        """
        groups, members, features = input_shape[1:]
        if None in (groups, members, features):
            raise BadArgument(
                f"{self._where}: a size of its inputs is unknown.",
                given=f"input shape {tuple(input_shape)}",
                expected="(batch, groups, members, features), as `MemberInputs` gives it",
            )
        self._members = (groups, members)
        return int(features)

    def check_members(self, inputs: Array) -> None:
        """Refuse inputs of other members than it has weights for.

        Raises:
            ValueError: it was built in training, where the members do not show, or behind others.
        """
        there = tuple(inputs.shape[1:3])
        if there not in ((1, 1), self._members):
            raise BadArgument(
                f"{self._where} was built for {self._members[0]} groups of {self._members[1]} "
                "members.",
                given=f"inputs of shape {tuple(inputs.shape)}",
                fix="make the model with the functional API, or call it once without "
                "`training=True` first: in training a row shows one member only.",
            )

    def for_each(self, wanted: Any, sizes: Sequence[int]) -> Callable[..., Any]:
        """First values of kernels (…, features, units), drawn as for one kernel.

        Args:
            wanted: the initializer of a kernel.
            sizes: groups, or groups and members.
        """

        def draw(shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
            features, units = shape[-2:]
            flat = np.asarray(wanted((features, math.prod(sizes) * units), dtype))
            apart = flat.reshape(features, *sizes, units)
            return np.moveaxis(apart, 0, -2)

        return draw


@builtin("rosenblatt.layers")
class MemberDense(Member):
    """A dense layer whose kernel all members share: h = φ(x W + b_m), each with a bias of its own.

    Args:
        units: number of neurons.
        activation: φ, a name or function; none if None.
        kernel_initializer: initial W; normal of variance 2 / features by default. The first layer
            of a network is given 1 / features, `VarianceScaling(1.0, "fan_in",
            "untruncated_normal")`.
        bias_initializer: initial b; uniform from −0.1 to 0.1 by default, which makes members
            differ. The first layer is given `RandomUniform(-1.0, 1.0)`.
        kernel_regularizer, bias_regularizer: penalties on W and b.
        use_scale: whether a factor of each input is trained too: x (s ∘ W). It costs less here
            than in `MemberInputs`, where inputs that need no gradient would get one.

    Inputs: (batch, groups, members, features), or (batch, 1, 1, features) in training: what
    `MemberInputs` gives. Outputs: the same with `units` features.

    Raises:
        ValueError: `units` is not a positive integer; other inputs.

    >>> x = MemberInputs(4)(np.ones((3, 5), "float32"))
    >>> MemberDense(2, "silu")(x).shape
    (3, 1, 4, 2)
    """

    units: int = setting(POSITIVE)
    activation: Any = ACTIVATION
    kernel_initializer: Any = _VALUES
    bias_initializer: Any = _VALUES
    kernel_regularizer: Any = REGULARIZER
    bias_regularizer: Any = REGULARIZER
    use_scale: bool = setting(flag, default=False)

    def __post_init__(self) -> None:
        """Settle the first values."""
        if self.kernel_initializer is None:
            self.kernel_initializer = VarianceScaling(2.0, "fan_in", "untruncated_normal")
        if self.bias_initializer is None:
            self.bias_initializer = RandomUniform(-0.1, 0.1)

    def build(self, input_shape: Shapes) -> None:
        """Create kernel (groups, features, units), bias (groups, members, units) and scale."""
        features = self.settle_members(input_shape)
        groups = self._members[0]
        first = self.for_each(self.kernel_initializer, (groups,))
        self.kernel = self.add_own_weight("kernel", (groups, features, self.units), first)
        self.bias = self.add_own_weight("bias", (*self._members, self.units))
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight((groups, features), "ones", name="scale")

    def call(self, inputs: Array) -> Array:
        """φ(inputs · kernel + bias)."""
        self.check_members(inputs)
        found, bias = self._products(inputs), self.bias.value
        if inputs.shape[1:3] == self._members:
            return self.activation(found + bias)
        return self.activation(found + _dealt(bias, inputs.shape[0])[:, None, None])

    def _products(self, inputs: Array) -> Any:
        """inputs · kernel, each row with the kernel of its group."""
        kernel, features = self.kernel.value, inputs.shape[-1]
        if self.scale is not None:
            kernel = kernel * self.scale.value[:, :, None]
        if len(kernel) == 1:  # one product for all rows and members
            shape = (*inputs.shape[:-1], self.units)
            return product(inputs.reshape(-1, features), kernel[0]).reshape(shape)
        groups_first = jnp.moveaxis(_by_member(inputs, self._members), 1, 0)
        found = jnp.matmul(groups_first.reshape(len(kernel), -1, features), kernel)
        found = found.reshape((*groups_first.shape[:-1], self.units))
        return _by_row(jnp.moveaxis(found, 0, 1), inputs)


@builtin("rosenblatt.layers")
class MemberHead(Member):
    """The end of a network of members: x W_m + b_m, each member with a kernel of its own.

    Args:
        units: number of outputs.
        kernel_initializer: initial W; normal of variance 0.01 / features by default: the first
            predictions are close to the biases.
        bias_initializer: initial b; zeros, or what is predicted without any input, such as
            `Constant` of the logarithms of the classes' shares.
        kernel_regularizer, bias_regularizer: penalties on W and b.

    Inputs: as of `MemberDense`. Outputs: (batch, groups, members, units), and (batch, 1, 1, units)
    in training.

    Raises:
        ValueError: `units` is not a positive integer; other inputs.

    >>> x = MemberInputs(4)(np.ones((3, 5), "float32"))
    >>> MemberHead(1)(x).shape
    (3, 1, 4, 1)
    """

    units: int = setting(POSITIVE)
    kernel_initializer: Any = _VALUES
    bias_initializer: Any = initializer("zeros")
    kernel_regularizer: Any = REGULARIZER
    bias_regularizer: Any = REGULARIZER

    def __post_init__(self) -> None:
        """Settle the first values."""
        if self.kernel_initializer is None:
            self.kernel_initializer = VarianceScaling(0.01, "fan_in", "untruncated_normal")

    def build(self, input_shape: Shapes) -> None:
        """Create kernel (groups, members, features, units) and bias (groups, members, units)."""
        features = self.settle_members(input_shape)
        first = self.for_each(self.kernel_initializer, self._members)
        shape = (*self._members, features, self.units)
        self.kernel = self.add_own_weight("kernel", shape, first)
        self.bias = self.add_own_weight("bias", (*self._members, self.units))

    def call(self, inputs: Array) -> Array:
        """inputs · kernel + bias."""
        self.check_members(inputs)
        apart = _by_member(inputs, self._members)
        found = jnp.einsum("ngmd,gmdu->ngmu", apart, self.kernel.value) + self.bias.value
        return _by_row(found, inputs)


@builtin("rosenblatt.layers")
class MemberMean(Layer):
    """The mean of what members predict: of probabilities, never of what becomes one.

    Args:
        activation: what makes a prediction of a member's output: "softmax" or "sigmoid" for
            probabilities, "linear" for quantities.
        logits: give the logarithms of the mean probabilities ("softmax") or log(p / (1 − p)) of the
            mean p ("sigmoid"), which a loss with `from_logits=True` takes. In training these are a
            member's outputs as they are.

    Inputs: (batch, groups, members, units), of all groups and members together, or
    (batch, 1, 1, units). Outputs: (batch, units).

    Raises:
        ValueError: another activation; `logits` without one.

    >>> outputs = np.array([[[[1.0], [2.0]]]])
    >>> MemberMean()(outputs)
    Array([[1.5]], dtype=float32)
    """

    activation: str = setting(choice("linear", "sigmoid", "softmax"), default="linear")
    logits: bool = setting(flag, default=False)
    input_spec = InputSpec(ndim=4)
    always_built = True

    def __post_init__(self) -> None:
        """Only probabilities have logits."""
        if self.logits and self.activation == "linear":
            raise BadArgument(
                f"{self._where}: `logits` are of probabilities.",
                given="activation='linear', logits=True",
                expected="'sigmoid' or 'softmax' as the activation",
            )

    def call(self, inputs: Array) -> Array:
        """The mean of the predictions."""
        outputs = at_least_float32(inputs)
        if self.logits and inputs.shape[1:3] == (1, 1):
            found = outputs[:, 0, 0]
        elif self.logits:
            found = self._mean_logits(outputs)
        else:
            predict = {"sigmoid": jax.nn.sigmoid, "softmax": jax.nn.softmax}
            found = predict.get(self.activation, lambda x: x)(outputs).mean(axis=(1, 2))
        return found.astype(self.compute_dtype)

    def _mean_logits(self, outputs: Array) -> Any:
        def log_mean(log_shares: Array) -> Any:
            count = math.prod(log_shares.shape[1:3])
            return jax.nn.logsumexp(log_shares, axis=(1, 2)) - math.log(count)

        if self.activation == "softmax":
            return log_mean(jax.nn.log_softmax(outputs))
        return log_mean(jax.nn.log_sigmoid(outputs)) - log_mean(jax.nn.log_sigmoid(-outputs))
