"""Checkpoints are written while the next program computes, and hold what stood when asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import callbacks, layers

X = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
Y = (X @ np.ones(3, "float32"))[:, None]


class Watched(rb.Model):
    """Notes the epoch that stood when it was saved."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = layers.Dense(1)
        self.saved_in: list[int] = []
        self.interrupted = False

    def call(self, x: Any) -> Any:
        return self.hidden(x)

    def save(self, filepath: Any, **arguments: Any) -> None:
        self.saved_in.append(self.current_run.epoch)
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt
        super().save(filepath, **arguments)


class Users(callbacks.Callback):
    """A hook of the user's, which may read files that were asked for before it."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        assert Path(self.params["folder"], f"{epoch + 1}.keras").exists()


class OwnCheckpoint(callbacks.ModelCheckpoint):
    """A user's subclass, which uses its file at once."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        assert Path(self.filepath.format(epoch=epoch + 1)).exists()


def network() -> Any:
    rb.utils.set_random_seed(3)
    model = rb.Sequential([rb.Input((3,)), layers.Dense(4), layers.Dropout(0.2), layers.Dense(1)])
    model.compile(loss="mse", optimizer=rb.optimizers.Adam(0.05), metrics=["mae"])
    return model


def train(model: Any, hooks: Any, epochs: int = 3) -> Any:
    return model.fit(X, Y, epochs=epochs, batch_size=16, verbose=0, callbacks=hooks)


def watched() -> Watched:
    model = Watched()
    model.compile(loss="mse", optimizer="sgd")
    return model


def test_writes_while_the_next_epoch_runs(tmp_path: Path) -> None:
    model = watched()
    train(model, [callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")])
    assert model.saved_in == [1, 2, 2]  # the last one has no epoch to wait for
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.keras", "2.keras", "3.keras"]


@pytest.mark.parametrize("where", ["after", "subclass", "lambda", "by batch"])
def test_users_hooks_find_the_files_written(where: str, tmp_path: Path) -> None:
    model = watched()
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    read: list[bool] = []
    hooks = {
        "after": [checkpoint, Users()],
        "subclass": [OwnCheckpoint(tmp_path / "{epoch}.keras")],
        "lambda": [
            checkpoint,
            callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: read.append(
                    (tmp_path / f"{epoch + 1}.keras").exists()
                )
            ),
        ],
        "by batch": [
            checkpoint,
            callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None),
        ],
    }[where]
    listed = callbacks.CallbackList(hooks, model=model, folder=str(tmp_path))
    train(model, listed)
    assert model.saved_in == [0, 1, 2]
    assert read == ([True] * 3 if where == "lambda" else [])


def test_holds_what_stood_at_the_epochs_end(tmp_path: Path) -> None:
    """Later callbacks change the rate and put the best weights back; that is not in the file."""

    def hooks(folder: Path) -> list[Any]:
        return [
            callbacks.ModelCheckpoint(folder / "{epoch}.keras"),
            callbacks.ReduceLROnPlateau(monitor="loss", patience=0, min_delta=1e9, factor=0.5),
            callbacks.EarlyStopping(monitor="loss", restore_best_weights=True),
        ]

    later, at_once = tmp_path / "later", tmp_path / "at_once"
    train(network(), hooks(later))
    nothing = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: None)
    first = hooks(at_once)
    train(network(), [first[0], nothing, *first[1:]])
    assert sorted(p.name for p in later.iterdir()) == sorted(p.name for p in at_once.iterdir())
    for path in later.iterdir():
        found, expected = (rb.models.load_model(folder / path.name) for folder in (later, at_once))
        assert float(found.optimizer.learning_rate) == float(expected.optimizer.learning_rate)
        variables = zip(
            [*found.variables, *found.optimizer.variables],
            [*expected.variables, *expected.optimizer.variables],
            strict=True,
        )
        for one, other in variables:
            np.testing.assert_array_equal(one.numpy(), other.numpy())
    rates = [
        float(rb.models.load_model(later / f"{n}.keras").optimizer.learning_rate) for n in (1, 2, 3)
    ]
    np.testing.assert_allclose(rates, [0.05, 0.05, 0.025])


def test_an_interrupted_write_is_done_at_the_end(tmp_path: Path) -> None:
    model = watched()
    model.interrupted = True
    with pytest.raises(KeyboardInterrupt):
        train(model, [callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")])
    assert model.saved_in == [1, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["1.keras"]


def test_an_error_names_the_callback(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, where a folder is needed")
    closed: list[str] = []
    hooks = [
        callbacks.ModelCheckpoint(tmp_path / "taken" / "{epoch}.keras"),
        callbacks.LambdaCallback(on_train_end=lambda logs: closed.append("closed")),
    ]
    with pytest.raises(OSError, match="taken") as caught:
        train(network(), hooks)
    assert caught.value.__notes__ == ["In callback ModelCheckpoint.on_epoch_end."]
    assert closed == ["closed"]


def test_the_last_write_failing_ends_training_for_all(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, where a folder is needed")
    closed: list[str] = []
    hooks = [
        callbacks.ModelCheckpoint(tmp_path / "taken" / "{epoch}.keras"),
        callbacks.LambdaCallback(on_train_end=lambda logs: closed.append("closed")),
    ]
    with pytest.raises(OSError, match="taken"):
        train(network(), hooks, epochs=1)
    assert closed == ["closed"]


def test_timing_says_what_saving_took(tmp_path: Path) -> None:
    timing = callbacks.Timing()
    train(network(), [timing, callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")])
    assert "saving" not in timing.epochs[0]  # written in the second epoch
    assert timing.epochs[1]["saving"] > 0
