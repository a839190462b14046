"""Compile the training loop of a network of 30 small layers; prints the seconds it took.

python -m bench.children.compile_deep rosenblatt|jax
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

_LAYERS, _UNITS, _BATCH, _STEPS = 30, 16, 32, 20


def main(library: str) -> None:
    """From arrays to trained: building the model counts, imports do not."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(_BATCH * _STEPS, _UNITS)).astype(np.float32)
    y = x[:, :1].copy()
    print({"rosenblatt": with_rosenblatt, "jax": with_jax}[library](x, y))


def with_rosenblatt(x: np.ndarray, y: np.ndarray) -> float:
    """A Sequential model and one epoch of `fit`."""
    import rosenblatt as rb

    names = (rb.Sequential, rb.layers.Dense, rb.optimizers.Adam)  # loaded when they are used
    assert all(names)
    start = time.perf_counter()
    hidden = [rb.layers.Dense(_UNITS, activation="relu") for _ in range(_LAYERS - 1)]
    model = rb.Sequential([rb.Input((_UNITS,)), *hidden, rb.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y, batch_size=_BATCH, shuffle=False, verbose=0)
    return time.perf_counter() - start


def with_jax(x: np.ndarray, y: np.ndarray) -> float:
    """The same network, loss and optimizer written by hand as one loop."""
    import jax
    import jax.numpy as jnp

    rng = np.random.default_rng(0)
    sizes = [(_UNITS, _UNITS)] * (_LAYERS - 1) + [(_UNITS, 1)]
    kernels = [rng.normal(0, 0.2, size).astype(np.float32) for size in sizes]
    parameters = [p for kernel in kernels for p in (kernel, np.zeros(kernel.shape[1], np.float32))]

    def loss(parameters: list[Any], x: Any, y: Any) -> Any:
        for index in range(0, 2 * _LAYERS, 2):
            x = x @ parameters[index] + parameters[index + 1]
            if index < 2 * _LAYERS - 2:
                x = jax.nn.relu(x)
        return jnp.mean((x - y) ** 2)

    def epoch(state: Any, x: Any, y: Any, steps: Any) -> Any:
        def step(index: Any, state: Any) -> Any:
            values, means, squares, count, total = state
            error, gradients = jax.value_and_grad(loss)(values, x[index], y[index])
            count = count + 1
            rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            means = [m + (g - m) * 0.1 for m, g in zip(means, gradients, strict=True)]
            squares = [s + (g * g - s) * 0.001 for s, g in zip(squares, gradients, strict=True)]
            slots = zip(values, means, squares, strict=True)
            values = [v - rate * m / (jnp.sqrt(s) + 1e-7) for v, m, s in slots]
            return values, means, squares, count, total + error

        return jax.lax.fori_loop(0, steps, step, state)

    zeros = [np.zeros_like(p) for p in parameters]
    state = (parameters, zeros, zeros, np.float32(0), np.float32(0))
    blocks = (x.reshape(_STEPS, _BATCH, -1), y.reshape(_STEPS, _BATCH, 1))
    start = time.perf_counter()
    jax.block_until_ready(jax.jit(epoch)(state, *blocks, np.int32(_STEPS)))
    return time.perf_counter() - start


if __name__ == "__main__":
    main(*sys.argv[1:])
