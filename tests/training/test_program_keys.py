"""A second model gives, with the first one's programs present, what it gives with none.

Every argument of every built-in part is given two values. Where both models have one key, their
programs are traced apart and are the same to the letter, and so are the places of their run-time
numbers: an argument that tracing reads and the key does not hold would be found. Keys have equal
digests, by which programs on disk are found, exactly where they are equal. `make soak` runs
them too, the second model with the first one's programs and without any, and compares bits.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.core.scope import Outside
from rosenblatt.data.reading import read
from rosenblatt.layers import Layer
from rosenblatt.training import programs
from rosenblatt.training.digest import digest
from rosenblatt.training.engine import Engine
from rosenblatt.training.intake import bring
from rosenblatt.training.predictor import Predictor
from rosenblatt.training.step import numbers_now, predictor

RNG = np.random.default_rng(0)
X = RNG.uniform(0.1, 0.9, (6, 4)).astype("float32")
STEPS = RNG.uniform(0.1, 0.9, (6, 3, 4)).astype("float32")
IMAGE = RNG.uniform(0.1, 0.9, (6, 3, 2, 4)).astype("float32")
CUBE = RNG.uniform(0.1, 0.9, (6, 2, 3, 2, 4)).astype("float32")
IDS = RNG.integers(0, 4, (6, 3)).astype("int32")
MEMBERS = RNG.uniform(0.1, 0.9, (6, 1, 3, 4)).astype("float32")
Y = np.eye(4, dtype="float32")[RNG.integers(0, 4, 6)]
# Pairs of values for an argument of that name, or of a name that ends so.
NAMED: dict[str, list[tuple[Any, Any]]] = {
    "activation": [("tanh", "sigmoid"), ("sigmoid", "softmax")],
    "regularizer": [(rb.regularizers.L2(0.1), rb.regularizers.L2(0.2)), (None, "l1")],
    "constraint": [(rb.constraints.MaxNorm(0.5), rb.constraints.MaxNorm(0.8)), (None, "non_neg")],
    "initializer": [("ones", "zeros")],
    "reduction": [("sum", "sum_over_batch_size"), ("mean_with_sample_weight", "sum")],
    "dtype": [("float32", "bfloat16"), ("mixed_bfloat16", "float32")],
    "average": [("macro", "micro"), (None, "weighted")],
    "curve": [("ROC", "PR")],
    "summation_method": [("interpolation", "majoring")],
    "output_mode": [("multi_hot", "one_hot"), ("count", "multi_hot")],
    "target_shape": [((2, 2), (1, 4))],
    "dims": [((1, 2), (2, 1))],
    "axis": [(-1, 1), (1, (1, 2))],
    "thresholds": [([0.3], [0.6])],
    "class_weights": [([1.0, 2.0], [2.0, 1.0])],
    "data_format": [("channels_last", "channels_first")],
    "noise_shape": [((None, 1), (None, 4)), ((None, 1, 4), (None, 3, 1))],
    "num_thresholds": [(50, 100)],
    "target_class_ids": [([0], [1])],
    "class_aggregation": [("uniform_average", "variance_weighted_average")],
    "mode": [("rows", "columns")],
    "cropping": [((0, 1), (1, 0))],
    "bias_axes": [("c", None)],
    "exclude_layers": [(["dense"], ["nothing"])],
    "edges": [(None, [[0.0, 0.5, 1.0], [0.0, 1.0], [0.0, 0.3, 0.6], [0.2, 0.8]])],
    "bins": [([2, 1, 2, 1], [1, 1, 2, 2])],
    "sizes": [([4, 4, 4], [4, 5, 4])],
    "columns": [([0], [1]), ([0, 1, 2], [2, 1, 0])],
}
ANY: list[tuple[Any, Any]] = [
    (False, True), (0.25, 0.5), (0.0, 0.5), (2.0, 3.0), (2, 3), (1, 2), (None, 0.5), (None, 2),
    (-0.5, -0.25),
]  # fmt: skip
NEEDED: dict[str, dict[str, Any]] = {
    "Dense": {"units": 3},
    "Embedding": {"input_dim": 5, "output_dim": 3},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"},
    "Activation": {"activation": "tanh"},
    "Dropout": {"rate": 0.3},
    "SpatialDropout1D": {"rate": 0.3},
    "SpatialDropout2D": {"rate": 0.3},
    "SpatialDropout3D": {"rate": 0.3},
    "AlphaDropout": {"rate": 0.3},
    "GaussianDropout": {"rate": 0.3},
    "GaussianNoise": {"stddev": 0.3},
    "Reshape": {"target_shape": (2, 2)},
    "Permute": {"dims": (2, 1)},
    "RepeatVector": {"n": 2},
    "GroupNormalization": {"groups": 2},
    "CategoryEncoding": {"num_tokens": 5},
    "Discretization": {"bin_boundaries": [0.3, 0.6]},
    "Rescaling": {"scale": 0.5},
    "TLULayer": {"units": 3},
    "HashedDropout": {"rate": 0.3},
    "RangeClip": {"columns": 4},
    "PiecewiseLinearEncoding": {"bins": [2, 1, 2, 1]},
    "OneHotColumns": {"sizes": [4, 4, 4]},
    "ColumnEmbedding": {"sizes": [4, 4, 4], "dim": 2},
    "MemberInputs": {"members": 3},
    "MemberDense": {"units": 3},
    "MemberHead": {"units": 3},
}
DATA: dict[str, Any] = {
    "Embedding": IDS, "CategoryEncoding": IDS, "Permute": STEPS, "Masking": STEPS,
    "SpatialDropout1D": STEPS, "SpatialDropout2D": IMAGE, "SpatialDropout3D": CUBE,
    "Cropping1D": STEPS, "ZeroPadding1D": STEPS, "UpSampling1D": STEPS,
    "GlobalAveragePooling1D": STEPS, "GlobalMaxPooling1D": STEPS,
    "OneHotColumns": IDS, "ColumnEmbedding": IDS,
    "MemberDense": MEMBERS, "MemberHead": MEMBERS, "MemberMean": MEMBERS,
}  # fmt: skip
# Layers of several inputs, around another layer, on the host, or of a user's function, which have
# no key or are made of parts that are here.
APART = {
    "Layer", "Input", "InputLayer", "InputSpec", "Wrapper", "TimeDistributed", "Lambda",
    "SpectralNormalization", "Dot", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum",
    "Concatenate", "Attention", "AdditiveAttention", "MultiHeadAttention", "GroupedQueryAttention",
    "GroupQueryAttention",
    "StringLookup", "IntegerLookup", "Hashing", "HashedCrossing", "TFSMLayer", "Pipeline",
    "NumberParsing", "DateParsing", "CategoryIndex", "TargetMeans", "HashedWords", "ColumnStack",
    "CrossIndex",
}  # fmt: skip


def values_for(name: str, parameter: inspect.Parameter) -> list[tuple[Any, Any]]:
    named = [pairs for end, pairs in NAMED.items() if name == end or name.endswith(f"_{end}")]
    if named:
        return named[0]
    if isinstance(parameter.default, bool):
        return ANY[:1]
    return ANY[1:]


def arguments(make: Any) -> list[tuple[str, inspect.Parameter]]:
    """The arguments of a class, with those of its bases that it passes on."""
    found: dict[str, inspect.Parameter] = {}
    for cls in inspect.getmro(make):
        if cls is object or "__init__" not in vars(cls):
            continue
        parameters = inspect.signature(cls.__init__).parameters
        for name, parameter in list(parameters.items())[1:]:
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                found.setdefault(name, parameter)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            break
    for name in rb.optimizers.SGD().get_config() if issubclass(make, rb.Optimizer) else ():
        found.setdefault(name, inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY))
    return [(n, p) for n, p in found.items() if n not in ("name", "self", "optimizer_map")]


def of_layer(layer: Any, x: np.ndarray) -> Any:
    rb.utils.set_random_seed(3)
    inputs = rb.Input(x.shape[1:], dtype=str(x.dtype))
    hidden = layer(inputs)
    while len(hidden.shape) > 2:  # a mask would end at `Flatten`
        hidden = rb.ops.mean(hidden, axis=1)
    outputs = rb.layers.Dense(4, kernel_initializer="ones")(hidden)
    model = rb.Model(inputs, outputs)
    model.compile(rb.optimizers.SGD(0.01), "mse")
    return model


def of_parts(optimizer: Any = "sgd", loss: Any = "mse", metrics: Any = None, **dense: Any) -> Any:
    rb.utils.set_random_seed(3)
    layers = [rb.Input((4,)), rb.layers.Dense(4, "sigmoid", **dense)]
    model = rb.Sequential(layers)
    model.compile(optimizer, loss, metrics=metrics)
    return model


def traced(make: Callable[[], Any], x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """For each kind of program: its key, a function that gives its text, its run-time numbers."""
    model = make()
    source = read(x, y).batches()
    task = model.training_session.task
    bring(task, source, "train")
    block = next(iter(source.blocks()))
    span = np.zeros(4, np.int32)
    found: dict[str, Any] = {}
    for kind in ("train", "test"):
        engine = Engine(task, kind)
        values = numbers_now(engine.parameters)
        args = (engine.state, values, block.arrays, span)
        found[kind] = (engine.key, lambda e=engine, a=args: text(e._build(), a), engine.parameters)
    forward = Predictor(task, threading.Lock())
    values = numbers_now(forward.parameters)
    run = predictor(task, forward.variables, forward.parameters)
    args = (forward.variables.gather(), values, x)
    found["predict"] = (forward.key, lambda: text(run, args), forward.parameters)
    return found


def text(function: Callable[..., Any], args: tuple[Any, ...]) -> str:
    outside = Outside()
    with outside.bind(()):
        lowered = jax.jit(function, keep_unused=True).lower(*args)
    assert not outside.found, "a constant that is not an argument of the program"
    return f"{lowered.in_tree}{lowered.out_tree}{lowered.as_text()}"


def run(make: Callable[[], Any], x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    model = make()
    results = [model.train_on_batch(x, y) for _ in range(2)]
    found = [*results, model.predict(x, verbose=0), *model.get_weights()]
    found.append(model.evaluate(x, y, verbose=0))
    return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(found)]


class Sweep:
    """Counts pairs of values, and those that share a program."""

    def __init__(self, runs: bool) -> None:
        self.runs = runs
        self.pairs = self.shared = 0
        self.unseen: list[str] = []

    def __call__(self, what: str, makes: list[Callable[[], Any]], x: Any, y: Any) -> bool:
        try:
            first, second = (traced(make, x, y) for make in makes)
        except (ValueError, TypeError, NotImplementedError):
            return False  # not a value for this argument
        self.pairs += 1
        shared = []
        for kind, (key, program, numbers) in first.items():
            other, other_program, other_numbers = second[kind]
            assert key is not None and other is not None, f"{what}: no key"
            assert digest(key) is not None, f"{what}, {kind}: no key on disk"
            assert (digest(key) == digest(other)) == (key == other), f"{what}, {kind}: on disk"
            if key != other:
                continue
            shared.append(kind)
            names = [
                [(type(o).__name__, name) for o, name in held] for held in (numbers, other_numbers)
            ]
            assert names[0] == names[1], f"{what}, {kind}: the numbers' places"
            assert program() == other_program(), f"{what}, {kind}: one key for two programs"
        self.shared += bool(shared)
        if shared and self.runs:
            programs.clear()
            run(makes[0], x, y)
            beside = run(makes[1], x, y)
            programs.clear()
            for a, b in zip(beside, run(makes[1], x, y), strict=True):
                np.testing.assert_array_equal(a, b, err_msg=what)
        return True


def sweep_class(
    sweep: Sweep, cls: Any, needed: dict[str, Any], build: Callable[[Any], Any], x: Any, y: Any
) -> None:
    for name, parameter in arguments(cls):
        tried = 0
        for pair in values_for(name, parameter):

            def make(value: Any, name: str = name) -> Callable[[], Any]:
                return lambda: build(cls(**{**needed, name: value}))

            what = f"{cls.__name__}({name}={pair[0]!r} and {pair[1]!r})"
            tried += sweep(what, [make(value) for value in pair], x, y)
            if tried == 3:
                break
        if not tried:
            sweep.unseen.append(f"{cls.__name__}.{name}")


def layer_classes() -> Iterator[tuple[str, Any]]:
    for name in sorted(set(dir(rb.layers)) - APART):
        cls = getattr(rb.layers, name)
        if isinstance(cls, type) and issubclass(cls, Layer) and cls.__name__ == name:
            yield name, cls


CLASSES = Y.argmax(axis=1)
OF_CLASS_IDS = ("Sparse", "Circle", "CategoricalGeneralized")
LOSSES = sorted(
    name
    for name in dir(rb.losses)
    if isinstance(getattr(rb.losses, name), type)
    and issubclass(getattr(rb.losses, name), rb.losses.Loss)
    and name not in ("Loss", "LossFunctionWrapper")
)
METRICS = sorted(
    name
    for name in dir(rb.metrics)
    if isinstance(getattr(rb.metrics, name), type)
    and issubclass(getattr(rb.metrics, name), rb.metrics.Metric)
    # These take no targets, or wrap what is here.
    and name not in ("Metric", "Mean", "Sum", "MeanMetricWrapper")
)
METRICS_NEED: dict[str, dict[str, Any]] = {
    "MeanIoU": {"num_classes": 4}, "IoU": {"num_classes": 4, "target_class_ids": [0, 1]},
    "OneHotIoU": {"num_classes": 4, "target_class_ids": [0, 1]},
    "OneHotMeanIoU": {"num_classes": 4}, "RecallAtPrecision": {"precision": 0.5},
    "PrecisionAtRecall": {"recall": 0.5}, "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "MeanRelativeError": {"normalizer": [1.0] * 4},
}  # fmt: skip
OPTIMIZERS = sorted(
    name
    for name in dir(rb.optimizers)
    if isinstance(getattr(rb.optimizers, name), type)
    and issubclass(getattr(rb.optimizers, name), rb.optimizers.Optimizer)
    and name not in ("Optimizer", "OptaxOptimizer", "MultiOptimizer", "LossScaleOptimizer")
)
REGULARIZERS = ("L1", "L2", "L1L2", "OrthogonalRegularizer")
CONSTRAINTS = ("MaxNorm", "UnitNorm", "MinMaxNorm")
SCHEDULES: dict[str, dict[str, Any]] = {
    "ExponentialDecay": {"initial_learning_rate": 0.3, "decay_steps": 2, "decay_rate": 0.5},
    "InverseTimeDecay": {"initial_learning_rate": 0.3, "decay_steps": 2, "decay_rate": 0.5},
    "PolynomialDecay": {"initial_learning_rate": 0.3, "decay_steps": 2},
    "CosineDecay": {"initial_learning_rate": 0.3, "decay_steps": 2},
    "CosineDecayRestarts": {"initial_learning_rate": 0.3, "first_decay_steps": 2},
    "PiecewiseConstantDecay": {"boundaries": [1, 2], "values": [0.3, 0.2, 0.1]},
    "WarmUp": {"learning_rate": 0.3, "warmup_steps": 2},
}
NAMED |= {"boundaries": [([1, 2], [1, 3])], "values": [([0.3, 0.2, 0.1], [0.3, 0.1, 0.2])]}


def of_loss(loss: Any) -> Any:
    return of_parts(loss=loss)


def of_metric(metric: Any) -> Any:
    return of_parts(metrics=[metric])


def of_kernel_regularizer(regularizer: Any) -> Any:
    return of_parts(kernel_regularizer=regularizer)


def of_kernel_constraint(constraint: Any) -> Any:
    return of_parts(kernel_constraint=constraint)


def of_schedule(schedule: Any) -> Any:
    return of_parts(optimizer=rb.optimizers.SGD(schedule))


def cases() -> dict[str, tuple[Any, dict[str, Any], Callable[[Any], Any], Any, Any]]:
    """Name to class, needed arguments, what makes a model of a part, and data."""
    found: dict[str, Any] = {}
    for name, cls in layer_classes():
        x = DATA.get(name, X)
        found[f"layers.{name}"] = cls, NEEDED.get(name, {}), lambda one, x=x: of_layer(one, x), x, Y
    for name in LOSSES:
        y = CLASSES if name.startswith(OF_CLASS_IDS) else Y
        found[f"losses.{name}"] = getattr(rb.losses, name), {}, of_loss, X, y
    for name in METRICS:
        cls = getattr(rb.metrics, name)
        found[f"metrics.{name}"] = cls, METRICS_NEED.get(name, {}), of_metric, X, Y
    for name in OPTIMIZERS:
        found[f"optimizers.{name}"] = getattr(rb.optimizers, name), {}, of_parts, X, Y
    for name in REGULARIZERS:
        cls = getattr(rb.regularizers, name)
        found[f"regularizers.{name}"] = cls, {}, of_kernel_regularizer, X, Y
    for name in CONSTRAINTS:
        found[f"constraints.{name}"] = getattr(rb.constraints, name), {}, of_kernel_constraint, X, Y
    for name, needed in SCHEDULES.items():
        cls = getattr(rb.optimizers.schedules, name)
        found[f"schedules.{name}"] = cls, needed, of_schedule, X, Y
    return found


CASES = cases()


def sweep_case(name: str, runs: bool) -> Sweep:
    cls, needed, build, x, y = CASES[name]
    sweep = Sweep(runs)
    sweep_class(sweep, cls, needed, build, x, y)
    return sweep


@pytest.mark.filterwarnings(
    "ignore:Embedding. `input_length`", "ignore:LayerNormalization. `rms_sc"
)
@pytest.mark.parametrize("name", CASES)
def test_one_key_is_one_program(name: str) -> None:
    assert sweep_case(name, runs=False).pairs >= 1


@pytest.mark.soak
@pytest.mark.parametrize("name", CASES)
def test_a_shared_program_gives_the_same_bits(name: str) -> None:
    sweep_case(name, runs=True)


# -- global settings -----------------------------------------------------------------------------


def set_precision(value: str | None) -> None:
    jax.config.update("jax_default_matmul_precision", value)


SETTINGS: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
    "epsilon": (rb.config.set_epsilon, 1e-2, 1e-7),
    "floatx": (rb.config.set_floatx, "bfloat16", "float32"),
    "dtype policy": (rb.config.set_dtype_policy, "mixed_bfloat16", None),
    "precision": (set_precision, "float32", None),
    "prng": (lambda v: jax.config.update("jax_threefry_partitionable", v), False, True),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_counts_in_a_second_model_and_in_the_same_one(name: str) -> None:
    change, first, second = SETTINGS[name]
    x = np.linspace(-60, 60, 24, dtype="float32").reshape(6, 4)

    def make() -> Any:
        return of_parts(
            rb.optimizers.SGD(0.0), "binary_crossentropy", ["mse"], kernel_initializer="ones"
        )

    try:
        change(first)
        programs.clear()
        kept = make()
        others = run(lambda: kept, x, Y)
        change(second)
        beside = run(make, x, Y)
        same_model = np.asarray(kept.evaluate(x, Y, verbose=0))
        programs.clear()
        alone = run(make, x, Y)
        for a, b in zip(beside, alone, strict=True):
            np.testing.assert_array_equal(a, b)
        if name in ("epsilon", "precision", "prng"):  # dtypes of variables stay as they are
            np.testing.assert_array_equal(same_model, alone[-2:])
        if name != "prng":  # nothing is drawn here; what matters is the key
            assert any(not np.array_equal(a, b) for a, b in zip(others, alone, strict=True)) or (
                name == "precision"  # a processor has one
            )
    finally:
        change(second)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "bfloat16", "float32"])
def test_each_policy_computes_as_a_call_does(policy: str) -> None:
    x = (X * 1000).astype("float32")
    rb.config.set_dtype_policy(policy)
    try:
        model = of_parts(activity_regularizer=None)
        found, expected = model.predict(x, verbose=0), np.asarray(model(x))
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found.astype("float64"), expected.astype("float64"), rtol=1e-2)
    finally:
        rb.config.set_dtype_policy(None)


# -- what the graph is made of -------------------------------------------------------------------


class Named(NamedTuple):
    left: Any
    right: Any


@pytest.mark.parametrize("order", [(list, tuple, Named, dict), (dict, Named, tuple, list)])
def test_outputs_come_in_their_own_container(order: tuple[Any, ...]) -> None:
    for kind in order:
        inputs = rb.Input((4,))
        left, right = (rb.layers.Dense(2, kernel_initializer="ones")(inputs) for _ in range(2))
        nest = {"left": left, "right": right} if kind is dict else None
        outputs = nest or (kind(left, right) if kind is Named else kind([left, right]))
        found = rb.Model(inputs, outputs).predict(X, verbose=0)
        assert type(found) is kind


def test_equal_layers_joined_otherwise_have_another_program() -> None:
    def model(crossed: bool) -> Any:
        rb.utils.set_random_seed(0)
        a, b = rb.Input((4,)), rb.Input((4,))
        left, right = rb.layers.Dense(4)(a), rb.layers.Dense(4)(b)
        return rb.Model([a, b], rb.layers.subtract([right, left] if crossed else [left, right]))

    straight, crossed = (model(c).predict([X, X + 1], verbose=0) for c in (False, True))
    np.testing.assert_array_equal(straight, -crossed)


@pytest.mark.parametrize("shared", [True, False])
def test_a_shared_layer_is_not_two_equal_ones(shared: bool) -> None:
    inputs = rb.Input((4,))
    first = rb.layers.Dense(4)
    second = first if shared else rb.layers.Dense(4)
    model = rb.Model(inputs, second(first(inputs)))
    np.testing.assert_allclose(model.predict(X, verbose=0), np.asarray(model(X)), rtol=1e-6)


# -- what is not an argument of the program becomes one -----------------------------------------


def test_a_variable_that_only_the_loss_reads_counts() -> None:
    beta = rb.Variable(1.0, trainable=False)
    zeros = np.zeros((6, 4), "float32")
    model = of_parts(rb.optimizers.SGD(0.0), lambda t, p: beta * rb.ops.mean((t - p) ** 2, axis=-1))
    up = rb.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: beta.assign(epoch + 1.0))
    found = model.fit(X, zeros, epochs=3, verbose=0, callbacks=[up]).history["loss"]
    np.testing.assert_allclose(found, np.array([1.0, 2.0, 3.0]) * found[0], rtol=1e-6)
    beta.assign(7.0)
    assert model.evaluate(X, zeros, verbose=0) == pytest.approx(7 * found[0], rel=1e-6)


class Scaled(rb.Layer):
    """Reads a variable of somebody else, kept where no layer looks for variables."""

    def __init__(self, factor: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.get_factor = lambda: factor

    def call(self, inputs: Any) -> Any:
        return inputs * self.get_factor()


@pytest.mark.parametrize("method", ["predict", "evaluate", "train_on_batch"])
def test_a_variable_that_a_layer_does_not_own_counts(method: str) -> None:
    factor = rb.Variable(2.0, trainable=False)
    model = rb.Sequential([rb.Input((4,)), Scaled(factor)])
    model.compile("sgd", "mse")
    found = []
    for value in (2.0, 5.0):
        factor.assign(value)
        if method == "predict":
            found.append(model.predict(X, verbose=0))
        elif method == "evaluate":
            found.append(model.evaluate(X, 0 * X, verbose=0) ** 0.5)
        else:
            with pytest.warns(UserWarning, match="no trainable weights"):
                found.append(model.train_on_batch(X, 0 * X) ** 0.5)
    np.testing.assert_allclose(found[1], 2.5 * np.asarray(found[0]), rtol=1e-6)


class Borrowing(rb.losses.Loss):
    """A user's loss that asks another loss of ours, which the model does not know."""

    def __init__(self, inner: Any):
        super().__init__()
        self.ask = lambda: inner

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.ask().call(y_true, y_pred)


def test_a_number_of_a_part_that_the_model_does_not_know_counts() -> None:
    inner = rb.losses.Huber(delta=0.1)
    model = of_parts(loss=Borrowing(inner))
    first = model.evaluate(X, Y + 5, verbose=0)
    inner.delta = 2.0
    second = model.evaluate(X, Y + 5, verbose=0)
    expected = of_parts(loss=rb.losses.Huber(delta=2.0))
    assert second == pytest.approx(expected.evaluate(X, Y + 5, verbose=0), rel=1e-6)
    assert second > 5 * first


def test_an_attribute_changed_after_a_program_was_made_counts() -> None:
    model = of_parts(metrics=[rb.metrics.BinaryAccuracy(threshold=0.5)])
    model.predict(X, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.layers[0].activation = rb.activations.tanh
    np.testing.assert_allclose(model.predict(X, verbose=0), np.asarray(model(X)), rtol=1e-6)
    loss = np.mean((np.asarray(model(X)) - Y) ** 2)
    assert model.evaluate(X, Y, verbose=0)[0] == pytest.approx(loss, rel=1e-5)


def test_a_rate_that_was_zero_counts() -> None:
    rb.utils.set_random_seed(0)
    dropout = rb.layers.Dropout(0.5)
    dropout.rate = 0.0
    model = rb.Sequential([rb.Input((4,)), dropout, rb.layers.Dense(4, kernel_initializer="ones")])
    model.compile(rb.optimizers.SGD(0.0), "mse")
    first = [model.train_on_batch(X, Y) for _ in range(2)]
    dropout.rate = 0.5
    later = [model.train_on_batch(X, Y) for _ in range(2)]
    assert first[0] == first[1] and later[0] != later[1] and first[0] not in later


def test_the_constants_of_a_users_call_are_in_the_text() -> None:
    """Programs of users' models are found by their text: it must hold large constants too."""

    class Offset(rb.Layer):
        def __init__(self, offset: Any, **kwargs: Any):
            super().__init__(**kwargs)
            self.offset = offset

        def call(self, inputs: Any) -> Any:
            return inputs + self.offset

    for size in (10, 100_000):
        x = np.zeros((2, size), "float32")
        for value in (np.arange(size, dtype="float32"), np.arange(size, dtype="float32")[::-1]):
            model = rb.Sequential([rb.Input((size,)), Offset(value.copy())])
            np.testing.assert_array_equal(model.predict(x, verbose=0)[1], value)
