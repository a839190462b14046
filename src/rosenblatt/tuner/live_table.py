"""The live table of a search in a terminal: what runs, and what is best so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rosenblatt.callbacks.progress import redraws
from rosenblatt.tuner.display import Display, show_duration, show_value
from rosenblatt.tuner.trials import Trial, TrialStatus

if TYPE_CHECKING:
    from rosenblatt.tuner.oracle import Oracle

_BEST = 5  # trials shown
_VALUES = 6  # hyperparameters shown
_PER_SECOND = 4


class LiveTable(Display):
    """Draws running and best trials, four times a second, instead of printing lines.

    Args:
        oracle: whose trials are shown.
        epochs: of each trial, where the search says so.
        console: where it draws; standard output if None.
    """

    redraws = True

    def __init__(self, oracle: Oracle, epochs: int | None = None, console: Console | None = None):
        super().__init__(oracle)
        self.epochs = epochs
        self.console = console or Console()

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Draw until the end of the block; the last state stays."""
        live = Live(console=self.console, get_renderable=self.render,
                    refresh_per_second=_PER_SECOND)  # fmt: skip
        with live:
            yield

    def on_trial_begin(self, trial: Trial) -> None:
        """Nothing to print: it is drawn."""

    def on_trial_end(self, trial: Trial) -> None:
        """Nothing to print: it is drawn."""

    def render(self) -> Group:
        """One line of counts, the running trials, the best ones."""
        oracle = self.oracle
        with oracle.changed:
            ended, running = len(oracle.trials.ended), oracle.trials.all_running()
            failed = oracle.trials.of_status(TrialStatus.FAILED)
            best = oracle.get_best_trials(_BEST)
        of = "" if oracle.max_trials is None else f" of {oracle.max_trials}"
        counts = f"Trials: {ended}{of} ended, {len(running)} running"
        counts += f", {len(failed)} failed" if failed else ""
        parts: list[Text | Table] = [
            Text(f"{counts}  [{show_duration(time.monotonic() - self.began)}]")
        ]
        if running:
            parts.append(self._table("Running", running, "epoch", self._progress))
        if best:
            parts.append(self._table("Best", best, "best epoch", self._result))
        if failed:
            reason = (failed[-1].message or "").split("\n")[0]
            parts.append(Text(f"Trial {failed[-1].trial_id} failed: {reason}"))
        return Group(*parts)

    def _table(
        self, title: str, trials: list[Trial], epoch: str, row: Callable[[Trial], tuple[str, str]]
    ) -> Table:
        names = list(dict.fromkeys(n for t in trials for n in t.hyperparameters.values))
        names = [name for name in names if not name.startswith("tuner/")][:_VALUES]
        table = Table(title=title, title_justify="left")
        for heading in ("trial", epoch, self.oracle.objective.name):
            table.add_column(heading, justify="right")
        for name in names:
            table.add_column(Text(name))
        for trial in trials:
            values = trial.hyperparameters.values
            shown = [show_value(values[name]) if name in values else "" for name in names]
            table.add_row(trial.trial_id, *row(trial), *map(Text, shown))
        return table

    def _progress(self, trial: Trial) -> tuple[str, str]:
        history = {name: list(values) for name, values in trial.history.items()}
        done = max(map(len, history.values()), default=0)
        epochs = trial.hyperparameters.values.get("tuner/epochs", self.epochs)
        last = {name: values[-1] for name, values in history.items() if values}
        objective = self.oracle.objective
        value = show_value(objective.get_value(last)) if objective.has_value(last) else ""
        return (f"{done}/{epochs}" if epochs else str(done)), value

    def _result(self, trial: Trial) -> tuple[str, str]:
        return str((trial.best_step or 0) + 1 if trial.history else ""), show_value(trial.score)


@contextmanager
def shown(oracle: Oracle, epochs: int | None) -> Iterator[None]:
    """Draw a search while it runs, where there is a terminal; else lines are printed."""
    lines = oracle.display
    if not lines.verbose or not redraws():
        yield
        return
    oracle.display = table = LiveTable(oracle, epochs)
    try:
        with table.drawing():
            yield
    finally:
        oracle.display = lines
