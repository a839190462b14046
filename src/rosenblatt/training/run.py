"""Where a training run stands: what has to be known, beside the variables, to go on with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rosenblatt.core.errors import explain


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

    source: Any
    hooks: Any
    epoch: int = 0
    step: int = 0
    completed: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def position(self) -> dict[str, Any]:
        """Epoch, step, and what the order of the rows depends on, as plain data."""
        source = self.source
        return {
            "epoch": self.epoch,
            "step": self.step,
            "seed": source.seed,
            "rows": getattr(source, "n_rows", None),
            "batch_size": getattr(source, "batch_size", None),
        }

    def go_to(self, position: dict[str, Any]) -> None:
        """Continue from a position.

        Raises:
            ValueError: it is one of other data.
        """
        for key, what in (("rows", "rows"), ("batch_size", "rows in a batch")):
            now = getattr(self.source, "n_rows" if key == "rows" else key, None)
            if position[key] != now:
                raise ValueError(
                    explain(
                        f"The run to go on with had another number of {what}.",
                        given=f"{now} now, {position[key]} then",
                        fix="pass the same data and batch size, or another folder to start anew.",
                    )
                )
        self.epoch, self.step = position["epoch"], position["step"]
        self.source.seed = position["seed"]
