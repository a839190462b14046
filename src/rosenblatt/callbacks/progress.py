"""The progress display of `fit`, `evaluate` and `predict`."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.printing import write
from rosenblatt.core.registry import builtin
from rosenblatt.core.scalars import as_number
from rosenblatt.core.types import ArrayLike

_BAR = 20


@builtin("keras.callbacks")
class ProgbarLogger(Callback):
    """Prints Keras's lines: steps done, a bar, time per step, metrics.

    In a terminal or notebook the line is redrawn; where the output goes to a file or a pipe, each
    epoch is one line, without a bar.
    """

    only_looks = True
    is_for_main = True

    def __init__(self) -> None:
        super().__init__()
        self.verbose = 1
        self.epochs = 1
        self.target: int | None = None
        self.seen = 0  # steps that are done
        self._phase: str | None = None
        self._width = 0  # of the line that is drawn and not finished
        self._title = ""

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
        self._begin("train")
        if self.verbose and self.epochs > 1:
            title = f"Epoch {epoch + 1}/{self.epochs}"
            if self.verbose == 1 and not redraws():
                self._title = f"{title} - "  # all in one line, which a log file keeps together
            else:
                write(f"{title}\n")

    def _begin(self, phase: str) -> None:
        self._phase = phase
        self._begun = time.perf_counter()
        self.seen = 0
        self._width = 0
        self._title = ""

    def on_progress(self, phase: str, step: int, logs: dict[str, float]) -> None:
        """Redraw the line."""
        if phase != self._phase:
            return
        self.seen = step
        if self.verbose == 1 and redraws():
            self._draw(logs, final=False)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Finish an epoch's line."""
        self.target = self.target or self.seen
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
        """The next line is not an epoch's; one that an error cut short is ended."""
        self._phase = None
        if self._width:
            write("\n")
            self._width = 0

    def _draw(self, logs: dict[str, Any], final: bool) -> None:
        if not self.verbose:
            return
        steps = max(self.seen, 1)
        elapsed = time.perf_counter() - self._begun
        target = self.target or (steps if final else None)
        done = f"{self.seen}/{target or 'Unknown'}"
        seconds = elapsed if final or not target else (target - self.seen) * elapsed / steps
        parts = [done, f"{seconds:.0f}s", f"{_duration(elapsed / steps)}/step"]
        redrawn = self.verbose == 1 and redraws()
        if redrawn:
            share = min(self.seen / target, 1.0) if target else 0.0
            parts = [" ".join([done, _bar(1.0 if final else share), *parts[1:]])]
        parts += [f"{name}: {_number(value)}" for name, value in logs.items()]
        line = self._title + " - ".join(parts)
        padding = " " * max(0, self._width - len(line))
        self._width = 0 if final else len(line)
        start, end = "\r" if redrawn else "", "\n" if final else ""
        write(f"{start}{line}{padding}{end}")


def redraws() -> bool:
    """Whether a line can be drawn over: in a terminal, and in a notebook, which is none."""
    stream = sys.stdout
    notebook = type(stream).__module__.partition(".")[0] == "ipykernel"
    return stream is not None and (notebook or stream.isatty())


def _bar(share: float) -> str:
    filled, rest = "━─"
    try:
        (filled + rest).encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:  # an older Windows terminal
        filled, rest = "=."
    length = int(_BAR * share)
    return filled * length + rest * (_BAR - length)


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.0f}s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f}ms"
    return f"{seconds * 1e6:.0f}us"


def _number(value: ArrayLike) -> str:
    value = as_number(value)
    if math.isfinite(value) and abs(value) > 1e-3:
        return f"{value:.4f}"
    return f"{value:.4e}"
