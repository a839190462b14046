"""Random initializers whose spread is given."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rosenblatt.core.checks import anything
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import setting
from rosenblatt.core.types import DTypeLike
from rosenblatt.initializers.base import RandomInitializer, family


@family.entry("normal")
class RandomNormal(RandomInitializer):
    """Normal values N(mean, stddev²).

    Args:
        mean: their mean.
        stddev: their standard deviation.
        seed: an integer, a `SeedGenerator` or None (drawn).

    >>> RandomNormal(seed=1)((2, 3)).shape
    (2, 3)
    """

    mean: float = setting(anything, default=0.0)
    stddev: float = setting(anything, default=0.05)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        """Values of the shape and dtype."""
        return self.normal(shape, self.mean, self.stddev, dtype, bound=None)


@family.entry()
class TruncatedNormal(RandomInitializer):
    """Normal values N(mean, stddev²); those more than two deviations away are drawn again.

    Args:
        mean: their mean.
        stddev: the standard deviation before cutting (0.88 of it remains).
        seed: an integer, a `SeedGenerator` or None (drawn).

    >>> bool(abs(TruncatedNormal(seed=1)((1000,))).max() <= 0.1)
    True
    """

    mean: float = setting(anything, default=0.0)
    stddev: float = setting(anything, default=0.05)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        """Values of the shape and dtype."""
        return self.normal(shape, self.mean, self.stddev, dtype, bound=2.0)


@family.entry("uniform")
class RandomUniform(RandomInitializer):
    """Uniform values in [minval, maxval).

    Args:
        minval: lower end.
        maxval: upper end.
        seed: an integer, a `SeedGenerator` or None (drawn).

    >>> RandomUniform(0.0, 1.0, seed=1)((2,)).dtype
    dtype('float32')
    """

    minval: float = setting(anything, default=-0.05)
    maxval: float = setting(anything, default=0.05)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        """Values of the shape and dtype."""
        return self.uniform(shape, self.minval, self.maxval, dtype)


@family.entry(also=["OrthogonalInitializer"])
class Orthogonal(RandomInitializer):
    """A random orthogonal matrix times `gain` (Saxe et al., 2013, arXiv:1312.6120).

    The QR factor Q of a normal matrix, columns signed by the diagonal of R, so that every
    orthogonal matrix is as likely as any other. A shape of more than two dimensions is flattened
    to (all but the last, last).

    Args:
        gain: factor of the matrix.
        seed: an integer, a `SeedGenerator` or None (drawn).

    Raises:
        ValueError: called for a shape of fewer than two dimensions.

    >>> q = Orthogonal(seed=1)((3, 3))
    >>> bool(np.allclose(q @ q.T, np.eye(3), atol=1e-6))
    True
    """

    gain: float = setting(anything, default=1.0)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        """The matrix, in the shape and dtype."""
        if len(shape) < 2:
            raise BadArgument(
                "Orthogonal makes matrices only.",
                given=f"shape {tuple(shape)}",
                expected="a shape of at least two dimensions",
            )
        draw, target = self.float_dtypes(dtype)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        size = (max(rows, columns), min(rows, columns))
        q, r = np.linalg.qr(self.generator().standard_normal(size, dtype=draw))
        q = q * np.where(np.diagonal(r) < 0, draw(-1), draw(1))
        if rows < columns:
            q = q.T
        return (draw(self.gain) * q.reshape(tuple(shape))).astype(target)
