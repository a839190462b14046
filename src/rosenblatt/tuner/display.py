"""What a search prints: each trial as it begins and ends, and the best so far."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rosenblatt.tuner.kinds import Value
from rosenblatt.tuner.trials import Trial

if TYPE_CHECKING:
    from rosenblatt.tuner.oracle import Oracle

_WIDTH = 18


def show_value(value: Value | None) -> str:
    """A value in at most 18 characters."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:.5g}"
    text = str(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def show_duration(seconds: float) -> str:
    """Seconds as a clock shows them.

    >>> show_duration(90061.2)
    '1d 01h 01m 01s'
    """
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    d, h = divmod(hours, 24)
    return f"{f'{d}d ' if d else ''}{h:02d}h {m:02d}m {s:02d}s"


class Display:
    """Prints the course of a search.

    Args:
        oracle: whose trials it shows.
        verbose: 0 prints nothing.
    """

    redraws = False  # whether what a trial prints would disturb it

    def __init__(self, oracle: Oracle, verbose: int = 1):
        self.oracle = oracle
        self.verbose = verbose
        self.began = time.monotonic()
        self._trial_began: dict[str, float] = {}

    def on_trial_begin(self, trial: Trial) -> None:
        """Print the trial's values beside the best ones."""
        self._trial_began[trial.trial_id] = time.monotonic()
        if self.verbose < 1:
            return
        best = self.oracle.get_best_trials()
        known = best[0].hyperparameters.values if best else {}
        print(f"\nSearch: Running Trial #{self._number(trial)}\n")
        row = f"{{:{_WIDTH}}}|{{:{_WIDTH}}}|{{}}"
        if trial.hyperparameters.values:
            print(row.format("Value", "Best Value So Far", "Hyperparameter"))
        else:
            print("default configuration")
        for name, value in trial.hyperparameters.values.items():
            print(row.format(show_value(value), show_value(known.get(name, "?")), name))
        print()

    def on_trial_end(self, trial: Trial) -> None:
        """Print the trial's score and the best one."""
        if self.verbose < 1:
            return
        now = time.monotonic()
        number = self._number(trial)
        spent = show_duration(now - self._trial_began.get(trial.trial_id, now))
        name = self.oracle.objective.name
        if trial.score is None:
            print(f"Trial {number} {trial.status.capitalize()} [{spent}]\n{trial.reason}")
        else:
            print(f"Trial {number} Complete [{spent}]\n{name}: {trial.score}")
        best = self.oracle.get_best_trials()
        print(f"\nBest {name} So Far: {best[0].score if best else None}")
        print(f"Total elapsed time: {show_duration(now - self.began)}")

    def _number(self, trial: Trial) -> int:
        return self.oracle.trials.started.index(trial.trial_id) + 1
