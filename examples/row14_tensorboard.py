"""Row 14: TensorBoard. Two runs with different rates, summaries by hand, reading them back."""

from __future__ import annotations

import numpy as np
from _lesson import epochs, output

import rosenblatt as rb

logs = output("row14_logs")

# 1. Two runs of one network, each in its own folder.
(x_train, y_train), (x_valid, y_valid), _ = rb.datasets.california_housing.load_split()
for rate in (1e-3, 3e-3):
    rb.utils.set_random_seed(42)
    normalization = rb.layers.Normalization()
    normalization.adapt(x_train)
    hidden = [rb.layers.Dense(30, activation="relu") for _ in range(2)]
    model = rb.Sequential([rb.Input((8,)), normalization, *hidden, rb.layers.Dense(1)])
    model.compile(loss="mse", optimizer=rb.optimizers.Adam(learning_rate=rate))
    folder = logs / f"rate_{rate:g}"
    board = rb.callbacks.TensorBoard(folder, histogram_freq=1)
    chosen = rb.callbacks.HParams(folder, {"rate": rate})
    model.fit(
        x_train, y_train, validation_data=(x_valid, y_valid), epochs=epochs(5), verbose=0,
        callbacks=[board, chosen],
    )  # fmt: skip

# 2. Summaries by hand, as with tf.summary: no model is needed.
writer = rb.summary.create_file_writer(logs / "by_hand")
with writer.as_default():
    for step in range(1, 101):
        rb.summary.scalar("my_scalar", np.sin(step / 10), step=step)
        data = (np.random.default_rng(step).standard_normal(100) + 2) * step / 100
        rb.summary.histogram("my_hist", data, buckets=50, step=step)
    images = np.random.default_rng(0).random((2, 32, 32, 3)) * step / 100
    rb.summary.image("my_images", images, step=step)
    rb.summary.text("my_text", ["The step is 100", "Its square is 10000"], step=step)
    sine = np.sin(np.arange(12000) * 2 * np.pi * 440 / 48000).astype("float32")
    rb.summary.audio("my_audio", sine.reshape(1, -1, 1), sample_rate=48000, step=step)
writer.close()

# 3. What was written, as a data frame and as a picture.
frame = rb.tensorboard.load(logs)
losses = frame.filter(frame["tag"] == "epoch_loss")
for run in sorted(set(losses["run"])):
    print(f"{run}: last loss {losses.filter(losses['run'] == run)['value'][-1]:.4f}")
curves = {
    run.replace("/", " "): losses.filter(losses["run"] == run)["value"].to_list()
    for run in sorted(set(losses["run"]))
}
path = rb.plots.save_figure(rb.plots.learning_curves(curves), output("row14_curves.png"))
print(f"Scalars by hand: {len(frame.filter(frame['tag'] == 'my_scalar'))}")
print(f"Saved {path}")
print(f"Open them with: rosenblatt tensorboard {logs}")
