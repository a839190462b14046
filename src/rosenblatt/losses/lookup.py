"""From a name, config, class or object to a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rosenblatt.core.lookup import Lookup
from rosenblatt.core.serialization import serialize_keras_object
from rosenblatt.losses import crossentropy, focal, margin, overlap, regression
from rosenblatt.losses.base import Loss, LossFunctionWrapper
from rosenblatt.losses.shapes import kind_of_classes

CLASSES: tuple[type[Loss], ...] = (
    Loss, LossFunctionWrapper, regression.MeanSquaredError, regression.MeanAbsoluteError,
    regression.MeanAbsolutePercentageError, regression.MeanSquaredLogarithmicError,
    regression.Huber, regression.Quantile, regression.LogCosh, regression.CosineSimilarity,
    crossentropy.BinaryCrossentropy, crossentropy.CategoricalCrossentropy,
    crossentropy.SparseCategoricalCrossentropy, crossentropy.KLDivergence, crossentropy.Poisson,
    crossentropy.PoissonDeviance,
    focal.BinaryFocalCrossentropy, focal.CategoricalFocalCrossentropy,
    focal.CategoricalGeneralizedCrossEntropy, margin.Hinge, margin.SquaredHinge,
    margin.CategoricalHinge, overlap.Dice, overlap.Tversky, overlap.Circle,
)  # fmt: skip
FUNCTIONS: tuple[Callable[..., Any], ...] = (
    regression.mean_squared_error, regression.mean_absolute_error,
    regression.mean_absolute_percentage_error, regression.mean_squared_logarithmic_error,
    regression.huber, regression.quantile, regression.log_cosh, regression.cosine_similarity,
    crossentropy.binary_crossentropy, crossentropy.categorical_crossentropy,
    crossentropy.sparse_categorical_crossentropy, crossentropy.kl_divergence,
    crossentropy.poisson, crossentropy.poisson_deviance, focal.binary_focal_crossentropy,
    focal.categorical_focal_crossentropy,
    focal.categorical_generalized_cross_entropy, margin.hinge, margin.squared_hinge,
    margin.categorical_hinge, overlap.dice, overlap.tversky, overlap.circle,
)  # fmt: skip
ALIASES: dict[str, Callable[..., Any]] = {
    "bce": crossentropy.binary_crossentropy,
    "kld": crossentropy.kl_divergence,
    "mae": regression.mean_absolute_error,
    "mse": regression.mean_squared_error,
    "mape": regression.mean_absolute_percentage_error,
    "msle": regression.mean_squared_logarithmic_error,
}
TABLE: dict[str, Any] = {
    **{cls.__name__: cls for cls in CLASSES},
    **{fn.__name__: fn for fn in FUNCTIONS},
    **ALIASES,
    **{name.upper(): fn for name, fn in ALIASES.items()},
    "logcosh": regression.log_cosh,
    "kullback_leibler_divergence": crossentropy.kl_divergence,
}
_KNOWN = Lookup("loss", "keras.losses", TABLE)


def serialize(loss: Any) -> Any:
    """The config of a loss, in Keras's format; a function by its name."""
    return serialize_keras_object(loss)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The loss of a config; `{"class_name": ..., "config": {...}}` is enough.

    >>> deserialize({"class_name": "Huber", "config": {"delta": 2.0}}).delta
    2.0
    """
    return _KNOWN.deserialize(config, custom_objects)


def get(identifier: Any) -> Any:
    """Resolve a loss.

    Args:
        identifier: None, a name ("mse", "Huber"), a config, a class, a function or a `Loss`.

    Returns:
        None, a function (for names of functions) or a `Loss`.

    Raises:
        ValueError: an unknown name, with the nearest one; a class that needs arguments.

    >>> get("mse").__name__
    'mean_squared_error'
    """
    return _KNOWN.get(identifier)


def resolve_crossentropy(
    y_true_shape: Sequence[int], y_pred_shape: Sequence[int]
) -> Callable[..., Any]:
    """The function that the loss "crossentropy" (or "ce") means for a batch, as in Keras.

    >>> resolve_crossentropy((32,), (32, 10)).__name__
    'sparse_categorical_crossentropy'
    """
    return {
        "binary": crossentropy.binary_crossentropy,
        "sparse": crossentropy.sparse_categorical_crossentropy,
        "categorical": crossentropy.categorical_crossentropy,
    }[kind_of_classes(y_true_shape, y_pred_shape)]
