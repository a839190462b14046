"""`tree`, `random`, `config`, `backend`, `dtype_policies`, `utils` against real Keras."""

from __future__ import annotations

import collections
import itertools
from typing import Any

import jax
import numpy as np
import pytest

import rosenblatt as rb

Point = collections.namedtuple("Point", "x y")
NESTS: dict[str, Any] = {
    "leaf": 3,
    "none": None,
    "list": [1, None, 3],
    "nest": {"b": [1, (2, 3)], "a": None, "c": {"z": 4}},
    "named": Point(1, [2, 3]),
    "empty": [],
    "tuple of lists": ([1], [2, [3]]),
}


@pytest.mark.parametrize("name", NESTS)
def test_tree_equals_keras(keras: Any, name: str) -> None:
    nest = NESTS[name]

    def both(call: Any) -> tuple[Any, Any]:
        return call(rb.tree), call(keras.tree)

    for call in (
        lambda tree: tree.is_nested(nest),
        lambda tree: tree.flatten(nest),
        lambda tree: [p for p, _ in tree.flatten_with_path(nest)] if name != "named" else None,
        lambda tree: tree.map_structure(lambda a, b: (a, b), nest, nest),
        lambda tree: tree.map_structure(lambda a: 0, nest, none_is_leaf=False),
        lambda tree: tree.lists_to_tuples(nest),
        lambda tree: tree.pack_sequence_as(nest, list(range(len(tree.flatten(nest))))),
        lambda tree: tree.traverse(lambda x: 7 if isinstance(x, list) else None, nest),
        lambda tree: tree.traverse(lambda x: tree.MAP_TO_NONE if x == 3 else None, nest, False),
        lambda tree: tree.assert_same_structure(nest, nest),
        lambda tree: tree.assert_same_paths(nest, nest),
        # Keras refuses None in the shallower nest.
        lambda tree: (
            None in rb.tree.flatten(nest) or tree.map_structure_up_to(nest, lambda a: a, nest)
        ),
        lambda tree: tree.map_shape_structure(len, {"a": (None, 2), "b": [[3], (4, 5)]}),
    ):
        ours, theirs = both(call)
        assert ours == theirs
        assert type(ours) is type(theirs)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: rb.tree.map_structure(len), "`tree.map_structure` needs at least one nest."),
        (
            lambda: rb.tree.map_structure_up_to([1], len),
            "`tree.map_structure_up_to` needs at least one nest.",
        ),
        (
            lambda: rb.tree.map_structure(max, [1], [1, 2]),
            "The nests have different structures. Given: PyTreeDef([*]) and PyTreeDef([*, *]).",
        ),
        (
            lambda: rb.tree.assert_same_structure([1], (1,)),
            "The nests have different structures. Given: PyTreeDef([*]) and PyTreeDef((*,)).",
        ),
        (
            lambda: rb.tree.map_structure_up_to([1, 2], len, [[1]]),
            "The nests have different structures. Given: PyTreeDef([*, *]) and PyTreeDef([[*]]).",
        ),
        (
            lambda: rb.tree.assert_same_paths({"a": 1}, {"b": 1}),
            "The nests have different paths. Given: ('a',), ('b',) in one of them only.",
        ),
        (
            lambda: rb.tree.pack_sequence_as([1], [1, 2]),
            "`tree.pack_sequence_as`: the sequence does not fill the structure. Given: 2 values. "
            "Expected: 1.",
        ),
    ],
)
def test_tree_messages(call: Any, text: str) -> None:
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == text


LOGITS = np.log(np.array([[0.2, 0.8], [0.5, 0.5]], "float32"))
DRAWS: dict[str, Any] = {
    "normal": lambda r, seed: r.normal((2, 3), mean=1.0, stddev=2.0, seed=seed),
    "normal bfloat16": lambda r, seed: r.normal((3,), dtype="bfloat16", seed=seed),
    "truncated_normal": lambda r, seed: r.truncated_normal((4,), 1.0, 0.5, seed=seed),
    "uniform": lambda r, seed: r.uniform((4,), minval=-1.0, maxval=3.0, seed=seed),
    "randint": lambda r, seed: r.randint((5,), 2, 9, seed=seed),
    "categorical": lambda r, seed: r.categorical(LOGITS, 4, seed=seed),
    "dropout": lambda r, seed: r.dropout(np.ones((3, 4), "float32"), 0.5, seed=seed),
    "dropout rows": lambda r, seed: r.dropout(
        np.ones((3, 4), "float32"), 0.5, noise_shape=(None, 1), seed=seed
    ),
    "dropout all": lambda r, seed: r.dropout(np.ones(3, "float32"), 1.0, seed=seed),
    "dropout none": lambda r, seed: r.dropout(np.ones(3, "float32"), 0.0, seed=seed),
    "shuffle": lambda r, seed: r.shuffle(np.arange(8).reshape(4, 2), seed=seed),
    "gamma": lambda r, seed: r.gamma((3,), 2.0, seed=seed),
    "beta": lambda r, seed: r.beta((3,), 2.0, 3.0, seed=seed),
    "binomial": lambda r, seed: r.binomial((3,), 10.0, 0.4, seed=seed),
}


@pytest.mark.parametrize("name", DRAWS)
def test_random_numbers_are_keras(keras: Any, name: str) -> None:
    draw = DRAWS[name]
    ours, theirs = draw(rb.random, 5), draw(keras.random, 5)
    assert np.asarray(ours).dtype == np.asarray(theirs).dtype
    np.testing.assert_allclose(
        np.asarray(ours, "float32"), np.asarray(theirs, "float32"), rtol=1e-6
    )


def test_a_generator_moves_on(keras: Any) -> None:
    ours, theirs = (lib.random.SeedGenerator(3) for lib in (rb, keras))
    for _ in range(2):
        np.testing.assert_allclose(
            rb.random.uniform((2,), seed=ours), keras.random.uniform((2,), seed=theirs), rtol=1e-6
        )
    assert not np.allclose(rb.random.uniform((3,)), rb.random.uniform((3,)))
    key = jax.random.key(0)
    np.testing.assert_array_equal(rb.random.uniform((2,), seed=key), jax.random.uniform(key, (2,)))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: rb.random.uniform((2,), dtype="int32"),
            "random.uniform: bad `dtype`. Given: 'int32'. Expected: a float type.",
        ),
        (
            lambda: rb.random.randint((2,), 0, 2, dtype="float32"),
            "random.randint: bad `dtype`. Given: 'float32'. Expected: an integer type.",
        ),
        (
            lambda: rb.random.categorical([0.5], 2),
            "random.categorical: bad `logits`. Given: shape (1,). Expected: shape (batch, "
            "classes).",
        ),
        (
            lambda: jax.eval_shape(lambda: rb.random.normal((2,))),
            "random.normal: a compiled function needs a seed; without one it would draw the same "
            "numbers at every call. Fix: keep a `SeedGenerator` in the layer and pass it as "
            "`seed=`.",
        ),
        (
            lambda: rb.config.set_backend("torch"),
            "set_backend: rosenblatt computes with JAX only. Given: 'torch'.",
        ),
        (
            lambda: rb.utils.unpack_x_y_sample_weight((1, 2, 3, 4)),
            "unpack_x_y_sample_weight: bad `data`. Given: 4 parts. Expected: x, (x,), (x, y) or "
            "(x, y, sample_weight).",
        ),
        (
            lambda: rb.utils.split_dataset(np.arange(4)),
            "split_dataset: no size. Given: left_size=None, right_size=None, 4 rows. Fix: pass "
            "`left_size=0.8`.",
        ),
        (
            lambda: rb.utils.split_dataset(np.arange(4), left_size=4),
            "split_dataset: sizes that do not fit. Given: left_size=4, right_size=None, 4 rows. "
            "Expected: numbers of rows, or fractions, that leave each part some rows.",
        ),
        (
            lambda: rb.utils.split_dataset((np.arange(4), np.arange(3)), 0.5),
            "split_dataset: the arrays have different numbers of rows. Given: [3, 4].",
        ),
    ],
)
def test_messages(call: Any, text: str) -> None:
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == text


KINDS = (
    "bool", "uint8", "uint32", "uint64", "int8", "int32", "int64", "bfloat16", "float16",
    "float32", "float64", int, float,
)  # fmt: skip


def test_result_types_equal_keras(keras: Any) -> None:
    for pair in itertools.product(KINDS, KINDS):
        assert rb.backend.result_type(*pair) == keras.backend.result_type(*pair), pair
    for kind in KINDS[:-2]:
        assert rb.backend.is_int_dtype(kind) == keras.backend.is_int_dtype(kind)
        assert rb.backend.is_float_dtype(kind) == keras.backend.is_float_dtype(kind)


def test_config() -> None:
    assert rb.config.backend() == "jax"
    rb.config.set_backend("jax")
    assert rb.config.is_traceback_filtering_enabled()
    rb.config.disable_traceback_filtering()
    try:
        assert not rb.config.is_traceback_filtering_enabled()
    finally:
        rb.config.enable_traceback_filtering()
    assert rb.config.is_traceback_filtering_enabled()


@pytest.mark.parametrize("identifier", [None, "mixed_bfloat16", "float16"])
def test_dtype_policies_equal_keras(keras: Any, identifier: Any) -> None:
    ours, theirs = (lib.dtype_policies.get(identifier) for lib in (rb, keras))
    assert (ours.name, ours.compute_dtype, ours.variable_dtype) == (
        theirs.name,
        theirs.compute_dtype,
        theirs.variable_dtype,
    )
    config = rb.dtype_policies.serialize(ours)
    assert config == keras.dtype_policies.serialize(theirs)
    assert rb.dtype_policies.deserialize(config) == ours
    plain = keras.dtype_policies.serialize(keras.FloatDTypePolicy("float32"))
    assert type(rb.dtype_policies.deserialize(plain)) is rb.FloatDTypePolicy


@pytest.mark.parametrize("data", [1, [1], (1, 2), (1, 2, 3)])
def test_packing_equals_keras(keras: Any, data: Any) -> None:
    for lib in (rb, keras):
        parts = lib.utils.unpack_x_y_sample_weight(data)
        assert parts == rb.utils.unpack_x_y_sample_weight(data)
        assert lib.utils.pack_x_y_sample_weight(*parts) == rb.utils.pack_x_y_sample_weight(*parts)


def test_split_dataset() -> None:
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    (x1, y1), (x2, y2) = rb.utils.split_dataset((x, y), left_size=0.7)
    np.testing.assert_array_equal(np.concatenate([x1, x2]), x)
    assert (len(y1), len(y2)) == (7, 3)
    left, right = rb.utils.split_dataset({"a": y}, left_size=4, right_size=2)
    assert (left["a"].tolist(), right["a"].tolist()) == ([0, 1, 2, 3], [4, 5])
    mixed = rb.utils.split_dataset([y, 2 * y], right_size=0.5, shuffle=True, seed=0)
    again = rb.utils.split_dataset([y, 2 * y], right_size=0.5, shuffle=True, seed=0)
    for one, other in zip(mixed, again, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(2 * one[0], one[1])
    both = np.concatenate([mixed[0][0], mixed[1][0]])
    assert sorted(both) == list(range(10))
    assert list(both) != list(range(10))


def test_get_source_inputs(keras: Any) -> None:
    for lib in (rb, keras):
        a, b = lib.Input((2,)), lib.Input((2,))
        c = lib.layers.Dense(2)(a + b) * a
        found = lib.utils.get_source_inputs(c)
        assert found[0] is a
        assert found[1] is b
        assert len(found) == 2
    alone = rb.KerasTensor((2,))
    assert rb.utils.get_source_inputs(alone) == [alone]
    assert rb.utils.is_keras_tensor(alone)


def test_initializers_by_their_small_names(keras: Any) -> None:
    for name in dir(keras.initializers):
        theirs = getattr(keras.initializers, name)
        if isinstance(theirs, type) and "stft" not in name.lower():
            assert getattr(rb.initializers, name).__name__ == theirs.__name__
