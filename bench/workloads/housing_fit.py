"""An epoch of `fit` on California housing: 363 steps of a small network."""

from __future__ import annotations

from bench import data
from bench.harness import Context, Result
from bench.peers import KERAS_JAX, KERAS_JAX_CHUNKED, KERAS_TENSORFLOW, TORCH
from bench.workloads._fit import measure_fit

TARGETS = {KERAS_TENSORFLOW: 25.0, KERAS_JAX: 8.0, KERAS_JAX_CHUNKED: 3.0, TORCH: 10.0}


def measure(context: Context) -> Result:
    """Normalization, 50-50-50-1, Adam, mse and RMSE, batch 32, 11,610 rows."""
    title = "An epoch of `fit` on housing"
    return measure_fit(context, title, "housing", data.housing(context.folder), TARGETS)
