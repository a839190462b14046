"""A model's graph as a flat list of steps, which formats that write layer by layer read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.core.symbolic import KerasTensor, tree_leaves
from rosenblatt.layers import InputLayer, Layer

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


def plan_of(model: Any, holds: Callable[[Any], bool], format: str) -> Plan:
    """The steps of a model; inner models are taken apart.

    Args:
        model: a built model with a graph.
        holds: whether the format can hold a layer, or another operation.
        format: its name, for messages.

    Raises:
        ValueError: layers that the format cannot hold, all by name.
    """
    graph = model._graph
    names: dict[int, str] = {}
    begins = list(zip(model.input_names, graph.inputs, strict=True))
    names.update({id(tensor): name for name, tensor in begins})
    taken: set[str] = set(names.values())
    steps = list(_steps(graph, names, taken))
    bad = {
        f"{s.layer.name!r} ({type(s.layer).__name__})": None for s in steps if not holds(s.layer)
    }
    if bad:
        raise ValueError(
            explain(
                f"export: format {format!r} cannot hold layer {', '.join(bad)} of model "
                f"{model.name!r}.",
                fix="leave the layer out (`Model(inputs, tensor_before_it)`), or another format.",
            )
        )
    outputs = model.output_names or [f"output_{n}" for n in range(len(graph.outputs))]
    ends = tuple((name, names[id(t)]) for name, t in zip(outputs, graph.outputs, strict=True))
    return Plan(tuple(begins), tuple(steps), ends)


def writer_of(writers: Writers, layer: Any) -> Any:
    """What writes a layer. A subclass computes something else, so only the very class counts."""
    is_ours = isinstance(layer, Layer) and type(layer).__module__.startswith("rosenblatt.")
    return writers.get(type(layer).__name__) if is_ours else None


def _steps(graph: Any, names: dict[int, str], taken: set[str]) -> Iterator[Step]:
    for node in graph.nodes:
        layer = node.operation
        if isinstance(layer, InputLayer) or all(id(t) in names for t in node.outputs):
            continue
        reads = [names[id(t)] for t in node.inputs]
        inner = getattr(layer, "_graph", None)
        if inner is not None:
            inside = {id(t): name for t, name in zip(inner.inputs, reads, strict=True)}
            yield from _steps(inner, inside, taken)
            ends = tree_leaves(inner.output_structure)
            pairs = zip(node.outputs, ends, strict=True)
            names.update({id(t): inside[id(end)] for t, end in pairs})
            continue
        outputs = []
        for tensor in node.outputs:
            name = str(getattr(layer, "name", None) or type(layer).__name__)
            output, number = name, 1
            while output in taken:
                output, number = f"{name}_{number}", number + 1
            taken.add(output)
            names[id(tensor)] = output
            outputs.append(output)
        yield Step(
            layer,
            functools.partial(_run, graph, node),
            tuple(reads),
            tuple(outputs),
            tuple(tuple(t.shape) for t in node.inputs),
            tuple(node.outputs[0].shape),
            tuple(t.dtype for t in node.inputs),
        )


def _run(graph: Any, node: Any, *arrays: Any) -> list[Any]:
    values = {id(t): array for t, array in zip(node.inputs, arrays, strict=True)}
    return graph.apply(node, values, False)
