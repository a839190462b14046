"""What is said of files that are not there, are something else, or do not fit."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from saving_helpers import rewrite

import rosenblatt as rb
from rosenblatt.core.errors import (
    BadArgument,
    FileRefused,
    MissingFile,
    ModelRefused,
    NotAFile,
    NotBuilt,
    NotSavable,
    WrongType,
)
from rosenblatt.saving import load_model, load_weights, save_model, save_weights

EXPECTED = (
    "Expected: a `.keras` file: a zip archive with metadata.json, config.json and "
    "model.weights.h5, as `model.save('model.keras')` writes it."
)
AGAIN = "Fix: copy or download it again, or save the model again."


def message(error: type[Exception], function: Any, *args: Any, **kwargs: Any) -> str:
    """The text of the error a call raises, with the working folder's path left out."""
    with pytest.raises(error) as caught:
        function(*args, **kwargs)
    assert type(caught.value) is error
    return str(caught.value)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_missing_file() -> None:
    assert message(MissingFile, load_model, "modell.keras") == (
        f"load_model: file 'modell.keras' does not exist. Fix: folder {os.getcwd()!r} holds no "
        "`.keras` or `.h5` file."
    )
    Path("model.keras").touch()
    assert message(MissingFile, load_model, "modell.keras") == (
        "load_model: file 'modell.keras' does not exist. Fix: did you mean 'model.keras'?"
    )
    assert message(MissingFile, load_model, "no/model.keras") == (
        "load_model: file 'no/model.keras' does not exist. Fix: folder 'no' does not exist; the "
        f"working folder is {os.getcwd()!r}."
    )


def test_folders() -> None:
    folder = Path("model.keras")
    folder.mkdir()
    assert message(NotAFile, load_model, folder) == (
        "load_model: 'model.keras' is not a file. Given: a folder. "
        "Fix: give the path of a file, such as 'model.keras'."
    )
    (folder / "config.json").touch()
    (folder / "model.weights.h5").touch()
    # A folder of `save(zipped=False)`, or an unpacked file; this one is damaged.
    with pytest.raises(FileRefused, match=r"config\.json is not valid JSON"):
        load_model(folder)
    (folder / "saved_model.pb").touch()
    assert message(NotAFile, load_model, folder) == (
        "load_model: 'model.keras' is not a file. Given: a TensorFlow SavedModel folder, which "
        "holds a graph and no Keras architecture. "
        "Fix: `layers.TFSMLayer('model.keras')` predicts with it; to train it, save it where it "
        "was made as `model.save('model.keras')`."
    )


@pytest.mark.parametrize(
    ("content", "found", "fix"),
    [
        (b"", "an empty file", AGAIN),
        (b"PK\x03\x04 and no more", "a zip archive that is cut off or damaged", AGAIN),
        (
            b"\n<!DOCTYPE html><html>",
            "an HTML page",
            "Fix: download the file itself, not its web page.",
        ),
        (
            pickle.dumps({"weights": 1}),
            "a Python pickle, which could run any code and is never read",
            "Fix: save the model as `model.save('model.keras')`.",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
            "a Git LFS pointer, not the file it stands for",
            "Fix: fetch the file: `git lfs pull`.",
        ),
        (
            b'{"class_name": "Sequential"}',
            "text that looks like JSON",
            "Fix: an architecture alone is read by `rosenblatt.models.model_from_json(text)`.",
        ),
        (b"\x1f\x8b\x08", "a gzip file", "Fix: unpack it first: `gunzip` or `tar xzf`."),
        (
            b"\x93NUMPY\x01",
            "a NumPy array",
            "Fix: save the model as `model.save('model.keras')`.",
        ),
        (
            b"abcdefghij",
            "a file that begins with b'abcdefgh'",
            "Fix: save the model as `model.save('model.keras')`.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_files_that_are_something_else(content: bytes, found: str, fix: str) -> None:
    Path("model.keras").write_bytes(content)
    assert message(FileRefused, load_model, "model.keras") == (
        f"'model.keras' is not a `.keras` file. Given: {found}. {EXPECTED} {fix}"
    )


def test_a_file_cut_off(saved: Path) -> None:
    content = saved.read_bytes()
    for length in (10, len(content) // 2, len(content) - 30):
        Path("cut.keras").write_bytes(content[:length])
        assert message(FileRefused, load_model, "cut.keras") == (
            "'cut.keras' is not a `.keras` file. Given: a zip archive that is cut off or damaged. "
            f"{EXPECTED} {AGAIN}"
        )


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_bit_that_flipped(saved: Path, name: str) -> None:
    content = bytearray(saved.read_bytes())
    with zipfile.ZipFile(saved) as archive:
        start = archive.getinfo(name).header_offset + 30 + len(name)
    content[start + 100] ^= 1
    saved.write_bytes(content)
    assert message(FileRefused, load_model, "model.keras") == (
        f"'model.keras' is damaged: {name} cannot be read. "
        f"Given: Bad CRC-32 for file {name!r}. {AGAIN}"
    )


@pytest.mark.parametrize("key", ["config", "weights"])
def test_a_missing_member(saved: Path, key: str) -> None:
    rewrite(saved, **{key: None})
    names = {"config": "config.json", "weights": "model.weights.h5"}
    with zipfile.ZipFile(saved) as archive:
        rest = sorted(archive.namelist())
    assert message(FileRefused, load_model, "model.keras").startswith(
        f"'model.keras' is not a `.keras` file. Given: a zip archive without {names[key]}; it "
        f"holds {rest}. {EXPECTED}"
    )


def test_a_zip_of_something_else() -> None:
    np.savez("arrays.npz", x=np.zeros(2))
    assert message(FileRefused, load_model, "arrays.npz").startswith(
        "'arrays.npz' is not a `.keras` file. Given: a zip archive without config.json; it holds "
        "['x.npy']. Expected: a `.keras` file"
    )


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (b"{", "'model.keras': config.json is not valid JSON. Given: Expecting property name"),
        (b"\xff\xfe{", "'model.keras': config.json is not valid JSON. Given: "),
        (b"[" * 100_000, "'model.keras': config.json is not valid JSON. Given: maximum recursion"),
        (
            b"[1]",
            "'model.keras': config.json does not describe a model. Given: [1]. "
            "Expected: an object with `class_name` and `config`.",
        ),
        (
            b'{"class_name": "A", "config": ' + b"[" * 600 + b"]" * 600 + b"}",
            "'model.keras': config.json is nested more than 500 levels deep.",
        ),
        (
            b'{"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}}',
            "'model.keras': config.json describes a Dense, not a model. Given: 'Dense'.",
        ),
        (
            b'{"module": "keras", "class_name": "Sequential", "config": {}}',
            "'model.keras': the model cannot be made from the file. Sequential: this is "
            "not the config of one.",
        ),
        (
            b'{"module": "my.code", "class_name": "Mine", "config": {}, "registered_name": "a>b"}',
            "'model.keras': the model cannot be made from the file. Unknown class or function "
            "'a>b' (module 'my.code'). Fix: import the file that defines it and decorate it with "
            "`@rosenblatt.saving.register_keras_serializable()`, or pass "
            "`custom_objects={'Mine': Mine}`; ",
        ),
        (
            b'{"class_name": "__lambda__", "config": {"value": "4wEAAAA"}}',
            "'model.keras': the model cannot be made from the file. The file holds the code of a "
            "lambda, which is not run.",
        ),
    ],
    ids=range(9),
)
def test_a_config_that_is_no_model(saved: Path, config: bytes, text: str) -> None:
    rewrite(saved, config=config)
    error = ModelRefused if "cannot be made" in text else FileRefused
    assert message(error, load_model, "model.keras").startswith(text)


def test_modules_that_a_config_names_are_not_imported(saved: Path) -> None:
    for module, name in (("os", "system"), ("subprocess", "Popen"), ("builtins", "eval")):
        text = f'{{"module": "{module}", "class_name": "{name}", "config": {{"args": "id"}}}}'
        rewrite(saved, config=text.encode())
        assert "Unknown class or function" in message(ModelRefused, load_model, "model.keras")


def test_weights_that_are_no_hdf5(saved: Path) -> None:
    rewrite(saved, weights=b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    text = message(FileRefused, load_model, "model.keras")
    start = (
        "'model.keras': model.weights.h5 cannot be read as HDF5: it is cut off or damaged. Given"
    )
    assert text.startswith(start)
    assert text.endswith(AGAIN)


def wider() -> Any:
    return rb.Sequential([rb.Input((4,)), rb.layers.Dense(5, "relu"), rb.layers.Dense(1)])


MISFIT = (
    "the weights do not fit the model. layer 'dense_2' (Dense): weight 'kernel' has shape (4, 5) "
    "in the model, (4, 3) in the file. layer 'dense_3' (Dense): weight 'kernel' has shape (5, 1) "
    "in the model, (3, 1) in the file."
)
FIX = (
    "Fix: build the model as it was when the file was saved, or load what fits with "
    "`load_weights(…, skip_mismatch=True)`."
)


def test_weights_that_do_not_fit(small: Any, saved: Path) -> None:
    save_weights(small, "w.weights.h5")
    model = wider()
    before = model.get_weights()
    for name in ("model.keras", "w.weights.h5"):
        assert message(FileRefused, load_weights, model, name) == f"{name!r}: {MISFIT} {FIX}"
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_skip_mismatch_loads_what_fits(small: Any, saved: Path) -> None:
    model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(3, "relu"), rb.layers.Dense(2)])
    with pytest.warns(UserWarning, match="do not fit") as caught:
        model.load_weights("model.keras", skip_mismatch=True)
    assert [str(w.message).split(" Fix")[0] for w in caught] == [
        "'model.keras': the weights do not fit the model. layer 'dense_3' (Dense): weight 'kernel' "
        "has shape (3, 2) in the model, (3, 1) in the file."
    ]
    np.testing.assert_array_equal(model.get_weights()[0], small.get_weights()[0])


def test_another_number_of_weights(saved: Path) -> None:
    model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(3, use_bias=False), rb.layers.Dense(1)])
    assert message(FileRefused, load_weights, model, "model.keras") == (
        "'model.keras': the weights do not fit the model. layer 'dense_2' (Dense) has 1 weights in "
        f"the model ['kernel (4, 3)'], 2 in the file [(4, 3), (3,)]. {FIX}"
    )


def test_weights_without_a_layer_for_them(small: Any, saved: Path) -> None:
    model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(3, "relu")])
    with pytest.warns(UserWarning, match="holds weights") as caught:
        load_weights(model, "model.keras")
    assert str(caught[0].message) == (
        "'model.keras' holds weights that the model has no layer for: ['layers/dense_1']. "
        "Fix: build the model as it was when the file was saved."
    )
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(model.get_weights()[0], small.get_weights()[0])


def test_an_optimizer_state_that_does_not_fit_is_left_out(small: Any, saved: Path) -> None:
    other = rb.Sequential([rb.Input((4,)), rb.layers.Dense(3, "relu"), rb.layers.Dense(1)])
    other.compile(rb.optimizers.SGD(momentum=0.9), "mse")
    other.optimizer.build(other.trainable_variables)
    with pytest.warns(UserWarning, match="optimizer") as caught:
        load_weights(other, "model.keras")
    assert str(caught[0].message).startswith(
        "The saved state of optimizer 'sgd' does not fit and is not loaded; training resumes with "
        "a fresh one. Given: 10 saved variables"
    )
    np.testing.assert_array_equal(other.get_weights()[0], small.get_weights()[0])


def test_names_of_files_to_write(small: Any) -> None:
    for name, better in (
        ("model", "model.keras"),
        ("a/model.weights.h5", "a/model.keras"),
        ("net.v2.zip", "net.v2.keras"),
    ):
        assert message(BadArgument, save_model, small, name) == (
            "save_model: the file's name must end in `.keras`. "
            f"Given: {name!r}. Fix: name it {better!r}."
        )
    assert message(BadArgument, small.save_weights, "model.h5") == (
        "save_weights: the file's name must end in `.weights.h5`. Given: 'model.h5'. "
        "Fix: name it 'model.weights.h5'."
    )
    assert message(BadArgument, small.save, "model.keras", zipped=False) == (
        "save_model: with `zipped=False` the model is a folder, whose name should not end in "
        "`.keras`. Given: 'model.keras'. Fix: name it 'model'."
    )
    Path("b.keras").mkdir()
    assert message(IsADirectoryError, small.save, "b.keras") == (
        "save_model: 'b.keras' is a folder, not a file."
    )


def test_overwrite(small: Any, saved: Path) -> None:
    assert message(FileExistsError, small.save, "model.keras", overwrite=False) == (
        "save_model: 'model.keras' already exists. Given: overwrite=False. "
        "Fix: choose another name, or pass `overwrite=True`."
    )
    small.save("model.keras")


def test_arguments_of_keras_2(small: Any) -> None:
    with pytest.warns(UserWarning, match=r"`save_format='h5'` is of Keras 2; the file's ending"):
        small.save("old.h5", save_format="h5", include_optimizer=False)
    assert load_model("old.h5").optimizer is None
    assert message(BadArgument, small.save, "model", save_format="tf") == (
        "save_model: `save_format='tf'` is of Keras 2. Given: 'model'. "
        "Fix: `model.save('model.keras')`; or `model.export('model')` for a SavedModel."
    )
    assert message(WrongType, small.save, "a.keras", signatures=None) == (
        "save_model: unknown argument 'signatures'."
    )
    assert sorted(os.listdir()) == ["old.h5"]


def test_models_that_are_not_built(saved: Path) -> None:
    model = rb.Sequential([rb.layers.Dense(1)], name="net")
    with pytest.warns(UserWarning, match="before it was built") as caught:
        model.save("empty.keras")
    assert str(caught[0].message) == (
        "Model 'net' is saved before it was built: the file holds no weights. "
        "Fix: call it on data, or `model.build(input_shape)`, first."
    )
    for method, function in (("save_weights", save_weights), ("load_weights", load_weights)):
        path = "w.weights.h5" if method == "save_weights" else "model.keras"
        assert message(NotBuilt, function, model, path) == (
            f"{method}: model 'net' is not built, so it has no weights yet. "
            "Fix: call it on data, or `model.build(input_shape)`, first."
        )


def test_what_is_not_read(small: Any, saved: Path) -> None:
    assert message(BadArgument, small.load_weights, "model.keras", by_name=True) == (
        "load_weights: `by_name=True` belongs to Keras 2's `.h5` files; 'model.keras' finds "
        "weights by their place in the model. Fix: leave it out."
    )
    Path("w.weights.h5").write_bytes(b"abc")
    assert message(FileRefused, small.load_weights, "w.weights.h5") == (
        "load_weights: 'w.weights.h5' holds no weights. Given: a file that begins with b'abc'. "
        "Expected: a `.weights.h5` file of `model.save_weights()`, or a `.keras` file of "
        "`model.save()`."
    )


def test_what_cannot_be_saved(saved: Path, small: Any) -> None:
    before = saved.read_bytes()

    class Odd(rb.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "bad": {(1, 2): 3}}

    model = rb.Sequential([rb.Input((4,)), Odd()], name="net")
    assert message(NotSavable, model.save, "model.keras") == (
        "Model 'net' cannot be saved: its config is not plain data. Given: keys must be str, int, "
        "float, bool or None, not tuple. "
        "Fix: let every `get_config()` return numbers, texts, lists and dicts only."
    )
    assert saved.read_bytes() == before
