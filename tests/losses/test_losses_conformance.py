"""Every loss against real Keras, arithmetic by hand, central differences, masks and configs."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from rosenblatt import losses
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object

N, D = 7, 4
rng = np.random.default_rng(0)
NUMBERS = rng.normal(size=(N, D)).astype("float32")
OTHERS = rng.normal(size=(N, D)).astype("float32")
POSITIVE = rng.uniform(0.2, 3, (N, D)).astype("float32")
BINARY = (rng.random((N, D)) < 0.5).astype("float32")
PROBABILITIES = rng.uniform(0.05, 0.95, (N, D)).astype("float32")
ONE_HOT = np.eye(D, dtype="float32")[rng.integers(0, D, N)]
IDS = rng.integers(0, D, N)
SOFTMAX = np.exp(NUMBERS) / np.exp(NUMBERS).sum(-1, keepdims=True)
UNIT = NUMBERS / np.linalg.norm(NUMBERS, axis=-1, keepdims=True)
FEW = np.array([0, 0, 1, 1, 2, 2, 0])
STEPS = rng.normal(size=(N, D, 2)).astype("float32")
STEP_IDS = rng.integers(0, D, (N, 2))
STEP_ONE_HOT = np.eye(D, dtype="float32")[STEP_IDS].transpose(0, 2, 1)
STEP_SOFTMAX = np.exp(STEPS) / np.exp(STEPS).sum(1, keepdims=True)
SWAPPED = STEP_SOFTMAX.transpose(0, 2, 1)
LOGITS = {"from_logits": True}
SMOOTH = {"label_smoothing": 0.1}

# (class, arguments, targets, predictions)
CASES = [
    ("MeanSquaredError", {}, OTHERS, NUMBERS),
    ("MeanAbsoluteError", {}, OTHERS, NUMBERS),
    ("MeanAbsolutePercentageError", {}, OTHERS, NUMBERS),
    ("MeanSquaredLogarithmicError", {}, POSITIVE, POSITIVE[::-1]),
    ("Huber", {}, OTHERS, NUMBERS),
    ("Huber", {"delta": 0.3}, OTHERS, NUMBERS),
    ("LogCosh", {}, OTHERS, NUMBERS),
    ("CosineSimilarity", {}, OTHERS, NUMBERS),
    ("CosineSimilarity", {"axis": 1}, OTHERS, NUMBERS),
    ("Poisson", {}, POSITIVE, POSITIVE[::-1]),
    ("KLDivergence", {}, SOFTMAX[::-1], SOFTMAX),
    ("BinaryCrossentropy", {}, BINARY, PROBABILITIES),
    ("BinaryCrossentropy", SMOOTH, BINARY, PROBABILITIES),
    ("BinaryCrossentropy", LOGITS | SMOOTH, BINARY, NUMBERS),
    ("BinaryCrossentropy", LOGITS, BINARY.astype("int64"), NUMBERS),
    ("CategoricalCrossentropy", {}, ONE_HOT, SOFTMAX),
    ("CategoricalCrossentropy", SMOOTH, ONE_HOT, SOFTMAX * 3),
    ("CategoricalCrossentropy", LOGITS | SMOOTH, ONE_HOT, NUMBERS),
    ("SparseCategoricalCrossentropy", {}, IDS, SOFTMAX * 2),
    ("SparseCategoricalCrossentropy", {}, IDS[:, None].astype("uint8"), SOFTMAX),
    ("SparseCategoricalCrossentropy", LOGITS, IDS.astype("float32"), NUMBERS),
    ("SparseCategoricalCrossentropy", LOGITS | {"ignore_class": 2}, IDS, NUMBERS),
    ("BinaryFocalCrossentropy", {}, BINARY, PROBABILITIES),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True} | SMOOTH, BINARY, PROBABILITIES),
    ("BinaryFocalCrossentropy", LOGITS | {"gamma": 1.5}, BINARY, NUMBERS),
    ("CategoricalFocalCrossentropy", SMOOTH, ONE_HOT, SOFTMAX),
    ("CategoricalFocalCrossentropy", LOGITS | {"alpha": [0.1, 0.2, 0.3, 0.4]}, ONE_HOT, NUMBERS),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, IDS, SOFTMAX),
    ("Hinge", {}, BINARY, NUMBERS),
    ("Hinge", {}, 2 * BINARY - 1, NUMBERS),
    ("SquaredHinge", {}, BINARY, NUMBERS),
    ("CategoricalHinge", {}, ONE_HOT, NUMBERS),
    ("Dice", {}, BINARY, PROBABILITIES),
    ("Dice", {"axis": 1}, BINARY, PROBABILITIES),
    ("Tversky", {"alpha": 0.3, "beta": 0.7}, BINARY, PROBABILITIES),
    ("Circle", {"gamma": 4.0}, FEW, UNIT),
    ("BinaryCrossentropy", {"axis": 1} | SMOOTH, STEP_ONE_HOT, STEP_SOFTMAX),
    ("CategoricalCrossentropy", {"axis": 1} | LOGITS, STEP_ONE_HOT, STEPS),
    ("CategoricalCrossentropy", {"axis": 1}, STEP_ONE_HOT, STEP_SOFTMAX),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, STEP_IDS, SWAPPED),
    ("BinaryFocalCrossentropy", {"axis": 1} | LOGITS | SMOOTH, STEP_ONE_HOT, STEPS),
    ("CategoricalFocalCrossentropy", {"axis": 1} | LOGITS, STEP_ONE_HOT, STEPS),
    ("Tversky", {"axis": (1,), "alpha": 0.3}, BINARY, PROBABILITIES),
]
IDS_OF_CASES = [f"{name}-{'-'.join(kwargs)}-{i}" for i, (name, kwargs, *_) in enumerate(CASES)]
each = pytest.mark.parametrize(("name", "kwargs", "y_true", "y_pred"), CASES, ids=IDS_OF_CASES)
WEIGHTS = rng.uniform(0.5, 2, N).astype("float32")
# Keras wants weights of as many axes as the values.
STEP_WEIGHTS = WEIGHTS[:, None]
REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


def close(ours, theirs, tolerance=2e-5):
    np.testing.assert_allclose(
        np.asarray(ours, "float32"), np.asarray(theirs, "float32"), tolerance, tolerance
    )


@each
def test_equals_keras(keras, name, kwargs, y_true, y_pred):
    for reduction, weight in ((None, None), ("sum_over_batch_size", WEIGHTS)):
        ours = getattr(losses, name)(**kwargs, reduction=reduction)
        theirs = getattr(keras.losses, name)(**kwargs, reduction=reduction)
        given = weight if weight is None or y_pred.ndim == 2 else STEP_WEIGHTS
        close(ours(y_true, y_pred, weight), theirs(y_true, y_pred, given))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("case", [CASES[0], CASES[21], CASES[32]], ids=["mse", "ignored", "dice"])
def test_reductions_equal_keras(keras, case, reduction):
    name, kwargs, y_true, y_pred = case
    ours = getattr(losses, name)(**kwargs, reduction=reduction)
    theirs = getattr(keras.losses, name)(**kwargs, reduction=reduction)
    for weight in (None, WEIGHTS, WEIGHTS[:, None], 0.5):
        close(ours(y_true, y_pred, weight), theirs(y_true, y_pred, weight))


@each
def test_gradient_equals_keras_and_central_differences(keras, name, kwargs, y_true, y_pred):
    pair = getattr(losses, name)(**kwargs), getattr(keras.losses, name)(**kwargs)
    weight = WEIGHTS if y_pred.ndim == 2 else STEP_WEIGHTS
    gradients = [jax.jit(jax.grad(lambda p, f=f: f(y_true, p, weight)))(y_pred) for f in pair]
    close(*gradients, 1e-4)
    with jax.enable_x64():
        exact = getattr(losses, name)(**kwargs, dtype="float64")
        targets = y_true.astype("float64") if y_true.dtype == np.float32 else y_true
        run = jax.jit(lambda p: exact(targets, p))
        check_grads(run, (y_pred.astype("float64"),), 1, ["rev"], 1e-3, 1e-3, 1e-5)


@each
def test_padding_rows_do_not_count(name, kwargs, y_true, y_pred):
    padded = [np.concatenate([y, y[:3]]) for y in (y_true, y_pred)]
    weights = np.concatenate([WEIGHTS, np.full(3, 9, "float32")])
    mean = getattr(losses, name)(**kwargs)
    weighted = getattr(losses, name)(**kwargs, reduction="mean_with_sample_weight")

    @jax.jit
    def run(t, p, w, mask):
        with use_scope(Scope(row_mask=mask)):
            plain = jax.value_and_grad(lambda p: mean(t, p))(p)
            return *plain, *jax.value_and_grad(lambda p: weighted(t, p, w))(p)

    ours = run(*padded, weights, np.arange(N + 3) < N)
    for value, expected in zip(ours, run(y_true, y_pred, WEIGHTS, None), strict=True):
        close(value[:N] if value.ndim else value, expected, 1e-6)
        assert value.ndim == 0 or not np.asarray(value)[N:].any()


@each
def test_config_round_trip_here_and_in_keras(keras, name, kwargs, y_true, y_pred):
    ours = getattr(losses, name)(**kwargs, reduction="sum", name="named")
    theirs = getattr(keras.losses, name)(**kwargs, reduction="sum", name="named")
    config = serialize_keras_object(ours)
    expected = keras.saving.serialize_keras_object(theirs)
    lost = config["config"].keys() - expected["config"].keys()
    assert lost <= {"delta", "axis"}  # arguments that Keras forgets
    kept = {k: v for k, v in config["config"].items() if k not in lost}
    assert {**config, "config": kept} == expected
    assert type(deserialize_keras_object(config)) is type(ours)
    assert deserialize_keras_object(config).get_config() == ours.get_config()
    assert keras.saving.deserialize_keras_object(config).get_config() == theirs.get_config()


@each
def test_bfloat16_predictions(keras, name, kwargs, y_true, y_pred):
    ours, theirs = getattr(losses, name)(**kwargs), getattr(keras.losses, name)(**kwargs)
    short = getattr(losses, name)(**kwargs, dtype="bfloat16")
    run = jax.jit(lambda p: [loss(y_true, p) for loss in (ours, theirs, short)])
    value, expected, rough = run(jnp.asarray(y_pred, "bfloat16"))
    assert (value.dtype, rough.dtype) == (jnp.float32, jnp.bfloat16)
    close(value, expected)
    close(rough, value, 0.05)


TUNED = [c for c in CASES if getattr(losses, c[0]).runtime_parameters]


@pytest.mark.parametrize(("name", "kwargs", "y_true", "y_pred"), TUNED)
def test_numbers_are_arguments_of_the_program(name, kwargs, y_true, y_pred):
    cls = getattr(losses, name)
    programs = []

    def run(numbers, loss):
        programs.append(1)
        bound = {(id(loss), key): number for key, number in numbers.items()}
        with use_scope(Scope(parameters=bound)):
            return loss(y_true, y_pred)

    loss = cls(**kwargs)
    step = jax.jit(lambda numbers: run(numbers, loss))
    numbers = {key: jnp.asarray(getattr(loss, key)) for key in cls.runtime_parameters}
    close(step(numbers), loss(y_true, y_pred), 1e-6)
    changed = {key: number * 0.9 for key, number in numbers.items()}
    plain = {key: np.asarray(number).tolist() for key, number in changed.items()}
    close(step(changed), cls(**{**kwargs, **plain})(y_true, y_pred), 1e-6)
    assert len(programs) == 1


FUNCTIONS = {
    "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error", "huber", "log_cosh", "cosine_similarity",
    "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
    "categorical_focal_crossentropy", "sparse_categorical_crossentropy", "kl_divergence",
    "poisson", "hinge", "squared_hinge", "categorical_hinge", "dice", "tversky", "circle",
}  # fmt: skip


def test_every_name_of_keras_is_found(keras):
    from keras.src.losses import ALL_OBJECTS_DICT

    missing = set()
    for name, theirs in ALL_OBJECTS_DICT.items():
        try:
            found = losses.get(name)
        except (ValueError, TypeError):
            missing.add(name)
            continue
        ours = found if callable(theirs) and not isinstance(theirs, type) else type(found)
        assert ours.__name__ == theirs.__name__
    # LossFunctionWrapper needs a function; CTC is for sequences.
    assert missing == {"CTC", "ctc", "LossFunctionWrapper"}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function_equals_keras_and_round_trips(keras, name):
    case = next(c for c in CASES if c[0].lower() == name.replace("_", ""))
    ours, theirs = getattr(losses, name), getattr(keras.losses, name)
    close(ours(*case[2:]), theirs(*case[2:]))
    assert losses.get(losses.serialize(ours)) is ours
    assert losses.get(keras.losses.serialize(theirs)) is ours
    assert keras.losses.get(losses.serialize(ours)) is theirs


def test_wrapped_functions_round_trip_with_keras(keras):
    ours = losses.LossFunctionWrapper(losses.huber, name="h", delta=0.5)
    config = losses.serialize(ours)
    assert losses.deserialize(config)._fn_kwargs == {"delta": 0.5}
    assert losses.deserialize(config).fn is losses.huber
    theirs = keras.losses.deserialize(config)
    y, p = np.zeros((2, 2)), np.ones((2, 2))
    assert float(theirs(y, p)) == float(ours(y, p)) == 0.375
