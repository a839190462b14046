"""What a `FeatureSpace` is made of: features, crosses, and the methods that make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt import layers
from rosenblatt.core import registry
from rosenblatt.core.checks import Check, anything, choice, or_config
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.naming import auto_name
from rosenblatt.core.settings import Configured, setting
from rosenblatt.core.types import ArrayLike, Tree
from rosenblatt.layers.base import Layer

_HOME = "keras.src.layers.preprocessing.feature_space"


@registry.builtin(_HOME)
class Cross(Configured):
    """Features whose combinations are hashed.

    Args:
        feature_names: names of two or more features.
        crossing_dim: number of bins.
        output_mode: "one_hot" or "int".
    """

    feature_names: Sequence[str] = setting(Check(lambda value: True, "names", tuple))
    crossing_dim: int = setting(anything)
    output_mode: str = setting(choice("int", "one_hot"), default="one_hot")

    @property
    def name(self) -> str:
        """The features' names, joined."""
        return "_X_".join(self.feature_names)


@registry.builtin(_HOME)
class Feature(Configured):
    """A column: its dtype, the layer that preprocesses it, and how the result is encoded.

    Args:
        dtype: dtype of the column.
        preprocessor: a layer.
        output_mode: "float" (as the layer gives it), "one_hot" or "int".
    """

    dtype: str = setting(anything)
    preprocessor: Layer = setting(or_config(anything))
    output_mode: str = setting(choice("int", "one_hot", "float"))


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
