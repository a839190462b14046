"""Requests that are not answered with predictions, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from rosenblatt.core.errors import BadData, nearest

JSON, CSV = "application/json", "text/csv"


class Refusal(BadData):
    """A request that is refused.

    Args:
        status: the code of HTTP, such as 422 for rows that do not fit the model.
        problem, given, expected, fix: the parts of the message, as `core.errors.explain` takes
            them; lists become texts there and stay lists in `facts`.
        more: further facts for the answer, such as the columns that are missing.

    Attributes:
        facts: the message and its parts, as plain data for JSON.

    >>> Refusal(422, "The columns do not fit.", given=["a"], expected=["b"]).facts
    {'error': 'The columns do not fit. Given: a. Expected: b.', 'given': ['a'], 'expected': ['b']}
    """

    def __init__(
        self,
        status: int,
        problem: str,
        *,
        given: object = None,
        expected: object = None,
        fix: str | None = None,
        **more: object,
    ):
        super().__init__(problem, given=_text(given), expected=_text(expected), fix=fix)
        self.status = status
        parts = {"given": given, "expected": expected, "fix": fix, **more}
        self.facts: dict[str, Any] = {
            "error": str(self),
            **{name: part for name, part in parts.items() if part not in (None, [])},
        }


def _text(part: object) -> object:
    return ", ".join(map(str, part)) or "nothing" if isinstance(part, list) else part


def check_names(given: Sequence[str], expected: Sequence[str], known: Collection[str] = ()) -> None:
    """Refuse rows whose columns are not those of the model.

    Args:
        given: the names of the columns that came.
        expected: those that the model reads.
        known: those that may come and are not read, such as ids and the target.

    Raises:
        Refusal: columns that are missing, or unknown; all of them are named.
    """
    came, read = set(given), set(expected)
    missing = [name for name in expected if name not in came]
    unknown = [name for name in given if name not in read and name not in known]
    if not missing and not unknown:
        return
    said = [
        f"{', '.join(map(repr, names))} {'is' if len(names) == 1 else 'are'} {what}"
        for names, what in ((missing, "missing"), (unknown, "unknown"))
        if names
    ]
    near = nearest(unknown[0], missing or expected) if len(unknown) == 1 else ""
    raise Refusal(
        422,
        f"The columns do not fit the model: {'; '.join(said)}.",
        given=list(given),
        expected=list(expected),
        fix=near if near.startswith("did") else None,
        missing=missing,
        unknown=unknown,
    )


def check_rows(rows: int, most: int) -> None:
    """Refuse more rows than a request may have.

    Raises:
        Refusal: with 413.
    """
    if rows > most:
        raise Refusal(
            413,
            "A request may not have so many rows.",
            given=f"{rows:,}",
            expected=f"at most {most:,}",
        )
