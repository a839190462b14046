"""Messages for data that are no numbers: they name the row that fails, and never fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.core.types import ArrayLike
from rosenblatt.data.kinds import failing, kind_of


def columns_message(
    columns: Sequence[tuple[str, Iterable[object], str]], what: str, library: str
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
    names = [name for name, *_ in found if name]
    plural = "s" if len(names) > 1 else ""
    subject = f"column{plural} {', '.join(map(repr, names))}" if names else "the column"
    dated = ("date", "time", "duration")
    kinds = {"date" if str(t).lower().startswith(dated) else one.kind for _, one, t in found}
    place = f"{what}[{names[0]!r}]" if names else what
    fixes = _fixes(what, place, library) | {
        "nested": "the cells hold several values each: make an array of them with "
        f"`numpy.stack({place}.to_list())`.",
    }
    them = "them" if plural else "it"
    encode = (
        f"encode {them} as numbers (e.g. `pandas.get_dummies`, scikit-learn's `OneHotEncoder`) or "
        f"drop {them}: `{what}.drop(columns={names or ['']})` in pandas, "
        f"`{what}.drop({names or ['']})` in polars."
    )
    return explain(
        f"{what}: {subject} {'do' if plural else 'does'} not hold numbers.",
        given="; ".join(shown),
        expected="numbers or booleans",
        fix=fixes.get(kinds.pop() if len(kinds) == 1 else "text", encode),
    )


def array_message(array: np.ndarray, what: str, columns: Sequence[str] = ()) -> str:
    """The message for an array of text, dates or objects, with names of its columns if any."""
    column, one = 0, failing(_column(array, 0))
    while array.ndim == 2 and one.kind.startswith("number") and column + 1 < array.shape[1]:
        column += 1
        one = failing(_column(array, column))
    name = repr(columns[column]) if columns else column
    where = f", column {name}" if array.ndim == 2 and one.kind != "number" else ""
    fixes = _fixes(what, what) | {
        "date": "turn dates into numbers, e.g. days since the first one.",
        "NA": f'convert it: `{what}.astype("Float32")` in pandas, which keeps what is missing.',
        "record": "they hold several values each: make a column of each.",
        "nested": f"make one array of them: `numpy.stack({what})`.",
    }
    encode = "encode it as numbers (e.g. scikit-learn's `OneHotEncoder`) or leave it out."
    return explain(
        f"{what} does not hold numbers.",
        given=f"{one.place if array.ndim else one.text}{where} (dtype {array.dtype})",
        expected="numbers or booleans",
        fix=fixes.get("date" if array.dtype.kind in "Mm" else one.kind, encode),
    )


def _fixes(what: str, place: str, library: str = "pandas") -> dict[str, str]:
    """What to write instead, by the kind of value that is at fault."""
    cast, coerce = f'{place}.astype("float32")', f'pandas.to_numeric({place}, errors="coerce")'
    if library == "polars":
        cast, coerce = (f"{place}.cast(polars.Float32{more})" for more in ("", ", strict=False"))
    fixes = dict.fromkeys(("number", "number as text", "missing"), f"convert it: `{cast}`.") | {
        "NA": f'convert it: `{place}.astype("Float32")`, which keeps what is missing.',
        "record": "the cells hold several values each: make a column of each.",
        "date": "turn dates into numbers, e.g. days since the first one, or into year, month and "
        "weekday columns.",
        "text in places": f"correct or drop that row; `{coerce}` makes missing values of what is "
        "not a number.",
    }
    if what == "y" or what.startswith("y["):
        classes = "number the classes, e.g. `classes, y = numpy.unique(y, return_inverse=True)`."
        fixes |= {"text": classes, "object": classes}
    return fixes


def _column(array: np.ndarray, column: int) -> Iterator[object]:
    """The values of a column of an array; each row's first value that fails, of more axes."""
    if array.ndim == 0:
        yield array[()]
    elif array.ndim == 2:
        yield from array[:, column].tolist()
    else:
        for row in array.reshape(len(array), -1).tolist():
            kinds = [kind_of(value) for value in row]
            yield next((v for v, k in zip(row, kinds, strict=True) if k != "number"), row[0])


def ragged_message(rows: Sequence[ArrayLike], what: str) -> str:
    """The message for a list, called `what`, whose rows do not have the same shape."""
    shapes = [_shape(row) for row in rows]
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


def _shape(row: ArrayLike) -> tuple[int, ...] | None:
    try:
        return np.shape(row)
    except Exception:  # ragged itself
        return None


def _size(shape: tuple[int, ...]) -> str:
    if len(shape) > 1:
        return f"shape {shape}"
    if not shape:
        return "a single value"
    return f"{shape[0]} value{'' if shape[0] == 1 else 's'}"
