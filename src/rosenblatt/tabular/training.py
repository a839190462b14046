"""Training the networks of a model for tables: one for each fold, side by side in threads."""

from __future__ import annotations

import math
import sys
import threading
import time
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.callbacks.callback import Callback
from rosenblatt.callbacks.early_stopping import EarlyStopping
from rosenblatt.core.errors import BadData
from rosenblatt.core.naming import fresh_names
from rosenblatt.core.random import seeded
from rosenblatt.data.rows import Stored
from rosenblatt.models.model import Functional
from rosenblatt.tabular.members import Inputs, member_outputs
from rosenblatt.tabular.network import Shape, build_network, compile_network
from rosenblatt.tabular.recipe import Recipe
from rosenblatt.tabular.rounding import round_weights
from rosenblatt.tabular.trained import Trained, load_trained, save_trained

Index = NDArray[np.int64]

_VALIDATIONS = 20  # in a training, about
_LONGEST_WAIT = 25  # epochs between two of them
_LARGEST_BATCH = 4096
_LONGEST_SLEEP = 0.5  # seconds without a look whether Ctrl-C was pressed
_MOST_WATCHED = 8192  # rows that choose the best epoch


@dataclass(frozen=True)
class Rows:
    """Encoded rows with their targets and weights.

    Args:
        inputs: of the network.
        targets: (rows,): a quantity in units of its spread, or the numbers of classes.
        weights: (rows,); None where all are 1.
    """

    inputs: Inputs
    targets: NDArray[Any]
    weights: NDArray[np.float32] | None = None

    def take(self, rows: Index) -> Rows:
        """Some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        return Rows({k: v[rows] for k, v in self.inputs.items()}, self.targets[rows], weights)

    def __len__(self) -> int:
        return len(self.targets)


class StoredRows(Stored):
    """Encoded rows that stay in files; all of them are trained on.

    Attributes:
        digest: what changes with them.
    """

    digest: str

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""


@dataclass(frozen=True)
class Fold:
    """What one network is trained on, and what chooses its best epoch.

    Args:
        data: rows; those that stay in files need others `apart`.
        train, valid: numbers of the rows for either; None: all.
        apart: the rows that choose the epoch, where they are not among `data`.
    """

    data: Rows | StoredRows
    train: Index | None = None
    valid: Index | None = None
    apart: Rows | None = None

    def train_rows(self) -> Rows | StoredRows:
        """The rows to train on."""
        if self.train is None or isinstance(self.data, StoredRows):
            return self.data
        return self.data.take(self.train)

    def valid_rows(self) -> Rows:
        """The rows that training does not see."""
        rows = self._judging()
        return rows if self.valid is None else rows.take(self.valid)

    def watched_rows(self) -> Rows:
        """As many of these as choose the best epoch well; all members predict for each of them."""
        rows = self._judging()
        valid = np.arange(len(rows)) if self.valid is None else self.valid
        if len(valid) <= _MOST_WATCHED:
            return self.valid_rows()
        order = np.random.default_rng(len(valid)).permutation(len(valid))
        return rows.take(valid[np.sort(order[:_MOST_WATCHED])])

    def _judging(self) -> Rows:
        rows = self.apart or self.data
        assert isinstance(rows, Rows)
        return rows


@dataclass(frozen=True)
class Plan:
    """How long training may last, what it says and where it is backed up.

    Args:
        seed: of the first network; each has its own.
        threads: networks that are trained side by side.
        seconds: after how many training ends, with the best epochs so far; None: never.
        verbose: 0 says nothing; 1 shows a line with the time left.
        folder: where it is backed up, and resumed from; None: nowhere.
    """

    seed: int
    threads: int = 2
    seconds: float | None = None
    verbose: int = 0
    folder: Path | None = None


class Crew:
    """What the threads of a training share: the time, the stop and the line that is shown."""

    def __init__(self, plan: Plan, networks: int):
        self.plan = plan
        self.stopped = False  # by Ctrl-C, or an error in a thread
        self._begun = time.monotonic()
        self._shares = [0.0] * networks
        self._lock = threading.Lock()
        self._shown = ""

    @property
    def over(self) -> bool:
        """Whether training is to end, with what is best so far."""
        limit = self.plan.seconds
        return self.stopped or (limit is not None and time.monotonic() - self._begun >= limit)

    def progress(self, network: int, share: float, loss: float | None = None) -> None:
        """Say how far a network is.

        Args:
            network: its number.
            share: from 0 to 1.
            loss: its best validation loss so far.
        """
        with self._lock:
            self._shares[network] = max(self._shares[network], share)
            if self.plan.verbose and sys.stderr.isatty():
                self._show(loss)

    def _show(self, loss: float | None) -> None:
        share = sum(self._shares) / len(self._shares)
        spent = time.monotonic() - self._begun
        left = spent * (1 - share) / share if share > 0.01 else math.nan
        if self.plan.seconds is not None:
            left = np.fmin(left, max(0.0, self.plan.seconds - spent))
        line = f"Training {len(self._shares)} networks: {share:4.0%}"
        line += "" if math.isnan(left) else f", at most {left:.0f} s left"
        line += "" if loss is None else f", best validation loss {loss:.4f}"
        sys.stderr.write("\r" + line.ljust(len(self._shown)))
        sys.stderr.flush()
        self._shown = line

    def finish(self) -> None:
        """End the line."""
        if self._shown:
            sys.stderr.write("\r" + " " * len(self._shown) + "\r")
            sys.stderr.flush()


class Watch(Callback):
    """Ends a network's training when the crew's is over, and says how far it is."""

    only_looks = True

    def __init__(self, crew: Crew, network: int, epochs: int):
        super().__init__()
        self.crew = crew
        self.network = network
        self.epochs = epochs
        self._epoch = 0
        self._best: float | None = None

    def on_progress(self, phase: str, step: int, logs: dict[str, float]) -> None:
        """Some ten times a second."""
        steps = self.params.get("steps") or 0
        share = (self._epoch + (step / steps if steps and phase == "train" else 0)) / self.epochs
        self.crew.progress(self.network, min(share, 1.0), self._best)
        self.model.stop_training = self.model.stop_training or self.crew.over

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Count the epoch."""
        self._epoch = epoch + 1
        loss = (logs or {}).get("val_loss")
        if loss is not None:
            self._best = loss if self._best is None else min(self._best, loss)
        self.model.stop_training = self.model.stop_training or self.crew.over


def train_networks(
    folds: Sequence[Fold], shape: Shape, recipe: Recipe, plan: Plan
) -> list[Trained]:
    """Train a network on each fold.

    Each has seeds of its own and is trained the same whichever thread does it. Ctrl-C ends all of
    them with the best epochs so far; where there are none it is raised.

    Args:
        folds: the rows.
        shape: what the networks take and give.
        recipe: their size and training.
        plan: seed, threads, limits.

    Raises:
        ValueError: the loss is no longer a number.
        KeyboardInterrupt: before any epoch was validated.
    """
    crew = Crew(plan, len(folds))
    found: list[Trained | None] = [None] * len(folds)
    errors: list[BaseException] = []
    waiting = iter(range(len(folds)))
    lock = threading.Lock()

    def work(finished: threading.Event) -> None:
        while not crew.stopped:
            with lock:
                number = next(waiting, None)
            if number is None:
                break
            try:
                with seeded(plan.seed + number), fresh_names():
                    found[number] = _train(folds[number], shape, recipe, crew, number)
            except BaseException as error:
                errors.append(error)
                crew.stopped = True
        finished.set()

    ends = [threading.Event() for _ in range(min(plan.threads, len(folds)))]
    for end in ends:
        threading.Thread(target=work, args=(end,), daemon=True).start()
    interrupted = _waited(ends, crew)
    crew.finish()
    if errors:
        raise errors[0]
    done = [one for one in found if one is not None and (one.best_epoch >= 0 or not interrupted)]
    if not done:
        raise KeyboardInterrupt
    return done


def _waited(ends: Sequence[threading.Event], crew: Crew) -> bool:
    """Wait for the threads' ends; whether Ctrl-C came first.

    Not `Thread.join`: after Ctrl-C Python takes a thread for ended that still runs.
    """
    interrupted = False
    while not all(end.is_set() for end in ends):
        try:
            for end in ends:
                end.wait(_LONGEST_SLEEP)
        except KeyboardInterrupt:
            interrupted = crew.stopped = True
    return interrupted


def _train(fold: Fold, shape: Shape, recipe: Recipe, crew: Crew, number: int) -> Trained:
    folder = None if crew.plan.folder is None else crew.plan.folder / f"network_{number}"
    done = None if folder is None else load_trained(folder, number)
    if done is not None:
        crew.progress(number, 1.0)
        return done
    train, watched = fold.train_rows(), fold.watched_rows()
    batch = min(recipe.batch_size, max(recipe.members, len(train)))
    steps = math.ceil(len(train) / batch)
    every = max(1, min(_LONGEST_WAIT, recipe.epochs // _VALIDATIONS))
    network = build_network(shape, recipe)
    compile_network(network, shape, recipe, steps * recipe.epochs)
    keep = EarlyStopping(
        "val_loss",
        mode="min",
        patience=max(3, math.ceil(recipe.patience * recipe.epochs / every)),
        restore_best_weights=True,
    )
    given: tuple[Any, ...] = (train, None, None)
    if isinstance(train, Rows):
        given = (dict(train.inputs), train.targets, train.weights)
    history = network.fit(
        given[0],
        given[1],
        sample_weight=given[2],
        batch_size=batch,
        epochs=recipe.epochs,
        validation_data=_as_data(watched),
        validation_batch_size=min(_LARGEST_BATCH, max(32, len(watched))),
        validation_freq=every,
        callbacks=[keep, Watch(crew, number, recipe.epochs)],
        resume_from=None if folder is None else folder / "running",
        verbose=0,
    ).history
    del train  # a copy of the rows, before another is made of those that were held out
    best = keep.best_epoch if keep.best_weights is not None else -1
    crew.progress(number, 1.0)
    if not all(np.isfinite(weight).all() for weight in network.get_weights()):
        raise BadData(
            "Training diverged: the loss is no longer a number.",
            given=f"losses {', '.join(f'{loss:.4g}' for loss in history['loss'][:3])}, …",
            fix="look for values far outside the others in the columns of numbers.",
        )
    round_weights(network)
    epochs = len(history["loss"])
    validated = [*range(every - 1, epochs, every)]
    losses = np.full(epochs, np.nan)
    losses[validated] = history.get("val_loss", [])[: len(validated)]
    trained = Trained(
        number,
        network.get_weights(),
        member_outputs(network, fold.valid_rows().inputs),
        {"loss": list(history["loss"]), "val_loss": losses.tolist()},
        best,
        recipe.epochs,
    )
    if folder is not None and not crew.over:
        save_trained(trained, folder)
    return trained


def _as_data(rows: Rows) -> tuple[Any, ...]:
    data = (dict(rows.inputs), rows.targets)
    return data if rows.weights is None else (*data, rows.weights)


def joined_network(trained: Sequence[Trained], shape: Shape, recipe: Recipe) -> Functional:
    """One network with the weights of several, side by side.

    Args:
        trained: the networks.
        shape: what each of them takes and gives.
        recipe: their size.
    """
    network = build_network(shape, recipe, len(trained), use_scale=False)
    # Behind kernel and bias; `round_weights` put it into the kernel.
    scale = [weight.path for weight in network.weights].index("hidden_1/kernel") + 2
    alone = [[*one.weights[:scale], *one.weights[scale + 1 :]] for one in trained]
    weights = []
    for place, weight in enumerate(network.get_weights()):
        parts = [one[place] for one in alone]
        same = parts[0].shape == weight.shape
        weights.append(parts[0] if same else np.concatenate(parts, axis=0))
    network.set_weights(weights)
    return network
