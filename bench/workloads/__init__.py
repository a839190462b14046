"""The workloads by name, in the order they run: each is `measure(context) -> Result`."""

from __future__ import annotations

from collections.abc import Callable

from bench.harness import Context, Result
from bench.workloads import (
    compile_deep,
    devices,
    estimators,
    fashion_fit,
    housing_fit,
    import_time,
    memory,
    perceptron,
    predict_small,
    saving,
    search_quality,
    searches,
    serve,
    serving,
    tables,
    tensorboard_cost,
    tensorboard_scalars,
    waiting,
    whole_process,
)

WORKLOADS: dict[str, Callable[[Context], Result]] = {
    "housing_fit": housing_fit.measure,
    "fashion_fit": fashion_fit.measure,
    "whole_process": whole_process.measure,
    "predict_small": predict_small.measure,
    "serving": serving.measure,
    "import_time": import_time.measure,
    "perceptron": perceptron.measure,
    "estimators": estimators.measure,
    "searches": searches.measure,
    "hyperband": searches.measure_hyperband,
    "compile_deep": compile_deep.measure,
    "memory": memory.measure,
    "saving": saving.measure,
    "tensorboard_scalars": tensorboard_scalars.measure,
    "tensorboard_cost": tensorboard_cost.measure,
}
# Hours, or another look at what the others measure: run where they are named, not by `make bench`.
LONG: dict[str, Callable[[Context], Result]] = {
    "devices": devices.measure,
    "serve": serve.measure,
    "waiting": waiting.measure,
    "search_quality": search_quality.measure,
    "tables": tables.measure,
}
