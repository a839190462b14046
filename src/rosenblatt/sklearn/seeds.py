"""scikit-learn's `random_state` as seeds and generators of this library."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.random import draw_seed


def generator_of(random_state: Any) -> np.random.RandomState:
    """The generator of a `random_state`.

    Args:
        random_state: an integer, a generator, which goes on, or None: a new generator, seeded as
            everything else that was given no seed. (scikit-learn takes NumPy's global one, which
            other threads and the user's own numbers share.)

    Raises:
        ValueError: none of these.

    >>> generator_of(3).randint(100)
    24
    """
    return _checked(draw_seed() if random_state is None else random_state)


def _checked(random_state: Any) -> np.random.RandomState:
    try:
        return check_random_state(random_state)
    except ValueError as error:
        raise BadArgument(
            "Bad `random_state`.",
            given=repr(random_state),
            expected="None, an integer from 0 to 2³² − 1, or a `numpy.random.RandomState`",
        ) from error


def seed_of(random_state: Any) -> int | None:
    """A seed drawn from a generator, or the integer that `random_state` is; None stays None.

    Raises:
        ValueError: none of these.
    """
    if random_state is None:
        return None
    generator = _checked(random_state)
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(generator.randint(np.iinfo(np.int32).max))
