"""The activation functions of a first course, and their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt import activations
from rosenblatt.plots.figures import new_axes


def _heaviside(z: Any) -> Any:
    return jnp.heaviside(z, 1.0)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "heaviside": _heaviside,
    "sigmoid": activations.sigmoid,
    "tanh": activations.tanh,
    "relu": activations.relu,
    "softplus": activations.softplus,
}


def activation_table(z: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Values and derivatives of heaviside, sigmoid, tanh, ReLU and softplus.

    Args:
        z: (count,) points.

    Returns:
        A function's name to its values and its derivatives, (count,) each; the derivatives are
        found by automatic differentiation.

    >>> values, slopes = activation_table([0.0])["sigmoid"]
    >>> values.tolist(), slopes.tolist()
    ([0.5], [0.25])
    """
    points = jnp.asarray(z, "float32")
    return {
        name: (np.asarray(f(points)), np.asarray(jax.vmap(jax.grad(f))(points)))
        for name, f in FUNCTIONS.items()
    }


def activation_functions(axes: Any = None, limit: float = 4.0) -> Any:
    """Draw the functions on one pair of axes and their derivatives on the next.

    Args:
        axes: two `Axes`; new ones if None.
        limit: from -limit to limit.

    Returns:
        The two axes.

    Reference: A. Géron, Hands-On Machine Learning, 3rd ed., figure 10-8.

    >>> [ax.get_title() for ax in activation_functions()]
    ['Activation functions', 'Derivatives']
    """
    left, right = new_axes(11, 4, 1, 2)[0] if axes is None else axes
    # An even number of points: none of them on the jump at 0.
    z = np.linspace(-limit, limit, 400, dtype="float32")
    for name, (values, slopes) in activation_table(z).items():
        style = {"linestyle": "--" if name in ("heaviside", "softplus") else "-", "label": name}
        left.plot(z, values, **style)
        right.plot(z, slopes, **style)
    left.set(title="Activation functions", xlabel="z", ylim=(-1.2, 2.5))
    right.set(title="Derivatives", xlabel="z", ylim=(-0.1, 1.2))
    for ax in (left, right):
        ax.grid(visible=True, alpha=0.3)
        ax.legend()
    return np.array([left, right])
