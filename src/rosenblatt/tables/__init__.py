"""Rank 1: a table, wherever it comes from."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(__name__, modules="parsing")
