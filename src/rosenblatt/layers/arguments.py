"""Settings that many layers have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rosenblatt import activations, initializers
from rosenblatt.core import config
from rosenblatt.core.checks import Check, anything, choice, one_of, optional, whole
from rosenblatt.core.faces import on_use
from rosenblatt.core.settings import FIRST_VALUE, Configured, refused, setting
from rosenblatt.core.types import DTypeLike, Shape

if TYPE_CHECKING:
    from rosenblatt import constraints, regularizers
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
