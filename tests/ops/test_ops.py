"""Every op against real Keras: values, dtypes, symbolic results, configs; and its messages."""

from __future__ import annotations

import json
from typing import Any

import jax
import numpy as np
import pytest

import rosenblatt as rb

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

P = np.array([[0.35, 0.55, 0.25], [0.75, 0.15, 0.95]], "float32")
B = P > 0.5
I = np.array([[1, 2], [0, 1]], "int32")  # noqa: E741

ONE = (
    "abs absolute arccos arcsin arctan argmax argmin ceil conj cos cosh cumsum exp expm1 floor "
    "isfinite isinf isnan log log10 log1p log2 log_softmax logsumexp max mean min negative prod "
    "real reciprocal relu sigmoid sign sin sinh softmax softplus sqrt square squeeze std sum tan "
    "tanh transpose var"
)
TWO = (
    "add arctan2 divide equal floor_divide greater greater_equal less less_equal maximum minimum "
    "mod multiply not_equal power subtract true_divide"
)
CASES: dict[str, tuple[list[Any], dict[str, Any]]] = {
    **{name: ([P], {}) for name in ONE.split()},
    **{name: ([P, P[::-1].copy()], {}) for name in TWO.split()},
    **{name: ([B, ~B], {}) for name in ("logical_and", "logical_or", "logical_xor")},
    **{f"{name} axis": ([P], {"axis": 1, "keepdims": True}) for name in ("max", "mean", "sum")},
    "any": ([B], {"axis": 1}),
    "all": ([B], {"axis": [0, 1]}),
    "logical_not": ([B], {}),
    "matmul": ([P, P.T.copy()], {}),
    "dot": ([P, P.T.copy()], {}),
    "tensordot": ([P, P.T.copy()], {"axes": 1}),
    "reshape": ([P, (3, 2)], {}),
    "expand_dims": ([P, 1], {}),
    "concatenate": ([[P, P]], {"axis": 1}),
    "stack": ([[P, P]], {"axis": 1}),
    "clip": ([P, 0.2, 0.4], {}),
    "take": ([P, np.array([0, 1], "int32")], {"axis": 0}),
    "where": ([B, P, -P], {}),
    "cast": ([P, "int32"], {}),
    "one_hot": ([I, 3], {"dtype": "float32"}),
    "get_item": ([P, (slice(None), slice(1, None))], {}),
}
NOT_RECORDED = {
    "arange", "cond", "convert_to_numpy", "convert_to_tensor", "ones", "ones_like", "shape",
    "stop_gradient", "while_loop", "zeros", "zeros_like",
}  # fmt: skip
WITHOUT_GET_ITEM = [case for case in CASES if case != "get_item"]


def op_of(library: Any, case: str) -> Any:
    return getattr(library.ops, case.split()[0])


def symbolic(library: Any, case: str) -> Any:
    arguments, options = CASES[case]

    def convert(value: Any) -> Any:
        if isinstance(value, list):
            return [convert(one) for one in value]
        if isinstance(value, np.ndarray):
            return library.KerasTensor(value.shape, str(value.dtype))
        return value

    return op_of(library, case)(*(convert(a) for a in arguments), **options)


def test_every_op_has_a_case() -> None:
    assert {case.split()[0] for case in CASES} | NOT_RECORDED == set(rb.ops.__all__)


@pytest.mark.parametrize("case", WITHOUT_GET_ITEM)
def test_values_and_dtypes_equal_keras(keras: Any, case: str) -> None:
    arguments, options = CASES[case]
    expected = op_of(keras, case)(*arguments, **options)
    found = op_of(rb, case)(*arguments, **options)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("case", WITHOUT_GET_ITEM)
def test_symbolic_results_and_configs_equal_keras(keras: Any, case: str) -> None:
    expected, found = symbolic(keras, case), symbolic(rb, case)
    assert found.shape == tuple(expected.shape)
    assert found.dtype == expected.dtype
    ours, theirs = found._keras_history.operation, expected._keras_history.operation
    config = rb.saving.serialize_keras_object(ours)
    assert strip(config) == strip(keras.saving.serialize_keras_object(theirs))
    again = rb.saving.deserialize_keras_object(json.loads(json.dumps(config)))
    assert type(again).__name__ == type(ours).__name__
    arguments = [a for a in CASES[case][0] if isinstance(a, (np.ndarray, list))]
    np.testing.assert_allclose(
        again(*arguments), op_of(rb, case)(*CASES[case][0], **CASES[case][1]), rtol=1e-6
    )


def strip(config: dict[str, Any]) -> dict[str, Any]:
    """Names count up; we know no other dtype for `one_hot` than the one given."""
    return {**config, "config": {k: v for k, v in config["config"].items() if k != "name"}}


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
        (lambda a, b: a < b, "less"),
        (lambda a, b: a <= b, "less_equal"),
        (lambda a, b: a > 1, "greater"),
        (lambda a, b: a >= b, "greater_equal"),
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


def test_variables_and_arrays_are_taken() -> None:
    v = rb.Variable(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(rb.ops.add(v, np.ones(2)), [2, 3])
    np.testing.assert_array_equal(rb.ops.concatenate([v, np.ones(1)], axis=0), [1, 2, 1])
    np.testing.assert_array_equal(rb.ops.zeros_like(v), [0, 0])
    np.testing.assert_array_equal(rb.ops.ones_like(P), np.ones_like(P))
    np.testing.assert_array_equal(rb.ops.convert_to_numpy(v), [1, 2])
    assert rb.ops.convert_to_tensor(v).dtype == "float32"
    assert rb.ops.convert_to_tensor([1, 2], "bfloat16").dtype == "bfloat16"
    assert rb.ops.shape(rb.KerasTensor((None, 3))) == (None, 3)
    assert rb.ops.zeros((2,)).dtype == rb.ops.ones((2,)).dtype == "float32"
    np.testing.assert_array_equal(rb.ops.arange(3), [0, 1, 2])
    np.testing.assert_array_equal(rb.ops.stop_gradient(v), [1, 2])
    assert rb.ops.convert_to_tensor(rb.KerasTensor((2,)), "int32").dtype == "int32"


def test_control_flow() -> None:
    assert int(rb.ops.cond(True, lambda: 1, lambda: 2)) == 1
    assert int(rb.ops.while_loop(lambda i: i < 5, lambda i: i + 1, 0)) == 5
    assert int(rb.ops.while_loop(lambda i: True, lambda i: i + 1, 0, maximum_iterations=3)) == 3
    pair = rb.ops.while_loop(lambda i, j: i < 4, lambda i, j: (i + 1, j * 2), (0, 1))
    assert [int(v) for v in pair] == [4, 16]


@pytest.mark.parametrize(
    ("make", "kind", "text"),
    [
        (
            lambda: rb.Input((3,)) + rb.Input((4,)),
            ValueError,
            "`ops.add` cannot be applied to these tensors: add got incompatible shapes for "
            "broadcasting: (None, 3), (None, 4). Given: shapes (None, 3), (None, 4).",
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
    ],
)
def test_message(make: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == text
