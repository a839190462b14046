"""Batches computed by the user's Python code, by number."""

from __future__ import annotations

import contextvars
import itertools
import multiprocessing
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

from rosenblatt.core.errors import NotSupported, explain, warn_user


class PyDataset:
    """Base class of data sets that give whole batches by number (as Keras's).

    Subclasses write `__getitem__(index)`, which returns `(x,)`, `(x, y)` or
    `(x, y, sample_weight)`, and `__len__`, the number of batches (or the property `num_batches`,
    which is None for endless data). `fit(shuffle=True)` permutes the batches.

    Args:
        workers: threads (or processes) that compute batches side by side.
        use_multiprocessing: processes instead of threads; the data set must be picklable.
        max_queue_size: how many batches may wait.

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 2
    ...     def __getitem__(self, index):
    ...         return [[index]], [[index**2]]
    >>> list(Squares())
    [([[0]], [[0]]), ([[1]], [[1]])]
    """

    # Class attributes, so that a subclass that forgets `super().__init__()` works.
    _super_called = False
    workers = 1
    use_multiprocessing = False
    max_queue_size = 10

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ):
        self._super_called = True
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """The batch of a number."""
        raise NotSupported(
            f"{type(self).__name__} has no `__getitem__` method.",
            fix="define `__getitem__(self, index)` that returns the batch `(x, y)`.",
        )

    def __iter__(self) -> Any:
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    @property
    def num_batches(self) -> int | None:
        """Number of batches; None if endless."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotSupported(
            f"{type(self).__name__} does not say how many batches it has.",
            fix="define `__len__(self)`, or the property `num_batches` (None: endless).",
        )

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


def warn_of_init(dataset: object) -> None:
    """Warn of a data set whose `__init__` leaves out the base class's."""
    if isinstance(dataset, PyDataset) and not dataset._super_called:
        warn_user(
            explain(
                f"{type(dataset).__name__} was made without `super().__init__(**kwargs)`: its "
                "`workers`, `use_multiprocessing` and `max_queue_size` are their defaults.",
                fix="call it in `__init__`.",
            )
        )


def is_py_dataset(value: object) -> bool:
    """Whether a value is a `PyDataset`, ours or Keras's."""
    return isinstance(value, PyDataset) or any(
        cls.__name__ == "PyDataset" and cls.__module__.partition(".")[0] == "keras"
        for cls in type(value).__mro__
    )


def py_dataset_batches(dataset: PyDataset, indices: Iterable[int]) -> Generator[Any, None, None]:
    """The batches of these numbers, in order, computed ahead by the data set's workers."""
    if dataset.workers <= 1 and not (dataset.use_multiprocessing and dataset.workers > 0):
        for index in indices:
            yield dataset[index]
        return
    executor, item = _workers(dataset)
    waiting: deque[Future[Any]] = deque()
    numbers = iter(indices)
    try:
        for index in itertools.islice(numbers, max(dataset.workers, dataset.max_queue_size)):
            waiting.append(executor.submit(item, index))
        while waiting:
            batch = waiting.popleft().result()
            for index in itertools.islice(numbers, 1):
                waiting.append(executor.submit(item, index))
            yield batch
    finally:
        executor.shutdown(cancel_futures=True)


def _workers(dataset: PyDataset) -> tuple[Executor, Any]:
    if not dataset.use_multiprocessing:
        threads = ThreadPoolExecutor(dataset.workers, "rosenblatt-data")
        here = contextvars.copy_context()  # its seeds are those of whoever asked for the batches
        return threads, lambda index: here.copy().run(dataset.__getitem__, index)
    # A fork of a process in which JAX runs threads can hang: start fresh ones.
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(dataset.workers, context, _receive, (dataset,))
    return executor, _item


_received: PyDataset


def _receive(dataset: PyDataset) -> None:
    global _received
    _received = dataset


def _item(index: int) -> Any:
    return _received[index]
