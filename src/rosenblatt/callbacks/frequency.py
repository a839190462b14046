"""How often a callback acts: after epochs, or after so many batches."""

from __future__ import annotations

from rosenblatt.core.checks import Check, is_whole


def frequency(*words: str) -> Check:
    """One of some words, or a number of batches; kept is "epoch" or the number.

    >>> frequency("epoch", "batch").expected
    "'epoch', 'batch', or a number of batches above 0"
    """
    expected = ", ".join([*map(repr, words), "or a number of batches above 0"])
    return Check(
        lambda value: value in words if isinstance(value, str) else is_whole(value) and value > 0,
        expected,
        lambda value: 1 if value == "batch" else value,
        ["day", 0, -1, 1.5, None],
    )


def is_due(frequency: str | int, batches: int) -> bool:
    """Whether to act after so many batches; not at all where epochs count.

    >>> is_due(3, 6), is_due(3, 7), is_due("epoch", 6)
    (True, False, False)
    """
    return not isinstance(frequency, str) and batches % frequency == 0
