"""EinsumDense: a dense layer whose product is written as an einsum equation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import Check, anything, optional, text
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Shapes, Tree
from rosenblatt.initializers.scaling import VarianceScaling
from rosenblatt.layers.arguments import ACTIVATION, UNSUPPORTED, as_tuple
from rosenblatt.layers.family import family
from rosenblatt.layers.kernel import KernelLayer
from rosenblatt.layers.signatures import is_shape
from rosenblatt.layers.spec import InputSpec

_FORMS = [
    re.compile(r"(?P<x>[a-zA-Z]+),(?P<w>[a-zA-Z]+)->(?P<y>[a-zA-Z]+)"),
    re.compile(r"(?P<left>\.\.\.)(?P<x>[a-zA-Z]+),(?P<w>[a-zA-Z]+)->\.\.\.(?P<y>[a-zA-Z]+)"),
    re.compile(r"(?P<x>[a-zA-Z]{2,})(?P<right>\.\.\.),(?P<w>[a-zA-Z]+)->(?P<y>[a-zA-Z]+)\.\.\."),
]


@dataclass
class Equation:
    """An equation's letters for the axes of inputs, kernel and outputs, and where "..." is."""

    inputs: str
    kernel: str
    outputs: str
    left: bool
    right: bool

    @classmethod
    def parse(cls, text: str) -> Equation:
        """Read an equation.

        Raises:
            ValueError: another form; a letter whose size nothing tells.
        """
        found = next((m for form in _FORMS if (m := form.fullmatch(str(text)))), None)
        if found is None:
            raise BadArgument(
                "EinsumDense: bad `equation`.",
                given=repr(text),
                expected="'[X],[Y]->[Z]', '...[X],[Y]->...[Z]' or '[X]...,[Y]->[Z]...', with "
                "letters for [X] (inputs), [Y] (kernel) and [Z] (outputs)",
            )
        parts = found.groupdict()
        x, w, y = parts["x"], parts["w"], parts["y"]
        for one, which, others in ((y, "outputs", x + w), (w, "kernel", x + y)):
            for letter in one:
                if letter not in others:
                    raise BadArgument(
                        f"EinsumDense: {letter!r} is an axis of the {which} only.",
                        given=f"equation {text!r}",
                        expected="each axis of outputs and kernel in another part too",
                    )
        return cls(x, w, y, bool(parts.get("left")), bool(parts.get("right")))

    def keeps_rows_apart(self, elided: int) -> bool:
        """Whether each row of the outputs comes of one row of the inputs."""
        if self.left and elided:
            return True
        row = self.inputs[0]
        return self.outputs[0] == row and row not in self.kernel


_sizes = Check(
    lambda value: value is not None and is_shape(as_tuple(value)),
    "an integer, or a tuple of integers and None, without the batch",
    as_tuple,
    [None, "3", 1.5],
)


@family.entry()
class EinsumDense(KernelLayer):
    """φ(einsum(X, W) + b): a dense layer over any axes.

    Args:
        equation: what is summed: "ab,bc->ac" is `Dense`; "...x,xy->...y" too, for inputs of any
            rank; "abc,cd->abd" works on each step of a sequence.
        output_shape: sizes of the output's axes after the batch, without those of "..."; None where
            the inputs tell.
        activation: φ, a name or function; none if None.
        bias_axes: letters of the output's axes along which b varies; no b if None.
        kernel_initializer, bias_initializer: initial W and b.
        kernel_regularizer, bias_regularizer: penalties.
        kernel_constraint, bias_constraint: projections after each update.
        lora_rank, lora_alpha, gptq_unpacked_column_size, quantization_config: not supported; None.

    Raises:
        ValueError: an equation of another form; sizes or a rank that do not fit it.

    >>> import numpy as np
    >>> EinsumDense("abc,cd->abd", (None, 64), bias_axes="d")(np.ones((2, 32, 16))).shape
    (2, 32, 64)
    """

    only_maps_rows = True
    equation: str = setting(anything)
    output_shape: int | Sequence[int | None] = setting(_sizes, attribute="partial_output_shape")
    activation: Any = ACTIVATION
    bias_axes: str | None = setting(optional(text), default=None)
    gptq_unpacked_column_size: None = UNSUPPORTED
    __argument_order__ = (
        "lora_rank", "lora_alpha", "gptq_unpacked_column_size", "quantization_config",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Read the equation, and check the letters of `bias_axes`."""
        super().__post_init__()
        self._parsed = Equation.parse(self.equation)
        for letter in self.bias_axes or "":
            if letter not in self._parsed.outputs:
                raise BadArgument(
                    f"EinsumDense: {letter!r} of `bias_axes` is no axis of the outputs.",
                    given=f"bias_axes={self.bias_axes!r}, equation {self.equation!r}",
                    expected=f"letters of {self._parsed.outputs!r}",
                )

    def build(self, input_shape: Shapes) -> None:
        """Create kernel and bias."""
        parsed = self._parsed
        shape = tuple(input_shape)
        elided = len(shape) - len(parsed.inputs)
        sizes = self._sizes(shape, elided)
        inner = [i for i, letter in enumerate(parsed.kernel) if letter not in parsed.outputs]
        outer = [i for i in range(len(parsed.kernel)) if i not in inner]
        scaling = self.kernel_initializer
        if isinstance(scaling, VarianceScaling) and (
            scaling.input_axes is None or scaling.output_axes is None
        ):  # how many inputs and outputs there are, the equation knows
            config = {**scaling.get_config(), "seed": scaling.seed}
            config.update(input_axes=inner, output_axes=outer)
            scaling = type(scaling).from_config(config)
        self.kernel = self.add_own_weight(
            "kernel", [sizes[letter] for letter in parsed.kernel], scaling
        )
        if self.bias_axes:
            first = min(parsed.outputs.index(letter) for letter in self.bias_axes)
            bias = [sizes[a] if a in self.bias_axes else 1 for a in parsed.outputs[first:]]
            bias += [1] * (elided if parsed.right else 0)
            self.bias = self.add_own_weight("bias", bias)
        self.row_independent = parsed.keeps_rows_apart(elided)
        start = elided if parsed.left else 0
        known = {
            i + start: sizes[a]
            for i, a in enumerate(parsed.inputs)
            if a in parsed.kernel and sizes[a] is not None
        }
        self.input_spec = InputSpec(ndim=len(shape), axes=known)

    def _sizes(self, shape: tuple[Any, ...], elided: int) -> dict[str, Any]:
        """The size of each letter's axis."""
        parsed = self._parsed
        where = self._where
        any_rank = parsed.left or parsed.right
        if elided < 0 or (elided and not any_rank):
            rank = f"{len(parsed.inputs)}{' or more' if any_rank else ''}"
            raise BadArgument(
                f"{where}: the inputs have the wrong rank for equation {self.equation!r}.",
                given=f"shape {shape}",
                expected=f"rank {rank}",
            )
        leading = shape[1:elided] if parsed.left else ()
        outputs = (shape[0], *leading, *self.partial_output_shape)[elided if parsed.left else 0 :]
        if len(outputs) != len(parsed.outputs):
            raise BadArgument(
                f"{where}: `output_shape` does not fit equation {self.equation!r}.",
                given=f"output_shape={self.partial_output_shape}, input shape {shape}",
                expected=f"a size for each of {parsed.outputs!r} but the batch",
            )
        inputs = shape[elided:] if parsed.left else shape[: len(parsed.inputs)]
        sizes = dict(zip(parsed.inputs, inputs, strict=True))
        for letter, size in zip(parsed.outputs, outputs, strict=True):
            before = sizes.get(letter)
            if None not in (before, size) and before != size:
                raise BadArgument(
                    f"{where}: axis {letter!r} has another size in `output_shape` than in the "
                    "inputs.",
                    given=f"output_shape={self.partial_output_shape}, input shape {shape}",
                    expected=f"{before}, or None",
                )
            sizes[letter] = before if size is None else size
        return sizes

    def call(self, inputs: Tree, training: bool | None = None) -> Any:
        """φ(einsum(inputs, kernel) + bias)."""
        return self.finish(jnp.einsum(self.equation, inputs, self.kernel.value), self.activation)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {"activity_regularizer": None, **super().get_config()}
