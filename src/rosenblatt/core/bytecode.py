"""The code of a lambda as text, as Keras keeps it in files; it runs only where the user says so."""

from __future__ import annotations

import base64
import binascii
import builtins
import marshal
import types
from collections.abc import Mapping
from typing import Any

from rosenblatt.core.errors import FileRefused, NotSavable
from rosenblatt.core.loading import loading_now


def describe(function: types.FunctionType) -> Any:
    """A lambda in a config.

    Raises:
        NotSavable: within `loading(lambdas="refuse")`.
    """
    lambdas = loading_now().lambdas
    if lambdas == "keep":
        return function
    if lambdas == "refuse":
        raise NotSavable("A lambda has no name by which it is found again.")
    return {"class_name": "__lambda__", "config": {"value": code_of(function)}}


def code_of(function: types.FunctionType) -> tuple[str, Any, Any]:
    """The bytecode of a function in base64, its default arguments, and the values it encloses.

    Raises:
        NotSavable: it encloses a module, which is no value.
    """
    text = base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii")
    enclosed = function.__closure__ and tuple(cell.cell_contents for cell in function.__closure__)
    for name, value in zip(function.__code__.co_freevars, enclosed or (), strict=True):
        if isinstance(value, types.ModuleType):
            raise NotSavable(
                f"A lambda encloses the module {value.__name__!r} under the name {name!r}.",
                fix="use the module under a name outside of all functions, or write a function "
                "with a name and register it (`saving.register_keras_serializable`).",
            )
    return text, function.__defaults__, enclosed


def function_of(config: Mapping[str, Any], names: Mapping[str, Any]) -> types.FunctionType:
    """The function of a text of `code_of`.

    Args:
        config: `value`, the three parts in a list, or `code`, `defaults` and `closure`.
        names: what the function finds by name, such as modules.

    Raises:
        FileRefused: not the code of a function, or that of another version of Python.
    """
    value = config.get("value")
    parts = value if isinstance(value, (list, tuple)) else [config.get("code", value)]
    code, defaults, closure = (*parts, None, None)[:3]
    if value is None:
        defaults, closure = config.get("defaults"), config.get("closure")
    try:
        loaded = marshal.loads(base64.decodebytes(code.encode("ascii")))
        if not isinstance(loaded, types.CodeType):
            raise TypeError("not the code of a function")
        return types.FunctionType(
            loaded,
            {"__builtins__": builtins, **names},
            loaded.co_name,
            None if defaults is None else tuple(defaults),
            None if closure is None else tuple(types.CellType(value) for value in closure),
        )
    except (ValueError, TypeError, EOFError, AttributeError, binascii.Error) as error:
        raise FileRefused(
            "The code of a lambda cannot be read.",
            given=error,
            expected="what the same version of Python wrote",
            fix="save it with a named function instead, and pass that in `custom_objects`.",
        ) from error
