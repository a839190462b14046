"""Row 16: the lower layers of a network, reused for a task with few labels."""

import matplotlib.pyplot as plt
import numpy as np
from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots
from rosenblatt.choosing import fit_transferred, transfer
from rosenblatt.datasets.fashion_mnist import CLASS_NAMES

PULLOVER, T_SHIRT = 2, 0
ROWS = 20
SEEDS = 7

(X_full, y_full), (X_test, y_test) = rb.datasets.fashion_mnist.load_data()
X_full, X_test = X_full / np.float32(255), X_test / np.float32(255)


def of_two_classes(X, y):
    """Images of the two classes left out of the first task, and whether they are pullovers."""
    rows = (y == PULLOVER) | (y == T_SHIRT)
    return X[rows], (y[rows] == PULLOVER).astype("float32")


# Task A: the other eight classes, with many images.
others = [c for c in range(10) if c not in (PULLOVER, T_SHIRT)]
rows = np.isin(y_full, others)
X_a, y_a = X_full[rows], np.searchsorted(others, y_full[rows])
rb.utils.set_random_seed(42)
model_a = rb.Sequential(
    [
        rb.Input((28, 28)),
        rb.layers.Flatten(),
        rb.layers.Dense(100, activation="relu", kernel_initializer="he_normal"),
        rb.layers.Dense(100, activation="relu", kernel_initializer="he_normal"),
        rb.layers.Dense(100, activation="relu", kernel_initializer="he_normal", name="features"),
        rb.layers.Dense(len(others), activation="softmax"),
    ],
    name="eight_classes",
)
model_a.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model_a.fit(X_a, y_a, epochs=epochs(10), validation_split=0.1, verbose=2)
print("Task A knows:", ", ".join(CLASS_NAMES[c] for c in others))

# Task B: pullover or T-shirt, from 20 images, different ones for each seed.
X_b, y_b = of_two_classes(X_full, y_full)
X_test_b, y_test_b = of_two_classes(X_test, y_test)
print(f"Task B: {CLASS_NAMES[PULLOVER]} or {CLASS_NAMES[T_SHIRT]}, from {ROWS} images")


def from_nothing():
    """The same network with random weights."""
    model = rb.models.clone_model(model_a)
    return rb.Model(model.input, rb.layers.Dense(1, "sigmoid")(model.get_layer("features").output))


def reused():
    """The first task's layers, frozen, with a new output."""
    return transfer(model_a, rb.layers.Dense(1, "sigmoid"), last_layer="features")


# Accuracies vary by a point or two from seed to seed and from processor to processor (as do the
# last digits of the first task's weights). How wrong a network is when it errs does not vary: one
# that has only ever seen 20 images is confident in its mistakes.
print("\n        test loss                                test accuracy")
print("  seed  from scratch  frozen only  freed later   from scratch  frozen only  freed later")
losses, accuracies = [], []
for seed in range(SEEDS):
    few = np.random.default_rng(seed).permutation(len(X_b))[:ROWS]
    figures = []
    for build, frozen in ((from_nothing, 0), (reused, epochs(60)), (reused, epochs(30))):
        rb.utils.set_random_seed(seed)
        model = build()
        fit_transferred(
            model,
            X_b[few],
            y_b[few],
            loss="binary_crossentropy",
            metrics=["accuracy"],
            rate_after=1e-3 if build is from_nothing else 1e-4,  # freed: a tenth of the rate
            frozen_epochs=frozen,
            epochs=epochs(60),
            batch_size=4,
            verbose=0,
        )
        figures.append(model.evaluate(X_test_b, y_test_b, verbose=0))
    loss, accuracy = np.transpose(figures)
    losses.append(loss)
    accuracies.append(accuracy)
    print("  {:4}  {:12.4f}  {:11.4f}  {:11.4f}".format(seed, *loss), end="")
    print("  {:13.4f}  {:11.4f}  {:11.4f}".format(*accuracy))

print("  mean  {:12.4f}  {:11.4f}  {:11.4f}".format(*np.mean(losses, axis=0)), end="")
print("  {:13.4f}  {:11.4f}  {:11.4f}".format(*np.mean(accuracies, axis=0)))
shares = [freed / nothing for nothing, _, freed in losses]
print(f"With reused layers the loss is {np.median(shares):.0%} of the other's (median).")

axes = plt.subplots(figsize=(6, 3.5))[1]
labels = ["from nothing", "frozen", "frozen, then freed"]
axes.boxplot(np.array(losses), tick_labels=labels)
axes.set(ylabel=f"test loss, {SEEDS} times {ROWS} images", title="Pullover or T-shirt")
axes.grid(axis="y", alpha=0.3)
print("Saved", plots.save_figure(axes, output("row16_transfer.png")))
