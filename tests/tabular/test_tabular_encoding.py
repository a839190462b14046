"""The encoder of a table's columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rosenblatt.tables import read
from rosenblatt.tabular import infer
from rosenblatt.tabular.encoder_fitting import MOST_MEANS, Targets, fit_encoder
from rosenblatt.tabular.recipe import recipe_for


@pytest.mark.parametrize(("classes", "kept"), [(MOST_MEANS, True), (MOST_MEANS + 1, False)])
def test_a_repeated_number_is_a_category_only_where_it_has_target_means(
    classes: int, kept: bool
) -> None:
    """One that gives the network nothing is no layer of the model, and its file lacks it."""
    rows = 400
    rng = np.random.default_rng(0)
    table = read({"age": rng.integers(0, 40, rows).astype(float)})
    labels = rng.integers(0, classes, rows)
    targets = Targets(np.eye(classes)[labels], np.ones(rows), np.arange(rows) % 5)
    recipe = replace(recipe_for(rows, outputs=classes), repeats=3.0)
    encoder, encoded = fit_encoder(table, infer(table), targets, recipe)
    (column,) = encoder.columns
    assert len(column.categories) == len(encoded.means) == int(kept)
    inputs, again = encoded.inputs(), encoder.encode(table).inputs()
    assert {k: v.shape for k, v in inputs.items()} == {k: v.shape for k, v in again.items()}
