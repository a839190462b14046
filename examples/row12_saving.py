"""Row 12: saving and restoring a model, in every format, and resuming a run that was cut off."""

import runpy
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from _lesson import document, epochs, output

import rosenblatt as rb
from rosenblatt import plots
from rosenblatt.saving.inspection import as_text, inspect_file

temporary = TemporaryDirectory(prefix="rosenblatt-row12-")
folder = Path(temporary.name)
train, valid, (X_test, y_test) = rb.datasets.california_housing.load_split()
X_train, y_train = train
few = X_test[:5].astype("float32")


def build():
    """The chapter's network, with dropout: a resumed run has random numbers to restore as well."""
    rb.utils.set_random_seed(42)
    normalization = rb.layers.Normalization()
    normalization.adapt(X_train)
    model = rb.Sequential(
        [
            rb.Input(X_train.shape[1:], name="features"),
            normalization,
            rb.layers.Dense(50, activation="relu"),
            rb.layers.Dropout(0.05),
            rb.layers.Dense(50, activation="relu"),
            rb.layers.Dense(1, name="price"),
        ],
        name="housing",
    )
    model.compile(loss="mse", optimizer=rb.optimizers.Adam(1e-3), metrics=["mae"])
    return model


model = build()
model.fit(X_train, y_train, epochs=epochs(5), validation_data=valid, verbose=2)
expected = model.predict(few, verbose=0)

print("\n1. The whole model: layers, weights, compile settings, optimizer")
model.save(folder / "housing.keras")
loaded = rb.models.load_model(folder / "housing.keras")
same = np.array_equal(loaded.predict(few, verbose=0), expected)
print("   Predictions equal, bit for bit:", same)
for one in (model, loaded):  # Adam's moments and step count are in the file too
    rb.utils.set_random_seed(7)
    one.fit(X_train, y_train, epochs=1, verbose=0)
pairs = zip(model.get_weights(), loaded.get_weights(), strict=True)
print("   And after another epoch of both:", all(np.array_equal(a, b) for a, b in pairs))
print(as_text(inspect_file(folder / "housing.keras")).split("Values:")[0].replace("\n", "\n   "))

print("2. Weights alone, into a model built the same way")
model.save_weights(folder / "housing.weights.h5")
other = build()
report = other.load_weights(folder / "housing.weights.h5")
print("   Loaded into:", ", ".join(report.matched))
expected = model.predict(few, verbose=0)
print("   Predictions equal:", np.array_equal(other.predict(few, verbose=0), expected))

print("3. Formats for other programs")
model.save(folder / "housing.h5")  # Keras 2 and tf.keras
for name, format in (("onnx", "onnx"), ("stablehlo", "stablehlo"), ("npz", "npz")):
    model.export(folder / f"housing.{name}", format=format)
predict = runpy.run_path(str(document("npz_loader.py")))["load"](folder / "housing.npz")
model.export(folder / "housing")  # a SavedModel
differences = {
    "SavedModel, as a layer": rb.layers.TFSMLayer(folder / "housing")(few) - expected,
    "h5": rb.models.load_model(folder / "housing.h5").predict(few, verbose=0) - expected,
    "npz, with NumPy alone": predict(few) - expected,
}
code = """
import sys, numpy as np, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
np.save(sys.argv[3], session.run(None, {session.get_inputs()[0].name: np.load(sys.argv[2])})[0])
"""
np.save(folder / "x.npy", few)
paths = [str(folder / name) for name in ("housing.onnx", "x.npy", "y.npy")]
if subprocess.run([sys.executable, "-c", code, *paths], capture_output=True).returncode == 0:
    differences["onnx, with ONNX Runtime alone"] = np.load(folder / "y.npy") - expected
else:
    print("   onnx: written; ONNX Runtime is not installed, so it was not run here")
for name, difference in differences.items():
    print(f"   {name}: largest difference {np.abs(difference).max():.1e}")
for path in sorted(folder.glob("housing.*")):
    print(f"   {path.name:20} {path.stat().st_size:8,} bytes")

print("4. A run that is cut off resumes where it stopped")
whole = build()
history = whole.fit(X_train, y_train, epochs=epochs(6), validation_data=valid, verbose=0)


class PowerCut(rb.callbacks.Callback):
    """Interrupts the run in the middle."""

    def on_epoch_end(self, epoch, logs=None):
        """Fail after half of the epochs."""
        if epoch + 1 == epochs(6) // 2:
            raise SystemExit


options = {"epochs": epochs(6), "validation_data": valid, "verbose": 0}
try:
    build().fit(X_train, y_train, resume_from=folder / "run", callbacks=[PowerCut()], **options)
except SystemExit:
    print(f"   Cut off after epoch {epochs(6) // 2}.")
resumed = build()
rest = resumed.fit(X_train, y_train, resume_from=folder / "run", **options)
print("   Epochs trained after that:", [epoch + 1 for epoch in rest.epoch][-epochs(6) // 2 :])
pairs = zip(whole.get_weights(), resumed.get_weights(), strict=True)
equal = all(np.array_equal(one, other) for one, other in pairs)
print("   Weights equal to the run that was not cut off:", equal)

axes = plots.learning_curves(history, names=["loss"])
print("Saved", plots.save_figure(axes, output("row12_learning_curves.png")))
temporary.cleanup()
