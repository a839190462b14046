"""A compiled model from what an estimator was given: build function, class or instance."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rosenblatt import losses, metrics, optimizers
from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.errors import (
    BadArgument,
    BadData,
    UnknownName,
    WrongType,
    nearest,
    warn_user,
)
from rosenblatt.core.symbolic import tree_map
from rosenblatt.models.model import Model
from rosenblatt.sklearn.encoders import loss_name
from rosenblatt.sklearn.routing import PREFIXES, construct, has_prefix, keyword_names, route
from rosenblatt.sklearn.types import ModelSource, Parts
from rosenblatt.sklearn.utils.names import full_name

_COMPILE_NAMES = (
    "optimizer", "loss", "metrics", "loss_weights", "weighted_metrics", "run_eagerly",
    "steps_per_execution",
)  # fmt: skip
_OFFERED = ("meta", "compile_kwargs", "params")  # what a build function may ask for


def compile_arguments(params: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `compile()`, with optimizer, loss and metrics made of their parameters."""
    found = route(params, "compile", _COMPILE_NAMES)
    for name, package in (("optimizer", optimizers), ("loss", losses), ("metrics", metrics)):
        if found.get(name) is not None:
            found[name] = construct(found[name], route(params, name), package.get, name)
    if found.get("metrics") is not None:
        named = tree_map(full_name, found["metrics"])
        found["metrics"] = named if isinstance(named, list | tuple | dict) else [named]
    return copy.deepcopy(found)  # objects belong to the estimator; each model has its own


def make_callbacks(params: Mapping[str, Any], destination: str) -> list[Callback]:
    """The callbacks of a call of `fit` or `predict`: new ones of classes, and objects as given.

    Args:
        params: the estimator's parameters.
        destination: "fit" or "predict".
    """
    made: list[Callback] = []
    for name in ("callbacks", f"{destination}__callbacks"):
        built = construct(params.get(name), route(params, name), str, "callbacks")
        built = list(built.values()) if isinstance(built, Mapping) else built
        built = [built] if isinstance(built, Callback) else built
        if isinstance(built, str) or not isinstance(built, (Iterable, type(None))):
            raise WrongType(
                "Bad `callbacks`.",
                given=repr(built),
                expected="callbacks or their classes, one, or a list or dict of them",
            )
        made += built or ()
    return made


def source_of(estimator: Any) -> ModelSource:
    """What an estimator was given to make a model of.

    Args:
        estimator: has `model`, `build_fn`, or a method `_keras_build_fn`.

    Raises:
        ValueError: none of them, or two.
    """
    name = type(estimator).__name__
    method = getattr(estimator, "_keras_build_fn", None)
    given = estimator.build_fn if estimator.model is None else estimator.model
    if estimator.model is None and given is not None:
        warn_user("`build_fn` is an older name: write `model`.")
    if method is not None and given is not None:
        raise BadArgument(
            f"{name} was given two models.",
            given="`model`, and the method `_keras_build_fn`",
            expected="one of them",
        )
    if method is None and given is None:
        raise BadArgument(
            f"{name} was given no model.",
            fix=f"`{name}(model=build)`, where `build` returns a model.",
        )
    return method if given is None else given


def check_outputs(estimator: Any, model: Model) -> None:
    """Refuse a model whose number of outputs does not fit y.

    Args:
        estimator: has `n_outputs_expected_`, and maybe a `target_encoder_` that knows y's columns.
        model: its model.

    Raises:
        ValueError: they do not fit.
    """
    expected = getattr(estimator, "n_outputs_expected_", None)
    columns = getattr(getattr(estimator, "target_encoder_", None), "columns_", expected)
    if expected and model.outputs and len(model.outputs) not in (expected, columns):
        raise BadData(
            "The model's outputs do not fit y.",
            given=f"a model with {len(model.outputs)} outputs",
            expected=f"{expected}, one for each column of y",
            fix="change the model, or give the class a `target_encoder` of your own.",
        )


def build_model(
    source: ModelSource, params: Mapping[str, Any], meta: Mapping[str, Any], own: list[str]
) -> Model:
    """A compiled model.

    Args:
        source: a function (or a subclass's method) that returns a model, a model class, or a model,
            which is taken as it is.
        params: the estimator's parameters.
        meta: what its `fit` knows about the data: `n_features_in_`, `n_classes_`, …
        own: names of the parameters that are the estimator's, not the build function's.

    Raises:
        ValueError: a parameter that goes nowhere; a model without a loss.
        TypeError: the function returned no model.
    """
    if isinstance(source, Model):
        _check_destinations(params, own, [], False)
        model = source
    elif not callable(source):
        raise WrongType(
            "Bad `model`.",
            given=repr(source),
            expected="a function that returns a model, a model class, or a model",
        )
    else:
        model = _call(source, params, meta, own)
    if model.compiled:
        _check_loss(params.get("loss"), model.loss)
        return model
    arguments = compile_arguments(params)
    if arguments.get("loss") is None:
        raise BadArgument(
            "The model has no loss.",
            fix="give the estimator one, `loss='mse'`, or compile in the build function.",
        )
    model.compile(**arguments)
    return model


def _check_loss(given: Parts, compiled: Parts) -> None:
    """Refuse a loss that is not the one a compiled model has."""
    names = [loss_name(given), loss_name(compiled)]
    if None not in names and names[0] != names[1]:
        raise BadArgument(
            "The estimator's `loss` is not the one that the model was compiled with.",
            given=f"{names[0]!r}",
            expected=f"{names[1]!r}",
            fix="leave one of them out: a build function that asks for `compile_kwargs` gets "
            "the estimator's.",
        )


def _call(
    source: Callable[..., Model],
    params: Mapping[str, Any],
    meta: Mapping[str, Any],
    own: list[str],
) -> Model:
    names, takes_any = keyword_names(source)
    _check_destinations(params, own, names, takes_any or bool({"meta", "params"} & set(names)))
    routed = route(params, "model", [n for n in names if n not in _OFFERED])
    everything = takes_any and not inspect.isclass(source)
    if everything:
        routed = {**{k: v for k, v in params.items() if "__" not in k and k not in own}, **routed}
    for name in routed:
        if name not in names and not takes_any:
            raise _goes_nowhere(f"model__{name}", [f"model__{n}" for n in names])
    offered = {"meta": dict(meta), "params": dict(params)}
    if everything or "compile_kwargs" in names:
        offered["compile_kwargs"] = compile_arguments(params)
    asked = offered if everything else names
    routed.update((name, value) for name, value in offered.items() if name in asked)
    model = source(**routed)
    if not isinstance(model, Model):
        raise WrongType(
            "The build function returned no model.",
            given=type(model).__name__,
            expected="a rosenblatt Model, Sequential or Functional",
            fix="end the function with `return model`.",
        )
    return model


def _check_destinations(
    params: Mapping[str, Any], own: list[str], names: list[str], takes_any: bool
) -> None:
    """Refuse parameters that go nowhere.

    Args:
        params: the estimator's parameters.
        own: names of its own parameters.
        names: arguments of the build function.
        takes_any: whether the function may use any other.

    Raises:
        ValueError: with the nearest name that goes somewhere.
    """
    for name in params:
        _, separator, rest = name.partition("__")
        if name in own or has_prefix(name):
            continue
        if separator:
            raise _goes_nowhere(name, [f"{p}__{rest}" for p in PREFIXES])
        if not takes_any and name not in names:
            known = [*own, *names, *(f"{prefix}__" for prefix in PREFIXES)]
            raise _goes_nowhere(name, known)


def _goes_nowhere(name: str, known: list[str]) -> UnknownName:
    return UnknownName(
        f"The parameter {name!r} goes nowhere: neither the estimator nor its build function "
        "has it.",
        fix=nearest(name, known),
    )
