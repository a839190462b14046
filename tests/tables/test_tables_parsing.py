"""Texts as numbers and times: every way of writing them, and texts that are neither."""

from __future__ import annotations

import datetime
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosenblatt.tables.parsing import ISO, MISSING_WORDS, check_format, missing, numbers, times

NUMBERS = {
    "7": 7, " -1.5 ": -1.5, "1e3": 1000, ".5": 0.5, "5.": 5, "+3": 3, "1,234": 1234,
    "1,234,567.8": 1234567.8, "12,34,567": 1234567, "1 234 567": 1234567, "1'234": 1234,
    "1_000": 1000, "1\u00a0234": 1234, "1\u202f234.5": 1234.5, "1’234’567": 1234567,
    "$5": 5, "-$5": -5, "$-5": -5, "$ 1,200.50": 1200.5, "12 €": 12, "USD 12": 12, "£3": 3,
    "Rs. 40": 40, "5%": 5, "12.5 %": 12.5, "-3‰": -3, "(5)": -5, "(1,234.50)": -1234.5, "5-": -5,
    "−5": -5, "€110.5M": 110.5e6, "565K": 565e3, "2.5k": 2500, "3bn": 3e9, "1.5B": 1.5e9,
    "007": 7,
}  # fmt: skip
NOT_NUMBERS = [
    "", " ", "NA", "abc", "1.2.3", "12:30", "1/2", "1-5", "<5", "10+", "0x1F", "inf", "-Infinity",
    "1e400", "1,2", "1,23", "12,3456", "0,123", "1 2", "1,234 567", "--5", "(5", "5)", "$", "%",
    "k", "12 kg", "2013-01-31", "31.12.2013", "5 10%", "e5", ".", "-", "²", "1²", "nan", "1.5.",
    "M5",
]  # fmt: skip
COMMA = {"12,5": 12.5, "1.234": 1234, "1.234.567,89": 1234567.89, "-0,5 %": -0.5, "€ 3.000": 3000}

FORMATS = [
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%Y%m%d", "%Y%m%d%H%M%S", "%d%b%Y", "%b %d, %Y",
    "%A, %d %B %Y %H:%M", "%a, %d %b %Y %H:%M:%S %z", "%m/%d/%y %I:%M %p", "%d-%b-%Y %H.%M.%S.%f",
    "%d/%b/%Y:%H:%M:%S %z", "%Y.%m.%d %H:%M:%S",
]  # fmt: skip


@pytest.mark.parametrize(("word", "number"), NUMBERS.items())
def test_a_number_however_it_is_written(word: str, number: float) -> None:
    assert numbers([word])[0] == pytest.approx(number)


@pytest.mark.parametrize("word", NOT_NUMBERS)
def test_what_is_not_a_number_is_missing(word: str) -> None:
    assert np.isnan(numbers([word])[0])


@pytest.mark.parametrize(("word", "number"), COMMA.items())
def test_decimal_comma(word: str, number: float) -> None:
    assert numbers([word], ",")[0] == pytest.approx(number)


def test_a_decimal_comma_takes_no_date() -> None:
    assert np.isnan(numbers(["31.12.2013", "1,5,2"], ",")).all()


def test_an_unknown_decimal_sign_is_refused() -> None:
    with pytest.raises(ValueError, match=r"decimal sign is unknown\. Given: ';'\. Expected: "):
        numbers(["1"], ";")


def test_a_number_can_be_a_missing_word() -> None:
    found = numbers(["-1", "5", "999", "999.0"], missing_words=("", "-1", "999"))
    np.testing.assert_array_equal(found, [np.nan, 5, np.nan, 999])


def test_values_that_are_not_texts() -> None:
    np.testing.assert_array_equal(
        numbers([3, 2.5, None, np.nan, b"7", True]), [3, 2.5, np.nan, np.nan, 7, 1]
    )


def test_missing_words_in_any_case_and_with_blanks() -> None:
    assert missing([word.upper() + " " for word in MISSING_WORDS]).all()
    assert not missing(["0", "no", "x", "nana"]).any()
    assert missing(np.array(["?", "1"], dtype=object)).tolist() == [True, False]


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([".", ","]))
def test_every_number_is_read_as_it_was_written(value: float, decimal: str) -> None:
    word = repr(value).replace(".", decimal)
    assert numbers([word], decimal)[0] == value


@given(st.integers(-(10**15), 10**15), st.sampled_from([",", "'", " ", "_"]))
def test_thousands_separators(value: int, mark: str) -> None:
    assert numbers([f"{value:,}".replace(",", mark)])[0] == value


@given(st.lists(st.text(max_size=20), max_size=8), st.sampled_from([".", ","]))
def test_any_text_is_a_finite_number_or_missing(words: list[str], decimal: str) -> None:
    found = numbers(words, decimal)
    assert found.dtype == np.float64
    assert found.shape == (len(words),)
    assert not np.isinf(found).any()


@given(
    st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2067, 12, 31)),
    st.sampled_from(FORMATS),
)
def test_a_time_is_read_as_the_standard_library_reads_it(
    when: datetime.datetime, date_format: str
) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=-3, minutes=-30))
    word = when.replace(tzinfo=zone if "%z" in date_format else None).strftime(date_format)
    expected = datetime.datetime.strptime(word, date_format)
    assert times([word], date_format)[0].item() == expected.replace(tzinfo=None)


@given(st.datetimes(datetime.datetime(1000, 1, 1)), st.sampled_from(["T", " "]))
def test_iso_times_with_and_without_a_zone(when: datetime.datetime, between: str) -> None:
    word = when.isoformat(between)
    zones = ["Z", " UTC", "CEST", "+01:00", " -0030"] if len(word) > 16 else []
    found = times([word, word[:10], *(word + zone for zone in zones)])
    day = when.replace(hour=0, minute=0, second=0, microsecond=0)
    assert found.tolist() == [when, day, *([when] * len(zones))]


@pytest.mark.parametrize(
    ("word", "date_format"),
    [
        ("2013-02-29", "%Y-%m-%d"), ("2013-00-10", "%Y-%m-%d"), ("2013-13-10", "%Y-%m-%d"),
        ("2013-01-00", "%Y-%m-%d"), ("24:00", "%H:%M"), ("12:60", "%H:%M"),
        ("13:00 PM", "%I:%M %p"),
        ("0:00 AM", "%I:%M %p"), ("31 Smarch 2013", "%d %B %Y"), ("2013111", "%Y%m%d"),
        ("2013-01-31x", "%Y-%m-%d"), ("", "%Y-%m-%d"), ("2013-02-29", ISO), ("soon", ISO),
        ("2013-01-31 25:00", ISO), ("1e300", "seconds since 1970"),
        ("2013-01-31 10:00:00 PM", ISO),
    ],
)  # fmt: skip
def test_what_is_not_such_a_time_is_missing(word: str, date_format: str) -> None:
    assert np.isnat(times([word], date_format)[0])


def test_one_digit_for_two_and_months_of_any_length() -> None:
    day = np.datetime64("2013-09-05")
    for word, date_format in [
        ("5/9/2013", "%d/%m/%Y"), ("Sept 5, 2013", "%b %d, %Y"), ("SEPTEMBER 5, 2013", "%b %d, %Y"),
        ("5  Sep 13", "%d %B %y"), ("9/5/13 12:00AM", "%m/%d/%y %I:%M %p"),
    ]:  # fmt: skip
        assert times([word], date_format)[0] == day


def test_years_of_two_digits() -> None:
    years = times(["01/01/68", "01/01/69", "01/01/00"], "%d/%m/%y").astype("datetime64[Y]")
    assert years.astype(str).tolist() == ["2068", "1969", "2000"]


def test_numbers_and_times_as_times() -> None:
    values = np.array([20240131, 20240230, np.nan, 1.5, 1e300])
    found = times(values, "%Y%m%d")
    assert found[0] == np.datetime64("2024-01-31")
    assert np.isnat(found[1:]).all()
    kept = np.array(["2024-01-31", "NaT"], dtype="datetime64[D]")
    np.testing.assert_array_equal(times(kept), kept.astype("datetime64[us]"))
    since = times(np.array([0.5, np.nan, 1e300]), "seconds since 1970")
    assert since[0] == np.datetime64("1970-01-01T00:00:00.5")
    assert np.isnat(since[1:]).all()
    assert times(["86400000"], "milliseconds since 1970")[0] == np.datetime64("1970-01-02")
    assert times([]).shape == times(np.array([]), "%Y%m%d").shape == (0,)


@pytest.mark.parametrize("date_format", ["", "day", "%Q", "%Y-%Y", "%B %b", "%"])
def test_an_unknown_format_is_refused(date_format: str) -> None:
    with pytest.raises(ValueError, match=r"format of the dates is unknown\. Given: .* '%d/%m/%Y"):
        check_format(date_format)


@given(st.lists(st.text(max_size=20), max_size=8), st.sampled_from([ISO, *FORMATS]))
def test_any_text_is_a_time_or_missing(words: list[str], date_format: str) -> None:
    found = times(words, date_format)
    assert found.dtype == np.dtype("datetime64[us]")
    assert found.shape == (len(words),)


def test_parsing_loads_no_library_of_tables() -> None:
    code = (
        "import sys, rosenblatt.tables.parsing\n"
        "print([m for m in ('pandas', 'polars', 'pyarrow', 'jax') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.stdout.strip() == "[]", done.stderr
