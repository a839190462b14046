"""A search that Keras Tuner began: its folder as the events of a journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import FileRefused
from rosenblatt.tuner.journal import Journal
from rosenblatt.tuner.oracle import Oracle
from rosenblatt.tuner.trials import TrialStatus

_ORACLE = "oracle.json"
_ENDED = (TrialStatus.COMPLETED, TrialStatus.FAILED)


def is_keras_folder(folder: Path) -> bool:
    """Whether Keras Tuner has left a search in a folder, and we have not yet."""
    return (folder / _ORACLE).is_file() and not Journal(folder).exists()


def events_of(folder: Path, objective: str = "score") -> Iterator[dict[str, Any]]:
    """The events that a journal of the same search would hold.

    Args:
        folder: a project folder of Keras Tuner 1.4.
        objective: as the journal says it; Keras Tuner's files do not.

    Raises:
        ValueError: a file that is missing or damaged.
    """
    oracle = _read(folder / _ORACLE, "start_order", "hyperparameters")
    yield {"event": "begin", "seed": oracle.get("seed"), "objective": objective}
    yield {"event": "space", "space": oracle["hyperparameters"]["space"]}
    for name in oracle["start_order"]:
        path = folder / f"trial_{name}" / "trial.json"
        if name in oracle.get("ongoing_trials", {}).values() and not path.exists():
            continue
        trial = _read(path, "trial_id", "hyperparameters", "status")
        values = trial["hyperparameters"]["values"]
        yield {"event": "trial", "trial_id": name, "values": values}
        if trial["status"] in _ENDED:
            kept = ("status", "message", "score", "best_step", "metrics")
            ended = {key: trial.get(key) for key in kept}
            yield {"event": "end", "trial_id": name, "values": values, "again": False, **ended}


def adopt(oracle: Oracle, folder: Path) -> None:
    """Write the journal of a search that Keras Tuner began; trials it had not ended run again.

    Args:
        oracle: continues the search; its objective must be the same.
        folder: the project folder.

    Raises:
        ValueError: trials without the oracle's objective; a file that is missing or damaged.
    """
    events = list(events_of(folder, str(oracle.objective)))
    for event in events:
        measured = (event.get("metrics") or {}).get("metrics", {})
        if event.get("status") == TrialStatus.COMPLETED and oracle.objective.name not in measured:
            raise FileRefused(
                f"Trial {event['trial_id']} of Keras Tuner in {str(folder)!r} has no "
                f"{oracle.objective.name!r}.",
                given=", ".join(measured) or "no metrics",
                fix="give the objective of that search, or another `project_name`.",
            )
    journal = Journal(folder)
    with journal.locked():
        if journal.exists():  # another process was faster
            return
        for event in events:
            fields = {"seed": oracle.seed} if event["event"] == "begin" else {}
            journal.record(**{**event, **fields})


def _read(path: Path, *needed: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in needed if key not in found]
    except (OSError, ValueError, TypeError) as error:
        raise FileRefused(f"{path}: not a file of Keras Tuner.", given=error) from error
    if missing:
        raise FileRefused(f"{path}: no {missing[0]!r}.", given=", ".join(found))
    return found
