"""Symbolic tensors, nodes and operations; one file because each is made of the others."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from rosenblatt.core import dtypes, unknown_sizes
from rosenblatt.core.errors import BadArgument, NotSupported, WrongType, explain
from rosenblatt.core.naming import auto_name
from rosenblatt.core.scope import Scope, current_scope, use_scope

# Two values for an unknown dimension: where the inferred shapes differ, the dimension is unknown.
# The first is a prime, so that it is recognized in most shapes, and one trace is enough. Both are
# large, so that steps can be cut off a sequence of unknown length.
_TRIAL_SIZES = (997, 991)


class History(NamedTuple):
    """Where a symbolic tensor comes from."""

    operation: Operation
    node_index: int
    tensor_index: int


class _NoItems(WrongType, NotImplementedError):
    """A symbolic tensor is gone through."""


class KerasTensor:
    """A tensor with a shape and a dtype but no values: an input or output of layers in a graph.

    Args:
        shape: sizes, None for unknown ones; the first is the batch.
        dtype: dtype name.
        sparse, ragged: refused: nothing here computes with such tensors.
        name: its name.
    """

    sparse = ragged = False
    __array_priority__ = 1000
    _keras_mask: Any = None  # which steps count: see `core.masks`

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        *,
        name: str | None = None,
    ):
        if sparse or ragged:
            raise NotSupported("KerasTensor: sparse and ragged tensors are not supported.")
        self._shape = tuple(None if s is None else int(s) for s in shape)
        self._dtype = dtypes.standardize_dtype(dtype)
        self.name = name or auto_name(type(self).__name__)
        self._keras_history: History | None = None

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Sizes, None for unknown ones."""
        return self._shape

    @property
    def dtype(self) -> str:
        """The dtype's name."""
        return self._dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def serialize_reference(self) -> dict[str, Any]:
        """Keras's config for a tensor that a layer of the same graph made."""
        history: list[Any] | None = None
        if self._keras_history:
            history = list(self._keras_history)
            history[0] = history[0].name
        config = {"shape": list(self.shape), "dtype": self.dtype, "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": config}

    def _no_value(self, what: str, error: type[WrongType] = WrongType) -> WrongType:
        return error(
            f"A symbolic tensor (shape {self.shape}) has no values: it cannot give {what}.",
            fix="use `rosenblatt.ops` functions or layers, or call the model on arrays.",
        )

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise self._no_value("a NumPy array")

    @property  # a property: JAX meets it when it asks whether there is one
    def __jax_array__(self) -> jax.Array:
        raise self._no_value("a JAX array")

    def __float__(self) -> float:
        raise self._no_value("a number")

    def __int__(self) -> int:
        raise self._no_value("a number")

    def __bool__(self) -> bool:
        raise self._no_value("a truth value")

    def __len__(self) -> int:
        raise self._no_value("a length")

    def __iter__(self) -> Any:
        raise self._no_value("items one by one", _NoItems)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(
            explain(
                f"A symbolic tensor (shape {self.shape}) has no {name!r}.",
                fix="use a function of `rosenblatt.ops`, such as `ops.sum(x)`, or a layer.",
            )
        )

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class Node:
    """One call of an operation: its arguments, and the tensors it made."""

    def __init__(self, operation: Operation, args: Any, kwargs: Any, outputs: Any):
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.outputs = tree_leaves(outputs)
        self.output_structure = outputs
        self.inputs = [t for t in tree_leaves((args, kwargs)) if isinstance(t, KerasTensor)]
        calls = vars(operation).setdefault("_inbound_nodes", [])
        calls.append(self)
        for index, tensor in enumerate(self.outputs):
            tensor._keras_history = History(operation, len(calls) - 1, index)

    @property
    def parents(self) -> list[Node]:
        """The nodes that made this one's inputs."""
        return [node_of(tensor) for tensor in self.inputs]


def node_of(tensor: KerasTensor) -> Node:
    """The node that made a symbolic tensor.

    Raises:
        ValueError: the tensor was made by no layer.
    """
    history = tensor._keras_history
    if history is None:
        raise BadArgument(
            f"The symbolic tensor {tensor.name!r} (shape {tensor.shape}) comes from no layer.",
            fix="start from `rosenblatt.Input(shape)`.",
        )
    return history.operation._inbound_nodes[history.node_index]


def _is_leaf(x: Any) -> bool:
    return x is None or isinstance(x, KerasTensor)


def tree_leaves(tree: Any) -> list[Any]:
    """The leaves of a nest of lists, tuples and dicts; None is a leaf."""
    return jax.tree_util.tree_leaves(tree, is_leaf=_is_leaf)


def tree_map(fn: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """Apply a function to the leaves of nests of the same structure; None is a leaf."""
    return jax.tree_util.tree_map(fn, tree, *rest, is_leaf=_is_leaf)


def any_symbolic(*trees: Any) -> bool:
    """Whether a nest holds a symbolic tensor."""
    return any(isinstance(leaf, KerasTensor) for leaf in tree_leaves(trees))


def infer_outputs(fn: Callable[..., Any], args: Any, kwargs: Any, other_sizes: bool = False) -> Any:
    """Shapes and dtypes of a function's results, found by tracing it without computing.

    Args:
        fn: a function of arrays.
        args, kwargs: its arguments, symbolic tensors among them.
        other_sizes: whether unknown dimensions may be of different sizes, as (None, 3) and
            (2, None) that are added; only for functions that read no shape.

    Returns:
        The results with a `KerasTensor` for each array.
    """
    leaves, structure = jax.tree_util.tree_flatten((args, kwargs), is_leaf=_is_leaf)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, KerasTensor)]
    _refuse_text([leaves[i] for i in places])
    unknown = any(None in leaves[i].shape for i in places)
    only_rows = all(None not in leaves[i].shape[1:] for i in places)

    def trace(sizes: Sequence[Sequence[int]]) -> Any:
        specs = [
            jax.ShapeDtypeStruct(shape, dtypes.numpy_dtype(leaves[i].dtype))
            for i, shape in zip(places, sizes, strict=True)
        ]

        def run(values: list[Any]) -> Any:
            filled = list(leaves)
            for place, value in zip(places, values, strict=True):
                filled[place] = value
            call_args, call_kwargs = jax.tree_util.tree_unflatten(structure, filled)
            with use_scope(Scope(binds_all=True)):
                return fn(*call_args, **call_kwargs)

        return jax.eval_shape(run, specs)

    def usual(size: int) -> list[list[int]]:
        return [[size if s is None else s for s in leaves[i].shape] for i in places]

    try:
        first = trace(usual(_TRIAL_SIZES[0]))
    except (TypeError, ValueError) as error:
        found = _of_other_sizes(trace, [leaves[i].shape for i in places]) if other_sizes else None
        if found is not None:
            return found
        error.args = tuple(  # the user knows of no such size
            re.sub(rf"\b{_TRIAL_SIZES[0]}\b", "None", a) if isinstance(a, str) else a
            for a in error.args
        )
        raise
    if not unknown:
        return jax.tree_util.tree_map(lambda a: KerasTensor(a.shape, a.dtype), first)
    if only_rows and all(_is_plain(a.shape) for a in jax.tree_util.tree_leaves(first)):
        return jax.tree_util.tree_map(
            lambda a: KerasTensor([None if s == _TRIAL_SIZES[0] else s for s in a.shape], a.dtype),
            first,
        )
    return _merged(first, trace(usual(_TRIAL_SIZES[1])))


def _merged(first: Any, second: Any) -> Any:
    """Symbolic tensors of the results of two traces: what differs between them is unknown."""

    def merge(a: Any, b: Any) -> KerasTensor:
        shape = [m if m == n else None for m, n in zip(a.shape, b.shape, strict=True)]
        return KerasTensor(shape, a.dtype)

    return jax.tree_util.tree_map(merge, first, second)


def _of_other_sizes(trace: Callable[..., Any], shapes: list[tuple[int | None, ...]]) -> Any:
    """The results where unknown dimensions have other sizes than each other; None if none fit."""
    if all(None not in shape for shape in shapes):
        return None
    for first, second in unknown_sizes.tries(shapes, _TRIAL_SIZES):
        try:
            return _merged(trace(first), trace(second))
        except (TypeError, ValueError):
            continue
    return None


def described(array: Any) -> Any:
    """A symbolic tensor like an array of any number of rows; None for None."""
    return None if array is None else KerasTensor((None, *array.shape[1:]), array.dtype)


def shape_of(value: Any) -> tuple[int | None, ...]:
    """An array's shape; None for the number of rows where that is a size tried in inference."""
    shape = tuple(value.shape)
    scope = current_scope()
    tried = scope is not None and scope.binds_all and shape[:1] == _TRIAL_SIZES[:1]
    return (None, *shape[1:]) if tried else shape


def _refuse_text(tensors: list[KerasTensor]) -> None:
    for tensor in tensors:
        if tensor.dtype == "string":
            raise BadArgument(
                f"The symbolic tensor {tensor.name!r} is text, and nothing computes with text.",
                fix="turn it into integers with `StringLookup` or `Hashing`.",
            )


def _is_plain(shape: tuple[int, ...]) -> bool:
    """Whether a shape inferred at the first trial size tells by itself what is unknown in it."""
    trial = _TRIAL_SIZES[0]
    return bool(shape) and shape[0] == trial and all(s < trial for s in shape[1:])


class Operation:
    """A named step of a graph: on arrays it computes, on symbolic tensors it records a node."""

    _auto_config: dict[str, Any] | None
    # Whether unknown dimensions of its inputs may stand for different sizes: see `infer_outputs`.
    _unknown_sizes_differ = False

    def __init__(self, name: str | None = None):
        if name is None:
            name = auto_name(type(self).__name__)
        if not isinstance(name, str) or "/" in name:
            raise BadArgument(
                f"{type(self).__name__}: bad `name`.",
                given=repr(name),
                expected="a string without '/'",
            )
        self.name = name
        self._inbound_nodes: list[Node] = []

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Remember plain arguments, so that classes without `get_config` can be saved."""
        instance = super().__new__(cls)
        declared = hasattr(cls.__init__, "settings_of")  # its settings make the config
        instance.__dict__["_auto_config"] = (
            None if declared else _plain_arguments(cls, args, kwargs)
        )
        return instance

    def __getstate__(self) -> dict[str, Any]:
        """Without its calls in graphs: a copy of a graph makes those of its operations again."""
        return {key: value for key, value in self.__dict__.items() if key != "_inbound_nodes"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.setdefault("_inbound_nodes", [])
        self.__dict__.update(state)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Infer the outputs and record a node."""
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic tensors for the outputs of a call."""
        return infer_outputs(self.call, args, kwargs, other_sizes=self._unknown_sizes_differ)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute; subclasses write this."""
        raise NotSupported(
            f"{type(self).__name__} has no `call()` method.", fix="define `call(self, …)`."
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object.

        Raises:
            NotImplementedError: arguments that are not plain values, and no own `get_config`.
        """
        if type(self).get_config is not Operation.get_config and not self._uses_default_config():
            return {"name": self.name}
        if self._auto_config is None:
            raise NotSupported(
                f"{type(self).__name__} takes arguments that are not plain values, so it must "
                "say how to save them.",
                fix="define `get_config(self)` returning a dict of its `__init__` arguments.",
            )
        parameters = _signature(type(self)).parameters
        takes_name = "name" in parameters or any(
            p.kind is p.VAR_KEYWORD for p in parameters.values()
        )
        return {**({"name": self.name} if takes_name else {}), **self._auto_config}

    def _uses_default_config(self) -> bool:
        return False

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """An object of this class with the arguments of a config."""
        if not isinstance(config, Mapping):
            raise WrongType(f"The config of a {cls.__name__} is not a dict.", given=repr(config))
        try:
            return cls(**config)
        except BadArgument as error:  # in Keras a TypeError, as every mistake in a config
            raise WrongType(str(error)) from error
        except TypeError as error:
            raise WrongType(
                f"{cls.__name__} could not be made from its config: {str(error).rstrip('.')}.",
                given=config,
                fix="let `get_config()` return exactly the arguments of `__init__`.",
            ) from error

    @property
    def input(self) -> Any:
        """The symbolic input of its first call."""
        inputs = self._first_node("input").inputs
        return inputs[0] if len(inputs) == 1 else inputs

    @property
    def output(self) -> Any:
        """The symbolic output of its first call."""
        return self._first_node("output").output_structure

    def _first_node(self, what: str) -> Node:
        if not self._inbound_nodes:
            raise AttributeError(
                explain(
                    f"Layer {self.name!r} has no defined {what}: it was never called on a symbolic "
                    "tensor."
                )
            )
        return self._inbound_nodes[0]


def _plain_arguments(cls: type, args: Any, kwargs: Any) -> dict[str, Any] | None:
    signature = _signature(cls)
    try:
        bound = signature.bind(None, *args, **kwargs)
    except TypeError:
        return None
    bound.apply_defaults()
    values: dict[str, Any] = {}
    for index, (key, parameter) in enumerate(signature.parameters.items()):
        if index == 0 or key == "name" or key not in bound.arguments:
            continue
        value = bound.arguments[key]
        if (
            parameter.kind is parameter.VAR_POSITIONAL
            or parameter.kind is parameter.POSITIONAL_ONLY
        ):
            if value:
                return None
        elif parameter.kind is parameter.VAR_KEYWORD:
            values.update({k: v for k, v in value.items() if k != "name"})
        else:
            values[key] = value
    plain = (str, int, float, bool, type(None))
    if all(isinstance(leaf, plain) for leaf in tree_leaves(values)):
        return values
    return None


_signatures: dict[type, inspect.Signature] = {}


def _signature(cls: type) -> inspect.Signature:
    if cls not in _signatures:
        _signatures[cls] = inspect.signature(cls.__init__)  # type: ignore[misc]
    return _signatures[cls]
