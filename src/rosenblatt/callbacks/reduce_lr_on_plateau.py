"""ReduceLROnPlateau: a lower learning rate where a value no longer gets better."""

from __future__ import annotations

from typing import Any

from rosenblatt.callbacks.monitor import MODE, Watching
from rosenblatt.callbacks.rate import read_rate, require_settable_rate, with_rates
from rosenblatt.core.checks import anything, number, text
from rosenblatt.core.printing import say
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import Configured, setting
from rosenblatt.optimizers.base import Optimizer


@builtin("keras.callbacks")
class ReduceLROnPlateau(Watching, Configured):
    """Multiplies the learning rate by a factor where a value has stopped getting better.

    Args:
        monitor: the log entry to watch.
        factor: what the rate is multiplied by, below 1.
        patience: epochs without a gain to wait for.
        verbose: 1 tells when it lowers the rate.
        mode: "min", "max", or "auto": by the metric of that name.
        min_delta: a smaller gain does not count.
        cooldown: epochs to wait after a reduction before counting again.
        min_lr: the rate does not go below it.

    Raises:
        ValueError: a factor of 1 or more; or, when training begins, a rate that follows a schedule.
    """

    monitor: str = setting(text, default="val_loss")
    factor: float = setting(number(below=1, expected="less than 1"), default=0.1)
    patience: int = setting(number(endless=True), default=10)
    verbose: int = setting(anything, default=0)
    mode: str = setting(MODE, default="auto")
    min_delta: float = setting(number(), default=1e-4)
    cooldown: int = setting(number(endless=True), default=0)
    min_lr: float = setting(number(), default=0.0)

    state_attributes = ("watch", "wait", "cooldown_counter")

    def __post_init__(self) -> None:
        """Begin to watch."""
        super().__post_init__()
        self._reset()

    def _reset(self) -> None:
        self.watch.reset()
        self.wait = 0
        self.cooldown_counter = 0

    def in_cooldown(self) -> bool:
        """Whether a reduction was less than `cooldown` epochs ago."""
        return self.cooldown_counter > 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start over: an object may be used in several fits."""
        self._reset()
        require_settable_rate(self.model.optimizer, "ReduceLROnPlateau")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compare the epoch's value with the best, and lower the rate where it is time."""
        logs = {} if logs is None else logs
        rated = with_rates(self.model.optimizer)
        value = self.watch.read(logs, self.params, self.model)
        logs.update({name: read_rate(one) for name, one in rated.items()})
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.watch.gains(value, self.model):
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                several = len(rated) > 1
                reduced = [
                    self._reduce(one, epoch, f"{one.name} " if several else "")
                    for one in rated.values()
                ]
                if any(reduced):
                    self.cooldown_counter = self.cooldown
                    self.wait = 0

    def _reduce(self, optimizer: Optimizer, epoch: int, named: str) -> bool:
        """Lower an optimizer's rate, unless it is the lowest; whether it was."""
        rate = read_rate(optimizer)
        if rate <= self.min_lr:
            return False
        lower = max(rate * self.factor, self.min_lr)
        optimizer.learning_rate = lower
        if self.verbose:
            what = f"ReduceLROnPlateau reducing {named}learning rate to {lower}."
            say(f"Epoch {epoch + 1}: {what}")
        return True
