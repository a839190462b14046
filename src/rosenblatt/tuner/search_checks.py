"""What is checked before the first trial: what no trial could do anything with is refused."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.callbacks.lambda_callback import LambdaCallback
from rosenblatt.callbacks.learning_rate_scheduler import LearningRateScheduler
from rosenblatt.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from rosenblatt.core.errors import explain, nearest, warn_user
from rosenblatt.data.reading import is_stream
from rosenblatt.models.model import Model
from rosenblatt.tuner.errors import FatalTypeError, FatalValueError
from rosenblatt.tuner.objective import DefaultObjective, Objective, infer_direction
from rosenblatt.tuner.search_arguments import SearchArguments

_RATES = (LearningRateScheduler, ReduceLROnPlateau)
_STEPS = ("train_step", "test_step")


def check_data(model: Model, given: SearchArguments) -> None:
    """Compare inputs and targets, those for validation too, with a model; build what it lacks.

    Args:
        model: compiled, of the default values.
        given: for `model.fit`.

    Raises:
        FatalValueError: it cannot be trained on them.
    """
    none: dict[str, Any] = {"epochs": 0, "verbose": 0}
    alone = {"initial_epoch": 0, "callbacks": None, "validation_data": None}
    validation = given.kwargs.get("validation_data")
    try:
        model.fit(*given.args[:3], **{**given.kwargs, **none, **alone})
        if validation is not None and model.built:
            data = (validation,) if is_stream(validation) else validation[:2]
            model.fit(*data, **none)
    except ValueError as error:
        raise FatalValueError(
            "No trial was begun: the model of the default values cannot be trained on "
            f"these data.\n{error}"
        ) from error


def check_objective(objective: Objective, model: Model, given: SearchArguments) -> None:
    """Look for the objective among what a model will log.

    Args:
        objective: of the search.
        model: built, with its metrics.
        given: for `model.fit`; callbacks that may add entries of their own are believed.

    Raises:
        FatalTypeError: there is no objective, and several entries.
        FatalValueError: the model will not log it.
    """
    if any(getattr(type(model), step) is not getattr(Model, step) for step in _STEPS):
        return
    known = list(model.get_metrics_result())
    if isinstance(objective, DefaultObjective):
        raise FatalTypeError(
            "No trial was begun: the search has no `objective`, and `model.fit` gives several "
            "entries.",
            given=", ".join(known),
            fix="name one: `objective='val_loss'`.",
        )
    validated = _validates(given.kwargs)
    callbacks = given.kwargs.get("callbacks") or []
    names = [*known, *(f"val_{name}" for name in known if validated)]
    names += ["learning_rate"] if any(isinstance(c, _RATES) for c in callbacks) else []
    for one in objective.parts:
        if one.name not in names:
            if any(may_add_entries(callback) for callback in callbacks):
                return
            raise FatalValueError(_not_logged(one.name, names, validated))
        usual = infer_direction(one.name)
        if usual not in (None, one.direction):
            warn_user(
                f"{one} makes {one.name!r} {'large' if one.direction == 'max' else 'small'}, of "
                f"which {'low' if usual == 'min' else 'high'} values are the good ones."
            )


def _not_logged(name: str, names: list[str], validated: bool) -> str:
    unvalidated = name.startswith("val_") and not validated
    if unvalidated and name.removeprefix("val_") in names:
        fix = "pass `validation_data` or `validation_split`."
    elif unvalidated:
        fix = f"pass `validation_data`; {nearest(name.removeprefix('val_'), names)}"
    else:
        fix = f"{nearest(name, names)} Or add it to the model's `metrics`."
    return explain(
        f"No trial was begun: the objective {name!r} is not among what `model.fit` logs.",
        given=", ".join(names),
        expected=name,
        fix=fix,
    )


def _validates(fit_kwargs: Mapping[str, Any]) -> bool:
    if fit_kwargs.get("validation_data") is None and not fit_kwargs.get("validation_split"):
        return False
    frequency = fit_kwargs.get("validation_freq", 1)
    first = frequency if isinstance(frequency, int) else min(frequency)
    return bool(first <= fit_kwargs.get("epochs", 1))


def may_add_entries(callback: Callback) -> bool:
    """Whether a user's callback reads `logs`, so that it may also put something there.

    >>> may_add_entries(LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch)))
    False
    >>> may_add_entries(LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(f1=0.5)))
    True
    """
    return any(_reads_last_argument(function) for function in _hooks_of(callback))


def _hooks_of(callback: Callback) -> Iterator[Callable[..., Any]]:
    own = [cls for cls in type(callback).__mro__ if not cls.__module__.startswith("rosenblatt.")]
    for holder in (vars(callback) if isinstance(callback, LambdaCallback) else {}, *map(vars, own)):
        for name, value in holder.items():
            if name.startswith("on_") and callable(value):
                yield value


def _reads_last_argument(function: Callable[..., Any]) -> bool:
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None or code.co_flags & 0x0C:  # not Python's, or with *args or **kwargs
        return True
    count = code.co_argcount + code.co_kwonlyargcount
    logs = code.co_varnames[count - 1] if count else None
    if logs in code.co_cellvars:
        return True
    return any(
        one.opname.startswith(("LOAD", "STORE_FAST_LOAD"))
        and (one.argval == logs or (isinstance(one.argval, tuple) and logs in one.argval))
        for one in dis.get_instructions(code)
    )
