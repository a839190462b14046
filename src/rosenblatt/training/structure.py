"""Putting targets, weights, losses and metrics in the order of a model's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rosenblatt.core.errors import BadArgument, BadData, UnmatchedKey, WrongType, nearest
from rosenblatt.core.nesting import UnmatchedError, spread
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.types import Tree


def per_output(
    given: Tree, names: Sequence[str], what: str, structure: Tree = None, single: bool = True
) -> list[Any]:
    """Spread what the user gave over the outputs.

    Args:
        given: one value for all, a list or tuple by position, or a dict by output name.
        names: the outputs' names.
        what: "loss", "y" …, for messages.
        structure: the outputs' nest, which `given` may follow; the list of the names if None.
        single: whether a list of one stands for its item; metrics of an output come in lists.

    Returns:
        One entry per output, None where nothing was given for it.

    Raises:
        ValueError: a different number of entries, a name that is no output's, or a list for outputs
            that are known by name only.

    >>> per_output({"price": "mse"}, ["price", "size"], "loss")
    ['mse', None]
    """
    if given is None:
        return [None] * len(names)
    if not isinstance(given, (Mapping, list, tuple)):
        return [given] * len(names)
    nest = list(names) if structure is None else structure
    if isinstance(given, Mapping) and _by_names(given, names, nest):
        return [given.get(name) for name in names]
    try:
        return spread(given, nest, names, partial=True, unwrap=single)
    except UnmatchedError as error:
        raise _unmatched(error, given, names, what) from None


def _by_names(given: Mapping[Any, Any], names: Sequence[str], structure: Tree) -> bool:
    """Whether a dict names the outputs by their layers, although their nest has keys of its own."""
    return isinstance(structure, Mapping) and set(given) <= set(names) - set(structure)


def _unmatched(error: UnmatchedError, given: Tree, names: Sequence[str], what: str) -> BadData:
    keys = error.keys or list(names)
    if error.kind == "unknown":
        return UnmatchedKey(
            f"`{what}` names an output that does not exist: {error.key!r}.",
            expected=f"names among {keys}",
            fix=nearest(str(error.key), keys),
        )
    if error.kind == "unnamed":
        named = ", ".join(f"{key!r}: …" for key in keys)
        return UnmatchedKey(
            f"`{what}` does not say what belongs to which output: the model knows its outputs by "
            "name.",
            given=f"a {type(given).__name__} of {len(given)}",
            expected=f"a dict with {keys}",
            fix=f"pass `{{{named}}}`.",
        )
    return UnmatchedKey(
        f"`{what}` has a different number of entries than the model has outputs.",
        given=len(given),
        expected=f"{len(names)}: {list(names)}",
    )


def check_compiled(metrics: Tree, weighted_metrics: Tree, loss_weights: Tree) -> None:
    """Refuse arguments of `compile` that are of another kind than they may be.

    Raises:
        BadArgument: neither a list, a tuple nor a dict; weights that are not numbers.
        WrongType: None among metrics.
    """
    for name, given in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
        if given and not isinstance(given, (list, tuple, Mapping)):
            raise BadArgument(
                f"`{name}` is not a list, a tuple or a dict.",
                given=repr(given),
                fix=f"write `{name}=[{given!r}]`.",
            )
        if isinstance(given, (list, tuple)) and len(given) == 1 and given[0] is None:
            raise WrongType(f"`{name}` holds None where a metric is expected.")
    kinds = (list, tuple, Mapping, float)
    if isinstance(loss_weights, (str, bytes, int)) and not isinstance(loss_weights, kinds):
        raise BadArgument(
            "`loss_weights` is not a float, or a list, tuple or dict of them.",
            given=repr(loss_weights),
        )


def align_targets(
    y: Tree, names: Sequence[str], structure: Tree, wanted: Sequence[bool]
) -> list[Any]:
    """One target per output.

    Args:
        y: an array, a list or tuple, or a dict by output name.
        names: the outputs' names.
        structure: the outputs' nest.
        wanted: for each output whether a loss or metric needs its target.

    Raises:
        ValueError: a missing target, a wrong number of them, or a list for outputs that are known
            by name only.
    """
    if y is None or not any(wanted):  # a model's own code may read it, in any nest
        return [None] * len(names)
    if not isinstance(y, (Mapping, list, tuple)) and len(names) == 1:
        return [y]
    if not isinstance(y, (Mapping, list, tuple)) and sum(wanted) == 1:
        y = [y]
    if isinstance(y, (list, tuple)) and len(y) == sum(wanted) != len(names):
        if isinstance(structure, Mapping) and len(y) > 1:
            error = UnmatchedError("unnamed", keys=list(structure))
            raise _unmatched(error, y, names, "y")
        waiting = iter(y)
        aligned = [next(waiting) if want else None for want in wanted]
    elif not isinstance(y, (Mapping, list, tuple)) and len(names) > 1:
        aligned = per_output([y], names, "y")
    else:
        aligned = per_output(y, names, "y", structure)
    for name, target, want in zip(names, aligned, wanted, strict=True):
        if want and target is None:
            raise BadData(
                f"`y` lacks the targets of output {name!r}, which has a loss or a metric.",
                fix="pass a target for it, or give it no loss.",
            )
    return aligned


def align_weights(sample_weight: Tree, names: Sequence[str], structure: Tree) -> list[Any]:
    """The sample weights of each output; a single array counts for all.

    Raises:
        ValueError: as for `align_targets`.
    """
    leaves = tree_leaves(sample_weight)
    if len(leaves) == 1 and not (isinstance(sample_weight, Mapping) and len(names) > 1):
        return leaves * len(names)
    return per_output(sample_weight, names, "sample_weight", structure)
