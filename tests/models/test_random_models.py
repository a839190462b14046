"""Random models, built in real Keras and in ours from one config: values, training, files."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import random_models
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import rosenblatt as rb

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    # Layers are made while a recipe is drawn, for their output shapes; they draw seeds.
    pytest.mark.filterwarnings("ignore:Do not use the `random` module"),
    # Keras warns of one input in a list, of a mask that ends at Flatten, of a softmax of one step.
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
# A large epsilon: without it these divide gradients that are rounding errors by their own size.
OPTIMIZERS: dict[str, dict[str, float]] = {
    "SGD": {"momentum": 0.9},
    "RMSprop": {"epsilon": 0.01},
    "Adam": {"epsilon": 0.01},
    "AdamW": {"epsilon": 0.01},
    "Adadelta": {"epsilon": 0.01},
    "Adagrad": {"epsilon": 0.01},
    "Adamax": {"epsilon": 0.01},
    "Nadam": {"epsilon": 0.01},
    "Adafactor": {"epsilon_1": 0.01},
    "Ftrl": {},
    "Lamb": {"epsilon": 0.01},
}
_next_optimizer = itertools.cycle(OPTIMIZERS)


def shape_of(step: random_models.Step, shapes: list[random_models.Shape]) -> random_models.Shape:
    """The output shape of a step, from our layers; real Keras builds the model afterwards."""
    inputs = [rb.Input(shape) for shape in shapes]
    return random_models.apply(rb, step, 0, inputs).shape[1:]


def close(found: Any, expected: Any, what: str) -> None:
    """Equal up to float32's rounding, relative to the largest value."""
    pairs = zip(_list(found), _list(expected), strict=True)
    for number, (one, other) in enumerate(pairs):
        one, other = np.asarray(one), np.asarray(other)
        scale = max(1.0, float(np.max(np.abs(other), initial=0)))
        np.testing.assert_allclose(
            one / scale, other / scale, atol=2e-4, err_msg=f"{what} {number}"
        )


def _list(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) else [values]


@settings(
    max_examples=len(OPTIMIZERS),  # each takes a step
    phases=[Phase.generate],  # each example is a model of its own: shrinking takes minutes
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(recipe=random_models.recipes(shape_of), shared_seed=st.integers(0, 3))
def test_random_models_equal_keras(
    keras: Any,
    tmp_path_factory: Any,
    give_back: Callable[[], None],
    recipe: random_models.Recipe,
    shared_seed: int,
) -> None:
    give_back()
    keras.utils.set_random_seed(shared_seed)
    rb.utils.set_random_seed(shared_seed)
    theirs = random_models.build(keras, recipe)
    ours = (rb.Sequential if recipe.chain else rb.Model).from_config(theirs.get_config())
    ours.set_weights(theirs.get_weights())
    assert [v.path.split("/")[-1] for v in ours.weights] == [
        v.path.split("/")[-1] for v in theirs.weights
    ]
    x, y = random_models.data(recipe, len(theirs.outputs))
    before = theirs(x)
    close(ours(x), before, "output before training")

    optimizer = next(_next_optimizer)
    for lib, model in ((keras, theirs), (rb, ours)):
        model.compile(
            optimizer=getattr(lib.optimizers, optimizer)(
                learning_rate=0.01, clipnorm=5.0, **OPTIMIZERS[optimizer]
            ),
            loss="mse",
            run_eagerly=lib is keras,
        )
    losses = [model.train_on_batch(x, y) for model in (ours, theirs)]
    close(losses[0], losses[1], f"loss in training with {optimizer}")
    close(ours.get_weights(), theirs.get_weights(), f"weight after a step of {optimizer}")

    folder: Path = tmp_path_factory.mktemp("models")
    ours.save(folder / "ours.keras")
    theirs.save(folder / "theirs.keras")
    found, expected = ours(x), theirs(x)
    close(rb.saving.load_model(folder / "theirs.keras")(x), expected, "of Keras's file in ours")
    close(keras.saving.load_model(folder / "ours.keras")(x), found, "of our file in Keras")
