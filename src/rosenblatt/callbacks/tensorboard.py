"""TensorBoard: what happens in training, written for TensorBoard, without TensorFlow."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt import summary
from rosenblatt.callbacks.callback import Callback
from rosenblatt.callbacks.frequency import frequency, is_due
from rosenblatt.callbacks.rate import inner_optimizer
from rosenblatt.core.checks import anything, flag, path
from rosenblatt.core.errors import BadArgument, nearest, warn_user
from rosenblatt.core.registry import builtin
from rosenblatt.core.scalars import as_number
from rosenblatt.core.settings import Configured, setting
from rosenblatt.core.types import PathLike
from rosenblatt.layers.embedding import Embedding
from rosenblatt.tensorboard import operations, projector
from rosenblatt.tensorboard.profile import Profile

if TYPE_CHECKING:
    from rosenblatt.callbacks.model import Model

_VALIDATION = "val_"


@builtin("keras.callbacks")
class TensorBoard(Callback, Configured):
    """Writes losses, metrics, weights, the model's graph and profiles for TensorBoard.

    Runs `train` and `validation` below `log_dir`, under Keras's tags: `epoch_loss`, …,
    `epoch_learning_rate`; `evaluation_loss_vs_iterations`, …; `batch_loss`, … where `update_freq`
    asks for batches. Everything of an epoch is in the files when the epoch is over. Open it with
    `rosenblatt tensorboard LOGDIR`. Needs the extra `tensorboard`.

    Args:
        log_dir: the folder, one for each run.
        histogram_freq: epochs between two histograms of all weights; 0 for none.
        write_graph: write the model's layers as a graph (functional and Sequential models).
        write_images: with the histograms, write weights as images.
        write_steps_per_second: write training steps per second.
        update_freq: "epoch"; "batch" or a number N for values after each, each N-th, batch. Then
            training stops at every batch, which makes small models several times slower.
        profile_batch: trace this batch, or the batches from a first to a last one, e.g. (10, 20),
            counted from 1; 0 for none. Makes training stop at every batch.
        embeddings_freq: epochs between two states of all Embedding layers, for the projector.
        embeddings_metadata: a file with a label in each line, relative to `log_dir`, for all
            Embedding layers, or a dict of a layer's name to its file.

    Raises:
        ValueError: a bad frequency or range, or names of layers that do not exist.

    >>> TensorBoard("logs/run1", histogram_freq=1).update_freq
    'epoch'
    """

    is_for_main = True

    log_dir: PathLike = setting(path, default="logs")
    histogram_freq: int = setting(anything, default=0)
    write_graph: bool = setting(flag, default=True)
    write_images: bool = setting(flag, default=False)
    write_steps_per_second: bool = setting(flag, default=False)
    update_freq: str | int = setting(frequency("epoch", "batch"), default="epoch")
    profile_batch: int | tuple[int, int] = setting(anything, default=0)
    embeddings_freq: int = setting(anything, default=0)
    embeddings_metadata: str | dict[str, str] | None = setting(anything, default=None)

    state_attributes = ("batch",)

    def __post_init__(self) -> None:
        """Ask for batches where it needs them: only then does training have to stop at each."""
        self._profile = Profile(self.profile_batch)
        if self._profile.wanted or self.update_freq != "epoch":
            self.on_train_batch_begin = self._before_batch  # type: ignore[method-assign]
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]
        self._writers: dict[str, summary.SummaryWriter] = {}
        self._weights: list[tuple[str, Any]] = []  # of this training, by their tags
        self.batch = 0
        self._batch_start = self._epoch_start = 0.0
        self._iterations_before = 0

    def _folder(self, run: str) -> Path:
        return Path(self.log_dir) / run

    def _writer(self, run: str) -> summary.SummaryWriter:
        """The writer of a run; a run to which nothing is written gets no file."""
        if run not in self._writers:
            self._writers[run] = summary.create_file_writer(self._folder(run))
        return self._writers[run]

    def set_model(self, model: Model) -> None:
        """Take the model, and write its graph."""
        super().set_model(model)
        self._close()
        self._check_metadata()
        if self.write_graph and type(model).__name__ in ("Functional", "Sequential"):
            with self._writer("train").as_default(step=0):
                try:
                    summary.keras_model("keras", model)
                    operations.layers_graph(model)
                except (TypeError, ValueError) as error:
                    warn_user(f"TensorBoard: the model's graph is not written: {error}")

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start counting batches."""
        self.batch = 0
        self._weights = []

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Close the files."""
        self._profile.stop()
        self._close()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Take the time."""
        if self.write_steps_per_second:
            self._epoch_start = time.perf_counter()
            self._iterations_before = _iterations(self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the epoch's values, and weights where it is time."""
        if logs:
            self._write_epoch(epoch, logs)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            with self._writer("train").as_default(step=epoch):
                self._write_weights()
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings(epoch)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Write what was measured against the steps trained."""
        if getattr(self.model, "optimizer", None) is not None:
            with self._writer("validation").as_default(step=_iterations(self.model)):
                for name, value in (logs or {}).items():
                    summary.scalar(f"evaluation_{name}_vs_iterations", as_number(value))

    def _before_batch(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.batch += 1
        self._batch_start = time.perf_counter()
        if self._profile.wanted:
            self._profile.begin(self.batch, self._folder("train"))

    def _after_batch(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        seconds = time.perf_counter() - self._batch_start
        if self._profile.wanted:
            self._profile.end(self.batch)
        if not is_due(self.update_freq, self.batch):
            return
        writer = self._writer("train")
        if self.write_steps_per_second:
            writer.scalar("batch_steps_per_second", 1 / max(seconds, 1e-9), self.batch)
        for name, value in (logs or {}).items():
            writer.scalar(f"batch_{name}", as_number(value), self.batch)

    def _write_epoch(self, epoch: int, logs: dict[str, Any]) -> None:
        runs: dict[str, dict[str, Any]] = {"train": {}, "validation": {}}
        for name, value in logs.items():
            run = "validation" if name.startswith(_VALIDATION) else "train"
            runs[run][name.removeprefix(_VALIDATION)] = value
        runs["train"].update(_learning_rates(self.model))
        if self.write_steps_per_second:
            steps = _iterations(self.model) - self._iterations_before
            elapsed = time.perf_counter() - self._epoch_start
            runs["train"]["steps_per_second"] = steps / max(elapsed, 1e-9)
        for run, values in runs.items():
            if values:
                with self._writer(run).as_default(step=epoch):
                    for name, value in values.items():
                        summary.scalar(f"epoch_{name}", as_number(value))

    def _write_weights(self) -> None:
        if not self._weights:
            held = (weight for layer in self.model.layers for weight in layer.weights)
            self._weights = [(weight.path.replace(":", "_"), weight) for weight in held]
        for name, weight in self._weights:
            array = np.asarray(weight)
            if array.dtype.kind not in "biuf":  # bfloat16 is no type of NumPy's own
                array = array.astype("float32")
            summary.histogram(f"{name}/histogram", array)
            image = _as_image(array) if self.write_images else None
            if image is not None:
                summary.image(f"{name}/image", image)

    def _embeddings(self) -> list[Any]:
        return [layer for layer in self.model.layers if isinstance(layer, Embedding)]

    def _check_metadata(self) -> None:
        if not self.embeddings_freq or not isinstance(self.embeddings_metadata, dict):
            return
        known = [layer.name for layer in self._embeddings()]
        for name in self.embeddings_metadata:
            if name not in known:
                raise BadArgument(
                    "TensorBoard: `embeddings_metadata` names a layer that is no Embedding "
                    "layer of the model.",
                    given=repr(name),
                    expected=known or "a model with Embedding layers",
                    fix=nearest(name, known) if known else None,
                )

    def _write_embeddings(self, epoch: int) -> None:
        """Tables, which the projector reads without TensorFlow, and Keras's file of weights."""
        run = self._folder("train")
        points = run / "projector"
        points.mkdir(parents=True, exist_ok=True)
        for layer in self._embeddings():
            table = points / f"{layer.name}-{epoch:05d}.tsv"
            projector.write_table(table, np.asarray(layer.embeddings))
            files = {"tensor_path": table.relative_to(run).as_posix()}
            labels = self.embeddings_metadata
            labels = labels.get(layer.name) if isinstance(labels, dict) else labels
            if labels is not None:
                files["metadata_path"] = os.path.relpath(Path(self.log_dir) / labels, run)
            projector.configure(run, f"{layer.name}:{epoch:05d}", files)
        self.model.save_weights(str(run / f"keras_embedding.ckpt-{epoch}.weights.h5"))

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def _iterations(model: Model) -> int:
    return int(np.asarray(model.optimizer.iterations))


def _learning_rates(model: Model) -> dict[str, float]:
    optimizer = inner_optimizer(getattr(model, "optimizer", None))
    if optimizer is None:
        return {}
    several = getattr(optimizer, "optimizers", None)
    if several is not None:
        return {f"learning_rate_{one.name}": float(one.learning_rate) for one in several}
    return {"learning_rate": float(optimizer.learning_rate)}


def _as_image(weight: np.ndarray) -> np.ndarray | None:
    """(images, height, width, 1), or None where a weight has no such form."""
    array = np.squeeze(weight)
    if array.ndim == 1:
        return array.reshape(1, -1, 1, 1)
    if array.ndim == 2:
        return (array.T if array.shape[0] > array.shape[1] else array)[np.newaxis, :, :, np.newaxis]
    if array.ndim == 3:
        return array.transpose(2, 0, 1)[..., np.newaxis]
    return None
