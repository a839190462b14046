"""Row 3: the multilayer perceptron and backpropagation, with nothing hidden.

The gradients of a small network three ways (the chain rule written out, JAX, one training step of
the library); why weights start random; activation functions and their derivatives.
"""

import jax
import jax.numpy as jnp
import numpy as np
from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots

rng = np.random.default_rng(42)
X = rng.normal(size=(8, 2)).astype("float32")
y = (X[:, :1] * X[:, 1:]).astype("float32")


def forward(weights, x):
    """Two inputs, three tanh neurons, one linear output."""
    w1, b1, w2, b2 = weights
    hidden = jnp.tanh(x @ w1 + b1)
    return hidden, hidden @ w2 + b2


def gradients_by_hand(weights, x, y):
    """Reverse-mode differentiation: from the error back to every weight, one step at a time."""
    _, _, w2, _ = weights
    hidden, prediction = forward(weights, x)
    d_prediction = 2 * (prediction - y) / y.size  # of the mean squared error
    d_w2 = hidden.T @ d_prediction
    d_b2 = d_prediction.sum(axis=0)
    d_hidden = d_prediction @ w2.T
    d_z1 = d_hidden * (1 - hidden**2)  # tanh'(z) = 1 − tanh(z)²
    return [x.T @ d_z1, d_z1.sum(axis=0), d_w2, d_b2]


def mlp(kernel_initializer="glorot_uniform", units=3):
    """The same network in the Keras API; SGD with a rate of 1 moves weights by their gradients."""
    dense = rb.layers.Dense
    layers = [
        rb.Input((2,)),
        dense(units, activation="tanh", kernel_initializer=kernel_initializer),
        dense(1, kernel_initializer=kernel_initializer),
    ]
    model = rb.Sequential(layers)
    model.compile(loss="mse", optimizer=rb.optimizers.SGD(learning_rate=1.0))
    return model


print("1. One gradient, three ways")
rb.utils.set_random_seed(42)
model = mlp()
before = model.get_weights()
by_hand = gradients_by_hand(before, X, y)
by_jax = jax.grad(lambda w: jnp.mean((forward(w, X)[1] - y) ** 2))(before)
model.train_on_batch(X, y)
by_library = [old - new for old, new in zip(before, model.get_weights(), strict=True)]
for name, *three in zip(["W1", "b1", "W2", "b2"], by_hand, by_jax, by_library, strict=True):
    first = ", ".join(f"{np.asarray(g).flat[0]:+.6f}" for g in three)
    print(f"   d loss / d {name}, first entry, by hand / JAX / library: {first}")
worst = max(
    float(np.abs(np.asarray(a) - np.asarray(b)).max())
    for other in (by_jax, by_library)
    for a, b in zip(by_hand, other, strict=True)
)
print(f"   Largest difference of any entry: {worst:.1e}")

print("2. Equal weights stay equal")
rounds = epochs(200)
for initializer in [rb.initializers.Constant(0.5), rb.initializers.GlorotUniform(seed=42)]:
    model = mlp(initializer)
    model.optimizer.learning_rate = 0.1
    history = model.fit(X, y, batch_size=8, epochs=rounds, verbose=0)
    kernel = model.get_weights()[0]
    spread = float(np.ptp(kernel, axis=1).max())
    name = type(initializer).__name__
    loss = history.history["loss"][-1]
    print(f"   {name}: loss {loss:.4f}; the three neurons' weights differ by at most {spread:.4f}")
print("   Neurons that start equal get equal gradients: together they are worth only one.")

print("3. Activation functions and their derivatives")
points = np.array([-2.0, -0.5, 0.5, 2.0])
print("   z                    " + "".join(f"{z:>9.1f}" for z in points))
for name, rows in plots.activation_table(points).items():
    for label, row in zip((name, f"{name}'"), rows, strict=True):
        print(f"   {label:<21}" + "".join(f"{value:>9.4f}" for value in row))
axes = plots.activation_functions()
print("Saved", plots.save_figure(axes[0], output("row03_activation_functions.png")))
