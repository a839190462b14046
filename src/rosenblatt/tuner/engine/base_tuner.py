"""BaseTuner, where Keras Tuner has it."""

from rosenblatt.tuner.base_tuner import BaseTuner

__all__ = ["BaseTuner"]
