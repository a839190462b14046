"""Where a training run stands: what has to be known, beside the variables, to go on with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rosenblatt.data.contract import Position, Source


class RunPosition(Position):
    """Where a run stands: batches of an epoch that are done, and the order of the rows."""

    epoch: int
    step: int


@dataclass
class Run:
    """A call of `fit`, as callbacks see it in `model.current_run` while it lasts.

    Attributes:
        source: the training data.
        hooks: the callbacks.
        epoch: the epoch that runs, or is next.
        step: batches of that epoch already done.
        completed: whether training came to its end by itself, not by an error or Ctrl-C.
        seconds: steps of training, and seconds by part, added up: see `callbacks.Timing`.
    """

    source: Source
    hooks: Any
    epoch: int = 0
    step: int = 0
    completed: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def position(self) -> RunPosition:
        """Epoch, step, and what the order of the rows depends on, as plain data."""
        return {"epoch": self.epoch, "step": self.step, **self.source.position}

    def go_to(self, position: RunPosition) -> None:
        """Continue from a position.

        Raises:
            ValueError: it is one of other data.
        """
        self.source.resume(position)
        self.epoch, self.step = position["epoch"], position["step"]
