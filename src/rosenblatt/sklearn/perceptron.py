"""Perceptron: linear threshold units that learn one instance at a time."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils import Tags, compute_class_weight
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted, validate_data

from rosenblatt.core.errors import BadArgument, BadData, warn_user
from rosenblatt.core.types import ArrayLike
from rosenblatt.sklearn.columns import FrameEncoder, naming_columns
from rosenblatt.sklearn.encoders import label_encoder
from rosenblatt.sklearn.inputs import check_targets, check_weights, require_targets
from rosenblatt.sklearn.perceptron_fit import (
    Learned,
    PerceptronParameters,
    Problem,
    learn,
    mistake_bounds,
    reason_of_mistakes,
)
from rosenblatt.sklearn.settings import check_classes, check_partial, check_values, generator_of
from rosenblatt.sklearn.types import Features, Matrix, Targets, Weights

_MOST = np.iinfo(np.int32).max


@dataclass(kw_only=True, eq=False, repr=False)
class Perceptron(ClassifierMixin, PerceptronParameters):
    """Threshold units, one for each class or label, that learn from their mistakes.

    ŷ = w·x + b > 0; for each instance in turn: w += η (y − ŷ) x, b += η (y − ŷ), y being 0 or 1.

    Binary, multiclass (one against all) and multilabel. For the same data and `random_state` the
    coefficients are those of scikit-learn's `Perceptron`.

    Args:
        penalty: None, "l2", "l1" or "elasticnet".
        alpha: factor of the penalty.
        l1_ratio: share of L1 in "elasticnet".
        fit_intercept: whether there is a b.
        max_iter: the largest number of epochs.
        tol: the loss of an epoch, Σ max(0, −y z) / rows with y = ±1, has to fall by as much; None:
            run all epochs.
        shuffle: whether rows get a new order for each epoch.
        verbose: print the mistakes of each epoch.
        eta0: η. Without a penalty and from zero weights it only scales them.
        n_jobs: threads over the classes or labels; None: one for each core.
        random_state: seed of the order and of the validation rows.
        early_stopping: watch the accuracy on rows kept apart instead of the loss.
        validation_fraction: share of the rows to keep apart.
        n_iter_no_change: stop after so many epochs without a gain of `tol`.
        class_weight: class to weight, or "balanced"; for several labels those of 0 and 1.
        warm_start: continue from the weights of the last `fit`.
        average: predict with the mean of the weights over all rows seen; a number: from that row.

    Attributes:
        coef_: (1, classes or labels; features) weights.
        intercept_: (1, classes or labels).
        classes_: the classes in order.
        n_iter_: epochs, the most of any class.
        mistakes_: (1, classes or labels) updates made by the last `fit`, all by `partial_fit`.
        mistakes_per_epoch_: for each of them the mistakes of each epoch.
        mistake_bound_: R²/γ² of each: no more updates are needed from zero weights, whatever the
            order (Novikoff, 1962). R is the longest (x, 1), γ the margin by which the weights found
            separate the rows; NaN where they do not separate them.
        t_: 1 + rows seen.

    References:
        F. Rosenblatt, "The perceptron: a probabilistic model for information storage and
        organization in the brain", 1958; A. Novikoff, "On convergence proofs on perceptrons", 1962;
        averaging: Freund and Schapire, "Large margin classification using the perceptron
        algorithm", 1999. Parameters and defaults: scikit-learn.

    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> perceptron = Perceptron(tol=None).fit(x, ["no", "no", "no", "both"])
    >>> perceptron.predict([[1.0, 1.0], [0.0, 1.0]])
    array(['both', 'no'], dtype='<U4')
    >>> bool(perceptron.mistakes_[0] <= perceptron.mistake_bound_[0])
    True
    """

    # -- learning ----------------------------------------------------------------------------------

    def fit(
        self, X: Features, y: Targets, coef_init: ArrayLike | None = None,
        intercept_init: ArrayLike | None = None, sample_weight: Weights = None,
    ) -> Perceptron:  # fmt: skip
        """Learn.

        Args:
            X: (rows, features): an array, a sparse matrix (whose intercept learns at a hundredth
                of the rate, as scikit-learn's does), or a frame of numbers.
            y: (rows,) classes, or (rows, labels) of 0 and 1.
            coef_init, intercept_init: first weights; 0 if None.
            sample_weight: (rows,): factors of η.

        Raises:
            ValueError: bad data or parameters.
        """
        check_values(self)
        given = [coef_init, intercept_init]
        if self.warm_start and hasattr(self, "coef_"):
            before = (self.coef_, self.intercept_)
            given = [old if new is None else new for old, new in zip(before, given, strict=True)]
        x, targets, weights = self._read(X, y, sample_weight, None, reset=True)
        self._start(x, *given)
        signs = self._signs(targets)
        found = self._learn(x, targets, signs, weights, self.max_iter)
        self.mistake_bound_ = mistake_bounds(self.fit_intercept, x, signs, found)
        reason = reason_of_mistakes(self, x, signs, weights, found)
        if reason:
            warn_user(reason, ConvergenceWarning)
        return self

    def partial_fit(
        self, X: Features, y: Targets, classes: Targets | None = None,
        sample_weight: Weights = None,
    ) -> Perceptron:  # fmt: skip
        """Learn each row once.

        Args:
            X, y, sample_weight: as in `fit`.
            classes: all classes, needed in the first call.

        Raises:
            ValueError: bad data or parameters; a class that is not among `classes`.
        """
        check_values(self)
        check_partial(self)
        new = not hasattr(self, "coef_")
        if new and classes is None and np.asarray(y).ndim == 1:
            raise BadArgument(
                "Perceptron.partial_fit: `classes` must be passed on the first call: later "
                "rows may have others than these.",
                fix="`partial_fit(X, y, classes=np.unique(all_y))`.",
            )
        if not new:
            check_classes(self, self.classes_, classes)
        x, targets, weights = self._read(X, y, sample_weight, classes, reset=new)
        if new:
            self._start(x, None, None)
        self._learn(x, targets, self._signs(targets), weights, 1)
        return self

    def _read(
        self, X: Features, y: Targets, sample_weight: Weights, classes: Targets | None, reset: bool
    ) -> tuple[Matrix, np.ndarray, np.ndarray]:
        require_targets(self, y)
        x = self._check_x(X, reset)
        y = check_targets(self, y, x)
        if reset:
            self._encoder = label_encoder(self, y, classes)
            self.classes_ = self._encoder.classes_
        targets = self._encoder.transform(y).astype(np.intp)
        weights = check_weights(sample_weight, x)
        weights = np.ones(len(targets)) if weights is None else weights
        return x, targets, weights.astype(x.dtype)

    def _check_x(self, X: Features, reset: bool) -> Matrix:
        columns = FrameEncoder.of(X)
        if columns is not None:
            text = [name for name, values in columns.kinds if values is not None]
            raise BadData(
                "Perceptron: could not convert columns that hold no numbers.",
                given=", ".join(map(repr, text)),
                fix="encode them first: `make_pipeline(make_column_transformer((OneHotEncoder()"
                f', {text}), remainder="passthrough"), Perceptron())`.',
            )
        with naming_columns(X):
            return validate_data(
                self, X, reset=reset, accept_sparse="csr", accept_large_sparse=False, order="C",
                dtype=[np.float64, np.float32],
            )  # fmt: skip

    @property
    def _several(self) -> bool:
        return self._encoder.target_type_ == "multilabel-indicator"

    def _start(self, x: Matrix, coef: ArrayLike | None, intercept: ArrayLike | None) -> None:
        """First weights."""
        units = 1 if self._encoder.target_type_ == "binary" else len(self.classes_)
        shapes = {"coef": (units, x.shape[1]), "intercept": (units,)}
        first = []
        for (name, shape), given in zip(shapes.items(), (coef, intercept), strict=True):
            array = np.zeros(shape) if given is None else np.asarray(given)
            if array.size != math.prod(shape):
                raise BadArgument(
                    f"Perceptron: first weights `{name}` do not match the data.",
                    given=f"shape {array.shape}",
                    expected=shape,
                )
            first.append(array.reshape(shape).astype(x.dtype))
        self.coef_, self.intercept_ = self._standard = (first[0], first[1])
        self._averaged_rows = np.zeros(units)
        self.t_ = 1.0
        self.mistakes_ = np.zeros(units, int)

    def _signs(self, targets: np.ndarray) -> np.ndarray:
        """(rows, units): 1 for the rows of the unit's class, -1 for the others."""
        if self._encoder.target_type_ == "multiclass":
            targets = targets[:, None] == np.arange(len(self.classes_))
        return np.where(targets.reshape(len(targets), -1), np.int8(1), np.int8(-1))

    def _learn(
        self, x: Matrix, targets: np.ndarray, signs: np.ndarray, weights: np.ndarray, epochs: int
    ) -> list[Learned]:
        problems = self._problems(x, targets, signs, weights)
        jobs = -1 if self.n_jobs is None else self.n_jobs
        cores = os.cpu_count() or 1
        workers = min(len(problems), jobs if jobs > 0 else max(1, cores + 1 + jobs))
        ahead = 2 * workers <= cores
        if workers == 1:
            found = [learn(problem, self, epochs, ahead) for problem in problems]
        else:  # compiled loops let go of the GIL
            with ThreadPoolExecutor(workers) as pool:
                found = list(pool.map(lambda one: learn(one, self, epochs, ahead), problems))
        self._keep(found, len(targets))
        return found

    def _problems(
        self, x: Matrix, targets: np.ndarray, signs: np.ndarray, weights: np.ndarray
    ) -> list[Problem]:
        """One for each unit, with the seeds that scikit-learn draws."""
        random_state = generator_of(self.random_state)
        units = signs.shape[1]
        if units == 1:
            random_state.randint(1, _MOST)
        apart = self._kept_apart(targets, weights)
        if units == 1:
            seeds = [random_state.randint(_MOST)]
        else:
            drawn = np.asarray(random_state.randint(_MOST, size=units))
            own = map(np.random.RandomState, drawn.tolist())
            seeds = [(one.randint(1, _MOST), one.randint(_MOST))[1] for one in own]
        return [
            Problem(
                x, signs[:, i], weights * self._class_weights(targets, i), int(seeds[i]),
                self._standard[0][i], self._standard[1][i], int(self.t_ - 1), apart,
                None if apart is None else _accuracy(x[apart], signs[apart, i], weights[apart]),
            )
            for i in range(units)
        ]  # fmt: skip

    def _class_weights(self, targets: np.ndarray, unit: int) -> np.ndarray:
        """Of each row, for one unit: its class's where it is the unit's, 1 elsewhere."""
        if self.class_weight is None:
            return np.ones(1)
        if self._several:
            both = compute_class_weight(self.class_weight, classes=np.arange(2), y=targets[:, unit])
            return both[targets[:, unit]]
        labels = self.classes_[targets]
        weights = compute_class_weight(self.class_weight, classes=self.classes_, y=labels)
        if self._encoder.target_type_ == "binary":
            return weights[targets]
        return np.where(targets == unit, weights[unit], 1.0)

    def _kept_apart(self, targets: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
        if not self.early_stopping:
            return None
        splitter = ShuffleSplit if self._several else StratifiedShuffleSplit
        generator = generator_of(self.random_state)
        split = splitter(test_size=self.validation_fraction, random_state=generator)
        _, rows = next(split.split(np.zeros((len(targets), 1)), targets))
        if not weights[rows].any():
            raise BadArgument(
                "Perceptron: all rows kept apart for early stopping have a weight of 0.",
                fix="take another `random_state`.",
            )
        apart = np.zeros(len(targets), bool)
        apart[rows] = True
        return apart

    def _keep(self, found: list[Learned], rows: int) -> None:
        """Weights and counts as attributes."""
        standard = (np.stack([one.w for one in found]), np.array([one.b for one in found]))
        self.n_iter_ = max(one.epochs for one in found)
        self.t_ += self.n_iter_ * rows
        self.mistakes_per_epoch_ = [one.mistakes for one in found]
        self.mistakes_ = self.mistakes_ + [sum(one.mistakes) for one in found]
        new = np.array([one.averaged for one in found])
        if new.any():
            # What earlier calls averaged counts by its rows.
            old = (self.coef_, self.intercept_)
            share = new / (new + self._averaged_rows)
            now = (
                np.stack([one.average_w for one in found]),
                np.array([one.average_b for one in found]),
            )
            shares = (share[:, None], share)
            self.coef_, self.intercept_ = (
                (a + s * (b - a)).astype(b.dtype) for a, b, s in zip(old, now, shares, strict=True)
            )
            self._averaged_rows = self._averaged_rows + new
        else:
            self.coef_, self.intercept_ = standard
        self._standard = standard

    # -- predictions -------------------------------------------------------------------------------

    def decision_function(self, X: Features) -> np.ndarray:
        """w·x + b: (rows,), or (rows, classes or labels)."""
        check_is_fitted(self)
        scores = safe_sparse_dot(self._check_x(X, reset=False), self.coef_.T) + self.intercept_
        return scores[:, 0] if self._encoder.target_type_ == "binary" else scores

    def predict(self, X: Features) -> np.ndarray:
        """Classes, or (rows, labels) of 0 and 1."""
        scores = self.decision_function(X)
        if self._several:
            return (scores > 0).astype(int)
        return self.classes_[
            scores.argmax(axis=1) if scores.ndim == 2 else (scores > 0).astype(int)
        ]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags


def _accuracy(
    x: Matrix, y: np.ndarray, weights: np.ndarray
) -> Callable[[np.ndarray, float], float]:
    """Of weights, on some rows."""

    def score(w: np.ndarray, b: float) -> float:
        right = (safe_sparse_dot(x, w) + b > 0) == (y > 0)
        return float(np.average(right, weights=weights))

    return score
