"""Settings that many layers have, and the dtypes that every layer has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rosenblatt import activations, initializers
from rosenblatt.core import config, dtypes
from rosenblatt.core.checks import Check, anything, choice, one_of, optional, whole
from rosenblatt.core.dtypes import DTypePolicy
from rosenblatt.core.errors import NotSupported
from rosenblatt.core.faces import on_use
from rosenblatt.core.settings import FIRST_VALUE, Configured, refused, setting
from rosenblatt.core.types import DTypeLike, Identifier, Shape

if TYPE_CHECKING:
    from rosenblatt import constraints, regularizers
    from rosenblatt.layers.base import Layer
else:
    constraints = on_use("rosenblatt.constraints")
    regularizers = on_use("rosenblatt.regularizers")

ACTIVATION = setting(one_of(activations), default=None)
REGULARIZER = setting(optional(one_of(regularizers)), default=None)
CONSTRAINT = setting(optional(one_of(constraints)), default=None)
SEED = setting(Check(lambda value: True, "an integer or None"), default=None, role=FIRST_VALUE)
LORA = refused("Set `trainable = False` on the layers to keep, and train the others.")
UNSUPPORTED = refused()
QUANTIZATION = refused('Make the layer with `dtype="bfloat16"`.', saved=True)


def refuse_lora(
    self: Layer,
    rank: int,
    lora_alpha: float | None = None,
    a_initializer: Identifier = "he_uniform",
    b_initializer: Identifier = "zeros",
) -> None:
    """Refused: adapters of low rank are for kernels far larger than this library is for.

    Raises:
        NotImplementedError: always.
    """
    raise NotSupported(
        f"{self._where}: LoRA is not supported.",
        fix="set `trainable = False` on the layers to keep, and train the others.",
    )


def as_tuple(value: Any) -> tuple[Any, ...]:
    """A list or tuple as a tuple, one value as a tuple of it."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def initializer(default: str) -> Any:
    """A setting for the initial values of a weight."""
    return setting(one_of(initializers), default=default, role=FIRST_VALUE)


_FORMATS = choice("channels_last", "channels_first", any_case=True)
# The place of the channel axis; None is the setting of `config.set_image_data_format`.
DATA_FORMAT = setting(
    Check(
        lambda value: value is None or _FORMATS.fits(value),
        _FORMATS.expected,
        lambda value: config.image_data_format() if value is None else _FORMATS.take(value),
        _FORMATS.wrong,
    ),
    default=None,
)
POSITIVE = whole(least=1)


class HasDtypes:
    """The part of a layer that knows its dtype policy."""

    # The names of the layers it is in and its own, with slashes; None until it is built.
    path: str | None = None
    name: str
    _dtype_policy: DTypePolicy
    _own_policy: DTypePolicy  # the policy itself; of a map of policies the one for its path

    @property
    def dtype_policy(self) -> DTypePolicy:
        """The policy; a name or a dtype may be set too. Weights that exist keep their dtype."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, policy: DTypeLike) -> None:
        self._dtype_policy = dtypes.get_policy(policy)
        self._own_policy = self._dtype_policy.at(self.path)

    @property
    def dtype(self) -> str:
        """Alias of `variable_dtype`."""
        return self.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype it computes in."""
        return self._own_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of its weights."""
        return self._own_policy.variable_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that float inputs are cast to."""
        return self.compute_dtype

    @property
    def quantization_mode(self) -> str | None:
        """None: no layer here is quantized."""
        return self._own_policy.quantization_mode

    def quantize(
        self,
        mode: Any = None,
        type_check: bool = True,
        config: Any = None,
        filters: Any = None,
    ) -> None:
        """Refused: weights of integers bring nothing in networks of this size.

        Raises:
            NotImplementedError: always.
        """
        raise NotSupported(
            f"Layer {self.name!r} ({type(self).__name__}): quantization is not supported.",
            fix='make the layer with `dtype="bfloat16"` for weights of half the size.',
        )


if TYPE_CHECKING:

    class LayerArguments(Configured):
        """The arguments of every layer, as editors and type checkers see them."""

        activity_regularizer: Any = setting(anything, default=None, kw_only=True)
        trainable: bool = setting(anything, default=True, kw_only=True)
        dtype: DTypeLike = setting(anything, default=None, kw_only=True)
        autocast: bool = setting(anything, default=True, kw_only=True)
        name: str = setting(anything, default=None, kw_only=True)
        input_shape: Shape | int = setting(anything, default=None, kw_only=True)
        batch_shape: Shape = setting(anything, default=None, kw_only=True)
        batch_input_shape: Shape = setting(anything, default=None, kw_only=True)
        input_dim: int = setting(anything, default=None, kw_only=True)
else:
    LayerArguments = Configured
