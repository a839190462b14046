"""LearningCurves: a picture of losses and metrics, drawn anew as training goes on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from rosenblatt import plots
from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.scalars import as_number


class LearningCurves(Callback):
    """Draws the learning curves into a file after epochs; the file is always a whole picture.

    Needs the extra `plots` (matplotlib).

    Args:
        filepath: the picture; its ending says the format (.png, .svg, .pdf).
        every: epochs between two drawings; the last epoch is always drawn.
        names: the losses and metrics to draw; all if None.

    >>> LearningCurves("curves.png", every=5).every
    5
    """

    def __init__(self, filepath: Any, every: int = 1, names: Sequence[str] | None = None):
        super().__init__()
        self.filepath = os.fspath(filepath)
        self.every = every
        self.names = names
        self.curves: dict[str, list[float]] = {}
        self._drawn = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start anew: an object may serve several fits."""
        self.curves = {}
        self._drawn = 0

    def get_state(self) -> dict[str, Any]:
        """The curves so far."""
        return {"curves": self.curves}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take them back."""
        self.curves = dict(state["curves"])

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
