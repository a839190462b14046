"""The part of a model that is trained, evaluated and used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from rosenblatt.callbacks.backup_and_restore import BackupAndRestore
from rosenblatt.callbacks.callback import CallbackList
from rosenblatt.callbacks.history import History
from rosenblatt.callbacks.progress import ProgbarLogger
from rosenblatt.core.errors import within
from rosenblatt.core.random import draw_seed
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.data.contract import Source
from rosenblatt.data.order import Shuffle
from rosenblatt.data.precision import warn_of_rounding
from rosenblatt.data.reading import read, read_rows, read_validation
from rosenblatt.data.rows import Inputs
from rosenblatt.graph.host import LookedUp
from rosenblatt.models.compiling import Compiles
from rosenblatt.training import fit as loop
from rosenblatt.training.checks import warn_if_nan
from rosenblatt.training.engine import Engine
from rosenblatt.training.intake import bring
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
        inputs = self._inputs()
        for what, part in (("x", None if self._looks_up() else x), ("y", y)):
            warn_of_rounding(part, what)
        rows, kept = read(x, y, sample_weight, inputs), None
        if validation_data is not None:
            kept = read_validation(validation_data, inputs)
        elif validation_split:
            rows, kept = rows.split(validation_split)
        validation_batch_size = validation_batch_size or batch_size
        validation = None if kept is None else kept.batches(validation_batch_size)
        source = rows.batches(batch_size, shuffle, draw_seed(), steps_per_epoch, class_weight)
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

    def _inputs(self, finite: bool = True) -> Inputs:
        """How its inputs are read.

        Args:
            finite: whether NaN and infinity are refused.
        """
        names = [] if self._graph is None else self._graph.input_names
        if not self._looks_up():
            return Inputs(names if len(names) > 1 else ())
        takes_nan = any(getattr(one, "takes_nan", False) for one in self._flatten_layers())

        def look_up(columns: Any) -> Any:
            if self._graph is None:
                self.build_for_data(columns)
            return self._graph.host.look_up(columns)

        return Inputs(names, look_up, refuses_nan=finite and not takes_nan)

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
        rows = read(x, y, sample_weight, self._inputs())
        source = rows.batches(batch_size, steps=steps)
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
        inputs = self._inputs(finite=False)
        if isinstance(x, np.ndarray) and callbacks is None and verbose == 0 and steps is None:
            return self._predict_arrays(inputs.read(x), batch_size or 32)
        source = read(x, inputs=inputs).batches(batch_size, steps=steps)
        hooks = self._hooks(callbacks, verbose, steps=steps or source.n_batches, epochs=1)
        hooks.call("on_predict_begin")
        whole = None if hooks.predict_batches else source.whole(steps)
        if whole is not None:
            outputs = self._predict_arrays(whole[0], source.batch_size or 32)
            hooks.progress("predict", steps or source.n_batches or 0, {})
        else:
            outputs = self._predict_batches(source, hooks, steps)
        hooks.call("on_predict_end")
        return outputs

    def _predict_arrays(self, x: Any, batch_size: int) -> Any:
        if self.run_eagerly:
            return self._predict_eagerly(x, batch_size)
        if not _is_ready(self):
            self.build_for_data(tree_map(lambda a: a[:1], x))
        if self._graph is not None and not isinstance(x, LookedUp):
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

    def _predict_batches(self, source: Source, hooks: CallbackList, steps: int | None) -> Any:
        parts = []
        for number, (x, *_) in enumerate(source.batches(steps)):
            hooks.call("on_predict_batch_begin", number)
            with within(source.name_of(number)):
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
        rows = read_rows(x, y, weight, self._inputs())
        source = rows.batches(len(rows), class_weight=class_weight)
        with self.training_session.passing(self, f"{kind}_on_batch"):
            bring(self, source, train=kind == "train")
            engine = Engine.of(self, kind)
            self.reset_metrics()
            engine.load()
            *_, (_, logs) = engine.run(source.blocks(max_batches=1))
            engine.store()
            found = engine.read(logs)
        return found if return_dict else self._in_order(found)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for a batch, as NumPy arrays."""
        return self.predict(x, verbose=0)


def _is_ready(model: Any) -> bool:
    return model.built and (model._graph is not None or bool(model.weights))
