"""One binary perceptron: epochs, their end, early stopping, and why it still makes mistakes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import jax
import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.extmath import row_norms, safe_sparse_dot

import rosenblatt.sklearn.settings as takes
from rosenblatt.core.checks import Check, choice, optional, whole
from rosenblatt.core.errors import BadData, explain
from rosenblatt.data.prefetch import prefetch
from rosenblatt.sklearn.perceptron_rule import (
    BLOCK,
    Instances,
    Numbers,
    State,
    first_state,
    program,
)
from rosenblatt.sklearn.separability import linear_separability
from rosenblatt.sklearn.settings import either, parameter
from rosenblatt.sklearn.shuffling import order_of
from rosenblatt.sklearn.types import ClassWeight, Matrix, RandomState

_CHUNK = 8192  # most rows of one call of the program
_CHUNK_BYTES = 8 << 20  # about how many bytes these take: rows of sparse matrices may be long
_AHEAD = 8 << 20  # bytes of rows that wait for it
SPARSE_BIAS_RATE = 0.01  # scikit-learn's, for sparse inputs: their biases would oscillate


JOBS = either("None, or an integer other than 0", choice(None), takes.COUNT, whole(most=-1))
FRACTION = Check(lambda v: isinstance(v, float) and 0 < v < 1, "between 0 and 1")
AVERAGE = either(
    "a bool, or the number of the first row to average, 1 or more", takes.FLAG, takes.COUNT
)
_MOST_NUMBERS = 20_000  # of data whose separability is looked into unasked: some milliseconds


@dataclass(kw_only=True, eq=False, repr=False)
class PerceptronParameters(BaseEstimator):
    """The parameters of a perceptron."""

    penalty: str | None = parameter(None, choice(None, "l2", "l1", "elasticnet"))
    alpha: float = parameter(0.0001, takes.NOT_NEGATIVE)
    l1_ratio: float = parameter(0.15, takes.UNIT)
    fit_intercept: bool = parameter(True, takes.FLAG)
    max_iter: int = parameter(1000, takes.COUNT)
    tol: float | None = parameter(1e-3, optional(takes.NOT_NEGATIVE))
    shuffle: bool = parameter(True, takes.FLAG)
    verbose: int = parameter(0, takes.VERBOSE)
    eta0: float = parameter(1.0, takes.POSITIVE)
    n_jobs: int | None = parameter(None, JOBS)
    random_state: RandomState = parameter(0)
    early_stopping: bool = parameter(False, takes.FLAG)
    validation_fraction: float = parameter(0.1, FRACTION)
    n_iter_no_change: int = parameter(5, takes.COUNT)
    class_weight: ClassWeight = parameter(None)
    warm_start: bool = parameter(False, takes.FLAG)
    average: bool | int = parameter(False, AVERAGE)

    def numbers(self, sparse_inputs: bool, dtype: np.dtype, first_averaged: float) -> Numbers:
        """The program's arguments."""
        share = {None: 0.0, "l2": 0.0, "l1": 1.0, "elasticnet": self.l1_ratio}[self.penalty]
        alpha = self.alpha if self.penalty else 0.0
        bias_rate = SPARSE_BIAS_RATE if sparse_inputs else 1.0
        kind = dtype.type
        return Numbers(
            bias_rate=kind(bias_rate if self.fit_intercept else 0.0),
            first_averaged=np.float64(first_averaged),
            shrink=kind(max(0.0, 1 - (1 - share) * self.eta0 * alpha)),
            pull=kind(share * self.eta0 * alpha),
            squares=kind(alpha * (1 - share) / 2),
            absolutes=kind(alpha * share),
            lazy=np.bool_(sparse_inputs),
        )


@dataclass
class Problem:
    """A binary problem: y is ±1, `weights` are those of rows times those of their class."""

    x: Matrix
    y: np.ndarray
    weights: np.ndarray
    seed: int
    w: np.ndarray
    b: float
    t: int
    kept_apart: np.ndarray | None = None  # rows not to learn from
    score: Callable[[np.ndarray, float], float] | None = None  # of weights, on those rows


@dataclass
class Learned:
    """What came of it."""

    w: np.ndarray
    b: float
    average_w: np.ndarray
    average_b: float
    epochs: int = 0
    mistakes: list[int] = field(default_factory=list)  # of each epoch
    converged: bool = False  # ended by its own rule, not by the number of epochs
    averaged: float = 0.0  # rows in the averages


def learn(
    problem: Problem, parameters: PerceptronParameters, epochs: int, ahead: bool = True
) -> Learned:
    """Learn until nothing improves.

    Args:
        problem: what to learn.
        parameters: how.
        epochs: the largest number of epochs.
        ahead: gather rows in a thread: where cores are left for it.

    Raises:
        ValueError: weights that are no longer finite.
    """
    dtype = problem.w.dtype
    first_averaged = max(float(parameters.average or np.inf), problem.t + 1.0)
    numbers = parameters.numbers(sparse.issparse(problem.x), dtype, first_averaged)
    state = first_state(problem.w, problem.b, problem.t)
    stopping = _Stopping(parameters)
    learned = Learned(problem.w, problem.b, problem.w, problem.b)
    count = len(problem.y)
    turn = order_of(problem.seed, count) if parameters.shuffle else None
    steps = parameters.eta0 * problem.y * problem.weights
    labels = np.column_stack([problem.y, steps]).astype(dtype)
    order = rows = np.arange(count)
    figure = np.inf
    while learned.epochs < epochs and not learned.converged:
        # Where an epoch had no mistakes, the next ones change nothing.
        still = learned.mistakes[-1:] == [0] and parameters.penalty is None
        if still:
            state = state._replace(t=state.t + len(rows))
        else:
            if turn is not None:
                order = order[turn]  # each epoch shuffles the last one's order, with the same seed
            rows = order if problem.kept_apart is None else order[~problem.kept_apart[order]]
            state = _epoch(problem.x, labels, rows, numbers, state, parameters.penalty, ahead)
        learned.epochs += 1
        learned.mistakes.append(0 if still else int(state.sums[0]))
        if parameters.verbose:
            sys.stdout.write(f"Epoch {learned.epochs}: {learned.mistakes[-1]} mistakes\n")
        w, b = state.v[0, :-1], state.v[0, -1]
        if not np.isfinite(state.v[0]).all():
            raise BadData(
                f"Perceptron: weights became infinite in epoch {learned.epochs}.",
                fix="scale the inputs, as with `StandardScaler`, or lower `eta0`.",
            )
        if problem.score is not None:
            figure = -problem.score(w, float(b))
        elif not still:
            figure = float(state.sums[1]) / len(rows)
        learned.converged = stopping.after(figure)
    learned.w, learned.b = state.v[0, :-1].copy(), state.v[0, -1]
    learned.averaged = max(0.0, float(state.t) - first_averaged + 1)
    if learned.averaged:  # the mean of the weights after each row from the first averaged one on
        means = state.v[0] - state.v[1] / learned.averaged
        learned.average_w, learned.average_b = means[:-1], means[-1]
        if parameters.penalty is not None:
            learned.average_w = np.array(state.average)
    return learned


class _Stopping:
    """The end: so many epochs in which a figure was not lower than the lowest by `tol`."""

    def __init__(self, parameters: PerceptronParameters):
        self.tol, self.patience = parameters.tol, parameters.n_iter_no_change
        self.best, self.waited = np.inf, 0

    def after(self, figure: float) -> bool:
        if self.tol is not None and figure > self.best - self.tol:
            self.waited += 1
        else:
            self.waited = 0
        self.best = min(self.best, figure)
        return self.waited >= self.patience


def _epoch(
    x: Matrix, labels: np.ndarray, order: np.ndarray, numbers: Numbers, state: State,
    penalty: str | None, ahead: bool,
) -> State:  # fmt: skip
    state = state._replace(sums=np.zeros(2))
    size = _chunk_size(x.shape[1] * labels.itemsize, len(order))
    chunks = _chunks(x, labels, order, size)
    if len(order) > size and ahead:
        chunks = prefetch(chunks, lambda rows: rows.x.nbytes, _AHEAD)
    with _double_precision():
        run = None
        for i, rows in enumerate(chunks):
            run = run or program(penalty is not None, rows, numbers, state)
            blocks = -(-min(size, len(order) - i * size) // BLOCK)
            before, state = state, run(rows, np.int32(blocks), numbers, state)
            jax.block_until_ready(before)  # one call runs ahead, so few rows are held
        return State(*jax.device_get(state))


def _chunk_size(row_bytes: int, rows: int) -> int:
    """Rows of a call of the program: a power of two, so that few programs are compiled."""
    fits = max(1, _CHUNK_BYTES // max(1, row_bytes))
    most = min(_CHUNK, 1 << (fits.bit_length() - 1))
    return max(BLOCK, min(most, 1 << (rows - 1).bit_length()))


def _chunks(
    x: Matrix, labels: np.ndarray, order: np.ndarray, size: int
) -> Generator[Instances, None, None]:
    """Rows in order, so many at a time."""
    for start in range(0, len(order), size):
        some = order[start : start + size]
        rows = Instances(
            _aligned((size, x.shape[1]), labels.dtype), _aligned((size, 2), labels.dtype)
        )
        count = len(some)
        if sparse.issparse(x):
            x[some].toarray(out=rows.x[:count])
        else:
            x.take(some, 0, out=rows.x[:count], mode="clip")
        labels.take(some, 0, out=rows.labels[:count], mode="clip")
        for array in rows:
            array[count:] = 0
        yield rows


def _aligned(shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """An empty array that begins where JAX takes it without a copy."""
    size = shape[0] * shape[1] * dtype.itemsize
    raw = np.empty(size + 64, np.uint8)
    first = -raw.ctypes.data % 64
    return raw[first : first + size].view(dtype).reshape(shape)


def _double_precision() -> AbstractContextManager[None]:
    """A scope, of this thread only, in which JAX computes with float64 too."""
    # Before JAX 0.8 it was an experiment.
    here = jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")
    return here.enable_x64(True)


def mistake_bounds(
    fit_intercept: bool, x: Matrix, signs: np.ndarray, found: list[Learned]
) -> np.ndarray:
    """R²/γ² of each unit, by the weights found; NaN where they do not separate the rows.

    Args:
        fit_intercept: whether there is a b.
        x: (rows, features) inputs.
        signs: (rows, units) of ±1.
        found: what was learned.
    """
    bounds = np.full(len(found), np.nan)
    rate = 0.0
    if fit_intercept:
        rate = SPARSE_BIAS_RATE if hasattr(x, "toarray") else 1.0
    longest = row_norms(x, squared=True).max() + rate
    for i, one in enumerate(found):
        if one.mistakes[-1]:
            continue
        nearest = (signs[:, i] * (safe_sparse_dot(x, one.w) + one.b)).min()
        if nearest > 0:
            squares = one.w @ one.w + (one.b**2 / rate if rate else 0.0)
            bounds[i] = longest * squares / nearest**2
    return bounds


def reason_of_mistakes(
    estimator: PerceptronParameters, x: Matrix, signs: np.ndarray, weights: np.ndarray,
    found: list[Learned],
) -> str | None:  # fmt: skip
    """Why training ended with mistakes, or before its end; None where it did not.

    Args:
        estimator: the fitted one.
        x: (rows, features) inputs.
        signs: (rows, units) of ±1.
        weights: (rows,) of the rows.
        found: what was learned.
    """
    if estimator.penalty is not None or estimator.early_stopping:
        if estimator.tol is None or all(one.converged for one in found):
            return None
        return explain(
            f"Perceptron: max_iter={estimator.max_iter} epochs were too few to converge.",
            fix="raise `max_iter`.",
        )
    wrong = [i for i, one in enumerate(found) if one.mistakes[-1]]
    if not wrong:
        return None
    one = found[wrong[0]]
    problem = (
        f"Perceptron: training ended with mistakes, {one.mistakes[-1]} on {len(signs)} rows in "
        f"epoch {one.epochs}"
    )
    if len(found) > 1:
        name = repr(estimator.classes_.tolist()[wrong[0]])
        problem += f" (class {name}, the first of {len(wrong)} such classes)"
    counted = weights > 0
    if x.shape[0] * x.shape[1] > _MOST_NUMBERS:
        return explain(
            f"{problem}. Where the classes are linearly separable, the rule ends without any.",
            fix="`linear_separability(X, y)` says whether they are.",
        )
    dense = x.toarray() if hasattr(x, "toarray") else x
    if linear_separability(dense[counted], signs[counted, wrong[0]]).separable:
        return explain(
            f"{problem}. The classes are linearly separable, so it would end without any.",
            fix="raise `max_iter`, and set `tol=None`.",
        )
    return explain(
        f"{problem}, because the classes are not linearly separable: the rule never ends, and more "
        "epochs do not help.",
        fix="use `average=True`, other features, or a hidden layer (`MLPClassifier`).",
    )
