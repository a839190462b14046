"""What there is to learn: built-in data sets and tables in files, split into parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt.core.errors import BadArgument, BadData, nearest
from rosenblatt.core.faces import on_use
from rosenblatt.data.finite import check_finite
from rosenblatt.data.precision import counted_from, origin_of
from rosenblatt.datasets import california_housing, digits, fashion_mnist, iris, mnist
from rosenblatt.datasets._split import Pair, holdout
from rosenblatt.serving.features import features_of

if TYPE_CHECKING:
    from rosenblatt.tables import content, names, plain, reading
    from rosenblatt.tables.table import Table
else:  # built-in data sets do without tables
    content = on_use("rosenblatt.tables.content")
    names = on_use("rosenblatt.tables.names")
    plain = on_use("rosenblatt.tables.plain")
    reading = on_use("rosenblatt.tables.reading")

# A column of whole numbers with more different values than this is a quantity, not a class.
MOST_CLASSES = 20
LEAST_ROWS = 10
_LARGEST = 1e19  # whose square float32 can hold: variances and losses are squares


@dataclass(frozen=True)
class Recipe:
    """The network and training that suit a problem, where the user does not say otherwise.

    `patience` is how many epochs without a better validation loss end training; 0: none do.
    """

    hidden: tuple[int, ...] = (50, 50, 50)
    epochs: int = 20
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    patience: int = 0


@dataclass(frozen=True)
class Problem:
    """Data in three parts, and what its columns mean.

    `features` is empty for images; `classes` is None for regression, else the label of each
    output neuron. `scale_target` asks the network to learn the target in units of its spread.
    `origins` has the columns, the target's perhaps among them, that are counted from a number.
    `notes` says what reading a file found.
    """

    data: str
    features: tuple[str, ...]
    target: str
    classes: tuple[Any, ...] | None
    train: Pair
    valid: Pair
    test: Pair
    recipe: Recipe
    scale_target: bool = False
    origins: Mapping[str, float | int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def task(self) -> str:
        """Its kind: "regression" or "classification"."""
        return "regression" if self.classes is None else "classification"

    @property
    def parts(self) -> dict[str, Pair]:
        """Features and target of each part."""
        return {"train": self.train, "validation": self.valid, "test": self.test}


_IMAGES = Recipe(hidden=(300, 100), epochs=30, learning_rate=0.01, optimizer="sgd")


def _california_housing() -> Problem:
    return Problem(
        "california_housing",
        california_housing.FEATURE_NAMES,
        california_housing.TARGET_NAME,
        None,
        *california_housing.load_split(),
        Recipe(),
    )


def _last_rows(pair: Pair, rows: int) -> tuple[Pair, Pair]:
    x, y = pair
    return (x[:-rows], y[:-rows]), (x[-rows:], y[-rows:])


def _scaled(pair: Pair, brightest: float) -> Pair:
    return (pair[0] / np.float32(brightest)).astype("float32"), pair[1]


def _images(
    data: str, load: Callable[[], tuple[Pair, Pair]], classes: tuple[Any, ...]
) -> Callable[[], Problem]:
    def problem() -> Problem:
        full, test = load()
        train, valid = _last_rows(_scaled(full, 255), 5000)
        return Problem(data, (), "label", classes, train, valid, _scaled(test, 255), _IMAGES)

    return problem


def _iris() -> Problem:
    full, test = iris.load_data()
    train, valid = _last_rows(full, len(full[0]) // 5)
    recipe = Recipe(hidden=(5,), epochs=100, learning_rate=0.02)
    names, classes = iris.FEATURE_NAMES, iris.CLASS_NAMES
    return Problem("iris", names, "species", classes, train, valid, test, recipe)


def _digits() -> Problem:
    full, test = digits.load_data()
    full, test = _scaled(full, 16), _scaled(test, 16)
    train, valid = _last_rows(full, len(full[0]) // 5)
    recipe = Recipe(hidden=(100,), epochs=30)
    return Problem("digits", (), "digit", tuple(range(10)), train, valid, test, recipe)


BUILTIN: dict[str, Callable[[], Problem]] = {
    "california_housing": _california_housing,
    "digits": _digits,
    "fashion_mnist": _images("fashion_mnist", fashion_mnist.load_data, fashion_mnist.CLASS_NAMES),
    "iris": _iris,
    "mnist": _images("mnist", mnist.load_data, tuple(range(10))),
}


def open_data(data: str) -> Table:
    """The table in a file.

    Raises:
        ValueError: neither a built-in data set nor a kind of file that is read.
    """
    if data != content.STDIN and not Path(data).suffix and not Path(data).exists():
        raise BadArgument(
            f"{data!r} is neither a built-in data set nor a file.",
            expected="a CSV or Parquet file, or one of " + ", ".join(BUILTIN),
            fix=nearest(data, BUILTIN),
        )
    return reading.read(data)


def load_problem(data: str, target: str | None, seed: int) -> Problem:
    """The problem that a name or a file poses.

    Args:
        data: the name of a built-in data set, or the path of a table of numbers.
        target: the column to predict, for a file.
        seed: seed of a file's split into parts; built-in data have a split of their own.

    Raises:
        ValueError: unknown data, a missing or superfluous target, or too few rows.
    """
    if data in BUILTIN:
        if target is not None:
            raise BadArgument(
                f"--target is for tables in files; {data} has its own target.",
                given=f"--target {target}",
                fix="leave --target out.",
            )
        return BUILTIN[data]()
    table = open_data(data)
    target = named_target(table, target)
    columns = plain.numbers(table)
    names = [name for name in columns if name != target]
    check_rows(table)
    found = {name: origin_of(values) for name, values in columns.items()}
    y = columns[target]
    check_finite(y, f"y (column {target!r})")
    classes = class_labels(y)
    if classes is not None:
        y, found[target] = np.searchsorted(np.asarray(classes), y), None
    else:
        y = counted_from(y, found[target])
        check_finite(y, f"y (column {target!r})")
    origins = {name: origin for name, origin in found.items() if origin is not None}
    x = features_of(columns, names, origins)
    parts = dict(zip(names, x.T, strict=True)) | ({target: y} if classes is None else {})
    _refuse_large(data, columns, parts)
    rest, test = holdout(len(x), seed)
    train, valid = (rest[part] for part in holdout(len(rest), seed))
    return Problem(
        data,
        features=tuple(names),
        target=target,
        classes=classes,
        train=(x[train], y[train]),
        valid=(x[valid], y[valid]),
        test=(x[test], y[test]),
        recipe=Recipe(epochs=50, patience=10),
        scale_target=classes is None,
        origins=origins,
        notes=tuple(table.notes),
    )


def _refuse_large(
    data: str, columns: Mapping[str, np.ndarray], parts: Mapping[str, np.ndarray]
) -> None:
    for name, values in parts.items():
        if np.abs(values).max() > _LARGEST:
            raise BadData(
                f"{data}: column {name!r} holds numbers whose squares are beyond float32, in "
                "which a network computes.",
                given=f"{np.abs(columns[name]).max():g}",
                expected=f"numbers below {_LARGEST:g}",
                fix="write the column in a larger unit.",
            )


def named_target(table: Table, target: str | None) -> str:
    """The column to predict.

    Raises:
        ValueError: none is named; the table does not have it, has it twice, or nothing beside it.
    """
    if target is None:
        raise BadArgument(
            f"{table.source}: which column is to be predicted?",
            expected="--target with one of " + ", ".join(table.names),
        )
    if target not in table.names:
        raise BadData(
            f"The table has no column {target!r} to predict.", fix=nearest(target, table.names)
        )
    if names.is_twice(target, table.notes):
        raise BadData(
            f"{table.source}: two columns have the name {target!r}.",
            given="columns " + ", ".join(table.names),
            expected="a name of its own for the target",
            fix="rename or remove one of them.",
        )
    if len(table.names) == 1:
        raise BadData(
            f"The table has no column beside {target!r}: nothing to predict it from.",
            expected="at least one feature column",
        )
    return target


def check_rows(table: Table) -> None:
    """Refuse a table that is too short to be split.

    Raises:
        ValueError: fewer than ten rows.
    """
    if table.rows < LEAST_ROWS:
        raise BadData(
            f"{table.source}: too few rows to split into training, validation and test parts.",
            given=table.rows,
            expected=f"at least {LEAST_ROWS} rows",
        )


def class_labels(y: np.ndarray) -> tuple[Any, ...] | None:
    """The classes of a target that looks like classes: few different whole numbers, or booleans.

    >>> class_labels(np.array([2, 0, 2, 0])), class_labels(np.array([0.5, 1.5]))
    ((0, 2), None)
    """
    values = np.unique(y)
    if y.dtype != bool and not np.array_equal(values, np.round(values)):
        return None
    # More classes than half the rows: every row would be nearly a class of its own.
    if len(values) > min(MOST_CLASSES, len(y) // 2) or len(values) < 2:
        return None
    if y.dtype == bool:
        return tuple(bool(value) for value in values)
    return tuple(int(value) for value in values)
