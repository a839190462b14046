"""What `fit`, `evaluate` and `predict` keep of a model, how they share it, and where a `fit` is."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from rosenblatt.core.checks import is_whole
from rosenblatt.core.errors import BadArgument, explain
from rosenblatt.core.faces import on_use
from rosenblatt.data.contract import Position, Source
from rosenblatt.training.engine import Engine, Logs
from rosenblatt.training.placement import placement_now

if TYPE_CHECKING:
    from rosenblatt.training import functions
    from rosenblatt.training.contract import Kind, Task
    from rosenblatt.training.fit import Hooks
    from rosenblatt.training.predictor import Predictor
else:
    functions = on_use("rosenblatt.training.functions")

# The steps done in each call, and the metrics after it.
Calls: TypeAlias = Iterator[tuple[int, Logs]]


trial_epochs: ContextVar[int | None] = ContextVar("epochs of a trial", default=None)


@contextmanager
def trial_of(epochs: int) -> Iterator[None]:
    """What is trained here is a trial of a search.

    Args:
        epochs: those that it may get in all, by `fit` and by later rounds of the search.
    """
    token = trial_epochs.set(epochs)
    try:
        yield
    finally:
        trial_epochs.reset(token)


class RunPosition(Position):
    """Where a run stands: batches of an epoch that are done, and the order of the rows."""

    epoch: int
    step: int


@dataclass
class Run:
    """A call of `fit`, as callbacks see it in `model.current_run` while it lasts.

    Attributes:
        source: the training data.
        hooks: the callbacks.
        epoch: the epoch that runs, or is next.
        step: batches of that epoch already done.
        completed: whether training came to its end by itself, not by an error or Ctrl-C.
        is_short: whether it is a search's short trial, for which programs are compiled quickly.
        logs: the metrics of the last epoch.
        trained: those of them that training itself gave, without validation.
        seconds: steps of training, and seconds by part, added up: see `callbacks.Timing`.
        validation: the data of the evaluations, where a user's class evaluates them.
    """

    source: Source
    hooks: Hooks
    epoch: int = 0
    step: int = 0
    completed: bool = False
    is_short: bool = False
    logs: dict[str, float] = field(default_factory=dict)
    trained: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    validation: Source | None = None

    def position(self) -> RunPosition:
        """Epoch, step, and what the order of the rows depends on, as plain data."""
        return {"epoch": self.epoch, "step": self.step, **self.source.position}

    def go_to(self, position: RunPosition) -> None:
        """Continue from a position.

        Raises:
            ValueError: it is one of other data.
        """
        self.source.resume(position)
        self.epoch, self.step = position["epoch"], position["step"]


@dataclass
class Validation:
    """Evaluations between the epochs of training.

    Attributes:
        source: the data.
        steps: batches of an evaluation; one pass if None.
        frequency: epochs between evaluations, or the epochs after which to evaluate (from 1).
        own: the `evaluate` of a user's class, asked with the callbacks in place of the library's.
        found: the results of the last one.
        calls: those of the next one, where it began while the epoch's last call computed.
    """

    source: Source
    steps: int | None = None
    frequency: int | Container[int] = 1
    own: Callable[[Hooks], Mapping[str, float]] | None = None
    found: dict[str, float] = field(default_factory=dict)
    calls: Calls | None = None

    def __post_init__(self) -> None:
        every = self.frequency
        if isinstance(every, (int, np.integer)):
            fits = is_whole(every) and every > 0
        else:
            fits = not isinstance(every, (str, bytes)) and hasattr(every, "__contains__")
        if not fits:
            raise BadArgument(
                "fit: bad `validation_freq`.",
                given=repr(every),
                expected="a positive integer, or a list of epochs",
            )

    def is_due(self, epoch: int) -> bool:
        """Whether to evaluate after an epoch, counted from 0."""
        if isinstance(self.frequency, int):
            return (epoch + 1) % self.frequency == 0
        return (epoch + 1) in self.frequency


class Session:
    """The compiled programs of a model, and the call that is under way.

    It is never copied or saved: a copy of a model, and a model in a file, begin with a new one.

    Args:
        task: the model.

    Attributes:
        run: the call of `fit` that is under way; None outside one.
        stop: whether training is to end, as callbacks say by `model.stop_training = True`.
        stop_evaluating, stop_predicting: the same for the evaluation and the prediction that run.
        predictor: the forward pass of earlier predictions, which `predict` makes.
        measured: devices and sizes of batches with which it was measured whether they pay.
        drawing: held by a prediction that changes variables, such as the state of random numbers.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.run: Run | None = None
        self.stop = False
        self.stop_evaluating = False
        self.stop_predicting = False
        self._engines: dict[Kind, Engine] = {}
        self.predictor: Predictor | None = None
        self.measured: set[tuple[Hashable, int]] = set()
        self.drawing = threading.Lock()
        self._turn = threading.Condition()
        self._methods: list[str] = []  # whose turn it is, and those that its hooks call
        self._owner: int | None = None

    def engine(self, kind: Kind) -> Engine:
        """The steps of earlier calls since `compile()`, where the model is still as it was."""
        function, engine = self.task.own_function(kind), self._engines.get(kind)
        short = self.run is not None and self.run.is_short
        placement = placement_now()
        placement = placement.quick if short else placement
        kept = engine is not None and engine.function is function and engine.placement is placement
        if engine is None or not (kept and engine.fits() and engine.is_as_read()):
            if function is None:
                engine = Engine(self.task, kind, placement)
            else:
                engine = functions.FunctionEngine(self.task, kind, function, placement)
            self._engines[kind] = engine
        return engine

    def forget(self) -> None:
        """Forget what was compiled: `compile` was called."""
        self._engines = {}
        self.predictor = None
        self.measured.clear()

    @contextmanager
    def running(self, run: Run) -> Iterator[None]:
        """A call of `fit`; nothing of it stays when it is over."""
        outer, self.run, self.stop = self.run, run, False
        try:
            yield
        finally:
            self.run = outer

    @contextmanager
    def turn(self, method: str) -> Iterator[None]:
        """A pass over data that uses the model's metrics, or trains it.

        Passes of several threads take turns. What a hook evaluates does not mix with the metrics of
        the pass around it.

        Args:
            method: "fit", "evaluate" or another, for messages.

        Raises:
            RuntimeError: another thread is in `fit`, which may last.
        """
        self._wait(method)
        try:
            inner = len(self._methods) > 1
            kept = [(v, v.value) for v in self.task.listed_metrics] if inner else []
            try:
                yield
            finally:
                for variable, value in kept:
                    variable.assign(value)
        finally:
            with self._turn:
                self._methods.pop()
                if not self._methods:
                    self._owner = None
                    self._turn.notify_all()

    def _wait(self, method: str) -> None:
        me = threading.get_ident()
        with self._turn:
            while self._owner not in (None, me):
                if self._methods[0] == "fit":
                    raise RuntimeError(
                        explain(
                            f"`{method}` of model {self.task.name!r}: another thread is training "
                            "it with `fit`.",
                            fix="wait for it; call `evaluate` from a callback; or work on a copy, "
                            "`copy.deepcopy(model)`. `predict` may be called meanwhile.",
                        )
                    )
                self._turn.wait(1.0)
            self._owner = me
            self._methods.append(method)
