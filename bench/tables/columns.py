"""A raw table as the peers need it: numbers, category codes and dates taken apart.

Learned from the training rows alone. Our own models get the raw table and none of this.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SPLIT = "__split__"
PARTS = ("train", "val", "test")
MISSING_WORDS = {"", "na", "n/a", "nan", "null", "none", "?", "-", "--", "nil"}
DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%m/%d/%Y")
_MOST = 0.97  # share of the values that makes a column of texts one of numbers or dates
_ID, _MANY_WORDS = 0.95, 8  # share of different values; words of a value: such columns are left out
MISSING, UNSEEN = 0, -1


@dataclass(frozen=True)
class Meta:
    """What a table's file does not say: its target and task ("reg", "bin" or "multi")."""

    name: str
    target: str
    task: str
    rows: int


@dataclass(frozen=True)
class Part:
    """Rows of one part: float64 numbers with NaN, codes (0: missing, -1: unseen), the target."""

    numbers: NDArray[np.float64]
    codes: NDArray[np.int64]
    y: NDArray[np.float64] | NDArray[np.int64]


@dataclass(frozen=True)
class TypedTable:
    """Columns typed for the peers; `classes` is empty for a quantity."""

    meta: Meta
    number_names: list[str]
    category_names: list[str]
    classes: list[str]
    parts: dict[str, Part]


def tables(folder: Path) -> list[Meta]:
    """The tables that meta.json lists, the smallest first."""
    listed = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    found = [
        Meta(name, one["target"], one["task"], one.get("rows", 0)) for name, one in listed.items()
    ]
    return sorted(found, key=lambda meta: meta.rows)


def read(folder: Path, meta: Meta) -> dict[str, pd.DataFrame]:
    """The raw rows of each part, the target among the columns."""
    frame = pd.read_parquet(folder / f"{meta.name}.parquet")
    part = frame.pop(SPLIT)
    return {name: frame[part == name].reset_index(drop=True) for name in PARTS}


def targets(frames: dict[str, pd.DataFrame], meta: Meta) -> tuple[list[str], dict[str, NDArray]]:
    """The classes of the training rows in order (none for a quantity), and y of each part.

    Raises:
        ValueError: a part holds a class that the training rows do not.
    """
    y = {name: frame[meta.target] for name, frame in frames.items()}
    if meta.task == "reg":
        return [], {name: values.to_numpy("float64") for name, values in y.items()}
    classes = sorted(y["train"].astype(str).unique())
    codes = {name: pd.Index(classes).get_indexer(values.astype(str)) for name, values in y.items()}
    if any((found < 0).any() for found in codes.values()):
        raise ValueError(f"{meta.name}: a class of {meta.target!r} is not in the training rows")
    return classes, codes


def typed(folder: Path, meta: Meta) -> TypedTable:
    """Read a table and type its columns."""
    frames = read(folder, meta)
    classes, y = targets(frames, meta)
    rows = [len(frames[name]) for name in PARTS]
    whole = pd.concat([frames[name] for name in PARTS], ignore_index=True)
    numbers: dict[str, NDArray[np.float64]] = {}
    codes: dict[str, NDArray[np.int64]] = {}
    for name in whole.columns.drop(meta.target):
        for new, values in _columns(str(name), whole[name], rows[0]):
            (numbers if values.dtype == np.float64 else codes)[new] = values
    starts = np.cumsum([0, *rows])
    parts = {
        name: Part(_stacked(numbers, start, stop), _stacked(codes, start, stop, np.int64), y[name])
        for name, start, stop in zip(PARTS, starts[:-1], starts[1:], strict=True)
    }
    return TypedTable(meta, [*numbers], [*codes], classes, parts)


def _stacked(columns: dict[str, NDArray], start: int, stop: int, dtype: type = float) -> NDArray:
    if not columns:
        return np.empty((stop - start, 0), dtype)
    return np.stack([values[start:stop] for values in columns.values()], axis=1)


def _columns(name: str, raw: pd.Series, training: int) -> Iterator[tuple[str, NDArray]]:
    """What becomes of a column: no arrays, one, or one for each part of a date."""
    if raw.dtype.kind in "iuf":
        yield from _kept(name, raw.to_numpy("float64", na_value=np.nan), training)
        return
    if raw.dtype.kind == "M":
        yield from _date_parts(name, raw, training)
        return
    text = raw.astype("string").str.strip()
    text = text.mask(text.str.lower().isin(MISSING_WORDS))
    seen = text.iloc[:training].dropna()
    if seen.nunique() < 2:
        return
    as_numbers = pd.to_numeric(seen, errors="coerce")
    if as_numbers.notna().mean() > _MOST:
        values = pd.to_numeric(text, errors="coerce").to_numpy("float64", na_value=np.nan)
        yield from _kept(name, values, training)
        return
    for form in DATE_FORMATS:
        if pd.to_datetime(seen.iloc[:500], format=form, errors="coerce").notna().mean() > _MOST:
            dates = pd.to_datetime(text, format=form, errors="coerce")
            yield from _date_parts(name, dates, training)
            return
    words = seen.iloc[:2000].str.count(r"\s+").mean() + 1
    if seen.nunique() <= _ID * len(seen) and words < _MANY_WORDS:
        yield name, _codes(text, seen)


def _codes(text: pd.Series, seen: pd.Series) -> NDArray[np.int64]:
    """The commonest value is 1, the next 2 ..."""
    vocabulary = seen.value_counts().index
    codes = vocabulary.get_indexer(text).astype(np.int64)
    codes = np.where(codes < 0, UNSEEN, codes + 1)
    return np.where(text.isna().to_numpy(bool), MISSING, codes)


def _date_parts(name: str, dates: pd.Series, training: int) -> Iterator[tuple[str, NDArray]]:
    at = dates.dt
    days = (dates - pd.Timestamp("1970-01-01", tz=at.tz)) / pd.Timedelta("1D")
    parts = {
        "days": days, "year": at.year, "month": at.month, "day": at.day, "weekday": at.day_of_week,
        "day of year": at.day_of_year, "hour": at.hour + at.minute / 60,
    }  # fmt: skip
    for part, values in parts.items():
        yield from _kept(f"{name}: {part}", values.to_numpy("float64", na_value=np.nan), training)


def _kept(name: str, values: NDArray, training: int) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """A column of numbers, unless the training rows all hold the same one."""
    values = np.where(np.isfinite(values), values, np.nan)
    known = values[:training][~np.isnan(values[:training])]
    if len(known) and known.min() < known.max():
        yield name, values
