"""Every kind of oracle through the checks of `rosenblatt.testing`; a user's is one more row."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from rosenblatt import tuner as rt
from rosenblatt.testing import oracle_checks
from rosenblatt.testing.check import Check
from rosenblatt.tuner.options import Space


class Mine(rt.Oracle):
    """As a user writes one."""

    def populate_space(self, trial_id: str) -> Any:
        """Values for a trial."""
        return self.proposal(self.random_values())


ROWS: dict[str, list[Check]] = {
    "random": oracle_checks(lambda *a, **k: rt.RandomSearchOracle(*a, max_trials=None, **k)),
    "grid": oracle_checks(rt.GridSearchOracle),
    "hyperband": oracle_checks(
        lambda *a, **k: rt.HyperbandOracle(*a, max_epochs=16, factor=2, **k)
    ),
    "bayes": oracle_checks(lambda *a, **k: rt.BayesianOptimizationOracle(*a, max_trials=None, **k)),
    "a user's": oracle_checks(Mine),
}
OPTUNAS = oracle_checks(lambda *a, **k: rt.OptunaOracle(*a, max_trials=None, **k), exact=False)


@pytest.mark.parametrize(
    "check", [pytest.param(one, id=f"{kind}: {one}") for kind, row in ROWS.items() for one in row]
)
def test_an_oracle_keeps_its_promises(check: Check) -> None:
    check()


@pytest.mark.parametrize("check", OPTUNAS, ids=str)
def test_optunas_oracle_keeps_them(check: Check) -> None:
    pytest.importorskip("optuna")
    check()


ORACLES = ["RandomSearchOracle", "GridSearchOracle", "HyperbandOracle",
           "BayesianOptimizationOracle"]  # fmt: skip
SEARCHES = ["RandomSearch", "GridSearch", "Hyperband", "BayesianOptimization"]


@pytest.mark.parametrize("name", [*ORACLES, *SEARCHES, "Oracle"])
def test_signatures_are_keras_tuners(name: str, kt: Any) -> None:
    """Names, order and defaults, as `inspect` and editors show them."""
    theirs = getattr(kt.oracles if name in ORACLES else kt, name)
    expected = inspect.signature(theirs).parameters.values()
    found = inspect.signature(getattr(rt, name)).parameters.values()
    assert [(p.name, p.default, p.kind) for p in found if p.name != "options"] == [
        (p.name, p.default, p.kind) for p in expected if p.name != "kwargs"
    ]


@pytest.mark.parametrize("name", ORACLES)
def test_common_arguments_come_by_position_or_name(name: str) -> None:
    kind = getattr(rt, name)
    names = list(inspect.signature(kind).parameters)
    assert tuple(names[-len(Space.__annotations__) :]) == tuple(Space.__annotations__)
    own = [None] * (len(names) - 6)
    own[0] = "loss"
    defaults = [p.default for p in inspect.signature(kind).parameters.values()]
    given = [*defaults[: len(own)], 3, rt.HyperParameters(), False, False, 2, 4]
    given[0] = "loss"
    oracle = kind(*given)
    assert (oracle.seed, oracle.allow_new_entries, oracle.max_retries_per_trial) == (3, False, 2)
    with pytest.raises(TypeError, match="multiple values for argument 'seed'"):
        kind(*given, seed=3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'sead'"):
        kind("loss", sead=3)


def test_searches_divide_what_they_are_given(tmp_path: Path) -> None:
    tuner = rt.RandomSearch(
        lambda hp: None, "loss", 7, 5, tune_new_entries=True, directory=tmp_path, keep_best=3
    )
    assert (tuner.oracle.max_trials, tuner.oracle.seed, tuner.keep_best) == (7, 5, 3)
    with pytest.raises(ValueError, match=r"unknown argument 'workres'.*did you mean 'workers'"):
        rt.RandomSearch(lambda hp: None, "loss", workres=2, directory=tmp_path)
