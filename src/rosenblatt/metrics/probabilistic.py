"""Metrics of probabilities and margins: the means of the losses of the same names."""

from __future__ import annotations

from rosenblatt.core.checks import anything, flag, optional, scalar, whole
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.losses import crossentropy, margin
from rosenblatt.metrics.base import family
from rosenblatt.metrics.reduction import FunctionMetric


@family.entry("bce", "BCE")
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

    fn = staticmethod(crossentropy.binary_crossentropy)
    __argument_order__ = ("name", "dtype", "from_logits", "label_smoothing")
    from_logits: bool = setting(flag, default=False)
    label_smoothing: float = setting(scalar, default=0, role=NUMBER)


@family.entry()
class CategoricalCrossentropy(FunctionMetric):
    """Mean of −Σ_k y_k log p_k for one-hot targets. Other arguments as in `BinaryCrossentropy`.

    Args:
        label_smoothing: s in y (1 − s) + s / K.
        axis: axis of the classes.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    fn = staticmethod(crossentropy.categorical_crossentropy)
    __argument_order__ = ("name", "dtype", "from_logits", "label_smoothing", "axis")
    from_logits: bool = setting(flag, default=False)
    label_smoothing: float = setting(scalar, default=0, role=NUMBER)
    axis: int = setting(anything, default=-1)


@family.entry()
class SparseCategoricalCrossentropy(FunctionMetric):
    """Mean of −log p_y for class ids y. Other arguments as in `BinaryCrossentropy`.

    Args:
        ignore_class: a class id whose rows give 0.
        axis: axis of the classes.

    >>> round(float(SparseCategoricalCrossentropy()([1, 0], [[0.5, 0.5], [0.5, 0.5]])), 4)
    0.6931
    """

    fn = staticmethod(crossentropy.sparse_categorical_crossentropy)
    __argument_order__ = ("name", "dtype", "from_logits", "ignore_class", "axis")
    from_logits: bool = setting(flag, default=False)
    ignore_class: int | None = setting(optional(whole()), default=None)
    axis: int = setting(anything, default=-1)


@family.entry("kld", "KLD")
class KLDivergence(FunctionMetric):
    """Mean of Σ_k y_k log(y_k / p_k). Arguments as in `MeanSquaredError`.

    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    fn = staticmethod(crossentropy.kl_divergence)


@family.entry()
class Poisson(FunctionMetric):
    """Mean of ŷ − y log ŷ for counts. Arguments as in `MeanSquaredError`.

    >>> round(float(Poisson()([[2.0]], [[1.0]])), 4)
    1.0
    """

    fn = staticmethod(crossentropy.poisson)


@family.entry()
class Hinge(FunctionMetric):
    """Mean of max(1 − y ŷ, 0). Arguments as in `MeanSquaredError`.

    >>> float(Hinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
    1.0
    """

    fn = staticmethod(margin.hinge)


@family.entry()
class SquaredHinge(FunctionMetric):
    """Mean of max(1 − y ŷ, 0)². Arguments as in `MeanSquaredError`.

    >>> float(SquaredHinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
    1.25
    """

    fn = staticmethod(margin.squared_hinge)


@family.entry()
class CategoricalHinge(FunctionMetric):
    """Mean margin between the right class and the best wrong one, for one-hot targets.

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]))
    0.5
    """

    fn = staticmethod(margin.categorical_hinge)
