"""The part of a model that is told how to train, and what a step asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from rosenblatt import optimizers
from rosenblatt.core import registry, serialization
from rosenblatt.core.errors import explain
from rosenblatt.core.variable import StatelessScope
from rosenblatt.training.custom import default_step
from rosenblatt.training.run import Run
from rosenblatt.training.session import Session
from rosenblatt.training.spec import CompileSpec


@dataclass
class Compiled:
    """The arguments of `compile()`, resolved."""

    optimizer: Any
    spec: CompileSpec
    run_eagerly: bool
    config: dict[str, Any]


class Compiles:
    """`compile()`, and the loss and metrics of a batch; a subclass may override those.

    `Model` is a `Layer` with these, whose attributes are named here.
    """

    optimizer: Any
    name: str
    built: bool
    losses: list[Any]
    output_names: Any
    trainable_variables: Any
    non_trainable_variables: Any
    metrics_variables: Any
    _flatten_layers: Any
    dtype_policy: Any
    stateless_call: Any
    training_session: Session

    def __getstate__(self) -> dict[str, Any]:
        """With a session of its own: a copy is no part of a call that is under way."""
        state: Any = super().__getstate__()
        return {**state, "training_session": Session()}

    @property
    def current_run(self) -> Run | None:
        """The call of `fit` that is under way; None outside one."""
        return self.training_session.run

    def _init_trainer(self) -> None:
        self._compiled: Compiled | None = None
        self.optimizer = None
        self.stop_training = False
        self.training_session = Session()

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how to train.

        Args:
            optimizer: name, object or config.
            loss: name, function, object or config; for several outputs a list, tuple or dict.
            loss_weights: numbers by output, in the same way.
            metrics: names, functions or objects; for several outputs a list of lists or a dict.
            weighted_metrics: metrics that see the sample weights.
            run_eagerly: run each step as plain Python, to debug it.
            steps_per_execution, jit_compile: accepted; the engine compiles whole epochs and
                chooses by itself.
            auto_scale_loss: scale the loss where the model's policy is "mixed_float16".

        Raises:
            ValueError: an unknown name, with the nearest match.
        """
        self.optimizer = optimizers.get(optimizer)
        scaled = isinstance(self.optimizer, optimizers.LossScaleOptimizer)
        small = self.dtype_policy.name == "mixed_float16"
        if small and auto_scale_loss and self.optimizer and not scaled:
            name = "loss_scale_optimizer"
            self.optimizer = optimizers.LossScaleOptimizer(self.optimizer, name=name)
        spec = CompileSpec(loss, loss_weights, metrics, weighted_metrics)
        spec.check_names()
        config = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile if isinstance(jit_compile, bool) else True,
        }
        self._compiled = Compiled(self.optimizer, spec, run_eagerly, config)
        self.training_session.forget()

    @property
    def compiled(self) -> bool:
        """Whether `compile()` was called."""
        return self._compiled is not None

    def _require_compiled(self, method: str) -> Compiled:
        if self._compiled is None:
            raise ValueError(
                explain(
                    f"Model {self.name!r} must be compiled before `{method}()`.",
                    fix="call `model.compile(loss=…, optimizer=…)` first.",
                )
            )
        return self._compiled

    @property
    def metrics(self) -> list[Any]:
        """The running loss, the compiled metrics, and metrics held by layers."""
        compiled = [] if self._compiled is None else self._compiled.spec.metrics
        held = super().metrics  # type: ignore[misc]
        return list({id(m): m for m in (*compiled, *held)}.values())

    @property
    def metrics_names(self) -> list[str]:
        """Names of the metrics."""
        return [metric.name for metric in self.metrics]

    @property
    def loss(self) -> Any:
        """The loss given to `compile()`."""
        return None if self._compiled is None else self._compiled.config["loss"]

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run as plain Python."""
        return self._compiled is not None and self._compiled.run_eagerly

    def reset_metrics(self) -> None:
        """Start every metric anew."""
        for metric in self.metrics:
            metric.reset_state()

    # -- what a subclass may override: the steps, and what they call -----------------------------

    def train_step(self, state: Any, data: Any) -> tuple[dict[str, Any], Any]:
        """One gradient step, in the stateless signature of Keras on JAX.

        Args:
            state: values of `trainable_variables`, `non_trainable_variables`,
                `optimizer.variables` and `metrics_variables`.
            data: `(x,)`, `(x, y)` or `(x, y, sample_weight)` of the batch.

        Returns:
            The values to log by name, and the new state.
        """
        return default_step(self, "train", state, data)

    def test_step(self, state: Any, data: Any) -> tuple[dict[str, Any], Any]:
        """One step of evaluation; its state is that of `train_step` without the optimizer's."""
        return default_step(self, "test", state, data)

    def predict_step(self, state: Any, data: Any) -> tuple[Any, Any]:
        """The outputs for a batch, and the new non-trainable values."""
        return self.stateless_call(*state, data[0], training=False)

    def stateless_compute_loss(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        metrics_variables: Any,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Any, tuple[list[Any], list[Any], list[Any]]]:
        """`compute_loss` on other values of the variables, changing nothing.

        Returns:
            The loss, and the new values of the three groups of variables.
        """
        groups = (
            (self.trainable_variables, trainable_variables),
            (self.non_trainable_variables, non_trainable_variables),
            (self.metrics_variables, metrics_variables),
        )
        pairs = [pair for held, values in groups for pair in zip(held, values, strict=True)]
        with StatelessScope(pairs) as scope:
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=training)
        new = tuple([scope.get_current_value(v) for v in held] for held, _ in groups)
        return loss, new  # type: ignore[return-value]

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The total loss of a batch: the compiled losses, `add_loss` and the penalties.

        Args:
            x, y, y_pred, sample_weight: inputs, targets, outputs and weights of the batch.
            training: whether it is a training step.

        Returns:
            A scalar.
        """
        compiled = self._require_compiled("compute_loss")
        spec = compiled.spec
        if not spec.built:
            spec.build(y, y_pred, self.output_names)
        values = [*spec.compute_loss(y, y_pred, sample_weight), *self.losses]
        if not values:
            return jnp.zeros(())
        return values[0] if len(values) == 1 else sum(jnp.asarray(v, "float32") for v in values)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Update the metrics with a batch.

        Returns:
            Their values by name.
        """
        self._require_compiled("compute_metrics").spec.update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Values of the metrics by name."""
        spec = self._require_compiled("get_metrics_result").spec
        found = spec.results()
        known = {id(m) for m in spec.metrics}
        for metric in self.metrics:
            if id(metric) not in known:
                result = metric.result()
                found.update(result if isinstance(result, Mapping) else {metric.name: result})
        return found

    def _loss_is_custom(self) -> bool:
        return type(self).compute_loss is not Compiles.compute_loss

    def _reads_targets_itself(self) -> bool:
        """Whether a subclass computes the loss or the metrics itself."""
        return self._loss_is_custom() or self._tracks_by_itself()

    def _tracks_by_itself(self) -> bool:
        return type(self).compute_metrics is not Compiles.compute_metrics

    def _step_is_custom(self, kind: str) -> bool:
        """Whether a subclass wrote its own `train_step` or `test_step`."""
        return getattr(type(self), f"{kind}_step") is not getattr(Compiles, f"{kind}_step")

    def _has_other_losses(self) -> bool:
        return (
            self._loss_is_custom()
            or any(
                not registry.is_builtin(type(layer)) or layer.activity_regularizer is not None
                for layer in self._flatten_layers()
            )
            or bool(self.losses)
        )

    # -- configuration ---------------------------------------------------------------------------

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of `compile()`, as plain data; empty before it."""
        if self._compiled is None:
            return {}
        config = {**self._compiled.config, "optimizer": self.optimizer}
        return serialization.serialize_keras_object(config)

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile with the arguments of `get_compile_config()`."""
        known = (
            "optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly",
            "steps_per_execution", "jit_compile",
        )  # fmt: skip
        arguments = {
            k: serialization.deserialize_keras_object(v) for k, v in config.items() if k in known
        }
        self.compile(**arguments)
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)
