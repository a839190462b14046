"""Any model that can be served, from a file, a folder or an object, ready to answer."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import WrongType
from rosenblatt.core.types import PathLike
from rosenblatt.data.contract import PREDICTED_ROWS
from rosenblatt.models.folders import digest
from rosenblatt.models.model import Model
from rosenblatt.serving.contract import JOINED_ROWS, Served
from rosenblatt.serving.runs import MODEL, open_run
from rosenblatt.serving.served_network import ServedNetwork
from rosenblatt.serving.served_table import ServedTable
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.loading import as_estimator
from rosenblatt.tabular.model import TableModel

# From the third prediction of few rows on, a program of its own computes them.
_CALLS = 3
_TRIED = 5  # batches, of which the quickest tells what a model takes where nothing disturbs it
_QUICK = 0.003  # seconds


def served(model: PathLike | Model | TabularModel) -> Served:
    """A model as a server knows it.

    Args:
        model: the folder of `rosenblatt train`, a `.keras` file, or a trained model itself.

    Raises:
        TypeError: something else.
        ValueError: no such model, or one that cannot be served.
    """
    if isinstance(model, (str, os.PathLike)):
        network, facts = open_run(Path(model))
        return _of_network(network, facts, Path(model).name or str(model))
    if isinstance(model, TabularModel):
        return ServedTable(model, type(model).__name__)
    if isinstance(model, Model):
        return _of_network(model, {}, model.name)
    raise WrongType(
        "serving: this is not a model.",
        given=f"type {type(model).__name__}",
        expected="the path of a run or of a .keras file, a model, or an estimator of "
        "`rosenblatt.tabular`",
    )


def _of_network(network: Model, facts: Mapping[str, Any], name: str) -> Served:
    if isinstance(network, TableModel):
        return ServedTable(as_estimator(network), name)
    return ServedNetwork(network, facts, name)


def warm(model: Served) -> None:
    """Compile the programs that requests of any size need, so that none waits for that."""
    for rows in (1, JOINED_ROWS):  # a single row may have a program of its own
        for _ in range(_CALLS):
            model.answers([model.example(rows)])
    for rows in PREDICTED_ROWS[1:]:
        model.answers([model.example(rows)])


def is_quick(model: Served) -> bool:
    """Whether a batch takes less time than it takes to hand it to another thread.

    Args:
        model: its programs are compiled.
    """
    example = model.example(JOINED_ROWS)
    seconds = []
    for _ in range(_TRIED):
        start = time.perf_counter()
        model.answers([example])
        seconds.append(time.perf_counter() - start)
    return min(seconds) < _QUICK


def fingerprint(model: PathLike | Model | TabularModel) -> str:
    """What tells a model from others: the SHA-256 of its file, or a digest of its weights."""
    if isinstance(model, (str, os.PathLike)):
        path = Path(model)
        path = path / MODEL if path.is_dir() else path
        return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    return f"weights:{digest(model.model_ if isinstance(model, TabularModel) else model)}"
