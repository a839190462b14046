"""The activations that Keras has: each with its names, and what it is in ONNX and `.npz` files.

Most are ops as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import jax.numpy as jnp
from jax import nn

from rosenblatt.core.errors import WrongType
from rosenblatt.core.family import Family
from rosenblatt.core.registry import get_registered_name
from rosenblatt.core.types import Array, ArrayLike, Config, Identifier
from rosenblatt.ops import elementwise, nonlinear
from rosenblatt.ops.define import op

F = TypeVar("F", bound=Callable[..., Any])

family = Family("activation", "keras.activations", "rosenblatt.activations", ["functions", "steps"])


class Nodes(Protocol):
    """What an ONNX graph is written with; both methods return the name of a value."""

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node."""

    def constant(self, value: Any) -> str:
        """A number or an array."""


# How ONNX writes an activation, by its name: from the name of its input to that of its output.
IN_ONNX: dict[str, Callable[[Nodes, str], str]] = {}
# Those that the loader of `.npz` files (`docs/npz_loader.py`) has, by the same names.
IN_NUMPY: set[str] = set()


def node(kind: str, **attributes: float) -> Callable[[Nodes, str], str]:
    """What ONNX writes as one node."""
    return lambda nodes, x: nodes.op(kind, x, **attributes)


def activation(
    *aliases: str, onnx: Callable[[Nodes, str], str] | None = None, numpy: bool = False
) -> Callable[[F], F]:
    """Enter an activation under its name and others.

    Args:
        aliases: further names that users may write.
        onnx: what writes it in ONNX.
        numpy: whether the loader of `.npz` files has it.
    """

    def enter(fn: F) -> F:
        name = fn.__name__
        if onnx is not None:
            IN_ONNX[name] = onnx
        if numpy:
            IN_NUMPY.add(name)
        return family.entry(*aliases)(fn)

    return enter


@activation(onnx=lambda nodes, x: x, numpy=True)
def linear(x: ArrayLike) -> ArrayLike:
    """x

    >>> linear(3.0)
    3.0
    """
    return x


@activation(onnx=node("Relu"), numpy=True)
def relu(
    x: ArrayLike,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Array:
    """max(x, 0), or with settings: max_value above it, x from threshold, slope · (x − threshold).

    Args:
        x: an array.
        negative_slope: slope below the threshold.
        max_value: the largest output; None: no limit.
        threshold: the input from which the output is the input.

    Returns:
        An array of x's shape.

    >>> relu([-2.0, 3.0])
    Array([0., 3.], dtype=float32)
    >>> relu([-2.0, 9.0], negative_slope=0.5, max_value=6.0)
    Array([-1.,  6.], dtype=float32)
    """
    return _relu(x, negative_slope, max_value, threshold)


@op(module="keras.src.activations.activations", class_name="ReLU", name="relu")
def _relu(x: Array, negative_slope: float, max_value: float | None, threshold: float) -> Array:
    slopes, shifted = not _is_zero(negative_slope), not _is_zero(threshold)
    if slopes and max_value is None and not shifted:
        return nn.leaky_relu(x, negative_slope)
    positive = jnp.where(x > threshold, x, jnp.zeros_like(x)) if shifted else nn.relu(x)
    if max_value is not None:
        positive = jnp.clip(positive, 0, jnp.asarray(max_value, x.dtype))
    if not slopes:
        return positive
    return positive - jnp.asarray(negative_slope, x.dtype) * nn.relu(threshold - x)


def _is_zero(value: float) -> bool:
    """Whether a setting is the number 0; one that is an argument of a program is not known."""
    return isinstance(value, (int, float)) and value == 0


@activation(onnx=node("Tanh"), numpy=True)
def tanh(x: ArrayLike) -> Array:
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)

    >>> tanh([0.0])
    Array([0.], dtype=float32)
    """
    return elementwise.tanh(x)


@activation(onnx=node("Exp"), numpy=True)
def exponential(x: ArrayLike) -> Array:
    """eˣ

    >>> exponential([0.0])
    Array([1.], dtype=float32)
    """
    return elementwise.exp(x)


@activation(onnx=node("Mish"))
def mish(x: ArrayLike) -> Array:
    """x · tanh(softplus(x)) (Misra, 2019, arXiv:1908.08681).

    With e = exp(x) and n = e (e + 2) that is x n / (n + 2): one exponential in place of three
    functions.

    >>> float(mish(1.0))
    0.8650...
    """
    # Beyond the limit n / (n + 2) is 1, and n would overflow.
    limit = 5.0 if str(getattr(x, "dtype", "")) == "float16" else 20.0
    e = elementwise.exp(elementwise.minimum(x, limit))
    n = elementwise.multiply(e, elementwise.add(e, 2.0))
    return elementwise.multiply(x, elementwise.divide(n, elementwise.add(n, 2.0)))


def _gelu_in_onnx(nodes: Nodes, x: str) -> str:
    inner = nodes.op("Erf", nodes.op("Mul", x, nodes.constant(1 / math.sqrt(2))))
    half = nodes.op("Mul", x, nodes.constant(0.5))
    return nodes.op("Mul", half, nodes.op("Add", inner, nodes.constant(1)))


@activation(onnx=_gelu_in_onnx, numpy=True)
def gelu(x: ArrayLike, approximate: bool = False) -> Array:
    """x · Φ(x), Φ the normal distribution (Hendrycks and Gimpel, 2016, arXiv:1606.08415).

    Args:
        x: an array.
        approximate: take the tanh formula for Φ, cheaper and off by less than 0.001.

    >>> gelu([-1.0, 2.0])
    Array([-0.158..., 1.954...], dtype=float32)
    """
    return nonlinear.gelu(x, approximate)


def _clipped(low: float, high: float) -> Callable[[Nodes, str], str]:
    return lambda nodes, x: nodes.op("Clip", x, nodes.constant(low), nodes.constant(high))


_HARD_SIGMOID = node("HardSigmoid", alpha=1 / 6, beta=0.5)

sigmoid = activation(onnx=node("Sigmoid"), numpy=True)(nonlinear.sigmoid)
softplus = activation(onnx=node("Softplus"), numpy=True)(nonlinear.softplus)
softsign = activation(onnx=node("Softsign"), numpy=True)(nonlinear.softsign)
softmax = activation(onnx=node("Softmax", axis=-1), numpy=True)(nonlinear.softmax)
log_softmax = activation(onnx=node("LogSoftmax", axis=-1))(nonlinear.log_softmax)
elu = activation(onnx=node("Elu", alpha=1.0), numpy=True)(nonlinear.elu)
celu = activation(onnx=node("Elu", alpha=1.0))(nonlinear.celu)
selu = activation(
    onnx=node("Selu", alpha=1.6732632423543772, gamma=1.0507009873554805),
    numpy=True,
)(nonlinear.selu)
leaky_relu = activation(onnx=node("LeakyRelu", alpha=0.2), numpy=True)(nonlinear.leaky_relu)
silu = activation(
    "swish", onnx=lambda nodes, x: nodes.op("Mul", x, nodes.op("Sigmoid", x)), numpy=True
)(nonlinear.silu)
hard_sigmoid = activation(onnx=_HARD_SIGMOID)(nonlinear.hard_sigmoid)
hard_silu = activation(
    "hard_swish", onnx=lambda nodes, x: nodes.op("Mul", x, _HARD_SIGMOID(nodes, x))
)(nonlinear.hard_silu)
relu6 = activation(onnx=_clipped(0, 6))(nonlinear.relu6)
hard_tanh = activation(onnx=_clipped(-1, 1))(nonlinear.hard_tanh)
log_sigmoid = activation()(nonlinear.log_sigmoid)
tanh_shrink = activation()(nonlinear.tanh_shrink)
soft_shrink = activation()(nonlinear.soft_shrink)
hard_shrink = activation()(nonlinear.hard_shrink)
threshold = activation()(nonlinear.threshold)
squareplus = activation()(nonlinear.squareplus)
sparse_plus = activation()(nonlinear.sparse_plus)
sparse_sigmoid = activation()(nonlinear.sparse_sigmoid)
glu = activation()(nonlinear.glu)
sparsemax = activation()(nonlinear.sparsemax)


# -- by name --------------------------------------------------------------------------------------

deserialize = family.deserialize


def serialize(activation: Callable[..., Any]) -> str | Config:
    """The name of a built-in activation; the config of another, in Keras's format.

    Raises:
        WrongType: not a function or an object.

    >>> serialize(get("swish"))
    'silu'
    """
    if not callable(activation):
        raise WrongType(
            "`activations.serialize`: bad `activation`.",
            given=repr(activation),
            expected="a function or a layer",
        )
    name = getattr(activation, "__name__", "")
    if family.find(name) is activation:
        return name
    config = family.serialize(activation)
    if isinstance(config, dict) and config.get("class_name") == "function":
        config["config"] = get_registered_name(activation)
    return config


def get(identifier: Identifier) -> Callable[..., Any]:
    """The activation meant by a name, a config, a function, a layer or None (linear).

    Raises:
        ValueError: an unknown name, with the nearest one.

    >>> get("relu")([-1.0, 2.0])
    Array([0., 2.], dtype=float32)
    """
    return linear if identifier is None else family.get(identifier)
