"""TerminateOnNaN: stop when the loss is no longer a number."""

from __future__ import annotations

import math
from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.errors import explain
from rosenblatt.core.printing import say
from rosenblatt.core.registry import builtin
from rosenblatt.core.scalars import as_number


@builtin("keras.callbacks")
class TerminateOnNaN(Callback):
    """Stops training when the loss becomes NaN or infinite.

    The loss is looked at about ten times a second and at the end of each epoch: a running mean that
    was NaN once stays so.

    Args:
        raise_error: raise a `RuntimeError` instead, so that training ends at once.
    """

    only_looks = True

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error

    def on_progress(self, phase: str, step: int, logs: dict[str, float]) -> None:
        """Look at the loss so far."""
        loss = logs.get("loss")
        if phase == "train" and loss is not None and not math.isfinite(as_number(loss)):
            if self.raise_error:
                raise RuntimeError(
                    explain(
                        f"TerminateOnNaN: batch {step}: the loss is {loss}.",
                        fix="lower the learning rate, or look for NaN in the data.",
                    )
                )
            if not self.model.stop_training:
                say(f"Batch {step}: Invalid loss, terminating training")
            self.model.stop_training = True

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the loss of a batch, for loops that a user writes."""
        self.on_progress("train", batch, logs or {})

    # In `fit` each batch is looked at by `on_progress`: training need not go step by step.
    on_batch_end.is_done_by_progress = True  # type: ignore[attr-defined]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the loss of the epoch."""
        self.on_progress("train", int(self.params.get("steps") or 0), logs or {})
