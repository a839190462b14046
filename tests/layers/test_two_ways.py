"""Every layer under every policy: symbolic, eager, in `predict`, from a file: one result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from test_conformance import CASES, Case

import rosenblatt as rb

FLOATS = np.array([[1.5, 2.0], [3.0, 4.0], [0.0, 1.0]], "float32")
IDS = np.array([[1, 2], [0, 1], [2, 2]], "int32")
TEXT = np.array([["a"], ["b"], ["c"]])
ONE_OF_EACH = {case.name: case for case in reversed(CASES)}
# Those that learn from data or take other inputs: arguments, inputs, whether `adapt` is called.
READING = [
    ("Discretization", {"num_bins": 3}, FLOATS, True),
    ("Discretization", {"num_bins": 3, "output_mode": "multi_hot"}, FLOATS, True),
    ("Discretization", {"bin_boundaries": [1.0], "output_mode": "count"}, FLOATS, False),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, IDS, False),
    ("Embedding", {"input_dim": 5, "output_dim": 2}, IDS, False),
    ("Hashing", {"num_bins": 3, "output_mode": "one_hot"}, IDS[:, :1], False),
    ("Hashing", {"num_bins": 3, "output_mode": "multi_hot"}, IDS, False),
    ("HashedCrossing", {"num_bins": 3, "output_mode": "one_hot"}, [IDS[:, :1]] * 2, False),
    ("IntegerLookup", {"vocabulary": [1, 2], "output_mode": "multi_hot"}, IDS, False),
    ("StringLookup", {"vocabulary": ["a", "b"], "output_mode": "one_hot"}, TEXT, False),
    ("StringLookup", {}, TEXT, True),
    ("Normalization", {}, FLOATS, True),
    ("Normalization", {"axis": None}, FLOATS, True),
    ("Rescaling", {"scale": 0.5}, IDS, False),
]
POLICIES = ["float32", "mixed_bfloat16", "float16", "mixed_float16"]


def symbols(inputs: Any) -> Any:
    if isinstance(inputs, list):
        return [symbols(one) for one in inputs]
    kind = "string" if inputs.dtype.kind == "U" else inputs.dtype.name
    return rb.KerasTensor((None, *inputs.shape[1:]), kind)


def known(result: Any, rows: int) -> list[Any]:
    """Shapes and dtypes, with a number of rows where it is unknown."""
    leaves = jax.tree_util.tree_leaves(result)
    return [
        (tuple(rows if s is None else s for s in leaf.shape), str(leaf.dtype)) for leaf in leaves
    ]


def first(inputs: Any) -> Any:
    return inputs[0] if isinstance(inputs, list) else inputs


def ways(layer: Any, inputs: Any, before: bool = True) -> dict[str, list[Any]]:
    """What each way says of the outputs' shapes and dtypes."""
    rows = len(first(inputs))
    found: dict[str, list[Any]] = {}
    if before:
        found["spec of a new layer"] = known(layer.compute_output_spec(symbols(inputs)), rows)
        assert not layer.built or layer.always_built
    found["eager"] = known(layer(inputs), rows)
    found["spec"] = known(layer.compute_output_spec(symbols(inputs)), rows)
    found["symbolic"] = known(layer(symbols(inputs)), rows)
    shapes = [x.shape for x in inputs] if isinstance(inputs, list) else inputs.shape
    shape = layer.compute_output_shape(shapes)
    assert jax.tree_util.tree_leaves(shape) == [s for one, _ in found["eager"] for s in one]
    return found


def agree(found: dict[str, list[Any]], where: str) -> None:
    for way, one in found.items():
        assert one == found["eager"], f"{where}: {way}"


@pytest.mark.parametrize("policy", POLICIES[1:])
@pytest.mark.parametrize("case", ONE_OF_EACH.values(), ids=str)
def test_symbolic_and_eager_agree(case: Case, policy: str) -> None:
    inner = any(isinstance(value, Case) for value in case.arguments.values())
    agree(ways(case.make(rb, dtype=policy), case.inputs(), not inner), f"{case}, {policy}")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("name", "arguments", "inputs", "adapts"), READING)
def test_layers_that_read_data_agree(
    name: str, arguments: dict[str, Any], inputs: Any, adapts: bool, policy: str
) -> None:
    layer = getattr(rb.layers, name)(**arguments, dtype=None if name == "StringLookup" else policy)
    promised = known(layer.compute_output_spec(symbols(inputs)), len(first(inputs)))
    if adapts:
        layer.adapt(inputs)
    found = ways(layer, inputs, before=False)
    agree({**found, "before `adapt`": promised}, f"{name}, {policy}")


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float16"])
def test_files_and_predict_agree(tmp_path: Path, policy: str) -> None:
    """One model of many layers: what it promises, computes, predicts and is when it is loaded."""
    one = [case for case in ONE_OF_EACH.values() if case.shapes == [(5, 4)]]
    inputs = rb.Input((4,))
    model = rb.Model(inputs, [case.make(rb, dtype=policy)(inputs) for case in one])
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    eager = model(x)
    model.save(tmp_path / "m.keras")
    loaded = rb.models.load_model(tmp_path / "m.keras")
    found = {"eager": known(eager, 5), "symbolic": known(model.outputs, 5)}
    found["predict"] = known(model.predict(x, verbose=0), 5)
    found["loaded"] = known(loaded(x), 5)
    found["loaded, symbolic"] = known(loaded.outputs, 5)
    for way, results in found.items():
        for case, result, wanted in zip(one, results, found["eager"], strict=True):
            assert result == wanted, f"{case}, {policy}: {way}"
    for case, result, wanted in zip(one, loaded(x), eager, strict=True):
        close = np.asarray(result, "float32"), np.asarray(wanted, "float32")
        np.testing.assert_allclose(*close, rtol=1e-2, atol=1e-2, err_msg=str(case))
