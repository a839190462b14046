"""A model as training sees it: `training.contract.Task`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from rosenblatt.core import registry
from rosenblatt.core.errors import BadArgument, WrongType, warn_user
from rosenblatt.core.faces import on_use
from rosenblatt.core.symbolic import described, infer_outputs, tree_leaves, tree_map
from rosenblatt.core.tracing import changes, explaining, traced_settings
from rosenblatt.core.types import Array, Tree
from rosenblatt.core.variable import Variable
from rosenblatt.data.contract import Batch
from rosenblatt.data.rows import Inputs
from rosenblatt.graph.graph import Graph
from rosenblatt.graph.rows import layers_keep_rows_apart
from rosenblatt.layers import tracking
from rosenblatt.layers.base import Layer
from rosenblatt.layers.signatures import is_users, parameters_of
from rosenblatt.optimizers.base import Optimizer
from rosenblatt.training.placement import StateVariables
from rosenblatt.training.signature import Signature, signature_of
from rosenblatt.training.spec import CompileSpec, real_rows

if TYPE_CHECKING:
    from rosenblatt.models import functions
    from rosenblatt.models.trainer import Trainer
    from rosenblatt.training import ranks
    from rosenblatt.training.contract import Kind
    from rosenblatt.training.functions import StepFunction
else:
    functions = on_use("rosenblatt.models.functions")
    ranks = on_use("rosenblatt.training.ranks")


class ModelTask:
    """What training asks of a model, answered by a model of this library or of a user's subclass.

    Args:
        model: the model.
    """

    def __init__(self, model: Trainer):
        self._model = model
        self._looked_through: tuple[Graph | None, bool] = (None, False)
        self._layers_metrics: tuple[Hashable, list[Any]] = (None, [])

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def described(self) -> str:
        """Name and class."""
        return f"model {self.name!r} ({type(self._model).__name__})"

    @property
    def graph(self) -> Graph | None:
        """The graph of its layers."""
        return self._model._graph

    @property
    def spec(self) -> CompileSpec:
        """The losses and metrics."""
        return self._model._require_compiled("fit").spec

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer."""
        return self._model.optimizer

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run as plain Python."""
        return self._model.run_eagerly or not self._model.jit_compile

    @property
    def is_built(self) -> bool:
        """Whether its weights are made: those of a graph are, those of Python code if any are."""
        model = self._model
        return model.built and (model._graph is not None or bool(model.weights))

    @property
    def listed_metrics(self) -> list[Variable]:
        """The variables of the metrics that the model lists."""
        return self._model.metrics_variables

    def layers(self) -> Iterable[Layer]:
        """The model and the layers in it."""
        return self._model._flatten_layers()

    def version(self) -> Hashable:
        """Its parts, what is frozen, and what was set on built layers."""
        parts = list(self._model._flatten_parts())
        return (
            self.graph,
            traced_settings(),
            tuple((id(layer), layer.trainable, layer._revision) for layer, _ in parts),
            tuple((id(v), v.trainable) for layer, own in parts for v in layer._variables_in(own)),
        )

    def stamp(self) -> Hashable | None:
        """What is equal as long as `version` is, without a look through the model.

        Every change of the library's layers is announced; a user's may change in silence.
        """
        graph, ours = self._looked_through
        if graph is None or graph is not self.graph:
            graph = self.graph
            ours = graph is not None and all(map(registry.is_builtin, map(type, self.layers())))
            self._looked_through = (graph, ours)
        return (graph, changes(), traced_settings()) if ours else None

    # -- what makes up a program -------------------------------------------------------------

    def variables(self, kind: Kind) -> StateVariables:
        """The variables of the model; of the metrics and the optimizer, where the kind has them."""
        held, optimizer = self._model.variables, self.optimizer
        weights = tuple(v for v in held if v.trainable), tuple(v for v in held if not v.trainable)
        if kind == "predict":
            return StateVariables(*weights)
        trains = kind == "train" and optimizer is not None and optimizer.built
        # A model may list its own metrics only; those of `compile()` are kept behind them.
        metrics = {id(v): v for v in (*self.listed_metrics, *self.spec.variables)}
        slots = tuple(optimizer.variables) if trains else ()
        return StateVariables(*weights, slots, tuple(metrics.values()))

    def signature(self, variables: StateVariables, kind: Kind) -> Signature:
        """What a program of a kind is known by, and its run-time numbers."""
        parts: list[object] = [self._model]
        if kind != "predict":
            parts.append(self.spec)
        if kind == "train":
            parts.append(self.optimizer)
        # Layers in attributes of a user's class; the library's own are known by then.
        return signature_of(kind, [*parts, *self.layers()], variables)

    def rows_apart(self, kind: Kind) -> bool:
        """Whether padding a batch changes nothing."""
        apart = layers_keep_rows_apart(self.layers())
        return apart and (kind == "predict" or self.spec.exact_on_padding)

    # -- what a step computes ----------------------------------------------------------------

    def forward(self, x: Tree, training: bool) -> Any:
        """The outputs for a batch of inputs."""
        model = self._model
        if not model._overrides("stateless_call"):
            return model(x, training=training)
        groups = (model.trainable_variables, model.non_trainable_variables)
        outputs, new, *_ = model.stateless_call(
            *_values(groups), x, training=training, return_losses=True
        )
        _assign(groups[1:], [new])
        return outputs

    def loss(self, batch: Batch, outputs: Tree, training: bool) -> Any:
        """The loss of a batch, a scalar.

        Raises:
            ValueError: a user's `compute_loss` returned something else.
        """
        x, y, weight = batch
        compute = self._compute_loss
        where = f"`compute_loss` of model {self.name!r}"
        with explaining(where):
            if self._model._overrides("compute_loss"):
                y = ranks.for_users_code(
                    lambda y, outputs, x, weight: compute(x, y, outputs, weight, training),
                    y, outputs, x, weight,
                )  # fmt: skip
            loss = compute(x, y, outputs, weight, training)
        if loss is None or jnp.ndim(loss):
            raise BadArgument(
                f"{where} must return a scalar.",
                given="None" if loss is None else f"shape {jnp.shape(loss)}",
                fix="end with `return ops.mean(loss)`.",
            )
        return loss

    def _compute_loss(self, x: Tree, y: Tree, outputs: Tree, weight: Tree, training: bool) -> Any:
        """The model's `compute_loss`, which a user may have written without `training`."""
        if self._model._overrides("stateless_compute_loss"):
            return self._stateless_loss(x, y, outputs, weight, training)
        compute = self._model.compute_loss
        if "training" in parameters_of(type(self._model), "compute_loss"):
            return compute(x, y, outputs, weight, training=training)
        return compute(x, y, outputs, weight)

    def _stateless_loss(self, x: Tree, y: Tree, outputs: Tree, weight: Tree, training: bool) -> Any:
        """The loss by the model's own `stateless_compute_loss`."""
        model = self._model
        groups = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.metrics_variables,
        )
        trained, fixed, metrics = _values(groups)
        loss, new = model.stateless_compute_loss(
            trained, fixed, metrics, x, y, outputs, weight, training=training
        )
        _assign(groups, new)
        return loss

    def track(self, loss: Array, batch: Batch, outputs: Tree) -> None:
        """Update the running loss and the metrics."""
        x, y, weight = batch
        compute = self._model.compute_metrics
        self.spec.loss_tracker.update_state(loss, sample_weight=real_rows(tree_leaves(x)[0]))
        if self._model._overrides("compute_metrics"):
            y = ranks.for_users_code(
                lambda y, outputs, x, weight: compute(x, y, outputs, weight),
                y, outputs, x, weight,
            )  # fmt: skip
        compute(x, y, outputs, weight)

    def results(self) -> dict[str, Any]:
        """The metrics' values by name."""
        return self._model.get_metrics_result()

    def result_names(self) -> list[str] | None:
        """The names of the metrics' values; None where code of a user's gives them."""
        model = self._model
        metrics = {id(m): m for m in (*self.spec.metrics, *model.metrics)}.values()
        own = any(is_users(type(m), "result") or "result" in vars(m) for m in metrics)
        if own or model._overrides("get_metrics_result"):
            return None
        return list(model._by_metrics_names(lambda metric: None))

    def own_step(self, kind: Kind) -> Callable[..., Any] | None:
        """The step that a user's class defines itself."""
        name = f"{kind}_step"
        return getattr(self._model, name) if self._model._overrides(name) else None

    def makes_function(self, kind: Kind) -> bool:
        """Whether a user's class makes a function for steps, or one was set on the model."""
        return self._model._makes_function(kind)

    def own_function(self, kind: Kind) -> StepFunction | None:
        """That function; None where it is the library's after all."""
        model = self._model
        if not self.makes_function(kind):
            return None
        returned: Any = None
        if model._overrides(f"make_{kind}_function"):
            returned = getattr(model, f"make_{kind}_function")()
        function = getattr(model, f"{kind}_function")
        function = returned if function is None else function
        if isinstance(function, functions.ModelFunction):
            return None  # which programs compute faster
        if not callable(function):
            raise WrongType(
                f"`make_{kind}_function` of {self.described} made no function.",
                given=f"self.{kind}_function = {function!r:.80}",
                fix=f"set `self.{kind}_function` to a function `(state, iterator)`.",
            )
        return function

    @property
    def reads_targets(self) -> bool:
        """Whether a user's class computes the loss or the metrics itself."""
        return self._model._overrides("compute_loss") or self._model._overrides("compute_metrics")

    # -- getting ready -----------------------------------------------------------------------

    def inputs(self, finite: bool = True) -> Inputs:
        """How its inputs are read."""
        names = [] if self.graph is None else self.graph.input_names
        if not self._model.takes_text:
            return Inputs(names if len(names) > 1 else ())
        takes_nan = finite and any(getattr(one, "takes_nan", False) for one in self.layers())

        def look_up(columns: Tree) -> Tree:
            if self.graph is None:
                self._model.build_for_data(columns)
            assert self.graph is not None
            return self.graph.host.look_up(columns)

        def at_once(columns: Tree) -> Tree:
            return None if self.graph is None else self.graph.host.look_up_at_once(columns)

        return Inputs(names, look_up, at_once, refuses_nan=finite and not takes_nan)

    def build(self, x: Tree, y: Tree, kind: Kind) -> Any:
        """Make the weights, losses and metrics for data like these."""
        outputs = self._model.build_for_data(x)
        if kind == "predict" or self.spec.built:
            return outputs
        own = self.own_step(kind) is not None or self.makes_function(kind)
        if not own or not self.spec.is_empty:
            if self.reads_targets and not (self.run_eagerly or self._model.takes_text):
                self._build_as_read(x, y, outputs)
            if not self.spec.built:
                self.spec.build(y, outputs, self._model.output_names)
        return outputs

    def _build_as_read(self, x: Tree, y: Tree, outputs: Tree) -> None:
        """Make losses and metrics for what the user's class passes on to the library's methods."""
        spec, given = self.spec, tree_map(described, (x, y, outputs))
        if spec.loss is not None:
            losses = spec.separate_losses()
            if self._model._overrides("compute_loss"):
                infer_outputs(lambda x, y, o: self.loss((x, y, None), o, training=True), given, {})
                losses.built = True  # which it may not ask for at all
            else:
                losses.build(y, outputs, self._model.output_names)
        metrics = spec.user_metrics or spec.user_weighted_metrics
        if metrics and self._model._overrides("compute_metrics"):
            infer_outputs(lambda x, y, o: self._model.compute_metrics(x, y, o, None), given, {})

    def check(self) -> None:
        """Refuse to train what cannot be trained, and make the optimizer's variables.

        Raises:
            ValueError: no optimizer, or no loss.
        """
        if self.optimizer is None:
            raise BadArgument("The model was compiled without an optimizer.")
        trainable = self._model.trainable_variables
        if not trainable:
            warn_user(
                "The model has no trainable weights: `fit` updates metrics and learns nothing. Set "
                "`layer.trainable = True` on a layer with weights, or add such a layer."
            )
        own = self.own_step("train") is not None or self.makes_function("train")
        if not (own or self.spec.losses or self._has_other_losses()):
            raise BadArgument(
                "The model has no loss to minimize.",
                fix="give `compile` a `loss`, for example `model.compile(loss='mse')`.",
            )
        self.optimizer.build(trainable)

    def _has_other_losses(self) -> bool:
        return (
            self._model._overrides("compute_loss")
            or any(
                not registry.is_builtin(type(layer)) or layer.activity_regularizer is not None
                for layer in self.layers()
            )
            or bool(self._model.losses)
        )

    def reset_metrics(self) -> None:
        """Reset every metric."""
        stamp = self.stamp()
        if stamp is None or "reset_metrics" in vars(self._model):
            self._model.reset_metrics()
            return
        known, inner = self._layers_metrics
        if known != stamp:
            inner = [one for layer in self.layers() for one in tracking.parts_of(layer).metrics]
            self._layers_metrics = (stamp, inner)
        for metric in {id(one): one for one in (*self.spec.metrics, *inner)}.values():
            metric.reset_state()


def _values(groups: Iterable[list[Variable]]) -> list[list[Any]]:
    """The values of groups of variables, as stateless methods take them."""
    return [[variable.value for variable in group] for group in groups]


def _assign(groups: Iterable[list[Variable]], values: Iterable[Iterable[Any]]) -> None:
    """Give groups of variables what a stateless method returned for them."""
    for group, new in zip(groups, values, strict=True):
        for variable, value in zip(group, new, strict=True):
            variable.assign(value)
