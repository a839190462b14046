"""Random initializers whose spread follows from the number of inputs and outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rosenblatt.core.checks import anything, choice, number
from rosenblatt.core.settings import setting
from rosenblatt.core.types import DTypeLike
from rosenblatt.initializers.base import RandomInitializer, family

_MODES = ("fan_in", "fan_out", "fan_avg")
_distribution = choice(
    "truncated_normal",
    "untruncated_normal",
    "uniform",
    "normal",
    keep=lambda name: "truncated_normal" if name == "normal" else name,
    any_case=True,
)
# Standard deviation of a standard normal variable cut at ±2.
_TRUNCATED_STDDEV = 0.87962566103423978


def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """How many inputs one output of a kernel sees, and how many outputs one input reaches.

    Args:
        shape: the kernel's shape, (…, inputs, outputs).
        input_axes, output_axes: the axes that count as inputs and as outputs; the last two if
            either is None, both times the product of the axes before them.

    Returns:
        (fan in, fan out).

    >>> compute_fans((784, 300))
    (784, 300)
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        fan_in = math.prod(shape[axis] for axis in input_axes)
        return int(fan_in), int(math.prod(shape[axis] for axis in output_axes))
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    field = math.prod(shape[:-2])
    return int(shape[-2] * field), int(shape[-1] * field)


@family.entry()
class VarianceScaling(RandomInitializer):
    """Values of variance scale / n, n = fan in, fan out or their mean.

    Args:
        scale: positive factor of the variance.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal" (or "normal"), "untruncated_normal" or "uniform".
        seed: an integer, a `SeedGenerator` or None (drawn).
        input_axes, output_axes: axes that count as inputs and outputs; None: the last two.

    Raises:
        ValueError: a scale that is not positive, an unknown mode or distribution.

    >>> VarianceScaling(2.0, "fan_out", "uniform", seed=1)((3, 2)).shape
    (3, 2)
    """

    scale: float = setting(number(above=0), default=1.0)
    mode: str = setting(choice(*_MODES), default="fan_in")
    distribution: str = setting(_distribution, default="truncated_normal")
    input_axes: Sequence[int] | None = setting(anything, default=None)
    output_axes: Sequence[int] | None = setting(anything, default=None)
    __argument_order__ = ("seed", "input_axes", "output_axes")

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        """Values of the shape and dtype."""
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}
        variance = self.scale / max(1.0, fan[self.mode])
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return self.uniform(shape, -limit, limit, dtype)
        stddev = math.sqrt(variance)
        if self.distribution == "untruncated_normal":
            return self.normal(shape, 0.0, stddev, dtype, bound=None)
        return self.normal(shape, 0.0, stddev / _TRUNCATED_STDDEV, dtype, bound=2.0)


@family.entry()
class GlorotUniform(VarianceScaling):
    """Uniform in ±√(6 / (fan in + fan out)): keeps variances level both ways through tanh layers.

    Glorot and Bengio, 2010, "Understanding the difficulty of training deep feedforward networks".

    >>> bool(abs(GlorotUniform(seed=1)((4, 2))).max() <= 1.0)
    True
    """

    scale, mode, distribution = 1.0, "fan_avg", "uniform"


@family.entry()
class GlorotNormal(VarianceScaling):
    """Normal of variance 2 / (fan in + fan out), cut at two deviations (Glorot and Bengio, 2010).

    >>> GlorotNormal(seed=1)((4, 2)).shape
    (4, 2)
    """

    scale, mode, distribution = 1.0, "fan_avg", "truncated_normal"


@family.entry()
class HeUniform(VarianceScaling):
    """Uniform in ±√(6 / fan in): keeps variances level through ReLU layers.

    He et al., 2015, "Delving deep into rectifiers", arXiv:1502.01852.

    >>> bool(abs(HeUniform(seed=1)((6, 2))).max() <= 1.0)
    True
    """

    scale, mode, distribution = 2.0, "fan_in", "uniform"


@family.entry()
class HeNormal(VarianceScaling):
    """Normal of variance 2 / fan in, cut at two deviations (He et al., 2015).

    >>> HeNormal(seed=1)((4, 2)).shape
    (4, 2)
    """

    scale, mode, distribution = 2.0, "fan_in", "truncated_normal"


@family.entry()
class LecunUniform(VarianceScaling):
    """Uniform in ±√(3 / fan in) (LeCun et al., 1998, "Efficient BackProp").

    >>> bool(abs(LecunUniform(seed=1)((3, 2))).max() <= 1.0)
    True
    """

    scale, mode, distribution = 1.0, "fan_in", "uniform"


@family.entry()
class LecunNormal(VarianceScaling):
    """Normal of variance 1 / fan in, cut at two deviations: what SELU needs (LeCun et al., 1998).

    >>> LecunNormal(seed=1)((4, 2)).shape
    (4, 2)
    """

    scale, mode, distribution = 1.0, "fan_in", "truncated_normal"
