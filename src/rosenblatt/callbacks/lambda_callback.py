"""LambdaCallback: hooks given as functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.errors import WrongType, nearest
from rosenblatt.core.registry import builtin


@builtin("keras.callbacks")
class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin, on_epoch_end: functions of (epoch, logs).
        on_train_batch_begin, on_train_batch_end: functions of (batch, logs).
        on_train_begin, on_train_end: functions of (logs).
        kwargs: any other hook by name; what is not called `on_…` becomes an attribute.

    Raises:
        TypeError: a hook `on_…` that does not exist.

    >>> show = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Any,
    ):
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        hooks = [name for name in dir(Callback) if name.startswith("on_")]
        for name, function in given.items():
            if name.startswith("on_") and name not in hooks:
                raise WrongType(
                    f"LambdaCallback: no hook is called {name!r}.", fix=nearest(name, hooks)
                )
            if function is not None:
                setattr(self, name, function)
