"""A search that goes on with other data says so; the same content is the same data."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

from rosenblatt import tuner as kt
from rosenblatt.tuner.search_arguments import fingerprint

X = np.random.default_rng(0).normal(size=(20, 2))
Y = X[:, 0]


def search(folder: Path, trials: int, *args: Any, **kwargs: Any) -> None:
    class Mine(kt.RandomSearch):
        def run_trial(self, trial: kt.Trial, *args: Any, **kwargs: Any) -> float:
            return trial.hyperparameters.Float("a", 0, 1)

    Mine(max_trials=trials, seed=1, directory=folder).search(*args, verbose=0, **kwargs)


SAME: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "copies": ((X.copy(), Y.copy()), {}),
    "by name": ((), {"x": X, "y": Y}),
    "another layout": ((np.asfortranarray(X), Y), {}),
    "with other settings": ((X, Y), {"batch_size": 8, "epochs": 3, "callbacks": []}),
}
OTHER: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "one value": ((X + (X[3, 1] == X), Y), {}),
    "other targets": ((X, -Y), {}),
    "fewer rows": ((X[1:], Y[1:]), {}),
    "another order": ((X[::-1], Y[::-1]), {}),
    "weights": ((X, Y), {"sample_weight": Y**2}),
    "rows to validate on": ((X, Y), {"validation_data": (X, Y)}),
    "another split": ((X, Y), {"validation_split": 0.5}),
    "another shape": ((X.reshape(10, 4), Y[:10]), {}),
}
OTHER_TEXT = [
    np.array(["a", "b"]),
    pd.DataFrame({"a": ["a", "c"]}),
    pl.DataFrame({"a": ["a", "d"]}),
]


@pytest.mark.parametrize("case", SAME)
def test_the_same_goes_on_in_silence(case: str, tmp_path: Path) -> None:
    args, kwargs = SAME[case]
    search(tmp_path, 2, X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search(tmp_path, 3, *args, **kwargs)


@pytest.mark.parametrize("case", OTHER)
def test_other_data_are_said(case: str, tmp_path: Path) -> None:
    args, kwargs = OTHER[case]
    search(tmp_path, 2, X, Y)
    for _ in range(2):  # and it stays said: the first trials count
        with pytest.warns(UserWarning, match="learnt from") as told:
            search(tmp_path, 3, *args, **kwargs)
        assert str(told[0].message) == (
            f"The trials in '{tmp_path}/untitled_project' learnt from other data than `search` is "
            "given now: their scores do not compare with those to come. Fix: take another "
            "`project_name`, or `overwrite=True`."
        )


def test_columns_of_text_have_content() -> None:
    found = {fingerprint((value,), {}) for value in OTHER_TEXT}
    assert len(found) == 3 and None not in found
    assert fingerprint((pd.DataFrame({"a": ["a", "c"]}),), {}) in found


@pytest.mark.parametrize("stream", [iter([X]), (batch for batch in [X])])
def test_streams_have_no_content_beforehand(stream: Any) -> None:
    assert fingerprint((stream,), {}) is None
    assert fingerprint((X, Y), {"validation_data": stream}) is None
    assert next(stream) is X


TABLES = {
    "numbered columns": pd.DataFrame(X),
    "names that repeat": pd.DataFrame(X, columns=["a", "a"]),
    "polars": pl.DataFrame(X),
    "pyarrow": pl.DataFrame(X).to_arrow(),
    "categories": pd.DataFrame({"a": pd.Categorical(["x", "y"])}),
    "nullable": pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_any_kind(kind: str) -> None:
    assert fingerprint((TABLES[kind],), {}) == fingerprint((TABLES[kind][:],), {})


@pytest.mark.parametrize("value", [object(), np.array([object()]), [[1], [1, 2]], {1, 2}])
def test_objects_have_no_content_that_would_last(value: Any) -> None:
    """The text of an object names its place in memory, another one in each process."""
    assert fingerprint((value, Y), {}) is None


def test_sparse_matrices_stay_sparse() -> None:
    wide = scipy.sparse.random_array((10, 10**9), density=1e-9, rng=1)  # 40 GB if it were dense
    other = wide.copy()
    other.data[0] += 1
    found = {fingerprint((matrix,), {}) for matrix in (wide, wide.copy(), other)}
    assert len(found) == 2 and None not in found


def test_a_search_without_a_fingerprint_takes_the_next_one(tmp_path: Path) -> None:
    search(tmp_path, 2, X, Y)
    path = tmp_path / "untitled_project" / "journal.jsonl"
    kept = [line for line in path.read_text().splitlines() if '"event":"data"' not in line]
    path.write_text("\n".join(kept) + "\n")
    search(tmp_path, 3, X, -Y)
    with pytest.warns(UserWarning, match="learnt from other data"):
        search(tmp_path, 4, X, Y)
