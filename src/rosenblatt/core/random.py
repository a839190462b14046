"""Seeds: NumPy generators for what happens once, JAX keys for what happens in a program."""

from __future__ import annotations

import os
import random as _python_random
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core.errors import BadArgument, OutOfRange, WrongType
from rosenblatt.core.naming import auto_name, current_path
from rosenblatt.core.registry import builtin
from rosenblatt.core.scope import holding
from rosenblatt.core.variable import Variable

# Where seeds are drawn from: a generator of the context's own, or else the library's. The global
# generators of Python and NumPy are the user's: they are neither read nor set, but by the one
# function whose purpose it is.
_library = _python_random.Random()
_own: ContextVar[_python_random.Random | None] = ContextVar("seeds", default=None)
if hasattr(os, "register_at_fork"):  # children draw other seeds, as with Python's own generator
    os.register_at_fork(after_in_child=_library.seed)
_last_set: list[int | None] = [None]  # what `set_random_seed` was given


def _generator() -> _python_random.Random:
    return _own.get() or _library


def set_random_seed(seed: int) -> None:
    """Seed every layer, initializer and shuffle made from here on, and Python's and NumPy's global
    generators.

    Nothing else sets those two, and nothing here reads them: `random.seed` and `numpy.random.seed`
    are for the user's own numbers.

    Args:
        seed: an integer from 0 to 2³² − 1.

    Raises:
        ValueError: not an integer.

    >>> set_random_seed(42)
    """
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise BadArgument(
            "set_random_seed: bad `seed`.", given=repr(seed), expected="an integer ≥ 0"
        )
    _generator().seed(int(seed))
    _python_random.seed(int(seed))
    np.random.seed(int(seed))
    _last_set[0] = int(seed)


def random_seed_set() -> int | None:
    """The seed that `set_random_seed` was last given; None where it was not called.

    >>> set_random_seed(42)
    >>> random_seed_set()
    42
    """
    return _last_set[0]


def checked_seed(seed: Any, owner: str, expected: str = "") -> int:
    """A seed that fits into the state of a generator.

    Args:
        seed: as it was given.
        owner: who takes it, for the message.
        expected: what else may be given, for the message.

    Raises:
        BadArgument: not an integer; an `OverflowError` too where it has more than 32 bits.

    >>> checked_seed(3, "Dropout")
    3
    """
    whole = isinstance(seed, (int, np.integer))
    if not whole or not 0 <= seed < 2**32:
        raise (OutOfRange if whole else BadArgument)(
            f"{owner}: bad `seed`.", given=repr(seed), expected=f"an integer ≥ 0{expected}"
        )
    return int(seed)


def draw_seed(most: int = 10**9) -> int:
    """A seed from 1 to `most` for an object that was given none."""
    return _generator().randint(1, most)


def seeded(seed: int | None) -> AbstractContextManager[Any]:
    """Draw seeds from a generator of this context's own, whatever other threads draw.

    Args:
        seed: where it starts; None changes nothing.

    >>> with seeded(1):
    ...     first = draw_seed()
    >>> with seeded(1):
    ...     draw_seed() == first
    True
    """
    return nullcontext() if seed is None else holding(_own, _python_random.Random(int(seed)))


@builtin("keras.random")
class SeedGenerator:
    """A seed and a counter that lives in a model's state: each draw gets a key of its own.

    Args:
        seed: an integer; drawn if None.
        name: accepted for Keras's sake.

    >>> SeedGenerator(1).next()
    Array([1, 0], dtype=uint32)
    """

    untraced = ("name", "_initial_seed")  # the state is an argument of programs

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any):
        if kwargs:
            raise WrongType(
                f"SeedGenerator has no argument {next(iter(kwargs))!r}.",
                expected="`seed` and `name`",
            )
        self._initial_seed = seed
        if seed is None:
            seed = draw_seed()
        seed = checked_seed(seed, "SeedGenerator")
        self.name = name or auto_name(type(self).__name__)
        self.state = Variable(
            np.array([seed, 0], "uint32"),
            dtype="uint32",
            trainable=False,
            autocast=False,
            name="seed_generator_state",
        )
        self.state.path = "/".join((*current_path(), self.name, "seed_generator_state"))

    def next(self, ordered: bool = True) -> Any:
        """A key of shape (2,), uint32; the counter moves on by one."""
        key = self.state.value
        self.state.assign(key + jnp.array([0, 1], "uint32"))
        return key

    def save_own_variables(self, store: Any) -> None:
        """Put its state into a mapping under "0"."""
        store["0"] = self.state.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take its state from a mapping; keep it where the mapping is empty."""
        if "0" in store:
            self.state.assign(store["0"])

    def get_config(self) -> dict[str, Any]:
        """The seed it was given, and its name."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """A generator that starts from a config's seed."""
        return cls(**config)


def key_of(seed: int | SeedGenerator | None) -> Any:
    """A JAX key from an integer, a generator (its next key), or nothing (a drawn seed)."""
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is not None and not isinstance(seed, (int, np.integer, np.ndarray, jax.Array)):
        raise WrongType(
            "bad `seed`.", given=repr(seed), expected="an integer, a `SeedGenerator` or None"
        )
    if isinstance(seed, (int, np.integer)):
        seed = checked_seed(seed, "random", ", a `SeedGenerator` or None")
    return jnp.array([draw_seed() if seed is None else seed, 0], "uint32")
