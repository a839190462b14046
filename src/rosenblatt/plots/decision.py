"""What a classifier of two features decides, over its data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import ArrayLike
from rosenblatt.plots.figures import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 200  # of the grid, along each axis
_MARKERS = "os^DvP*X"


def decision_boundary(
    classifier: Any,
    X: ArrayLike,
    y: ArrayLike,
    ax: Axes | None = None,
    *,
    names: Sequence[str] = ("x1", "x2"),
    margin: bool = True,
) -> Axes:
    """Draw the regions of a classifier's classes, the line between them, and the data.

    Args:
        classifier: anything fitted that has `predict`: an estimator, or a model whose outputs are
            probabilities. It may have `decision_function`, which is 0 on the boundary of two
            classes, for a margin.
        X: (rows, 2) features.
        y: (rows,) labels; numbers 0, 1, … for a model.
        ax: where to draw; new axes if None.
        names: of the features.
        margin: dashed lines where the decision is as near as at the nearest row on its right side;
            for two classes only.

    Returns:
        The axes.

    Raises:
        ValueError: not two features.

    >>> class Right:
    ...     def predict(self, x):
    ...         return x[:, 0] > 0
    >>> ax = decision_boundary(Right(), [[-1.0, 0.0], [1.0, 0.0]], [False, True])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['False', 'True']
    """
    x, y = np.asarray(X, float), np.asarray(y)
    if x.ndim != 2 or x.shape[1] != 2:
        raise BadArgument(
            "decision_boundary: draws data of two features.",
            given=f"shape {x.shape}",
            expected="(rows, 2)",
            fix="choose two columns and fit a classifier on them.",
        )
    if ax is None:
        ax = new_axes(7, 5)[0, 0]
    classes = np.unique(y)
    across, up = (_axis(x[:, i]) for i in (0, 1))
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    flat = grid.reshape(-1, 2)
    region = _classes_at(classifier, flat, classes).reshape(grid.shape[:2])
    colors = [f"C{i % 10}" for i in range(len(classes))]
    levels = np.arange(len(classes) + 1) - 0.5
    ax.contourf(across, up, region, levels=levels, colors=colors, alpha=0.15)
    decide = getattr(classifier, "decision_function", None)
    if decide is not None and len(classes) == 2:
        _lines(ax, decide, x, y == classes[1], (across, up, flat), margin)
    else:
        # Between the grid's points that have different classes.
        for i in range(1, len(classes)):
            if 0 < (region == i).sum() < region.size:
                ax.contour(across, up, region == i, levels=[0.5], colors="black", linewidths=1)
    for i, label in enumerate(classes):
        rows = x[y == label]
        ax.plot(*rows.T, _MARKERS[i % len(_MARKERS)], color=colors[i], ms=5, label=str(label))
    ax.set(xlabel=names[0], ylabel=names[1])
    ax.legend()
    return ax


def _axis(values: np.ndarray) -> np.ndarray:
    beyond = 0.15 * (np.ptp(values) or 1.0)
    return np.linspace(values.min() - beyond, values.max() + beyond, _POINTS)


def _classes_at(classifier: Any, points: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The numbers of the predicted classes, -1 for one that the data do not have."""
    quiet = {"verbose": 0} if hasattr(classifier, "layers") else {}
    found = np.asarray(classifier.predict(points, **quiet))
    if found.ndim == 2:  # a model's probabilities
        return (found[:, 0] > 0.5).astype(int) if found.shape[1] == 1 else found.argmax(axis=1)
    place = np.clip(np.searchsorted(classes, found), 0, len(classes) - 1)
    return np.where(classes[place] == found, place, -1)


def _lines(
    ax: Axes,
    decide: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    positive: np.ndarray,
    grid: Sequence[np.ndarray],
    margin: bool,
) -> None:
    """The boundary, and dashed lines through the nearest rows that are on their side."""
    across, up, flat = grid
    values = np.asarray(decide(flat)).reshape(len(up), len(across))
    if not values.min() < 0 < values.max():
        return
    ax.contour(across, up, values, levels=[0.0], colors="black", linewidths=1.5)
    right = np.asarray(decide(x)) * np.where(positive, 1, -1)
    if margin and (right > 0).any():
        near = right[right > 0].min()
        ax.contour(
            across, up, values, levels=[-near, near], colors="black", linestyles="--", linewidths=1
        )


def weight_path(
    history: Any, ax: Axes | None = None, *, names: Sequence[str] | None = None
) -> Axes:
    """Draw weights against steps of training.

    Args:
        history: (steps, weights): what was copied after each step.
        ax: where to draw; new axes if None.
        names: of the weights.

    Returns:
        The axes.

    Raises:
        ValueError: not of two dimensions, or not as many names as weights.

    >>> ax = weight_path([[0.0, 0.0], [1.0, -1.0]], names=["w1", "b"])
    >>> [line.get_label() for line in ax.get_lines()]
    ['w1', 'b']
    """
    paths = np.asarray(history, float)
    if paths.ndim != 2 or (names is not None and len(names) != paths.shape[1]):
        raise BadArgument(
            "weight_path: bad `history`.",
            given=f"shape {paths.shape}" + (f" and {len(names)} names" if names else ""),
            expected="(steps, weights), and a name for each weight",
        )
    if ax is None:
        ax = new_axes(7, 4)[0, 0]
    for i, path in enumerate(paths.T):
        ax.step(np.arange(len(path)), path, where="post", label=names[i] if names else f"w{i + 1}")
    ax.set(xlabel="Step", ylabel="Weight")
    ax.grid(visible=True, alpha=0.3)
    ax.legend()
    return ax
