"""`rosenblatt leaderboard`: models for a table against each other, on one split."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from rosenblatt.callbacks.early_stopping import EarlyStopping
from rosenblatt.cli import results
from rosenblatt.cli.table_columns import Columns, fit_columns
from rosenblatt.cli.table_data import TableParts, Wanted, open_parts
from rosenblatt.cli.table_training import headlines
from rosenblatt.core.errors import require
from rosenblatt.core.random import set_random_seed
from rosenblatt.layers.dense import Dense
from rosenblatt.layers.input import Input
from rosenblatt.models.sequential import Sequential
from rosenblatt.optimizers.adam import Adam
from rosenblatt.tabular.scores import MAIN_MEASURE, MEASURES, scores_of
from rosenblatt.tabular.splitting import split as parts_of

_EPOCHS, _PATIENCE = 100, 10  # of the plain network
_SHARES = (0.8, 0.2, 0.0)  # of the training rows, for its best epoch
# A package, how it is installed, and the models that need it.
_OTHERS = (
    ("sklearn", "scikit-learn", "linear, HistGradientBoosting"),
    ("lightgbm", "lightgbm", "LightGBM"),
    ("catboost", "catboost", "CatBoost"),
)

Numbers = NDArray[np.float64]
Fitted = Callable[[NDArray[np.intp]], Numbers]


class Line(NamedTuple):
    """A model's place.

    Attributes:
        model: its name.
        scores: on the test rows, as `scores_of` names them.
        seconds: training and predicting.
    """

    model: str
    scores: dict[str, float]
    seconds: float


@dataclass(frozen=True)
class Contest:
    """What all models of a leaderboard are given.

    Args:
        parts: the table with its split.
        columns: its columns as numbers and codes, fitted on the training rows.
        own: parameters of the library's own model.
    """

    parts: TableParts
    columns: Columns
    own: dict[str, Any]

    @property
    def is_quantity(self) -> bool:
        """Whether a number is predicted."""
        return self.parts.task.is_quantity

    @property
    def seed(self) -> int:
        """The seed of everything."""
        return self.parts.wanted.seed

    @property
    def y(self) -> NDArray[Any]:
        """(training rows,) targets."""
        return self.parts.numbers[self.parts.train]


def leaderboard(
    data: str,
    target: str | None,
    types: list[str] | None,
    drop: list[str] | None,
    split: str | None,
    task: str | None,
    models: int | None,
    epochs: int | None,
    time_limit: float | None,
    seed: int,
    out: Path | None,
) -> None:
    """Compare models for a raw table on one test part: linear ones, trees, networks, ours."""
    wanted = Wanted.of(data, target, types, drop, split, task, None, seed)
    parts = open_parts(wanted)
    print("\n".join(headlines(parts)))
    own = {"models": models, "epochs": epochs, "time_limit": time_limit}
    contest = Contest(parts, fit_columns(parts.features, parts.schema, parts.train), own)
    for package, name, models_of_it in _OTHERS:
        if not find_spec(package):
            print(f"Left out, as {name} is not installed: {models_of_it}. Fix: pip install {name}")
    lines = []
    for name, play in _players(contest):
        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other libraries, about their own settings
            found = play(contest)
        seconds = time.perf_counter() - begun
        scores = scores_of(parts.task.kind, parts.numbers[parts.test], found)
        lines.append(Line(name, scores, seconds))
        print(f"  {name}: {seconds:.1f} s")
    measure = MAIN_MEASURE[parts.task.kind]
    sign = -1 if MEASURES[measure].larger_is_better else 1
    lines.sort(key=lambda line: sign * line.scores.get(measure, np.inf * sign))
    _print(lines, f"{len(parts.test):,} test rows, by {MEASURES[measure].title}")
    if out is not None:
        names = list(dict.fromkeys(name for line in lines for name in line.scores))
        columns: dict[str, list[Any]] = {"model": [line.model for line in lines]}
        columns |= {name: [line.scores.get(name) for line in lines] for name in names}
        results.write_table(out, columns | {"seconds": [line.seconds for line in lines]})
        print(f"Written to {out}")


def _print(lines: list[Line], title: str) -> None:
    names = list(dict.fromkeys(name for line in lines for name in line.scores))
    table = Table(title=title, title_justify="left")
    table.add_column("model")
    for name in [*(MEASURES[name].title for name in names), "seconds"]:
        table.add_column(name, justify="right")
    for line in lines:
        cells = [f"{line.scores[n]:.4g}" if n in line.scores else "" for n in names]
        table.add_row(line.model, *cells, f"{line.seconds:.1f}")
    Console().print(table)


def _players(contest: Contest) -> Iterator[tuple[str, Callable[[Contest], Numbers]]]:
    """The models that are installed, by name."""
    yield "constant", _constant
    if find_spec("sklearn"):
        require("sklearn.ensemble", "rosenblatt[sklearn]", "leaderboard")  # before time is taken
        yield "linear", _linear
        yield "HistGradientBoosting", _histogram_boosting
    yield "plain network", _plain
    if find_spec("lightgbm"):
        yield "LightGBM", _lightgbm
    if find_spec("catboost"):
        yield "CatBoost", _catboost
    yield "rosenblatt", _ours


def _constant(contest: Contest) -> Numbers:
    rows = len(contest.parts.test)
    if contest.is_quantity:
        return np.full(rows, contest.y.mean())
    classes = len(contest.parts.task.classes)
    return np.tile(np.bincount(contest.y, minlength=classes) / len(contest.y), (rows, 1))


def _all_classes(contest: Contest, chances: Numbers, known: NDArray[Any]) -> Numbers:
    """Probabilities of all classes, where the training rows had some of them only."""
    found = np.zeros((len(chances), len(contest.parts.task.classes)))
    found[:, known.astype(np.int64)] = chances
    return found


def _asked(contest: Contest, model: Any, x: Any) -> Numbers:
    """Fit another library's model, and predict the test rows.

    Args:
        contest: what is learnt.
        model: with scikit-learn's methods.
        x: all rows, by number.
    """
    model.fit(x[contest.parts.train], contest.y)
    if contest.is_quantity:
        return np.asarray(model.predict(x[contest.parts.test]), np.float64)
    chances = np.asarray(model.predict_proba(x[contest.parts.test]), np.float64)
    return _all_classes(contest, chances, model.classes_)


def _linear(contest: Contest) -> Numbers:
    from sklearn.linear_model import LogisticRegression, Ridge

    model = Ridge() if contest.is_quantity else LogisticRegression(max_iter=1000)
    return _asked(contest, model, contest.columns.dense())


def _histogram_boosting(contest: Contest) -> Numbers:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingRegressor if contest.is_quantity else HistGradientBoostingClassifier
    few = contest.columns.categories(most=250)
    model = kind(random_state=contest.seed, categorical_features=few or None)
    return _asked(contest, model, contest.columns.codes())


def _lightgbm(contest: Contest) -> Numbers:
    import lightgbm

    kind = lightgbm.LGBMRegressor if contest.is_quantity else lightgbm.LGBMClassifier
    model = kind(
        random_state=contest.seed, verbose=-1, categorical_feature=contest.columns.categories()
    )
    return _asked(contest, model, contest.columns.codes())


def _catboost(contest: Contest) -> Numbers:
    import catboost

    kind = catboost.CatBoostRegressor if contest.is_quantity else catboost.CatBoostClassifier
    places = contest.columns.categories()
    model = kind(
        random_seed=contest.seed, verbose=0, allow_writing_files=False, cat_features=places
    )
    x = contest.columns.codes().astype(object)
    x[:, places] = np.where(np.isnan(x[:, places].astype(float)), -1, x[:, places]).astype(int)
    return _asked(contest, model, x)


def _plain(contest: Contest) -> Numbers:
    x = contest.columns.dense().astype(np.float32)
    train, valid, _ = parts_of(len(contest.y), seed=contest.seed, shares=_SHARES)
    rows, test = contest.parts.train, contest.parts.test
    y = contest.y.astype(np.float32) if contest.is_quantity else contest.y
    center, scale = (float(y.mean()), float(y.std()) or 1.0) if contest.is_quantity else (0.0, 1.0)
    y = (y - center) / np.float32(scale) if contest.is_quantity else y
    set_random_seed(contest.seed)
    outputs = 1 if contest.is_quantity else len(contest.parts.task.classes)
    last = Dense(outputs, activation=None if contest.is_quantity else "softmax")
    hidden = [Dense(50, activation="relu") for _ in range(3)]
    model = Sequential([Input((x.shape[1],)), *hidden, last])
    loss = "mse" if contest.is_quantity else "sparse_categorical_crossentropy"
    model.compile(loss=loss, optimizer=Adam(1e-3))
    model.fit(
        x[rows[train]],
        y[train],
        epochs=contest.own["epochs"] or _EPOCHS,
        validation_data=(x[rows[valid]], y[valid]),
        callbacks=[EarlyStopping("val_loss", patience=_PATIENCE, restore_best_weights=True)],
        verbose=0,
    )
    found = np.asarray(model.predict(x[test], verbose=0), np.float64)
    if contest.is_quantity:
        return found[:, 0] * scale + center
    return found / found.sum(axis=1, keepdims=True)


def _ours(contest: Contest) -> Numbers:
    parts = contest.parts
    model = parts.estimator(verbose=1, **contest.own)
    model.fit(parts.table.take(parts.train), target=parts.target)
    return model.predictor_.predict(parts.features.take(parts.test))
