"""Runs blocks of batches through compiled programs; the state stays on the device between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from rosenblatt.core.scope import Scope, is_number, number_kind, use_scope
from rosenblatt.core.tracing import traced_settings
from rosenblatt.data.blocks import Block
from rosenblatt.training import programs
from rosenblatt.training.custom import custom_loop, custom_step
from rosenblatt.training.signature import rows_stay_apart, signature_of
from rosenblatt.training.state import StateVariables, TrainState, variables_of
from rosenblatt.training.step import loop, results, test_step, train_step

# A call into a program should last about this long: short enough for Ctrl-C and progress, long
# enough that dispatching it costs nothing.
_CALL_SECONDS = 0.1
_FIRST_CALL_STEPS = 16

Logs = tuple[Any, ...]
Piece = tuple[Any, int, int, int]  # arrays, first batch, last batch + 1, rows


class Engine:
    """Steps of one kind for one model.

    Args:
        model: a built, compiled model.
        kind: "train" or "test".
    """

    def __init__(self, model: Any, kind: str):
        self.model = model
        self.kind = kind
        self.step: Callable[..., TrainState] = train_step if kind == "train" else test_step
        self.custom = model._step_is_custom(kind)
        train = kind == "train"
        self.variables: StateVariables = variables_of(model)
        if not train:  # models that differ in the optimizer only share their test program
            self.variables = self.variables._replace(optimizer=())
        self.masked = rows_stay_apart(model)
        self.key, self.parameters = self._signature()
        self.state = self.variables.gather()
        self.names = [] if self.custom else _names(model, self.variables, self.state)
        self._stamp = _stamp(model)
        self._parts = _attributes(model)
        self.seconds: dict[str, float] = {}  # of the run that it works for
        self._programs: dict[Any, Any] = {}
        self._seconds_per_step: float | None = None

    @classmethod
    def of(cls, model: Any, kind: str) -> Engine:
        """The engine of an earlier call since `compile()`, where the model is still as it was."""
        engines = model.training_session.engines
        engine = engines.get(kind)
        if engine is None or not (engine.fits() and engine._is_as_read()):
            engine = engines[kind] = cls(model, kind)
        return engine

    def fits(self) -> bool:
        """Whether the model still has the parts, and trains the weights, that it was made for."""
        return bool(self._stamp == _stamp(self.model))

    def _signature(self) -> tuple[Any, list[Any]]:
        signature = signature_of(self.model, self.variables, self.kind)
        key = None if signature.key is None else (self.masked, signature.key)
        return key, signature.parameters

    def _is_as_read(self) -> bool:
        """Whether loss, metrics and optimizer still say what they said."""
        now = _attributes(self.model)
        if self.key is None or _same(self._parts, now):
            return True
        self._parts = now
        return bool(self.key == self._signature()[0])

    def load(self) -> None:
        """Take the variables' values as the state: something else may have changed them."""
        self.state = self.variables.gather()

    def store(self) -> None:
        """Give the variables the state's values."""
        self.variables.scatter(self.state)

    def run(self, blocks: Iterator[Block]) -> Iterator[tuple[int, Logs]]:
        """Work through blocks; after each call give the steps done in it and the metrics then.

        The metrics are arrays that may still be computing: read them only to show them.
        """
        pending: Logs | None = None
        pending_steps, begun = 0, time.perf_counter()
        for block in self._timed(blocks):
            for arrays, start, stop, rows in self._pieces(block):
                logs = self._call(arrays, start, stop, rows)
                if pending is not None:
                    begun = self._wait(pending, pending_steps, begun)
                pending, pending_steps = logs, stop - start
                yield stop - start, logs
        if pending is not None:
            self._wait(pending, pending_steps, begun)

    def batches(self, blocks: Iterator[Block]) -> Iterator[Piece]:
        """The batches one by one, for `step_on`: parts of blocks that are on the device once."""
        for block in self._timed(blocks):
            held = block.arrays if block.n_batches == 1 else jax.device_put(block.arrays)
            for arrays, *where in self._pieces(block, most=1):
                yield (held if arrays is block.arrays else arrays, *where)

    def step_on(self, batch: Piece) -> Logs:
        """Take the variables' values, do one step, and give them back; the metrics after it."""
        self.load()
        begun = time.perf_counter()
        logs = self._call(*batch)
        jax.block_until_ready(logs)
        self._spent("program", time.perf_counter() - begun)
        self._spent("steps", 1)
        self.store()
        return logs

    def _timed(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """The blocks; what making them takes is noted."""
        while True:
            begun = time.perf_counter()
            block = next(blocks, None)
            self._spent("data", time.perf_counter() - begun)
            if block is None:
                return
            yield block

    def _spent(self, part: str, amount: float) -> None:
        self.seconds[part] = self.seconds.get(part, 0.0) + amount

    def _wait(self, logs: Logs, steps: int, begun: float) -> float:
        """Let at most one call run while the next block is being made."""
        waiting = time.perf_counter()
        jax.block_until_ready(logs)
        now = time.perf_counter()
        self._spent("program", now - waiting)
        self._spent("steps", steps)
        self._seconds_per_step = max((now - begun) / max(steps, 1), 1e-7)
        return now

    def _pieces(self, block: Block, most: int | None = None) -> Iterator[Piece]:
        """Parts of a block, of about a call's time, or of so many batches at most."""
        full, tail = divmod(block.n_rows, block.batch_size)
        if self.masked or not tail:
            full, tail = block.n_batches, 0
        start = 0
        while start < full:
            limit = most or _FIRST_CALL_STEPS
            if most is None and self._seconds_per_step is not None:
                limit = max(1, int(_CALL_SECONDS / self._seconds_per_step))
            stop = min(full, start + limit)
            yield block.arrays, start, stop, block.n_rows
            start = stop
        if tail:  # a step that may look across rows gets the last batch in its true size
            yield (
                jax.tree_util.tree_map(lambda a: a[full : full + 1, :tail], block.arrays),
                0,
                1,
                tail,
            )

    def _call(self, arrays: Any, start: int, stop: int, rows: int) -> Logs:
        values = tuple(float(getattr(owner, name)) for owner, name in self.parameters)
        if self.model._compiled.run_eagerly:
            return self._eagerly(arrays, start, stop, rows)
        span = np.array([start, stop, rows], np.int32)
        leaves, nest = jax.tree_util.tree_flatten(arrays)
        shapes = (nest, *((a.shape, a.dtype) for a in leaves))
        program = self._programs.get(shapes)
        if program is None:
            program = self._programs[shapes] = programs.get_program(
                self.key,
                self._build,
                self.state,
                values,
                arrays,
                span,
            )
        self.state, logs = program(self.state, values, arrays, span)
        return logs

    def _build(self) -> Callable[..., Any]:
        keys = [(id(owner), name) for owner, name in self.parameters]
        if self.custom:
            return custom_loop(self.kind, self.model, self.variables, keys, self.names)
        return loop(self.model, self.variables, self.step, keys, self.masked)

    def _eagerly(self, arrays: Any, start: int, stop: int, rows: int) -> Logs:
        """`run_eagerly=True`: each step as plain Python, so that a debugger sees its values."""
        for index in range(start, stop):
            batch = jax.tree_util.tree_map(lambda a, i=index: jax.numpy.asarray(a[i]), arrays)
            size = jax.tree_util.tree_leaves(arrays)[0].shape[1]
            left = min(size, rows - index * size)
            batch = jax.tree_util.tree_map(lambda a, n=left: a[:n], batch)
            if self.custom:
                self.state, found = custom_step(
                    self.kind, self.model, self.variables, self.state, {}, batch
                )
                self.names[:] = list(found)
                logs = tuple(found.values())
            else:
                self.state = self.step(self.model, self.variables, self.state, {}, batch, None)
        if self.custom:
            return logs
        with use_scope(Scope(self.variables.bind(self.state))):
            return results(self.model, self.variables, self.state, {})

    def read(self, logs: Logs) -> dict[str, float]:
        """Metrics as plain floats by name, in the order in which Keras logs them."""
        values = {n: _plain(v) for n, v in zip(self.names, logs, strict=True)}
        return {name: values[name] for name in sorted(values)}


def _names(model: Any, variables: StateVariables, state: TrainState) -> list[str]:
    """Names of the metrics' results, found without computing them."""
    names: list[str] = []

    def trace(state: TrainState) -> None:
        with use_scope(Scope(variables.bind(state))):
            names[:] = list(model.get_metrics_result())

    jax.eval_shape(trace, state)
    return names


def _stamp(model: Any) -> Any:
    """What may change without another `compile()`: the parts, and what is frozen."""
    parts = list(model._flatten_parts())
    return (
        model._graph,
        traced_settings(),
        [(id(layer), layer.trainable, layer._revision) for layer, _ in parts],
        [(id(v), v.trainable) for layer, held in parts for v in layer._variables_in(held)],
    )


def _attributes(model: Any) -> list[Any]:
    """What the parts that `compile` made hold; run-time numbers by what a trace may ask of them."""
    spec, held = model._compiled.spec, []
    losses = [one.loss for one in spec.losses]
    for part in (model.optimizer, *spec.losses, *losses, *spec.metrics):
        numbers = getattr(part, "runtime_parameters", ())
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


def _plain(value: Any) -> Any:
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else array
