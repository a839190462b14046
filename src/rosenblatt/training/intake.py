"""What comes from a user brought to the model's structure and checked: once, where it comes in.

Arrays are brought whole before the first step, streams batch by batch as they are read; so what is
refused in arrays is refused in the second batch of a validation stream too, before a step sees it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rosenblatt.core.faces import on_use
from rosenblatt.core.nesting import pack
from rosenblatt.core.registry import is_ours
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.types import Tree
from rosenblatt.data.contract import Batch, Source
from rosenblatt.training.checks import check_targets
from rosenblatt.training.state import GROUPS

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
