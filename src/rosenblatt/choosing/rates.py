"""The learning-rate range test: losses while the rate grows, and the rate that they suggest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.random import SeedGenerator
from rosenblatt.core.types import Array, ArrayLike, Tree
from rosenblatt.core.variable import Variable
from rosenblatt.data.contract import Source
from rosenblatt.data.reading import read
from rosenblatt.layers.base import Layer
from rosenblatt.models.model import Model
from rosenblatt.plots.figures import new_axes
from rosenblatt.training import programs
from rosenblatt.training.engine import Engine
from rosenblatt.training.intake import bring
from rosenblatt.training.placement import TrainState
from rosenblatt.training.step import batch_at, numbers_now, results, traced_numbers, train_step

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SMOOTHING = 0.95
# A smoothed loss this many times the lowest one ends the curve: the test has found its limit.
_DIVERGED = 4.0


@dataclass(frozen=True)
class LearningRateRange:
    """What a range test found.

    Attributes:
        rates: the rates tried, growing.
        losses: the loss of the batch at each rate, before that rate's step.
        smoothed: the same without the noise of single batches.
        turning_point: the rate at which the smoothed loss is lowest.
        suggestion: a rate to train with.
        rule: how the suggestion follows from the curve.
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    turning_point: float
    suggestion: float
    rule: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw losses against rates, with the suggestion.

        Args:
            ax: where to draw; new axes if None.
        """
        ax = new_axes(7, 4)[0, 0] if ax is None else ax
        ax.plot(self.rates, self.losses, color="0.8", linewidth=1, label="loss of a batch")
        ax.plot(self.rates, self.smoothed, color="C0", label="smoothed")
        ax.axvline(self.suggestion, color="C1", linestyle="--",
                   label=f"suggestion: {self.suggestion:.2g}")  # fmt: skip
        lowest = int(np.argmin(self.smoothed))
        bottom, top = self.smoothed[lowest], self.smoothed[: lowest + 1].max()
        margin = 0.1 * (top - bottom) or 1.0
        ax.set(
            xscale="log",
            xlabel="learning rate",
            ylabel="loss",
            ylim=(bottom - margin, top + margin),
        )
        ax.grid(visible=True, alpha=0.3)
        ax.legend()
        return ax


def find_learning_rate(
    model: Model,
    x: Tree,
    y: Tree = None,
    sample_weight: ArrayLike | None = None,
    *,
    min_rate: float = 1e-5,
    max_rate: float = 10.0,
    steps: int = 500,
    batch_size: int = 32,
    seed: int = 0,
) -> LearningRateRange:
    """Train for a few hundred steps while the rate grows exponentially, and read off a good rate.

    The rate of step i is min_rate (max_rate / min_rate)^(i / (steps − 1)). All steps run in one
    compiled program on values of its own: weights, optimizer and random state of the model stay as
    they were.

    Args:
        model: a compiled model.
        x, y, sample_weight: training data, as in `fit`.
        min_rate, max_rate: the first and the last rate.
        steps: how many rates to try, a batch each.
        batch_size: rows of a batch; use the one you will train with.
        seed: of the order of the rows, and of dropout.

    Returns:
        The curve and the suggestion: a tenth of the rate at which the smoothed loss is lowest,
        beyond which it climbs.

    Raises:
        ValueError: rates or steps that make no range; a model whose optimizer follows a schedule
            or whose `train_step` is its own; a loss that is not finite, or climbs, from the first
            rates on.

    Smith, "Cyclical learning rates for training neural networks", 2017; bounds, number of steps
    and rule: Géron, Hands-On Machine Learning, 3rd ed., chapter 10.

    >>> import rosenblatt as rb
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(256, 3))
    >>> model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])
    >>> model.compile(rb.optimizers.SGD(), "mse")
    >>> found = find_learning_rate(model, x, x.sum(axis=1, keepdims=True), steps=200)
    >>> 0.001 < found.suggestion < 1.0
    True
    """
    _check_range(min_rate, max_rate, steps)
    session = model.training_session
    source = read(x, y, sample_weight, session.task.inputs()).batches(batch_size, seed=seed)
    rate = _settable_rate(model, source)
    bring(session.task, source, "train")
    engine = session.engine("train")
    engine.load()
    rates = np.geomspace(min_rate, max_rate, steps).astype("float32")
    batches = _batches(source.whole(), batch_size, steps, seed)
    state = _seeded(engine, seed)
    values = numbers_now(engine.parameters)
    program = programs.get_program(
        None if engine.key is None else ("rates", engine.key),
        lambda: _tries(engine, rate),
        state, values, batches, rates,
    )  # fmt: skip
    losses = np.asarray(program(state, values, batches, rates), "float64")
    return _read(rates.astype("float64"), losses)


def _check_range(min_rate: float, max_rate: float, steps: int) -> None:
    if not 0 < min_rate < max_rate < np.inf:
        raise BadArgument(
            "find_learning_rate: bad `min_rate` or `max_rate`.",
            given=f"{min_rate}, {max_rate}",
            expected="numbers with 0 < min_rate < max_rate",
        )
    if steps < 20:
        raise BadArgument(
            "find_learning_rate: too few `steps` for a curve.",
            given=steps,
            expected="20 at least; some hundreds are usual",
        )


def _settable_rate(model: Model, source: Source) -> Variable:
    model._require_compiled("find_learning_rate")
    task = model.training_session.task
    is_stream = source.whole() is None
    if task.own_step("train") or task.run_eagerly or is_stream:
        raise BadArgument(
            "find_learning_rate: the test runs in one compiled program.",
            given="a stream"
            if is_stream
            else "a model with a `train_step` of its own, or run eagerly",
            expected="arrays or frames, and a model that `compile` tells how to train",
        )
    rate = getattr(model.optimizer, "learning_rate_source", None)
    if not isinstance(rate, Variable):
        raise BadArgument(
            "find_learning_rate: the optimizer's rate cannot be set.",
            given=type(rate or model.optimizer).__name__,
            expected="an optimizer of this library with a number as `learning_rate`",
            fix="`model.compile(optimizer=rb.optimizers.Adam(1e-3), ...)`.",
        )
    return rate


def _batches(data: Tree, batch_size: int, steps: int, seed: int) -> Tree:
    """Shuffled rows as arrays of shape (steps, batch_size, …), the data repeated as needed."""
    rng, rows = np.random.default_rng(seed), len(jax.tree_util.tree_leaves(data)[0])
    size = min(batch_size, rows)
    passes = -(-steps * size // rows)
    order = np.concatenate([rng.permutation(rows) for _ in range(passes)])[: steps * size]
    return jax.tree_util.tree_map(
        lambda a: np.asarray(a)[order].reshape(steps, size, *a.shape[1:]), data
    )


def _seeded(engine: Engine, seed: int) -> TrainState:
    """The model's state, with seeds of this test's own: the same test gives the same curve."""
    seeds = {id(g.state) for layer in engine.task.layers() for g in _generators(layer)}
    values = [
        np.asarray(value) + np.asarray(seed, value.dtype) if id(variable) in seeds else value
        for variable, value in zip(
            engine.variables.non_trainable, engine.state.non_trainable, strict=True
        )
    ]
    return engine.state._replace(non_trainable=tuple(values))


def _generators(layer: Layer) -> list[SeedGenerator]:
    return [value for value in vars(layer).values() if isinstance(value, SeedGenerator)]


def _tries(engine: Engine, rate: Variable) -> Callable[..., Array]:
    """A function that makes a step at each rate and gives the losses before them."""
    place = [id(v) for v in engine.variables.optimizer].index(id(rate))
    loss = engine.names.index("loss")

    def run(state: TrainState, values: Sequence[float], batches: Tree, rates: Array) -> Array:
        parameters = traced_numbers(engine.parameters, values)
        fresh = jax.tree_util.tree_map(jnp.zeros_like, state.metrics)

        def one(state: TrainState, step: tuple[Array, Array]) -> tuple[TrainState, Array]:
            index, value = step
            optimizer = list(state.optimizer)
            optimizer[place] = value.astype(optimizer[place].dtype)
            state = state._replace(optimizer=tuple(optimizer), metrics=fresh)
            batch = batch_at(batches, index)
            after = train_step(engine.task, engine.variables, state, parameters, batch, None)
            return after, results(engine.task, engine.variables, after, parameters)[loss]

        return jax.lax.scan(one, state, (jnp.arange(len(rates)), rates))[1]

    return run


def _read(rates: np.ndarray, losses: np.ndarray) -> LearningRateRange:
    """Smooth the curve and apply the rule."""
    finite = np.isfinite(losses)
    count = len(losses) if finite.all() else int(np.argmin(finite))
    if count < 10:
        raise BadArgument(
            "find_learning_rate: the loss is not finite almost from the first rate on.",
            given=f"losses {', '.join(f'{v:.3g}' for v in losses[:4])}, … from rate "
            f"{rates[0]:.2g} on",
            fix="scale the inputs and targets, or pass a lower `min_rate`.",
        )
    weights = _SMOOTHING ** np.arange(count)
    smoothed = np.array(
        [np.average(losses[: i + 1][::-1], weights=weights[: i + 1]) for i in range(count)]
    )
    beyond = np.flatnonzero(smoothed > _DIVERGED * np.minimum.accumulate(smoothed))
    count = int(beyond[0]) + 1 if len(beyond) and smoothed.min() > 0 else count
    smoothed = smoothed[:count]
    lowest = int(np.argmin(smoothed))
    if lowest < count // 20 and smoothed[-1] > smoothed[0]:
        raise BadArgument(
            "find_learning_rate: the loss climbs from the first rates on.",
            given=f"{smoothed[0]:.3g} at rate {rates[0]:.2g}, {smoothed[-1]:.3g} at "
            f"{rates[count - 1]:.2g}",
            fix="pass a lower `min_rate`; or begin with a model that is not trained yet.",
        )
    turning = float(rates[lowest])
    return LearningRateRange(
        rates[:count], losses[:count], smoothed, turning, turning / 10,
        "a tenth of the rate at which the smoothed loss is lowest",
    )  # fmt: skip
