"""The names of metrics' results: no trace is made for them where the library's code gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

X = np.ones((4, 3), "float32")
Y = np.ones((4, 1), "float32")


class Both(rb.metrics.Mean):
    """A metric with two results."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(y_pred)

    def result(self) -> Any:
        return {"low": super().result() - 1, "high": super().result() + 1}


class Net(rb.Model):
    """A model that adds to the results."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = rb.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.hidden(inputs)

    def get_metrics_result(self) -> dict[str, Any]:
        return {**super().get_metrics_result(), "more": np.float32(2)}


class Listed(Net):
    """A model that lists a metric of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.own = rb.metrics.Mean(name="own")

    @property
    def metrics(self) -> list[Any]:
        return [*super().metrics, self.own]

    get_metrics_result = rb.Model.get_metrics_result


def plain(*metrics: Any) -> Any:
    model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=list(metrics), weighted_metrics=["mse"])
    return model


def two_outputs() -> Any:
    x = rb.Input((3,))
    outputs = {name: rb.layers.Dense(1, name=name)(x) for name in ("a", "b")}
    model = rb.Model(x, outputs)
    model.compile("sgd", {"a": "mse", "b": "mae"}, metrics={"b": ["mae", "mae"]})
    return model


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (plain, ["loss", "mse"]),
        (lambda: plain("mse", "mae", "RootMeanSquaredError"), None),
        (two_outputs, None),
        (lambda: plain(Both()), None),
        (Net, None),
        (Listed, None),
    ],
)
def test_each_has_its_name(make: Any, names: list[str] | None) -> None:
    model = make()
    if model.optimizer is None:
        model.compile("sgd", "mse", metrics=["mae"])
    y = {"a": Y, "b": Y} if make is two_outputs else Y
    found = model.evaluate(X, y, return_dict=True, verbose=0)
    engine = model.training_session.engine("test")
    task = model.training_session.task
    own = any(isinstance(m, Both) for m in model.metrics) or type(model) is Net
    assert (task.result_names() is None) == own
    assert engine.names == list(model.get_metrics_result())
    assert sorted(engine.names) == list(found)
    if names is not None:
        assert sorted(names) == list(found)
