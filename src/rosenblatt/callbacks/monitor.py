"""Watching one value of the logs for getting better."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.checks import Check
from rosenblatt.core.direction import Direction, direction_of
from rosenblatt.core.errors import BadArgument, explain, nearest, warn_user
from rosenblatt.core.faces import on_use

if TYPE_CHECKING:
    from rosenblatt import ops
    from rosenblatt.callbacks.model import Model
else:
    ops = on_use("rosenblatt.ops")

# Words of a name that say it, where a metric is a function that cannot.
_HIGHER = {"acc", "accuracy", "auc", "precision", "recall", "fscore", "f1", "fbeta", "iou", "r2"}
_LOWER = {"error", "mse", "mae", "rmse", "loss"}
# Functions of NumPy, JAX, `operator` and `ops` that say it, by their names.
_DIRECTIONS = {
    **dict.fromkeys(("less", "less_equal", "lt", "le"), Direction.MIN),
    **dict.fromkeys(("greater", "greater_equal", "gt", "ge"), Direction.MAX),
}


def _known_mode(value: Any) -> str:
    if value in ("min", "max", "auto"):
        return str(value)
    warn_user(
        explain(
            'A callback\'s `mode` is unknown, and "auto" is used.',
            given=repr(value),
            expected="'min', 'max' or 'auto'",
        )
    )
    return "auto"


# What `mode` may be: an unknown one stands for "auto", with a warning.
MODE = Check(lambda value: getattr(value, "ndim", 0) == 0, "'min', 'max' or 'auto'", _known_mode)


class Monitor:
    """The best value so far of the log entry that a callback watches.

    Args:
        owner: the callback; its `monitor`, `mode` and `min_delta` are read whenever they count.
    """

    def __init__(self, owner: Watching):
        self._owner = owner
        self._found: Direction | None = None  # asked of the metric, where `mode` is "auto"
        self.best: float | None = None
        self.op: Callable[[float, float], Any] | None = None  # a user's own

    @property
    def owner(self) -> str:
        """The callback's class name, for messages."""
        return type(self._owner).__name__

    @property
    def name(self) -> str:
        """The log entry."""
        return self._owner.monitor

    @property
    def direction(self) -> Direction | None:
        """Whether lower or higher is better; None while that is not known."""
        said = _DIRECTIONS.get(getattr(self.op, "__name__", ""))
        mode = self._owner.mode
        return said or (self._found if mode == "auto" else Direction(mode))

    def reset(self, baseline: float | None = None) -> None:
        """Start over, with a baseline to beat if one is given."""
        self.best = baseline
        self._found = None

    def get_state(self) -> dict[str, Any]:
        """The best value so far."""
        return {"best": self.best}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take it back."""
        self.best = state["best"]

    def read(
        self,
        logs: dict[str, Any] | None,
        params: dict[str, Any] | None = None,
        model: Model | None = None,
    ) -> float | None:
        """The entry's value; where it is missing, a warning that lists what there is.

        Args:
            logs: of the epoch.
            params: of the callback: an epoch without validation may be one of `validation_freq`.
            model: the model that is trained.

        Raises:
            ValueError: it is not one number; it is missing, and `mode` does not say what is better.
        """
        logs = logs or {}
        if self.name not in logs:
            validated = any(name.startswith("val_") for name in logs)
            waits = not validated and (params or {}).get("validates")
            if waits and self.name.startswith("val_"):
                return None
            if model is not None and self.direction is None and not self._is_logged_by(model):
                raise BadArgument(
                    f"{self.owner} watches {self.name!r}, which is no metric of the model, so that "
                    "nothing says whether a higher value is better.",
                    given=f"logs {', '.join(logs) or 'none'}",
                    fix=f"{nearest(self.name, logs)} Or pass `mode='min'` or `mode='max'`.",
                )
            warn_user(
                f"{self.owner} watches {self.name!r}, which is not among the logs: "
                f"{', '.join(logs) or 'none'}; {nearest(self.name, logs)}",
            )
            return None
        value = logs[self.name]
        if np.ndim(value):
            raise BadArgument(
                f"{self.owner} watches {self.name!r}, which is not one number.",
                given=f"shape {np.shape(value)}",
                fix="watch a metric that averages over classes, for example "
                "`F1Score(average='macro')`.",
            )
        return float(value)

    def _is_logged_by(self, model: Model) -> bool:
        """Whether the name is that of a loss, or of a metric of the model, in validation or not."""
        name = self.name.removeprefix("val_")
        names = [metric.name for metric in getattr(model, "metrics", [])]
        return (
            name == "loss"
            or name.endswith("_loss")
            or any(name == known or name.endswith(f"_{known}") for known in names)
        )

    def find_direction(self, model: Model) -> Direction:
        """Whether lower or higher is better, asked of the metric that has the name.

        Raises:
            ValueError: it is unknown.
        """
        found = self.direction
        if found is None:
            found = self._found = self._known_direction(model)
        if found is None:
            raise BadArgument(
                f"{self.owner}: whether a higher {self.name!r} is better is not known.",
                fix="pass `mode='min'` or `mode='max'`.",
            )
        return found

    def _known_direction(self, model: Model) -> Direction | None:
        name = self.name.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return Direction.MIN
        for metric in getattr(model, "metrics", []):
            direction = direction_of(metric)
            if direction and (name == metric.name or name.endswith(f"_{metric.name}")):
                return direction
        words = set(name.lower().split("_"))
        higher, lower = bool(words & _HIGHER), bool(words & _LOWER)
        return None if higher == lower else Direction.MAX if higher else Direction.MIN

    def improves(self, value: float, on: float | None, model: Model) -> bool:
        """Whether a value is better than another one by more than `min_delta`."""
        if math.isnan(value):
            return False
        if on is None:
            return True
        gain = abs(self._owner.min_delta)
        if self.op is not None and self.direction is None:
            return bool(self.op(value - gain, on))
        return self.find_direction(model).sign * (on - value) > gain

    def gains(self, value: float, model: Model) -> bool:
        """Whether a value beats the best so far, which it is from then on."""
        if self.op is None:
            self.find_direction(model)  # also where there is nothing to compare with yet
        if not self.improves(value, self.best, model):
            return False
        self.best = value
        return True


class Watching(Callback):
    """The base of callbacks that watch one value of the logs for getting better."""

    monitor: str
    mode: str
    min_delta: float = 0
    watch: Monitor

    def __post_init__(self) -> None:
        """Begin to watch."""
        self.watch = Monitor(self)

    @property
    def best(self) -> float | None:
        """The best value so far; what is set is what later values have to beat."""
        return self.watch.best

    @best.setter
    def best(self, value: float | None) -> None:
        self.watch.best = value

    @property
    def monitor_op(self) -> Callable[[float, float], Any] | None:
        """`ops.less` where lower is better, `ops.greater` where higher is; None while unknown.

        A function `(value, best)` that is set decides in its place.
        """
        if self.watch.op is not None or self.watch.direction is None:
            return self.watch.op
        return ops.less if self.watch.direction is Direction.MIN else ops.greater

    @monitor_op.setter
    def monitor_op(self, op: Callable[[float, float], Any] | None) -> None:
        self.watch.op = op
