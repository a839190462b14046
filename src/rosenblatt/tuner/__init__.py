"""Search for hyperparameters, under Keras Tuner's names."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "base_tuner": "BaseTuner",
        "bayesian": "BayesianOptimization BayesianOptimizationOracle",
        "grid_search": "GridSearch GridSearchOracle",
        "hyperband": "Hyperband HyperbandOracle",
        "hypermodel": "HyperModel",
        "hyperparameters": "HyperParameters",
        "objective": "Objective",
        "optuna_oracle": "OptunaOracle",
        "oracle": "Oracle synchronized",
        "random_search": "RandomSearch RandomSearchOracle",
        "sklearn_tuner": "SklearnTuner",
        "trials": "Trial TrialStatus",
        "tuner": "Tuner",
    },
    modules="engine errors oracles tuners",
)
