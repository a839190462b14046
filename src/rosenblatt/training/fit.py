"""`fit` and `evaluate`: epochs of compiled steps, with callbacks between them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from rosenblatt.core.errors import explain, warn_user
from rosenblatt.data.blocks import Block
from rosenblatt.data.contract import Source
from rosenblatt.training.engine import Engine
from rosenblatt.training.intake import bring
from rosenblatt.training.run import Run

_PROGRESS_SECONDS = 0.1


class Hooks(Protocol):
    """What the loop asks of callbacks."""

    train_batches: bool
    test_batches: bool
    waiting: Any  # files to write while a program runs: see `callbacks.waiting.Waiting`

    def call(self, hook: str, *args: Any) -> None:
        """Call a hook of every callback."""

    def progress(self, phase: str, step: int, logs: dict[str, float]) -> None:
        """Tell progress displays where a phase stands, about ten times a second."""


def fit(
    model: Any,
    source: Source,
    hooks: Hooks,
    *,
    epochs: int,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation: Source | None = None,
    validation_steps: int | None = None,
    validation_freq: Any = 1,
) -> None:
    """Train for some epochs.

    Args:
        model: a compiled model.
        source: the training data.
        hooks: the callbacks.
        epochs: number of the epoch to stop before.
        initial_epoch: number of the epoch to start with.
        steps_per_epoch: batches of an epoch; one pass over the data if None.
        validation: data to evaluate on after epochs.
        validation_steps: batches of an evaluation; one pass if None.
        validation_freq: every how many epochs to evaluate, or a list of epochs (counted from 1).
    """
    bring(model, source, train=True)
    if validation is not None and validation.whole() is not None:
        bring(model, validation, train=False)  # what is wrong is told before an epoch is spent
    session = model.training_session
    outer, run = session.run, Run(source, hooks, initial_epoch)
    session.run = run  # nothing of it stays on the model when it is over
    try:
        _epochs(model, run, epochs, steps_per_epoch, validation, validation_steps, validation_freq)
    finally:
        session.run = outer


def _epochs(
    model: Any,
    run: Run,
    epochs: int,
    steps_per_epoch: int | None,
    validation: Source | None,
    validation_steps: int | None,
    validation_freq: Any,
) -> None:
    """The epochs of a run, with its hooks."""
    source, hooks, initial_epoch = run.source, run.hooks, run.epoch
    engine = Engine.of(model, "train")
    engine.load()
    tester: Engine | None = None
    model.stop_training = False
    engine.seconds = run.seconds
    logs: dict[str, float] = {}
    try:
        hooks.call("on_train_begin")
        hooks.waiting.open(None if hooks.train_batches else engine.variables, run.seconds)
        for epoch in range(run.epoch, epochs):
            run.epoch = epoch
            if not run.step:  # an epoch that goes on in its middle keeps its metrics so far
                model.reset_metrics()
            hooks.call("on_epoch_begin", epoch)
            if not engine.fits():  # a hook has frozen or freed a layer
                bring(model, source, train=True)
                engine = Engine.of(model, "train")
                engine.seconds = run.seconds
                hooks.waiting.open(None if hooks.train_batches else engine.variables, run.seconds)
            engine.load()
            blocks = source.epoch(epoch, steps_per_epoch, run.step, hooks.train_batches)
            logs = _run(engine, blocks, hooks, "train", hooks.train_batches, run.step)
            run.step = 0
            _warn_if_not_finite(logs, epoch, model)
            if validation is not None and _validates(epoch, validation_freq):
                if tester is None:
                    bring(model, validation, train=False)
                    tester = Engine.of(model, "test")
                begun = time.perf_counter()
                found = evaluate(model, validation, hooks, validation_steps, tester, epoch)
                spent = time.perf_counter() - begun
                run.seconds["validation"] = run.seconds.get("validation", 0.0) + spent
                logs = {**logs, **{f"val_{name}": value for name, value in found.items()}}
            hooks.call("on_epoch_end", epoch, logs)
            if model.stop_training:
                break
        run.completed = True
    finally:
        if (
            not run.completed
        ):  # an error or Ctrl-C passes through: files are closed, best weights restored
            _end_after_error(hooks, logs)
    optimizer = model.optimizer
    if optimizer is not None and epochs > initial_epoch:
        optimizer.finalize_variable_values(list(engine.variables.trainable))
    hooks.call("on_train_end", logs)


def evaluate(
    model: Any,
    source: Source,
    hooks: Hooks,
    steps: int | None = None,
    engine: Engine | None = None,
    epoch: int = 0,
) -> dict[str, float]:
    """Compute loss and metrics on data.

    Args:
        model: a compiled model.
        source: the data.
        hooks: the callbacks.
        steps: batches to use; one pass if None.
        engine: the test engine of earlier calls.
        epoch: number of the pass, for streams that shuffle.

    Returns:
        Values by name.
    """
    if engine is None:
        bring(model, source, train=False)
        engine = Engine.of(model, "test")
    hooks.call("on_test_begin")
    model.reset_metrics()
    engine.load()
    blocks = source.epoch(epoch, steps, by_batch=hooks.test_batches)
    logs = _run(engine, blocks, hooks, "test", hooks.test_batches)
    hooks.call("on_test_end", logs)
    return logs


def _run(
    engine: Engine, blocks: Iterator[Block], hooks: Hooks, phase: str, by_batch: bool, step: int = 0
) -> dict[str, float]:
    """One pass, from a step on; the state is in the variables at its end, and at each hook."""
    if by_batch:
        return _run_by_batch(engine, blocks, hooks, phase, step)
    shown = time.perf_counter()
    logs: Any = None
    try:
        for done, logs in engine.run(blocks):
            step += done
            hooks.waiting.run()
            now = time.perf_counter()
            if now - shown > _PROGRESS_SECONDS:
                hooks.progress(phase, step, engine.read(logs))
                shown = now
                if phase == "train" and engine.model.stop_training:
                    break
    finally:
        engine.store()
    _require_steps(step)
    found = engine.read(logs)
    hooks.progress(phase, step, found)
    return found


def _run_by_batch(
    engine: Engine, blocks: Iterator[Block], hooks: Hooks, phase: str, step: int
) -> dict[str, float]:
    """Step by step, because a callback asked for each batch."""
    found: dict[str, float] = {}
    shown = time.perf_counter()
    for batch in engine.batches(blocks):
        hooks.call(f"on_{phase}_batch_begin", step)
        found = engine.read(engine.step_on(batch))
        hooks.call(f"on_{phase}_batch_end", step, dict(found))
        step += 1
        if time.perf_counter() - shown > _PROGRESS_SECONDS:
            hooks.progress(phase, step, found)
            shown = time.perf_counter()
        if phase == "train" and engine.model.stop_training:
            break
    engine.load()
    _require_steps(step)
    hooks.progress(phase, step, found)
    return dict(found)


def _end_after_error(hooks: Hooks, logs: dict[str, float]) -> None:
    error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
    try:
        hooks.call("on_train_end", logs)
    except Exception as another:
        if error is not None:
            error.add_note(f"And `on_train_end` failed: {another}")


def _require_steps(step: int) -> None:
    if not step:
        raise ValueError(explain("The data gave no batch.", fix="pass at least one row."))


def _validates(epoch: int, frequency: Any) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return (epoch + 1) in frequency


def _warn_if_not_finite(logs: dict[str, float], epoch: int, model: Any) -> None:
    loss = logs.get("loss")
    if loss is not None and not np.all(np.isfinite(loss)):
        warn_user(
            f"The loss became {loss} in epoch {epoch + 1}: the weights of model {model.name!r} are "
            "lost. Use a lower learning rate, `clipnorm=1.0`, or scale the inputs and targets.",
            RuntimeWarning,
        )
