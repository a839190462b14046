"""Checks of arguments that several oracles take."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.errors import explain


def whole_number(name: str, value: Any, least: int, optional: bool = False) -> Any:
    """An argument that must be an integer of at least some size, or None where it may be."""
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= least
    if not whole and not (optional and value is None):
        raise ValueError(
            explain(
                f"Bad `{name}`.",
                given=repr(value),
                expected=f"an integer of at least {least}{' or None' if optional else ''}",
            )
        )
    return value
