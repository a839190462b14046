"""What comes from a user brought to the model's structure and checked: once, where it comes in.

Arrays are brought whole before the first step, streams batch by batch as they are read; so what is
refused in arrays is refused in the second batch of a validation stream too, before a step sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.core.nesting import pack
from rosenblatt.core.rows import with_rows
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.watched import Watched
from rosenblatt.data.contract import Batch, Source
from rosenblatt.training.checks import check_targets
from rosenblatt.training.missing import Missing


class Intake:
    """Brings `(x, y, sample_weight)` to a model.

    What a user's own step, `compute_loss` or `compute_metrics` reads stays in the nest it was given
    in; it is checked as far as the model is known.

    Args:
        model: a built and compiled model.
        outputs: its outputs, or anything with their shapes.
        train: whether it is for training, else for evaluation.
    """

    def __init__(self, model: Any, outputs: Any, train: bool):
        self.model = model
        self.outputs = outputs
        self.kind = "train" if train else "test"
        self.own_step = model._step_is_custom(self.kind)
        self.free = self.own_step or model._reads_targets_itself()
        self._ids = watched_ids(model)
        self._missing = Missing(model)
        parts = [one.loss for one in model._compiled.spec.losses]
        users = self.free or not all(part._is_own() for part in parts)
        self._labels = Watched(self._step if self.own_step else self._loss) if users else None

    def __call__(self, batch: Batch, suspects: Mapping[str, str]) -> Batch:
        """The same data in the model's structure.

        Args:
            batch: arrays of any number of rows, `(x, y, sample_weight)`.
            suspects: names of arrays with NaN or infinity, and the message that refuses each.

        Raises:
            ValueError: data that do not fit the model.
        """
        x, y, weight = batch
        graph, spec = self.model._graph, self.model._compiled.spec
        if graph is not None:
            brought = graph.bring(x)
            x = x if self.free else brought
        if suspects and not self.own_step:
            self._missing.check(x if graph is None else brought, y, weight, suspects)
        if self._ids is not None:
            self._ids.check(x, [v.value for v in self.model.variables])
        if self._labels is not None and y is not None:
            outputs = with_rows(self.outputs, len(tree_leaves(x)[0]))
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

    def _state(self) -> Any:
        """The state that a step of the user's takes."""
        model = self.model
        groups = [model.trainable_variables, model.non_trainable_variables]
        if self.kind == "train":
            groups.append(model.optimizer.variables)
        groups.append(model.metrics_variables)
        return tuple([variable.value for variable in group] for group in groups)

    def _step(self, y: Any, rest: Any) -> Any:
        x, state, weight = rest
        with use_scope(Scope(binds_all=True)):
            step = getattr(self.model, f"{self.kind}_step")
            return step(state, (x, y) if weight is None else (x, y, weight))

    def _loss(self, y: Any, rest: Any) -> Any:
        x, y_pred, weight = rest
        with use_scope(Scope(binds_all=True)):
            return self.model.compute_loss(x, y, y_pred, weight, training=False)


def bring(model: Any, source: Source, train: bool) -> None:
    """Build what is not yet built, and have the data brought to the model."""
    x, y, _ = source.peek()
    outputs = model.build_for_data(x)
    spec = model._compiled.spec
    custom = model._step_is_custom("train" if train else "test")
    if not spec.built and not (custom and spec.is_empty):
        spec.build(y, outputs, model.output_names)
    if train:
        _check_trainable(model, custom)
    source.bring(Intake(model, outputs, train))


def _check_trainable(model: Any, custom: bool) -> None:
    """Refuse to train what cannot be trained, and make the optimizer's variables."""
    spec = model._compiled.spec
    if model.optimizer is None:
        raise ValueError(explain("The model was compiled without an optimizer."))
    trainable = model.trainable_variables
    if not trainable:
        raise ValueError(
            explain(
                "The model has no trainable weights.",
                fix="set `layer.trainable = True` on a layer with weights, or add such a layer.",
            )
        )
    if not custom and not spec.losses and not model._has_other_losses():
        raise ValueError(
            explain(
                "The model has no loss to minimize.",
                fix="give `compile` a `loss`, for example `model.compile(loss='mse')`.",
            )
        )
    model.optimizer.build(trainable)


def watched_ids(model: Any) -> Watched | None:
    """The ids that layers of a model read, as far as they follow from the inputs alone.

    Args:
        model: a built model.

    Returns:
        To be checked with inputs and the values of the variables; None where no layer reads ids,
        or where `Graph.bring` sees them all.
    """
    graph = model._graph
    if graph is not None and graph.checks_all_ids:
        return None
    if not any(hasattr(layer, "check_ids") for layer in model._flatten_layers()):
        return None

    def outputs(x: Any, values: Any) -> Any:
        pairs = zip(model.variables, values, strict=True)
        with use_scope(Scope({id(variable): value for variable, value in pairs}, binds_all=True)):
            return model(x, training=False)

    return Watched(outputs)
