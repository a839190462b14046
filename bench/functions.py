"""What searches are compared on: functions with known optima, and a network on housing.

The functions are given by Surjanovic and Bingham, "Virtual Library of Simulation Experiments".
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench import data


@dataclass(frozen=True)
class Range:
    """Values of a hyperparameter: a float, or an integer where `whole`."""

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Function:
    """A function to make small: its ranges, what computes it, its least value where known."""

    ranges: list[Range]
    compute: Callable[[Mapping[str, float]], float]
    optimum: float | None = None


def _named(*bounds: tuple[float, float]) -> list[Range]:
    return [Range(f"x{i}", low, high) for i, (low, high) in enumerate(bounds)]


def _point(values: Mapping[str, float]) -> np.ndarray:
    return np.array([values[f"x{i}"] for i in range(len(values))])


def _branin(values: Mapping[str, float]) -> float:
    x, y = _point(values)
    bend = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return float(bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


def _camel(values: Mapping[str, float]) -> float:
    x, y = _point(values)
    return float((4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2)


def _rosenbrock(values: Mapping[str, float]) -> float:
    x = _point(values)
    return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


def _levy(values: Mapping[str, float]) -> float:
    w = 1 + (_point(values) - 1) / 4
    inner = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)
    last = (w[-1] - 1) ** 2 * (1 + np.sin(2 * math.pi * w[-1]) ** 2)
    return float(np.sin(math.pi * w[0]) ** 2 + inner.sum() + last)


_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_A3 = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
_P3 = 1e-4 * np.array(
    [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
)
_A6 = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_P6 = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def _hartmann(a: np.ndarray, p: np.ndarray) -> Callable[[Mapping[str, float]], float]:
    def compute(values: Mapping[str, float]) -> float:
        return float(-_WEIGHTS @ np.exp(-np.sum(a * (_point(values) - p) ** 2, axis=1)))

    return compute


@functools.cache
def _housing_arrays(folder: Path) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    with np.load(data.housing(folder)) as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
    return (x[:2000], y[:2000]), (x[2000:3000], y[2000:3000])


def _housing(folder: Path) -> Callable[[Mapping[str, float]], float]:
    """Validation loss of a network after five epochs; the same values give the same loss."""
    import rosenblatt as rb

    def compute(values: Mapping[str, float]) -> float:
        train, validation = _housing_arrays(folder)
        rb.utils.set_random_seed(42)
        rate, units = values["learning_rate"], 2 ** int(values["log2_units"])
        model = rb.Sequential([rb.Input((8,)), rb.layers.Normalization()])
        model.layers[0].adapt(train[0])
        for _ in range(int(values["hidden"])):
            l2 = rb.regularizers.L2(values["l2"])
            model.add(rb.layers.Dense(units, activation="relu", kernel_regularizer=l2))
            model.add(rb.layers.Dropout(values["dropout"]))
        model.add(rb.layers.Dense(1))
        model.compile(loss="mse", optimizer=rb.optimizers.Adam(rate, clipnorm=1.0))
        history = model.fit(*train, epochs=5, verbose=0, validation_data=validation)
        return float(min(history.history["val_loss"]))

    return compute


def named(name: str, folder: Path) -> Function:
    """The function of a name; `folder` holds the data of housing."""
    if name == "housing":
        ranges = [
            Range("learning_rate", 1e-4, 1e-1, log=True),
            Range("log2_units", 3, 6, whole=True),
            Range("hidden", 1, 3, whole=True),
            Range("dropout", 0.0, 0.5),
            Range("l2", 1e-6, 1e-1, log=True),
        ]
        return Function(ranges, _housing(folder))
    return FUNCTIONS[name]


FUNCTIONS = {
    "branin": Function(_named((-5, 10), (0, 15)), _branin, 0.397887),
    "camel": Function(_named((-3, 3), (-2, 2)), _camel, -1.031628),
    "rosenbrock": Function(_named((-2, 2), (-2, 2)), _rosenbrock, 0.0),
    "levy": Function(_named(*[(-10, 10)] * 4), _levy, 0.0),
    "hartmann3": Function(_named(*[(0, 1)] * 3), _hartmann(_A3, _P3), -3.86278),
    "hartmann6": Function(_named(*[(0, 1)] * 6), _hartmann(_A6, _P6), -3.32237),
}
