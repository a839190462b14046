"""The part of a model that is trained, evaluated and used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from rosenblatt.callbacks.backup_and_restore import BackupAndRestore
from rosenblatt.callbacks.callback import CallbackList
from rosenblatt.callbacks.history import History
from rosenblatt.callbacks.progress import ProgbarLogger
from rosenblatt.core.random import draw_seed
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.data.batches import ArraySource, StreamSource, is_stream, make_source
from rosenblatt.data.blocks import Shuffle
from rosenblatt.data.columns import as_arrays
from rosenblatt.data.frames import columns_for
from rosenblatt.data.precision import warn_of_rounding
from rosenblatt.data.text import as_columns
from rosenblatt.graph.host import Prepared
from rosenblatt.models.arguments import (
    batches_of_inputs,
    naming_batch,
    split_off,
    validation_source,
)
from rosenblatt.models.compiling import Compiles
from rosenblatt.training import fit as loop
from rosenblatt.training.checks import warn_if_nan
from rosenblatt.training.engine import Engine
from rosenblatt.training.predict import Predictor


class Trainer(Compiles):
    """Keras's methods for training; `Model` is a `Layer` with these."""

    weights: Any
    variables: Any
    build_for_data: Any
    _graph: Any

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
        shuffle: Shuffle = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        resume_from: Any = None,
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
                goes on where it was cut off (`callbacks.BackupAndRestore`).

        Returns:
            The history of the metrics.

        Raises:
            ValueError: data that do not fit the model, each said by name.
        """
        self._require_compiled("fit")
        prepare = self._preparing()
        if not is_stream(x):
            for what, part in (("x", None if self._looks_up() else x), ("y", y)):
                warn_of_rounding(part, what)
            x = x if prepare is None else prepare(x)
        x, y, sample_weight, validation_data = split_off(
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
            finite="later",
            prepare=prepare,
        )
        validation = validation_source(
            validation_data, validation_batch_size or batch_size, validation_steps, prepare
        )
        steps = steps_per_epoch or source.n_batches
        history = History()
        if resume_from is not None:
            callbacks = [callbacks or [], BackupAndRestore(resume_from)]
        hooks = self._hooks(
            callbacks,
            verbose,
            history,
            epochs=epochs,
            steps=steps,
            validates=validation is not None,
        )
        with self.training_session.passing(self, "fit"):
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

    def _looks_up(self) -> bool:
        """Whether it holds layers that look up text or ids on the host, in a graph."""
        return False

    def _preparing(self, finite: bool = True) -> Callable[[Any], Any] | None:
        """What makes arrays of the inputs, where the model has several or looks up text or ids.

        Args:
            finite: whether NaN and infinity are refused.
        """
        if not self._looks_up():
            names = [] if self._graph is None else self._graph.input_names
            several = len(names) > 1
            return (lambda x: as_arrays(columns_for(x, names, "x"), "x")) if several else None
        finite = finite and not any(
            getattr(one, "takes_nan", False) for one in self._flatten_layers()
        )

        def prepare(x: Any) -> Any:
            if self._graph is None:
                self.build_for_data(as_columns(x, "x"))
            return self._graph.host.prepare(x, finite)

        return prepare

    def _hooks(self, callbacks: Any, verbose: Any, *extra: Any, **params: Any) -> CallbackList:
        level = 1 if verbose == "auto" else int(verbose)
        if isinstance(callbacks, CallbackList):
            return callbacks
        shown = [ProgbarLogger()] if level else []
        hooks = CallbackList([callbacks or [], *extra, *shown], verbose=level, **params)
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
        source = make_source(
            x, y, sample_weight, batch_size, steps=steps, finite="later",
            prepare=self._preparing(),
        )  # fmt: skip
        hooks = self._hooks(callbacks, verbose, steps=steps or source.n_batches, epochs=1)
        with self.training_session.passing(self, "evaluate"):
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
        prepare = self._preparing(finite=False)
        if isinstance(x, np.ndarray) and callbacks is None and verbose == 0 and steps is None:
            x = as_arrays(x, "x") if prepare is None else prepare(x)
            return self._predict_arrays(x, batch_size or 32)
        source = make_source(x, batch_size=batch_size, steps=steps, finite=False, prepare=prepare)
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
        if self.run_eagerly:
            return self._predict_eagerly(x, batch_size)
        if not _is_ready(self):
            self.build_for_data(tree_map(lambda a: a[:1], x))
        if self._graph is not None and not isinstance(x, Prepared):
            x = self._graph.bring_cast(x)
        outputs = Predictor.of(self)(x, batch_size)
        warn_if_nan(outputs, x)
        return outputs

    def _predict_eagerly(self, x: Any, batch_size: int) -> Any:
        """`run_eagerly=True`: the model called on each batch."""
        rows = len(tree_leaves(x)[0])
        parts = [
            self(tree_map(lambda a, i=start: a[i : i + batch_size], x), training=False)  # type: ignore[operator]
            for start in range(0, rows, batch_size)
        ]
        return jax.tree_util.tree_map(lambda *p: np.concatenate(p), *parts)

    def _predict_batches(self, source: Any, hooks: CallbackList, steps: int | None) -> Any:
        parts = []
        for number, x in enumerate(batches_of_inputs(source, steps)):
            hooks.call("on_predict_batch_begin", number)
            with naming_batch(number, isinstance(source, StreamSource)):
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
            Loss and metrics of this batch.
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
        prepare = self._preparing()
        x = as_arrays(x, "x") if prepare is None else prepare(x)
        rows = len(tree_leaves(x)[0])
        source = make_source(x, y, weight, max(rows, 1), False, 0, class_weight, finite="later")
        assert isinstance(source, ArraySource)
        source.block_batches = 1
        with self.training_session.passing(self, f"{kind}_on_batch"):
            loop.prepare(self, source, train=kind == "train")
            engine = Engine.of(self, kind)
            self.reset_metrics()
            engine.load()
            *_, (_, logs) = engine.run(source.blocks())
            engine.store()
            found = engine.read(logs)
        return found if return_dict else self._in_order(found)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for a batch, as NumPy arrays."""
        return self.predict(x, verbose=0)


def _is_ready(model: Any) -> bool:
    return model.built and (model._graph is not None or bool(model.weights))
