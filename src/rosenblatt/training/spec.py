"""What `compile()` was told, resolved once the model's outputs are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from rosenblatt import losses as losses_package
from rosenblatt import metrics as metrics_package
from rosenblatt.core.errors import BadData, WrongType
from rosenblatt.core.faces import on_use
from rosenblatt.core.registry import is_builtin, is_ours
from rosenblatt.core.scope import HasParameters, row_count
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.tracing import explaining
from rosenblatt.core.types import Identifier, Tree
from rosenblatt.core.variable import Variable
from rosenblatt.losses.base import Loss, LossFunctionWrapper
from rosenblatt.metrics.base import BY_SHAPES, Metric, resolve_accuracy
from rosenblatt.metrics.reduction import Mean, MeanMetricWrapper
from rosenblatt.training.structure import align_targets, align_weights, per_output

if TYPE_CHECKING:
    from rosenblatt import tree
    from rosenblatt.training import loss_parts, ranks
    from rosenblatt.training.loss_parts import LossPart
else:
    loss_parts = on_use("rosenblatt.training.loss_parts")
    tree = on_use("rosenblatt.tree")
    ranks = on_use("rosenblatt.training.ranks")

# One value for all outputs, or a list, tuple or dict of them by output.
PerOutput: TypeAlias = "Identifier | object"
# A loss that the shapes of targets and outputs tell.
_CROSSENTROPIES = ("crossentropy", "ce")


@dataclass(eq=False)
class WeightedLoss(HasParameters):
    """The loss of an output, or of several together, its weight and its running mean."""

    part: LossPart
    loss: Loss
    weight: float | None
    tracker: Metric | None

    runtime_parameters: ClassVar[tuple[str, ...]] = ("weight",)
    untraced: ClassVar[tuple[str, ...]] = ("part",)  # names, and the loss as it was given

    def traced_facts(self) -> Any:
        """Which outputs it is for."""
        return self.part.nest


@dataclass
class OutputMetrics:
    """The metrics of one output, and the names their results are logged under."""

    index: int
    metrics: list[Metric] = field(default_factory=list)
    weighted: bool = False


class CompileSpec(HasParameters):
    """Losses and metrics of a model, by output.

    Args:
        loss: name, function, object or config; or a nest of them (`loss_parts.of`).
        loss_weights: a number, or a list, tuple or dict of numbers by output.
        metrics: a list for every output, or a list of lists or a dict of lists by output.
        weighted_metrics: the same, for metrics that see the sample weights.
    """

    # What `build` makes the rest of, and names.
    untraced = ("loss", "loss_weights", "user_metrics", "user_weighted_metrics", "names")

    def __init__(
        self,
        loss: PerOutput,
        loss_weights: PerOutput,
        metrics: PerOutput,
        weighted_metrics: PerOutput,
    ):
        self.loss = loss
        self.loss_weights = loss_weights
        self.user_metrics = metrics
        self.user_weighted_metrics = weighted_metrics
        self.loss_tracker = Mean(name="loss")
        self.losses: list[WeightedLoss] = []
        self.outputs: list[OutputMetrics] = []
        self.names: list[str] = []
        self.structure: Any = None
        # The losses alone, where a user's `compute_loss` says of which outputs they are.
        self.apart: CompileSpec | None = None
        self._nameless = False  # the names are made up: a subclass that returns no dict
        self.built = False
        # Whether padding rows leave every loss and metric what it is without them.
        self.exact_on_padding = True

    @property
    def is_empty(self) -> bool:
        """Whether `compile` was given neither losses nor metrics."""
        return not any((self.loss, self.user_metrics, self.user_weighted_metrics))

    def traced_facts(self) -> Any:
        """Which results are logged under one name: a later one replaces an earlier one."""
        names = [
            f"{self.names[group.index]}_{metric.name}" if len(self.names) > 1 else metric.name
            for group in self.outputs
            for metric in group.metrics
        ]
        names += ["loss", *(one.tracker.name for one in self.losses if one.tracker is not None)]
        return tuple(names.index(name) for name in names)

    def check_names(self) -> None:
        """Refuse unknown names at once, not at the first step.

        Raises:
            ValueError: an unknown loss or metric, with the nearest match.
        """
        for name in tree_leaves(self.loss):
            if isinstance(name, str) and name.lower() not in _CROSSENTROPIES:
                losses_package.get(name)
        for name in tree_leaves([self.user_metrics, self.user_weighted_metrics]):
            if isinstance(name, str) and name not in BY_SHAPES:
                metrics_package.get(name)

    def build(self, y: Tree, y_pred: Tree, output_names: Sequence[str] | None) -> None:
        """Resolve strings and spread losses and metrics over the outputs.

        Args:
            y: targets, or anything with their shapes, in the user's structure.
            y_pred: outputs, or anything with their shapes.
            output_names: the model's output names, None where the structure was unknown.
        """
        flat = tree_leaves(y_pred)
        self.structure = y_pred
        self.names = list(output_names or [])
        self._nameless = len(self.names) != len(flat) and not isinstance(y_pred, Mapping)
        if len(self.names) != len(flat):
            self.names = _pseudo_names(y_pred, len(flat))
        loss = None if self.apart else self.loss
        losses = loss_parts.of(loss, self.loss_weights, y_pred, self.names) if loss else []
        plain = self._metrics_by_output(self.user_metrics, "metrics")
        weighted = self._metrics_by_output(self.user_weighted_metrics, "weighted_metrics")
        read = {place for part in losses for place in part.places}
        self._wanted = [
            i in read or bool(m or w) for i, (m, w) in enumerate(zip(plain, weighted, strict=True))
        ]
        targets = self.targets_of(y)
        own = [
            WeightedLoss(
                part,
                _as_loss(part.loss, part.pick(targets), part.pick(flat)),
                _weight(part.weight),
                Mean(name=f"{part.label}_loss") if len(losses) > 1 else None,
            )
            for part in losses
        ]
        self.losses = self.apart.losses if self.apart else own
        losses_of = {one.part.nest: one.loss for one in own if not one.part.is_joint}
        self.outputs = [
            OutputMetrics(
                index,
                [_as_metric(m, targets[index], flat[index], losses_of.get(index)) for m in group],
                is_weighted,
            )
            for is_weighted, groups in ((False, plain), (True, weighted))
            for index, group in enumerate(groups)
            if group
        ]
        metrics = [(metric, group.index) for group in self.outputs for metric in group.metrics]
        if y is not None:  # what is missing is reported later
            for metric, index in metrics:
                target = self._target_for(metric, targets[index], flat[index])
                _build_metric(metric, target, flat[index])
        joint = any(one.part.is_joint for one in own)
        parts = [] if joint else [(one.loss, one.part.nest) for one in own] + metrics
        exact = self.apart is None or self.apart.exact_on_padding
        self.exact_on_padding = (
            exact
            and not joint
            and all(
                part.exact_on_padding(self._target_for(part, targets[i], flat[i]), flat[i])
                for part, i in parts
            )
        )
        self.built = True

    def separate_losses(self) -> CompileSpec:
        """Keep the losses by themselves, to be built for other targets and outputs than metrics."""
        if self.apart is None:
            self.apart = CompileSpec(self.loss, self.loss_weights, None, None)
        return self.apart

    def _metrics_by_output(self, given: Any, what: str) -> list[list[Any]]:
        count = len(self.names)
        if not given:
            return [[] for _ in range(count)]
        if count == 1:
            if isinstance(given, Mapping):
                given = per_output(given, self.names, what, self.structure, single=False)
            return [tree_leaves(given)]
        nested = isinstance(self.structure, (list, tuple)) and len(given) == len(self.structure)
        if isinstance(given, Mapping) or len(given) == count or nested:
            groups = per_output(given, self.names, what, self.structure, single=False)
            return [
                g if isinstance(g, list) else [] if g is None else tree_leaves(g) for g in groups
            ]
        raise BadData(
            f"`{what}` must say which metrics belong to which of the {count} outputs.",
            given=given,
            expected=f"a list of {count} lists, or a dict by the names {self.names}",
        )

    # -- inside the traced step --------------------------------------------------------------

    def compute_loss(self, y: Tree, y_pred: Tree, sample_weight: Tree) -> list[Any]:
        """The weighted loss of each output that has one."""
        if self.apart is not None:
            return self.apart.compute_loss(y, y_pred, sample_weight)
        targets = self.targets_of(y)
        outputs = tree_leaves(y_pred)
        sample_weights = self.weights_of(sample_weight)
        values = []
        for one in self.losses:
            with explaining(f"Loss {one.loss.name!r}"):
                output = one.part.pick(outputs)
                target = self._target_for(one.loss, one.part.pick(targets), output)
                value = one.loss(target, output, self._weight_for(one.part, sample_weights))
            if one.tracker is not None:
                rows = real_rows(tree_leaves(output)[0])
                one.tracker.update_state(value, sample_weight=rows)
            values.append(value if one.weight is None else value * one.parameter("weight"))
        return values

    def update_metrics(self, y: Tree, y_pred: Tree, sample_weight: Tree) -> None:
        """Update each output's metrics."""
        if not self.outputs:
            return
        targets = self.targets_of(y)
        outputs = tree_leaves(y_pred)
        sample_weights = self.weights_of(sample_weight)
        for group in self.outputs:
            weight = sample_weights[group.index] if group.weighted else None
            output = outputs[group.index]
            for metric in group.metrics:
                with explaining(f"Metric {metric.name!r}"):
                    target = self._target_for(metric, targets[group.index], output)
                    metric.update_state(target, output, *(() if weight is None else (weight,)))

    @staticmethod
    def _weight_for(part: LossPart, sample_weights: Sequence[Any]) -> Any:
        """The sample weights of a loss: one array for outputs that it takes together."""
        weights = [sample_weights[place] for place in part.places]
        if any(one is not weights[0] for one in weights):
            raise BadData(
                f"Loss {part.label!r} is of several outputs together, which have different sample "
                "weights.",
                fix="give them the same array, or one array for all outputs.",
            )
        return weights[0]

    @staticmethod
    def _target_for(part: Loss | Metric, target: Tree, output: Tree) -> Any:
        """The targets as a loss or metric gets them: a user's in the rank of the outputs."""
        if is_ours(part):
            return target
        call = part if isinstance(part, Loss) else part.update_state
        return ranks.for_users_code(call, target, output)

    def targets_of(self, y: Tree) -> list[Any]:
        """The target of each output, None where it needs none; see `structure.align_targets`."""
        if isinstance(y, Mapping) and len(y) == 1 and self._nameless and len(self.names) == 1:
            y = next(iter(y.values()))  # whatever the name, it is the only output's
        return align_targets(y, self.names, self.structure, self._wanted)

    def weights_of(self, sample_weight: Tree) -> list[Any]:
        """The sample weights of each output, or None."""
        return align_weights(sample_weight, self.names, self.structure)

    def results(
        self, told: Callable[[Metric], Any] = lambda metric: metric.result()
    ) -> dict[str, Any]:
        """Name to current value of every metric, or to what `told` says of it; the loss first."""
        found: dict[str, Any] = {"loss": told(self.loss_tracker)}
        for group in self.outputs:
            prefix = f"{self.names[group.index]}_" if len(self.names) > 1 else ""
            for metric in group.metrics:
                result = told(metric)
                results = result if isinstance(result, dict) else {metric.name: result}
                for name, value in results.items():
                    found[_free_name(f"{prefix}{name}", found, prefix, group.weighted)] = value
        for one in self.losses:
            if one.tracker is not None:
                found[one.tracker.name] = told(one.tracker)
        return found

    # -- state -------------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Metric]:
        """The loss tracker, the metrics, the trackers of single losses."""
        groups = [metric for group in self.outputs for metric in group.metrics]
        trackers = [one.tracker for one in self.losses if one.tracker is not None]
        return [self.loss_tracker, *groups, *trackers]

    def in_order(self, logs: Mapping[str, Any]) -> Any:
        """Values by name as `evaluate` returns them: in Keras's order, a single one by itself."""
        names = [metric.name for metric in self.metrics]
        first = [logs[name] for name in names if name in logs]
        values = first + [logs[name] for name in sorted(logs) if name not in names]
        return values[0] if len(values) == 1 else values

    @property
    def variables(self) -> list[Variable]:
        """The variables of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]


def real_rows(output: Tree) -> Any:
    """Number of rows of a batch that are not padding."""
    count = row_count()
    return output.shape[0] if count is None else count.astype("float32")


def _weight(given: PerOutput) -> float | None:
    """A number of `loss_weights`, the third argument of `compile`."""
    if given is None:
        return None
    if hasattr(given, "__float__"):
        return float(given)
    raise WrongType(
        "`loss_weights` must be numbers.",
        given=repr(given),
        fix="metrics go by name: `compile(optimizer, loss, metrics=[...])`.",
    )


def _pseudo_names(y_pred: Tree, count: int) -> list[str]:
    if isinstance(y_pred, Mapping):
        return ["/".join(map(str, path)) for path, _ in tree.flatten_with_path(y_pred)]
    return [f"output_{i + 1}" if count > 1 else "output" for i in range(count)]


def _free_name(name: str, taken: Mapping[str, Any], prefix: str, weighted: bool) -> str:
    if name not in taken:
        return name
    if weighted:
        name = f"{prefix}weighted_{name.removeprefix(prefix)}"
    number = 1
    free = name
    while free in taken:
        free = f"{name}_{number}"
        number += 1
    return free


def _build_metric(metric: Metric, y: Tree, y_pred: Tree) -> None:
    """Make the variables that wait for shapes; a user's mistakes are reported at its step."""
    if is_builtin(type(metric)):
        metric.build(y, y_pred)
        return
    with suppress(Exception):
        metric.build(y, y_pred)


def _as_loss(identifier: Identifier, y: Tree, y_pred: Tree) -> Loss:
    if isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, str) and identifier.lower() in _CROSSENTROPIES:
        if not hasattr(y, "shape"):
            raise BadData(f"The loss {identifier!r} is chosen by the targets, which are missing.")
        found: Any = losses_package.resolve_crossentropy(y.shape, y_pred.shape)
    else:
        found = losses_package.get(identifier)
    if isinstance(found, Loss):
        return found
    return LossFunctionWrapper(found, name=getattr(found, "__name__", None))


def _as_metric(identifier: Identifier, y: Tree, y_pred: Tree, loss: Loss | None) -> Metric:
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, str) and identifier in BY_SHAPES:
        metric = resolve_accuracy(identifier, y.shape, y_pred.shape)()
        metric.name = identifier
        return metric
    found = metrics_package.get(identifier)
    if isinstance(found, Metric):
        if isinstance(identifier, str):
            found.name = identifier
        return found
    name = identifier if isinstance(identifier, str) else getattr(found, "__name__", None)
    return MeanMetricWrapper(found, name=name)
