"""Where requests are computed: small ones that wait together are joined, large ones take turns."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from rosenblatt.serving.contract import JOINED_ROWS, Ready

T = TypeVar("T")
Answer = Mapping[str, Sequence[Any]]
Answers = Callable[[Sequence[Ready]], list[Answer]]
Promise = Future[Any] | asyncio.Future[Any]
SLOW = 0.02
"""Seconds for which a batch must not hold up the thread that serves."""

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

    def __init__(self, answers: Answers, joins: bool, name: str) -> None:
        self._answers = answers
        self._most = JOINED_ROWS if joins else 0
        self._next: tuple[Ready, Future[Any]] | None = None  # did not fit into the last batch
        super().__init__(name)

    def _run(self) -> None:
        while (batch := self._batch()) is not None:
            running = [one for one in batch if one[1].set_running_or_notify_cancel()]
            if running:
                compute(self._answers, running)

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


class LoopLane:
    """Computes requests in the thread that serves: those that came in a turn of it together.

    For models that take less time for a batch than handing it to another thread and back does.

    Args:
        answers: computes some requests; see `contract.Served`.
        joins: whether several may be computed together.

    Attributes:
        slow: how many batches one after another held up everything else for `SLOW` seconds.
    """

    def __init__(self, answers: Answers, joins: bool) -> None:
        self.slow = 0
        self._answers = answers
        self._most = JOINED_ROWS if joins else 0
        self._waiting: deque[tuple[Ready, asyncio.Future[Answer]]] = deque()

    def put(self, ready: Ready) -> asyncio.Future[Answer]:
        """Have a request computed after all that was ready to run before this call."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._turn)
        self._waiting.append((ready, future))
        return future

    def _turn(self) -> None:
        """Compute the requests that wait for longest; others get their turn in between."""
        batch: list[tuple[Ready, Promise]] = []
        rows = 0
        while self._waiting and (not batch or rows + self._waiting[0][0].rows <= self._most):
            ready, future = self._waiting.popleft()
            if not future.cancelled():
                batch.append((ready, future))
                rows += ready.rows
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._turn)
        if batch:
            start = time.perf_counter()
            compute(self._answers, batch)
            self.slow = self.slow + 1 if time.perf_counter() - start > SLOW else 0


def compute(answers: Answers, batch: Sequence[tuple[Ready, Promise]]) -> None:
    """Give each future of a batch its answer, or the error that its request makes.

    Args:
        answers: computes some requests; see `contract.Served`.
        batch: requests, each with its future.
    """
    try:
        found = answers([ready for ready, _ in batch])
    except BaseException as error:
        if len(batch) == 1:
            batch[0][1].set_exception(error)
            return
        for one in batch:  # whose fault it was shows when each is computed by itself
            compute(answers, [one])
        return
    for (_, future), answer in zip(batch, found, strict=True):
        future.set_result(answer)
