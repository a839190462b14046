"""What a plain network of a run reads of a table, and the columns of its predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.core.types import Tree
from rosenblatt.data.parquet_writing import columns_of
from rosenblatt.models.model import Model as Trained
from rosenblatt.serving.features import features_of, require_columns
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
    require_columns(table.names, names, data)
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
    return output_columns(network, facts, network.predict(x, verbose=0), classes)


def output_columns(
    network: Trained, facts: Mapping[str, Any], outputs: Tree, classes: Sequence[Any] | None = None
) -> dict[str, list[Any]]:
    """A network's outputs as columns to write.

    Args:
        network: trained.
        facts: what is known of its run.
        outputs: an array of (rows, …), or a nest of them.
        classes: labels of the outputs, where the facts tell none.

    Returns:
        The likeliest class and its probability, where classes are known; else each output.
    """
    origin, known = facts.get("origins", {}).get(facts.get("target")), facts.get("classes")
    labels = known or classes
    if isinstance(outputs, np.ndarray):
        if origin is not None:
            outputs = outputs.astype("float64") + origin
        if labels and outputs.ndim == 2 and outputs.shape[1] == len(labels):
            return {
                "prediction": [labels[number] for number in outputs.argmax(axis=1)],
                "probability": [round(float(p), 6) for p in outputs.max(axis=1)],
            }
    found = columns_of(outputs, network.output_names or ())
    return {name: column.tolist() for name, column in found.items()}
