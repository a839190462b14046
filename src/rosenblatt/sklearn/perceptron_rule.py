"""The perceptron's rule, one instance at a time, in compiled loops.

A mistake is y (w·x + b) ≤ 0 with y = ±1; then w += η y x and b += η y. Without a penalty nothing
happens between two mistakes, so the loop goes from mistake to mistake: it looks at a block of rows
at once, finds the first mistake, learns, looks again at the rows behind it. That is the same
sequence of updates, and several times as fast as looking at one row after another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rosenblatt.training.programs import get_program

BLOCK = 32

Array: TypeAlias = Any  # of NumPy before and after a program, of JAX in it


class Instances(NamedTuple):
    """Rows in the order in which they are learned, filled up to a whole number of blocks."""

    x: Array  # (rows, features)
    labels: Array  # (rows, 2): y = ±1, or 0 where there is no row; η y times the row's weight


class Numbers(NamedTuple):
    """What the programs take as arguments, so that other values compile nothing."""

    bias_rate: Array  # of the bias against the weights: 0 without an intercept
    first_averaged: Array
    shrink: Array  # of an L2 penalty, for each row
    pull: Array  # of an L1 penalty, for each row
    squares: Array  # factors of Σ w² and of Σ |w| in the objective
    absolutes: Array
    lazy: Array  # whether penalties touch only the features that a row has: sparse inputs


class State(NamedTuple):
    """Weights, and what is counted on the way. The last four are used with a penalty only."""

    v: Array  # (2, features + 1): w and b; below, Σ over updates: update times averaged rows before
    t: Array  # rows so far
    sums: Array  # mistakes; Σ max(0, −y (w·x + b)), and what the penalty adds
    average: Array  # of w
    pulled: Array  # what L1 took from each weight, and what it could have taken
    could: Array
    norms: Array  # Σ w² and Σ |w| after the last update


def first_state(w: np.ndarray, b: float, t: int) -> State:
    """The state before the first row: in the dtype of `w`."""
    v = np.zeros((2, len(w) + 1), w.dtype)
    v[0] = [*w, b]
    norms = np.array([w @ w, np.abs(w).sum()], w.dtype)
    none = np.zeros_like(w)
    return State(v, np.float64(t), np.zeros(2), none, none, w.dtype.type(0), norms)


def program(
    penalized: bool, rows: Instances, numbers: Numbers, state: State
) -> Callable[[Instances, Array, Numbers, State], State]:
    """The compiled loop over rows of this shape: rows, number of blocks, numbers, state → state."""

    def run(rows: Instances, blocks: Array, numbers: Numbers, state: State) -> State:
        learn = _row_by_row if penalized else _from_mistake_to_mistake

        def block(k: Array, state: State) -> State:
            part = Instances(*(lax.dynamic_slice_in_dim(a, k * BLOCK, BLOCK) for a in rows))
            return learn(part, numbers, state)

        return lax.fori_loop(jnp.int32(0), blocks, block, state)

    key = ("perceptron", penalized)
    return get_program(key, lambda: run, rows, np.int32(0), numbers, state)


def _from_mistake_to_mistake(rows: Instances, numbers: Numbers, state: State) -> State:
    place = jnp.arange(BLOCK, dtype=jnp.int32)
    y = rows.labels[:, 0]

    def look(v: Array, after: Array) -> tuple[Array, Array]:
        """The first mistake behind a place, and the margins of all rows."""
        z = (jnp.sum(rows.x * v[0, :-1], axis=1) + v[0, -1]) * y
        return jnp.min(jnp.where((z <= 0) & (y != 0) & (place > after), place, BLOCK)), z

    def learn(carried: tuple[Array, ...]) -> tuple[Array, ...]:
        v, sums, i, z = carried
        x, (_, step), margin = (_item(a, i) for a in (*rows, z))
        late = jnp.maximum(state.t + 1 + i - numbers.first_averaged, 0).astype(v.dtype)
        update = step * jnp.append(x, numbers.bias_rate)
        v = v + jnp.stack([jnp.ones_like(late), late])[:, None] * update
        sums = sums + jnp.stack([(step != 0).astype(sums.dtype), -margin.astype(sums.dtype)])
        return v, sums, *look(v, i)

    first = (state.v, state.sums, *look(state.v, jnp.int32(-1)))
    v, sums, _, _ = lax.while_loop(lambda carried: carried[2] < BLOCK, learn, first)
    return state._replace(v=v, sums=sums, t=state.t + jnp.sum(y != 0))


def _item(array: Array, i: Array) -> Array:
    return lax.dynamic_index_in_dim(array, i, keepdims=False)


def _row_by_row(rows: Instances, numbers: Numbers, state: State) -> State:
    """With a penalty, which shrinks weights at every row."""

    def learn(i: Array, state: State) -> State:
        x, (y, step) = (_item(a, i) for a in rows)
        w, b = state.v[0, :-1], state.v[0, -1]
        z = (jnp.sum(w * x) + b) * y
        step = jnp.where(z <= 0, step, 0)
        penalty = numbers.squares * state.norms[0] + numbers.absolutes * state.norms[1]
        w, bias = w * numbers.shrink + step * x, step * numbers.bias_rate
        touched = (x != 0) | ~numbers.lazy
        norms = jnp.stack([jnp.sum(w * w * touched), jnp.sum(jnp.abs(w) * touched)])
        shrunk = state.norms * jnp.stack([numbers.shrink**2, numbers.shrink])
        t = state.t + 1
        late = jnp.maximum(t - numbers.first_averaged, 0).astype(w.dtype)
        share = jnp.where(t >= numbers.first_averaged, 1 / (late + 1), 0)
        # Cumulative L1 penalty: Tsuruoka, Tsujii and Ananiadou, 2009.
        could = state.could + numbers.pull
        down = jnp.maximum(0, w - (could + state.pulled))
        up = jnp.minimum(0, w + (could - state.pulled))
        left = jnp.where(w > 0, down, jnp.where(w < 0, up, w))
        left = jnp.where(touched & (numbers.pull > 0), left, w)
        lags = state.v[1].at[-1].add(late * bias)
        loss = jnp.maximum(-z, 0) + penalty
        learned = State(
            v=jnp.stack([jnp.append(left, b + bias), lags]),
            t=t,
            sums=state.sums + jnp.stack([step != 0, loss]).astype(state.sums.dtype),
            average=state.average + (w - state.average) * share,
            pulled=state.pulled + (left - w),
            could=could,
            norms=jnp.where(step != 0, norms, shrunk),
        )
        return jax.tree.map(lambda new, old: jnp.where(y != 0, new, old), learned, state)

    return lax.fori_loop(jnp.int32(0), jnp.int32(BLOCK), learn, state)
