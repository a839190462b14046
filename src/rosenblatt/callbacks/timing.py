"""Timing: where the time of training goes."""

from __future__ import annotations

import time
from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.checks import anything
from rosenblatt.core.printing import say
from rosenblatt.core.settings import Configured, setting


class Timing(Callback, Configured):
    """Measures each epoch: steps per second, and seconds by part.

    Parts: `data` is waiting for batches, `program` waiting for the compiled steps, `validation` the
    evaluation after an epoch, `callbacks` everybody's hooks, this one's included; what remains is
    Python around them. `saving` is the writing of checkpoints and backups, which goes on while the
    program computes (of an epoch's file: in the epoch after it), so that it may cost nothing.

    Args:
        verbose: 1 prints a line at the end of training.

    Attributes:
        epochs: a dict for each epoch: `seconds`, `steps`, `steps_per_second`, and the parts.

    >>> Timing().epochs
    []
    """

    verbose: int = setting(anything, default=0)

    def __post_init__(self) -> None:
        """Begin without epochs."""
        self.epochs: list[dict[str, float]] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start over: an object may be used in several fits."""
        self.epochs = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._begun = time.perf_counter()
        self._before = dict(self.model.current_run.seconds)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note the epoch's figures."""
        spent = {
            part: seconds - self._before.get(part, 0.0)
            for part, seconds in self.model.current_run.seconds.items()
        }
        seconds = time.perf_counter() - self._begun
        steps = spent.pop("steps", 0.0)
        training = max(seconds - spent.get("validation", 0.0), 1e-9)
        rate = {"seconds": seconds, "steps": steps, "steps_per_second": steps / training}
        self.epochs.append({**rate, **spent})

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Say the figures of the whole training."""
        if self.verbose and self.epochs:
            total = {key: sum(e.get(key, 0.0) for e in self.epochs) for key in self.epochs[0]}
            rate = total.pop("steps") / max(total["seconds"] - total.get("validation", 0.0), 1e-9)
            total.pop("steps_per_second")
            parts = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in total.items())
            say(f"{rate:,.0f} steps/s; {parts}")
