"""The steps of threshold units, and what may stand in for their derivatives."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from rosenblatt.activations.functions import activation
from rosenblatt.core.errors import BadArgument, nearest
from rosenblatt.core.types import Array, ArrayLike
from rosenblatt.ops import elementwise
from rosenblatt.ops.define import as_float, op

Slope = Callable[[Array], Array]
Surrogate = str | Slope | None


def _sigmoid_slope(x: Array) -> Array:
    p = jax.nn.sigmoid(x)
    return p * (1 - p)


SURROGATES: dict[str, Slope] = {
    "straight_through": jnp.ones_like,
    "sigmoid": _sigmoid_slope,
    "triangle": lambda x: jnp.maximum(1 - jnp.abs(x), 0),
}


def _stepped(step: Slope, x: Array, surrogate: Surrogate, name: str) -> Array:
    """A step, with the derivative that a surrogate gives."""
    if surrogate is None:
        return step(as_float(x))
    slope = SURROGATES.get(surrogate) if isinstance(surrogate, str) else surrogate
    if not callable(slope):
        raise BadArgument(
            f"{name}: unknown surrogate.",
            given=repr(surrogate),
            fix=f"{nearest(str(surrogate), SURROGATES)} Or pass a function of x that gives the "
            "derivative.",
        )
    function = jax.custom_jvp(step)
    function.defjvp(lambda xs, ts: (step(xs[0]), slope(xs[0]) * ts[0]))
    return function(as_float(x))


@op(module="rosenblatt.activations", name="heaviside")
def _heaviside(x: Array, surrogate: Surrogate = None) -> Array:
    return _stepped(lambda z: jnp.heaviside(z, jnp.ones((), z.dtype)), x, surrogate, "heaviside")


@op(module="rosenblatt.activations", name="sign")
def _sign(x: Array, surrogate: Surrogate = None) -> Array:
    return _stepped(jnp.sign, x, surrogate, "sign")


@activation()
def heaviside(x: ArrayLike, surrogate: Surrogate = None) -> Array:
    """0 where x < 0, 1 elsewhere: the step of a threshold unit.

    Its derivative is 0, so a network with it does not learn by gradients, unless a surrogate
    stands in for the derivative. Keras has no such activation: a file that names it is ours alone.

    Args:
        x: an array.
        surrogate: what the backward pass takes for the derivative: "straight_through" 1 (Bengio
            et al., 2013, arXiv:1308.3432), "sigmoid" σ(x)(1 − σ(x)), "triangle" max(0, 1 − |x|)
            (Neftci et al., 2019, arXiv:1901.09948), or a function of x. None: 0.

    Returns:
        An array of x's shape.

    Raises:
        ValueError: an unknown surrogate.

    >>> heaviside([-1.0, 0.0, 2.0])
    Array([0., 1., 1.], dtype=float32)
    >>> jax.grad(lambda x: heaviside(x, surrogate="triangle"))(0.25)
    Array(0.75, dtype=float32...)
    """
    return _heaviside(x, surrogate)


@activation()
def sign(x: ArrayLike, surrogate: Surrogate = None) -> Array:
    """−1, 0 or +1, the other step of a threshold unit.

    Keras has no such activation (its `ops.sign` is the same): a file that names it is ours alone.

    Args:
        x: an array.
        surrogate: as for `heaviside`.

    Returns:
        An array of x's shape.

    Raises:
        ValueError: an unknown surrogate.

    >>> sign([-3.0, 0.0, 2.0])
    Array([-1.,  0.,  1.], dtype=float32)
    """
    return elementwise.sign(x) if surrogate is None else _sign(x, surrogate)
