"""Tuner: trials that build and train models."""

from __future__ import annotations

import copy
import inspect
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.callbacks.hparams import HParams
from rosenblatt.callbacks.tensorboard import TensorBoard
from rosenblatt.core.checks import is_whole, whole
from rosenblatt.core.errors import BadArgument, FileRefused, explain
from rosenblatt.core.files import atomic_write
from rosenblatt.core.types import Identifier, PathLike
from rosenblatt.models.model import Model
from rosenblatt.training.session import trial_of
from rosenblatt.tuner.base_tuner import BaseTuner
from rosenblatt.tuner.checkpoints import Checkpoints
from rosenblatt.tuner.errors import FailedTrialError, FatalTypeError, FatalValueError
from rosenblatt.tuner.hypermodel import Buildable
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.oracle import Oracle
from rosenblatt.tuner.search_arguments import SearchArguments, read_again
from rosenblatt.tuner.search_checks import check_data, check_objective
from rosenblatt.tuner.trial_callbacks import BestEpoch, TrialBackup, TunerCallback
from rosenblatt.tuner.trial_results import read_result, require
from rosenblatt.tuner.trials import Trial
from rosenblatt.tuner.workers import isolated

Logs = Mapping[str, Any] | None
_BATCH_HOOKS = ("on_batch_begin", "on_batch_end")


class Tuner(BaseTuner):
    """Runs trials that build a model and train it.

    Args:
        oracle, hypermodel, directory, project_name, overwrite: see `BaseTuner`.
        max_model_size: trainable parameters at most; a larger model fails its trial.
        optimizer, loss, metrics: take the place of what the model was compiled with.
        distribution_strategy: accepted as None only.
        logger: ignored, with a warning; Keras Tuner has none any longer.
        tuner_id: its name towards the oracle.
        executions_per_trial: how often a trial trains, each time from other weights; results are
            averaged.
        keep_best: trials whose weights are kept: the best ones.
        max_bytes: what their weights may take on the disk; the best trial's always stay.
        kwargs: `workers`, `max_seconds`, `target` of `BaseTuner`.

    Raises:
        ValueError: no hypermodel, and `run_trial` is not overridden; an unknown argument.
    """

    def __init__(
        self,
        oracle: Oracle,
        hypermodel: Buildable = None,
        max_model_size: int | None = None,
        optimizer: Identifier = None,
        loss: Identifier | Sequence[Identifier] = None,
        metrics: Sequence[Any] | Mapping[str, Any] | None = None,
        distribution_strategy: None = None,
        directory: PathLike | None = None,
        project_name: str | None = None,
        logger: object = None,
        tuner_id: str | None = None,
        overwrite: bool = False,
        executions_per_trial: int = 1,
        keep_best: int = 10,
        max_bytes: int = 1_000_000_000,
        **kwargs: Any,
    ):
        if hypermodel is None and type(self).run_trial is Tuner.run_trial:
            raise BadArgument(
                "`hypermodel` is missing.",
                expected="a function build(hp) or a HyperModel",
                fix="pass one, or override `run_trial`.",
            )
        if distribution_strategy is not None:
            raise BadArgument("`distribution_strategy` is not supported.", expected="None")
        self.distribution_strategy = distribution_strategy
        self.max_model_size = max_model_size
        self.optimizer = optimizer
        self.loss = loss
        self.metrics = metrics
        self.executions_per_trial = executions_per_trial
        self.keep_best = whole(least=1).require(keep_best, "Bad `keep_best`.")
        kwargs = {"logger": logger, "overwrite": overwrite, **kwargs}
        super().__init__(oracle, hypermodel, directory, project_name, **kwargs)
        max_bytes = whole(least=0).require(max_bytes, "Bad `max_bytes`.")
        self.checkpoints = Checkpoints(Path(self.project_dir), max_bytes)
        self.tuner_id = tuner_id or self.tuner_id

    # -- a trial -------------------------------------------------------------------------------

    def run_trial(self, trial: Trial, *args: Any, **kwargs: Any) -> Any:
        """Build and train a model, `executions_per_trial` times.

        Args:
            trial: gives the values.
            args, kwargs: of `search`.

        Returns:
            A list with the result of each execution.
        """
        best = BestEpoch(self.oracle.objective)
        given = kwargs.pop("callbacks", None) or []
        results = []
        for execution in range(self.executions_per_trial):
            with isolated(self.seed_of(trial, execution)), trial_of(self._most_epochs(kwargs)):
                own = self._logging_apart(self._copied(given), trial, execution)
                backup = TrialBackup(self.checkpoints.running(trial.trial_id) / str(execution))
                batches = any(self._overrides(hook) for hook in _BATCH_HOOKS)
                callbacks = [*own, TunerCallback(self, trial, batches), best, backup]
                options = {name: read_again(value) for name, value in self._quiet(kwargs).items()}
                options["callbacks"] = callbacks
                data = [read_again(value) for value in args]
                model, result = self._build_and_fit_model(trial, *data, **options)
            results.append(result)
        self._keep_checkpoint(trial, model, best, results)
        return results

    def _most_epochs(self, arguments: Mapping[str, Any]) -> int:
        """The epochs that a trial may get in all: of `search`; its `fit` may ask for more."""
        epochs: Any = arguments.get("epochs")
        return int(epochs) if is_whole(epochs) else 1

    def _build_and_fit_model(self, trial: Trial, *args: Any, **kwargs: Any) -> tuple[Model, Any]:
        assert self.hypermodel is not None
        model = self._try_build(trial.hyperparameters)
        return model, self.hypermodel.fit(trial.hyperparameters, model, *args, **kwargs)

    def _build_hypermodel(self, hp: HyperParameters) -> Any:
        assert self.hypermodel is not None
        return self.hypermodel.build(hp)

    def _try_build(self, hp: HyperParameters) -> Model:
        model = self._build_hypermodel(hp)
        if not isinstance(model, Model):
            raise FatalTypeError(
                "The function that builds models returned something else.",
                given=f"{type(model).__name__}: {model!r}",
                expected="a rosenblatt Model",
                fix="end it with `return model`." if model is None else None,
            )
        self._override_compile_args(model)
        size = sum(math.prod(v.shape) for v in model.trainable_weights) if model.built else 0
        if self.max_model_size and size > self.max_model_size:
            raise FailedTrialError(
                explain(
                    "The model is too large.",
                    given=f"{size} parameters",
                    expected=f"at most {self.max_model_size}, the `max_model_size`",
                )
            )
        return model

    def _override_compile_args(self, model: Model) -> None:
        given = {"optimizer": self.optimizer, "loss": self.loss, "metrics": self.metrics}
        given = {name: copy.deepcopy(value) for name, value in given.items() if value}
        if given:
            model.compile(**{**(model.get_compile_config() or {}), **given})

    def _overrides(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(Tuner, method)

    def _fits_models(self) -> bool:
        """Whether training is `model.fit` with what `search` was given."""
        hypermodel = self.hypermodel
        uses = hypermodel is not None and hypermodel.uses_model_fit
        return uses and not self._overrides("_build_and_fit_model")

    def _runs_trials(self) -> bool:
        """Whether `run_trial` is ours."""
        return type(self).run_trial.__module__.startswith("rosenblatt.")

    def _trains_plainly(self) -> bool:
        """Whether the History of `model.fit` is also what a trial gives."""
        return self._runs_trials() and self._fits_models()

    def _repeatable(self, given: SearchArguments) -> SearchArguments:
        """What `search` was given, with streams that every trial can read."""
        return given.repeatable() if self._runs_trials() else given

    def check_data(self, given: SearchArguments) -> None:
        """Compare inputs, targets and objective with the model of the default values."""
        if not self._fits_models() or given.x is None or hasattr(given.x, "__next__"):
            return
        with isolated(self.oracle.seed):
            try:
                model = self._try_build(self.oracle.get_space())
            except Exception:  # a trial's to tell
                return
            check_data(model, given)
            if self._trains_plainly():
                check_objective(self.oracle.objective, model, given)

    def check_entries(self, logs: Mapping[str, Any]) -> None:
        """Refuse an objective that a trial's first epoch has not brought, nor will a later one."""
        objective = self.oracle.objective
        names = [one.name for one in objective.parts]
        validated = any(name.startswith("val_") for name in logs)
        awaited = [n for n in names if validated or not n.startswith("val_")]
        if self._trains_plainly() and any(name not in logs for name in awaited):
            require(objective, logs, "the first epoch of `model.fit`")

    def _copied(self, callbacks: Iterable[Callback]) -> list[Callback]:
        try:
            return list(copy.deepcopy(callbacks))
        except Exception as error:
            raise FatalValueError(
                f"A callback cannot be copied ({error}), and each trial needs its own.",
                given=repr(callbacks),
                fix="make it in `HyperModel.fit` instead.",
            ) from error

    def _logging_apart(
        self, callbacks: list[Callback], trial: Trial, execution: int
    ) -> list[Callback]:
        """TensorBoard's folders for each execution, with the trial's values beside the curves."""
        found = list(callbacks)
        for callback in callbacks:
            if isinstance(callback, TensorBoard):
                run = Path(callback.log_dir) / trial.trial_id / f"execution{execution}"
                callback.log_dir = str(run)
                found.append(HParams(str(run), trial.hyperparameters.values, trial.trial_id))
        return found

    def _quiet(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Without progress bars where they would write into each other or into a table."""
        alone = self._running is not None and self._running.count == 1
        if alone and not self.oracle.display.redraws:
            return kwargs
        assert self.hypermodel is not None
        parameters = inspect.signature(self.hypermodel.fit).parameters.values()
        takes = any(p.name == "verbose" or p.kind is p.VAR_KEYWORD for p in parameters)
        return {**kwargs, "verbose": 0} if takes else kwargs

    # -- hooks ---------------------------------------------------------------------------------

    def on_batch_begin(self, trial: Trial, model: Model, batch: int, logs: Logs) -> None:
        """Called before a batch of a trial's training, where a subclass overrides it."""

    def on_batch_end(self, trial: Trial, model: Model, batch: int, logs: Logs = None) -> None:
        """Called after a batch of a trial's training, where a subclass overrides it."""

    def on_epoch_begin(self, trial: Trial, model: Model, epoch: int, logs: Logs = None) -> None:
        """Called before an epoch of a trial's training."""

    def on_epoch_end(self, trial: Trial, model: Model, epoch: int, logs: Logs = None) -> None:
        """Called after an epoch of a trial's training."""

    def on_trial_end(self, trial: Trial) -> None:
        """Tell the oracle, and remove weights that are no longer of the best."""
        super().on_trial_end(trial)
        self.checkpoints.end_running(trial.trial_id)
        self._prune()

    def on_search_end(self) -> None:
        """Remove weights that another process has left."""
        self.checkpoints.look()
        self._prune()

    # -- checkpoints ---------------------------------------------------------------------------

    def move_to(self, directory: PathLike, oracle: Oracle) -> None:
        """Become a copy in another process, with files in another folder."""
        super().move_to(directory, oracle)
        self.checkpoints = Checkpoints(Path(self.project_dir), self.checkpoints.max_bytes)

    def take_files(self, files: dict[str, bytes]) -> None:
        """Write what a trial in another process has left, and look after it."""
        super().take_files(files)
        self.checkpoints.look()

    def _prune(self) -> None:
        with self.oracle.exclusive():
            best = self.oracle.get_best_trials(self.keep_best)
            self.checkpoints.prune([trial.trial_id for trial in best], self.oracle.trials.ended)

    def _keep_checkpoint(
        self, trial: Trial, model: Model, best: BestEpoch, results: list[Any]
    ) -> None:
        """Write the best epoch's weights, where the trial is among the best so far."""
        where = f"{type(self.hypermodel).__name__}.fit()"
        objective = self.oracle.objective
        value = float(objective.get_value(read_result(results, objective, where)[0]))
        if math.isnan(value) or not model.built:
            return
        others = self.oracle.get_best_trials(self.keep_best)
        worst = others[-1].score if len(others) == self.keep_best else None
        if worst is None or not objective.better_than(worst, value):
            best.give_back(model)
            self.save_model(trial.trial_id, model)

    def save_model(self, trial_id: str, model: Model, step: int = 0) -> None:
        """Write a trial's weights.

        Args:
            trial_id: of the trial.
            model: its model.
            step: accepted for Keras Tuner's sake.
        """
        self._write_build_config(trial_id, model)
        model.save_weights(self.checkpoints.add_best(trial_id))

    def _write_build_config(self, trial_id: str, model: Model) -> None:
        self.get_trial_dir(trial_id)
        with atomic_write(self.checkpoints.build_config(trial_id)) as file:
            file.write(json.dumps(model.get_build_config()).encode())

    def load_model(self, trial: Trial) -> Model:
        """A trial's model with the weights of its best epoch.

        Raises:
            FileNotFoundError: they were not kept.
        """
        path = self.checkpoints.best(trial.trial_id)
        if not path.exists():
            raise FileNotFoundError(
                explain(
                    f"Trial {trial.trial_id} has no weights on disk.",
                    expected=f"one of the {self.keep_best} best trials (`keep_best`), trained by "
                    "`HyperModel.fit`, within `max_bytes`",
                    fix="build it again from `get_best_hyperparameters`, or override `run_trial` "
                    "with `save_model`.",
                )
            )
        with isolated(self.seed_of(trial)):
            model = self._try_build(self.values_of(trial))
            self._load(model, trial.trial_id, path)
        return model

    def _load(self, model: Model, trial_id: str, path: Path) -> None:
        if not model.built:
            text = self.checkpoints.build_config(trial_id).read_text(encoding="utf-8")
            model.build_from_config(json.loads(text))
        try:
            model.load_weights(path)
        except ValueError as error:
            raise FileRefused(
                f"The weights of trial {trial_id} do not fit the model that the build function "
                "makes of its values now: it has changed since, or has a hyperparameter whose "
                "default is another network.",
                given=str(error).partition(" Fix: ")[0].rstrip("."),
                fix="let the defaults of new hyperparameters be what was there before, or "
                "search with another `project_name`.",
            ) from error
