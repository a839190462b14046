"""A formula written neuron by neuron: long, but for any number of inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from rosenblatt.core.errors import BadArgument

if TYPE_CHECKING:
    from rosenblatt.logic.network import Network

_LONGEST, _MOST_SETS, _DEEPEST = 1_000_000, 2_000, 300


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
        if len(written[neuron.name]) > _LONGEST:
            _refuse(neuron.name)
    return written[output]


def _enough(excite: list[tuple[str, int]], threshold: int) -> list[list[str]]:
    """The smallest sets of sources that reach a threshold together."""
    # The strongest first: then a set that just reaches the threshold needs each of its members.
    ordered = sorted(excite, key=lambda one: -one[1])
    found: list[list[str]] = []
    if min(threshold, len(excite)) > _DEEPEST:
        _refuse(f"a neuron with {len(excite)} sources")

    def extend(names: list[str], missing: int, start: int) -> None:
        if missing <= 0:
            found.append(names)
            if len(found) > _MOST_SETS:
                _refuse(f"a neuron with {len(excite)} sources")
            return
        for i in range(start, len(ordered)):
            if sum(count for _, count in ordered[i:]) < missing:
                return
            name, count = ordered[i]
            extend([*names, name], missing - count, i + 1)

    extend([], threshold, 0)
    return found


def _refuse(what: str) -> NoReturn:
    raise BadArgument(
        f"Network.formula: too long to write, at {what}.",
        fix="call the network itself; or ask for the formula of a part, a network of fewer inputs.",
    )


def _join(parts: list[str], word: str) -> str:
    return parts[0] if len(parts) == 1 else f" {word} ".join(_closed(p) for p in parts)


def _closed(text: str) -> str:
    return f"({text})" if " and " in text or " or " in text else text
