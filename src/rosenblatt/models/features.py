"""What a `FeatureSpace` is made of: features, crosses, and the methods that make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt import layers
from rosenblatt.core import registry, serialization
from rosenblatt.core.checks import anything
from rosenblatt.core.errors import BadArgument, nearest
from rosenblatt.core.naming import auto_name
from rosenblatt.core.settings import setting
from rosenblatt.core.types import ArrayLike, Tree
from rosenblatt.layers.base import Layer

_HOME = "keras.src.layers.preprocessing.feature_space"


def check_choice(name: str, value: object, allowed: Sequence[str], where: str) -> None:
    """Refuse a value that is not one of some names.

    Raises:
        ValueError: with the nearest one.
    """
    if value not in allowed:
        raise BadArgument(
            f"{where}: bad `{name}`.",
            given=repr(value),
            expected=f"one of {', '.join(map(repr, allowed))}",
            fix=nearest(str(value), allowed),
        )


@registry.builtin(_HOME)
class Cross:
    """Features whose combinations are hashed.

    Args:
        feature_names: names of two or more features.
        crossing_dim: number of bins.
        output_mode: "one_hot" or "int".
    """

    def __init__(
        self, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot"
    ):
        check_choice("output_mode", output_mode, ("int", "one_hot"), "Cross")
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim
        self.output_mode = output_mode

    @property
    def name(self) -> str:
        """The features' names, joined."""
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal cross."""
        return {
            "feature_names": self.feature_names,
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Cross:
        """The cross of a config."""
        return cls(**config)


@registry.builtin(_HOME)
class Feature:
    """A column: its dtype, the layer that preprocesses it, and how the result is encoded.

    Args:
        dtype: dtype of the column.
        preprocessor: a layer.
        output_mode: "float" (as the layer gives it), "one_hot" or "int".
    """

    def __init__(self, dtype: str, preprocessor: Layer, output_mode: str):
        check_choice("output_mode", output_mode, ("int", "one_hot", "float"), "Feature")
        self.dtype = dtype
        if isinstance(preprocessor, dict):
            preprocessor = serialization.deserialize_keras_object(preprocessor)
        self.preprocessor = preprocessor
        self.output_mode = output_mode

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal feature."""
        return {
            "dtype": self.dtype,
            "preprocessor": serialization.serialize_keras_object(self.preprocessor),
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Feature:
        """The feature of a config."""
        return cls(**config)


@registry.builtin(_HOME)
class TFDIdentity(layers.Layer):
    """Gives a column as it is; the name is that of Keras, which files hold."""

    def call(self, inputs: Tree) -> Any:
        """The inputs."""
        return inputs


@registry.builtin(_HOME)
class TFDConcat(layers.Layer):
    """Joins encoded columns; the name is that of Keras, which files hold.

    Args:
        axis: where to join.
    """

    axis: int = setting(anything)

    def call(self, inputs: Tree) -> Any:
        """The columns side by side."""
        return jnp.concatenate(inputs, axis=self.axis)


KINDS = (
    "float", "float_rescaled", "float_normalized", "float_discretized", "integer_categorical",
    "string_categorical", "integer_hashed", "string_hashed",
)  # fmt: skip


class FeatureKinds:
    """The kinds of features, made by name."""

    @classmethod
    def cross(
        cls, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> Cross:
        """Combinations of features, hashed."""
        return Cross(feature_names, crossing_dim, output_mode=output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Layer, output_mode: str) -> Feature:
        """A column with a custom layer."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Numbers as they are."""
        layer = TFDIdentity(dtype="float32", name=_preprocessor("float", name))
        return Feature("float32", layer, "float")

    @classmethod
    def float_rescaled(
        cls, scale: ArrayLike = 1.0, offset: ArrayLike = 0.0, name: str | None = None
    ) -> Feature:
        """Numbers times a scale plus an offset."""
        layer = layers.Rescaling(scale, offset, name=_preprocessor("float_rescaled", name))
        return Feature("float32", layer, "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Numbers with mean 0 and standard deviation 1."""
        layer = layers.Normalization(axis=-1, name=_preprocessor("float_normalized", name))
        return Feature("float32", layer, "float")

    @classmethod
    def float_discretized(
        cls,
        num_bins: int | None,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Numbers in bins."""
        layer = layers.Discretization(
            bin_boundaries, num_bins, name=_preprocessor("float_discretized", name)
        )
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Integers by a vocabulary."""
        named = _preprocessor("integer_categorical", name)
        layer = layers.IntegerLookup(max_tokens, num_oov_indices, name=named)
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Strings by a vocabulary."""
        named = _preprocessor("string_categorical", name)
        layer = layers.StringLookup(max_tokens, num_oov_indices, name=named)
        return Feature("string", layer, output_mode)

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Strings in bins, by their hash."""
        layer = layers.Hashing(num_bins, name=_preprocessor("string_hashed", name))
        return Feature("string", layer, output_mode)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Integers in bins, by their hash."""
        layer = layers.Hashing(num_bins, name=_preprocessor("integer_hashed", name))
        return Feature("int32", layer, output_mode)


def _preprocessor(kind: str, name: str | None) -> str:
    return f"{name or auto_name(kind)}_preprocessor"


def cardinality(layer: Layer, name: str) -> int:
    """How many integers a preprocessing layer may give.

    Raises:
        ValueError: a layer of which that is not known.
    """
    if isinstance(layer, (layers.IntegerLookup, layers.StringLookup)):
        return layer.vocabulary_size()
    if isinstance(layer, layers.Discretization):
        return layer.num_bins or len(layer.bin_boundaries or ()) + 1
    if isinstance(layer, (layers.HashedCrossing, layers.Hashing)):
        return layer.num_bins
    raise BadArgument(
        f"FeatureSpace: how many values feature {name!r} may have is not known, so it cannot "
        'be encoded with `output_mode="one_hot"`.',
        given=f"preprocessor {type(layer).__name__}",
        fix='give it `output_mode="int"` or "float".',
    )
