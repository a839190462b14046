"""MLP estimators against scikit-learn's, and a grid search against SciKeras on TensorFlow."""

from __future__ import annotations

from pathlib import Path

from bench import data
from bench.harness import Comparison, Context, Result, Seconds, in_turns, run
from bench.peers import KERAS_TENSORFLOW, OURS, Peer

SKLEARN = Peer("scikit-learn", "sklearn.neural_network")
_SCIKERAS = Peer("SciKeras on TensorFlow", "scikeras.wrappers", KERAS_TENSORFLOW.environment)
TARGETS = {"housing": 3.0, "digits": 1.0, "fashion": 1.5}
TITLES = {
    "housing": "MLPRegressor, housing, 200 epochs",
    "digits": "MLPClassifier, digits, 200 epochs",
    "fashion": "MLPClassifier, Fashion MNIST, 8 epochs",
}
_WARM = Peer("rosenblatt, programs on disk", "rosenblatt.sklearn")
_SAME = 0.03  # validation scores farther apart than this are of different trainings


def measure(context: Context) -> Result:
    """Fresh processes in turns; each times its own `fit`, compiling included."""
    folder = str(context.folder)
    data.housing(context.folder)
    data.fashion(context.folder)
    comparisons = []
    for name, target in TARGETS.items():
        for dtype in ("float32", "float64"):
            ours, theirs = (
                command(module, name, folder, dtype)
                for module in ("rosenblatt.sklearn", SKLEARN.library)
            )
            title = f"{TITLES[name]}, {dtype}"
            comparisons += _compared(context, ours, SKLEARN, theirs, title, target, rounds=3)
    child = ["bench.children.grid_search"]
    ours = [*child, "rosenblatt", "rosenblatt.sklearn", folder]
    theirs = [*child, "keras", _SCIKERAS.library, folder]
    title = "GridSearchCV, 24 candidates × 3 folds, 5 epochs of 2,000 rows"
    comparisons += _compared(context, ours, _SCIKERAS, theirs, title, 5.0, rounds=1)
    notes = [
        "Seconds of `fit` in fresh processes, in turns, our compiling included: cold with an empty "
        "cache folder, warm with the programs of an earlier process on disk. Equal settings, "
        "initial weights and order of the rows; validation accuracies, or mean absolute errors, "
        f"are within {_SAME}, or the benchmark fails. float64 is what data sets, frames and "
        "`x / 255` give; scikit-learn then trains in float64, we in float32 whatever comes.",
    ]
    return Result("Estimators", notes, comparisons)


def _compared(
    context: Context, ours: list[str], peer: Peer, theirs: list[str], title: str, target: float,
    rounds: int,
) -> list[Comparison]:  # fmt: skip
    scores: dict[str, float] = {}
    kept = context.empty_cache()

    def fit(command: list[str], who: Peer, warm: bool = False) -> float:
        cache = kept if warm else context.empty_cache()
        seconds, scores[who.title], _ = fit_once(command, who, cache)
        return seconds

    fit(ours, _WARM, warm=True)
    actions = {
        OURS: lambda: fit(ours, OURS),
        _WARM: lambda: fit(ours, _WARM, warm=True),
        peer: lambda: fit(theirs, peer),
    }
    times = in_turns(actions, context.rounds_or(rounds))
    if max(scores.values()) - min(scores.values()) > _SAME:
        raise RuntimeError(f"{title}: other scores: {scores}")
    return [
        Comparison(f"{title}: {how}", peer.title, times[who], times[peer], target)
        for how, who in (("cold", OURS), ("warm", _WARM))
    ]


def command(module: str, name: str, folder: str, dtype: str) -> list[str]:
    """What trains a module's estimator on a data set, as a process of its own."""
    return ["bench.children.estimator", module, name, folder, dtype]


def fit_once(command: list[str], peer: Peer, cache: Path) -> tuple[Seconds, float, Seconds]:
    """Seconds of `fit` in a process of its own, its score, and seconds of the whole process."""
    whole, printed = run(["-m", *command], peer, cache)
    wall, cpu, score = map(float, printed.split()[-3:])
    return Seconds(wall, cpu), score, whole
