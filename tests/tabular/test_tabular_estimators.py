"""Estimators for tables: raw tables in, predictions, intervals and one file out."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from rosenblatt.core.errors import RosenblattError
from rosenblatt.saving.model_files import load_model
from rosenblatt.tables import read
from rosenblatt.tabular import TabularClassifier, TabularRegressor, load
from rosenblatt.tabular.model import TableModel

ROWS = 240
QUICK: dict[str, Any] = {
    "models": 2, "epochs": 40, "width": 32, "depth": 2, "members": 4, "batch_size": 32,
    "dropout": 0.0, "learning_rate": 0.02,
}  # fmt: skip


def houses(seed: int = 0, rows: int = ROWS) -> pd.DataFrame:
    """A table with numbers, gaps, words, dates, an id and a constant."""
    rng = np.random.default_rng(seed)
    rooms = rng.integers(1, 9, rows).astype(float)
    sea = rng.choice(["near", "far", "island"], rows, p=[0.3, 0.65, 0.05])
    sold = pd.Timestamp("2013-01-01") + pd.to_timedelta(rng.integers(0, 700, rows), "D")
    price = 20 * rooms + 30 * (sea == "near") + rng.normal(0, 3, rows)
    return pd.DataFrame(
        {
            "id": [f"h{i:05d}" for i in rng.permutation(rows)],
            "rooms": np.where(rng.random(rows) < 0.1, np.nan, rooms),
            "area": [f"{a:,.0f} m²" for a in 1000 * rooms + rng.normal(0, 100, rows)],
            "sea": np.where(rng.random(rows) < 0.05, None, sea),
            "sold": sold.strftime("%d/%m/%Y"),
            "land": "here",
            "price": price,
            "dear": np.where(price > 110, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def regressor() -> TabularRegressor:
    return TabularRegressor(**QUICK).fit(houses().drop(columns="dear"), target="price")


@pytest.fixture(scope="module")
def classifier() -> TabularClassifier:
    return TabularClassifier(**QUICK).fit(houses().drop(columns="price"), target="dear")


def test_learns_a_raw_table(regressor: TabularRegressor, classifier: TabularClassifier) -> None:
    new = houses(1)
    assert regressor.score(new) > 0.9
    assert classifier.score(new) > 0.9
    assert classifier.classes_.tolist() == ["no", "yes"]
    np.testing.assert_allclose(classifier.predict_proba(new).sum(axis=1), 1)
    kinds = {name: kind.kind for name, kind in regressor.schema_.columns.items()}
    assert kinds == {
        "id": "id", "rooms": "number", "area": "number", "sea": "category", "sold": "date",
        "land": "constant",
    }  # fmt: skip


def test_intervals_hold_as_often_as_they_say(regressor: TabularRegressor) -> None:
    model = TabularRegressor(**{**QUICK, "models": 6}).fit(
        houses(rows=800).drop(columns="dear"), target="price"
    )
    new = houses(2, 1000)
    for coverage in (0.5, 0.9):
        low, high = model.predict_interval(new, coverage).T
        held = ((low <= new["price"]) & (new["price"] <= high)).mean()
        assert abs(held - coverage) < 0.06
    with pytest.raises(ValueError, match="coverage"):
        regressor.predict_interval(new, 1.5)


SOURCES: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "polars": lambda frame, path: pl.from_pandas(frame),
    "pyarrow": lambda frame, path: pa.Table.from_pandas(frame),
    "dict": lambda frame, path: {name: frame[name].to_list() for name in frame},
    "records": lambda frame, path: frame.to_dict("records"),
    "shuffled": lambda frame, path: frame[frame.columns[::-1]],
    "more columns": lambda frame, path: frame.assign(other=[[1]] * len(frame), more="x"),
}


@pytest.mark.parametrize("source", SOURCES)
def test_predicts_the_same_from_every_source(
    source: str, regressor: TabularRegressor, tmp_path: Path
) -> None:
    frame = houses(3, 50)
    given = SOURCES[source](frame, tmp_path)
    np.testing.assert_array_equal(regressor.predict(given), regressor.predict(frame))


@pytest.mark.parametrize("ending", ["csv", "parquet", "json"])
def test_learns_files(ending: str, tmp_path: Path, regressor: TabularRegressor) -> None:
    path = tmp_path / f"houses.{ending}"
    frame = houses().drop(columns="dear")
    if ending == "csv":
        frame.to_csv(path, index=False)
    elif ending == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    model = TabularRegressor(**QUICK).fit(path, target="price")
    np.testing.assert_allclose(model.predict(path), regressor.predict(frame), rtol=1e-4)


def test_what_training_never_saw_is_no_error(regressor: TabularRegressor) -> None:
    strange = {
        "rooms": [None, float("inf"), -1e300, 3],
        "area": ["?", "unknown", "", "3,000 m²"],
        "sea": ["moon", None, "", "near"],
        "sold": ["soon", "31/12/2099", "99/99/9999", None],
    }
    found = regressor.predict(strange)
    assert np.isfinite(found).all()
    assert regressor.predict_interval(strange).shape == (4, 2)


def test_a_missing_column_is_named(regressor: TabularRegressor) -> None:
    with pytest.raises(ValueError, match="column 'sea' is missing") as caught:
        regressor.predict(houses(1).rename(columns={"sea": "seas"}))
    assert "did you mean 'seas'" in str(caught.value)
    assert isinstance(caught.value, RosenblattError)


@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_one_file_holds_everything(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    model = request.getfixturevalue(kind)
    new = houses(4, 60)
    path = tmp_path / "model.keras"
    model.save(path)
    again = load(path)
    assert type(again) is type(model)
    np.testing.assert_array_equal(again.predict(new), model.predict(new))
    assert again.schema_ == model.schema_
    assert again.scores_ == model.scores_
    assert str(again.report()) == str(model.report())
    # Keras's way: the raw columns, each an array.
    whole = load_model(path)
    assert isinstance(whole, TableModel)
    columns = {name: new[name].to_numpy() for name in model.predictor_.encoder.names}
    found = whole.predict(columns, verbose=0)
    wanted = model.predict(new)[:, None] if kind == "regressor" else model.predict_proba(new)[:, 1:]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    # What stands around a word, or for a gap, is nothing to either of them.
    blanks = new.assign(sea=[f" {one} " if one else "n/a" for one in new["sea"]])
    blanks["area"] = " " + blanks["area"] + " "
    columns = {name: blanks[name].to_numpy() for name in model.predictor_.encoder.names}
    np.testing.assert_allclose(whole.predict(columns, verbose=0), wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(again.predict(blanks), model.predict(new))
    # Saved once more it says the same.
    again.save(tmp_path / "again.keras")
    np.testing.assert_array_equal(load(tmp_path / "again.keras").predict(new), model.predict(new))


def test_loads_without_the_libraries_of_tables(regressor: TabularRegressor, tmp_path: Path) -> None:
    regressor.save(tmp_path / "model.keras")
    script = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['pandas', 'polars', 'pyarrow', 'sklearn']))\n"
        "from rosenblatt.tabular import load\n"
        f"model = load({str(tmp_path / 'model.keras')!r})\n"
        "row = {'rooms': [3], 'area': ['3,000 m²'], 'sea': ['near'], 'sold': ['31/01/2013']}\n"
        "print(repr(float(model.predict(row)[0])))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    row = {"rooms": [3], "area": ["3,000 m²"], "sea": ["near"], "sold": ["31/01/2013"]}
    assert float(done.stdout) == regressor.predict(row)[0]


def test_another_model_is_refused(tmp_path: Path) -> None:
    import rosenblatt as rb

    rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)]).save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="not a model for tables"):
        load(tmp_path / "other.keras")


def test_pickles_hold_no_row_of_the_table(regressor: TabularRegressor) -> None:
    data = pickle.dumps(regressor)
    assert b"h00017" not in data
    again = pickle.loads(data)
    np.testing.assert_array_equal(again.predict(houses(5)), regressor.predict(houses(5)))


def test_the_same_seed_gives_the_same_model_whatever_runs_beside() -> None:
    table = houses(rows=1200).drop(columns="dear")
    one, two, other = (
        TabularRegressor(**{**QUICK, "epochs": 4}, random_state=seed, n_jobs=jobs)
        .fit(table, target="price").predict(table)
        for seed, jobs in ((1, 1), (1, 2), (2, 2))
    )  # fmt: skip
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_weights_count_as_rows_given_again() -> None:
    table = houses().drop(columns=["dear", "id"])
    times = np.random.default_rng(0).integers(0, 3, len(table))
    again = table.loc[np.repeat(np.arange(len(table)), times)].sample(frac=1, random_state=0)
    quick = {**QUICK, "epochs": 5}
    one = TabularRegressor(**quick).fit(table, target="price", sample_weight=times)
    two = TabularRegressor(**quick).fit(again, target="price")
    np.testing.assert_array_equal(one.predict(table), two.predict(table))
    named = TabularRegressor(**quick).fit(
        table.assign(times=times), target="price", sample_weight="times"
    )
    np.testing.assert_array_equal(one.predict(table), named.predict(table))


def test_validation_rows_of_ones_own() -> None:
    table = houses().drop(columns="price")
    train, valid = table[:180], table[180:]
    one = TabularClassifier(**QUICK).fit(train, target="dear", validation_data=valid)
    two = TabularClassifier(**QUICK).fit(
        train.drop(columns="dear"), train["dear"],
        validation_data=(valid.drop(columns="dear"), valid["dear"]),
    )  # fmt: skip
    np.testing.assert_array_equal(one.predict_proba(table), two.predict_proba(table))
    assert len(one.held_out_.targets) == len(valid)


@pytest.mark.parametrize("split", ["time:sold", "group:sea"])
def test_splits(split: str) -> None:
    model = TabularRegressor(**QUICK, split=split).fit(
        houses().drop(columns="dear"), target="price"
    )
    assert model.score(houses(1)) > 0.8


def test_classes_can_be_weighed() -> None:
    table = houses().drop(columns="price")
    rare = pd.concat([table[table.dear == "yes"][:12], table[table.dear == "no"]])
    plain = TabularClassifier(**QUICK).fit(rare, target="dear")
    balanced = TabularClassifier(**QUICK, class_weight="balanced").fit(rare, target="dear")
    named = TabularClassifier(**QUICK, class_weight={"yes": 5.0}).fit(rare, target="dear")
    share = plain.predict_proba(table)[:, 1].mean()
    assert balanced.predict_proba(table)[:, 1].mean() > share
    assert named.predict_proba(table)[:, 1].mean() > share


def test_resumes_where_it_was_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rosenblatt.tabular import training

    table = houses().drop(columns="dear")
    whole = TabularRegressor(**QUICK, n_jobs=1).fit(table, target="price")
    seen: list[int] = []
    begin = training.Watch.on_epoch_end

    def cut(self: training.Watch, epoch: int, logs: dict[str, Any] | None = None) -> None:
        begin(self, epoch, logs)
        seen.append(epoch)
        if len(seen) == 33:  # in the second network
            raise OSError("the power is gone")

    monkeypatch.setattr(training.Watch, "on_epoch_end", cut)
    with pytest.raises(OSError, match="the power"):
        TabularRegressor(**QUICK, n_jobs=1).fit(table, target="price", resume_from=tmp_path)
    monkeypatch.undo()
    assert list(tmp_path.iterdir())
    model = TabularRegressor(**QUICK, n_jobs=1).fit(table, target="price", resume_from=tmp_path)
    np.testing.assert_array_equal(model.predict(table), whole.predict(table))
    assert not list(tmp_path.iterdir())


def test_ctrl_c_keeps_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes while training waits for its networks, once one of them has learnt something."""
    from rosenblatt.tabular import training

    good, pressed = training.threading.Event(), []

    class Interrupted(training.threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if timeout is not None and good.is_set() and not pressed:
                pressed.append(1)
                raise KeyboardInterrupt
            return super().wait(timeout)

    def progress(crew: training.Crew, network: int, share: float, loss: Any = None) -> None:
        if loss is not None and loss < 0.3:
            good.set()

    monkeypatch.setattr(training.threading, "Event", Interrupted)
    monkeypatch.setattr(training.Crew, "progress", progress)
    model = TabularRegressor(**{**QUICK, "epochs": 4000})
    model.fit(houses().drop(columns="dear"), target="price")
    assert pressed
    assert all(len(curve["loss"]) < 4000 for curve in model.history_)
    assert model.score(houses(1)) > 0.5


def test_time_limit_ends_training() -> None:
    model = TabularRegressor(**{**QUICK, "epochs": 100_000}, time_limit=3.0)
    model.fit(houses().drop(columns="dear"), target="price")
    assert model.seconds_["training"] < 60
    assert model.score(houses(1)) > 0.5


ERRORS: dict[str, tuple[Callable[[], Any], str]] = {
    "no target": (
        lambda: TabularRegressor().fit(houses()),
        "requires y to be passed, but the target y is None",
    ),
    "two targets": (
        lambda: TabularRegressor().fit(houses(), [1.0] * ROWS, target="price"),
        "give y or `target`, not both",
    ),
    "an unknown target": (
        lambda: TabularRegressor().fit(houses(), target="prize"),
        "there is no column 'prize' for the target.*did you mean 'price'",
    ),
    "labels for a regressor": (
        lambda: TabularRegressor().fit(houses(), target="dear"),
        "Target 'dear' is not a number in row",
    ),
    "quantities for a classifier": (
        lambda: TabularClassifier().fit(houses(), target="price"),
        "Unknown label type: continuous",
    ),
    "another number of rows": (
        lambda: TabularRegressor().fit(houses(), [1.0, 2.0]),
        f"different numbers of rows. Given: X: {ROWS}, y: 2",
    ),
    "a bad parameter": (
        lambda: TabularRegressor(width=0).fit(houses(), target="price"),
        "TabularRegressor: bad `width`. Given: 0",
    ),
    "an unknown type": (
        lambda: TabularRegressor(types={"rooms": "colour"}).fit(houses(), target="price"),
        "colour",
    ),
    "an unknown split": (
        lambda: TabularRegressor(split="week").fit(houses(), target="price"),
        "The way to split is unknown",
    ),
    "negative weights": (
        lambda: TabularRegressor().fit(houses(), target="price", sample_weight=[-1.0] * ROWS),
        "holds a value that is no weight. Given: -1.0 in row 0",
    ),
    "only ids": (
        lambda: TabularRegressor().fit(houses()[["id", "land", "price"]], target="price"),
        "no column is left to predict from",
    ),
    "before fit": (lambda: TabularRegressor().predict(houses()), "is not fitted yet"),
    "an unknown class weight": (
        lambda: TabularClassifier(class_weight={"maybe": 2.0}).fit(houses(), target="dear"),
        "names a class that y does not have. Given: 'maybe'",
    ),
    "validation without a column": (
        lambda: TabularRegressor(**QUICK).fit(
            houses(), target="price", validation_data=houses().drop(columns="sea")
        ),
        "validation_data: X: column 'sea' is missing",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case: str) -> None:
    act, told = ERRORS[case]
    with pytest.raises(ValueError, match=f"(?s){told}"):
        act()


def test_pipelines_and_searches() -> None:
    x, y = houses().drop(columns=["price", "dear"]), houses()["price"]
    pipeline = make_pipeline(
        FunctionTransformer(), TabularRegressor(**{**QUICK, "depth": 1, "epochs": 5})
    )
    search = GridSearchCV(pipeline, {"tabularregressor__width": [4, 16]}, cv=2)
    search.fit(x, y)
    assert search.best_params_["tabularregressor__width"] in (4, 16)
    copied = clone(TabularRegressor(width=7, types={"a": "category"}))
    assert copied.get_params()["types"] == {"a": "category"}
    assert repr(copied) == "TabularRegressor(types={'a': 'category'}, width=7)"
    with pytest.raises(ValueError, match=r"has no parameter 'widht'.*did you mean 'width'"):
        copied.set_params(widht=3)


# They do without it on purpose: loading a model is not to import scikit-learn.
@pytest.mark.filterwarnings("ignore:Estimator Tabular.* does not inherit")
@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_scikit_learns_own_checks(kind: type) -> None:
    """All of `check_estimator`: what it skips it says itself."""
    small = kind(**{**QUICK, "width": 16, "depth": 1, "epochs": 30})
    failed = [
        f"{one['check_name']}: {one['exception']}"
        for one in check_estimator(small, on_fail=None, on_skip=None)
        if one["status"] not in ("passed", "skipped")
    ]
    assert not failed, "\n".join(failed)


def test_a_report_of_training_and_of_new_rows(
    regressor: TabularRegressor, classifier: TabularClassifier
) -> None:
    assert "price" in str(regressor.report())
    told = regressor.report(houses(7)).facts
    assert told.rows["test"] == ROWS
    assert told.importance[0].name in ("rooms", "area")
    assert told.scores["rmse"].low < told.scores["rmse"].value < told.scores["rmse"].high
    assert "<html" in classifier.report(houses(7)).to_html()


def test_drift_is_said(regressor: TabularRegressor) -> None:
    assert not regressor.drift(houses(8))
    other = houses(8)
    other["rooms"] = 50.0
    assert [finding.column for finding in regressor.drift(other)] == ["rooms"]


def test_a_description_that_is_damaged_is_refused(
    regressor: TabularRegressor, tmp_path: Path
) -> None:
    model = regressor.model_
    model.description = {**model.description, "columns": [{"name": "a"}]}
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="description is damaged"):
        load(tmp_path / "model.keras")


def test_numbers_beyond_32_bits_keep_what_tells_them_apart() -> None:
    rng = np.random.default_rng(0)
    seconds = 1.7e9 + rng.integers(0, 400, 400)  # float32 has steps of 128 there
    table = {"seconds": seconds, "y": np.sin((seconds - 1.7e9) / 60)}
    model = TabularRegressor(**{**QUICK, "epochs": 150, "width": 64}).fit(table, target="y")
    assert model.schema_.columns["seconds"].kind in ("number", "date")
    assert model.score(table) > 0.9


def test_the_raw_table_stays_as_it_is() -> None:
    table = houses()
    before = table.copy(deep=True)
    TabularRegressor(**{**QUICK, "epochs": 2}).fit(table, target="price")
    pd.testing.assert_frame_equal(table, before)
    assert read(table).names == before.columns.to_list()
