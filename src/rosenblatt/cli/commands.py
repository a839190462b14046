"""What the commands do, without the command line around them."""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from typer import Option

from rosenblatt.callbacks.early_stopping import EarlyStopping
from rosenblatt.callbacks.history import History
from rosenblatt.choosing.rates import find_learning_rate
from rosenblatt.cli import results
from rosenblatt.cli.network import OPTIMIZERS, build_network
from rosenblatt.cli.options import BatchSize, Data, Model, Picture, Target
from rosenblatt.cli.problems import BUILTIN, Problem, features_of, load_problem, open_data
from rosenblatt.cli.table_use import (
    Asked,
    evaluate_table,
    predict_table,
    write_predictions,
)
from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.core.random import set_random_seed
from rosenblatt.data.finite import check_finite
from rosenblatt.data.precision import counted_from
from rosenblatt.graph.picture import text_diagram
from rosenblatt.models.model import Model as Trained
from rosenblatt.plots.figures import save_figure
from rosenblatt.tables.plain import numbers
from rosenblatt.tables.table import Table
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.loading import as_estimator
from rosenblatt.tabular.model import TableModel


def train_network(
    data: str,
    out: Path,
    target: str | None,
    epochs: int | None,
    batch_size: int,
    learning_rate: float | None,
    hidden: str | None,
    patience: int | None,
    seed: int,
    quiet: bool,
) -> None:
    """Train the plain network; write the model of its best epoch, history, curves and metrics.

    Args:
        data, out, target, epochs, batch_size, learning_rate, hidden, patience, seed, quiet: as of
            `rosenblatt train`.
    """
    units = None if hidden is None else _units(hidden)
    problem = load_problem(data, target, seed)
    results.make_folder(out)
    recipe = problem.recipe
    options: dict[str, Any] = {
        "hidden": list(recipe.hidden if units is None else units),
        "optimizer": recipe.optimizer,
        "learning_rate": learning_rate or recipe.learning_rate,
        "epochs": epochs or recipe.epochs,
        "batch_size": batch_size,
        "patience": recipe.patience if patience is None else patience,
        "seed": seed,
    }
    keeping = keep_best(options["patience"], options["epochs"])
    set_random_seed(seed)
    model = build_network(
        problem, tuple(options["hidden"]), options["learning_rate"], recipe.optimizer
    )
    print(headline(problem))
    start = time.perf_counter()
    with warnings.catch_warnings():
        # Said below, as an error.
        warnings.filterwarnings("ignore", "The loss became", RuntimeWarning)
        history = model.fit(
            *problem.train,
            batch_size=batch_size,
            epochs=options["epochs"],
            validation_data=problem.valid,
            callbacks=[keeping],
            verbose=0 if quiet else 1 if sys.stdout.isatty() else 2,
        )
    seconds = time.perf_counter() - start
    _check_converged(history)
    best = keeping.best_epoch
    options |= {"epochs_trained": len(history.epoch), "best_epoch": best + 1}
    figures = evaluated(model, problem)
    facts = facts_of(problem, options, seconds, figures)
    results.write_results(out, model, history, facts)
    print(
        f"Kept epoch {best + 1} of {len(history.epoch)}, the best on the validation part "
        f"(loss {history.history['val_loss'][best]:.4f})."
        + (" More --epochs may do better." if best + 1 == options["epochs"] else "")
    )
    print(f"Trained in {seconds:.1f} s. On the test part: {figures_text(figures['test'])}")
    print(f"Written to {out}{'' if str(out).endswith('/') else '/'}:")
    for name, what in (
        (results.MODEL, "the model"),
        (results.HISTORY, "losses and metrics of every epoch"),
        (results.CURVES, "the same as a picture"),
        (results.METRICS, "settings, columns, and the figures on validation and test data"),
    ):
        print(f"  {out / name}  {what}")


def evaluate(model: Model, data: Data, target: Target = None) -> None:
    """Print a model's loss and metrics on a file, or on the test part of a built-in data set."""
    network, facts = results.open_run(model)
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
        x, y = _features(network, facts, table, target), numbers(table, [target])[target]
        check_finite(y, f"y (column {target!r})")
        if facts.get("classes"):
            y = _class_numbers(y, facts["classes"], f"{data}, column {target!r}")
        elif (origin := facts.get("origins", {}).get(target)) is not None:
            y = counted_from(y, origin)
        part = data
    figures = network.evaluate(x, y, verbose=0, return_dict=True)
    print(f"On {part} ({len(x):,} rows): {figures_text(figures)}")


def predict(
    model: Model,
    data: Data,
    out: Annotated[
        Path | None,
        Option(
            help="The file to write: .csv, .parquet, .json or .jsonl; printed if not given, or -."
        ),
    ] = None,
    interval: Annotated[
        float | None,
        Option(help="Intervals around quantities that hold them with this probability, e.g. 0.9."),
    ] = None,
    explain: Annotated[
        int, Option(min=0, help="Columns that say why, with what each adds to the prediction.")
    ] = 0,
    threshold: Annotated[
        float | None,
        Option(min=0, max=1, help="Of two classes: the probability that makes the second one."),
    ] = None,
) -> None:
    """Write a model's predictions for a file, or for the test part of a built-in data set."""
    network, facts = results.open_run(model)
    asked = Asked(interval, explain, threshold)
    if isinstance(network, TableModel):
        write_predictions(out, predict_table(as_estimator(network), _open(data), asked))
        return
    if asked != Asked():
        raise BadArgument(
            "--interval, --explain and --threshold are for models of raw tables.",
            given=f"a {type(network).__name__}",
            fix="leave them out.",
        )
    if data in BUILTIN:
        problem = load_problem(data, None, seed=0)
        x, classes = problem.test[0], problem.classes
    else:
        x, classes = _features(network, facts, _open(data), facts.get("target")), None
    outputs = np.asarray(network.predict(x, verbose=0))
    origin = facts.get("origins", {}).get(facts.get("target"))
    if origin is not None:
        outputs = outputs.astype("float64") + origin
    columns = _prediction_columns(outputs, facts.get("classes") or classes)
    write_predictions(out, columns)


def find_lr(
    data: Data,
    target: Target = None,
    hidden: Annotated[
        str | None, Option(help="Units of the hidden layers; as in `train` if not given.")
    ] = None,
    optimizer: Annotated[
        str | None, Option(help="adam or sgd; as in `train` if not given.")
    ] = None,
    batch_size: BatchSize = 32,
    out: Picture = None,
) -> None:
    """Find a learning rate: train for 500 steps while it grows, and read it off the losses."""
    if optimizer is not None and optimizer not in OPTIMIZERS:
        raise BadArgument(
            "--optimizer: unknown.", given=optimizer, expected=" or ".join(OPTIMIZERS)
        )
    units = None if hidden is None else _units(hidden)
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


def summary(
    model: Model,
    diagram: Annotated[bool, Option("--diagram", help="Draw how layers are joined.")] = False,
) -> None:
    """Print a model's layers and parameters."""
    network, facts = results.open_run(model)
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


def _units(text: str) -> tuple[int, ...]:
    """`50,50,50` as numbers; an empty text is a network without hidden layers."""
    try:
        units = tuple(int(part) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        units = (0,)
    if any(number < 1 for number in units):
        raise BadArgument(
            "--hidden: bad number of units.",
            given=repr(text),
            expected="positive whole numbers with commas between them, e.g. 50,50,50",
        )
    return units


def evaluated(model: Trained, problem: Problem) -> dict[str, dict[str, float]]:
    """Loss and metrics of a model on the validation and the test part."""
    return {
        part: model.evaluate(*problem.parts[part], verbose=0, return_dict=True)
        for part in ("validation", "test")
    }


def keep_best(patience: int, epochs: int) -> EarlyStopping:
    """What keeps the epoch with the best validation loss and ends training without a better one.

    Args:
        patience: after how many epochs it does; 0 for never.
        epochs: of the training.
    """
    return EarlyStopping("val_loss", patience=patience or epochs, restore_best_weights=True)


def headline(problem: Problem) -> str:
    """What is learnt from what, in a line; below it what reading a file found."""
    rows = "/".join(f"{len(x):,}" for x, _ in problem.parts.values())
    what = "regression" if problem.classes is None else f"{len(problem.classes)} classes"
    line = f"{problem.data}: {problem.target!r}, {what}; {rows} rows to train/validate/test"
    return "\n  ".join([line, *problem.notes])


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


def _check_converged(history: History) -> None:
    losses = history.history["loss"]
    if not math.isfinite(losses[-1]):
        raise BadArgument(
            "Training diverged: the loss is no longer a number. Nothing was written.",
            given=f"losses {', '.join(f'{loss:.4g}' for loss in losses[:3])}, …",
            fix="try a smaller --learning-rate.",
        )


def facts_of(
    problem: Problem,
    options: Mapping[str, Any],
    seconds: float | None,
    figures: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """What metrics.json says of a run."""
    return {
        "data": problem.data,
        "task": problem.task,
        "target": problem.target,
        "features": list(problem.features),
        "classes": None if problem.classes is None else list(problem.classes),
        "origins": dict(problem.origins),
        "rows": {name: len(x) for name, (x, _) in problem.parts.items()},
        **options,
        **({} if seconds is None else {"seconds": round(seconds, 3)}),
        **{part: {k: float(v) for k, v in f.items()} for part, f in figures.items()},
    }


def figures_text(figures: Mapping[str, float]) -> str:
    """Loss and metrics in a line."""
    return ", ".join(f"{name} {float(value):.4f}" for name, value in figures.items())


def _features(
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
