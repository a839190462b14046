"""Kinds of hyperparameters, and their configs, where Keras Tuner has them."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.errors import BadArgument, nearest
from rosenblatt.tuner.hyperparameters import KINDS, HyperParameters
from rosenblatt.tuner.kinds import Boolean, Choice, Fixed, HyperParameter
from rosenblatt.tuner.ranges import Float, Int

_CLASSES: dict[str, Any] = {
    **KINDS,
    **{cls.__name__: cls for cls in (HyperParameter, HyperParameters)},
}


def serialize(obj: HyperParameter | HyperParameters) -> dict[str, Any]:
    """A hyperparameter or a space as plain data.

    >>> serialize(Boolean("normalize"))["class_name"]
    'Boolean'
    """
    return {"class_name": type(obj).__name__, "config": obj.get_config()}


def deserialize(config: dict[str, Any]) -> Any:
    """What `serialize` gave, as an object again.

    Raises:
        ValueError: a config of something else.

    >>> deserialize(serialize(Int("units", 1, 8))).values
    [1, 2, 3, 4, 5, 6, 7, 8]
    """
    name = config.get("class_name") if isinstance(config, dict) else None
    if name not in _CLASSES or "config" not in config:
        raise BadArgument(
            "deserialize: no config of a hyperparameter.",
            given=repr(config),
            expected='{"class_name": …, "config": …}',
            fix=nearest(str(name), _CLASSES),
        )
    return _CLASSES[str(name)].from_config(config["config"])


__all__ = [
    "Boolean",
    "Choice",
    "Fixed",
    "Float",
    "HyperParameter",
    "HyperParameters",
    "Int",
    "deserialize",
    "serialize",
]
