"""Where a call of `fit` stands: what it takes, beside the variables, to resume it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rosenblatt.data.contract import Position, Source

if TYPE_CHECKING:
    from rosenblatt.training.fit import Hooks


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
        logs: the metrics of the last epoch.
        seconds: steps of training, and seconds by part, added up: see `callbacks.Timing`.
    """

    source: Source
    hooks: Hooks
    epoch: int = 0
    step: int = 0
    completed: bool = False
    logs: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

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
