"""SklearnTuner, where Keras Tuner has it."""

from rosenblatt.tuner.sklearn_tuner import SklearnTuner

__all__ = ["SklearnTuner"]
