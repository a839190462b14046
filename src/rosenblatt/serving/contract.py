"""What a server asks of a model, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rosenblatt.core.types import Tree
from rosenblatt.data.contract import PREDICTED_ROWS
from rosenblatt.serving.bodies import Value
from rosenblatt.serving.table_columns import Asked, Named
from rosenblatt.tables.table import Table

# Requests of up to so many rows, all together, are computed by one and the same program.
JOINED_ROWS = PREDICTED_ROWS[0]


@dataclass(frozen=True)
class Ready:
    """The rows of a request, read and checked, as a network takes them.

    Args:
        parts: nests of arrays, the rows of a part along the first axis.
        rows: of all parts.
        asked: what the answer is to have beside the predictions.
        beside: columns that are answered as they came, such as ids.
    """

    parts: Sequence[Tree]
    rows: int
    asked: Asked
    beside: Named = field(default_factory=list)


class Served(Protocol):
    """A model as a server knows it."""

    @property
    def name(self) -> str:
        """What to call it."""

    @property
    def joins(self) -> bool:
        """Whether rows of several requests may be computed together: none looks at another."""

    def schema(self) -> dict[str, Any]:
        """What it takes and gives, as plain data: for `/schema` and for the page."""

    def read(self, given: Table | Value, asked: Asked, most: int) -> Ready:
        """Check and read the rows of a request.

        Args:
            given: a table, or rows of JSON.
            asked: what the answer is to have.
            most: rows that a request may have.

        Raises:
            ValueError: rows that do not fit the model, or something that it does not give.
        """

    def answers(self, requests: Sequence[Ready]) -> list[Mapping[str, Sequence[Any]]]:
        """The predictions for each request, as columns.

        The bits of a request's answer do not depend on the others: of several requests, together
        they have at most `JOINED_ROWS` rows.
        """

    def example(self, rows: int) -> Ready:
        """Rows of no one, to compile programs with."""
