"""Tuners, under Keras Tuner's names, and its modules of them."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "rosenblatt.tuner.bayesian": "BayesianOptimization",
        "rosenblatt.tuner.grid_search": "GridSearch",
        "rosenblatt.tuner.hyperband": "Hyperband",
        "rosenblatt.tuner.random_search": "RandomSearch",
        "rosenblatt.tuner.sklearn_tuner": "SklearnTuner",
        "rosenblatt.tuner.tuner": "Tuner",
    },
    modules="bayesian gridsearch hyperband randomsearch sklearn_tuner",
)
