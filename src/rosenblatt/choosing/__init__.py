"""Choosing a network and how to train it: sizes, learning rates, reuse of layers."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "rates": "find_learning_rate LearningRateRange",
        "sizes": "NetworkSpec recommend",
        "tables": "TableSpec recommend_table",
        "stretching": "stretch_pants StretchPants",
        "reuse": "fit_transferred transfer unfreeze",
    },
)
