"""What every initializer is: a callable from a shape and a dtype to an array, found by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

import jax
import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.checks import anything
from rosenblatt.core.errors import BadArgument, NotSupported
from rosenblatt.core.family import Family
from rosenblatt.core.random import SeedGenerator, checked_seed, draw_seed
from rosenblatt.core.registry import builtin
from rosenblatt.core.serialization import deserialize_keras_object
from rosenblatt.core.settings import Configured, setting
from rosenblatt.core.types import DTypeLike, Identifier

family = Family(
    "initializer",
    "keras.initializers",
    "rosenblatt.initializers",
    ["scaling", "constants", "random"],
    snake_case=True,
)
serialize, deserialize = family.serialize, family.deserialize


def get(identifier: Identifier | np.ndarray | jax.Array) -> Any:
    """The initializer meant by a name, a config, a class, a function, an array or None.

    Args:
        identifier: for example "he_normal", `HeNormal`, `HeNormal(seed=1)`, its config, a function
            `(shape, dtype=None) -> array`, or an array of the variable's shape.

    Returns:
        A callable `(shape, dtype=None) -> array`, or None for None.

    Raises:
        ValueError: an unknown name, with the nearest one.

    >>> type(get("he_normal")).__name__
    'HeNormal'
    """
    if isinstance(identifier, (np.ndarray, np.generic, jax.Array)):
        return _of_array(identifier)
    return family.get(identifier)


def _of_array(values: np.ndarray | jax.Array) -> Callable[..., np.ndarray]:
    def initializer(shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        if tuple(shape) != tuple(values.shape):
            raise BadArgument(
                "The array given as an initializer has another shape than the variable.",
                given=tuple(values.shape),
                expected=tuple(shape),
            )
        return np.asarray(values).astype(dtypes.numpy_dtype(dtypes.standardize_dtype(dtype)))

    return initializer


@builtin("keras.initializers")
class Initializer(Configured):
    """First values of a variable; subclasses write `__call__(shape, dtype=None)`.

    >>> class Twos(Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return np.full(shape, 2.0, dtype)
    >>> Twos()((2,), dtype="float32")
    array([2., 2.], dtype=float32)
    """

    __explained__ = ("__call__",)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> Any:
        """The values, an array of the shape and dtype."""
        raise NotSupported(
            f"Initializer {type(self).__name__} has no `__call__`.",
            fix="define `__call__(self, shape, dtype=None)` that returns an array.",
        )

    def clone(self) -> Self:
        """Another initializer with the same arguments; a seed that was drawn is drawn again."""
        return type(self).from_config(self.get_config())


class RandomInitializer(Initializer):
    """An initializer that draws its values from a NumPy generator.

    Args:
        seed: an integer ≥ 0 (equal values at every call), a `SeedGenerator` (other values at every
            call), its config, or None: an integer is drawn now.

    Raises:
        ValueError: another seed.
    """

    seed: Any = setting(anything, default=None, kw_only=True, attribute="_init_seed")
    __argument_order__: ClassVar[tuple[str, ...]] = ("seed",)

    def __post_init__(self) -> None:
        """Draw a seed where none is given."""
        seed = self.__settings__["seed"].value_of(self)
        if isinstance(seed, Mapping):
            seed = deserialize_keras_object(seed)
        if seed is None:
            seed = draw_seed()
        if not isinstance(seed, SeedGenerator):
            seed = checked_seed(seed, type(self).__name__, ", a `SeedGenerator` or None")
        self.seed = seed

    def generator(self) -> np.random.Generator:
        """The generator for one call."""
        if not isinstance(self.seed, SeedGenerator):
            return np.random.default_rng(int(self.seed))
        state = self.seed.state.numpy()
        # Counted in NumPy: the generator's own `next()` would compile an addition.
        self.seed.state.assign(state + np.array([0, 1], "uint32"))
        return np.random.default_rng(state.tolist())

    def float_dtypes(self, dtype: DTypeLike) -> tuple[Any, np.dtype]:
        """The dtype to draw in (float32 or float64) and the dtype to return."""
        name = dtypes.standardize_dtype(dtype)
        if not dtypes.is_float_dtype(name):
            raise BadArgument(
                f"{type(self).__name__} draws real numbers.",
                given=f"dtype {name!r}",
                expected="a float dtype",
            )
        return (np.float64 if name == "float64" else np.float32), dtypes.numpy_dtype(name)

    def normal(
        self,
        shape: Sequence[int],
        mean: float,
        stddev: float,
        dtype: DTypeLike,
        bound: float | None,
    ) -> np.ndarray:
        """Normal values; with a bound, those farther from the mean (in deviations) drawn again."""
        draw, target = self.float_dtypes(dtype)
        generator = self.generator()
        values = np.asarray(generator.standard_normal(tuple(shape), dtype=draw))
        if bound is not None:
            flat = values.reshape(-1)
            outside = np.flatnonzero(np.abs(flat) > bound)
            while outside.size:
                flat[outside] = generator.standard_normal(outside.size, dtype=draw)
                outside = outside[np.abs(flat[outside]) > bound]
        return (values * draw(stddev) + draw(mean)).astype(target)

    def uniform(
        self, shape: Sequence[int], low: float, high: float, dtype: DTypeLike
    ) -> np.ndarray:
        """Uniform values in [low, high)."""
        draw, target = self.float_dtypes(dtype)
        values = np.asarray(self.generator().random(tuple(shape), dtype=draw))
        return (values * draw(high - low) + draw(low)).astype(target)
