"""Rank 0: McCulloch–Pitts neurons, networks of them, and formulas as such networks."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "compiling": "from_formula",
        "given": "and_ and_not identity not_ or_ xor",
        "network": "Connection Network Neuron",
        "table": "TruthTable",
    },
)
