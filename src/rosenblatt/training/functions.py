"""Passes over functions that a user's `make_train_function` and its like make, as Keras's on JAX.

Such a function takes batches from an iterator itself, so nothing around it is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core.errors import BadData, WrongType
from rosenblatt.core.types import Tree
from rosenblatt.data.contract import Batch, Block
from rosenblatt.training.custom import given_of, like, unpacked, without_none
from rosenblatt.training.engine import Engine, Logs
from rosenblatt.training.placement import (
    GROUPS,
    HERE,
    Placement,
    StateVariables,
    TrainState,
    placement_now,
)

if TYPE_CHECKING:
    from rosenblatt.training.contract import Kind, Task
    from rosenblatt.training.fit import Hooks
    from rosenblatt.training.session import Session

# `(state, iterator)` to the logs, or outputs, and the new state.
StepFunction = Callable[[Sequence[Any], Iterator[Tree]], tuple[Any, Any]]
_ADVICE = (
    "let `make_{kind}_function` set `self.{kind}_function` to a function `(state, iterator)` that "
    "takes a batch by `next(iterator)` and returns `{found}, state`."
)


class Feed:
    """An iterator over batches that knows how many were taken, and whether another one follows.

    >>> feed = Feed(iter("ab"))
    >>> next(feed), feed.taken, feed.is_over(), next(feed), feed.is_over()
    ('a', 1, False, 'b', True)
    """

    def __init__(self, batches: Iterator[Any]):
        self._batches = batches
        self._ahead: list[Any] = []
        self.taken = 0

    def __iter__(self) -> Feed:
        return self

    def __next__(self) -> Any:
        batch = self._ahead.pop() if self._ahead else next(self._batches)
        self.taken += 1
        return batch

    def is_over(self) -> bool:
        """Whether nothing is left to take."""
        if not self._ahead:
            self._ahead = [batch for batch in [next(self._batches, None)] if batch is not None]
        return not self._ahead


class FunctionEngine(Engine):
    """Steps by a function that a user's model made.

    Args:
        task: a built, compiled model.
        kind: "train" or "test".
        function: takes the state and an iterator of batches.
        placement: the device, or devices, that compute.
    """

    def __init__(
        self, task: Task, kind: Kind, function: StepFunction, placement: Placement = HERE
    ) -> None:
        super().__init__(task, kind, placement)
        self.function: StepFunction = function

    def load(self) -> None:
        """Take copies of the variables' values: the function may give its arguments away."""
        super().load()
        self.state = _copied(self.state)

    def run(
        self, blocks: Iterator[Block], meanwhile: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, Logs]]:
        """Call the function until no batch is left; the steps done in each call, and the logs.

        Nothing runs while it is waited for: what would be done meanwhile is left to be done after.
        """
        feed = Feed(_batches(self._timed(blocks)))
        while not feed.is_over():
            done, logs = self._call_on(feed)
            if not done:
                return
            yield done, logs

    def steps(self, blocks: Iterator[Block]) -> Iterator[Callable[[], tuple[int, Logs]]]:
        """The same, each call when it is asked for."""
        feed = Feed(_batches(self._timed(blocks)))

        def step() -> tuple[int, Logs]:
            self.load()
            found = self._call_on(feed)
            self.store()
            return found

        while not feed.is_over():
            yield step

    def _call_on(self, feed: Feed) -> tuple[int, Logs]:
        """One call; (0, ()) where it wanted more batches than there were."""
        where = f"`{self.kind}_function` of {self.task.described}"
        fix = _ADVICE.format(kind=self.kind, found="logs")
        given = given_of(self.state, self.kind, len(self.task.listed_metrics))
        found, steps = called(self.function, given, feed, where, fix)
        if not steps:
            return 0, ()
        logs, new = unpacked(found, self.kind, where, fix)
        groups = {}
        for name, values, before in zip(GROUPS[self.kind], new, given, strict=True):
            kept = like(list(values), before, getattr(self.variables, name), name, where)
            groups[name] = (*kept, *getattr(self.state, name)[len(before) :])
        self.state = self.state._replace(**groups)
        self.names[:] = list(logs)
        self.seconds["steps"] += steps
        return steps, tuple(logs.values())


def predict_by(
    session: Session, function: StepFunction, batches: Iterator[Tree], hooks: Hooks
) -> list[Any]:
    """The outputs of each call of a user's `predict_function`, as NumPy arrays.

    Args:
        session: that of a built model.
        function: takes the state and an iterator of batches.
        batches: of inputs.
        hooks: the callbacks.
    """
    task = session.task
    where = f"`predict_function` of {task.described}"
    fix = _ADVICE.format(kind="predict", found="outputs")
    feed = Feed((jax.tree_util.tree_map(jnp.asarray, x),) for x in batches)
    parts: list[Any] = []
    while not (feed.is_over() or session.stop_predicting):
        number = feed.taken
        hooks.call("on_predict_batch_begin", number)
        variables, placement = task.variables("predict"), placement_now()
        state = _copied(placement.load(variables))
        given = [list(state.trainable), list(state.non_trainable)]
        found, taken = called(function, given, feed, where, fix)
        if not taken:
            break
        outputs, new = found
        _keep(placement, variables, new, where, fix)
        parts.append(jax.tree_util.tree_map(np.asarray, outputs))
        hooks.call("on_predict_batch_end", feed.taken - 1, {"outputs": parts[-1]})
        hooks.progress("predict", feed.taken, {})
    return parts


def called(
    function: StepFunction, state: Sequence[Any], feed: Feed, where: str, fix: str
) -> tuple[Any, int]:
    """What a user's function returns, and how many batches it took: 0 where they ran out in it.

    Raises:
        ValueError: it took none.
        TypeError: it does not return two things.
    """
    before = feed.taken
    try:
        found = function(state, feed)
    except StopIteration:
        return None, 0
    if feed.taken == before:
        raise BadData(f"{where} took no batch from its iterator.", fix=fix)
    if not isinstance(found, tuple) or len(found) != 2:
        raise WrongType(
            f"{where} must return two things.",
            given=f"{type(found).__name__}: {found!r:.80}",
            fix=fix,
        )
    return found, feed.taken - before


def _keep(
    placement: Placement, variables: StateVariables, new: Sequence[Any], where: str, fix: str
) -> None:
    """Give the variables the values that a prediction returned for them."""
    if not isinstance(new, (tuple, list)) or len(new) != 2:
        raise WrongType(
            f"{where} must return the new state.",
            given=f"{type(new).__name__}",
            expected="(trainable_variables, non_trainable_variables)",
            fix=fix,
        )
    before = placement.load(variables)
    groups = [
        tuple(like(list(values), list(old), held, name, where))
        for name, values, old, held in zip(
            ("trainable", "non_trainable"), new, before[:2], variables[:2], strict=True
        )
    ]
    placement.store(variables, TrainState(groups[0], groups[1], (), ()))


def _batches(blocks: Iterator[Block]) -> Iterator[Batch]:
    """The batches of blocks one by one, in their true sizes, as Keras gives them."""
    for block in blocks:
        for index in range(block.n_batches):
            left = min(block.batch_size, block.n_rows - index * block.batch_size)
            yield without_none(
                jax.tree_util.tree_map(
                    lambda a, i=index, n=left: jnp.asarray(a[i][:n]), block.arrays
                )
            )


def _copied(state: TrainState) -> TrainState:
    return TrainState(*jax.tree_util.tree_map(jnp.array, tuple(state)))
