"""EarlyStopping: stop when a value no longer gets better."""

from __future__ import annotations

from typing import Any

from rosenblatt.callbacks.monitor import MODE, Watching
from rosenblatt.core.checks import anything, flag, number, optional, text
from rosenblatt.core.printing import say
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import Configured, setting


@builtin("keras.callbacks")
class EarlyStopping(Watching, Configured):
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
    patience: int = setting(number(endless=True), default=0)
    verbose: int = setting(anything, default=0)
    mode: str = setting(MODE, default="auto")
    baseline: float | None = setting(optional(number(endless=True)), default=None)
    restore_best_weights: bool = setting(flag, default=False)
    start_from_epoch: int = setting(number(), default=0)

    state_attributes = ("watch", "wait", "best_epoch", "best_weights")

    def __post_init__(self) -> None:
        """Begin to watch."""
        super().__post_init__()
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start over: an object may be used in several fits."""
        self.watch.reset()
        self.wait = 0
        self.stopped_epoch = 0
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def get_monitor_value(self, logs: dict[str, Any] | None) -> float | None:
        """The value to watch; a subclass may compute another one.

        Args:
            logs: of the epoch.

        Returns:
            The value; None where there is none, which is no epoch without a gain.
        """
        return self.watch.read(logs, self.params, self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compare the epoch's value with the best."""
        value = self.get_monitor_value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.watch.gains(value, self.model):
            self.best_epoch = epoch
            if self.restore_best_weights:
                # Arrays of JAX do not change: holding them costs no copy.
                self.best_weights = [v.value for v in self.model.weights]
            if self.watch.improves(value, self.baseline, self.model):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Restore the best weights, and say where it stopped."""
        if self.stopped_epoch and self.verbose:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                best = self.best_epoch + 1
                say(f"Restoring model weights from the end of the best epoch: {best}.")
            for variable, value in zip(self.model.weights, self.best_weights, strict=True):
                variable.assign(value)
