"""Training equals real Keras's, from equal weights and batch order."""

import itertools

import numpy as np
import pytest

import rosenblatt as rb


def _equal_start(model, start):
    """Give a model the weights of the one before it; the first one gives its own."""
    if start is not None:
        model.set_weights(start)
    return model.get_weights()


OPTIMIZERS = {
    "sgd": lambda k: k.optimizers.SGD(0.01),
    "momentum": lambda k: k.optimizers.SGD(0.01, momentum=0.9),
    "nesterov": lambda k: k.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    "adam": lambda k: k.optimizers.Adam(),
    "adamw": lambda k: k.optimizers.AdamW(),
    "rmsprop": lambda k: k.optimizers.RMSprop(),
    "clipnorm": lambda k: k.optimizers.Adam(clipnorm=0.1),
    "global_clipnorm": lambda k: k.optimizers.SGD(global_clipnorm=0.1),
    "clipvalue": lambda k: k.optimizers.SGD(clipvalue=0.01),
    "schedule": lambda k: k.optimizers.SGD(
        k.optimizers.schedules.ExponentialDecay(0.05, decay_steps=10, decay_rate=0.9)
    ),
}
# Each optimizer once with all there is; without one or the other, a single one tells.
CASES = [(name, True, True) for name in OPTIMIZERS]
CASES += [("adam", True, False), ("adam", False, True), ("adam", False, False)]


def _network(k, optimizer, batch_normalization):
    layers = [
        k.layers.Input((6,)),
        k.layers.Dense(8, activation="relu", kernel_regularizer="l2"),
        *([k.layers.BatchNormalization()] if batch_normalization else []),
        k.layers.Dropout(0.2, seed=3),
        k.layers.Dense(2),
    ]
    model = k.Sequential(layers)
    model.compile(loss="mse", optimizer=optimizer(k), metrics=["mae"], weighted_metrics=["mse"])
    return model


@pytest.mark.parametrize(("name", "batch_normalization", "weighted"), CASES)
def test_three_epochs_equal_keras(keras, name, batch_normalization, weighted):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 6)).astype("float32")  # 150 rows: the last batch of 32 is partial
    y = rng.normal(size=(150, 2)).astype("float32")
    weight = rng.random(150).astype("float32")
    theirs = _network(keras, OPTIMIZERS[name], batch_normalization)
    ours = _network(rb, OPTIMIZERS[name], batch_normalization)
    ours.set_weights(theirs.get_weights())
    options = {
        "epochs": 3,
        "shuffle": False,
        "verbose": 0,
        "validation_data": (x[:50], y[:50], *([weight[:50]] if weighted else [])),
    }
    if weighted:
        options["sample_weight"] = weight
    expected = theirs.fit(x, y, **options).history
    found = ours.fit(x, y, **options).history
    assert list(found) == list(expected)
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-4, err_msg=key)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=2e-6)


CLASSIFIERS = {
    "sparse": ("sparse_categorical_crossentropy", "softmax", 3, lambda y: y),
    "sparse, as a column": ("sparse_categorical_crossentropy", "softmax", 3, lambda y: y[:, None]),
    "one-hot": ("categorical_crossentropy", "softmax", 3, lambda y: np.eye(3)[y]),
    "binary": ("binary_crossentropy", "sigmoid", 1, lambda y: (y > 0).astype("float32")),
    "multilabel": ("binary_crossentropy", "sigmoid", 3, lambda y: np.eye(3)[y]),
}


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_accuracy_resolves_as_in_keras(keras, kind):
    loss, activation, units, targets = CLASSIFIERS[kind]
    rng = np.random.default_rng(1)
    x = rng.normal(size=(70, 4)).astype("float32")
    y = targets(rng.integers(0, 3, 70))
    results, start = [], None
    for k in (keras, rb):
        model = k.Sequential([k.layers.Input((4,)), k.layers.Dense(units, activation=activation)])
        model.compile(loss=loss, optimizer="adam", metrics=["accuracy"])
        start = _equal_start(model, start)
        history = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history
        results.append((history, model.evaluate(x, y, verbose=0)))
    (expected, expected_scores), (found, scores) = results
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-4)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-4)


def test_class_weight_equals_keras(keras):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(64, 4)).astype("float32")
    y = rng.integers(0, 3, 64)
    losses, start = [], None
    for k in (keras, rb):
        model = k.Sequential([k.layers.Input((4,)), k.layers.Dense(3, activation="softmax")])
        model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
        start = _equal_start(model, start)
        fitted = model.fit(x, y, class_weight={0: 1.0, 1: 5.0, 2: 0.5}, shuffle=False, verbose=0)
        losses.append(fitted.history["loss"])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)


def test_class_weight_and_sample_weight_are_multiplied():
    x, y = np.ones((2, 1), "float32"), np.array([0.0, 1.0], "float32")
    model = rb.Sequential([rb.Input((1,)), rb.layers.Dense(1, kernel_initializer="ones")])
    model.compile(loss="mse", optimizer=rb.optimizers.SGD(0.0))
    fitted = model.fit(
        x, y, class_weight={0: 3.0, 1: 7.0}, sample_weight=np.array([0.5, 1.0]), verbose=0
    )
    # Output 1 for both rows: errors 1 and 0, so the loss is (3 · 0.5 · 1 + 7 · 1 · 0) / 2.
    assert fitted.history["loss"] == [0.75]


def _two_outputs(k):
    wide = k.layers.Input((3,), name="wide")
    deep = k.layers.Input((4,), name="deep")
    hidden = k.layers.Dense(5, activation="relu")(deep)
    joined = k.layers.concatenate([wide, hidden])
    main = k.layers.Dense(1, name="main")(joined)
    aux = k.layers.Dense(1, name="aux")(hidden)
    return k.Model(inputs=[wide, deep], outputs=[main, aux])


COMPILED = {
    "one for all": {"loss": "mse"},
    "lists": {"loss": ["mse", "mae"], "loss_weights": [0.9, 0.1], "metrics": [["mae"], ["mse"]]},
    "tuples": {"loss": ("mse", "mse"), "loss_weights": (0.9, 0.1)},
    "dicts": {
        "loss": {"main": "mse", "aux": "mae"},
        "loss_weights": {"main": 0.9, "aux": 0.1},
        "metrics": {"main": ["mae"], "aux": ["mae", "mse"]},
    },
}
TARGETS = {
    "tuple": lambda a, b: (a, b),
    "list": lambda a, b: [a, b],
    "dict": lambda a, b: {"main": a, "aux": b},
}


# Real Keras cannot map one loss for all over a dict of targets.
@pytest.mark.parametrize(
    ("compiled", "targets"),
    [pair for pair in itertools.product(COMPILED, TARGETS) if pair != ("one for all", "dict")],
)
def test_two_outputs_equal_keras(keras, compiled, targets):
    rng = np.random.default_rng(3)
    x = {"wide": rng.normal(size=(50, 3)), "deep": rng.normal(size=(50, 4))}
    y = TARGETS[targets](rng.normal(size=(50, 1)), rng.normal(size=(50, 1)))
    results, start = [], None
    for k in (keras, rb):
        model = _two_outputs(k)
        model.compile(optimizer="sgd", **COMPILED[compiled])
        start = _equal_start(model, start)
        history = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history
        scores = model.evaluate(x, y, verbose=0)
        named = model.evaluate(x, y, verbose=0, return_dict=True)
        results.append((history, scores, named))
    (expected, expected_scores, expected_named), (found, scores, named) = results
    assert list(found) == list(expected)
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-4)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-4)
    assert list(named) == list(expected_named)
