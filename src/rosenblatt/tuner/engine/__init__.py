"""The parts of a search, under the names of Keras Tuner's modules."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__, modules="base_tuner hypermodel hyperparameters metrics_tracking oracle trial tuner"
)
