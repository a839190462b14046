"""Every message of the families of layers, by its text in the file beside this one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from messages import Case, check_message, texts_beside

import rosenblatt as rb
from rosenblatt import layers

X = np.ones((4, 3), "float32")
STEPS = np.ones((4, 2, 3), "float32")


def twice(layer: Any, first: Any, second: Any) -> None:
    layer(first)
    layer(second)


def einsum(equation: Any, output_shape: Any, x: Any = X, **settings: Any) -> Any:
    return layers.EinsumDense(equation, output_shape, **settings)(x)


CASES: dict[str, Case] = {
    "equation": (ValueError, lambda: einsum("ab,bc", 2)),
    "equation with a space": (ValueError, lambda: einsum("ab, bc->ac", 2)),
    "equation as a number": (ValueError, lambda: einsum(7, 2)),
    "output shape": (ValueError, lambda: einsum("ab,bc->ac", "2")),
    "no output shape": (ValueError, lambda: einsum("ab,bc->ac", None)),
    "letter of the outputs only": (ValueError, lambda: einsum("ab,bc->ad", 2)),
    "letter of the kernel only": (ValueError, lambda: einsum("ab,bcd->ac", 2)),
    "bias axis": (ValueError, lambda: einsum("ab,bc->ac", 2, bias_axes="b")),
    "rank for an equation": (ValueError, lambda: einsum("ab,bc->ac", 2, STEPS)),
    "rank for an equation of any rank": (ValueError, lambda: einsum("...abc,cd->...abd", 2)),
    "sizes of the outputs": (ValueError, lambda: einsum("abc,cd->abd", 2, STEPS)),
    "size shared by inputs and outputs": (
        ValueError,
        lambda: einsum("abc,cd->abd", (5, 2), STEPS),
    ),
    "features of an equation": (
        ValueError,
        lambda: twice(layers.EinsumDense("ab,bc->ac", 2), X, X[:, :2]),
    ),
    "unknown size in an equation": (
        ValueError,
        lambda: einsum("ab,bc->ac", 2, rb.Input((None,))),
    ),
    "lora in an equation": (
        ValueError,
        lambda: layers.EinsumDense("ab,bc->ac", 2, lora_rank=2),
    ),
    "gptq": (
        ValueError,
        lambda: layers.EinsumDense("ab,bc->ac", 2, gptq_unpacked_column_size=4),
    ),
    "argument of EinsumDense": (
        TypeError,
        lambda: layers.EinsumDense("ab,bc->ac", 2, bias_axis="c"),
    ),
    "enable_lora": (NotImplementedError, lambda: layers.Dense(2).enable_lora(4)),
    "quantize": (NotImplementedError, lambda: layers.Dense(2).quantize("int8")),
    "largest value": (ValueError, lambda: layers.ReLU(-1.0)),
    "slope": (ValueError, lambda: layers.ReLU(negative_slope=None)),
    "threshold": (ValueError, lambda: layers.ReLU(threshold="0")),
    "leaky slope": (ValueError, lambda: layers.LeakyReLU(-0.1)),
    "no leaky slope": (ValueError, lambda: layers.LeakyReLU(None)),
    "alpha": (ValueError, lambda: layers.ELU("one")),
    "argument of ELU": (TypeError, lambda: layers.ELU(alhpa=1.0)),
    "shared axis": (ValueError, lambda: layers.PReLU(shared_axes=[0])(X)),
    "shared axis too high": (ValueError, lambda: layers.PReLU(shared_axes=2)(X)),
    "shared axis as text": (TypeError, lambda: layers.PReLU(shared_axes="1")),
    "another shape for PReLU": (ValueError, lambda: twice(layers.PReLU(), X, X[:, :2])),
    "unknown size for PReLU": (ValueError, lambda: layers.PReLU()(rb.Input((None,)))),
    "softmax axis": (ValueError, lambda: layers.Softmax(axis=2)(X)),
    "softmax axis as text": (TypeError, lambda: layers.Softmax(axis="last")),
    "softmax axis twice": (ValueError, lambda: layers.Softmax(axis=(1, -1))(X)),
    "softmax mask": (
        ValueError,
        lambda: layers.Softmax()(STEPS, mask=np.ones((4, 2), bool)),
    ),
    "softmax mask of higher rank": (
        ValueError,
        lambda: layers.Softmax()(X, mask=np.ones((2, 4, 3), bool)),
    ),
    "dot of one": (ValueError, lambda: layers.Dot(axes=1)(X)),
    "dot of three": (ValueError, lambda: layers.Dot(axes=1)([X, X, X])),
    "dot of other sizes": (
        ValueError,
        lambda: layers.Dot(axes=(1, 2))([rb.Input((3,)), rb.Input((3, 2))]),
    ),
    "dot of other batches": (ValueError, lambda: layers.dot([X, X[:2]])),
    "dot over the batch": (ValueError, lambda: layers.dot([X, X], axes=0)),
    "dot over a missing axis": (ValueError, lambda: layers.dot([X, STEPS], axes=2)),
    "dot axes": (TypeError, lambda: layers.Dot(axes=None)),
    "dot over three axes": (ValueError, lambda: layers.Dot(axes=(1, 1, 1))),
    "dot axes as text": (ValueError, lambda: layers.Dot(axes=(1, "2"))),
    "layer normalization axis": (ValueError, lambda: layers.LayerNormalization(axis=2)(X)),
    "layer normalization axis as text": (TypeError, lambda: layers.LayerNormalization("a")),
    "layer normalization of unknown size": (
        ValueError,
        lambda: layers.LayerNormalization()(rb.Input((None,))),
    ),
    "argument of layer normalization": (
        TypeError,
        lambda: layers.LayerNormalization(eps=1e-5),
    ),
    "rms normalization axis": (ValueError, lambda: layers.RMSNormalization(axis=[1, 2])(X)),
    "unit normalization axis": (ValueError, lambda: layers.UnitNormalization(axis=-3)(X)),
    "unit normalization axes": (TypeError, lambda: layers.UnitNormalization(axis=[])),
    "groups": (ValueError, lambda: layers.GroupNormalization(0)),
    "groups of the features": (ValueError, lambda: layers.GroupNormalization(2)(X)),
    "more groups than features": (ValueError, lambda: layers.GroupNormalization()(X)),
    "group normalization axis": (ValueError, lambda: layers.GroupNormalization(1, axis=2)(X)),
    "group normalization axes": (TypeError, lambda: layers.GroupNormalization(1, axis=[1])),
    "group normalization of the batch": (
        ValueError,
        lambda: layers.GroupNormalization(1, axis=0)(X),
    ),
    "group normalization of unknown size": (
        ValueError,
        lambda: layers.GroupNormalization(1)(rb.Input((None,))),
    ),
    "rank for group normalization": (
        ValueError,
        lambda: twice(layers.GroupNormalization(3), X, STEPS),
    ),
    "power iterations": (
        ValueError,
        lambda: layers.SpectralNormalization(layers.Dense(2), power_iterations=0),
    ),
    "spectral normalization of nothing": (
        ValueError,
        lambda: layers.SpectralNormalization("dense"),
    ),
    "spectral normalization without a kernel": (
        ValueError,
        lambda: layers.SpectralNormalization(layers.ReLU())(X),
    ),
    "noise shape as text": (ValueError, lambda: layers.Dropout(0.5, noise_shape="ab")),
    "noise shape of zeros": (ValueError, lambda: layers.Dropout(0.5, noise_shape=(None, 0))),
    "noise shape as a number": (ValueError, lambda: layers.AlphaDropout(0.5, noise_shape=3)),
    "noise shape of other rank": (
        ValueError,
        lambda: layers.AlphaDropout(0.5, noise_shape=(1,))(X, training=True),
    ),
    "alpha dropout rate": (ValueError, lambda: layers.AlphaDropout(1.5)),
    "alpha dropout of all": (ValueError, lambda: layers.AlphaDropout(1.0)),
    "gaussian dropout rate": (ValueError, lambda: layers.GaussianDropout(-0.1)),
    "gaussian dropout of all": (ValueError, lambda: layers.GaussianDropout(1)),
    "deviation": (ValueError, lambda: layers.GaussianNoise(2.0)),
    "seed": (ValueError, lambda: layers.GaussianNoise(0.5, seed="a")),
    "rank for SpatialDropout1D": (ValueError, lambda: layers.SpatialDropout1D(0.5)(X)),
    "format": (ValueError, lambda: layers.SpatialDropout2D(0.5, data_format="last")),
    "argument of SpatialDropout1D": (
        TypeError,
        lambda: layers.SpatialDropout1D(0.5, sede=3),
    ),
    "penalty": (ValueError, lambda: layers.ActivityRegularization(l1=-1.0)),
    "penalty as text": (ValueError, lambda: layers.ActivityRegularization(l2="0.1")),
    "order of axes": (ValueError, lambda: layers.Permute((0, 1))),
    "order of axes as a number": (ValueError, lambda: layers.Permute(1)),
    "rank for Permute": (ValueError, lambda: layers.Permute((2, 1))(X)),
    "times": (ValueError, lambda: layers.RepeatVector(0)),
    "times as a fraction": (TypeError, lambda: layers.RepeatVector(2.0)),
    "rank for RepeatVector": (ValueError, lambda: layers.RepeatVector(2)(STEPS)),
}
TEXTS = texts_beside(__file__)


def test_every_case_has_a_text() -> None:
    assert list(TEXTS) == list(CASES)


@pytest.mark.parametrize("case", CASES)
def test_message(case: str) -> None:
    check_message(CASES[case], TEXTS[case])
