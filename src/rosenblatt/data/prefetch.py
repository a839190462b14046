"""Run an iterator ahead of its consumer, in a thread."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
_JOIN_SECONDS = 10.0


class _Buffer(Generic[T]):
    """A queue bounded by bytes that both ends can close."""

    def __init__(self, limit: int):
        self._limit = limit
        self._items: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._ended = self._closed = False
        self._error: BaseException | None = None

    def put(self, item: T, size: int) -> bool:
        """Add an item when there is room; false if the consumer is gone."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or not self._items or self._bytes + size <= self._limit
            )
            if not self._closed:
                self._items.append((item, size))
                self._bytes += size
                self._changed.notify_all()
            return not self._closed

    def end(self, error: BaseException | None = None) -> None:
        """Say that no item follows."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        """The items up to the end; the producer's error is raised there."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._ended)
                if not self._items:
                    break
                item, size = self._items.popleft()
                self._bytes -= size
                self._changed.notify_all()
            yield item
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def close(self) -> None:
        """Let go of the items and of a waiting producer."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()


def prefetch(
    items: Generator[T, None, None], size_of: Callable[[T], int], limit: int
) -> Generator[T, None, None]:
    """Give the items of a generator, made ahead in a thread.

    The thread begins with the first item asked for and ends with the last item, with an error
    (raised here, in its place), or when the consumer stops early, which closes `items`.

    Args:
        items: the generator that the thread runs.
        size_of: bytes of an item.
        limit: bytes that may wait; one item always may.

    >>> list(prefetch((i for i in range(3)), lambda _: 1, limit=2))
    [0, 1, 2]
    """
    buffer: _Buffer[T] = _Buffer(limit)
    context = contextvars.copy_context()  # its seeds are those of whoever asked for the items

    def run() -> None:
        try:
            for item in items:
                if not buffer.put(item, size_of(item)):
                    break
            items.close()
            buffer.end()
        except BaseException as error:  # whatever it is, it belongs to the consumer
            buffer.end(error)

    thread = threading.Thread(
        target=context.run, args=(run,), name="rosenblatt-prefetch", daemon=True
    )
    thread.start()
    try:
        yield from buffer
    finally:
        buffer.close()
        # A user's code that waits forever must not hang the one who stopped early.
        thread.join(_JOIN_SECONDS)
