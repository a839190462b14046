"""The parts of a search, under the names of Keras Tuner's modules, of this and earlier versions."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    modules="base_tuner conditions hypermodel hyperparameters metrics_tracking objective oracle "
    "stateful trial tuner tuner_utils",
)
