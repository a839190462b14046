"""Neurons that fire or do not, and networks of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadArgument, nearest
from rosenblatt.logic.bits import WORD, fires, pack, unpack
from rosenblatt.logic.minimal import minimal_formula
from rosenblatt.logic.signals import Signals, read_signals
from rosenblatt.logic.structure import formula_of
from rosenblatt.logic.table import TruthTable, all_inputs

_MOST_MINIMAL = 6


@dataclass(frozen=True)
class Neuron:
    """A binary neuron: it fires when enough excitatory and no inhibitory connections are active.

    Args:
        name: what connections call it.
        threshold: how many active excitatory connections it needs. 0: it is always on.

    Raises:
        ValueError: a threshold below 0.

    Reference: McCulloch and Pitts, "A logical calculus of the ideas immanent in nervous activity",
    1943. The threshold of two is that of Géron's chapter.
    """

    name: str
    threshold: int = 2

    def __post_init__(self) -> None:
        if not isinstance(self.threshold, int) or self.threshold < 0:
            raise BadArgument(
                f"Neuron {self.name!r}: bad `threshold`.",
                given=repr(self.threshold),
                expected="an integer, 0 or more",
            )


@dataclass(frozen=True)
class Connection:
    """From an input or neuron to a neuron; two equal connections count as two.

    Args:
        source, target: names.
        inhibitory: an active inhibitory connection keeps its target from firing, whatever else
            is active.
    """

    source: str
    target: str
    inhibitory: bool = False


class Network:
    """Inputs, neurons and the connections between them, without cycles.

    Args:
        inputs: the inputs' names.
        neurons: neurons, or their names.
        connections: `Connection`s, or tuples of their arguments.
        outputs: the neurons to read; those that excite or inhibit no other if None.

    Raises:
        ValueError: a name given twice, a connection from or to nowhere, a circle, no output.

    >>> both = Network(["A", "B"], ["C"], [("A", "C"), ("B", "C")])
    >>> both(A=1, B=1), both(A=1, B=0)
    (True, False)
    >>> both({"A": [0, 1], "B": 1})
    array([False,  True])
    >>> print(both.truth_table())
    A  B | C
    0  0 | 0
    0  1 | 0
    1  0 | 0
    1  1 | 1
    """

    def __init__(
        self,
        inputs: Sequence[str],
        neurons: Iterable[Neuron | str],
        connections: Iterable[Connection | tuple[Any, ...]],
        outputs: Sequence[str] | None = None,
    ):
        self.inputs = tuple(inputs)
        self.neurons = tuple(Neuron(n) if isinstance(n, str) else n for n in neurons)
        self.connections = tuple(
            c if isinstance(c, Connection) else Connection(*c) for c in connections
        )
        self._check_names()
        sources = {c.source for c in self.connections}
        last = [n.name for n in self.neurons if n.name not in sources]
        self.outputs = tuple(last if outputs is None else outputs)
        known = {n.name for n in self.neurons}
        if not self.outputs or not set(self.outputs) <= known:
            raise BadArgument(
                "Network: `outputs` are neurons, at least one.",
                given=list(self.outputs),
                expected=f"some of {sorted(known)}",
            )
        self.order = self._sorted()

    def _check_names(self) -> None:
        names = [*self.inputs, *(n.name for n in self.neurons)]
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise BadArgument("Network: a name is given twice.", given=repr(twice[0]))
        targets = {n.name for n in self.neurons}
        for connection in self.connections:
            for name, allowed in ((connection.source, names), (connection.target, targets)):
                if name not in allowed:
                    raise BadArgument(
                        f"Network: a connection {connection.source!r} → "
                        f"{connection.target!r} from or to nowhere.",
                        given=repr(name),
                        expected="an input or neuron as source, a neuron as target",
                        fix=nearest(name, allowed),
                    )

    @cached_property
    def into(self) -> dict[str, tuple[Counter[str], tuple[str, ...]]]:
        """A neuron's name to its excitatory sources, each with its count, and its inhibitors."""
        found: dict[str, tuple[Counter[str], dict[str, None]]]
        found = {n.name: (Counter(), {}) for n in self.neurons}
        for one in self.connections:
            if one.inhibitory:
                found[one.target][1][one.source] = None
            else:
                found[one.target][0][one.source] += 1
        return {name: (excite, tuple(inhibit)) for name, (excite, inhibit) in found.items()}

    def _sorted(self) -> list[Neuron]:
        """The neurons in an order in which sources come first."""
        done, order, left = set(self.inputs), [], list(self.neurons)
        while left:
            ready = [n for n in left if all(s in done for s in self._sources(n.name))]
            if not ready:
                raise BadArgument(
                    "Network: the connections form a circle.",
                    given=f"among {[n.name for n in left]}",
                    expected="signals that go one way",
                )
            order += ready
            done |= {n.name for n in ready}
            left = [n for n in left if n.name not in done]
        return order

    def _sources(self, name: str) -> list[str]:
        excite, inhibit = self.into[name]
        return [*excite, *inhibit]

    def __call__(self, values: Any = None, /, **by_name: Any) -> Any:
        """Whether the output fires, for one instance or for as many as you like.

        Args:
            values: a dict or frame of columns by name, or an array of (rows, inputs) or (inputs,).
            by_name: inputs by name: 0 or 1, or arrays of them, of one shape.

        Returns:
            A bool, or an array of bools in the inputs' shape; a dict of them, by the outputs'
            names, where there are several outputs.

        Raises:
            ValueError: an unknown or missing input, values other than 0 and 1, unequal shapes.

        >>> Network("AB", "C", [("A", "C"), ("B", "C")])(np.array([[1, 0], [1, 1]]))
        array([False,  True])
        """
        signals = read_signals(self.inputs, values, by_name)
        found = self._run(signals)
        return found[self.outputs[0]] if len(self.outputs) == 1 else found

    def _run(self, signals: Signals) -> dict[str, Any]:
        packed = {name: pack(column) for name, column in signals.columns.items()}
        words = -(-signals.rows // WORD)
        # 64 rows are computed at once: each is one bit of a word.
        for neuron in self.order:
            excite, inhibit = self.into[neuron.name]
            packed[neuron.name] = fires(
                [(packed[s], count) for s, count in excite.items()],
                [packed[s] for s in inhibit],
                neuron.threshold,
                words,
            )
        return {name: signals.shaped(unpack(packed[name], signals.rows)) for name in self.outputs}

    def truth_table(self) -> TruthTable:
        """The outputs for all inputs.

        Raises:
            ValueError: more than 20 inputs.
        """
        rows = all_inputs(len(self.inputs))
        found = self(rows)
        columns = list(found.values()) if isinstance(found, Mapping) else [found]
        return TruthTable(self.inputs, self.outputs, rows, np.column_stack(columns))

    def formula(self, output: str | None = None) -> str:
        """The formula that an output computes, in `and`, `or` and `not`.

        For up to six inputs it is a minimal one: of the sums of products and products of sums with
        the fewest terms, one with the fewest literals (Quine, 1952; McCluskey, 1956). For more
        inputs it is written neuron by neuron.

        Args:
            output: which output; needed where there are several.

        Raises:
            ValueError: no such output.

        >>> Network("AB", "C", [("A", "C"), ("A", "C"), ("B", "C", True)]).formula()
        'A and not B'
        """
        if output is None and len(self.outputs) == 1:
            output = self.outputs[0]
        if output not in self.outputs:
            raise BadArgument(
                "Network.formula: which output?",
                given=repr(output),
                expected=f"one of {list(self.outputs)}",
            )
        if len(self.inputs) > _MOST_MINIMAL:
            return formula_of(self, output)
        table = self.truth_table()
        return minimal_formula(self.inputs, table.values[:, table.outputs.index(output)])

    def diagram(self) -> str:
        """The connections as text: ─▶ excites, ═▶ does so twice, ─⊣ inhibits.

        Thresholds other than two are noted below.

        >>> print(Network("AB", "C", [("A", "C"), ("A", "C"), ("B", "C", True)]).diagram())
        A ═▶ C
        B ─⊣ C
        """
        arrows, notes = [], []
        for neuron in self.order:
            excite, inhibit = self.into[neuron.name]
            for source, count in excite.items():
                sign = {1: "─▶", 2: "═▶"}.get(count, f"─{count}▶")
                arrows.append(f"{source} {sign} {neuron.name}")
            arrows += [f"{source} ─⊣ {neuron.name}" for source in inhibit]
            if neuron.threshold != Neuron.threshold:
                note = f"fires at {neuron.threshold}" if neuron.threshold else "is always on"
                notes.append(f"{neuron.name} {note}")
        return "\n".join([*arrows, *notes])

    def __repr__(self) -> str:
        return (
            f"<Network of {len(self.neurons)} neurons: {', '.join(self.inputs)} → "
            f"{', '.join(self.outputs)}>"
        )
