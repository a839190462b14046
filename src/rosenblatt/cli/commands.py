"""What the commands do, without the command line around them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from rosenblatt.choosing.rates import find_learning_rate
from rosenblatt.cli import folder_use
from rosenblatt.cli.network import OPTIMIZERS, build_network
from rosenblatt.cli.network_training import figures_text, headline, units_of
from rosenblatt.cli.problems import BUILTIN, load_problem, open_data
from rosenblatt.cli.table_use import evaluate_table, predict_table, write_predictions
from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.core.random import set_random_seed
from rosenblatt.data.finite import check_finite
from rosenblatt.data.precision import counted_from
from rosenblatt.graph.picture import text_diagram
from rosenblatt.plots.figures import save_figure
from rosenblatt.serving import runs
from rosenblatt.serving.network_columns import features_for, network_columns
from rosenblatt.serving.table_columns import Asked
from rosenblatt.tables.plain import numbers
from rosenblatt.tables.table import Table
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.loading import as_estimator
from rosenblatt.tabular.model import TableModel


def evaluate(model: Path, data: str, target: str | None) -> None:
    """Print a model's loss and metrics on a file, or on the test part of a built-in data set."""
    network, facts = runs.open_run(model)
    if isinstance(network, TableModel):
        evaluate_table(as_estimator(network), _open(data), target, facts.get("weights"))
        return
    if data in BUILTIN:
        problem = load_problem(data, target, seed=0)
        x, y = problem.test
        part = f"the test part of {data}"
    else:
        table = _open(data)
        target = target or facts.get("target")
        if target is None or target not in table.names:
            raise BadData(
                f"{data}: no target column to compare predictions with.",
                given="columns " + ", ".join(table.names),
                expected="--target COLUMN" if target is None else f"a column {target!r}",
            )
        x, y = features_for(network, facts, table, target), numbers(table, [target])[target]
        check_finite(y, f"y (column {target!r})")
        if facts.get("classes"):
            y = _class_numbers(y, facts["classes"], f"{data}, column {target!r}")
        elif (origin := facts.get("origins", {}).get(target)) is not None:
            y = counted_from(y, origin)
        part = data
    figures = network.evaluate(x, y, verbose=0, return_dict=True)
    print(f"On {part} ({len(x):,} rows): {figures_text(figures)}")


def predict(
    model: Path,
    data: str,
    out: Path | None,
    keep: list[str] | None,
    interval: float | None,
    explain: int,
    threshold: float | None,
) -> None:
    """Write a model's predictions for a file, or for the test part of a built-in data set."""
    network, facts = runs.open_run(model)
    asked = Asked(interval, explain, threshold)
    if not isinstance(network, TableModel) and asked != Asked():
        raise BadArgument(
            "--interval, --explain and --threshold are for models of raw tables.",
            given=f"a {type(network).__name__}",
            fix="leave them out.",
        )
    if out is not None and not out.suffix and Path(data).is_dir():
        folder_use.predict_folder(network, facts, data, out, keep or (), asked)
        return
    if keep:
        raise BadArgument(
            "--keep is for a folder of Parquet files.",
            given=data if out is None else f"{data} and --out {out}",
            expected="a folder, and --out with another one",
        )
    if isinstance(network, TableModel):
        write_predictions(out, predict_table(as_estimator(network), _open(data), asked))
        return
    if data in BUILTIN:
        problem = load_problem(data, None, seed=0)
        write_predictions(out, network_columns(network, facts, problem.test[0], problem.classes))
        return
    x = features_for(network, facts, _open(data), facts.get("target"))
    write_predictions(out, network_columns(network, facts, x))


def find_lr(
    data: str,
    target: str | None,
    hidden: str | None,
    optimizer: str | None,
    batch_size: int,
    out: Path | None,
) -> None:
    """Find a learning rate: train for 500 steps while it grows, and read it off the losses."""
    if optimizer is not None and optimizer not in OPTIMIZERS:
        raise BadArgument(
            "--optimizer: unknown.", given=optimizer, expected=" or ".join(OPTIMIZERS)
        )
    units = None if hidden is None else units_of(hidden)
    problem = load_problem(data, target, 42)
    recipe = problem.recipe  # of the network that `train` would train
    set_random_seed(42)
    model = build_network(
        problem, recipe.hidden if units is None else units, 1e-3, optimizer or recipe.optimizer
    )
    print(headline(problem))
    found = find_learning_rate(model, *problem.train, batch_size=batch_size)
    print("  rate      smoothed loss")
    for place in np.linspace(0, len(found.rates) - 1, 12).astype(int):
        print(f"  {found.rates[place]:<8.2g}  {found.smoothed[place]:.4g}")
    print(f"Suggestion: --learning-rate {found.suggestion:.2g}  ({found.rule}: ", end="")
    print(f"{found.turning_point:.2g})")
    if out is not None:
        print(f"Written to {save_figure(found.plot(), out)}")


def summary(model: Path, diagram: bool) -> None:
    """Print a model's layers and parameters."""
    network, facts = runs.open_run(model)
    network.summary()
    if diagram:
        print(text_diagram(network, expand_nested=True))
    if isinstance(network, TableModel):
        _say_table_model(as_estimator(network))
    elif facts:
        what = "classes" if facts["classes"] else "a number"
        print(f"Trained on {facts['data']} to predict {facts['target']!r} ({what}).")
        if facts["features"]:
            print("Features: " + ", ".join(facts["features"]))
        for name, origin in facts.get("origins", {}).items():
            print(f"{name!r} is counted from {origin} (32 bits would not tell its rows apart).")


def _say_table_model(model: TabularModel) -> None:
    task = model.predictor_.task
    what = "a quantity" if task.is_quantity else f"{len(task.classes)} classes"
    source = model.facts_.source
    print(f"Trained on {source} to predict {model.target_name_!r} ({what}) from these columns:")
    for name, kind in model.schema_.read.items():
        print(f"  {name}: {kind.kind}")


def _open(data: str) -> Table:
    """The table in a file; what reading it found goes to standard error."""
    if data in BUILTIN:
        raise BadArgument(
            f"{data} is a built-in data set; this model was trained on a table in a file.",
            expected="the path of a table with the same columns",
        )
    table = open_data(data)
    for note in table.notes:
        print(note, file=sys.stderr)
    return table


def _class_numbers(y: np.ndarray, classes: list[Any], where: str) -> np.ndarray:
    """Labels as positions in the model's list of classes."""
    known = {label: number for number, label in enumerate(classes)}
    labels = y.tolist()
    unknown = sorted({label for label in labels if label not in known})
    if unknown:
        raise BadData(
            f"{where}: labels that the model does not know.",
            given=", ".join(map(str, unknown[:5])),
            expected=", ".join(map(str, classes)),
        )
    return np.array([known[label] for label in labels])
