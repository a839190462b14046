"""Variables, scopes and the threads they serve."""

from __future__ import annotations

import threading
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.core.scope import (
    HasParameters,
    Scope,
    current_scope,
    row_count,
    row_mask,
    use_scope,
)
from rosenblatt.core.variable import StatelessScope, Variable, autocast_scope


@pytest.mark.parametrize(
    ("value", "given", "dtype"),
    [
        (np.zeros(2), None, "float32"),
        ([1.0, 2.0], None, "float32"),
        (1.5, None, "float32"),
        (3, None, "int32"),
        ([1, 2], None, "int64"),
        (np.array([True]), None, "bool"),
        (np.zeros(2, "float16"), None, "float16"),
        (np.zeros(2), "bfloat16", "bfloat16"),
        (jnp.ones(2, "bfloat16"), None, "bfloat16"),
        (jnp.ones(2), "int32", "int32"),
    ],
)
def test_dtype(value: Any, given: Any, dtype: str) -> None:
    assert Variable(value, dtype=given).dtype == dtype


def test_initializer_is_called_with_shape_and_dtype() -> None:
    seen = []

    def initializer(shape: Any, dtype: Any) -> Any:
        seen.append((shape, dtype))
        return np.ones(shape, dtype)

    variable = Variable(initializer, shape=[2, 3], name="w")
    assert seen == [((2, 3), "float32")]
    assert (variable.shape, variable.ndim, variable.size) == ((2, 3), 2, 6)


def test_assign_add_subtract_and_numpy() -> None:
    v = Variable([1.0, 2.0], name="v")
    v.assign([3, 4])
    v.assign_add(np.ones(2))
    v.assign_sub(Variable([2.0, 2.0]))
    np.testing.assert_array_equal(v.numpy(), [2, 3])
    assert v.dtype == "float32"
    with pytest.raises(ValueError, match="read-only"):  # nothing outside writes into a variable
        np.asarray(v)[0] = 9


def test_the_given_array_is_copied() -> None:
    given = np.ones(2, "float32")
    v = Variable(given)
    given[0] = 5
    np.testing.assert_array_equal(v.numpy(), [1, 1])


def test_it_stands_for_its_value() -> None:
    v, w = Variable([1.0, -2.0]), Variable([3.0, 4.0])
    np.testing.assert_array_equal(v + w, [4, 2])
    np.testing.assert_array_equal(1 - v, [0, 3])
    np.testing.assert_array_equal(-v * 2, [-2, 4])
    np.testing.assert_array_equal(abs(v) ** 2, [1, 4])
    np.testing.assert_array_equal(v < w, [True, True])
    np.testing.assert_array_equal(v @ w, -5)
    np.testing.assert_array_equal(jnp.square(v.value), [1, 4])
    np.testing.assert_array_equal(np.add(v, 1), [2, -1])
    assert float(v[0]) == 1
    assert len(v) == 2
    assert [float(x) for x in v] == [1, -2]
    assert (int(Variable(3)), float(Variable(2.5)), bool(Variable(0))) == (3, 2.5, False)
    assert repr(v) == "<Variable path=variable, shape=(2,), dtype=float32, value=[ 1. -2.]>"


def test_a_scope_binds_values_and_takes_assignments() -> None:
    v, other = Variable([1.0]), Variable([1.0])
    with use_scope(Scope({id(v): jnp.array([5.0])})) as scope:
        assert float(v[0]) == 5
        v.assign_add([1.0])
        other.assign_add([1.0])  # not the scope's: it really changes
        assert float(v[0]) == 6
    assert float(scope.values[id(v)][0]) == 6
    assert (float(v[0]), float(other[0])) == (1, 2)


def test_shape_inference_drops_every_assignment() -> None:
    v = Variable([1.0])
    with use_scope(Scope(binds_all=True)):
        v.assign([7.0])
        assert float(v[0]) == 7
    assert float(v[0]) == 1


def test_tracing_binds_and_collects() -> None:
    v = Variable([1.0, 2.0])

    @jax.jit
    def step(value: Any, x: Any) -> Any:
        with use_scope(Scope({id(v): value})) as scope:
            v.assign(v + x)
            return scope.values[id(v)]

    np.testing.assert_array_equal(step(v.value, jnp.ones(2)), [2, 3])
    np.testing.assert_array_equal(v.numpy(), [1, 2])


def test_stateless_scope_as_kerass() -> None:
    v, w = Variable([1.0]), Variable([2.0])
    with StatelessScope([(v, [10.0])]) as outer:
        w_before = w.numpy()
        v.assign_add([1.0])
        with StatelessScope([(w, [20.0])]) as inner:
            assert (float(v[0]), float(w[0])) == (11, 20)
        assert float(w[0]) == w_before[0]
    assert float(outer.get_current_value(v)[0]) == 11
    assert float(inner.get_current_value(w)[0]) == 20
    assert outer.get_current_value(w) is None
    assert float(v[0]) == 1


def test_autocast_reads_floats_in_the_compute_dtype() -> None:
    v, fixed = Variable([1.0]), Variable([1.0], autocast=False)
    whole = Variable([1], dtype="int32")
    with autocast_scope("bfloat16"):
        assert v.value.dtype == "bfloat16"
        assert fixed.value.dtype == "float32"
        assert whole.value.dtype == "int32"
    assert v.value.dtype == "float32"


def test_threads_have_scopes_of_their_own() -> None:
    v = Variable([0.0])
    seen: dict[int, list[float]] = {}
    together = threading.Barrier(4)

    def work(number: int) -> None:
        assert current_scope() is None
        with use_scope(Scope({id(v): jnp.array([float(number)])})):
            together.wait()
            for _ in range(20):
                v.assign_add([10.0])
            together.wait()
            seen[number] = [float(v[0])]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {n: [200.0 + n] for n in range(4)}
    assert float(v[0]) == 0


def test_models_traced_in_threads_do_not_mix() -> None:
    def build(seed: int) -> Any:
        layers = rb.layers
        return rb.Sequential(
            [
                rb.Input((4,)),
                layers.Dense(3, kernel_initializer=rb.initializers.GlorotUniform(seed)),
                layers.BatchNormalization(),
                layers.Dropout(0.5, seed=seed),
            ]
        )

    models = [build(n) for n in range(4)]
    x = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    alone = [np.asarray(build(n)(x, training=True)) for n in range(4)]
    found: dict[int, Any] = {}

    def work(number: int) -> None:
        found[number] = np.asarray(models[number](x, training=True))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        np.testing.assert_array_equal(found[number], alone[number])


def test_parameters_are_numbers_outside_and_traced_inside() -> None:
    class Rate(HasParameters):
        runtime_parameters = ("rate",)
        rate = 0.5

    one = Rate()
    assert one.parameter("rate") == 0.5
    with use_scope(Scope(parameters={(id(one), "rate"): 0.25})):
        assert one.parameter("rate") == 0.25
        assert Rate().parameter("rate") == 0.5


def test_row_mask_is_none_outside_a_scope() -> None:
    assert row_mask() is None
    with use_scope(Scope(row_mask="mask")):
        assert row_mask() == "mask"
    with use_scope(Scope(row_mask="outer", row_count=3)), StatelessScope():
        assert (row_mask(), row_count()) == ("outer", 3)


def test_real_rows_are_counted_where_nobody_has() -> None:
    assert row_count() is None
    with use_scope(Scope()):
        assert row_count() is None
    with use_scope(Scope(row_mask=np.array([True, True, False]))):
        assert row_count() == 2


def test_messages() -> None:
    v = Variable([1.0, 2.0], name="w")
    with pytest.raises(ValueError) as caught:
        v.assign([1.0])
    assert str(caught.value) == (
        "Variable 'w': the new value has another shape. Given: (1,). Expected: (2,)."
    )
    with pytest.raises(ValueError) as caught:
        Variable(np.zeros, name="w")
    assert str(caught.value) == (
        "Variable 'w': an initializer that is a function needs a shape. Fix: pass `shape=`."
    )
    with pytest.raises(ValueError) as caught:
        Variable(lambda shape, dtype: np.zeros(3), shape=(2,), name="w")
    assert str(caught.value) == (
        "Variable 'w': its initializer returned another shape. Given: (3,). Expected: (2,)."
    )
    with pytest.raises(ValueError) as caught:
        Variable([1.0], name="a/b")
    assert (
        str(caught.value) == "Variable: bad `name`. Given: 'a/b'. Expected: a string without '/'."
    )
    with pytest.raises(RuntimeError) as raised:
        jax.jit(lambda x: v.assign(x).value)(jnp.ones(2))
    assert str(raised.value) == (
        "Variable 'w' was assigned inside a compiled function that does not know it. Fix: create "
        "variables in `build()` or `__init__()`, not in `call()`."
    )
