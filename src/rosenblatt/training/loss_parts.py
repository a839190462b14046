"""Which loss is for which part of a model's outputs: for one of them, or for a nest of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from rosenblatt.core.errors import BadData
from rosenblatt.core.nesting import UnmatchedError
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.types import Tree
from rosenblatt.training.structure import per_output


@dataclass(frozen=True)
class LossPart:
    """A loss as the user gave it, and the part of the outputs that it is for.

    Args:
        places: the numbers of the outputs.
        nest: the nest of these numbers; the number itself of a single output.
        label: what its value is logged as, as in Keras: the keys that lead to it.
        loss: name, function, object or config.
        weight: its weight in the total, None where none was given.
    """

    places: tuple[int, ...]
    nest: Tree
    label: str
    loss: Any
    weight: Any = None

    @property
    def is_joint(self) -> bool:
        """Whether it is computed from several outputs together."""
        return not isinstance(self.nest, int)

    def pick(self, leaves: Sequence[Any]) -> Any:
        """Its part of what there is for each output: a nest for a joint loss."""
        return tree_map(lambda place: leaves[place], self.nest)


def of(loss: Tree, weights: Tree, structure: Tree, names: Sequence[str]) -> list[LossPart]:
    """Spread losses over the outputs.

    Args:
        loss: one for all outputs, or a nest of them: in place of an output its loss or a list of
            losses; in place of a nest of outputs a loss of all of them together.
        weights: a number, or numbers in the nest of the losses or of the outputs.
        structure: the outputs' nest.
        names: the outputs' names.

    Returns:
        The parts, in the order in which they were given.

    Raises:
        ValueError: a different number of losses or weights, a name that is no output's, or a list
            for outputs that are known by name only.

    >>> nest, names = {"m": [0, 0], "c": 0}, ["c", "a", "b"]
    >>> [part.label for part in of({"m": "mse", "c": "mae"}, None, nest, names)]
    ['m', 'c']
    """
    waiting = iter(range(len(names)))
    nest = tree_map(lambda _: next(waiting), structure)
    try:
        parts = list(_resolved(loss, nest, (), names))
    except UnmatchedError:  # by names of layers, or what is wrong with it
        entries = per_output(loss, names, "loss", structure)
        parts = [LossPart((i,), i, names[i], e) for i, e in enumerate(entries) if e is not None]
    if weights is None:
        return parts
    single = {part.nest for part in parts if not part.is_joint}
    if len(single) == len(parts):  # a loss for each output at most
        numbers = per_output(weights, names, "loss_weights", structure)
        given = [numbers[part.places[0]] for part in parts]
    else:
        given = list(_parallel(loss, weights))
    return [
        LossPart(part.places, part.nest, part.label, part.loss, weight)
        for part, weight in zip(parts, given, strict=True)
    ]


def _resolved(
    loss: Tree, nest: Tree, path: tuple[Any, ...], names: Sequence[str]
) -> Iterator[LossPart]:
    places = tuple(tree_leaves(nest))
    if loss is None:
        return
    if not _holds_losses(loss):
        if path or isinstance(nest, int):
            yield LossPart(places, nest, _label(path, nest, names), loss)
        else:
            yield from _each(loss, nest, path, names)
    elif isinstance(loss, Mapping):
        yield from _by_key(loss, nest, path, names)
    elif isinstance(nest, (list, tuple)):
        flat = len(loss) == len(places) and not any(map(_holds_losses, loss))
        if flat and len(loss) != len(nest):
            if any(isinstance(part, Mapping) for part in nest):
                raise UnmatchedError("unnamed")
            for place, one in zip(places, loss, strict=True):
                yield from _resolved(one, place, (place,), names)
            return
        if len(loss) != len(nest):
            raise UnmatchedError("count")
        for index, (one, part) in enumerate(zip(loss, nest, strict=True)):
            yield from _resolved(one, part, (*path, index), names)
    elif isinstance(nest, int) or any(map(_holds_losses, loss)):  # several losses of one part
        for one in loss:
            if _holds_losses(one) or isinstance(nest, int):
                yield from _resolved(one, nest, path, names)
            else:
                yield LossPart(places, nest, _label(path, nest, names), one)
    else:
        raise UnmatchedError("unnamed")


def _each(loss: Any, nest: Tree, path: tuple[Any, ...], names: Sequence[str]) -> Iterator[LossPart]:
    """One loss for each output of a nest."""
    if isinstance(nest, int):
        yield LossPart((nest,), nest, _label(path, nest, names), loss)
        return
    pairs = nest.items() if isinstance(nest, Mapping) else enumerate(nest)
    for key, part in pairs:
        yield from _each(loss, part, (*path, key), names)


def _by_key(
    loss: Mapping[Any, Any], nest: Tree, path: tuple[Any, ...], names: Sequence[str]
) -> Iterator[LossPart]:
    if isinstance(nest, Mapping):
        for key in loss:
            if key not in nest:
                raise UnmatchedError("unknown", key, list(nest))
        for key, one in loss.items():
            yield from _resolved(one, nest[key], (*path, key), names)
        return
    if path:
        raise UnmatchedError("count")
    for name in loss:
        if name not in names:
            raise UnmatchedError("unknown", name, names)
    for place, name in enumerate(names):
        if name in loss:
            yield from _resolved(loss[name], place, (name,), names)


def _holds_losses(loss: Any) -> bool:
    """Whether it is a nest of losses, and not one by its config."""
    if isinstance(loss, Mapping):
        return "class_name" not in loss
    return isinstance(loss, (list, tuple))


def _label(path: tuple[Any, ...], nest: Tree, names: Sequence[str]) -> str:
    if isinstance(nest, int):
        if not path:
            path = (names[nest],)
        elif isinstance(path[-1], int):
            path = (*path[:-1], names[nest])
    if not path:
        return "_".join(names)
    return "/".join(map(str, path))


def _parallel(loss: Tree, weights: Tree) -> Iterator[Any]:
    """A weight for each loss of a nest, from a nest like it, a flat list, or one number."""
    if loss is None:
        return
    if not _holds_losses(loss):
        yield weights
        return
    if isinstance(weights, (list, tuple)):
        leaves, shape = jax.tree_util.tree_flatten(loss, is_leaf=lambda x: not _holds_losses(x))
        flat = not any(isinstance(weight, (list, tuple, Mapping)) for weight in weights)
        if flat and len(weights) == len(leaves):
            weights = jax.tree_util.tree_unflatten(shape, weights)
    fits = isinstance(weights, Mapping) == isinstance(loss, Mapping)
    if isinstance(weights, (list, tuple, Mapping)) and not (fits and len(weights) <= len(loss)):
        raise BadData(
            "`loss_weights` must match the losses.",
            given=repr(weights),
            expected=f"numbers in the nest of {loss!r}, or as many in a list",
        )
    pairs = loss.items() if isinstance(loss, Mapping) else enumerate(loss)
    for key, one in pairs:
        if isinstance(weights, Mapping):
            weight = weights.get(key)
        elif isinstance(weights, (list, tuple)):
            weight = weights[key] if key < len(weights) else None
        else:
            weight = weights
        yield from _parallel(one, weight)
