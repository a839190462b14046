"""Devices in a grid with named axes, and how an array lies on them."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec, Sharding

from rosenblatt.core.devices import device_named
from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.core.types import Array
from rosenblatt.distribution.devices import list_devices


class DeviceMesh:
    """Devices in a grid whose axes have names.

    Args:
        shape: devices along each axis.
        axis_names: a name for each axis.
        devices: their names, such as "cpu:0", or JAX's devices; all if None.

    Raises:
        BadArgument: no axis, a name too many or too few, or a device too many or too few.

    >>> DeviceMesh((1,), ["batch"])
    <DeviceMesh shape=(1,), axis_names=('batch',)>
    """

    def __init__(
        self,
        shape: Sequence[int],
        axis_names: Sequence[str],
        devices: Sequence[str | jax.Device] | np.ndarray | None = None,
    ):
        if len(shape) == 0 or len(shape) != len(axis_names):
            raise BadArgument(
                "DeviceMesh: `shape` and `axis_names` do not belong together.",
                given=f"shape={shape}, axis_names={axis_names}",
                expected="a number of devices and a name for each axis, at least one",
            )
        found = np.array(list_devices() if devices is None else devices, dtype=object)
        if math.prod(shape) != found.size:
            raise BadArgument(
                "DeviceMesh: `shape` does not fit the number of devices.",
                given=f"shape={tuple(shape)}, devices={found.size}",
                expected=f"a shape of {found.size} devices in all",
                fix="name as many in `devices`; on a processor "
                '`jax.config.update("jax_num_cpu_devices", n)`, before JAX computes, makes n.',
            )
        self._shape, self._axis_names = tuple(shape), tuple(axis_names)
        self._devices = found.reshape(self._shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """Devices along each axis."""
        return self._shape

    @property
    def axis_names(self) -> tuple[str, ...]:
        """The axes' names."""
        return self._axis_names

    @property
    def devices(self) -> np.ndarray:
        """The devices as they were given, in the grid."""
        return self._devices

    @functools.cached_property
    def backend_mesh(self) -> Mesh:
        """The same as JAX's mesh.

        Raises:
            BadArgument: a device that does not exist, or one that is named twice.
        """
        found = [device_named(device) for device in self._devices.flat]
        if len({device.id for device in found}) < len(found):
            raise BadArgument(
                "DeviceMesh: a device is named twice.",
                given=str(self._devices.tolist()),
                expected="each device once",
            )
        grid = np.array(found, dtype=object).reshape(self._shape)
        return Mesh(grid, self._axis_names)

    def __repr__(self) -> str:
        return f"<DeviceMesh shape={self.shape}, axis_names={self.axis_names}>"


class TensorLayout:
    """Along which axes of a mesh an array is divided.

    Args:
        axes: for each axis of the array a name of the mesh's, or None where it is not divided.
        device_mesh: the mesh; it may be set later, once.

    Raises:
        ValueError: a name that the mesh does not have.

    >>> TensorLayout(["batch", None], DeviceMesh((1,), ["batch"])).axes
    ('batch', None)
    """

    def __init__(self, axes: Sequence[str | None], device_mesh: DeviceMesh | None = None):
        self._axes, self._device_mesh = tuple(axes), device_mesh
        self._check()

    def _check(self) -> None:
        if self._device_mesh is None:
            return
        unknown = {axis for axis in self._axes if axis is not None}
        if unknown := unknown - set(self._device_mesh.axis_names):
            raise BadData(
                "TensorLayout: unknown names of axes.",
                given=str(sorted(unknown)),
                expected=f"None, or of {list(self._device_mesh.axis_names)}",
            )

    @property
    def axes(self) -> tuple[str | None, ...]:
        """For each axis of the array the mesh's that divides it."""
        return self._axes

    @property
    def device_mesh(self) -> DeviceMesh | None:
        """The mesh; None where it is not known yet."""
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, device_mesh: DeviceMesh) -> None:
        if self._device_mesh is not None:
            raise BadData(
                "TensorLayout: the mesh is set already.",
                given=repr(device_mesh),
                expected=f"{self._device_mesh!r} to stay",
                fix="make another `TensorLayout`.",
            )
        self._device_mesh = device_mesh
        self._check()

    @property
    def backend_layout(self) -> NamedSharding:
        """The same as JAX's sharding.

        Raises:
            ValueError: there is no mesh yet.
        """
        if self._device_mesh is None:
            raise BadData(
                "TensorLayout: no `device_mesh` is set.", fix="set `layout.device_mesh` first."
            )
        return NamedSharding(self._device_mesh.backend_mesh, PartitionSpec(*self._axes))

    def __repr__(self) -> str:
        return f"<TensorLayout axes={self.axes}, device_mesh={self.device_mesh}>"


def distribute_tensor(tensor: Array, layout: TensorLayout | Sharding) -> jax.Array:
    """An array, divided over devices.

    Args:
        tensor: an array, or a traced one.
        layout: how; a `TensorLayout` with a mesh, or a sharding of JAX.

    Raises:
        ValueError: a layout without a mesh, or one that does not divide the array evenly.

    >>> layout = TensorLayout(["batch", None], DeviceMesh((1,), ["batch"]))
    >>> distribute_tensor(np.ones((4, 2)), layout).shape
    (4, 2)
    """
    where = layout.backend_layout if isinstance(layout, TensorLayout) else layout
    if isinstance(tensor, jax.core.Tracer):
        constrained: jax.Array = jax.lax.with_sharding_constraint(tensor, where)
        return constrained
    return jax.device_put(tensor, where)
