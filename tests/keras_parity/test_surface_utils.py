"""Utilities for sequences, files, images and progress, and models as folders, against Keras."""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

keras = pytest.importorskip("keras")
BOTH = [rb, keras]


@pytest.mark.parametrize(
    ("sequences", "arguments"),
    [
        ([[1], [2, 3], [4, 5, 6]], {}),
        ([[1], [2, 3], [4, 5, 6]], {"padding": "post", "truncating": "post", "maxlen": 2}),
        ([[1], [], [4, 5, 6]], {"value": -1, "dtype": "float32", "maxlen": 2}),
        ([[[1, 2]], [[3, 4], [5, 6]]], {"value": 9}),
        ([["a"], ["b", "c"]], {"dtype": object, "value": "_"}),
    ],
)
def test_padded_sequences_are_keras_s(sequences: Any, arguments: dict[str, Any]) -> None:
    ours, theirs = (lib.utils.pad_sequences(sequences, **arguments) for lib in BOTH)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)
    again = rb.preprocessing.sequence.pad_sequences(sequences, **arguments)
    np.testing.assert_array_equal(again, theirs)


@pytest.mark.parametrize(
    ("sequences", "arguments", "message"),
    [
        ([[1]], {"padding": "in"}, "bad `padding`"),
        ([[1]], {"truncating": "in"}, "bad `truncating`"),
        ([[1]], {"value": "a"}, "a text cannot fill"),
        ([1, 2], {}, "must be a list of iterables"),
        (iter([[1]]), {}, "must be iterable"),
        ([[[1, 2]], [[3]]], {}, "steps of sequence 1 have another shape"),
    ],
)
def test_what_cannot_be_padded(sequences: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rb.utils.pad_sequences(sequences, **arguments)


def windows_by_hand(data: Any, targets: Any, length: int, stride: int, rate: int) -> Any:
    starts = [i for i in range(0, len(data), stride) if i + (length - 1) * rate < len(data)]
    starts = [i for i in starts if i < len(targets)]
    return (
        np.array([data[i : i + (length - 1) * rate + 1 : rate] for i in starts]),
        np.array([targets[i] for i in starts]),
    )


@pytest.mark.parametrize(("stride", "rate"), [(1, 1), (2, 1), (1, 2), (3, 2)])
def test_windows_of_a_series(stride: int, rate: int) -> None:
    series = np.arange(20.0).reshape(10, 2)
    data = rb.utils.timeseries_dataset_from_array(
        series, series[3:, 0], 3, stride, rate, batch_size=2
    )
    x, y = (np.concatenate(part) for part in zip(*data, strict=True))
    expected = windows_by_hand(series, series[3:, 0], 3, stride, rate)
    np.testing.assert_array_equal(x, expected[0])
    np.testing.assert_array_equal(y, expected[1])
    shuffled = rb.utils.timeseries_dataset_from_array(
        series, None, 3, stride, rate, shuffle=True, seed=1
    )
    np.testing.assert_array_equal(np.sort(shuffled[0], 0), expected_sorted(series, stride, rate))


def expected_sorted(series: Any, stride: int, rate: int) -> Any:
    return np.sort(windows_by_hand(series, series, 3, stride, rate)[0], 0)


def test_windows_train_a_model_and_keep_within_their_indices() -> None:
    series = np.arange(12.0)
    data = rb.preprocessing.timeseries_dataset_from_array(
        series, series, 2, start_index=2, end_index=8, batch_size=None
    )
    assert [(x.tolist(), float(y)) for x, y in data][:2] == [([2.0, 3.0], 2.0), ([3.0, 4.0], 3.0)]
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(rb.utils.timeseries_dataset_from_array(series / 12, series / 12, 2), verbose=0)
    assert int(np.asarray(model.optimizer.iterations)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"start_index": -1}, {"start_index": 9}, {"end_index": 99}, {"sampling_rate": 0},
        {"sequence_stride": 0}, {"start_index": 3, "end_index": 2},
    ],
)  # fmt: skip
def test_windows_outside_a_series_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="timeseries_dataset_from_array: bad `"):
        rb.utils.timeseries_dataset_from_array(np.arange(5), None, 2, **wrong)


def drawn(text: str) -> list[str]:
    """Lines of progress without colours and times."""
    plain = re.sub(r"\x1b?\[\d+m|[\b\r]|\x1b", "", text)
    return re.sub(r"\d+[mu]?s(/\w+)?", "T", plain).split()  # how many blanks follows from times


@pytest.mark.parametrize("verbose", [0, 1, 2])
@pytest.mark.parametrize(
    "metrics", [{}, {"stateful_metrics": ["acc"]}, {"stateless_metrics": ["loss"]}]
)
def test_lines_of_progress_are_keras_s(
    verbose: int, metrics: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for library in BOTH:
        for target in (12, None):
            bar = library.utils.Progbar(target, verbose=verbose, interval=0, **metrics)
            bar.update(1, [("loss", 3.0), ("acc", 0.5)])
            bar.add(3, [("loss", 1.0), ("acc", 1e-5)])
            bar.update(12, finalize=True)
        found.append(drawn(capsys.readouterr().out))
    assert found[0] == found[1]


def test_both_kinds_of_metrics_are_refused() -> None:
    with pytest.raises(ValueError, match="one of `stateful_metrics` and `stateless_metrics`"):
        rb.utils.Progbar(1, stateful_metrics=["a"], stateless_metrics=["b"])


@pytest.mark.parametrize("library", BOTH)
def test_files_are_downloaded_once_checked_and_unpacked(library: Any, tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.write_text("hello")
    digest = hashlib.sha256(b"hello").hexdigest()
    get_file, cache = library.utils.get_file, str(tmp_path)
    found = get_file(origin=source.as_uri(), cache_dir=cache, file_hash=digest)
    assert found == str(tmp_path / "datasets" / "source.txt")
    source.write_text("other")
    assert get_file(origin=source.as_uri(), cache_dir=cache) == found
    assert Path(found).read_text() == "hello"
    get_file(origin=source.as_uri(), cache_dir=cache, force_download=True)
    assert Path(found).read_text() == "other"
    md5 = hashlib.md5(b"wrong").hexdigest()
    with pytest.raises(ValueError, match=r"(?i)incomplete or corrupted file"):
        get_file("b.txt", source.as_uri(), md5_hash=md5, cache_dir=cache)
    archive = tmp_path / "t.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(source, "in/source.txt")
    for arguments, folder in (
        ({"extract": True}, "t.tar.gz"),
        ({"fname": "n", "untar": True}, "n"),
    ):
        place = get_file(origin=archive.as_uri(), cache_dir=cache, **arguments)
        assert place == str(tmp_path / "datasets" / folder)
        assert Path(place, "in", "source.txt").read_text() == "other"
    with pytest.raises(ValueError, match="origin"):
        get_file("a.txt")
    with pytest.raises(ValueError, match="fname"):
        get_file(f"a{os.sep}b", source.as_uri())


def test_a_download_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be downloaded"):
        rb.utils.get_file(origin=(tmp_path / "none").as_uri(), cache_dir=tmp_path)
    assert list((tmp_path / "datasets").iterdir()) == []


@pytest.mark.parametrize("library", BOTH)
def test_named_values(library: Any) -> None:
    config = library.utils.Config(a=1, c=3)
    config.b = 2
    assert (config.a, config["b"], list(config), len(config)) == (1, 2, ["a", "b", "c"], 3)
    assert config.as_dict() == {"a": 1, "c": 3, "b": 2}
    assert (config.to_json(), config.get("z", 5)) == ('{"a": 1, "c": 3, "b": 2}', 5)
    assert config.pop("c") == 3
    config.update({"d": 4})
    config.freeze()
    for change in (lambda: setattr(config, "q", 1), lambda: config.pop("a")):
        with pytest.raises(ValueError, match="frozen"):
            change()
    config.unfreeze()
    del config["a"]
    with pytest.raises(AttributeError, match="nknown attribute"):
        _ = config.aa


def test_images_are_keras_s(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    colours, grey = rng.uniform(0, 1, (4, 6, 3)), rng.uniform(0, 300, (4, 6, 1))
    for array, arguments in (
        (colours, {}), (grey, {}), (grey, {"scale": False}),
        (colours.transpose(2, 0, 1), {"data_format": "channels_first"}),
    ):  # fmt: skip
        ours, theirs = (library.utils.array_to_img(array, **arguments) for library in BOTH)
        assert (ours.mode, ours.size) == (theirs.mode, theirs.size)
        found = [library.utils.img_to_array(ours) for library in BOTH]
        np.testing.assert_array_equal(*found)
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), atol=1)
    rb.utils.save_img(tmp_path / "a.png", colours)
    for arguments in (
        {}, {"color_mode": "grayscale"}, {"color_mode": "rgba"}, {"target_size": (2, 2)},
        {"target_size": (2, 5), "interpolation": "bilinear", "keep_aspect_ratio": True},
    ):  # fmt: skip
        pair = [np.asarray(lib.utils.load_img(tmp_path / "a.png", **arguments)) for lib in BOTH]
        np.testing.assert_array_equal(*pair)
    for data_format in ("channels_last", "channels_first"):
        pair = [
            np.asarray(
                lib.preprocessing.image.smart_resize(colours, (2, 3), data_format=data_format)
            )
            for lib in BOTH
        ]
        assert pair[0].shape == pair[1].shape
    with pytest.raises(ValueError, match="unsupported channel number"):
        rb.utils.array_to_img(np.zeros((2, 2, 7)))
    with pytest.raises(ValueError, match="not one image"):
        rb.utils.array_to_img(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="bad `color_mode`"):
        rb.utils.load_img(tmp_path / "a.png", color_mode="cmyk")
    with pytest.raises(ValueError, match="invalid `interpolation`"):
        rb.utils.load_img(tmp_path / "a.png", target_size=(2, 2), interpolation="linear")
    with pytest.raises(TypeError, match="bad `path`"):
        rb.utils.load_img(3)


X = np.ones((4, 3), "float32")


def two_layers(library: Any) -> Any:
    layers = library.layers
    inputs = library.Input((3,))
    model = library.Sequential([inputs, layers.Dense(2, name="a"), layers.Dense(1, name="r")])
    model.compile("adam", "mse")
    model.fit(X, X[:, :1], verbose=0)
    return model


@pytest.mark.parametrize(("writer", "reader"), [(rb, keras), (keras, rb), (rb, rb)])
def test_models_as_folders(writer: Any, reader: Any, tmp_path: Path) -> None:
    model = two_layers(writer)
    model.save(tmp_path / "m", zipped=False)
    assert {"config.json", "metadata.json", "model.weights.h5"} <= set(os.listdir(tmp_path / "m"))
    loaded = reader.saving.load_model(str(tmp_path / "m"))
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(loaded.predict(X, verbose=0), expected, rtol=1e-5)
    with pytest.raises(ValueError, match="zipped=False"):
        model.save(str(tmp_path / "m.keras"), zipped=False)


def test_only_a_folder_with_a_model_is_replaced(tmp_path: Path) -> None:
    model = two_layers(rb)
    model.save(tmp_path / "m", zipped=False)
    model.save(tmp_path / "m", zipped=False)
    with pytest.raises(FileExistsError, match="already exists"):
        model.save(tmp_path / "m", zipped=False, overwrite=False)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="only a folder with a model is replaced"):
        model.save(tmp_path / "other", zipped=False)
    assert sorted(os.listdir(tmp_path)) == ["m", "other"]


@pytest.mark.parametrize("library", BOTH)
def test_objects_to_skip_keep_their_weights(library: Any, tmp_path: Path) -> None:
    file = str(tmp_path / "a.weights.h5")
    model = two_layers(library)
    model.save_weights(file)
    saved = model.get_weights()
    model.set_weights([np.full(w.shape, 7.0) for w in saved])
    model.load_weights(file, objects_to_skip=[model.layers[0]])
    assert (model.layers[0].get_weights()[0] == 7).all()
    np.testing.assert_array_equal(model.layers[1].get_weights()[0], saved[2])


def test_weights_are_not_cut_into_shards(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match="one file, however large"):
        two_layers(rb).save_weights(tmp_path / "a.weights.json", max_shard_size=1)
