"""`rosenblatt train`: a raw table, or the plain network for built-in data and tables of numbers."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rosenblatt.cli.options import DATA_SETS
from rosenblatt.core.checks import number
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.faces import on_use
from rosenblatt.distribution import environment

if TYPE_CHECKING:
    from rosenblatt.cli import network_training, several_devices, table_data, table_training
else:
    network_training = on_use("rosenblatt.cli.network_training")
    several_devices = on_use("rosenblatt.cli.several_devices")
    table_data = on_use("rosenblatt.cli.table_data")
    table_training = on_use("rosenblatt.cli.table_training")

_POSITIVE = number(above=0, below=math.inf, expected="above 0")


def train(
    data: str,
    out: Path,
    target: str | None,
    time_limit: float | None,
    types: list[str] | None,
    drop: list[str] | None,
    split: str | None,
    task: str | None,
    weights: str | None,
    window: str | None,
    models: int | None,
    epochs: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    no_tabular: bool,
    hidden: str | None,
    patience: int | None,
    devices: int | None,
    seed: int,
    quiet: bool,
    verbose: bool,
) -> None:
    """Train on a raw table, or on built-in data; write model, figures, curves and a report."""
    if learning_rate is not None:
        _POSITIVE.require(learning_rate, "--learning-rate is out of range.")
    of_tables = {
        "--time-limit": time_limit, "--types": types, "--drop": drop, "--split": split,
        "--task": task, "--weights": weights, "--window": window, "--models": models,
        "--verbose": verbose,
    }  # fmt: skip
    of_networks = {"--hidden": hidden, "--patience": patience}
    if takes_plain_network(data, no_tabular, of_tables, of_networks):
        with _divided(devices, out, is_table=False) as folder:
            network_training.train_network(
                data,
                folder,
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
    wanted = table_data.Wanted.of(data, target, types, drop, split, task, weights, seed, window)
    parameters: dict[str, Any] = {
        "time_limit": time_limit,
        "models": models,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
    }
    with _divided(devices, out, is_table=True) as folder:
        table_training.train_table(wanted, folder, parameters, quiet=quiet, verbose=verbose)


def _divided(devices: int | None, out: Path, is_table: bool) -> AbstractContextManager[Path]:
    """Train on several devices, or with other processes, where that is asked for."""
    launched = environment.NUM_PROCESSES in os.environ
    if devices is None and not launched:
        return nullcontext(out)
    return several_devices.divided(devices, out, is_table, launched)


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
    if data not in DATA_SETS and not no_tabular and plain is None:
        return False
    other = next((name for name, value in of_tables.items() if value), None)
    if other is not None:
        why = data if data in DATA_SETS else plain or "--no-tabular"
        raise BadArgument(
            f"{other} is for models of raw tables in files.",
            given=f"{other} with {why}",
            fix=f"leave {other if data in DATA_SETS else f'{other}, or {why},'} out.",
        )
    if data not in DATA_SETS and not no_tabular:
        print(
            f"{plain} belongs to the plain network: it is trained (--no-tabular).", file=sys.stderr
        )
    return True
