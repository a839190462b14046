"""FeatureSpace: the columns of a table, each encoded in its way, as one vector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np

from rosenblatt import layers, saving
from rosenblatt.core import registry, serialization
from rosenblatt.core.checks import Check, anything, choice
from rosenblatt.core.errors import BadArgument, NotFitted, nearest
from rosenblatt.core.settings import setting
from rosenblatt.core.symbolic import KerasTensor, tree_map
from rosenblatt.core.types import PathLike, Tree
from rosenblatt.data.frames import frame_columns, is_frame, native, with_names
from rosenblatt.data.precision import warn_of_rounding
from rosenblatt.data.reading import is_stream
from rosenblatt.data.text import host_array
from rosenblatt.graph.graph import Graph
from rosenblatt.models.features import KINDS, Cross, Feature, FeatureKinds, TFDConcat, cardinality

_FEATURES = Check(
    lambda value: isinstance(value, Mapping), "a dict from columns to kinds", wrong=[3, ["a"]]
)


def _are_crosses(value: Any) -> bool:
    """Whether a value is None, or crosses: objects, their configs, or the names of columns."""
    if isinstance(value, str | Mapping):
        return False
    for cross in () if value is None else value:
        named = isinstance(cross, list | tuple) and all(isinstance(one, str) for one in cross)
        if not named and not isinstance(cross, Cross | Mapping):
            return False
    return True


_CROSSES = Check(
    _are_crosses,
    "a list of tuples of columns, or None",
    lambda value: [] if value is None else list(value),
    wrong=[3, "ab", [1]],
)


@registry.builtin("keras.utils")
class FeatureSpace(FeatureKinds, layers.Layer):
    """Columns of numbers and text, each encoded by its kind, concatenated to one vector.

    Args:
        features: kind of each column by name: "float", "float_normalized", "float_rescaled",
            "float_discretized", "integer_categorical", "string_categorical", "integer_hashed",
            "string_hashed", or what the methods of these names give.
        output_mode: "concat" for one vector, "dict" for the encoded columns by name.
        crosses: pairs (or more) of columns whose combinations are hashed.
        crossing_dim: number of bins of a cross.
        hashing_dim: number of bins of hashed columns.
        num_discretization_bins: number of bins of discretized columns.
        name: its name.

    Raises:
        ValueError: no features; an unknown kind; a cross of a missing column.

    >>> space = FeatureSpace({"age": "float", "city": "string_categorical"})
    >>> data = {"age": [33.0, 57.0], "city": ["Rome", "Bonn"]}
    >>> space.adapt(data)
    >>> space(data)
    Array([[33.,  0.,  1.,  0.],
           [57.,  0.,  0.,  1.]], dtype=float32)
    """

    features: Mapping[str, Any] = setting(_FEATURES)
    output_mode: str = setting(choice("concat", "dict"), default="concat")
    crosses: Iterable[Any] = setting(_CROSSES, default=None)
    crossing_dim: int = setting(anything, default=32)
    hashing_dim: int = setting(anything, default=32)
    num_discretization_bins: int = setting(anything, default=32)
    __argument_order__ = ("name",)

    def __post_init__(self) -> None:
        """Make the layers of the features and crosses."""
        if not self.features:
            raise BadArgument(f"FeatureSpace {self.name!r}: `features` is empty.")
        self.features = {key: self._feature_of(key, one) for key, one in self.features.items()}
        self.crosses = [self._cross_of(cross) for cross in self.crosses]
        self.crosses_by_name = {cross.name: cross for cross in self.crosses}
        self.inputs = {
            key: layers.Input((1,), dtype=feature.dtype, name=key)
            for key, feature in self.features.items()
        }
        self.preprocessors = {key: one.preprocessor for key, one in self.features.items()}
        self.crossers = {
            cross.name: layers.HashedCrossing(cross.crossing_dim, name=cross.name)
            for cross in self.crosses
        }
        self.one_hot_encoders: dict[str, Any] = {}
        self.concat: Any = None
        self.encoded_features: Any = None
        self._is_adapted = False

    def _feature_of(self, name: str, feature: Feature | Mapping[str, Any] | str) -> Feature:
        if isinstance(feature, Mapping):
            feature = serialization.deserialize_keras_object(dict(feature))
        if isinstance(feature, Feature):
            return feature
        if not isinstance(feature, str) or feature not in KINDS:
            raise BadArgument(
                f"FeatureSpace {self.name!r}: unknown kind of feature {name!r} in `features`.",
                given=repr(feature),
                fix=nearest(str(feature), KINDS),
            )
        bins = {
            "float_discretized": self.num_discretization_bins,
            "integer_hashed": self.hashing_dim,
            "string_hashed": self.hashing_dim,
        }
        sizes = (bins[feature],) if feature in bins else ()
        return getattr(self, feature)(*sizes, name=name)

    def _cross_of(self, cross: Any) -> Cross:
        if isinstance(cross, Mapping):
            cross = serialization.deserialize_keras_object(dict(cross))
        if not isinstance(cross, Cross):
            cross = Cross(cross, crossing_dim=self.crossing_dim)
        for name in cross.feature_names:
            if name not in self.features:
                raise BadArgument(
                    f"FeatureSpace {self.name!r}: one of `crosses` needs feature {name!r}, "
                    "which does not exist.",
                    given=f"the cross {cross.feature_names}",
                    fix=nearest(name, self.features),
                )
        return cross

    # -- learning --------------------------------------------------------------------------

    def adapt(self, dataset: Tree) -> None:
        """Learn vocabularies, means and bins from data.

        Args:
            dataset: a dict or frame of columns, or a stream of dicts of columns.

        Raises:
            ValueError: other data, or a missing column.
        """
        if is_stream(dataset):
            batches: Any = list(dataset) if iter(dataset) is dataset else dataset
        else:
            batches = [self._columns(dataset)]
            numbers = [n for n, f in self.features.items() if f.dtype.startswith("float")]
            warn_of_rounding({name: batches[0][name] for name in numbers}, "dataset")
        for name in self._adaptable():
            self.preprocessors[name].adapt(self._column_of(batches, name))
        self._is_adapted = True
        self.encoded_features = None

    def _column_of(self, batches: Iterable[Mapping[str, Any]], name: str) -> Iterator[np.ndarray]:
        for batch in batches:
            array = host_array(self._columns(batch)[name], f"feature {name!r}")
            yield with_names(array.reshape(len(array) if array.ndim else 1, -1), (name,))

    def _adaptable(self) -> list[str]:
        return [
            name
            for name, layer in self.preprocessors.items()
            if hasattr(layer, "adapt")
            and getattr(layer, "input_mean", None) is None
            and not getattr(layer, "_has_input_vocabulary", False)
            and getattr(layer, "num_bins", 1) is not None
        ]

    def _columns(self, data: Tree) -> dict[str, Any]:
        """The columns of a dict or frame that the space has features for."""
        if is_frame(data):
            data = native(data)
            data = {name: data[name] for name in frame_columns(data)}
        if not isinstance(data, Mapping):
            raise BadArgument(
                f"FeatureSpace {self.name!r} takes a dict of columns.",
                given=f"a {type(data).__name__}",
                expected=f"a dict or a table with {list(self.features)}",
            )
        for name in self.features:
            if name not in data:
                raise BadArgument(
                    f"FeatureSpace {self.name!r}: the data lack feature {name!r}.",
                    given=f"columns {list(data)}",
                )
        return {name: data[name] for name in self.features}

    # -- encoding --------------------------------------------------------------------------

    def get_inputs(self) -> dict[str, KerasTensor]:
        """The symbolic inputs by name, for a functional model."""
        self.get_encoded_features()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """The symbolic vector (or dict of vectors) made of `get_inputs()`.

        Raises:
            ValueError: there is something to learn, and `adapt` was not called.
        """
        if not self._is_adapted and self._adaptable():
            raise NotFitted(
                f"FeatureSpace {self.name!r} has not learned {self._adaptable()} yet.",
                fix="call `space.adapt(data)` first.",
            )
        if self.encoded_features is None:
            self.encoded_features = self._encode()
            self._graph_of_features = Graph(self.inputs, self.encoded_features, self.name)
            self.built = True
        return self.encoded_features

    def _encode(self) -> Any:
        columns = {name: layer(self.inputs[name]) for name, layer in self.preprocessors.items()}
        crossed = {
            cross.name: self.crossers[cross.name]([columns[n] for n in cross.feature_names])
            for cross in self.crosses
        }
        specs = [*self.features.items(), *((cross.name, cross) for cross in self.crosses)]
        specs = sorted(specs[: len(columns)]) + sorted(specs[len(columns) :])  # by name
        encoded = {
            name: self._one_hot(name, spec, {**columns, **crossed}[name]) for name, spec in specs
        }
        if self.output_mode == "dict":
            return encoded
        for name, tensor in encoded.items():
            if tensor.dtype.startswith(("int", "string")):
                raise BadArgument(
                    f"FeatureSpace {self.name!r}: feature {name!r} is not encoded, so it "
                    "cannot be concatenated.",
                    given=f"dtype {tensor.dtype}",
                    fix='give it `output_mode="one_hot"`, or the space `output_mode="dict"`.',
                )
        self.concat = self.concat or TFDConcat(axis=-1)
        return self.concat(list(encoded.values()))

    def _one_hot(self, name: str, spec: Any, tensor: KerasTensor) -> KerasTensor:
        if spec.output_mode != "one_hot":
            return tensor
        if name not in self.one_hot_encoders:
            layer = self.preprocessors.get(name) or self.crossers[name]
            tokens = cardinality(layer, name)
            self.one_hot_encoders[name] = layers.CategoryEncoding(tokens, output_mode="multi_hot")
        return self.one_hot_encoders[name](tensor)

    def __call__(self, data: Tree) -> Any:
        """Encode columns.

        Args:
            data: a dict or frame of columns; or a dict of single values.

        Returns:
            A (rows, size) array, or (size,) for single values; a dict of such in "dict" mode.
        """
        self.get_encoded_features()
        arrays = {
            name: host_array(column, f"feature {name!r}")
            for name, column in self._columns(data).items()
        }
        single = any(array.ndim == 0 for array in arrays.values())
        arrays = {n: a.reshape(len(a), -1) if a.ndim else a[None, None] for n, a in arrays.items()}
        outputs = self._graph_of_features.run(arrays)
        return tree_map(lambda a: a[0], outputs) if single else outputs

    # -- configuration and files -----------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal space."""
        return self.own_config()

    def get_build_config(self) -> dict[str, Any]:
        """The shapes that the preprocessing layers were built for."""
        return {name: layer.get_build_config() for name, layer in self.preprocessors.items()}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build the preprocessing layers; what they have learned comes from the file."""
        for name, shapes in config.items():
            if not self.preprocessors[name].built and shapes:
                self.preprocessors[name].build_from_config(shapes)
        self._is_adapted = True

    def save(self, filepath: PathLike) -> None:
        """Save it to a path that ends in `.keras`; `load_model` reads it."""
        self.get_encoded_features()
        saving.save_model(self, filepath)

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Nothing: its layers have their own."""

    def load_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Nothing: its layers have their own."""
