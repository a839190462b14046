"""LightGBM, CatBoost and HistGradientBoosting with early stopping on the validation rows."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.tables.columns import MISSING, Part, TypedTable

Predict = Callable[[str], NDArray]  # the name of a part to predictions
Settings = dict[str, Any]
ROUNDS, PATIENCE = 1000, 50
_MOST_CODES = 254  # of HistGradientBoosting, one of them for missing


def _matrix(part: Part, most: int | None = None) -> NDArray[np.float64]:
    """Numbers, then codes; missing and unseen values, and rarer ones than `most`, are NaN."""
    codes = part.codes.astype(np.float64)
    codes[codes <= MISSING] = np.nan
    if most is not None:
        codes[codes > most] = np.nan
    return np.concatenate([part.numbers, codes], axis=1)


def _as_probabilities(task: str, predicted: NDArray) -> NDArray:
    return np.stack([1 - predicted, predicted], axis=1) if task == "bin" else predicted


def lightgbm(
    table: TypedTable, seed: int, threads: int, settings: Settings
) -> tuple[Predict, Settings]:
    """Native categories, columns of the defaults unless set."""
    library: Any = importlib.import_module("lightgbm")
    task = table.meta.task
    objective, metric = {
        "reg": ("regression", "rmse"),
        "bin": ("binary", "binary_logloss"),
        "multi": ("multiclass", "multi_logloss"),
    }[task]
    chosen = {
        "objective": objective, "metric": metric, "seed": seed, "num_threads": threads,
        "verbosity": -1, **settings,
    }  # fmt: skip
    if task == "multi":
        chosen["num_class"] = len(table.classes)
    first = len(table.number_names)
    categories = [*range(first, first + len(table.category_names))]
    train, valid = (table.parts[name] for name in ("train", "val"))
    data = library.Dataset(_matrix(train), train.y, categorical_feature=categories, params=chosen)
    held = library.Dataset(
        _matrix(valid), valid.y, categorical_feature=categories, reference=data, params=chosen
    )
    stop = library.early_stopping(PATIENCE, verbose=False)
    model = library.train(chosen, data, ROUNDS, valid_sets=[held], callbacks=[stop])

    def predict(part: str) -> NDArray:
        rows = _matrix(table.parts[part])
        return _as_probabilities(task, model.predict(rows, num_threads=threads))

    return predict, {"rounds": model.best_iteration}


def catboost(
    table: TypedTable, seed: int, threads: int, settings: Settings
) -> tuple[Predict, Settings]:
    """Native categories; its own learning rate unless set."""
    library: Any = importlib.import_module("catboost")
    quantity = table.meta.task == "reg"

    def frame(part: str) -> pd.DataFrame:
        rows = table.parts[part]
        numbers = pd.DataFrame(rows.numbers, columns=table.number_names)
        codes = pd.DataFrame(rows.codes, columns=[f"{name} #" for name in table.category_names])
        return pd.concat([numbers, codes], axis=1)

    def pool(part: str) -> Any:
        names = [f"{name} #" for name in table.category_names]
        return library.Pool(frame(part), table.parts[part].y, cat_features=names)

    kind = library.CatBoostRegressor if quantity else library.CatBoostClassifier
    model = kind(
        iterations=ROUNDS, early_stopping_rounds=PATIENCE, random_seed=seed, thread_count=threads,
        verbose=False, allow_writing_files=False, **settings,
    )  # fmt: skip
    model.fit(pool("train"), eval_set=pool("val"), use_best_model=True)
    ask = model.predict if quantity else model.predict_proba
    return lambda part: ask(frame(part), thread_count=threads), {"rounds": model.tree_count_}


def hist_gradient_boosting(
    table: TypedTable, seed: int, threads: int, settings: Settings
) -> tuple[Predict, Settings]:
    """scikit-learn's, which takes its threads from the environment; rare categories are missing.

    Its own patience of 10 rounds: it does not go back to the best one.
    """
    ensemble: Any = importlib.import_module("sklearn.ensemble")
    quantity = table.meta.task == "reg"
    kind = "HistGradientBoostingRegressor" if quantity else "HistGradientBoostingClassifier"
    numbers, codes = len(table.number_names), len(table.category_names)
    model = getattr(ensemble, kind)(
        max_iter=ROUNDS, early_stopping=True, random_state=seed,
        categorical_features=[False] * numbers + [True] * codes, **settings,
    )  # fmt: skip
    rows = {name: _matrix(part, _MOST_CODES) for name, part in table.parts.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unseen values, which are missing here
        model.fit(rows["train"], table.parts["train"].y,
                  X_val=rows["val"], y_val=table.parts["val"].y)  # fmt: skip
    ask = model.predict if quantity else model.predict_proba
    return lambda part: ask(_matrix(table.parts[part], _MOST_CODES)), {"rounds": model.n_iter_}
