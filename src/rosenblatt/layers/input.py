"""Where data enters a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rosenblatt.core.dtypes import standardize_dtype
from rosenblatt.core.errors import BadArgument, warn_user
from rosenblatt.core.registry import builtin
from rosenblatt.core.symbolic import KerasTensor, Node
from rosenblatt.core.types import DTypeLike, Shapes
from rosenblatt.layers.base import Layer
from rosenblatt.ops import operators  # noqa: F401  (symbolic tensors get operators)


@builtin("keras.layers")
class InputLayer(Layer):
    """The layer behind `Input()`: passes on what the model is given.

    Args:
        shape: sizes without the batch.
        batch_size: size of the batch, None for any.
        dtype: dtype name.
        batch_shape: sizes with the batch, instead of `shape`.
        input_tensor: an existing symbolic tensor to use.
        optional: whether None may be given.
        name: its name, also the key of this input in a dict of data.

    Raises:
        ValueError: no shape, or both ways of giving one.
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: DTypeLike = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Sequence[int | None] | None = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ):
        if "input_shape" in kwargs:
            shape = kwargs.pop("input_shape")
            warn_user("InputLayer: `input_shape` is an older name. Fix: write `shape` instead.")
        if "batch_input_shape" in kwargs:
            batch_shape = kwargs.pop("batch_input_shape")
        super().__init__(name=name, dtype=None, **kwargs)
        if sparse or ragged:
            raise BadArgument(f"Input {self.name!r}: sparse and ragged inputs are not supported.")
        if isinstance(shape, (int, np.integer)) and not isinstance(shape, bool):
            shape = (int(shape),)
        if batch_size is not None and batch_shape is not None:
            raise BadArgument(
                f"Input {self.name!r}: `batch_size` and `batch_shape` were both given.",
                given=f"batch_size {batch_size}, batch_shape {batch_shape}",
                expected="`batch_size` beside `shape` only",
            )
        if input_tensor is not None:
            given = {"shape": shape, "batch_size": batch_size, "batch_shape": batch_shape}
            _check_tensor(input_tensor, {**given, "dtype": dtype}, self.name)
            batch_shape, dtype = input_tensor.shape, input_tensor.dtype
        elif (shape is None) == (batch_shape is None):
            raise BadArgument(
                f"Input {self.name!r}: give exactly one of `shape` and `batch_shape`.",
                fix="write `Input(shape=(8,))` for rows of 8 features.",
            )
        if batch_shape is None:
            assert shape is not None
            if not isinstance(shape, (list, tuple)):
                _check_sizes(shape, self.name)
            batch_shape = (batch_size, *shape)
        _check_sizes(batch_shape, self.name)
        self.batch_shape = tuple(None if size is None else int(size) for size in batch_shape)
        self._input_dtype = standardize_dtype(dtype)
        self.optional = optional
        self.built = True
        tensor = input_tensor
        if tensor is None:
            tensor = KerasTensor(self.batch_shape, self._input_dtype, name=self.name)
        Node(self, (), {}, tensor)

    @property  # type: ignore[misc]
    def dtype(self) -> str:
        """The dtype its data are converted to."""
        return self._input_dtype

    # Refused where they are asked for: nothing here computes with such tensors.
    sparse = ragged = False

    def call(self, *args: Any) -> Any:
        """Not called: the graph puts the data in its place."""
        return args[0] if args else None

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self._input_dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }

    def get_build_config(self) -> None:
        """None: it needs no building."""
        return


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: DTypeLike = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> KerasTensor:
    """Make a symbolic tensor for the data a model is given.

    Args:
        shape: sizes without the batch; `(8,)` for rows of 8 features.
        batch_size: size of the batch, None for any.
        dtype: dtype name; the default float type if None.
        batch_shape: sizes with the batch, instead of `shape`.
        name: the key of this input in a dict of data.
        tensor: an existing symbolic tensor to use.
        optional: whether None may be given.

    Returns:
        The symbolic tensor.

    >>> Input(shape=(8,), name="features")
    <KerasTensor shape=(None, 8), dtype=float32, name=features>
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
    )
    return layer.output


def _check_tensor(tensor: Any, given: dict[str, Any], name: str) -> None:
    """Refuse what is not a symbolic tensor, and arguments that say otherwise than the tensor."""
    if not isinstance(tensor, KerasTensor):
        raise BadArgument(
            f"Input {name!r}: `tensor` must be a symbolic tensor.",
            given=f"{type(tensor).__name__}: {tensor!r:.60}",
            fix="pass what `Input(…)` or a layer called on one returns.",
        )
    says = {
        "shape": tuple(tensor.shape[1:]),
        "batch_size": tensor.shape[0] if tensor.shape else None,
        "batch_shape": tuple(tensor.shape),
        "dtype": tensor.dtype,
    }
    for argument, value in given.items():
        if value is not None and "shape" in argument:
            value = tuple(value) if isinstance(value, (list, tuple)) else (value,)
        elif value is not None and argument == "dtype":
            value = standardize_dtype(value)
        if value is not None and value != says[argument]:
            raise BadArgument(
                f"Input {name!r}: `{argument}` contradicts `tensor`.",
                given=repr(value),
                expected=f"{says[argument]!r}, or nothing",
            )


def _check_sizes(shape: Shapes, name: str) -> None:
    ok = isinstance(shape, (list, tuple)) and all(
        s is None or (isinstance(s, (int, np.integer)) and s >= 0) for s in shape
    )
    if not ok:
        raise BadArgument(
            f"Input {name!r}: bad shape.",
            given=repr(shape),
            expected="a tuple of sizes, each an integer ≥ 0 or None",
        )
