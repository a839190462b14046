"""Optimizers by hand, users' own optimizers, run-time numbers, learning rates, messages."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rosenblatt import ops, optimizers
from rosenblatt.core.registry import register_keras_serializable
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers import SGD, Adam, AdamW, Lion, Optimizer, RMSprop
from rosenblatt.optimizers.schedules import CosineDecay, ExponentialDecay

START = np.array([1.0, -2.0, 3.0], "float32")
GRADIENTS = [np.array([0.5, 0.25, -1.0]) * (step + 1) for step in range(5)]


def _weight(value=START, name="w"):
    return Variable(np.asarray(value, "float32"), name=name)


def _train(optimizer, gradients=GRADIENTS):
    weight = _weight()
    for gradient in gradients:
        optimizer.apply([jnp.asarray(gradient, "float32")], [weight])
    return weight.numpy()


def test_sgd_by_hand():
    w, m = START.astype("float64"), np.zeros(3)
    for g in GRADIENTS:
        m = 0.9 * m - 0.1 * g
        w = w + 0.9 * m - 0.1 * g
    np.testing.assert_allclose(_train(SGD(0.1, momentum=0.9, nesterov=True)), w, rtol=1e-6)
    plain = START - 0.1 * np.sum(GRADIENTS, 0)
    np.testing.assert_allclose(_train(SGD(0.1)), plain, rtol=1e-6)


def test_adam_by_hand():
    w, m, v = START.astype("float64"), np.zeros(3), np.zeros(3)
    for t, g in enumerate(GRADIENTS, 1):
        w = w - 0.1 * 0.2 * w
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        w = w - 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
    np.testing.assert_allclose(_train(AdamW(0.1, weight_decay=0.2)), w, rtol=1e-5)


def test_clipping_by_hand():
    gradient = [np.array([3.0, 4.0, 0.0])]
    move = START - _train(SGD(1.0, clipnorm=1.0), gradient)
    np.testing.assert_allclose(move, [0.6, 0.8, 0], rtol=1e-5)
    move = START - _train(SGD(1.0, clipvalue=0.5), gradient)
    np.testing.assert_allclose(move, [0.5, 0.5, 0], rtol=1e-5)
    assert np.isfinite(_train(SGD(1.0, clipnorm=1.0), [np.zeros(3)])).all()
    infinite = [np.array([np.inf, 0.0, 0.0])]
    assert np.isnan(_train(SGD(1.0, global_clipnorm=1.0), infinite)).all()


def test_weights_given_zero_gradients_globally():
    np.testing.assert_array_equal(_train(SGD(1.0, global_clipnorm=1.0), [np.zeros(3)]), START)


@pytest.mark.parametrize(
    ("make", "numbers"),
    [
        (lambda: SGD(0.1, momentum=0.9, weight_decay=0.1, clipnorm=1.0), {"momentum": 0.5}),
        (lambda: SGD(0.1, clipvalue=1.0, loss_scale_factor=4.0), {"loss_scale_factor": 2.0}),
        (lambda: SGD(0.1, use_ema=True, global_clipnorm=9.0), {"global_clipnorm": 0.1}),
        (lambda: RMSprop(0.1, momentum=0.9, centered=True), {"rho": 0.5, "rho_rest": 0.5}),
        (lambda: Adam(0.1, weight_decay=0.1), {"beta_1": 0.5, "beta_1_rest": 0.5}),
        (lambda: Adam(ExponentialDecay(0.1, 10, 0.5)), {"epsilon": 1e-2}),
        (lambda: Lion(0.1), {"beta_1": 0.1}),
    ],
)
def test_numbers_are_arguments_of_programs(make, numbers):
    optimizer = make()
    optimizer.build([_weight()])
    traces = []

    @jax.jit
    def step(parameters, state, gradient, weight):
        traces.append(1)
        found = {(id(optimizer), name): value for name, value in parameters.items()}
        with use_scope(Scope(parameters=found)):
            return optimizer.stateless_apply(state, [gradient], [weight])

    def run(changed):
        known = {n: getattr(optimizer, n) for n in optimizer.runtime_parameters}
        known = {n: v for n, v in known.items() if v is not None} | changed
        state = [v.numpy() for v in optimizer.variables]
        return step(known, state, GRADIENTS[0].astype("float32"), START)

    (same,), _ = run({})
    (other,), _ = run(numbers)
    assert len(traces) == 1
    for name in numbers:
        if not name.endswith("_rest"):
            setattr(optimizer, name, numbers[name])
    weight = _weight()
    again = make()
    for name in numbers:
        if not name.endswith("_rest"):
            setattr(again, name, numbers[name])
    again.apply([jnp.asarray(GRADIENTS[0], "float32")], [weight])
    np.testing.assert_allclose(other, weight.numpy(), rtol=1e-6)
    assert same.shape == other.shape


def test_nothing_is_compiled_by_making_and_building(compiled):
    for name in ("sgd", "adam", "rmsprop", "nadam", "adagrad", "lion"):
        optimizer = optimizers.get(name)
        optimizer.build([_weight()])
        optimizer.get_config()
    schedule = CosineDecay(0.1, 10)
    assert float(SGD(schedule).learning_rate) == pytest.approx(0.1)
    assert compiled == []


# Users' own optimizers, as Keras's guide has them.


class Heavy(Optimizer):
    def __init__(self, learning_rate=0.1, momentum=0.9, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums = []
        for variable in variables:
            self.momentums.append(
                self.add_variable_from_reference(reference_variable=variable, name="momentum")
            )

    def update_step(self, gradient, variable, learning_rate):
        learning_rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(
            m,
            ops.subtract(
                ops.multiply(m, ops.cast(self.momentum, variable.dtype)),
                ops.multiply(gradient, learning_rate),
            ),
        )
        self.assign_add(variable, m)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum}


def test_a_keras_style_subclass():
    np.testing.assert_allclose(_train(Heavy()), _train(SGD(0.1, momentum=0.9)), rtol=1e-6)
    optimizer = Heavy(name="heavy")
    optimizer.build([_weight()])
    assert [v.path for v in optimizer.variables] == [
        "heavy/iteration", "heavy/learning_rate", "heavy/w_momentum",
    ]  # fmt: skip
    copy = Heavy.from_config(optimizer.get_config())
    assert copy.get_config() == optimizer.get_config()


def test_a_registered_subclass_of_a_builtin_name():
    @register_keras_serializable("mine", "Adam")
    class Adam(optimizers.SGD):
        pass

    config = optimizers.serialize(Adam(0.5))
    assert type(optimizers.get(config)) is Adam


def test_subclass_with_another_rate_per_variable():
    class Halved(Adam):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient, variable, learning_rate * 0.5)

    np.testing.assert_allclose(_train(Halved(0.1)), _train(Adam(0.05)), rtol=1e-6)


def test_own_variables_are_remembered():
    class Counts(SGD):
        def build(self, variables):
            super().build(variables)
            self.count = Variable(np.zeros(()), name="count")

        def update_step(self, gradient, variable, learning_rate):
            self.assign_add(self.count, 1.0)
            super().update_step(gradient, variable, learning_rate)

    optimizer = Counts()
    _train(optimizer)
    assert optimizer.variables[-1] is optimizer.count
    assert float(optimizer.count) == 5


def test_overwrite_with_gradient():
    first, second = _weight(name="a"), _weight(name="b")
    second.overwrite_with_gradient = True
    optimizer = Adam(0.1)
    gradient = jnp.asarray(GRADIENTS[0], "float32")
    optimizer.apply([gradient, gradient], [first, second])
    np.testing.assert_allclose(second.numpy(), GRADIENTS[0])
    assert len(optimizer.variables) == 4
    optimizer.apply([gradient], [second])
    assert int(optimizer.iterations) == 2


# Learning rates.


def test_learning_rate_is_a_variable():
    optimizer = SGD(0.1, name="sgd")
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    assert optimizer.learning_rate.numpy() == np.float32(0.1)
    optimizer.learning_rate = 0.5
    assert optimizer.learning_rate.numpy() == 0.5
    optimizer.learning_rate.assign(0.25)
    assert optimizer.get_config()["learning_rate"] == 0.25
    assert SGD(np.float32(1)).learning_rate.numpy() == SGD(1).learning_rate.numpy() == 1.0
    optimizer.learning_rate = ExponentialDecay(0.5, 1, 0.5)
    assert [v.name for v in optimizer.variables] == ["iteration"]
    assert float(optimizer.learning_rate) == 0.5


def test_schedule_counts_updates():
    optimizer = SGD(ExponentialDecay(1.0, 1, 0.5))
    expected = START - sum(g * 0.5**t for t, g in enumerate(GRADIENTS))
    np.testing.assert_allclose(_train(optimizer), expected, rtol=1e-6)
    assert float(optimizer.learning_rate) == 0.5**5
    config = optimizers.serialize(optimizer)
    copy = optimizers.get(config)
    assert isinstance(copy.learning_rate_source, ExponentialDecay)
    assert copy.get_config() == optimizer.get_config()


def test_functions_as_rates():
    rate = {"now": 0.5}
    optimizer = SGD(lambda: rate["now"])
    assert optimizer.learning_rate == 0.5
    assert optimizer.learning_rate_source() == 0.5
    _train(optimizer, GRADIENTS[:1])
    stepped = SGD(lambda step: 1.0 / (1.0 + step))
    expected = START - sum(g / (1 + t) for t, g in enumerate(GRADIENTS))
    np.testing.assert_allclose(_train(stepped), expected, rtol=1e-6)
    assert stepped.learning_rate == pytest.approx(1 / 6)


def test_scale_loss_and_accumulated_iterations():
    assert SGD().scale_loss(3.0) == 3.0
    assert float(SGD(loss_scale_factor=8.0).scale_loss(3.0)) == 24.0
    optimizer = SGD(1.0, gradient_accumulation_steps=2)
    np.testing.assert_allclose(_train(optimizer), START - np.sum(GRADIENTS[:4], 0) / 2, rtol=1e-6)
    assert int(optimizer.iterations) == 2


def test_traced_facts_tell_what_the_config_does_not():
    optimizer = AdamW(0.1)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build([_weight(name="kernel"), _weight(name="bias")])
    assert optimizer.traced_facts() == [(True, False), (False, False)]


def test_set_weights():
    optimizer = Adam()
    optimizer.build([_weight()])
    values = [np.full(v.shape, 2, v.dtype) for v in optimizer.variables]
    optimizer.set_weights(values)
    assert all((v.numpy() == 2).all() for v in optimizer.variables)
