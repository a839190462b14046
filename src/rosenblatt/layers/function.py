"""Lambda: a user's function as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from rosenblatt import ops
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.loading import in_safe_mode, loading
from rosenblatt.core.registry import custom_object_scope
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.types import Mask, Shapes, Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.signatures import is_shape, map_shapes


@family.entry()
class Lambda(Layer):
    """Applies a user's function.

    A file keeps the function's name. Of a lambda, which has none, it keeps the code, which is run
    only where `load_model(path, safe_mode=False)` says so. The function may look across the rows
    of a batch: batches are not padded for it.

    Args:
        function: takes the inputs first; also `mask=` and `training=`, if it has those arguments.
        output_shape: the answer of `compute_output_shape`: the shape without the batch, or a
            function of the inputs' shape. The function's own shape if None.
        mask: the mask of the outputs, or a function `(inputs, mask)` that gives it.
        arguments: further keyword arguments for the function.

    Raises:
        ValueError: `function` is not one.

    >>> import numpy as np
    >>> Lambda(ops.square)(np.array([3.0], "float32"))
    Array([9.], dtype=float32)
    """

    row_independent = False
    runs_user_code = True

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Mask = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not callable(function):
            raise BadArgument(
                f"{self._where}: `function` is not a function.",
                given=repr(function),
                fix="write `Lambda(ops.square)` or `Lambda(lambda x: x[:, 0])`.",
            )
        if not isinstance(arguments, Mapping | None):
            raise BadArgument(
                f"{self._where}: bad `arguments`.",
                given=repr(arguments),
                expected="a dict, or None",
            )
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self.supports_masking = mask is not None
        self._output_shape = output_shape
        names = _parameters(function)
        self._passed_on = [name for name in ("mask", "training") if name in names]

    def call(self, inputs: Tree, mask: Mask = None, training: bool | None = None) -> Any:
        """The function of the inputs."""
        context = {"mask": mask, "training": training}
        passed = {name: context[name] for name in self._passed_on}
        return self.function(inputs, **self.arguments, **passed)

    def compute_mask(self, inputs: Tree, mask: Mask = None) -> Any:
        """What `mask` says."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Shapes) -> Any:
        """What `output_shape` says, else the shape that the function makes."""
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        rows = tree_leaves(input_shape)[0]
        return map_shapes(lambda shape: (rows, *shape), self._output_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, functions by their names."""
        config = {**super().get_config(), "function": _saved(self.function)}
        for name, value in (("output_shape", self._output_shape), ("mask", self.mask)):
            if value is not None:
                config[name] = _saved(value)
        return {**config, "arguments": serialize_keras_object(self.arguments)}

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, Any],
        custom_objects: Mapping[str, Any] | None = None,
        safe_mode: bool | None = None,
    ) -> Any:
        """The layer of a config.

        Args:
            config: what `get_config()` gave.
            custom_objects: names of functions that are not registered.
            safe_mode: refuse the code of lambdas; None: as the loading around it does, and where
                there is none True.
        """
        config = dict(config)
        safe = in_safe_mode() if safe_mode is None else safe_mode
        with custom_object_scope(custom_objects), loading(safe=safe):
            for name in ("function", "output_shape", "mask", "arguments"):
                if name in config:
                    config[name] = _loaded(config[name])
        if is_shape(config.get("output_shape")):
            config["output_shape"] = tuple(config["output_shape"])
        return super().from_config(config)


def _parameters(function: Any) -> Any:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # written in C: it tells nothing
        return {}


def _saved(value: Any) -> Any:
    """A value's config; the library's own functions under the module that Keras names for its."""
    config = serialize_keras_object(value)
    if isinstance(config, dict) and config.get("class_name") == "__lambda__":  # Keras's way here
        parts = zip(("code", "defaults", "closure"), config["config"]["value"], strict=True)
        return {"class_name": "__lambda__", "config": dict(parts)}
    if callable(value) and isinstance(config, str):
        named = {"module": "builtins", "class_name": "function", "config": config}
        return {**named, "registered_name": "function"}
    return config


def _loaded(config: Any) -> Any:
    if isinstance(config, Mapping) and config.get("module") == "builtins":
        name = config.get("config")
        if isinstance(name, str) and name in ops.__all__:
            return getattr(ops, name)
    return deserialize_keras_object(config)
