"""Weights of so few bits that the file of a model is small."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rosenblatt.models.model import Functional

_BITS = 9
"""Binary digits that a weight keeps: a rounding of at most 0.2 %, of each at random."""


def rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The nearest numbers of nine binary digits, and of their two the even one.

    >>> rounded(np.array([1.001, -257.0, 1025.0, 0.0], "float32")).tolist()
    [1.0, -257.0, 1024.0, 0.0]
    """
    digits, exponents = np.frexp(values)
    return np.ldexp(np.rint(digits * 2**_BITS), exponents - _BITS).astype(np.float32)


def round_weights(network: Functional) -> None:
    """Round what was trained, once what a first layer's inputs are multiplied by is in its kernel.

    This comes before a network predicts anything: held-out scores, probabilities and intervals are
    those of the weights that a file keeps.

    Args:
        network: of `network.build_network`.
    """
    first = network.get_layer("hidden_1")
    if first.scale is not None:
        first.kernel.assign(first.kernel.numpy() * first.scale.numpy()[:, :, None])
        first.scale.assign(np.ones(first.scale.shape, np.float32))
    for weight in network.trainable_weights:
        weight.assign(rounded(weight.numpy()))
