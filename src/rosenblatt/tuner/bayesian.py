"""Bayesian optimization: a Gaussian process guesses the score, and says where to try next."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Unpack

import numpy as np
from numpy.random import Generator

from rosenblatt.core.checks import number, optional, whole
from rosenblatt.core.errors import require
from rosenblatt.tuner.hypermodel import Buildable
from rosenblatt.tuner.kinds import Choice, Fixed, HyperParameter, Values
from rosenblatt.tuner.objective import Goal
from rosenblatt.tuner.options import ORACLE, SEARCH, SearchOptions, Space, by_position, divided
from rosenblatt.tuner.oracle import Oracle, Proposal
from rosenblatt.tuner.trials import Trial
from rosenblatt.tuner.tuner import Tuner

_LENGTHS = (0.1, 0.3, 1.0)  # from which the search for the likeliest ones starts
_BOUNDS = (0.02, 20.0)
_STEPS = 15  # of that search; fewer where there are many results, which say it more clearly
_FEWEST_STEPS = 5
_CANDIDATES = 1024
_STARTS = 8  # of the best candidates, around which it looks again
_RADII = ((0.1, 0.03, 0.01), (0.01, 0.003, 0.001))  # first and second look
_KEPT = 0.3  # share of coordinates that a look leaves as they are


Loss = Callable[[np.ndarray], tuple[float, np.ndarray]]
_SHARES = (0.8, 0.4, 0.2)  # of β: in turns, as functions differ in what they need
"""A loss of lengths' logarithms, and its gradient."""


class Cube:
    """The values of a space as points of the unit cube, by their cumulative probabilities.

    Args:
        space: the hyperparameters that are searched.
    """

    def __init__(self, space: Sequence[HyperParameter]):
        self.space = list(space)
        self._shares = np.array([hp.number_of_values or 0 for hp in space])
        self._unordered = [isinstance(hp, Choice) and not hp.ordered for hp in space]

    def holds(self, trial: Trial) -> bool:
        """Whether a trial has values of this space: it may have changed since the trial ran."""
        hps = trial.hyperparameters
        return all(
            hp.takes(hps.values[hp.name])
            for hp in self.space
            if hp.name in hps.values and hps.is_active(hp)
        )

    def of_trial(self, trial: Trial) -> list[float]:
        """A trial's point; a hyperparameter that it does not have is at its default."""
        hps = trial.hyperparameters
        return [
            hp.value_to_prob(hps.values[hp.name])
            if hp.name in hps.values and hps.is_active(hp)
            else hp.value_to_prob(hp.default)
            for hp in self.space
        ]

    def snapped(self, points: np.ndarray) -> np.ndarray:
        """Points at the middle of the shares of discrete values."""
        shares = np.maximum(self._shares, 1)
        return np.where(self._shares > 0, (np.floor(points * shares) + 0.5) / shares, points)

    def features(self, points: np.ndarray) -> np.ndarray:
        """Coordinates for a kernel: of values without an order, one for each (all equally far)."""
        columns = []
        for column, shares, unordered in zip(points.T, self._shares, self._unordered, strict=True):
            if unordered and shares > 2:
                chosen = np.floor(column * shares)[:, None] == np.arange(shares)
                columns.append(chosen / math.sqrt(2))
            else:
                columns.append(column[:, None])
        return np.concatenate(columns, axis=1)


class GaussianProcess:
    """A Gaussian process with Matérn kernel (ν = 5/2) and a length for each feature.

    The lengths are the likeliest ones under a log-normal prior around 0.4 √d (deviation 1). Results
    worse than the median count logarithmically, so that a few very bad ones do not hide what makes
    a difference among the good ones.

    Args:
        cube: of the space.
        points: (n, d) of the results.
        y: (n,) results, to make small.
        alpha: variance of their noise, where they have variance 1.

    Reference: Rasmussen and Williams, "Gaussian Processes for Machine Learning" (2006), chapter 5.
    """

    def __init__(self, cube: Cube, points: np.ndarray, y: np.ndarray, alpha: float):
        self._cube = cube
        self._x, self._y = cube.features(points), compressed(y)
        self._prior = math.log(0.4 * math.sqrt(self._x.shape[1]))
        process, matern = gaussian_process()
        start = np.full(self._x.shape[1], math.exp(self._prior))
        kernel = matern(length_scale=start, length_scale_bounds=_BOUNDS, nu=2.5)
        self._model = process(kernel, alpha=alpha, normalize_y=True, optimizer=self._likeliest)
        self._model.fit(self._x, self._y)

    def predict(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the (compressed) results at points."""
        mean, deviation = self._model.predict(self._cube.features(points), return_std=True)
        return mean, deviation

    def expect(self, points: np.ndarray) -> None:
        """Count points as if they had come out one deviation worse than their mean."""
        mean, deviation = self.predict(points)
        self._x = np.concatenate([self._x, self._cube.features(points)])
        self._y = np.concatenate([self._y, mean + deviation])
        self._model.set_params(kernel=self._model.kernel_, optimizer=None)
        self._model.fit(self._x, self._y)

    def _likeliest(
        self, loss: Loss, theta: np.ndarray, bounds: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """What scikit-learn asks for: the logarithms of the lengths, and their loss."""
        from scipy.optimize import minimize  # comes with scikit-learn

        def penalized(logs: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = loss(logs)
            off = logs - self._prior
            return float(value + off @ off / 2), gradient + off

        starts = [np.full(len(theta), math.log(length)) for length in _LENGTHS]
        best = min(starts, key=lambda start: penalized(start)[0])
        steps = max(_FEWEST_STEPS, min(_STEPS, 80 * _STEPS // len(self._y)))
        options = {"maxiter": steps}
        found = minimize(penalized, best, jac=True, method="L-BFGS-B", bounds=bounds,
                         options=options)  # fmt: skip
        return found.x, float(found.fun)


def compressed(y: np.ndarray) -> np.ndarray:
    """Results with those above the median m as m + s ln(1 + (y − m)/s), s = m − min."""
    median = float(np.median(y))
    scale = median - float(y.min())
    if scale <= 0:
        return y
    return np.where(y > median, median + scale * np.log1p(np.maximum(y - median, 0) / scale), y)


def by_promise(
    bound: Callable[[np.ndarray], np.ndarray], cube: Cube, best: np.ndarray, rng: Generator
) -> np.ndarray:
    """Points of the cube, those of the smallest bound first.

    Args:
        bound: of (n, d) points.
        cube: of the space.
        best: (d,) the best point so far.
        rng: draws the candidates.
    """
    points = rng.random((_CANDIDATES, len(best)))
    points[: _CANDIDATES // 4] = _around(best, rng, _CANDIDATES // 4, _RADII[0])
    points = cube.snapped(points)
    bounds = bound(points)
    for radii in _RADII:
        starts = points[np.argsort(bounds)[:_STARTS]]
        near = [_around(start, rng, _CANDIDATES // _STARTS, radii) for start in starts]
        added = cube.snapped(np.concatenate(near))
        points = np.concatenate([points, added])
        bounds = np.concatenate([bounds, bound(added)])
    return points[np.argsort(bounds)]


def _around(point: np.ndarray, rng: Generator, count: int, radii: Sequence[float]) -> np.ndarray:
    """Points near a point, at some distances, some coordinates unchanged."""
    moved = rng.normal(size=(count, len(point))) * np.resize(radii, count)[:, None]
    moved[rng.random(moved.shape) < _KEPT] = 0
    return np.clip(point + moved, 0, np.nextafter(1, 0))


def spread_out(dimensions: int, count: int, seed: int) -> np.ndarray:
    """The first points of a scrambled Sobol sequence (Owen, 1998), (count, dimensions)."""
    from scipy.stats import qmc  # comes with scikit-learn

    size = 1 << max(count - 1, 1).bit_length()
    return qmc.Sobol(dimensions, seed=seed).random(size)[:count]


def one_thread() -> AbstractContextManager[object]:
    """A context in which matrices are multiplied by one thread; small ones lose by more."""
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    return threadpool_limits(1)


def gaussian_process() -> tuple[Any, Any]:
    """scikit-learn's regressor and its Matérn kernel.

    Raises:
        ImportError: scikit-learn is not installed.
    """
    library = require("sklearn.gaussian_process", "rosenblatt[sklearn]", "BayesianOptimization")
    return library.GaussianProcessRegressor, library.kernels.Matern


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
        cube = Cube(searched)
        done = [t for t in self.trials.values() if t.score is not None and cube.holds(t)]
        wanted = self.num_initial_points or len(searched) + 3
        values = None
        if searched and len(done) >= wanted:
            with one_thread():
                values = self._promising(cube, done)
        elif searched:
            place = len(self.trials)
            points = spread_out(len(searched), place + 1, self.seed)
            values = self._values_at(cube, points[place])
        if values is None or self.trials.was_tried(values):
            values = self.random_values()
        return self.proposal(values)

    def _promising(self, cube: Cube, done: list[Trial]) -> Values | None:
        points = np.array([cube.of_trial(trial) for trial in done])
        y = self.objective.direction.sign * np.array([trial.score for trial in done], float)
        process = GaussianProcess(cube, points, y, self.alpha)
        running = self.trials.all_running()
        pending = [cube.of_trial(trial) for trial in running if cube.holds(trial)]
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
