"""Parts of networks: normalization, attention, cross-entropies, one-hot rows.

>>> one_hot([0, 2], 3)
Array([[1., 0., 0.],
       [0., 0., 1.]], dtype=float32)
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import nn

from rosenblatt.core import config
from rosenblatt.core.errors import BadArgument, WrongType, nearest
from rosenblatt.core.types import Array, ArrayLike, Axes, DTypeLike
from rosenblatt.ops.define import NN, as_float, is_float, op, plain, wide


def _float_dtype(dtype: DTypeLike) -> DTypeLike:
    return config.floatx() if dtype is None else dtype


def _epsilon(epsilon: float | None) -> float:
    return config.epsilon() if epsilon is None else epsilon


@op(module=NN)
def one_hot(
    x: Array, num_classes: int, axis: int = -1, dtype: DTypeLike = None, sparse: bool = False
) -> Array:
    """1 at the class, 0 elsewhere; always dense."""
    x = x.astype("int32") if x.dtype == bool else x
    return nn.one_hot(x, num_classes, axis=axis, dtype=_float_dtype(dtype))


@op("inputs", module=NN, name="multi_hot")
def _multi_hot(
    inputs: Array,
    num_classes: int,
    axis: int = -1,
    dtype: DTypeLike = None,
    sparse: bool = False,
) -> Array:
    rows = nn.one_hot(inputs.astype("int32"), num_classes, axis=axis, dtype=_float_dtype(dtype))
    return jnp.max(rows, axis=1 if inputs.ndim > 1 else 0)


@plain(NN)
def multi_hot(
    inputs: ArrayLike,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: DTypeLike = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Array:
    """1 at each class that occurs in a row, 0 elsewhere; always dense.

    Args:
        inputs: (rows, labels) or (labels,) integers.
        num_classes: how many classes there are.
        axis: where the axis of the classes goes.
        dtype: of the result; the default float type if None.
        sparse: accepted; the result is dense.
        kwargs: `num_tokens`, an older name of `num_classes`.

    Raises:
        ValueError: no number of classes, or an unknown argument.
    """
    tokens = kwargs.pop("num_tokens", None)
    if kwargs:
        wrong = next(iter(kwargs))
        raise WrongType(
            f"`ops.multi_hot` has no argument {wrong!r}.",
            fix=nearest(wrong, inspect.signature(multi_hot).parameters),
        )
    if num_classes is None and tokens is None:
        raise BadArgument("`ops.multi_hot`: give `num_classes`.")
    return _multi_hot(inputs, tokens if num_classes is None else num_classes, axis, dtype, sparse)


@op(module=NN)
def moments(
    x: Array, axes: Axes, keepdims: bool = False, synchronized: bool = False
) -> tuple[Array, ...]:
    """Mean and variance along axes, computed in float32 at least."""
    exact, limits = wide(x), jnp.finfo("float16")
    found = jnp.mean(exact, axes, keepdims=keepdims), jnp.var(exact, axes, keepdims=keepdims)
    if exact.dtype == x.dtype:
        return found
    return tuple(jnp.clip(v, limits.min, limits.max).astype(x.dtype) for v in found)


@op(module=NN)
def normalize(x: Array, axis: Axes = -1, order: int = 2, epsilon: float | None = None) -> Array:
    """x / max(‖x‖, ε) along axes.

    Raises:
        ValueError: an order that is not 1, 2, 3 …
    """
    if not isinstance(order, int) or order < 1:
        raise BadArgument("`ops.normalize`: bad `order`.", given=repr(order), expected="1, 2, 3 …")
    x, epsilon = jnp.atleast_1d(x), _epsilon(epsilon)
    if order == 2:  # the gradient is a number at zero too
        exact = wide(as_float(x))
        squares = jnp.sum(jnp.square(exact), axis, keepdims=True)
        scaled = exact * jax.lax.rsqrt(jnp.maximum(squares, epsilon**2))
        return scaled.astype(jnp.result_type(x, 1.0))
    norm = jnp.linalg.norm(as_float(x), order, axis, keepdims=True)
    return x / jnp.maximum(norm, epsilon)


@op("x mean variance offset scale", module=NN, class_name="BatchNorm")
def batch_normalization(
    x: Array,
    mean: Array,
    variance: Array,
    axis: int,
    offset: Array | None = None,
    scale: Array | None = None,
    epsilon: float = 1e-3,
) -> Array:
    """(x − mean) / √(variance + ε) · scale + offset, each of them along one axis."""
    shape = [1] * x.ndim
    shape[axis] = -1
    factor = jax.lax.rsqrt(variance.reshape(shape) + epsilon)
    if scale is not None:
        factor = factor * scale.reshape(shape)
    shift = -mean.reshape(shape) * factor
    return x * factor + (shift if offset is None else shift + offset.reshape(shape))


def standardized(
    x: Array, axes: Sequence[int], epsilon: float, gamma: Array | None, beta: Array | None
) -> Array:
    """γ (x − μ) / √(σ² + ε) + β, with μ and σ² over axes; γ and β may be None."""
    centred = x - jnp.mean(x, axes, keepdims=True)
    factor = jax.lax.rsqrt(jnp.mean(jnp.square(centred), axes, keepdims=True) + epsilon)
    if gamma is not None:
        factor = factor * gamma
    return centred * factor if beta is None else centred * factor + beta


@op("x gamma beta", module=NN, class_name="LayerNorm")
def layer_normalization(
    x: Array,
    gamma: Array | None = None,
    beta: Array | None = None,
    axis: Axes = -1,
    epsilon: float | None = None,
    rms_scaling: bool = False,
) -> Array:
    """(x − μ) / √(σ² + ε) · γ + β, μ and σ of each row (Ba et al., 2016, arXiv:1607.06450).

    With `rms_scaling` x / √(σ² + ε) · γ, as Keras once had it.
    """
    given = axis if isinstance(axis, tuple) else (axis,)
    axes = sorted(range(x.ndim)[a] for a in given)
    exact = wide(x)

    def along(v: Any) -> Array:
        v = v.astype(exact.dtype)
        shape = [x.shape[a] if a in axes else 1 for a in range(x.ndim)]
        return v if v.ndim == x.ndim or axes == [x.ndim - 1] else v.reshape(shape)

    gamma, beta = (None if v is None else along(v) for v in (gamma, beta))
    if rms_scaling:
        factor = jax.lax.rsqrt(jnp.var(exact, tuple(axes), keepdims=True) + _epsilon(epsilon))
        return (exact * (factor if gamma is None else factor * gamma)).astype(x.dtype)
    return standardized(exact, tuple(axes), _epsilon(epsilon), gamma, beta).astype(x.dtype)


@op("x scale", module=NN, class_name="RMSNorm")
def rms_normalization(
    x: Array, scale: Array | None = None, axis: Axes = -1, epsilon: float | None = None
) -> Array:
    """x / √(mean(x²) + ε) · scale, of each row (Zhang and Sennrich, 2019, arXiv:1910.07467)."""
    exact = jnp.atleast_1d(wide(x))
    squares = jnp.mean(jnp.square(exact), axis, keepdims=True)
    outputs = exact * jax.lax.rsqrt(squares + _epsilon(epsilon))
    return (outputs if scale is None else outputs * scale.astype(exact.dtype)).astype(x.dtype)


def _refuse(problem: str, target: Any, output: Any) -> BadArgument:
    return BadArgument(problem, given=f"shapes {target.shape}, {output.shape}")


def clip_probability(p: Array) -> Array:
    """Probabilities kept ε away from 0 and 1, so that their logarithms are finite."""
    return jnp.clip(p, config.epsilon(), 1.0 - config.epsilon())


def log_probabilities(output: Array, from_logits: bool, axis: int) -> Array:
    """log p of each class: by log-sum-exp for logits, else clipped."""
    if from_logits:
        return nn.log_softmax(output, axis)
    return jnp.log(clip_probability(output / jnp.sum(output, axis, keepdims=True)))


def of_class(values: Array, ids: Array, axis: int) -> Array:
    """The value of the class id of each row; 0 where it is no class.

    A comparison and a sum: on a CPU faster than a gather.
    """
    classes = jnp.arange(values.shape[axis])
    classes = classes.reshape((-1,) + (1,) * (values.ndim - 1 - axis % values.ndim))
    return jnp.sum(jnp.where(jnp.expand_dims(ids, axis) == classes, values, 0), axis)


@op("target output", module=NN)
def binary_crossentropy(target: Array, output: Array, from_logits: bool = False) -> Array:
    """−y log p − (1 − y) log(1 − p) of each element, p = sigmoid(output) for logits.

    Raises:
        ValueError: two shapes.
    """
    if target.shape != output.shape:
        raise _refuse("`ops.binary_crossentropy`: the shapes differ.", target, output)
    if from_logits:
        return -(target * nn.log_sigmoid(output) + (1.0 - target) * nn.log_sigmoid(-output))
    p = clip_probability(output)
    return -(target * jnp.log(p) + (1.0 - target) * jnp.log(1.0 - p))


@op("target output", module=NN)
def categorical_crossentropy(
    target: Array, output: Array, from_logits: bool = False, axis: int = -1
) -> Array:
    """−Σ y log p along an axis, p = softmax(output) for logits.

    Raises:
        ValueError: two shapes, or no axis.
    """
    if target.shape != output.shape or not output.ndim:
        raise _refuse(
            "`ops.categorical_crossentropy`: the shapes differ or have no axis.", target, output
        )
    return -jnp.sum(target * log_probabilities(output, from_logits, axis), axis)


@op("target output", module=NN)
def sparse_categorical_crossentropy(
    target: Array, output: Array, from_logits: bool = False, axis: int = -1
) -> Array:
    """−log p of the target's class, p = softmax(output) for logits; 0 for an id that is no class.

    Raises:
        ValueError: class ids in another shape than the rows of the output.
    """
    if target.ndim == output.ndim and target.shape[-1] == 1:
        target = target[..., 0]
    if not output.ndim or target.shape != output.shape[:-1]:
        raise _refuse(
            "`ops.sparse_categorical_crossentropy`: one class id is needed for each row.",
            target,
            output,
        )
    found = -of_class(log_probabilities(output, from_logits, axis), target.astype("int32"), axis)
    return found.astype(jnp.promote_types(found.dtype, "float32"))  # as in Keras, of 16 bits too


@op("query key value bias mask scale", module=NN)
def dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    bias: Array | None = None,
    mask: Array | None = None,
    scale: Array | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Array:
    """softmax(q kᵀ · scale + bias) v for each head, shapes (batch, time, heads, depth).

    Raises:
        ValueError: other shapes; a flash kernel or a soft cap, which no processor here has.
    """
    if query.ndim != 4 or key.ndim != 4 or value.ndim != 4:
        raise BadArgument(
            "`ops.dot_product_attention` takes arrays (batch, time, heads, depth).",
            given=f"shapes {query.shape}, {key.shape}, {value.shape}",
        )
    if flash_attention or attn_logits_soft_cap is not None:
        raise BadArgument(
            "`ops.dot_product_attention`: `flash_attention` and `attn_logits_soft_cap` need "
            "kernels of GPUs or TPUs.",
            fix="leave them out.",
        )
    dtype = jnp.result_type(query, key, value)
    query, key, value = (a.astype(dtype) for a in (query, key, value))
    bias = None if bias is None else bias.astype(dtype)
    scale = scale if scale is None or isinstance(scale, float) else jnp.asarray(scale, dtype)
    return nn.dot_product_attention(  # type: ignore[call-overload]
        query,
        key,
        value,
        bias,
        mask,
        scale=scale,
        is_causal=is_causal,
        implementation="xla",
    )


@op("abs_ angle", module=NN)
def polar(abs_: Array, angle: Array) -> Array:
    """The complex number of a distance from 0 and an angle."""
    if not (is_float(abs_) and is_float(angle)):
        abs_, angle = as_float(abs_), as_float(angle)
    return jax.lax.complex(abs_ * jnp.cos(angle), abs_ * jnp.sin(angle))
