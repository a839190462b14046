"""Losses that Keras lacks, against arithmetic; the kit's checks run on each row too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rosenblatt import losses
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object

rng = np.random.default_rng(1)
Y = rng.normal(size=(7, 4)).astype("float32")
P = rng.normal(size=(7, 4)).astype("float32")
COUNTS = rng.poisson(2.0, (7, 4)).astype("float32")
WEIGHTS = rng.uniform(0.5, 2, 7).astype("float32")


def pinball(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Errors below count 0.3, errors above 0.7."""
    return np.where(y > p, 0.3 * (y - p), 0.7 * (p - y))


def deviance(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Half of it, of counts and logarithms of rates."""
    logs = np.where(y > 0, y * np.log(np.where(y > 0, y, 1)), 0)
    return np.exp(p) - y * p + logs - y


# (class, arguments, targets, predictions, its value of each entry)
CASES: list[tuple[str, dict[str, Any], np.ndarray, np.ndarray, Callable[..., np.ndarray]]] = [
    ("PoissonDeviance", {}, COUNTS, P, deviance),
    ("Quantile", {"quantiles": 0.3}, Y, P, pinball),
]  # one for each loss
each = pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])


@each
def test_equals_arithmetic(case: Any) -> None:
    name, arguments, y, p, entries = case
    loss = getattr(losses, name)(**arguments)
    rows = entries(y, p).mean(axis=-1)
    np.testing.assert_allclose(loss(y, p), rows.mean(), rtol=1e-5)
    np.testing.assert_allclose(loss(y, p, WEIGHTS), (rows * WEIGHTS).mean(), rtol=1e-5)


@each
def test_files_name_this_library(case: Any) -> None:
    name, arguments, *_ = case
    loss = getattr(losses, name)(**arguments, reduction="sum", name="named")
    config = serialize_keras_object(loss)
    assert (config["module"], config["class_name"]) == ("rosenblatt.losses", name)
    again = deserialize_keras_object(config)
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()


def test_every_loss_that_keras_lacks_has_a_row(keras: Any) -> None:
    ours = {name for name in losses.__all__ if name[0].isupper()}
    lacking = {name for name in ours if not hasattr(keras.losses, name)} - {"LossFunctionWrapper"}
    assert lacking == {case[0] for case in CASES}
