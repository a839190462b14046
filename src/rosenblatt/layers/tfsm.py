"""TFSMLayer: a SavedModel as a layer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.errors import explain, nearest
from rosenblatt.core.loading import in_safe_mode
from rosenblatt.core.registry import builtin
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.layers.base import Layer
from rosenblatt.layers.saved_program import read_saved_model

_ENDPOINTS = ("serve", "serving_default")


@builtin("keras.layers")
class TFSMLayer(Layer):
    """A model that `model.export(folder)` wrote, as a layer that predicts; JAX runs its program.

    Needs neither TensorFlow nor the code that defined the model. It has no weights: they are
    constants of the program, which cannot be trained on.

    Args:
        filepath: the folder.
        call_endpoint: "serve", which takes and gives what the model did; or "serving_default",
            which gives a dict by the outputs' names.
        call_training_endpoint: the one that is called with `training=True`; the same if None.

    Called with what the model takes: an array, a nest of arrays, or a dict by the inputs' names.

    Raises:
        FileNotFoundError: no SavedModel at that place.
        ValueError: one that another program wrote, or that is damaged; an unknown endpoint; inputs
            that do not fit.

    >>> import tempfile
    >>> import numpy as np
    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1, kernel_initializer="ones")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.export(folder + "/model")
    ...     layer = TFSMLayer(folder + "/model")
    >>> layer(np.array([[1.0, 2.0]]))
    Array([[3.]], dtype=float32)
    """

    row_independent = False  # of a program nobody knows
    runs_user_code = True

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        call_endpoint: str = "serve",
        call_training_endpoint: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(trainable=trainable, name=name, dtype=dtype, autocast=False)
        for endpoint in (call_endpoint, call_training_endpoint or "serve"):
            if endpoint not in _ENDPOINTS:
                raise ValueError(
                    explain(
                        f"TFSMLayer: {os.fspath(filepath)!r} has no endpoint {endpoint!r}.",
                        expected=" or ".join(map(repr, _ENDPOINTS)),
                        fix=nearest(str(endpoint), _ENDPOINTS),
                    )
                )
        self.filepath = os.fspath(filepath)
        self.call_endpoint = call_endpoint
        self.call_training_endpoint = call_training_endpoint
        self.saved = read_saved_model(self.filepath)
        self.built = True

    def call(self, inputs: Any, training: bool | None = False, **kwargs: Any) -> Any:
        """What the model predicts."""
        endpoint = self.call_training_endpoint if training else None
        by_name = (endpoint or self.call_endpoint) == "serving_default"
        arrays = self._arranged(inputs, kwargs)
        program = self.saved.program
        found = jax.tree_util.tree_leaves(self._run(*arrays))
        if by_name:
            return dict(zip(self.saved.names.outputs, found, strict=True))
        return jax.tree_util.tree_unflatten(program.out_tree, found)

    def _run(self, *arrays: Any) -> Any:
        program, name = self.saved.program, self.name

        @jax.custom_jvp
        def run(*values: Any) -> Any:
            args, kwargs = jax.tree_util.tree_unflatten(program.in_tree, values)
            return jax.tree_util.tree_leaves(program.call(*args, **kwargs))

        @run.defjvp
        def refuse(*_: Any) -> Any:
            raise ValueError(
                explain(
                    f"Layer {name!r} (TFSMLayer) has no gradient: an exported program only "
                    "predicts.",
                    fix="freeze the layers before it (`layer.trainable = False`), or load the "
                    "model's `.keras` file.",
                )
            )

        return run(*arrays)

    def _arranged(self, inputs: Any, others: Mapping[str, Any]) -> list[Any]:
        """The arrays in the order of the program's inputs, in their dtypes."""
        args, kwargs = self.saved.structure()
        expected = {**dict(zip(self.saved.names.arguments, args, strict=False)), **kwargs}
        first = next(iter(expected))
        if set(others) != set(expected) - {first}:
            raise self._mismatch(f"arguments {[first, *others]}", f"arguments {list(expected)}")
        given: dict[int, Any] = {}
        for name, value in {first: inputs, **others}.items():
            self._match(value, expected[name], given)
        return [self._fitted(given[place], place) for place in range(len(self.saved.takes))]

    def _match(self, value: Any, wanted: Any, given: dict[int, Any]) -> None:
        """Note each array of a nest under the number that stands in its place."""
        if isinstance(wanted, int):
            if isinstance(value, Mapping) and set(value) == {self.saved.names.inputs[wanted]}:
                value = next(iter(value.values()))
            if isinstance(value, (list, tuple)) and len(value) == 1 and hasattr(value[0], "shape"):
                value = value[0]
            if isinstance(value, (Mapping, tuple)):
                raise self._mismatch(_kind(value), "one array")
            given[wanted] = value
            return
        places = tree_leaves(wanted)
        names = [self.saved.names.inputs[place] for place in places]
        if isinstance(value, Mapping) and not isinstance(wanted, Mapping):
            if set(value) != set(names):
                raise self._mismatch(f"a dict with {sorted(map(str, value))}", f"inputs {names}")
            given.update({place: value[name] for place, name in zip(places, names, strict=True)})
            return
        if isinstance(wanted, Mapping):
            if not isinstance(value, Mapping) or set(value) != set(wanted):
                raise self._mismatch(_kind(value), f"a dict with {sorted(wanted)}")
            pairs = [(value[key], wanted[key]) for key in wanted]
        else:
            if not isinstance(value, (list, tuple)) or len(value) != len(wanted):
                raise self._mismatch(_kind(value), f"a list of {len(wanted)}: {names}")
            pairs = list(zip(value, wanted, strict=True))
        for one, other in pairs:
            self._match(one, other, given)

    def _fitted(self, value: Any, place: int) -> Any:
        """An array in the dtype that the program takes, its shape checked."""
        wanted = self.saved.takes[place]
        array = jnp.asarray(value)
        fits = array.ndim == len(wanted.shape) and all(
            have == want or not isinstance(want, int)
            for have, want in zip(array.shape, wanted.shape, strict=True)
        )
        if not fits:
            shape = tuple(size if isinstance(size, int) else None for size in wanted.shape)
            name = self.saved.names.inputs[place]
            raise self._mismatch(f"{name!r} of shape {tuple(array.shape)}", f"shape {shape}")
        return array.astype(wanted.dtype)

    def _mismatch(self, given: str, expected: str) -> ValueError:
        return ValueError(
            explain(
                f"Layer {self.name!r} (TFSMLayer): the inputs are not those of the exported model.",
                given=given,
                expected=expected,
            )
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as long as the folder is there."""
        return {
            **super().get_config(),
            "filepath": self.filepath,
            "call_endpoint": self.call_endpoint,
            "call_training_endpoint": self.call_training_endpoint,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer of a config; loading a model file reads no other files unless it is asked to.

        Raises:
            ValueError: in safe mode.
        """
        if in_safe_mode():
            raise ValueError(
                explain(
                    f"Layer {config.get('name')!r} (TFSMLayer) names another file.",
                    given=repr(config.get("filepath")),
                    fix="if you trust both files, `load_model(path, safe_mode=False)`.",
                )
            )
        return super().from_config(config)


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"a dict with {sorted(map(str, value))}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"one array of shape {tuple(getattr(value, 'shape', ()))}"
