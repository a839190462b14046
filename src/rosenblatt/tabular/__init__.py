"""Rank 8: strong models for tables with columns of any kind."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {"kinds": "ColumnKind Schema infer", "task": "Task infer_task"},
)
