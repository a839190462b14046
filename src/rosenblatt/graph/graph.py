"""A graph of layers from symbolic inputs to symbolic outputs, run on arrays."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import dtypes, masks
from rosenblatt.core.errors import BadData, explain, nearest, warn_user
from rosenblatt.core.faces import on_use
from rosenblatt.core.nesting import UnmatchedError, pack, spread
from rosenblatt.core.symbolic import KerasTensor, node_of, tree_leaves
from rosenblatt.core.types import Tree
from rosenblatt.graph.rows import keeps_rows_apart
from rosenblatt.graph.walk import LookedUp, Rule, by_depth, filled, looks_up, running, walk

if TYPE_CHECKING:
    from rosenblatt.data import frames, text
    from rosenblatt.graph import copying, host
else:
    copying = on_use("rosenblatt.graph.copying")
    host = on_use("rosenblatt.graph.host")
    frames = on_use("rosenblatt.data.frames")
    text = on_use("rosenblatt.data.text")


class Graph:
    """The layers between symbolic inputs and outputs.

    Args:
        inputs: symbolic tensors, in any nest of lists, tuples and dicts.
        outputs: symbolic tensors computed from them, in any nest.
        name: the model's name, for messages.

    Raises:
        ValueError: values that are not symbolic tensors, or a graph cut off from its inputs.
    """

    watches_names = False  # whether to warn of keys that no input has

    def __init__(self, inputs: Tree, outputs: Tree, name: str):
        self.name = name
        self.input_structure = inputs
        self.output_structure = outputs
        self.inputs: list[KerasTensor] = _symbolic(inputs, "inputs", name)
        self.outputs: list[KerasTensor] = _symbolic(outputs, "outputs", name)
        self.nodes, self.layers = by_depth(self.inputs, self.outputs)
        self.input_names = _names(inputs, self.inputs)
        self.output_names = _names(outputs, self.outputs)
        place = {id(tensor): index for index, tensor in enumerate(self.inputs)}
        self._checks = [
            (place[id(tensor)], node.operation)
            for node in self.nodes
            for tensor in node.inputs[:1]
            if id(tensor) in place and hasattr(node.operation, "check_ids")
        ]

    def __getstate__(self) -> dict[str, Any]:
        """Its calls one after another: a deep graph is no deep nest."""
        flat = copying.flatten(self.nodes, self.input_structure, self.output_structure)
        return {"name": self.name, "flat": flat, "watches_names": self.watches_names}

    def __setstate__(self, state: dict[str, Any]) -> None:
        inputs, outputs = copying.unflatten(state["flat"])
        self.__init__(inputs, outputs, state["name"])  # type: ignore[misc]
        self.watches_names = state["watches_names"]

    def run(self, inputs: Tree, training: bool | None = None, mask: Tree = None) -> Any:
        """Compute the outputs.

        Args:
            inputs: arrays or symbolic tensors in the inputs' structure, or a dict by input name.
            mask: masks of the inputs, in their order; None where they bring their own, if any.

        Returns:
            Arrays in the outputs' structure; the array itself where that is a list or tuple of one.
        """
        if isinstance(inputs, LookedUp):
            return self.host.run(inputs, training)
        arrays = self.arrange(inputs)
        if mask is not None:
            masks.set_masks(arrays, mask)
        outputs = self.walk(arrays, running(training))
        return outputs[0] if self.is_single else outputs

    @functools.cached_property
    def keeps_rows_apart(self) -> bool:
        """Whether no operation that is not a layer looks across the rows of a batch."""
        plain = (n for n in self.nodes if n.outputs and not hasattr(n.operation, "row_independent"))
        return all(keeps_rows_apart(node) for node in plain)

    @functools.cached_property
    def looks_up(self) -> bool:
        """Whether a part of it runs on the host, before any program."""
        return any(looks_up(layer) for layer in self.layers)

    @functools.cached_property
    def host(self) -> host.HostPart:
        """The part that runs on the host."""
        return host.HostPart(self)

    def walk(self, inputs: Sequence[Any], rule: Rule) -> Any:
        """Follow a rule from the inputs to the outputs.

        Args:
            inputs: a value for each input, in order.
            rule: what is done at each node.

        Returns:
            The outputs' values in their structure.
        """
        values = dict(zip(map(id, self.inputs), inputs, strict=True))
        walk(self.nodes, values, rule)
        return filled(self.output_structure, values)

    @property
    def returned(self) -> Any:
        """The symbolic outputs in the structure a call returns: without a list or tuple of one."""
        return self.output_structure[0] if self.is_single else self.output_structure

    @property
    def is_single(self) -> bool:
        """Whether the outputs are a list or tuple of one."""
        outputs = self.output_structure
        return isinstance(outputs, (list, tuple)) and len(outputs) == 1

    def arrange(self, data: Tree) -> list[Any]:
        """Put given data in the order of the inputs, checked and cast to their dtypes.

        Args:
            data: an array, or arrays in the inputs' structure, or a dict by input name.

        Raises:
            ValueError: a missing or unknown input, a wrong number of inputs, another shape.
        """
        given = zip(self.in_order(data), self.inputs, self.input_names, self.raw, strict=True)
        return [
            (fit_shape if raw else fit_input)(value, spec, name, self.name)
            for value, spec, name, raw in given
        ]

    @functools.cached_property
    def raw(self) -> list[bool]:
        """For each input whether it is passed on as it comes: only raw layers read it."""
        readers: dict[int, list[Any]] = {id(tensor): [] for tensor in self.inputs}
        for node in self.nodes:
            for tensor in node.inputs:
                readers.get(id(tensor), []).append(node.operation)
        given_back = set(map(id, self.outputs))
        return [
            bool(readers[id(tensor)])
            and id(tensor) not in given_back
            and all(getattr(reader, "reads_raw", False) for reader in readers[id(tensor)])
            for tensor in self.inputs
        ]

    def in_order(self, data: Tree) -> list[Any]:
        """Given data in the order of the inputs, as they are.

        Raises:
            ValueError: a missing or unknown input, a wrong number of inputs, a list for inputs that
                are known by name only.
        """
        if isinstance(data, (np.ndarray, jax.Array, KerasTensor)) and len(self.inputs) == 1:
            return [data]  # batch after batch of a stream
        if not isinstance(data, (list, tuple, Mapping)):
            data = frames.columns_for(data, self.input_names, "x")
        try:
            ordered = spread(data, self.input_structure, self.input_names)
        except UnmatchedError as error:
            raise self._unmatched(error, data) from None
        if self.watches_names and type(data) is dict:
            self._warn_of_more(data)
        return ordered

    def watch_names(self) -> None:
        """Warn of a dict of `Input`s whose keys are not their names, and later of further keys."""
        self.watches_names = True
        given = self.input_structure
        for key, tensor in given.items() if isinstance(given, Mapping) else ():
            if not isinstance(tensor, KerasTensor) or key == tensor.name:
                continue
            if node_of(tensor).operation.name == tensor.name:  # an `Input`, not a layer's output
                warn_user(
                    f"Model {self.name!r}: the input under the key {key!r} is called "
                    f"{tensor.name!r}. Fix: write `Input(…, name={key!r})`."
                )

    def _warn_of_more(self, data: dict[Any, Any]) -> None:
        """Warn of keys in a dict of inputs that no input has."""
        keys = self.input_structure
        if isinstance(keys, Mapping) and len(data) > len(keys):
            more = [key for key in data if key not in keys]
            warn_user(
                explain(
                    f"Model {self.name!r}: the structure of `inputs` is not the model's; what it "
                    "has no input for is left alone.",
                    given=f"a dict with {more}",
                    expected=f"a dict with {list(keys)}",
                )
            )

    @functools.cached_property
    def checks_all_ids(self) -> bool:
        """Whether every layer that takes ids reads an input directly, so that `bring` checks it."""
        checked = {id(layer) for _, layer in self._checks}
        nodes = [n.operation for n in self.nodes if n.outputs]
        direct = sum(id(operation) in checked for operation in nodes) == len(self._checks)
        layers = (layer for layer in self.layers if hasattr(layer, "_flatten_layers"))
        inner = (one for layer in layers for one in layer._flatten_layers())
        return direct and all(id(one) in checked for one in inner if hasattr(one, "check_ids"))

    def bring(self, data: Tree, cast: bool = False) -> Any:
        """Given data in the inputs' nest, each of its input's shape; a single input as it is.

        What is brought stays as it is when it is brought again.

        Args:
            data: as for `arrange`.
            cast: whether each is brought to its input's dtype too; programs that train do that.

        Raises:
            ValueError: as in `arrange`; an id for which an `Embedding` has no vector.
        """
        if isinstance(data, LookedUp):
            return data
        given = zip(self.in_order(data), self.inputs, self.input_names, strict=True)
        found = [fit_shape(value, spec, name, self.name) for value, spec, name in given]
        for index, layer in self._checks:
            if isinstance(found[index], np.ndarray):
                layer.check_ids(found[index], f"input {self.input_names[index]!r}")
        if cast:
            shaped = zip(found, self.inputs, self.input_names, strict=True)
            found = [cast_input(value, spec, name, self.name) for value, spec, name in shaped]
        return pack(self.input_structure, found)

    def _unmatched(self, error: UnmatchedError, data: Tree) -> BadData:
        """The error for data that do not fit the inputs' nest."""
        names = error.keys or self.input_names
        if error.kind == "unknown":
            return BadData(
                f"Model {self.name!r} has no input {error.key!r}.",
                expected=f"a dict with {names}",
                fix=nearest(str(error.key), names),
            )
        if error.kind == "missing":
            return BadData(
                f"Model {self.name!r}: the data lack input {error.key!r}.",
                given=f"a dict with {list(data)}" if isinstance(data, Mapping) else None,
                expected=f"a dict with {names}",
            )
        if error.kind == "unnamed":
            named = ", ".join(f"{name!r}: …" for name in names)
            return BadData(
                f"Model {self.name!r} knows its inputs by name; a {type(data).__name__} does not "
                "say which is which.",
                given=f"a {type(data).__name__} of {len(data)}",
                expected=f"a dict with {names}",
                fix=f"pass `{{{named}}}`.",
            )
        return BadData(
            f"Model {self.name!r} got a different number of inputs.",
            given=len(tree_leaves(data)),
            expected=f"{len(self.inputs)}: {self.input_names}",
            fix="pass a list, a tuple, or a dict by these names."
            if len(self.inputs) > 1
            else "pass one array.",
        )


def fit_input(value: Tree, spec: KerasTensor, name: str, model: str) -> Any:
    """A value checked against the input it is for, in its shape (see `fit_shape`) and dtype.

    Raises:
        ValueError: a wrong number of features, or another rank; text for numbers, or the reverse.
    """
    return cast_input(fit_shape(value, spec, name, model), spec, name, model)


def cast_input(value: Tree, spec: KerasTensor, name: str, model: str) -> Any:
    """A value of its input's shape in its dtype.

    Raises:
        ValueError: text for numbers, or the reverse.
    """
    if value is None or isinstance(value, KerasTensor):
        return value
    _check_kind(value, spec, name, model)
    if spec.dtype == "string" or value.dtype == dtypes.numpy_dtype(spec.dtype):
        return value
    if isinstance(value, np.ndarray) and spec.dtype in ("int64", "uint64"):
        return value.astype(spec.dtype)  # JAX would keep 32 bits
    kind = jax.dtypes.canonicalize_dtype(dtypes.numpy_dtype(spec.dtype))  # JAX keeps 32 bits
    if isinstance(value, np.ndarray):  # NumPy casts all 64 of them
        with np.errstate(all="ignore"):
            return masks.keep(value, jnp.asarray(value.astype(kind)))
    return masks.keep(value, jnp.asarray(value).astype(kind))


def fit_shape(value: Tree, spec: KerasTensor, name: str, model: str) -> Any:
    """Check a value's shape against the input it is for; give (N,) the missing axis of (N, 1).

    Raises:
        ValueError: a different number of features, or another rank.
    """
    if value is None:
        if not getattr(node_of(spec).operation, "optional", False):
            raise BadData(
                f"Model {model!r}: input {name!r} is None.",
                expected=f"an array of shape {spec.shape}",
                fix="`Input(…, optional=True)` takes None.",
            )
        return None
    if not isinstance(value, (np.ndarray, jax.Array, KerasTensor)):
        value = text.host_array(value, f"input {name!r}")
    shape = tuple(value.shape)
    if len(shape) == len(spec.shape) - 1 and spec.shape[-1] == 1:
        value = _reshape(value, (*shape, 1))
    elif len(shape) == len(spec.shape) + 1 and shape[-1] == 1:
        value = _reshape(value, shape[:-1])
    shape = tuple(value.shape)
    fits = len(shape) == len(spec.shape) and all(
        want is None or have is None or want == have
        for have, want in zip(shape[1:], spec.shape[1:], strict=True)
    )
    if not fits:
        raise BadData(
            f"Model {model!r}: input {name!r} has the wrong shape.",
            given=f"{shape}",
            expected=f"{spec.shape} (None: any number of rows)",
            fix=_shape_advice(shape, spec.shape),
        )
    return value


def _check_kind(value: Tree, spec: KerasTensor, name: str, model: str) -> None:
    """Refuse text where the input takes numbers, and the reverse."""
    is_time = value.dtype.kind == "M" if isinstance(value, np.ndarray) else False
    if dtypes.is_text(value) == (spec.dtype == "string") and not is_time:
        return
    wants_text = spec.dtype == "string"
    raise BadData(
        f"Model {model!r}: input {name!r} takes {'text' if wants_text else 'numbers'}.",
        given=f"an array of dtype {value.dtype}, shape {tuple(value.shape)}",
        expected=f"dtype {spec.dtype}",
        fix="let `DateParsing` read the input."
        if is_time
        else "turn numbers into text with `x.astype(str)`, or make it an input of numbers."
        if wants_text
        else f'make it `Input(shape=…, dtype="string", name={name!r})`, followed by '
        "`StringLookup` or `Hashing`.",
    )


def _reshape(value: Tree, shape: tuple[int | None, ...]) -> Any:
    if isinstance(value, KerasTensor):
        return KerasTensor(shape, value.dtype, name=value.name)
    return value.reshape(shape)


def _shape_advice(given: tuple[Any, ...], wanted: tuple[Any, ...]) -> str:
    if len(given) == len(wanted) - 1 and given == wanted[1:]:
        return "add the batch axis to a single instance: `x[None, ...]`."
    if len(given) == len(wanted) == 2:
        return (
            f"give the model the {wanted[1]} columns it was built for, or build it with "
            f"`Input(shape=({given[1]},))`."
        )
    return "reshape the data, or build the model with the data's shape."


def _symbolic(structure: Tree, what: str, name: str) -> list[KerasTensor]:
    leaves = tree_leaves(structure)
    for leaf in leaves:
        if not isinstance(leaf, KerasTensor):
            raise BadData(
                f"Model {name!r}: `{what}` must be symbolic tensors.",
                given=f"{type(leaf).__name__}: {leaf!r}",
                fix="start from `rosenblatt.Input(shape)` and call layers on it.",
            )
    if not leaves:
        raise BadData(f"Model {name!r}: `{what}` is empty.")
    return leaves


def _names(structure: Tree, tensors: list[KerasTensor]) -> list[str]:
    if isinstance(structure, Mapping) and all(
        isinstance(v, KerasTensor) for v in structure.values()
    ):
        # In the order of the leaves, which JAX sorts by key in a plain dict only.
        return list(structure) if isinstance(structure, OrderedDict) else sorted(structure)
    return [node_of(tensor).operation.name for tensor in tensors]
