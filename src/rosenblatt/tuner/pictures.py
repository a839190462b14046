"""Pictures of a search: the objective, the values that went with it, and their weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rosenblatt.core.direction import Direction
from rosenblatt.core.errors import BadArgument, nearest
from rosenblatt.plots.figures import new_axes
from rosenblatt.tuner.trials import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rosenblatt.tuner.oracle import Oracle

_TREES = 200


def _objective(oracle: Oracle, trials: list[Trial], scores: np.ndarray, ax: Axes) -> None:
    """Each trial's score in the order of their ends, and the best so far as a line."""
    _course(oracle, np.arange(1, len(trials) + 1), scores, ax)
    ax.locator_params(axis="x", integer=True)
    ax.set(xlabel="Trial")


def _time(oracle: Oracle, trials: list[Trial], scores: np.ndarray, ax: Axes) -> None:
    """Each trial's score at the time it ended, and the best so far as a line."""
    begun = [trial.began for trial in oracle.trials.values() if trial.began is not None]
    ended = [trial.ended for trial in trials if trial.ended is not None]
    if len(begun) < len(oracle.trials) or len(ended) < len(trials):
        raise BadArgument(
            "plot: when the trials ran is not known.",
            given="a search that Keras Tuner began",
            fix="take kind='objective'.",
        )
    _course(oracle, (np.array(ended) - min(begun)) / 60, scores, ax)
    ax.set(xlabel="Minutes since the search began")


def _course(oracle: Oracle, places: np.ndarray, scores: np.ndarray, ax: Axes) -> None:
    sign = oracle.objective.direction.sign
    best = sign * np.minimum.accumulate(sign * scores)
    ax.scatter(places, scores, s=18, label="a trial")
    ax.step(places, best, where="post", label="the best so far")
    ax.set(ylabel=oracle.objective.name)
    ax.legend()


def _parallel(oracle: Oracle, trials: list[Trial], scores: np.ndarray, ax: Axes) -> None:
    """A line for each trial through its values, each on a scale of its own; dark is better."""
    names, table = _table(oracle, trials)
    places = scores.argsort().argsort() / max(len(scores) - 1, 1)  # 0 for the lowest score
    if oracle.objective.direction is Direction.MIN:
        places = 1 - places
    for row, place in sorted(zip(table.tolist(), places, strict=True), key=lambda pair: pair[1]):
        ax.plot(range(len(names)), row, color="C0", alpha=0.1 + 0.9 * place**2)
    ax.set_xticks(range(len(names)), names, rotation=20, ha="right")
    ax.set(ylabel="Place in the range", ylim=(-0.05, 1.05))
    ax.set_title(f"Dark: {oracle.objective.name} better", fontsize="medium")


def _importance(oracle: Oracle, trials: list[Trial], scores: np.ndarray, ax: Axes) -> None:
    """How much each hyperparameter decided on the objective: importances in a random forest."""
    from sklearn.ensemble import RandomForestRegressor

    names, table = _table(oracle, trials)
    ranks = scores.argsort().argsort()  # a few runs that diverged should not decide alone
    forest = RandomForestRegressor(_TREES, random_state=0).fit(table, ranks)
    order = np.argsort(forest.feature_importances_)
    ax.barh([names[place] for place in order], forest.feature_importances_[order])
    ax.set(xlabel=f"Share in {oracle.objective.name}")


_KINDS = {
    "objective": _objective, "time": _time, "parallel": _parallel, "importance": _importance,
}  # fmt: skip


def plot(oracle: Oracle, kind: str, ax: Axes | None = None) -> Axes:
    """Draw a search.

    Args:
        oracle: of the search.
        kind: "objective", "time", "parallel" or "importance".
        ax: where to draw; new axes if None.

    Raises:
        ValueError: another kind; too few trials.
    """
    if kind not in _KINDS:
        raise BadArgument("plot: unknown `kind`.", given=repr(kind), fix=nearest(kind, _KINDS))
    trials = _scored(oracle)
    ax = new_axes(7, 4.5)[0, 0] if ax is None else ax
    _KINDS[kind](oracle, trials, np.array([trial.score for trial in trials], float), ax)
    return ax


def _scored(oracle: Oracle) -> list[Trial]:
    ended = [oracle.trials[name] for name in oracle.trials.ended]
    trials = [t for t in ended if t.score is not None and np.isfinite(t.score)]
    if len(trials) < 2:
        raise BadArgument(
            "plot: too few trials.", given=f"{len(trials)} with a score", expected="2 or more"
        )
    return trials


def _table(oracle: Oracle, trials: list[Trial]) -> tuple[list[str], np.ndarray]:
    """Names of what varies, and (trials, names) places of the values in their ranges, 0 … 1."""
    names, columns = [], []
    for hp in oracle.get_space().space:
        values = [trial.hyperparameters.values.get(hp.name, hp.default) for trial in trials]
        if len({str(value) for value in values}) < 2:
            continue
        names.append(hp.name)
        known = [value if hp.takes(value) else hp.default for value in values]
        columns.append([hp.value_to_prob(value) for value in known])
    if not names:
        raise BadArgument("plot: no hyperparameter took two values.")
    return names, np.array(columns, float).T
