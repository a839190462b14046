"""Intersection over union of predicted and true sets, from a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt.core import config, dtypes
from rosenblatt.core.errors import explain, warn_user
from rosenblatt.core.masks import keep, mask_of
from rosenblatt.core.registry import builtin
from rosenblatt.losses.shapes import misaligned
from rosenblatt.metrics.base import Metric
from rosenblatt.metrics.counting import element_weights


@builtin("keras.metrics")
class IoU(Metric):
    """Mean over classes of TP / (TP + FP + FN), the Jaccard index; classes never met do not count.

    Jaccard, "The distribution of the flora in the alpine zone", 1912.

    Args:
        num_classes: C; other class ids do not count.
        target_class_ids: the classes that the mean is over.
        name: its name.
        dtype: type of the counts; int32 if None. Weights that are not whole need a float type.
        ignore_class: targets of this class do not count.
        sparse_y_true: whether targets are class ids; else one-hot.
        sparse_y_pred: whether predictions are class ids; else probabilities or logits.
        axis: axis of the classes, where not sparse.

    Raises:
        ValueError: a target class that is not below C.

    >>> round(float(IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    direction = "max"
    _saved: tuple[str, ...] = (
        "num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis",
    )  # fmt: skip

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        super().__init__(name=name, dtype=dtype or "int32")
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        if max(self.target_class_ids) >= num_classes:
            raise ValueError(
                explain(
                    f"{type(self).__name__}: `target_class_ids` has a class that is not there.",
                    given=self.target_class_ids,
                    expected=f"from 0 to {num_classes - 1}",
                )
            )
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable(
            (num_classes, num_classes), "zeros", dtype=self.dtype, name="total_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in (N, …) class ids, or one-hot targets and scores (see `sparse_y_true`)."""
        mask = mask_of(y_pred)
        true, pred = jnp.asarray(y_true), jnp.asarray(y_pred)
        given = true.shape, pred.shape
        true = true if self.sparse_y_true else jnp.argmax(true, axis=self.axis)
        pred = pred if self.sparse_y_pred else jnp.argmax(pred, axis=self.axis)
        if true.size != pred.size or true.shape[:1] != pred.shape[:1]:
            raise misaligned(*given, self.name, _HINT)
        weight = self._weights(pred, sample_weight, mask)
        true, pred, weight = true.astype("int32").ravel(), pred.astype("int32"), weight.ravel()
        pred = pred.ravel()
        known = (true >= 0) & (true < self.num_classes) & (pred >= 0) & (pred < self.num_classes)
        if self.ignore_class is not None:
            known &= true != self.ignore_class
        true, pred, weight = (jnp.where(known, values, 0) for values in (true, pred, weight))
        found = jnp.zeros(self.total_cm.shape, weight.dtype).at[true, pred].add(weight)
        self.total_cm.assign_add(found.astype(dtypes.numpy_dtype(self.dtype)))

    def _weights(self, pred: Any, sample_weight: Any, mask: Any) -> Any:
        whole = "int" in self.dtype
        if whole and sample_weight is not None:
            sample_weight = jnp.asarray(sample_weight)
            if jnp.issubdtype(sample_weight.dtype, jnp.floating):
                warn_user(
                    explain(
                        f"{self.name}: float weights are cut down to whole ones, as the counts are "
                        f"{self.dtype}.",
                        fix=f"{type(self).__name__}(…, dtype='float32') counts with fractions.",
                    )
                )
        values = jnp.zeros(pred.shape, dtypes.numpy_dtype(self.dtype))
        return element_weights(values, sample_weight, mask, self.name)

    def result(self) -> Any:
        """The mean, a scalar; 0 before the first row."""
        counts = self.total_cm.value.astype("float32")
        hits = jnp.diagonal(counts)
        union = jnp.sum(counts, axis=0) + jnp.sum(counts, axis=1) - hits
        hits, union = (values[jnp.asarray(self.target_class_ids)] for values in (hits, union))
        met = union > 1e-9
        shares = jnp.where(met, hits / (union + config.epsilon()), 0)
        return jnp.sum(shares) / (jnp.sum(met) + config.epsilon())

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        return {**super().get_config(), **{name: getattr(self, name) for name in self._saved}}


_HINT = (
    "class ids and one-hot rows are told apart by `sparse_y_true` and `sparse_y_pred`; "
    "`OneHotIoU` and `OneHotMeanIoU` take one-hot targets and probabilities."
)


@builtin("keras.metrics")
class BinaryIoU(IoU):
    """`IoU` of zeros and ones, for probabilities.

    Args:
        target_class_ids: (0,), (1,) or both.
        threshold: predictions of at least so much are 1.
        name: its name.
        dtype: type of the counts; int32 if None.

    >>> round(float(BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
    0.3333
    """

    runtime_parameters = ("threshold",)
    _saved = ("target_class_ids", "threshold")

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in (N, …) zeros and ones, and (N, …) probabilities."""
        above = jnp.asarray(y_pred).astype("float32") >= self.parameter("threshold")
        super().update_state(y_true, keep(y_pred, above), sample_weight)


@builtin("keras.metrics")
class MeanIoU(IoU):
    """`IoU` over all classes. Arguments as in `IoU`.

    >>> round(float(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    _saved: tuple[str, ...] = (
        "num_classes",
        "ignore_class",
        "sparse_y_true",
        "sparse_y_pred",
        "axis",
    )

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        every = range(num_classes)
        super().__init__(
            num_classes, every, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )


@builtin("keras.metrics")
class OneHotIoU(IoU):
    """`IoU` for one-hot targets and probabilities. Arguments as in `IoU`.

    >>> y, p = [[1, 0], [0, 1]], [[0.6, 0.4], [0.7, 0.3]]
    >>> round(float(OneHotIoU(num_classes=2, target_class_ids=[0])(y, p)), 4)
    0.5
    """

    _saved = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ):
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )


@builtin("keras.metrics")
class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` for one-hot targets and probabilities. Arguments as in `IoU`.

    >>> round(float(OneHotMeanIoU(num_classes=2)([[1, 0], [0, 1]], [[0.6, 0.4], [0.7, 0.3]])), 4)
    0.25
    """

    _saved = ("num_classes", "ignore_class", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
