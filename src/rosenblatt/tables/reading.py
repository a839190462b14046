"""What users have as a table: files, frames, dicts, lists and arrays."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from rosenblatt.core.errors import BadArgument, BadData, WrongType
from rosenblatt.data.frames import is_frame, is_series
from rosenblatt.tables.content import content_of_stream
from rosenblatt.tables.files import read_content, read_file
from rosenblatt.tables.frames import read_frame
from rosenblatt.tables.objects import EXPECTED, read_object
from rosenblatt.tables.table import Table

# A path, a frame, a dict of columns, a list of dicts or of rows, or an array.
Source: TypeAlias = Any

_ADDRESS = re.compile(r"(https?|s3|gs|ftp|hf)://", re.IGNORECASE)


def read(source: Source, *, where: str = "X") -> Table:
    """A table, wherever it comes from.

    Args:
        source: a DataFrame of pandas or polars, a pyarrow Table or one wrapped by narwhals; a dict
            of columns; a list of dicts; a list of rows or an array of shape (rows, columns),
            whose columns are named "x0", "x1", …; the path of a file (CSV of any dialect, Parquet,
            Arrow, JSON, Excel; packed or not) or of a folder of them; "-" is standard input; an
            open file of bytes or text. A dict of single values, none of them a list, is one row.
        where: what to call it in messages.

    Returns:
        Its columns: numbers as float64, text by its different words, times as datetime64[us].
        `notes` says what was found and is not as one would expect.

    Raises:
        TypeError: something that is not a table.
        FileNotFoundError: no such file.
        ImportError: a package that reads such a file is not installed.
        ValueError: a table that cannot be read; the message names row and column.

    >>> table = read({"age": [31, None], "sea": ["near", "far"]})
    >>> table["age"].values.tolist(), table["sea"].words.tolist()
    ([31.0, nan], ['near', 'far'])
    >>> read([[1, 2], [3, 4]]).names
    ['x0', 'x1']
    """
    if isinstance(source, Table):
        return source
    if is_frame(source) or type(source).__name__ == "RecordBatch":
        return read_frame(source, where)
    if isinstance(source, str) and _ADDRESS.match(source):
        raise BadArgument(
            f"{where} is an address on the web, which is not read.",
            given=repr(source),
            fix="download the file, and give its path.",
        )
    if isinstance(source, (str, os.PathLike)):
        return read_file(Path(source))
    if callable(getattr(source, "read", None)) and not hasattr(source, "__array__"):
        return read_content(content_of_stream(source, where))
    if is_series(source):
        raise BadData(
            f"{where} is a single column or row, not a table.",
            given=f"type {type(source).__name__}",
            expected=EXPECTED,
            fix="of a column make a table, e.g. `frame[['age']]`; take a row as `frame[:1]`.",
        )
    if type(source).__module__.startswith("scipy.sparse"):
        raise BadData(
            f"{where} is a sparse matrix, which is not read as a table.",
            given=f"{type(source).__name__} of shape {source.shape}",
            expected=EXPECTED,
            fix=f"make it dense, `{where}.toarray()`, if it fits into memory.",
        )
    if isinstance(source, (Mapping, list, tuple)) or hasattr(source, "__array__"):
        return read_object(source, where)
    raise WrongType(
        f"{where} is not a table.", given=f"type {type(source).__name__}", expected=EXPECTED
    )
