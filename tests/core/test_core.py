"""Names, seeds, dtypes, settings and symbolic tensors."""

from __future__ import annotations

import re
import threading
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.core import dtypes, tracing
from rosenblatt.core.errors import explain, nearest
from rosenblatt.core.naming import auto_name, to_snake_case, uniquify
from rosenblatt.core.random import SeedGenerator, draw_seed, key_of
from rosenblatt.core.symbolic import KerasTensor, Operation, infer_outputs, tree_leaves, tree_map

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


# -- messages and names ----------------------------------------------------------------------


def test_explain_joins_what_is_known() -> None:
    assert explain("Wrong.") == "Wrong."
    assert explain("Wrong.", given=0, expected="1", fix="write 1.") == (
        "Wrong. Given: 0. Expected: 1. Fix: write 1."
    )


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("rellu", "did you mean 'relu'?"),
        ("RELU", "did you mean 'relu'?"),
        ("softmix", "did you mean 'softmax'?"),
        ("zzz", "known names: relu, softmax, tanh."),
    ],
)
def test_nearest(name: str, suggestion: str) -> None:
    assert nearest(name, ["tanh", "relu", "softmax"]) == suggestion


def test_names_count_as_in_keras(keras: Any) -> None:
    keras.backend.clear_session(free_memory=False)
    for library in (keras, rb):
        layers = library.layers
        made = [layers.Dense(1), layers.Dense(1), layers.Dense(1, name="dense"), layers.Dense(1)]
        assert [one.name for one in made] == ["dense", "dense_1", "dense", "dense_2"]
        assert layers.BatchNormalization().name == "batch_normalization"
        assert library.Sequential().name == "sequential"
        library.backend.clear_session(free_memory=False)
        assert layers.Dense(1).name == "dense"


@pytest.mark.parametrize("name", ["Dense", "BatchNormalization", "MyReLU6Layer", "HTTPNet", "A"])
def test_snake_case_as_kerass(keras: Any, name: str) -> None:
    from keras.src.utils.naming import to_snake_case as kerass

    assert to_snake_case(name) == kerass(name)


def test_names_are_unique_across_threads() -> None:
    names: list[str] = []
    threads = [
        threading.Thread(target=lambda: names.extend(auto_name("Dense") for _ in range(200)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 800
    assert uniquify("x") == "x"
    assert uniquify("x") == "x_1"
    assert [rb.backend.get_uid("y") for _ in range(2)] == [1, 2]


# -- seeds -----------------------------------------------------------------------------------


def test_a_seed_makes_everything_equal() -> None:
    drawn = []
    for _ in range(2):
        rb.utils.set_random_seed(42)
        layer = rb.layers.Dense(3)
        layer.build((None, 2))
        drawn.append(
            (draw_seed(), np.random.rand(), layer.get_weights()[0].tolist(), key_of(None).tolist())
        )
    assert drawn[0] == drawn[1]


def test_seeds_are_drawn_as_keras_draws_them(keras: Any) -> None:
    drawn = []
    for library in (keras, rb):
        library.utils.set_random_seed(3)
        generator = library.random.SeedGenerator()
        drawn.append(
            (generator.get_config(), [np.asarray(generator.next()).tolist() for _ in "ab"])
        )
    assert drawn[0][0]["seed"] == drawn[1][0]["seed"]
    assert drawn[0][1] == drawn[1][1]


def test_seed_generator_state_and_config() -> None:
    generator = SeedGenerator(5)
    assert generator.next().tolist() == [5, 0]
    assert generator.next().tolist() == [5, 1]
    assert SeedGenerator.from_config(generator.get_config()).next().tolist() == [5, 0]
    store: dict[str, Any] = {}
    generator.save_own_variables(store)
    again = SeedGenerator(0)
    again.load_own_variables(store)
    assert again.next().tolist() == [5, 2]
    again.load_own_variables({})
    assert again.state.path == "seed_generator_1/seed_generator_state"


@pytest.mark.parametrize("seed", ["42", -1, 2**32, True, 1.0])
def test_bad_seeds(seed: Any) -> None:
    with pytest.raises(ValueError) as caught:
        rb.utils.set_random_seed(seed)
    assert str(caught.value) == (
        f"set_random_seed: bad `seed`. Given: {seed!r}. Expected: an integer ≥ 0."
    )


# -- dtypes and settings ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype",
    [
        "float32",
        "int",
        "bfloat16",
        np.float64,
        np.dtype("int8"),
        jnp.bfloat16,
        bool,
        None,
        "string",
        str,
        np.array([1]).dtype,
        jnp.ones(1).dtype,
    ],
)
def test_standardize_dtype_as_keras(keras: Any, dtype: Any) -> None:
    assert rb.backend.standardize_dtype(dtype) == keras.backend.standardize_dtype(dtype)


def test_unknown_dtype() -> None:
    with pytest.raises(ValueError) as caught:
        dtypes.standardize_dtype("flot32")
    assert str(caught.value) == "Unknown dtype. Given: 'flot32'. Fix: did you mean 'float32'?"


@pytest.mark.parametrize("name", ["float32", "mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_policies_as_kerass(keras: Any, name: str) -> None:
    ours, theirs = rb.core.dtypes.DTypePolicy(name), keras.DTypePolicy(name)
    for what in ("name", "compute_dtype", "variable_dtype"):
        assert getattr(ours, what) == getattr(theirs, what)
    assert ours.get_config() == theirs.get_config()
    assert dtypes.DTypePolicy.from_config(ours.get_config()) == ours
    assert repr(ours) == repr(theirs)
    for identifier in (name, ours, rb.saving.serialize_keras_object(ours)):
        assert dtypes.get_policy(identifier) == ours
    assert len({ours, dtypes.DTypePolicy(name)}) == 1


def test_default_policy_and_float_type_reach_new_layers() -> None:
    try:
        rb.config.set_dtype_policy("mixed_bfloat16")
        assert rb.layers.Dense(1).compute_dtype == "bfloat16"
        assert rb.layers.Dense(1).variable_dtype == "float32"
        rb.config.set_dtype_policy(None)
        rb.backend.set_floatx("bfloat16")
        assert rb.layers.Dense(1).variable_dtype == "bfloat16"
        assert rb.Input((1,)).dtype == "bfloat16"
    finally:
        rb.config.set_dtype_policy(None)
        rb.backend.set_floatx("float32")


def test_settings_and_their_messages() -> None:
    assert (rb.backend.floatx(), rb.backend.epsilon()) == ("float32", 1e-7)
    rb.backend.set_epsilon(1e-5)
    assert rb.backend.epsilon() == 1e-5
    rb.backend.set_epsilon(1e-7)
    rb.backend.set_image_data_format("channels_last")
    assert rb.backend.image_data_format() == "channels_last"
    with pytest.raises(ValueError) as caught:
        rb.backend.set_image_data_format("last")
    assert str(caught.value) == (
        "set_image_data_format: unknown format. Given: 'last'. Expected: 'channels_last' or "
        "'channels_first'."
    )
    with pytest.raises(ValueError, match=r"set_floatx: unknown float type\. Given: 'int8'\."):
        rb.backend.set_floatx("int8")


# -- symbolic tensors ------------------------------------------------------------------------

MISUSES: dict[str, tuple[Any, str]] = {
    "np.log": (np.log, "a NumPy array"),
    "np.mean": (np.mean, "a NumPy array"),
    "np.asarray": (np.asarray, "a NumPy array"),
    "jnp operator": (lambda x: jnp.ones(3) + x, "a JAX array"),
    "float": (float, "a number"),
    "int": (int, "a number"),
    "if": (lambda x: 1 if x else 0, "a truth value"),
    "if >": (lambda x: 1 if x > 0 else 0, "a truth value"),
    "len": (len, "a length"),
    "for": (list, "items one by one"),
}


@pytest.mark.parametrize("misuse", MISUSES)
def test_symbolic_tensors_have_no_values(misuse: str) -> None:
    use, what = MISUSES[misuse]
    with pytest.raises(TypeError) as caught:
        use(rb.Input((3,)))
    assert str(caught.value) == (
        f"A symbolic tensor (shape (None, 3)) has no values: it cannot give {what}. Fix: use "
        "`rosenblatt.ops` functions or layers, or call the model on arrays."
    )


def test_jax_functions_of_symbolic_tensors_fail_plainly() -> None:
    with pytest.raises(TypeError, match="KerasTensor"):
        jnp.log(rb.Input((3,)))


def test_symbolic_tensors_have_no_methods_of_arrays() -> None:
    x = rb.Input((3,))
    with pytest.raises(AttributeError) as caught:
        x.sum()
    assert str(caught.value) == (
        "A symbolic tensor (shape (None, 3)) has no 'sum'. Fix: use a function of "
        "`rosenblatt.ops`, such as `ops.sum(x)`, or a layer."
    )
    assert not hasattr(x, "detach")
    assert repr(x) == "<KerasTensor shape=(None, 3), dtype=float32, name=input_layer>"
    assert x.ndim == 2
    assert rb.backend.is_keras_tensor(x)


def test_inference_keeps_unknown_sizes_unknown() -> None:
    x = rb.KerasTensor((None, 4, None))
    out = infer_outputs(lambda a: (a[:, 0], a.sum(-1), jnp.ones((2, 3)), a > 0), (x,), {})
    assert [o.shape for o in out] == [(None, None), (None, 4), (2, 3), (None, 4, None)]
    assert [o.dtype for o in out] == ["float32", "float32", "float32", "bool"]


def test_none_is_a_leaf() -> None:
    assert tree_leaves({"a": [1, None], "b": (2,)}) == [1, None, 2]
    assert tree_map(lambda x: x is None, [None, 1]) == [True, False]


def test_an_operation_of_ones_own() -> None:
    class Twice(Operation):
        def call(self, x: Any) -> Any:
            return x * 2

    out = Twice()(rb.Input((3,)))
    assert out.shape == (None, 3)
    np.testing.assert_array_equal(Twice()(np.ones(2)), [2, 2])
    with pytest.raises(NotImplementedError) as caught:
        Operation()(1)
    assert str(caught.value) == ("Operation has no `call()` method. Fix: define `call(self, …)`.")
    with pytest.raises(AttributeError, match=re.escape("has no defined output")):
        _ = Twice().output


@pytest.mark.parametrize(
    ("fn", "shape", "expected", "traces"),
    [
        (lambda x: x @ jnp.ones((3, 5)), (None, 3), (None, 5), 1),
        (lambda x: jnp.sum(x), (None, 3), (), 2),
        (lambda x: jnp.ones((2, 3)), (None, 3), (2, 3), 2),
        (lambda x: x.reshape(-1), (None, 3), (None,), 2),
        (lambda x: x[::2], (None, 3), (None, 3), 2),
        (lambda x: x @ jnp.ones((3, 997)), (None, 3), (None, 997), 2),
        (lambda x: x @ jnp.ones((3, 2000)), (None, 3), (None, 2000), 2),
        (lambda x: x @ jnp.ones((3, 5)), (4, 3), (4, 5), 1),
    ],
)
def test_unknown_sizes_are_inferred(fn: Any, shape: Any, expected: Any, traces: int) -> None:
    calls = []

    def counted(x: Any) -> Any:
        calls.append(x.shape)
        return fn(x)

    assert infer_outputs(counted, (KerasTensor(shape),), {}).shape == expected
    assert len(calls) == traces


@pytest.mark.parametrize(
    ("name", "value"),
    [("jax_default_matmul_precision", "float32"), ("jax_numpy_rank_promotion", "raise"),
     ("jax_threefry_partitionable", False), ("jax_default_prng_impl", "rbg"),
     ("jax_numpy_dtype_promotion", "strict")],
)  # fmt: skip
@pytest.mark.parametrize("way", ["as JAX tells them", "by name"])
def test_a_setting_of_jax_is_among_those_that_tracing_reads(
    name: str, value: object, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tracing.traced_settings
    if way == "by name":
        monkeypatch.setattr(tracing, "_settings_of_jax", tracing._named_settings)
    before, settings = getattr(jax.config, name), told()
    jax.config.update(name, value)
    try:
        assert told() != settings
    finally:
        jax.config.update(name, before)
    assert told() == settings
