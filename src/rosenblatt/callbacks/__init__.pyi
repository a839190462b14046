# Written by tools/stubs.py.

from rosenblatt.callbacks.backup_and_restore import BackupAndRestore as BackupAndRestore
from rosenblatt.callbacks.callback import Callback as Callback
from rosenblatt.callbacks.callback import CallbackList as CallbackList
from rosenblatt.callbacks.csv_logger import CSVLogger as CSVLogger
from rosenblatt.callbacks.early_stopping import EarlyStopping as EarlyStopping
from rosenblatt.callbacks.history import History as History
from rosenblatt.callbacks.hparams import HParams as HParams
from rosenblatt.callbacks.lambda_callback import LambdaCallback as LambdaCallback
from rosenblatt.callbacks.learning_curves import LearningCurves as LearningCurves
from rosenblatt.callbacks.learning_rate_scheduler import LearningRateScheduler as LearningRateScheduler
from rosenblatt.callbacks.model_checkpoint import ModelCheckpoint as ModelCheckpoint
from rosenblatt.callbacks.progress import ProgbarLogger as ProgbarLogger
from rosenblatt.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau as ReduceLROnPlateau
from rosenblatt.callbacks.remote_monitor import RemoteMonitor as RemoteMonitor
from rosenblatt.callbacks.swap_ema_weights import SwapEMAWeights as SwapEMAWeights
from rosenblatt.callbacks.tensorboard import TensorBoard as TensorBoard
from rosenblatt.callbacks.terminate_on_nan import TerminateOnNaN as TerminateOnNaN
from rosenblatt.callbacks.timing import Timing as Timing
