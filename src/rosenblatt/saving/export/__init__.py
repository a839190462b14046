"""Models in the formats of other programs: ONNX, StableHLO, NumPy archives, TensorFlow."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(__name__, {"formats": "FORMATS export_model"})
