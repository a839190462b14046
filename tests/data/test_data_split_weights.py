"""`validation_split` and `class_weight`, against Keras and by their messages."""

from __future__ import annotations

import numpy as np
import pytest

from rosenblatt.data import Rows, class_weights_to_sample_weights, read


def split(arrays, share):
    return [part.arrays for part in Rows(arrays).split(share)]


@pytest.mark.parametrize("rows", [2, 3, 10, 97, 1000])
@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.25, 1 / 3, 0.5, 0.9])
def test_split_as_keras(rows, fraction):
    keras_split = pytest.importorskip(
        "keras.src.trainers.data_adapters.array_slicing"
    ).train_validation_split
    x = np.arange(rows)
    try:
        theirs, _ = keras_split((x, None), fraction)
    except ValueError:
        with pytest.raises(ValueError, match="leaves one part without rows"):
            split((x, None, None), fraction)
        return
    train, validation = split((x, None, None), fraction)
    assert len(train[0]) == theirs[0].shape[0]
    assert train[1] is None
    assert train[0].base is x
    assert validation[0].base is x
    assert np.concatenate([train[0], validation[0]]).tolist() == x.tolist()


def test_split_keeps_the_nest():
    tree = ({"a": np.arange(4), "b": np.ones((4, 2))}, [np.arange(4)], None)
    _, (x, y, weight) = split(tree, 0.25)
    assert x["b"].shape == (1, 2)
    assert y[0].tolist() == [3]
    assert weight is None


@pytest.mark.parametrize("bad", [0, 1.0, -0.1, "0.2", True])
def test_split_out_of_range(bad):
    with pytest.raises(ValueError) as info:
        split((np.arange(4), None, None), bad)
    assert str(info.value) == (
        f"`validation_split` is out of range. Given: {bad!r}. Expected: a fraction between 0 and "
        "1, e.g. 0.2. Fix: pass rows of your own as `validation_data=(x_val, y_val)` instead."
    )


def test_split_without_rows_in_a_part():
    with pytest.raises(ValueError) as info:
        split((np.arange(1), None, None), 0.5)
    assert str(info.value) == (
        "`validation_split` leaves one part without rows. Given: 1 rows and validation_split=0.5, "
        "which makes 0 training and 1 validation rows. Expected: at least one row in each part. "
        "Fix: pass more data or another fraction."
    )


def test_split_of_a_stream():
    with pytest.raises(ValueError) as info:
        read(iter([])).split(0.5)
    assert str(info.value) == (
        "fit: `validation_split` needs arrays. Given: x of type list_iterator. Fix: pass "
        "`validation_data=` instead."
    )


@pytest.mark.parametrize(
    "y",
    [
        np.array([0, 1, 2, 1, 5]),
        np.array([[0], [2], [1]], np.uint8),
        np.eye(3, dtype=np.float32)[[2, 0, 1]],
        np.array([0.0, 1.0, 2.0], np.float32),
        np.array([True, False]),
    ],
)
def test_class_weights_as_keras(y):
    theirs = pytest.importorskip("keras.src.trainers.data_adapters.data_adapter_utils")
    weights = {0: 0.25, 1: 3, 2: np.float64(7)}
    ours = class_weights_to_sample_weights(y, weights)
    assert ours.dtype == np.float32
    expected = theirs.class_weight_to_sample_weights(y.astype("float32"), weights)
    np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize(
    ("y", "weights", "expected"),
    [
        (
            np.arange(2),
            "balanced",
            "`class_weight` is not a dict. Given: 'balanced'. Expected: class number to weight, "
            "e.g. {0: 1.0, 1: 5.0}. Fix: scikit-learn's `compute_class_weight` gives balanced "
            "weights as an array: `dict(enumerate(weights))`.",
        ),
        (
            np.arange(2),
            {"cat": 1.0},
            "`class_weight` must map class numbers to weights. Given: 'cat': 1.0. Expected: e.g. "
            "{0: 1.0, 1: 5.0}.",
        ),
        (
            [np.arange(2), np.arange(2)],
            {0: 1.0},
            "`class_weight` needs the labels of a single output. Given: y as a list of several "
            "outputs. Expected: one array of labels. Fix: pass `sample_weight`, one array for each "
            "output, instead.",
        ),
        (
            None,
            {0: 1.0},
            "`class_weight` needs the labels of a single output. Given: no y. Expected: one array "
            "of labels. Fix: pass `sample_weight`, one array for each output, instead.",
        ),
        (
            np.ones((2, 3, 4)),
            {0: 1.0},
            "`class_weight` needs one label for each sample. Given: y of shape (2, 3, 4). "
            "Expected: shape (n,), (n, 1) or one-hot (n, classes). Fix: pass `sample_weight` "
            "instead.",
        ),
    ],
)
def test_class_weights_refused(y, weights, expected):
    with pytest.raises(ValueError) as info:
        class_weights_to_sample_weights(y, weights)
    assert str(info.value) == expected
