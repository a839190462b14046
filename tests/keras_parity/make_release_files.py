"""Write small files with a release of Keras: every layer in a model, and configs of all parts.

Each release stands in a folder of its own, beside the packages it needs:

    pip install --no-deps --target /tmp/keras-3.3 keras==3.3.3
    KERAS_BACKEND=jax PYTHONPATH=/tmp/keras-3.3 python tests/keras_parity/make_release_files.py

Releases before 3.10 want a JAX of their time (0.4).
"""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from released import calls, classes, data, inner_model, parts

HERE = Path(__file__).parent / "releases"


def layers_model(k: Any) -> Any:
    """Every layer that the release has, each on one of four inputs."""
    inputs = {
        "steps": k.Input((4, 3), name="steps"),
        "rows": k.Input((3,), name="rows"),
        "more": k.Input((3,), name="more"),
        "ids": k.Input((4,), dtype="int32", name="ids"),
    }
    outputs = [call(inputs) for call in calls(k).values()]
    outputs.append(k.ops.mean(k.ops.relu(inputs["steps"]) * 2.0 + 1.0, axis=1))
    outputs.append(inner_model(k)(inputs["rows"]))
    return k.Model(list(inputs.values()), outputs, name="layers")


def users_model(k: Any) -> Any:
    """A user's registered layer, activation, initializer and loss, and dtypes given as policies."""
    Scaled, doubled, filled, own_loss = classes(k)
    x = k.Input((3,), name="x")
    h = Scaled(2.0, name="scaled")(x)
    h = k.layers.Dense(4, activation=doubled, kernel_initializer=filled, name="first")(h)
    h = k.layers.Dense(4, dtype="mixed_bfloat16", name="mixed")(h)
    h = k.layers.Activation(doubled, dtype="float32", name="activation")(h)
    policy = getattr(k, "DTypePolicy", None) or k.mixed_precision.DTypePolicy
    outputs = k.layers.Dense(1, dtype=policy("float32"), name="out")(h)
    model = k.Model(x, outputs, name="users")
    model.compile(k.optimizers.Adam(0.01), own_loss, metrics=[own_loss, "mae"])
    return model


def configs(k: Any) -> dict[str, Any]:
    """The configs of all parts of the release."""
    found = {}
    for name, make in parts(k).items():
        found[name] = k.saving.serialize_keras_object(make())
    return found


def written(model: Any, folder: Path, name: str, values: list[np.ndarray]) -> None:
    """A model's file and weights, and what it predicts."""
    for index, variable in enumerate(model.trainable_weights):  # of no random generator
        shape = tuple(variable.shape)
        filled = 0.1 + 0.05 * ((np.arange(int(np.prod(shape))) + index) % 7)
        variable.assign(filled.reshape(shape).astype("float32"))
    found = model.predict(values if len(values) > 1 else values[0], verbose=0)
    found = found if isinstance(found, list) else [found]
    np.savez(folder / f"{name}.npz", *[np.asarray(one, "float32") for one in found])
    model.save(folder / f"{name}.keras")
    model.save_weights(folder / f"{name}.weights.h5")


def main() -> None:
    """Write the files of one release."""
    import keras as k

    folder = HERE / k.__version__
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    k.utils.set_random_seed(1)
    values = data()
    written(
        layers_model(k), folder, "layers", [values[n] for n in ("steps", "rows", "more", "ids")]
    )
    model = users_model(k)
    model.fit(values["rows"], values["rows"][:, :1], epochs=1, verbose=0)
    written(model, folder, "users", [values["rows"]])
    model.save(folder / "users.h5")
    (folder / "configs.json").write_text(json.dumps(configs(k)), encoding="utf-8")
    for path in folder.iterdir():  # HDF5 is mostly zeros
        with gzip.GzipFile(f"{path}.gz", "wb", mtime=0) as file:
            file.write(path.read_bytes())
        path.unlink()


if __name__ == "__main__":
    main()
