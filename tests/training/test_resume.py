"""Runs that are cut off and go on: bit for bit what the uninterrupted run would have given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import callbacks

RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 4)).astype("float32")
Y = X.sum(1, keepdims=True)
EPOCHS, BATCH = 5, 16


def schedule() -> Any:
    return rb.optimizers.schedules.ExponentialDecay(0.05, 7, 0.8)


OPTIMIZERS = {
    "adam": lambda: rb.optimizers.Adam(0.01),
    "schedule": lambda: rb.optimizers.SGD(schedule(), momentum=0.9),
    "ema": lambda: rb.optimizers.SGD(0.05, use_ema=True, ema_overwrite_frequency=6),
    "accumulation": lambda: rb.optimizers.Adam(0.01, gradient_accumulation_steps=3),
}


def network(optimizer: str) -> Any:
    layers = rb.layers
    model = rb.Sequential(
        [
            rb.Input((4,)),
            layers.Dense(8, "relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )
    model.compile(OPTIMIZERS[optimizer](), "mse", metrics=["mae"])
    return model


class Cut(callbacks.Callback):
    """Cuts the run after a batch."""

    def __init__(self, epoch: int, batch: int):
        super().__init__()
        self.epoch, self.batch, self.now = epoch, batch, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.now = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (self.now, batch) == (self.epoch, self.batch):
            raise KeyboardInterrupt


class CutBefore(callbacks.Callback):
    """Cuts the run when an epoch begins."""

    def __init__(self, epoch: int):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == self.epoch:
            raise KeyboardInterrupt


def train(model: Any, *given: Any, **options: Any) -> Any:
    options = {"epochs": EPOCHS, "batch_size": BATCH, "validation_data": (X, Y), **options}
    return model.fit(X, Y, verbose=0, callbacks=list(given), **options)


def uninterrupted(optimizer: str, *given: Any, **options: Any) -> Any:
    rb.utils.set_random_seed(1)
    model = network(optimizer)
    history = train(model, *given, **options)
    return model, history.history


def equal(one: Any, other: Any) -> None:
    for mine, its in zip(one.variables, other.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), its.numpy(), err_msg=mine.path)
    for mine, its in zip(one.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), its.numpy(), err_msg=mine.path)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_cut_between_epochs(optimizer: str, tmp_path: Path) -> None:
    expected, history = uninterrupted(optimizer)
    folder = tmp_path / "run"
    rb.utils.set_random_seed(1)
    with pytest.raises(KeyboardInterrupt):
        train(network(optimizer), CutBefore(3), resume_from=folder)
    rb.backend.clear_session()
    rb.utils.set_random_seed(99)  # another process: other weights, seeds and order of rows
    model = network(optimizer)
    found = train(model, resume_from=folder)
    equal(model, expected)
    assert found.history == history
    assert found.epoch == list(range(EPOCHS))
    assert not folder.exists()  # a finished run needs no backup


def test_a_run_cut_while_averages_stand_in_the_weights(tmp_path: Path) -> None:
    expected, history = uninterrupted("ema", callbacks.SwapEMAWeights(swap_on_epoch=True))
    folder = tmp_path / "run"
    rb.utils.set_random_seed(1)
    swap = callbacks.SwapEMAWeights(swap_on_epoch=True)
    with pytest.raises(KeyboardInterrupt):
        train(network("ema"), CutBefore(3), swap, resume_from=folder)
    rb.backend.clear_session()
    rb.utils.set_random_seed(99)
    model = network("ema")
    found = train(model, callbacks.SwapEMAWeights(swap_on_epoch=True), resume_from=folder)
    equal(model, expected)
    assert found.history == history


@pytest.mark.parametrize("optimizer", ["adam", "accumulation"])
def test_a_run_cut_within_an_epoch(optimizer: str, tmp_path: Path) -> None:
    every = {"save_freq": 3, "delete_checkpoint": False}
    whole = callbacks.BackupAndRestore(tmp_path / "whole", **every)
    expected, history = uninterrupted(optimizer, whole)
    folder = tmp_path / "cut"
    rb.utils.set_random_seed(1)
    with pytest.raises(KeyboardInterrupt):
        train(
            network(optimizer), Cut(2, 3), callbacks.BackupAndRestore(folder, **every)
        )  # 14 batches done, the last backup after 12: the third batch of epoch 2
    position = json.loads((folder / "run.json").read_text())["position"]
    assert (position["epoch"], position["step"]) == (2, 2)
    rb.backend.clear_session()
    rb.utils.set_random_seed(99)
    model = network(optimizer)
    found = train(model, callbacks.BackupAndRestore(folder, **every))
    equal(model, expected)
    assert found.history == history
    assert sorted(p.suffix for p in folder.iterdir()) == [".h5", ".json", ".npz"]


def test_the_state_of_callbacks_goes_on(tmp_path: Path) -> None:
    def watching(folder: Path) -> list[Any]:
        folder.mkdir(exist_ok=True)
        return [
            callbacks.EarlyStopping("mae", patience=3, min_delta=1e9, restore_best_weights=True),
            callbacks.ReduceLROnPlateau("mae", factor=0.5, patience=2, min_delta=1e9),
            callbacks.ModelCheckpoint(folder / "{epoch}.keras", "mae", keep=2),
            callbacks.CSVLogger(folder / "log.csv"),
        ]

    expected, history = uninterrupted("adam", *watching(tmp_path / "a"), epochs=9)
    rb.utils.set_random_seed(1)
    cut = [*watching(tmp_path / "b"), CutBefore(2)]
    with pytest.raises(KeyboardInterrupt):
        train(network("adam"), *cut, epochs=9, resume_from=tmp_path / "run")
    rb.backend.clear_session()
    model = network("adam")
    found = train(model, *watching(tmp_path / "b"), epochs=9, resume_from=tmp_path / "run")
    assert found.history == history
    assert len(found.epoch) == 4  # early stopping counted the epochs before the cut
    equal(model, expected)
    one, other = ((tmp_path / name / "log.csv").read_text() for name in "ab")
    assert one == other
    names = [sorted(p.name for p in (tmp_path / name).iterdir()) for name in "ab"]
    assert names[0] == names[1]


def test_best_weights_of_before_the_cut_come_back(tmp_path: Path) -> None:
    rb.utils.set_random_seed(1)
    model = network("adam")
    stopping = {"patience": 99, "restore_best_weights": True, "mode": "max"}
    with pytest.raises(KeyboardInterrupt):
        train(
            model, callbacks.EarlyStopping("loss", **stopping), CutBefore(2),
            resume_from=tmp_path / "run",
        )  # fmt: skip
    best = model.get_weights()  # those of the first epoch: its loss is the highest
    other = network("adam")
    train(
        other, callbacks.EarlyStopping("loss", **stopping), CutBefore(99),
        resume_from=tmp_path / "run",
    )  # fmt: skip
    for one, its in zip(other.get_weights(), best, strict=True):
        np.testing.assert_array_equal(one, its)


def test_save_load_fit_is_the_same_as_going_on(tmp_path: Path) -> None:
    rb.utils.set_random_seed(1)
    model = network("adam")
    train(model, epochs=2)
    model.save(tmp_path / "m.keras")
    loaded = rb.saving.load_model(tmp_path / "m.keras")
    for one in (model, loaded):
        rb.utils.set_random_seed(5)
        train(one, epochs=2)
    equal(model, loaded)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("rows", "The run to resume had a different number of rows. Given: 60 now, 70 then"),
        ("batch", "The run to resume had a different number of rows in a batch. Given: 8 now"),
        ("model", "cannot be resumed."),
        ("index", "cannot be resumed. Expecting value"),
        ("values", "The run to resume had other data. Given: as many rows, with other values"),
        ("targets", "The run to resume had other data."),
    ],
)
def test_what_cannot_be_gone_on_with(change: str, message: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(network("adam"), CutBefore(1), resume_from=folder)
    model = network("adam")
    rows, batch = (60 if change == "rows" else 70), (8 if change == "batch" else BATCH)
    if change == "model":
        model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(9), rb.layers.Dense(1)])
        model.compile("sgd", "mse")
    if change == "index":
        (folder / "run.json").write_text("")
    x = X + (X[3, 1] == X) if change == "values" else X
    y = -Y if change == "targets" else Y
    with pytest.raises(ValueError) as caught:
        model.fit(x[:rows], y[:rows], batch_size=batch, verbose=0, resume_from=folder)
    assert str(caught.value).startswith(f"BackupAndRestore: the run in {str(folder)!r}")
    assert message in str(caught.value)
    assert "remove the folder to start over" in str(caught.value)


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match=r"bad `backup_dir`. Given: ''. Expected: a folder"):
        callbacks.BackupAndRestore("")
    with pytest.raises(ValueError, match=r"bad `save_freq`. Given: 'batch'. Expected: 'epoch', or"):
        callbacks.BackupAndRestore("x", save_freq="batch")


def test_what_a_killed_process_was_writing_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for name in (".3.weights.0a1b2c3d.h5", ".3.0a1b2c3d.npz", ".run.0a1b2c3d.json", "2.npz"):
        (folder / name).write_bytes(b"half")
    (folder / "notes.txt").write_text("mine")
    train(network("adam"), callbacks.BackupAndRestore(folder))
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
