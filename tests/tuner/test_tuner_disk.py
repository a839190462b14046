"""Disks that are full, forbidden or gone while a search runs: no trial counts, and it goes on."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import tuner as kt
from rosenblatt.callbacks import BackupAndRestore
from rosenblatt.tuner import errors, journal
from rosenblatt.tuner.shared_search import Processes
from rosenblatt.tuner.trial_callbacks import TrialBackup

X = np.random.default_rng(0).normal(size=(40, 2)).astype("float32")
Y = X[:, 0]
TRIALS = 4


def build(hp: kt.HyperParameters) -> Any:
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile(rb.optimizers.SGD(hp.Float("rate", 1e-4, 1e-2)), "mse")
    return model


def tuner_in(folder: Path, workers: int = 1) -> kt.RandomSearch:
    return kt.RandomSearch(
        build, "val_loss", max_trials=TRIALS, seed=1, directory=folder, project_name="p",
        workers=workers,
    )  # fmt: skip


def search(tuner: kt.RandomSearch) -> None:
    tuner.search(X, Y, epochs=2, validation_split=0.25, verbose=0)


def failure(kind: int) -> OSError:
    return OSError(kind, os.strerror(kind))


class Disk:
    """Fails from its `after`-th use on, as long as it is told to."""

    def __init__(self, kind: int, after: int):
        self.error, self.after, self.uses = kind, after, 0

    def use(self) -> None:
        self.uses += 1
        if self.uses > self.after:
            raise failure(self.error)


def break_journal(monkeypatch: pytest.MonkeyPatch, disk: Disk, event: str) -> None:
    write = os.write

    def short(file: int, content: bytes) -> int:
        if content.startswith(f'{{"event":"{event}"'.encode()) and disk.uses >= disk.after:
            write(file, content[: len(content) // 2])  # half a line, as a full disk takes it
        if content.startswith(f'{{"event":"{event}"'.encode()):
            disk.use()
        return write(file, content)

    monkeypatch.setattr(journal.os, "write", short)


def before(place: Any, name: str) -> Callable[[pytest.MonkeyPatch, Disk], None]:
    """Fail where a function is called."""

    def set_up(monkeypatch: pytest.MonkeyPatch, disk: Disk) -> None:
        function = getattr(place, name)

        def failing(*args: Any, **kwargs: Any) -> Any:
            disk.use()
            return function(*args, **kwargs)

        monkeypatch.setattr(place, name, failing)

    return set_up


def backup(monkeypatch: pytest.MonkeyPatch, disk: Disk) -> None:
    monkeypatch.setattr(TrialBackup, "seconds", 0.0)
    before(BackupAndRestore, "on_epoch_end")(monkeypatch, disk)


def forced(monkeypatch: pytest.MonkeyPatch, disk: Disk) -> None:
    monkeypatch.setattr(journal, "_SYNC", -1.0)
    before(journal.os, "fsync")(monkeypatch, disk)


PLACES: dict[str, Callable[[pytest.MonkeyPatch, Disk], None]] = {
    "a trial's line": lambda m, disk: break_journal(m, disk, "trial"),
    "an epoch's line": lambda m, disk: break_journal(m, disk, "epoch"),
    "an end's line": lambda m, disk: break_journal(m, disk, "end"),
    "forcing it to the disk": forced,
    "weights": before(rb.Sequential, "save_weights"),
    "a backup": backup,
    "the file of the process": before(Processes, "join"),
}
KINDS = {"full": errno.ENOSPC, "quota": errno.EDQUOT, "read-only": errno.EROFS,
         "broken": errno.EIO}  # fmt: skip


def completed(tuner: kt.RandomSearch) -> None:
    """Every trial of the search ended once, and well; on the disk as in memory."""
    trials = tuner.oracle.trials
    assert {t.status for t in trials.values()} == {"COMPLETED"}
    assert len(trials) == TRIALS
    lines = (Path(tuner.project_dir) / "journal.jsonl").read_text().splitlines()
    events = Counter((json.loads(line)["event"], json.loads(line).get("trial_id"))
                     for line in lines)  # fmt: skip
    for name in trials:
        assert events["trial", name] == events["end", name] == 1
    assert len(tuner.get_best_models(2)) == 2


@pytest.mark.parametrize("again", ["the same tuner", "a new process"])
@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("place", PLACES)
def test_no_trial_counts_and_it_goes_on(
    place: str, after: int, again: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuner = tuner_in(tmp_path)
    with monkeypatch.context() as broken:
        PLACES[place](broken, Disk(errno.ENOSPC, after))
        with pytest.raises(errors.SearchFolderError) as told:
            search(tuner)
    assert str(told.value).startswith(
        f"The search in '{tmp_path}/p' was stopped, as its files cannot be written or read. "
        "Given: [Errno 28] "
    )
    assert "No space left on device" in str(told.value)
    assert str(told.value).count("Fix: ") == 1
    assert str(told.value).endswith(
        "Fix: fix the cause and start the search again: it resumes, and the trials that were "
        "running do not count."
    )
    assert not [t for t in tuner.oracle.trials.values() if t.status == "FAILED"]
    tuner = tuner if again == "the same tuner" else tuner_in(tmp_path)
    search(tuner)
    completed(tuner)
    completed(tuner_in(tmp_path))


@pytest.mark.parametrize("kind", KINDS)
def test_other_failures_of_the_disk(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        PLACES["weights"](broken, Disk(KINDS[kind], 1))
        with pytest.raises(errors.SearchFolderError, match=os.strerror(KINDS[kind])):
            search(tuner_in(tmp_path, workers=2))
    tuner = tuner_in(tmp_path)
    search(tuner)
    completed(tuner)


@pytest.mark.parametrize("kind", [errno.EACCES, errno.EPERM, errno.ENOENT])
def test_rights_and_places_count_where_they_are_the_searchs(
    kind: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a trial's own files, such an error is the trial's."""
    where = str(tmp_path / "p" / "trial_0" / "a")

    def failing(self: Any, *args: Any) -> None:
        raise OSError(kind, os.strerror(kind), where)

    with monkeypatch.context() as broken:
        broken.setattr(rb.Sequential, "save_weights", failing)
        with pytest.raises(errors.SearchFolderError):
            search(tuner_in(tmp_path))
        where = str(tmp_path / "elsewhere")
        with pytest.raises(RuntimeError, match="3 trials in a row failed"):
            search(tuner_in(tmp_path))


def test_a_folder_that_is_removed(tmp_path: Path) -> None:
    class Removing(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            shutil.rmtree(tmp_path / "p")

    tuner = tuner_in(tmp_path)
    with pytest.raises(errors.SearchFolderError, match=r"journal\.jsonl is gone, or shorter"):
        tuner.search(X, Y, epochs=2, validation_split=0.25, verbose=0, callbacks=[Removing()])
    tuner = tuner_in(tmp_path)
    search(tuner)
    completed(tuner)


def lengths() -> list[float]:
    return [0.0, 0.01, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.99]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ended")
    search(tuner_in(folder))
    return folder


@pytest.mark.parametrize("length", lengths())
def test_a_journal_that_was_cut_off(length: float, ended: Path, tmp_path: Path) -> None:
    shutil.copytree(ended / "p", tmp_path / "p")
    path = tmp_path / "p" / "journal.jsonl"
    content = path.read_bytes()
    path.write_bytes(content[: int(length * len(content))])
    tuner = tuner_in(tmp_path)
    search(tuner)
    completed(tuner)
    completed(tuner_in(tmp_path))


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
from rosenblatt.cli import main
sys.exit(main(sys.argv[2:]))
"""


def test_tune_with_too_little_room(tmp_path: Path) -> None:
    """The system's own refusal: no file may be larger than 8,000 bytes; then they may."""
    table = tmp_path / "t.csv"
    rows = [f"{a:.4f},{b:.4f},{a - b:.4f}" for a, b in X.tolist()]
    table.write_text("a,b,y\n" + "\n".join(rows) + "\n")
    out = tmp_path / "out"
    words = [
        "tune",
        "--no-tabular",
        str(table),
        "--target",
        "y",
        "--out",
        str(out),
        "--trials",
        "2",
    ]

    def run(limit: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", LIMITED, str(limit), *words, "--epochs", "1", "-q"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = run(8_000)
    assert done.returncode == 2
    assert done.stderr.startswith(f"rosenblatt: The search in '{out}/search' was stopped, as its")
    assert done.stderr.count("\n") == 1
    journal_of = (out / "search" / "journal.jsonl").read_text()
    assert '"event":"end"' not in journal_of
    done = run(100_000_000)
    assert done.returncode == 0, done.stderr
    assert (out / "search" / "journal.jsonl").read_text().count('"COMPLETED"') == 2
