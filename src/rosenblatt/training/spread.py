"""Training over several devices, of one process or of several.

The state is copied to all devices, batches are cut by rows, and `jit` is told so: XLA's partitioner
keeps the meaning of the program. Several processes meet where their programs must agree.
"""

from __future__ import annotations

import functools
import threading
import weakref
import zlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from rosenblatt.core.errors import explain
from rosenblatt.core.types import Tree
from rosenblatt.core.variable import moving_together
from rosenblatt.training.flat import FlatGradients
from rosenblatt.training.meeting import meeting
from rosenblatt.training.placement import Placement, StateVariables, TrainState


class Spread(Placement):
    """Several devices: the state on each of them, and the rows of each batch divided among them.

    XLA keeps the meaning of a program: losses, metrics, batch normalization and dropout are those
    of the whole batch, and the numbers those of one device but for the order of sums. Outside of
    programs everything sees the values of this process's first device, as NumPy arrays.

    Args:
        mesh: the devices; rows are divided along its first axis.
        gives_parts: whether each process gives its own part of a stream's batches.
    """

    is_divided = True

    def __init__(self, mesh: Mesh, gives_parts: bool = False):
        self.key = (
            "spread",
            mesh.axis_names,
            mesh.devices.shape,
            *(d.id for d in mesh.devices.flat),
        )
        self._mesh = mesh
        self.devices, self._parts = mesh.devices.size, mesh.devices.shape[0]
        self._whole = NamedSharding(mesh, PartitionSpec())
        self.flat = FlatGradients(mesh) if self._parts > 1 else None
        # By the `id` of a value that was handed out: what tells whether it is alive, and the array
        # on all devices that it is a part of.
        self._handed: dict[int, tuple[weakref.ref[np.ndarray], jax.Array]] = {}
        # Two programs that reach the devices in different orders would wait for each other forever.
        self._order = threading.Lock()
        numbers = {device.process_index for device in mesh.devices.flat}
        self._meeting = meeting() if len(numbers) > 1 else None
        self.is_shared = self._meeting is not None
        self.gives_parts = gives_parts and self.is_shared
        self.is_main = self._meeting is None or self._meeting.process == 0
        self._met: weakref.WeakSet[Any] = weakref.WeakSet()  # programs that all processes have

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
        return value if self._is_placed(value) else self._put(value, self._whole)

    def _put(self, value: Any, where: NamedSharding) -> jax.Array:
        if not self.is_shared:
            return jax.device_put(value, where)
        host = np.asarray(value)  # of which each process takes the part of its devices
        return jax.make_array_from_callback(host.shape, where, lambda index: host[index])

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
                return self._put(array, along if full == rows else self._whole)
            indices = np.minimum(np.arange(full), rows - 1)
            return self._put(np.take(np.asarray(array), indices, axis), along)

        return jax.tree_util.tree_map(placed, arrays)

    def join(self, blocks: Tree) -> Any:
        """Stacked batches of which each process has a part of the rows, as those of all."""
        along = NamedSharding(self._mesh, PartitionSpec(None, self._mesh.axis_names[0]))
        put = functools.partial(jax.make_array_from_process_local_data, along)
        return jax.tree_util.tree_map(put, blocks)

    def hold(self, arrays: Tree, axis: int, fill: bool) -> Any:
        """The same: what is placed stays there."""
        return self.place(arrays, axis, fill)

    def call(self, program: Callable[..., Any], *args: Tree) -> Any:
        """What a program gives; programs of several threads reach all devices in one order."""
        with self._order:
            if self._meeting is not None and program not in self._met:
                # Whose program is compiled later must not keep the others waiting inside of it.
                self._meeting.exchange("a new program")
                self._met.add(program)
            return program(*args)

    def steps(self, wanted: int, left: int) -> int:
        """Of a block that several processes compute all: their clocks differ."""
        return left if self.is_shared else super().steps(wanted, left)

    def meet(self, what: str, told: str = "") -> list[str]:
        """What every process tells where all come to the same point."""
        return [told] if self._meeting is None else self._meeting.exchange(what, told)

    def any(self, flag: bool) -> bool:
        """Whether any process says yes."""
        return "yes" in self.meet("a question to all", "yes" if flag else "no")

    def share(self, variables: StateVariables) -> None:
        """Give the variables the values of the first process."""
        if self._meeting is None:
            return
        state = jax.tree_util.tree_map(np.asarray, variables.gather())
        leaves, structure = jax.tree_util.tree_flatten(state)
        content = b"".join(leaf.tobytes() for leaf in leaves)
        found, start, new = self._meeting.from_first("the state of the start", content), 0, []
        for leaf in leaves:
            part = np.frombuffer(found, leaf.dtype, leaf.size, start)
            new.append(part.reshape(leaf.shape))
            start += leaf.nbytes
        variables.scatter(jax.tree_util.tree_unflatten(structure, new))

    def check_equal(self, variables: StateVariables) -> None:
        """Refuse values that differ between processes."""
        if self._meeting is None:
            return
        sums = [zlib.crc32(np.asarray(value).tobytes()) for value in variables.values()]
        told = self._meeting.exchange(
            "a comparison of the states", str(zlib.crc32(str(sums).encode()))
        )
        if len(set(told)) > 1:
            raise RuntimeError(
                explain(
                    "The processes have different weights.",
                    given=f"checksums {', '.join(told)}",
                    expected="the same on all",
                    fix="give all processes the same data and the same kind of processor.",
                )
            )

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
