"""What `test_processes.py` starts, in one process or several: together.py OUT FOLDER [FATE].

Without a fate, one scene after another. "1:KILL": process 1 gets this signal in the middle of
training, once. "endless": training goes on until something happens.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np

import rosenblatt as rb

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


def trained(seed: int | None, **more: Any) -> dict[str, Any]:
    """Everything that training gives, and using the model."""
    if seed is not None:
        rb.utils.set_random_seed(seed)
    made = model()
    options = {"batch_size": 30, "epochs": 3, "verbose": 0, "validation_data": (X[:77], Y[:77])}
    history = made.fit(X, Y, **{**options, **more})
    return {
        "digest": digest(made),
        "history": history.history,
        "epochs": history.epoch,
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


def scenes(folder: Path) -> dict[str, Any]:
    """One after another, as each start of processes takes seconds."""
    found: dict[str, Any] = {"set before": drawn()}
    found["seeded"] = trained(1)
    found["unseeded"] = trained(None)
    found["stopped"] = trained(2, epochs=9, callbacks=[StopsInOne()])
    found["stopped at a batch"] = trained(2, epochs=9, callbacks=[StopsInOneAtABatch()])
    path = folder / "model.keras"
    logger = rb.callbacks.CSVLogger(folder / "log.csv")
    found["files"] = trained(3, callbacks=[rb.callbacks.ModelCheckpoint(path), logger])
    rows = 100 + 10 * distribution.process_id()
    found["rows"] = error_of(lambda: model().fit(X[:rows], Y[:rows], verbose=0))
    other = X + distribution.process_id()
    found["values"] = error_of(lambda: model().fit(other, Y, verbose=0))
    if distribution.is_main():  # the last: afterwards the processes are apart
        found["alone"] = error_of(lambda: model().evaluate(X, Y, verbose=0))
    return found


def struck(folder: Path, fate: str) -> dict[str, Any]:
    """A run of which a process gets a signal once, in its middle."""
    victim, _, name = fate.partition(":")

    class Dies(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            mark = folder / "struck"
            if epoch == 2 and str(distribution.process_id()) == victim and not mark.exists():
                mark.touch()
                os.kill(os.getpid(), getattr(signal, f"SIG{name}"))

    backup = rb.callbacks.BackupAndRestore(folder / "backup")
    return {"drawn": drawn(), **trained(4, epochs=5, callbacks=[backup, Dies()])}


def endless(folder: Path) -> None:
    """A run that has a file in the folder for each process that trains."""

    class Marks(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            (folder / f"trains {distribution.process_id()}").touch()

    trained(5, epochs=10**7, callbacks=[Marks()])


def main(out: str, folder: str, fate: str | None = None) -> None:
    if fate is None:
        rb.utils.set_random_seed(5)
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
