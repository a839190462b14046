"""Dtype names and dtype policies."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

import numpy as np
from ml_dtypes import bfloat16

from rosenblatt.core import config
from rosenblatt.core.errors import BadArgument, UnknownName, WrongType, about, nearest

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
        name = config.floatx() if name is None else name
        if not isinstance(name, str):
            raise WrongType(
                "DTypePolicy: bad `name`.", given=repr(name), expected="a string: 'mixed_float16'"
            )
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

    quantization_mode: str | None = None

    def at(self, path: str | None) -> DTypePolicy:
        """The policy for a layer: itself, and in a map of policies the one for the path."""
        return self

    def convert_input(self, x: Any, autocast: bool, dtype: DTypeLike) -> Any:
        """An array in a dtype, as a layer takes it: floats are cast where `autocast` says so.

        Args:
            x: an array or symbolic tensor; anything else is returned as it is.
            autocast: whether floats of another type are cast.
            dtype: the dtype to cast to.

        Returns:
            An array or symbolic tensor; integers and truth values keep their type.

        >>> DTypePolicy("float16").convert_input(np.ones(2, "float32"), True, "float16").dtype
        dtype('float16')
        """
        wanted = standardize_dtype(dtype)
        if not hasattr(x, "dtype"):
            return x
        changes = autocast and is_float_dtype(x.dtype) and standardize_dtype(x.dtype) != wanted
        return x.astype(numpy_dtype(wanted)) if changes else x

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


class DTypePolicyMap(DTypePolicy, MutableMapping[str, DTypePolicy]):
    """Policies by the paths of layers; a key is a path, or a pattern that fits a whole path.

    Given as `dtype=` to a layer, the layers inside take theirs from it.

    Args:
        default_policy: the policy for all other paths; that of `config.dtype_policy()` if None.
        policy_map: path or pattern to policy.

    Raises:
        BadArgument: a map as the default policy; a key that is set twice.
        WrongType: `policy_map` is not a dict.

    >>> policies = DTypePolicyMap("float32", {"encoder/.*": DTypePolicy("bfloat16")})
    >>> policies["encoder/dense"].name, policies["decoder/dense"].name, policies.name
    ('bfloat16', 'float32', 'map_float32')
    """

    def __init__(
        self,
        default_policy: DTypeLike = None,
        policy_map: dict[str, DTypePolicy] | None = None,
    ):
        if isinstance(default_policy, DTypePolicyMap):
            raise BadArgument("DTypePolicyMap: `default_policy` is a map itself.")
        with about("DTypePolicyMap: bad `default_policy`."):
            get_policy(default_policy)
        if policy_map is not None and not isinstance(policy_map, dict):
            raise WrongType(
                "DTypePolicyMap: bad `policy_map`.", given=repr(policy_map), expected="a dict"
            )
        self._given = default_policy
        self._map = {} if policy_map is None else policy_map

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy for paths that nothing in the map fits."""
        return get_policy(self._given)

    @property
    def name(self) -> str:  # type: ignore[override]
        """ "map_" and the default policy's name."""
        return f"map_{self.default_policy.name}"

    @property
    def compute_dtype(self) -> str:  # type: ignore[override]
        """The default policy's."""
        return self.default_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:  # type: ignore[override]
        """The default policy's."""
        return self.default_policy.variable_dtype

    def at(self, path: str | None) -> DTypePolicy:
        """The policy for a path; the default one where there is no path yet."""
        return self.default_policy if path is None else self[path]

    def __getitem__(self, path: str) -> DTypePolicy:
        if path in self._map:
            return self._map[path]
        fits = [pattern for pattern in self._map if re.fullmatch(pattern, path)]
        if len(fits) > 1:
            raise BadArgument(
                f"DTypePolicyMap: path {path!r} matches multiple dtype policy keys.",
                given=fits,
                expected="one at most",
            )
        return self._map[fits[0]] if fits else self.default_policy

    def __setitem__(self, path: str, policy: DTypeLike) -> None:
        if path in self._map:
            raise BadArgument(
                f"DTypePolicyMap: {path!r} already exist in the map.",
                given=policy,
                fix="delete the old entry first.",
            )
        self._map[path] = get_policy(policy)

    def __delitem__(self, path: str) -> None:
        del self._map[path]

    def __contains__(self, path: object) -> bool:
        return path in self._map

    def __len__(self) -> int:
        return len(self._map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._map)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DTypePolicyMap):
            return False
        return other.default_policy == self.default_policy and other._map == self._map

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        names = [(path, policy.name) for path, policy in self._map.items()]
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, mapping={names}>"

    def get_config(self) -> dict[str, Any]:
        """The default policy as it was given, and the map."""
        return {"default_policy": self._given, "policy_map": self._map}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> DTypePolicyMap:
        """The map of a config; policies are the library's own."""
        entries = config.get("policy_map") or {}
        default = config.get("default_policy")
        return cls(
            None if default is None else get_policy(default),
            {path: get_policy(policy) for path, policy in entries.items()},
        )


_default_policy: DTypePolicy | None = None


def dtype_policy() -> DTypePolicy:
    """The policy layers get when none is named."""
    return _default_policy or DTypePolicy()


_QUANTIZED = ("int8", "float8", "int4", "gptq", "awq")


def chosen_policy() -> DTypePolicy | None:
    """The policy that `set_dtype_policy` was given; None where it follows the float type."""
    return _default_policy


def set_dtype_policy(policy: str | DTypePolicy | None) -> None:
    """Set the policy layers get when none is named; None goes back to the default float type."""
    global _default_policy
    _default_policy = None if policy is None else get_policy(policy)


def get_policy(identifier: DTypeLike) -> DTypePolicy:
    """Resolve a policy from None, a name, a dtype, a config or a policy.

    Raises:
        UnknownName: none of these; a policy of quantized layers, whose names begin so in Keras.
    """
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        inner = identifier.get("config")
        if isinstance(inner, dict) and "policy_map" in inner:
            return DTypePolicyMap.from_config(inner)
        if not isinstance(inner, dict) or "name" not in inner:
            raise UnknownName(
                "This dict is not the config of a dtype policy.",
                given=repr(identifier),
                expected="{'class_name': 'DTypePolicy', 'config': {'name': 'mixed_bfloat16'}}",
            )
        return DTypePolicy(inner["name"])
    if isinstance(identifier, str):
        if identifier.startswith(_QUANTIZED):
            raise UnknownName(
                "Quantized dtype policies are not supported.",
                given=repr(identifier),
                expected="'mixed_bfloat16', 'mixed_float16' or the name of a dtype",
                fix="use Keras for quantized layers, or a policy of 16 bits.",
            )
        return DTypePolicy(identifier)
    return DTypePolicy(standardize_dtype(identifier))
