"""The values of a model's variables to and from a weights file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rosenblatt.core.errors import explain, warn_user
from rosenblatt.core.random import SeedGenerator
from rosenblatt.core.variable import Variable
from rosenblatt.layers.base import Layer
from rosenblatt.optimizers.base import Optimizer
from rosenblatt.saving.hdf5 import ReadStore, WeightsReader
from rosenblatt.saving.hdf5_write import WeightsWriter
from rosenblatt.saving.owners import owners
from rosenblatt.saving.report import LoadReport

_SHOWN = 3


def gather_state(found: Iterable[tuple[str, Any]]) -> WeightsWriter:
    """The weights file of what `owners` found in a model, in Keras's layout, to be written."""
    writer = WeightsWriter()
    for path, owner in found:
        name = getattr(owner, "name", None)
        store = writer.store(path, name if isinstance(name, str) else None)
        owner.save_own_variables(store)
    return writer


def load_state(
    model: Any, reader: WeightsReader, place: str, *, skip_mismatch: bool, strict: bool
) -> LoadReport:
    """Give a model's variables the values of a weights file: all of them, or none.

    Args:
        model: a built model.
        reader: the file.
        place: what to call the file in messages.
        skip_mismatch: warn of what does not fit and load the rest.
        strict: refuse values that the model has no place for; else warn.

    Returns:
        What was loaded and what was not.

    Raises:
        ValueError: values that do not fit the model.
    """
    found = [(owner, reader.store(path)) for path, owner in owners(model)]
    for owner, store in found:
        if isinstance(owner, Optimizer) and len(store) > len(owner.variables):
            owner.build(model.trainable_variables)  # compiled only: it has no slots to fill yet
    # Everything is checked before anything is read: what is declared may be too large to read.
    problems = {id(owner): problem for owner, store in found if (problem := _misfit(owner, store))}
    if problems and not skip_mismatch:
        raise ValueError(_report(list(problems.values()), place))
    before = [(v, v._value) for owner, _ in found for v in _variables(owner)]
    try:
        for owner, store in found:
            if id(owner) not in problems:
                _load_owner(owner, store)
    except BaseException:
        for variable, value in before:
            variable._value = value
        raise
    if problems:
        warn_user(_report(list(problems.values()), place))
    left = _check_left_over(reader, model, place, strict and not skip_mismatch)
    layers = [o for o, store in found if store and isinstance(o, Layer)]
    return LoadReport(
        place,
        [layer.name for layer in layers if id(layer) not in problems],
        {o.name: problems[id(o)].rstrip(".") for o, _ in found if id(o) in problems},
        left,
    )


def _variables(owner: Any) -> list[Variable]:
    if isinstance(owner, Layer):
        return owner._own_variables()
    if isinstance(owner, SeedGenerator):
        return [owner.state]
    return list(getattr(owner, "variables", []))


def _expected(owner: Any) -> list[Variable] | None:
    """The variables an object will read by number; None where a class reads in its own way."""
    for base in (Layer, SeedGenerator, Optimizer):
        if isinstance(owner, base):
            same = type(owner).load_own_variables is base.load_own_variables
            return _variables(owner) if same else None
    return None


def _misfit(owner: Any, store: ReadStore) -> str | None:
    """Why the values of a layer do not fit it, or None."""
    expected = _expected(owner)
    if expected is None or isinstance(owner, Optimizer):
        return None  # an optimizer's state that does not fit is no reason to refuse the weights
    if isinstance(owner, SeedGenerator) and not store:
        return None  # real Keras does not save the states of seeds
    what = f"layer {owner.name!r} ({type(owner).__name__})"
    if len(store) != len(expected):
        names = [f"{v.name} {v.shape}" for v in expected]
        shapes = [store.shape(key) for key in store]
        unbuilt = "" if expected or getattr(owner, "built", True) else " It was never built."
        return (
            f"{what} has {len(expected)} weights in the model {names}, {len(store)} in the file "
            f"{shapes}.{unbuilt}"
        )
    for index, variable in enumerate(expected):
        if str(index) not in store:
            return f"{what}: the file has {list(store)}, not weight {index}."
        shape = store.shape(str(index))
        if shape != variable.shape:
            return (
                f"{what}: weight {variable.name!r} has shape {variable.shape} in the model, "
                f"{shape} in the file."
            )
    return None


def _report(problems: list[str], place: str) -> str:
    more = len(problems) - _SHOWN
    shown = " ".join(problems[:_SHOWN]) + (f" And {more} more." if more > 0 else "")
    return explain(
        f"{place}: the weights do not fit the model. {shown}",
        fix="build the model as it was when the file was saved, or load what fits with "
        "`load_weights(…, skip_mismatch=True)`.",
    )


def _load_owner(owner: Any, store: ReadStore) -> None:
    expected = _expected(owner)
    if isinstance(owner, Optimizer) and expected is not None:
        _load_optimizer(owner, store, expected)
    elif expected is None:
        owner.load_own_variables(store)
    elif store:
        values = [store.read(str(i), v.shape) for i, v in enumerate(expected)]
        for variable, value in zip(expected, values, strict=True):
            variable.assign(value, copy=False)


def _load_optimizer(optimizer: Any, store: ReadStore, expected: list[Variable]) -> None:
    """Load what the file has of an optimizer's state: nothing, the start, or all of it."""
    if not store:
        return
    # A model saved before its first training step: step count and rate, and no slots yet.
    untrained = len(store) == 2 < len(expected)
    used = expected[:2] if untrained else expected
    fits = len(store) == len(used) and all(
        str(i) in store and store.shape(str(i)) == v.shape for i, v in enumerate(used)
    )
    if not fits:
        warn_user(
            explain(
                f"The saved state of optimizer {optimizer.name!r} does not fit and is not loaded; "
                "training goes on with a fresh one.",
                given=f"{len(store)} saved variables {[store.shape(key) for key in store]}",
                expected=f"{len(expected)} {[v.shape for v in expected]}",
            )
        )
        return
    values = [store.read(str(i), v.shape) for i, v in enumerate(used)]
    for variable, value in zip(used, values, strict=True):
        variable.assign(value, copy=False)


def _check_left_over(reader: WeightsReader, model: Any, place: str, strict: bool) -> list[str]:
    """Weights that the model has no place for would be lost without a word."""
    # Keras 2 wrote the running sums of metrics as well.
    expendable = {"metrics"} | (
        {"optimizer"} if getattr(model, "optimizer", None) is None else set()
    )
    left = [path for path in reader.not_asked_for() if path.split("/")[0] not in expendable]
    if not left:
        return left
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    text = explain(
        f"{place} holds weights that the model has no layer for: {left[:_SHOWN]}{more}.",
        fix="build the model as it was when the file was saved.",
    )
    if strict:
        raise ValueError(text)
    warn_user(text)
    return left
