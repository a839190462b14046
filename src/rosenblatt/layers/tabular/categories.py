"""Categories as codes, and what the targets of a category are on average."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.checks import Check, anything, is_real, is_whole
from rosenblatt.core.errors import BadArgument, BadData, NotFitted
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import HOST, setting
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.layers.arguments import POSITIVE
from rosenblatt.layers.tabular.host import RawLayer, Values, each_once, refuse_times, word_of
from rosenblatt.tables.parsing import numbers

ASSET = "vocabulary.json"


def _is_vocabulary(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, (list, tuple, np.ndarray)) or np.ndim(value) != 1:
        return False
    items = value.tolist() if isinstance(value, np.ndarray) else value
    return all(isinstance(v, str) for v in items) or all(
        is_real(v) and math.isfinite(v) for v in items
    )


def _plain(value: Any) -> list[Any] | None:
    if value is None:
        return None
    return [str(v).strip() if isinstance(v, str) else float(v) for v in value]


@builtin("rosenblatt.layers")
class CategoryIndex(RawLayer):
    """Values as codes: the place of each in a vocabulary, from 1 on; 0 for every other value.

    So what is missing, rare in training and never seen before share a code, which is trained: no
    value is an error.

    Args:
        vocabulary: different texts (blanks around them do not count), or different numbers. None
            for a layer whose vocabulary comes from a file.
        column: which column of inputs (batch, columns) it reads; None for inputs with one value
            a row.

    Inputs: text, numbers, booleans or times. With a vocabulary of texts, a number is the text of
    it, 3.0 being "3", and a time that of ISO 8601; with one of numbers, text is read as a number.
    Outputs: int32 of the inputs' shape, (batch,) where a column is chosen.

    Raises:
        ValueError: a vocabulary with a value twice; there is no vocabulary yet.

    >>> CategoryIndex(["Rome", "Bonn"])(np.array(["Bonn", "Paris", None, "Rome"], object))
    Array([2, 0, 0, 1], dtype=int32)
    >>> CategoryIndex([10.0, 0.5])(np.array([0.5, np.nan, 10]))
    Array([2, 0, 1], dtype=int32)
    """

    vocabulary: Any = setting(
        Check(_is_vocabulary, "a list of texts, or of finite numbers, or None", _plain,
              ["ab", 3, ["a", 1.0], [float("nan")]]),
        default=None, role=HOST, attribute="_given_vocabulary", saved=False,
    )  # fmt: skip
    column: int | None = setting(
        Check(lambda v: v is None or (is_whole(v) and v >= 0), "an integer, 0 or more, or None",
              wrong=[-1, "a", 1.5]),
        default=None, role=HOST,
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Make the table of a vocabulary that is given."""
        self._words: dict[str, int] = {}
        self._numbers = np.zeros(0)
        self._codes = np.zeros(0, np.int32)
        self._vocabulary: list[Any] | None = None
        given = vars(self).pop("_given_vocabulary")
        if given is not None:
            self._take(given)

    def get_vocabulary(self) -> list[Any]:
        """The values in the order of their codes; the first one has code 1."""
        return list(self._vocabulary or ())

    @property
    def size(self) -> int:
        """How many codes there are, 0 among them."""
        return len(self._vocabulary or ()) + 1

    def _take(self, vocabulary: list[Any]) -> None:
        twice = [value for value, count in Counter(vocabulary).items() if count > 1]
        if twice:
            raise BadArgument(f"{self._where}: a value is in the vocabulary twice.", given=twice[0])
        self._vocabulary = vocabulary
        if vocabulary and not isinstance(vocabulary[0], str):
            values = np.array(vocabulary)
            order = np.argsort(values)
            self._numbers, self._codes = values[order], (order + 1).astype(np.int32)
        else:
            self._words = {word: code for code, word in enumerate(vocabulary, start=1)}

    def lookup(self, inputs: Values) -> Values:
        """The codes of values, int32.

        Raises:
            ValueError: there is no vocabulary yet.
        """
        if self._vocabulary is None:
            raise NotFitted(
                f"{self._where} has no vocabulary yet.",
                fix="make it with `vocabulary=`, or load the file that the layer was saved in.",
            )
        if self.column is not None:
            inputs = inputs[:, self.column]
        if len(self._numbers):
            return self._codes_of_numbers(inputs)

        def codes(items: list[Any]) -> Values:
            return np.array([self.code_of(item) for item in items], np.int32)

        return each_once(codes, inputs).reshape(inputs.shape)

    @property
    def has_words(self) -> bool:
        """Whether the vocabulary is one of texts, and the layer reads single values."""
        return self._vocabulary is not None and not len(self._numbers) and self.column is None

    def code_of(self, value: object) -> int:
        """What `lookup` finds for one value, with a vocabulary of texts."""
        return self._words.get(word_of(value), 0)  # type: ignore[arg-type]

    def _codes_of_numbers(self, inputs: Values) -> Values:
        if inputs.dtype.kind not in "fiub":
            refuse_times(inputs, self._where)
            values = each_once(numbers, inputs).reshape(inputs.shape)
        else:
            values = inputs
        # Numbers of 32 bits are compared with what the vocabulary's are in 32 bits.
        kind = values.dtype if values.dtype.kind == "f" else np.float64
        known = self._numbers.astype(kind)
        near = np.minimum(np.searchsorted(known, values), len(known) - 1)
        return np.where(known[near] == values, self._codes[near], 0).astype(np.int32)

    def found_spec(self, inputs: KerasTensor) -> KerasTensor:
        """A symbolic tensor like what `lookup` finds."""
        return KerasTensor(inputs.shape if self.column is None else inputs.shape[:1], "int32")

    def asset_files(self) -> dict[str, bytes]:
        """The vocabulary as a JSON file."""
        if self._vocabulary is None:
            return {}
        return {
            ASSET: json.dumps(self._vocabulary, ensure_ascii=False).encode("utf-8", "surrogatepass")
        }

    def take_asset_files(self, files: dict[str, bytes]) -> None:
        """Take the vocabulary of `asset_files()`.

        Raises:
            ValueError: a file that holds something else.
        """
        if ASSET not in files:
            return
        found = json.loads(files[ASSET].decode("utf-8", "surrogatepass"))
        if found is None or not isinstance(found, list) or not _is_vocabulary(found):
            raise BadArgument(f"{ASSET} does not hold a vocabulary.", expected="a list in JSON")
        self._take(_plain(found) or [])


@builtin("rosenblatt.layers")
class TargetMeans(RawLayer):
    """Codes as rows of a table: what the targets of a category are on average, and how many rows.

    Args:
        means: (codes, width): for each code the smoothed means, and whatever else belongs to it,
            such as log(1 + count). None for a layer whose table comes from a file.
        width: columns of the table, where `means` is None.

    Inputs: codes (batch,) or (batch, 1), as `CategoryIndex` gives them; one that is not in the
    table counts as 0. Outputs: float32 (batch, width).

    Raises:
        ValueError: neither a table nor a width; a table of another rank, or with NaN; there is no
            table yet.

    Reference: D. Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes
    in classification and prediction problems", 2001.

    >>> TargetMeans([[0.5, 0.0], [0.9, 2.3]])(np.array([1, 7]))
    Array([[0.9, 2.3],
           [0.5, 0. ]], dtype=float32)
    """

    means: Any = setting(anything, default=None, attribute="_given_means", saved=False, role=HOST)
    width: Any = setting(
        Check(
            lambda v: v is None or POSITIVE.fits(v), "a positive integer, or None", wrong=[0, "a"]
        ),
        default=None,
    )

    def __post_init__(self) -> None:
        """Take the table that is given."""
        given = vars(self).pop("_given_means")
        self._table: NDArray[np.float32] | None = None
        if given is None and self.width is None:
            raise BadArgument(f"{self._where}: give `means`, or `width` alone.")
        if given is not None:
            self._take(given)

    @property
    def table(self) -> NDArray[np.float32]:
        """(codes, width) float32.

        Raises:
            ValueError: there is none yet.
        """
        if self._table is None:
            raise NotFitted(
                f"{self._where} has no table yet.",
                fix="make it with `means=`, or load the file that the layer was saved in.",
            )
        return self._table

    def _take(self, means: Any) -> None:
        try:
            table = np.array(means, np.float32)
        except (TypeError, ValueError):
            table = np.zeros(0, np.float32)
        if table.ndim != 2 or not len(table) or table.shape[1] != (self.width or table.shape[1]):
            wanted = "(codes, width)" if self.width is None else f"(codes, {self.width})"
            raise BadArgument(
                f"{self._where}: bad `means`.",
                given=f"shape {np.shape(means) if table.size else 'unknown'}",
                expected=f"numbers of shape {wanted}",
            )
        if not np.isfinite(table).all():
            raise BadArgument(f"{self._where}: `means` holds NaN or infinity.")
        self._table, self.width = table, table.shape[1]

    def lookup(self, inputs: Values) -> Values:
        """The rows of the table.

        Raises:
            ValueError: there is no table yet.
        """
        table = self.table
        if inputs.dtype.kind not in "iufb" or inputs.shape[1:] not in ((), (1,)):
            raise BadData(
                f"{self._where} takes one code in each row.",
                given=f"an array of dtype {inputs.dtype}, shape {inputs.shape}",
            )
        codes = inputs.ravel().astype(np.int64)
        return table[np.where((codes >= 0) & (codes < len(table)), codes, 0)]

    def found_spec(self, inputs: KerasTensor) -> KerasTensor:
        """A symbolic tensor like what `lookup` finds."""
        return KerasTensor((inputs.shape[0], self.width), "float32")

    def save_own_variables(self, store: Any) -> None:
        """Put the table into a mapping."""
        if self._table is not None:
            store["means"] = self._table

    def load_own_variables(self, store: Any) -> None:
        """Take the table from a mapping."""
        if "means" in store:
            self._take(np.asarray(store["means"]))
