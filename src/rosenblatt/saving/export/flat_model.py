"""A model's graph as a flat list of steps, which formats that write layer by layer read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from rosenblatt.core.errors import NotSavable
from rosenblatt.core.registry import is_builtin
from rosenblatt.core.symbolic import KerasTensor, Node, tree_leaves
from rosenblatt.core.types import Array
from rosenblatt.graph.graph import Graph
from rosenblatt.graph.walk import Values, running, walk
from rosenblatt.layers.base import Layer
from rosenblatt.layers.input import InputLayer
from rosenblatt.saving.contract import Model
from rosenblatt.saving.export.prediction import Prediction, predicting

Writer = TypeVar("Writer")
# Layers that leave what they predict from as it is.
TRAINING_ONLY = (
    "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise",
    "Identity", "SpatialDropout1D",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One layer applied once.

    Args:
        layer: the layer, or another operation.
        run: computes its results, a list, from arrays for its inputs.
        inputs: names of the tensors it reads.
        outputs: names of the tensors it makes.
        reads: the symbolic tensors that it reads.
        shape: shape of the first tensor that it makes, None for the batch.
    """

    layer: Any
    run: Callable[..., list[Array]]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    reads: tuple[KerasTensor, ...]
    shape: tuple[int | None, ...]

    @property
    def output(self) -> str:
        """Name of the tensor it makes, for layers that make one."""
        return self.outputs[0]

    @property
    def shapes(self) -> list[tuple[int | None, ...]]:
        """Shapes of the tensors it reads."""
        return [tuple(tensor.shape) for tensor in self.reads]

    @property
    def dtypes(self) -> list[str]:
        """Dtype names of the tensors it reads."""
        return [tensor.dtype for tensor in self.reads]


@dataclass(frozen=True)
class FlatModel:
    """The inputs (name, tensor), the steps in order, and the outputs (name, tensor's name)."""

    inputs: tuple[tuple[str, KerasTensor], ...]
    steps: tuple[Step, ...]
    outputs: tuple[tuple[str, str], ...]


def flat_model(prediction: Prediction, holds: Callable[[Any], bool], format: str) -> FlatModel:
    """The steps of a model; inner models are taken apart, and one without a graph is one step.

    Args:
        prediction: the model's.
        holds: whether the format can hold a layer, or another operation.
        format: its name, for messages.

    Raises:
        NotSavable: layers that the format cannot hold, all by name.
    """
    model, graph = prediction.model, prediction.graph
    begins = tuple(zip(prediction.input_names, prediction.inputs, strict=True))
    if graph is None:  # its structure is Python code
        ends = tuple(f"{model.name}.{name}" for name in prediction.output_names)
        shape = tuple(prediction.outputs[0].shape)
        run, names = prediction.run_flat, prediction.input_names
        steps = [Step(model, run, names, ends, tuple(prediction.inputs), shape)]
    else:
        named = {id(tensor): name for name, tensor in begins}
        steps = list(_steps(model, graph, named, set(named.values())))
        ends = tuple(named[id(tensor)] for tensor in prediction.outputs)
    bad = {
        f"{s.layer.name!r} ({type(s.layer).__name__})": None for s in steps if not holds(s.layer)
    }
    if bad:
        raise NotSavable(
            f"export: format {format!r} cannot hold layer {', '.join(bad)} of model "
            f"{model.name!r}.",
            fix="leave the layer out (`Model(inputs, tensor_before_it)`), or another format.",
        )
    return FlatModel(begins, tuple(steps), tuple(zip(prediction.output_names, ends, strict=True)))


def writer_of(writers: Mapping[str, Writer], layer: object) -> Writer | None:
    """What writes a layer. A subclass computes something else, so only the very class counts."""
    cls = type(layer)
    return writers.get(cls.__name__) if isinstance(layer, Layer) and is_builtin(cls) else None


def _steps(model: Model, graph: Graph, names: dict[int, str], taken: set[str]) -> Iterator[Step]:
    """The steps of a graph in order, and of the models in it; what they make is named."""
    for node in graph.nodes:
        layer: Any = node.operation
        if isinstance(layer, InputLayer) or all(id(t) in names for t in node.outputs):
            continue
        reads = tuple(names[id(t)] for t in node.inputs)
        inner = getattr(layer, "_graph", None)
        if inner is not None:
            inside = {id(t): name for t, name in zip(inner.inputs, reads, strict=True)}
            yield from _steps(model, inner, inside, taken)
            ends = tree_leaves(inner.output_structure)
            names.update(
                {id(t): inside[id(end)] for t, end in zip(node.outputs, ends, strict=True)}
            )
            continue
        for tensor in node.outputs:
            names[id(tensor)] = _free(str(getattr(layer, "name", type(layer).__name__)), taken)
        outputs = tuple(names[id(tensor)] for tensor in node.outputs)
        run = functools.partial(_run, model, node)
        shape = tuple(node.outputs[0].shape)
        yield Step(layer, run, reads, outputs, tuple(node.inputs), shape)


def _run(model: Model, node: Node, *arrays: Array) -> list[Array]:
    values: Values = dict(zip(map(id, node.inputs), arrays, strict=True))
    with predicting(model):
        walk([node], values, running(False))
    return [values[id(tensor)] for tensor in node.outputs]


def _free(name: str, taken: set[str]) -> str:
    """A name that is not taken, and is from now on."""
    found, number = name, 1
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found
