"""More devices, more data: the same numbers from two devices, two processes, a folder of files."""

import subprocess
import sys
import time

import jax
import matplotlib.pyplot as plt
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots

jax.config.update("jax_num_cpu_devices", 2)  # before anything is computed: the processor in two
(x, y), _, (x_test, y_test) = rb.datasets.california_housing.load_split()
parallel = rb.distribution.DataParallel()


def network():
    """The same network each time: its seed is set."""
    rb.utils.set_random_seed(42)
    normalization = rb.layers.Normalization()
    normalization.adapt(x)
    layers = [normalization, rb.layers.Dense(50, "relu"), rb.layers.Dense(50, "relu")]
    model = rb.Sequential([rb.Input((8,)), *layers, rb.layers.Dense(1)])
    model.compile("adam", "mse", metrics=[rb.metrics.RootMeanSquaredError()])
    return model


print("1. One device, and two")
print("Devices:", *rb.distribution.list_devices())
one = network()
alone = one.fit(x, y, batch_size=30, verbose=0).history
two = network()
with parallel.scope():
    divided = two.fit(x, y, batch_size=30, verbose=0).history
print(f"Loss of one epoch: {alone['loss'][0]:.6f}, {divided['loss'][0]:.6f}")
pairs = zip(one.get_weights(), two.get_weights(), strict=True)
print(f"Weights differ by at most {max(np.abs(a - b).max() for a, b in pairs):.0e}")

print("\n2. When it pays: milliseconds a step")
sizes = [32, 512, 4096]
rng = np.random.default_rng(0)
rows = rng.integers(0, len(x), 40_000)
steps = {"one device": [], "two devices": []}
for size in sizes:
    for name, scope in (("one device", None), ("two devices", parallel)):
        before = rb.distribution.distribution()
        rb.distribution.set_distribution(scope)
        model = network()
        n = max(10_000, 4 * size)
        taken = []
        for _ in range(1 + epochs(5)):  # the first one compiles
            start = time.perf_counter()
            model.fit(x[rows[:n]], y[rows[:n]], batch_size=size, verbose=0)
            taken.append(time.perf_counter() - start)
        steps[name].append(1000 * min(taken[1:]) / -(-n // size))
        rb.distribution.set_distribution(before)
    print(f"Batches of {size:5,}: {steps['one device'][-1]:.3f}, {steps['two devices'][-1]:.3f}")

print("\n3. Rows in files, as many as there are")
names = ["income", "age", "rooms", "bedrooms", "people", "household", "latitude", "longitude"]
folder = output("districts")
folder.mkdir(parents=True, exist_ok=True)
for number, part in enumerate(np.array_split(np.arange(len(x)), 4)):
    columns = dict(zip(names, x[part].T, strict=True)) | {"value": y[part].ravel(), "id": part}
    pq.write_table(pa.table(columns), folder / f"part-{number}.parquet", row_group_size=1000)
data = rb.data.parquet(folder, target="value", drop=["id"], window="64MB")
model = network()
model.fit(data, batch_size=32, epochs=epochs(5), verbose=0)
error = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["root_mean_squared_error"]
print(f"Trained from {len(list(folder.iterdir()))} files: test RMSE {error:.3f}")

print("\n4. Predictions for each file")
predicted = output("predicted")
for path in predicted.glob("*"):  # of an earlier run of this lesson
    path.unlink()
model.predict_folder(folder, predicted, keep=["id", "value"])
lost = predicted / "part-2.parquet"
times = {path.name: path.stat().st_mtime_ns for path in predicted.glob("*.parquet")}
lost.unlink()
model.predict_folder(folder, predicted, keep=["id", "value"])
made = [path.name for path in predicted.glob("*.parquet")
        if path.stat().st_mtime_ns != times[path.name]]  # fmt: skip
print("Made by the second call:", *made)
table = pq.read_table(predicted)
same = np.array_equal(table["prediction"].to_numpy(), model.predict(x, verbose=0).ravel())
print(f"{table.num_rows:,} rows; the same as from memory: {same}")

print("\n5. Two processes, which are started, watched and, where one is lost, started again")
train = ["train", "california_housing", "--epochs", str(epochs(3)), "--quiet"]
launch = [sys.executable, "-m", "rosenblatt", "launch", "--processes", "2", "--restarts", "1", "--"]
subprocess.run([*launch, *train, "--out", output("run")], check=True)
print("Files of the first one:", *sorted(path.name for path in output("run").glob("*.keras")))

axes = plt.subplots()[1]
for name, values in steps.items():
    axes.plot(sizes, values, "o-", label=name)
axes.set(xscale="log", yscale="log", xlabel="rows of a batch", ylabel="ms a step")
axes.legend()
print("Saved", plots.save_figure(axes, output("scaling_steps.png")))
