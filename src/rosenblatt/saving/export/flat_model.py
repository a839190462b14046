"""A model's graph as a flat list of steps, which formats that write layer by layer read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rosenblatt.core.errors import NotSavable
from rosenblatt.core.symbolic import KerasTensor, tree_leaves
from rosenblatt.graph.graph import Graph
from rosenblatt.layers.base import Layer
from rosenblatt.layers.input import InputLayer
from rosenblatt.saving.export.prediction import Source, predicting

Writers = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One layer applied once.

    Args:
        layer: the layer, or another operation.
        run: computes its results, a list, from arrays for its inputs.
        inputs: names of the tensors it reads.
        outputs: names of the tensors it makes.
        shapes: shapes of the inputs, None for the batch.
        shape: shape of the first output.
        dtypes: dtype names of the inputs.
    """

    layer: Any
    run: Callable[..., list[Any]]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    shapes: tuple[tuple[int | None, ...], ...]
    shape: tuple[int | None, ...]
    dtypes: tuple[str, ...]

    @property
    def output(self) -> str:
        """Name of the tensor it makes, for layers that make one."""
        return self.outputs[0]


@dataclass(frozen=True)
class Plan:
    """The inputs (name, tensor), the steps in order, and the outputs (name, tensor's name)."""

    inputs: tuple[tuple[str, KerasTensor], ...]
    steps: tuple[Step, ...]
    outputs: tuple[tuple[str, str], ...]


def plan_of(source: Source, holds: Callable[[Any], bool], format: str) -> Plan:
    """The steps of a model; inner models are taken apart, and one without a graph is one step.

    Args:
        source: the model.
        holds: whether the format can hold a layer, or another operation.
        format: its name, for messages.

    Raises:
        ValueError: layers that the format cannot hold, all by name.
    """
    begins = tuple(zip(source.input_names, source.inputs, strict=True))
    if source.graph is None:
        steps, ends = _whole(source)
    else:
        names = {id(tensor): name for name, tensor in begins}
        walk = _Walk(source.model, source.graph, names)
        steps = tuple(walk.steps())
        ends = tuple(names[id(tensor)] for tensor in source.outputs)
    bad = {
        f"{s.layer.name!r} ({type(s.layer).__name__})": None for s in steps if not holds(s.layer)
    }
    if bad:
        raise NotSavable(
            f"export: format {format!r} cannot hold layer {', '.join(bad)} of model "
            f"{source.model.name!r}.",
            fix="leave the layer out (`Model(inputs, tensor_before_it)`), or another format.",
        )
    return Plan(begins, steps, tuple(zip(source.output_names, ends, strict=True)))


def _whole(source: Source) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """A model whose structure is Python code, as one step, and the names of what it makes."""
    ends = tuple(f"{source.model.name}.{name}" for name in source.output_names)
    step = Step(
        source.model,
        source.run_flat,
        source.input_names,
        ends,
        tuple(tuple(tensor.shape) for tensor in source.inputs),
        tuple(source.outputs[0].shape),
        tuple(tensor.dtype for tensor in source.inputs),
    )
    return (step,), ends


def writer_of(writers: Writers, layer: Any) -> Any:
    """What writes a layer. A subclass computes something else, so only the very class counts."""
    is_ours = isinstance(layer, Layer) and type(layer).__module__.startswith("rosenblatt.")
    return writers.get(type(layer).__name__) if is_ours else None


@dataclass
class _Walk:
    """A way through a model's graph, and those of its inner models.

    Args:
        model: the outermost model.
        graph: its graph.
        names: of the tensors met so far, by their ids; the inputs' at first.
    """

    model: Any
    graph: Graph
    names: dict[int, str]

    def steps(self) -> Iterator[Step]:
        """The steps in order."""
        yield from self._steps(self.graph, self.names, set(self.names.values()))

    def _steps(self, graph: Graph, names: dict[int, str], taken: set[str]) -> Iterator[Step]:
        for node in graph.nodes:
            layer: Any = node.operation
            if isinstance(layer, InputLayer) or all(id(t) in names for t in node.outputs):
                continue
            reads = [names[id(t)] for t in node.inputs]
            inner = getattr(layer, "_graph", None)
            if inner is not None:
                inside = {id(t): name for t, name in zip(inner.inputs, reads, strict=True)}
                yield from self._steps(inner, inside, taken)
                ends = tree_leaves(inner.output_structure)
                pairs = zip(node.outputs, ends, strict=True)
                names.update({id(t): inside[id(end)] for t, end in pairs})
                continue
            outputs = []
            for tensor in node.outputs:
                names[id(tensor)] = _free(str(getattr(layer, "name", type(layer).__name__)), taken)
                outputs.append(names[id(tensor)])
            yield Step(
                layer,
                functools.partial(self._run, graph, node),
                tuple(reads),
                tuple(outputs),
                tuple(tuple(t.shape) for t in node.inputs),
                tuple(node.outputs[0].shape),
                tuple(t.dtype for t in node.inputs),
            )

    def _run(self, graph: Graph, node: Any, *arrays: Any) -> list[Any]:
        values = {id(t): array for t, array in zip(node.inputs, arrays, strict=True)}
        with predicting(self.model):
            return graph.apply(node, values, False)


def _free(name: str, taken: set[str]) -> str:
    """A name that is not taken, and is from now on."""
    found, number = name, 1
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found
