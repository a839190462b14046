"""The ops of neural networks."""

from rosenblatt.ops.define import NN
from rosenblatt.ops.every import TABLES

globals().update(TABLES[NN])
__all__ = sorted(TABLES[NN])
