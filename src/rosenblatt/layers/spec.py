"""What a layer asks of its inputs' shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rosenblatt.core.errors import BadArgument, WrongType
from rosenblatt.core.registry import builtin
from rosenblatt.core.types import DTypeLike, Tree


@builtin("keras")
@builtin("keras.layers")
@dataclass(eq=False, repr=False)
class InputSpec:
    """Rank and sizes that an input must have.

    Args:
        dtype: accepted for Keras's sake.
        shape: sizes, None where any will do.
        ndim: exact rank.
        max_ndim: highest rank.
        min_ndim: lowest rank.
        axes: size wanted at an axis.
        allow_last_axis_squeeze: a missing or extra last axis of size 1 is not an error.
        name: accepted for Keras's sake.

    >>> InputSpec(ndim=2)
    InputSpec(ndim=2)
    """

    dtype: DTypeLike = None
    shape: Sequence[int | None] | None = None
    ndim: int | None = None
    max_ndim: int | None = None
    min_ndim: int | None = None
    axes: Mapping[int, int] | None = None
    allow_last_axis_squeeze: bool = False
    name: str | None = None
    optional: bool = False

    def __post_init__(self) -> None:
        if self.shape is not None:
            self.shape = tuple(self.shape)
            self.ndim = len(self.shape)
        try:
            self.axes = {int(axis): size for axis, size in dict(self.axes or {}).items()}
        except (TypeError, ValueError):
            raise WrongType(
                "InputSpec: bad `axes`.", given=repr(self.axes), expected="a dict from axis to size"
            ) from None
        rank = self.ndim or self.max_ndim
        if rank is not None and self.axes and max(self.axes) >= rank:
            raise BadArgument(
                "InputSpec: an axis that the inputs do not have.",
                given=f"axes {self.axes}",
                expected=f"axes below {rank}, as `ndim` and `max_ndim` say",
            )

    def check(self, tensor: Tree, where: str) -> None:
        """Compare an input's shape; `where` names the layer.

        Raises:
            ValueError: it does not fit; the message names the layer and both shapes.
        """
        if not hasattr(tensor, "shape"):
            given = f"{type(tensor).__name__}: {tensor!r}"
            raise BadArgument(f"{where} takes arrays.", given=given)
        shape = tuple(tensor.shape)
        where = f"{where} got an input of the wrong"
        if self.ndim is not None and len(shape) != self.ndim:
            raise BadArgument(
                f"{where} rank.", given=f"shape {shape}", expected=f"rank {self.ndim}"
            )
        if self.min_ndim is not None and len(shape) < self.min_ndim:
            raise BadArgument(
                f"{where} rank.",
                given=f"shape {shape}",
                expected=f"rank {self.min_ndim} or more: (batch, …, features)",
                fix="give one instance as `x[None, :]` or `x.reshape(-1, 1)`."
                if len(shape) == 1
                else None,
            )
        if self.max_ndim is not None and len(shape) > self.max_ndim:
            raise BadArgument(
                f"{where} rank.",
                given=f"shape {shape}",
                expected=f"rank {self.max_ndim} or less",
            )
        wanted = dict(self.axes or {})
        if self.shape is not None:
            wanted.update({i: s for i, s in enumerate(self.shape) if s is not None})
        for axis, size in wanted.items():
            if shape[axis] not in (size, None):
                raise BadArgument(
                    f"{where} size at axis {axis}.",
                    given=f"{shape[axis]} (shape {shape})",
                    expected=size,
                    fix="the layer's weights were made for that size; give data with the same "
                    "features, or build a new model.",
                )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal spec."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """A spec of a config."""
        return cls(**config)

    def __repr__(self) -> str:
        given = {k: v for k, v in self.get_config().items() if v}
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in given.items())})"
