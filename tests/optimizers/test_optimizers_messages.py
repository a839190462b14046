"""Every message of the optimizers."""

from __future__ import annotations

import numpy as np
import pytest

from rosenblatt import optimizers
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers import SGD, AdamW, Lion, Optimizer
from rosenblatt.optimizers.schedules import ExponentialDecay

START = np.array([1.0, -2.0, 3.0], "float32")


def _weight(name="w"):
    return Variable(START, name=name)


def _built(**options):
    optimizer = SGD(0.1, name="sgd", **options)
    optimizer.build([_weight()])
    return optimizer


def _assigned_to_schedule():
    SGD(ExponentialDecay(0.1, 10, 0.5), name="sgd").learning_rate = 0.1


def _late_super():
    class Mine(Optimizer):
        def __init__(self):
            self.rate = 1

    Mine()


MESSAGES = [
    (
        lambda: optimizers.get("adm"),
        ValueError,
        "Unknown optimizer 'adm'. Fix: did you mean 'adam'?",
    ),
    (
        lambda: optimizers.get(len),
        ValueError,
        "Cannot understand this optimizer. Given: <built-in function len>. Expected: a name such "
        "as 'adam', a config, or an object of an `Optimizer` class.",
    ),
    (
        lambda: SGD(learning_rate="fast"),
        ValueError,
        "SGD: bad `learning_rate`. Given: 'fast'. Expected: a number, a `LearningRateSchedule`, or "
        "a function that returns one.",
    ),
    (
        lambda: setattr(SGD(0.1), "learning_rate", None),
        ValueError,
        "SGD: bad `learning_rate`. Given: None. Expected: a number, a `LearningRateSchedule`, or a "
        "function that returns one.",
    ),
    (
        lambda: SGD(learning_rte=0.1),
        ValueError,
        "SGD: unknown argument 'learning_rte'. Fix: did you mean 'learning_rate'?",
    ),
    (
        lambda: SGD(momentum=2.0),
        ValueError,
        "SGD: bad `momentum`. Given: 2.0. Expected: a number from 0 to 1.",
    ),
    (
        lambda: Lion(beta_1=0.0),
        ValueError,
        "Lion: bad `beta_1`. Given: 0.0. Expected: a number above 0 and at most 1.",
    ),
    (
        lambda: AdamW(weight_decay=None),
        ValueError,
        "AdamW: bad `weight_decay`. Given: None. Expected: a number. Fix: for no weight decay use "
        "`Adam`.",
    ),
    (
        lambda: SGD(clipnorm=1.0, clipvalue=2.0),
        ValueError,
        "SGD: bad `clipnorm`. Given: {'clipnorm': 1.0, 'clipvalue': 2.0, 'global_clipnorm': None}. "
        "Expected: only one of the three.",
    ),
    (
        lambda: SGD(clipvalue=-1.0),
        ValueError,
        "SGD: bad `clipvalue`. Given: -1.0. Expected: a number above 0, or None.",
    ),
    (
        lambda: SGD(gradient_accumulation_steps=1),
        ValueError,
        "SGD: bad `gradient_accumulation_steps`. Given: 1. Expected: an integer ≥ 2, or None.",
    ),
    (
        lambda: SGD(use_ema=True, ema_momentum=1.5),
        ValueError,
        "SGD: bad `ema_momentum`. Given: 1.5. Expected: a number from 0 to 1.",
    ),
    (
        lambda: SGD(use_ema=True, ema_overwrite_frequency=1.5),
        ValueError,
        "SGD: bad `ema_overwrite_frequency`. Given: 1.5. Expected: an integer ≥ 1, or None.",
    ),
    (
        lambda: SGD(name="sgd").apply([START]),
        ValueError,
        "Optimizer 'sgd' does not know which variables to update. Fix: pass them, `apply(grads, "
        "variables)`, or call `build(variables)` first.",
    ),
    (
        lambda: _built().apply([START, START]),
        ValueError,
        "Optimizer 'sgd': each variable needs one gradient. Given: 2 gradients for 1 variables.",
    ),
    (
        lambda: _built().apply([START], [_weight(name="other")]),
        ValueError,
        "Optimizer 'sgd' was not built for variable 'other'. Given: it knows ['w']. Fix: make a "
        "new optimizer for another set of variables; after a layer's `trainable` has changed, "
        "compile the model again with one.",
    ),
    (
        lambda: _built().apply([None]),
        ValueError,
        "Optimizer 'sgd': no variable has a gradient. Given: None for each of ['w']. Fix: compute "
        "the gradients of a loss that depends on these variables.",
    ),
    (
        lambda: _built().exclude_from_weight_decay(var_names=["bias"]),
        ValueError,
        "Optimizer 'sgd' is built: variables can no longer be excluded from weight decay. Fix: "
        "call `exclude_from_weight_decay()` right after making the optimizer.",
    ),
    (
        lambda: SGD(name="sgd").stateless_apply([], [], []),
        ValueError,
        "Optimizer 'sgd': `stateless_apply` needs a built optimizer. Fix: call "
        "`optimizer.build(model.trainable_variables)` first.",
    ),
    (
        lambda: _built().stateless_apply([START], [START], [START]),
        ValueError,
        "Optimizer 'sgd': `optimizer_variables` does not fit. Given: 1 values. Expected: 2.",
    ),
    (
        lambda: _built().stateless_apply([0, 0.1], [START], []),
        ValueError,
        "Optimizer 'sgd': `trainable_variables` does not fit. Given: 0 values. Expected: 1.",
    ),
    (
        lambda: SGD(name="sgd").set_weights([]),
        ValueError,
        "Optimizer 'sgd' has no variables to set yet. Fix: call "
        "`optimizer.build(model.trainable_variables)` first.",
    ),
    (
        lambda: _built().set_weights([START]),
        ValueError,
        "Optimizer 'sgd': a different number of arrays than variables. Given: 1. Expected: 2.",
    ),
    (
        lambda: _built().add_optimizer_variables([], ["a", "b"], ["zeros"]),
        ValueError,
        "add_optimizer_variables: one initializer for each name is needed. Given: 2 names and 1 "
        "initializers.",
    ),
    (
        lambda: Optimizer(0.1).apply([START], [_weight()]),
        NotImplementedError,
        "Optimizer Optimizer has no rule. Fix: define `update(self, gradient, value, slots, "
        "learning_rate, shared)` that returns the new value and slots, or Keras's `update_step`.",
    ),
    (
        _assigned_to_schedule,
        TypeError,
        "Optimizer 'sgd': its learning rate follows a schedule and cannot be set to a number. "
        "Given: 0.1 while the rate is of class ExponentialDecay. Fix: make the optimizer "
        "with a number, `SGD(learning_rate=0.01)`, or assign another schedule.",
    ),
    (
        _late_super,
        RuntimeError,
        "Optimizer Mine: attribute 'rate' was set before `super().__init__()`. Fix: call "
        "`super().__init__(learning_rate=…)` first in `__init__()`.",
    ),
]


@pytest.mark.parametrize(("make", "kind", "message"), MESSAGES)
def test_messages(make, kind, message):
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == message


def test_warnings():
    two = [_weight(name="a"), _weight(name="b")]
    with pytest.warns(UserWarning, match="without a gradient") as caught:
        SGD(0.1, name="sgd").apply([None, START], two)
    assert str(caught[0].message) == (
        "Optimizer 'sgd': variables without a gradient stay as they are. Given: None for ['a']. "
        "Fix: let the loss depend on them, or set `trainable = False` on their layer."
    )
    with pytest.warns(UserWarning, match="`decay`") as caught:
        SGD(0.1, decay=0.5)
    assert str(caught[0].message) == (
        "SGD: `decay` is not an argument of Keras 3 and is ignored. Fix: pass "
        "`learning_rate=InverseTimeDecay(rate, 1, decay)`."
    )
    with pytest.warns(UserWarning, match="not loaded") as caught:
        SGD(0.1, name="sgd").load_own_variables({"0": 1})
    assert str(caught[0].message) == (
        "Optimizer 'sgd': the saved state does not fit and is not loaded. Given: 1 saved "
        "variables. Expected: 2 (it is not built yet)."
    )
