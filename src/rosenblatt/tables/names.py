"""Names of columns: unique ones where a source has some twice, or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# What the column that counts the rows is called in files.
NO_NAMES = ("", "Unnamed: 0")


def named_apart(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of which no two are the same, and what was changed.

    Args:
        names: as they are in the source; empty where a column has none.

    Returns:
        A name for each column, and a sentence about each one that is not as in the source.

    >>> named_apart(["a", "a", ""])
    (['a', 'a_2', 'column_3'], ["More than one column is named 'a': column 2 is now 'a_2'.",
     "Column 3 has no name: it is now 'column_3'."])
    """
    taken, used = set(names), set[str]()
    found: list[str] = []
    notes: list[str] = []
    for place, name in enumerate(names, 1):
        new = name
        if not name or name in used:
            stem, number = (name, 2) if name else ("column", place)
            while (new := f"{stem}_{number}") in taken or new in used:
                number += 1
            said = f"{_twice(name)}: column {place} is now"
            notes.append(f"{said if name else f'Column {place} has no name: it is now'} {new!r}.")
        used.add(new)
        found.append(new)
    return found, notes


def _twice(name: str) -> str:
    return f"More than one column is named {name!r}"


def is_twice(name: str, notes: Iterable[str]) -> bool:
    """Whether notes say that several columns of a source have a name.

    >>> is_twice("a", named_apart(["a", "a"])[1])
    True
    """
    return any(note.startswith(f"{_twice(name)}:") for note in notes)


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names for a sentence, the first few of them.

    >>> listed(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    shown = [repr(name) for name in names]
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more
