"""Bayesian optimization: a Gaussian process says where the next trial may be best."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from rosenblatt.core.checks import number, optional, whole
from rosenblatt.tuner.hypermodel import Buildable
from rosenblatt.tuner.kinds import Fixed, Values
from rosenblatt.tuner.objective import Goal
from rosenblatt.tuner.options import ORACLE, SEARCH, SearchOptions, Space, by_position, divided
from rosenblatt.tuner.oracle import Oracle, Proposal
from rosenblatt.tuner.surrogate import (
    Cube,
    GaussianProcess,
    by_promise,
    gaussian_process,
    one_thread,
    spread_out,
)
from rosenblatt.tuner.trial import Trial
from rosenblatt.tuner.tuner import Tuner

_SHARES = (0.8, 0.4, 0.2)  # of β: in turns, as functions differ in what they need


class BayesianOptimizationOracle(Oracle):
    """Proposes what a Gaussian process of the results so far makes most promising.

    The first trials are spread out evenly (a scrambled Sobol sequence). Then a Gaussian process of
    the results gives mean μ and deviation σ of the objective (to make small) everywhere in the unit
    cube of the values; proposed is the point with the smallest μ − cβσ that was not tried, where c
    is 0.8, 0.4 and 0.2 in turns. Trials that still run count as if they had come out at μ + σ.

    Args:
        objective, max_trials: see `Oracle`.
        num_initial_points: trials before the process' first proposal; three more than there are
            hyperparameters if None.
        alpha: variance of the results' noise, added to the kernel's diagonal.
        beta: how much uncertainty is worth; larger explores more.
        space: seed, hyperparameters, allow_new_entries, tune_new_entries, max_retries_per_trial,
            max_consecutive_failed_trials: see `Oracle`.

    Raises:
        ImportError: scikit-learn is not installed.
        ValueError: a bad number.

    Reference: Srinivas et al., "Gaussian Process Optimization in the Bandit Setting", ICML (2010).

    >>> BayesianOptimizationOracle("val_loss", max_trials=5).beta
    2.6
    """

    @by_position(ORACLE)
    def __init__(
        self,
        objective: Goal = None,
        max_trials: int | None = 10,
        num_initial_points: int | None = None,
        alpha: float = 1e-4,
        beta: float = 2.6,
        **space: Unpack[Space],
    ):
        super().__init__(objective, max_trials, **space)
        self.num_initial_points = self._checked(
            "num_initial_points", optional(whole(least=1)), num_initial_points
        )
        self.alpha = self._checked("alpha", number(above=0), alpha)
        self.beta = self._checked("beta", number(0), beta)
        gaussian_process()

    def populate_space(self, trial_id: str) -> Proposal:
        """Values spread out at first, then the most promising ones that were not tried."""
        searched = [hp for hp in self.hyperparameters.space if not isinstance(hp, Fixed)]
        done = [t for t in self.trials.values() if t.score is not None]
        wanted = self.num_initial_points or len(searched) + 3
        values = None
        if searched and len(done) >= wanted:
            with one_thread():
                values = self._promising(Cube(searched), done)
        elif searched:
            place = len(self.trials)
            points = spread_out(len(searched), place + 1, self.seed)
            values = self._values_at(Cube(searched), points[place])
        if values is None or self.trials.was_tried(values):
            values = self.random_values()
        return self.proposal(values)

    def _promising(self, cube: Cube, done: list[Trial]) -> Values | None:
        points = np.array([cube.of_trial(trial) for trial in done])
        y = self.objective.direction.sign * np.array([trial.score for trial in done], float)
        process = GaussianProcess(cube, points, y, self.alpha)
        pending = [cube.of_trial(trial) for trial in self.trials.all_running()]
        if pending:
            process.expect(np.array(pending))

        beta = _SHARES[len(self.trials) % len(_SHARES)] * self.beta

        def bound(candidates: np.ndarray) -> np.ndarray:
            mean, deviation = process.predict(candidates)
            return mean - beta * deviation

        rng = np.random.default_rng((self.seed, len(self.trials)))
        for point in by_promise(bound, cube, points[np.argmin(y)], rng):
            values = self._values_at(cube, point)
            if not self.trials.was_tried(values):
                return values
        return None

    def _values_at(self, cube: Cube, point: np.ndarray) -> Values:
        probs = dict(zip(map(id, cube.space), point.tolist(), strict=True))
        return self.hyperparameters.values_by(lambda hp: hp.prob_to_value(probs.get(id(hp), 0.5)))


class BayesianOptimization(Tuner):
    """Searches with `BayesianOptimizationOracle`.

    Args:
        hypermodel: a function build(hp) or a `HyperModel`.
        objective: what is made small or large, as `"val_accuracy"`.
        max_trials: trials at most.
        num_initial_points, alpha, beta: see `BayesianOptimizationOracle`.
        options: seed (of proposals and trials), hyperparameters, tune_new_entries,
            allow_new_entries, max_retries_per_trial, max_consecutive_failed_trials: see `Oracle`;
            all others: see `Tuner`.
    """

    @by_position(SEARCH)
    def __init__(
        self,
        hypermodel: Buildable = None,
        objective: Goal = None,
        max_trials: int | None = 10,
        num_initial_points: int | None = None,
        alpha: float = 1e-4,
        beta: float = 2.6,
        **options: Unpack[SearchOptions],
    ):
        space, rest = divided(options)
        oracle = BayesianOptimizationOracle(
            objective, max_trials, num_initial_points, alpha, beta, **space
        )
        super().__init__(oracle, hypermodel, **rest)
