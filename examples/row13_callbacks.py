"""Row 13: callbacks. Checkpoints, early stopping, a ratio each epoch, a new rate each batch."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots

train, valid, test = rb.datasets.california_housing.load_split()
(X_train, y_train), (X_test, y_test) = train, test
checkpoints = output("row13_checkpoints")


def new_model(rate: float = 1e-3) -> rb.Sequential:
    """The network of row 9, from the same initial weights each time."""
    rb.utils.set_random_seed(42)
    normalization = rb.layers.Normalization()
    hidden = [rb.layers.Dense(50, activation="relu") for _ in range(3)]
    model = rb.Sequential([rb.Input((8,)), normalization, *hidden, rb.layers.Dense(1)])
    model.compile(
        loss="mse",
        optimizer=rb.optimizers.Adam(learning_rate=rate),
        metrics=[rb.metrics.RootMeanSquaredError()],
    )
    normalization.adapt(X_train)
    return model


# 1. The weights after each epoch: the file holds what training ended with.
path = checkpoints / "my.weights.h5"
model = new_model()
saving = rb.callbacks.ModelCheckpoint(path, save_weights_only=True)
model.fit(X_train, y_train, epochs=epochs(5), callbacks=[saving], verbose=0)
restored = new_model()
restored.load_weights(path)
same = np.array_equal(restored.predict(X_test, verbose=0), model.predict(X_test, verbose=0))
print(f"Restored from the checkpoint, the same predictions: {same}")

# 2. Far more epochs than needed: the best model is kept on disk, and training stops on its own.
best = rb.callbacks.ModelCheckpoint(checkpoints / "best.keras", save_best_only=True)
stopping = rb.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
model = new_model()
history = model.fit(
    X_train, y_train, epochs=epochs(100), validation_data=valid, callbacks=[best, stopping],
    verbose=0,
)  # fmt: skip
losses = history.history["val_loss"]
print(f"Epochs trained: {len(losses)} of {epochs(100)}; the best: {np.argmin(losses) + 1}")
now = model.evaluate(*valid, verbose=0)[0]
loaded = rb.models.load_model(checkpoints / "best.keras").evaluate(*valid, verbose=0)[0]
print(f"Validation loss: best logged {min(losses):.6f}, now {now:.6f}, of the file {loaded:.6f}")
print(f"Test RMSE: {model.evaluate(X_test, y_test, verbose=0)[1]:.4f}")


# 3. A callback of your own: is the network overfitting?
class ValidationTrainRatio(rb.callbacks.Callback):
    """Prints validation loss over training loss after each epoch."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Both are in the logs, as plain floats."""
        print(f"Epoch={epoch}, val/train={logs['val_loss'] / logs['loss']:.2f}")


model = new_model()
ratio = ValidationTrainRatio()
model.fit(
    X_train, y_train, epochs=epochs(5), validation_data=valid, callbacks=[ratio], verbose=0
)  # fmt: skip


# 4. A rate multiplied after every batch. The loss in the logs is the mean over the batches of the
# epoch so far, so the loss of one batch is how much the sum has grown.
class ExponentialRate(rb.callbacks.Callback):
    """Multiplies the learning rate by a factor after each batch; keeps rates and losses."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor
        self.rates: list[float] = []
        self.losses: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """The mean in the logs starts again."""
        self.sum = 0.0

    def on_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """One more batch is in the mean."""
        before, self.sum = self.sum, logs["loss"] * (batch + 1)
        self.rates.append(float(self.model.optimizer.learning_rate))
        self.losses.append(self.sum - before)
        self.model.optimizer.learning_rate *= self.factor


steps = -(-len(X_train) // 32)
model = new_model(rate=1e-5)
growing = ExponentialRate((10 / 1e-5) ** (1 / steps))
model.fit(X_train, y_train, epochs=1, callbacks=[growing], verbose=0)
print(
    f"Batches: {len(growing.losses)}; rates from {growing.rates[0]:.0e} to {growing.rates[-1]:.1f}"
)
start = np.mean(growing.losses[:20])
smooth = np.convolve(growing.losses, np.ones(20) / 20, mode="valid")
falls = growing.rates[int(np.argmin(smooth)) + 19]
print(f"Loss at the start: {start:.2f}; smallest {smooth.min():.2f} at a rate of {falls:.1e}")

axes = plt.subplots(figsize=(6, 3.5))[1]
axes.semilogx(growing.rates, growing.losses)
axes.set(xlabel="learning rate", ylabel="loss of the batch", ylim=(0, 2 * start))
axes.grid(alpha=0.3)
print("Saved", plots.save_figure(axes, output("row13_rates.png")))
