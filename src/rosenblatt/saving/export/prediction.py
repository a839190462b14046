"""A model as formats see it: what it takes, what it gives, and its prediction as one function."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.errors import BadArgument, NotBuilt, NotSavable
from rosenblatt.core.naming import fresh_names
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.symbolic import KerasTensor, infer_outputs, tree_leaves, tree_map
from rosenblatt.core.types import Array, Tree
from rosenblatt.graph.graph import Graph
from rosenblatt.graph.walk import looks_up
from rosenblatt.layers.context import inside
from rosenblatt.layers.input import Input
from rosenblatt.layers.signatures import parameters_of as parameters_of_call
from rosenblatt.layers.spec import InputSpec
from rosenblatt.saving.contract import Model


@dataclasses.dataclass(frozen=True)
class Prediction:
    """A model with the call that is written.

    Args:
        model: the model.
        graph: its graph of layers; None for one whose structure is Python code.
        args, kwargs: of the call, nests of symbolic tensors.
        fixed: further arguments of the call that are not arrays, such as a choice.
        argument_names: of `args`.
        input_names: a name for each tensor among them.
        returned: symbolic tensors for what the call gives, in its structure.
        output_names: a name for each of them.
    """

    model: Model
    graph: Graph | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    fixed: dict[str, Any]
    argument_names: tuple[str, ...]
    input_names: tuple[str, ...]
    returned: Any = None
    output_names: tuple[str, ...] = ()

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, in order."""
        return _symbolic((self.args, self.kwargs))

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, in order."""
        return _symbolic(self.returned)

    def run(self, *args: Tree, **kwargs: Tree) -> Tree:
        """The prediction, of arrays in the call's structure."""
        with predicting(self.model):
            if self.graph is not None:
                structure = jax.tree_util.tree_structure(self.graph.input_structure)
                leaves = jax.tree_util.tree_leaves((args, kwargs))
                inputs = jax.tree_util.tree_unflatten(structure, leaves)
                found = self.graph.run(inputs, training=False)
            else:
                found = self.model(*args, **kwargs, **self.fixed, training=False)
        return tree_map(jnp.asarray, _plain(found))

    def run_flat(self, *arrays: Array) -> list[Array]:
        """The prediction, of arrays one after another, as a list."""
        args, kwargs = self.filled(arrays)
        return tree_leaves(self.run(*args, **kwargs))

    def filled(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The call's arguments with values in place of the symbolic inputs."""
        structure = jax.tree_util.tree_structure((self.args, self.kwargs))
        return jax.tree_util.tree_unflatten(structure, values)


@contextmanager
def predicting(model: Model) -> Iterator[None]:
    """Read the model's variables as they are, and refuse changes of them: formats hold no state.

    What a call adds to a metric is left out: it changes no prediction.

    Raises:
        NotSavable: a variable that prediction changes, by its path.
    """
    variables = {id(v): v for v in model.variables}
    before = {key: variable.value for key, variable in variables.items()}
    counted = {id(v): v.value for v in model.metrics_variables}
    with use_scope(Scope({**counted, **before})) as scope:
        yield
    assert scope is not None
    for key, value in before.items():
        if scope.values[key] is value:
            continue
        path = variables[key].path
        what = "draws random numbers" if "seed_generator" in path else "changes a weight"
        raise NotSavable(
            f"export: model {model.name!r} {what} while it predicts ({path!r}), and an "
            "exported program keeps no state from call to call.",
            fix="let `call` do so only where `training` is true.",
        )


def prediction_of(model: Model, signature: Tree = None) -> Prediction:
    """What is written of a model.

    Args:
        model: the model.
        signature: for each argument of the call a spec, or a nest of specs; if None, the graph's
            inputs or the first call's.

    Raises:
        NotBuilt: it is not built, or was built by code of its own and never called, so that
            what it takes is unknown.
    """
    graph = model._graph
    if graph is not None and signature is None:
        structure = graph.input_structure
        if isinstance(structure, (list, tuple)) and len(structure) == 1:
            structure = structure[0]
        outputs = graph.output_names or [f"output_{n}" for n in range(len(graph.outputs))]
        return Prediction(
            model, graph, (structure,), {}, {}, ("inputs",), tuple(graph.input_names),
            graph.returned, tuple(outputs),
        )  # fmt: skip
    where = f"export: model {model.name!r} ({type(model).__name__})"
    if not model.built:
        raise NotBuilt(
            f"{where} is not built, so what it takes is unknown.",
            expected="a model that was fitted or called, or a Functional one",
            fix="call it on a few rows first: `model(x[:1])`.",
        )
    if signature is None and model._called is None:
        raise NotBuilt(
            f"{where} was never called, so what it takes is unknown.",
            fix="call it on a few rows first: `model(x[:1])`.",
        )
    args, kwargs, fixed = _arguments(model) if signature is None else (_specs(signature), {}, {})
    known = _argument_names(model, len(args))
    names = _input_names([*zip(known, args, strict=True), *sorted(kwargs.items())])
    if graph is not None and len(names) == len(graph.input_names):
        names = list(graph.input_names)
    found = Prediction(model, None, args, kwargs, fixed, tuple(known), tuple(names))
    returned = infer_outputs(found.run, args, kwargs)
    return dataclasses.replace(
        found, returned=returned, output_names=tuple(_names(returned, "output"))
    )


def refuse_lookups(prediction: Prediction, format: str) -> None:
    """Refuse a model that looks up text or 64-bit ids, which no program holds.

    Raises:
        NotSavable: with the layer.
    """
    for layer in prediction.model._flatten_layers():
        if looks_up(layer) and layer is not prediction.model and not hasattr(layer, "_graph"):
            raise NotSavable(
                f"export: format {format!r} cannot hold layer {layer.name!r} "
                f"({type(layer).__name__}), which looks values up on the host.",
                fix='export to "onnx", or look up before the model.',
            )


@contextmanager
def with_graph(prediction: Prediction) -> Iterator[Prediction]:
    """The prediction with a graph, where `call` also runs on symbolic tensors; else as it is.

    Layers note each symbolic call; what is noted here is forgotten in the end.
    """
    layers = [layer for layer in prediction.model._flatten_layers() if prediction.graph is None]
    noted = [(layer, len(layer._inbound_nodes)) for layer in layers]
    try:
        with fresh_names():
            found = prediction if prediction.graph is not None else _traced_graph(prediction)
            yield found
    finally:
        for layer, count in noted:
            del layer._inbound_nodes[count:]


def _traced_graph(prediction: Prediction) -> Prediction:
    """The prediction with the graph of its `call`; the prediction as it is where that cannot be."""
    model = prediction.model
    inputs = [
        Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=name)
        for tensor, name in zip(prediction.inputs, prediction.input_names, strict=True)
    ]
    args, kwargs = prediction.filled(inputs)
    given = {**kwargs, **prediction.fixed}
    if model._call_takes("training"):
        given["training"] = False
    try:
        with predicting(model), inside(model.name, False):
            returned = _plain(model.call(*args, **given))
        graph = Graph(inputs, tree_leaves(returned), model.name)
        found = dataclasses.replace(
            prediction, graph=graph, args=args, kwargs=kwargs, returned=returned
        )
        return found if _agree(prediction, found) else prediction
    except Exception:  # code that works on arrays alone, in whatever way it fails
        return prediction


def _agree(prediction: Prediction, other: Prediction) -> bool:
    """Whether two compute the same of some rows: a `call` may look at the type of its inputs."""
    arrays = []
    for tensor in prediction.inputs:
        sizes = [3 if size is None else size for size in tensor.shape]
        values = np.linspace(0, 0.9, int(np.prod(sizes))).reshape(sizes)  # ids of 0, where they are
        kind = jax.dtypes.canonicalize_dtype(dtypes.numpy_dtype(tensor.dtype))
        arrays.append(jnp.asarray(values if "float" in tensor.dtype else np.zeros(sizes), kind))
    pairs = zip(prediction.run_flat(*arrays), other.run_flat(*arrays), strict=True)
    return all(
        a.dtype == b.dtype and np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True)
        for a, b in pairs
    )


def _arguments(model: Model) -> tuple[tuple[Any, ...], dict[str, Any], dict[str, Any]]:
    """The first call's arguments: those that are arrays, by place and by name, and the others."""
    called = model._called
    assert called is not None
    args = tuple(itertools.takewhile(_symbolic, called.args))
    known = _argument_names(model, len(called.args))
    named = dict(zip(known, called.args, strict=False))
    rest = {**{name: named[name] for name in known[len(args) :]}, **called.kwargs}
    kwargs = {name: value for name, value in rest.items() if _symbolic(value)}
    return args, kwargs, {name: value for name, value in rest.items() if name not in kwargs}


def _argument_names(model: Model, count: int) -> list[str]:
    """Names of a call's arguments by place; those that `*args` takes have a number."""
    found: list[str] = []
    for name, parameter in list(parameters_of_call(type(model), "call").items())[1:]:
        if parameter.kind is parameter.VAR_POSITIONAL:
            found += [f"{name}_{place}" for place in range(count)]
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            found.append(name)
    return found[:count]


def _specs(signature: Tree) -> tuple[Any, ...]:
    """Symbolic tensors for the arguments that a signature describes."""

    def spec(leaf: object) -> KerasTensor:
        shape, dtype = getattr(leaf, "shape", None), getattr(leaf, "dtype", None)
        if shape is None:
            raise BadArgument(
                "export: bad `input_signature`.",
                given=repr(leaf),
                expected="an `InputSpec` with a shape, an array, or a nest of them, for each "
                "argument of `call`",
                fix="write `[InputSpec(shape=(None, 3))]`.",
            )
        size = tuple(shape) if isinstance(leaf, InputSpec) else (None, *tuple(shape)[1:])
        return KerasTensor(size, "float32" if dtype is None else dtype, name="described")

    arguments = signature if isinstance(signature, (list, tuple)) else [signature]
    return tuple(tree_map(spec, argument) for argument in arguments)


def _input_names(arguments: Sequence[tuple[str, Any]]) -> list[str]:
    """Names of the inputs: keys of dicts, else the argument's name with a number."""
    found: list[str] = []
    for argument, structure in arguments:
        for name in _names(structure, argument):
            found.append(name if name not in found else f"{argument}_{name}")
    return found


def _symbolic(tree: Tree) -> list[KerasTensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, KerasTensor)]


def _names(structure: Tree, prefix: str) -> list[str]:
    if isinstance(structure, Mapping) and all(
        isinstance(value, KerasTensor) for value in structure.values()
    ):
        return [str(key) for key in sorted(structure)]
    if isinstance(structure, KerasTensor) and prefix != "output":
        return [prefix]
    return [f"{prefix}_{n}" for n in range(len(_symbolic(structure)))]


def _plain(tree: Tree) -> Any:
    """A nest in plain dicts, lists and tuples, which every format knows."""
    if isinstance(tree, Mapping):
        return {key: _plain(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        items = [_plain(value) for value in tree]
        return tuple(items) if isinstance(tree, tuple) else items
    if isinstance(tree, KerasTensor) or jax.tree_util.all_leaves([tree]):
        return tree
    return [_plain(value) for value in jax.tree_util.tree_leaves(tree)]  # a user's class
