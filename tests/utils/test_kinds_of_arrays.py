"""Functions of `utils` give back the kind of array that they got, as Keras's on JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rosenblatt as rb


@pytest.mark.parametrize("classes", [3, 5, None])
@pytest.mark.parametrize("make", [np.array, jnp.array, list, tuple])
@pytest.mark.parametrize("labels", [[0, 2, 1], [[0], [2]], [[0, 1], [2, 2]]])
def test_to_categorical(labels: Any, make: Any, classes: int | None, keras: Any) -> None:
    given = make(labels)
    ours = rb.utils.to_categorical(given, classes)
    theirs = keras.utils.to_categorical(given, classes or 3)  # a JAX array needs the number there
    assert type(ours) is type(theirs)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_to_categorical_in_a_compiled_function(keras: Any) -> None:
    labels = jnp.array([0, 2, -1])
    for library in (rb, keras):
        found = jax.jit(lambda x, u=library.utils: u.to_categorical(x, 3))(labels)
        np.testing.assert_array_equal(found, [[1, 0, 0], [0, 0, 1], [0, 0, 0]])
    with pytest.raises(ValueError, match="pass `num_classes=`"):
        jax.jit(rb.utils.to_categorical)(labels)
    with pytest.raises(ValueError, match="a label outside the classes"):
        rb.utils.to_categorical(labels, 3)


@pytest.mark.parametrize("make", [np.array, jnp.array])
def test_normalize(make: Any, keras: Any) -> None:
    given = make([[3.0, 4.0], [0.0, 0.0]])
    ours, theirs = rb.utils.normalize(given), keras.utils.normalize(given)
    assert type(ours) is type(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
