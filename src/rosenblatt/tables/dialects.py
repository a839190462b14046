"""Which dialect of CSV a text is: separator, quotes, lines before the table, a header or none."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

# In the order in which they are taken where they fit equally well.
SEPARATORS = (",", ";", "\t", "|", " ")
CALLED = {"\t": "tab", " ": "blank"}
_QUOTES = ('"', "'")
_MOST_LINES = 300
_MOST_BEFORE = 30  # lines before the table: titles, comments
_NUMBER = re.compile(
    r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?|[-+]?\d{1,3}([,. '’\u00a0]\d{3})+([.,]\d+)?",
    re.ASCII,
)
_TIME = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2}(\.\d*)?)?")
_EMPTY = ("", "na", "n/a", "nan", "null", "none", "?", "-")
_CUT = re.compile(r"\d[,; |\t]\d")  # two numbers that a separator should have parted
_MARKS = re.compile(r"[,;|\t]")
_LEAST_NUMBERS = 0.2  # of the cells, where a blank is to be the separator
_LEAST_FIT = 0.3
_SHARED = 0.9  # of a column's values that have one type, and it has that type


@dataclass(frozen=True)
class Dialect:
    """How the lines of a table are written.

    Args:
        separator: between cells.
        quote: around cells that hold a separator; None for none.
        skip: lines before the table.
        header: whether its first line has the names of the columns.
        width: how many columns it has.
        line_end: a carriage return in the files of old Macs.
        runs: whether several separators in a row are one, as in tables aligned by blanks.
        row_names: whether lines have one cell more than the header: a name for the row.
    """

    separator: str = ","
    quote: str | None = '"'
    skip: int = 0
    header: bool = True
    width: int = 1
    line_end: str = "\n"
    runs: bool = False
    row_names: bool = False

    def notes(self) -> list[str]:
        """What is not as in most files, a sentence each."""
        found = []
        if self.separator != "," and self.width > 1:
            found.append(f"The separator is {CALLED.get(self.separator, repr(self.separator))}.")
        if self.quote == "'":
            found.append('Cells are quoted by "\'".')
        if self.line_end != "\n":
            found.append("Lines end with carriage returns only.")
        if self.skip:
            lines = "line is" if self.skip == 1 else f"{self.skip} lines are"
            found.append(f"The first {lines} not part of the table.")
        if self.row_names:
            found.append("The header has no name for the first column, which names the rows.")
        if not self.header:
            found.append("There is no line of column names: they are 'column_1', 'column_2', …")
        return found


class RowReader(Protocol):
    """Python's reader of CSV."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


def rows_of(lines: Iterable[str], dialect: Dialect, *, strict: bool = False) -> RowReader:
    """The cells of each line, by Python's own reader, which takes quotes as they come.

    Args:
        lines: with their ends.
        dialect: of the lines.
        strict: whether a stray quote is an error.
    """
    if dialect.runs:
        lines = (line.strip() + "\n" for line in lines)
    return csv.reader(
        lines,
        delimiter=dialect.separator,
        quotechar=dialect.quote,
        quoting=csv.QUOTE_NONE if dialect.quote is None else csv.QUOTE_MINIMAL,
        skipinitialspace=dialect.runs,
        strict=strict,
    )


Row = tuple[int, list[str]]  # the number of its last line, and its cells


def dialect_of(text: str, name: str = "") -> Dialect:
    """The dialect of a table.

    Every separator is tried with both quotes. The one is taken with which most lines have the
    same number of cells, and most cells are numbers, times or words without other separators.

    Args:
        text: the start of a file, whole lines only.
        name: of the file; ".tsv" leaves tabs only.

    >>> dialect_of("a;b\\n1,5;x\\n2,5;y\\n").separator
    ';'
    >>> dialect_of("1.5,near\\n2.5,far\\n3.5,near\\n").header
    False
    """
    line_end = "\r" if "\n" not in text and "\r" in text.rstrip("\r") else "\n"
    lines = [line + "\n" for line in text.split(line_end)[:_MOST_LINES]]
    skip = next((n for n, line in enumerate(lines) if line.strip()), 0)
    separators: Sequence[str] = "\t" if name.lower().endswith((".tsv", ".tab")) else SEPARATORS
    said = re.fullmatch(r"sep=(.)\s*", lines[skip]) if lines else None
    if said:  # how spreadsheets are told
        skip, separators = skip + 1, said[1]
    lines = lines[skip:]
    best, fit = Dialect(line_end=line_end), _LEAST_FIT
    for tried in _candidates(separators, text, line_end):
        found, its_fit = _fitted(lines, tried)
        if its_fit > fit:
            best, fit = found, its_fit
    if best.width == 1:
        unused = (mark for mark in (*separators, *SEPARATORS, "\x1f") if mark not in text)
        best = replace(best, separator=next(unused, "\x1e"))
    best = _placed(lines, best)
    return replace(best, skip=best.skip + skip)


def _candidates(separators: Sequence[str], text: str, line_end: str) -> Iterator[Dialect]:
    for separator in separators:
        for quote in _QUOTES:
            if separator in text and (quote == '"' or _framed(text, separator)):
                yield Dialect(separator, quote, line_end=line_end)
                if separator == " " and "  " in text:
                    yield Dialect(separator, quote, line_end=line_end, runs=True)


def _framed(text: str, separator: str) -> bool:
    """Whether more cells are framed by single quotes than by double ones."""
    single, double = (
        len(re.findall(rf"(?m)(?:^|{re.escape(separator)}){quote}[^{quote}\n]*{quote}", text))
        for quote in ("'", '"')
    )
    return single > double


def _rows(lines: Sequence[str], dialect: Dialect) -> list[Row]:
    """The rows of lines that are not empty."""
    reader = rows_of(lines, dialect)
    found: list[Row] = []
    try:
        found.extend((reader.line_num, row) for row in reader if any(row))
    except csv.Error:  # a cell beyond the limit of Python's reader: none like this
        pass
    return found


def _fitted(lines: Sequence[str], dialect: Dialect) -> tuple[Dialect, float]:
    """A dialect with its width, and how well it fits, from 0 to 1."""
    rows = [row for _, row in _rows(lines, dialect)]
    if not rows:
        return dialect, 0.0
    counts = Counter(map(len, rows))
    width = max(counts, key=lambda w: (counts[w], w == len(rows[0])))
    if width < 2:
        return dialect, 0.0
    alike = [row for row in rows if len(row) == width]
    shown = [cell.strip() for row in alike[:100] for cell in row]
    if len(rows[0]) == 1 and all(_is_number(",".join(row)) for row in rows[1:]):
        return dialect, 0.0  # one column, with decimal commas
    if dialect.separator == " ":
        numeric = sum(map(_is_number, shown)) / len(shown)
        if numeric < _LEAST_NUMBERS or len(rows[0]) not in (width, width - 1):
            return dialect, 0.0
    clean = sum(map(_clean, shown)) / len(shown)
    quoted = sum(len(c) > 1 and c[0] in _QUOTES and c[0] == c[-1] for c in shown) / len(shown)
    fit = len(alike) / len(rows) * (clean - 0.5 * quoted) * width / (width + 0.5)
    return replace(dialect, width=width), fit


def _clean(cell: str) -> float:
    """How much a cell looks like one: 1 for a number, a time, nothing or words; less for parts."""
    if _is_number(cell) or _TIME.fullmatch(cell) or cell.lower() in _EMPTY:
        return 1.0
    if _CUT.search(cell):
        return 0.0
    return 0.5 if _MARKS.search(cell) else 1.0


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def _placed(lines: Sequence[str], dialect: Dialect) -> Dialect:
    """A dialect with what is before the table, and whether the table has a header."""
    rows = _rows(lines, dialect)
    width = dialect.width
    first = next((place for place, (_, row) in enumerate(rows) if len(row) == width), 0)
    body = [row for _, row in rows[first:] if len(row) == width]
    if first == 1 and len(rows[0][1]) == width - 1 and _named_rows(rows[0][1], body):
        return replace(dialect, row_names=any(row[-1].strip() for row in body))
    before = rows[:first]
    titles = body and not any(_is_number(cell.strip()) for cell in body[0])
    if (
        before
        and len(before) <= _MOST_BEFORE
        and (titles or all(row[0].startswith(("#", "%", "//")) for _, row in before))
    ):
        skip = before[-1][0]
        skip += next(n for n, line in enumerate(lines[skip:]) if line.strip())
        return replace(dialect, skip=skip, header=has_header(body))
    if before:  # what is wrong is found when all is read
        return replace(dialect, width=len(before[0][1]))
    return replace(dialect, header=has_header(body))


def _named_rows(header: list[str], body: list[list[str]]) -> bool:
    """Whether lines of one cell more than the header start with a name, or end with nothing."""
    if any(_is_number(cell.strip()) for cell in header):
        return False
    if not any(row[-1].strip() for row in body):
        return True
    names = [row[0] for row in body]
    counted = all(name.strip().isdecimal() for name in names)
    return len(set(names)) == len(names) > 1 and (counted or not any(map(_is_number, names)))


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of some rows has names of columns rather than values like the others.

    >>> has_header([["age", "sea"], ["31", "near"]])
    True
    >>> has_header([["39", "State-gov"], ["50", "Private"], ["38", "State-gov"]])
    False
    """
    first = [cell.strip() for cell in rows[0]] if rows else []
    if len(rows) < 2:
        return not any(first) or any(_kind(cell) == "text" for cell in first if cell)
    named = alike = repeated = texts = 0
    for place, cell in enumerate(first):
        column = [row[place].strip() for row in rows[1:]]
        values = [value for value in column if value.lower() not in _EMPTY]
        if cell.lower() in _EMPTY or not values:
            continue
        kind, (usual, times) = _kind(cell), Counter(map(_kind, values)).most_common(1)[0]
        typed = usual != "text" and times >= _SHARED * len(values)
        named += typed and kind != usual
        alike += typed and kind == usual
        texts += kind == "text"
        repeated += kind == usual == "text" and cell in values
    if named or not (alike or (repeated == texts > 1)):
        return True
    return _counting(first, rows[1:])


def _kind(cell: str) -> str:
    if _is_number(cell):
        return "number"
    return "time" if _TIME.fullmatch(cell) else "text"


def _counting(first: list[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the numbers of a first line are names: 0, 1, 2, … or years, and not so below."""
    numbers = [int(cell) for cell in first if cell.isdecimal() and len(cell) < 9]
    if len(numbers) < 2 or len(numbers) < sum(map(_is_number, first)):
        return False
    steps = {after - before for before, after in pairwise(numbers)}
    if steps == {1} and (numbers[0] == 0 or len(numbers) < len(first)):
        return True
    years = [f"{year}" for year in numbers if 1900 <= year <= 2100]
    below = {cell.strip() for row in body for cell in row}
    ordered = all(step > 0 for step in steps) or all(step < 0 for step in steps)
    return len(years) == len(numbers) and ordered and not below & set(years)
