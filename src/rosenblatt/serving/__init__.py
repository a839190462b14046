"""Rank 8: a trained model and what is known of it, its predictions as columns, and over HTTP."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__, {"start": "application serve", "limits": "Limits", "runs": "open_run"}
)
