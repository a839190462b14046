"""Threads that compute: one joins the small requests that wait, one takes large ones in turn."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from rosenblatt.serving.contract import JOINED_ROWS, Ready

T = TypeVar("T")
Answer = Mapping[str, Sequence[Any]]
_PATIENCE = 2.0  # seconds to wait for a thread that is to end


class Lane(Generic[T]):
    """A thread that does one thing after another, in the order in which they came.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str):
        self._waiting: queue.SimpleQueue[tuple[T, Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, work: T) -> Future[Any]:
        """Have something done; a future that is cancelled is passed over."""
        future: Future[Any] = Future()
        self._waiting.put((work, future))
        return future

    def close(self) -> None:
        """Do nothing more; wait a little for what is under way."""
        self._waiting.put(None)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        raise NotImplementedError


class WorkLane(Lane[Callable[[], Any]]):
    """Calls functions, one after another."""

    def _run(self) -> None:
        while (found := self._waiting.get()) is not None:
            work, future = found
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
            del work, future, found  # a large request is not kept until the next one comes


class JoiningLane(Lane[Ready]):
    """Computes requests that wait at the same time together, each with its own result.

    Nothing waits for others to come: what is there when the last ones are done is the next batch.

    Args:
        answers: computes some requests; see `contract.Served`.
        joins: whether several may be computed together.
        name: of the thread.
    """

    def __init__(
        self, answers: Callable[[Sequence[Ready]], list[Answer]], joins: bool, name: str
    ) -> None:
        self._answers = answers
        self._most = JOINED_ROWS if joins else 0
        self._next: tuple[Ready, Future[Any]] | None = None  # did not fit into the last batch
        super().__init__(name)

    def _run(self) -> None:
        while (batch := self._batch()) is not None:
            running = [one for one in batch if one[1].set_running_or_notify_cancel()]
            if running:
                self._compute(running)

    def _batch(self) -> list[tuple[Ready, Future[Any]]] | None:
        """The request that waits for longest, and those behind it that fit; None at the end."""
        first = self._next or self._waiting.get()
        self._next = None
        if first is None:
            return None
        batch, rows = [first], first[0].rows
        while rows < self._most:
            try:
                found = self._waiting.get_nowait()
            except queue.Empty:
                break
            if found is None:
                self._waiting.put(None)  # ends the thread after this batch
                break
            rows += found[0].rows
            if rows > self._most:
                self._next = found
                break
            batch.append(found)
        return batch

    def _compute(self, batch: list[tuple[Ready, Future[Any]]]) -> None:
        try:
            found = self._answers([ready for ready, _ in batch])
        except BaseException as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for one in batch:  # whose fault it was shows when each is computed by itself
                self._compute([one])
            return
        for (_, future), answer in zip(batch, found, strict=True):
            future.set_result(answer)
