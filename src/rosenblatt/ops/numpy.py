"""The ops that NumPy knows by the same names."""

from rosenblatt.ops import elementwise, making, products, reductions, shaping, sorting
from rosenblatt.ops.algebra import slogdet

_OF_MATH = {"top_k", "in_top_k", "logsumexp"}
TABLE = {
    name: function
    for family in (elementwise, making, products, reductions, shaping, sorting)
    for name, function in family.TABLE.items()
    if name not in _OF_MATH
} | {"slogdet": slogdet}
globals().update(TABLE)
__all__ = sorted(TABLE)
