"""Progbar: Keras's line of progress for your own loops."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.printing import write

_BOLD, _GREEN, _WHITE, _PLAIN = "\x1b[1m", "\33[32m", "\33[37m", "\x1b[0m"
Values = Sequence[tuple[str, Any]]


class Progbar:
    """A line with the steps done, a bar, the time and metrics, drawn again at each update.

    Args:
        target: number of steps; None where it is unknown.
        width: characters of the bar.
        verbose: 0 prints nothing, 1 the bar, 2 one line at the end.
        interval: seconds between two drawings at least.
        stateful_metrics: names of values that are shown as they are; others are averaged over the
            steps.
        stateless_metrics: names of values that are averaged, in place of `stateful_metrics`.
        unit_name: what a step is called.

    Raises:
        BadArgument: both kinds of metrics.

    >>> bar = Progbar(2, verbose=2)
    >>> bar.update(1, [("loss", 3.0)])
    >>> bar.update(2, [("loss", 1.0)])  # doctest: +ELLIPSIS
    2/2 - 0s - ...s/step - loss: 1.0000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ):
        if stateful_metrics is not None and stateless_metrics is not None:
            raise BadArgument(
                "Progbar: give one of `stateful_metrics` and `stateless_metrics`.",
                fix="`stateful_metrics` are shown as they are and all others averaged; or the "
                "reverse.",
            )
        for what, names in (
            ("stateful_metrics", stateful_metrics), ("stateless_metrics", stateless_metrics),
        ):  # fmt: skip
            if names is not None and not isinstance(names, list | tuple | set | frozenset | dict):
                raise BadArgument(
                    f"Progbar: bad `{what}`.",
                    given=repr(names),
                    expected="a list of names, or None",
                )
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        averages_all = stateless_metrics is None
        self.stateful_metrics = set(stateful_metrics or ()) if averages_all else None
        self._sums: dict[str, tuple[Any, int]] = {}  # the sum of a value, and of how many
        self._seen = 0
        self._start = time.time()
        self._first_step: float | None = None
        self._drawn = 0.0
        self._length = 0

    def add(self, n: int, values: Values | None = None) -> None:
        """Some steps more.

        Args:
            n: how many.
            values: as in `update`.
        """
        self.update(self._seen + n, values)

    def update(
        self, current: int, values: Values | None = None, finalize: bool | None = None
    ) -> None:
        """So many steps are done.

        Args:
            current: the steps.
            values: pairs of a name and the value of the last step.
            finalize: whether it is the last update; when the target is reached, if None.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._take(current, values or (), finalize)
        now = time.time()
        seconds = self._seconds_per_step(current, now)
        if self.verbose == 1:
            if now - self._drawn < self.interval and not finalize:
                return
            self._draw(current, now, seconds, finalize)
        elif self.verbose == 2 and finalize and self.target:
            count = f"{current:{len(str(self.target))}d}/{self.target}"
            spent = f"{now - self._start:.0f}s"
            write(f"{count} - {spent} - {self._rate(seconds)}{self._metrics()}\n")
        self._drawn = now

    def _take(self, current: int, values: Values, finalize: bool) -> None:
        """Add the values to their sums."""
        steps = max(current - self._seen, 1)
        for name, value in values:
            shown = self.stateful_metrics
            as_it_is = (
                name in shown if shown is not None else name not in (self.stateless_metrics or ())
            )
            total, count = self._sums.get(name, (0.0, 0))
            if as_it_is or finalize:
                self._sums[name] = value, 1
            else:
                self._sums[name] = total + value * steps, count + steps
        self._seen = current

    def _draw(self, current: int, now: float, seconds: float, finalize: bool) -> None:
        """Print the line over the one before; what is no character on the screen is not counted."""
        if self.target:
            filled = int(self.width * current / self.target)
            count = f"{current:{len(str(self.target))}d}/{self.target}"
            dots = ("━" * filled, "━" * (self.width - filled)) if _draws_lines() else (
                "=" * filled, "." * (self.width - filled)
            )  # fmt: skip
            bar = f"{_BOLD}{count}{_PLAIN} "
            bar += f"{_GREEN}{dots[0]}{_PLAIN}" if filled else ""
            bar += f"{_WHITE}{dots[1]}{_PLAIN}"
            length = len(count) + 1 + self.width
        else:
            bar = f"{current:7d}/Unknown"
            length = len(bar)
        left = 0 if finalize or not self.target else self.target - current
        shown = _clock(seconds * left) if left else f"{now - self._start:.0f}s"
        rest = f" {self._rate(seconds)}{self._metrics()}"
        length += 1 + len(shown) + len(rest)
        begin = "\b" * self._length + "\r" if _redraws() else "\n"
        blanks = " " * max(0, self._length - length)
        end = "\n" if finalize else ""
        write(f"{begin}{bar} {_BOLD}{shown}{_PLAIN}{rest}{blanks}{end}")
        self._length = length

    def _metrics(self) -> str:
        return "".join(
            f" - {name}: {_number(np.mean(total) / max(1, count))}"
            for name, (total, count) in self._sums.items()
        )

    def _rate(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f"{seconds * 1e3:.0f}ms/{self.unit_name}"
        return f"{seconds * 1e6:.0f}us/{self.unit_name}"

    def _seconds_per_step(self, current: int, now: float) -> float:
        """The time of a step, without the first, which compiles."""
        if not current:
            return 0.0
        if self._first_step is not None and current > 1:
            found = (now - self._first_step) / (current - 1)
        else:
            found = (now - self._start) / current
        if current == 1:
            self._first_step = now
        return found


def _number(value: float) -> str:
    plain = not math.isfinite(value) or abs(value) > 1e-3
    return f"{value:.4f}" if plain else f"{value:.4e}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    if seconds > 3600:
        return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if seconds > 60 else f"{rest}s"


def _redraws() -> bool:
    """Whether a line can be drawn over."""
    notebook = "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ
    return notebook or "posix" in sys.modules or (sys.stdout is not None and sys.stdout.isatty())


def _draws_lines() -> bool:
    try:
        "━".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
