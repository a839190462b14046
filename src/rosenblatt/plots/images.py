"""Images in a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import ArrayLike
from rosenblatt.plots.figures import new_axes


def image_grid(
    images: ArrayLike, titles: Sequence[str] | None = None, columns: int = 10, axes: Any = None
) -> Any:
    """Show images side by side, each under its title.

    Args:
        images: (count, height, width) grey, or (count, height, width, 3 or 4) colour; uint8, or
            floats from 0 to 1.
        titles: one for each image.
        columns: images in a row.
        axes: (rows, columns) `Axes` to draw on; new ones if None.

    Returns:
        The array of axes.

    Raises:
        ValueError: images of another shape, or a different number of titles.

    >>> image_grid(np.zeros((3, 8, 8)), ["a", "b", "c"], columns=2).shape
    (2, 2)
    """
    pixels = np.asarray(images)
    if pixels.ndim not in (3, 4) or not len(pixels):
        raise BadArgument(
            "image_grid: bad `images`.",
            given=f"shape {pixels.shape}",
            expected="(count, height, width) or (count, height, width, channels), count ≥ 1",
        )
    if titles is not None and len(titles) != len(pixels):
        raise BadArgument(
            "image_grid: one title for each image.",
            given=f"{len(titles)} titles",
            expected=len(pixels),
        )
    if axes is None:
        columns = min(columns, len(pixels))
        rows = math.ceil(len(pixels) / columns)
        axes = new_axes(1.2 * columns, 1.4 * rows, rows, columns)
    for ax in axes.flat:
        ax.axis("off")
    for index, (ax, image) in enumerate(zip(axes.flat, pixels, strict=False)):
        ax.imshow(image, cmap="binary", interpolation="nearest")
        if titles is not None:
            ax.set_title(titles[index], fontsize=8)
    return axes
