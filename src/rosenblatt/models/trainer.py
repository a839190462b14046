"""The part of a model that is compiled, trained, evaluated and used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt import optimizers
from rosenblatt.callbacks import CallbackList, History, ProgbarLogger
from rosenblatt.core import registry
from rosenblatt.core.errors import explain
from rosenblatt.core.random import draw_seed
from rosenblatt.core.scope import current_scope
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.data import (
    ArraySource,
    StreamSource,
    as_arrays,
    is_stream,
    make_source,
    train_validation_split,
)
from rosenblatt.layers import tracking
from rosenblatt.training import fit as loop
from rosenblatt.training.engine import Engine
from rosenblatt.training.predict import Predictor
from rosenblatt.training.spec import CompileSpec


@dataclass
class Compiled:
    """The arguments of `compile()`, resolved."""

    optimizer: Any
    spec: CompileSpec
    run_eagerly: bool
    config: dict[str, Any]


class Trainer:
    """Keras's methods for training; `Model` is a `Layer` with these."""

    optimizer: Any
    name: str

    def _init_trainer(self) -> None:
        self._compiled: Compiled | None = None
        self.optimizer = None
        self.stop_training = False
        self._predictor: Predictor | None = None

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
            steps_per_execution, jit_compile, auto_scale_loss: accepted; the engine compiles whole
                epochs and chooses by itself.

        Raises:
            ValueError: an unknown name, with the nearest match.
        """
        self.optimizer = optimizers.get(optimizer)
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
        held = [
            metric
            for layer in self._flatten_layers()  # type: ignore[attr-defined]
            for metric in tracking.parts(layer, tracking.is_metric)
        ]
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

    # -- what a step calls; a subclass may override these ----------------------------------------

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
            spec.build(y, y_pred, self.output_names)  # type: ignore[attr-defined]
        values = [*spec.compute_loss(y, y_pred, sample_weight), *self.losses]  # type: ignore[attr-defined]
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
        return type(self).compute_loss is not Trainer.compute_loss

    def _has_other_losses(self) -> bool:
        return (
            self._loss_is_custom()
            or any(
                not registry.is_builtin(type(layer)) or layer.activity_regularizer is not None
                for layer in self._flatten_layers()  # type: ignore[attr-defined]
            )
            or bool(self.losses)
        )  # type: ignore[attr-defined]

    # -- training ------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> History:
        """Train for some epochs.

        Args:
            x: inputs: arrays, frames, lists, tuples or dicts of them; or a stream of batches
                (generator, `PyDataset`, DataLoader, tf.data) that gives targets too.
            y: targets, in the outputs' structure.
            batch_size: rows of a batch, 32 if None.
            epochs: number of the last epoch.
            verbose: 0 silent, 1 progress, 2 one line an epoch, "auto" is 1.
            callbacks: callbacks.
            validation_split: share of the rows, taken from the end before shuffling, to validate on.
            validation_data: (x, y) or (x, y, sample_weight), or a stream.
            shuffle: whether rows get a new order each epoch; "batch" keeps batches together.
            class_weight: class to weight, multiplied into the sample weights.
            sample_weight: (rows,) weights.
            initial_epoch: number of the epoch to start with.
            steps_per_epoch: batches of an epoch; a pass over the data if None.
            validation_steps, validation_batch_size, validation_freq: the same for validation.

        Returns:
            The history of the metrics.

        Raises:
            ValueError: data that do not fit the model, each said by name.
        """
        self._require_compiled("fit")
        x, y, sample_weight, validation_data = _split_off(
            x, y, sample_weight, validation_split, validation_data
        )
        source = make_source(
            x,
            y,
            sample_weight,
            batch_size,
            shuffle,
            draw_seed(),
            class_weight,
            steps=steps_per_epoch,
        )
        validation = _validation_source(
            validation_data, validation_batch_size or batch_size, validation_steps
        )
        steps = steps_per_epoch or source.n_batches
        history = History()
        hooks = self._hooks(callbacks, verbose, history, epochs=epochs, steps=steps)
        loop.fit(
            self,
            source,
            hooks,
            epochs=epochs,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation=validation,
            validation_steps=validation_steps,
            validation_freq=validation_freq,
        )
        return history

    def _hooks(self, callbacks: Any, verbose: Any, *extra: Any, **params: Any) -> CallbackList:
        level = 1 if verbose == "auto" else int(verbose)
        if isinstance(callbacks, CallbackList):
            return callbacks
        shown = [ProgbarLogger()] if level else []
        hooks = CallbackList([*extra, *shown, callbacks or []], verbose=level, **params)
        hooks.set_model(self)
        return hooks

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Compute loss and metrics on data.

        Args:
            x, y, sample_weight: as in `fit`.
            batch_size: rows of a batch, 32 if None.
            verbose: 0 silent, 1 progress, 2 one line.
            steps: batches to use; all if None.
            callbacks: callbacks.
            return_dict: give values by name.

        Returns:
            The loss, or a list of loss and metrics, or a dict.
        """
        self._require_compiled("evaluate")
        source = make_source(x, y, sample_weight, batch_size, steps=steps)
        hooks = self._hooks(callbacks, verbose, steps=steps or source.n_batches, epochs=1)
        logs = loop.evaluate(self, source, hooks, steps)
        return logs if return_dict else self._in_order(logs)

    def _in_order(self, logs: dict[str, float]) -> Any:
        names = self._require_compiled("evaluate").spec.metric_names_in_order()
        first = [logs[name] for name in names if name in logs]
        rest = [logs[name] for name in sorted(logs) if name not in names]
        values = first + rest
        return values[0] if len(values) == 1 else values

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Compute the outputs for inputs.

        Args:
            x: inputs, as in `fit`.
            batch_size: rows of a batch, for models that look across rows; 32 if None.
            verbose: 0 silent, 1 progress, 2 one line.
            steps: batches to use; all if None.
            callbacks: callbacks.

        Returns:
            NumPy arrays in the outputs' structure.
        """
        if isinstance(x, np.ndarray) and callbacks is None and verbose == 0 and steps is None:
            return self._predict_arrays(as_arrays(x, "x"), batch_size or 32)
        source = make_source(x, batch_size=batch_size, steps=steps, finite=False)
        hooks = self._hooks(callbacks, verbose, steps=steps or source.n_batches, epochs=1)
        hooks.call("on_predict_begin")
        if isinstance(source, ArraySource) and not hooks.predict_batches:
            data = source.data[0]
            if steps is not None:
                data = tree_map(lambda a: a[: steps * source.batch_size], data)
            outputs = self._predict_arrays(data, source.batch_size)
            hooks.progress("predict", steps or source.n_batches, {})
        else:
            outputs = self._predict_batches(source, hooks, steps)
        hooks.call("on_predict_end")
        return outputs

    def _predict_arrays(self, x: Any, batch_size: int) -> Any:
        if not _is_ready(self, x):
            self.build_for_data(tree_map(lambda a: a[:1], x))  # type: ignore[attr-defined]
        if self._graph is not None:  # type: ignore[attr-defined]
            arranged = self._graph.arrange(x)  # type: ignore[attr-defined]
            x = arranged[0] if len(arranged) == 1 else arranged
        if self._predictor is None or not self._predictor.fits(self):
            self._predictor = Predictor(self)
        return self._predictor(x, batch_size)

    def _predict_batches(self, source: Any, hooks: CallbackList, steps: int | None) -> Any:
        parts = []
        for number, (x, _) in enumerate(_batches(source, steps)):
            hooks.call("on_predict_batch_begin", number)
            outputs = self._predict_arrays(x, len(tree_leaves(x)[0]))
            parts.append(outputs)
            hooks.call("on_predict_batch_end", number, {"outputs": outputs})
            hooks.progress("predict", number + 1, {})
        return jax.tree_util.tree_map(lambda *p: np.concatenate(p), *parts)

    # -- single batches ------------------------------------------------------------------------

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One gradient step on a batch.

        Returns:
            Loss and metrics since they were last reset.
        """
        self._require_compiled("train_on_batch")
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of a batch."""
        self._require_compiled("test_on_batch")
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    def _on_batch(
        self, kind: str, x: Any, y: Any, weight: Any, class_weight: Any, return_dict: bool
    ) -> Any:
        rows = len(tree_leaves(as_arrays(x, "x"))[0])
        source = make_source(x, y, weight, max(rows, 1), False, 0, class_weight)
        assert isinstance(source, ArraySource)
        source.block_batches = 1
        loop.prepare(self, source, train=kind == "train")
        engine = Engine(self, kind)
        logs: Any = None
        for _, logs in engine.run(source.blocks()):
            pass
        engine.store()
        found = engine.read(logs)
        return found if return_dict else self._in_order(found)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for a batch, as NumPy arrays."""
        return self.predict(x, verbose=0)

    # -- configuration ---------------------------------------------------------------------------

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile()`, as plain data."""
        if self._compiled is None:
            return None
        config = {**self._compiled.config, "optimizer": self.optimizer}
        return registry.serialize_keras_object(config)

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile with the arguments of `get_compile_config()`."""
        known = (
            "optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly",
            "steps_per_execution", "jit_compile",
        )  # fmt: skip
        arguments = {
            k: registry.deserialize_keras_object(v) for k, v in config.items() if k in known
        }
        self.compile(**arguments)
        if self.built and self.optimizer is not None:  # type: ignore[attr-defined]
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]


def _is_ready(model: Any, x: Any) -> bool:
    return (
        model.built
        and (model._graph is not None or bool(model.weights))
        and current_scope() is None
    )


def _batches(source: Any, steps: int | None) -> Any:
    if isinstance(source, StreamSource):
        for x, *_ in source.batches(n_batches=steps):
            yield x, None
        return
    for start in range(min(source.n_batches, steps or source.n_batches)):
        rows = slice(start * source.batch_size, (start + 1) * source.batch_size)
        yield tree_map(lambda a, r=rows: a[r], source.data[0]), None


def _split_off(x: Any, y: Any, weight: Any, share: float, validation_data: Any) -> Any:
    """Take the last share of the rows for validation, where asked to."""
    if not share or validation_data is not None:
        return x, y, weight, validation_data
    if is_stream(x):
        raise ValueError(
            explain(
                "fit: `validation_split` needs arrays.",
                given=f"x of type {type(x).__name__}",
                fix="pass `validation_data=` instead.",
            )
        )
    arrays = tuple(
        as_arrays(part, what) for part, what in ((x, "x"), (y, "y"), (weight, "sample_weight"))
    )
    train, validation = train_validation_split(arrays, share)
    return (*train, validation)


def _validation_source(data: Any, batch_size: int | None, steps: int | None) -> Any:
    if data is None:
        return None
    if isinstance(data, (tuple, list)):
        if len(data) not in (2, 3):
            raise ValueError(
                explain(
                    "fit: `validation_data` has the wrong length.",
                    given=f"{type(data).__name__} of {len(data)}",
                    expected="(x, y) or (x, y, sample_weight)",
                )
            )
        x, y, weight = (*data, None)[:3]
        return make_source(x, y, weight, batch_size, steps=None)
    return make_source(data, batch_size=batch_size, steps=steps)
