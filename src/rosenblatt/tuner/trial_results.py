"""What a trial returned, as metrics: a number, a dict, a History, or a list of these."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rosenblatt.callbacks.history import History
from rosenblatt.core import html
from rosenblatt.core.errors import explain
from rosenblatt.core.scalars import as_number, is_number
from rosenblatt.tuner.errors import FatalTypeError, FatalValueError
from rosenblatt.tuner.objective import DefaultObjective, Objective
from rosenblatt.tuner.trials import Trial, Trials, TrialStatus, best_first

_SHOWN = 10  # trials that a notebook shows

Result = float | Mapping[str, Any] | History
"""What a trial returns."""

Results = Result | Sequence[Result]
"""What a trial returns, or the list of what its executions do."""


def read_result(result: Results, objective: Objective, where: str) -> tuple[dict[str, float], int]:
    """Metrics and best epoch of what a trial returned.

    Args:
        result: a number (the objective), a dict of metrics, a History (its best epoch counts),
            or a list of these, which are averaged.
        objective: of the search.
        where: the function that returned it, for messages.

    Returns:
        Metrics by name, and the best epoch (0 where there are none).

    Raises:
        FatalTypeError: something else, as no trial would return better.
        FatalValueError: the objective is missing.

    >>> read_result([{"loss": 1.0}, {"loss": 3.0}], Objective("loss", "min"), "fit()")
    ({'loss': 2.0}, 0)
    """
    if isinstance(result, (list, tuple)) and result:
        parts = [read_result(one, objective, where) for one in result]
        names = [name for name in parts[0][0] if all(name in metrics for metrics, _ in parts)]
        mean = {n: math.fsum(metrics[n] for metrics, _ in parts) / len(parts) for n in names}
        return mean, sum(step for _, step in parts) // len(parts)
    if is_number(result) or isinstance(result, bool):
        return {objective.name: as_number(np.asarray(result))}, 0
    history = getattr(result, "history", None)
    if isinstance(history, dict):
        return _best_epoch(history, objective, where)
    if not isinstance(result, dict):
        raise FatalTypeError(
            f"The return value of {where} is None, which is no result of a trial."
            if result is None
            else f"{where} returned something that is no result.",
            given=None if result is None else f"{type(result).__name__}: {result!r}",
            expected="a number, a dict of metrics, a History, or a list of these",
            fix="return what `model.fit()` returns." if result is None else None,
        )
    metrics = {str(name): as_number(value) for name, value in result.items()}
    require(objective, metrics, where)
    return metrics, 0


def require(objective: Objective, metrics: Mapping[str, Any], where: str) -> None:
    """Check that metrics have the objective.

    Raises:
        FatalTypeError: there are several metrics, and no objective was named.
        FatalValueError: the objective is missing.
    """
    if objective.has_value(metrics):
        return
    if isinstance(objective, DefaultObjective):
        raise FatalTypeError(
            f"{where} returned several metrics, and the search has no `objective`.",
            given=", ".join(metrics),
            fix="name one: `objective='val_loss'`.",
        )
    names = [one.name for one in objective.parts]
    raise FatalValueError(
        f"The objective is not among what {where} returned.",
        given=", ".join(metrics) or "nothing",
        expected=", ".join(names),
        fix="name it as the logs do, and pass `validation_data` for a `val_…` entry.",
    )


def first_reason(failed: Sequence[Trial]) -> str:
    """Why the first of some trials failed."""
    reason = failed[0].reason or "unknown"
    return f"The first of them, {failed[0].trial_id}, because: {reason}"


def no_result(trials: Trials, folder: str) -> str | None:
    """Why a search has no best trial, with the reason of the first that failed; None if it has.

    Args:
        trials: of the search.
        folder: where it is.
    """
    if any(trial.score is not None for trial in trials.values()):
        return None
    failed = trials.of_status(TrialStatus.FAILED)
    if not failed:
        given = "no trial that has ended"
        fix = "let `search` run until one has."
    else:
        count = f"{len(failed)} trial{'s that have' if len(failed) > 1 else ' that has'} failed"
        given = f"{count}. {first_reason(failed)}"
        fix = "fix the cause, and search with `overwrite=True` or another `project_name`."
    return explain(
        f"No trial of the search in {folder!r} has a result.", given=given.rstrip("."), fix=fix
    )


def as_html(trials: Trials, objective: Objective) -> str:
    """The best trials of a search as a notebook shows them, and why others failed.

    Args:
        trials: of the search.
        objective: of the search.
    """
    best = best_first(trials.values(), objective)[:_SHOWN]
    failed = trials.of_status(TrialStatus.FAILED)
    names = list(dict.fromkeys(n for trial in best for n in trial.hyperparameters.values))
    rows = []
    for trial in best:
        values = trial.hyperparameters.values
        cells = [_short(values[name]) if name in values else "" for name in names]
        rows.append([trial.trial_id, _short(trial.score), *cells])
    caption = f"{objective.name} ({objective.direction}): {len(best)} best of {len(trials)} trials"
    reasons = [f"Trial {trial.trial_id} failed: {trial.reason}" for trial in failed[:_SHOWN]]
    return html.joined([html.table(["trial", "score", *names], rows, caption), html.notes(reasons)])


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _best_epoch(
    history: dict[str, list[Any]], objective: Objective, where: str
) -> tuple[dict[str, float], int]:
    require(objective, history, where)
    epochs = min(len(values) for values in history.values())
    best: tuple[dict[str, float], int] | None = None
    for epoch in range(epochs):
        metrics = {name: as_number(values[epoch]) for name, values in history.items()}
        metrics[objective.name] = value = float(objective.get_value(metrics))
        if math.isnan(value):
            continue
        if best is None or objective.better_than(value, best[0][objective.name]):
            best = metrics, epoch
    if best is None:  # every epoch was NaN; the trial is not a valid one
        return {objective.name: math.nan, **dict.fromkeys(history, math.nan)}, 0
    return best
