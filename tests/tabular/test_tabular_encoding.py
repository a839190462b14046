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
    recipe = replace(recipe_for(rows, outputs=classes), proven=False)
    encoder, encoded = fit_encoder(table, infer(table), targets, recipe)
    (column,) = encoder.columns
    assert len(column.categories) == len(encoded.means) == int(kept)
    inputs, again = encoded.inputs(), encoder.encode(table).inputs()
    assert {k: v.shape for k, v in inputs.items()} == {k: v.shape for k, v in again.items()}


def _copies(values: np.ndarray, target: np.ndarray, rows: int) -> int:
    table = read({"number": values.astype(float)})
    targets = Targets(target[:, None].astype(float), np.ones(rows), np.arange(rows) % 5)
    encoder, _ = fit_encoder(table, infer(table), targets, recipe_for(rows, outputs=0))
    return len(encoder.columns[0].categories)


def test_in_a_small_table_a_number_is_a_category_too_where_its_values_tell_much_more() -> None:
    """The number of a school stands for what is a fact of the school; one that rises does not."""
    rows, rng = 2_000, np.random.default_rng(1)
    school = np.sort(rng.integers(0, 200, rows))
    fact = rng.normal(size=200)[school] + rng.normal(0, 0.3, rows)
    assert _copies(school, fact, rows) == 1
    assert _copies(school, school + rng.normal(0, 3, rows), rows) == 0
    assert _copies(school, rng.normal(size=rows), rows) == 0
    assert _copies(np.arange(rows) % 10, fact, rows) == 0  # its pieces tell ten values apart


def test_what_is_one_number_for_a_category_is_it_in_training_and_at_prediction() -> None:
    """Out of fold there are fewer rows of it, which must not look like less trust in them."""
    rows, rng = 1_000, np.random.default_rng(2)
    town = np.repeat(np.arange(100), 10)
    table = read({"town": [f"town {n}" for n in town]})
    fact = rng.normal(size=100)[town]
    targets = Targets((fact - fact.mean())[:, None], np.ones(rows), np.arange(rows) % 5)
    encoder, encoded = fit_encoder(table, infer(table), targets, recipe_for(rows, outputs=0))
    in_training = encoded.inputs()["numbers"]
    assert np.ptp(in_training[:, 0]) > 1
    np.testing.assert_allclose(encoder.encode(table).inputs()["numbers"], in_training, atol=1e-5)
