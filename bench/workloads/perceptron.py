"""Perceptron on a million rows against scikit-learn's, two classes and ten."""

from __future__ import annotations

from bench.harness import Comparison, Context, Result, in_turns, run
from bench.peers import OURS, Peer

_ROWS, _EPOCHS = 1_000_000, 10
_PEER = Peer("scikit-learn", "sklearn.linear_model")
_MODULES = {OURS: "rosenblatt.sklearn", _PEER: "sklearn.linear_model"}
_TARGETS = {2: 1.0, 10: 2.0}


def measure(context: Context, rows: int = _ROWS) -> Result:
    """Fresh processes in turns; each times its own `fit`."""
    cache = context.empty_cache()
    comparisons = []
    for classes, target in _TARGETS.items():
        coefs = {}

        def fit(peer: Peer, classes: int = classes, coefs: dict[Peer, float] = coefs) -> float:
            module = _MODULES[peer]
            arguments = [module, str(classes), str(rows), str(_EPOCHS)]
            _, printed = run(["-m", "bench.children.perceptron", *arguments], peer, cache)
            seconds, coefs[peer] = map(float, printed.split())
            return seconds

        times = in_turns(
            {peer: lambda peer=peer: fit(peer) for peer in _MODULES}, context.rounds_or(5)
        )
        if abs(coefs[OURS] - coefs[_PEER]) > 1e-9 * coefs[_PEER]:
            raise RuntimeError(f"other coefficients than scikit-learn's: {coefs}")
        measure = f"{rows:,} × 20 rows, {classes} classes, {_EPOCHS} epochs"
        comparisons.append(Comparison(measure, _PEER.title, times[OURS], times[_PEER], target))
    notes = [
        "`Perceptron().fit`, the same coefficients; about one row in ten is a mistake.",
        "Seconds of `fit` in fresh processes, in turns, our compiling included.",
    ]
    return Result("Perceptron", notes, comparisons)
