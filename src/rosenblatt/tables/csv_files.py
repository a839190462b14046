"""CSV of any dialect as a table: polars reads it, as text; what is odd is found out before."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rosenblatt.core.errors import BadData
from rosenblatt.tables.content import READ, SAMPLE, Content, damaged, no_rows, polars_for
from rosenblatt.tables.dialects import Dialect, dialect_of, rows_of
from rosenblatt.tables.encodings import Encoding, as_utf_8, encoding_of
from rosenblatt.tables.names import NO_NAMES, listed, named_apart
from rosenblatt.tables.table import Column, Table
from rosenblatt.tables.text_numbers import column_of_text, decimal_of

if TYPE_CHECKING:
    import polars

_EXPECTED = "lines of as many values as the header"
_MOST_ODD = 0.2  # of the characters of a text may be signs that do not print
_MOST_SAID = 5  # rows before empty lines


def read_csv(content: Content, header: bool | None = None) -> Table:
    """A table of lines.

    Args:
        content: of the file.
        header: whether its first line has the names of the columns; None: it is found out.

    Raises:
        ImportError: polars is not installed.
        ValueError: lines of different lengths, or no table at all.
    """
    encoding = encoding_of(content.start, content.whole)
    try:
        series, dialect = _columns(content, encoding, header)
    except UnicodeError:  # further on
        encoding = replace(encoding_of(content.read()), broken=True)
        series, dialect = _columns(content, encoding, header)
    notes = [*encoding.notes(), *dialect.notes()]
    if not series or not len(series[0]):
        raise no_rows(content.source)
    names = _named(series, dialect, notes)
    if not series:
        raise no_rows(content.source)
    return Table.of(_typed(names, series, dialect.separator, notes), content.source, notes)


def _columns(
    content: Content, encoding: Encoding, header: bool | None
) -> tuple[list[polars.Series], Dialect]:
    """The columns as text, the names in their first row, and the dialect.

    Raises:
        UnicodeError: there are bytes of another encoding.
        ValueError: lines of different lengths.
    """
    polars = polars_for(content.source)
    dialect = dialect_of(_start(content, encoding), content.name)
    if header is not None:
        dialect = replace(dialect, header=header)
    try:
        handle = content.handle() if encoding.is_utf_8 else as_utf_8(content.read(), encoding)
        frame = _frame(handle, dialect)
    except polars.exceptions.ComputeError as error:
        if encoding.is_utf_8 and "utf-8" in str(error):
            raise UnicodeError from error
        frame = _frame_by_python(content, encoding, dialect)
    except polars.exceptions.SchemaError:
        frame = _frame_by_python(content, encoding, dialect)
    return frame.get_columns(), dialect


def _start(content: Content, encoding: Encoding) -> str:
    """The first lines, whole ones only.

    Raises:
        ValueError: they are not text.
    """
    loose = replace(encoding, errors="replace")
    text = as_utf_8(content.start[:SAMPLE], loose).decode().removeprefix("\ufeff")
    if not content.whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    some = text[:4096]
    odd = sum(not sign.isprintable() and sign not in "\t\r\n" for sign in some)
    page = text.lstrip()[:9].lower().startswith(("<!doctype", "<html", "<?xml"))
    if page or odd > _MOST_ODD * len(some):
        raise BadData(
            f"{content.source}: not a kind of file this library reads.",
            given="a page of HTML or XML" if page else "bytes that are not text",
            expected=READ,
        )
    return text


def _frame(handle: Path | bytes, dialect: Dialect) -> polars.DataFrame:
    """The lines as columns of text, the header among them; a cell that is missing is empty."""
    import polars

    return polars.read_csv(
        handle,
        has_header=False,
        separator=dialect.separator,
        quote_char=dialect.quote,
        eol_char=dialect.line_end,
        skip_lines=dialect.skip,
        schema={f"{place}": polars.String for place in range(dialect.width)},
        empty_string_is_null=False,
        missing_columns="insert",
        glob=False,
    )


def _frame_by_python(content: Content, encoding: Encoding, dialect: Dialect) -> polars.DataFrame:
    """The same by Python's reader, which is slow, reads stray quotes, and knows the line.

    Raises:
        ValueError: a line with too many cells, or a quote that nothing closes.
    """
    import polars

    text = as_utf_8(content.read(), replace(encoding, errors="replace")).decode()
    lines = [f"{line}\n" for line in text.removeprefix("\ufeff").split(dialect.line_end)]
    lines = lines[dialect.skip : None if lines[-1].strip() else -1]
    columns: list[list[str]] = [[] for _ in range(dialect.width)]
    reader, begun, last = rows_of(lines, dialect), 0, 0
    try:
        for row in reader:
            if any(row[dialect.width :]):
                raise damaged(
                    content.source,
                    f"{len(row)} values in line {reader.line_num + dialect.skip}",
                    f"lines of {dialect.width} value{'s' * (dialect.width > 1)}",
                )
            for place, column in enumerate(columns):
                column.append(row[place] if place < len(row) else "")
            begun, last = reader.line_num, begun
    except csv.Error as error:  # a cell beyond the limit of that reader
        given = f"{error} in line {begun + 1 + dialect.skip}"
        raise damaged(content.source, given, _EXPECTED) from error
    if _is_open(lines[last:], dialect):
        given = f"a quote in line {last + 1 + dialect.skip} that nothing closes"
        raise damaged(content.source, given, _EXPECTED)
    names = [f"{place}" for place in range(dialect.width)]
    return polars.DataFrame(columns, schema=dict.fromkeys(names, polars.String), orient="col")


def _is_open(lines: list[str], dialect: Dialect) -> bool:
    """Whether a quote in the last row is not closed."""
    try:
        list(rows_of(lines, dialect, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _named(series: list[polars.Series], dialect: Dialect, notes: list[str]) -> list[str]:
    """Take the names out of columns, and what is no column; note what was found."""
    header = [one[0] or "" for one in series]
    if dialect.header:
        series[:] = [one.slice(1) for one in series]
    if dialect.row_names:
        header = ["", *header[:-1]]
    header = [name.strip() for name in header]
    _drop_empty_lines(series, notes)
    if not len(series[0]):
        series.clear()
        return []
    if not dialect.header:
        return [f"column_{place}" for place in range(1, len(series) + 1)]
    kept = [place for place, name in enumerate(header) if name or not _blank(series[place])]
    series[:] = [series[place] for place in kept]
    names, renamed = named_apart([header[place] for place in kept])
    if kept[:1] == [0] and header[0] in NO_NAMES and _counts(series[0]):
        renamed = [note for note in renamed if not note.startswith("Column 1 ")]
        renamed.insert(0, "The first column only counts the rows: it is left out.")
        del series[0], names[0]
    notes.extend(renamed)
    return names


def _drop_empty_lines(series: list[polars.Series], notes: list[str]) -> None:
    """Leave out the lines that hold nothing.

    In a table of one column an empty line is a missing value, but for those at the end.
    """
    filled = series[0] != ""
    if filled.all():
        return
    if len(series) == 1:
        last = filled.arg_true()
        series[0] = series[0].head(last[-1] + 1 if len(last) else 0)
        return
    for one in series[1:]:
        filled = filled | (one != "")
    empty = int((~filled).sum())
    if empty:
        series[:] = [one.filter(filled) for one in series]
        # Which ones, since predictions stand beside the lines that are left.
        after = filled.cum_sum().filter(~filled).unique(maintain_order=True).to_list()
        rows = ", ".join(map(str, after[:_MOST_SAID])) + " …" * (len(after) > _MOST_SAID)
        notes.append(
            f"{empty} empty line{'s are' if empty > 1 else ' is'} left out, after "
            f"row{'s' * (len(after) > 1)} {rows}."
        )


def _blank(column: polars.Series) -> bool:
    return not (column.str.strip_chars() != "").any()


def _counts(column: polars.Series) -> bool:
    """Whether a column without a name holds whole numbers that all differ."""
    import polars

    whole = column.cast(polars.Int64, strict=False)
    return whole.null_count() == 0 and whole.n_unique() == len(whole)


def _typed(
    names: list[str], series: list[polars.Series], separator: str, notes: list[str]
) -> list[Column]:
    """Each column as one of numbers or of text; what was found on the way is noted.

    The columns of text are taken out of the list, so that they do not stay in memory.
    """
    decimal = decimal_of(series, separator)
    columns = []
    marked, missing = [], Counter[str]()
    series.reverse()
    for name in names:
        column, words, was_marked = column_of_text(name, series.pop(), decimal)
        missing.update(words)
        marked += [name] * was_marked
        columns.append(column)
    if marked:
        sign = "Decimal comma" if decimal == "," else "Marks of thousands"
        notes.append(f"{sign} in {listed(marked)}.")
    if missing:
        notes.append(f"Missing values in columns of numbers are written {listed(missing)}.")
    return columns
