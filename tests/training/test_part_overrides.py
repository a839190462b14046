"""What subclasses of losses, metrics, optimizers and small parts override is asked, as in Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 3)).astype("float32")
Y = (RNG.uniform(size=(8, 1)) > 0.5).astype("float32")


def results(library: Any, dense: dict[str, Any] | None = None, **compiled: Any) -> dict[str, Any]:
    layer = library.layers.Dense(1, "sigmoid", kernel_initializer="ones", **dense or {})
    model = library.Sequential([library.Input((3,)), layer])
    arguments = {"optimizer": library.optimizers.SGD(0.5), "loss": "mse", **compiled}
    model.compile(**arguments, run_eagerly=library is not rb)
    history = model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    weights = dict(zip(("kernel", "bias"), model.get_weights(), strict=True))
    return {**history, "tested": model.evaluate(X, Y, verbose=0), **weights}


def changed(base: Any, method: str, change: Callable[..., Any]) -> Any:
    """A subclass whose method returns something else."""

    def own(self: Any, *args: Any, **kwargs: Any) -> Any:
        return change(getattr(super(type(self), self), method), *args, **kwargs)

    return type("Mine", (base,), {method: own})


def doubled(call: Any, *args: Any, **kwargs: Any) -> Any:
    return call(*args, **kwargs) * 2


def halved_gradients(call: Any, grads: Any, trainable_variables: Any = None) -> Any:
    return call([grad * 0.5 for grad in grads], trainable_variables)


def halved_values(call: Any, slots: Any, grads: Any, trainable: Any) -> Any:
    return call(slots, [grad * 0.5 for grad in grads], trainable)


def larger_step(call: Any, gradient: Any, variable: Any, learning_rate: Any) -> Any:
    return call(gradient, variable, learning_rate * 2.0)


def cleared(call: Any, variables: Any) -> None:
    call(variables)
    for variable in variables:
        variable.assign(variable * 0.0)


def with_loss(name: str, method: str, **arguments: Any) -> Any:
    return lambda k: {"loss": changed(getattr(k.losses, name), method, doubled)(**arguments)}


def with_metric(name: str, **arguments: Any) -> Any:
    return lambda k: {
        "metrics": [changed(getattr(k.metrics, name), "result", doubled)(name="m", **arguments)]
    }


def with_optimizer(name: str, method: str, change: Any) -> Any:
    return lambda k: {
        "optimizer": changed(getattr(k.optimizers, name), method, change)(learning_rate=0.1)
    }


CASES: dict[str, Any] = {
    **{
        f"{name}.{method}": with_loss(name, method)
        for name in ("MeanSquaredError", "BinaryCrossentropy", "Huber", "Hinge", "Dice")
        for method in ("call", "__call__")
    },
    **{
        f"{name}.result": with_metric(name)
        for name in ("MeanSquaredError", "BinaryAccuracy", "Precision", "AUC", "R2Score")
    },
    **{
        f"{name}.{method}": with_optimizer(name, method, change)
        for name in ("SGD", "Adam", "RMSprop")
        for method, change in {
            "apply": halved_gradients,
            "stateless_apply": halved_values,
            "update_step": larger_step,
            "finalize_variable_values": cleared,
            "scale_loss": doubled,
        }.items()
    },
    "regularizer": lambda k: {
        "dense": {"kernel_regularizer": changed(k.regularizers.L2, "__call__", doubled)(0.1)}
    },
    "constraint": lambda k: {
        "dense": {"kernel_constraint": changed(k.constraints.UnitNorm, "__call__", doubled)()}
    },
    "initializer": lambda k: {
        "dense": {"bias_initializer": changed(k.initializers.Ones, "__call__", doubled)()}
    },
    "schedule": lambda k: {
        "optimizer": k.optimizers.SGD(
            changed(k.optimizers.schedules.CosineDecay, "__call__", doubled)(0.1, 4)
        )
    },
}


@pytest.mark.parametrize("name", CASES)
def test_overridden_methods_are_asked(name: str, keras: Any) -> None:
    ours, theirs = (results(library, **CASES[name](library)) for library in (rb, keras))
    assert sorted(ours) == sorted(theirs)
    for what, value in theirs.items():
        np.testing.assert_allclose(ours[what], value, rtol=1e-3, atol=1e-5, err_msg=what)
