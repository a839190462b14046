"""What `test_processes.py` starts, in one process or several: together.py OUT FOLDER [FATE].

Without a fate, one scene after another. "1:KILL": process 1 gets this signal in the middle of
training, once; "0:WRITING 5": it is killed when it writes the fifth file of backups; "1:LOOPS": its
data do not come; "1:LATE": it begins 40 s after the others; "SUPERVISOR": that is killed.
"devices:2": each process has two. "endless": training goes on until something happens.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

import rosenblatt as rb
from rosenblatt.data.array_source import ArraySource
from rosenblatt.data.contract import Block

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 8)).astype("float32")
Y = (X.sum(1, keepdims=True) + RNG.normal(size=(200, 1))).astype("float32")
layers, distribution = rb.layers, rb.distribution


def model() -> rb.Model:
    made = rb.Sequential(
        [
            rb.Input((8,)),
            layers.Dense(16, "relu"),
            layers.Dropout(0.2),
            layers.Dense(16, use_bias=False),
            layers.BatchNormalization(),
            layers.Dense(1),
        ]
    )
    made.compile("adam", "mse", metrics=["mae"])
    return made


def digest(trained: rb.Model) -> str:
    """Of weights and optimizer."""
    values = [*trained.get_weights(), *(v.numpy() for v in trained.optimizer.variables)]
    return hashlib.sha256(b"".join(np.asarray(v).tobytes() for v in values)).hexdigest()


def trained(seed: int | None, x: Any = X, **more: Any) -> dict[str, Any]:
    """Everything that training gives, and using the model."""
    if seed is not None:
        rb.utils.set_random_seed(seed)
    made = model()
    options = {"y": Y, "batch_size": 30, "epochs": 3, "verbose": 0}
    if x is X:
        options["validation_data"] = (X[:77], Y[:77])
    history = made.fit(x, **{**options, **more})
    found = {"digest": digest(made), "history": history.history, "epochs": history.epoch}
    if x is not X:
        return found
    return found | {
        "evaluate": made.evaluate(X, Y, verbose=0),
        "predict": made.predict(X[:5], verbose=0).ravel().tolist(),
    }


def drawn() -> list[float]:
    """What the seed that the processes have begins with."""
    return np.asarray(rb.initializers.GlorotUniform()((4,))).tolist()


def error_of(call: Any) -> str:
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


class StopsInOne(rb.callbacks.Callback):
    """Asks for an end after the second epoch, in the last process only."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1 and distribution.process_id() == distribution.num_processes() - 1:
            self.model.stop_training = True


class StopsInOneAtABatch(rb.callbacks.Callback):
    """The same in the middle of an epoch."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == 2 and distribution.process_id() == distribution.num_processes() - 1:
            self.model.stop_training = True


STEPS = {"steps_per_epoch": 6, "batch_size": None, "y": None}


def batches(from_batch: int = 0, more: float = 0.0, own: bool = False) -> Iterator[Any]:
    """Without end, batches of 30 rows; of some on another number is added, or a part is given."""
    share = distribution.num_processes() if own else 1
    place = distribution.process_id() if own else 0
    for number in itertools.count():
        start = number % 6 * 30 + place * 30 // share
        rows = slice(start, start + 30 // share)
        yield X[rows] + (more if number >= from_batch else 0), Y[rows]


class Batches(rb.utils.PyDataset):
    """The same by number."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Any:
        return X[30 * index : 30 * index + 30], Y[30 * index : 30 * index + 30]


def parts_of_all() -> dict[str, Any]:
    """Training where each process gives its part."""
    before = distribution.distribution()
    distribution.set_distribution(distribution.DataParallel(auto_shard_dataset=False))
    found: dict[str, Any] = {"parts": trained(6, x=batches(own=True), **STEPS)}
    one = distribution.process_id()
    uneven = ((X[: 4 + one], Y[: 4 + one]) for _ in range(3))
    found["uneven parts"] = error_of(lambda: model().fit(uneven, verbose=0))
    found["parts of arrays"] = error_of(lambda: model().fit(X, Y, verbose=0))
    distribution.set_distribution(before)
    return found


def scenes(folder: Path) -> dict[str, Any]:
    """One after another, as each start of processes takes seconds."""
    found: dict[str, Any] = {"set before": drawn()}
    found["seeded"] = trained(1)
    os.environ["ROSENBLATT_MEASURE_DEVICES"] = "1"
    found["measured"] = trained(1)
    os.environ["ROSENBLATT_MEASURE_DEVICES"] = "0"
    found["unseeded"] = trained(None)
    found["stopped"] = trained(2, epochs=9, callbacks=[StopsInOne()])
    found["stopped at a batch"] = trained(2, epochs=9, callbacks=[StopsInOneAtABatch()])
    path = folder / "model.keras"
    logger = rb.callbacks.CSVLogger(folder / "log.csv")
    found["files"] = trained(3, callbacks=[rb.callbacks.ModelCheckpoint(path), logger])
    found["stream"] = trained(6, x=batches(), **STEPS)
    found["py dataset"] = trained(6, x=Batches(), **STEPS)
    found |= parts_of_all()
    rows = 100 + 10 * distribution.process_id()
    found["rows"] = error_of(lambda: model().fit(X[:rows], Y[:rows], verbose=0))
    other = X + distribution.process_id()
    found["values"] = error_of(lambda: model().fit(other, Y, verbose=0))
    found["predicted"] = error_of(lambda: model().predict(other, verbose=0))
    found["on a batch"] = error_of(lambda: model().train_on_batch(other, Y))
    late = batches(from_batch=3, more=distribution.process_id())
    found["streams"] = error_of(lambda: trained(6, x=late, **STEPS))
    if distribution.is_main():  # the last: afterwards the processes are apart
        found["alone"] = error_of(lambda: model().evaluate(X, Y, verbose=0))
    return found


def strike(folder: Path, fate: str) -> rb.callbacks.Callback:
    """Have a process meet its fate once, in the middle of its run."""
    victim, _, name = fate.partition(":")
    is_victim = victim in (str(distribution.process_id()), "SUPERVISOR")
    mark = folder / "struck"

    def is_time(now: bool) -> bool:
        due = now and is_victim and not mark.exists()
        if due:
            mark.touch()
        return due

    blocks, replace, count = ArraySource.blocks, os.replace, itertools.count(1)

    def never(self: ArraySource, epoch: int = 0, *more: Any) -> Iterator[Block]:
        if name == "LOOPS" and is_time(epoch == 2):
            time.sleep(10**6)
        return blocks(self, epoch, *more)

    def cut_off(source: Any, target: Any) -> None:
        ours = name.startswith("WRITING") and Path(target).parent.name == "backup"
        if ours and is_time(next(count) == int(name.split()[1])):
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)

    class Dies(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if victim == "SUPERVISOR" and is_time(epoch == 2):
                os.kill(os.getppid(), signal.SIGKILL)
                time.sleep(1000)
            if hasattr(signal, f"SIG{name}") and is_time(epoch == 2):
                os.kill(os.getpid(), getattr(signal, f"SIG{name}"))

    ArraySource.blocks, os.replace = never, cut_off  # type: ignore[method-assign, assignment]
    return Dies()


def struck(folder: Path, fate: str) -> dict[str, Any]:
    """A run in which something happens once."""
    backup = rb.callbacks.BackupAndRestore(folder / "backup")
    return {"drawn": drawn(), **trained(4, epochs=5, callbacks=[backup, strike(folder, fate)])}


def endless(folder: Path) -> None:
    """A run that has a file in the folder for each process that trains."""

    class Marks(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            (folder / f"trains {distribution.process_id()}").touch()

    trained(5, epochs=10**7, callbacks=[Marks()])


def main(out: str, folder: str, fate: str | None = None) -> None:
    if fate is None:
        rb.utils.set_random_seed(5)
    if fate is not None and fate.startswith("devices:"):
        jax.config.update("jax_num_cpu_devices", int(fate.partition(":")[2]))
    if fate == f"{os.environ.get('KERAS_DISTRIBUTION_PROCESS_ID')}:LATE":
        time.sleep(40)
    if "KERAS_DISTRIBUTION_NUM_PROCESSES" in os.environ:
        distribution.initialize()
    else:
        jax.config.update("jax_num_cpu_devices", 2)
        distribution.set_distribution(distribution.DataParallel())
    place = Path(folder)
    if fate == "endless":
        endless(place)
    found = scenes(place) if fate is None else struck(place, fate)
    Path(f"{out}.{distribution.process_id()}").write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
