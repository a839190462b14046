"""A formula written neuron by neuron: long, but for any number of inputs."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rosenblatt.logic.network import Network


def formula_of(network: Network, output: str) -> str:
    """What an output computes, as the neurons before it compute it."""
    written = {name: name for name in network.inputs}
    for neuron in network.order:
        excite, inhibit = network.into[neuron.name]
        sets = _enough(list(excite.items()), neuron.threshold)
        ways = [_join([written[s] for s in one], "and") for one in sets]
        parts = [_join(ways, "or")] if any(sets) else []
        parts += [f"not {_closed(written[s])}" for s in inhibit]
        written[neuron.name] = _join(parts, "and") if parts else "true"
        if not sets:
            written[neuron.name] = "false"
    return written[output]


def _enough(excite: list[tuple[str, int]], threshold: int) -> list[list[str]]:
    """The smallest sets of sources that reach a threshold together."""
    found: list[list[str]] = []
    for size in range(len(excite) + 1):
        for some in itertools.combinations(excite, size):
            names = [name for name, _ in some]
            smaller = any(set(one) <= set(names) for one in found)
            if not smaller and sum(count for _, count in some) >= threshold:
                found.append(names)
    return found


def _join(parts: list[str], word: str) -> str:
    return parts[0] if len(parts) == 1 else f" {word} ".join(_closed(p) for p in parts)


def _closed(text: str) -> str:
    return f"({text})" if " and " in text or " or " in text else text
