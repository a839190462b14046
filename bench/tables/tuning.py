"""Optuna's search over a booster's settings, judged on the validation rows.

By log-loss for two classes too, though AUC is compared: on few rows AUC chooses worse.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

from bench.tables.boosting import Predict, Settings, catboost, lightgbm
from bench.tables.columns import TypedTable
from bench.tables.scores import scores

TRIALS = 30
CPU_SECONDS = 120.0  # no trial starts after so many, all threads together

Fit = Callable[[TypedTable, int, int, Settings], tuple[Predict, Settings]]


def lightgbm_space(trial: Any) -> Settings:
    """Ranges as usual in comparisons of boosting on tables."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.015, 0.3, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 256, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 2, 200, log=True),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "bagging_freq": 1,
        "feature_fraction": trial.suggest_float("feature_fraction", 0.3, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 1e-4, 30.0, log=True),
        "cat_smooth": trial.suggest_float("cat_smooth", 1.0, 200.0, log=True),
        "max_bin": trial.suggest_categorical("max_bin", [127, 255, 511]),
    }


def catboost_space(trial: Any) -> Settings:
    """The same for CatBoost."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.3, log=True),
        "depth": trial.suggest_int("depth", 4, 8),
        "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 0.5, 30.0, log=True),
        "random_strength": trial.suggest_float("random_strength", 0.1, 10.0, log=True),
        "bagging_temperature": trial.suggest_float("bagging_temperature", 0.0, 1.5),
        "one_hot_max_size": trial.suggest_categorical("one_hot_max_size", [2, 10, 25]),
    }


def tuned(fit: Fit, space: Callable[[Any], Settings]) -> Fit:
    """A booster whose first trial has the defaults and whose best one is kept."""

    def search(
        table: TypedTable, seed: int, threads: int, settings: Settings
    ) -> tuple[Predict, Settings]:
        optuna: Any = importlib.import_module("optuna")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        start = time.process_time()
        best: tuple[float, Predict, Settings] | None = None
        trials = 0
        while trials < TRIALS and (trials == 0 or time.process_time() - start < CPU_SECONDS):
            trial = study.ask() if trials else None
            chosen = space(trial) if trial is not None else {}
            predict, facts = fit(table, seed, threads, {**settings, **chosen})
            found = scores(table.meta.task, table.parts["val"].y, predict("val"))
            loss = found.get("log_loss", found.get("rmse", 0.0))
            if trial is not None:
                study.tell(trial, loss)
            if best is None or loss < best[0]:
                best = loss, predict, {**chosen, **facts}
            trials += 1
        assert best is not None
        return best[1], {"trials": trials, **best[2]}

    return search


lightgbm_tuned = tuned(lightgbm, lightgbm_space)
catboost_tuned = tuned(catboost, catboost_space)
