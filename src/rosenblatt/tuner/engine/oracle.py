"""Oracle and Objective, where Keras Tuner has them."""

from rosenblatt.tuner.objective import Objective
from rosenblatt.tuner.oracle import Oracle

__all__ = ["Objective", "Oracle"]
