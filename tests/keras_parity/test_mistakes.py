"""Each mistake gets the type of error that Keras gives it, and Keras's warnings are given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mistakes_in_models import CALLBACKS, FILES, MODELS, TRAINING
from mistakes_in_parts import LAYERS, LOOKUPS, PARTS
from outcomes import Outcome, outcome

import rosenblatt as rb

TABLES = {
    "layer": LAYERS,
    "part": PARTS,
    "model": MODELS,
    "training": TRAINING,
    "callback": CALLBACKS,
    "file": FILES,
    "look-up": LOOKUPS,
}
# What `make_mistakes.py` found that Keras does. Its look-ups run on TensorFlow only, and raise
# ValueErrors there.
KERAS: dict[str, list[str] | None] = {
    **json.loads((Path(__file__).parent / "mistakes.json").read_text("utf-8")),
    **{f"look-up: {name}": ["ValueError"] for name in LOOKUPS},
}
# Where we differ on purpose, most of it said in docs/differences.md.
ACCEPTED = {
    "layer: add_weight of four by place": "the order is Keras 2's, and no mistake is hidden",
    "layer: Input of a number": "rows of so many features",
    "model: plot_model of an unbuilt model": "drawn with question marks for shapes",
    "training: class_weight in train_on_batch twice": "class weights multiply sample weights",
    "training: class_weight beside weights of a data set": "class weights multiply sample weights",
    "training: class_weight beside weights of a generator": "class weights work for streams",
    "training: loss of one of two by name": "the other output has none, as with a dict of outputs",
    "training: a generator that is shuffled": "it is the default; Keras warns at each `fit`",
    "look-up: crossing of floats": "the values are hashed",
}
OTHER_TYPES = {
    "layer: Normalization, adapt of a number": "Keras asks for TensorFlow",
    "layer: Normalization, adapt of nothing": "Keras asks for TensorFlow",
    "model: plot_model, layer_range": "Keras asks for pydot",
    "model: plot_model, unknown argument": "Keras asks for pydot",
    "file: load, an unknown module": "that the file lacks its weights is found first",
    "file: config, unknown output": "Keras's says that it is an internal error",
    "look-up: call without a vocabulary": "a RuntimeError, as for other outputs",
}
# Python's own messages, which say enough.
STRAY = {
    "layer: add_weight with a shape twice",
    "layer: KerasTensor, shape set",
    "layer: KerasTensor, dtype set",
}
ROWS = [f"{kind}: {name}" for kind, table in TABLES.items() for name in table]


def difference(row: str, ours: Outcome) -> str | None:
    """How what we do differs from what Keras does."""
    theirs = KERAS[row]
    if theirs is None:
        return None
    if not theirs:
        return None if ours.error is not None or ours.warned else "accepted without a warning"
    if ours.error is None:
        return "accepted"
    types = {one.__name__ for one in type(ours.error).__mro__}
    return None if set(theirs) <= types else f"another type of error: {ours}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", ROWS)
def test_mistake(row: str) -> None:
    kind, _, name = row.partition(": ")
    policy, floatx = rb.config.dtype_policy(), rb.config.floatx()
    ours = outcome(lambda: TABLES[kind][name](rb))
    assert (rb.config.dtype_policy(), rb.config.floatx()) == (policy, floatx)
    found = difference(row, ours)
    assert (found is not None) == (row in ACCEPTED or row in OTHER_TYPES), found
    if found is not None:
        assert (ours.error is None) == (row in ACCEPTED)
    if KERAS[row] and ours.error is not None and row not in STRAY:
        assert ours.meant, f"no message of ours: {ours}"


def test_every_mistake_was_tried_with_keras() -> None:
    assert set(KERAS) == set(ROWS)
    assert len(ROWS) > 450
