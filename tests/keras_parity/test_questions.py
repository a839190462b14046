"""A question about shapes leaves a layer, and what is inside it, as it was, as in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

STEPS, ROWS = (None, 4, 3), (None, 3)
# How it is made, and what shape it takes; each with layers inside, or weights of its own.
LAYERS: dict[str, tuple[Any, Any]] = {
    "Dense": (lambda layers: layers.Dense(2), ROWS),
    "EinsumDense": (lambda layers: layers.EinsumDense("ab,bc->ac", 4), ROWS),
    "Embedding": (lambda layers: layers.Embedding(5, 2), ROWS),
    "BatchNormalization": (lambda layers: layers.BatchNormalization(), ROWS),
    "Normalization": (lambda layers: layers.Normalization(), ROWS),
    "MultiHeadAttention": (lambda layers: layers.MultiHeadAttention(2, 3), (STEPS, STEPS)),
    "GroupQueryAttention": (lambda layers: layers.GroupQueryAttention(3, 4, 2), (STEPS, STEPS)),
    "TimeDistributed": (lambda layers: layers.TimeDistributed(layers.Dense(2)), STEPS),
    "TimeDistributed of BatchNormalization": (
        lambda layers: layers.TimeDistributed(layers.BatchNormalization()),
        STEPS,
    ),
    "two wrappers": (
        lambda layers: layers.TimeDistributed(layers.SpectralNormalization(layers.Dense(2))),
        STEPS,
    ),
    "a subclass": (
        lambda layers: type("Mine", (layers.TimeDistributed,), {})(layers.Dense(2)),
        STEPS,
    ),
    "SpectralNormalization": (lambda layers: layers.SpectralNormalization(layers.Dense(2)), ROWS),
    "Sequential": (lambda layers: layers.Dense(2), ROWS),
}


def made(library: Any, name: str) -> Any:
    layer = LAYERS[name][0](library.layers)
    return library.Sequential([layer]) if name == "Sequential" else layer


def asked(library: Any, layer: Any, way: str, shape: Any) -> Any:
    """Shapes and dtype of the answer, and what is built after it."""
    several = shape if isinstance(shape[0], tuple) else (shape,)
    if way == "compute_output_shape":
        answer = layer.compute_output_shape(*several)
    else:
        one = layer.compute_output_spec(*[library.KerasTensor(each) for each in several])
        answer = one.shape, one.dtype
    return answer, [part.built for part in layer._flatten_layers()], len(layer.weights)


@pytest.mark.parametrize("way", ["compute_output_shape", "compute_output_spec"])
@pytest.mark.parametrize("name", LAYERS)
def test_what_is_built_by_a_question(name: str, way: str, keras: Any) -> None:
    found = [asked(library, made(library, name), way, LAYERS[name][1]) for library in (rb, keras)]
    assert found[0] == found[1]
    assert not any(found[0][1])


def later(name: str, asks: bool) -> list[Any]:
    """Names and values of a layer's weights, and of a layer made after it."""
    rb.backend.clear_session()
    rb.utils.set_random_seed(3)
    layer, shape = made(rb, name), LAYERS[name][1]
    if asks:
        asked(rb, layer, "compute_output_spec", shape)
        asked(rb, layer, "compute_output_shape", shape)
    layer.build(*(shape if isinstance(shape[0], tuple) else (shape,)))
    after = rb.layers.Dense(2)
    after.build(ROWS)
    return [(w.path, np.asarray(w).tolist()) for w in (*layer.weights, *after.weights)]


@pytest.mark.parametrize("name", LAYERS)
def test_a_question_changes_no_seed_and_no_name(name: str) -> None:
    assert later(name, asks=True) == later(name, asks=False)
