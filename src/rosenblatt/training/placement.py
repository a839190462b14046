"""The state of training, and where it lies while programs run: the one file that knows devices.

`HERE` is the device that JAX chooses. `Spread` is several of them: it copies the state to all, cuts
batches by rows, and says so to `jit`. Small predictions have one of their own: `CallingThread`.
"""

from __future__ import annotations

import copy
import functools
import itertools
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec, SingleDeviceSharding
from jaxlib import xla_client

from rosenblatt.core.faces import on_use
from rosenblatt.core.forking import refuse_forked
from rosenblatt.core.scope import holding
from rosenblatt.core.types import Tree
from rosenblatt.core.variable import Variable, moving_together

if TYPE_CHECKING:
    from rosenblatt.training import effort
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
    """

    key: Hashable = None
    options: dict[str, bool] | None = None

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

    def hold(self, arrays: Tree, axis: int, fill: bool) -> Any:
        """Arrays of rows for many calls, on the device once; arguments as of `place`."""
        return jax.device_put(arrays)

    def call(self, program: Callable[..., Any], *args: Tree) -> Any:
        """What a program gives for arguments that are in their place."""
        return program(*args)

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


class Spread(Placement):
    """Several devices: the state on each of them, and the rows of each batch divided among them.

    XLA keeps the meaning of a program: losses, metrics, batch normalization and dropout are those
    of the whole batch, and the numbers those of one device but for the order of sums. Outside of
    programs everything sees the values of this process's first device, as NumPy arrays.

    Args:
        mesh: the devices; rows are divided along its first axis.
    """

    def __init__(self, mesh: Mesh):
        self.key = (
            "spread",
            mesh.axis_names,
            mesh.devices.shape,
            *(d.id for d in mesh.devices.flat),
        )
        self._mesh = mesh
        self._parts = mesh.devices.shape[0]
        self._whole = NamedSharding(mesh, PartitionSpec())
        # By the `id` of a value that was handed out: what tells whether it is alive, and the array
        # on all devices that it is a part of.
        self._handed: dict[int, tuple[weakref.ref[np.ndarray], jax.Array]] = {}
        # Two programs that reach the devices in different orders would wait for each other forever.
        self._order = threading.Lock()

    def load(self, variables: StateVariables) -> TrainState:
        """The variables' values on all devices; what came from there is not copied again."""
        found: TrainState = jax.tree_util.tree_map(self._on_all, variables.gather())
        return found

    def load_for_good(self, variables: StateVariables) -> TrainState:
        """The variables' values, which `load` does not copy again from now on."""
        with moving_together:
            state = self.load(variables)
            self.store(variables, state)
        return state

    def _on_all(self, value: Any) -> jax.Array:
        known = self._handed.get(id(value))
        if known is not None and known[0]() is value:
            return known[1]
        return value if self._is_placed(value) else jax.device_put(value, self._whole)

    def store(self, variables: StateVariables, state: TrainState) -> None:
        """Give the variables the values of this process's first device: nothing is copied there."""
        variables.scatter(jax.tree_util.tree_map(self._handed_out, state))

    def _handed_out(self, value: Any) -> Any:
        if not self._is_placed(value):
            return value
        local = np.asarray(value.addressable_data(0))
        key, handed = id(local), self._handed
        if key not in handed or handed[key][1] is not value:
            handed[key] = (weakref.ref(local, lambda _: handed.pop(key, None)), value)
        return local

    def _is_placed(self, value: object) -> bool:
        return isinstance(value, jax.Array) and value.sharding.device_set == self._whole.device_set

    def place(self, arrays: Tree, axis: int, fill: bool) -> Any:
        """Arrays of rows, divided among the devices where that comes out even, else on each.

        Args:
            arrays: nest of arrays.
            axis: that of the rows.
            fill: whether copies of the last row may be added, so that it does come out even.
        """
        along = NamedSharding(self._mesh, PartitionSpec(*[None] * axis, self._mesh.axis_names[0]))

        def placed(array: Any) -> Any:
            if self._is_placed(array):
                return array
            rows = array.shape[axis]
            full = -(-rows // self._parts) * self._parts
            if full == rows or not fill:
                return jax.device_put(array, along if full == rows else self._whole)
            indices = np.minimum(np.arange(full), rows - 1)
            return jax.device_put(np.take(np.asarray(array), indices, axis), along)

        return jax.tree_util.tree_map(placed, arrays)

    def hold(self, arrays: Tree, axis: int, fill: bool) -> Any:
        """The same: what is placed stays there."""
        return self.place(arrays, axis, fill)

    def call(self, program: Callable[..., Any], *args: Tree) -> Any:
        """What a program gives; programs of several threads reach all devices in one order."""
        with self._order:
            return program(*args)

    def device_on_disk(self, arrays: list[Any]) -> None:
        """None: the files hold programs of one device."""

    def jit(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """The function, which takes arguments where they are and gives its results to all."""
        places = jax.tree_util.tree_map(
            lambda leaf: leaf.sharding if self._is_placed(leaf) else self._whole, args
        )
        return jax.jit(
            function,
            keep_unused=True,
            in_shardings=places,
            out_shardings=self._whole,
            compiler_options=self.options,
        )


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
