"""Rank 8: strong models for tables with columns of any kind."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
<<<<<<< Updated upstream
    {
        "calibration": "Reliability Temperature calibration_error reliability",
        "explain": "Dependence Importance dependence importance",
        "intervals": "Conformal Coverage",
        "kinds": "ColumnKind Schema infer",
        "scores": "bootstrap scores_of",
        "shapley_values": "Shapley shapley",
        "task": "Task infer_task",
        "thresholds": "Threshold best_threshold",
    },
=======
    {"checks": "Finding", "kinds": "ColumnKind Schema infer", "task": "Task infer_task"},
>>>>>>> Stashed changes
)
