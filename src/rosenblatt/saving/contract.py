"""What saving asks of a model, and of each of its parts whose values go into files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from rosenblatt.core.types import Config, Tree
from rosenblatt.core.variable import Variable
from rosenblatt.graph.graph import Graph
from rosenblatt.layers.signatures import Called


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
    _graph: Graph | None
    _called: Called | None

    def __call__(self, *args: Tree, **kwargs: Tree) -> Tree:
        """What it predicts."""

    def call(self, *args: Tree, **kwargs: Tree) -> Tree:
        """What it computes, in a class with code of its own."""

    @property
    def variables(self) -> list[Variable]:
        """What it keeps."""

    @property
    def metrics_variables(self) -> list[Variable]:
        """The running sums of its metrics."""

    @property
    def layers(self) -> Sequence[Any]:
        """Its layers."""

    @property
    def trainable_variables(self) -> list[Variable]:
        """What an optimizer updates."""

    def _own_variables(self) -> list[Variable]: ...

    def _flatten_layers(self) -> Iterator[Any]: ...

    def _call_takes(self, name: str) -> bool: ...

    def get_compile_config(self) -> Config:
        """What `compile` was told, as plain data; empty where it was not called."""
