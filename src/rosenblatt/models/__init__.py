"""Models: the facade users hold."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "cloning": "clone_model model_from_json",
        "feature_space": "FeatureSpace",
        "model": "Functional Model",
        "sequential": "Sequential",
        "rosenblatt.saving.model_files": "load_model save_model",
    },
)
