"""Targets that cannot be right for the model, said before the first step."""

from __future__ import annotations

import numpy as np

from rosenblatt.core.errors import BadData, explain, warn_user
from rosenblatt.core.registry import is_ours
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.types import Tree
from rosenblatt.losses.base import Loss, Targets
from rosenblatt.losses.labels import check_labels
from rosenblatt.training.spec import CompileSpec


def check_targets(spec: CompileSpec, y: Tree, y_pred: Tree) -> None:
    """Compare targets with the outputs they are for.

    Args:
        spec: the built compile spec.
        y: the targets, arrays of all rows.
        y_pred: the outputs, or anything with their shapes.

    Raises:
        ValueError: a shape that would broadcast, labels outside the classes, one-hot targets for a
            sparse loss or labels for a dense one, values outside [0, 1] for a binary loss.
    """
    if y is None and spec.losses:
        raise BadData(
            "`y` is missing: the model was compiled with a loss, which needs targets.",
            fix="call `fit(x, y)`, or compile without `loss`.",
        )
    targets = spec.targets_of(y)
    outputs = tree_leaves(y_pred)
    for one in spec.losses:
        target, output = targets[one.index], outputs[one.index]
        where = f"The targets of output {spec.names[one.index]!r}"
        kind = _targets_of(one.loss)
        if kind is Targets.CLASS_IDS:
            ignored, axis = getattr(one.loss, "ignore_class", None), getattr(one.loss, "axis", -1)
            _check_labels(target, output, where, ignored, axis)
        elif kind in (Targets.SAME_SHAPE, Targets.ONE_HOT, Targets.UNIT_INTERVAL):
            _check_shapes(target, output, where, kind is Targets.ONE_HOT)
            if kind is Targets.UNIT_INTERVAL:
                _check_unit_interval(target, where)


def _targets_of(loss: Loss) -> Targets:
    """Which targets a loss takes; a user's class may take others than the class it extends."""
    known = is_ours(loss) or "targets" in vars(type(loss))
    return loss.targets if known else Targets.ANY


def _check_shapes(target: Tree, output: Tree, where: str, categorical: bool) -> None:
    have, want = tuple(target.shape[1:]), tuple(output.shape[1:])
    if have == want or _trimmed(have) == _trimmed(want):
        return
    fix = "give one target per output unit."
    if categorical and _trimmed(have) == ():
        fix = (
            "integer labels go with `loss='sparse_categorical_crossentropy'`; or make them one-hot "
            "with `rosenblatt.utils.to_categorical(y)`."
        )
    elif _trimmed(have) == () and want:
        fix = (
            f"end the model with `Dense(1)` for one target a row, or give {want[-1]} targets a "
            "row; for class labels use `loss='sparse_categorical_crossentropy'`."
        )
    raise BadData(
        f"{where} do not have the output's shape; NumPy would broadcast them silently.",
        given=f"(N, {', '.join(map(str, have))})" if have else "(N,)",
        expected=f"(N, {', '.join(map(str, want))})" if want else "(N,)",
        fix=fix,
    )


def _trimmed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:-1] if shape and shape[-1] == 1 else shape


def _check_labels(
    target: Tree, output: Tree, where: str, ignore_class: int | None, axis: int
) -> None:
    rest = list(output.shape)
    classes = rest.pop(axis)
    have, want = _trimmed(tuple(target.shape[1:])), tuple(rest[1:])
    if have != want:
        fix = "give one integer label a row."
        if tuple(target.shape[1:]) == tuple(output.shape[1:]):
            fix = (
                "one-hot targets go with `loss='categorical_crossentropy'`; or give the labels: "
                "`y.argmax(axis=-1)`."
            )
        raise BadData(
            f"{where} are not integer labels.",
            given=f"shape {('N', *target.shape[1:])}",
            expected=f"shape {('N', *want)} of integers from 0 to {classes - 1}",
            fix=fix,
        )
    values = np.asarray(target)
    if values.dtype.kind == "f" and not np.array_equal(values, np.round(values)):
        place = np.argwhere(values != np.round(values))[0]
        raise BadData(
            f"{where} are not class labels.",
            given=f"the value {values[tuple(place)]} (first in row {place[0]})",
            expected=f"integers from 0 to {classes - 1}",
            fix="for a regression end with `Dense(1)` and use `loss='mse'`.",
        )
    check_labels(values, classes, where, ignore_class)


def _check_unit_interval(target: Tree, where: str) -> None:
    values = np.asarray(target)
    if values.dtype.kind == "b" or not values.size:
        return
    low, high = values.min(), values.max()
    if low < 0 or high > 1:
        row = int(np.argwhere((values < 0) | (values > 1))[0][0])
        raise BadData(
            f"{where} are outside [0, 1], which a binary cross-entropy needs.",
            given=f"values from {low} to {high} (first in row {row})",
            expected="0 and 1",
            fix="for classes 0, 1, 2 … use `loss='sparse_categorical_crossentropy'` and a "
            "softmax; for numbers use `loss='mse'`.",
        )


def _sums_to_nan(array: np.ndarray) -> bool:
    """Whether a sum, in one pass and without a temporary array, says that there may be NaN."""
    wide = np.float32 if array.dtype.itemsize == 2 else None
    with np.errstate(all="ignore"):
        return bool(np.isnan(array.sum(dtype=wide)))


def warn_if_nan(outputs: Tree, x: Tree) -> None:
    """Say which predictions are not a number, and whether the inputs are why.

    Args:
        outputs: nest of arrays of predictions.
        x: the inputs, arrays of the same rows.
    """
    for output in tree_leaves(outputs):
        if output.dtype.kind in "iubc" or not _sums_to_nan(output):
            continue
        rows = np.flatnonzero(np.isnan(output).reshape(len(output), -1).any(1))
        if not len(rows):  # infinities of both signs
            continue
        first = int(rows[0])
        inputs = [np.asarray(leaf[first]) for leaf in tree_leaves(x)]
        bad = any(a.dtype.kind == "f" and not np.isfinite(a).all() for a in inputs)
        warn_user(
            explain(
                f"predict: {len(rows)} of {len(output)} rows are NaN, the first is row {first}.",
                given="inputs that hold NaN or infinity there" if bad else "finite inputs",
                fix="fill or drop missing values first."
                if bad
                else "the weights may be NaN or too large: train again with a lower learning rate, "
                "`clipnorm=1.0`, or scaled inputs.",
            ),
            RuntimeWarning,
        )
        return
