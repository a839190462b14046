"""A search taken back from its journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.journal import Journal
from rosenblatt.tuner.metrics_tracker import MetricsTracker
from rosenblatt.tuner.trial import Trial, TrialStatus


def replay(oracle: Any, journal: Journal | None) -> None:
    """Give an oracle the trials of a journal.

    Trials that ended keep their results. Those that had not ended run again, in their order.

    Args:
        oracle: an oracle without trials, with the space that the model asks for now.
        journal: of an earlier search, which may have been killed.

    Raises:
        ValueError: the journal is of another objective.
    """
    if journal is None:
        return
    for event in journal.read():
        _EVENTS[event["event"]](oracle, event)
        if "state" in event:
            oracle.set_state(event["state"])
    waiting = oracle._retry_queue
    waiting += [
        name
        for name, trial in oracle.trials.items()
        if trial.status == TrialStatus.RUNNING and name not in waiting
    ]
    waiting.sort(key=oracle.start_order.index)


def _begin(oracle: Any, event: dict[str, Any]) -> None:
    if event["objective"] != str(oracle.objective):
        raise ValueError(
            explain(
                "The folder holds a search for another objective.",
                given=oracle.objective,
                expected=event["objective"],
                fix="take another `project_name`, or `overwrite=True`.",
            )
        )
    oracle.seed = event["seed"]


def _space(oracle: Any, event: dict[str, Any]) -> None:
    # What the model asks for now counts; what only earlier trials asked for is added.
    found = HyperParameters.from_config({"space": event["space"], "values": {}})
    oracle.hyperparameters.merge(found, overwrite=False)
    oracle._recorded_space = len(oracle.hyperparameters.space)


def _trial(oracle: Any, event: dict[str, Any]) -> None:
    hyperparameters = oracle.get_space()
    hyperparameters.values = event["values"]
    trial = Trial(hyperparameters, event["trial_id"])
    oracle.trials[trial.trial_id] = trial
    oracle.start_order.append(trial.trial_id)
    oracle._tried[trial.trial_id] = oracle._key(trial.hyperparameters.values)


def _epoch(oracle: Any, event: dict[str, Any]) -> None:
    trial = oracle.trials[event["trial_id"]]
    for name, value in event["logs"].items():
        known = trial.history.setdefault(name, [])
        del known[event["epoch"] :]  # a trial that went on trains its last epochs again
        known.append(float(value))


def _end(oracle: Any, event: dict[str, Any]) -> None:
    trial = oracle.trials[event["trial_id"]]
    trial.hyperparameters = oracle.get_space()
    trial.hyperparameters.values = event["values"]
    trial.status, trial.message = event["status"], event["message"]
    trial.score, trial.best_step = event["score"], event["best_step"]
    trial.metrics = MetricsTracker.from_config(_numbers(event["metrics"]))
    oracle._tried[trial.trial_id] = oracle._key(trial.hyperparameters.values)
    oracle._run_times[trial.trial_id] = oracle._run_times.get(trial.trial_id, 0) + 1
    if event["again"]:
        oracle._retry_queue.append(trial.trial_id)
    else:
        oracle.end_order.append(trial.trial_id)
        if trial.trial_id in oracle._retry_queue:
            oracle._retry_queue.remove(trial.trial_id)


def _numbers(config: dict[str, Any]) -> dict[str, Any]:
    """Observations with NaN and infinities, which the journal holds as text, as numbers again."""
    for metric in config["metrics"].values():
        for one in metric["observations"]:
            one["value"] = [float(value) for value in one["value"]]
    return config


_EVENTS: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "begin": _begin,
    "space": _space,
    "trial": _trial,
    "epoch": _epoch,
    "end": _end,
}
