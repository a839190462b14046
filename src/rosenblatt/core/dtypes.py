"""Dtype names and dtype policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ml_dtypes import bfloat16

from rosenblatt.core import config
from rosenblatt.core.errors import UnknownName, nearest

if TYPE_CHECKING:
    from rosenblatt.core.symbolic import KerasTensor
    from rosenblatt.core.types import (  # imports JAX, which names of dtypes do without
        Array,
        DTypeLike,
    )

DTYPES = (
    "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
    "bfloat16", "float16", "float32", "float64", "string", "complex64", "complex128",
)  # fmt: skip
_ALIASES = {
    "float": "float32",
    "int": "int32",
    "double": "float64",
    "half": "float16",
    "str": "string",
}


class UnknownDtype(UnknownName, TypeError):
    """A dtype that does not exist; by place Keras raises the one type or the other."""


def standardize_dtype(dtype: DTypeLike) -> str:
    """Give the canonical name of a dtype.

    Args:
        dtype: None (the default float type), a name, a NumPy / JAX dtype or a Python type.

    Returns:
        A name such as "float32".

    Raises:
        UnknownDtype: a dtype that does not exist.

    >>> standardize_dtype(np.float64)
    'float64'
    """
    if dtype is None:
        return config.floatx()
    if isinstance(dtype, str) and dtype in DTYPES:
        return dtype
    if isinstance(dtype, type) and dtype.__name__ in _ALIASES:
        return _ALIASES[dtype.__name__]
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None)
    if name is None:
        text = str(dtype)
        name = text.split(".")[-1] if text.startswith("torch.") else None
    if name is None:
        try:
            name = np.dtype(dtype).name
        except TypeError:
            name = str(dtype)
    name = _ALIASES.get(name, name)
    if name not in DTYPES:
        raise UnknownDtype("Unknown dtype.", given=repr(dtype), fix=nearest(name, DTYPES))
    return name


def is_float_dtype(dtype: DTypeLike) -> bool:
    """Whether a dtype is one of the float types."""
    return standardize_dtype(dtype) in ("bfloat16", "float16", "float32", "float64")


def is_text(array: Array | np.ndarray | KerasTensor) -> bool:
    """Whether an array holds text, or Python objects that may be text.

    >>> is_text(np.array(["Rome"])), is_text(np.array([1.0]))
    (True, False)
    """
    dtype = array.dtype
    if isinstance(dtype, str):  # a symbolic tensor's
        return dtype == "string"
    return getattr(dtype, "kind", " ") in "OSUT"


def numpy_dtype(name: str) -> np.dtype:
    """The NumPy dtype of a name (bfloat16 through ml_dtypes)."""
    return np.dtype(bfloat16) if name == "bfloat16" else np.dtype(name)


class DTypePolicy:
    """The dtypes a layer computes in and keeps its variables in.

    Args:
        name: a float type ("float32"), or "mixed_bfloat16" / "mixed_float16", which compute in
            16 bits and keep float32 variables.

    Raises:
        UnknownName: an unknown policy.

    >>> DTypePolicy("mixed_bfloat16").compute_dtype
    'bfloat16'
    """

    def __init__(self, name: str | None = None):
        name = name or config.floatx()
        if name.startswith("mixed_"):
            compute, variable = name.removeprefix("mixed_"), "float32"
            if compute not in ("bfloat16", "float16"):
                raise UnknownName(
                    "Unknown dtype policy.",
                    given=repr(name),
                    expected="'mixed_bfloat16', 'mixed_float16' or the name of a dtype",
                )
        else:
            compute = variable = standardize_dtype(name)
        if compute == "float64":
            config.allow_float64()
        self.name = name
        self.compute_dtype = compute
        self.variable_dtype = variable

    quantization_mode = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'

    def get_config(self) -> dict[str, Any]:
        """The policy's name."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """The policy of a config."""
        return cls(**config)


class FloatDTypePolicy(DTypePolicy):
    """A `DTypePolicy`, by the other name it has in Keras."""


_default_policy: DTypePolicy | None = None


def dtype_policy() -> DTypePolicy:
    """The policy layers get when none is named."""
    return _default_policy or DTypePolicy()


def chosen_policy() -> DTypePolicy | None:
    """The policy that `set_dtype_policy` was given; None where it follows the float type."""
    return _default_policy


def set_dtype_policy(policy: str | DTypePolicy | None) -> None:
    """Set the policy layers get when none is named; None goes back to the default float type."""
    global _default_policy
    _default_policy = None if policy is None else get_policy(policy)


def get_policy(identifier: DTypeLike) -> DTypePolicy:
    """Resolve a policy from None, a name, a dtype, a config or a policy."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return DTypePolicy(identifier["config"]["name"])
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    return DTypePolicy(standardize_dtype(identifier))
