"""EarlyStopping: stop when a value no longer gets better."""

from __future__ import annotations

from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.callbacks.monitor import Monitor
from rosenblatt.core.checks import anything, choice, flag, number, optional, text
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import Configured, setting


@builtin("keras.callbacks")
class EarlyStopping(Callback, Configured):
    """Stops training when a value has stopped getting better.

    Prechelt, "Early stopping – but when?", 1998.

    Args:
        monitor: the log entry to watch.
        min_delta: a smaller gain does not count.
        patience: epochs without a gain to wait for.
        verbose: 1 tells when it stops.
        mode: "min", "max", or "auto": by the metric of that name.
        baseline: a value to beat.
        restore_best_weights: give the model the weights of its best epoch at the end of training,
            whatever ended it.
        start_from_epoch: epochs to wait before watching.
    """

    monitor: str = setting(text, default="val_loss")
    min_delta: float = setting(number(), default=0)
    patience: int = setting(number(), default=0)
    verbose: int = setting(anything, default=0)
    mode: str = setting(choice("min", "max", "auto"), default="auto")
    baseline: float | None = setting(optional(number()), default=None)
    restore_best_weights: bool = setting(flag, default=False)
    start_from_epoch: int = setting(number(), default=0)

    state_attributes = ("watch", "wait", "best_epoch", "best_weights")

    def __post_init__(self) -> None:
        """Begin to watch."""
        self.watch = Monitor("EarlyStopping", self.monitor, self.mode, self.min_delta)
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start over: an object may be used in several fits."""
        self.watch.reset()
        self.wait = 0
        self.stopped_epoch = 0
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    @property
    def best(self) -> float | None:
        """The best value so far."""
        return self.watch.best

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compare the epoch's value with the best."""
        value = self.watch.read(logs, self.params)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.watch.gains(value, self.model):
            self.best_epoch = epoch
            if self.restore_best_weights:
                # Arrays of JAX do not change: holding them costs no copy.
                self.best_weights = [v.value for v in self.model.weights]
            direction = self.watch.find_direction(self.model)
            if self.baseline is None or direction.better(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Restore the best weights, and say where it stopped."""
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")  # noqa: T201
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                print(f"Restoring the weights of epoch {self.best_epoch + 1}.")  # noqa: T201
            for variable, value in zip(self.model.weights, self.best_weights, strict=True):
                variable.assign(value)
