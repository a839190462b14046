"""Every layer under every policy, in each way of calling it: dtypes and values of Keras."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from test_conformance import CASES, Case

import rosenblatt as rb

# 16 bits overflow, integers have no gradients.
pytestmark = pytest.mark.filterwarnings("ignore")

ONE_OF_EACH = {case.name: case for case in reversed(CASES)}
# The digits that a policy keeps: the last of a sum of a few terms is free.
POLICIES = {
    "float32": 1e-5,
    "float16": 8e-3,
    "bfloat16": 6e-2,
    "mixed_float16": 8e-3,
    "mixed_bfloat16": 6e-2,
    "float64": 1e-5,
}


@pytest.fixture(autouse=True)
def wide_types(request: pytest.FixtureRequest) -> Iterator[None]:
    """The policy float64 turns JAX's types of 64 bits on for the whole process: off again."""
    before = jax.config.jax_enable_x64
    if request.node.callspec.params.get("policy") == "float64":
        jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def inputs_of(library: Any, case: Case) -> Any:
    inputs = [library.Input(shape[1:]) for shape in case.shapes]
    return inputs if len(inputs) > 1 else inputs[0]


def weigh(layer: Any) -> None:
    """Weights that do not depend on the library."""
    rng = np.random.default_rng(1)
    layer.set_weights(
        [np.asarray(rng.uniform(0.5, 1.5, v.shape)).astype(v.dtype) for v in layer.weights]
    )
    if type(layer).__name__ == "Normalization":
        layer.finalize_state()


def outcome(way: Any) -> Any:
    """The dtypes and values of a result; "refused"."""
    try:
        found = way()
    except Exception:
        return "refused"
    return [(str(one.dtype), one) for one in jax.tree_util.tree_leaves(found)]


def ways(library: Any, case: Case, policy: str) -> dict[str, Any]:
    """What each way gives; a layer that cannot be called is refused in all."""
    layer, x = case.make(library, dtype=policy), case.inputs(2)
    try:
        layer(x)
        weigh(layer)
        graph = library.Model(inputs := inputs_of(library, case), layer(inputs))
    except Exception:
        return {"eager": "refused"}
    return {
        "eager": outcome(lambda: layer(x)),
        "spec": [str(one.dtype) for one in jax.tree_util.tree_leaves(graph.outputs)],
        "graph": outcome(lambda: graph(x)),
        "predict": outcome(lambda: graph.predict(x, verbose=0)),
        "weights": [(str(v.dtype), None) for v in layer.weights],
    }


def same(ours: Any, theirs: Any, digits: float, where: str) -> None:
    if "refused" in (ours, theirs) or not ours or isinstance(ours[0], str):
        assert ours == theirs, where
        return
    assert [dtype for dtype, _ in ours] == [dtype for dtype, _ in theirs], where
    for (_, found), (_, expected) in zip(ours, theirs, strict=True):
        if expected is not None:
            close = np.asarray(found, "float32"), np.asarray(expected, "float32")
            np.testing.assert_allclose(*close, rtol=digits, atol=digits, err_msg=where)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_each_way_equals_keras(name: str, policy: str, keras: Any) -> None:
    case = ONE_OF_EACH[name]
    ours, theirs = (ways(library, case, policy) for library in (rb, keras))
    assert theirs["eager"] != "refused"
    for way, expected in theirs.items():
        if (name, way) != ("Normalization", "weights"):  # which are float32, see differences.md
            same(ours[way], expected, POLICIES[policy], f"{case}, {policy}: {way}")


@pytest.mark.parametrize("policy", ["int32"])
@pytest.mark.parametrize("name", sorted(ONE_OF_EACH.keys() - {"Normalization"}))
def test_integers_where_keras_computes_with_them(name: str, policy: str, keras: Any) -> None:
    case = ONE_OF_EACH[name]
    ours, theirs = (ways(library, case, policy) for library in (rb, keras))
    if theirs["eager"] == "refused":
        return  # what Keras cannot compute, ours may
    for way in ("eager", "graph", "predict"):
        same(ours[way], theirs[way], 1e-5, f"{case}, {policy}: {way}")
    # Keras promises integers of means too, and gives floats.
    assert ours["spec"] == [dtype for dtype, _ in ours["eager"]]


@pytest.mark.parametrize("policy", ["int8", "int4", "float8", "int8_from_float32"])
def test_policies_of_quantized_layers_are_refused(policy: str, keras: Any) -> None:
    with pytest.raises(ValueError, match="Quantized dtype policies are not supported"):
        rb.layers.Dense(2, dtype=policy)
    if "_from_" not in policy:
        with pytest.raises(ValueError, match="policy"):
            keras.layers.Dense(2, dtype=policy)


def of_many(library: Any, policy: str) -> Any:
    """A model of all layers that take rows of numbers, whose sum is trained."""
    inputs = library.Input((4,))
    one = [case for case in ONE_OF_EACH.values() if case.shapes == [(5, 4)]]
    outputs = []
    for case in one:
        layer = case.make(library, dtype=policy, name=case.name.lower())
        outputs.append(library.layers.Flatten(dtype=policy)(layer(inputs)))
        weigh(layer)
    total = library.layers.Dense(1, kernel_initializer="ones", name="total", dtype="float32")
    joined = library.layers.Concatenate(dtype="float32")(outputs)
    return library.Model(inputs, [total(joined), *outputs])


def weights_of(model: Any, where: str) -> dict[str, Any]:
    return {
        f"{v.path}, {where}": [(str(v.dtype), np.asarray(v))]
        for v in model.weights
        if not v.path.startswith("normalization/")  # which are float32, see differences.md
    }


@pytest.mark.parametrize("policy", POLICIES)
def test_fit_and_files_equal_keras(policy: str, keras: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(0.1, 0.9, (8, 4)).astype("float32")
    y, digits = x.sum(axis=1, keepdims=True), 3 * POLICIES[policy]
    found: list[dict[str, Any]] = []
    for library in (rb, keras):
        model = of_many(library, policy)
        losses = ["mse", *[None] * (len(model.outputs) - 1)]
        model.compile(library.optimizers.SGD(1e-3), losses)
        targets = [y, *[y] * (len(losses) - 1)]
        model.fit(x, targets, batch_size=8, shuffle=False, verbose=0)
        path = tmp_path / f"{library.__name__}.keras"
        model.save(path)
        loaded = library.models.load_model(path)
        found.append(
            {
                **weights_of(model, "trained"),
                **weights_of(loaded, "in the file"),
                "predict": outcome(lambda m=model: m.predict(x, verbose=0)),
                "loaded": outcome(lambda m=loaded: m(x)),
                "loaded, symbolic": [one.dtype for one in loaded.outputs],
            }
        )
    for way, expected in found[1].items():
        same(found[0][way], expected, digits, f"{policy}: {way}")
