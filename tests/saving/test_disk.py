"""A disk that is full, a folder that may not be written to: an error, and the old file whole."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.core.files import replacing

X = np.ones((8, 200), "float32")
FULL = (
    "File too large. Fix: free some space, or name another place; what was there before is as it "
    "was."
)


def model() -> Any:
    made = rb.Sequential([rb.Input((200,)), rb.layers.Dense(200), rb.layers.Dense(1)])
    made.compile("adam", "mse")
    return made


@contextmanager
def room_for(nbytes: int) -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (nbytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


WRITERS: dict[str, Callable[[Any, Path], Any]] = {
    "model.keras": lambda m, path: m.save(path),
    "model.h5": lambda m, path: m.save(path),
    "model.weights.h5": lambda m, path: m.save_weights(path),
    "model.npz": lambda m, path: m.export(path, format="npz", verbose=False),
    "model.onnx": lambda m, path: m.export(path, format="onnx", verbose=False),
    "model.stablehlo": lambda m, path: m.export(path, format="stablehlo", verbose=False),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk(tmp_path: Path, name: str) -> None:
    made, path = model(), tmp_path / name
    WRITERS[name](made, path)
    before = path.read_bytes()
    made.set_weights([w + 1 for w in made.get_weights()])
    with room_for(50_000), pytest.raises(OSError) as caught:
        WRITERS[name](made, path)
    assert str(caught.value) == f"[Errno 27] Cannot write {str(path)!r}: {FULL}"
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [name]


def test_a_large_model_on_a_full_disk(tmp_path: Path) -> None:
    """What is written in place goes through the HDF5 library."""
    path = tmp_path / "model.keras"
    large = rb.Sequential([rb.Input((4000,)), rb.layers.Dense(5000)])
    with room_for(1 << 20), pytest.raises(OSError) as caught:
        large.save(path)
    assert str(caught.value) == f"[Errno 27] Cannot write {str(path)!r}: {FULL}"
    assert os.listdir(tmp_path) == []


def test_checkpoints_on_a_full_disk(tmp_path: Path) -> None:
    made, path = model(), tmp_path / "best.keras"
    made.save(path)
    before = path.read_bytes()
    checkpoint = rb.callbacks.ModelCheckpoint(path)
    with room_for(50_000), pytest.raises(OSError, match="Cannot write") as caught:
        made.fit(X, X[:, :1], epochs=2, verbose=0, callbacks=[checkpoint])
    assert "ModelCheckpoint" in str(caught.value) + "".join(caught.value.__notes__)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["best.keras"]
    assert made.evaluate(X, X[:, :1], verbose=0) >= 0  # the model can still be used


def test_a_backup_on_a_full_disk(tmp_path: Path) -> None:
    """The backup before it stays, and the run goes on from there."""
    rb.utils.set_random_seed(3)
    whole = model()
    whole.fit(X, X[:, :1], epochs=3, verbose=0)
    rb.utils.set_random_seed(3)
    made = model()
    fill = rb.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: (
            epoch == 1 and resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
        )
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(OSError, match="Cannot write"):
            made.fit(X, X[:, :1], epochs=3, verbose=0, resume_from=tmp_path, callbacks=[fill])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    rb.utils.set_random_seed(3)
    again = model()
    again.fit(X, X[:, :1], epochs=3, verbose=0, resume_from=tmp_path)
    for ours, theirs in zip(again.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_folder_that_may_not_be_written_to() -> None:
    with tempfile.TemporaryDirectory() as folder:  # others may look into its parent
        path = f"{folder}/model.keras"
        made = model()
        os.chmod(folder, 0o555)
        user = os.geteuid()
        if user == 0:  # who may write anywhere
            os.seteuid(65534)
        try:
            with pytest.raises(PermissionError) as caught:
                made.save(path)
        finally:
            os.seteuid(user)
            os.chmod(folder, 0o755)
        assert str(caught.value) == (
            f"[Errno 13] Cannot write {path!r}: Permission denied. Fix: name a folder that you "
            "may write to."
        )


def test_every_file_is_on_the_disk_before_it_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (events.append("fsync"), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda a, b: (events.append("replace"), replace(a, b)))
    with replacing(tmp_path / "a.txt") as part:
        part.write_text("a")
    model().save(tmp_path / "m.keras")
    assert events == ["fsync", "replace"] * 2


def test_an_error_of_another_file_is_not_ours(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="elsewhere"), replacing(tmp_path / "a.txt"):
        (tmp_path / "elsewhere").read_text()
    assert os.listdir(tmp_path) == []
