"""Axes by their names.

>>> rearrange([[1, 2], [3, 4]], "a b -> (b a)")
Array([1, 3, 2, 4], dtype=int32)
"""

from __future__ import annotations

import math
import re

import jax.numpy as jnp

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import Array
from rosenblatt.ops.define import EINOPS, op


def _groups(side: str) -> list[list[str]]:
    """The names in "b (h w)": one list for each axis."""
    return [part.strip("()").split() for part in re.findall(r"\([^)]*\)|\w+", side)]


@op("tensor *pattern *axes_lengths", module=EINOPS)
def rearrange(tensor: Array, pattern: str, **axes_lengths: int) -> Array:
    """Axes in another order, taken apart or put together as a pattern says.

    Args:
        tensor: array.
        pattern: names of the axes before and after, "b (h w) c -> b h (w c)"; parentheses hold
            what lies in one axis.
        axes_lengths: sizes of axes that are taken apart; one of each group may be left out.

    Returns:
        The rearranged array.

    Raises:
        ValueError: names on one side only, a different number of axes, sizes that do not fit.
    """
    before, _, after = pattern.partition("->")
    given, wanted = _groups(before), _groups(after)
    names = [name for group in given for name in group]
    target = [name for group in wanted for name in group]
    if sorted(names) != sorted(target) or len(given) != tensor.ndim:
        raise BadArgument(
            "`ops.rearrange`: the pattern does not fit.",
            given=f"{pattern!r} for shape {tuple(tensor.shape)}",
            expected="a name for each axis, and the same names on both sides",
        )
    sizes = dict(axes_lengths)
    for group, size in zip(given, tensor.shape, strict=True):
        unknown = [name for name in group if name not in sizes]
        known = math.prod(sizes[name] for name in group if name in sizes)
        if len(unknown) > 1 or size % known or (not unknown and known != size):
            raise BadArgument(
                f"`ops.rearrange`: an axis of size {size} cannot be taken apart into "
                f"{' × '.join(group)}.",
                given=f"{pattern!r}, {axes_lengths}",
                fix="give the sizes of all but one of them.",
            )
        sizes.update(dict.fromkeys(unknown, size // known))
    apart = jnp.reshape(tensor, [sizes[name] for name in names])
    moved = jnp.transpose(apart, [names.index(name) for name in target])
    return jnp.reshape(moved, [math.prod(sizes[name] for name in group) for group in wanted])
