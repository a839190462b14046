"""TFSMLayer: a SavedModel as a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.checks import anything, path
from rosenblatt.core.errors import BadArgument, BadData, FileRefused, UnknownName, nearest
from rosenblatt.core.loading import in_safe_mode
from rosenblatt.core.nesting import UnmatchedError, spread
from rosenblatt.core.settings import setting
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.types import Array, ArrayLike, Config, Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.saved_program import read_saved_model

_ENDPOINTS = ("serve", "serving_default")


@family.entry()
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
        FileRefused: one that another program wrote, or that is damaged.
        UnknownName: an unknown endpoint.
        BadData: inputs that do not fit.

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

    row_independent = False  # unknown of a program
    runs_user_code = True

    filepath: str | Path = setting(path)
    call_endpoint: str = setting(anything, default="serve")
    call_training_endpoint: str | None = setting(anything, default=None)
    __argument_order__ = ("trainable", "name", "dtype")

    def __post_init__(self) -> None:
        """Read the program."""
        self.autocast = False
        for endpoint in (self.call_endpoint, self.call_training_endpoint or "serve"):
            if endpoint not in _ENDPOINTS:
                raise UnknownName(
                    f"TFSMLayer: {self.filepath!r} has no endpoint {endpoint!r}.",
                    expected=" or ".join(map(repr, _ENDPOINTS)),
                    fix=nearest(str(endpoint), _ENDPOINTS),
                )
        self.saved = read_saved_model(self.filepath)
        self.built = True

    def call(self, inputs: Tree, training: bool | None = False, **kwargs: Tree) -> Tree:
        """What the model predicts."""
        endpoint = self.call_training_endpoint if training else None
        by_name = (endpoint or self.call_endpoint) == "serving_default"
        arrays = self._arranged(inputs, kwargs)
        found = self._run(*arrays)
        if by_name:
            return dict(zip(self.saved.names.outputs, found, strict=True))
        return jax.tree_util.tree_unflatten(self.saved.program.out_tree, found)

    def _run(self, *arrays: Array) -> list[Array]:
        program, name = self.saved.program, self.name

        @jax.custom_jvp
        def run(*values: Array) -> list[Array]:
            args, kwargs = jax.tree_util.tree_unflatten(program.in_tree, values)
            return jax.tree_util.tree_leaves(program.call(*args, **kwargs))

        @run.defjvp
        def refuse(*_: Any) -> Any:
            raise BadArgument(
                f"Layer {name!r} (TFSMLayer) has no gradient: an exported program only predicts.",
                fix="freeze the layers before it (`layer.trainable = False`), or load the "
                "model's `.keras` file.",
            )

        return run(*arrays)

    def _arranged(self, inputs: Tree, others: Mapping[str, Tree]) -> list[Array]:
        """The arrays in the order of the program's inputs, in their dtypes."""
        args, kwargs = self.saved.structure()
        expected = {**dict(zip(self.saved.names.arguments, args, strict=False)), **kwargs}
        first = next(iter(expected))
        if set(others) != set(expected) - {first}:
            raise self._mismatch(f"arguments {[first, *others]}", f"arguments {list(expected)}")
        given: dict[int, ArrayLike] = {}
        for name, value in {first: inputs, **others}.items():
            places = tree_leaves(expected[name])
            given.update(zip(places, self._parts(value, expected[name], places), strict=True))
        return [self._fitted(given[place], place) for place in range(len(self.saved.takes))]

    def _parts(self, value: Tree, wanted: Tree, places: Sequence[int]) -> list[ArrayLike]:
        """The arrays of an argument, in the order of the numbers that stand in their places."""
        names = [self.saved.names.inputs[place] for place in places]
        try:
            parts = spread(value, wanted, names, unwrap=False)
            for index, part in enumerate(parts):
                if isinstance(part, (list, tuple)) and len(part) == 1 and hasattr(part[0], "shape"):
                    parts[index] = part[0]
                elif isinstance(part, (Mapping, tuple)):
                    raise UnmatchedError("count")
        except UnmatchedError:
            if isinstance(wanted, Mapping):
                expected = f"a dict with {sorted(wanted)}"
            elif isinstance(value, Mapping) and len(names) > 1:
                expected = f"inputs {names}"
            else:
                one = isinstance(wanted, int)
                expected = "one array" if one else f"a list of {len(wanted)}: {names}"
            raise self._mismatch(_kind(value), expected) from None
        return parts

    def _fitted(self, value: ArrayLike, place: int) -> Array:
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

    def _mismatch(self, given: str, expected: str) -> BadData:
        return BadData(
            f"{self._where}: the inputs are not those of the exported model.",
            given=given,
            expected=expected,
        )

    @classmethod
    def from_config(
        cls,
        config: Config,
        custom_objects: Mapping[str, Any] | None = None,
        safe_mode: bool | None = None,
    ) -> Any:
        """A layer of a config; loading a model file reads no other files unless it is asked to.

        Args:
            config: what `get_config()` gave.
            custom_objects: accepted for Keras's sake: the config holds none.
            safe_mode: refuse; None: as the loading around it does.

        Raises:
            FileRefused: in safe mode.
        """
        if in_safe_mode() if safe_mode is None else safe_mode:
            raise FileRefused(
                f"Layer {config.get('name')!r} (TFSMLayer) names another file.",
                given=repr(config.get("filepath")),
                fix="if you trust both files, `load_model(path, safe_mode=False)`.",
            )
        return super().from_config(config)


def _kind(value: Tree) -> str:
    if isinstance(value, Mapping):
        return f"a dict with {sorted(map(str, value))}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"one array of shape {tuple(getattr(value, 'shape', ()))}"
