"""What `inspect_file` tells of files, ours, Keras's and a stranger's, without running them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from saving_helpers import edit_config

import rosenblatt as rb
from rosenblatt.core.errors import FileRefused
from rosenblatt.saving import inspection
from rosenblatt.saving.inspection import as_text, inspect_file


def _network(library: Any) -> Any:
    kinds = library.layers
    inner = library.Sequential(
        [library.Input((3,)), kinds.Dense(2, "relu", name="low")], name="inner"
    )
    inputs = library.Input((3,), name="x")
    outputs = kinds.Dense(1, name="out")(kinds.Dropout(0.25, name="drop")(inner(inputs)))
    model = library.Model(inputs, outputs, name="net")
    model.compile(library.optimizers.Adam(0.02), "mse", metrics=["mae"])
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    return model


TREE = [
    (0, "Functional", "net", {}),
    (1, "InputLayer", "x", {"batch_shape": [None, 3]}),
    (1, "Sequential", "inner", {}),
    (2, "InputLayer", "input_layer", {"batch_shape": [None, 3]}),
    (2, "Dense", "low", {"units": 2, "activation": "relu"}),
    (1, "Dropout", "drop", {"rate": 0.25}),
    (1, "Dense", "out", {"units": 1}),
]


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("maker", ["ours", "theirs"])
def test_a_model(keras: Any, tmp_path: Path, ending: str, maker: str) -> None:
    library = rb if maker == "ours" else keras
    library.backend.clear_session()
    path = tmp_path / f"model{ending}"
    _network(library).save(path)
    report = inspect_file(path)
    assert (
        report.kind
        == {
            ".keras": "a model in the `.keras` format",
            ".h5": "a model in Keras 2's HDF5 format",
        }[ending]
    )
    found = [(e.depth, e.kind, e.name, e.settings) for e in report.layers]
    assert [(d, k, n) for d, k, n, _ in found] == [(d, k, n) for d, k, n, _ in TREE]
    assert [settings for *_, settings in found] == [settings for *_, settings in TREE]
    assert report.training["optimizer"] == "Adam (0.02)"
    assert report.training["loss"] == "mse" or ending == ".h5"
    assert report.is_safe and not report.needs
    assert report.versions["keras_version"].startswith("3.")
    weights = [v for v in report.values if "optimizer" not in v.path]
    assert {(3, 2), (2,), (2, 1), (1,)} <= {v.shape for v in weights}


def test_the_text(tmp_path: Path) -> None:
    rb.backend.clear_session()
    path = tmp_path / "model.keras"
    _network(rb).save(path)
    text = as_text(inspect_file(path))
    assert text.startswith(f"{path}: a model in the `.keras` format, ")
    for line in (
        "  saved_by: rosenblatt",
        "Safe: yes: it holds no code",
        "  net (Functional)",
        "      low (Dense) units=2, activation=relu",
        "  optimizer: Adam (0.02)",
        "Values: 15, ",
    ):
        assert line in text, line


def test_weights_and_archives(tmp_path: Path) -> None:
    model = _network(rb)
    model.save_weights(tmp_path / "a.weights.h5")
    report = inspect_file(tmp_path / "a.weights.h5")
    assert report.kind == "weights alone, in HDF5"
    assert "layers/dense/0" in [value.path for value in report.values]
    model.export(tmp_path / "a.npz", format="npz")
    report = inspect_file(tmp_path / "a.npz")
    assert report.kind == "a NumPy archive"
    assert report.is_safe
    assert {value.shape for value in report.values} >= {(3, 2), (2,), (2, 1), (1,)}


def test_a_vocabulary_is_a_file_in_the_file(tmp_path: Path) -> None:
    lookup = rb.layers.StringLookup()
    lookup.adapt(np.array(["a", "b", "a"]))
    rb.Sequential([rb.Input((1,), dtype="string"), lookup]).save(tmp_path / "a.keras")
    (value,) = inspect_file(tmp_path / "a.keras").values
    assert value.path.endswith("/vocabulary.txt")
    assert (value.shape, value.dtype, value.nbytes) == ((), "file", len("[UNK]\na\nb"))


def _edited(path: Path, edit: Any) -> None:
    edit_config(path, lambda config: edit(config["config"]["layers"][1]))


def _evil(key: str, value: Any) -> Any:
    return lambda layer: layer["config"].update({key: value})


@pytest.mark.parametrize(
    ("edit", "danger"),
    [
        (
            _evil("activation", {"class_name": "__lambda__", "config": {"value": "e30="}}),
            "Python bytecode: the body of a lambda",
        ),
        (_evil("vocabulary", "/etc/passwd"), "another file that it names: '/etc/passwd'"),
    ],
)
def test_dangers(tmp_path: Path, edit: Any, danger: str) -> None:
    path = tmp_path / "evil.keras"
    rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)]).save(path)
    _edited(path, edit)
    report = inspect_file(path)
    assert report.dangers == [danger]
    assert not report.is_safe
    assert f"Safe: no\n  {danger} (refused when it is loaded)" in as_text(report)


def test_a_member_that_models_do_not_have(tmp_path: Path) -> None:
    path = tmp_path / "evil.keras"
    rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)]).save(path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("../run.py", "boom")
    assert inspect_file(path).dangers == ["a member that models do not have: '../run.py'"]


def test_a_pickle_in_an_archive(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.array([{}], dtype=object), b=np.ones(2))
    assert inspect_file(tmp_path / "a.npz").dangers == ["a pickle: a holds Python objects"]


def test_names_of_what_a_file_needs(tmp_path: Path) -> None:
    path = tmp_path / "a.keras"
    rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)]).save(path)
    _edited(
        path,
        lambda layer: layer.update(
            class_name="Glow", module="mine.layers", registered_name="mine>Glow"
        ),
    )
    report = inspect_file(path)
    assert report.needs == ["mine>Glow (of mine.layers)"]
    assert "Needs, as `custom_objects` or registered: mine>Glow" in as_text(report)

    @rb.saving.register_keras_serializable("mine")
    class Glow(rb.layers.Layer):
        pass

    assert inspect_file(path).needs == []


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("words")
    with pytest.raises(FileRefused, match=r"is not a model's file\. Given: a file that begins"):
        inspect_file(path)
    with pytest.raises(FileNotFoundError, match=r"inspect: file .* does not exist"):
        inspect_file(tmp_path / "b.keras")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("a.npy", b"no array")
    with pytest.raises(FileRefused, match=r"is damaged: a cannot be read"):
        inspect_file(tmp_path / "a.npz")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(FileRefused, match="is refused: it is a ExternalLink"):
        inspect_file(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("count", "text"),
    [(7, "7 bytes"), (1_500, "1.5 KB"), (2_000_000, "2.0 MB"), (3_210_000_000, "3.2 GB")],
)
def test_sizes_in_words(count: int, text: str) -> None:
    assert inspection._bytes(count) == text
