"""The state of training, and where it lies while programs run: what knows devices.

`HERE` is the device that JAX chooses. Several of them, of one process or of many, are
`training.spread.Spread`. Small predictions have one of their own: `CallingThread`.
"""

from __future__ import annotations

import copy
import functools
import itertools
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import jax
import numpy as np
from jax.sharding import SingleDeviceSharding
from jaxlib import xla_client

from rosenblatt.core.faces import on_use
from rosenblatt.core.forking import refuse_forked
from rosenblatt.core.scope import holding
from rosenblatt.core.types import Tree
from rosenblatt.core.variable import Variable, moving_together

if TYPE_CHECKING:
    from rosenblatt.training import effort
    from rosenblatt.training.flat import FlatGradients
else:
    effort = on_use("rosenblatt.training.effort")

# The groups of the state that each step takes and returns, in Keras's order.
GROUPS = {
    "train": ("trainable", "non_trainable", "optimizer", "metrics"),
    "test": ("trainable", "non_trainable", "metrics"),
}


class TrainState(NamedTuple):
    """The values that a training step reads and returns."""

    trainable: tuple[Any, ...]
    non_trainable: tuple[Any, ...]
    optimizer: tuple[Any, ...]
    metrics: tuple[Any, ...]


class StateVariables(NamedTuple):
    """The variables whose values make up a `TrainState`, in the same order."""

    trainable: tuple[Variable, ...]
    non_trainable: tuple[Variable, ...]
    optimizer: tuple[Variable, ...] = ()
    metrics: tuple[Variable, ...] = ()

    def gather(self) -> TrainState:
        """The values now, as the variables keep them: NumPy where none was computed with yet.

        Raises:
            RuntimeError: in a forked process, where computing would hang.
        """
        refuse_forked()
        with moving_together:
            return TrainState(*[tuple([v._value for v in group]) for group in self])

    def values(self) -> list[Any]:
        """The values now, one after another, as `gather` takes them."""
        refuse_forked()
        with moving_together:
            return [v._value for group in self for v in group]

    def nested(self, values: list[Any]) -> Iterator[tuple[Any, ...]]:
        """What `values` gave, by groups again."""
        given = iter(values)
        return (tuple(itertools.islice(given, len(group))) for group in self)

    def scatter(self, state: TrainState) -> None:
        """Give the variables the state's values."""
        with moving_together:
            for group, values in zip(self, state, strict=True):
                for variable, value in zip(group, values, strict=True):
                    variable._value = value

    def bind(self, state: TrainState) -> dict[int, Any]:
        """`id(variable)` to the state's value, for a scope."""
        return {
            id(variable): value
            for group, values in zip(self, state, strict=True)
            for variable, value in zip(group, values, strict=True)
        }

    def read(self, values: dict[int, Any]) -> TrainState:
        """The state after a step, from a scope's values."""
        return TrainState(*(tuple(values[id(v)] for v in group) for group in self))


class Placement:
    """One device.

    Attributes:
        key: part of the key of every program: programs for other devices are others.
        options: XLA's options for every program.
        devices: how many there are.
        flat: adds gradients up over several devices; None leaves that to XLA.
    """

    key: Hashable = None
    options: dict[str, bool] | None = None
    devices = 1
    flat: FlatGradients | None = None
    is_divided = False  # whether the rows of a batch lie on several devices
    is_shared = False  # whether several processes take part, and must call the same programs
    gives_parts = False  # whether each of them gives its own part of the batches of a stream
    is_main = True  # whether this process writes files and shows progress

    @functools.cached_property
    def quick(self) -> Placement:
        """The same place, with programs that are compiled quickly (`training.effort`)."""
        options = effort.quick_options()
        if not options:
            return self
        other = copy.copy(self)
        other.key, other.options = (self.key, *options.items()), options
        return other

    def load(self, variables: StateVariables) -> TrainState:
        """The variables' values, where programs take them."""
        return variables.gather()

    def load_for_good(self, variables: StateVariables) -> TrainState:
        """The variables' values, for many calls: they stay on the device from now on."""
        with moving_together:
            for variable in (one for group in variables for one in group):
                variable.put_on_device()
        return self.load(variables)

    def store(self, variables: StateVariables, state: TrainState) -> None:
        """Give the variables the state's values; the rest of the library reads them there."""
        variables.scatter(state)

    def place(self, arrays: Tree, axis: int, fill: bool) -> Any:
        """Arrays of rows for one call, which takes them to the device.

        Args:
            arrays: nest of arrays.
            axis: that of the rows.
            fill: whether rows may be added, for a program that is told which are real.
        """
        return arrays

    def join(self, blocks: Tree) -> Any:
        """Stacked batches of which each process has a part of the rows, as those of all."""
        return blocks

    def hold(self, arrays: Tree, axis: int, fill: bool) -> Any:
        """Arrays of rows for many calls, on the device once; arguments as of `place`."""
        return jax.device_put(arrays)

    def call(self, program: Callable[..., Any], *args: Tree) -> Any:
        """What a program gives for arguments that are in their place."""
        return program(*args)

    def meet(self, what: str, told: str = "") -> list[str]:
        """What every process tells where all come to the same point; see `Meeting.exchange`."""
        return [told]

    def from_first(self, find: Callable[[], float]) -> float:
        """A number that the first process finds while the others wait for it."""
        told = self.meet("a number of the first process", repr(find()) if self.is_main else "")
        return float(told[0])

    def any(self, flag: bool) -> bool:
        """Whether any process says yes."""
        return flag

    def share(self, variables: StateVariables) -> None:
        """Give the variables the values of the first process."""

    def check_equal(self, variables: StateVariables) -> None:
        """Refuse values that differ between processes.

        Raises:
            RuntimeError: they do.
        """

    def steps(self, wanted: int, left: int) -> int:
        """How many steps a call may take, of those that are left in a block."""
        return min(wanted, left)

    def device_on_disk(self, arrays: list[Any]) -> jax.Device | None:
        """The one device of a program that may be kept on disk; None where the user chose one.

        Args:
            arrays: the program's arguments.
        """
        chosen = any(isinstance(array, jax.Array) and array.committed for array in arrays)
        return None if chosen else jax.local_devices()[0]

    def jit(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """The function, to be lowered and compiled for arguments that are in their place."""
        # Unused arguments stay, so that programs of one text take the same arguments.
        return jax.jit(function, keep_unused=True, compiler_options=self.options)


HERE = Placement()


class CallingThread(Placement):
    """The processor once more, by a client of XLA that runs programs in the thread that calls.

    JAX's own client hands each program to another thread and wakes this one when it is over. On a
    small network that takes longer than the arithmetic, and milliseconds where all cores are busy.
    A program of the same text gives the same bits on either.

    Args:
        device: that of the other client.
    """

    key = "calling thread"

    def __init__(self, device: jax.Device):
        self._device = device

    def hold(self, arrays: Tree, axis: int = 0, fill: bool = False) -> Any:
        """Arrays of JAX's own client, or of NumPy, for this one; most share their memory."""
        return jax.tree_util.tree_map(lambda a: jax.device_put(np.asarray(a), self._device), arrays)

    def device_on_disk(self, arrays: list[Any]) -> jax.Device | None:
        """This client's device, where all arrays are on it or NumPy's."""
        ours = {self._device}
        alike = all(a.devices() == ours for a in arrays if isinstance(a, jax.Array))
        return self._device if alike else None

    def jit(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """The function, to be lowered and compiled for this client."""
        there = SingleDeviceSharding(self._device)
        return jax.jit(function, keep_unused=True, in_shardings=there)


_making = threading.Lock()


def calling_thread() -> CallingThread | None:
    """The placement that computes in the calling thread; None where JAX does not use the processor,
    or where a user or the system has said more about devices."""
    of_jax: Any = jax.config
    if jax.default_backend() != "cpu" or of_jax.jax_default_device is not None:
        return None
    with _making:
        return _calling_thread() if jax.process_count() == 1 else None


@functools.lru_cache(maxsize=1)
def _calling_thread() -> CallingThread | None:
    try:
        client: Any = xla_client.make_cpu_client(asynchronous=False)
        return CallingThread(client.local_devices()[0])
    except (AttributeError, TypeError, RuntimeError):  # another version of jaxlib
        return None


class Distribution(Protocol):
    """A choice of devices, as `rosenblatt.distribution` offers them."""

    @property
    def placement(self) -> Placement:
        """Where programs run."""


_for_all: list[Distribution | None] = [None]
_in_scope: ContextVar[tuple[Distribution | None] | None] = ContextVar("distribution", default=None)


def distribution() -> Distribution | None:
    """The choice of devices that holds now; None where JAX chooses."""
    inner = _in_scope.get()
    return _for_all[0] if inner is None else inner[0]


def set_distribution(value: Distribution | None) -> None:
    """Choose devices: for all threads, or inside a scope until it ends."""
    if _in_scope.get() is None:
        _for_all[0] = value
    else:
        _in_scope.set((value,))


def scope_of(value: Distribution | None) -> AbstractContextManager[Any]:
    """Choose devices for a `with` block of this thread."""
    return holding(_in_scope, (value,))


def placement_now() -> Placement:
    """Where programs run now."""
    chosen = distribution()
    return HERE if chosen is None else chosen.placement
