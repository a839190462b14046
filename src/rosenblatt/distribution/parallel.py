"""Ways to train one model on several devices; of them the one that divides the batch is here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NoReturn, cast

import jax

from rosenblatt.core.errors import WrongType, explain, warn_user
from rosenblatt.core.variable import Variable
from rosenblatt.distribution.devices import list_devices
from rosenblatt.distribution.mesh import DeviceMesh, TensorLayout
from rosenblatt.training import placement
from rosenblatt.training.spread import Spread

_AXIS = "batch"


class DataParallel:
    """Each batch is divided among devices, and the weights stand on each of them.

    `batch_size` is always that of the whole batch, whatever the number of devices. Losses, metrics,
    batch normalization and dropout are those of the whole batch, so training gives the numbers of
    one device but for the order in which sums are rounded. Any batch size does: what is missing to
    a multiple of the devices is filled up with rows that do not count.

    It may be chosen at any time, before or after a model is made, and for another `fit` another.

    Args:
        device_mesh: the devices; batches are divided along its first axis.
        devices: their names, such as "gpu:0", in place of a mesh. All devices if both are None.
        auto_shard_dataset: with several processes, whether their generators and other streams all
            give the same batches, of which each process takes its part. If False, each gives its
            own part of every batch, of as many rows as the others.

    Raises:
        WrongType: `device_mesh` is no `DeviceMesh`.
        BadArgument: a device that does not exist, or one that is named twice.

    Source: data parallel training with synchronous steps; the divided program is XLA's (Xu et al.,
    GSPMD: General and Scalable Parallelization for ML Computation Graphs, 2021).

    >>> import numpy as np
    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    >>> model.compile(optimizer="sgd", loss="mse")
    >>> with DataParallel(devices=["cpu:0"]).scope():
    ...     history = model.fit(np.ones((8, 2)), np.ones(8), batch_size=3, verbose=0)
    >>> list(history.history)
    ['loss']
    """

    def __init__(
        self,
        device_mesh: DeviceMesh | None = None,
        devices: Sequence[str | jax.Device] | None = None,
        auto_shard_dataset: bool = True,
    ):
        if device_mesh is None:
            # Names that are known to exist, unless the user gave others.
            chosen = list_devices() if devices is None or len(devices) == 0 else list(devices)
            device_mesh = DeviceMesh((len(chosen),), (_AXIS,), chosen)
        elif not isinstance(device_mesh, DeviceMesh):
            raise WrongType(
                "DataParallel: bad `device_mesh`.",
                given=f"{type(device_mesh).__name__}: {device_mesh!r:.80}",
                expected="a `DeviceMesh`",
            )
        elif len(device_mesh.shape) != 1:
            warn_user(
                explain(
                    "DataParallel: the mesh has more than one axis.",
                    given=repr(device_mesh),
                    expected=f"one axis; batches are divided along {device_mesh.axis_names[0]!r} "
                    "only",
                )
            )
        self._device_mesh = device_mesh
        self.auto_shard_dataset = auto_shard_dataset
        self.placement: placement.Placement = Spread(
            device_mesh.backend_mesh, gives_parts=not auto_shard_dataset
        )

    @property
    def device_mesh(self) -> DeviceMesh:
        """The devices."""
        return self._device_mesh

    @property
    def batch_dim_name(self) -> str:
        """The name of the mesh's axis along which batches are divided."""
        return self._device_mesh.axis_names[0]

    @property
    def num_model_replicas(self) -> int:
        """How many devices have the weights."""
        return self._device_mesh.devices.size

    @property
    def num_processes(self) -> int:
        """How many processes take part."""
        return jax.process_count()

    @property
    def data_shard_id(self) -> int:
        """Which part of the data is this process's."""
        return jax.process_index()

    def get_data_layout(self, data_shape: Sequence[int | None]) -> TensorLayout:
        """How arrays of rows lie on the devices: divided along their first axis."""
        axes = [self.batch_dim_name, *[None] * (len(data_shape) - 1)]
        return TensorLayout(axes, self._device_mesh)

    def get_variable_layout(self, variable: Variable) -> TensorLayout:
        """How a weight lies on the devices: whole on each."""
        return TensorLayout([None] * len(variable.shape), self._device_mesh)

    def get_tensor_layout(self, path: str) -> None:
        """None: what lies between layers lies as XLA has it."""

    def distribute_dataset(self, dataset: Any) -> Any:
        """The data of this process; with one process all."""
        return dataset

    def scope(self) -> AbstractContextManager[Any]:
        """Choose these devices for a `with` block of this thread."""
        return placement.scope_of(self)

    def __repr__(self) -> str:
        return f"<DataParallel device_mesh={self._device_mesh}>"


def set_distribution(value: DataParallel | None) -> None:
    """Choose the devices that train and predict, for all models; None: the one that JAX chooses.

    It may be called at any time, before or after a model is made.

    Args:
        value: the choice.

    Raises:
        WrongType: no `DataParallel`.

    >>> set_distribution(DataParallel(devices=["cpu:0"]))
    >>> distribution().num_model_replicas
    1
    >>> set_distribution(None)
    """
    if value is not None and not isinstance(value, DataParallel):
        raise WrongType(
            "set_distribution: bad `value`.",
            given=f"{type(value).__name__}: {value!r:.80}",
            expected="a `DataParallel`, or None",
        )
    placement.set_distribution(value)


def distribution() -> DataParallel | None:
    """The choice of devices that holds now; None where JAX chooses.

    >>> print(distribution())
    None
    """
    return cast("DataParallel | None", placement.distribution())


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(
        explain(
            f"{name}: weights are not divided among devices here.",
            expected="a model that fits one device: networks on tables and small images do",
            fix="divide the batch, `DataParallel()`; for larger models use Keras.",
        )
    )


class ModelParallel:
    """Refused: networks on tables and small images fit one device, and the batch is divided.

    Raises:
        NotImplementedError: always, with what to use instead.
    """

    def __init__(self, *args: object, **kwargs: object):
        _refuse("ModelParallel")


class LayoutMap:
    """Refused, as `ModelParallel` is.

    Raises:
        NotImplementedError: always, with what to use instead.
    """

    def __init__(self, *args: object, **kwargs: object):
        _refuse("LayoutMap")
