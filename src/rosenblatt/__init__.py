"""Dense neural networks in the Keras API, compiled whole by XLA through JAX.

Public names are resolved when they are first used, so `import rosenblatt` loads next to nothing.

>>> import rosenblatt as rb
>>> model = rb.Sequential([rb.Input((8,)), rb.layers.Dense(1)])
>>> model.count_params()
9
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PACKAGES = (
    "activations", "backend", "callbacks", "choosing", "config", "constraints", "datasets",
    "dtype_policies", "initializers", "layers", "logic", "losses", "metrics", "mixed_precision",
    "models", "ops", "optimizers", "plots", "random", "regularizers", "saving", "sklearn",
    "summary", "tensorboard", "tree", "tuner", "utils",
)  # fmt: skip
_NAMES = {
    "DTypePolicy": "core.dtypes",
    "FloatDTypePolicy": "core.dtypes",
    "Functional": "models",
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "KerasTensor": "core.symbolic",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Operation": "core.symbolic",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "Sequential": "models",
    "StatelessScope": "core.variable",
    "Variable": "core.variable",
}

__all__ = ["__version__", *_PACKAGES, *_NAMES]


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"rosenblatt.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(f"rosenblatt.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    errors = importlib.import_module("rosenblatt.core.errors")
    hint = errors.nearest(name, [*_PACKAGES, *_NAMES])
    raise AttributeError(f"rosenblatt has no {name!r}; {hint}", name=name)


def __dir__() -> list[str]:
    return sorted(__all__)
