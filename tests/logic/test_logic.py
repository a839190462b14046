"""McCulloch–Pitts networks: by the rule written out, by Python's own operators, by sympy."""

from __future__ import annotations

import itertools
import random
import re
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import sympy

from rosenblatt import logic, plots
from rosenblatt.logic import Connection, Network, Neuron, from_formula
from rosenblatt.logic.formula import parse
from rosenblatt.logic.minimal import minimal_formula

GIVEN = {
    "identity": (logic.identity, [0, 1], "A"),
    "and": (logic.and_, [0, 0, 0, 1], "A and B"),
    "or": (logic.or_, [0, 1, 1, 1], "A or B"),
    "and not": (logic.and_not, [0, 0, 1, 0], "A and not B"),
    "not": (logic.not_, [1, 0], "not B"),
    "xor": (logic.xor, [0, 1, 1, 0], "(A and not B) or (not A and B)"),
}


@pytest.mark.parametrize("name", GIVEN)
def test_given_networks(name: str) -> None:
    make, values, formula = GIVEN[name]
    net = make()
    assert {n.threshold for n in net.neurons} <= {0, 2}
    table = net.truth_table()
    assert table.values[:, 0].astype(int).tolist() == values
    assert net.formula() == formula
    assert from_formula(formula).truth_table().values.tolist() == table.values.tolist()


def by_the_rule(net: Network, row: dict[str, int]) -> dict[str, int]:
    """What fires, neuron by neuron: enough excitatory, no inhibitory connections active."""
    state = dict(row)
    left = list(net.neurons)
    while left:
        for neuron in list(left):
            into = [c for c in net.connections if c.target == neuron.name]
            if any(c.source not in state for c in into):
                continue
            active = sum(state[c.source] for c in into if not c.inhibitory)
            stopped = any(state[c.source] for c in into if c.inhibitory)
            state[neuron.name] = int(active >= neuron.threshold and not stopped)
            left.remove(neuron)
    return {name: state[name] for name in net.outputs}


@pytest.mark.parametrize("seed", range(8))
def test_random_networks_follow_the_rule(seed: int) -> None:
    draw = random.Random(seed)
    inputs, names = list("abcd"), [f"n{i}" for i in range(5)]
    connections = []
    for i, name in enumerate(names):
        for source in draw.choices([*inputs, *names[:i]], k=6):
            connections.append(Connection(source, name, draw.random() < 0.2))
    neurons = [Neuron(name, draw.randint(0, 5)) for name in names]
    draw.shuffle(neurons)
    net = Network(inputs, neurons, connections, outputs=names[-2:])
    rows = np.random.default_rng(seed).integers(0, 2, (70, 4))  # more than one word of 64 bits
    found = net(rows)
    for i, row in enumerate(rows):
        expected = by_the_rule(net, dict(zip(inputs, row.tolist(), strict=True)))
        assert {name: int(values[i]) for name, values in found.items()} == expected
    for name in net.outputs:  # the formula, read again, is the same function
        again = from_formula(net.formula(name), inputs)
        np.testing.assert_array_equal(again(rows), found[name])


def random_formula(draw: random.Random, names: str, depth: int) -> str:
    if depth == 0:
        return draw.choice([*names, draw.choice(["true", "false"]), draw.choice(names)])
    if draw.random() < 0.25:
        return f"not ({random_formula(draw, names, depth - 1)})"
    word = draw.choice(["and", "or", "xor", "implies", "iff"])
    count = 2 if word in ("implies", "iff") else draw.choice([2, 3])
    parts = [f"({random_formula(draw, names, depth - 1)})" for _ in range(count)]
    return f" {word} ".join(parts)


def in_python(tree: Any, row: dict[str, bool]) -> bool:
    if not isinstance(tree, tuple):
        return row[tree] if isinstance(tree, str) else tree
    word, *parts = [tree[0], *(in_python(part, row) for part in tree[1:])]
    if word == "not":
        return not parts[0]
    if word in ("and", "or"):
        return all(parts) if word == "and" else any(parts)
    if word == "xor":
        return sum(parts) % 2 == 1
    a, b = parts
    return (not a or b) if word == "implies" else a == b


@pytest.mark.parametrize("seed", range(20))
def test_formulas_compute_what_python_does(seed: int) -> None:
    draw = random.Random(seed)
    formula = random_formula(draw, "ABCD", draw.choice([2, 3]))
    net = from_formula(formula, "ABCD")
    assert {n.threshold for n in net.neurons} <= {0, 2}
    for row in itertools.product([False, True], repeat=4):
        named = dict(zip("ABCD", row, strict=True))
        assert net(named) is in_python(parse(formula), named)
    again = from_formula(net.formula(), "ABCD")
    np.testing.assert_array_equal(again.truth_table().values, net.truth_table().values)


SPELLINGS = {
    "A & ~B | C": "(A and (not B)) or C",
    "A && !B || C": "(A and (not B)) or C",
    "A ∧ ¬B ∨ C": "(A and (not B)) or C",
    "a ^ b & c": "a xor (b and c)",
    "a | b ^ c": "a or (b xor c)",
    "a -> b -> c": "a implies (b implies c)",
    "a <-> b -> c": "a iff (b implies c)",
    "a => b | c": "a implies (b or c)",
    "a → b ↔ c ⊕ 1": "(a implies b) iff (c xor true)",
    "A AND Not b OR FALSE": "(A and (not b)) or 0",
    "a <=> b <=> c": "(a iff b) iff c",
    "not not a": "a",
    "x_1 and\n x2": "x_1 and x2",
    "oracle or android": "(oracle) or (android)",
    "true -> a": "a",
    "1": "true",
}


@pytest.mark.parametrize("formula", SPELLINGS)
def test_spellings_and_precedence(formula: str) -> None:
    one, other = from_formula(formula), from_formula(SPELLINGS[formula])
    assert one.inputs == other.inputs
    np.testing.assert_array_equal(one.truth_table().values, other.truth_table().values)


def size(formula: str) -> int:
    """How many literals there are."""
    return len([w for w in re.findall(r"\w+", formula) if w not in ("and", "or", "not")])


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_minimal_formulas_against_sympy(count: int) -> None:
    names = "ABCDFG"[:count]
    symbols = [sympy.Symbol(n) for n in names]
    rng = np.random.default_rng(count)
    for share in (0.2, 0.5, 0.8):
        values = rng.random(2**count) < share
        found = minimal_formula(names, values)
        np.testing.assert_array_equal(from_formula(found, names).truth_table().values[:, 0], values)
        terms = [list(row) for row, v in zip(itertools.product([0, 1], repeat=count), values) if v]  # noqa: B905  # fmt: skip
        theirs = [sympy.SOPform(symbols, terms), sympy.POSform(symbols, terms)]
        sizes = [sum(a.count(s) for s in symbols) for a in theirs]
        assert size(found) <= min(sizes) or found in ("true", "false")


def test_minimal_formula_of_all_functions_of_three_inputs() -> None:
    """No sum of products or product of sums of fewer literals is the same function (by trial)."""
    rows = np.array(list(itertools.product([0, 1], repeat=3)), bool)
    clauses = []
    for signs in itertools.product([0, 1, 2], repeat=3):
        used = [i for i in range(3) if signs[i] < 2]
        if used:
            columns = [rows[:, i] ^ (signs[i] == 1) for i in used]
            clauses.append((len(used), np.logical_and.reduce(columns)))
    best: dict[tuple[bool, ...], int] = {}
    for k in range(1, 5):
        for some in itertools.combinations(clauses, k):
            key = tuple(np.logical_or.reduce([c for _, c in some]).tolist())
            total = sum(n for n, _ in some)
            best[key] = min(best.get(key, 99), total)
    for number in range(1, 255):
        values = np.array([number >> i & 1 for i in range(8)], bool)
        shortest = min(best[tuple(values.tolist())], best[tuple((~values).tolist())])
        assert size(minimal_formula("ABC", values)) == shortest


def test_inputs_in_many_forms() -> None:
    net = from_formula("A and (B or not C)")
    rows = np.random.default_rng(0).integers(0, 2, (1000, 3))
    a, b, c = rows.T.astype(bool)
    expected = a & (b | ~c)
    assert net(A=1, B=0, C=0) is True
    assert net(A=1, B=0, C=1) is False
    assert net([1, 0, 0]) is True
    for given in (rows, rows.astype(bool), rows.astype("float32"), pd.DataFrame(rows, columns=list("ABC")), {"A": a, "B": b, "C": c}):  # noqa: E501  # fmt: skip
        np.testing.assert_array_equal(net(given), expected)
    np.testing.assert_array_equal(net({"A": a}, B=b, C=0), a)
    square = net(A=a.reshape(10, 100), B=1, C=c.reshape(10, 100))
    np.testing.assert_array_equal(square, a.reshape(10, 100))
    assert net(rows[:0]).shape == (0,)


def test_many_inputs() -> None:
    names = [f"x{i}" for i in range(40)]
    net = from_formula(" and ".join(names))
    assert {n.threshold for n in net.neurons} == {2}
    rows = np.ones((130, 40), bool)
    rows[::3, 7] = False
    np.testing.assert_array_equal(net(rows), rows.all(axis=1))
    again = from_formula(net.formula(), names)
    np.testing.assert_array_equal(again(rows), rows.all(axis=1))
    some = from_formula(" or ".join(names))
    assert some.formula() == " or ".join(names)
    odd = from_formula(" xor ".join(names[:8]))
    np.testing.assert_array_equal(odd(rows[:, :8]), rows[:, :8].sum(axis=1) % 2 == 1)
    np.testing.assert_array_equal(from_formula(odd.formula(), names)(rows), odd(rows[:, :8]))
    majority = Network(names[:7], [Neuron("m", 4)], [(n, "m") for n in names[:7]])
    np.testing.assert_array_equal(
        from_formula(majority.formula()).truth_table().values, majority.truth_table().values
    )


def test_table_frame_diagram_and_repr() -> None:
    table = from_formula("rain -> wet", output="y").truth_table()
    assert str(table).splitlines() == [
        "rain  wet | y", "   0    0 | 1", "   0    1 | 1", "   1    0 | 0", "   1    1 | 1",
    ]  # fmt: skip
    assert table.to_frame()["y"].tolist() == [1, 1, 0, 1]
    assert logic.not_().diagram() == "A ═▶ C\nB ─⊣ C\nA is always on"
    three = Network("AB", [Neuron("M", 3)], [("A", "M")] * 3 + [("B", "M")])
    assert three.diagram() == "A ─3▶ M\nB ─▶ M\nM fires at 3"
    never = Network("A", [Neuron("C", 10**9)], [("A", "C")])
    assert never(A=1) is False
    assert never.formula() == "false"
    assert repr(logic.xor()) == "<Network of 3 neurons: A, B → C>"


def test_picture(tmp_path) -> None:
    ax = plt.figure().add_subplot()
    three = Network("AB", [Neuron("M", 4)], [("A", "M")] * 4 + [("B", "M", True)])
    assert plots.logic_network(three, ax) is ax
    assert [t.get_text() for t in ax.texts] == ["×4", "A", "B", "M", "≥ 4"]
    drawn = plots.logic_network(logic.xor())
    nodes = 5
    assert len(drawn.patches) == nodes + len(logic.xor().connections)
    svg = plots.save_figure(drawn, tmp_path / "xor.svg").read_text()
    assert "<svg" in svg
    plt.close("all")


AND = logic.and_()
MESSAGES = {
    "end": (
        lambda: from_formula("A and (B or"),
        "The formula does not parse at position 12:\n    A and (B or\n               ^\n Given: "
        "the end. Expected: a name, `true`, `false`, `not` or `(`.",
    ),
    "two names": (
        lambda: from_formula("A\tB"),
        "The formula does not parse at position 3:\n    A B\n      ^\n Given: 'B'. Expected: an "
        "operator as `and`, or the end.",
    ),
    "parenthesis": (
        lambda: from_formula("(A & B"),
        "The formula does not parse at position 7:\n    (A & B\n          ^\n Given: the end. "
        "Expected: an operator as `and`, or `)`.",
    ),
    "sign": (
        lambda: from_formula("A and $B"),
        "The formula does not parse at position 7:\n    A and $B\n          ^\n Given: '$'. "
        "Expected: names, and operators: and or not xor implies iff, or & | ~ ^ -> <->.",
    ),
    "number": (
        lambda: from_formula("A and 2"),
        "The formula does not parse at position 7:\n    A and 2\n          ^\n Given: '2'. "
        "Expected: a name, `true`, `false`, `not` or `(`.",
    ),
    "operator": (
        lambda: from_formula("or A"),
        "The formula does not parse at position 1:\n    or A\n    ^\n Given: 'or'. "
        "Expected: a name, `true`, `false`, `not` or `(`.",
    ),
    "deep": (
        lambda: from_formula("(" * 51 + "A" + ")" * 51),
        "Expected: at most 50 parentheses and negations inside each other.",
    ),
    "empty": (lambda: from_formula(" "), "The formula does not parse at position 1:"),
    "other inputs": (
        lambda: from_formula("A and B", ["A"]),
        "from_formula: 'B' is not among the inputs. Given: ['A'].",
    ),
    "output's name": (
        lambda: from_formula("output or A"),
        "from_formula: 'output' is the name of an input and of the output. Fix: name the output: "
        '`from_formula(…, output="y")`.',
    ),
    "unknown input": (
        lambda: from_formula("rain and wet")(rain=1, wett=1),
        "Network: there is no input 'wett'. Fix: did you mean 'wet'?",
    ),
    "missing input": (
        lambda: AND(A=1),
        "Network: no value for the input 'B'. Given: ['A']. Expected: ['A', 'B'].",
    ),
    "values": (
        lambda: AND(A=[0, 3], B=1),
        "Network: A holds values that are neither 0 nor 1. Given: 3. Fix: compare first: "
        "`x > 0.5`.",
    ),
    "text": (
        lambda: AND(A="yes", B=1),
        "Network: A holds no numbers. Given: <U3. Expected: 0 and 1.",
    ),
    "shapes": (
        lambda: AND(A=[0, 1], B=[0, 1, 1]),
        "Network: inputs of unequal shapes. Given: {'A': (2,), 'B': (3,)}. Expected: one shape for "
        "all, or single numbers.",
    ),
    "columns": (
        lambda: AND(np.zeros((5, 3))),
        "Network: an array of inputs has one column for each of them. Given: shape (5, 3). "
        "Expected: (rows, 2), for A, B.",
    ),
    "threshold": (
        lambda: Neuron("C", -1),
        "Neuron 'C': bad `threshold`. Given: -1. Expected: an integer, 0 or more.",
    ),
    "twice": (lambda: Network("AA", "C", []), "Network: a name is given twice. Given: 'A'."),
    "nowhere": (
        lambda: Network(["first"], ["C"], [("frist", "C")]),
        "Network: a connection 'frist' → 'C' from or to nowhere. Given: 'frist'. Expected: an "
        "input or neuron as source, a neuron as target. Fix: did you mean 'first'?",
    ),
    "circle": (
        lambda: Network("A", "CD", [("C", "D"), ("D", "C")], ["C"]),
        "Network: the connections form a circle. Given: among ['C', 'D']. Expected: signals that "
        "go one way.",
    ),
    "no output": (
        lambda: Network("A", "C", [], ["A"]),
        "Network: `outputs` are neurons, at least one. Given: ['A']. Expected: some of ['C'].",
    ),
    "which output": (
        lambda: Network("A", "CD", []).formula(),
        "Network.formula: which output? Given: None. Expected: one of ['C', 'D'].",
    ),
    "long formula": (
        lambda: from_formula(" xor ".join(f"x{i}" for i in range(40))).formula(),
        "Network.formula: too long to write, at n",
    ),
    "many sets": (
        lambda: Network(
            [f"x{i}" for i in range(40)], [Neuron("C", 20)], [(f"x{i}", "C") for i in range(40)]
        ).formula(),
        "Network.formula: too long to write, at a neuron with 40 sources. Fix: call the network",
    ),
    "long table": (
        lambda: Network([f"x{i}" for i in range(21)], "C", []).truth_table(),
        "A truth table of so many inputs is too long. Given: 21 inputs. Expected: at most 20. Fix: "
        "call the network on the rows you need: `net(rows)`.",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(case: str) -> None:
    act, message = MESSAGES[case]
    with pytest.raises(ValueError) as caught:
        act()
    assert message in str(caught.value)


def test_a_formula_is_a_text() -> None:
    with pytest.raises(TypeError, match=r"A formula is a text\. Given: 3"):
        from_formula(3)
