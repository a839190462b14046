"""Watches the processes of a run, wherever they are, and starts all again where one is lost."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from rosenblatt.cli.children import LOOK

_STUCK = 124  # the exit code where a process made no progress; that of `timeout`


class End(NamedTuple):
    """How an attempt came to its end: the process that decided it, its exit code, and why."""

    number: int
    code: int
    why: str


class Team(Protocol):
    """The processes of an attempt, which somebody has started."""

    def ended(self) -> End | None:
        """How they ended: badly as soon as one has, well when all have; None before."""

    def touched(self) -> Mapping[int, int]:
        """When each last showed progress, in any unit: of those that are in a pass over data."""

    def end(self, caught: Sequence[int]) -> None:
        """End what still runs: asked to after a signal, else at once."""


def end_of(codes: Mapping[int, int | None]) -> End | None:
    """How processes ended; None while they run.

    Args:
        codes: their exit codes, by number; None of one that runs.

    >>> end_of({0: 0, 1: None}), end_of({0: 0, 1: 0}).code, end_of({0: None, 1: 3})
    (None, 0, End(number=1, code=3, why='ended with 3'))
    """
    for number, code in codes.items():
        if code:
            return End(number, code, f"ended with {code}")
    return End(0, 0, "") if all(code == 0 for code in codes.values()) else None


def supervise(
    start: Callable[[Sequence[int]], Team],
    restarts: int,
    stuck_after: float,
    apart: float = 0.0,
) -> int:
    """Watch processes, and start all again where one is lost.

    Args:
        start: starts them. It is given the signals that have come, to which more may be added
            while it waits; the processes need not run when it returns after one.
        restarts: how often all are started again.
        stuck_after: seconds without progress after which a process counts as stuck; 0: never.
        apart: seconds to wait before all are started again.

    Returns:
        The exit code: 0, that of the process that failed, 128 and the number of the signal, or 124
        where one was stuck.
    """
    with _signals() as caught:
        for attempt in range(restarts + 1):
            end = _watched(start(caught), stuck_after, caught)
            if end.code == 0 or caught:
                break
            left = restarts - attempt
            again = f"all are started again (restart {attempt + 1} of {restarts})"
            what = again if left else "all are ended"
            say(f"process {end.number} {end.why}; {what}.")
            if left:
                time.sleep(apart)
    return 128 + caught[0] if caught else end.code if end.code >= 0 else 128 - end.code


def say(text: str) -> None:
    """Tell the user something, beside what processes print."""
    print(f"launch: {text}", file=sys.stderr, flush=True)


def _watched(team: Team, stuck_after: float, caught: list[int]) -> End:
    """Watch processes until all have ended well, or one has not."""
    watch = Watch(stuck_after)
    try:
        while not caught:
            end = team.ended()
            if end is not None:
                return end
            stuck = watch.stuck(team.touched(), time.monotonic())
            if stuck is not None:
                why = f"made no progress for {stuck_after:g} s (--stuck-after)"
                return End(stuck, _STUCK, why)
            time.sleep(LOOK)
        return End(0, -caught[0], "")
    finally:
        team.end(caught)


class Watch:
    """Sees which processes are stuck.

    Args:
        seconds: without progress after which a process is stuck; 0: never.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        # By process: when it showed progress, and when that was seen. Only the latter is a time of
        # a clock that is never set.
        self._seen: dict[int, tuple[int, float]] = {}

    def stuck(self, touched: Mapping[int, int], now: float) -> int | None:
        """The process that has been stuck for the longest time; None where none is.

        Args:
            touched: as of `Team`.
            now: seconds of a clock that is never set.
        """
        self._seen = {n: self._seen[n] for n in touched if n in self._seen}
        for number, when in touched.items():
            if number not in self._seen or self._seen[number][0] != when:
                self._seen[number] = when, now
        waiting = {number: now - seen for number, (_, seen) in self._seen.items()}
        longest = max(waiting, key=waiting.__getitem__, default=None)
        late = longest is not None and self.seconds and waiting[longest] > self.seconds
        return longest if late else None


@contextmanager
def _signals() -> Iterator[list[int]]:
    """The signals that ask for an end, as they come."""
    caught: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _: caught.append(got))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
