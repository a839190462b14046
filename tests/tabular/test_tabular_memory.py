"""What fit leaves out of memory changes no figure."""

from __future__ import annotations

import numpy as np
import pytest

from rosenblatt.tabular import crosses, training
from rosenblatt.tabular.crosses import Part, choose_crosses
from rosenblatt.tabular.training import Fold, Rows


def test_crosses_are_chosen_alike_whatever_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 20, (5, 6000)).astype(np.int32)
    y = np.stack([(codes[0] + codes[1]) % 2, (codes[1] + codes[2] + codes[3]) % 2], 1).astype(float)
    parts = [Part(one, 20, True) for one in codes]
    chosen = choose_crosses(parts, y, 8)
    assert (0, 1) in chosen
    for most in (0, 500_000):
        monkeypatch.setattr(crosses, "_MOST_KEPT", most)
        assert choose_crosses(parts, y, 8) == chosen


def test_rows_that_are_watched_are_held_out_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_MOST_WATCHED", 50)
    rows = Rows({"numbers": np.arange(300.0)[:, None]}, np.arange(300))
    valid = np.arange(0, 300, 3)
    watched = Fold(rows, np.arange(1, 300, 3), valid).watched_rows().targets
    assert len(set(watched)) == 50
    assert set(watched) <= set(valid)
    few = Fold(rows, np.arange(1, 300, 3), valid[:40]).watched_rows()
    assert few.targets.tolist() == valid[:40].tolist()
    assert len(Fold(rows, apart=rows).watched_rows()) == 50
