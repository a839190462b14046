"""The arguments of layers: their names and shapes; checks of what a call is given and returns."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import dtypes, masks, registry
from rosenblatt.core.errors import (
    BadArgument,
    NotBuilt,
    WrongType,
    explain,
    nearest,
    warn_user,
)
from rosenblatt.core.faces import on_use
from rosenblatt.core.refusing import Unfit, given_as, told
from rosenblatt.core.scope import row_mask
from rosenblatt.core.symbolic import KerasTensor, tree_leaves, tree_map
from rosenblatt.core.types import Array, Shapes, Tree
from rosenblatt.core.variable import Variable
from rosenblatt.layers.context import current_training

if TYPE_CHECKING:
    from rosenblatt.data import frames
    from rosenblatt.layers.base import Layer
else:
    frames = on_use("rosenblatt.data.frames")


_NUMBERS = (bool, int, float, complex)


def parameters_of(cls: Any, method: str = "__init__") -> dict[str, inspect.Parameter]:
    return _parameters(cls, method)


@functools.cache
def _parameters(cls: Any, method: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(getattr(cls, method)).parameters)


def parameter_names(cls: Any, method: str = "__init__") -> list[str]:
    return list(parameters_of(cls, method))


def is_users(cls: Any, method: str) -> bool:
    """Whether a method is written by a user's class, not by one of the library's."""
    return _is_users(cls, method)


@functools.cache
def _is_users(cls: Any, method: str) -> bool:
    return not str(getattr(cls, method).__module__).startswith("rosenblatt.")


def pop_input_shape(kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
    """Keras's older ways to give a first layer its input shape, as a batch shape."""
    if "batch_input_shape" in kwargs:
        return tuple(kwargs.pop("batch_input_shape"))
    if "batch_shape" in kwargs:
        return tuple(kwargs.pop("batch_shape"))
    shape = kwargs.pop("input_shape", None)
    shape = kwargs.pop("input_dim", shape)
    if shape is None:
        return None
    warn_user(
        explain(
            "A layer was given `input_shape` or `input_dim`, as in Keras 2.",
            fix="put `Input(shape)` in front of it instead.",
        )
    )
    return (None, *(shape if isinstance(shape, (list, tuple)) else (shape,)))


def is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(s is None or isinstance(s, int) for s in value)


def map_shapes(fn: Callable[[Any], Any], shapes: Shapes) -> Any:
    if is_shape(shapes):
        return fn(tuple(shapes))
    if not isinstance(shapes, (list, tuple, dict)):
        raise WrongType("This is not a shape.", given=repr(shapes), expected="a tuple of sizes")
    if isinstance(shapes, dict):
        return {k: map_shapes(fn, v) for k, v in shapes.items()}
    return [map_shapes(fn, s) for s in shapes]


def as_tuples(shapes: Shapes) -> Any:
    """Shapes read from JSON, where tuples have become lists."""
    return None if shapes is None else map_shapes(tuple, shapes)


def all_numbers(value: Any) -> bool:
    leaves = jax.tree_util.tree_leaves(value)
    return bool(leaves) and all(isinstance(leaf, (int, float)) for leaf in leaves)


def holds_arrays(value: Any) -> bool:
    leaves = tree_leaves(value)
    return bool(leaves) and all(hasattr(leaf, "shape") for leaf in leaves)


# -- calls ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Called:
    """What a call was given, with symbolic tensors for arrays and no number of rows.

    Args:
        args, kwargs: of the call.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def described(args: Any, kwargs: dict[str, Any], dtype: str) -> Called | None:
    """A call by the shapes and dtypes of its arrays; None where it was given other objects.

    Args:
        args, kwargs: of the call; `training` is left out.
        dtype: that of the floats, whatever type they were given in.
    """

    def describe(leaf: Any) -> Any:
        if hasattr(leaf, "shape") and hasattr(leaf, "dtype"):
            kind = dtype if "float" in str(leaf.dtype) else str(leaf.dtype)
            return KerasTensor(
                (None, *leaf.shape[1:]) if leaf.shape else (), kind, name="described"
            )
        return leaf

    kept = {name: value for name, value in kwargs.items() if name != "training"}
    found = tree_map(describe, (tuple(args), kept))
    for value in (*found[0], *found[1].values()):  # arrays alone, or none
        kinds = {type(leaf) for leaf in tree_leaves(value)} - {type(None)}
        if kinds != {KerasTensor} and not kinds <= {str, int, float, bool}:
            return None
    return Called(*found)


def check_arguments(layer: Layer, args: Any, kwargs: Any) -> None:
    """Refuse a call without inputs, or with an argument that `call` does not have.

    A `mask` of None is taken out: Keras writes one into the configs of nested models.

    Raises:
        TypeError: with the nearest argument.
    """
    if "mask" in kwargs and kwargs["mask"] is None:
        del kwargs["mask"]
    where = f"Layer {layer.name!r} ({type(layer).__name__})"
    parameters = parameters_of(type(layer), "call")
    positional = [p for name, p in parameters.items() if name != "self"]
    if not args and not kwargs and any(p.default is p.empty and p.kind < 2 for p in positional):
        raise WrongType(f"{where} was called without inputs.", fix="write `layer(x)`.")
    if any(p.kind is p.VAR_KEYWORD for p in positional):
        return
    for name in kwargs:
        if name not in parameters and name != "training":
            raise WrongType(
                f"{where}: `call` has no argument {name!r}.",
                fix=nearest(name, {*parameters, "training"} - {"self"}),
            )


def resolve_training(layer: Layer, args: Any, kwargs: dict[str, Any]) -> bool | None:
    """The `training` of a call: its argument, else that of the call around it.

    It is put into `kwargs` where `call` names it; otherwise the layers inside learn of it from the
    scope, as they do of a default that `call` gives it.
    """
    parameters = parameters_of(type(layer), "call")
    named = parameters.get("training")
    if named is not None and list(parameters).index("training") <= len(args):
        given = args[list(parameters).index("training") - 1]
        return current_training() if given is None else given
    training = kwargs.get("training")
    if training is None:
        training = current_training()
    if named is None:
        kwargs.pop("training", None)
    elif training is not None:
        kwargs["training"] = training
    elif named.default is not named.empty:
        kwargs.pop("training", None)
        training = named.default
    return training


def refuse_text(layer: Layer, value: Any) -> None:
    """Refuse strings and objects in the library's own layers, and symbolic ones in any.

    Raises:
        ValueError: with the dtype.
    """
    symbolic = isinstance(value, KerasTensor)
    if not layer.takes_text and (symbolic or registry.is_builtin(type(layer))):
        what = f"a symbolic tensor of text, {value.name!r}" if symbolic else "an array"
        raise BadArgument(
            f"Layer {layer.name!r} ({type(layer).__name__}) takes numbers.",
            given=f"{what} of dtype {value.dtype}, shape {value.shape}",
            fix="turn text and categories into numbers first, e.g. with `StringLookup`.",
        )


def refuse_object(layer: Layer, value: Any) -> None:
    """Refuse what is not an array or a number, in the library's own layers.

    Raises:
        ValueError: with the object.
    """
    if registry.is_builtin(type(layer)) and not hasattr(value, "shape"):
        raise BadArgument(
            f"Layer {layer.name!r} ({type(layer).__name__}) takes arrays.",
            given=f"{type(value).__name__}: {told(value)}",
        )


def unfit(layer: Layer, args: Any, kwargs: Any, error: Exception) -> Unfit:
    """The error for a call that failed inside."""
    reason = str(error).strip().partition("\n")[0].rstrip(".")
    named = {"inputs": args[0] if len(args) == 1 else args} if args else {}
    return Unfit(
        f"Layer {layer.name!r} ({type(layer).__name__}): the inputs do not fit"
        f"{f' ({reason})' if reason else ''}.",
        given=given_as({**named, **{k: v for k, v in kwargs.items() if v is not None}}),
    )


def convert_inputs(layer: Layer, args: Any, kwargs: Any) -> tuple[Any, dict[str, Any]]:
    """The arguments of a call as JAX arrays, floats in the layer's compute dtype."""
    target = dtypes.numpy_dtype(layer.compute_dtype)

    def convert(value: Any) -> Any:
        if isinstance(value, KerasTensor) and value.dtype == "string":
            refuse_text(layer, value)
        if isinstance(value, (str, bytes)):
            refuse_object(layer, value)
        if isinstance(value, Variable):
            value = value.value
        if isinstance(value, (np.ndarray, np.generic)):
            if value.dtype.kind in "OUSTM":
                refuse_text(layer, value)
                return value
            value = jnp.asarray(value)
        is_array = isinstance(value, (jax.Array, jax.core.Tracer))
        is_float = is_array and jnp.issubdtype(value.dtype, jnp.floating)
        if is_float and layer.autocast and value.dtype != target:
            return masks.keep(value, value.astype(target))
        return value

    def convert_input(value: Any) -> Any:
        known = value is None or isinstance(value, _NUMBERS) or hasattr(value, "__array__")
        if not known and not frames.is_frame(
            value
        ):  # of a lazy table's columns a model makes arrays
            refuse_object(layer, value)
        return convert(value)

    if args and isinstance(args[0], (list, tuple)) and all_numbers(args[0]):
        dtype = layer.compute_dtype if layer.autocast else None
        args = (np.asarray(args[0], dtype), *args[1:])
    return tree_map(convert_input, args), tree_map(convert, kwargs)


def check_outputs(outputs: Tree, where: str, inner: bool = False) -> None:
    """Refuse a `call` that returns nothing.

    Raises:
        ValueError: None, or None among the outputs where `inner` is true.
    """
    if outputs is None or (inner and any(leaf is None for leaf in tree_leaves(outputs))):
        what = "None" if outputs is None else "None among its outputs"
        raise BadArgument(
            f"{where}: `call` returned {what}.", fix="end `call` with `return outputs`."
        )


def activity_penalty(regularizer: Callable[[Array], Array], output: Array) -> Array:
    """A penalty on outputs, divided by the number of rows (of the real ones, where some pad)."""
    if not output.ndim:
        return regularizer(output)
    mask = row_mask()
    rows: Array | int = output.shape[0]
    if mask is not None and mask.shape[0] == rows:
        output = jnp.where(mask.reshape((-1,) + (1,) * (output.ndim - 1)), output, 0)
        rows = jnp.maximum(jnp.sum(mask), 1)
    return regularizer(output) / rows


def pairs(
    layer: Layer, variables: Sequence[Any], values: Sequence[Any], kind: str
) -> Iterable[tuple[Any, Any]]:
    """Variables with the values given for them.

    Raises:
        ValueError: a different number of values.
    """
    if len(variables) != len(values):
        raise BadArgument(
            f"Layer {layer.name!r}: `stateless_call` got a different number of {kind} values.",
            given=len(values),
            expected=f"{len(variables)}: {[v.path for v in variables]}",
        )
    return zip(variables, values, strict=True)


def missing_attribute(layer: Layer, name: str) -> str:
    """The message for an attribute that a layer does not have, or does not have yet."""
    kind = type(layer).__name__
    held = vars(layer)
    if "_trainable_weights" not in held and not name.startswith("__"):
        return explain(
            f"{kind} has no {name!r}: it was not initialized.",
            fix="call `super().__init__()` first in `__init__`.",
        )
    if not held.get("built", True):
        return explain(
            f"Layer {held.get('name')!r} ({kind}) has no {name!r}; it is not built yet.",
            fix="build it first: call it on data, or `build(input_shape)`.",
        )
    return f"{kind!r} object has no attribute {name!r}"


def flag(owner: object, name: str, given: object) -> bool:
    """An argument that is True or False.

    Raises:
        BadArgument: another value.
    """
    if not isinstance(given, (bool, np.bool_)):
        raise BadArgument(
            f"{type(owner).__name__}: bad `{name}`.", given=repr(given), expected="True or False"
        )
    return bool(given)


def require_built(layer: Layer, method: str) -> None:
    """Refuse what a layer without variables cannot do.

    Raises:
        NotBuilt: it is not built.
    """
    if not layer.built:
        raise NotBuilt(
            f"Layer {layer.name!r} ({type(layer).__name__}): `{method}` was called before it was "
            "built.",
            fix="call the layer on data first, or `build(input_shape)`.",
        )


def require_number(value: object, what: str) -> None:
    """Refuse text, None and objects for a number.

    Raises:
        BadArgument: one of these.
    """
    if not isinstance(value, _NUMBERS) and not hasattr(value, "shape"):
        raise BadArgument(f"{what} takes a number, or a list of numbers.", given=repr(value))


def cannot_be_set(layer: Layer, name: str, fix: str) -> AttributeError:
    """The error for an attribute that says what a layer has, and is not the user's to set."""
    kind = type(layer).__name__
    return AttributeError(explain(f"{kind} {layer.name!r}: `{name}` cannot be set.", fix=fix))
