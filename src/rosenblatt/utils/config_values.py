"""Config: named values, as attributes and as items."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from typing import Any

from rosenblatt.core.errors import BadArgument, nearest


class Config(MutableMapping[str, Any]):
    """Named values that are read and set as attributes or items, and can be frozen.

    Args:
        kwargs: the values by name.

    >>> config = Config(learning_rate=0.1)
    >>> config.momentum = 0.9
    >>> config["momentum"], config.to_json()
    (0.9, '{"learning_rate": 0.1, "momentum": 0.9}')
    """

    def __init__(self, **kwargs: Any):
        vars(self).update(_values=dict(kwargs), _frozen=False)

    @property
    def frozen(self) -> bool:
        """Whether it can no longer be changed."""
        return bool(vars(self)["_frozen"])

    def freeze(self) -> None:
        """Refuse changes from here on."""
        vars(self)["_frozen"] = True

    def unfreeze(self) -> None:
        """Allow changes again."""
        vars(self)["_frozen"] = False

    def as_dict(self) -> dict[str, Any]:
        """The values in a new dict."""
        return dict(vars(self)["_values"])

    def to_json(self) -> str:
        """The values as JSON."""
        return json.dumps(vars(self)["_values"])

    def get(self, keyname: str, value: Any = None) -> Any:
        """A value by its name; another one where the name is unknown."""
        return vars(self)["_values"].get(keyname, value)

    def _changeable(self) -> dict[str, Any]:
        if self.frozen:
            raise BadArgument(
                "Config: it is frozen, so it cannot be changed.", fix="call `unfreeze()` first."
            )
        held: dict[str, Any] = vars(self)["_values"]
        return held

    def __getattr__(self, name: str) -> Any:
        held = vars(self).get("_values", {})
        if name not in held:
            raise AttributeError(f"Config: unknown attribute {name!r}; {nearest(name, held)}")
        return held[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._changeable()[name] = value

    def __getitem__(self, key: str) -> Any:
        return vars(self)["_values"][key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._changeable()[key] = value

    def __delitem__(self, key: str) -> None:
        del self._changeable()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(vars(self)["_values"]))

    def __len__(self) -> int:
        return len(vars(self)["_values"])

    def __repr__(self) -> str:
        return f"<Config {vars(self)['_values']}>"
