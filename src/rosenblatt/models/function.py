"""Function: the operations between symbolic tensors, without the state of a model."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.registry import builtin
from rosenblatt.core.symbolic import KerasTensor, Operation, infer_outputs, tree_leaves, tree_map
from rosenblatt.core.types import Shapes, Tree
from rosenblatt.graph.graph import Graph
from rosenblatt.layers.input import InputLayer
from rosenblatt.layers.signatures import map_shapes


@builtin("keras")
class Function(Operation):
    """What computes some symbolic tensors from others, to be applied to other inputs.

    Args:
        inputs: symbolic tensor, or a nest of them.
        outputs: symbolic tensors computed from them.
        name: its name.

    Raises:
        BadArgument: no inputs or outputs; outputs that cannot be computed from the inputs.

    >>> import rosenblatt as rb
    >>> x = rb.KerasTensor((None, 2))
    >>> Function(x, rb.ops.square(x) + 1.0)(rb.ops.ones((1, 2)))
    Array([[2., 2.]], dtype=float32)
    """

    def __init__(self, inputs: Tree, outputs: Tree, name: str | None = None):
        super().__init__(name=name)
        for what, nest in (("inputs", inputs), ("outputs", outputs)):
            if not tree_leaves(nest):
                raise BadArgument(f"Function: `{what}` is empty.", given=nest)
        bare = [one for one in tree_leaves(inputs) if _comes_from_nothing(one)]
        self._begins = [InputLayer(input_tensor=tensor) for tensor in bare]
        self._graph = Graph(inputs, outputs, self.name)

    @property
    def operations(self) -> list[Any]:
        """The operations and layers, each once, in the order they run."""
        return [one for one in self._graph.layers if one not in self._begins]

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs."""
        return list(self._graph.inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs."""
        return list(self._graph.outputs)

    def call(self, inputs: Tree) -> Any:
        """The outputs for some inputs, in the outputs' structure."""
        found = self._graph.run(inputs)
        return type(self._graph.output_structure)([found]) if self._graph.is_single else found

    def compute_output_spec(self, inputs: Tree) -> Any:
        """Symbolic tensors for the outputs."""
        return infer_outputs(self.call, (inputs,), {})

    def compute_output_shape(self, input_shape: Shapes) -> Any:
        """The shapes of the outputs for inputs of some shapes."""
        kinds = iter([tensor.dtype for tensor in self._graph.inputs])
        tensors = map_shapes(lambda shape: KerasTensor(shape, next(kinds)), input_shape)
        return tree_map(lambda tensor: tensor.shape, self.compute_output_spec(tensors))


def _comes_from_nothing(tensor: object) -> bool:
    return isinstance(tensor, KerasTensor) and tensor._keras_history is None
