"""Bayesian optimization: a Gaussian process says where the next trial may be best."""

from __future__ import annotations

from typing import Any

import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.tuner.arguments import whole_number
from rosenblatt.tuner.hyperparameter import Fixed
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.oracle import Oracle
from rosenblatt.tuner.surrogate import (
    Cube,
    GaussianProcess,
    by_promise,
    gaussian_process,
    one_thread,
    spread_out,
)
from rosenblatt.tuner.trial import Trial, TrialStatus
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
        seed, hyperparameters, allow_new_entries, tune_new_entries, max_retries_per_trial,
        max_consecutive_failed_trials: see `Oracle`.

    Raises:
        ImportError: scikit-learn is not installed.
        ValueError: a bad number.

    Reference: Srinivas et al., "Gaussian Process Optimization in the Bandit Setting", ICML (2010).

    >>> BayesianOptimizationOracle("val_loss", max_trials=5).beta
    2.6
    """

    def __init__(
        self,
        objective: Any = None,
        max_trials: int | None = 10,
        num_initial_points: int | None = None,
        alpha: float = 1e-4,
        beta: float = 2.6,
        seed: int | None = None,
        hyperparameters: HyperParameters | None = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
    ):
        super().__init__(
            objective, max_trials, hyperparameters, allow_new_entries, tune_new_entries, seed,
            max_retries_per_trial, max_consecutive_failed_trials,
        )  # fmt: skip
        self.num_initial_points = whole_number(
            "num_initial_points", num_initial_points, least=1, optional=True
        )
        for name, value in (("alpha", alpha), ("beta", beta)):
            if not isinstance(value, (int, float)) or value < 0 or (name == "alpha" and not value):
                raise ValueError(
                    explain(
                        f"Bad `{name}`.",
                        given=repr(value),
                        expected="a number above 0"
                        if name == "alpha"
                        else "a number of at least 0",
                    )
                )
        self.alpha = alpha
        self.beta = beta
        gaussian_process()

    def populate_space(self, trial_id: str) -> dict[str, Any]:
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
            values = self._values_at(spread_out(len(searched), place + 1, self.seed)[place])
        if values is None or self._duplicate(values):
            values = self._random_values()
        status = TrialStatus.STOPPED if values is None else TrialStatus.RUNNING
        return {"status": status, "values": values}

    def _promising(self, cube: Cube, done: list[Trial]) -> dict[str, Any] | None:
        sign = self.objective.direction.sign
        points = np.array([cube.of_trial(trial) for trial in done])
        y = np.array([sign * trial.score for trial in done])  # type: ignore[operator]
        process = GaussianProcess(cube, points, y, self.alpha)
        pending = [cube.of_trial(trial) for trial in self.running()]
        if pending:
            process.expect(np.array(pending))

        beta = _SHARES[len(self.trials) % len(_SHARES)] * self.beta

        def bound(candidates: np.ndarray) -> np.ndarray:
            mean, deviation = process.predict(candidates)
            return mean - beta * deviation

        rng = np.random.default_rng((self.seed, len(self.trials)))
        for point in by_promise(bound, cube, points[np.argmin(y)], rng):
            values = self._values_at(point)
            if not self._duplicate(values):
                return values
        return None

    def _values_at(self, point: np.ndarray) -> dict[str, Any]:
        hps = HyperParameters()
        coordinates = iter(point)
        for hp in self.hyperparameters.space:
            hps.merge([hp])
            prob = 0.5 if isinstance(hp, Fixed) else float(next(coordinates))
            if hps.is_active(hp):
                hps.values[hp.name] = hp.prob_to_value(prob)
        return hps.values


class BayesianOptimization(Tuner):
    """Searches with `BayesianOptimizationOracle`.

    Args:
        hypermodel: a function build(hp) or a `HyperModel`.
        objective: what is made small or large, as `"val_accuracy"`.
        max_trials: trials at most.
        num_initial_points, alpha, beta: see `BayesianOptimizationOracle`.
        seed: of proposals and trials.
        hyperparameters, tune_new_entries, allow_new_entries, max_retries_per_trial,
        max_consecutive_failed_trials: see `Oracle`.
        kwargs: see `Tuner`.
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_trials: int | None = 10,
        num_initial_points: int | None = None,
        alpha: float = 1e-4,
        beta: float = 2.6,
        seed: int | None = None,
        hyperparameters: HyperParameters | None = None,
        tune_new_entries: bool = True,
        allow_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
        **kwargs: Any,
    ):
        oracle = BayesianOptimizationOracle(
            objective, max_trials, num_initial_points, alpha, beta, seed, hyperparameters,
            allow_new_entries, tune_new_entries, max_retries_per_trial,
            max_consecutive_failed_trials,
        )  # fmt: skip
        super().__init__(oracle, hypermodel, **kwargs)
