"""A layer of threshold logic units."""

from __future__ import annotations

from typing import Any

from rosenblatt import activations
from rosenblatt.core.checks import one_of
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import setting
from rosenblatt.layers.arguments import POSITIVE
from rosenblatt.layers.dense import Dense

_STEPS = (activations.heaviside, activations.sign)


@builtin("rosenblatt.layers")
class TLULayer(Dense):
    """Threshold logic units, all connected to all inputs: h(X) = φ(XW + b), φ being a step.

    It does not learn by gradients, which are 0: give it weights, or those of a fitted
    `sklearn.Perceptron`, `layer.set_weights([p.coef_.T, p.intercept_])`. Keras has no such layer: a
    file with it is for this library alone.

    Args:
        units: number of units.
        activation: "heaviside" (0 below 0, 1 from 0 on) or "sign" (−1, 0, 1).
        kwargs: those of `Dense`.

    Inputs of shape (batch, …, features) give outputs of shape (batch, …, units).

    Raises:
        ValueError: an activation that is no step.

    Reference: F. Rosenblatt, "The perceptron", 1958; A. Géron, Hands-On Machine Learning, 3rd ed.,
    equations 10-1 and 10-2.

    >>> import numpy as np
    >>> both = TLULayer(1, kernel_initializer="ones")
    >>> x = np.array([[0, 0], [0, 1], [1, 1]], "float32")
    >>> both(x)[:, 0]
    Array([1., 1., 1.], dtype=float32)
    >>> both.set_weights([np.ones((2, 1)), [-1.5]])
    >>> both(x)[:, 0]
    Array([0., 0., 1.], dtype=float32)
    """

    units: int = setting(POSITIVE)
    activation: Any = setting(one_of(activations), default="heaviside")

    def __post_init__(self) -> None:
        """Refuse what is no step."""
        super().__post_init__()
        if self.activation not in _STEPS:
            raise BadArgument(
                "TLULayer: `activation` is no step.",
                given=repr(activations.serialize(self.activation)),
                expected="'heaviside' or 'sign'",
                fix="`Dense` takes any activation, also steps with a surrogate derivative.",
            )
