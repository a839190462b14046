"""Arguments of ops that Keras takes by `**kwargs`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

A = np.arange(6, dtype="float32").reshape(2, 3)
B = np.arange(12, dtype="float32").reshape(3, 4)


@pytest.mark.parametrize(
    "options", [{"optimize": "greedy"}, {"optimize": False}, {"precision": "highest"},
                {"out": None}, {"preferred_element_type": "float64"}],
)  # fmt: skip
def test_einsum(options: dict[str, Any], keras: Any) -> None:
    ours, theirs = (lib.ops.einsum("ij,jk->ik", A, B, **options) for lib in (rb, keras))
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs)
    narrow = rb.ops.einsum("ij,jk->ik", A.astype("int8"), B.astype("int8"), **options)
    assert str(narrow.dtype) == "int32"
    for lib in (rb, keras):  # a file of the model would have no place for them
        with pytest.raises(TypeError):
            lib.ops.einsum("ij,jk->ik", lib.Input((3,)), B, **options)


def test_mistakes_in_einsum(keras: Any) -> None:
    for lib in (rb, keras):
        with pytest.raises(TypeError):
            lib.ops.einsum("ij,jk->ik", A, B, optimise="greedy")
    with pytest.raises(TypeError) as info:
        rb.ops.einsum("ij,jk->ik", A, B, optimise="greedy")
    assert str(info.value) == (
        "`ops.einsum` has no argument 'optimise' here. Fix: did you mean 'optimize'?"
    )
    with pytest.raises(TypeError) as info:
        rb.ops.einsum("ij,jk->ik", rb.Input((3,)), B, optimize="greedy")
    assert str(info.value) == (
        "`ops.einsum` has no argument 'optimize' for symbolic tensors. Fix: leave it out, or "
        "compute with arrays."
    )


def test_multi_hot(keras: Any) -> None:
    for options in ({"num_tokens": 4}, {"num_classes": 4, "num_tokens": 9}):
        ours, theirs = (lib.ops.multi_hot(np.array([0, 2]), **options) for lib in (rb, keras))
        np.testing.assert_array_equal(ours, theirs)
        symbolic = [lib.ops.multi_hot(lib.Input((2,), dtype="int32"), **options).shape
                    for lib in (rb, keras)]  # fmt: skip
        assert symbolic[0] == symbolic[1] == (None, 4)
    for lib in (rb, keras):
        with pytest.raises(ValueError, match="`num_classes`"):
            lib.ops.multi_hot(np.array([0, 2]))
    with pytest.raises(TypeError) as info:
        rb.ops.multi_hot(np.array([0, 2]), num_class=3)
    assert str(info.value) == (
        "`ops.multi_hot` has no argument 'num_class'. Fix: did you mean 'num_classes'?"
    )
