"""EarlyStopping: stop when a value no longer gets better."""

from __future__ import annotations

from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.callbacks.monitor import Monitor
from rosenblatt.core.registry import builtin


@builtin("keras.callbacks")
class EarlyStopping(Callback):
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

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ):
        super().__init__()
        self.watch = Monitor("EarlyStopping", monitor, mode, min_delta)
        self.monitor = monitor
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start anew: an object may serve several fits."""
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
        self.watch.find_direction(self.model)
        self.wait += 1
        if self.watch.improves(value, self.model):
            self.watch.best = value
            self.best_epoch = epoch
            if self.restore_best_weights:
                # Arrays of JAX do not change: holding them costs no copy.
                self.best_weights = [v.value for v in self.model.weights]
            if self.baseline is None or self._beats_baseline(value):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def get_state(self) -> dict[str, Any]:
        """The best value, its weights, and how long it was waited for a better one."""
        return {
            "watch": self.watch.get_state(),
            "wait": self.wait,
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Take them back."""
        self.watch.set_state(state["watch"])
        self.wait, self.best_epoch = state["wait"], state["best_epoch"]
        self.best_weights = state["best_weights"]

    def _beats_baseline(self, value: float) -> bool:
        assert self.baseline is not None
        higher = self.watch.direction == "max"
        return value > self.baseline if higher else value < self.baseline

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Restore the best weights, and say where it stopped."""
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")  # noqa: T201
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                print(f"Restoring the weights of epoch {self.best_epoch + 1}.")  # noqa: T201
            for variable, value in zip(self.model.weights, self.best_weights, strict=True):
                variable.assign(value)
