"""Callbacks, under Keras's names."""

from rosenblatt.callbacks.callback import Callback, CallbackList
from rosenblatt.callbacks.early_stopping import EarlyStopping
from rosenblatt.callbacks.history import History
from rosenblatt.callbacks.lambda_callback import LambdaCallback
from rosenblatt.callbacks.progress import ProgbarLogger

__all__ = [
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "ProgbarLogger",
]
