"""A file of events: a buffer in front of it, safe among threads, processes and kills."""

from __future__ import annotations

import atexit
import itertools
import os
import socket
import threading
import time
import weakref
from pathlib import Path

from rosenblatt.core.errors import BadArgument
from rosenblatt.tensorboard import library, records

_BUFFER_BYTES = 64 * 1024
_numbers = itertools.count()


class EventFile:
    """A new event file in a folder, made when the first event is written.

    Whole records are handed to the system together, so a killed process leaves at most one
    record cut off at the end, which readers wait for; everything up to the last flush is there.
    The name holds host, process and a number: any number of processes may write to one folder. A
    forked process goes on in a file of its own.

    Args:
        folder: made if need be.
        flush_seconds: events are in the file after that time at the latest.
        most_events: events in the buffer at most; a full buffer is flushed. No limit if None.
        suffix: ends the file's name.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        flush_seconds: float = 2.0,
        most_events: int | None = None,
        suffix: str = "",
    ):
        self.folder = Path(folder)
        self.closed = False
        self._flush_seconds = flush_seconds
        self._most_events = most_events
        self._suffix = suffix
        library.event_pb2()  # a missing package is reported here, not deep in training
        self.folder.mkdir(parents=True, exist_ok=True)
        self._start_over()
        _open_files.add(self)

    def _start_over(self) -> None:
        """Nothing written, nothing buffered: in a new object, and in a forked process."""
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._buffer = bytearray()
        self._events = 0
        self._descriptor: int | None = None
        self._flusher: threading.Thread | None = None

    def write(self, event: bytes) -> None:
        """Append an event.

        Args:
            event: a serialized `Event`.

        Raises:
            ValueError: the file is closed.
            OSError: the buffer was full, and its events could not be written.
        """
        record = records.frame(event)
        with self._lock:
            if self.closed:
                raise BadArgument(
                    "This summary writer is closed.",
                    given=str(self.folder),
                    fix="make a new one: `create_file_writer(logdir)`.",
                )
            if self._flusher is None:
                self._open()
            self._buffer += record
            self._events += 1
            if len(self._buffer) >= _BUFFER_BYTES or self._events == self._most_events:
                self.flush()

    def _open(self) -> None:
        name = (
            f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}."
            f"{os.getpid()}.{next(_numbers)}{self._suffix or '.v2'}"
        )
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(self.folder / name, flags, 0o666)
        source = library.event_pb2().SourceMetadata(writer="rosenblatt")
        first = library.event_pb2().Event(
            wall_time=time.time(), file_version="brain.Event:2", source_metadata=source
        )
        self._buffer += records.frame(first.SerializeToString())
        self.flush()
        # Not a method: a thread that held the object would keep it from being collected.
        self._flusher = threading.Thread(
            target=_flush_now_and_then,
            args=(weakref.ref(self), self._wake, self._flush_seconds),
            name="rosenblatt-event-file",
            daemon=True,
        )
        self._flusher.start()

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        with self._lock:
            while self._buffer and self._descriptor is not None:
                # What a full disk leaves unwritten stays in the buffer: no record is torn.
                del self._buffer[: os.write(self._descriptor, self._buffer)]
            self._events = 0

    def close(self) -> None:
        """Flush, and write no more."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
            self._wake.set()
            try:
                self.flush()
            finally:
                if self._descriptor is not None:
                    os.close(self._descriptor)
                    self._descriptor = None

    def begin_in_a_fork(self) -> None:
        """Leave the parent's file to it; the next event begins a file of this process's own."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._start_over()

    def __del__(self) -> None:
        if hasattr(self, "_flusher"):
            self.close()


def _flush_now_and_then(
    reference: weakref.ref[EventFile], wake: threading.Event, seconds: float
) -> None:
    while not wake.wait(seconds):
        file = reference()
        if file is None:
            return
        try:
            file.flush()
        except OSError:
            pass  # it stays buffered; the next flush of the writer's own thread tells
        del file


_open_files: weakref.WeakSet[EventFile] = weakref.WeakSet()


@atexit.register
def _flush_all() -> None:
    for file in list(_open_files):
        file.flush()


def _after_fork() -> None:
    for file in list(_open_files):
        file.begin_in_a_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
