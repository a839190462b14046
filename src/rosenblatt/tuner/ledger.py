"""What an oracle writes down, and takes back: after a kill, and from other processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.journal import Journal
from rosenblatt.tuner.members import Members
from rosenblatt.tuner.metrics_tracker import MetricsTracker
from rosenblatt.tuner.trial import Trial


class Ledger:
    """The journal of a search, kept by every process that takes part in it.

    Each change is made with the journal locked and with the others' news taken first, so that all
    oracles on one folder are the same one. A trial of a process that was killed runs again.

    Args:
        oracle: whose trials are written down.
        folder: of the search.
    """

    def __init__(self, oracle: Any, folder: Path):
        self.oracle = oracle
        self.journal = Journal(folder)
        self.members = Members(folder)
        self.elsewhere: dict[str, str] = {}  # running trials to the process that runs them
        self.recorded_space = 0
        self.content: str | None = None  # fingerprint of the data of the first trials

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other processes out, and know what they did; may be entered within itself."""
        with self.journal.locked() as entered:
            if entered:
                self.catch_up()
            yield

    def catch_up(self) -> None:
        """Take what was written down since the last time.

        Raises:
            ValueError: the journal is damaged, or of another objective.
        """
        for event in self.journal.news():
            try:
                _EVENTS[event["event"]](self, event)
                if "state" in event:
                    self.oracle.set_state(event["state"])
            except (LookupError, TypeError, AttributeError) as error:
                raise ValueError(
                    explain(
                        f"{self.journal.path} is damaged: an event that cannot be.",
                        given=str(event)[:80],
                        fix="remove its line, or start anew with `overwrite=True`.",
                    )
                ) from error

    def record(self, event: str, **fields: Any) -> None:
        """Write an event down, with the space where it grew, and what the algorithm remembers."""
        oracle, journal = self.oracle, self.journal
        if not journal.exists():
            journal.record("begin", wait=True, seed=oracle.seed, objective=str(oracle.objective))
            if self.content is not None:
                journal.record("data", wait=True, content=self.content)
        if len(oracle.hyperparameters.space) != self.recorded_space:
            self.recorded_space = len(oracle.hyperparameters.space)
            space = oracle.hyperparameters.get_config()["space"]
            journal.record("space", wait=True, space=space)
        # Only an end has cost anything: what else a power cut takes is proposed again.
        journal.record(event, lasting=event == "end", **fields, state=oracle.get_state())

    def knows(self, content: str) -> bool:
        """Keep the fingerprint of the first data; whether these are the same."""
        with self.exclusive():
            if self.content is None:
                self.content = content
                if self.oracle.trials:  # of an earlier version, or of Keras Tuner
                    self.record("data", content=content)
        return self.content == content

    def record_epoch(self, trial_id: str, epoch: int, logs: dict[str, float]) -> None:
        """Write an epoch's log entries down."""
        self.journal.record("epoch", lasting=False, trial_id=trial_id, epoch=epoch, logs=logs)

    def take_over(self) -> None:
        """Let the trials of processes that are no longer alive run again."""
        alive = {name: self.members.is_alive(name) for name in set(self.elsewhere.values())}
        lost = [trial for trial, name in self.elsewhere.items() if not alive[name]]
        for trial_id in lost:
            del self.elsewhere[trial_id]
        self.oracle._retry_queue = sorted(
            {*self.oracle._retry_queue, *lost}, key=self.oracle.start_order.index
        )


def _begin(ledger: Ledger, event: dict[str, Any]) -> None:
    oracle = ledger.oracle
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


def _space(ledger: Ledger, event: dict[str, Any]) -> None:
    # What the model asks for now counts; what only earlier trials asked for is added.
    found = HyperParameters.from_config({"space": event["space"], "values": {}})
    ledger.oracle.hyperparameters.merge(found, overwrite=False)
    ledger.recorded_space = len(ledger.oracle.hyperparameters.space)


def _trial(ledger: Ledger, event: dict[str, Any]) -> None:
    oracle = ledger.oracle
    hyperparameters = oracle.get_space()
    hyperparameters.values = event["values"]
    trial = Trial(hyperparameters, event["trial_id"])
    trial.began = event.get("time")
    oracle.trials[trial.trial_id] = trial
    oracle.start_order.append(trial.trial_id)
    oracle._tried[trial.trial_id] = oracle._key(trial.hyperparameters.values)
    ledger.elsewhere[trial.trial_id] = event.get("by", "")


def _again(ledger: Ledger, event: dict[str, Any]) -> None:
    oracle = ledger.oracle
    trial = oracle.trials[event["trial_id"]]
    trial.begin_again()
    trial.began = event["time"]
    ledger.elsewhere[trial.trial_id] = event["by"]
    if trial.trial_id in oracle._retry_queue:
        oracle._retry_queue.remove(trial.trial_id)


def _epoch(ledger: Ledger, event: dict[str, Any]) -> None:
    logs = {name: float(value) for name, value in event["logs"].items()}
    ledger.oracle.trials[event["trial_id"]].add_epoch(event["epoch"], logs)


def _end(ledger: Ledger, event: dict[str, Any]) -> None:
    oracle = ledger.oracle
    trial = oracle.trials[event["trial_id"]]
    trial.hyperparameters = oracle.get_space()
    trial.hyperparameters.values = event["values"]
    trial.status, trial.message = event["status"], event["message"]
    trial.score, trial.best_step = event["score"], event["best_step"]
    trial.ended = event.get("time")
    trial.metrics = MetricsTracker.from_config(_numbers(event["metrics"]))
    oracle._tried[trial.trial_id] = oracle._key(trial.hyperparameters.values)
    oracle._run_times[trial.trial_id] = oracle._run_times.get(trial.trial_id, 0) + 1
    ledger.elsewhere.pop(trial.trial_id, None)
    if event["again"]:
        oracle._retry_queue.append(trial.trial_id)
    else:
        oracle.end_order.append(trial.trial_id)


def _numbers(config: dict[str, Any]) -> dict[str, Any]:
    """Observations with NaN and infinities, which the journal holds as text, as numbers again."""
    for metric in config["metrics"].values():
        for one in metric["observations"]:
            one["value"] = [float(value) for value in one["value"]]
    return config


def _data(ledger: Ledger, event: dict[str, Any]) -> None:
    ledger.content = event["content"]


_EVENTS: dict[str, Callable[[Ledger, dict[str, Any]], None]] = {
    "begin": _begin,
    "data": _data,
    "space": _space,
    "trial": _trial,
    "again": _again,
    "epoch": _epoch,
    "end": _end,
}
