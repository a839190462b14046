"""Settings: the arguments of a part, each declared once on its class.

A declaration says the name, the check, the default and the role. From it come `__init__`, the
message where a value does not fit, `get_config`, and what compiled programs are known by.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, dataclass_transform

from rosenblatt.core.checks import Check
from rosenblatt.core.errors import NotSupported, WrongType, nearest
from rosenblatt.core.refusing import explain_methods, refusing
from rosenblatt.core.scope import EVERYTHING, HasParameters
from rosenblatt.core.serialization import serialize_keras_object
from rosenblatt.core.types import Config

_REQUIRED: Any = inspect.Parameter.empty


class Role(Enum):
    """What compiled programs have to do with a setting."""

    STRUCTURE = "programs are traced for its value"
    NUMBER = "an argument of programs, read with `parameter(name)`"
    FIRST_VALUE = "only the first values of variables depend on it"
    LABEL = "a name, which no program reads"
    HOST = "read before and after programs, never by them"


STRUCTURE, NUMBER, FIRST_VALUE, LABEL, HOST = Role


@dataclass(eq=False)
class Setting:
    """One argument of a class: its check, its default and its role. Made by `setting`."""

    check: Check
    default: Any
    role: Role
    saved: bool | None
    kw_only: bool = False
    attribute: str = ""
    name: str = ""

    def named(self, name: str) -> Setting:
        """A copy that knows its name: one declaration may serve several arguments."""
        named = copy.copy(self)
        named.name, named.attribute = name, self.attribute or name
        return named

    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            return self
        raise AttributeError(f"{owner.__name__} has not got its {self.name!r} yet")

    def value_of(self, holder: Configured) -> Any:
        """What an object keeps of it."""
        return getattr(holder, self.attribute)

    def take(self, owner: str, value: Any) -> Any:
        """What an object keeps of a value.

        Raises:
            BadArgument: the value does not fit.
        """
        return self.check.require(value, f"{owner}: {self.check.adjective} `{self.name}`.")

    def belongs_in_config(self, value: Any) -> bool:
        """Whether a config holds the value."""
        return self.saved is True or value != self.default


class _Refused(Setting):
    """A Keras argument that this library leaves out: None is all it takes."""

    def __init__(self, reason: str, saved: bool):
        super().__init__(Check(lambda value: value is None, "None"), None, Role.LABEL, saved)
        self.reason = reason

    def take(self, owner: str, value: Any) -> None:
        if value is not None:
            raise NotSupported(f"{owner}: `{self.name}` is not supported. {self.reason}".rstrip())


def setting(
    check: Check,
    *,
    default: Any = _REQUIRED,
    role: Role = Role.STRUCTURE,
    saved: bool | None = True,
    kw_only: bool = False,
    attribute: str | None = None,
) -> Any:
    """Declare an argument of a class and the attribute that keeps it.

    Args:
        check: which values fit, and what is kept of them.
        default: what the argument is where it is not given; it is checked too. Without one the
            argument must be given.
        role: what compiled programs have to do with it.
        saved: whether configs hold it; None: only where it differs from its default.
        kw_only: whether it is given by its name only.
        attribute: the attribute that keeps it; its own name if None.

    >>> from rosenblatt.core.checks import whole
    >>> class Scale(Configured):
    ...     times: int = setting(whole(least=1), default=2)
    >>> Scale(3).get_config()
    {'times': 3}
    >>> Scale(times=0)
    Traceback (most recent call last):
    ...
    rosenblatt.core.errors.BadArgument: Scale: bad `times`. Given: 0. Expected: a positive integer.
    """
    return Setting(check, default, role, saved, kw_only, attribute or "")


def refused(reason: str = "", *, saved: bool = False) -> Any:
    """Declare an argument that Keras has and this library leaves out.

    Args:
        reason: why, or what to use instead; part of the message.
        saved: whether Keras's configs hold it, as None.
    """
    return _Refused(reason, saved)


@dataclass_transform(field_specifiers=(setting, refused))
class Configured(HasParameters):
    """An object whose arguments are declared as settings.

    A class that declares settings, or their order or defaults, and writes no `__init__` gets one:
    its own settings in order, then those of its bases, then the arguments of the nearest `__init__`
    that is written by hand, which is called with them. `__post_init__()` is called at the end.

    A setting that a subclass gives a plain value, `scale = 2.0`, is not an argument of it.

    A class with an `__init__` of its own keeps it; there, `self.settle(units=units, ...)` checks
    and keeps values.
    """

    # Every setting of the class, its own and its bases'.
    __settings__: ClassVar[Mapping[str, Setting]] = {}
    # The order of the arguments that come after a class's own settings, where it is not plain; they
    # may be given by place.
    __argument_order__: ClassVar[tuple[str, ...]] = ()
    # Other defaults than the bases' for their arguments.
    __argument_defaults__: ClassVar[Mapping[str, Any]] = {}
    # The methods that say which of their arguments does not fit, in the library's classes.
    __explained__: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        own = {name: s.named(name) for name, s in vars(cls).items() if isinstance(s, Setting)}
        for name, one in own.items():
            if one.attribute == name:
                setattr(cls, name, one)
            else:
                delattr(cls, name)  # a base's property of that name stays
        found = dict(own)
        for base in cls.__bases__:
            for name, one in getattr(base, "__settings__", {}).items():
                found.setdefault(name, one)
        given = vars(cls)
        cls.__settings__ = {n: s for n, s in found.items() if given.get(s.attribute, s) is s}
        numbers = [s.attribute for s in cls.__settings__.values() if s.role is Role.NUMBER]
        cls.runtime_parameters = (
            *(name for name in cls.runtime_parameters if name not in numbers),
            *numbers,
        )
        settled = cls.__settings__.values()
        unread = [s.attribute for s in settled if s.role in (FIRST_VALUE, LABEL, HOST)]
        if cls.untraced is not EVERYTHING:
            cls.untraced = (*cls.untraced, *(name for name in unread if name not in cls.untraced))
        said = (*found, "__argument_order__", "__argument_defaults__")
        changed = own or any(name in vars(cls) for name in said)
        if changed and "__init__" not in vars(cls):
            cls.__init__ = _make_init(cls)  # type: ignore[method-assign]
        explain_methods(cls, cls.__explained__)

    def settle(self, **values: Any) -> None:
        """Check values of settings and keep them.

        Raises:
            BadArgument: a value that does not fit.
        """
        owner = type(self).__name__
        for name, value in values.items():
            one = self.__settings__[name]
            setattr(self, one.attribute, one.take(owner, value))

    def __post_init__(self) -> None:
        """Called when every setting is kept: for what depends on several of them."""

    def own_config(self) -> Config:
        """The settings as a config holds them."""
        return {
            name: serialize_keras_object(value)
            for name, one in self.__settings__.items()
            if one.saved is not False and one.belongs_in_config(value := one.value_of(self))
        }

    def get_config(self) -> Config:
        """The arguments that make an equal object."""
        return self.own_config()

    @classmethod
    @refusing("`from_config`")
    def from_config(cls, config: Config) -> Any:
        """An object with the arguments of a config."""
        return cls(**config)


def _written_init(cls: type) -> tuple[type, Callable[..., None]]:
    """The nearest `__init__` of a class's bases that was not made here, and whose it is."""
    for base in cls.__mro__[1:]:
        written = vars(base).get("__init__")
        if written is not None and not hasattr(written, "settings_of"):
            return base, written
    raise TypeError(cls)  # not met: object has one


def _make_init(cls: type[Configured]) -> Callable[..., None]:
    """An `__init__` from the settings of a class and the arguments of a written one."""
    written_by, written = _written_init(cls)
    done = getattr(written_by, "__settings__", {})
    declared = {name: s for name, s in cls.__settings__.items() if s is not done.get(name)}
    signature = _signature_of(cls, declared, written)
    takes_more = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    positional = [
        p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD
    ][1:]
    known = {p.name for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD}
    defaults = {n: s.default for n, s in declared.items() if s.default is not _REQUIRED}
    others = {k: v for k, v in cls.__argument_defaults__.items() if k not in declared}

    def __init__(self: Configured, *args: Any, **kwargs: Any) -> None:
        owner = type(self).__name__
        given = dict(zip(positional, args, strict=False))
        unknown = () if takes_more else kwargs.keys() - known
        if unknown:
            wrong = next(iter(unknown))
            raise WrongType(
                f"{owner} has no argument {wrong!r}.", fix=nearest(wrong, known - {"self"})
            )
        values = {**defaults, **others, **given, **kwargs}
        twice = given.keys() & kwargs.keys()
        if len(args) > len(positional) or twice or not declared.keys() <= values.keys():
            try:
                signature.bind(self, *args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{owner}.__init__() {error}") from None
        kept = {name: one.take(owner, values.pop(name)) for name, one in declared.items()}
        written(self, **values)
        for name, value in kept.items():
            setattr(self, declared[name].attribute, value)
        self.__post_init__()

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    __init__.settings_of = cls  # type: ignore[attr-defined]
    __init__.__module__, __init__.__qualname__ = cls.__module__, f"{cls.__qualname__}.__init__"
    return __init__


def _signature_of(
    cls: type[Configured], declared: Mapping[str, Setting], written: Callable[..., None]
) -> inspect.Signature:
    """What `inspect` and `help` show: settings in order, then the arguments of the written one."""
    kinds = inspect.Parameter
    found = {
        name: kinds(
            name,
            kinds.KEYWORD_ONLY
            if one.kw_only and name not in cls.__argument_order__
            else kinds.POSITIONAL_OR_KEYWORD,
            default=one.default,
            annotation=_annotation(cls, name),
        )
        for name, one in declared.items()
    }
    rest = []
    theirs = () if written is object.__init__ else inspect.signature(written).parameters.values()
    for parameter in [*theirs][1:]:
        name = parameter.name
        if parameter.kind in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD):
            rest += [parameter] if parameter.kind is kinds.VAR_KEYWORD else []
        elif name not in found:
            kind = (
                kinds.POSITIONAL_OR_KEYWORD
                if name in cls.__argument_order__
                else kinds.KEYWORD_ONLY
            )
            default = cls.__argument_defaults__.get(name, parameter.default)
            found[name] = parameter.replace(kind=kind, default=default)
    order = [*(n for n in found if n not in cls.__argument_order__), *cls.__argument_order__]
    chosen = sorted((found[n] for n in order if n in found), key=_place)
    first = kinds("self", kinds.POSITIONAL_OR_KEYWORD)
    return inspect.Signature([first, *chosen, *rest])


def _annotation(cls: type, name: str) -> Any:
    """The type that the nearest class gives a setting."""
    found = (inspect.get_annotations(base).get(name) for base in cls.__mro__)
    return next((one for one in found if one is not None), inspect.Parameter.empty)


def _place(parameter: inspect.Parameter) -> tuple[int, bool]:
    """Positional ones first, and of these the ones that must be given."""
    return parameter.kind, parameter.default is not parameter.empty
