"""The same calls for `rosenblatt.summary` and for tf.summary, whose events are the golden file."""

from __future__ import annotations

from typing import Any

import numpy as np

SECONDS = 1000.0


def write_all(summary: Any, hparams: Any) -> None:
    """Write a value of each kind to the default writer."""
    summary.scalar("loss", 0.5, step=1, description="the *loss*")
    summary.scalar("loss", 1 / 3, step=300)
    summary.scalar("a/b", np.float32(np.inf), step=2**40)
    summary.histogram("w", np.linspace(-1, 2, 50), step=1)
    summary.histogram("four", np.array([1, 2, 2, 3.5]), step=1, buckets=4)
    summary.histogram("flat", np.ones((3, 4), "float32"), step=1, buckets=3)
    summary.histogram("empty", np.zeros((0,)), step=1, buckets=3)
    summary.histogram("counts", np.arange(7), step=1, buckets=3, description="whole numbers")
    summary.image("grey", (np.arange(24).reshape(2, 3, 4, 1) / 20).astype("float32"), step=3)
    summary.image("rgb", np.arange(48).reshape(4, 2, 2, 3).astype("uint8"), step=3, max_outputs=2)
    summary.image("rgba", np.linspace(0, 1, 16, dtype="float32").reshape(1, 2, 2, 4), step=3)
    summary.text("note", "some *markdown* ü", step=4)
    summary.text("table", np.array([["a", "b"], ["c", "d"]]), step=4, description="d")
    sound = np.linspace(-1.1, 1.1, 32, dtype="float32").reshape(2, 8, 2)
    summary.audio("sound", sound, 8000, step=5, max_outputs=1)
    values = {"lr": 0.1, "units": 32, "act": "relu", "bn": True}
    hparams.hparams(values, start_time_secs=SECONDS)
    hparams.hparams_config(
        hparams=[
            hparams.HParam("lr", hparams.RealInterval(1e-4, 0.5), display_name="rate"),
            hparams.HParam("units", hparams.Discrete([16, 32])),
            hparams.HParam("bn", hparams.Discrete([True, False])),
            hparams.HParam("act", hparams.Discrete(["relu", "tanh"])),
            hparams.HParam("n", hparams.IntInterval(1, 3)),
        ],
        metrics=[hparams.Metric("epoch_loss", group="validation", display_name="loss")],
    )


# Arguments of the callback, by name, for the table of tags.
CALLBACKS = {
    "defaults": {},
    "batches": {"update_freq": 2, "write_steps_per_second": True},
    "weights": {"histogram_freq": 2, "write_images": True, "write_graph": False},
    "steps": {"write_steps_per_second": True},
}


def fit(library: Any, log_dir: Any, **options: Any) -> Any:
    """Train a small model for 3 epochs of 5 batches with the callback; give back the model."""
    inputs = library.Input((3,), name="i")
    hidden = library.layers.Dense(2, name="hidden")(inputs)
    model = library.Model(inputs, library.layers.Dense(1, name="out")(hidden), name="net")
    model.compile(loss="mse", optimizer="adam", metrics=["mae"])
    x, y = np.ones((40, 3), "float32"), np.ones((40, 1), "float32")
    callback = library.callbacks.TensorBoard(log_dir, **options)
    model.fit(x, y, validation_data=(x, y), epochs=3, batch_size=8, verbose=0, callbacks=[callback])
    return model
