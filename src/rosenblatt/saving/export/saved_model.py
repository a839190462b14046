"""A TensorFlow SavedModel, which runs in TensorFlow alone: `tf.saved_model.load`, Serving."""

from __future__ import annotations

import importlib
import tempfile
import warnings
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.core.symbolic import tree_map
from rosenblatt.saving.export.program import numpy_dtypes, prediction


def export_saved_model(model: Any, path: Path) -> None:
    """Write a folder with `serve(x)` for any number of rows.

    Raises:
        ImportError: TensorFlow is not installed.
        ValueError: a layer that a program cannot hold; a path that is taken.
    """
    predict = prediction(model, "tf_saved_model")
    tf, convert = _tensorflow()
    if path.exists():
        raise ValueError(explain(f"export: {str(path)!r} exists already.", fix="remove it first."))
    inputs = model._graph.inputs
    shapes = []
    for tensor in inputs:
        sizes = ["b" if axis == 0 else f"s{axis}" for axis in range(len(tensor.shape))]
        known = [n if s is None else str(s) for s, n in zip(tensor.shape, sizes, strict=True)]
        shapes.append("(" + ", ".join(known) + ",)")
    # TensorFlow runs the program where it finds itself, not only where it was made.
    function = convert(
        predict, polymorphic_shapes=shapes, native_serialization_platforms=("cpu", "cuda", "tpu")
    )
    signature = [
        tf.TensorSpec(t.shape, tf.as_dtype(dtype), name=name)
        for t, dtype, name in zip(inputs, numpy_dtypes(model), model.input_names, strict=True)
    ]
    ids = [id(tensor) for tensor in model._graph.outputs]

    def serve(*arrays: Any) -> Any:
        """What the model returns: an array, or a list or dict of them, as from Keras's export."""
        found = dict(zip(ids, function(*arrays), strict=True))
        return tree_map(lambda tensor: found[id(tensor)], model._graph.returned)

    module = tf.Module()
    module.serve = tf.function(serve, input_signature=signature, autograph=False)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        part = Path(folder) / "model"
        tf.saved_model.save(module, str(part), signatures={"serving_default": module.serve})
        part.rename(path)  # whole or not at all


def _tensorflow() -> tuple[Any, Any]:
    try:
        tf = importlib.import_module("tensorflow")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            jax2tf = importlib.import_module("jax.experimental.jax2tf")
    except ImportError as error:
        raise ImportError(
            explain(
                'export: format "tf_saved_model" needs TensorFlow and a JAX with `jax2tf`.',
                given=error,
                fix="`pip install 'rosenblatt[tensorflow]'`.",
            )
        ) from error
    return tf, jax2tf.convert
