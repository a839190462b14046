"""The metrics of a trial: values by step, each the mean of its executions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rosenblatt.core.direction import Direction, direction_of
from rosenblatt.core.errors import BadArgument, nearest
from rosenblatt.core.scalars import as_number
from rosenblatt.tuner.objective import infer_direction, read_direction

if TYPE_CHECKING:
    from rosenblatt.metrics.base import Metric


@dataclass
class MetricObservation:
    """Values of a metric at one step, one of each execution.

    Args:
        value: a number or a list of them.
        step: of training, as the number of an epoch.

    >>> MetricObservation([1.0, 2.0], step=3).mean()
    1.5
    """

    value: Any
    step: int

    def __post_init__(self) -> None:
        self.value = list(self.value) if isinstance(self.value, list) else [self.value]

    def append(self, value: float | list[float]) -> None:
        """Add the values of other executions."""
        self.value += value if isinstance(value, list) else [value]

    def mean(self) -> float:
        """The mean over executions."""
        return math.fsum(self.value) / len(self.value)

    def get_config(self) -> dict[str, Any]:
        """Value and step."""
        return {"value": self.value, "step": self.step}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> MetricObservation:
        """The observation of a config."""
        return cls(**config)


class MetricHistory:
    """A metric's observations.

    Args:
        direction: "min" or "max".
    """

    def __init__(self, direction: Direction | str = Direction.MIN):
        self.direction = read_direction(direction, "Unknown `direction`.")
        self._observations: dict[int, MetricObservation] = {}

    def update(self, value: float | list[float], step: int) -> None:
        """Add a value at a step."""
        if step in self._observations:
            self._observations[step].append(value)
        else:
            self._observations[step] = MetricObservation(value, step)

    def get_history(self) -> list[MetricObservation]:
        """The observations by step."""
        return sorted(self._observations.values(), key=lambda one: one.step)

    def set_history(self, observations: list[MetricObservation]) -> None:
        """Add observations."""
        for one in observations:
            self.update(one.value, one.step)

    def _means(self) -> list[tuple[float, int]]:
        means = [(one.mean(), one.step) for one in self._observations.values()]
        return [(mean, step) for mean, step in means if not math.isnan(mean)]

    def _best(self) -> tuple[float, int] | None:
        return min(self._means(), key=lambda one: self.direction.sign * one[0], default=None)

    def get_best_value(self) -> float | None:
        """The best mean; NaN where all are, None without observations."""
        best = self._best()
        if best is None:
            return math.nan if self._observations else None
        return best[0]

    def get_best_step(self) -> int | None:
        """The first step that has the best mean."""
        best = self._best()
        return None if best is None else best[1]

    def get_last_value(self) -> float | None:
        """The mean at the last step."""
        history = self.get_history()
        return history[-1].mean() if history else None

    def get_statistics(self) -> dict[str, float]:
        """Smallest, largest, mean, median, variance and deviation of the means."""
        values = [mean for mean, _ in self._means()]
        if not values:
            return {}
        return {
            "min": min(values),
            "max": max(values),
            "mean": statistics.fmean(values),
            "median": statistics.median(values),
            "var": statistics.pvariance(values),
            "std": statistics.pstdev(values),
        }

    def get_config(self) -> dict[str, Any]:
        """Direction and observations."""
        return {
            "direction": self.direction,
            "observations": [one.get_config() for one in self.get_history()],
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> MetricHistory:
        """The history of a config."""
        history = cls(config["direction"])
        for one in config["observations"]:  # NaN and infinities are text in a journal
            history.update([float(value) for value in one["value"]], one["step"])
        return history


class MetricsTracker:
    """The metrics of a trial by name.

    Args:
        metrics: metric objects to register.

    >>> tracker = MetricsTracker()
    >>> tracker.update("val_accuracy", 0.5, step=0)
    True
    >>> tracker.update("val_accuracy", 0.25, step=1)
    False
    >>> tracker.get_best_value("val_accuracy"), tracker.get_last_value("val_accuracy")
    (0.5, 0.25)
    """

    def __init__(self, metrics: Iterable[Metric] | None = None):
        self.metrics: dict[str, MetricHistory] = {}
        self.register_metrics(metrics)

    def exists(self, name: str) -> bool:
        """Whether it knows a metric."""
        return name in self.metrics

    def register_metrics(self, metrics: Iterable[Metric] | None = None) -> None:
        """Register metric objects."""
        for metric in metrics or []:
            self.register(metric.name, direction_of(metric))

    def register(self, name: str, direction: Direction | str | None = None) -> None:
        """Register a metric; its direction is inferred, else "min"."""
        if self.exists(name):
            raise BadArgument(f"Metric {name!r} is registered already.")
        self.metrics[name] = MetricHistory(direction or infer_direction(name) or Direction.MIN)

    def update(self, name: str, value: Any, step: int = 0) -> bool:
        """Add a value; whether the best one changed."""
        if not self.exists(name):
            self.register(name)
        before = self.metrics[name].get_best_value()
        self.metrics[name].update(as_number(value), step)
        return self.metrics[name].get_best_value() != before

    def _of(self, name: str) -> MetricHistory:
        if name not in self.metrics:
            raise BadArgument(f"The trial has no metric {name!r}; {nearest(name, self.metrics)}")
        return self.metrics[name]

    def get_history(self, name: str) -> list[MetricObservation]:
        """A metric's observations by step."""
        return self._of(name).get_history()

    def set_history(self, name: str, observations: list[MetricObservation]) -> None:
        """Add a metric's observations."""
        if not self.exists(name):
            self.register(name)
        self.metrics[name].set_history(observations)

    def get_best_value(self, name: str) -> float | None:
        """A metric's best value."""
        return self._of(name).get_best_value()

    def get_best_step(self, name: str) -> int | None:
        """The step of a metric's best value."""
        return self._of(name).get_best_step()

    def get_last_value(self, name: str) -> float | None:
        """A metric's last value."""
        return self._of(name).get_last_value()

    def get_statistics(self, name: str) -> dict[str, float]:
        """Statistics of a metric's values."""
        return self._of(name).get_statistics()

    def get_direction(self, name: str) -> Direction:
        """Whether lower or higher values of a metric are better."""
        return self._of(name).direction

    def get_config(self) -> dict[str, Any]:
        """All metrics as plain data."""
        return {"metrics": {name: one.get_config() for name, one in self.metrics.items()}}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> MetricsTracker:
        """The metrics of a config."""
        tracker = cls()
        tracker.metrics = {
            name: MetricHistory.from_config(one) for name, one in config["metrics"].items()
        }
        return tracker
