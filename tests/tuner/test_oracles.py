"""Oracles against Keras Tuner's, proposal by proposal, and by count."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rosenblatt import tuner as rt

pytestmark = pytest.mark.filterwarnings("ignore:currentThread:DeprecationWarning",
                                        "ignore:getName:DeprecationWarning")  # fmt: skip


def space(hp: Any) -> Any:
    """A space of all kinds."""
    hp.Int("units", 8, 64, step=8)
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    kind = hp.Choice("kind", ["sgd", "adam"])
    with hp.conditional_scope("kind", "sgd"):
        hp.Boolean("nesterov")
    hp.Fixed("epochs", 3)
    return hp, kind


def small(hp: Any) -> Any:
    """18 combinations where `kind` is "a"; 6 more where it is "b"."""
    kind = hp.Choice("kind", ["a", "b"], default="b")
    with hp.conditional_scope("kind", "a"):
        hp.Int("n", 1, 3)
        hp.Choice("m", [0.1, 0.2, 0.3], default=0.2)
        hp.Boolean("flag")
    with hp.conditional_scope("kind", "b"):
        hp.Int("k", 1, 6, sampling="log", step=2)
        hp.Boolean("other", default=True)
    return hp, kind


def run(oracle: Any, score: Any, most: int = 200, project: Any = None) -> list[dict[str, Any]]:
    """The values that an oracle proposes, one trial after another."""
    oracle.verbose = 0
    if project is not None:  # Keras Tuner's oracles write files
        oracle._set_project_dir(project, "search")
    found = []
    for _ in range(most):
        trial = oracle.create_trial("tuner0")
        if trial.status != "RUNNING":
            assert trial.status == "STOPPED"
            break
        found.append(dict(trial.hyperparameters.values))
        oracle.update_trial(trial.trial_id, {"loss": score(trial.hyperparameters.values)})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    return found


def score(values: dict[str, Any]) -> float:
    """Something that depends on most values."""
    return abs(values["units"] - 30) + abs(math.log(values["rate"]) + 5) + len(values["kind"])


def in_order(found: list[dict[str, Any]]) -> list[list[Any]]:
    """Values of trials by name."""
    return [sorted(values.items()) for values in found]


@pytest.mark.parametrize("seed", [1, 42])
def test_random_search_proposes_what_keras_tuner_does(seed: int, kt: Any, tmp_path: Any) -> None:
    ours = rt.RandomSearchOracle("loss", 12, seed, space(rt.HyperParameters())[0])
    theirs = kt.oracles.RandomSearchOracle("loss", 12, seed, space(kt.HyperParameters())[0])
    found = run(ours, score)
    assert len(found) == 12
    assert in_order(found) == in_order(run(theirs, score, project=tmp_path))


def test_grid_proposes_what_keras_tuner_does(kt: Any, tmp_path: Any) -> None:
    ours = rt.GridSearchOracle("loss", hyperparameters=small(rt.HyperParameters())[0])
    theirs = kt.oracles.GridSearchOracle("loss", hyperparameters=small(kt.HyperParameters())[0])
    found = run(ours, lambda values: 1.0)
    assert len(found) == 18 + 6 == len({str(sorted(values.items())) for values in found})
    expected = run(theirs, lambda values: 1.0, project=tmp_path)
    assert in_order(found) == in_order(expected)


@pytest.mark.parametrize(
    ("epochs", "factor", "iterations"), [(9, 3, 1), (10, 3, 2), (20, 2, 1), (30, 4, 1), (1, 3, 1)]
)
def test_hyperband_proposes_what_keras_tuner_does(
    epochs: int, factor: int, iterations: int, kt: Any, tmp_path: Any
) -> None:
    arguments = {"max_epochs": epochs, "factor": factor, "hyperband_iterations": iterations}
    ours = rt.HyperbandOracle(
        "loss", **arguments, seed=5, hyperparameters=space(rt.HyperParameters())[0]
    )
    theirs = kt.oracles.HyperbandOracle(
        "loss", **arguments, seed=5, hyperparameters=space(kt.HyperParameters())[0]
    )
    found = run(ours, score, most=500)
    expected = run(theirs, score, most=500, project=tmp_path)
    # By the formula: rounds of a bracket, brackets of an iteration.
    count = sum(ours.size_of(s, r) for s in range(ours.number_of_brackets()) for r in range(s + 1))
    assert len(found) == iterations * count
    assert in_order(found) == in_order(expected)
