"""What is predicted: a quantity or classes, found from the target's values, and said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.tables.parsing import missing, numbers
from rosenblatt.tables.table import Column, NumberColumn, TextColumn, TimeColumn
from rosenblatt.tabular.column_kinds import find_numbers, present_words
from rosenblatt.tabular.ids import words_of_name

TaskKind: TypeAlias = Literal["quantity", "two classes", "classes"]
Label: TypeAlias = str | int | float

# Of a target; "none", "?" and "-" may well be classes.
MISSING_LABELS = ("", "na", "n/a", "nan", "null", "<na>", "#n/a", "nat")
_MOST_WHOLE = 10  # different whole numbers that are taken for classes
_ROWS_OF_CLASS = 10
# Whole numbers of such a name are amounts, however few there are.
_AMOUNTS = frozenset({
    "age", "amount", "amt", "count", "days", "grade", "hours", "months", "num", "number", "points",
    "price", "quality", "quantity", "rating", "ratings", "score", "stars", "total", "years",
})  # fmt: skip
_CHOICES = ("class", "quantity")


@dataclass(frozen=True)
class Task:
    """What is predicted.

    Args:
        kind: "quantity", "two classes" or "classes".
        reason: why, in words, and how to overrule it where that is not certain.
        classes: the labels in order: numbers, booleans or texts; none for a quantity. Of two
            classes the second one is that whose probability is meant.
        decimal: the decimal sign of a quantity in text.
        unit: what stands after a quantity in text.
    """

    kind: TaskKind
    reason: str
    classes: tuple[Label, ...] = ()
    decimal: str = "."
    unit: str = ""

    @property
    def is_quantity(self) -> bool:
        """Whether a number is predicted, not a class."""
        return self.kind == "quantity"

    def to_config(self) -> dict[str, Any]:
        """The task as plain values, for JSON."""
        return {
            "kind": self.kind, "reason": self.reason, "classes": list(self.classes),
            "decimal": self.decimal, "unit": self.unit,
        }  # fmt: skip

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Task:
        """The task that `to_config` was called on."""
        return cls(**{**config, "classes": tuple(config["classes"])})


def infer_task(column: Column, wanted: str | None = None) -> Task:
    """Say whether a target is a quantity or a class.

    Text is classes, unless it is numbers in text. Numbers are a quantity, unless there are two
    different ones, or at most ten whole ones with ten rows each and no name such as "rating".

    Args:
        column: the target.
        wanted: "class" or "quantity", where the user knows; None: found from the values.

    Returns:
        The task, with its classes in order.

    Raises:
        ValueError: an unknown `wanted`; a target without values, with a single one, of times, with
            labels where numbers are wanted, or with so many labels that none comes again.

    >>> words = np.array(["yes", "no"], dtype=object)
    >>> infer_task(TextColumn("tip", np.array([0, 1, 1], dtype=np.int32), words)).classes
    ('no', 'yes')
    """
    if wanted is not None and wanted not in _CHOICES:
        raise BadArgument("The task is unknown.", given=repr(wanted), expected="class or quantity")
    if isinstance(column, TimeColumn):
        raise BadData(
            f"Target {column.name!r} holds times.",
            expected="numbers or labels",
            fix="make it a number, such as the days until then.",
        )
    task = (
        _of_numbers(column, wanted)
        if isinstance(column, NumberColumn)
        else _of_text(column, wanted)
    )
    if not task.is_quantity:
        _check_classes(column, task)
    return task


def _of_numbers(column: NumberColumn, wanted: str | None) -> Task:
    values = quantities(column, Task("quantity", ""))
    values = values[~np.isnan(values)]
    different = np.unique(values)
    _check_varies(column.name, [_label(value) for value in different[:2]])
    whole = bool((different == np.floor(different)).all())
    few = whole and len(different) <= _MOST_WHOLE and len(values) >= _ROWS_OF_CLASS * len(different)
    few = few and not _AMOUNTS & set(words_of_name(column.name))
    if wanted == "quantity" or (wanted is None and len(different) > 2 and not few):
        return Task("quantity", _asked(wanted) or f"numbers ({column.stored})")
    reason = f"{len(different)} different numbers"
    if len(different) > 2:
        reason = (
            f"{len(different)} different whole numbers, taken for classes; "
            "task 'quantity' takes them for amounts"
        )
    return _classes(tuple(_label(value) for value in different), _asked(wanted) or reason)


def _label(value: float) -> Label:
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)


def _asked(wanted: str | None) -> str:
    return "as you asked" if wanted else ""


def _classes(labels: tuple[Label, ...], reason: str) -> Task:
    return Task("two classes" if len(labels) == 2 else "classes", reason, labels)


def _of_text(column: TextColumn, wanted: str | None) -> Task:
    words, counts = present_words(column, MISSING_LABELS)
    _check_varies(column.name, list(words[:2]))
    found = find_numbers(words, counts) if wanted != "class" else None
    if found is None and wanted == "quantity":
        found = numbers(words), ".", ""
    if found is not None:
        values, decimal, unit = found
        different = np.unique(values[~np.isnan(values)])
        if wanted == "quantity" or len(different) > _MOST_WHOLE:
            reason = _asked(wanted) or f"numbers in text, such as {words[0]}"
            task = Task("quantity", reason, (), decimal, unit)
            quantities(column, task)  # says which row is not a number
            return task
    labels: tuple[Label, ...] = tuple(sorted(str(word) for word in words))
    if column.meant is not None:
        meant = dict(zip(column.words, column.meant, strict=True))
        labels = tuple(sorted(meant[word] for word in words))
    return _classes(labels, _asked(wanted) or f"{len(labels)} different texts")


def _check_varies(name: str, first: list[Any]) -> None:
    if len(first) == 0:
        raise BadData(f"Target {name!r} has no value in any row.")
    if len(first) == 1:
        raise BadData(
            f"Target {name!r} has the same value in every row, one class: nothing is to be learnt.",
            given=repr(first[0]),
            expected="at least two different values",
        )


def _check_classes(column: Column, task: Task) -> None:
    known = int((class_codes(column, task) >= 0).sum())
    if len(task.classes) > 2 and len(task.classes) > known / 2:
        raise BadData(
            f"Target {column.name!r} has {len(task.classes)} different labels in {known} rows: "
            "most come once only.",
            expected="labels that come again, or numbers",
            fix="check that this is the column to predict.",
        )


def quantities(column: Column, task: Task) -> NDArray[np.float64]:
    """The targets of a quantity.

    Args:
        column: the target, of the table that was inferred from or of another one.
        task: a quantity.

    Returns:
        (rows,) float64; NaN where it is missing.

    Raises:
        ValueError: a value that is not a number; the message names its row.
    """
    if isinstance(column, TextColumn):
        values = numbers(column.words, task.decimal, unit=task.unit)
        wrong = np.isnan(values) & ~missing(column.words, MISSING_LABELS)
        rows = np.flatnonzero(np.append(wrong, False)[column.codes])
        found = np.append(values, np.nan)[column.codes]
    elif isinstance(column, NumberColumn):
        rows, found = np.flatnonzero(np.isinf(column.values)), column.values
    else:
        raise BadData(f"Target {column.name!r} holds times.", expected="numbers")
    if len(rows):
        raise BadData(
            f"Target {column.name!r} is not a number in row {rows[0]}.",
            given=repr(column.text(int(rows[0]))),
            expected="a finite number in each row, as the task is 'quantity'",
            fix="leave out such rows, or ask for the task 'class'.",
        )
    return found


def class_codes(column: Column, task: Task) -> NDArray[np.int32]:
    """The targets of classes as numbers.

    Args:
        column: the target, of the table that was inferred from or of another one.
        task: with classes.

    Returns:
        (rows,) int32, the place of each row's label in `task.classes`; -1 where it is missing or a
        label that the task does not have.

    >>> task = Task("two classes", "", (0, 1))
    >>> class_codes(NumberColumn("y", np.array([1.0, 0.0, np.nan, 7.0])), task).tolist()
    [1, 0, -1, -1]
    """
    if isinstance(column, NumberColumn):
        # A target of text may come back as numbers. NaN, for labels that are none, equals nothing.
        values = numbers(task.classes)
        order = np.argsort(values)
        places = np.searchsorted(values[order], column.values)
        found = order[np.minimum(places, len(order) - 1)]
        return np.where(values[found] == column.values, found, -1).astype(np.int32)
    if isinstance(column, TextColumn):
        known: dict[Label, int] = {str(label): n for n, label in enumerate(task.classes)}
        codes = [known.get(str(word), -1) for word in column.words]
        if column.meant is not None:  # True is 1, as everywhere in Python
            known |= {label: n for n, label in enumerate(task.classes)}
            codes = [known.get(v, n) for v, n in zip(column.meant, codes, strict=True)]
        return np.array([*codes, -1], dtype=np.int32)[column.codes]
    raise BadData(f"Target {column.name!r} holds times.", expected="labels")


def labels(task: Task, codes: NDArray[np.integer]) -> NDArray[np.generic]:
    """The labels of classes that were predicted.

    Args:
        task: with classes.
        codes: (rows,) places in `task.classes`.

    Returns:
        (rows,) the labels: numbers or booleans where all are, else text.

    >>> labels(Task("two classes", "", ("no", "yes")), np.array([1, 0])).tolist()
    ['yes', 'no']
    """
    texts = any(isinstance(label, str) for label in task.classes)
    return np.array(task.classes, dtype=object if texts else None)[codes]
