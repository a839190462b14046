"""Arguments of `random` in the forms that Keras takes and refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

DRAWS: dict[str, tuple[Any, ...]] = {
    "normal": (), "uniform": (), "truncated_normal": (), "randint": (0, 5), "gamma": (1.0,),
    "beta": (1.0, 2.0), "binomial": (4, 0.5),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWS)
def test_a_number_is_a_vectors_shape(keras: Any, name: str) -> None:
    for shape in (3, (3,), [3], (2, 3), (), (0, 3)):
        ours, theirs = (
            getattr(lib.random, name)(shape, *DRAWS[name], seed=1) for lib in (rb, keras)
        )
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_is_an_integer(name: str) -> None:
    with pytest.raises(ValueError, match=rf"random.{name}: bad `seed`. Given: 1.5. Expected: an"):
        getattr(rb.random, name)((2,), *DRAWS[name], seed=1.5)


@pytest.mark.parametrize("seed", [-1, 2**32, -(2**31), 2**40])
def test_a_seed_that_does_not_fit(seed: int, keras: Any) -> None:
    uses = {
        "SeedGenerator": lambda lib: lib.random.SeedGenerator(seed),
        "random": lambda lib: lib.random.normal((2,), seed=seed),
        "RandomNormal": lambda lib: lib.initializers.RandomNormal(seed=seed)((2,)),
        "Dropout": lambda lib: lib.layers.Dropout(0.5, seed=seed)(np.ones((1, 4)), training=True),
    }
    for name, use in uses.items():
        with pytest.raises(OverflowError):
            use(keras)
        with pytest.raises(OverflowError, match=f"bad `seed`. Given: {seed}. Expected: an int"):
            use(rb)
        with pytest.raises(ValueError, match=f"^{name.replace('Dropout', 'SeedGenerator')}: bad"):
            use(rb)


def test_the_largest_seed(keras: Any) -> None:
    ours, theirs = (lib.random.SeedGenerator(2**32 - 1) for lib in (rb, keras))
    np.testing.assert_array_equal(ours.state, theirs.state)
    for name in ("normal", "uniform"):
        draws = [getattr(lib.random, name)((3,), seed=2**32 - 1) for lib in (rb, keras)]
        np.testing.assert_allclose(*draws, rtol=1e-5)
