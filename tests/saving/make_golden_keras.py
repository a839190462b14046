"""Write small files with a release of real Keras, and what its models predict.

Each release stands in a folder of its own, beside the packages it needs:

    pip install --no-deps --target /tmp/keras-3.3 keras==3.3.3
    export KERAS_BACKEND=tensorflow PYTHONPATH=/tmp/keras-3.3
    python tests/saving/make_golden_keras.py keras

`tf_keras` in place of `keras` writes those of Keras 2.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent / "golden"
RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 4)).astype("float32")
IDS = RNG.integers(0, 6, (8, 2)).astype("int32")
CLASSES = RNG.integers(0, 3, 8)


def sequential(k: Any) -> tuple[Any, list[np.ndarray], Any]:
    """Adapted statistics, a penalty, batch statistics, Adam."""
    normalization = k.layers.Normalization()
    normalization.adapt(X)
    model = k.Sequential(
        [
            k.Input((4,)),
            normalization,
            k.layers.Dense(5, activation="relu", kernel_regularizer=k.regularizers.L2(0.01)),
            k.layers.BatchNormalization(momentum=0.5),
            k.layers.Dropout(0.2),
            k.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(
        k.optimizers.Adam(0.02), k.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"]
    )
    return model, [X], CLASSES


def functional(k: Any) -> tuple[Any, list[np.ndarray], Any]:
    """Two inputs, two outputs, layers of several families, momentum."""
    x, ids = k.Input((4,), name="x"), k.Input((2,), dtype="int32", name="ids")
    embedded = k.layers.Flatten()(k.layers.Embedding(6, 3)(ids))
    h = k.layers.Concatenate()([k.layers.LayerNormalization()(x), embedded])
    h = k.layers.PReLU()(k.layers.Dense(4, kernel_initializer="he_normal")(h))
    h = k.layers.Add()([h, k.layers.Dense(4, activation="tanh", use_bias=False)(x)])
    price = k.layers.Dense(1, name="price")(h)
    kind = k.layers.Dense(3, activation="softmax", name="kind")(h)
    model = k.Model([x, ids], [price, kind])
    losses = ["mean_squared_error", "sparse_categorical_crossentropy"]
    model.compile(k.optimizers.SGD(0.02, momentum=0.9, nesterov=True), losses)
    return model, [X, IDS], [X[:, :1], CLASSES]


def nested(k: Any) -> tuple[Any, list[np.ndarray], Any]:
    """A model in a model, used twice, and a part that does not train."""
    inner = k.Sequential(
        [k.Input((2,)), k.layers.Dense(3, activation="elu"), k.layers.Dense(2)], name="inner"
    )
    inner.layers[-2].trainable = False
    x = k.Input((4,), name="x")
    first = inner(k.layers.Dense(2, name="first")(x))
    second = inner(k.layers.Dense(2, name="second")(x))
    outputs = k.layers.Dense(1)(k.layers.Multiply()([first, second]))
    model = k.Model(x, outputs)
    model.compile(k.optimizers.RMSprop(0.01), "mean_absolute_error")
    return model, [X], X[:, :1]


MODELS = {"sequential": sequential, "functional": functional, "nested": nested}


def main(library: str) -> None:
    """Write all files of one release."""
    k = importlib.import_module(library)
    folder = HERE / f"{library}-{k.__version__}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    k.utils.set_random_seed(1)
    for name, make in MODELS.items():
        model, x, y = make(k)
        model.fit(x if len(x) > 1 else x[0], y, epochs=2, batch_size=4, verbose=0)
        found = model.predict(x if len(x) > 1 else x[0], verbose=0)
        outputs = found if isinstance(found, list) else [found]
        np.savez(folder / f"{name}.npz", *outputs)
        if library == "keras":
            model.save(folder / f"{name}.keras")
        if library == "tf_keras" or name == "functional":  # the others' are much the same
            model.save(folder / f"{name}.h5")
            model.save_weights(folder / f"{name}.weights.h5")


if __name__ == "__main__":
    main(*sys.argv[1:])
