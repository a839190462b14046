"""Rank 8: networks as estimators of scikit-learn (the extra `rosenblatt[sklearn]`)."""

from importlib.util import find_spec

from rosenblatt.core.errors import missing
from rosenblatt.core.faces import face

if find_spec("sklearn") is None:
    raise missing("sklearn", "rosenblatt[sklearn]", "rosenblatt.sklearn")

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "encoders": "ClassifierLabelEncoder RegressorTargetEncoder",
        "keras": "KerasClassifier KerasRegressor",
        "mlp": "MLPClassifier MLPRegressor",
        "perceptron": "Perceptron",
        "separability": "linear_separability Separability",
        "base_wrapper": "BaseWrapper",
    },
    modules="utils wrappers",
)
