"""Our models on the raw table, and the plain network that `train` made of numbers before."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.tables.boosting import Predict, Settings
from bench.tables.columns import Meta, TypedTable

_COVERAGE = 0.9
_MOST_ONE_HOT = 50


@dataclass(frozen=True)
class OurFit:
    """Predictions by part, facts of the fit, and intervals of a quantity."""

    predict: Predict
    facts: Settings
    interval: Any = None


def tabular(
    frames: dict[str, pd.DataFrame], meta: Meta, classes: list[str], seed: int, *, whole: bool
) -> OurFit:
    """`rosenblatt.tabular` without a setting.

    Args:
        frames: the raw rows of each part, the target among the columns.
        meta: of the table.
        classes: in the order of the columns of probabilities.
        seed: its `random_state`.
        whole: fit on the training and validation rows, of which it holds back what it needs; else
            it is given the validation rows as such.
    """
    library: Any = importlib.import_module("rosenblatt.tabular")
    quantity = meta.task == "reg"
    model = (library.TabularRegressor if quantity else library.TabularClassifier)(random_state=seed)
    if whole:
        rows = pd.concat([frames["train"], frames["val"]], ignore_index=True)
        model.fit(rows, target=meta.target)
    else:
        model.fit(frames["train"], target=meta.target, validation_data=frames["val"])

    def features(part: str) -> pd.DataFrame:
        return frames[part].drop(columns=meta.target)

    def predict(part: str) -> NDArray:
        if quantity:
            return np.asarray(model.predict(features(part)))
        order = [str(label) for label in model.classes_]
        return np.asarray(model.predict_proba(features(part)))[:, [order.index(c) for c in classes]]

    def interval(part: str) -> tuple[NDArray, NDArray]:
        found = np.asarray(model.predict_interval(features(part), coverage=_COVERAGE))
        return found[:, 0], found[:, 1]

    return OurFit(predict, {}, interval if quantity else None)


def plain(
    table: TypedTable, seed: int, threads: int, settings: Settings
) -> tuple[Predict, Settings]:
    """Three layers of 50, Adam, batches of 32, patience 10, at most 50 epochs, best epoch kept.

    It takes numbers only, so it is given medians for gaps and one column for each common category.
    """
    rb: Any = importlib.import_module("rosenblatt")
    rb.utils.set_random_seed(seed)
    x, task = _dense(table), table.meta.task
    y = {name: part.y for name, part in table.parts.items()}
    center, scale = (y["train"].mean(), y["train"].std()) if task == "reg" else (0.0, 1.0)
    if task == "reg":
        y = {name: ((values - center) / scale).astype(np.float32) for name, values in y.items()}
    units, activation, loss = {
        "reg": (1, None, "mse"),
        "bin": (1, "sigmoid", "binary_crossentropy"),
        "multi": (len(table.classes), "softmax", "sparse_categorical_crossentropy"),
    }[task]
    norm = rb.layers.Normalization()
    norm.adapt(x["train"])
    layers = rb.layers
    model = rb.Sequential([rb.Input(x["train"].shape[1:]), norm])
    for _ in range(3):
        model.add(layers.Dense(50, activation="relu"))
    model.add(layers.Dense(units, activation=activation))
    model.compile(loss=loss, optimizer=rb.optimizers.Adam(1e-3))
    stop = rb.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
    history = model.fit(
        x["train"], y["train"], validation_data=(x["val"], y["val"]), epochs=50, callbacks=[stop],
        verbose=0,
    )  # fmt: skip

    def predict(part: str) -> NDArray:
        found = np.asarray(model.predict(x[part], verbose=0), np.float64)
        if task == "reg":
            return found[:, 0] * scale + center
        return np.concatenate([1 - found, found], axis=1) if task == "bin" else found

    return predict, {"epochs": len(history.epoch)}


def _dense(table: TypedTable) -> dict[str, NDArray[np.float32]]:
    train = table.parts["train"]
    middle = np.nanmedian(train.numbers, axis=0) if train.numbers.shape[1] else np.empty(0)
    seen = [min(int(codes.max()), _MOST_ONE_HOT) for codes in train.codes.T]
    found = {}
    for name, part in table.parts.items():
        columns = [np.where(np.isnan(part.numbers), middle, part.numbers)]
        columns += [
            codes[:, None] == np.arange(1, most + 1)
            for codes, most in zip(part.codes.T, seen, strict=True)
        ]
        found[name] = np.concatenate(columns, axis=1).astype(np.float32)
    return found
