"""Which ops keep the rows of a batch apart: what is said to, does; and what mixes is not padded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from op_cases import CASES, NOT_RECORDED, TESTED_ELSEWHERE, WITH_FUNCTIONS

import rosenblatt as rb
from rosenblatt import layers, ops
from rosenblatt.core.symbolic import KerasTensor, node_of, tree_leaves
from rosenblatt.graph.rows import keeps_rows_apart

X = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")


def batches(values: Any) -> list[bool]:
    """Which arguments stand for batches: the arrays whose rows may vary."""
    first = next((v.shape[0] for v in values if getattr(v, "ndim", 0)), None)
    return [getattr(v, "ndim", 0) > 0 and v.shape[0] == first for v in values]


def recorded(name: str) -> tuple[Any, list[Any], list[bool]] | None:
    """The node of a case's call on symbolic tensors, where there is one."""
    args, kwargs = CASES[name]
    op = getattr(ops, name.split()[0])
    if name.split()[0] in NOT_RECORDED | WITH_FUNCTIONS | TESTED_ELSEWHERE:
        return None
    which = batches(args)
    symbolic = [
        KerasTensor((None, *a.shape[1:]), dtype=a.dtype.name) if is_batch else a
        for a, is_batch in zip(args, which, strict=True)
    ]
    try:
        out = op(*symbolic, **kwargs)
    except (ValueError, TypeError, NotImplementedError):
        return None  # its shape depends on values, or it takes arrays of fixed size only
    outputs = [leaf for leaf in tree_leaves(out) if isinstance(leaf, KerasTensor)]
    return (node_of(outputs[0]), args, which) if outputs and any(which) else None


def test_what_is_said_to_keep_rows_apart_does(give_back: Callable[[], None]) -> None:
    said = set()
    for name in CASES:
        give_back()
        found = recorded(name)
        if found is None or not keeps_rows_apart(found[0]):
            continue
        _, args, which = found
        op, kwargs = getattr(ops, name.split()[0]), CASES[name][1]
        whole = tree_leaves(op(*args, **kwargs))
        rows = next(a for a, is_batch in zip(args, which, strict=True) if is_batch).shape[0]
        for row in range(rows):
            part = [
                a[row : row + 1] if is_batch else a for a, is_batch in zip(args, which, strict=True)
            ]
            for one, all_rows in zip(tree_leaves(op(*part, **kwargs)), whole, strict=True):
                np.testing.assert_allclose(
                    np.asarray(one)[0], np.asarray(all_rows)[row], rtol=1e-6, err_msg=name
                )
        said.add(name)
    assert len(said) > 100
    assert {"add", "where", "relu"} <= said
    assert not said & {"flipud", "outer", "sum", "cumsum", "take", "kron", "inner"}


@pytest.mark.parametrize(
    ("apart", "make"),
    [
        (True, lambda x: ops.mean(x, axis=1)),
        (True, lambda x: ops.softmax(x)),
        (True, lambda x: ops.concatenate([x, 2 * x], axis=-1)),
        (True, lambda x: ops.reshape(x, (-1, 3, 1))),
        (True, lambda x: ops.expand_dims(x, -1)),
        (True, lambda x: ops.matmul(x, np.ones((3, 2), "float32"))),
        (True, lambda x: x[:, :2]),
        (True, lambda x: x[..., 0]),
        (True, lambda x: x + np.ones((1, 3), "float32")),
        (False, lambda x: ops.mean(x, axis=0, keepdims=True)),
        (False, lambda x: ops.mean(x)),
        (False, lambda x: ops.softmax(x, axis=0)),
        (False, lambda x: ops.reshape(x, (3, -1))),
        (False, lambda x: ops.expand_dims(x, 0)),
        (False, lambda x: ops.transpose(x)),
        (False, lambda x: ops.matmul(x, ops.transpose(x))),
        (False, lambda x: x[1:]),
        (False, lambda x: ops.take(x, [0, 1], axis=0)),
    ],
)
def test_which_do(apart: bool, make: Any) -> None:
    assert keeps_rows_apart(node_of(make(KerasTensor((None, 3))))) is apart


def centred() -> Any:
    x = rb.Input((3,))
    y = x - ops.mean(x, axis=0, keepdims=True)
    return rb.Model(x, layers.Dense(1, kernel_initializer="ones")(y))


def test_rows_that_mix_are_predicted_without_padding() -> None:
    expected = (X - X.mean(0)).sum(1, keepdims=True)
    np.testing.assert_allclose(centred().predict(X, verbose=0), expected, atol=1e-6)
    last = np.concatenate([X[:4] - X[:4].mean(0), X[4:] - X[4:].mean(0)]).sum(1, keepdims=True)
    np.testing.assert_allclose(centred().predict(X, batch_size=4, verbose=0), last, atol=1e-6)


def test_rows_that_mix_are_trained_without_padding(keras: Any) -> None:
    y = X.sum(1, keepdims=True) ** 2
    model = centred()
    x = keras.Input((3,))
    theirs = keras.layers.Dense(1, kernel_initializer="ones")(
        x - keras.ops.mean(x, axis=0, keepdims=True)
    )
    peer = keras.Model(x, theirs)
    found = []
    for one in (model, peer):
        one.compile(loss="mse", optimizer="sgd", metrics=["mae"])
        history = one.fit(X, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
        found.append(history.history)
    for name in ("loss", "mae"):
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=1e-5)
