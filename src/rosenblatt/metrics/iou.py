"""Intersection over union of predicted and true sets, from a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from rosenblatt.core import config, dtypes
from rosenblatt.core.checks import Check, anything, flag, is_whole, optional, scalar, whole
from rosenblatt.core.direction import Direction
from rosenblatt.core.errors import BadArgument, explain, warn_user
from rosenblatt.core.masks import keep, mask_of
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, ArrayLike
from rosenblatt.losses.shapes import as_real, misaligned
from rosenblatt.metrics.base import Metric, family
from rosenblatt.metrics.reduction import element_weights

_CLASSES = Check(
    lambda value: len(value) > 0 and all(is_whole(one) for one in value),
    "a list of class ids",
    lambda value: [int(one) for one in value],
    wrong=[3, None, (), "ab"],
)


@family.entry()
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

    direction = Direction.MAX
    usual_dtype = "int32"
    __argument_order__ = (
        "name", "dtype", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis",
    )  # fmt: skip
    num_classes: int = setting(whole(least=1))
    target_class_ids: Sequence[int] = setting(_CLASSES)
    ignore_class: int | None = setting(optional(whole()), default=None)
    sparse_y_true: bool = setting(flag, default=True)
    sparse_y_pred: bool = setting(flag, default=True)
    axis: int = setting(anything, default=-1)

    def __post_init__(self) -> None:
        """Make the counts.

        Raises:
            ValueError: a target class that is not below the number of classes.
        """
        count = self.num_classes
        if max(self.target_class_ids) >= count:
            raise BadArgument(
                f"{type(self).__name__}: `target_class_ids` has a class that does not exist.",
                given=self.target_class_ids,
                expected=f"from 0 to {count - 1}",
            )
        self.total_cm = self.add_variable(
            (count, count), "zeros", dtype=self.dtype, name="total_confusion_matrix"
        )

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
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

    def _weights(
        self, pred: Array, sample_weight: ArrayLike | None, mask: ArrayLike | None
    ) -> Array:
        whole = "int" in self.dtype
        if whole and sample_weight is not None:
            sample_weight = as_real(sample_weight, "sample_weight")
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

    def result(self) -> Array:
        """The mean, a scalar; 0 before the first row."""
        counts = self.total_cm.value.astype("float32")
        hits = jnp.diagonal(counts)
        union = jnp.sum(counts, axis=0) + jnp.sum(counts, axis=1) - hits
        hits, union = (values[jnp.asarray(self.target_class_ids)] for values in (hits, union))
        met = union > 1e-9
        shares = jnp.where(met, hits / (union + config.epsilon()), 0)
        return jnp.sum(shares) / (jnp.sum(met) + config.epsilon())


_HINT = (
    "class ids and one-hot rows are told apart by `sparse_y_true` and `sparse_y_pred`; "
    "`OneHotIoU` and `OneHotMeanIoU` take one-hot targets and probabilities."
)


@family.entry()
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

    target_class_ids: Sequence[int] = setting(_CLASSES, default=(0, 1))
    threshold: float = setting(scalar, default=0.5, role=NUMBER)
    num_classes: int = 2
    sparse_y_true = sparse_y_pred = True
    ignore_class = None
    axis = -1

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take in (N, …) zeros and ones, and (N, …) probabilities."""
        above = jnp.asarray(y_pred).astype("float32") >= self.parameter("threshold")
        super().update_state(y_true, keep(y_pred, above), sample_weight)


@family.entry()
class MeanIoU(IoU):
    """`IoU` over all classes. Arguments as in `IoU`.

    >>> round(float(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    target_class_ids: Sequence[int] = ()

    def __post_init__(self) -> None:
        """Make the counts; all classes are targets."""
        self.target_class_ids = list(range(self.num_classes))
        super().__post_init__()


@family.entry()
class OneHotIoU(IoU):
    """`IoU` for one-hot targets and probabilities. Arguments as in `IoU`.

    >>> y, p = [[1, 0], [0, 1]], [[0.6, 0.4], [0.7, 0.3]]
    >>> round(float(OneHotIoU(num_classes=2, target_class_ids=[0])(y, p)), 4)
    0.5
    """

    sparse_y_true = False
    sparse_y_pred: bool = setting(flag, default=False)


@family.entry()
class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` for one-hot targets and probabilities. Arguments as in `IoU`.

    >>> round(float(OneHotMeanIoU(num_classes=2)([[1, 0], [0, 1]], [[0.6, 0.4], [0.7, 0.3]])), 4)
    0.25
    """

    sparse_y_true = False
    sparse_y_pred: bool = setting(flag, default=False)
