"""New models from the structure of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from rosenblatt.core import serialization
from rosenblatt.core.errors import BadArgument, WrongType, nearest
from rosenblatt.core.loading import loading
from rosenblatt.core.refusing import refusing
from rosenblatt.core.symbolic import KerasTensor, Node, Operation, node_of, tree_leaves, tree_map
from rosenblatt.core.types import Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.input import Input, InputLayer
from rosenblatt.models.model import Functional, Model
from rosenblatt.models.sequential import Sequential
from rosenblatt.saving.legacy_config import modern_layer


@refusing("`models.clone_model`")
def clone_model(
    model: Model,
    input_tensors: Tree = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of the same structure with new layers and new weights, compiled as the first was.

    Args:
        model: a Sequential or Functional model; a subclassed one is made from its config.
        input_tensors: symbolic tensors to begin with, in the structure of `model.input`; new
            `Input`s if None.
        clone_function: makes a layer from a layer; `Input`s are always new. A layer that it returns
            as it is, is shared with the first model.
        call_function: `fn(layer, *args, **kwargs)` calls a new layer, and may put others before or
            behind it. For Functional models only.
        recursive: clone inner models layer by layer too.

    Raises:
        ValueError: functions or tensors for a subclassed model, or tensors of another structure.
        NotImplementedError: a subclassed model without a config.

    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(2), rb.layers.Dense(1)])
    >>> def frozen(layer):
    ...     config = {**layer.get_config(), "trainable": False}
    ...     return type(layer).from_config(config)
    >>> len(clone_model(model, clone_function=frozen).trainable_weights)
    0
    """
    if kwargs:
        known = ("input_tensors", "clone_function", "call_function", "recursive")
        wrong = next(iter(kwargs))
        raise WrongType(f"clone_model has no argument {wrong!r}.", fix=nearest(wrong, known))
    for name, given in (("clone_function", clone_function), ("call_function", call_function)):
        if given is not None and not callable(given):
            raise WrongType(f"clone_model: `{name}` is not a function.", given=repr(given))
    return _Cloning(clone_function or _from_config, call_function, recursive)(model, input_tensors)


@loading(lambdas="keep")
def _from_config(layer: Layer) -> Any:
    return type(layer).from_config(layer.get_config())


class _Cloning:
    """The functions of one `clone_model`, and the layers made so far: shared ones stay shared."""

    def __init__(self, clone: Callable[[Any], Any], call: Callable[..., Any] | None, deep: bool):
        self.clone = clone
        self.call = call
        self.deep = deep
        self.made: dict[int, Any] = {}

    def __call__(self, model: Model, tensors: Tree) -> Any:
        if isinstance(model, Sequential):
            if self.call is not None:
                raise BadArgument(
                    "clone_model: `call_function` is for Functional models.",
                    given=f"Sequential {model.name!r}, whose layers are not called one by one",
                    fix="use `clone_function`, or build a new list of layers.",
                )
            new = self.sequential(model, tensors)
        elif isinstance(model, Functional):
            new = self.functional(model, tensors)
        else:
            return self.subclassed(model, tensors)
        if model.compiled:
            with loading(lambdas="keep"):
                new.compile_from_config(model.get_compile_config())
        return new

    def layer(self, layer: Operation) -> Any:
        """The new layer in place of a layer."""
        if id(layer) not in self.made:
            if self.deep and isinstance(layer, (Sequential, Functional)):
                # Layers of an inner Sequential have no calls of their own.
                call = None if isinstance(layer, Sequential) else self.call
                inner = _Cloning(self.clone, call, True)
                inner.made = self.made
                self.made[id(layer)] = inner(layer, None)
            else:
                self.made[id(layer)] = self.clone(layer)
        return self.made[id(layer)]

    def sequential(self, model: Sequential, tensors: Tree) -> Sequential:
        first = model._sequence[0] if model._sequence else None
        given = tree_leaves(tensors) if tensors is not None else []
        symbolic = all(isinstance(tensor, KerasTensor) for tensor in given)
        if len(given) != (tensors is not None) or not symbolic:
            raise BadArgument(
                f"clone_model: bad `input_tensors`; Sequential {model.name!r} begins with one "
                "symbolic tensor.",
                given=_kinds(given),
                fix="pass `rosenblatt.Input(shape)`.",
            )
        begin: list[Any] = []
        if given:
            begin = [_input(given[0])]
        elif isinstance(first, InputLayer):
            begin = [_input_like(first)]
        layers = [self.layer(layer) for layer in model.layers]
        return Sequential([*begin, *layers], trainable=model.trainable, name=model.name)

    def functional(self, model: Model, tensors: Tree) -> Any:
        graph = model._graph
        assert graph is not None
        if tensors is None:
            tensors = tree_map(lambda t: _input_like(node_of(t).operation), graph.input_structure)
        given = tree_leaves(tensors)
        if len(given) != len(graph.inputs) or any(not isinstance(t, KerasTensor) for t in given):
            raise BadArgument(
                f"clone_model: `input_tensors` do not fit the inputs of {model.name!r}.",
                given=_kinds(given),
                expected=f"symbolic tensors for {graph.input_names}",
            )

        def rule(node: Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            layer = self.layer(node.operation)
            return self.call(layer, *args, **kwargs) if self.call else layer(*args, **kwargs)

        outputs = graph.walk(given, rule)
        own = type(model).__init__ is not Model.__init__
        cls = Functional if own else type(model)  # a constructor of its own takes other arguments
        return cls(tensors, outputs, name=model.name)

    def subclassed(self, model: Model, tensors: Tree) -> Any:
        name = type(model).__name__
        if tensors is not None or self.call is not None or self.clone is not _from_config:
            raise BadArgument(
                f"clone_model: {name} is subclassed; its structure is Python code, and neither "
                "layers nor inputs can be exchanged in it.",
                fix=f"make a new one: `{name}(…)`.",
            )
        with loading(lambdas="keep"):
            config = serialization.serialize_keras_object(model)
            return serialization.deserialize_keras_object(config, {name: type(model)})


def _input_like(layer: Operation) -> KerasTensor:
    assert isinstance(layer, InputLayer)
    return Input(
        batch_shape=layer.batch_shape,
        dtype=layer.dtype,
        name=layer.name,
        optional=layer.optional,
    )


def _input(tensor: KerasTensor) -> KerasTensor:
    """The tensor itself, or an `Input` like it where a layer made it."""
    if isinstance(node_of(tensor).operation, InputLayer):
        return tensor
    return Input(batch_shape=tensor.shape, dtype=tensor.dtype)


def _kinds(leaves: list[Any]) -> str:
    """What was given, in one line: arrays by their type alone."""
    return str([t if isinstance(t, KerasTensor) else type(t) for t in leaves])


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model of `model.to_json()`, with new weights."""
    if not isinstance(json_string, (str, bytes, bytearray)):
        raise WrongType("model_from_json takes text.", given=repr(json_string))
    try:
        config = json.loads(json_string)
    except ValueError as error:
        raise BadArgument(
            f"model_from_json: the text is not JSON ({error}).",
            given=f"{json_string[:40]!r}",
            expected="what `model.to_json()` returned",
        ) from error
    if isinstance(config, dict) and "class_name" in config and "module" not in config:
        config = modern_layer(config)  # of Keras 2
    return serialization.deserialize_keras_object(config, custom_objects)
