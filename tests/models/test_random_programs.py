"""Random graphs one after another, with each other's programs: each predicts what a call gives."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import random_models
from hypothesis import HealthCheck, Phase, given, settings
from test_random_models import close, shape_of

import rosenblatt as rb

pytestmark = [
    pytest.mark.filterwarnings("ignore:Do not use the `random` module"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
RECIPES = random_models.recipes(shape_of)
FEW = settings(
    max_examples=20,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
MANY = settings(FEW, max_examples=300)


def check(recipe: random_models.Recipe, folder: Path) -> None:
    model = random_models.build(rb, recipe)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if "float" in weight.dtype:
            weight.assign(rng.uniform(0.2, 0.8, weight.shape))
    x, _ = random_models.data(recipe, len(model.outputs))
    called = model(x)
    predicted = model.predict(x, verbose=0)
    close(predicted, called, "predict and a call")
    assert type(predicted) is type(called) or not isinstance(called, (list, tuple, dict))
    model.save(folder / "a.keras")
    loaded = rb.models.load_model(folder / "a.keras")
    for other in (loaded, copy.deepcopy(model)):
        close(other.predict(x, verbose=0), predicted, "a model's and its copy's")
        close(other(x), predicted, "a call of the copy")


@FEW
@given(recipe=RECIPES)
def test_predict_is_what_a_call_gives(tmp_path_factory: Any, recipe: Any) -> None:
    check(recipe, tmp_path_factory.mktemp("graphs"))


@pytest.mark.soak
@MANY
@given(recipe=RECIPES)
def test_three_hundred_graphs(tmp_path_factory: Any, recipe: Any) -> None:
    check(recipe, tmp_path_factory.mktemp("graphs"))
