"""A network of McCulloch–Pitts neurons, as the books draw it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import numpy as np

from rosenblatt.logic.network import Network
from rosenblatt.plots.figures import import_pyplot
from rosenblatt.plots.layered import layered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# In points: the diameter of a neuron, gaps within and between columns, the margin, text.
_SIZE, _GAP, _MARGIN, _TEXT = 34.0, (18.0, 52.0), 30.0, 11.0
_APART = 3.5  # of two parallel connections, from the middle
_COLORS = {"input": "#eceff1", "neuron": "#cfe8fc", "output": "#ffe0b2", "edge": "#26323d"}
_INHIBITS = "#b3382c"


def logic_network(network: Network, ax: Axes | None = None) -> Axes:
    """Draw a network of neurons: an arrow for each excitatory connection, a red bar inhibits.

    Inputs are squares, neurons circles with their threshold below, where it is not two; outputs
    have another color. Save it as PNG or SVG with `save_figure`.

    Args:
        network: a network of `rosenblatt.logic`.
        ax: where to draw; axes that fill a new figure if None.

    Returns:
        The axes, in points.

    Reference: A. Géron, Hands-On Machine Learning, 3rd ed., figure 10-3.

    >>> from rosenblatt import logic
    >>> ax = logic_network(logic.and_not())
    >>> [text.get_text() for text in ax.texts], len(ax.patches)
    (['A', 'B', 'C'], 6)
    """
    names = [*network.inputs, *(n.name for n in network.order)]
    arrows = [(c.source, c.target, c.inhibitory) for c in network.connections]
    counts = {arrow: arrows.count(arrow) for arrow in dict.fromkeys(arrows)}
    pairs = [(names.index(a), names.index(b)) for a, b, _ in counts]
    layout = layered([(_SIZE, _SIZE)] * len(names), pairs, _GAP)
    height, width = (side + 2 * _MARGIN for side in layout.size)  # rows become columns
    if ax is None:
        figure = import_pyplot().figure(figsize=(width / 72, height / 72))
        ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    ax.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    places = {n: _at(c) for n, c in zip(names, layout.centers, strict=True)}
    for (a, b, inhibitory), count, bends in zip(counts, counts.values(), layout.bends, strict=True):
        points = [places[a], *map(_at, bends), places[b]]
        _connect(ax, points, count, inhibitory)
    for name in names:
        _draw_node(ax, network, name, places[name])
    return ax


def _at(point: tuple[float, float]) -> np.ndarray:
    return np.array(point[::-1], float) + _MARGIN


def _draw_node(ax: Axes, network: Network, name: str, at: np.ndarray) -> None:
    patches = importlib.import_module("matplotlib.patches")
    kind = "output" if name in network.outputs else "neuron"
    if name in network.inputs:
        kind = "input"
        shape = patches.Rectangle(at - _SIZE / 2, _SIZE, _SIZE)
    else:
        shape = patches.Circle(at, _SIZE / 2)
    shape.set(facecolor=_COLORS[kind], edgecolor=_COLORS["edge"], zorder=3)
    ax.add_patch(shape)
    size = min(_TEXT, 1.5 * _SIZE / max(len(name), 1))
    ax.text(at[0], at[1], name, size=size, ha="center", va="center", zorder=4)
    threshold = {n.name: n.threshold for n in network.neurons}.get(name, 2)
    if threshold != 2:
        note = f"≥ {threshold}" if threshold else "always on"
        ax.text(at[0], at[1] + 0.8 * _SIZE, note, size=0.8 * _TEXT, ha="center", va="center")


def _connect(ax: Axes, points: list[np.ndarray], count: int, inhibitory: bool) -> None:
    """Lines side by side for up to three connections, one line with a number for more."""
    lines = 1 if inhibitory or count > 3 else count
    first, last = points[1] - points[0], points[-1] - points[-2]
    half = _SIZE / 2 + 2
    for i in range(lines):
        shift = (2 * i - lines + 1) * _APART
        path = [p + shift * np.array([0.0, 1.0]) for p in points]
        path[0] = path[0] + half * first / np.hypot(*first)
        path[-1] = path[-1] - half * last / np.hypot(*last)
        _arrow(ax, path, inhibitory)
    if count > 3 and not inhibitory:
        middle = (points[0] + points[1]) / 2
        ax.text(
            middle[0], middle[1], f"×{count}", size=0.8 * _TEXT, ha="center", va="bottom", zorder=4
        )


def _arrow(ax: Axes, points: list[np.ndarray], inhibitory: bool) -> None:
    patches = importlib.import_module("matplotlib.patches")
    path = importlib.import_module("matplotlib.path").Path(points)
    style = "-[,widthB=0.5,lengthB=0" if inhibitory else "-|>"
    color = _INHIBITS if inhibitory else _COLORS["edge"]
    ax.add_patch(
        patches.FancyArrowPatch(
            path=path, arrowstyle=style, mutation_scale=_TEXT, color=color, linewidth=1.3, zorder=2
        )
    )
