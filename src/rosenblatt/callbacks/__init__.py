"""Callbacks, under Keras's names."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "backup_and_restore": "BackupAndRestore",
        "callback": "Callback CallbackList",
        "csv_logger": "CSVLogger",
        "early_stopping": "EarlyStopping",
        "history": "History",
        "hparams": "HParams",
        "lambda_callback": "LambdaCallback",
        "learning_curves": "LearningCurves",
        "learning_rate_scheduler": "LearningRateScheduler",
        "model_checkpoint": "ModelCheckpoint",
        "progress": "ProgbarLogger",
        "reduce_lr_on_plateau": "ReduceLROnPlateau",
        "remote_monitor": "RemoteMonitor",
        "swap_ema_weights": "SwapEMAWeights",
        "tensorboard": "TensorBoard",
        "terminate_on_nan": "TerminateOnNaN",
        "timing": "Timing",
    },
)
