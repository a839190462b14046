"""A dense network drawn with its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.plots.figures import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_UNITS = 12  # drawn of a layer
_COLORS = {True: "#1f6fb4", False: "#b3382c"}


def network_weights(network: Any, ax: Axes | None = None, *, numbers: bool | None = None) -> Axes:
    """Draw the units of a dense network and its weights: blue above 0, red below, wide where large.

    Of a layer with more than 12 units the first 12 are drawn.

    Args:
        network: a model whose layers have kernels of two dimensions, an estimator with `coefs_` and
            `intercepts_`, or with `coef_` and `intercept_`, or a list of (kernel, bias).
        ax: where to draw; new axes if None.
        numbers: write weights on the lines and biases into the units; for small networks if None.

    Returns:
        The axes.

    Raises:
        ValueError: nothing of the kind.

    >>> ax = network_weights([([[1.0], [-2.0]], [0.5])])
    >>> [text.get_text() for text in ax.texts]
    ['1', '-2', 'x1', 'x2', '0.5']
    """
    layers = _kernels(network)
    if ax is None:
        ax = new_axes(2.2 * len(layers) + 2, 5)[0, 0]
    sizes = [len(layers[0][0]), *(kernel.shape[1] for kernel, _ in layers)]
    shown = [min(size, _MOST_UNITS) for size in sizes]
    places = [np.arange(count) - (count - 1) / 2 for count in shown]
    if numbers is None:
        numbers = sum(kernel.size for kernel, _ in layers) <= 24
    for i, (kernel, _) in enumerate(layers):
        part = kernel[: shown[i], : shown[i + 1]]
        largest = np.abs(part).max() or 1.0
        for (a, b), weight in np.ndenumerate(part):
            ends = (-places[i][a], -places[i + 1][b])
            width = 0.3 + 3 * abs(weight) / largest
            ax.plot((i, i + 1), ends, color=_COLORS[weight >= 0], lw=width, alpha=0.7, zorder=1)
            if numbers:  # nearer to the source, where lines are apart
                at = (i + 0.3, 0.7 * ends[0] + 0.3 * ends[1])
                box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
                ax.text(*at, f"{weight:.3g}", size=8, ha="center", va="center", bbox=box)
    for i, units in enumerate(places):
        ax.scatter([i] * len(units), -units, s=700, color="#eceff1", edgecolor="#26323d", zorder=2)
        texts = [f"x{j + 1}" for j in range(len(units))] if i == 0 else []
        if i and numbers:
            texts = [f"{bias:.3g}" for bias in layers[i - 1][1][: len(units)]]
        for place, text in zip(units, texts, strict=False):
            ax.text(i, -place, text, size=9, ha="center", va="center", zorder=3)
        if sizes[i] > shown[i]:
            ax.text(i, -units[-1] - 0.7, f"… {sizes[i]} in all", size=9, ha="center")
    ax.set_axis_off()
    ax.margins(0.15)
    return ax


def _kernels(network: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """(inputs, units) kernels and (units,) biases, from the first layer to the last."""
    if hasattr(network, "coefs_"):
        pairs = list(zip(network.coefs_, network.intercepts_, strict=True))
    elif hasattr(network, "coef_"):
        pairs = [(np.atleast_2d(network.coef_).T, np.atleast_1d(network.intercept_))]
    elif hasattr(network, "layers"):
        weights = [layer.get_weights() for layer in network.layers]
        pairs = [(w[0], w[1] if len(w) > 1 else None) for w in weights if w and w[0].ndim == 2]
    else:
        pairs = list(network) if isinstance(network, (list, tuple)) else []
    if not pairs:
        raise BadArgument(
            "network_weights: found no weights to draw.",
            given=type(network).__name__,
            expected="a built model of dense layers, a fitted estimator, or (kernel, bias)s",
        )
    arrays = [(np.asarray(k, float), b) for k, b in pairs]
    return [(k, np.zeros(k.shape[1]) if b is None else np.asarray(b, float)) for k, b in arrays]
