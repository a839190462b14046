"""Rank 8: strong models for tables with columns of any kind."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "calibration": "Reliability Temperature calibration_error reliability",
        "checks": "Finding",
        "classifier": "TabularClassifier",
        "describe": "facts_of",
        "explain": "Dependence Importance dependence importance",
        "facts": "ColumnFacts Curve Effect Facts Score",
        "held_out": "HeldOut",
        "intervals": "Conformal Coverage",
        "kinds": "ColumnKind Schema infer",
        "loading": "load",
        "regressor": "TabularRegressor",
        "report": "Report",
        "scores": "bootstrap scores_of",
        "shapley_values": "Shapley shapley",
        "task": "Task infer_task",
        "thresholds": "Threshold best_threshold",
    },
)
