"""How a worker builds, trains and asks a model, for the Keras API and for PyTorch.

Every time is taken inside the process that works, from call to finished result.
"""

from __future__ import annotations

import importlib
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import cores
from bench.networks import NETWORKS
from bench.watching import CALLBACKS

_BATCH = 32


class KerasRunner:
    """`rosenblatt` or `keras`: the same code for both."""

    def __init__(self, library: str) -> None:
        """Import the library by name."""
        self._lib = importlib.import_module(library)
        self._network = ""
        self._model: Any = None
        self._x = self._y = np.empty(0)
        self._validation: tuple[np.ndarray, np.ndarray] | None = None

    def load(self, network: str, path: str) -> None:
        """Choose a network by name and read its arrays from an .npz file."""
        self._network = network
        with np.load(path) as arrays:
            self._x, self._y = arrays["x_train"], arrays["y_train"]
            if "x_valid" in arrays:
                self._validation = arrays["x_valid"], arrays["y_valid"]

    def build(self, **compile_options: Any) -> float:
        """Build and compile the model; seconds it took."""
        start = time.perf_counter()
        self._lib.utils.set_random_seed(42)
        self._model = NETWORKS[self._network](self._lib, self._x, **compile_options)
        return time.perf_counter() - start

    def fit(self) -> float:
        """One epoch; seconds it took."""
        start = time.perf_counter()
        self._model.fit(self._x, self._y, batch_size=_BATCH, epochs=1, verbose=0)
        self._wait()
        return time.perf_counter() - start

    def fit_watched(self, callbacks: str, epochs: int, folder: str) -> float:
        """Some epochs with callbacks by name, which write into a folder; seconds they took."""
        given = CALLBACKS[callbacks](self._lib, Path(folder))
        start = time.perf_counter()
        self._model.fit(
            self._x, self._y, batch_size=_BATCH, epochs=epochs, verbose=0, callbacks=given
        )
        self._wait()
        return time.perf_counter() - start

    def build_with_best_steps(self, candidates: list[int]) -> int:
        """Try values of steps_per_execution, one warm epoch each, and keep the fastest's model."""
        best, best_seconds, best_model = 0, float("inf"), None
        for steps in candidates:
            self.build(steps_per_execution=steps)
            self.fit()
            seconds = self.fit()
            if seconds < best_seconds:
                best, best_seconds, best_model = steps, seconds, self._model
        self._model = best_model
        return best

    def predict(self, rows: int, calls: int) -> float:
        """Predict the first rows, `calls` times; median seconds of a call."""
        x = self._x[:rows]
        return _median(lambda: np.asarray(self._model.predict(x, verbose=0)), calls)

    def serve(self, method: str, threads: int, calls: int) -> float:
        """One row a request, `calls` of them in each thread at once; seconds for a request.

        Args:
            method: "predict", or "call" for the model itself.
        """
        model, x = self._model, self._x[:1]
        if method == "predict":
            return _side_by_side(lambda: np.asarray(model.predict(x, verbose=0)), threads, calls)
        return _side_by_side(lambda: np.asarray(model(x)), threads, calls)

    def train_once(self) -> None:
        """A step on the first batch, so that the optimizer has its state."""
        self._model.fit(self._x[:_BATCH], self._y[:_BATCH], verbose=0)

    def save_model(self, path: str, calls: int) -> float:
        """Save the model, `calls` times; median seconds of a call."""
        return _median(lambda: self._model.save(path), calls)

    def load_model(self, path: str, calls: int) -> float:
        """Load the saved model, `calls` times; median seconds of a call."""
        return _median(lambda: self._lib.models.load_model(path), calls)

    def fit_epochs(
        self, epochs: int, checkpoint: str | None = None, validate: bool = False
    ) -> float:
        """Some epochs; seconds they took.

        Args:
            epochs: how many.
            checkpoint: where the model is saved after each; nowhere if None.
            validate: whether each ends with a validation.
        """
        callbacks = [self._lib.callbacks.ModelCheckpoint(checkpoint)] if checkpoint else []
        start = time.perf_counter()
        self._model.fit(
            self._x,
            self._y,
            batch_size=_BATCH,
            epochs=epochs,
            verbose=0,
            callbacks=callbacks,
            validation_data=self._validation if validate else None,
        )
        self._wait()
        return time.perf_counter() - start

    def _wait(self) -> None:
        # Reading weights waits for the last update, should the library have left it running.
        self._model.layers[-1].get_weights()


class TorchRunner:
    """PyTorch, eager, batches cut from shuffled tensors: no DataLoader, which is slower."""

    def __init__(self) -> None:
        """Import PyTorch and give it every core, as the others take."""
        self._torch: Any = importlib.import_module("torch")
        self._torch.set_num_threads(cores())
        self._network = ""
        self._x: Any = None
        self._y: Any = None
        self._model: Any = None
        self._loss: Any = None
        self._optimizer: Any = None

    def load(self, network: str, path: str) -> None:
        """Choose a network by name and read its training arrays from an .npz file."""
        self._network = network
        with np.load(path) as arrays:
            self._x = self._torch.from_numpy(arrays["x_train"])
            self._y = self._torch.from_numpy(arrays["y_train"])
        if network == "fashion":
            self._y = self._y.long()

    def build(self) -> float:
        """Build model, loss and optimizer; seconds it took."""
        start = time.perf_counter()
        torch = self._torch
        torch.manual_seed(42)
        nn = torch.nn
        if self._network == "housing":
            mean, std = self._x.mean(0), self._x.std(0, correction=0)
            sizes = [(8, 50), (50, 50), (50, 50)]
            hidden = [part for size in sizes for part in (nn.Linear(*size), nn.ReLU())]
            body = nn.Sequential(*hidden, nn.Linear(50, 1))
            self._model = lambda x: body((x - mean) / std)
            self._loss = nn.MSELoss()
            self._optimizer = torch.optim.Adam(body.parameters(), lr=1e-3)
        else:
            sizes = [(784, 300), (300, 100)]
            hidden = [part for size in sizes for part in (nn.Linear(*size), nn.ReLU())]
            self._model = body = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(100, 10))
            self._loss = nn.CrossEntropyLoss()
            self._optimizer = torch.optim.SGD(body.parameters(), lr=0.01)
        return time.perf_counter() - start

    def fit(self) -> float:
        """One epoch, loss and metric summed as tensors; seconds it took."""
        start = time.perf_counter()
        order = self._torch.randperm(len(self._x))
        loss_sum = metric_sum = self._torch.zeros(())
        for rows in order.split(_BATCH):
            x, y = self._x[rows], self._y[rows]
            self._optimizer.zero_grad()
            predicted = self._model(x)
            loss = self._loss(predicted, y)
            loss.backward()
            self._optimizer.step()
            loss_sum = loss_sum + loss.detach() * len(rows)
            metric_sum = metric_sum + self._metric(predicted.detach(), y)
        loss_sum.item(), metric_sum.item()
        return time.perf_counter() - start

    def serve(self, method: str, threads: int, calls: int) -> float:
        """As `KerasRunner.serve`; either method is the model itself, on a NumPy row."""
        torch, row = self._torch, self._x[:1].numpy()

        def answer() -> Any:
            with torch.inference_mode():
                return self._model(torch.from_numpy(row)).numpy()

        return _side_by_side(answer, threads, calls)

    def _metric(self, predicted: Any, y: Any) -> Any:
        if self._network == "housing":
            return ((predicted - y) ** 2).sum()
        return (predicted.argmax(1) == y).sum()


def _median(action: Callable[[], Any], calls: int) -> float:
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _side_by_side(action: Callable[[], Any], threads: int, calls: int) -> float:
    """Call something `calls` times in each of some threads; wall time over all calls."""
    action()
    barrier = threading.Barrier(threads + 1)

    def work() -> None:
        barrier.wait()
        for _ in range(calls):
            action()

    with ThreadPoolExecutor(threads) as pool:
        working = [pool.submit(work) for _ in range(threads)]
        barrier.wait()
        start = time.perf_counter()
        for one in working:
            one.result()
        return (time.perf_counter() - start) / (threads * calls)


def make_runner(library: str) -> KerasRunner | TorchRunner:
    """The runner of a library, which it imports."""
    return TorchRunner() if library == "torch" else KerasRunner(library)
