"""Pipeline: layers one after the other, as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rosenblatt.core import serialization
from rosenblatt.core.errors import WrongType
from rosenblatt.core.types import Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.preprocessing.host import HostLayer


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

    def __init__(self, layers: Sequence[Any], name: str | None = None):
        super().__init__(name=name)
        for layer in layers:
            if not isinstance(layer, Layer):
                raise WrongType(
                    f"Pipeline {self.name!r} takes layers.",
                    given=f"{type(layer).__name__}: {layer!r}",
                )
        self._pipeline_layers = list(layers)

    @property
    def layers(self) -> list[Any]:
        """Its layers."""
        return self._pipeline_layers

    @property
    def takes_text(self) -> bool:  # type: ignore[override]
        """Whether its first layer does."""
        return bool(self.layers) and self.layers[0].takes_text

    def _convert_inputs(self, args: Any, kwargs: Any) -> tuple[Any, dict[str, Any]]:
        if self.takes_text:
            return self.layers[0]._convert_inputs(args, {})[0], kwargs
        return super()._convert_inputs(args, kwargs)

    def call(self, inputs: Tree, training: bool | None = None) -> Any:
        """The layers applied one after the other."""
        for layer in self.layers:
            inputs = layer(inputs, training=training)
        return inputs

    def compute_output_spec(self, inputs: Tree, training: Any = None) -> Any:
        """Symbolic tensors for the outputs of a call."""
        if not any(isinstance(layer, HostLayer) for layer in self._flatten_layers()):
            return super().compute_output_spec(inputs)
        for layer in self.layers:
            if not layer.built:
                layer._build_for((inputs,), {})
            inputs = layer.compute_output_spec(inputs)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        layers = [serialization.serialize_keras_object(layer) for layer in self.layers]
        return {"layers": layers, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer of a config."""
        layers = [serialization.deserialize_keras_object(one) for one in config["layers"]]
        return cls(**{**config, "layers": layers})
