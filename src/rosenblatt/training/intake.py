"""What comes from a user brought to the model's structure and checked: once, where it comes in.

Arrays are brought whole before the first step, streams batch by batch as they are read; so what is
refused in arrays is refused in the second batch of a validation stream too, before a step sees it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.core.faces import on_use
from rosenblatt.core.nesting import pack
from rosenblatt.core.registry import is_ours
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.types import Shape, Tree
from rosenblatt.data.contract import Batch, Source
from rosenblatt.losses.base import Loss, Targets
from rosenblatt.losses.shapes import check_labels
from rosenblatt.training.placement import GROUPS
from rosenblatt.training.spec import CompileSpec

if TYPE_CHECKING:
    from rosenblatt.core import rows, watched
    from rosenblatt.core.watched import Watched
    from rosenblatt.training import missing
    from rosenblatt.training.contract import Kind, Task
    from rosenblatt.training.missing import Missing
else:
    rows = on_use("rosenblatt.core.rows")
    watched = on_use("rosenblatt.core.watched")
    missing = on_use("rosenblatt.training.missing")


class Intake:
    """Brings `(x, y, sample_weight)` to a model.

    What a user's own step, `compute_loss` or `compute_metrics` reads stays in the nest it was given
    in; it is checked as far as the model is known.

    Args:
        task: a built and compiled model.
        outputs: its outputs, or anything with their shapes.
        kind: "train" or "test".
    """

    def __init__(self, task: Task, outputs: Tree, kind: Kind):
        self.task = task
        self.outputs = outputs
        self.kind = kind
        self.own_step = task.own_step(kind)
        self.free = self.own_step is not None or task.reads_targets
        self._ids = watched_ids(task)
        parts = [one.loss for one in task.spec.losses]
        users = self.free or not all(is_ours(part) for part in parts)
        step = self._step if self.own_step else self._loss
        self._labels = watched.Watched(step) if users else None

    @functools.cached_property
    def _missing(self) -> Missing:
        """Decides about data that are not finite."""
        return missing.Missing(self.task)

    def __call__(self, batch: Batch, suspects: Mapping[str, str]) -> Batch:
        """The same data in the model's structure.

        Args:
            batch: arrays of any number of rows, `(x, y, sample_weight)`.
            suspects: names of arrays with NaN or infinity, and the message that refuses each.

        Raises:
            ValueError: data that do not fit the model.
        """
        x, y, weight = batch
        graph, spec = self.task.graph, self.task.spec
        if graph is not None:
            brought = graph.bring(x)
            x = x if self.free else brought
        if suspects and not self.own_step:
            self._missing.check(x if graph is None else brought, y, weight, suspects)
        if self._ids is not None:
            variables = self.task.variables("predict")
            self._ids.check(x, [v.value for group in variables for v in group])
        if self._labels is not None and y is not None:
            outputs = rows.with_rows(self.outputs, len(tree_leaves(x)[0]))
            rest = outputs if not self.own_step else self._state()
            self._labels.check(y, (x, rest, weight))
        if self.free:
            return x, y, weight
        targets = spec.targets_of(y)
        check_targets(spec, y, self.outputs)
        if y is not None:
            y = pack(spec.structure, targets)
        if weight is not None:
            weights = spec.weights_of(weight)
            shared = all(one is weights[0] for one in weights)
            weight = weights[0] if shared else pack(spec.structure, weights)
        return x, y, weight

    def _state(self) -> Tree:
        """The state that a user's step takes."""
        groups = self.task.variables(self.kind)._replace(metrics=tuple(self.task.listed_metrics))
        held = [getattr(groups, name) for name in GROUPS[self.kind]]
        return tuple([variable.value for variable in group] for group in held)

    def _step(self, y: Tree, rest: Tree) -> Tree:
        assert self.own_step is not None
        x, state, weight = rest
        with use_scope(Scope(binds_all=True)):
            return self.own_step(state, (x, y) if weight is None else (x, y, weight))

    def _loss(self, y: Tree, rest: Tree) -> Tree:
        x, outputs, weight = rest
        with use_scope(Scope(binds_all=True)):
            return self.task.loss((x, y, weight), outputs, training=False)


def bring(task: Task, source: Source, kind: Kind) -> None:
    """Build what is not yet built, and have the data brought to the model."""
    x, y, _ = source.peek()
    outputs = task.build(x, y, kind)
    if kind == "train":
        task.check()
    source.bring(Intake(task, outputs, kind))


def watched_ids(task: Task) -> Watched | None:
    """The ids that layers of a model read, as far as they follow from the inputs alone.

    Args:
        task: a built model.

    Returns:
        To be checked with inputs and the values of the variables; None where no layer reads ids,
        or where `Graph.bring` sees them all.
    """
    graph = task.graph
    if graph is not None and graph.checks_all_ids:
        return None
    if not any(hasattr(layer, "check_ids") for layer in task.layers()):
        return None

    def outputs(x: Tree, values: Tree) -> Tree:
        variables = [variable for group in task.variables("predict") for variable in group]
        pairs = zip(variables, values, strict=True)
        with use_scope(Scope({id(variable): value for variable, value in pairs}, binds_all=True)):
            return task.forward(x, training=False)

    return watched.Watched(outputs)


# -- targets that cannot be right for the model --------------------------------------------------


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
        if one.part.is_joint:
            continue
        target, output = one.part.pick(targets), one.part.pick(outputs)
        where = f"The targets of output {spec.names[one.part.nest]!r}"
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
    if _alike(have, want) or _alike(_trimmed(have), _trimmed(want)):
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


def _alike(have: Shape, want: Shape) -> bool:
    """Whether shapes are equal, where None is any size."""
    return len(have) == len(want) and all(
        None in (h, w) or h == w for h, w in zip(have, want, strict=True)
    )


def _trimmed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:-1] if shape and shape[-1] == 1 else shape


def _check_labels(
    target: Tree, output: Tree, where: str, ignore_class: int | None, axis: int
) -> None:
    rest = list(output.shape)
    classes = rest.pop(axis)
    have, want = _trimmed(tuple(target.shape[1:])), tuple(rest[1:])
    if not _alike(have, want):
        fix = "give one integer label a row."
        if _alike(tuple(target.shape[1:]), tuple(output.shape[1:])):
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
    if classes is not None:
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
