"""Sequences of different lengths as one array."""

from rosenblatt.utils.sequences import pad_sequences

__all__ = ["pad_sequences"]
