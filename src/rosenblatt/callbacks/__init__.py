"""Callbacks, under Keras's names."""

from rosenblatt.callbacks.backup_and_restore import BackupAndRestore
from rosenblatt.callbacks.callback import Callback, CallbackList
from rosenblatt.callbacks.csv_logger import CSVLogger
from rosenblatt.callbacks.early_stopping import EarlyStopping
from rosenblatt.callbacks.history import History
from rosenblatt.callbacks.hparams import HParams
from rosenblatt.callbacks.lambda_callback import LambdaCallback
from rosenblatt.callbacks.learning_curves import LearningCurves
from rosenblatt.callbacks.learning_rate_scheduler import LearningRateScheduler
from rosenblatt.callbacks.model_checkpoint import ModelCheckpoint
from rosenblatt.callbacks.progress import ProgbarLogger
from rosenblatt.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from rosenblatt.callbacks.remote_monitor import RemoteMonitor
from rosenblatt.callbacks.swap_ema_weights import SwapEMAWeights
from rosenblatt.callbacks.tensorboard import TensorBoard
from rosenblatt.callbacks.terminate_on_nan import TerminateOnNaN
from rosenblatt.callbacks.timing import Timing

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "HParams",
    "History",
    "LambdaCallback",
    "LearningCurves",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
    "Timing",
]
