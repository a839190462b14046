"""`rosenblatt tune` and `rosenblatt trials`: a search for the best network, and what it found."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from rosenblatt.cli import results
from rosenblatt.cli.network import build_network
from rosenblatt.cli.network_training import evaluated, facts_of, figures_text, headline, keep_best
from rosenblatt.cli.problems import Problem, load_problem
from rosenblatt.cli.same_search import SEARCH, require_same_search
from rosenblatt.cli.table_data import Wanted
from rosenblatt.cli.table_search import tune_table
from rosenblatt.cli.training import takes_plain_network
from rosenblatt.core.errors import FileRefused, explain
from rosenblatt.models.sequential import Sequential
from rosenblatt.tuner.bayesian import BayesianOptimization
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.journal import Journal
from rosenblatt.tuner.keras_folder import events_of, is_keras_folder
from rosenblatt.tuner.kinds import Value

TRIALS = "trials.csv"
_PATIENCE = 5


def tune(
    data: str,
    out: Path,
    target: str | None,
    trials: int,
    epochs: int | None,
    batch_size: int | None,
    workers: int | None,
    max_seconds: float | None,
    types: list[str] | None,
    drop: list[str] | None,
    split: str | None,
    task: str | None,
    weights: str | None,
    models: int | None,
    time_limit: float | None,
    no_tabular: bool,
    patience: int | None,
    seed: int,
    quiet: bool,
) -> None:
    """Search for the best network; write it, its figures and all trials into a folder."""
    of_tables = {
        "--types": types, "--drop": drop, "--split": split, "--task": task, "--weights": weights,
        "--models": models, "--time-limit": time_limit,
    }  # fmt: skip
    if takes_plain_network(data, no_tabular, of_tables, {"--patience": patience}):
        tune_network(
            data, out, target, trials, epochs, batch_size or 32, workers, max_seconds, patience,
            seed, quiet,
        )  # fmt: skip
        return
    wanted = Wanted.of(data, target, types, drop, split, task, weights, seed)
    parameters: dict[str, Any] = {
        "models": models, "epochs": epochs, "batch_size": batch_size, "time_limit": time_limit,
    }  # fmt: skip
    tune_table(
        wanted, out, trials, parameters, workers=workers, max_seconds=max_seconds, quiet=quiet
    )
    show(out)
    print(f"Written to {out}: {TRIALS}, {SEARCH}/")


def tune_network(
    data: str,
    out: Path,
    target: str | None,
    trials: int,
    epochs: int | None,
    batch_size: int,
    workers: int | None,
    max_seconds: float | None,
    patience: int | None,
    seed: int,
    quiet: bool,
) -> None:
    """Search for the best plain network.

    Args:
        data, out, target, trials, epochs, batch_size, workers, max_seconds, patience, seed, quiet:
            as of `rosenblatt tune`.
    """
    problem = load_problem(data, target, seed)
    results.make_folder(out)
    epochs = epochs or problem.recipe.epochs
    patience = _PATIENCE if patience is None else patience
    settings = {"epochs": epochs, "batch size": batch_size, "patience": patience}
    require_same_search(out, problem, seed, settings)
    tuner = BayesianOptimization(
        lambda hp: _network(hp, problem),
        objective="val_loss",
        max_trials=trials,
        seed=seed,
        directory=out,
        project_name=SEARCH,
        workers=workers,
        max_seconds=max_seconds,
    )
    print(headline(problem))
    with warnings.catch_warnings():
        # Told of a trial by its status, and where all came to that, as an error.
        warnings.filterwarnings("ignore", "The loss became", RuntimeWarning)
        tuner.search(
            *problem.train,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=problem.valid,
            callbacks=[keep_best(patience, epochs)],
            verbose=0 if quiet else 1,
        )
    (best,) = tuner.get_best_hyperparameters()
    show(out)
    (model,) = tuner.get_best_models()
    figures = evaluated(model, problem)
    options = {**best.values, "epochs": epochs, "batch_size": batch_size, "patience": patience}
    options["seed"] = seed
    model.save(out / results.MODEL)
    for name in (results.HISTORY, results.CURVES):  # of a network that was trained here before
        (out / name).unlink(missing_ok=True)
    results.write_facts(out, facts_of(problem, options, None, figures))
    print(f"The best network on the test part: {figures_text(figures['test'])}")
    print(f"Written to {out}: {results.MODEL}, {results.METRICS}, {TRIALS}, {SEARCH}/")


def _network(hp: HyperParameters, problem: Problem) -> Sequential:
    hidden = (hp.Int("units", 16, 256, sampling="log"),) * hp.Int("layers", 1, 4)
    rate = hp.Float("learning_rate", 1e-4, 3e-2, sampling="log")
    dropout = hp.Float("dropout", 0.0, 0.4, step=0.1)
    return build_network(problem, hidden, rate, "adam", dropout)


def show(folder: Path, most: int = 10, out: Path | None = None) -> None:
    """Show the trials of a search, best first, also while it runs."""
    places = (folder, folder / SEARCH)
    path = next((p for p in places if Journal(p).exists() or is_keras_folder(p)), None)
    if path is None:
        raise FileNotFoundError(
            explain(
                f"{folder}: no search.",
                expected="the --out folder of `rosenblatt tune`, or the project folder of a tuner "
                "or of Keras Tuner",
            )
        )
    try:
        objective, trials = _read(path)
    except (LookupError, TypeError, AttributeError) as error:
        raise FileRefused(
            f"{Journal(path).path}: damaged.", given=f"{type(error).__name__}: {error}"
        ) from error
    names = list(dict.fromkeys(name for trial in trials for name in trial["values"]))
    table = Table(title=f"{len(trials)} trials by {objective}", title_justify="left")
    for column in ("trial", objective, "best step", *names):
        table.add_column(column, justify="right")
    for trial in trials[:most]:
        values = [_text(trial["values"].get(name)) for name in names]
        score = trial["status"].lower() if trial["score"] is None else _text(trial["score"])
        table.add_row(trial["trial_id"], score, _text(trial["best_step"]), *values)
    Console().print(table)
    if len(trials) > most:
        print(f"and {len(trials) - most} more")
    columns: dict[str, Sequence[Any]] = {
        "trial": [trial["trial_id"] for trial in trials],
        "status": [trial["status"] for trial in trials],
        objective: [trial["score"] for trial in trials],
        **{name: [trial["values"].get(name) for trial in trials] for name in names},
        "message": [trial["message"] for trial in trials],
    }
    if out is not None or path != folder:
        results.write_table(out or folder / TRIALS, columns)


def _read(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """The objective's name, and the trials: those with a score best first, then the others."""
    objective, sign = "score", 1.0
    trials: dict[str, dict[str, Any]] = {}
    for event in events_of(folder) if is_keras_folder(folder) else Journal(folder).news():
        if event["event"] == "begin":
            said = event["objective"]  # Objective(name="val_loss", direction="min")
            objective = said.split('"')[1] if said.count('"') == 4 else said
            sign = -1.0 if 'direction="max"' in said else 1.0
        elif event["event"] == "trial":
            waiting = {"status": "RUNNING", "score": None, "best_step": None, "message": None}
            trials[event["trial_id"]] = {**event, **waiting}
        elif event["event"] == "end":
            trials[event["trial_id"]].update(event)
    scored = [trial for trial in trials.values() if trial["score"] is not None]
    scored.sort(key=lambda trial: sign * float(trial["score"]))
    return objective, scored + [trial for trial in trials.values() if trial["score"] is None]


def _text(value: Value | None) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
