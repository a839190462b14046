"""Learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.scalars import as_number
from rosenblatt.plots.figures import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_VALIDATION = "val_"
# What a scheduler records beside the losses and metrics is on another scale.
_NOT_CURVES = ("learning_rate", "lr")


def learning_curves(
    history: Any, ax: Axes | None = None, names: Sequence[str] | None = None
) -> Axes:
    """Draw losses and metrics against epochs, training as lines and validation as dashes.

    A training figure is the mean over an epoch while the weights change, a validation figure is
    measured at its end; so training points stand half an epoch earlier, and the two curves can be
    compared.

    Args:
        history: what `fit` returned, or a dict of a name to its values, one an epoch.
        ax: where to draw; new axes if None.
        names: the losses and metrics to draw, e.g. `["loss"]`; all if None.

    Returns:
        The axes.

    Raises:
        ValueError: nothing to draw, or a name that is not in the history.

    Reference: A. Géron, Hands-On Machine Learning, 3rd ed., chapter 10 (the half epoch).

    >>> ax = learning_curves({"loss": [0.9, 0.5], "val_loss": [0.7, 0.6]})
    >>> [line.get_label() for line in ax.get_lines()]
    ['loss', 'val_loss']
    >>> ax.get_lines()[0].get_xdata().tolist(), ax.get_lines()[1].get_xdata().tolist()
    ([0.5, 1.5], [1.0, 2.0])
    """
    curves: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    shown = _names(curves, names)
    if ax is None:
        ax = new_axes(8, 5)[0, 0]
    for index, name in enumerate(shown):
        for key, shift, style in ((name, 0.5, "-"), (_VALIDATION + name, 1.0, "--")):
            if key in curves:
                _draw(ax, key, curves[key], shift, style, f"C{index}")
    ax.set_xlabel("Epoch")
    ax.set_xlim(left=0)
    ax.locator_params(axis="x", integer=True)
    ax.grid(visible=True, alpha=0.3)
    ax.legend()
    return ax


def _names(curves: Mapping[str, Sequence[float]], names: Sequence[str] | None) -> list[str]:
    """The names to draw, without the prefix of validation figures, each once."""
    known = dict.fromkeys(name.removeprefix(_VALIDATION) for name in curves)
    chosen = [name for name in known if name not in _NOT_CURVES] if names is None else list(names)
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        raise BadArgument(
            "learning_curves: nothing to draw."
            if not chosen
            else f"learning_curves: the history has no {unknown[0]!r}.",
            given=sorted(curves),
            expected="a history of at least one epoch" if not chosen else None,
        )
    return chosen


def _draw(
    ax: Axes, key: str, values: Sequence[float], shift: float, style: str, color: str
) -> None:
    epochs = [index + shift for index in range(len(values))]
    # A single epoch is a point: a line through it would be invisible.
    marker = "o" if len(values) == 1 else None
    ax.plot(
        epochs, [as_number(value) for value in values], style, color=color, marker=marker, label=key
    )
