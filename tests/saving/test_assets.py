"""Files that users' layers keep beside their weights."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.saving import load_model


def phrase_book(framework: Any) -> Any:
    """A layer of a framework that adds numbers from files of its own."""

    @framework.saving.register_keras_serializable("test_assets")
    class PhraseBook(framework.layers.Layer):
        def __init__(self, **kwargs: Any):
            super().__init__(**kwargs)
            self.numbers: list[float] = []

        def call(self, x: Any) -> Any:
            return x + sum(self.numbers)

        def save_assets(self, dir_path: str) -> None:
            os.makedirs(os.path.join(dir_path, "inner"))
            for number, place in zip(self.numbers, ("a.txt", "inner/b.txt"), strict=True):
                Path(dir_path, place).write_text(str(number))

        def load_assets(self, dir_path: str) -> None:
            self.numbers = [
                float(Path(dir_path, place).read_text()) for place in ("a.txt", "inner/b.txt")
            ]

    return PhraseBook


def network(framework: Any) -> Any:
    book = phrase_book(framework)(name="book")
    model = framework.Sequential([framework.layers.Input((2,)), framework.layers.Dense(1), book])
    book.numbers = [2.0, 40.0]
    return model


def test_there_and_back(tmp_path: Path) -> None:
    model = network(rb)
    model.save(tmp_path / "m.keras")
    names = zipfile.ZipFile(tmp_path / "m.keras").namelist()
    assert [n for n in names if n.startswith("assets/")] == [
        "assets/layers/phrase_book/a.txt", "assets/layers/phrase_book/inner/b.txt",
    ]  # fmt: skip
    loaded = load_model(tmp_path / "m.keras")
    assert loaded.layers[-1].numbers == [2.0, 40.0]
    x = np.ones((3, 2))
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def test_real_keras_reads_ours_and_we_read_its(keras: Any, tmp_path: Path) -> None:
    x = np.ones((3, 2))
    ours, theirs = network(rb), network(keras)
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    for model, load, name in (
        (ours, keras.saving.load_model, "ours"),
        (theirs, load_model, "theirs"),
    ):
        loaded = load(tmp_path / f"{name}.keras")
        assert loaded.layers[-1].numbers == [2.0, 40.0]
        np.testing.assert_allclose(
            loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6
        )


@pytest.mark.parametrize("name", ["../../escaped.txt", "/tmp/escaped.txt", "inner/../../up.txt"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "m.keras"
    network(rb).save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"assets/layers/phrase_book/{name}", "1")
    with pytest.raises(ValueError) as caught:
        load_model(path)
    assert f"does not fit layer 'book'. Given: the name {name!r} leads out of its folder" in str(
        caught.value
    )
    assert not Path("/tmp/escaped.txt").exists()
    assert os.listdir(tmp_path) == ["m.keras"]


def test_legacy_files_have_no_place_for_them(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"or other files of layer 'book' \(PhraseBook\)\. Fix:"):
        network(rb).save(tmp_path / "m.h5")
    assert os.listdir(tmp_path) == []
