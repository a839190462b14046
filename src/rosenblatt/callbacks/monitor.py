"""Watching one value of the logs for getting better."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt.core.direction import Direction, direction_of
from rosenblatt.core.errors import BadArgument, nearest, warn_user

if TYPE_CHECKING:
    from rosenblatt.callbacks.model import Model

# Words of a name that say it, where a metric is a function that cannot.
_HIGHER = {"acc", "accuracy", "auc", "precision", "recall", "fscore", "f1", "fbeta", "iou", "r2"}
_LOWER = {"error", "mse", "mae", "rmse", "loss"}


class Monitor:
    """The best value so far of a log entry.

    Args:
        owner: the callback's class name, for messages.
        name: the log entry.
        mode: "min", "max", or "auto": by the metric of that name.
        min_delta: a smaller gain does not count.
    """

    def __init__(self, owner: str, name: str, mode: str = "auto", min_delta: float = 0.0):
        self.owner = owner
        self.name = name
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.direction = None if mode == "auto" else Direction(mode)
        self.best: float | None = None

    def reset(self, baseline: float | None = None) -> None:
        """Start over, with a baseline to beat if one is given."""
        self.best = baseline
        if self.mode == "auto":
            self.direction = None

    def get_state(self) -> dict[str, Any]:
        """The best value so far."""
        return {"best": self.best}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take it back."""
        self.best = state["best"]

    def read(
        self, logs: dict[str, Any] | None, params: dict[str, Any] | None = None
    ) -> float | None:
        """The entry's value; where it is missing, a warning that lists what there is.

        Args:
            logs: of the epoch.
            params: of the callback: an epoch without validation may be one of `validation_freq`.

        Raises:
            ValueError: it is not one number.
        """
        logs = logs or {}
        if self.name not in logs:
            validated = any(name.startswith("val_") for name in logs)
            waits = not validated and (params or {}).get("validates")
            if waits and self.name.startswith("val_"):
                return None
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

    def find_direction(self, model: Model) -> Direction:
        """Whether lower or higher is better, asked of the metric that has the name.

        Raises:
            ValueError: it is unknown.
        """
        if self.direction is None:
            self.direction = self._known_direction(model)
        if self.direction is None:
            raise BadArgument(
                f"{self.owner}: whether a higher {self.name!r} is better is not known.",
                fix="pass `mode='min'` or `mode='max'`.",
            )
        return self.direction

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

    def gains(self, value: float, model: Model) -> bool:
        """Whether a value beats the best so far, which it is from then on."""
        sign = self.find_direction(model).sign
        beaten = self.best is None or sign * (self.best - value) > self.min_delta
        if math.isnan(value) or not beaten:
            return False
        self.best = value
        return True
