"""History: what `fit` returns."""

from __future__ import annotations

from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.registry import builtin


@builtin("keras.callbacks")
class History(Callback):
    """Metrics by epoch.

    Attributes:
        history: name to list of values, one per epoch.
        epoch: numbers of the epochs.
        params: `epochs`, `steps`, `verbose` of the call.
    """

    state_attributes = ("history", "epoch")

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start over."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add an epoch's values."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self
