"""The ops that NumPy knows by the same names."""

from rosenblatt.ops.define import NUMPY
from rosenblatt.ops.every import TABLES

globals().update(TABLES[NUMPY])
__all__ = sorted(TABLES[NUMPY])
