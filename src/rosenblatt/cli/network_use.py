"""What a plain network of a run reads of a table, and the columns of its predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rosenblatt.cli import results
from rosenblatt.cli.problems import features_of
from rosenblatt.core.errors import BadData
from rosenblatt.models.model import Model as Trained
from rosenblatt.tables.plain import numbers
from rosenblatt.tables.table import Table


def features_for(
    model: Trained, facts: Mapping[str, Any], table: Table, target: str | None
) -> np.ndarray:
    """The model's inputs from a table, checked by name where names are known, else by number.

    Columns that the model does not take may hold anything.
    """
    data = table.source
    if "features" in facts and not facts["features"]:
        raise BadData(
            f"{data}: this model takes images, not the rows of a table.",
            expected=f"the built-in data set {facts['data']}",
        )
    names = facts.get("features") or [name for name in table.names if name != target]
    width = model.input_shape[-1]
    if len(names) != width:
        raise BadData(
            f"{data}: the model has a different number of features.",
            given=f"{len(names)} columns: {', '.join(names)}",
            expected=width,
        )
    results.require_columns(table.names, names, data)
    return features_of(numbers(table, names), names, facts.get("origins", {}))


def network_columns(
    network: Trained, facts: Mapping[str, Any], x: np.ndarray, classes: Sequence[Any] | None = None
) -> dict[str, list[Any]]:
    """Predictions as columns to write.

    Args:
        network: trained.
        facts: what is known of its run.
        x: its inputs.
        classes: labels of the outputs, where the facts tell none.
    """
    outputs = np.asarray(network.predict(x, verbose=0))
    origin = facts.get("origins", {}).get(facts.get("target"))
    if origin is not None:
        outputs = outputs.astype("float64") + origin
    return _prediction_columns(outputs, facts.get("classes") or classes)


def _prediction_columns(outputs: np.ndarray, classes: Sequence[Any] | None) -> dict[str, list[Any]]:
    """Columns to write: a number for each output, or the likeliest class and its probability."""
    if classes and outputs.ndim == 2 and outputs.shape[1] == len(classes):
        best = outputs.argmax(axis=1)
        return {
            "prediction": [classes[number] for number in best],
            "probability": [round(float(p), 6) for p in outputs.max(axis=1)],
        }
    flat = outputs.reshape(len(outputs), -1)
    if flat.shape[1] == 1:
        return {"prediction": [float(value) for value in flat[:, 0]]}
    return {f"prediction_{i}": [float(v) for v in flat[:, i]] for i in range(flat.shape[1])}
