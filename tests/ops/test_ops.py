"""Every op against real Keras: values, dtypes, symbolic results, configs, files; its messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from op_cases import (
    ACTIVATIONS,
    BITS,
    CASES,
    ELEMENTWISE_ONE,
    ELEMENTWISE_TWO,
    NAN_REDUCTIONS,
    NOT_RECORDED,
    REDUCTIONS,
    RUNNING,
    TESTED_ELSEWHERE,
    WITH_FUNCTIONS,
    P,
    S,
    V,
)

import rosenblatt as rb

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

LEFT_OUT = {
    "adaptive_average_pool", "adaptive_max_pool", "average_pool", "conv", "conv_transpose",
    "ctc_decode", "ctc_loss", "depth_to_space", "depthwise_conv", "fft", "fft2", "fold", "ifft2",
    "image", "irfft", "istft", "max_pool", "psnr", "rfft", "separable_conv", "space_to_depth",
    "stft", "unfold",
}  # fmt: skip
# Keras's symbolic result is not what the op computes.
WRONG_IN_KERAS = {
    "angle complex", "imag complex", "ndim", "corrcoef", "multi_hot", "polar", "eig", "lu_factor",
}  # fmt: skip
RECORDED = [case for case in CASES if case.split()[0] not in NOT_RECORDED]


def name_of(case: str) -> str:
    return case.split()[0]


def op_of(library: Any, case: str) -> Any:
    return getattr(library.ops, name_of(case))


def leaves(result: Any) -> list[Any]:
    return jax.tree_util.tree_leaves(result)


def convert(library: Any, value: Any) -> Any:
    if isinstance(value, list) and any(isinstance(v, np.ndarray) for v in value):
        return [convert(library, v) for v in value]
    if isinstance(value, np.ndarray):
        return library.KerasTensor(value.shape, str(value.dtype))
    return value


def symbolic(library: Any, case: str) -> list[Any]:
    arguments, options = CASES[case]
    return leaves(op_of(library, case)(*(convert(library, a) for a in arguments), **options))


def plain(config: dict[str, Any]) -> dict[str, Any]:
    """A config as it is in a file, without the name, which counts up."""
    return json.loads(json.dumps({k: v for k, v in config["config"].items() if k != "name"}))


def test_every_name_of_keras_is_here_or_left_out(keras: Any) -> None:
    theirs = {name for name in dir(keras.ops) if not name.startswith("_")}
    assert theirs - set(rb.ops.__all__) == LEFT_OUT
    assert {name_of(case) for case in CASES} | TESTED_ELSEWHERE == set(rb.ops.TABLE)
    for family in ("numpy", "nn", "linalg"):
        names = {name for name in dir(getattr(keras.ops, family)) if not name.startswith("_")}
        ours = getattr(rb.ops, family)
        assert names - LEFT_OUT <= set(ours.__all__)
        assert all(getattr(ours, name) is getattr(rb.ops, name) for name in ours.__all__)


@pytest.mark.parametrize("case", CASES)
def test_values_and_dtypes_equal_keras(keras: Any, case: str) -> None:
    arguments, options = CASES[case]
    with jax.disable_jit():  # single operations are compiled once for all ops
        expected = leaves(op_of(keras, case)(*arguments, **options))
        found = leaves(op_of(rb, case)(*arguments, **options))
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert np.asarray(one).dtype == np.asarray(other).dtype
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", RECORDED)
def test_symbolic_results_and_configs_equal_keras(keras: Any, case: str) -> None:
    expected, found = symbolic(keras, case), symbolic(rb, case)
    assert len(found) == len(expected)
    if case not in WRONG_IN_KERAS:
        assert [(t.shape, t.dtype) for t in found] == [(tuple(t.shape), t.dtype) for t in expected]
    ours, theirs = (t[0]._keras_history.operation for t in (found, expected))
    # What the symbolic tensors promise is what the operation computes.
    (node,) = ours._inbound_nodes
    computed = leaves(jax.eval_shape(lambda: ours(*filled(node.args), **node.kwargs)))
    assert [(t.shape, t.dtype) for t in computed] == [(t.shape, t.dtype) for t in found]
    if name_of(case) in WITH_FUNCTIONS or case == "repeat each":  # Keras cannot save them
        return
    config, reference = (
        library.saving.serialize_keras_object(one) for library, one in ((rb, ours), (keras, theirs))
    )
    for key in ("module", "class_name", "registered_name"):
        assert config[key] == reference[key]
    own, other = plain(config), plain(reference)
    for key, value in other.items():
        assert own[key] == value or (key == "dtype" and own[key] is None and value == "float32")
    if name_of(case) != "histogram":  # Keras cannot read its own config of it
        loaded = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
        assert type(loaded) is type(theirs)
    again = rb.saving.deserialize_keras_object(json.loads(json.dumps(reference)))
    assert type(again) is type(ours)


def filled(tree: Any) -> Any:
    """Arrays of ones in place of symbolic tensors."""
    return jax.tree_util.tree_map(
        lambda t: jnp.ones(t.shape, t.dtype) if isinstance(t, rb.KerasTensor) else t, tree
    )


ONE = f"{ELEMENTWISE_ONE} {REDUCTIONS} {NAN_REDUCTIONS} {RUNNING} {ACTIVATIONS}".split()


def dtypes_of(op: Any, dtypes: Any) -> Any:
    arrays = [jax.ShapeDtypeStruct((2, 2), dtype) for dtype in dtypes]
    try:
        return [str(t.dtype) for t in leaves(jax.eval_shape(op, *arrays))]
    except (TypeError, ValueError, RuntimeWarning):
        return "refused"


@pytest.mark.parametrize("name", ONE)
def test_dtypes_of_one_argument_equal_keras(keras: Any, name: str) -> None:
    for dtype in ("bool", "int8", "int32", "bfloat16", "float16"):
        ours, theirs = (dtypes_of(getattr(lib.ops, name), [dtype]) for lib in (rb, keras))
        assert ours == theirs, dtype


@pytest.mark.parametrize("name", [*ELEMENTWISE_TWO.split(), *BITS.split(), "matmul", "outer"])
def test_dtypes_of_two_arguments_equal_keras(keras: Any, name: str) -> None:
    for pair in (
        ("bool", "int32"), ("int8", "uint8"), ("int32", "bfloat16"), ("bfloat16", "float16"),
        ("float16", "float32"),
    ):  # fmt: skip
        ours, theirs = (dtypes_of(getattr(lib.ops, name), pair) for lib in (rb, keras))
        assert ours == theirs, pair


def test_get_item() -> None:
    x = rb.KerasTensor((None, 5, 4))
    assert x[:, 1:].shape == (None, 4, 4)
    assert x[:, 0].shape == (None, 4)
    assert x[..., None].shape == (None, 5, 4, 1)
    np.testing.assert_array_equal(rb.ops.get_item(P, 0), P[0])


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        (lambda a, b: a + b, "add"),
        (lambda a, b: 1 + b, "add"),
        (lambda a, b: a - 1, "subtract"),
        (lambda a, b: 1 - a, "subtract"),
        (lambda a, b: a * b, "multiply"),
        (lambda a, b: 2 / b, "true_divide"),
        (lambda a, b: a // b, "floor_divide"),
        (lambda a, b: a % 2, "mod"),
        (lambda a, b: a**2, "power"),
        (lambda a, b: 2**a, "power"),
        (lambda a, b: a @ rb.ops.transpose(b), "matmul"),
        (lambda a, b: -a, "negative"),
        (lambda a, b: abs(a), "absolute"),
        (lambda a, b: round(a, 1), "round"),
        (lambda a, b: a < b, "less"),
        (lambda a, b: a <= b, "less_equal"),
        (lambda a, b: a > 1, "greater"),
        (lambda a, b: a >= b, "greater_equal"),
        (lambda a, b: (a < b) & (a < 1), "logical_and"),
        (lambda a, b: (a < b) | (a < 1), "logical_or"),
        (lambda a, b: (a < b) ^ (a < 1), "logical_xor"),
        (lambda a, b: ~(a < b), "logical_not"),
        (lambda a, b: np.ones(3, "float32") + a, "add"),
    ],
)
def test_operators_of_symbolic_tensors(expression: Any, name: str) -> None:
    a, b = rb.Input(batch_shape=(2, 3)), rb.Input(batch_shape=(2, 3))
    output = expression(a, b)
    assert output._keras_history.operation.name == name
    model = rb.Model([a, b], output)
    numbers = [jax.numpy.asarray(P), jax.numpy.asarray(P + 0.5)]
    np.testing.assert_allclose(model(numbers), expression(*numbers), rtol=1e-6)


def test_attributes_of_symbolic_tensors_equal_keras(keras: Any) -> None:
    ours, theirs = (lib.KerasTensor((None, 2, 3), "float32") for lib in (rb, keras))
    for make in (
        lambda x: x.reshape((-1, 6)),
        lambda x: x.squeeze(),
    ):
        one, other = make(ours), make(theirs)
        assert (one.shape, one.dtype) == (tuple(other.shape), other.dtype)
        assert (
            type(one._keras_history.operation).__name__
            == type(other._keras_history.operation).__name__
        )


def test_variables_lists_and_numbers_are_taken() -> None:
    v = rb.Variable(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(rb.ops.add(v, np.ones(2)), [2, 3])
    np.testing.assert_array_equal(rb.ops.concatenate([v, [1.0]], axis=0), [1, 2, 1])
    np.testing.assert_array_equal(rb.ops.zeros_like(v), [0, 0])
    np.testing.assert_array_equal(rb.ops.select([[True, False]], [v], 9.0), [1, 9])
    np.testing.assert_array_equal(rb.ops.get_item(V, rb.Variable(np.array([2, 0]))), [2, 3])
    np.testing.assert_array_equal(rb.ops.map(lambda x: 2 * x, v), [2, 4])
    np.testing.assert_array_equal(rb.ops.sum([[1, 2], [3, 4]], axis=[0, 1]), 10)
    np.testing.assert_array_equal(
        rb.ops.while_loop(lambda x: x.sum() < 9, lambda x: 2 * x, v), [4, 8]
    )
    np.testing.assert_array_equal(rb.ops.convert_to_numpy(v), [1, 2])
    assert rb.ops.convert_to_tensor(v).dtype == "float32"
    assert rb.ops.convert_to_tensor([1, 2], "bfloat16").dtype == "bfloat16"
    assert rb.ops.shape(rb.KerasTensor((None, 3))) == (None, 3)
    assert rb.ops.dtype(v) == "float32"
    assert rb.ops.is_tensor(jnp.ones(2))
    assert not rb.ops.is_tensor(np.ones(2))


def test_functions_of_functions(keras: Any) -> None:
    assert int(rb.ops.cond(True, lambda: 1, lambda: 2)) == 1
    for lib in (rb, keras):
        value, slope = lib.ops.jvp(lambda x: x**2, (3.0,), (1.0,))
        assert (float(value), float(slope)) == (9.0, 6.0)
        apply = lib.ops.vectorize(lambda a, b: a.sum() * b, signature="(n),()->()")
        np.testing.assert_allclose(apply(P, V[:2]), P.sum(1) * V[:2], rtol=1e-6)

    @rb.ops.custom_gradient
    def step(x: Any) -> Any:
        return rb.ops.sign(x), lambda upstream: 5.0 * upstream

    weight = rb.Variable(np.array(2.0))
    assert float(step(weight)) == 1.0
    assert float(jax.grad(step)(2.0)) == 5.0


def test_no_gradient_through_stop_gradient() -> None:
    assert float(jax.grad(lambda x: x * rb.ops.stop_gradient(x))(3.0)) == 3.0


@pytest.mark.parametrize("axis", [0, 1])
def test_sparsemax_is_the_nearest_point_of_the_simplex(axis: int) -> None:
    """Keras's outputs do not sum to 1 on JAX."""
    points = np.asarray(rb.ops.sparsemax(P, axis=axis))
    np.testing.assert_allclose(points.sum(axis), 1, rtol=1e-6)
    gap = np.where(points > 0, P - points, np.nan)
    tau = np.nanmax(gap, axis, keepdims=True)
    np.testing.assert_allclose(np.nanmin(gap, axis, keepdims=True), tau, rtol=1e-5)
    assert (np.where(points > 0, -np.inf, P) <= tau + 1e-6).all()


def many_ops(library: Any) -> Any:
    """A model of ops of every kind, and of operators."""
    ops = library.ops
    a, b = library.Input((4,), name="a"), library.Input((4,), name="b")
    c = ops.tanh(a) + 2 * ops.square(b[:, :4]) - ops.clip(a, -0.5, 0.5)
    top, places = ops.top_k(c, 2)
    d = ops.concatenate([c, top, ops.cast(places, "float32")], axis=-1)
    e = library.layers.Dense(6, name="dense")(d)
    f = ops.layer_normalization(e) / (1.0 + ops.abs(e))
    first, second = ops.split(f, 2, axis=1)
    g = ops.where(first > second, first, ops.exp(second))
    h = ops.einsum("bi,bj->bij", g, ops.softmax(c))
    i = ops.reshape(ops.transpose(h, (0, 2, 1)), (-1, 12))
    j = ops.stack([ops.mean(i, axis=1), ops.logsumexp(i, axis=1), ops.max(i, axis=1)], axis=1)
    k = ops.multiply(ops.one_hot(ops.argmax(j, axis=1), 3), ops.relu(j))
    m = ops.average(k, axis=1, weights=ops.sigmoid(j))
    o = ops.select([m > 0.5, m > 0.1], [m, h[:, 0, 0] ** 2], 0.25)
    outputs = ops.rms_normalization(k, scale=ops.ones_like(j[0])) + ops.erf(o)[:, None]
    return library.Model([a, b], [outputs, ops.pad(h, [[0, 0], [1, 0], [0, 1]])])


@pytest.mark.parametrize("direction", ["ours to Keras", "Keras's to us"])
def test_a_model_of_ops_goes_through_files(keras: Any, tmp_path: Path, direction: str) -> None:
    writer, reader = (rb, keras) if direction == "ours to Keras" else (keras, rb)
    model = many_ops(writer)
    file = tmp_path / "ops.keras"
    model.save(file)
    again = reader.models.load_model(file)
    rng = np.random.default_rng(0)
    data = [rng.normal(size=(3, 4)).astype("float32") for _ in range(2)]
    for one, other in zip(model(data), again(data), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_model_of_ops_trains(compiled: list[str]) -> None:
    x = rb.Input((3,))
    hidden = rb.ops.relu(rb.layers.Dense(4)(x) * 2.0)
    model = rb.Model(x, rb.ops.sum(hidden, axis=1, keepdims=True))
    model.compile(loss="mse", optimizer=rb.optimizers.SGD(0.05))
    history = model.fit(np.tile(P, (4, 1)), np.ones(8), epochs=15, verbose=0)
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]


X = rb.KerasTensor((None, 3), name="x")


@pytest.mark.parametrize(
    ("make", "kind", "text"),
    [
        (
            lambda: rb.Input((3,)) + rb.Input((4,)),
            ValueError,
            "`ops.add`: the arguments do not fit (add got incompatible shapes for "
            "broadcasting: (None, 3), (None, 4)). Given: x1: shape (None, 3), x2: shape (None, 4).",
        ),
        (
            lambda: rb.saving.deserialize_keras_object(
                {
                    "module": "keras.src.ops.nn",
                    "class_name": "Softmax",
                    "config": {"axes": 1},
                    "registered_name": "Softmax",
                }
            ),
            TypeError,
            "Softmax could not be made from its config: Op 'softmax' has no argument 'axes'. Fix: "
            "did you mean 'axis'?. Given: {'axes': 1}. Fix: let `get_config()` return exactly the "
            "arguments of `__init__`.",
        ),
        (
            lambda: rb.ops.add("a", 1),
            TypeError,
            "`ops.add`: `x1` is not an array of numbers. Given: str: 'a'.",
        ),
        (
            lambda: rb.ops.clip(X, X, 1.0),
            ValueError,
            "`ops.clip`: `x_min` is a setting and cannot be a symbolic tensor. Expected: a number "
            "or what else it is documented to take.",
        ),
        (
            lambda: rb.ops.unique(X),
            ValueError,
            "`ops.unique` cannot be applied to symbolic tensors here: the shape of its result "
            "depends on their values. Fix: compute it on the data before the model, or choose an "
            "op whose result has a fixed shape.",
        ),
        (
            lambda: rb.ops.segment_sum(V, np.array([0, 1, 1])),
            ValueError,
            "`ops.segment_sum` needs to know how many segments there are. Fix: pass "
            "`num_segments=`.",
        ),
        (
            lambda: rb.ops.cholesky(-S),
            ValueError,
            "`ops.cholesky`: the matrix is not positive definite.",
        ),
        (
            lambda: rb.ops.inv(P),
            ValueError,
            "`ops.inv` takes square matrices. Given: shape (2, 3). Expected: shape (…, M, M).",
        ),
        (
            lambda: rb.ops.qr(P, "full"),
            ValueError,
            "`ops.qr`: unknown mode. Given: 'full'. Expected: 'reduced' or 'complete'.",
        ),
        (
            lambda: rb.ops.pad(P, 1, "reflect", 2.0),
            ValueError,
            "`ops.pad`: `constant_values` goes with `mode='constant'` only. Given: mode='reflect'.",
        ),
        (
            lambda: rb.ops.select([], []),
            ValueError,
            "`ops.select`: `condlist` and `choicelist` must be lists with something in them. "
            "Given: list, list.",
        ),
        (
            lambda: rb.ops.searchsorted(P, 1.0),
            ValueError,
            "`ops.searchsorted`: the sorted sequence must have one axis. Given: shape (2, 3). "
            "Fix: use `ops.vectorized_map` for several sequences.",
        ),
        (
            lambda: rb.ops.vectorize(3),
            ValueError,
            "`ops.vectorize`: `pyfunc` is not a function. Given: int: 3.",
        ),
        (
            lambda: rb.ops.normalize(P, order=0),
            ValueError,
            "`ops.normalize`: bad `order`. Given: 0. Expected: 1, 2, 3 ….",
        ),
        (
            lambda: rb.ops.binary_crossentropy(V, P),
            ValueError,
            "`ops.binary_crossentropy`: the shapes differ. Given: shapes (3,), (2, 3).",
        ),
        (
            lambda: rb.ops.categorical_crossentropy(V, P),
            ValueError,
            "`ops.categorical_crossentropy`: the shapes differ or have no axis. Given: shapes "
            "(3,), (2, 3).",
        ),
        (
            lambda: rb.ops.sparse_categorical_crossentropy(V, P),
            ValueError,
            "`ops.sparse_categorical_crossentropy`: one class id is needed for each row. Given: "
            "shapes (3,), (2, 3).",
        ),
        (
            lambda: rb.ops.dot_product_attention(P, P, P),
            ValueError,
            "`ops.dot_product_attention` takes arrays (batch, time, heads, depth). Given: shapes "
            "(2, 3), (2, 3), (2, 3).",
        ),
        (
            lambda: rb.ops.dot_product_attention(
                *[np.ones((1, 2, 1, 2))] * 3, flash_attention=True
            ),
            ValueError,
            "`ops.dot_product_attention`: `flash_attention` and `attn_logits_soft_cap` need "
            "kernels of GPUs or TPUs. Fix: leave them out.",
        ),
        (
            lambda: rb.ops.cdist(V, P),
            ValueError,
            "`ops.cdist` takes (…, N, D) and (…, M, D). Given: shapes (3,), (2, 3).",
        ),
        (
            lambda: rb.ops.view_as_complex(P),
            ValueError,
            "`ops.view_as_complex`: the last axis must hold a real and an imaginary part. Given: "
            "shape (2, 3). Expected: shape (…, 2).",
        ),
        (
            lambda: rb.ops.convert_to_tensor(P, ragged=True),
            ValueError,
            "`ops.convert_to_tensor`: arrays here are never ragged.",
        ),
        (
            lambda: rb.ops.scatter_update(V, [[0]], [1.0], "mean"),
            ValueError,
            "`ops.scatter_update`: unknown reduction. Given: 'mean'. Expected: None, 'add', "
            "'max', 'min' or 'mul'.",
        ),
        (
            lambda: rb.ops.rearrange(P, "a b -> a"),
            ValueError,
            "`ops.rearrange`: the pattern does not fit. Given: 'a b -> a' for shape (2, 3). "
            "Expected: a name for each axis, and the same names on both sides.",
        ),
        (
            lambda: rb.ops.rearrange(P, "a (b c) -> a c b", b=2),
            ValueError,
            "`ops.rearrange`: an axis of size 3 cannot be taken apart into b × c. Given: "
            "'a (b c) -> a c b', {'b': 2}. Fix: give the sizes of all but one of them.",
        ),
    ],
)
def test_message(make: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == text
