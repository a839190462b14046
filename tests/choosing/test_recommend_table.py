"""A model for a raw table, and why."""

from __future__ import annotations

import numpy as np
import pytest

from rosenblatt.choosing import recommend_table


def table(rows: int) -> dict[str, object]:
    rng = np.random.default_rng(0)
    return {
        "id": [f"p{i}" for i in range(rows)],
        "age": rng.normal(40, 9, rows),
        "town": rng.choice(["Rome", "Bonn"], rows),
        "pay": rng.normal(3000, 500, rows),
    }


def test_a_table_with_its_target() -> None:
    spec = recommend_table(table(400), target="pay")
    assert spec.task.is_quantity
    assert list(spec.schema.read) == ["age", "town"]
    told = str(spec)
    assert told.startswith("quantity:\n  - 'pay': numbers (float64)\n  - id: id, left out: ")
    assert "8 networks, each with other rows held out" in told
    assert "linear model" not in told
    model = spec.build().set_params(models=2, epochs=1).fit(table(400), target="pay")
    assert model.predict(table(3)).shape == (3,)


def test_few_rows_are_said() -> None:
    assert "compare it with a linear model" in str(recommend_table(table(60), target="pay"))


def test_many_rows_have_target_means_of_numbers() -> None:
    assert "read as categories too" in str(recommend_table(table(13_000), target="pay"))


def test_errors() -> None:
    with pytest.raises(ValueError, match="requires y to be passed"):
        recommend_table(table(60))
    with pytest.raises(ValueError, match="there is no column 'wage' for the target"):
        recommend_table(table(60), target="wage")
