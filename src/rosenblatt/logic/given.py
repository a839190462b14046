"""The networks of the chapter: simple logical computations."""

from __future__ import annotations

from rosenblatt.logic.network import Network, Neuron


def identity() -> Network:
    """C = A: two connections, so that A alone is enough.

    >>> print(identity().truth_table())
    A | C
    0 | 0
    1 | 1
    """
    return Network(["A"], ["C"], [("A", "C")] * 2)


def and_() -> Network:
    """C = A and B: one connection from each.

    >>> and_()({"A": [0, 0, 1, 1], "B": [0, 1, 0, 1]}).tolist()
    [False, False, False, True]
    """
    return Network(["A", "B"], ["C"], [("A", "C"), ("B", "C")])


def or_() -> Network:
    """C = A or B: two connections from each.

    >>> or_()({"A": [0, 0, 1, 1], "B": [0, 1, 0, 1]}).tolist()
    [False, True, True, True]
    """
    return Network(["A", "B"], ["C"], [("A", "C"), ("B", "C")] * 2)


def and_not() -> Network:
    """C = A and not B: A excites twice, B inhibits.

    >>> and_not()({"A": [0, 0, 1, 1], "B": [0, 1, 0, 1]}).tolist()
    [False, False, True, False]
    """
    return Network(["A", "B"], ["C"], [("A", "C"), ("A", "C"), ("B", "C", True)])


def not_() -> Network:
    """C = not B: A and not B, where A is always on.

    >>> not_()(B=0), not_()(B=1)
    (True, False)
    """
    always = Neuron("A", threshold=0)
    return Network(["B"], [always, "C"], [("A", "C"), ("A", "C"), ("B", "C", True)])


def xor() -> Network:
    """C = A or B, but not both: no single neuron does it.

    >>> xor()({"A": [0, 0, 1, 1], "B": [0, 1, 0, 1]}).tolist()
    [False, True, True, False]
    """
    return Network(
        ["A", "B"],
        ["either", "both", "C"],
        [("A", "either"), ("B", "either")] * 2
        + [("A", "both"), ("B", "both")]
        + [("either", "C"), ("either", "C"), ("both", "C", True)],
    )
