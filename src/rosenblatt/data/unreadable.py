"""Messages for values that are no numbers: they name the row that fails, and never fail."""

from __future__ import annotations

import datetime
import numbers
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from rosenblatt.core.errors import explain

_LENGTH = 60
# What is said of a column that holds several kinds: of the first of these.
_BY_WEIGHT = (
    "record", "nested", "date", "object", "text", "NA", "number as text", "number", "missing",
)  # fmt: skip
_DATES = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)


class Failing(NamedTuple):
    """The first value that is no number, or the first of all where only the dtype is at fault.

    Attributes:
        row: its row.
        text: the value as the user would write it.
        kind: "number" (nothing but the dtype is wrong), "number as text", "missing", "NA" (which
            NumPy does not know), "nested", "record", "date", "text", "text in places" (among
            numbers), or "object".
    """

    row: int
    text: str
    kind: str

    @property
    def place(self) -> str:
        """What to say of it: the value and its row, where a value is at fault."""
        if self.kind == "number":
            return "numbers as Python objects"
        return f"{self.text} in row {self.row}"


def failing(values: Iterable[Any]) -> Failing:
    """Look for what makes values unreadable.

    Args:
        values: of one column, in order.

    >>> failing([1.5, "?", 2.0])
    Failing(row=1, text="'?'", kind='text in places')
    >>> failing(["red", "green"]).kind, failing(["1.5", "n/a", "2"]).row
    ('text', 1)
    """
    firsts: dict[str, tuple[int, Any]] = {}
    counts: Counter[str] = Counter()
    for row, value in enumerate(values):
        kind = _kind_of(value)
        firsts.setdefault(kind, (row, value))
        counts[kind] += 1
    for kind in _BY_WEIGHT:
        if kind in firsts:
            row, value = firsts[kind]
            numeric = counts["number"] + counts["number as text"]
            mixed = kind == "text" and numeric >= counts["text"]
            return Failing(row, _shown(value), "text in places" if mixed else kind)
    return Failing(0, "nothing", "object")


def _kind_of(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if type(value).__name__ == "NAType":
        return "NA"
    if value is None or type(value).__name__ == "NaTType":
        return "missing"
    if isinstance(value, (numbers.Number, np.bool_)) and not isinstance(value, _DATES):
        return "missing" if _is_nan(value) else "number"
    if isinstance(value, (str, bytes)):
        return "number as text" if _reads_as_number(value) else "text"
    if isinstance(value, _DATES):
        return "date"
    if isinstance(value, dict):
        return "record"
    nested = isinstance(value, (list, tuple, set)) or hasattr(value, "__array__")
    return "nested" if nested else "object"


def _is_nan(value: Any) -> bool:
    try:
        return bool(value != value)
    except Exception:  # whatever a user's number does when compared
        return False


def _reads_as_number(text: str | bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shown(value: Any) -> str:
    """A value's text, short; its type where it has none."""
    try:
        text = repr(value.item() if isinstance(value, np.generic) else value)
        text = " ".join(text.split())
    except Exception:  # a user's `__repr__`
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}… ({type(value).__name__})"


def columns_message(
    columns: Sequence[tuple[str, Iterable[Any], str]], what: str, library: str
) -> str:
    """The message for columns of a table, or for one column, that do not hold numbers.

    Args:
        columns: name (empty for a column alone), values, and dtype of each.
        what: "x", "y", …
        library: "pandas", "polars", …, whose words the advice uses.
    """
    found = [(name, failing(values), dtype) for name, values, dtype in columns]
    shown = [
        (f"{name!r}: " if name else "") + f"{one.place} (dtype {dtype})"
        for name, one, dtype in found
    ]
    names = [name for name, *_ in found]
    plural = "s" if len(names) > 1 else ""
    subject = f"column{plural} {', '.join(map(repr, names))}" if names != [""] else "the column"
    dated = ("date", "time", "duration")
    kinds = {"date" if str(t).lower().startswith(dated) else one.kind for _, one, t in found}
    return explain(
        f"{what}: {subject} {'do' if plural else 'does'} not hold numbers.",
        given="; ".join(shown),
        expected="numbers or booleans",
        fix=_advice(kinds, what, names, library),
    )


def _advice(kinds: set[str], what: str, names: list[str], library: str) -> str:
    place = what if names == [""] else f"{what}[{names[0]!r}]"
    kind = kinds.pop() if len(kinds) == 1 else "text"
    if kind in ("number", "number as text", "missing"):
        convert = f'`{place}.astype("float32")`'
        if library == "polars":
            convert = f"`{place}.cast(polars.Float32)`"
        return f"convert it: {convert}."
    if kind == "NA":
        return f'convert it: `{place}.astype("Float32")`, which keeps what is missing.'
    if kind == "record":
        return "the cells hold several values each: make a column of each."
    if kind == "nested":
        stack = f"`numpy.stack({place}.to_list())`"
        return f"the cells hold several values each: make an array of them with {stack}."
    if kind == "date":
        return (
            "turn dates into numbers, e.g. days since the first one, or into year, month and "
            "weekday columns."
        )
    if kind == "text in places":
        convert = f'`pandas.to_numeric({place}, errors="coerce")`'
        if library == "polars":
            convert = f"`{place}.cast(polars.Float32, strict=False)`"
        return f"correct or drop that row; {convert} makes missing values of what is no number."
    if what == "y" or what.startswith("y["):
        return "number the classes, e.g. `classes, y = numpy.unique(y, return_inverse=True)`."
    them = "them" if len(names) > 1 else "it"
    return (
        f"encode {them} as numbers (e.g. `pandas.get_dummies`, scikit-learn's `OneHotEncoder`) or "
        f"drop {them}: `{what}.drop(columns={names})` in pandas, `{what}.drop({names})` in polars."
    )


def array_message(array: np.ndarray, what: str) -> str:
    """The message for an array of text, dates or objects."""
    column, one = 0, failing(_column(array, 0))
    while array.ndim == 2 and one.kind.startswith("number") and column + 1 < array.shape[1]:
        column += 1
        one = failing(_column(array, column))
    where = f", column {column}" if array.ndim == 2 and one.kind != "number" else ""
    kind = "date" if array.dtype.kind in "Mm" else one.kind
    convert = f'convert it: `{what}.astype("float32")`.'
    classes = "number the classes, e.g. `classes, y = numpy.unique(y, return_inverse=True)`."
    is_target = what == "y" or what.startswith("y[")
    fixes = {
        "date": "turn dates into numbers, e.g. days since the first one.",
        "number": convert,
        "number as text": convert,
        "missing": convert,
        "NA": f'convert it: `{what}.astype("Float32")` in pandas, which keeps what is missing.',
        "record": "they hold several values each: make a column of each.",
        "nested": f"make one array of them: `numpy.stack({what})`.",
        "text in places": "correct or drop that row; "
        f'`pandas.to_numeric({what}, errors="coerce")` makes missing values of what is no number.',
    }
    encode = "encode it as numbers (e.g. scikit-learn's `OneHotEncoder`) or leave it out."
    return explain(
        f"{what} does not hold numbers.",
        given=f"{one.place if array.ndim else one.text}{where} (dtype {array.dtype})",
        expected="numbers or booleans",
        fix=fixes.get(kind, classes if is_target else encode),
    )


def _column(array: np.ndarray, column: int) -> Iterator[Any]:
    """The values of a column of an array; each row's first value that fails, of more axes."""
    if array.ndim == 0:
        yield array[()]
    elif array.ndim == 2:
        yield from array[:, column].tolist()
    else:
        for row in array.reshape(len(array), -1).tolist():
            kinds = [_kind_of(value) for value in row]
            yield next((v for v, k in zip(row, kinds, strict=True) if k != "number"), row[0])


def ragged_message(rows: Sequence[Any], what: str, shape_of: Callable[[Any], Any]) -> str:
    """The message for a list whose rows do not have the same shape.

    Args:
        rows: the list.
        what: its name.
        shape_of: gives a row's shape, or raises an error.
    """
    shapes = [_shape(row, shape_of) for row in rows]
    usual = Counter(shapes).most_common(1)[0][0] if shapes else None
    given = "rows nested differently"
    for row, shape in enumerate(shapes):
        if shape is None:
            given = f"values nested differently in row {row}"
            break
        if usual is not None and shape != usual:
            given = f"{_size(usual)} in row {shapes.index(usual)}, {_size(shape)} in row {row}"
            break
    return explain(
        f"{what}: the rows of the list do not have the same shape.",
        given=given,
        expected="as many values in every row",
        fix="fill up or cut the rows to one length.",
    )


def _shape(row: Any, shape_of: Callable[[Any], Any]) -> tuple[int, ...] | None:
    try:
        return tuple(shape_of(row))
    except Exception:  # ragged itself
        return None


def _size(shape: tuple[int, ...]) -> str:
    if len(shape) > 1:
        return f"shape {shape}"
    if not shape:
        return "a single value"
    return f"{shape[0]} value{'' if shape[0] == 1 else 's'}"
