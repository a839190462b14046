"""HParams: the hyperparameters of a run, for TensorBoard's HPARAMS page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rosenblatt import summary
from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.types import PathLike
from rosenblatt.tensorboard import hparams as plugin


class HParams(Callback):
    """Writes the hyperparameters of a run beside the metrics that `TensorBoard` writes.

    Counterpart of `tensorboard.plugins.hparams.api.KerasCallback`.

    Args:
        writer: a summary writer, or the run's folder: `TensorBoard`'s `log_dir`.
        hparams: names, or `HParam` objects, to bools, numbers or strings.
        trial_id: trials of one name are one group; by default a hash of the values.

    >>> HParams("logs/run1", {"units": 50, "optimizer": "adam"}).values["units"]
    50
    """

    is_for_main = True

    def __init__(
        self,
        writer: summary.SummaryWriter | PathLike,
        hparams: Mapping[Any, Any],
        trial_id: str | None = None,
    ):
        super().__init__()
        self.values = dict(hparams)
        self.trial_id = trial_id
        self._target = writer
        self._writer: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Write the values."""
        target = self._target
        if not isinstance(target, summary.SummaryWriter):
            target = summary.create_file_writer(target)
        self._writer = target
        with self._writer.as_default():
            plugin.hparams(self.values, self.trial_id)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Write that the run is over."""
        with self._writer.as_default():
            plugin.session_end()
        if self._writer is not self._target:
            self._writer.close()
