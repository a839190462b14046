"""Making axes where the caller gave none, and saving figures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rosenblatt.core.errors import require
from rosenblatt.core.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def import_pyplot() -> Any:
    """matplotlib.pyplot, or an error that says how to install it."""
    return require("matplotlib.pyplot", "rosenblatt[plots]", "plots")


def new_axes(width: float, height: float, rows: int = 1, columns: int = 1) -> Any:
    """Axes of a new pyplot figure, so that `plt.show()` and notebooks display them.

    Args:
        width, height: size in inches.
        rows, columns: how many axes.

    Returns:
        An array of (rows, columns) `Axes`.
    """
    plt = import_pyplot()
    size = (width, height)
    return plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)[1]


def save_figure(drawn: Axes | Figure, path: str | os.PathLike[str], dpi: int = 120) -> Path:
    """Save the figure that axes belong to, whole or not at all, and close it.

    Args:
        drawn: `Axes`, as the functions of this package return them, or a `Figure`.
        path: the file; its ending says the format (.png, .svg, .pdf). Folders are made.
        dpi: pixels per inch.

    Returns:
        The path.

    Raises:
        OSError: the file cannot be written.
        ValueError: an ending that matplotlib does not know.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_figure(new_axes(2, 2)[0, 0], Path(folder) / "empty.png").name
    'empty.png'
    """
    figure: Any = getattr(drawn, "figure", None) or drawn
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(path) as part:
            figure.savefig(part, dpi=dpi)
    finally:
        import_pyplot().close(figure)
    return path
