"""KerasFileEditor: files looked at, changed and saved, of both libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

keras = pytest.importorskip("keras")
BOTH = [rb, keras]


def model(library: Any) -> Any:
    layers = library.layers
    inputs = library.Input((3,))
    made = library.Sequential([inputs, layers.Dense(2, name="a"), layers.Dense(1, name="r")])
    made.compile("sgd", "mse")
    return made


@pytest.mark.parametrize("library", BOTH)
@pytest.mark.parametrize("ending", ["keras", "weights.h5"])
def test_a_file_is_compared_with_a_model(library: Any, ending: str, tmp_path: Path) -> None:
    made, file = model(library), str(tmp_path / f"a.{ending}")
    (made.save if ending == "keras" else made.save_weights)(file)
    editor = rb.saving.KerasFileEditor(file)
    found = {key: value.shape for key, value in editor.weights_dict["layers"]["dense"].items()}
    assert found == {"0": (3, 2), "1": (2,)}
    assert (editor.config is not None) == (ending == "keras")
    assert editor.compare(model(rb))["status"] == "success"
    other = rb.Sequential([rb.Input((3,)), rb.layers.Dense(5)])
    other.compile("sgd", "mse")
    result = editor.compare(other)
    assert (result["status"], result["error_count"] > 0) == ("error", True)


@pytest.mark.parametrize("library", BOTH)
def test_what_is_changed_is_what_is_loaded(library: Any, tmp_path: Path) -> None:
    made, file = model(library), str(tmp_path / "a.weights.h5")
    made.save_weights(file)
    editor = library.saving.KerasFileEditor(file)
    kernel = np.full((3, 2), 7.0, "float32")
    editor.rename_object("layers/dense", "other")
    editor.rename_object("layers/other", "dense")
    editor.delete_weight("layers/dense", "0")
    editor.add_weights("layers/dense", {"0": kernel})
    editor.delete_object("layers/dense_1")
    bias = np.ones(1, "float32")
    editor.add_object("layers/dense_1", {"0": np.ones((2, 1), "float32"), "1": bias})
    editor.save(str(tmp_path / "b.weights.h5"))
    for reader in BOTH:
        loaded = model(reader)
        loaded.load_weights(str(tmp_path / "b.weights.h5"))
        np.testing.assert_array_equal(loaded.layers[0].get_weights()[0], kernel)
        np.testing.assert_array_equal(loaded.layers[1].get_weights()[1], bias)


def test_mistakes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.weights.h5"
    model(rb).save_weights(file)
    editor = rb.saving.KerasFileEditor(file)
    editor.summary()
    assert "layers/dense/0: float32 (3, 2)" in capsys.readouterr().out
    for call, message in (
        (lambda: rb.saving.KerasFileEditor("a.h5"), "invalid filename"),
        (lambda: editor.rename_object("dense", "a/b"), "is a path"),
        (lambda: editor.rename_object("dens", "b"), "did you mean 'dense'"),
        (lambda: editor.delete_object("layers/none"), "is not found"),
        (lambda: editor.add_object("none/x", {}), "path 'none' is not found"),
        (lambda: editor.delete_weight("dense", "9"), "weight '9' not found"),
        (lambda: editor.add_weights("dense", [1]), "should be a dict"),
        (lambda: editor.save("b.h5"), "invalid `filepath`"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    editor.weights_dict["more"] = {"dense": {"0": np.ones(1)}}
    with pytest.raises(ValueError, match="more than once"):
        editor.delete_object("dense")
