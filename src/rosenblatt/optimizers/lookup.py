"""From a name, config, class or object to an optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.core.serialization import deserialize_keras_object, resolve, serialize_keras_object
from rosenblatt.optimizers.adam import Adam, Adamax, AdamW, Nadam
from rosenblatt.optimizers.adaptive import Adadelta, Adagrad, Lion
from rosenblatt.optimizers.base import Optimizer
from rosenblatt.optimizers.factored import Adafactor
from rosenblatt.optimizers.ftrl import Ftrl
from rosenblatt.optimizers.layerwise import Lamb, ScheduleFreeAdamW
from rosenblatt.optimizers.loss_scale import LossScaleOptimizer
from rosenblatt.optimizers.multi import MultiOptimizer
from rosenblatt.optimizers.muon import Muon
from rosenblatt.optimizers.optax_adapter import OptaxOptimizer, is_transform
from rosenblatt.optimizers.rmsprop import RMSprop
from rosenblatt.optimizers.sgd import SGD

_CLASSES: tuple[type[Optimizer], ...] = (
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, LossScaleOptimizer,
    MultiOptimizer, Muon, Nadam, RMSprop, SGD, ScheduleFreeAdamW,
)  # fmt: skip
_TABLE: dict[str, Any] = {cls.__name__.lower(): cls for cls in _CLASSES}


def serialize(optimizer: Any) -> Any:
    """The config of an optimizer, in Keras's format."""
    return serialize_keras_object(optimizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The optimizer of a config; built-in class names in any case."""
    name, registered = str(config.get("class_name", "")), config.get("registered_name")
    cls = _TABLE.get(name.lower())
    # A class of the same name that is registered under another one is the user's own.
    if cls is not None and registered in (None, name) and name not in (custom_objects or {}):
        config = {**config, "module": cls._keras_module, "class_name": cls.__name__}
    return deserialize_keras_object(config, custom_objects)


def get(identifier: Any) -> Any:
    """The optimizer meant by a name (in any case), a config, a class, an optimizer or None.

    An Optax transform becomes an optimizer too.

    Raises:
        ValueError: an unknown name, with the nearest one, or something that is not an optimizer.

    >>> get("SGD").get_config()["momentum"]
    0.0
    """
    if is_transform(identifier):
        return OptaxOptimizer(identifier)
    if isinstance(identifier, Mapping):
        identifier = deserialize(identifier)
    elif isinstance(identifier, str) and identifier.lower() in _TABLE:
        identifier = identifier.lower()
    found = resolve(identifier, _TABLE, "optimizer")
    if found is None or isinstance(found, Optimizer):
        return found
    raise ValueError(
        explain(
            "Cannot understand this optimizer.",
            given=repr(identifier),
            expected="a name such as 'adam', a config, or an object of an `Optimizer` class",
        )
    )
