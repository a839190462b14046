"""MultiOptimizer and OptimizerMap against Keras: steps, variables, files, configs, messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers import SGD, Adam, LossScaleOptimizer, MultiOptimizer, OptimizerMap
from rosenblatt.training import programs

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


def network(lib: Any, optimizer: Any, weights: Any = None) -> Any:
    model = lib.Sequential(
        [
            lib.Input((4,)),
            lib.layers.Dense(6, "tanh", name="body"),
            lib.layers.Dense(1, name="head"),
        ],
        name="net",
    )
    if weights is not None:
        model.set_weights(weights)
    model.compile(optimizer=optimizer, loss="mse")
    return model


def fit(model: Any, epochs: int = 3) -> list[float]:
    options = {"batch_size": 16, "shuffle": False, "verbose": 0}
    return model.fit(X, Y, epochs=epochs, **options).history["loss"]


def mapped(lib: Any, rate: float = 0.05, **options: Any) -> Any:
    kinds = lib.optimizers
    adam = kinds.Adam(rate, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3)
    chosen = kinds.OptimizerMap(kinds.SGD(rate, clipnorm=1.0), {".*body/.*": adam})
    chosen[".*head/bias"] = kinds.RMSprop(rate)
    return kinds.MultiOptimizer(chosen, name="multi", **options)


@pytest.mark.parametrize("options", [{}, {"loss_scale_factor": 8.0}])
def test_training_files_and_configs_equal_keras(
    keras: Any, tmp_path: Path, options: dict[str, Any]
) -> None:
    theirs = network(keras, mapped(keras, **options))
    ours = network(rb, mapped(rb, **options), theirs.get_weights())
    assert rb.optimizers.serialize(ours.optimizer) == keras.optimizers.serialize(theirs.optimizer)
    np.testing.assert_allclose(fit(ours), fit(theirs), rtol=1e-4)
    for model, lib, name in ((ours, keras, "ours.keras"), (theirs, rb, "theirs.keras")):
        for mine, its in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
            assert mine.path == its.path
            np.testing.assert_allclose(mine.numpy(), np.asarray(its), rtol=1e-3, atol=1e-6)
        model.save(tmp_path / name)
        loaded = lib.saving.load_model(tmp_path / name)
        assert len(loaded.optimizer.optimizers) == 3
        for mine, its in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
            np.testing.assert_array_equal(np.asarray(mine), np.asarray(its))


def test_numbers_of_inner_optimizers_compile_nothing() -> None:
    fit(network(rb, mapped(rb)), 1)
    before = programs.statistics.made
    other = network(rb, mapped(rb, rate=0.01))
    fit(other, 1)
    other.optimizer.optimizers[0].learning_rate = 1
    other.optimizer.optimizers[0].beta_1 = 0.5
    fit(other, 1)
    assert programs.statistics.made == before
    swapped = MultiOptimizer(OptimizerMap(Adam(0.05), {".*body/.*": SGD(0.05)}))
    fit(network(rb, swapped), 1)
    assert programs.statistics.made > before


def test_a_function_chooses_and_averages_are_put_in_place() -> None:
    made = [SGD(1.0, use_ema=True, ema_momentum=0.5), SGD(10.0)]
    optimizer = MultiOptimizer(lambda variable: made[variable.name == "slow"])
    variables = [Variable(np.zeros(1), dtype="float32", name=name) for name in ("slow", "fast")]
    for _ in range(2):
        optimizer.apply([np.ones(1, "float32")] * 2, variables)
    assert [float(v.numpy()[0]) for v in variables] == [-20.0, -2.0]
    assert int(optimizer.iterations.numpy()) == 2
    optimizer.finalize_variable_values(variables)
    assert [float(v.numpy()[0]) for v in variables] == [-20.0, -1.5]
    state = [v.numpy() for v in optimizer.variables]
    weights = [v.numpy() for v in variables]
    trained, new = optimizer.stateless_apply(state, [np.ones(1, "float32")] * 2, weights)
    assert [float(w[0]) for w in trained] == [-30.0, -2.5]
    optimizer.set_weights(new)
    assert [int(one.iterations.numpy()) for one in optimizer.optimizers] == [3, 3]
    optimizer.loss_scale_factor = 4.0
    assert [one.loss_scale_factor for one in optimizer.optimizers] == [4.0, 4.0]


def test_a_map_is_a_mapping(keras: Any) -> None:
    for lib in (keras, rb):
        kinds = lib.optimizers
        first, second = kinds.SGD(), kinds.Adam()
        chosen = kinds.OptimizerMap(kinds.RMSprop(), {"a/b": first, "a/.*": second})
        assert chosen["a/b"] is first and chosen["a/c"] is second
        assert chosen["a"] is chosen.default_optimizer
        assert list(chosen) == ["a/b", "a/.*"] and len(chosen) == 2
        del chosen["a/b"]
        assert chosen["a/b"] is second


INNER = (
    "Expected: an object of an `Optimizer` class other than LossScaleOptimizer and MultiOptimizer."
)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (
            lambda: OptimizerMap("sgd"),
            TypeError,
            "OptimizerMap: bad `default_optimizer`. Given: 'sgd'. Expected: an `Optimizer` object.",
        ),
        (
            lambda: OptimizerMap(SGD(), [1]),
            TypeError,
            "OptimizerMap: bad `optimizer_map`. Given: [1]. Expected: a dict from paths to "
            "optimizers.",
        ),
        (
            lambda: OptimizerMap(SGD(), {".*": SGD(), "a.*": SGD()})["ab"],
            ValueError,
            "OptimizerMap: several patterns fit variable 'ab'. Given: ['.*', 'a.*']. Fix: narrow "
            "them, or enter the variable's path itself.",
        ),
        (
            lambda: OptimizerMap(SGD(), {1: SGD()}),
            ValueError,
            "OptimizerMap: bad key. Given: 1. Expected: a string that is not in the map yet.",
        ),
        (
            lambda: OptimizerMap(SGD(), {"a": SGD()}).__setitem__("a", SGD()),
            ValueError,
            "OptimizerMap: bad key. Given: 'a'. Expected: a string that is not in the map yet.",
        ),
        (
            lambda: OptimizerMap(SGD(), {"a": "sgd"}),
            ValueError,
            "Not an optimizer that can share a model, for key 'a' of `optimizer_map`. "
            f"Given: 'sgd'. {INNER}",
        ),
        (
            lambda: OptimizerMap(SGD(), {"a": LossScaleOptimizer(SGD())}),
            ValueError,
            INNER,
        ),
        (
            lambda: MultiOptimizer(lambda v: "sgd").build([Variable(np.zeros(1), name="w")]),
            ValueError,
            f"Not an optimizer that can share a model, for variable 'w'. Given: 'sgd'. {INNER}",
        ),
        (
            lambda: MultiOptimizer(OptimizerMap(SGD()), name="m").learning_rate,
            AttributeError,
            "Optimizer 'm' has no learning rate of its own. Fix: use those of the inner ones, "
            "`optimizer.optimizers[0].learning_rate`.",
        ),
        (
            lambda: setattr(MultiOptimizer(OptimizerMap(SGD()), name="m"), "learning_rate", 1),
            AttributeError,
            "Optimizer 'm' has no learning rate of its own.",
        ),
    ],
)
def test_messages(make: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        make()
    assert message in str(caught.value)
