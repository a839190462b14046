"""Layers that read raw columns on the host: any values, models, files, single rows, ONNX."""

from __future__ import annotations

import copy
import datetime
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from exported import run_onnx

import rosenblatt as rb
from rosenblatt import layers
from rosenblatt.layers.tabular.parsing import DATE_PARTS, date_parts
from rosenblatt.testing.check import through_text

MISSING = [None, float("nan"), "", "NA", " n/a ", "?"]
DAYS = ["2013-01-31", "2016-02-29T18:30:00", "1969-12-31 23:59:59", None, "soon"]
RNG = np.random.default_rng(0)


def column(*values: Any) -> np.ndarray:
    return np.array(values, object)


# -- numbers -----------------------------------------------------------------------------------


def test_numbers_are_centered_before_they_are_rounded() -> None:
    """Seconds since 1970 and long ids keep what tells rows apart; float32 alone would not."""
    seconds = np.array([1.7e9, 1.7e9 + 1, 1.7e9 + 2.5])
    layer = layers.NumberParsing(center=1.7e9, scale=0.5)
    np.testing.assert_array_equal(layer(seconds), [0, 2, 5])
    ids = np.array([123_456_789_012, 123_456_789_013])
    np.testing.assert_array_equal(layers.NumberParsing(123_456_789_012.0)(ids), [0, 1])
    assert layer(seconds).dtype == "float32"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (column("1", "2.5", *MISSING), [1, 2.5, *[np.nan] * 6]),
        (column(1, 2.5, True, "x", None), [1, 2.5, 1, np.nan, np.nan]),
        (np.array(["1e3", " 7 ", "(2)"]), [1000, 7, -2]),
        (np.array([b"3", b"4.5"]), [3, 4.5]),
        (np.array([True, False]), [1, 0]),
        (np.array([3, -1], "int8"), [3, -1]),
        (np.array([1.0, np.inf, -np.inf, np.nan], "float32"), [1, np.nan, np.nan, np.nan]),
        (np.array([[1.0], [2.0]]), [[1], [2]]),
    ],
    ids=["text", "objects", "strings", "bytes", "booleans", "integers", "infinite", "two axes"],
)
def test_numbers_of_any_kind(values: np.ndarray, expected: Any) -> None:
    np.testing.assert_array_equal(layers.NumberParsing()(values), expected)


def test_numbers_in_their_columns_writing() -> None:
    comma = layers.NumberParsing(decimal=",", unit="kg")
    np.testing.assert_array_equal(comma(column("1.234,5 kg", "2 kg", "3 lb")), [1234.5, 2, np.nan])
    coded = layers.NumberParsing(missing_words=["-999", "none"])
    for values in (column("-999", "3", "None"), np.array([-999.0, 3.0, np.nan])):
        np.testing.assert_array_equal(coded(values), [np.nan, 3, np.nan])
    huge = layers.NumberParsing(scale=1e-300)(np.array([1e300, -1e300]))
    np.testing.assert_array_equal(huge, [np.inf, -np.inf])


def test_many_rows_are_read_as_few_are() -> None:
    """Each different value once, and equal values of two types apart."""
    few = column("1", "x", None, "2,5", "Rome", "2013-01-31")
    many = np.tile(few, 40)
    for layer in (
        layers.NumberParsing(decimal=","), layers.DateParsing(),
        layers.CategoryIndex(["Rome", "x"]), layers.HashedWords(16),
    ):  # fmt: skip
        found = np.asarray(layer(many))
        one_by_one = np.concatenate([np.asarray(layer(few[i : i + 1])) for i in range(6)])
        np.testing.assert_array_equal(found, np.tile(one_by_one, (40, 1)[: found.ndim]))
    mixed = np.tile(column(1, True, 1.0, "1", None), 30)
    np.testing.assert_array_equal(
        layers.CategoryIndex(["1", "True"])(mixed), np.tile([1, 2, 1, 1, 0], 30)
    )


def test_all_at_once_is_one_after_another() -> None:
    made = [layers.NumberParsing(c, s) for c, s in ((0.0, 1.0), (1.7e9, 3.0), (-5.0, 1e-3))]
    made.append(layers.NumberParsing(missing_words=["-1"]))
    made.append(layers.NumberParsing())
    columns = [
        np.array([1.0, np.nan, np.inf]), np.array([1.7e9, 1.7e9 + 1, 0]),
        np.array([True, False, True]), np.array([-1, 5, 6]), column("3", "x", "4"),
    ]  # fmt: skip
    found = layers.NumberParsing.lookup_all(made, columns)
    for one, layer, values in zip(found, made, columns, strict=True):
        np.testing.assert_array_equal(one, layer.lookup(values))
        assert one.dtype == np.float32
    texts = [columns[4]]
    np.testing.assert_array_equal(
        layers.NumberParsing.lookup_all(made[4:], texts)[0], [3, np.nan, 4]
    )


# -- dates -------------------------------------------------------------------------------------


def parts_by_hand(time: datetime.datetime | None) -> list[float]:
    if time is None:
        return [np.nan] * len(DATE_PARTS)
    since = time - datetime.datetime(1970, 1, 1)
    return [
        since / datetime.timedelta(days=1), time.year, time.month, time.day, time.weekday(),
        time.timetuple().tm_yday, time.hour,
    ]  # fmt: skip


def test_parts_of_dates() -> None:
    expected = [
        parts_by_hand(datetime.datetime.fromisoformat(day) if day and day != "soon" else None)
        for day in DAYS
    ]
    found = layers.DateParsing().values(column(*DAYS))
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-12)
    times = [datetime.datetime(1, 1, 1) + datetime.timedelta(days=float(d))
             for d in RNG.uniform(0, 3_000_000, 200)]  # fmt: skip
    found = date_parts(np.array(times, "datetime64[us]"))
    np.testing.assert_allclose(found, list(map(parts_by_hand, times)), rtol=1e-15, atol=1e-12)


@pytest.mark.parametrize(
    "values",
    [
        np.array(["2013-01-31T06:00", "NaT"], "datetime64[ns]"),
        np.array(["2013-01-31T06", "NaT"], "datetime64[h]"),
        column(datetime.datetime(2013, 1, 31, 6), None),
        column(pd.Timestamp("2013-01-31T06:00"), pd.NaT),
        column("2013-01-31 06:00", "?"),
        np.array([["2013-01-31T06:00"], [""]]),
    ],
    ids=["nanoseconds", "hours", "datetimes", "timestamps", "text", "two axes"],
)
def test_dates_of_any_kind(values: np.ndarray) -> None:
    layer = layers.DateParsing(parts=["hour", "day"], center=[6.0, 1.0], scale=[1.0, 2.0])
    np.testing.assert_array_equal(layer(values), [[0, 15], [np.nan, np.nan]])


def test_dates_in_other_formats() -> None:
    days = layers.DateParsing("%d/%m/%Y", ["month"])
    np.testing.assert_array_equal(days(column("31/01/2013", "01/12/2013")), [[1], [12]])
    seconds = layers.DateParsing("seconds since 1970", ["days"])
    np.testing.assert_array_equal(seconds(np.array([86_400 * 1.5, np.nan])), [[1.5], [np.nan]])


# -- categories --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vocabulary", "values", "expected"),
    [
        (["a", "b"], column("b", "a", "c", None, float("nan"), 3), [2, 1, 0, 0, 0, 0]),
        (["a", "b"], np.array(["a ", "b"]), [1, 2]),
        (["3", "0.5"], np.array([3.0, 0.5, np.nan]), [1, 2, 0]),
        (["3", "123456789012345678"], np.array([3, 123456789012345678]), [1, 2]),
        (["True"], np.array([True, False]), [1, 0]),
        (["2013-01-31"], np.array(["2013-01-31", "NaT"], "datetime64[ns]"), [1, 0]),
        ([10, 0.5], np.array([0.5, 10, 11, np.nan, np.inf]), [2, 1, 0, 0, 0]),
        ([10, 0.5], column("0.5", "10", "x", None), [2, 1, 0, 0]),
        ([0.1, 1e-3], np.array([0.1, 1e-3, 0.2], "float32"), [1, 2, 0]),
        ([123_456_789_012.0], np.array([123_456_789_012, 123_456_789_013]), [1, 0]),
        ([0.0, 1.0], np.array([True, False]), [2, 1]),
        ([], column("a", None), [0, 0]),
    ],
)
def test_codes_of_values_of_any_kind(vocabulary: Any, values: np.ndarray, expected: Any) -> None:
    layer = layers.CategoryIndex(vocabulary)
    found = layer(values)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == "int32"
    assert layer.size == len(vocabulary) + 1
    assert layer.get_vocabulary() == vocabulary


def test_a_column_of_numbers_is_a_category_too() -> None:
    parts = layers.DateParsing(parts=["month", "hour"])
    found = parts.lookup(column("2013-02-03T05:00", "2013-07-03"))
    layer = layers.CategoryIndex([5.0, 0.0], column=1)
    np.testing.assert_array_equal(layer(found), [1, 2])


def test_target_means_are_rows_of_a_table() -> None:
    table = RNG.normal(size=(4, 3)).astype("float32")
    layer = layers.TargetMeans(table)
    for codes in (np.array([3, 0, 1, 9, -1], "int32"), np.array([[3], [0], [1], [9], [-1]])):
        np.testing.assert_array_equal(layer(codes), table[[3, 0, 1, 0, 0]])


def test_hashed_words() -> None:
    layer = layers.HashedWords(64)
    texts = column("A red car", "red, a CAR!", "blue", None, "...", 7, "a a")
    found = np.asarray(layer(texts))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[3:5], 0)
    np.testing.assert_allclose((found[:3] ** 2).sum(1), 1, rtol=1e-6)  # no word shares a place
    assert np.count_nonzero(found[5]) == 1
    np.testing.assert_allclose(np.abs(found[6]).max(), np.sqrt(2))  # one word twice
    words = [f"word{i}" for i in range(2000)]
    signs = np.asarray(layers.HashedWords(1)(column(*words)))
    assert abs(signs.mean()) < 0.1
    bins = np.abs(layers.HashedWords(16)(column(*words))).sum(0)
    assert bins.min() > 80


def test_columns_are_stacked_in_their_kind() -> None:
    stack = layers.ColumnStack()
    numbers = stack([np.array([1.5, 2.0]), np.array([[3], [4]]), np.array([True, False])])
    np.testing.assert_array_equal(numbers, [[1.5, 3, 1], [2, 4, 0]])
    assert numbers.dtype == "float32"
    assert stack([np.array([1, 2]), np.array([3, 4], "int8")]).dtype == "int32"
    assert stack(np.array([1.0, 2.0])).shape == (2, 1)


# -- configs and files -------------------------------------------------------------------------

MADE: dict[str, tuple[Callable[[], Any], np.ndarray]] = {
    "NumberParsing": (
        lambda: layers.NumberParsing(0.1 + 0.2, 1e-9, ",", ["-1", "Gone"], "kg"),
        column("1,5 kg", "gone"),
    ),
    "DateParsing": (
        lambda: layers.DateParsing("%d.%m.%Y", ["year", "days"], [2000.1, 3.0], 7.0),
        column("31.12.1999", None),
    ),
    "CategoryIndex": (
        lambda: layers.CategoryIndex(["Köln", "a\nb", "", "\udce9", "NaN"]),
        column("a\nb", "\udce9", "x", "NaN"),
    ),
    "CategoryIndex of numbers": (
        lambda: layers.CategoryIndex([0.1 + 0.2, 1e300, -1.0]), np.array([0.1 + 0.2, 0.3, -1]),
    ),
    "TargetMeans": (
        lambda: layers.TargetMeans(np.arange(6).reshape(3, 2) / 7), np.array([2, 0], "int32"),
    ),
    "HashedWords": (lambda: layers.HashedWords(8), column("one two", "")),
}  # fmt: skip


# For the checks that every layer goes through: what an `Input` of numbers may be given.
CASES: dict[str, tuple[Callable[[], layers.Layer], Any]] = {
    "NumberParsing": (lambda: layers.NumberParsing(1.0, 2.0), np.array([1.0, 5.0, -3.0])),
    "DateParsing": (
        lambda: layers.DateParsing("seconds since 1970", ["month", "hour"]),
        np.array([0.0, 1e9, 1.7e9]),
    ),
    "CategoryIndex": (lambda: layers.CategoryIndex([2.0, 7.0]), np.array([7.0, 2.0, 0.0, 2.0])),
    "TargetMeans": (
        lambda: layers.TargetMeans([[0.5, 1.0], [2.0, 0.0]]), np.array([1, 0, 5], "int32"),
    ),
    "ColumnStack": (layers.ColumnStack, [np.array([1.0, 2.0, 3.0]), np.ones((3, 2))]),
    "CrossIndex": (
        lambda: layers.CrossIndex([2, 3], keys=[1, 5]),
        [np.array([0, 1, 1], "int32"), np.array([1, 2, 0], "int32")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
def test_columns_stay_exact_in_short_policies(policy: str) -> None:
    numbers = layers.NumberParsing(dtype=policy)(np.array([70_001.0]))
    assert (numbers.dtype, float(numbers[0])) == ("float32", 70_001)
    codes = layers.CategoryIndex([1.0, 70_001.0], dtype=policy)(np.array([70_001.0]))
    assert codes.tolist() == [2]
    stack = layers.ColumnStack(dtype=policy)([np.array([70_001.0])])
    assert (stack.dtype, float(stack[0, 0])) == ("float32", 70_001)


@pytest.mark.filterwarnings("ignore:predict. . of")
@pytest.mark.parametrize("name", MADE)
def test_a_layer_survives_configs_copies_and_files(name: str, tmp_path: Path) -> None:
    make, values = MADE[name]
    layer = make()
    expected = np.asarray(layer(values))
    assert json.dumps(through_text(layer).get_config()) == json.dumps(layer.get_config())
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(other(values), expected)
    kind = "string" if values.dtype == object else str(values.dtype)
    x = rb.Input((), dtype=kind, name="x")
    model = rb.Model(x, layers.ColumnStack()([layer(x)]))
    model.save(tmp_path / "m.keras")
    loaded = rb.saving.load_model(tmp_path / "m.keras")
    wanted = expected[:, None] if expected.ndim == 1 else expected
    for one in (model, loaded, copy.deepcopy(model)):
        np.testing.assert_array_equal(one.predict({"x": values}, verbose=0), wanted)


def test_a_layer_without_its_state_says_so() -> None:
    empty = layers.CategoryIndex.from_config(layers.CategoryIndex(["a"]).get_config())
    with pytest.raises(ValueError, match=r"has no vocabulary yet. Fix: make it with `vocab"):
        empty(column("a"))
    empty = layers.TargetMeans.from_config(layers.TargetMeans([[1.0]]).get_config())
    with pytest.raises(ValueError, match=r"has no table yet. Fix: make it with `means="):
        empty(np.array([0]))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: layers.CategoryIndex(["a", "b", "a"]), "is in the vocabulary twice. Given: a."),
        (lambda: layers.TargetMeans(), "give `means`, or `width` alone."),
        (lambda: layers.TargetMeans([1.0, 2.0]), "bad `means`. Given: shape (2,). Expected: numb"),
        (lambda: layers.TargetMeans([[np.nan]]), "`means` holds NaN or infinity."),
        (lambda: layers.TargetMeans([["a"]]), "Expected: numbers of shape (codes, width)."),
        (lambda: layers.TargetMeans([[1.0]], width=2), "Expected: numbers of shape (codes, 2)."),
        (lambda: layers.DateParsing("%Q"), "The format of the dates is unknown. Given: '%Q'."),
        (lambda: layers.DateParsing(center=[1.0]), "`center` does not fit the parts. Given: 1 nu"),
        (lambda: layers.DateParsing()(np.ones((2, 2))), "takes one column. Given: an array of sh"),
        (lambda: layers.TargetMeans([[1.0]])(column("a")), "takes one code in each row. Given: "),
        (lambda: layers.HashedWords(2)(np.array([["a", "b"]])), "takes one text in each row. Giv"),
        (lambda: layers.ColumnStack()([column("a")]), "takes columns of numbers. Given: an array"),
        (lambda: layers.ColumnStack()(rb.Input((2, 3))), "takes columns of numbers. Given: a ten"),
        (lambda: layers.NumberParsing()(np.array(["2013-01-31"], "datetime64[D]")),
         "numbers, or text of numbers. Given: times, an array of dtype datetime64[D]. Fix: use `D"),
    ],
)  # fmt: skip
def test_messages(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(ValueError) as caught:
        make()
    assert text in str(caught.value)


# -- models ------------------------------------------------------------------------------------

CITIES = column("Rome", "Bonn", "Oslo", None)


def table_model() -> tuple[Any, dict[str, np.ndarray]]:
    """A model of five raw columns, and 60 rows."""
    n = 60
    data = {
        "seconds": 1.7e9 + RNG.integers(0, 100, n).astype("float64"),
        "price": np.array([f"{v:.2f}" for v in RNG.normal(5, 2, n)], object),
        "city": CITIES[RNG.integers(0, 4, n)],
        "zip": RNG.integers(0, 5, n) + 123_456_789_000,
        "day": np.datetime64("2013-01-01", "us") + 10**6 * RNG.integers(0, 10**7, n),
    }
    data["seconds"][3] = np.nan
    x = {
        name: rb.Input((), dtype="string" if name in ("price", "city") else "float64", name=name)
        for name in data
    }
    city = layers.CategoryIndex(["Rome", "Bonn"])(x["city"])
    zips = layers.CategoryIndex([123_456_789_000 + i for i in range(3)])(x["zip"])
    numbers = layers.ColumnStack(name="numbers")([
        layers.NumberParsing(1.7e9, 10.0)(x["seconds"]), layers.NumberParsing(5.0, 2.0)(x["price"]),
        layers.DateParsing(parts=["month", "hour"])(x["day"]),
        layers.TargetMeans([[0.0, 0.0], [1.0, 2.0], [0.5, 3.0]])(city),
    ])  # fmt: skip
    codes = layers.ColumnStack(name="codes")([city, zips])
    h = layers.MemberInputs(4)([
        layers.SmoothClip()(numbers), layers.OneHotColumns([3], columns=[0])(codes),
        layers.ColumnEmbedding([4], 3, columns=[1])(codes), layers.MissingIndicator([0])(numbers),
    ])  # fmt: skip
    h = layers.MemberHead(1)(layers.MemberDense(8, "silu")(h))
    return rb.Model(x, layers.MemberMean()(h)), data


def test_a_model_of_raw_columns_trains_and_predicts_any_row(tmp_path: Path) -> None:
    model, data = table_model()
    y = np.nan_to_num((data["seconds"] - 1.7e9) / 50)[:, None].astype("float32")
    model.compile(optimizer=rb.optimizers.Adam(0.01), loss="mse")
    losses = model.fit(data, y, epochs=40, batch_size=30, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]
    found = model.predict(data, verbose=0)
    frame = pd.DataFrame(data)
    np.testing.assert_array_equal(model.predict(frame[sorted(frame)], verbose=0), found)
    np.testing.assert_array_equal(model.predict(pl.DataFrame(data), verbose=0), found)
    np.testing.assert_allclose(model(data), found, rtol=1e-5, atol=1e-6)
    model.save(tmp_path / "m.keras")
    loaded = rb.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.predict(data, verbose=0), found)
    odd = {
        "seconds": column("1700000005", None), "price": np.array([np.nan, 3.0]),
        "city": column("Paris", 7), "zip": column("123456789001", "x"),
        "day": column("2013-01-31", ""), "more": np.array([1, 2]),
    }  # fmt: skip
    assert np.isfinite(model.predict(odd, verbose=0)).all()


def test_a_single_row_is_looked_up_as_many_are() -> None:
    """By the short way for arrays, and as lists and frames."""
    model, data = table_model()
    found = model.predict(data, verbose=0)
    host = model._graph.host
    for i in range(5):
        row = {name: values[i : i + 1] for name, values in data.items()}
        assert host.look_up_at_once(row) is not None
        short, long = host.look_up_at_once(row), host.look_up(row)
        for one, other in zip(short, long, strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype
        np.testing.assert_allclose(model.predict(row, verbose=0), found[i : i + 1], rtol=1e-5)
        as_lists = {name: values.tolist() for name, values in row.items() if name != "day"}
        as_lists["day"] = [str(row["day"][0])]
        assert host.look_up_at_once(as_lists) is None
        np.testing.assert_allclose(model.predict(as_lists, verbose=0), found[i : i + 1], rtol=1e-5)


def test_what_is_missing_or_ragged_is_said_by_name() -> None:
    model, data = table_model()
    less = {name: values for name, values in data.items() if name != "city"}
    with pytest.raises(ValueError, match="the data lack input 'city'"):
        model.predict(less, verbose=0)
    with pytest.raises(ValueError, match="column 'city' is missing"):
        model.predict(pd.DataFrame(less), verbose=0)
    with pytest.raises(ValueError, match="do not have the same number of rows"):
        model.predict({**data, "zip": data["zip"][:3]}, verbose=0)
    with pytest.raises(ValueError, match=r"There is no row|is empty"):
        model.predict({name: values[:0] for name, values in data.items()}, verbose=0)


def test_times_for_other_layers_are_refused() -> None:
    text = rb.Input((1,), dtype="string", name="t")
    number = rb.Input((1,), name="n")
    both = layers.Concatenate()([layers.StringLookup(vocabulary=["a"], output_mode="one_hot")(text),
                                 number])  # fmt: skip
    model = rb.Model({"t": text, "n": number}, layers.Dense(1)(both))
    days = np.array(["2013-01-31"], "datetime64[D]")
    with pytest.raises(ValueError, match=r"input 'n' takes numbers.*let `DateParsing` read"):
        model.predict({"t": np.array(["a"]), "n": days}, verbose=0)
    with pytest.raises(ValueError, match=r"input 't' takes text.*let `DateParsing` read"):
        model.predict({"t": days, "n": np.array([1.0])}, verbose=0)


def test_numbers_beside_text_are_cast_as_ever() -> None:
    """64 bits reach the host's layers; a program gets float32, also of integers beyond 32 bits."""
    text = rb.Input((1,), dtype="string", name="t")
    number = rb.Input((1,), name="n")
    encoded = layers.StringLookup(vocabulary=["a"], output_mode="one_hot")(text)
    model = rb.Model({"t": text, "n": number}, layers.Concatenate()([encoded, number]))
    for values in (np.array([5_000_000_000]), np.array([5e9]), np.array([5e9], "float32")):
        found = model.predict({"t": np.array(["a"]), "n": values}, verbose=0)
        np.testing.assert_array_equal(found, [[0, 1, 5e9]])
        assert found.dtype == "float32"


# -- ONNX --------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:predict. . of")
def test_numbers_and_codes_in_onnx(tmp_path: Path) -> None:
    x = {
        "a": rb.Input((), dtype="float64", name="a"), "b": rb.Input((1,), name="b"),
        "c": rb.Input((), dtype="string", name="c"), "d": rb.Input((), dtype="float64", name="d"),
        "e": rb.Input((), dtype="int64", name="e"),
    }  # fmt: skip
    b = layers.NumberParsing(2.0, 3.0, missing_words=["-1"])(x["b"])
    city = layers.CategoryIndex(["Rome", "Köln"])(x["c"])
    numbers = layers.ColumnStack()([
        layers.NumberParsing(1.7e9, 0.5)(x["a"]), b,
        layers.TargetMeans([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])(city),
    ])  # fmt: skip
    codes = layers.ColumnStack()([
        city, layers.CategoryIndex([0.1, 7.0, -2.5])(x["d"]),
        layers.CategoryIndex(["3", "x"])(x["e"]),
        layers.CategoryIndex([float(np.float32((4 - 2) / 3)), 0.0], column=0)(b),
    ])  # fmt: skip
    model = rb.Model(x, layers.Concatenate()([numbers, layers.OneHotColumns([3, 4, 3, 3])(codes)]))
    data = {
        "a": np.array([1.7e9 + 1, np.nan, 0.0, np.inf]),
        "b": np.array([[4.0], [-1], [2], [np.nan]], "float32"),
        "c": column("Köln", "", "Rome", "Bonn"), "d": np.array([7.0, 0.1, 0.1 + 1e-12, np.nan]),
        "e": np.array([3, 0, 3, 9]),
    }  # fmt: skip
    model.export(tmp_path / "m.onnx", format="onnx")
    for rows in (1, 4):
        part = {name: values[:rows] for name, values in data.items()}
        (found,) = run_onnx(tmp_path / "m.onnx", *(part[name] for name in sorted(part)))
        np.testing.assert_allclose(found, model.predict(part, verbose=0), rtol=1e-6)


@pytest.mark.filterwarnings("ignore:predict. . of")
def test_onnx_from_the_parsed_columns_on(tmp_path: Path) -> None:
    """What ONNX does not read is refused, and the message says what to write instead."""
    model, data = table_model()
    with pytest.raises(ValueError) as caught:
        model.export(tmp_path / "m.onnx", format="onnx")
    assert (
        "(NumberParsing) of column 'price': ONNX does not read numbers from text. Fix: begin the "
        in str(caught.value)
        or "(DateParsing) of column 'day': ONNX does not read dates. Fix: begin the exported model"
        in str(caught.value)
    )
    stacks = {name: model.get_layer(name).output for name in ("numbers", "codes")}
    rest = rb.Model(stacks, model.output)
    rest.export(tmp_path / "m.onnx", format="onnx")
    parsed = rb.Model(model.input, stacks).predict(data, verbose=0)
    (found,) = run_onnx(tmp_path / "m.onnx", parsed["codes"], parsed["numbers"])
    np.testing.assert_allclose(found, model.predict(data, verbose=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(rest.predict(parsed, verbose=0), found, rtol=1e-4, atol=1e-5)


def test_models_that_differ_in_what_they_learned_share_a_program() -> None:
    keys = []
    for vocabulary, center in ((["Rome", "Bonn"], 0.0), (["Oslo"], 5.0)):
        x = {"c": rb.Input((), dtype="string", name="c"), "n": rb.Input((), name="n")}
        stack = layers.ColumnStack()([
            layers.CategoryIndex(vocabulary)(x["c"]), layers.NumberParsing(center)(x["n"]),
        ])  # fmt: skip
        model = rb.Model(x, layers.Dense(2)(stack))
        model.predict({"c": column("Bonn"), "n": np.array([1.0])}, verbose=0)
        keys.append(model.training_session.predictor.key)
    assert keys[0] is not None
    assert keys[0] == keys[1]


def test_keras_refuses_a_file_with_our_layers(tmp_path: Path) -> None:
    """It does not load it as something else."""
    keras = pytest.importorskip("keras")
    x = rb.Input((3,))
    model = rb.Model(x, layers.SmoothClip()(x))
    model.save(tmp_path / "m.keras")
    with pytest.raises(TypeError, match="Could not locate class 'SmoothClip'"):
        keras.saving.load_model(tmp_path / "m.keras")
