"""Bayesian optimization: a Gaussian process says where the next trial may be best."""

from __future__ import annotations

from typing import Any

import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.tuner.arguments import whole_number
from rosenblatt.tuner.hyperparameter import Fixed, HyperParameter
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.oracle import Oracle
from rosenblatt.tuner.trial import Trial, TrialStatus
from rosenblatt.tuner.tuner import Tuner

_LENGTHS = np.geomspace(0.05, 10, 12)  # of the kernel, in a space of unit size
_CANDIDATES = 1024
_STARTS = 8  # of the best candidates, around which it looks again
_RADII = (0.1, 0.03, 0.01)


class BayesianOptimizationOracle(Oracle):
    """Proposes what a Gaussian process of the results so far makes most promising.

    Values are points of the unit cube, by their cumulative probabilities. A process with Matérn
    kernel (ν = 5/2) of the likeliest length gives mean μ and deviation σ of the objective (to make
    small) everywhere; proposed is the point with the smallest μ − βσ that was not tried. Trials
    that still run count as if they had come out at μ + σ.

    Args:
        objective, max_trials: see `Oracle`.
        num_initial_points: random trials before the first proposal; three for each hyperparameter
            if None.
        alpha: variance of the results' noise, added to the kernel's diagonal.
        beta: how much uncertainty is worth; larger explores more.
        seed, hyperparameters, allow_new_entries, tune_new_entries, max_retries_per_trial,
        max_consecutive_failed_trials: see `Oracle`.

    Raises:
        ImportError: scikit-learn is not installed.
        ValueError: a bad number.

    Reference: Srinivas et al., "Gaussian Process Optimization in the Bandit Setting", ICML (2010);
    Rasmussen and Williams, "Gaussian Processes for Machine Learning" (2006), chapter 5.

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
        _gaussian_process()

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Random values at first, then the most promising ones that were not tried."""
        searched = [hp for hp in self.hyperparameters.space if not isinstance(hp, Fixed)]
        done = [t for t in self.trials.values() if t.score is not None]
        wanted = self.num_initial_points or max(3 * len(self.hyperparameters.space), 3)
        values = None
        if searched and len(done) >= wanted:
            with _one_thread():  # matrices of this size lose by more
                values = self._promising(searched, done)
        if values is None:
            values = self._random_values()
        status = TrialStatus.STOPPED if values is None else TrialStatus.RUNNING
        return {"status": status, "values": values}

    def _promising(self, space: list[HyperParameter], done: list[Trial]) -> dict[str, Any] | None:
        sign = -1.0 if self.objective.direction == "max" else 1.0
        x = np.array([_point(space, trial) for trial in done])
        y = np.array([sign * trial.score for trial in done])  # type: ignore[operator]
        model = self._fit(x, y)
        pending = [_point(space, trial) for trial in self.running()]
        if pending:
            mean, deviation = model.predict(np.array(pending), return_std=True)
            x, y = np.concatenate([x, pending]), np.concatenate([y, mean + deviation])
            model = self._process(model.kernel_.length_scale).fit(x, y)
        rng = np.random.default_rng((self.seed, len(self.trials)))
        for point in self._by_promise(model, rng, x[np.argmin(y)]):
            values = self._values_at(point)
            if not self._duplicate(values):
                return values
        return None

    def _process(self, length: float) -> Any:
        process, matern = _gaussian_process()
        kernel = matern(length_scale=length, length_scale_bounds="fixed", nu=2.5)
        return process(kernel=kernel, alpha=self.alpha, normalize_y=True, optimizer=None)

    def _fit(self, x: np.ndarray, y: np.ndarray) -> Any:
        """The process of the length that makes the results likeliest."""
        fitted = [self._process(float(length)).fit(x, y) for length in _LENGTHS]
        return max(fitted, key=lambda one: one.log_marginal_likelihood_value_)

    def _by_promise(self, model: Any, rng: np.random.Generator, best: np.ndarray) -> np.ndarray:
        """Points of the cube, those with the smallest μ − βσ first."""
        points = rng.random((_CANDIDATES, len(best)))
        points[: _CANDIDATES // 4] = _around(best, rng, _CANDIDATES // 4)
        bounds = self._bound(model, points)
        starts = points[np.argsort(bounds)[:_STARTS]]
        near = np.concatenate([_around(start, rng, _CANDIDATES // _STARTS) for start in starts])
        points = np.concatenate([points, near])
        bounds = np.concatenate([bounds, self._bound(model, near)])
        return points[np.argsort(bounds)]

    def _bound(self, model: Any, points: np.ndarray) -> np.ndarray:
        mean, deviation = model.predict(points, return_std=True)
        return mean - self.beta * deviation

    def _values_at(self, point: np.ndarray) -> dict[str, Any]:
        hps = HyperParameters()
        coordinates = iter(point)
        for hp in self.hyperparameters.space:
            hps.merge([hp])
            prob = 0.5 if isinstance(hp, Fixed) else float(next(coordinates))
            if hps.is_active(hp):
                hps.values[hp.name] = hp.prob_to_value(prob)
        return hps.values


def _around(point: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Points near a point, at three distances, some coordinates unchanged."""
    radii = np.resize(_RADII, count)[:, None]
    moved = rng.normal(size=(count, len(point))) * radii
    moved[rng.random(moved.shape) < 0.3] = 0
    return np.clip(point + moved, 0, np.nextafter(1, 0))


def _point(space: list[HyperParameter], trial: Trial) -> list[float]:
    """A trial's values in the unit cube; a hyperparameter that it does not have at its default."""
    hps = trial.hyperparameters
    return [
        hp.value_to_prob(hps.values[hp.name])
        if hp.name in hps.values and hps.is_active(hp)
        else hp.value_to_prob(hp.default)
        for hp in space
    ]


def _one_thread() -> Any:
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    return threadpool_limits(1)


def _gaussian_process() -> tuple[Any, Any]:
    try:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import Matern
    except ImportError as error:
        problem = "BayesianOptimization needs scikit-learn."
        fix = "install it: `pip install rosenblatt[sklearn]`."
        raise ImportError(explain(problem, fix=fix)) from error
    return GaussianProcessRegressor, Matern


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
