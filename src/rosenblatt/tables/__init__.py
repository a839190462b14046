"""Rank 1: a table with columns of any kind, wherever it comes from."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "reading": "read",
        "table": "Column NumberColumn Table TextColumn TimeColumn",
    },
    modules="parsing",
)
