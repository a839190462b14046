"""Formulas as networks of neurons that need two active connections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rosenblatt.core.errors import BadArgument
from rosenblatt.logic.formula import Tree, names_in, parse
from rosenblatt.logic.network import Connection, Network, Neuron

Signal = tuple[str, bool]  # a name, and whether its negation is meant


def from_formula(
    formula: str, inputs: Sequence[str] | None = None, output: str = "output"
) -> Network:
    """The network that computes a formula.

    Every neuron needs two active excitatory connections, as in the chapter; negations are
    inhibitory connections. Parts that occur twice are computed once.

    | written | also | |
    | --- | --- | --- |
    | not | ~ ! ¬ | tightest |
    | and | & && ∧ | |
    | xor | ^ ⊕ | |
    | or | \\| \\|\\| ∨ | |
    | implies | -> => → | from right to left |
    | iff | <-> <=> ↔ | loosest |

    `true`, `false`, 1 and 0 are constants; every other word is an input.

    Args:
        formula: the text.
        inputs: the inputs in order, those that do not occur too; as they occur if None.
        output: the name of the output.

    Raises:
        ValueError: a text that does not parse (the place is shown), an input that `inputs` has
            not, or one with the output's name.

    >>> net = from_formula("A and (B or not C)")
    >>> net(A=1, B=0, C=0), net(A=1, B=0, C=1)
    (True, False)
    >>> net.formula()
    'A and (B or not C)'
    """
    tree = parse(formula)
    found = names_in(tree)
    names = list(found if inputs is None else inputs)
    for name in found:
        if name not in names:
            raise BadArgument(f"from_formula: {name!r} is not among the inputs.", given=names)
    if output in names:
        raise BadArgument(
            f"from_formula: {output!r} is the name of an input and of the output.",
            fix='name the output: `from_formula(…, output="y")`.',
        )
    builder = _Builder({*names, output})
    builder.finish(builder.signal(tree), output)
    return Network(names, builder.neurons, builder.connections, [output])


class _Builder:
    """Collects neurons; a signal is a name and whether its negation is meant."""

    def __init__(self, taken: set[str]):
        self.taken = taken
        self.neurons: list[Neuron] = []
        self.connections: list[Connection] = []
        self.made: dict[tuple[str, ...], str] = {}

    def signal(self, tree: Tree) -> Signal:
        if isinstance(tree, bool):
            return self.always_on(), not tree
        if isinstance(tree, str):
            return tree, False
        name, *parts = tree
        signals = [self.signal(part) for part in parts]
        return getattr(self, f"{name}_")(signals)

    def not_(self, signals: list[Signal]) -> Signal:
        (name, negated) = signals[0]
        return name, not negated

    def and_(self, signals: Iterable[Signal]) -> Signal:
        signals = list(dict.fromkeys(signals))
        wanted = [name for name, negated in signals if not negated]
        unwanted = [name for name, negated in signals if negated]
        if not unwanted and len(wanted) == 1:
            return wanted[0], False
        while len(wanted) > 2:
            wanted = [*wanted[2:], self.neuron(wanted[:2], [])]
        if len(wanted) < 2:
            wanted = (wanted or [self.always_on()]) * 2
        return self.neuron(wanted, unwanted), False

    def or_(self, signals: list[Signal]) -> Signal:
        if any(negated for _, negated in signals):
            return self.not_([self.and_((name, not negated) for name, negated in signals)])
        names = list(dict.fromkeys(name for name, _ in signals))
        if len(names) == 1:
            return names[0], False
        return self.neuron(names * 2, []), False

    def xor_(self, signals: list[Signal]) -> Signal:
        first, *rest = signals
        name, negated = first
        for other, turned in rest:
            either = self.or_([(name, False), (other, False)])
            both = self.and_([(name, False), (other, False)])
            (name, _), negated = self.and_([either, self.not_([both])]), negated ^ turned
        return name, negated

    def iff_(self, signals: list[Signal]) -> Signal:
        name, negated = self.xor_(signals)
        return name, negated ^ (len(signals) % 2 == 0)

    def implies_(self, signals: list[Signal]) -> Signal:
        *before, result = signals
        for one in reversed(before):
            result = self.not_([self.and_([one, self.not_([result])])])
        return result

    def always_on(self) -> str:
        return self.neuron([], [], threshold=0)

    def neuron(self, excite: list[str], inhibit: list[str], threshold: int = 2) -> str:
        """A neuron with these connections; one that there is already, if there is."""
        key = (str(threshold), *sorted(excite), "⊣", *sorted(inhibit))
        if key not in self.made:
            self.made[key] = self.add(self.new_name(threshold), excite, inhibit, threshold)
        return self.made[key]

    def add(self, name: str, excite: list[str], inhibit: list[str], threshold: int = 2) -> str:
        self.neurons.append(Neuron(name, threshold))
        self.connections += [Connection(source, name) for source in excite]
        self.connections += [Connection(source, name, True) for source in inhibit]
        return name

    def new_name(self, threshold: int) -> str:
        name, number = ("n1", 1) if threshold else ("on", 0)
        while name in self.taken:
            number += 1
            name = f"{'n' if threshold else 'on'}{number}"
        self.taken.add(name)
        return name

    def finish(self, signal: Signal, output: str) -> None:
        """The output: the last neuron under its name, or one more for a negation or an input."""
        name, negated = signal
        if negated:
            self.add(output, [self.always_on()] * 2, [name])
        elif self.neurons and self.neurons[-1].name == name:
            self.neurons[-1] = Neuron(output, self.neurons[-1].threshold)
            self.connections = [
                Connection(c.source, output, c.inhibitory) if c.target == name else c
                for c in self.connections
            ]
        else:
            self.add(output, [name] * 2, [])
