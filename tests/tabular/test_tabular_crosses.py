"""Crosses of categories: which are chosen, their codes, and what they bring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rosenblatt.layers import CrossIndex
from rosenblatt.layers.tabular.crosses import crossed
from rosenblatt.saving.model_files import load_model
from rosenblatt.tabular import TabularClassifier
from rosenblatt.tabular.crosses import Part, choose_crosses


def parts(rows: int, *sizes: int, words: bool = True) -> list[Part]:
    rng = np.random.default_rng(0)
    return [Part(rng.integers(0, s, rows).astype(np.int32), s, words) for s in sizes]


def test_chooses_what_adds_to_its_parts() -> None:
    a, b, c, d = parts(30_000, 20, 18, 4, 20)
    odd = ((a.codes + b.codes) % 2)[:, None].astype(float)
    assert choose_crosses([a, b, c, d], odd, 8) == [(0, 1)]
    deep = ((a.codes + b.codes + c.codes) % 2)[:, None].astype(float)
    # No pair says anything of it, so no triple is looked at.
    assert choose_crosses([a, b, c, d], deep, 8) == []
    mixed = deep + odd
    assert choose_crosses([a, b, c, d], mixed, 8) == [(0, 1), (0, 1, 2)]
    plain = (a.codes + b.codes)[:, None].astype(float)
    assert choose_crosses([a, b, c, d], plain, 8) == []


def test_what_is_not_crossed() -> None:
    a, b = parts(5_000, 20, 18)
    y = ((a.codes + b.codes) % 2)[:, None].astype(float)
    assert choose_crosses([a, b], y, 0) == []
    assert choose_crosses([a], y, 8) == []
    numbers = [Part(one.codes, one.size, False) for one in (a, b)]
    assert choose_crosses(numbers, y, 8) == []
    many = parts(300, 20, 18)  # as many combinations as rows
    assert choose_crosses(many, y[:300], 8) == []


def test_crosses_that_change_in_time_are_left_out_where_later_rows_are_predicted() -> None:
    rows = 20_000
    rng = np.random.default_rng(1)
    day = (np.arange(rows) // 100).astype(np.int32)
    shop = rng.integers(0, 5, rows).astype(np.int32)
    y = rng.normal(size=(200, 5))[day, shop][:, None]
    two = [Part(day, 200, True), Part(shop, 5, True)]
    assert choose_crosses(two, y, 8) == [(0, 1)]
    assert choose_crosses(two, y, 8, in_time=True) == []


def test_codes_of_combinations(tmp_path: Path) -> None:
    first, second = np.array([0, 1, 1, 2, 9]), np.array([2, 0, 2, 1, 1])
    keys = crossed([first[:3], second[:3]], [3, 3])
    layer = CrossIndex([3, 3], keys=np.unique(keys))
    assert layer([first, second]).tolist() == [
        1,
        2,
        3,
        0,
        0,
    ]  # 9 counts as 0, and (0, 1) is unknown
    assert layer.size == 4
    import rosenblatt as rb

    inputs = [rb.Input((), dtype="int32"), rb.Input((), dtype="int32")]
    model = rb.Model(inputs, layer(inputs))
    model.save(tmp_path / "cross.keras")
    again = load_model(tmp_path / "cross.keras")
    data = [first.astype("int32"), second.astype("int32")]
    assert again.predict(data, verbose=0).tolist() == [1, 2, 3, 0, 0]


def test_errors_of_the_layer() -> None:
    with pytest.raises(ValueError, match=r"bad `keys`.*rising order"):
        CrossIndex([2, 2], keys=[3, 1])
    with pytest.raises(ValueError, match="has no keys yet"):
        CrossIndex([2, 2])([np.array([0]), np.array([1])])
    with pytest.raises(ValueError, match="takes 2 columns of codes"):
        CrossIndex([2, 2], keys=[1])([np.array([0])])


def test_a_table_whose_target_only_pairs_tell() -> None:
    rng = np.random.default_rng(0)
    rows = 24_000
    team, event = rng.integers(0, 30, rows), rng.integers(0, 40, rows)
    wins = rng.random((30, 40)) < 0.3
    table = {
        "team": [f"team {i}" for i in team],
        "event": [f"event {i}" for i in event],
        "medal": np.where(wins[team, event], "yes", "no"),
    }
    quick = {"models": 2, "epochs": 2, "width": 16, "members": 2}
    model = TabularClassifier(**quick).fit(table, target="medal")
    assert [cross.parts for cross in model.predictor_.encoder.crosses] == [((0, 0), (1, 0))]
    assert model.scores_["auc"] > 0.99
    assert model.predict({"team": ["team 3", "team 77"], "event": ["event 5", None]}).shape == (2,)
