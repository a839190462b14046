"""Stateful, where Keras Tuner has it."""

from rosenblatt.tuner.stateful import Stateful

__all__ = ["Stateful"]
