"""What `tuner.plot` draws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

matplotlib = pytest.importorskip("matplotlib")


class Valley(rb.tuner.RandomSearch):
    """Finds the lowest point of a function of x, to which y and a choice add nothing."""

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
        hp = trial.hyperparameters
        hp.Float("y", 0, 1)
        hp.Choice("kind", ["a", "b"])
        hp.Fixed("same", 3)
        return (hp.Float("x", 1e-3, 1, sampling="log") - 0.1) ** 2


@pytest.fixture(scope="module")
def tuner(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("search")
    goal = rb.tuner.Objective("score", "min")
    tuner = Valley(objective=goal, max_trials=30, seed=2, directory=folder, workers=1)
    tuner.search(verbose=0)
    return tuner


def test_the_best_so_far_never_gets_worse(tuner: Any) -> None:
    ax = tuner.plot()
    (line,) = ax.get_lines()
    best = line.get_ydata()
    assert len(best) == 30 and np.all(np.diff(best) <= 0)
    assert best[-1] == tuner.oracle.get_best_trials()[0].score
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Trial", "score")


def test_over_time(tuner: Any) -> None:
    ax = tuner.plot("time")
    (line,) = ax.get_lines()
    moments = line.get_xdata()
    assert np.all(np.diff(moments) >= 0) and 0 < moments[-1] < 10
    assert ax.get_xlabel() == "Minutes since the search began"
    seconds = tuner.results()["seconds"].to_list()
    assert min(seconds) >= 0 and sum(seconds) <= 60 * moments[-1] + 1e-6
    again = Valley(objective=rb.tuner.Objective("score", "min"), max_trials=30, seed=2,
                   directory=tuner.directory)  # fmt: skip
    found = again.plot("time").get_lines()[0].get_xdata()
    assert found == pytest.approx(moments, abs=1e-3)  # the file's times are a little later
    trial = again.oracle.trials["00"]
    trial.began = None
    with pytest.raises(ValueError, match=r"when the trials ran is not known.*Keras Tuner"):
        again.plot("time")


def test_values_of_each_trial_as_a_line(tuner: Any) -> None:
    ax = tuner.plot("parallel")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["y", "kind", "x"]
    assert len(ax.get_lines()) == 30
    darkest = max(ax.get_lines(), key=lambda line: line.get_alpha())
    best = tuner.get_best_hyperparameters()[0].values
    assert darkest.get_ydata()[2] == pytest.approx((np.log10(best["x"]) + 3) / 3, abs=1e-6)


def test_what_decides_weighs_most(tuner: Any) -> None:
    ax = tuner.plot("importance")
    shares = {
        tick.get_text(): bar.get_width()
        for tick, bar in zip(ax.get_yticklabels(), ax.patches, strict=True)
    }
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["x"] > 0.7


def test_given_axes_are_drawn_on(tuner: Any) -> None:
    _, ax = matplotlib.pyplot.subplots()
    assert tuner.plot("objective", ax) is ax


def test_errors(tuner: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError) as caught:
        tuner.plot("importances")
    assert str(caught.value) == (
        "plot: unknown `kind`. Given: 'importances'. Fix: did you mean 'importance'?"
    )
    empty = Valley(objective=rb.tuner.Objective("score", "min"), max_trials=1, directory=tmp_path)
    with pytest.raises(ValueError) as caught:
        empty.plot()
    assert str(caught.value) == (
        "plot: too few trials. Given: 0 with a score. Expected: 2 or more."
    )
