"""Array-likes of every kind as NumPy arrays, and the checks, message by message."""

from __future__ import annotations

import collections

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from scipy import sparse

from rosenblatt.data import arrays, as_arrays, check_finite, check_lengths


def message(function, *args, error=ValueError):
    with pytest.raises(error) as info:
        function(*args)
    return str(info.value)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "int32", "uint8", "bool"])
def test_numpy_passes_uncopied(dtype):
    array = np.ones((3, 2), dtype)
    assert as_arrays(array, "x") is array


def test_bfloat16_is_kept():
    array = np.ones(3, ml_dtypes.bfloat16)
    assert as_arrays(array, "x") is array


def test_float64_becomes_the_default_float_type():
    assert as_arrays(np.ones(3), "x").dtype == np.float32


def test_other_byte_orders_become_native():
    array = as_arrays(np.arange(3, dtype=">i4"), "x")
    assert array.dtype.isnative
    assert array.tolist() == [0, 1, 2]


def test_integers_beyond_32_bits_become_floats_instead_of_wrapping():
    assert as_arrays(np.array([2**31]), "x").dtype == np.float32
    assert as_arrays(np.array([-(2**31)]), "x").dtype == np.int64
    assert as_arrays(np.array([2**32], "uint64"), "x").tolist() == [2.0**32]


def test_jax_arrays_share_their_memory():
    array = jnp.arange(6.0)
    assert as_arrays(array, "x").ctypes.data == array.unsafe_buffer_pointer()


def test_torch_tensors():
    tensor = torch.ones(2, 3, requires_grad=True)
    assert as_arrays(tensor, "x").shape == (2, 3)
    assert as_arrays(torch.ones(2, dtype=torch.bfloat16), "x").dtype == np.float32


def test_scipy_sparse_becomes_dense():
    assert as_arrays(sparse.eye(3, format="csr"), "x").tolist() == np.eye(3).tolist()


def test_too_large_sparse_matrix(monkeypatch):
    monkeypatch.setattr(arrays, "DENSE_LIMIT", 2**20)
    text = message(as_arrays, sparse.csr_matrix((1024, 1024)), "x")
    assert text == (
        "x: this sparse matrix is too large to be made dense. Given: shape (1024, 1024), 0.0 GiB. "
        "Expected: at most 0.0 GiB. Fix: pass a generator or `PyDataset` that gives "
        "`matrix[start:stop].toarray()` batch by batch."
    )


def test_masked_values_become_nan():
    array = as_arrays(np.ma.MaskedArray([1, 2], mask=[False, True]), "x")
    assert np.isnan(array).tolist() == [False, True]


class Tensor:
    """What a TensorFlow tensor offers."""

    shape = (2,)

    def numpy(self):
        return np.array([1, 2])


def test_objects_with_a_numpy_method():
    assert as_arrays(Tensor(), "x").tolist() == [1, 2]


def test_lists_of_numbers_are_arrays_and_lists_of_arrays_are_structure():
    assert as_arrays([[1, 2], [3, 4]], "x").shape == (2, 2)
    assert as_arrays([(True,), (False,)], "x").dtype == bool
    assert as_arrays([np.float32(1), np.float32(2)], "x").shape == (2,)
    assert as_arrays([torch.tensor(1.0), torch.tensor(2.0)], "x").shape == (2,)
    two = as_arrays([np.ones(3), jnp.ones(3)], "x")
    assert isinstance(two, list)
    assert [type(a) for a in two] == [np.ndarray, np.ndarray]
    assert isinstance(as_arrays((np.ones(3), np.ones(3)), "x"), tuple)
    assert as_arrays([None, np.ones(3)], "y")[0] is None


def test_nests_keep_their_types():
    Pair = collections.namedtuple("Pair", "wide deep")
    tree = as_arrays({"a": Pair(np.ones(2), [np.ones(2)]), "b": None}, "x")
    assert isinstance(tree["a"], Pair)
    assert isinstance(tree["a"].deep, list)
    assert tree["b"] is None
    assert as_arrays(None, "y") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            3.5,
            "x is a single number, not an array with one row for each sample. Given: 3.5. "
            "Expected: an array of one or more dimensions. Fix: pass `numpy.array([x])`; a stream "
            "must give batches, not single samples.",
        ),
        (
            np.ones((0, 3)),
            "x is empty: there is no row to work on. Given: an array of shape (0, 3). Expected: at "
            "least one row. Fix: check the filter, slice or file the data came from.",
        ),
        (
            {},
            "x is empty: there is no row to work on. Given: an empty dict. Expected: at least one "
            "row. Fix: check the filter, slice or file the data came from.",
        ),
        (
            [],
            "x is empty: there is no row to work on. Given: an array of shape (0,). Expected: at "
            "least one row. Fix: check the filter, slice or file the data came from.",
        ),
        (
            [[1, 2], [3, 4], [5]],
            "x: the rows of the list do not have the same shape. Given: 2 values in row 0, 1 "
            "value in row 2. Expected: as many values in every row. Fix: fill up or cut the rows "
            "to one length.",
        ),
        (
            [[1.0, "far"], [2.0, "near"]],
            "x does not hold numbers. Given: 'far' in row 0, column 1 (dtype <U32). Expected: "
            "numbers or booleans. Fix: encode it as numbers (e.g. scikit-learn's `OneHotEncoder`) "
            "or leave it out.",
        ),
        (
            np.array([[1, "far"]], object),
            "x does not hold numbers. Given: 'far' in row 0, column 1 (dtype object). Expected: "
            "numbers or booleans. Fix: encode it as numbers (e.g. scikit-learn's `OneHotEncoder`) "
            "or leave it out.",
        ),
        (
            np.array([1, 2], object),
            "x does not hold numbers. Given: numbers as Python objects (dtype object). Expected: "
            'numbers or booleans. Fix: convert it: `x.astype("float32")`.',
        ),
        (
            np.array(["2020-01-01"], "datetime64[D]"),
            "x does not hold numbers. Given: datetime.date(2020, 1, 1) in row 0 (dtype "
            "datetime64[D]). Expected: numbers or booleans. Fix: turn dates into numbers, e.g. "
            "days since the first one.",
        ),
        (
            {"wide": np.array(["a"])},
            "x['wide'] does not hold numbers. Given: 'a' in row 0 (dtype <U1). Expected: numbers "
            "or booleans. Fix: encode it as numbers (e.g. scikit-learn's `OneHotEncoder`) or leave "
            "it out.",
        ),
        (
            object(),
            "x is not data this library can read. Given: an object of type builtins.object. "
            "Expected: an array, a DataFrame, a list of numbers, or a dict, list or tuple of "
            "these. Fix: pass `numpy.asarray(x)`.",
        ),
    ],
)
def test_refused(value, expected):
    assert message(as_arrays, value, "x") == expected


def test_text_labels():
    assert message(as_arrays, ["cat", "dog"], "y") == (
        "y does not hold numbers. Given: 'cat' in row 0 (dtype <U3). Expected: numbers or "
        "booleans. Fix: number the classes, e.g. `classes, y = numpy.unique(y, "
        "return_inverse=True)`."
    )


FIX = (
    " Expected: finite numbers. Fix: drop these rows (from x and y alike), or fill the gaps, e.g. "
    "with the column's median."
)


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (2, np.nan, "x holds NaN. Given: nan in row 2 (the first is row 0), the only such row."),
        (
            (3, 1),
            np.nan,
            "x holds NaN in column 1. Given: nan in row 3 (the first is row 0), the only such row.",
        ),
        (
            (slice(1, 3), 0),
            -np.inf,
            "x holds infinity in column 0. Given: -inf, or a number beyond float32 in row 1 (the "
            "first is row 0), 2 such rows in all.",
        ),
        (
            (slice(None), slice(1, 7)),
            np.nan,
            "x holds NaN in columns 1, 2, 3, 4, 5 and 1 more. Given: nan in row 0 (the first is "
            "row 0), 5 such rows in all.",
        ),
        (
            (4, 1, 2),
            np.nan,
            "x holds NaN. Given: nan in row 4 (the first is row 0), index (1, 2), the only such "
            "row.",
        ),
    ],
)
def test_not_finite(place, value, expected):
    shape = (5, 8, 3)[: 1 if isinstance(place, int) else len(place)]
    array = np.ones(shape, np.float32)
    array[place] = value
    assert message(check_finite, array, "x") == expected + FIX


def test_not_finite_names_the_part_and_the_column():
    array = np.ones((3, 2), np.float32)
    array[1, 1] = np.nan
    names = {"x['wide']": ("age", "income")}
    text = message(check_finite, {"deep": np.ones(3), "wide": array}, "x", names)
    assert text.startswith("x['wide'] holds NaN in column 'income'. Given: nan in row 1 ")


def test_not_finite_far_into_a_large_array():
    array = np.ones(200_000, np.float32)
    array[150_000] = np.nan
    assert "in row 150000 " in message(check_finite, array, "y")


def test_finite_numbers_whose_sum_overflows_pass():
    check_finite(np.full(10, 3e38, np.float32), "x")
    check_finite(np.full(10, 6e4, np.float16), "x")
    check_finite((np.arange(3), np.array([True]), None), "x")


def test_lengths():
    assert check_lengths({"a": np.ones(3), "b": np.ones((3, 2))}, np.ones(3), None) == 3
    assert message(check_lengths, [np.ones(3), np.ones(4)], np.ones(3), np.ones(2)) == (
        "The data do not have the same number of rows. Given: x[0]: 3, x[1]: 4, y: 3, "
        "sample_weight: 2. Expected: one row of each part for every sample. Fix: drop the rows "
        "that have no partner; dropping rows with missing values must be done on x and y together."
    )
    assert message(check_lengths, None).startswith("x is empty")
