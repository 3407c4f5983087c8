"""Callbacks by Keras's names, loaded on first use."""

from .._lazy import attach

# Where each name lives.
_MODULES = {
    "CSVLogger": "csv_logger",
    "Callback": "callback",
    "CallbackList": "callback_list",
    "EarlyStopping": "early_stopping",
    "History": "history",
    "LambdaCallback": "lambda_callback",
    "LearningRateScheduler": "learning_rate",
    "ModelCheckpoint": "model_checkpoint",
    "ProgbarLogger": "progbar_logger",
    "ReduceLROnPlateau": "learning_rate",
    "TerminateOnNaN": "terminate_on_nan",
}

__getattr__, __dir__ = attach(__name__, _MODULES)
