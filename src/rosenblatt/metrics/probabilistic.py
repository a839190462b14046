"""Metrics of probabilities and margins: the means of the losses of the same names."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.registry import builtin
from rosenblatt.losses import crossentropy, margin
from rosenblatt.metrics.reduction import FunctionMetric


@builtin("keras.metrics")
class BinaryCrossentropy(FunctionMetric):
    """Mean of −y log p − (1 − y) log(1 − p).

    Args:
        name: its name.
        dtype: float type it computes in.
        from_logits: whether predictions are logits.
        label_smoothing: s in y (1 − s) + s / 2.

    >>> round(float(BinaryCrossentropy()([[1.0], [0.0]], [[0.5], [0.5]])), 4)
    0.6931
    """

    function = staticmethod(crossentropy.binary_crossentropy)
    runtime_parameters = ("label_smoothing",)
    direction = "min"

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ):
        self._setup(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


@builtin("keras.metrics")
class CategoricalCrossentropy(FunctionMetric):
    """Mean of −Σ_k y_k log p_k for one-hot targets. Other arguments as in `BinaryCrossentropy`.

    Args:
        label_smoothing: s in y (1 − s) + s / K.
        axis: axis of the classes.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    function = staticmethod(crossentropy.categorical_crossentropy)
    runtime_parameters = ("label_smoothing",)
    direction = "min"

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ):
        kwargs = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        self._setup(name, dtype, **kwargs)


@builtin("keras.metrics")
class SparseCategoricalCrossentropy(FunctionMetric):
    """Mean of −log p_y for class ids y. Other arguments as in `BinaryCrossentropy`.

    Args:
        ignore_class: a class id whose rows give 0.
        axis: axis of the classes.

    >>> round(float(SparseCategoricalCrossentropy()([1, 0], [[0.5, 0.5], [0.5, 0.5]])), 4)
    0.6931
    """

    function = staticmethod(crossentropy.sparse_categorical_crossentropy)
    direction = "min"

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ):
        self._setup(name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)


@builtin("keras.metrics")
class KLDivergence(FunctionMetric):
    """Mean of Σ_k y_k log(y_k / p_k). Arguments as in `MeanSquaredError`.

    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    function = staticmethod(crossentropy.kl_divergence)
    direction = "min"


@builtin("keras.metrics")
class Poisson(FunctionMetric):
    """Mean of ŷ − y log ŷ for counts. Arguments as in `MeanSquaredError`.

    >>> round(float(Poisson()([[2.0]], [[1.0]])), 4)
    1.0
    """

    function = staticmethod(crossentropy.poisson)
    direction = "min"


@builtin("keras.metrics")
class Hinge(FunctionMetric):
    """Mean of max(1 − y ŷ, 0). Arguments as in `MeanSquaredError`.

    >>> float(Hinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
    1.0
    """

    function = staticmethod(margin.hinge)
    direction = "min"


@builtin("keras.metrics")
class SquaredHinge(FunctionMetric):
    """Mean of max(1 − y ŷ, 0)². Arguments as in `MeanSquaredError`.

    >>> float(SquaredHinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
    1.25
    """

    function = staticmethod(margin.squared_hinge)
    direction = "min"


@builtin("keras.metrics")
class CategoricalHinge(FunctionMetric):
    """Mean margin between the right class and the best wrong one, for one-hot targets.

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]))
    0.5
    """

    function = staticmethod(margin.categorical_hinge)
    direction = "min"
