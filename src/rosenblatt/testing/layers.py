"""What every layer keeps to."""

from __future__ import annotations

import copy
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np

from rosenblatt.core.registry import custom_object_scope
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.types import Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.input import Input
from rosenblatt.models.model import Model
from rosenblatt.saving.model_files import load_model
from rosenblatt.testing.check import Check, checks, config_makes_an_equal_part, same

Make = Callable[[], Layer]


def layer_checks(make: Make, inputs: Tree, *, smooth: bool = True) -> list[Check]:
    """What every layer keeps to, for a layer and a batch of inputs.

    Args:
        make: makes a new layer: the class, or a function without arguments.
        inputs: a batch, an array (rows, …) or a list of arrays; at least three rows.
        smooth: whether the layer has a derivative at the inputs.

    Returns:
        Checks for `@pytest.mark.parametrize("check", layer_checks(...), ids=str)`; each raises
        `AssertionError` when it is called and the layer does not keep to it.
    """
    all_of_them: list[Callable[..., None]] = [
        config_makes_an_equal_part, _shapes_are_inferred, _copies_compute_the_same,
        _compiled_as_by_hand, _files_compute_the_same, _rows_are_as_apart_as_it_says,
        _parts_of_a_batch_are_padded_rightly, _short_floats_stay_short,
    ]  # fmt: skip
    found = checks(all_of_them[:1], make) + checks(all_of_them[1:], make, inputs)
    return found + checks([_gradients_are_central_differences][: int(smooth)], make, inputs)


def _built(make: Make, inputs: Tree) -> tuple[Layer, Tree]:
    layer = make()
    return layer, layer(inputs)


def _model_of(layer: Layer, inputs: Tree) -> Model:
    symbolic = tree_map(lambda x: Input(x.shape[1:], dtype=str(x.dtype)), inputs)
    return Model(symbolic, layer(symbolic))


def _shapes_are_inferred(make: Make, inputs: Tree) -> None:
    layer, outputs = _built(make, inputs)
    rows = len(tree_leaves(inputs)[0])
    for symbolic, real in zip(
        tree_leaves(_model_of(layer, inputs).outputs), tree_leaves(outputs), strict=True
    ):
        shape = tuple(rows if size is None else size for size in symbolic.shape)
        assert (shape, symbolic.dtype) == (tuple(real.shape), str(real.dtype)), (
            f"{type(layer).__name__}: on symbolic tensors it gives {symbolic}, "
            f"on arrays {real.shape}, {real.dtype}"
        )


def _copies_compute_the_same(make: Make, inputs: Tree) -> None:
    layer, outputs = _built(make, inputs)
    other, _ = _built(make, inputs)
    other.set_weights(layer.get_weights())
    same(other(inputs), outputs, "a layer with the same weights")
    same(copy.deepcopy(layer)(inputs), outputs, "a deep copy")
    try:
        stored = pickle.dumps(layer)
    except (pickle.PicklingError, AttributeError):
        return  # a class inside a function cannot be pickled, whatever it does
    same(pickle.loads(stored)(inputs), outputs, "an unpickled layer")


def _compiled_as_by_hand(make: Make, inputs: Tree) -> None:
    layer, outputs = _built(make, inputs)
    same(_model_of(layer, inputs).predict(inputs, verbose=0), outputs, "`predict`")


def _files_compute_the_same(make: Make, inputs: Tree) -> None:
    layer, outputs = _built(make, inputs)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        _model_of(layer, inputs).save(path)
        with custom_object_scope({type(layer).__name__: type(layer)}):
            loaded = load_model(path)
    same(loaded.predict(inputs, verbose=0), outputs, "a model from a file")


def _rows_are_as_apart_as_it_says(make: Make, inputs: Tree) -> None:
    layer, outputs = _built(make, inputs)
    if not layer.row_independent:
        return
    fewer = layer(tree_map(lambda x: x[:2], inputs))
    message = f"{type(layer).__name__}: a row depends on others; set `row_independent = False`"
    same(fewer, tree_map(lambda x: x[:2], outputs), message)


def _parts_of_a_batch_are_padded_rightly(make: Make, inputs: Tree) -> None:
    layer, outputs = _built(make, inputs)
    if not layer.row_independent:
        return
    model = _model_of(layer, inputs)
    same(model.predict(inputs, batch_size=2, verbose=0), outputs, "`predict(batch_size=2)`")


def _short_floats_stay_short(make: Make, inputs: Tree) -> None:
    layer = make()
    config = layer.get_config()
    if "dtype" not in config or "layer" in config or getattr(layer, "reads_raw", False):
        return  # a layer inside has a dtype of its own; what is read of raw columns stays exact
    short = type(layer).from_config({**config, "dtype": "bfloat16"})
    for output in tree_leaves(short(inputs)):
        assert str(output.dtype) in ("bfloat16", "int32", "bool"), (
            f"{type(layer).__name__}: with dtype bfloat16 it gives {output.dtype}"
        )


def _gradients_are_central_differences(make: Make, inputs: Tree) -> None:
    layer, _ = _built(make, inputs)
    rng = np.random.default_rng(0)

    def total(values: Tree) -> jax.Array:
        return sum(leaf.sum() for leaf in tree_leaves(layer(values)))

    floats = tree_map(lambda x: np.asarray(x, "float32"), inputs)
    directions = tree_map(lambda x: rng.normal(size=x.shape).astype("float32"), floats)
    step = 1e-2
    up, down = (
        total(tree_map(lambda x, d, s=s: x + s * d, floats, directions)) for s in (step, -step)
    )
    slopes = jax.grad(total)(floats)
    expected = sum(
        float((slope * d).sum())
        for slope, d in zip(tree_leaves(slopes), tree_leaves(directions), strict=True)
    )
    same(float(up - down) / (2 * step), expected, "the gradient of the inputs", 2e-2)
