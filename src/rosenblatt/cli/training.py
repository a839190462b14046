"""`rosenblatt train`: a raw table, or the plain network for built-in data and tables of numbers."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from rosenblatt.cli.commands import train_network
from rosenblatt.cli.options import (
    Data,
    Drop,
    Epochs,
    Models,
    NoTabular,
    Patience,
    Quiet,
    Seed,
    Split,
    Target,
    TaskName,
    TimeLimit,
    Types,
    Weights,
)
from rosenblatt.cli.problems import BUILTIN
from rosenblatt.cli.table_data import Wanted, listed, pairs
from rosenblatt.cli.table_training import train_table
from rosenblatt.core.checks import number
from rosenblatt.core.errors import BadArgument

_POSITIVE = number(above=0, below=math.inf, expected="above 0")


def train(
    data: Data,
    out: Annotated[Path, Option(help="The folder for the results; made if need be.")],
    target: Target = None,
    time_limit: TimeLimit = None,
    types: Types = None,
    drop: Drop = None,
    split: Split = None,
    task: TaskName = None,
    weights: Weights = None,
    models: Models = None,
    epochs: Epochs = None,
    batch_size: Annotated[int | None, Option(min=1, help="Rows in a training step.")] = None,
    learning_rate: Annotated[float | None, Option(help="Size of a step.")] = None,
    no_tabular: NoTabular = False,
    hidden: Annotated[
        str | None,
        Option(help="Units of the plain network's hidden layers, e.g. 50,50,50."),
    ] = None,
    patience: Patience = None,
    seed: Seed = 42,
    quiet: Quiet = False,
    verbose: Annotated[bool, Option("--verbose", help="Say of each column what it holds.")] = False,
) -> None:
    """Train on a raw table, or on built-in data; write model, figures, curves and a report."""
    if learning_rate is not None:
        _POSITIVE.require(learning_rate, "--learning-rate is out of range.")
    of_tables = {
        "--time-limit": time_limit, "--types": types, "--drop": drop, "--split": split,
        "--task": task, "--weights": weights, "--models": models, "--verbose": verbose,
    }  # fmt: skip
    of_networks = {"--hidden": hidden, "--patience": patience}
    if takes_plain_network(data, no_tabular, of_tables, of_networks):
        train_network(
            data,
            out,
            target,
            epochs,
            batch_size or 32,
            learning_rate,
            hidden,
            patience,
            seed,
            quiet,
        )
        return
    wanted = Wanted(
        data, target, pairs(types, "--types"), listed(drop), split or "random", task, weights, seed
    )
    parameters: dict[str, Any] = {
        "time_limit": time_limit,
        "models": models,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
    }
    train_table(wanted, out, parameters, quiet=quiet, verbose=verbose)


def takes_plain_network(
    data: str, no_tabular: bool, of_tables: Mapping[str, Any], of_networks: Mapping[str, Any]
) -> bool:
    """Whether the plain network is meant; what else it may be is said.

    Args:
        data: built-in data, or the path of a table.
        no_tabular: whether it is asked for.
        of_tables: options that it does not have, by name.
        of_networks: options that only it has.

    Raises:
        ValueError: options that do not go together.
    """
    plain = next((name for name, value in of_networks.items() if value is not None), None)
    if data not in BUILTIN and not no_tabular and plain is None:
        return False
    other = next((name for name, value in of_tables.items() if value), None)
    if other is not None:
        why = data if data in BUILTIN else plain or "--no-tabular"
        raise BadArgument(
            f"{other} is for models of raw tables in files.",
            given=f"{other} with {why}",
            fix=f"leave {other if data in BUILTIN else f'{other}, or {why},'} out.",
        )
    if data not in BUILTIN and not no_tabular:
        print(
            f"{plain} belongs to the plain network: it is trained (--no-tabular).", file=sys.stderr
        )
    return True
