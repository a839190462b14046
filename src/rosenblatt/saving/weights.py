"""The values of a model's variables to and from a weights file, and a report of what was loaded."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from rosenblatt.core.errors import FileRefused, explain, warn_user
from rosenblatt.core.random import SeedGenerator
from rosenblatt.core.variable import Variable
from rosenblatt.layers.base import Layer
from rosenblatt.optimizers.base import Optimizer
from rosenblatt.saving.contract import Model, SavedPart
from rosenblatt.saving.hdf5_read import ReadStore, SavedArray, WeightsReader
from rosenblatt.saving.hdf5_write import WeightsWriter
from rosenblatt.saving.saved_parts import saved_parts

SHOWN = 3  # of the parts that do not fit


def misfit(place: str, problems: Iterable[str]) -> str:
    """The message that layers do not fit, with the first of them.

    Args:
        place: the file.
        problems: what does not fit, of each layer.
    """
    texts = [f"{problem}." for problem in problems]
    if len(texts) > SHOWN:
        texts[SHOWN:] = [f"And {len(texts) - SHOWN} more."]
    return explain(
        f"{place}: the weights do not fit the model. {' '.join(texts)}",
        fix="build the model as it was when the file was saved, or load what fits with "
        "`load_weights(…, skip_mismatch=True)`.",
    )


@dataclass
class LoadReport:
    """Layers by what became of them when weights were loaded.

    Args:
        place: the file.
        matched: names of layers that took the file's weights.
        skipped: layers that kept theirs, and why.
        unused: names in the file that no layer of the model has.

    >>> print(LoadReport("'a.h5'", ["dense"], {"head": "the file has no layer of this name"}))
    'a.h5': 1 layer loaded.
      loaded   dense
      kept     head: the file has no layer of this name
    """

    place: str
    matched: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        plural = "" if len(self.matched) == 1 else "s"
        lines = [f"{self.place}: {len(self.matched)} layer{plural} loaded."]
        lines += [f"  loaded   {name}" for name in self.matched]
        lines += [f"  kept     {name}: {why}" for name, why in self.skipped.items()]
        lines += [f"  unused   {name}: the model has no such layer" for name in self.unused]
        return "\n".join(lines)


def gather_weights(parts: Iterable[tuple[str, SavedPart]], packed: bool = False) -> WeightsWriter:
    """The weights file of the parts that `saved_parts` found in a model, in Keras's layout.

    Args:
        parts: with the path of each.
        packed: whether arrays are compressed.
    """
    writer = WeightsWriter(packed)
    for path, part in parts:
        name = getattr(part, "name", None)
        part.save_own_variables(writer.store(path, name if isinstance(name, str) else None))
    return writer


def load_state(
    model: Model,
    reader: WeightsReader,
    place: str,
    *,
    skip_mismatch: bool,
    strict: bool,
    skipped: Container[int] = (),
) -> LoadReport:
    """Give a model's variables the values of a weights file: all of them, or none.

    Args:
        model: a built model.
        reader: the file.
        place: what to call the file in messages.
        skip_mismatch: warn of what does not fit and load the rest.
        strict: refuse values that the model has no place for; else warn.
        skipped: the `id` of each object that keeps its values, whatever the file has for it.

    Returns:
        What was loaded and what was not.

    Raises:
        FileRefused: values that do not fit the model.
    """
    in_file = [(part, reader.store(path)) for path, part in saved_parts(model)]
    found = [(part, store) for part, store in in_file if id(part) not in skipped]
    for part, store in found:
        if isinstance(part, Optimizer) and len(store) > len(part.variables):
            part.build(model.trainable_variables)  # compiled only: it has no slots to fill yet
    # Everything is checked before anything is read: what is declared may be too large to read.
    problems = {id(part): problem for part, store in found if (problem := _misfit(part, store))}
    report = LoadReport(
        place,
        [o.name for o, store in found if store and isinstance(o, Layer) and id(o) not in problems],
        {o.name: problems[id(o)] for o, _ in found if id(o) in problems},
    )
    if problems and not skip_mismatch:
        raise FileRefused(misfit(place, problems.values()))
    before = [(v, v.held) for part, _ in found for v in _variables(part)]
    try:
        for part, store in found:
            if id(part) not in problems:
                _load_part(part, store)
    except BaseException:
        for variable, value in before:
            variable.assign(value, copy=False)
        raise
    if problems:
        warn_user(misfit(place, problems.values()))
    report.unused = _left_over(reader, model, place, strict and not skip_mismatch)
    return report


def with_layers_inside(objects: Iterable[object]) -> set[int]:
    """The `id` of each object, and of each layer in those that are layers."""
    objects = list(objects or ())
    layers = (one._flatten_layers() for one in objects if isinstance(one, Layer))
    return {id(one) for one in itertools.chain(objects, *layers)}


def _variables(part: SavedPart) -> list[Variable]:
    if isinstance(part, Layer):
        return part._own_variables()
    if isinstance(part, SeedGenerator):
        return [part.state]
    return list(getattr(part, "variables", []))


def _expected(part: SavedPart) -> list[Variable] | None:
    """The variables an object will read by number; None where a class reads in its own way."""
    for base in (Layer, SeedGenerator, Optimizer):
        if isinstance(part, base):
            same = type(part).load_own_variables is base.load_own_variables
            return _variables(part) if same else None
    return None


def _misfit(part: SavedPart, store: ReadStore) -> str | None:
    """Why the values of a layer do not fit it, or None."""
    expected = _expected(part)
    if expected is None or isinstance(part, Optimizer):
        return None  # an optimizer's state that does not fit is not a reason to refuse the weights
    if isinstance(part, SeedGenerator) and not store:
        return None  # real Keras does not save the states of seeds
    what = f"layer {part.name!r} ({type(part).__name__})"
    if len(store) != len(expected):
        names = [f"{v.name} {v.shape}" for v in expected]
        unbuilt = "" if expected or getattr(part, "built", True) else ". It was never built"
        return (
            f"{what} has {len(expected)} weights in the model {names}, {len(store)} in the file "
            f"{[array.shape for array in store.arrays.values()]}{unbuilt}"
        )
    for index, variable in enumerate(expected):
        if str(index) not in store:
            return f"{what}: the file has {list(store)}, not weight {index}"
        shape = store.arrays[str(index)].shape
        if shape != variable.shape:
            return (
                f"{what}: weight {variable.name!r} has shape {variable.shape} in the model, "
                f"{shape} in the file"
            )
    return None


def _load_part(part: SavedPart, store: ReadStore) -> None:
    expected = _expected(part)
    if expected is None:
        part.load_own_variables(store)
    elif store:
        saved = [store.arrays[key] for key in map(str, range(len(store))) if key in store]
        if isinstance(part, Optimizer):
            load_optimizer(part, expected[:2] if len(saved) == 2 else expected, saved)
        else:
            assign(expected, saved)


def load_optimizer(
    optimizer: Optimizer, variables: Sequence[Variable], saved: Sequence[SavedArray]
) -> None:
    """Give variables of an optimizer their saved values; warn where these do not fit.

    Args:
        optimizer: the optimizer.
        variables: those that were saved. A model saved before its first step of training has two,
            the count of steps and the learning rate, and no slots yet.
        saved: their values.
    """
    here, there = [v.shape for v in variables], [array.shape for array in saved]
    if here == there:
        assign(variables, saved)
        return
    warn_user(
        explain(
            f"The saved state of optimizer {optimizer.name!r} does not fit and is not loaded; "
            "training resumes with a fresh one.",
            given=f"{len(there)} saved variables {there}",
            expected=f"{len(here)} {here}",
        )
    )


def assign(variables: Sequence[Variable], saved: Sequence[SavedArray]) -> None:
    """Give variables their saved values: all of them, or none."""
    values = [array.read(v.shape) for v, array in zip(variables, saved, strict=True)]
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value, copy=False)


def _left_over(reader: WeightsReader, model: Model, place: str, strict: bool) -> list[str]:
    """Weights that the model has no place for would be lost without a word."""
    # Keras 2 wrote the running sums of metrics as well.
    expendable = {"metrics"} | (
        {"optimizer"} if getattr(model, "optimizer", None) is None else set()
    )
    left = [path for path in reader.not_asked_for() if path.split("/")[0] not in expendable]
    if left:
        more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        text = explain(
            f"{place} holds weights that the model has no layer for: {left[:SHOWN]}{more}.",
            fix="build the model as it was when the file was saved.",
        )
        if strict:
            raise FileRefused(text)
        warn_user(text)
    return left
