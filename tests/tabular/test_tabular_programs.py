"""What models for tables compile, and that it does not matter where a table comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rosenblatt.tabular import TabularClassifier, TabularRegressor

QUICK: dict[str, Any] = {
    "models": 2, "epochs": 4, "width": 16, "depth": 2, "members": 2, "batch_size": 32,
}  # fmt: skip


def table(rows: int = 200) -> pd.DataFrame:
    """Numbers, gaps, words and two targets."""
    rng = np.random.default_rng(5)
    size, place = rng.normal(50.0, 10.0, rows).round(2), rng.choice(["hill", "shore"], rows)
    price = (size + 20.0 * (place == "shore") + rng.normal(0, 2, rows)).round(3)
    return pd.DataFrame({
        "size": np.where(rng.random(rows) < 0.1, np.nan, size), "place": place, "price": price,
        "dear": np.where(price > 60, "yes", "no"),
    })  # fmt: skip


@pytest.mark.parametrize(
    ("estimator", "target", "other"),
    [(TabularRegressor, "price", "dear"), (TabularClassifier, "dear", "price")],
)
def test_a_second_run_compiles_nothing_and_gives_the_same(
    estimator: type[TabularRegressor | TabularClassifier],
    target: str,
    other: str,
    compiled: list[str],
) -> None:
    rows = table().drop(columns=other)
    first = estimator(random_state=1, **QUICK).fit(rows, target=target)
    found = first.predict(rows)
    assert compiled
    compiled.clear()
    elsewhere = estimator(random_state=2, **QUICK).fit(rows, target=target)
    elsewhere.predict(rows)
    again = estimator(random_state=1, **QUICK).fit(rows, target=target)
    assert (again.predict(rows) == found).all()
    assert compiled == []


def test_csv_parquet_and_frames_give_the_same_model(tmp_path: Path) -> None:
    rows = table().drop(columns="dear")
    rows.to_csv(tmp_path / "rows.csv", index=False)
    rows.to_parquet(tmp_path / "rows.parquet", index=False)
    rows.to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    expected = TabularRegressor(random_state=0, **QUICK).fit(rows, target="price").predict(rows)
    for name in ("rows.csv", "rows.parquet", "rows.jsonl"):
        path = str(tmp_path / name)
        model = TabularRegressor(random_state=0, **QUICK).fit(path, target="price")
        assert (model.predict(path) == expected).all(), name
