"""Keras's methods of a model that is trained, in one file because users extend one class."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from rosenblatt import callbacks as library
from rosenblatt import optimizers
from rosenblatt.callbacks.callback import CallbackList, Callbacks
from rosenblatt.callbacks.history import History
from rosenblatt.core import config, serialization
from rosenblatt.core.checks import Check, checking, flag, optional, whole
from rosenblatt.core.errors import NotCompiled, WrongType, warn_user
from rosenblatt.core.faces import on_use
from rosenblatt.core.random import draw_seed
from rosenblatt.core.refusing import refusing
from rosenblatt.core.symbolic import described, tree_map
from rosenblatt.core.types import Identifier, PathLike, Tree
from rosenblatt.core.variable import StatelessScope
from rosenblatt.data.array_source import Shuffle, check_batch_size
from rosenblatt.data.precision import warn_of_rounding
from rosenblatt.data.reading import read, read_rows, read_validation
from rosenblatt.graph.graph import Graph
from rosenblatt.layers.base import Layer
from rosenblatt.models.task import ModelTask
from rosenblatt.optimizers.base import Optimizer
from rosenblatt.training import fit as loop
from rosenblatt.training.session import Run, Session, Validation
from rosenblatt.training.spec import CompileSpec, PerOutput
from rosenblatt.training.structure import check_compiled

if TYPE_CHECKING:
    from rosenblatt.metrics.base import Metric
    from rosenblatt.models import functions, state_trees
    from rosenblatt.training import custom, predict
    from rosenblatt.training.contract import Kind
    from rosenblatt.training.functions import StepFunction
else:
    custom = on_use("rosenblatt.training.custom")
    functions = on_use("rosenblatt.models.functions")
    predict = on_use("rosenblatt.training.predict")
    state_trees = on_use("rosenblatt.models.state_trees")


_EPOCHS = whole(typed=True)
_STEPS = optional(whole(least=0))
_VERBOSE = Check(
    lambda value: value in (None, "auto") or math.isfinite(value),
    "'auto', 0, 1 or 2",
)
_CALLBACKS = Check(lambda value: not hasattr(value, "shape"), "a callback, or a list of them")


@dataclass
class Compiled:
    """The arguments of `compile()`, as they were given, and the losses and metrics among them."""

    spec: CompileSpec
    config: dict[str, Any]


class Trainer(Layer):
    """A layer that can be compiled, trained, evaluated and used.

    A subclass may override `train_step`, `test_step` and `predict_step`, or what they call:
    `compute_loss` and `compute_metrics`.
    """

    _graph: Graph | None = None
    loss: Any = None  # what `compile` was given
    _run_eagerly = False
    _jit_compile: bool | None = None
    # Accepted for Keras's sake: the engine chooses how many steps a call takes.
    steps_per_execution = 1
    # What `make_train_function` and its like make, for loops of your own. `fit` and its like use
    # those that a user made; programs compute the library's own faster.
    train_function: StepFunction | None = None
    test_function: StepFunction | None = None
    predict_function: StepFunction | None = None

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._compiled: Compiled | None = None
        self.optimizer: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Without its session and functions: a copy is not part of a call that is under way."""
        left = ("_session", "train_function", "test_function", "predict_function")
        return {key: value for key, value in super().__getstate__().items() if key not in left}

    @property
    def training_session(self) -> Session:
        """The programs compiled for it, and the call that is under way."""
        found: Session | None = self.__dict__.get("_session")
        return found or self.__dict__.setdefault("_session", Session(ModelTask(self)))

    @property
    def current_run(self) -> Run | None:
        """The call of `fit` that is under way; None outside one."""
        return self.training_session.run

    @property
    def stop_training(self) -> bool:
        """Whether training is to end after this epoch; callbacks set it."""
        return self.training_session.stop

    @stop_training.setter
    def stop_training(self, value: bool) -> None:
        self.training_session.stop = value

    @property
    def stop_evaluating(self) -> bool:
        """Whether the evaluation that runs is to end after this batch; callbacks set it."""
        return self.training_session.stop_evaluating

    @stop_evaluating.setter
    def stop_evaluating(self, value: bool) -> None:
        self.training_session.stop_evaluating = value

    @property
    def stop_predicting(self) -> bool:
        """Whether the prediction that runs is to end after this batch; callbacks set it."""
        return self.training_session.stop_predicting

    @stop_predicting.setter
    def stop_predicting(self, value: bool) -> None:
        self.training_session.stop_predicting = value

    def _overrides(self, method: str) -> bool:
        """Whether its class writes a method of this one itself, or one was set on the object."""
        own = getattr(type(self), method) is not getattr(Trainer, method)
        return own or method in self.__dict__

    def _makes_function(self, kind: Kind) -> bool:
        """Whether its class, or its user, makes the function of `fit` or of its like."""
        if self._overrides(f"make_{kind}_function"):
            return True
        made = getattr(self, f"{kind}_function")
        return made is not None and not isinstance(made, functions.ModelFunction)

    # -- compiling -----------------------------------------------------------------------------

    @refusing("`compile`")
    @checking("compile", auto_scale_loss=flag)
    def compile(
        self,
        optimizer: Identifier | Optimizer = "rmsprop",
        loss: PerOutput = None,
        loss_weights: PerOutput = None,
        metrics: PerOutput = None,
        weighted_metrics: PerOutput = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
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
            steps_per_execution: accepted; the engine compiles whole epochs and chooses by itself.
            jit_compile: False runs each step as plain Python, as `run_eagerly` does; "auto" does
                so only where a layer says `supports_jit = False`.
            auto_scale_loss: scale the loss where the model's policy is "mixed_float16".

        Raises:
            ValueError: an unknown name, with the nearest match.
        """
        self.optimizer = optimizers.get(optimizer)
        if self.dtype_policy.name == "mixed_float16" and auto_scale_loss and self.optimizer:
            scaling, name = optimizers.LossScaleOptimizer, "loss_scale_optimizer"
            if not isinstance(self.optimizer, scaling):
                self.optimizer = scaling(self.optimizer, name=name)
        if run_eagerly and jit_compile is True:
            warn_user(
                "compile: with `run_eagerly=True` nothing is compiled, whatever `jit_compile` says."
            )
        check_compiled(metrics, weighted_metrics, loss_weights)
        spec = CompileSpec(loss, loss_weights, metrics, weighted_metrics)
        spec.check_names()
        self._run_eagerly, self.steps_per_execution = bool(run_eagerly), steps_per_execution
        self.loss = loss
        if jit_compile == "auto":
            self._jit_compile = None
        else:
            self.jit_compile = jit_compile and not run_eagerly
        self.train_function = self.test_function = self.predict_function = None
        config = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": self.jit_compile and not run_eagerly,
        }
        self._compiled = Compiled(spec, config)
        self.training_session.forget()

    @property
    def compiled(self) -> bool:
        """Whether `compile()` was called."""
        return self._compiled is not None

    @compiled.setter
    def compiled(self, value: bool) -> None:
        if value and self._compiled is None:
            raise NotCompiled(
                f"Model {self.name!r}: `compiled` cannot be set to True.",
                fix="call `model.compile(loss=…, optimizer=…)`.",
            )
        if not value:
            self._compiled = None

    def _require_compiled(self, method: str) -> Compiled:
        if self._compiled is None:
            raise NotCompiled(
                f"Model {self.name!r} must be compiled before `{method}()`.",
                fix="call `model.compile(loss=…, optimizer=…)` first.",
            )
        return self._compiled

    @property
    def metrics(self) -> list[Any]:
        """The running loss, the compiled metrics, and metrics held by layers."""
        compiled = [] if self._compiled is None else self._compiled.spec.metrics
        return list({id(m): m for m in (*compiled, *super().metrics)}.values())

    @property
    def metrics_names(self) -> list[str]:
        """Names of the metrics."""
        return [metric.name for metric in self.metrics]

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run as plain Python; what is set counts from the next call on."""
        return self._run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._run_eagerly = bool(value)
        self.training_session.forget()

    @property
    def jit_compile(self) -> bool:
        """Whether steps are compiled; what is set counts from the next call on."""
        if self._jit_compile is None:
            self._jit_compile = self._supports_jit()
        return self._jit_compile

    @jit_compile.setter
    def jit_compile(self, value: bool | str | None) -> None:
        if value is True and not self._supports_jit():
            warn_user(
                f"Model {self.name!r} doesn't support `jit_compile=True`: one of its layers says "
                "`supports_jit = False`. It runs without."
            )
            value = False
        self._jit_compile = None if value is None or value == "auto" else bool(value)
        self.training_session.forget()

    def _supports_jit(self) -> bool:
        return all(layer.supports_jit for layer in self._flatten_layers())

    def reset_metrics(self) -> None:
        """Reset every metric."""
        for metric in self.metrics:
            metric.reset_state()

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of `compile()`, as plain data; empty before it."""
        if self._compiled is None:
            return {}
        config = {**self._compiled.config, "optimizer": self.optimizer}
        return serialization.serialize_keras_object(config)

    @refusing("`compile_from_config`")
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

    # -- training ------------------------------------------------------------------------------

    @checking(
        "fit",
        epochs=_EPOCHS,
        initial_epoch=_EPOCHS,
        steps_per_epoch=_STEPS,
        validation_steps=_STEPS,
        verbose=_VERBOSE,
        callbacks=_CALLBACKS,
    )
    def fit(
        self,
        x: Tree = None,
        y: Tree = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Callbacks = None,
        validation_split: float = 0.0,
        validation_data: Tree = None,
        shuffle: Shuffle = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Tree = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Container[int] = 1,
        resume_from: PathLike | None = None,
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
            validation_split: share of the rows to validate on: the last ones, before shuffling.
            validation_data: (x, y) or (x, y, sample_weight), or a stream.
            shuffle: whether rows get a new order each epoch; "batch" keeps batches together; a
                function of an epoch's number gives the rows' order.
            class_weight: class to weight, multiplied into the sample weights.
            sample_weight: (rows,) weights.
            initial_epoch: number of the epoch to start with.
            steps_per_epoch: batches of an epoch; a pass over the data if None.
            validation_steps, validation_batch_size, validation_freq: the same for validation.
            resume_from: a folder in which the run is backed up after each epoch, and from which it
                resumes where it was cut off (`callbacks.BackupAndRestore`).

        Returns:
            The history of the metrics.

        Raises:
            ValueError: data that do not fit the model, each said by name.
        """
        self._require_compiled("fit")
        epochs = config.limited(epochs, config.max_epochs(), "epochs") or 0
        steps_per_epoch = _limited_steps(steps_per_epoch)
        inputs = self.training_session.task.inputs()
        for what, part in (("x", None if self.takes_text else x), ("y", y)):
            warn_of_rounding(part, what)
        rows, kept = read(x, y, sample_weight, inputs), None
        if validation_data is not None:
            kept = read_validation(validation_data, inputs)
        elif np.ndim(validation_split) or validation_split:
            rows, kept = rows.split(validation_split)
        validation = None
        if kept is not None:
            size = validation_batch_size or batch_size
            limit, own = _limited_steps(validation_steps), None
            if self._overrides("evaluate"):
                given = (
                    getattr(kept, "arrays", None) if validation_data is None else validation_data
                )
                own = functions.own_evaluation(self, given, size, validation_steps)
            validation = Validation(kept.batches(size, steps=limit), limit, validation_freq, own)
        source = rows.batches(batch_size, shuffle, draw_seed(), steps_per_epoch, class_weight)
        steps = steps_per_epoch or source.n_batches
        history = History()
        if resume_from is not None:
            callbacks = [callbacks or [], library.BackupAndRestore(resume_from)]
        hooks = self._hooks(
            callbacks,
            verbose,
            history,
            epochs=epochs,
            steps=steps,
            validates=validation is not None,
        )
        session = self.training_session
        with session.turn("fit"):
            loop.fit(
                session,
                source,
                hooks,
                epochs=int(epochs),
                initial_epoch=int(initial_epoch),
                steps_per_epoch=steps_per_epoch,
                validation=validation,
            )
        return history

    def _hooks(
        self, callbacks: Callbacks, verbose: int | str, *extra: Any, **params: Any
    ) -> CallbackList:
        level = loop.level_of(verbose)
        if isinstance(callbacks, CallbackList):
            return callbacks
        shown = [library.ProgbarLogger()] if level else []
        hooks = CallbackList([callbacks or [], *extra, *shown], verbose=level, **params)
        hooks.set_model(self)
        return hooks

    @checking("evaluate", steps=_STEPS, verbose=_VERBOSE, callbacks=_CALLBACKS, return_dict=flag)
    def evaluate(
        self,
        x: Tree = None,
        y: Tree = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Tree = None,
        steps: int | None = None,
        callbacks: Callbacks = None,
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
        read_before = kwargs.pop("_use_cached_eval_dataset", False)
        if kwargs:
            raise WrongType(f"evaluate has no argument {next(iter(kwargs))!r}.")
        spec = self._require_compiled("evaluate").spec
        steps = _limited_steps(steps)
        session, run = self.training_session, self.current_run
        source = run.validation if read_before and run is not None else None
        if source is None:
            rows = read(x, y, sample_weight, session.task.inputs())
            source = rows.batches(batch_size, steps=steps)
        hooks = self._hooks(callbacks, verbose, steps=steps or source.n_batches, epochs=1)
        with session.turn("evaluate"):
            logs = loop.evaluate(session, source, hooks, steps)
        return logs if return_dict else spec.in_order(logs)

    @checking("predict", steps=_STEPS, verbose=_VERBOSE, callbacks=_CALLBACKS)
    def predict(
        self,
        x: Tree,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Callbacks = None,
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
        steps = _limited_steps(steps)
        quiet = callbacks is None and verbose == 0 and steps is None
        quiet = quiet and not self._makes_function("predict")
        if quiet and type(x) is np.ndarray:
            outputs = predict.predict_again(self.training_session, x)
            if outputs is not None:
                return outputs
        inputs = self.training_session.task.inputs(finite=False)
        plain = isinstance(x, np.ndarray) or (self.takes_text and type(x) is dict)
        if plain and quiet:
            size = 32 if batch_size is None else check_batch_size(batch_size)
            return predict.predict_arrays(self.training_session, inputs.read(x), size)
        source = read(x, inputs=inputs).batches(batch_size, steps=steps)
        hooks = self._hooks(callbacks, verbose, steps=steps or source.n_batches, epochs=1)
        return predict.predict(self.training_session, source, hooks, steps)

    # -- single batches ------------------------------------------------------------------------

    @checking("train_on_batch", return_dict=flag)
    def train_on_batch(
        self,
        x: Tree,
        y: Tree = None,
        sample_weight: Tree = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One gradient step on a batch.

        Returns:
            Loss and metrics of this batch.
        """
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    @checking("test_on_batch", return_dict=flag)
    def test_on_batch(
        self, x: Tree, y: Tree = None, sample_weight: Tree = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of a batch."""
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    def _on_batch(
        self,
        kind: Kind,
        x: Tree,
        y: Tree,
        weight: Tree,
        class_weight: Mapping[int, float] | None,
        return_dict: bool,
    ) -> Any:
        spec = self._require_compiled(f"{kind}_on_batch").spec
        rows = read_rows(x, y, weight, self.training_session.task.inputs())
        source = rows.batches(len(rows), class_weight=class_weight)
        session = self.training_session
        with session.turn(f"{kind}_on_batch"):
            logs = loop.on_batch(session, source, kind)
        return logs if return_dict else spec.in_order(logs)

    def predict_on_batch(self, x: Tree) -> Any:
        """The outputs for a batch, as NumPy arrays."""
        return self.predict(x, verbose=0)

    # -- what a subclass may override: the steps, and what they call -----------------------------

    def train_step(self, state: Sequence[Any], data: Tree) -> tuple[dict[str, Any], Any]:
        """One gradient step, in the stateless signature of Keras on JAX.

        Args:
            state: values of `trainable_variables`, `non_trainable_variables`,
                `optimizer.variables` and `metrics_variables`.
            data: `(x,)`, `(x, y)` or `(x, y, sample_weight)` of the batch.

        Returns:
            The values to log by name, and the new state.
        """
        return custom.default_step(self.training_session.task, "train", state, data)

    def test_step(self, state: Sequence[Any], data: Tree) -> tuple[dict[str, Any], Any]:
        """One step of evaluation; its state is that of `train_step` without the optimizer's."""
        return custom.default_step(self.training_session.task, "test", state, data)

    def predict_step(self, state: Sequence[Any], data: Tree) -> tuple[Any, Any]:
        """The outputs for a batch, and the new non-trainable values."""
        return self.stateless_call(*state, data[0], training=False)

    def make_train_function(self, force: bool = False) -> StepFunction:
        """Set `train_function(state, iterator)`, which takes a step of `train_step`.

        Args:
            force: make it again where there is one.

        Returns:
            The function: it gives the logs and the new state.
        """
        if force or self.train_function is None:
            self.train_function = functions.ModelFunction(self, "train")
        return self.train_function

    def make_test_function(self, force: bool = False) -> StepFunction:
        """Set `test_function(state, iterator)`, which takes a step of `test_step`."""
        if force or self.test_function is None:
            self.test_function = functions.ModelFunction(self, "test")
        return self.test_function

    def make_predict_function(self, force: bool = False) -> StepFunction:
        """Set `predict_function(state, iterator)`, which takes a step of `predict_step`."""
        if force or self.predict_function is None:
            self.predict_function = functions.ModelFunction(self, "predict")
        return self.predict_function

    def compute_loss_and_updates(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Tree,
        y: Tree,
        sample_weight: Tree,
        training: bool = False,
        optimizer_variables: Sequence[Any] | None = None,
    ) -> tuple[Any, tuple[Any, Any, Any, Any]]:
        """The loss of a batch and what changes with it, for `jax.value_and_grad`.

        Returns:
            The loss times the optimizer's scale; and the loss, the outputs, and the new values of
            the untrained and the metrics' variables.
        """
        groups = trainable_variables, non_trainable_variables, metrics_variables
        batch = x, y, sample_weight
        return functions.loss_and_updates(self, groups, batch, training, optimizer_variables)

    def jax_state_sync(self) -> None:
        """Nothing is left to do: variables hold the values of the last step in every hook."""

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """The values of all variables in nested dicts, by their paths.

        Args:
            value_format: "backend_tensor" for JAX arrays, "numpy_array" for NumPy's.

        Returns:
            `trainable_variables`, `non_trainable_variables`, `optimizer_variables` and
            `metrics_variables`, each a dict of dicts.
        """
        return state_trees.state_tree(self, value_format)

    def set_state_tree(self, state_tree: Mapping[str, Any]) -> None:
        """Give variables the values that `get_state_tree` gave.

        Args:
            state_tree: all of it, or parts; what is left out stays as it is.
        """
        state_trees.set_state_tree(self, state_tree)

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Tree = None,
        y: Tree = None,
        y_pred: Tree = None,
        sample_weight: Tree = None,
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
        x: Tree = None,
        y: Tree = None,
        y_pred: Tree = None,
        sample_weight: Tree = None,
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
        losses = spec.apart or spec
        if not losses.built:
            losses.build(tree_map(described, y), tree_map(described, y_pred), self.output_names)
        values = [*spec.compute_loss(y, y_pred, sample_weight), *self.losses]
        if not values:
            return jnp.zeros(())
        return values[0] if len(values) == 1 else sum(jnp.asarray(v, "float32") for v in values)

    def compute_metrics(self, x: Tree, y: Tree, y_pred: Tree, sample_weight: Tree = None) -> Any:
        """Update the metrics with a batch.

        Returns:
            Their values by name.
        """
        spec = self._require_compiled("compute_metrics").spec
        if not spec.built:
            spec.build(tree_map(described, y), tree_map(described, y_pred), self.output_names)
        spec.update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Values of the metrics by name."""
        return self._by_metrics_names(lambda metric: metric.result())

    def _by_metrics_names(self, told: Callable[[Metric], Any]) -> dict[str, Any]:
        """What is said of each metric, by the names of results."""
        spec = self._require_compiled("get_metrics_result").spec
        found = spec.results(told)
        known = {id(m) for m in spec.metrics}
        for metric in self.metrics:
            if id(metric) not in known:
                result = told(metric)
                found.update(result if isinstance(result, Mapping) else {metric.name: result})
        return found


def _limited_steps(steps: int | None) -> int | None:
    """A number of steps within the limit of `config.set_max_steps_per_epoch`."""
    return config.limited(steps, config.max_steps_per_epoch(), "steps_per_epoch")
