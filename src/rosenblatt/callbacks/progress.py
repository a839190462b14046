"""The progress display of `fit`, `evaluate` and `predict`."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.registry import builtin

_BAR = 20


@builtin("keras.callbacks")
class ProgbarLogger(Callback):
    """Prints Keras's lines: steps done, a bar, time per step, metrics.

    In a terminal the line is redrawn; where the output goes to a file, each epoch is one line.
    """

    def __init__(self) -> None:
        super().__init__()
        self.verbose = 1
        self.epochs = 1
        self.target: int | None = None
        self._phase: str | None = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Take `verbose`, `epochs` and `steps`."""
        super().set_params(params)
        self.verbose = params.get("verbose", 1)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """The lines are an epoch's from here on."""
        self._phase = "train"

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Begin a line, where evaluation is not part of an epoch."""
        if self._phase != "train":
            self._begin("test")

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Begin a line."""
        self._begin("predict")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Begin an epoch's line."""
        if self.verbose and self.epochs > 1:
            _write(f"Epoch {epoch + 1}/{self.epochs}\n")
        self._begin("train")

    def _begin(self, phase: str) -> None:
        self._phase = phase
        self._begun = time.perf_counter()
        self._steps = 0
        self._width = 0

    def on_progress(self, phase: str, step: int, logs: dict[str, float]) -> None:
        """Redraw the line."""
        if phase != self._phase:
            return
        self._steps = step
        if self.verbose == 1 and sys.stdout.isatty():
            self._draw(logs, final=False)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Finish an epoch's line."""
        self.target = self.target or self._steps
        self._draw(logs or {}, final=True)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Finish a line, where evaluation is not part of an epoch."""
        if self._phase == "test":
            self._draw(logs or {}, final=True)
            self._phase = None

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """Finish a line."""
        self._draw({}, final=True)
        self._phase = None

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """The next line is not an epoch's."""
        self._phase = None

    def _draw(self, logs: dict[str, Any], final: bool) -> None:
        if not self.verbose:
            return
        steps = max(self._steps, 1)
        elapsed = time.perf_counter() - self._begun
        target = self.target or (steps if final else None)
        done = f"{self._steps}/{target or 'Unknown'}"
        parts = [done]
        if self.verbose == 1:
            share = min(self._steps / target, 1.0) if target else 0.0
            filled = _BAR if final else int(_BAR * share)
            parts = [f"{done} {'━' * filled}{'─' * (_BAR - filled)}"]
        left = "" if final or not target else (target - self._steps) * elapsed / steps
        seconds = f"{elapsed:.0f}s" if left == "" else f"{float(left):.0f}s"
        time_per_step = f"{_duration(elapsed / steps)}/step"
        if self.verbose == 1:
            parts[0] += f" {seconds} {time_per_step}"
        else:
            parts += [seconds, time_per_step]
        parts += [f"{name}: {_number(value)}" for name, value in logs.items()]
        line = " - ".join(parts)
        start = "\r" if self.verbose == 1 and sys.stdout.isatty() else ""
        padding = " " * max(0, self._width - len(line))
        self._width = len(line)
        _write(f"{start}{line}{padding}" + ("\n" if final else ""))


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.0f}s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f}ms"
    return f"{seconds * 1e6:.0f}us"


def _number(value: Any) -> str:
    value = float(value)
    if math.isfinite(value) and abs(value) > 1e-3:
        return f"{value:.4f}"
    return f"{value:.4e}"
