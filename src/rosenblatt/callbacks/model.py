"""What callbacks may ask of the model that is trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from rosenblatt.core.types import PathLike
from rosenblatt.core.variable import Variable
from rosenblatt.layers.base import Layer
from rosenblatt.metrics.base import Metric
from rosenblatt.training.session import Run


class Model(Protocol):
    """A compiled model, while it is trained, evaluated or used; `models.model.Model` is one."""

    name: str
    optimizer: Any
    stop_training: bool

    @property
    def current_run(self) -> Run | None:
        """The call of `fit` that is under way."""

    @property
    def layers(self) -> list[Layer]:
        """Its layers."""

    @property
    def metrics(self) -> Sequence[Metric]:
        """Its metrics, the running loss among them."""

    @property
    def weights(self) -> list[Variable]:
        """Its weights."""

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of its metrics."""

    def to_json(self) -> str:
        """Its architecture as JSON."""

    def save(self, filepath: PathLike, overwrite: bool = True) -> None:
        """Save the model."""

    def save_weights(self, filepath: PathLike, overwrite: bool = True) -> None:
        """Save its weights."""

    def load_weights(self, filepath: PathLike, skip_mismatch: bool = False) -> Any:
        """Take the weights of a file."""
