"""A family of parts: from what a user may write for a part to the part, and back to a config."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from rosenblatt.core import faces, registry
from rosenblatt.core.errors import BadArgument, UnknownName, WrongType, nearest
from rosenblatt.core.naming import to_snake_case
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.core.types import Identifier

T = TypeVar("T")


@functools.lru_cache(maxsize=256)  # reading a signature takes longer than making the object
def _needed_arguments(cls: type) -> list[str]:
    try:
        parameters = inspect.signature(cls).parameters
    except ValueError:  # a class of Python's, such as `int`
        return []
    return [
        name
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


class Family:
    """The parts of one kind: losses, optimizers, layers …

    A part is entered where it is defined; the files of a family are loaded when a name is asked
    for that is not entered yet.

    Args:
        kind: what one of them is, for messages: "loss".
        module: where Keras exports them from: "keras.losses".
        home: the package whose files define them: "rosenblatt.losses".
        common: the files that are looked in first, where a name does not tell its file.
        snake_case: whether classes are known by their name in snake case too.
        any_case: whether names are known in any case.

    >>> shapes = Family("shape", "docs.shapes", __name__)
    >>> @shapes.entry("sq")
    ... class Square:
    ...     def get_config(self):
    ...         return {}
    >>> type(shapes.get("sq")).__name__
    'Square'
    >>> shapes.get("squre")
    Traceback (most recent call last):
    ...
    rosenblatt.core.errors.UnknownName: Unknown shape 'squre'. Fix: did you mean 'Square'?
    """

    def __init__(
        self,
        kind: str,
        module: str,
        home: str,
        common: Iterable[str] = (),
        *,
        snake_case: bool = False,
        any_case: bool = False,
    ):
        self.kind = kind
        self.module = module
        self._home = home
        self._common = [f"{home}.{file}" for file in common]
        self._read: set[str] = set()
        self._snake_case = snake_case
        self._any_case = any_case
        self._parts: dict[str, Any] = {}

    def entry(self, *aliases: str, also: Iterable[str] = ()) -> Callable[[T], T]:
        """Enter a class or function under its name and others.

        Args:
            aliases: further names that users may write; not used in configs.
            also: further class names that Keras's files use for it.
        """

        def enter(part: T) -> T:
            name: str = part.__name__  # type: ignore[attr-defined]
            names = [name, *aliases, *also]
            if self._snake_case and isinstance(part, type):
                names.append(to_snake_case(name))
            for one in names:
                self._parts[self._key(one)] = part
            return registry.builtin(self.module, *also)(part)

        return enter

    def _key(self, name: str) -> str:
        return name.lower() if self._any_case else name

    def find(self, name: str) -> Any:
        """The class or function of a name, or None."""
        key = self._key(name)
        if key not in self._parts:
            spelled = to_snake_case if self._snake_case else self._key
            wanted = spelled(name)
            likely = faces.modules_of(self._home, lambda one: spelled(one) == wanted)
            for module in self._files(likely):
                self._load(module)
                if key in self._parts:
                    break
        return self._parts.get(key)

    def _files(self, likely: Iterable[str] = ()) -> Iterator[str]:
        """The modules of the family that are not loaded yet: the likely and the common ones first.

        Some of the names that a package offers are another one's; these are no files of it.
        """
        for module in dict.fromkeys([*likely, *self._common, *faces.modules_of(self._home)]):
            if module not in self._read and module.startswith(f"{self._home}."):
                yield module

    def _load(self, module: str) -> None:
        faces.bring_in(module)
        self._read.add(module)

    @property
    def parts(self) -> Mapping[str, Any]:
        """Every name, with its class or function."""
        for module in self._files():
            self._load(module)
        return self._parts

    def get(self, identifier: Identifier) -> Any:
        """The part meant by None, a name, a config, a class, a function or the part itself.

        Returns:
            None for None; a function for the name of one; else an object.

        Raises:
            UnknownName: an unknown name, with the nearest one.
            BadArgument: a class that needs arguments, or no such part.
        """
        if identifier is None:
            return None
        if isinstance(identifier, Mapping):
            found = self.deserialize(identifier)
        elif isinstance(identifier, str):
            found = registry.get_registered_object(identifier)
            found = self.find(identifier) if found is None else found
            if found is None:
                raise UnknownName(
                    f"Unknown {self.kind} {identifier!r}.", fix=nearest(identifier, self.parts)
                )
        else:
            found = identifier
        if isinstance(found, type):
            self._require_no_arguments(found, identifier)
            found = found()
        if not callable(found) and not hasattr(found, "get_config"):
            raise BadArgument(
                f"Cannot understand this {self.kind}.",
                given=repr(identifier),
                expected=f"a name, a config dict, a function or an object of a {self.kind} class",
            )
        return found

    def _require_no_arguments(self, cls: type, identifier: Identifier) -> None:
        needed = _needed_arguments(cls)
        if needed:
            arguments = ", ".join(f"{name}=…" for name in needed)
            raise BadArgument(
                f"The {self.kind} {cls.__name__} needs arguments.",
                given=repr(identifier) if isinstance(identifier, str) else "the class",
                fix=f"pass the object: `{cls.__name__}({arguments})`.",
            )

    def serialize(self, part: Any) -> Any:
        """The config of a part, in Keras's format; a function of the library's by its name."""
        return serialize_keras_object(part)

    def deserialize(
        self,
        config: Mapping[str, Any] | str | None,
        custom_objects: Mapping[str, Any] | None = None,
    ) -> Any:
        """The part of a config; `{"class_name": ..., "config": {...}}` is enough.

        Args:
            config: what `serialize` returned.
            custom_objects: names of classes and functions that are not built in.

        Raises:
            UnknownClass: a class that is not known, with how to register it.
        """
        if isinstance(config, str) and (found := self.find(config)) is not None:
            return found
        described = isinstance(config, Mapping) and "class_name" in config
        if not described and not isinstance(config, (str, type(None))):
            raise WrongType(
                f"`config` is not that of a {self.kind}.",
                given=f"{type(config).__name__}: {config!r}",
                expected="what `serialize` returned",
            )
        if isinstance(config, Mapping) and "class_name" in config and not config.get("module"):
            self.find(config["class_name"])
            config = {**config, "module": self.module}
        return deserialize_keras_object(config, custom_objects)
