"""`rosenblatt train` with the plain network: its best epoch and its figures in a folder."""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rosenblatt.callbacks.early_stopping import EarlyStopping
from rosenblatt.callbacks.history import History
from rosenblatt.cli import results
from rosenblatt.cli.network import build_network
from rosenblatt.cli.problems import Problem, load_problem
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.random import set_random_seed
from rosenblatt.models.model import Model


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
    units = None if hidden is None else units_of(hidden)
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
    results.begin_imports()
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


def units_of(text: str) -> tuple[int, ...]:
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


def evaluated(model: Model, problem: Problem) -> dict[str, dict[str, float]]:
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
