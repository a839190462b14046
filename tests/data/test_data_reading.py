"""What `read` makes of data, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from rosenblatt.data import ArraySource, StreamSource, is_stream, read


def message(*args, **kwargs):
    with pytest.raises(ValueError) as info:
        read(*args).batches(**kwargs)
    return str(info.value)


def test_kinds():
    assert isinstance(read(np.ones((3, 2))).batches(), ArraySource)
    assert isinstance(read([[1.0]], [1.0]).batches(), ArraySource)
    assert isinstance(read(iter([])).batches(), StreamSource)
    assert not is_stream({"a": np.ones(3)})
    assert not is_stream(3)


def test_batch_size():
    x = np.ones((100, 1))
    assert read(x).batches().batch_size == 32
    assert read(x).batches(steps=3).batch_size == 34
    assert read(x).batches(7, steps=3).n_batches == 15


def test_weights_are_multiplied():
    rows = read(np.ones((3, 1)), [0, 1, 1], [1.0, 2.0, 3.0])
    source = rows.batches(class_weight={1: 10.0})
    assert source.data[2].tolist() == [1.0, 20.0, 30.0]
    assert source.data[2].dtype == np.float32
    column = read(np.ones((2, 1)), [0, 1], [[1.0], [2.0]]).batches(class_weight={1: 10.0})
    assert column.data[2].tolist() == [[1.0], [20.0]]


def test_one_weight_for_several_outputs_is_kept_as_it_is():
    y = {"a": np.ones(3), "b": np.ones(3)}
    assert read(np.ones((3, 1)), y, np.ones(3)).batches().data[2].shape == (3,)
    nested = read(np.ones((3, 1)), y, {"b": np.ones(3), "a": np.ones(3)}).batches()
    assert set(nested.data[2]) == {"a", "b"}


def test_missing_x():
    assert message(None) == (
        "x is missing. Fix: pass the inputs, e.g. `model.fit(x_train, y_train)`."
    )


def test_y_beside_a_stream():
    assert message((b for b in []), np.ones(3)) == (
        "`y` was passed beside a stream of batches. Given: x of type generator and y. Expected: a "
        "stream that gives `(x, y)` or `(x, y, sample_weight)`. Fix: let each batch hold its own "
        "y, and pass x alone."
    )
    assert message(iter([]), None, np.ones(3)).startswith("`sample_weight` was passed beside a ")


def test_misaligned():
    assert message(np.ones((3, 2)), np.ones(4)).startswith(
        "The data do not have the same number of rows. Given: x: 3, y: 4."
    )


def test_not_finite():
    rows = read(np.ones((2, 1)), [1.0, np.nan])
    assert list(rows.suspects) == ["y"]  # for whoever brings them to a model to decide
    assert rows.suspects["y"].startswith("y holds NaN. Given: nan in row 1 ")
    assert read(np.ones((2, 1)), [1.0, 2.0]).suspects == {}


def test_weights_of_another_structure():
    y = {"a": np.ones(3), "b": np.ones(3)}
    assert message(np.ones((3, 1)), y, {"a": np.ones(3)}) == (
        "`sample_weight` and `y` have different structures. Given: sample_weight: a dict of ['a']; "
        "y: a dict of ['a', 'b']. Expected: one array of weights for all outputs, or one for each "
        "output. Fix: give the weights the names or the order of the outputs in y."
    )


def test_class_weight_with_weights_of_several_outputs():
    y = np.zeros(3, int)
    text = message(np.ones((3, 1)), [y, y], [np.ones(3)] * 2, class_weight={0: 2.0})
    assert text.startswith("`class_weight` needs the labels of a single output.")


def test_no_data():
    assert message(np.ones((0, 2))).startswith("x is empty: there is no row to work on.")
    assert message("housing.csv").startswith("x does not hold numbers. Given: 'housing.csv'")
