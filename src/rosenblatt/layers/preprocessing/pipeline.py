"""Pipeline: layers one after the other, as a layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rosenblatt.core import masks
from rosenblatt.core.checks import Check
from rosenblatt.core.errors import WrongType
from rosenblatt.core.serialization import deserialize_keras_object
from rosenblatt.core.settings import setting
from rosenblatt.core.symbolic import tree_map
from rosenblatt.core.types import Mask, Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.preprocessing.host import HostLayer


def _made(layers: Iterable[Any]) -> list[Any]:
    """Layers, or what their configs describe."""
    return [deserialize_keras_object(one) if isinstance(one, dict) else one for one in layers]


@family.entry()
class Pipeline(Layer):
    """Layers applied one after the other: a layer, not a model.

    Args:
        layers: the layers.
        name: its name.

    Raises:
        TypeError: something that is not a layer.

    >>> from rosenblatt import layers
    >>> import numpy as np
    >>> Pipeline([layers.Rescaling(2.0), layers.Rescaling(1.0, 1.0)])(np.array([[1.0, 2.0]]))
    Array([[3., 5.]], dtype=float32)
    """

    layers: list[Any] = setting(
        Check(lambda value: isinstance(value, (list, tuple)), "a list of layers", _made, [3, None])
    )
    __argument_order__ = ("name",)

    def __post_init__(self) -> None:
        """Refuse what is not a layer."""
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise WrongType(
                    f"Pipeline {self.name!r} takes layers.",
                    given=f"{type(layer).__name__}: {layer!r}",
                )

    @property
    def takes_text(self) -> bool:  # type: ignore[override]
        """Whether its first layer does."""
        return bool(self.layers) and self.layers[0].takes_text

    def _convert_inputs(self, args: Any, kwargs: Any) -> tuple[Any, dict[str, Any]]:
        if self.takes_text:
            return self.layers[0]._convert_inputs(args, {})[0], kwargs
        return super()._convert_inputs(args, kwargs)

    def call(self, inputs: Tree, training: bool | None = None, mask: Mask = None) -> Any:
        """The layers applied one after the other; a mask goes to those that take one."""
        for layer in self.layers:
            given = {"mask": mask} if mask is not None and layer._call_takes("mask") else {}
            inputs = layer(inputs, training=training, **given)
            if mask is not None:
                mask = tree_map(masks.mask_of, inputs)
        return inputs

    def compute_output_spec(self, inputs: Tree, training: Any = None, mask: Mask = None) -> Any:
        """Symbolic tensors for the outputs of a call."""
        if not any(isinstance(layer, HostLayer) for layer in self._flatten_layers()):
            return super().compute_output_spec(inputs, mask=mask)
        for layer in self.layers:
            if not layer.built:
                layer._build_for((inputs,), {})
            inputs = layer.compute_output_spec(inputs)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {**self.own_config(), "name": self.name}
