"""`rosenblatt tune` on a raw table: a search around the defaults of the model for tables."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from rosenblatt.cli import results
from rosenblatt.cli.same_search import SEARCH, require_same_facts, table_facts
from rosenblatt.cli.table_data import TableParts, Wanted, open_parts
from rosenblatt.cli.table_training import headlines, tried, write_run
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.loading import load
from rosenblatt.tabular.recipe import recipe_of
from rosenblatt.tabular.scores import MAIN_MEASURE, MEASURES
from rosenblatt.tuner.base_tuner import BaseTuner
from rosenblatt.tuner.bayesian import BayesianOptimizationOracle
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.objective import Objective
from rosenblatt.tuner.oracle import Proposal
from rosenblatt.tuner.trials import Trial

_MODEL = "model.keras"


class AroundDefaults(BayesianOptimizationOracle):
    """Tries the defaults first, then what the results so far make most promising."""

    def populate_space(self, trial_id: str) -> Proposal:
        """The defaults, or the next values."""
        if len(self.trials) == 0:
            defaults = {hp.name: hp.default for hp in self.hyperparameters.space}
            return self.proposal(defaults)
        return super().populate_space(trial_id)


class TableTuner(BaseTuner):
    """Trains the model for tables with other constants, and judges it by its held-out rows.

    Args:
        parts: the table.
        parameters: of the estimator, that all trials have.
        measure: the score that counts.
        options: see `BaseTuner`.
    """

    def __init__(self, parts: TableParts, parameters: dict[str, Any], measure: str, **options: Any):
        self.parts = parts
        self.parameters = parameters
        self.measure = measure
        super().__init__(**options)

    def run_trial(self, trial: Trial, *fit_args: Any, **fit_kwargs: Any) -> dict[str, float]:
        """Train with a trial's values; the scores on rows that its networks did not see."""
        values = trial.hyperparameters.values
        model = self.parts.estimator(n_jobs=1, **{**self.parameters, **values})
        model.fit(
            self.parts.table.take(self.parts.train),
            target=self.parts.target,
            sample_weight=self.parts.wanted.weights,
        )
        self.save_model(trial.trial_id, model)
        return {name: float(score) for name, score in model.scores_.items()}

    def save_model(self, trial_id: str, model: TabularModel, step: int = 0) -> None:
        """Keep a trial's model, and its curves."""
        folder = Path(self.get_trial_dir(trial_id))
        folder.mkdir(parents=True, exist_ok=True)
        model.save(folder / _MODEL)
        history = {"history": model.history_}
        (folder / "history.json").write_text(json.dumps(history), encoding="utf-8")

    def load_model(self, trial: Trial) -> TabularModel:
        """A trial's model."""
        folder = Path(self.get_trial_dir(trial.trial_id))
        model = load(folder / _MODEL)
        text = (folder / "history.json").read_text(encoding="utf-8")
        model.history_ = json.loads(text)["history"]
        return model


def space_of(parts: TableParts) -> HyperParameters:
    """The constants that are searched, around the recipe's own for such a table."""
    recipe = recipe_of(len(parts.train), parts.task, parts.schema)
    rate, decay = recipe.learning_rate, recipe.weight_decay
    hp = HyperParameters()
    hp.Int("width", 64, 512, step=64, default=recipe.width)
    hp.Int("depth", 1, 5, default=recipe.depth)
    hp.Float("dropout", 0.0, 0.4, step=0.05, default=recipe.dropout)
    hp.Float("learning_rate", rate / 4, rate * 4, sampling="log", default=rate)
    hp.Float("weight_decay", decay / 10, decay * 100, sampling="log", default=decay)
    hp.Choice("members", [1, 4, 8, 16], default=recipe.members)
    hp.Int("bins", 4, 64, sampling="log", default=recipe.bins)
    return hp


def tune_table(
    wanted: Wanted,
    out: Path,
    trials: int,
    parameters: dict[str, Any],
    *,
    workers: int | None = None,
    max_seconds: float | None = None,
    quiet: bool = False,
) -> TableTuner:
    """Search, or resume a search in a folder, and write its best model there.

    Args:
        wanted: the table and what is to be learnt from it.
        out: the folder.
        trials: how many.
        parameters: of the estimator, that all trials have.
        workers: trials side by side.
        max_seconds: no trial begins after this time.
        quiet: show no progress.
    """
    parts = open_parts(wanted)
    results.make_folder(out)
    require_same_facts(out, table_facts(parts), _said(parameters))
    measure = MAIN_MEASURE[parts.task.kind]
    direction = "max" if MEASURES[measure].larger_is_better else "min"
    oracle = AroundDefaults(
        Objective(measure, direction),
        max_trials=trials,
        seed=wanted.seed,
        hyperparameters=space_of(parts),
    )
    tuner = TableTuner(
        parts,
        parameters,
        measure,
        oracle=oracle,
        directory=out,
        project_name=SEARCH,
        workers=workers,
        max_seconds=max_seconds,
    )
    print("\n".join(headlines(parts)))
    tuner.search(verbose=0 if quiet else 1)
    (best,) = tuner.get_best_hyperparameters()
    (model,) = tuner.get_best_models()
    report = tried(model, parts)
    model.facts_ = report.facts
    score = report.facts.scores.get(measure)
    write_run(out, model, report, {**_said(parameters), **best.values})
    print(f"The best model on the test part: {measure} {score.value if score else math.nan:.4g}")
    return tuner


def _said(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}
