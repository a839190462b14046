"""Perceptron on a million rows against scikit-learn's, two classes and ten."""

from __future__ import annotations

from pathlib import Path

from bench.harness import Comparison, Context, Result, Seconds, in_turns, run
from bench.peers import OURS, Peer

ROWS, EPOCHS = 1_000_000, 10
SKLEARN = Peer("scikit-learn", "sklearn.linear_model")
MODULES = {OURS: "rosenblatt.sklearn", SKLEARN: "sklearn.linear_model"}
_TARGETS = {2: 1.0, 10: 2.0}


def measure(context: Context, rows: int = ROWS) -> Result:
    """Fresh processes in turns; each times its own `fit`."""
    cache = context.empty_cache()
    comparisons = []
    for classes, target in _TARGETS.items():
        coefs = {}

        def fit(peer: Peer, classes: int = classes, coefs: dict[Peer, float] = coefs) -> float:
            seconds, coefs[peer] = fit_once(peer, MODULES[peer], classes, rows, cache)
            return seconds

        times = in_turns(
            {peer: lambda peer=peer: fit(peer) for peer in MODULES}, context.rounds_or(5)
        )
        if abs(coefs[OURS] - coefs[SKLEARN]) > 1e-9 * coefs[SKLEARN]:
            raise RuntimeError(f"other coefficients than scikit-learn's: {coefs}")
        measure = f"{rows:,} × 20 rows, {classes} classes, {EPOCHS} epochs"
        comparisons.append(Comparison(measure, SKLEARN.title, times[OURS], times[SKLEARN], target))
    notes = [
        "`Perceptron().fit`, the same coefficients; about one row in ten is a mistake.",
        "Seconds of `fit` in fresh processes, in turns, our compiling included.",
    ]
    return Result("Perceptron", notes, comparisons)


def fit_once(
    peer: Peer, module: str, classes: int, rows: int, cache: Path
) -> tuple[Seconds, float]:
    """Seconds of `fit` in a process of its own, and the sum of the absolute coefficients."""
    arguments = [module, str(classes), str(rows), str(EPOCHS)]
    _, printed = run(["-m", "bench.children.perceptron", *arguments], peer, cache)
    wall, cpu, coefs = map(float, printed.split())
    return Seconds(wall, cpu), coefs
