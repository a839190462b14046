"""Axes that a layer was given, against the shape of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rosenblatt.core.errors import BadArgument

if TYPE_CHECKING:
    from rosenblatt.layers.base import Layer


def axes_over(layer: Layer, axis: int | Sequence[int], shape: Sequence[Any]) -> tuple[int, ...]:
    """The axes over which a layer works, counted from 0 and in order.

    A layer that works over the rows of a batch is marked: its batches are never padded.

    Args:
        layer: the layer.
        axis: what it was given.
        shape: the shape of its inputs.

    Raises:
        ValueError: an axis that the shape does not have, or one given twice.
    """
    rank = len(shape)
    given = tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)
    where = f"Layer {layer.name!r} ({type(layer).__name__})"
    for one in given:
        if not -rank <= one < rank:
            raise BadArgument(
                f"{where}: axis {one} does not exist.",
                given=f"input shape {tuple(shape)}",
                expected=f"an axis from {-rank} to {rank - 1}",
            )
    axes = tuple(sorted({one % rank for one in given}))
    if len(axes) < len(given):
        raise BadArgument(
            f"{where}: an axis is given twice.",
            given=f"axis={axis}, input shape {tuple(shape)}",
        )
    if axes[0] == 0:
        layer.row_independent = False
    return axes
