"""Row 16: choosing a network, its learning rate and its batch size."""

import matplotlib.pyplot as plt
import numpy as np
from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots
from rosenblatt.choosing import find_learning_rate, recommend, stretch_pants
from rosenblatt.optimizers import schedules

train, valid, test = rb.datasets.california_housing.load_split()
print("1. A first network, by the guidelines")
spec = recommend(*train)
print(spec)
rb.utils.set_random_seed(42)
first = spec.build()
first.fit(*train, epochs=epochs(20), validation_data=valid, verbose=0)
print(f"Recommended: test RMSE {first.evaluate(*test, verbose=0)[1]:.4f}")

print("\n2. Stretch pants: wider than needed, with early stopping")
rb.utils.set_random_seed(42)
wide = stretch_pants(spec)
history = wide.fit(*train, epochs=epochs(100), validation_data=valid, verbose=0)
print(f"{wide.model.count_params():,} parameters, dropout {wide.dropout:.2f}, ", end="")
print(f"stopped after {len(history.epoch)} epochs")
print(f"Stretch pants: test RMSE {wide.model.evaluate(*test, verbose=0)[1]:.4f}")

print("\n3. A learning rate, from 500 steps at growing rates")
rb.utils.set_random_seed(42)
model = spec.build()
found = find_learning_rate(model, *train)
print(f"Lowest loss at rate {found.turning_point:.2g}; suggestion {found.suggestion:.2g}")
print(f"({found.rule})")
print("Saved", plots.save_figure(found.plot(), output("row16_learning_rate.png")))

print("\n4. A large batch allows a larger rate, which must warm up")
(X_full, y_full), _ = rb.datasets.fashion_mnist.load_data()
X_full = X_full / np.float32(255)
X_train, y_train, X_valid, y_valid = X_full[:-5000], y_full[:-5000], X_full[-5000:], y_full[-5000:]
BATCH, SMALL_RATE, RATE = 8_192, 1e-3, 0.03
steps = -(-len(X_train) // BATCH)
total = steps * epochs(12)
print(f"{steps} steps an epoch instead of {-(-len(X_train) // 32):,}: each must go further.")


def network():
    """The chapter's network for images."""
    rb.utils.set_random_seed(42)
    return rb.Sequential(
        [
            rb.Input((28, 28)),
            rb.layers.Flatten(),
            rb.layers.Dense(300, activation="relu"),
            rb.layers.Dense(100, activation="relu"),
            rb.layers.Dense(10, activation="softmax"),
        ]
    )


plans = {
    f"rate {SMALL_RATE}": SMALL_RATE,
    f"rate {RATE}": RATE,
    f"warm-up to {RATE}": schedules.WarmUp(RATE, total // 3),
}
curves = {}
for name, plan in plans.items():
    model = network()
    model.compile(rb.optimizers.Adam(plan), "sparse_categorical_crossentropy", metrics=["accuracy"])
    curves[name] = model.fit(
        X_train,
        y_train,
        batch_size=BATCH,
        epochs=epochs(12),
        validation_data=(X_valid, y_valid),
        verbose=0,
    ).history
    print(f"{name:16} validation accuracy {curves[name]['val_accuracy'][-1]:.4f}, ", end="")
    print(f"worst loss of an epoch {max(curves[name]['loss']):.3g}")

axes = plt.subplots(figsize=(7, 4))[1]
for name, history in curves.items():
    axes.plot(np.arange(1, len(history["loss"]) + 1), history["val_accuracy"], label=name)
axes.set(xlabel="epoch", ylabel="validation accuracy", title=f"Batches of {BATCH:,} images")
axes.grid(alpha=0.3)
axes.legend()
print("Saved", plots.save_figure(axes, output("row16_large_batches.png")))
