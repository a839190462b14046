"""Models against real Keras: structure, configs both ways, weights' order, outputs, summaries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from architectures import (
    ALL,
    WITH_STRUCTURE,
    always_dropping,
    chapter,
    data,
    fill,
    mixed_precision,
    nested,
    small,
    unbuilt,
)

import rosenblatt as rb

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
structured = pytest.mark.parametrize("make", WITH_STRUCTURE, ids=lambda make: make.__name__)


def strip(config: Any) -> Any:
    """Without what only tells that nothing was compiled, or that no mask was given."""
    if isinstance(config, dict):
        kept = {k: strip(v) for k, v in config.items() if k != "compile_config"}
        return {k: v for k, v in kept.items() if not (k == "mask" and v is None)}
    return [strip(item) for item in config] if isinstance(config, list) else config


def leaves(outputs: Any) -> list[np.ndarray]:
    return [np.asarray(leaf, "float32") for leaf in jax.tree_util.tree_leaves(outputs)]


@structured
def test_config_equals_keras(keras: Any, make: Any) -> None:
    assert strip(json.loads(make(rb).to_json())) == strip(json.loads(make(keras).to_json()))


@structured
def test_each_library_loads_the_other_and_computes_the_same(keras: Any, make: Any) -> None:
    theirs, ours = make(keras), make(rb)
    models = [
        theirs,
        ours,
        keras.models.model_from_json(ours.to_json()),
        rb.models.model_from_json(theirs.to_json()),
        rb.models.clone_model(ours),
    ]
    # Loaded layers build themselves, outside their model: the front of the path is missing then.
    names = [v.path.split("/")[-2:] for v in theirs.weights]
    x = data(ours)
    results = []
    for model in models:
        assert [v.path.split("/")[-2:] for v in model.weights] == names
        fill(model)
        results.append(model(x))
    for result in results[1:]:
        for one, other in zip(leaves(result), leaves(results[0]), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    # The structure of the outputs is the one they were given in; JSON knows no tuples.
    structures = [jax.tree_util.tree_structure(result) for result in results]
    assert structures[0] == structures[1] == structures[4]
    assert structures[2] == structures[3]
    if make is not always_dropping:
        rtol = 1e-2 if make is mixed_precision else 1e-5  # a compiled program rounds once
        for one, other in zip(leaves(ours.predict(x, verbose=0)), leaves(results[1]), strict=True):
            np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-6)


@structured
def test_facts_equal_keras(keras: Any, make: Any) -> None:
    theirs, ours = make(keras), make(rb)
    assert ours.name == theirs.name
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [layer.trainable for layer in ours.layers] == [
        layer.trainable for layer in theirs.layers
    ]
    assert ours.count_params() == theirs.count_params()
    assert ours.input_shape == theirs.input_shape
    assert ours.output_shape == theirs.output_shape
    for kind in ("weights", "trainable_weights", "non_trainable_weights", "trainable_variables"):
        assert [v.path for v in getattr(ours, kind)] == [v.path for v in getattr(theirs, kind)]
        assert [v.dtype for v in getattr(ours, kind)] == [v.dtype for v in getattr(theirs, kind)]
    assert {v.path for v in ours.variables} == {v.path for v in theirs.variables}
    if hasattr(theirs, "input_names"):
        assert ours.input_names == theirs.input_names
    if hasattr(theirs, "output_names") and not isinstance(ours.output, dict):
        assert ours.output_names == theirs.output_names


SUMMARIES: list[dict[str, Any]] = [
    {},
    {"show_trainable": True},
    {"expand_nested": True},
    {"line_length": 60},
]


@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
@pytest.mark.parametrize("options", SUMMARIES, ids=lambda o: ",".join(o) or "plain")
@pytest.mark.parametrize("columns", [80, 200])
def test_summary_equals_keras_letter_for_letter(
    keras: Any, make: Any, options: Any, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    texts: list[list[str]] = [[], []]
    for library, lines in zip((keras, rb), texts, strict=True):
        model = make(library)
        model.summary(print_fn=lambda text, line_break=None, to=lines: to.append(text), **options)
    assert texts[1] == texts[0]


def test_summary_counts_the_optimizer(keras: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    texts: list[list[str]] = [[], []]
    for library, lines in zip((keras, rb), texts, strict=True):
        model = chapter(library)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.optimizer.build(model.trainable_variables)
        model.summary(print_fn=lambda text, line_break=None, to=lines: to.append(text))
    assert texts[1] == texts[0]
    assert " Optimizer params: 533,222 (2.03 MB)" in texts[1][0]


def test_summary_of_a_range_and_of_given_widths_equals_keras(
    keras: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for options in (
        {"layer_range": ("dense", "dense_1")},
        {"layer_range": ("dense_1", "flatten")},
        {"layer_range": ("dense_.*", "dense_.*")},
        {"positions": [0.3, 0.7, 1.0]},
    ):
        texts: list[list[str]] = [[], []]
        for library, lines in zip((keras, rb), texts, strict=True):
            library.backend.clear_session(free_memory=False)
            chapter(library).summary(
                print_fn=lambda text, line_break=None, to=lines: to.append(text), **options
            )
        assert texts[1] == texts[0]


def test_summary_prints(capsys: pytest.CaptureFixture[str]) -> None:
    chapter(rb).summary()
    printed = capsys.readouterr().out
    assert printed.startswith('Model: "sequential"\n┏━')
    assert " Total params: 266,610 (1.02 MB)\n" in printed
    assert "235,500" in printed
    assert "30,100" in printed


def test_keras_loads_an_unbuilt_model_and_we_load_its(keras: Any) -> None:
    theirs = keras.models.model_from_json(unbuilt(rb).to_json())
    ours = rb.models.model_from_json(unbuilt(keras).to_json())
    assert not ours.built
    x = np.ones((2, 3, 2), "float32")
    assert ours(x).shape == theirs(x).shape


def test_training_flag_reaches_nested_layers(keras: Any) -> None:
    x = np.random.default_rng(0).normal(size=(16, 5)).astype("float32")
    theirs, ours = nested(keras), nested(rb)
    fill(theirs)
    fill(ours)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-5)
    ours(x, training=True)
    theirs(x, training=True)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_stateless_call_equals_keras(keras: Any) -> None:
    theirs, ours = small(keras), small(rb)
    weights = fill(theirs)
    x = np.ones((2, 3), "float32")
    expected, _ = theirs.stateless_call(weights, [], x)
    found, state = ours.stateless_call(weights, [], x)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert state == []


def test_nothing_is_compiled_by_building(compiled: list[str]) -> None:
    for make in WITH_STRUCTURE:
        make(rb)
    assert compiled == []


def test_noise_of_keras_configs_is_active_in_training(keras: Any, tmp_path: Path) -> None:
    """Keras writes `training=False`, its default, into the nodes of a config."""
    names = ("Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout")
    for name in names:
        inputs = keras.Input((6,))
        theirs = keras.Model(inputs, getattr(keras.layers, name)(0.5, seed=3)(inputs))
        theirs.save(tmp_path / "m.keras")
        for ours in (
            rb.Model.from_config(theirs.get_config()),
            rb.saving.load_model(tmp_path / "m.keras"),
        ):
            x = np.ones((4, 6), "float32")
            expected = np.asarray(theirs(x, training=True))
            np.testing.assert_allclose(ours(x, training=True), expected, rtol=1e-5)
            np.testing.assert_array_equal(ours(x, training=False), x)
            theirs.layers[1].seed_generator.state.assign([3, 0])


def test_training_said_at_a_call_holds(tmp_path: Path) -> None:
    inputs = rb.Input((6,))
    inner = rb.Sequential([rb.Input((6,)), rb.layers.Dropout(0.5)])
    outputs = [
        rb.layers.Dropout(0.5)(inputs, training=False),
        rb.layers.Dropout(0.5)(inputs, training=True),
        inner(inputs, training=False),
        rb.layers.BatchNormalization()(inputs, training=False),
    ]
    model = rb.Model(inputs, outputs)
    model.save(tmp_path / "m.keras")
    x = np.ones((8, 6), "float32")
    for one in (model, rb.saving.load_model(tmp_path / "m.keras")):
        still, noisy, nested, _ = one(x, training=True)
        np.testing.assert_array_equal(still, x)
        np.testing.assert_array_equal(nested, x)
        assert np.any(np.asarray(one(x, training=False)[1]) == 0)
        assert np.any(np.asarray(noisy) == 0)


def test_single_batches_give_their_own_loss(keras: Any) -> None:
    results, weights = [], None
    for k in (keras, rb):
        model = k.Sequential([k.Input((3,)), k.layers.Dense(1)])
        weights = weights or model.get_weights()
        model.set_weights(weights)
        model.compile("sgd", "mse", metrics=["mae"])
        batches = np.random.default_rng(0).normal(size=(3, 8, 3)).astype("float32")
        found = [model.train_on_batch(x, x[:, :1]) for x in batches]
        results.append([*found, model.test_on_batch(batches[0], batches[0][:, :1])])
    np.testing.assert_allclose(*results, rtol=1e-4)
