"""The activation functions and their derivatives: those of a first course, and all there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt import activations
from rosenblatt.activations.functions import family
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import ArrayLike
from rosenblatt.plots.figures import new_axes

FIRST_COURSE = ("heaviside", "sigmoid", "tanh", "relu", "softplus")
_OF_SEVERAL = ("glu", "log_softmax", "softmax", "sparsemax")  # no functions of one number
_OTHER_NAMES = ("hard_swish", "swish")
OF_ONE_NUMBER = tuple(sorted(set(family.parts) - {*_OF_SEVERAL, *_OTHER_NAMES, "threshold"}))
_COLUMNS = 6


def _function(name: str) -> Callable[[Any], Any]:
    if name in _OF_SEVERAL or name == "threshold":
        raise BadArgument(
            f"The activation {name!r} is not a function of one number alone.",
            expected=f"one of {', '.join(OF_ONE_NUMBER)}",
        )
    return activations.get(name)


def activation_table(
    z: ArrayLike, names: Sequence[str] = FIRST_COURSE
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Values and derivatives of activations: heaviside, sigmoid, tanh, ReLU, softplus, or others.

    Args:
        z: (count,) points.
        names: which activations.

    Returns:
        A function's name to its values and its derivatives, (count,) each; the derivatives are
        found by automatic differentiation.

    Raises:
        ValueError: an unknown name, or an activation of several numbers at once.

    >>> values, slopes = activation_table([0.0])["sigmoid"]
    >>> values.tolist(), slopes.tolist()
    ([0.5], [0.25])
    """
    points = jnp.asarray(z, "float32")
    functions = {name: _function(name) for name in names}
    return {
        name: (np.asarray(f(points)), np.asarray(jax.vmap(jax.grad(f))(points)))
        for name, f in functions.items()
    }


def _points(limit: float) -> np.ndarray:
    """An even number of points: none of them on the jump at 0."""
    return np.linspace(-limit, limit, 400, dtype="float32")


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
    z = _points(limit)
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


def activation_gallery(names: Sequence[str] = OF_ONE_NUMBER, limit: float = 4.0) -> Any:
    """Draw a table of activations, each with its derivative (dashed) on axes of its own.

    Args:
        names: which activations; all functions of one number unless told otherwise.
        limit: from -limit to limit.

    Returns:
        The axes, (rows, columns).

    Raises:
        ValueError: an unknown name, or an activation of several numbers at once.

    >>> [ax.get_title() for ax in activation_gallery(["relu", "elu"]).flat]
    ['relu', 'elu']
    """
    z = _points(limit)
    table = activation_table(z, names)
    columns = min(_COLUMNS, len(table))
    rows = -(-len(table) // columns)
    axes = new_axes(2.2 * columns, 2.0 * rows, rows, columns)
    for ax in axes.flat[len(table) :]:
        ax.set_axis_off()
    for ax, (name, (values, slopes)) in zip(axes.flat, table.items(), strict=False):
        ax.plot(z, values, label=name)
        ax.plot(z, slopes, linestyle="--", label="derivative")
        ax.set(title=name, ylim=(-1.6, 2.4))
        ax.grid(visible=True, alpha=0.3)
    return axes
