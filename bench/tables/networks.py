"""RealMLP-TD and TabM-D as pytabkit offers them, on numbers and categories typed by the bench."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.tables.boosting import Predict, Settings
from bench.tables.columns import TypedTable


def _frames(table: TypedTable) -> dict[str, pd.DataFrame]:
    """Missing numbers become the training rows' median, with a column that says so."""
    train = table.parts["train"].numbers
    gaps = np.isnan(train).any(axis=0)
    middle = np.nanmedian(train, axis=0) if train.shape[1] else np.empty(0)
    frames = {}
    for part, rows in table.parts.items():
        missing = np.isnan(rows.numbers)
        filled = np.where(missing, middle, rows.numbers).astype(np.float32)
        frame = pd.DataFrame(filled, columns=table.number_names)
        for name, one in zip(np.array(table.number_names)[gaps], missing.T[gaps], strict=True):
            frame[f"{name} missing"] = one.astype(np.float32)
        for name, codes in zip(table.category_names, rows.codes.T, strict=True):
            frame[f"{name} #"] = pd.Categorical([str(code) for code in codes])
        frames[part] = frame
    return frames


def _fit(
    kind: str, table: TypedTable, seed: int, threads: int, settings: Settings
) -> tuple[Predict, Settings]:
    library: Any = importlib.import_module("pytabkit")
    quantity = table.meta.task == "reg"
    name = f"{kind}_{'Regressor' if quantity else 'Classifier'}"
    model = getattr(library, name)(
        device="cpu", random_state=seed, n_threads=threads, verbosity=0, **settings
    )
    frames, parts = _frames(table), table.parts
    model.fit(
        frames["train"], parts["train"].y, X_val=frames["val"], y_val=parts["val"].y,
        cat_col_names=[f"{name} #" for name in table.category_names],
    )  # fmt: skip
    ask = model.predict if quantity else model.predict_proba

    def predict(part: str) -> NDArray:
        return np.asarray(ask(frames[part]))

    return predict, settings


def realmlp(
    table: TypedTable, seed: int, threads: int, settings: Settings
) -> tuple[Predict, Settings]:
    """With its authors' advice for log-loss and AUC: no label smoothing, stopped by log-loss."""
    if table.meta.task != "reg":
        settings = {"use_ls": False, "val_metric_name": "cross_entropy", **settings}
    return _fit("RealMLP_TD", table, seed, threads, settings)


def tabm(
    table: TypedTable, seed: int, threads: int, settings: Settings
) -> tuple[Predict, Settings]:
    """Stopped by log-loss for classes."""
    if table.meta.task != "reg":
        settings = {"val_metric_name": "cross_entropy", **settings}
    return _fit("TabM_D", table, seed, threads, settings)
