"""`fit` and `evaluate`: epochs of compiled steps, with callbacks between them."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rosenblatt.core.config import PROGRESS_FILE
from rosenblatt.core.errors import WrongType, warn_user
from rosenblatt.core.faces import on_use
from rosenblatt.data.array_source import ArraySource
from rosenblatt.data.contract import Block, Source
from rosenblatt.training.engine import Engine, Logs
from rosenblatt.training.intake import bring
from rosenblatt.training.jobs import Jobs
from rosenblatt.training.session import Calls, Run, Session, Validation, trial_epochs

if TYPE_CHECKING:
    from rosenblatt.core import progress
    from rosenblatt.training import effort, paying, together
    from rosenblatt.training.contract import Kind, Task
else:
    progress = on_use("rosenblatt.core.progress")
    effort = on_use("rosenblatt.training.effort")
    paying = on_use("rosenblatt.training.paying")
    together = on_use("rosenblatt.training.together")

_PROGRESS_SECONDS = 0.1


class Hooks(Protocol):
    """What the loop asks of callbacks."""

    train_batches: bool  # whether one of them asks for each batch
    test_batches: bool
    predict_batches: bool
    before_tests: bool  # whether one of them may change the model between training and evaluation
    jobs: Jobs

    def call(self, hook: str, *args: object) -> None:
        """Call a hook of every callback."""

    def progress(self, phase: str, step: int, logs: dict[str, float]) -> None:
        """Tell progress displays where a phase stands, about ten times a second."""


def level_of(verbose: int | str | None) -> int:
    """How much to show: of `verbose`, where "auto" is 1 and None is 0.

    >>> level_of("auto"), level_of(0)
    (1, 0)
    """
    return 1 if verbose == "auto" else int(verbose or 0)


def fit(
    session: Session,
    source: Source,
    hooks: Hooks,
    *,
    epochs: int,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation: Validation | None = None,
) -> None:
    """Train for some epochs.

    Args:
        session: that of a compiled model.
        source: the training data.
        hooks: the callbacks.
        epochs: number of the epoch to stop before.
        initial_epoch: number of the epoch to start with.
        steps_per_epoch: batches of an epoch; one pass over the data if None.
        validation: evaluations after epochs.
    """
    bring(session.task, source, "train")
    if validation is not None and validation.source.whole() is not None:
        # What is wrong with it is reported before an epoch is spent.
        bring(session.task, validation.source, "test")
    run = Run(source, hooks, initial_epoch)
    run.is_short = _is_short(session.task, steps_per_epoch or source.n_batches, epochs)
    tester: Engine | None = None
    with session.running(run):
        engine = _trainer(session, run)
        if engine.placement.is_shared:
            what = f"fit of {session.task.described}"
            together.meet(engine, source, what, epochs, steps_per_epoch, hooks.train_batches)
        if engine.placement.is_divided:
            paying.say_where_not(session, engine, source)
        engine.load()
        try:
            hooks.call("on_train_begin")
            if engine.placement.is_shared:
                together.follow_first(run, engine)
            _let_jobs_wait(hooks, engine)
            for epoch in range(run.epoch, epochs):
                run.epoch = epoch
                due = validation if validation is not None and validation.is_due(epoch) else None
                ahead = None if due is None or tester is None else _ahead(hooks, tester, due)
                engine = _epoch(session, run, engine, steps_per_epoch, ahead)
                if due is not None:
                    if due.own is None:
                        tester = tester or _tester(session, due.source)
                    _validate(session, run, tester, due)
                hooks.call("on_epoch_end", epoch, run.logs)
                engine.placement.check_equal(engine.variables)
                session.stop = engine.placement.any(session.stop)
                if session.stop:
                    break
            run.completed = True
        finally:
            if not run.completed:  # an error or Ctrl-C: files are closed, best weights restored
                _end_after_error(run)
        if epochs > initial_epoch:
            session.task.optimizer.finalize_variable_values(list(engine.variables.trainable))
        hooks.call("on_train_end", run.logs)


def _is_short(task: Task, batches: int | None, epochs: int) -> bool:
    """Whether this is a search's short trial."""
    most = trial_epochs.get()
    if most is None:
        return False
    return effort.is_short_trial(task, batches, max(epochs, most))


def evaluate(
    session: Session, source: Source, hooks: Hooks, steps: int | None = None
) -> dict[str, float]:
    """Compute loss and metrics on data.

    Args:
        session: that of a compiled model.
        source: the data.
        hooks: the callbacks.
        steps: batches to use; one pass if None.

    Returns:
        Values by name.
    """
    bring(session.task, source, "test")
    return _test(session, session.engine("test"), source, hooks, steps)


def on_batch(session: Session, source: ArraySource, kind: Kind) -> dict[str, float]:
    """One step on the one batch of a source; its loss and metrics by name."""
    bring(session.task, source, kind)
    engine = session.engine(kind)
    if engine.placement.is_shared:
        together.meet(engine, source, f"{kind}_on_batch of {session.task.described}")
    engine.task.reset_metrics()
    engine.load()
    *_, (_, logs) = engine.run(source.blocks(max_batches=1))
    engine.store()
    return engine.read(logs)


def _trainer(session: Session, run: Run) -> Engine:
    engine = session.engine("train")
    engine.seconds = run.seconds
    return engine


def _let_jobs_wait(hooks: Hooks, engine: Engine) -> None:
    """Let files be written while programs run; batch by batch there is no time to use."""
    hooks.jobs.open(None if hooks.train_batches else engine.variables, engine.seconds)


def _epoch(
    session: Session,
    run: Run,
    engine: Engine,
    steps: int | None,
    ahead: Callable[[Run, Engine], None] | None = None,
) -> Engine:
    """One epoch of training, from the step that the run is at; its engine, which may be new.

    Args:
        session: that of the model.
        run: the call of `fit`.
        engine: of training.
        steps: batches of the epoch; one pass if None.
        ahead: begins the evaluation while the last call computes.
    """
    task, source, hooks = session.task, run.source, run.hooks
    if not run.step:  # an epoch that is resumed in its middle keeps its metrics so far
        task.reset_metrics()
    hooks.call("on_epoch_begin", run.epoch)
    if not engine.fits():  # a hook has frozen or freed a layer
        bring(task, source, "train")
        engine = _trainer(session, run)
        _let_jobs_wait(hooks, engine)
    engine.load()
    blocks = source.epoch(run.epoch, steps, run.step, hooks.train_batches)
    if engine.placement.is_shared:
        blocks = together.agreed(engine, source, blocks, f"fit of {task.described}")
    if hooks.train_batches:
        calls = _by_batch(engine, blocks, hooks, run.step)
    else:
        calls = engine.run(blocks, None if ahead is None else lambda: ahead(run, engine))
    # A generator that was read to its end has no batch: the values of the epoch before stay.
    run.trained = _pass(engine, calls, hooks, lambda: session.stop, run.step) or run.trained
    run.logs = dict(run.trained)
    run.step = 0
    _warn_if_not_finite(run.logs, run.epoch, task)
    return engine


def _tester(session: Session, source: Source) -> Engine:
    if source.whole() is None:
        bring(session.task, source, "test")
    return session.engine("test")


def _ahead(
    hooks: Hooks, tester: Engine, validation: Validation
) -> Callable[[Run, Engine], None] | None:
    """What begins an evaluation while the last call of training computes.

    Getting ready and handing a program on takes about as long as a small evaluation computes.

    Returns:
        None where somebody may see or change the model in between.
    """
    task = tester.task
    if hooks.before_tests or hooks.test_batches or validation.own is not None:
        return None
    if task.stamp() is None or task.run_eagerly or tester.function is not None:
        return None
    if validation.source.whole() is None:  # a stream is read when its turn comes
        return None

    def begin(run: Run, trainer: Engine) -> None:
        begun = time.perf_counter()
        trainer.store()
        calls = _test_calls(tester, validation.source, hooks, validation.steps)
        validation.calls = itertools.chain([next(calls)], calls)
        run.seconds["validation"] += time.perf_counter() - begun

    return begin


def _test_calls(engine: Engine, source: Source, hooks: Hooks, steps: int | None) -> Calls:
    """The calls of an evaluation of the variables' values now."""
    engine.task.reset_metrics()
    engine.load()
    blocks = source.once(steps, by_batch=hooks.test_batches)
    if engine.placement.is_shared:
        blocks = together.agreed(engine, source, blocks, f"evaluate of {engine.task.described}")
    return _by_batch(engine, blocks, hooks, 0) if hooks.test_batches else engine.run(blocks)


def _validate(session: Session, run: Run, tester: Engine | None, validation: Validation) -> None:
    """Add the results of an evaluation to the epoch's logs."""
    begun = time.perf_counter()
    if tester is None:
        validation.found = _own_results(session, run, validation)
    else:
        tester.begun = begun  # not when the program of training was still running
        calls, validation.calls = validation.calls, None
        validation.found = _test(
            session, tester, validation.source, run.hooks, validation.steps, validation.found, calls
        )
    run.seconds["validation"] += time.perf_counter() - begun
    found = {f"val_{name}": value for name, value in validation.found.items()}
    run.logs = {**run.logs, **found}


def _own_results(session: Session, run: Run, validation: Validation) -> dict[str, float]:
    """What the `evaluate` of a user's class gives for the validation data.

    Raises:
        WrongType: no values by name, which `return_dict=True` asks for.
    """
    assert validation.own is not None
    run.validation = validation.source  # which `super().evaluate` need not read again
    found = validation.own(run.hooks)
    if not isinstance(found, Mapping):
        raise WrongType(
            f"`evaluate` of {session.task.described}, which `fit` calls with `return_dict=True`, "
            "must return a dict.",
            given=f"{type(found).__name__}: {found!r:.80}",
            expected="values by name",
            fix="pass `return_dict` on: `return super().evaluate(*args, **kwargs)`.",
        )
    return dict(found)


def _test(
    session: Session,
    engine: Engine,
    source: Source,
    hooks: Hooks,
    steps: int | None,
    before: Mapping[str, float] = MappingProxyType({}),
    calls: Calls | None = None,
) -> dict[str, float]:
    """A pass of evaluation, which may have begun; where the data are used up, the results of the
    one before."""
    session.stop_evaluating = False
    if engine.placement.is_shared:
        together.meet(engine, source, f"evaluate of {session.task.described}", steps)
    hooks.call("on_test_begin")
    if calls is None:
        calls = _test_calls(engine, source, hooks, steps)
    logs = _pass(engine, calls, hooks, lambda: session.stop_evaluating) or dict(before)
    hooks.call("on_test_end", logs)
    return logs


def _pass(
    engine: Engine,
    calls: Calls,
    hooks: Hooks,
    stops: Callable[[], bool],
    step: int = 0,
) -> dict[str, float]:
    """One pass over data; the state is in the variables at its end, and at each hook.

    Args:
        engine: of training or evaluation.
        calls: its calls over the data.
        hooks: the callbacks.
        stops: whether a callback has said that the pass is to end.
        step: number of the first step.

    Returns:
        The metrics by name; none where the data have no batch left.
    """
    by_batch = hooks.train_batches if engine.kind == "train" else hooks.test_batches
    shown = time.perf_counter()
    logs: Logs | None = None
    is_watched = PROGRESS_FILE in os.environ
    try:
        for done, logs in progress.marked(calls) if is_watched else calls:
            step += done
            hooks.jobs.run()
            now = time.perf_counter()
            is_time = now - shown > _PROGRESS_SECONDS
            if is_time:
                hooks.progress(engine.kind, step, engine.read(logs))
                shown = now
            # Clocks differ: several processes ask each other after a batch that all have seen.
            asks = by_batch or (is_time and not engine.placement.is_shared)
            if asks and engine.placement.any(stops()):
                break
    finally:
        if is_watched:
            progress.clear()
        if by_batch:  # a hook may have assigned to variables
            engine.load()
        else:
            engine.store()
    found = {} if logs is None else engine.read(logs)
    if step:
        hooks.progress(engine.kind, step, found)
    return found


def _by_batch(engine: Engine, blocks: Iterator[Block], hooks: Hooks, step: int) -> Calls:
    """Step by step, because a callback asked for each batch."""
    for take in engine.steps(blocks):
        hooks.call(f"on_{engine.kind}_batch_begin", step)
        done, logs = take()
        if not done:  # a user's function found too few batches for a step
            return
        step += done
        hooks.call(f"on_{engine.kind}_batch_end", step - 1, engine.read(logs))
        yield done, logs


def _end_after_error(run: Run) -> None:
    error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
    try:
        run.hooks.call("on_train_end", run.logs)
    except Exception as another:
        if error is not None:
            error.add_note(f"And `on_train_end` failed: {another}")


def _warn_if_not_finite(logs: dict[str, float], epoch: int, task: Task) -> None:
    loss = logs.get("loss")
    if loss is not None and not np.all(np.isfinite(loss)):
        warn_user(
            f"The loss became {loss} in epoch {epoch + 1}: the weights of model {task.name!r} are "
            "lost. Use a lower learning rate, `clipnorm=1.0`, or scale the inputs and targets.",
            RuntimeWarning,
        )
