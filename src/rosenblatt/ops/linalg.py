"""The ops of linear algebra."""

from rosenblatt.ops.define import LINALG
from rosenblatt.ops.every import TABLES

globals().update(TABLES[LINALG])
__all__ = sorted(TABLES[LINALG])
