"""The ops of neural networks."""

from rosenblatt.ops import networks, nonlinear

TABLE = {**nonlinear.TABLE, **networks.TABLE}
globals().update(TABLE)
__all__ = sorted(TABLE)
