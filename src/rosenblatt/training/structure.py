"""Putting targets, weights, losses and metrics in the order of a model's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rosenblatt.core.errors import explain, nearest
from rosenblatt.core.symbolic import tree_leaves


def per_output(given: Any, names: Sequence[str], what: str, structure: Any = None) -> list[Any]:
    """Spread what the user gave over the outputs.

    Args:
        given: one value for all, a list or tuple by position, or a dict by output name.
        names: the outputs' names.
        what: "loss", "y" …, for messages.
        structure: the outputs' nest, where `given` may follow it.

    Returns:
        One entry per output, None where nothing was given for it.

    Raises:
        ValueError: another number of entries, or a name that is no output's.
    """
    if given is None:
        return [None] * len(names)
    if isinstance(given, Mapping):
        keys = _keys(names, structure)
        for key in given:
            if key not in keys:
                raise ValueError(
                    explain(
                        f"`{what}` names an output that does not exist: {key!r}.",
                        expected=f"names among {keys}",
                        fix=nearest(str(key), keys),
                    )
                )
        return [given.get(key) for key in keys]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ValueError(
                explain(
                    f"`{what}` has another number of entries than the model has outputs.",
                    given=len(given),
                    expected=f"{len(names)}: {list(names)}",
                )
            )
        return list(given)
    return [given] * len(names)


def _keys(names: Sequence[str], structure: Any) -> list[str]:
    return sorted(structure) if isinstance(structure, Mapping) else list(names)


def align_targets(
    y: Any, names: Sequence[str], structure: Any, wanted: Sequence[bool]
) -> list[Any]:
    """One target per output.

    Args:
        y: an array, a list or tuple, or a dict by output name.
        names: the outputs' names.
        structure: the outputs' nest.
        wanted: for each output whether a loss or metric needs its target.

    Raises:
        ValueError: a missing target, or another number of them.
    """
    if y is None:
        return [None] * len(names)
    if isinstance(y, Mapping):
        aligned = per_output(y, names, "y", structure)
    else:
        leaves = tree_leaves(y)
        if len(leaves) == sum(wanted) != len(names):
            waiting = iter(leaves)
            aligned = [next(waiting) if want else None for want in wanted]
        else:
            aligned = per_output(leaves if len(names) > 1 else leaves[:], names, "y")
    for name, target, want in zip(names, aligned, wanted, strict=True):
        if want and target is None:
            raise ValueError(
                explain(
                    f"`y` lacks the targets of output {name!r}, which has a loss or a metric.",
                    fix="pass a target for it, or give it no loss.",
                )
            )
    return aligned
