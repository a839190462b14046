"""What calls of `fit`, `evaluate` and `predict` keep on a model, and how they share it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.training.run import Run


class Session:
    """The compiled programs of a model, and the call that is under way.

    It is never copied or saved: a copy of a model, and a model in a file, begin with a new one.

    Attributes:
        run: the call of `fit` that is under way; None outside one.
        engines: the steps of earlier calls by kind, "train" or "test".
        predictor: the forward pass of earlier calls.
        drawing: held by a prediction that changes variables, such as the state of random numbers.
    """

    def __init__(self) -> None:
        self.run: Run | None = None
        self.engines: dict[str, Any] = {}
        self.predictor: Any = None
        self.drawing = threading.Lock()
        self._turn = threading.Condition()
        self._passes: list[str] = []
        self._owner: int | None = None

    def __reduce__(self) -> tuple[type[Session], tuple[()]]:
        return Session, ()

    def forget(self) -> None:
        """Forget what was compiled: `compile` was called."""
        self.engines = {}
        self.predictor = None

    @contextmanager
    def passing(self, model: Any, method: str) -> Iterator[None]:
        """A pass over data that uses the model's metrics, or trains it.

        Passes of several threads take turns. What a hook evaluates does not mix with the metrics of
        the pass around it.

        Args:
            model: the model.
            method: "fit", "evaluate" or another, for messages.

        Raises:
            RuntimeError: another thread is in `fit`, which may last.
        """
        self._begin(model, method)
        try:
            inner = len(self._passes) > 1
            kept = [(v, v.value) for v in model.metrics_variables] if inner else []
            try:
                yield
            finally:
                for variable, value in kept:
                    variable.assign(value)
        finally:
            with self._turn:
                self._passes.pop()
                if not self._passes:
                    self._owner = None
                    self._turn.notify_all()

    def _begin(self, model: Any, method: str) -> None:
        me = threading.get_ident()
        with self._turn:
            while self._owner not in (None, me):
                if self._passes[0] == "fit":
                    raise RuntimeError(
                        explain(
                            f"`{method}` of model {model.name!r}: another thread is training it "
                            "with `fit`.",
                            fix="wait for it; call `evaluate` from a callback; or work on a copy, "
                            "`copy.deepcopy(model)`. `predict` may be called meanwhile.",
                        )
                    )
                self._turn.wait(1.0)
            self._owner = me
            self._passes.append(method)
