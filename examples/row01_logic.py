"""Row 1: logical computations with neurons that fire or stay silent.

The chapter's networks with their truth tables and diagrams; networks from formulas and formulas
from networks; four million instances at once.
"""

import time

import numpy as np
from _lesson import output

from rosenblatt import logic, plots
from rosenblatt.plots.figures import new_axes

print("1. The chapter's networks: a neuron fires when two of its connections are active")
networks = {
    "C = A": logic.identity(),
    "C = A and B": logic.and_(),
    "C = A or B": logic.or_(),
    "C = A and not B": logic.and_not(),
    "C = not B (A is always on)": logic.not_(),
    "C = A xor B": logic.xor(),
}
for name, network in networks.items():
    print(f"\n{name}\n{network.diagram()}\n{network.truth_table()}")
axes = new_axes(12, 6, 2, 3)
for ax, (name, network) in zip(axes.flat, networks.items(), strict=True):
    plots.logic_network(network, ax).set_title(name)
print("\nSaved", plots.save_figure(axes[0, 0], output("row01_networks.png")))

print("\n2. Any formula becomes such a network, and a network becomes a formula")
network = logic.from_formula("A and (B or not C)")
print("A=1, B=0, C=0:", network(A=1, B=0, C=0), " A=1, B=0, C=1:", network(A=1, B=0, C=1))
print(network.diagram())
print("It computes:", network.formula())
long = logic.from_formula("(a -> b) and (b -> c) and (c -> a)")
print("(a -> b) and (b -> c) and (c -> a) is the same as", long.formula())
print("Saved", plots.save_figure(plots.logic_network(long), output("row01_formula.png")))
print("Saved", plots.save_figure(plots.logic_network(network), output("row01_formula.svg")))

print("\n3. Four million instances at once")
rng = np.random.default_rng(42)
signals = {name: rng.random(4_000_000) < 0.5 for name in "ABC"}
start = time.perf_counter()
fired = network(signals)
print(f"{len(fired):,} rows in {1000 * (time.perf_counter() - start):.0f} ms")
print(f"The output fires in {fired.mean():.1%} of them; 3 of 8 rows of the table do: {3 / 8:.1%}")

print("\n4. A formula that does not parse")
try:
    logic.from_formula("A and (B or")
except ValueError as error:
    print(error)
