"""A network as a server knows it: one vector of named features a row, or arrays of any shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.symbolic import KerasTensor, tree_map
from rosenblatt.core.types import Tree
from rosenblatt.data.finite import check_finite
from rosenblatt.layers.preprocessing.normalization import Normalization
from rosenblatt.models.model import Model
from rosenblatt.serving.bodies import Columns, Value, check_cells, columns_of
from rosenblatt.serving.contract import Ready
from rosenblatt.serving.features import features_of
from rosenblatt.serving.network_columns import output_columns
from rosenblatt.serving.refusals import JSON, Refusal, check_names, check_rows
from rosenblatt.serving.table_columns import Asked
from rosenblatt.tables.plain import numbers
from rosenblatt.tables.reading import read
from rosenblatt.tables.table import Table
from rosenblatt.tables.values import LARGEST_WHOLE

_DIGITS = 4  # of the numbers of an example
_NUMBERS = frozenset([int, float])


class ServedNetwork:
    """A network.

    Args:
        model: built, of the Sequential or the functional kind.
        facts: what is known of its run; may be empty.
        name: what to call it.

    Raises:
        ValueError: a model whose inputs are unknown.
    """

    def __init__(self, model: Model, facts: Mapping[str, Any], name: str):
        if not getattr(model, "built", False) or not model.inputs:
            raise BadArgument(
                f"{name}: the inputs of this model are unknown, so it cannot be served.",
                given=f"a {type(model).__name__} without a graph",
                expected="a Sequential or functional model that is built",
            )
        self.name = name
        self._model, self._facts = model, facts
        self._inputs: dict[str, KerasTensor] = dict(
            zip(model.input_names or (), model.inputs, strict=True)
        )
        self._is_vector = (
            len(self._inputs) == 1
            and not isinstance(model.input, Mapping)
            and len(model.input_shape) == 2
            and not _is_text(model.inputs[0])
            and facts.get("features") != []
        )
        self._names = self._feature_names()

    @property
    def joins(self) -> bool:
        """Whether no row looks at another, nor has a program of its own."""
        task = self._model.training_session.task
        alone = any(getattr(layer, "multiplies_rows", False) for layer in task.layers())
        return task.rows_apart("predict") and not alone

    def schema(self) -> dict[str, Any]:
        """What it takes and gives."""
        facts, example = self._facts, self._example_rows(1)
        named = self._names and example is not None
        return {
            "kind": "network",
            "task": "classes" if facts.get("classes") else "numbers",
            "target": facts.get("target"),
            "classes": list(facts.get("classes") or ()),
            "columns": [
                {"name": name, "kind": "number", "words": [], "format": None, "example": value}
                for name, value in zip(self._names, self._typical(), strict=True)
            ],
            "inputs": [
                {"name": name, "shape": list(tensor.shape[1:]), "dtype": str(tensor.dtype)}
                for name, tensor in self._inputs.items()
            ],
            "also_taken": [facts["target"]] if facts.get("target") else [],
            "answered_too": [],
            "intervals": False,
            "threshold": False,
            "example": {n: column[0] for n, column in example.items()} if named else example,
        }

    def read(self, given: Table | Value, asked: Asked, most: int) -> Ready:
        """Check and read the rows of a request; see `contract.Served`."""
        if asked != Asked():
            raise Refusal(
                422,
                "`interval` and `threshold` are for models of raw tables.",
                fix="leave them out.",
            )
        x = self._features(given, most) if self._is_vector else self._arrays(given, most)
        rows = len(next(iter(x.values()))) if isinstance(x, dict) else len(x)
        return Ready([x], rows, asked)

    def answers(self, requests: Sequence[Ready]) -> list[Mapping[str, Sequence[Any]]]:
        """The predictions for each request; see `contract.Served`."""
        parts = [request.parts[0] for request in requests]
        x = parts[0] if len(parts) == 1 else tree_map(lambda *a: np.concatenate(a), *parts)
        columns = output_columns(self._model, self._facts, self._model.predict(x, verbose=0))
        found: list[Mapping[str, Sequence[Any]]] = []
        start = 0
        for request in requests:
            stop = start + request.rows
            found.append({name: column[start:stop] for name, column in columns.items()})
            start = stop
        return found

    def example(self, rows: int) -> Ready:
        """Rows of means, or of zeros."""
        return self.read(self._example_rows(rows), Asked(), rows)

    # -- one vector a row --------------------------------------------------------------------------

    def _feature_names(self) -> list[str]:
        if not self._is_vector:
            return []
        width = self._model.input_shape[-1]
        return list(self._facts.get("features") or (f"x{place}" for place in range(width)))

    def _features(self, given: Table | Value, most: int) -> np.ndarray:
        """Rows of named features, or of a number for each in their order."""
        names, origins = self._names, self._facts.get("origins", {})
        if _is_list_of_numbers(given):
            given = [given]
        if isinstance(given, list) and given and all(isinstance(row, list) for row in given):
            check_rows(len(given), most)
            values = _numbers(given, "The rows", (len(names),), np.float64)
            columns = {name: values[:, place] for place, name in enumerate(names)}
            return features_of(columns, names, origins)
        if not isinstance(given, Table):
            plain = self._plain(given := columns_of(given), most)
            if plain is not None:
                return features_of(plain, names, origins)
            check_cells(given)
        table = given if isinstance(given, Table) else read(given, where="The body")
        check_rows(table.rows, most)
        nameless = not self._facts.get("features") and not set(names) & set(table.names)
        if nameless and isinstance(given, Table) and len(table.names) == len(names):
            table = table.renamed(dict(zip(table.names, names, strict=True)))  # by their places
        check_names(table.names, names, [self._facts.get("target", "")])
        return features_of(numbers(table, names), names, origins)

    def _plain(self, columns: Columns, most: int) -> dict[str, np.ndarray] | None:
        """Checked columns as arrays, as a table of them has them, in a tenth of the time.

        Returns:
            None where a value is not a plain number: a table says what is wrong, or reads it.
        """
        check_names(list(columns), self._names, [self._facts.get("target", "")])
        check_rows(len(next(iter(columns.values()), [])), most)
        found = {name: columns[name] for name in self._names}
        for values in found.values():
            if not _NUMBERS.issuperset(map(type, values)):
                return None
            if max(map(abs, values)) > LARGEST_WHOLE:  # a long whole number is an id
                return None
        return {name: np.array(values) for name, values in found.items()}

    def _typical(self) -> list[float]:
        """A number for each feature: its mean in training where the network knows it, else 0."""
        if not self._is_vector:
            return []
        width, origins = len(self._names), self._facts.get("origins", {})
        found = np.zeros(width)
        for layer in self._model.layers[:2]:
            if isinstance(layer, Normalization) and not layer.invert and layer.mean is not None:
                means = np.ravel(np.asarray(layer.mean, np.float64))
                found = means if means.size == width else found
        found = found + [float(origins.get(name) or 0) for name in self._names]
        return [float(f"{value:.{_DIGITS}g}") for value in found]

    # -- arrays of any shape -----------------------------------------------------------------------

    def _arrays(self, given: Table | Value, most: int) -> Tree:
        """Each input as an array: lists in lists, by input where there are several."""
        names = list(self._inputs)
        if isinstance(given, Table):
            raise Refusal(
                415,
                "This model takes arrays, which CSV does not hold.",
                expected=f"{JSON}: {self._forms()}",
            )
        if len(names) == 1 and not isinstance(self._model.input, Mapping):
            tensor = self._inputs[names[0]]
            if isinstance(given, Mapping) or _is_list_of_rows(given):
                given = columns_of(given)
                check_names(list(given), names)
                given = given[names[0]]
            return _array(given, "The body", tensor, most)
        if not isinstance(given, (Mapping, list)):
            raise Refusal(422, "The rows have another form.", expected=self._forms())
        columns = columns_of(given)
        check_names(list(columns), names)
        return {
            name: _array(columns[name], f"Input {name!r}", tensor, most)
            for name, tensor in self._inputs.items()
        }

    def _forms(self) -> str:
        shapes = [
            f"{name!r} of shape (rows, {', '.join(map(str, tensor.shape[1:]))})"
            for name, tensor in self._inputs.items()
        ]
        return "lists of numbers: " + ", ".join(shapes)

    def _example_rows(self, rows: int) -> Any:
        """An example as rows of JSON."""
        if self._is_vector:
            return {n: [v] * rows for n, v in zip(self._names, self._typical(), strict=True)}
        found = {}
        for name, tensor in self._inputs.items():
            shape = tuple(size or 1 for size in tensor.shape[1:])
            fill: Any = "" if _is_text(tensor) else 0
            found[name] = np.full((rows, *shape), fill, object).tolist()
        single = len(found) == 1 and not isinstance(self._model.input, Mapping)
        return found[next(iter(found))] if single else found


def _is_list_of_numbers(given: object) -> bool:
    return (
        isinstance(given, list) and bool(given) and all(isinstance(v, (int, float)) for v in given)
    )


def _is_list_of_rows(given: object) -> bool:
    return isinstance(given, list) and bool(given) and all(isinstance(v, Mapping) for v in given)


def _is_text(tensor: KerasTensor) -> bool:
    return str(tensor.dtype) == "string"


def _array(given: Value, what: str, tensor: KerasTensor, most: int) -> np.ndarray:
    """Lists in lists as an input: (rows, …); one row may come without the list around it."""
    if not isinstance(given, list) or not given:
        raise Refusal(422, f"{what} is not a list of rows.", expected="a list for each row")
    shape = tuple(tensor.shape[1:])
    check_rows(len(given), most)
    if _is_text(tensor):
        return _texts(given, what, shape)
    whole = np.dtype(str(tensor.dtype)).kind in "iu"
    values = _numbers(given, what, shape, np.float64)
    check_finite(values, what)
    if whole and not np.array_equal(values, np.floor(values)):
        raise Refusal(422, f"{what} takes whole numbers.", given="numbers with a fraction")
    if whole and np.abs(values).max(initial=0) >= 2**31:
        raise Refusal(422, f"{what} takes whole numbers of 32 bits.", given="larger ones")
    with np.errstate(over="ignore"):
        found = values.astype(np.int32 if whole else np.float32)
    check_finite(found, what)
    return found


def _numbers(
    given: list[Value], what: str, shape: tuple[int | None, ...], dtype: Any
) -> np.ndarray:
    """Lists in lists as numbers of a shape.

    Raises:
        Refusal: lists of different lengths, something else than numbers, or another shape.
    """
    try:
        values = np.array(given)
        good = values.dtype.kind in "iufb"
        values = values.astype(dtype) if good else values
    except (ValueError, OverflowError, TypeError):
        good = False
    expected = f"numbers of shape (rows, {', '.join(map(str, shape))})".replace(", )", ",)")
    if not good:
        raise Refusal(
            422,
            f"{what} does not hold numbers alone, or lists of different lengths.",
            expected=expected,
        )
    return _shaped(values, what, shape, expected)


def _texts(given: list[Value], what: str, shape: tuple[int | None, ...]) -> np.ndarray:
    values = np.array(given, object)
    expected = f"texts of shape (rows, {', '.join(map(str, shape))})".replace(", )", ",)")
    if not all(isinstance(one, str) for one in values.ravel()):
        raise Refusal(422, f"{what} does not hold texts alone.", expected=expected)
    return _shaped(values, what, shape, expected)


def _shaped(
    values: np.ndarray, what: str, shape: tuple[int | None, ...], expected: str
) -> np.ndarray:
    if shape == (1,) and values.ndim == 1:
        values = values[:, None]
    if shape == () and values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    fits = values.ndim == len(shape) + 1 and all(
        wanted in (None, size) for size, wanted in zip(values.shape[1:], shape, strict=False)
    )
    if not fits:
        raise Refusal(
            422, f"{what} has another shape.", given=f"shape {values.shape}", expected=expected
        )
    return values
