"""Names of losses and metrics, and transformers of targets, where SciKeras has them."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__, {"names": "loss_name metric_name"}, modules="random_state transformers"
)
