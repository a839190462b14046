"""The ops of linear algebra."""

from rosenblatt.ops import algebra

_ELSEWHERE = {"slogdet", "logdet"}
TABLE = {name: op for name, op in algebra.TABLE.items() if name not in _ELSEWHERE}
globals().update(TABLE)
__all__ = sorted(TABLE)
