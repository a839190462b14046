"""Sequential: layers one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt.core import dtypes, masks, registry, serialization
from rosenblatt.core.errors import BadArgument, WrongType, explain
from rosenblatt.core.faces import on_use
from rosenblatt.core.naming import auto_name, current_path
from rosenblatt.core.refusing import refusing
from rosenblatt.core.symbolic import KerasTensor, Operation, node_of, shape_of, tree_map
from rosenblatt.core.types import Shapes, Tree
from rosenblatt.graph.graph import Graph
from rosenblatt.graph.walk import looks_up
from rosenblatt.layers.base import Layer
from rosenblatt.layers.context import inside
from rosenblatt.layers.input import Input, InputLayer
from rosenblatt.layers.signatures import cannot_be_set, parameters_of
from rosenblatt.models.model import Model

if TYPE_CHECKING:
    from rosenblatt import saving
else:
    saving = on_use("rosenblatt.saving")


@registry.builtin("keras")
@registry.builtin("keras.models")
class Sequential(Model):
    """Layers one after the other, one input, one output.

    Args:
        layers: the layers; an `Input` first builds it at once, otherwise the first data do.
        trainable: whether training updates its weights.
        name: its name.

    Raises:
        TypeError: something that is not a layer.
        ValueError: two layers of one name.

    >>> from rosenblatt import layers
    >>> model = Sequential([layers.Input((4,)), layers.Dense(3, "relu"), layers.Dense(1)])
    >>> model.output_shape
    (None, 1)
    """

    def __init__(
        self, layers: Sequence[Any] | None = None, trainable: bool = True, name: str | None = None
    ):
        super().__init__(name=name)
        self._sequence: list[Any] = []
        if isinstance(layers, Layer) or (layers is not None and not isinstance(layers, Iterable)):
            raise WrongType(
                f"Sequential {self.name!r} takes a list of layers.",
                given=f"{type(layers).__name__}: {layers!r}",
                fix="write `Sequential([…])`.",
            )
        taken: set[str] = set()
        for layer in layers or ():
            self._append(layer, taken)
        self._rebuild()
        if not trainable:
            self.trainable = False

    @refusing("`add`")
    def add(self, layer: Operation | KerasTensor, rebuild: bool = True) -> None:
        """Append a layer.

        Args:
            layer: a layer, an `Input(…)` (only first), or a model.

        Raises:
            TypeError: not a layer.
            ValueError: an `Input` that is not first, or a name that is taken.
        """
        self._append(layer, {one.name for one in self._sequence})
        if rebuild:
            self._rebuild()

    def _append(self, layer: Operation | KerasTensor, taken: set[str]) -> None:
        """Append a layer whose name is none of those taken, which it joins."""
        if isinstance(layer, KerasTensor) and layer._keras_history:
            layer = node_of(layer).operation
        if not isinstance(layer, Layer):
            raise WrongType(
                f"Sequential {self.name!r}: only layers can be added.",
                given=f"{type(layer).__name__}: {layer!r}",
                fix="write `Dense(10)`, not `Dense`." if isinstance(layer, type) else None,
            )
        if isinstance(layer, InputLayer) and self._sequence:
            if not isinstance(self._sequence[0], InputLayer):
                raise BadArgument(
                    f"Sequential {self.name!r}: an `Input` must come first.",
                    given=f"after {[one.name for one in self._sequence]}",
                )
            raise BadArgument(f"Sequential {self.name!r} has an `Input` already.")
        if layer.name in taken:
            raise BadArgument(
                f"Sequential {self.name!r}: a layer called {layer.name!r} is there already.",
                fix="give each layer a `name=` of its own, and add no layer twice.",
            )
        if not self._sequence and not isinstance(layer, InputLayer):
            shape = layer._input_shape_argument or getattr(layer, "_input_batch_shape", None)
            if shape is not None:
                self._sequence.append(node_of(Input(batch_shape=shape)).operation)
        self._sequence.append(layer)
        taken.add(layer.name)

    @refusing("`pop`")
    def pop(self, rebuild: bool = True) -> Any:
        """Remove the last layer and return it.

        Raises:
            ValueError: there is none.
        """
        if not self._sequence:
            raise BadArgument(f"Sequential {self.name!r} has no layer to remove.")
        layer = self._sequence.pop()
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self) -> None:
        """Build the graph, where the input's shape is known."""
        self._graph = None
        self.built = False
        if not self._sequence:
            return
        first = self._sequence[0]
        if len(self._sequence) == 1:
            return
        if isinstance(first, InputLayer):
            self._build_from(first.output)
        elif (
            isinstance(first, Model) and first._graph is not None and len(first._graph.inputs) == 1
        ):
            spec = first._graph.inputs[0]
            self._build_from(Input(batch_shape=spec.shape, dtype=spec.dtype))

    def _build_from(self, inputs: KerasTensor) -> None:
        """Call the layers one after the other; `inputs` becomes the first of them."""
        if not isinstance(self._sequence[0], InputLayer):
            self._sequence.insert(0, node_of(inputs).operation)
        tensor: Any = inputs
        context = nullcontext() if self.name in current_path()[-1:] else inside(self.name, None)
        with context:  # it names the weights' paths
            for layer in self._sequence[1:]:
                tensor = layer(tensor)
        auto_name("Functional")  # Keras makes one here: later names count it
        self._graph = Graph(inputs, tensor, self.name)
        self._mark_built({"input_shape": inputs.shape})

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Data of any number of rows build it; several tensors go through the layers one by one."""
        if not args or not self._build_like(args[0]):
            self._mark_built({"input_shape": tree_map(shape_of, args[0]) if args else None})

    def _build_like(self, x: Tree) -> bool:
        """Build for data of any number of rows, where that waits for data; whether it is done.

        Text, and ids to look up, keep their type.
        """
        self._require_layers()
        if self._graph is None and hasattr(x, "shape"):
            dtype = "string" if dtypes.is_text(x) else None
            if dtype is None and self.takes_text and np.dtype(x.dtype).kind in "iu":
                dtype = "int64"
            self._build_from(Input(batch_shape=(None, *x.shape[1:]), dtype=dtype))
        return self._graph is not None

    @property
    def takes_text(self) -> bool:  # type: ignore[override]
        """Whether one of its layers looks up text or ids on the host."""
        if self._graph is not None:  # which knows it, once looked for
            return self._graph.looks_up
        return any(looks_up(layer) for layer in self._sequence)

    def build(self, input_shape: Shapes = None) -> None:
        """Create the weights for inputs of a shape.

        Args:
            input_shape: with None for the batch: `(None, 8)`.
        """
        self._require_layers()
        if self._graph is not None:
            built_for = self._graph.inputs[0].shape
            if input_shape is not None and tuple(input_shape) != built_for:
                raise BadArgument(
                    f"Sequential {self.name!r} is built for another input shape.",
                    given=tuple(input_shape),
                    expected=built_for,
                )
            return
        if input_shape is None:
            raise BadArgument(
                f"Sequential {self.name!r}: the input's shape is unknown.",
                fix="begin with `Input(shape=(features,))`, or call `build((None, features))`.",
            )
        self._build_from(Input(batch_shape=tuple(input_shape)))

    def _require_layers(self) -> None:
        if not self._sequence:
            raise BadArgument(
                f"Sequential {self.name!r} has no layers.", fix="`model.add(…)` some."
            )

    def _require_graph(self, what: str) -> Graph:
        if self._graph is None:
            raise AttributeError(
                explain(
                    f"Sequential {self.name!r} has no `{what}` yet: its input's shape is unknown.",
                    fix="begin with `Input(shape=(features,))`, or call `build((None, features))`.",
                )
            )
        return self._graph

    def build_for_data(self, x: Tree) -> Any:
        """Create the weights for data like this; returns symbolic outputs."""
        if not self._build_like(x):
            raise BadArgument(
                f"Sequential {self.name!r} takes one input.",
                given=f"a {type(x).__name__} of {len(x)} arrays",
                fix="use the Functional API for several inputs.",
            )
        return super().build_for_data(x)

    def call(self, inputs: Tree, training: bool | None = None, mask: Tree = None) -> Any:
        """The layers applied one after the other."""
        if self._build_like(inputs) and self._graph is not None:
            return self._graph.run(inputs, training, mask)
        masks.set_masks(inputs, mask)
        for layer in self._sequence:
            inputs = layer(inputs)
        return inputs

    @property
    def layers(self) -> list[Any]:
        """Its layers, without the `Input`."""
        return [layer for layer in self._sequence if not isinstance(layer, InputLayer)]

    @layers.setter
    def layers(self, value: Any) -> None:
        raise cannot_be_set(self, "layers", "add and remove layers with `add()` and `pop()`.")

    @property
    def inputs(self) -> Any:
        """The symbolic inputs, as a list."""
        return list(self._require_graph("inputs").inputs)

    @property
    def outputs(self) -> Any:
        """The symbolic outputs, as a list."""
        return list(self._require_graph("outputs").outputs)

    def get_config(self) -> dict[str, Any]:
        """What makes an equal model, without its weights."""
        if type(self).__init__ is not Sequential.__init__ and not _takes_layers(type(self)):
            return Layer.get_config(self)
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialization.serialize_keras_object(self.dtype_policy),
            "layers": [serialization.serialize_keras_object(layer) for layer in self._sequence],
        }
        if self._graph is not None:
            config["build_input_shape"] = self._graph.inputs[0].shape
        return config

    @classmethod
    @refusing("`from_config`")
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """The model of a config, with new weights."""
        if not _takes_layers(cls):
            return super().from_config(config, custom_objects)
        if not isinstance(config, Mapping) or "layers" not in config:
            raise BadArgument(
                "Sequential: this is not the config of one.",
                given=repr(config),
                expected="a dict with `name` and `layers`",
            )
        with registry.custom_object_scope(custom_objects or {}):
            entries = saving.legacy_config.modern_model(config)["layers"]
            layers = [serialization.deserialize_keras_object(entry) for entry in entries]
        model = cls(layers=layers, name=config.get("name"))
        if not config.get("trainable", True):
            model.trainable = False
        shape = config.get("build_input_shape")
        if model._graph is None and shape and all(isinstance(s, int) for s in shape[1:]):
            model.build(tuple(shape))
        return model


def _takes_layers(cls: type) -> bool:
    return "layers" in parameters_of(cls)
