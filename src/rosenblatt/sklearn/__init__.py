"""Rank 8: networks as estimators of scikit-learn (the extra `rosenblatt[sklearn]`)."""

from rosenblatt.core.faces import face

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
