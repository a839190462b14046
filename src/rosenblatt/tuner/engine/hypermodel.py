"""HyperModel, where Keras Tuner has it."""

from rosenblatt.tuner.hypermodel import HyperModel

__all__ = ["HyperModel"]
