"""Tables of pandas, polars and pyarrow as our tables, without importing those libraries."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData, MissingPackage
from rosenblatt.data.frames import Frame, columns_of, frame_columns, native
from rosenblatt.tables.names import named_apart
from rosenblatt.tables.table import Column, NumberColumn, Table, TextColumn
from rosenblatt.tables.values import (
    LARGEST_WHOLE,
    bool_column,
    column_of,
    or_nothing,
    time_column,
    word_column,
)

Series: TypeAlias = Any  # a column of a library that need not be installed


def read_frame(frame: Frame, where: str) -> Table:
    """A DataFrame of pandas or polars, a pyarrow Table, or one wrapped by narwhals.

    Args:
        frame: the table; a lazy one is computed.
        where: what to call it in messages.

    Raises:
        ValueError: a lazy table that cannot be computed, or a column that cannot be read.
    """
    try:
        frame = native(frame)
    except Exception as error:  # whatever a query raises when it runs
        raise BadData(
            f"{where}: the lazy table cannot be computed.", given=_first_line(error)
        ) from error
    names, notes = named_apart(list(frame_columns(frame)))
    columns = [
        series_column(name, series, where)
        for name, series in zip(names, columns_of(frame), strict=True)
    ]
    return Table.of(columns, where, notes) if columns else Table({}, where, notes, len(frame))


def series_column(name: str, series: Series, where: str) -> Column:
    """A column of pandas, polars or pyarrow.

    Raises:
        ValueError: its library cannot say what it holds.
    """
    series = native(series)
    if hasattr(type(series), "get_chunks"):
        read = _polars_column
    elif hasattr(type(series), "dictionary_encode"):
        read = _arrow_column
    else:
        read = _pandas_column
    try:
        try:
            return read(name, series, where)
        except (BadData, MissingPackage):
            raise
        except Exception:  # a type that its library reads in no other way than value by value
            return column_of(name, _values(series), str(_type_of(series)), where)
    except (BadData, MissingPackage):
        raise
    except Exception as error:
        raise BadData(
            f"{where}: column {name!r} cannot be read.",
            given=f"type {_type_of(series)}; {_first_line(error)}",
        ) from error


def _type_of(series: Series) -> object:
    return series.dtype if hasattr(series, "dtype") else series.type


def _values(series: Series) -> list[object]:
    for method in ("to_list", "to_pylist", "tolist"):
        if hasattr(series, method):
            return list(getattr(series, method)())
    return list(series)


def _first_line(error: Exception) -> str:
    text = (str(error) or type(error).__name__).partition("\n")[0].strip().rstrip(".")
    return text if len(text) <= 200 else text[:199] + "…"


def _pandas_column(name: str, series: Series, where: str) -> Column:
    dtype = series.dtype
    stored = str(dtype)
    if stored == "category":
        codes, words = series.cat.codes.to_numpy(), series.cat.categories
        return or_nothing(word_column(name, codes, words.tolist(), stored))
    if isinstance(dtype, np.dtype):
        return column_of(name, series.to_numpy(), stored, where)
    kind = getattr(dtype, "kind", "O")
    if kind == "M" or stored.startswith("timestamp"):
        return time_column(name, series.dt.tz_localize(None).to_numpy("datetime64[us]"), stored)
    if stored.startswith("period"):
        return time_column(name, series.dt.to_timestamp().to_numpy(), stored)
    if stored.startswith(("str", "string", "large_string")):
        codes, words = series.factorize()
        return or_nothing(word_column(name, codes, words.tolist(), stored))
    missing = series.isna().to_numpy(bool)
    if kind == "b" and not stored.startswith("Sparse"):
        return bool_column(name, series.fillna(False).to_numpy(bool), stored, missing)
    if kind in "iuf" and not stored.startswith("Sparse"):
        values = series.fillna(0).to_numpy()
        return _gapped(name, values, missing, stored, where)
    return column_of(name, series.to_numpy(object), stored, where)


def _polars_column(name: str, series: Series, where: str) -> Column:
    kind, stored = str(series.dtype.base_type()), str(series.dtype)
    if series.dtype.is_integer() or series.dtype.is_float():
        missing = series.is_null().to_numpy()
        values = series.fill_null(0).to_numpy()
        return _gapped(name, values, missing, stored, where)
    if kind == "Boolean":
        missing = series.is_null().to_numpy()
        return bool_column(name, series.fill_null(False).to_numpy(), stored, missing)
    if kind == "Datetime":
        series = series.dt.replace_time_zone(None)
    if kind in ("Date", "Datetime", "Duration"):
        return column_of(name, series.to_numpy(), stored, where)
    if kind in ("String", "Categorical", "Enum"):
        return or_nothing(polars_words(name, series, stored))
    return column_of(name, series.to_list(), stored, where)


def polars_words(name: str, series: Series, stored: str) -> TextColumn:
    """A column of text or categories of polars."""
    import polars

    text = series.cast(polars.String).str.strip_chars()
    text = text.set(text == "", None)
    words = text.drop_nulls().unique(maintain_order=True)
    filled = text.is_not_null().to_numpy()
    if len(words) == filled.sum():  # each one once, as in ids
        codes = np.where(filled, np.cumsum(filled) - 1, -1)
    else:
        places = polars.int_range(len(words), dtype=polars.Int32, eager=True)
        known = polars.DataFrame({"word": words, "code": places})
        joined = text.to_frame("word").join(known, on="word", how="left", maintain_order="left")
        codes = joined.get_column("code").fill_null(-1).to_numpy()
    return TextColumn(name, codes.astype(np.int32), np.array(words.to_list(), object), stored)


def _arrow_column(name: str, series: Series, where: str) -> Column:
    stored = str(series.type)
    if stored.startswith(("int", "uint", "float", "double", "halffloat")):
        missing = _numpy(series.is_null())
        return _gapped(name, _numpy(series.fill_null(0)), missing, stored, where)
    if stored == "bool":
        return bool_column(name, _numpy(series.fill_null(False)), stored, _numpy(series.is_null()))
    if stored.startswith("timestamp") and series.type.tz is not None:
        return column_of(name, series.to_pylist(), stored, where)  # pyarrow's arrays are in UTC
    if stored.startswith(("timestamp", "date")):
        return time_column(name, _numpy(series), stored)
    if stored.startswith(("string", "large_string", "string_view", "dictionary")):
        encoded = series if stored.startswith("dictionary") else series.dictionary_encode()
        if hasattr(encoded, "unify_dictionaries"):
            encoded = encoded.unify_dictionaries().combine_chunks()
        if hasattr(encoded, "num_chunks"):
            encoded = encoded.chunk(0)
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        words = encoded.dictionary.to_pylist()
        return or_nothing(word_column(name, codes, words, stored))
    return column_of(name, series.to_pylist(), stored, where)


def _numpy(series: Series) -> NDArray[Any]:
    """A chunked or plain array of pyarrow as one of NumPy."""
    if hasattr(series, "num_chunks"):
        return np.asarray(series.to_numpy())
    return np.asarray(series.to_numpy(zero_copy_only=False))


def _gapped(
    name: str, values: NDArray[Any], missing: NDArray[np.bool_], stored: str, where: str
) -> Column:
    """A column of numbers of which some are missing."""
    if not missing.any():
        return column_of(name, values, stored, where)
    if values.dtype.kind in "iu" and np.any((values > LARGEST_WHOLE) | (values < -LARGEST_WHOLE)):
        gapped = values.astype(object)
        gapped[missing] = None
        return column_of(name, gapped, stored, where)
    return NumberColumn(name, np.where(missing, np.nan, values.astype(np.float64)), stored)
