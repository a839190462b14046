"""From a name, config, class or object to a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.core.lookup import Lookup
from rosenblatt.core.naming import to_snake_case
from rosenblatt.core.serialization import serialize_keras_object
from rosenblatt.losses.shapes import kind_of_classes
from rosenblatt.metrics import (
    classification,
    confusion,
    curves,
    fscore,
    iou,
    probabilistic,
    regression,
)  # fmt: skip
from rosenblatt.metrics.base import Metric
from rosenblatt.metrics.reduction import Mean, MeanMetricWrapper, Sum

CLASSES: tuple[type[Metric], ...] = (
    Metric, Mean, Sum, MeanMetricWrapper, classification.Accuracy, classification.BinaryAccuracy,
    classification.CategoricalAccuracy, classification.SparseCategoricalAccuracy,
    classification.TopKCategoricalAccuracy, classification.SparseTopKCategoricalAccuracy,
    regression.MeanSquaredError, regression.RootMeanSquaredError, regression.MeanAbsoluteError,
    regression.MeanAbsolutePercentageError, regression.MeanSquaredLogarithmicError,
    regression.CosineSimilarity, regression.LogCoshError, regression.R2Score,
    regression.PearsonCorrelation, regression.ConcordanceCorrelation,
    probabilistic.BinaryCrossentropy, probabilistic.CategoricalCrossentropy,
    probabilistic.SparseCategoricalCrossentropy, probabilistic.KLDivergence,
    probabilistic.Poisson, probabilistic.Hinge, probabilistic.SquaredHinge,
    probabilistic.CategoricalHinge, confusion.TruePositives, confusion.TrueNegatives,
    confusion.FalsePositives, confusion.FalseNegatives, confusion.Precision, confusion.Recall,
    curves.AUC, curves.SensitivityAtSpecificity, curves.SpecificityAtSensitivity,
    curves.PrecisionAtRecall, curves.RecallAtPrecision, fscore.FBetaScore, fscore.F1Score,
    iou.IoU, iou.BinaryIoU, iou.MeanIoU, iou.OneHotIoU, iou.OneHotMeanIoU,
)  # fmt: skip
ALIASES: dict[str, type[Metric]] = {
    "bce": probabilistic.BinaryCrossentropy,
    "kld": probabilistic.KLDivergence,
    "mse": regression.MeanSquaredError,
    "mae": regression.MeanAbsoluteError,
    "mape": regression.MeanAbsolutePercentageError,
    "msle": regression.MeanSquaredLogarithmicError,
}
TABLE: dict[str, Any] = {
    **{cls.__name__: cls for cls in CLASSES},
    **{to_snake_case(cls.__name__): cls for cls in CLASSES},
    **ALIASES,
    **{name.upper(): cls for name, cls in ALIASES.items()},
    "acc": classification.Accuracy,
    "rmse": regression.RootMeanSquaredError,
    "RMSE": regression.RootMeanSquaredError,
    "logcosh": regression.LogCoshError,
    "log_cosh": regression.LogCoshError,
}
_KNOWN = Lookup("metric", "keras.metrics", TABLE)
_BY_KIND: dict[str, dict[str, type[Metric]]] = {
    "accuracy": {
        "binary": classification.BinaryAccuracy,
        "sparse": classification.SparseCategoricalAccuracy,
        "categorical": classification.CategoricalAccuracy,
    },
    "crossentropy": {
        "binary": probabilistic.BinaryCrossentropy,
        "sparse": probabilistic.SparseCategoricalCrossentropy,
        "categorical": probabilistic.CategoricalCrossentropy,
    },
}
_KINDS = {"accuracy": "accuracy", "acc": "accuracy", "crossentropy": "crossentropy"}
_KINDS["ce"] = "crossentropy"


def serialize(metric: Any) -> Any:
    """The config of a metric, in Keras's format."""
    return serialize_keras_object(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The metric of a config; `{"class_name": ..., "config": {...}}` is enough.

    >>> deserialize({"class_name": "BinaryAccuracy", "config": {"threshold": 0.7}}).threshold
    0.7
    """
    return _KNOWN.deserialize(config, custom_objects)


def get(identifier: Any) -> Any:
    """Resolve a metric.

    Args:
        identifier: None, a name ("mse", "RootMeanSquaredError"), a config, a class, a function or
            a `Metric`. What "accuracy" means for a batch, `resolve_accuracy` tells.

    Returns:
        None, a function (if that was given) or a `Metric`.

    Raises:
        ValueError: an unknown name, with the nearest one; a class that needs arguments.

    >>> get("mse")
    <MeanSquaredError name=mean_squared_error>
    """
    return _KNOWN.get(identifier)


def resolve_accuracy(
    kind: str, y_true_shape: Sequence[int], y_pred_shape: Sequence[int]
) -> type[Metric]:
    """The class that "accuracy" or "crossentropy" means for a batch, as in Keras's compile.

    Args:
        kind: "accuracy", "acc", "crossentropy" or "ce", in any case.
        y_true_shape: shape of the targets.
        y_pred_shape: shape of the predictions.

    Returns:
        The binary class where the predictions' last axis is 1, the sparse one where the targets
        have fewer axes or a last axis of 1, else the categorical one.

    Raises:
        ValueError: another kind.

    >>> resolve_accuracy("accuracy", (32,), (32, 10)).__name__
    'SparseCategoricalAccuracy'
    """
    if kind.lower() not in _KINDS:
        raise ValueError(
            explain(
                "resolve_accuracy: unknown kind.", given=repr(kind), expected=f"one of {(*_KINDS,)}"
            )
        )
    return _BY_KIND[_KINDS[kind.lower()]][kind_of_classes(y_true_shape, y_pred_shape)]
