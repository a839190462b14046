"""A table in memory: columns of numbers, of text and of times, each with its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData, nearest
from rosenblatt.core.faces import on_use

if TYPE_CHECKING:
    from rosenblatt.core import html
else:
    html = on_use("rosenblatt.core.html")

_SHOWN = 10  # rows that a notebook shows

# Rows to take: their numbers, or a mask.
Rows: TypeAlias = NDArray[np.integer] | NDArray[np.bool_] | slice


@dataclass(frozen=True, eq=False)
class NumberColumn:
    """A column of numbers.

    Args:
        name: of the column.
        values: (rows,) float64; NaN where the value is missing.
        stored: the type in the source, e.g. "int64", for messages.

    >>> column = NumberColumn("age", np.array([31.0, np.nan]))
    >>> len(column), column.missing.tolist()
    (2, [False, True])
    """

    kind: ClassVar[Literal["number"]] = "number"
    name: str
    values: NDArray[np.float64]
    stored: str = "float64"

    def __len__(self) -> int:
        return len(self.values)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(rows,) mask of the missing values."""
        return np.isnan(self.values)

    def take(self, rows: Rows) -> NumberColumn:
        """The column of these rows only, in this order."""
        return replace(self, values=self.values[rows])

    def text(self, row: int) -> str | None:
        """The value of a row as text; None where it is missing."""
        value = float(self.values[row])
        if np.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


@dataclass(frozen=True, eq=False)
class TextColumn:
    """A column of text, stored as numbers into a list of its different words.

    Whatever depends on a cell's text alone is computed once for each word. Booleans are a column
    of the words "False" and "True".

    Args:
        name: of the column.
        codes: (rows,) int32, the position of each row's word; -1 where the value is missing.
        words: (words,) array of different `str`. A part of a table keeps the words of the whole.
        stored: the type in the source, e.g. "category", for messages.
        meant: what the words stand for in the source where that is not text: booleans, or the
            numbers of categories; None: text.

    >>> column = TextColumn("sea", np.array([1, 0, -1], "int32"), np.array(["far", "near"], object))
    >>> column.texts().tolist(), column.take(np.array([0])).texts().tolist()
    (['near', 'far', None], ['near'])
    """

    kind: ClassVar[Literal["text"]] = "text"
    name: str
    codes: NDArray[np.int32]
    words: NDArray[np.object_]
    stored: str = "text"
    meant: tuple[bool | int | float, ...] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(rows,) mask of the missing values."""
        return self.codes < 0

    def take(self, rows: Rows) -> TextColumn:
        """The column of these rows only, in this order; it keeps all words."""
        return replace(self, codes=self.codes[rows])

    def text(self, row: int) -> str | None:
        """The value of a row; None where it is missing."""
        code = int(self.codes[row])
        return None if code < 0 else str(self.words[code])

    def texts(self) -> NDArray[np.object_]:
        """(rows,) array of `str`; None where the value is missing."""
        return np.append(self.words, [None])[self.codes]  # -1 is the last one


@dataclass(frozen=True, eq=False)
class TimeColumn:
    """A column of dates or times.

    Args:
        name: of the column.
        values: (rows,) datetime64[us], NaT where the value is missing. Times with a zone are the
            clock's time in that zone.
        stored: the type in the source, e.g. "date", for messages.

    >>> TimeColumn("sold", np.array(["2013-01-31", "NaT"], "datetime64[us]")).text(0)
    '2013-01-31'
    """

    kind: ClassVar[Literal["time"]] = "time"
    name: str
    values: NDArray[np.datetime64]
    stored: str = "datetime64[us]"

    def __len__(self) -> int:
        return len(self.values)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(rows,) mask of the missing values."""
        return np.isnat(self.values)

    def take(self, rows: Rows) -> TimeColumn:
        """The column of these rows only, in this order."""
        return replace(self, values=self.values[rows])

    def text(self, row: int) -> str | None:
        """The value of a row as ISO 8601, without a time of zero; None where it is missing."""
        value = self.values[row]
        if np.isnat(value):
            return None
        text = str(value).removesuffix(".000000")
        return text.removesuffix("T00:00:00")


Column: TypeAlias = NumberColumn | TextColumn | TimeColumn


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one length, in order, and where they come from.

    Args:
        columns: name to column, in order.
        source: the path of a file, or what an object is called in messages, e.g. "X".
        notes: what reading found and the user may want to know, a sentence each.
        rows: how many; found from the columns where there is one.

    Raises:
        ValueError: columns of different lengths.

    >>> table = Table.of([NumberColumn("a", np.array([1.0, 2.0])),
    ...                   NumberColumn("b", np.array([3.0, 4.0]))])
    >>> table.names, table.rows, table["b"].values.tolist()
    (['a', 'b'], 2, [3.0, 4.0])
    """

    columns: dict[str, Column]
    source: str = "X"
    notes: list[str] = field(default_factory=list)
    rows: int = -1

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in self.columns.items()}
        rows = next(iter(lengths.values()), max(self.rows, 0))
        other = next((name for name, length in lengths.items() if length != rows), None)
        if other is not None:
            raise BadData(
                f"{self.source}: the columns do not have the same length.",
                given=f"{rows} values in {next(iter(lengths))!r}, {lengths[other]} in {other!r}",
                expected="a value for each row in every column",
            )
        object.__setattr__(self, "rows", rows)

    @classmethod
    def of(cls, columns: Iterable[Column], source: str = "X", notes: Iterable[str] = ()) -> Table:
        """A table of columns, by the names that they have."""
        return cls({column.name: column for column in columns}, source, list(notes))

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self.columns)

    def __len__(self) -> int:
        return self.rows

    def _repr_html_(self) -> str:
        columns = list(self.columns.values())
        texts = [[column.text(row) for column in columns] for row in range(self.rows)[:_SHOWN]]
        rows = [["" if text is None else text for text in line] for line in texts]
        size = f"{self.rows:,} row{'s' * (self.rows != 1)} of {len(columns)} columns"
        shown = f", the first {_SHOWN}" if self.rows > _SHOWN else ""
        caption = f"{self.source}: {size}{shown}"
        return html.joined([html.table(self.names, rows, caption), html.notes(self.notes)])

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Column:
        """The column of a name.

        Raises:
            ValueError: no such column.
        """
        if name not in self.columns:
            raise BadData(
                f"{self.source}: column {name!r} is missing.",
                fix=nearest(name, self.columns) if self.columns else None,
            )
        return self.columns[name]

    def take(self, rows: Rows) -> Table:
        """The table of these rows only, in this order."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        count = -1 if columns else len(np.empty(self.rows)[rows])
        return replace(self, columns=columns, rows=count)

    def without(self, names: Iterable[str]) -> Table:
        """The table without some columns; names that it does not have are ignored."""
        left = set(names)
        columns = {name: column for name, column in self.columns.items() if name not in left}
        return replace(self, columns=columns)

    def with_(self, column: Column) -> Table:
        """The table with one more column, or another one in the place of that of its name."""
        return replace(self, columns={**self.columns, column.name: column})

    def renamed(self, names: Mapping[str, str]) -> Table:
        """The table with other names of columns.

        Args:
            names: old name to new name; columns that are not in it keep theirs.

        Raises:
            ValueError: two columns would have the same name.
        """
        renamed = [replace(c, name=names.get(c.name, c.name)) for c in self.columns.values()]
        new = [column.name for column in renamed]
        twice = next((name for name in new if new.count(name) > 1), None)
        if twice is not None:
            raise BadData(f"{self.source}: two columns would have the name {twice!r}.")
        return replace(self, columns=dict(zip(new, renamed, strict=True)))
