"""An epoch of `fit` on Fashion MNIST: 1,719 steps of a network of 266,610 parameters."""

from __future__ import annotations

import dataclasses

from bench import data
from bench.harness import Context, Result
from bench.peers import KERAS_JAX, KERAS_JAX_CHUNKED, KERAS_TENSORFLOW, TORCH
from bench.workloads._fit import measure_fit

TARGETS = {KERAS_TENSORFLOW: 4.0, KERAS_JAX: 1.8, KERAS_JAX_CHUNKED: 1.5, TORCH: 2.0}


def measure(context: Context) -> Result:
    """Flatten, 300-100-10, SGD, cross-entropy and accuracy, batch 32, 55,000 rows."""
    # An epoch takes seconds here: fewer rounds unless asked for.
    context = dataclasses.replace(context, rounds=context.rounds_or(4))
    title = "An epoch of `fit` on Fashion MNIST"
    return measure_fit(context, title, "fashion", data.fashion(context.folder), TARGETS)
