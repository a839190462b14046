"""One binary perceptron: epochs, their end, early stopping."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from scipy import sparse

from rosenblatt.core.errors import explain
from rosenblatt.data.prefetch import prefetch
from rosenblatt.sklearn.perceptron_rule import (
    BLOCK,
    Numbers,
    Rows,
    State,
    first_state,
    program,
)
from rosenblatt.sklearn.shuffling import order_of

_CHUNK = 8192  # most rows of one call of the program
_CHUNK_BYTES = 8 << 20  # about how many bytes these take: rows of sparse matrices may be long
_AHEAD = 8 << 20  # bytes of rows that wait for it
SPARSE_BIAS_RATE = 0.01  # scikit-learn's, for sparse inputs: their biases would oscillate


@dataclass
class Settings:
    """How to learn: scikit-learn's parameters, those of one epoch after the other."""

    eta0: float
    penalty: str | None
    alpha: float
    l1_ratio: float
    fit_intercept: bool
    epochs: int
    tol: float | None
    shuffle: bool
    n_iter_no_change: int
    first_averaged: float  # the row from which weights are averaged; infinite: not at all
    verbose: bool = False
    ahead: bool = True  # gather rows in a thread: where cores are left for it

    def numbers(self, sparse_inputs: bool, dtype: Any) -> Numbers:
        """The program's arguments."""
        share = {None: 0.0, "l2": 0.0, "l1": 1.0, "elasticnet": self.l1_ratio}[self.penalty]
        alpha = self.alpha if self.penalty else 0.0
        bias_rate = SPARSE_BIAS_RATE if sparse_inputs else 1.0
        kind = np.dtype(dtype).type
        return Numbers(
            bias_rate=kind(bias_rate if self.fit_intercept else 0.0),
            first_averaged=np.float64(self.first_averaged),
            shrink=kind(max(0.0, 1 - (1 - share) * self.eta0 * alpha)),
            pull=kind(share * self.eta0 * alpha),
            squares=kind(alpha * (1 - share) / 2),
            absolutes=kind(alpha * share),
            lazy=np.bool_(sparse_inputs),
        )


@dataclass
class Problem:
    """A binary problem: y is ±1, `weights` are those of rows times those of their class."""

    x: Any  # dense or CSR
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


def learn(problem: Problem, settings: Settings) -> Learned:
    """Learn until nothing improves.

    Raises:
        ValueError: weights that are no longer finite.
    """
    dtype = problem.w.dtype
    numbers = settings.numbers(sparse.issparse(problem.x), dtype)
    state = first_state(problem.w, problem.b, problem.t)
    stopping = _Stopping(settings)
    learned = Learned(problem.w, problem.b, problem.w, problem.b)
    count = len(problem.y)
    turn = order_of(problem.seed, count) if settings.shuffle else None
    steps = settings.eta0 * problem.y * problem.weights
    labels = np.column_stack([problem.y, steps]).astype(dtype)
    order = rows = np.arange(count)
    figure = np.inf
    while learned.epochs < settings.epochs and not learned.converged:
        # Where an epoch had no mistakes, the next ones change nothing.
        still = learned.mistakes[-1:] == [0] and settings.penalty is None
        if still:
            state = state._replace(t=state.t + len(rows))
        else:
            if turn is not None:
                order = order[turn]  # each epoch shuffles the last one's order, with the same seed
            rows = order if problem.kept_apart is None else order[~problem.kept_apart[order]]
            state = _epoch(settings, problem, labels, rows, numbers, state)
        learned.epochs += 1
        learned.mistakes.append(0 if still else int(state.sums[0]))
        if settings.verbose:
            sys.stdout.write(f"Epoch {learned.epochs}: {learned.mistakes[-1]} mistakes\n")
        w, b = state.v[0, :-1], state.v[0, -1]
        if not np.isfinite(state.v[0]).all():
            raise ValueError(
                explain(
                    f"Perceptron: weights became infinite in epoch {learned.epochs}.",
                    fix="scale the inputs, as with `StandardScaler`, or lower `eta0`.",
                )
            )
        if problem.score is not None:
            figure = -problem.score(w, float(b))
        elif not still:
            figure = float(state.sums[1]) / len(rows)
        learned.converged = stopping.after(figure)
    learned.w, learned.b = state.v[0, :-1].copy(), state.v[0, -1]
    _average(learned, state, settings)
    return learned


def _average(learned: Learned, state: State, settings: Settings) -> None:
    """The mean of the weights after each row from the first averaged one on."""
    learned.averaged = max(0.0, float(state.t) - settings.first_averaged + 1)
    if learned.averaged:
        means = state.v[0] - state.v[1] / learned.averaged
        learned.average_w, learned.average_b = means[:-1], means[-1]
        if settings.penalty is not None:
            learned.average_w = np.array(state.average)


class _Stopping:
    """The end: so many epochs in which a figure was not lower than the lowest by `tol`."""

    def __init__(self, settings: Settings):
        self.tol, self.patience = settings.tol, settings.n_iter_no_change
        self.best, self.waited = np.inf, 0

    def after(self, figure: float) -> bool:
        if self.tol is not None and figure > self.best - self.tol:
            self.waited += 1
        else:
            self.waited = 0
        self.best = min(self.best, figure)
        return self.waited >= self.patience


def _epoch(
    settings: Settings,
    problem: Problem,
    labels: np.ndarray,
    order: np.ndarray,
    numbers: Numbers,
    state: State,
) -> State:
    state = state._replace(sums=np.zeros(2))
    size = _chunk_size(problem.x.shape[1] * labels.itemsize, len(order))
    chunks = _chunks(problem.x, labels, order, size)
    if len(order) > size and settings.ahead:
        chunks = prefetch(chunks, lambda rows: rows.x.nbytes, _AHEAD)
    with _double_precision():
        run = None
        for i, rows in enumerate(chunks):
            run = run or program(settings.penalty is not None, rows, numbers, state)
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
    x: Any, labels: np.ndarray, order: np.ndarray, size: int
) -> Generator[Rows, None, None]:
    """Rows in order, so many at a time."""
    for start in range(0, len(order), size):
        some = order[start : start + size]
        rows = Rows(_aligned((size, x.shape[1]), labels.dtype), _aligned((size, 2), labels.dtype))
        count = len(some)
        if sparse.issparse(x):
            x[some].toarray(out=rows.x[:count])
        else:
            x.take(some, 0, out=rows.x[:count], mode="clip")
        labels.take(some, 0, out=rows.labels[:count], mode="clip")
        for array in rows:
            array[count:] = 0
        yield rows


def _aligned(shape: tuple[int, int], dtype: Any) -> np.ndarray:
    """An empty array that begins where JAX takes it without a copy."""
    size = shape[0] * shape[1] * np.dtype(dtype).itemsize
    raw = np.empty(size + 64, np.uint8)
    first = -raw.ctypes.data % 64
    return raw[first : first + size].view(dtype).reshape(shape)


def _double_precision() -> Any:
    """A scope, of this thread only, in which JAX computes with float64 too."""
    # Before JAX 0.8 it was an experiment.
    here = jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")
    return here.enable_x64(True)
