"""Where values lie while programs run: the one file that knows devices.

Here it is the device that JAX chooses. Training over several devices is another `Placement`: one
that copies the state to all of them, cuts blocks by rows, and says so to `jit`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import jax

from rosenblatt.core.types import Tree
from rosenblatt.training.state import StateVariables, TrainState


class Placement:
    """One device.

    Attributes:
        key: part of the key of every program: programs for other devices are others.
    """

    key: Hashable = None

    def load(self, variables: StateVariables) -> TrainState:
        """The variables' values, where programs take them."""
        return variables.gather()

    def store(self, variables: StateVariables, state: TrainState) -> None:
        """Give the variables the state's values; the rest of the library reads them there."""
        variables.scatter(state)

    def place(self, arrays: Tree) -> Any:
        """A block's arrays for one call, which takes them to the device."""
        return arrays

    def hold(self, arrays: Tree) -> Any:
        """A block's arrays for many calls, on the device once."""
        return jax.device_put(arrays)

    def steps(self, wanted: int, left: int) -> int:
        """How many steps a call may take, of those that are left in a block."""
        return min(wanted, left)

    def jit(self, function: Callable[..., Any]) -> Any:
        """The function, to be lowered and compiled."""
        # Unused arguments stay, so that programs of one text take the same arguments.
        return jax.jit(function, keep_unused=True)


HERE = Placement()
