"""Runs blocks of batches through compiled programs; the state stays on the device between them."""

from __future__ import annotations

import functools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from rosenblatt.core.faces import on_use
from rosenblatt.core.scope import HasParameters, Scope, is_number, number_kind, use_scope
from rosenblatt.core.types import ArrayLike, Tree
from rosenblatt.data.contract import Block
from rosenblatt.training.placement import HERE, Placement, TrainState
from rosenblatt.training.programs import Programs
from rosenblatt.training.step import Step, loop, numbers_now, results, test_step, train_step

if TYPE_CHECKING:
    from rosenblatt.training import custom
    from rosenblatt.training.contract import Kind, Task
    from rosenblatt.training.functions import StepFunction
else:
    custom = on_use("rosenblatt.training.custom")

# A call into a program should last about this long: short enough for Ctrl-C and progress, long
# enough that dispatching it costs nothing.
_CALL_SECONDS = 0.1
_FIRST_CALL_STEPS = 16
_ROWS = 1  # the axis of a block's rows
_MOST_ROWS = 2**31 - 1  # that a program can be told of

Logs = tuple[Any, ...]
Piece = tuple[Any, int, int, int, int]  # arrays, first batch, last batch + 1, rows, rows of a batch


class Engine:
    """Steps of one kind for one model.

    Args:
        task: a built, compiled model.
        kind: "train" or "test".
        placement: the device, or devices, that compute.
    """

    function: StepFunction | None = None  # which a user's model made in place of programs

    def __init__(self, task: Task, kind: Kind, placement: Placement = HERE):
        self.task = task
        self.kind = kind
        self.placement = placement
        self.step: Step = train_step if kind == "train" else test_step
        self.custom = task.own_step(kind) is not None
        self.variables = task.variables(kind)
        self.masked = task.rows_apart(kind)
        self.key, self.parameters = self._signature()
        self.load()
        self.names = [] if self.custom else self._names()
        self.seconds: dict[str, float] = defaultdict(float)  # of the run that it works for
        self.begun = 0.0  # when the call that runs began to compute
        self._version, self._stamp = task.version(), task.stamp()
        self._parts = _attributes(task)
        self._programs = Programs(self._build, placement)
        self._block: tuple[Tree, Any] | None = None  # the last one as given, and in its place
        self._seconds_per_step: float | None = None

    def fits(self) -> bool:
        """Whether the model still has the parts, and trains the weights, that it was made for."""
        stamp, weights = self.task.stamp(), self.variables
        alike = stamp is not None and stamp == self._stamp
        trained = all(v.trainable for v in weights.trainable)
        if alike and trained and not any(v.trainable for v in weights.non_trainable):
            return True
        if self._version != self.task.version():
            return False
        self._stamp = stamp  # something was announced of another model
        return True

    @property
    def is_program(self) -> bool:
        """Whether its steps are a program of this library's, not a user's own."""
        return not (self.custom or self.task.run_eagerly or self.function is not None)

    def _signature(self) -> tuple[Any, list[Any]]:
        signature = self.task.signature(self.variables, self.kind)
        key = None if signature.key is None else (self.masked, signature.key)
        return key, signature.parameters

    def is_as_read(self) -> bool:
        """Whether loss, metrics and optimizer still say what they said."""
        now = _attributes(self.task)
        if self.key is None or _same(self._parts, now):
            return True
        self._parts = now
        return bool(self.key == self._signature()[0])

    def load(self) -> None:
        """Take the variables' values as the state: something else may have changed them."""
        self.state = self.placement.load(self.variables)

    def store(self) -> None:
        """Give the variables the state's values."""
        self.placement.store(self.variables, self.state)

    def run(
        self, blocks: Iterator[Block], meanwhile: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, Logs]]:
        """Work through blocks; after each call give the steps done in it and the metrics then.

        The metrics are arrays that may still be computing: read them only to show them.

        Args:
            blocks: the data.
            meanwhile: called once the last call runs, before it is waited for.
        """
        pending: Logs | None = None
        pending_steps, self.begun = 0, time.perf_counter()
        for block in self._timed(blocks):
            for piece in self._pieces(block):
                logs = self._call(*piece)
                if pending is not None:
                    self._wait(pending, pending_steps)
                pending, pending_steps = logs, piece[2] - piece[1]
                yield pending_steps, logs
        self._block = None
        if meanwhile is not None:
            meanwhile()
        if pending is not None:
            self._wait(pending, pending_steps)

    def steps(self, blocks: Iterator[Block]) -> Iterator[Callable[[], tuple[int, Logs]]]:
        """The steps one by one, each to be taken by a call: that they are 1, and the metrics then.

        Blocks are on the device once.
        """
        for block in self._timed(blocks):
            held = block.arrays
            if block.n_batches > 1:
                held = self.placement.hold(held, _ROWS, self.masked)
            for arrays, *where in self._pieces(block, most=1):
                batch = (held if arrays is block.arrays else arrays, *where)
                yield functools.partial(self._step_on, batch)
        self._block = None

    def _step_on(self, batch: Piece) -> tuple[int, Logs]:
        """Take the variables' values, do one step, and give them back; 1, the metrics after it."""
        self.load()
        begun = time.perf_counter()
        logs = self._call(*batch)
        jax.block_until_ready(logs)
        self.seconds["program"] += time.perf_counter() - begun
        self.seconds["steps"] += 1
        self.store()
        return 1, logs

    def _timed(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """The blocks; what making them takes is noted."""
        while True:
            begun = time.perf_counter()
            block = next(blocks, None)
            self.seconds["data"] += time.perf_counter() - begun
            if block is None:
                return
            yield block

    def _wait(self, logs: Logs, steps: int) -> None:
        """Let at most one call run while the next block is being made."""
        waiting = time.perf_counter()
        jax.block_until_ready(logs)
        now = time.perf_counter()
        self.seconds["program"] += now - waiting
        self.seconds["steps"] += steps
        self._seconds_per_step = max((now - self.begun) / max(steps, 1), 1e-7)
        self.begun = now

    def _pieces(self, block: Block, most: int | None = None) -> Iterator[Piece]:
        """Parts of a block, of about a call's time, or of so many batches at most."""
        full, tail = divmod(block.n_rows, block.batch_size)
        if self.masked or not tail:
            full, tail = block.n_batches, 0
        start = 0
        while start < full:
            left = full - start
            stop = start + (min(most, left) if most else self.placement.steps(self._limit(), left))
            yield block.arrays, start, stop, block.n_rows, block.batch_size
            start = stop
        if tail:  # a step that may look across rows gets the last batch in its true size
            last = jax.tree_util.tree_map(lambda a: a[full : full + 1, :tail], block.arrays)
            yield last, 0, 1, tail, tail

    def _limit(self) -> int:
        """How many steps take about a call's time."""
        if self._seconds_per_step is None:
            return _FIRST_CALL_STEPS
        return max(1, int(_CALL_SECONDS / self._seconds_per_step))

    def _call(self, arrays: Tree, start: int, stop: int, rows: int, batch_size: int) -> Logs:
        if self.task.run_eagerly:
            return self._eagerly(arrays, start, stop, rows)
        span = np.array([start, stop, rows, batch_size], np.int32)
        values, arrays = numbers_now(self.parameters), self._placed(arrays)
        program = self._programs.find(self.key, arrays, self.state, values, arrays, span)
        self.state, logs = self.placement.call(program, self.state, values, arrays, span)
        return logs

    def rehearsal(self, arrays: Tree) -> Callable[[int], None]:
        """A function that does so many steps on the first batch and drops what they compute.

        Args:
            arrays: batches, stacked; they go to the device once.
        """
        size = jax.tree_util.tree_leaves(arrays)[0].shape[_ROWS]
        held, values = self.placement.hold(arrays, _ROWS, self.masked), numbers_now(self.parameters)
        states = [self.state]

        def rehearse(steps: int) -> None:
            span = np.array([0, steps, min(steps * size, _MOST_ROWS), size], np.int32)
            program = self._programs.find(self.key, held, states[0], values, held, span)
            states[0], logs = self.placement.call(program, states[0], values, held, span)
            jax.block_until_ready(logs)

        return rehearse

    def _placed(self, arrays: Tree) -> Any:
        """The arrays where programs take them: a block goes there once, not for each call."""
        if self._block is None or self._block[0] is not arrays:
            self._block = (arrays, self.placement.place(arrays, _ROWS, self.masked))
        return self._block[1]

    def _build(self) -> Callable[..., Any]:
        if self.custom:
            return custom.custom_loop(
                self.kind, self.task, self.variables, self.parameters, self.names
            )
        step, flat, divided = self.step, self.placement.flat, self.placement.is_divided
        # A user's activation may look across the rows of a batch, which only has some of them then.
        is_known = self.key is not None
        if flat is not None and is_known and self.kind == "train" and self.masked:
            step = functools.partial(train_step, flat=flat)
        return loop(self.task, self.variables, step, self.parameters, self.masked, divided)

    def _eagerly(self, arrays: Tree, start: int, stop: int, rows: int) -> Logs:
        """`run_eagerly=True`: each step as plain Python, so that a debugger sees its values."""
        task, variables = self.task, self.variables
        size = jax.tree_util.tree_leaves(arrays)[0].shape[1]
        for index in range(start, stop):
            left = min(size, rows - index * size)
            batch = jax.tree_util.tree_map(
                lambda a, i=index, n=left: jax.numpy.asarray(a[i])[:n], arrays
            )
            if self.custom:
                self.state, found = custom.custom_step(
                    self.kind, task, variables, self.state, {}, batch
                )
                self.names[:] = list(found)
            else:
                self.state = self.step(task, variables, self.state, {}, batch, None)
        if self.custom:
            return tuple(found.values())
        return results(task, variables, self.state, {})

    def _names(self) -> list[str]:
        """Names of the metrics' results, found without computing them."""
        known = self.task.result_names()
        if known is not None:
            return known
        names: list[str] = []

        def trace(state: TrainState) -> None:
            with use_scope(Scope(self.variables.bind(state))):
                names[:] = list(self.task.results())

        jax.eval_shape(trace, self.state)
        return names

    def read(self, logs: Logs) -> dict[str, float]:
        """Metrics as plain floats by name, in the order in which Keras logs them."""
        values = {n: _plain(v) for n, v in zip(self.names, logs, strict=True)}
        return {name: values[name] for name in sorted(values)}


def _attributes(task: Task) -> list[Any]:
    """What the parts that `compile` made hold; run-time numbers by what a trace may ask of them."""
    spec, held = task.spec, []
    for part in (task.optimizer, *spec.losses, *(one.loss for one in spec.losses), *spec.metrics):
        numbers = part.runtime_parameters if isinstance(part, HasParameters) else ()
        for name, value in vars(part).items() if part is not None else ():
            held.append(number_kind(value) if name in numbers and is_number(value) else value)
    return held


def _same(before: list[Any], now: list[Any]) -> bool:
    """Whether attributes are the same objects, or equal numbers and words."""
    plain = (str, int, float, bool, tuple)
    return len(before) == len(now) and all(
        a is b or (type(a) is type(b) and isinstance(a, plain) and a == b)
        for a, b in zip(before, now, strict=True)
    )


def _plain(value: ArrayLike) -> Any:
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else array
