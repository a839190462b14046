"""Layers under policies of 16 bits, whose inputs or statistics 16 bits do not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import layers

RNG = np.random.default_rng(0)
WIDE = (RNG.random((256, 3)) * 1000).astype("f")  # their variance is beyond float16
FAR = (1e5 + RNG.random((256, 3)) * 100).astype("f")  # they are themselves
IDS = np.arange(700, dtype="f").reshape(-1, 1)


def adapted(data: np.ndarray, dtype: str, **settings: Any) -> Any:
    layer = layers.Normalization(dtype=dtype, **settings)
    layer.adapt(data)
    return layer


def trained(kind: str, dtype: str) -> Any:
    layer = layers.BatchNormalization(dtype=dtype)
    layer.build((None, 3))
    layer.set_weights([np.ones(3), np.zeros(3), WIDE.mean(0), WIDE.var(0)])
    return layer


LAYERS: dict[str, tuple[Callable[[str], Any], np.ndarray]] = {
    "Normalization": (lambda dtype: adapted(WIDE, dtype), WIDE),
    "Normalization, far from zero": (lambda dtype: adapted(FAR, dtype), FAR),
    "Normalization, given": (
        lambda dtype: layers.Normalization(mean=WIDE.mean(0), variance=WIDE.var(0), dtype=dtype),
        WIDE,
    ),
    "Normalization, inverse": (
        lambda dtype: adapted(WIDE, dtype, invert=True),
        (WIDE - WIDE.mean(0)) / WIDE.std(0),
    ),
    "Rescaling": (lambda dtype: layers.Rescaling(1e-5, -1.0, dtype=dtype), FAR),
    "Discretization": (
        lambda dtype: layers.Discretization([100.3, 300.2, 700.1], dtype=dtype), WIDE
    ),
    "Discretization, one hot": (
        lambda dtype: layers.Discretization(
            [1e5 + 30, 1e5 + 60], output_mode="one_hot", dtype=dtype
        ),
        FAR,
    ),
    "CategoryEncoding": (lambda dtype: layers.CategoryEncoding(700, dtype=dtype), IDS),
    "Embedding": (
        lambda dtype: layers.Embedding(
            700, 2, embeddings_initializer=rb.initializers.Identity(), dtype=dtype
        ),
        IDS,
    ),
    "BatchNormalization": (lambda dtype: trained("b", dtype), WIDE),
    "LayerNormalization": (lambda dtype: layers.LayerNormalization(dtype=dtype), FAR / 2),
    "GroupNormalization": (lambda dtype: layers.GroupNormalization(3, dtype=dtype), FAR / 2),
    "RMSNormalization": (lambda dtype: layers.RMSNormalization(dtype=dtype), FAR / 2),
    "UnitNormalization": (lambda dtype: layers.UnitNormalization(dtype=dtype), FAR / 2),
}  # fmt: skip
EPSILON = {"mixed_float16": 2.0**-10, "mixed_bfloat16": 2.0**-7}


@pytest.mark.parametrize("policy", EPSILON)
@pytest.mark.parametrize("name", LAYERS)
def test_only_the_result_loses_digits(name: str, policy: str) -> None:
    make, data = LAYERS[name]
    expected = np.asarray(make("float32")(data))
    layer = make(policy)
    inputs = rb.Input(data.shape[1:])
    for found in (layer(data), rb.Model(inputs, layer(inputs)).predict(data, verbose=0)):
        assert str(found.dtype) in (layer.compute_dtype, "int32")
        error = np.abs(np.asarray(found).astype("f") - expected)
        assert (error <= 4 * EPSILON[policy] * np.maximum(np.abs(expected), 1)).all()


def test_statistics_of_a_policy_set_for_all() -> None:
    rb.config.set_dtype_policy("mixed_float16")
    try:
        layer = layers.Normalization()
        layer.adapt(WIDE)
        found = np.asarray(layer(WIDE)).astype("f")
    finally:
        rb.config.set_dtype_policy("float32")
    np.testing.assert_allclose(found.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(found.std(0), 1, atol=1e-3)
    assert [v.dtype for v in layer.variables] == ["float32", "float32", "int32"]
