"""LearningCurves: a picture of losses and metrics, drawn again and again while training runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rosenblatt import plots
from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.checks import anything, number, path
from rosenblatt.core.scalars import as_number
from rosenblatt.core.settings import Configured, setting
from rosenblatt.core.types import PathLike


class LearningCurves(Callback, Configured):
    """Draws the learning curves into a file after epochs; the file is always a whole picture.

    Needs the extra `plots` (matplotlib).

    Args:
        filepath: the picture; its ending says the format (.png, .svg, .pdf).
        every: epochs between two drawings; the last epoch is always drawn.
        names: the losses and metrics to draw; all if None.

    >>> LearningCurves("curves.png", every=5).every
    5
    """

    is_for_main = True

    filepath: PathLike = setting(path)
    every: int = setting(number(), default=1)
    names: Sequence[str] | None = setting(anything, default=None)

    state_attributes = ("curves",)

    def __post_init__(self) -> None:
        """Begin without curves."""
        self.curves: dict[str, list[float]] = {}
        self._drawn = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start over: an object may be used in several fits."""
        self.curves, self._drawn = {}, 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the epoch's values, and draw where it is time."""
        for name, value in (logs or {}).items():
            self.curves.setdefault(name, []).append(as_number(value))
        if self._epochs() % self.every == 0:
            self._draw()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Draw what is not yet drawn."""
        if self._epochs() > self._drawn:
            self._draw()

    def _epochs(self) -> int:
        return max((len(values) for values in self.curves.values()), default=0)

    def _draw(self) -> None:
        plots.save_figure(plots.learning_curves(self.curves, names=self.names), self.filepath)
        self._drawn = self._epochs()
