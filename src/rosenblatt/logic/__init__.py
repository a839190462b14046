"""Rank 0: McCulloch–Pitts neurons, networks of them, and formulas as such networks."""

from rosenblatt.logic.compiling import from_formula
from rosenblatt.logic.given import and_, and_not, identity, not_, or_, xor
from rosenblatt.logic.network import Connection, Network, Neuron
from rosenblatt.logic.table import TruthTable

__all__ = [
    "Connection",
    "Network",
    "Neuron",
    "TruthTable",
    "and_",
    "and_not",
    "from_formula",
    "identity",
    "not_",
    "or_",
    "xor",
]
