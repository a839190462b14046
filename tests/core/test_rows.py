"""Functions that treat rows apart are known; one that may not is never taken for one."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rosenblatt import losses, ops
from rosenblatt.core.rows import stay_apart, with_rows
from rosenblatt.core.symbolic import KerasTensor

Y, P = np.zeros((4, 3), "float32"), np.zeros((4, 3))

APART = {
    "huber": lambda y, p: jnp.where(abs(y - p) < 1, jnp.square(y - p) / 2, abs(y - p) - 0.5),
    "huber, ops": lambda y, p: ops.where(ops.abs(y - p) < 1, ops.square(y - p), ops.abs(y - p)),
    "mean over the last axis": lambda y, p: jnp.mean(jnp.square(y - p), -1),
    "softmax": lambda y, p: -jnp.sum(y * jax.nn.log_softmax(p), -1),
    "products": lambda y, p: (y @ np.ones((3, 5))).sum(-1) + jnp.einsum("ij,ij->i", y, p),
    "right factor": lambda y, p: (np.ones((5, 3), "float32") @ y.T).T,
    "norm": lambda y, p: jnp.linalg.norm(y - p, axis=-1),
    "custom derivatives": lambda y, p: jax.nn.relu(y - p).sum(1) + jax.nn.softplus(p)[:, 0],
    "reshaped": lambda y, p: jnp.concatenate([y.reshape(-1, 3, 1), p[:, :, None]], -1).max((1, 2)),
    "turned around": lambda y, p: (y.T * p.T).sum(0),
    "sorted columns": lambda y, p: jnp.sort(y, -1)[:, -1] - jnp.cumsum(p, 1)[:, ::-1][:, 0],
    "padded columns": lambda y, p: jnp.pad(p, ((0, 0), (1, 1))).max(-1),
    "one-hot": lambda y, p: (jax.nn.one_hot(y[:, 0].astype(int), 3) * p).sum(-1),
    "number of the row": lambda y, p: p.sum(-1) * jnp.arange(p.shape[0]),
    "bce": lambda y, p: losses.binary_crossentropy(y, p, from_logits=True),
    "sparse": lambda y, p: losses.sparse_categorical_crossentropy(y[:, 0], p),
    "kld": losses.kl_divergence,
    "cosine": losses.cosine_similarity,
    "focal": losses.categorical_focal_crossentropy,
}
TOGETHER = {
    "mean over rows": lambda y, p: (y - p).mean(0),
    "scalar": lambda y, p: jnp.mean(y - p),
    "centred": lambda y, p: (y - y.mean(0)).sum(1),
    "over the batch size": lambda y, p: (y - p).sum(1) / y.shape[0],
    "over the number of ones": lambda y, p: (y - p).sum(1) / jnp.ones(y.shape[0]).sum(),
    "pairs of rows": lambda y, p: (y @ p.T).sum(1),
    "gram": lambda y, p: jnp.einsum("ij,ik->jk", y, p),
    "from the end": lambda y, p: p[::-1].sum(1),
    "rolled": lambda y, p: jnp.roll(p, 1, 0).sum(1),
    "all but one row": lambda y, p: p[1:].sum(1),
    "a row added": lambda y, p: jnp.pad(p, ((1, 0), (0, 0))),
    "summed up": lambda y, p: jnp.cumsum(p, 0).sum(1),
    "sorted rows": lambda y, p: jnp.sort(p, 0).sum(1),
    "place in the batch": lambda y, p: p.sum(1) * jnp.linspace(0, 1, p.shape[0]),
    "picked rows": lambda y, p: p[np.array([0, 0, 1])],
    "random": lambda y, p: p + jax.random.normal(jax.random.key(0), p.shape),
    "one shape only": lambda y, p: p.reshape(4, 3).sum(1),
    "rows last": lambda y, p: y.T,
    "rows joined": lambda y, p: jnp.concatenate([y, p]),
    "turned and mixed": lambda y, p: y[:, None, :] + p.T[None],
    "a branch": lambda y, p: jax.lax.cond(y[0, 0] > 0, lambda: p.sum(1), lambda: y.sum(1)),
    "a loop": lambda y, p: jax.lax.fori_loop(0, 3, lambda i, x: x + y.mean(), p),
    "printed": lambda y, p: (jax.debug.print("{}", p[0]), p)[1],
    "two values": lambda y, p: (p.sum(1), p.mean()),
    "an error": lambda y, p: undefined,  # noqa: F821
    "circle": lambda y, p: losses.circle(y[:, 0], p),
    "hinge": losses.hinge,
}


@pytest.mark.parametrize("name", APART)
def test_apart(name):
    assert stay_apart(APART[name], Y, P)


@pytest.mark.parametrize("name", TOGETHER)
def test_not_known_to_be_apart(name):
    assert not stay_apart(TOGETHER[name], Y, P)


def test_nests_and_symbolic_tensors():
    pair = {"a": KerasTensor((None, 2), "float32"), "b": np.zeros((1,), "int64")}
    assert stay_apart(lambda x: x["a"] * x["b"][:, None], pair)
    shapes = with_rows(pair, 5)
    assert (shapes["a"].shape, shapes["b"].shape, shapes["b"].dtype) == ((5, 2), (5,), "int32")
