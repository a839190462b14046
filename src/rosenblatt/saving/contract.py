"""What saving asks of a model, and of each of its parts whose values go into files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from rosenblatt.core.types import Config
from rosenblatt.core.variable import Variable


class SavedPart(Protocol):
    """A layer, an optimizer, a generator of seeds, or a user's object with these methods."""

    name: str

    def save_own_variables(self, store: Any) -> None:
        """Put its values into a mapping by names."""

    def load_own_variables(self, store: Any) -> None:
        """Take its values from a mapping by names."""


class Model(SavedPart, Protocol):
    """A model: a layer that holds layers."""

    built: bool
    optimizer: Any

    @property
    def layers(self) -> Sequence[Any]:
        """Its layers."""

    @property
    def trainable_variables(self) -> list[Variable]:
        """What an optimizer updates."""

    def _own_variables(self) -> list[Variable]: ...

    def get_compile_config(self) -> Config:
        """What `compile` was told, as plain data; empty where it was not called."""
