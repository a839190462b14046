"""Summary writers, and which of them the functions of `rosenblatt.summary` write to."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.scope import holding
from rosenblatt.core.types import ArrayLike
from rosenblatt.tensorboard import events
from rosenblatt.tensorboard.event_file import EventFile


class SummaryWriter:
    """Writes what `rosenblatt.summary` gives it into event files of one folder.

    Made by `create_file_writer`. May be used by any number of threads.
    """

    def __init__(self, file: EventFile):
        self._file = file

    @property
    def logdir(self) -> Path:
        """The folder."""
        return self._file.folder

    def scalar(self, tag: str, value: float, step: int, description: str | None = None) -> None:
        """Append a number."""
        self._file.write(events.scalar_event(time.time(), step, tag, value, description))

    def value(self, tag: str, tensor: ArrayLike, step: int, about: Any) -> None:
        """Append any other value: a `TensorProto` and its `SummaryMetadata`."""
        self._file.write(events.event(time.time(), step, tag, tensor, about))

    def graph(self, graph: Any) -> None:
        """Append the run's graph: a `GraphDef`."""
        self._file.write(events.graph_event(time.time(), graph))

    @contextlib.contextmanager
    def as_default(self, step: int | None = None) -> Iterator[SummaryWriter]:
        """Make it the writer of this thread inside a `with` block.

        Args:
            step: the step of what is written there without one.
        """
        now = _current.get()
        inside = replace(now, writer=self, step=now.step if step is None else int(step))
        with holding(_current, inside):
            yield self
            self.flush()

    def set_as_default(self, step: int | None = None) -> None:
        """Make it the writer of this thread from here on."""
        now = _current.get()
        _current.set(replace(now, writer=self, step=now.step if step is None else int(step)))

    def flush(self) -> None:
        """Put everything written so far into the file."""
        self._file.flush()

    def close(self) -> None:
        """Flush and close; a closed writer takes no more."""
        self._file.close()


@dataclass(frozen=True)
class Recording:
    """Where and whether summaries are written, in this thread."""

    writer: SummaryWriter | None = None
    step: int | None = None
    condition: bool | Callable[[], Any] = True

    def on(self) -> bool:
        """Whether something is written now."""
        if self.writer is None:
            return False
        condition = self.condition
        return condition is True or bool(condition() if callable(condition) else condition)

    def step_or(self, step: int | None) -> int:
        """The step given, else the one set.

        Raises:
            ValueError: there is neither.
        """
        step = self.step if step is None else step
        if step is None:
            raise BadArgument(
                "summary: no `step`.",
                expected="a whole number",
                fix="write `step=…`, or `with writer.as_default(step=…):`.",
            )
        return int(step)


_nothing = Recording()
_current: ContextVar[Recording] = ContextVar("recording", default=_nothing)


def current() -> Recording:
    """How it stands in this thread."""
    return _current.get()


def create_file_writer(
    logdir: str | os.PathLike[str],
    max_queue: int | None = None,
    flush_millis: int | None = None,
    filename_suffix: str | None = None,
    name: str | None = None,
) -> SummaryWriter:
    """A writer of a new event file in a folder; the file is made with the first event.

    Args:
        logdir: made if need be.
        max_queue: events that are buffered at most; by default 64 kB of them.
        flush_millis: milliseconds between flushes at most; 2000 by default.
        filename_suffix: ends the file's name; ".v2" by default.
        name: accepted as in tf.summary; of no effect.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> writer = create_file_writer(folder.name)
    >>> writer.scalar("loss", 0.5, step=1)
    >>> writer.close()
    >>> len(os.listdir(folder.name))
    1
    >>> folder.cleanup()
    """
    seconds = 2.0 if flush_millis is None else flush_millis / 1000
    return SummaryWriter(EventFile(logdir, seconds, max_queue, filename_suffix or ""))


@contextlib.contextmanager
def record_if(condition: bool | Callable[[], Any]) -> Iterator[None]:
    """Write summaries in a `with` block only where a condition holds.

    Args:
        condition: a bool, or a function that is called at each summary.
    """
    with holding(_current, replace(_current.get(), condition=condition)):
        yield


def should_record_summaries() -> bool:
    """Whether a summary would be written now: there is a writer, and `record_if` holds."""
    return current().on()


def set_step(step: int | None) -> None:
    """Set the step of summaries written without one, in this thread."""
    _current.set(replace(_current.get(), step=None if step is None else int(step)))


def get_step() -> int | None:
    """The step of summaries written without one."""
    return current().step
