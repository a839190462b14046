"""Layers on shapes with unknown sizes: what Keras infers, we infer; summaries of several shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

N = None
PAIRS = [
    ((N, 3), (4, 3)), ((N, 3), (4, 1)), ((3,), (N,)), ((N, N), (4, 3)), ((N, 3), (N, 3)),
    ((4, 3), (N, N)), ((2, N), (N, 3)),
]  # fmt: skip
JOINING = [
    ("Add", {}), ("Multiply", {}), ("Average", {}), ("Maximum", {}), ("Minimum", {}),
    ("Subtract", {}), ("Concatenate", {}), ("Concatenate", {"axis": 1}), ("Dot", {"axes": 1}),
    ("Dot", {"axes": -1}), ("Attention", {}), ("AdditiveAttention", {}),
]  # fmt: skip
ONE = [
    ("Reshape", {"target_shape": (-1, 3)}, (N, 6)), ("Reshape", {"target_shape": (2, -1)}, (N,)),
    ("Reshape", {"target_shape": (3, 2)}, (N,)), ("Flatten", {}, (N, 3)), ("Flatten", {}, (N,)),
    ("Permute", {"dims": (2, 1)}, (N, 3)), ("RepeatVector", {"n": 2}, (N,)),
    ("Dense", {"units": 2}, (N, 3)), ("Dense", {"units": 2}, (N,)),
    ("BatchNormalization", {}, (N, 3)), ("BatchNormalization", {}, (N,)),
    ("LayerNormalization", {}, (N, 3)), ("LayerNormalization", {}, (N,)),
    ("RMSNormalization", {}, (N,)), ("UnitNormalization", {}, (N,)), ("PReLU", {}, (N, 3)),
    ("Normalization", {}, (N, 3)), ("Normalization", {}, (N,)), ("Masking", {}, (N, 3)),
    ("GlobalAveragePooling1D", {}, (N, 3)), ("SpatialDropout1D", {"rate": 0.5}, (N, 3)),
    ("Softmax", {}, (N,)), ("Embedding", {"input_dim": 4, "output_dim": 2}, (N,)),
    ("CategoryEncoding", {"num_tokens": 4}, (N,)),
    ("Discretization", {"bin_boundaries": [1.0]}, (N,)),
]  # fmt: skip
# The features that the inputs must have in common are known of one of them.
MORE_IS_KNOWN = {("Attention", PAIRS[2]), ("Attention", PAIRS[5])}
MORE_IS_KNOWN |= {("AdditiveAttention", PAIRS[2]), ("AdditiveAttention", PAIRS[5])}


def inferred(make: Any) -> Any:
    """A shape, or None where it is refused."""
    try:
        found = make()
    except (ValueError, TypeError, IndexError):
        return None
    return tuple(getattr(found, "shape", found))


def of_both(keras: Any, make: Any) -> list[Any]:
    return [inferred(lambda library=library: make(library)) for library in (rb, keras)]


@pytest.mark.parametrize(("name", "arguments"), JOINING)
def test_joining_layers(keras: Any, name: str, arguments: dict[str, Any]) -> None:
    for pair in PAIRS:
        for way in (
            lambda lib, p=pair: getattr(lib.layers, name)(**arguments)([lib.Input(s) for s in p]),
            lambda lib, p=pair: getattr(lib.layers, name)(**arguments).compute_output_shape(
                [(N, *shape) for shape in p]
            ),
        ):
            ours, theirs = of_both(keras, way)
            fits = theirs is None or ours == theirs or (name, pair) in MORE_IS_KNOWN
            # One column beside three: features differ, which is refused wherever it is seen.
            assert fits or (pair == PAIRS[1] and ours is None), (pair, ours, theirs)


@pytest.mark.parametrize(("name", "arguments", "shape"), ONE)
def test_layers_of_one_input(keras: Any, name: str, arguments: Any, shape: Any) -> None:
    for way in (
        lambda lib: getattr(lib.layers, name)(**arguments)(lib.Input(shape)),
        lambda lib: getattr(lib.layers, name)(**arguments).compute_output_shape((N, *shape)),
    ):
        ours, theirs = of_both(keras, way)
        assert theirs is None or ours == theirs, (ours, theirs)


def test_joined_steps_of_unknown_number_compute() -> None:
    a, b = rb.Input((None, 2)), rb.Input((4, 2))
    model = rb.Model([a, b], [rb.layers.Add()([a, b]), rb.layers.Concatenate()([a, b])])
    x = np.ones((3, 4, 2), "float32")
    total, joined = model.predict([x, 2 * x], verbose=0)
    np.testing.assert_array_equal(total, 3 * x)
    assert joined.shape == (3, 4, 4)


class Product(rb.layers.Layer):
    """A layer that is built from two shapes."""

    def build(self, a_shape: Any, b_shape: Any) -> None:
        self.kernel = self.add_weight((a_shape[-1], b_shape[-1]), name="kernel")

    def call(self, a: Any, b: Any) -> Any:
        return a @ self.kernel * b


class Unlike(Product):
    """Its shapes have other names than its arguments."""

    def compute_output_shape(self, left: Any, right: Any) -> Any:
        return right


@pytest.mark.parametrize(("kind", "shape"), [(Product, "(2, 3)"), (Unlike, "?")])
def test_summary_of_a_layer_built_from_several_shapes(kind: Any, shape: str) -> None:
    class Owner(rb.Model):
        def __init__(self) -> None:
            super().__init__()
            self.product = kind()

        def call(self, x: Any) -> Any:
            return self.product(x, x)

    model = Owner()
    model(np.ones((2, 3), "float32"))
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    assert (
        next(line for line in "\n".join(lines).splitlines() if kind.__name__ in line)
        .split("│")[2]
        .strip()
        == shape
    )
