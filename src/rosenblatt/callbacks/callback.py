"""The hooks that training calls, and the list that calls them."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from rosenblatt.core.checks import Check, checking, optional
from rosenblatt.core.errors import WrongType
from rosenblatt.core.refusing import explain_methods
from rosenblatt.core.registry import builtin, is_builtin
from rosenblatt.training.jobs import Jobs
from rosenblatt.training.placement import placement_now

if TYPE_CHECKING:
    from rosenblatt.callbacks.model import Model


_DICT = Check(lambda value: isinstance(value, Mapping), "a dict")
_LOGS = optional(_DICT, "a dict from names to numbers, or None")
# The hooks that users call themselves, in loops and callbacks of their own.
_TOLD_HOOKS = ("on_epoch_end", "on_batch_end", "on_train_batch_end")


@builtin("keras.callbacks")
class Callback:
    """Code that runs at points of training, evaluation and prediction.

    A subclass overrides the hooks it needs. `self.model` is the model and `self.params` a dict
    with `epochs`, `steps` and `verbose`. `logs` holds plain floats by name.

    Training runs whole epochs in one program; only where a callback overrides a hook of single
    batches does it go step by step. Hooks may change the learning rate, weights and what is
    trainable (the latter counts from the next epoch on), set `self.model.stop_training`, and
    evaluate, predict with and save the model: the training around them does not notice.

    >>> class Ratio(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(logs["val_loss"] / logs["loss"])
    """

    # Whether `on_progress` and `on_test_begin` of this very class leave variables as they are: an
    # evaluation may then begin before they are called.
    only_looks = False
    # Whether it writes files or shows something: with several processes the first one alone does.
    is_for_main = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if is_builtin(cls):
            for hook in _TOLD_HOOKS:
                if hook in vars(cls):
                    where = f"{cls.__name__}.{hook}"
                    setattr(cls, hook, checking(where, logs=_LOGS)(vars(cls)[hook]))
        explain_methods(cls, _TOLD_HOOKS)

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Without the model: a copy belongs to none until `set_model`."""
        return {key: value for key, value in self.__dict__.items() if key != "_model"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _model=None)

    @property
    def model(self) -> Any:
        """The model being trained, evaluated or used."""
        return self._model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take `epochs`, `steps` and `verbose`."""
        self.params = params

    def set_model(self, model: Model) -> None:
        """Take the model."""
        self._model = model

    def on_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Before an epoch of training."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """After an epoch; logs hold the metrics, and those of validation as `val_…`."""

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a batch of training."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch of training; logs hold the epoch's metrics so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a batch of evaluation (also of validation in `fit`)."""

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch of evaluation."""

    def on_predict_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a batch of prediction."""

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch of prediction; logs hold `outputs`."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before training."""

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """After training."""

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before evaluation."""

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """After evaluation."""

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before prediction."""

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """After prediction."""

    # -- resuming a run --------------------------------------------------------------------------

    # Attributes that a resumed run needs: plain data, arrays, and objects with a state.
    state_attributes: ClassVar[tuple[str, ...]] = ()

    def get_state(self) -> dict[str, Any]:
        """What it has to remember when a run is resumed in another process."""
        held = {name: getattr(self, name) for name in type(self).state_attributes}
        return {k: v.get_state() if hasattr(v, "get_state") else v for k, v in held.items()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_state` gave; called after `on_train_begin`."""
        for name, value in state.items():
            held = getattr(self, name)
            if hasattr(held, "set_state"):
                held.set_state(value)
            else:
                setattr(self, name, value)


# A callback, or a nest of lists and tuples of them.
Callbacks: TypeAlias = "Callback | CallbackList | Iterable[Callbacks] | None"
_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


@builtin("keras.callbacks")
class CallbackList:
    """Callbacks that are called together.

    Args:
        callbacks: callbacks or lists of them.
        model: given to each.
        params: given to each: `epochs`, `steps`, `verbose`.

    Raises:
        TypeError: something that is not a callback.
    """

    def __init__(
        self,
        callbacks: Iterable[Any] | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Model | None = None,
        **params: Any,
    ):
        self.callbacks: list[Any] = list(_flat(callbacks))
        self.callbacks.sort(key=lambda callback: getattr(callback, "runs_last", False))
        for callback in self.callbacks:
            if isinstance(callback, type) or not hasattr(callback, "on_epoch_end"):
                raise WrongType(
                    "`callbacks` holds something that is not a callback.",
                    given=f"{type(callback).__name__}: {callback!r}",
                    expected="objects of `rosenblatt.callbacks.Callback`",
                    fix="write `EarlyStopping()`, not `EarlyStopping`."
                    if isinstance(callback, type)
                    else None,
                )
        self.train_batches = self._wants("train")
        self.test_batches = self._wants("test")
        self.predict_batches = self._wants("predict")
        self.before_tests = any(map(_acts_before_tests, self.callbacks))
        # Said before: whether training goes batch by batch is the same on all processes.
        if not placement_now().is_main:
            shared = [one for one in self.callbacks if not getattr(one, "is_for_main", False)]
            self.callbacks = shared
        self.params = params
        self.model = model
        self._begun: list[Any] = []
        shown = (getattr(callback, "on_progress", None) for callback in self.callbacks)
        self._displays = [show for show in shown if show is not None]
        self.jobs = Jobs()
        if params:
            self.set_params(params)
        if model is not None:
            self.set_model(model)

    def _wants(self, phase: str) -> bool:
        return any(_overrides(c, hook) for c in self.callbacks for hook in _BATCH_HOOKS[phase])

    @checking("set_params", params=optional(_DICT))
    def set_params(self, params: dict[str, Any]) -> None:
        """Give every callback the parameters."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Model) -> None:
        """Give every callback the model."""
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def call(self, hook: str, *args: object) -> None:
        """Call a hook of every callback; one that fails is named in a note on its error.

        Training ends for all whose training has begun, also where one of them fails. Every hook
        gets `logs`, empty where there are none, as a user's may take it without a default.
        """
        number = ("epoch" in hook) + ("batch" in hook)
        args = (*args[:number], args[number] or {}) if len(args) > number else (*args, {})
        start = time.perf_counter()
        failed: Exception | None = None
        if hook == "on_train_end":
            try:
                self.jobs.close()
            except Exception as error:
                failed = error
        for callback in list(self._begun if hook == "on_train_end" else self.callbacks):
            try:
                self._call(getattr(callback, hook), args)
            except Exception as error:
                error.add_note(f"In callback {type(callback).__name__}.{hook}.")
                if hook != "on_train_end":
                    raise
                failed = failed or error
            if hook == "on_train_begin":
                self._begun.append(callback)
        if hook == "on_train_end":
            self._begun = []
        self.jobs.seconds["callbacks"] += time.perf_counter() - start
        if failed is not None:
            raise failed

    def _call(self, hook: Callable[..., Any], args: Sequence[object]) -> None:
        """Call a hook; a user's one finds every file written that was asked for before it."""
        if (getattr(hook, "__module__", None) or "").startswith("rosenblatt."):
            hook(*args)
            return
        self.jobs.run()
        self.jobs.at_once = True
        try:
            hook(*args)
        finally:
            self.jobs.at_once = False

    def __getattr__(self, name: str) -> Any:
        """Every hook is a method too, as in Keras: `callbacks.on_epoch_end(0, logs)`."""
        if hasattr(Callback, name) and name.startswith("on_"):
            return functools.partial(self.call, name)
        raise AttributeError(f"CallbackList has no attribute {name!r}.")

    def progress(self, phase: str, step: int, logs: dict[str, float]) -> None:
        """Tell displays where a phase stands."""
        for show in self._displays:
            show(phase, step, logs)


def _overrides(callback: object, hook: str) -> bool:
    own = getattr(type(callback), hook, None)
    if own is not None and own is not getattr(Callback, hook):
        return not getattr(own, "is_done_by_progress", False)
    return hook in vars(callback) and vars(callback)[hook] is not None


def _acts_before_tests(callback: object) -> bool:
    """Whether its code runs between training and evaluation, and may change the model."""
    if vars(type(callback)).get("only_looks", False):
        return False
    return hasattr(callback, "on_progress") or _overrides(callback, "on_test_begin")


def _flat(callbacks: Callbacks) -> Iterable[Any]:
    if callbacks is None:
        return
    if isinstance(callbacks, (list, tuple)):
        for callback in callbacks:
            yield from _flat(callback)
    elif isinstance(callbacks, CallbackList):
        yield from callbacks.callbacks
    else:
        yield callbacks
