"""The kit for parts of one's own: it passes what is right, and each check finds what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import testing
from rosenblatt.testing.check import Check

RNG = np.random.default_rng(0)
X = RNG.uniform(0.1, 0.9, (5, 4)).astype("float32")
Y = RNG.uniform(0.1, 0.9, (5, 4)).astype("float32")


class Gate(rb.layers.Layer):
    """A layer as a user writes it, with weights and a config."""

    row_independent = True

    def __init__(self, units: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], self.units), "ones", name="kernel")

    def call(self, inputs: Any) -> Any:
        return jnp.tanh(inputs @ self.kernel.value)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


class Distance(rb.losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return jnp.square(y_true - y_pred).max(axis=-1)


class Largest(rb.metrics.Metric):
    row_independent = True

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.largest = self.add_variable((), "zeros", name="largest")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        error = jnp.abs(jnp.asarray(y_true) - jnp.asarray(y_pred)).max()
        self.largest.assign(jnp.maximum(self.largest.value, error))

    def result(self) -> Any:
        return self.largest.value


class Signs(rb.optimizers.Optimizer):
    def update(self, gradient: Any, value: Any, slots: Any, learning_rate: Any, shared: Any) -> Any:
        return value - learning_rate * jnp.sign(gradient), {}


class Counts(rb.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.epochs = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs += 1


RIGHT: list[Check] = [
    *testing.layer_checks(lambda: Gate(3), X),
    *testing.loss_checks(Distance, Y, X, smooth=True),
    *testing.metric_checks(Largest, Y, X),
    *testing.optimizer_checks(lambda: Signs(0.05)),
    *testing.callback_checks(Counts),
]


@pytest.mark.parametrize("check", RIGHT, ids=str)
def test_parts_of_a_user_pass(check: Check) -> None:
    check()


class Centred(rb.layers.Layer):
    row_independent = True  # wrong

    def call(self, inputs: Any) -> Any:
        return inputs - inputs.mean(axis=0)


class Forgetful(Gate):
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units + 1}


class Longer(Gate):
    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        return rb.KerasTensor((inputs.shape[0], 9), "float32")


class Wide(Gate):
    def call(self, inputs: Any) -> Any:
        return super().call(inputs).astype("float32")


class Whole(rb.losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return jnp.square(y_true - y_pred).mean()


class Last(Largest):
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.largest.assign(jnp.abs(jnp.asarray(y_true) - jnp.asarray(y_pred)).max())


class Keeps(rb.metrics.Sum):
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(y_true)

    def reset_state(self) -> None:
        pass


class Uphill(Signs):
    def update(self, gradient: Any, *args: Any) -> Any:
        return super().update(-gradient, *args)


class Stops(rb.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = True


WRONG: dict[str, tuple[Callable[[], list[Check]], str]] = {
    "looks across rows": (
        lambda: testing.layer_checks(Centred, X),
        "rows are as apart as it says",
    ),
    "another config": (
        lambda: testing.layer_checks(lambda: Forgetful(3), X),
        "config makes an equal part",
    ),
    "another shape": (lambda: testing.layer_checks(lambda: Longer(3), X), "shapes are inferred"),
    "long floats": (lambda: testing.layer_checks(lambda: Wide(3), X), "short floats stay short"),
    "one value for all": (
        lambda: testing.loss_checks(Whole, Y, X),
        "one value for each row",
    ),
    "the last batch only": (lambda: testing.metric_checks(Last, Y[::-1], X), "batches add up"),
    "no reset": (lambda: testing.metric_checks(Keeps, Y, X), "a reset forgets"),
    "uphill": (lambda: testing.optimizer_checks(lambda: Uphill(0.05)), "the loss falls"),
    "stops": (lambda: testing.callback_checks(Stops), "training is as without it"),
}


@pytest.mark.parametrize("case", WRONG)
def test_each_check_finds_what_is_wrong(case: str) -> None:
    make, name = WRONG[case]
    check = {str(one): one for one in make()}[name]
    with pytest.raises(AssertionError):
        check()
