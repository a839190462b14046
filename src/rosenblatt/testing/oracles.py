"""What every oracle of a search keeps to."""

from __future__ import annotations

import functools
import json
import math
import pickle
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rosenblatt.testing.check import Check, checks, raises
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.objective import Objective
from rosenblatt.tuner.options import Space
from rosenblatt.tuner.oracle import Oracle
from rosenblatt.tuner.trials import Trial

FEW = 12  # trials
LOW = Objective("score", "min")


@dataclass
class Kind:
    """An oracle to check.

    Args:
        make: (objective, **space) → the oracle, without a limit of trials where it has one.
        exact: whether it proposes the same after an interruption as without.
    """

    make: Callable[..., Oracle]
    exact: bool = True


def oracle_checks(make: Callable[..., Oracle], *, exact: bool = True) -> list[Check]:
    """What every oracle keeps to.

    Args:
        make: (objective, **space) → a new oracle, without a limit of trials where it has one:
            the class, or a function.
        exact: whether it proposes the same after an interruption as without.

    Returns:
        Checks, as `layer_checks` gives them.
    """
    named = [
        _values_are_of_the_space, _the_seed_decides, _a_space_that_is_used_up,
        _a_space_of_fixed_values, _a_running_trial_is_given_again, _the_best_come_first,
        _failures, _too_many_failures, _what_trials_ask_for_is_searched, _a_search_resumes,
        _oracles_on_one_folder_are_one, _its_memory,
    ]  # fmt: skip
    return checks([_with_a_folder(check) for check in named], Kind(make, exact))


def _with_a_folder(check: Callable[[Kind, Path], None]) -> Callable[[Kind], None]:
    @functools.wraps(check)
    def run_it(kind: Kind) -> None:
        with tempfile.TemporaryDirectory() as folder:
            check(kind, Path(folder))

    return run_it


def _mixed() -> HyperParameters:
    """A space of all kinds."""
    hp = HyperParameters()
    hp.Int("units", 8, 64, step=8)
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Choice("kind", ["sgd", "adam"])
    with hp.conditional_scope("kind", "sgd"):
        hp.Boolean("nesterov")
    hp.Fixed("epochs", 3)
    return hp


def _few() -> HyperParameters:
    """Eight combinations: two times three, and two."""
    hp = HyperParameters()
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", "a"):
        hp.Int("n", 1, 3)
    hp.Boolean("flag")
    return hp


def _score(values: dict[str, Any]) -> float:
    """Something that depends on the values."""
    return abs(values["units"] - 30) + abs(math.log(values["rate"]) + 5)


def _one(values: dict[str, Any]) -> float:
    """The same of all values."""
    return 1.0


def _made(kind: Kind, hp: HyperParameters, **space: Any) -> Oracle:
    """An oracle that prints nothing."""
    options: Space = {"seed": 4, "hyperparameters": hp, **space}  # type: ignore[typeddict-item]
    oracle = kind.make(options.pop("objective", LOW), **options)  # type: ignore[typeddict-item]
    oracle.verbose = 0
    return oracle


def _ended(oracle: Oracle, trial: Trial, value: float | None = None, status: str = "") -> None:
    """Tell an oracle how a trial ended."""
    if value is not None:
        oracle.update_trial(trial.trial_id, {"score": value})
    trial.status = status or "COMPLETED"
    trial.message = None if value is not None else "it failed"
    oracle.end_trial(trial)


def _run(oracle: Oracle, result: Callable[[dict[str, Any]], float], most: int = FEW) -> list[Any]:
    """The values of trials, one after another, until there are none left."""
    found = []
    for _ in range(most):
        trial = oracle.create_trial("tuner0")
        if trial.status != "RUNNING":
            assert trial.status == "STOPPED"
            break
        found.append(dict(trial.hyperparameters.values))
        _ended(oracle, trial, result(trial.hyperparameters.values))
    return found


def _values_are_of_the_space(kind: Kind, folder: Path) -> None:
    """Every active hyperparameter has one of its values, no other has any."""
    hp = _mixed()
    for values in _run(_made(kind, hp), _score):
        expected = {one.name for one in hp.space if one.is_active(values)}
        assert {name for name in values if not name.startswith("tuner/")} == expected
        assert values["units"] in range(8, 65, 8) and 1e-4 <= values["rate"] <= 1e-1
        assert values["epochs"] == 3 and values.get("nesterov", True) in (True, False)


def _the_seed_decides(kind: Kind, folder: Path) -> None:
    """The same seed gives the same proposals."""
    assert _run(_made(kind, _mixed()), _score) == _run(_made(kind, _mixed()), _score)


def _a_space_that_is_used_up(kind: Kind, folder: Path) -> None:
    """Where all combinations were tried, the search is over; none runs twice."""
    oracle = _made(kind, _few())
    found = _run(oracle, _one, most=100)
    alike = [{n: v for n, v in values.items() if n not in oracle.ignored_values}
             for values in found]  # fmt: skip
    assert len({str(sorted(values.items())) for values in alike}) == len(found) < 100
    assert len({str(sorted((n, v) for n, v in values.items() if not n.startswith("tuner/")))
                for values in found}) == 8  # fmt: skip


def _a_space_of_fixed_values(kind: Kind, folder: Path) -> None:
    """There is one trial; none but a promoted one follows."""
    hp = HyperParameters()
    hp.Fixed("units", 3)
    found = _run(_made(kind, hp), _one)
    assert found[0]["units"] == 3
    assert len({values.get("tuner/trial_id") for values in found}) == len(found)


def _a_running_trial_is_given_again(kind: Kind, folder: Path) -> None:
    """A tuner that asks twice gets the same trial; another tuner gets another."""
    oracle = _made(kind, _mixed())
    trial = oracle.create_trial("a")
    assert oracle.create_trial("a") is trial
    other = oracle.create_trial("b")
    assert other.trial_id != trial.trial_id
    assert oracle.trials.all_running() == [trial, other]
    _ended(oracle, trial, 1.0)
    assert oracle.trials.all_running() == [other]


def _the_best_come_first(kind: Kind, folder: Path) -> None:
    """Whichever way is better."""
    for direction, best in (("min", min), ("max", max)):
        oracle = _made(kind, _mixed(), objective=Objective("score", direction))
        values = _run(oracle, _score)
        scores = [trial.score or 0.0 for trial in oracle.get_best_trials(FEW)]
        assert scores[0] == best(map(_score, values))
        assert scores == sorted(scores, reverse=direction == "max")


def _failures(kind: Kind, folder: Path) -> None:
    """A trial that failed runs again as often as it may; NaN is a failure."""
    oracle = _made(kind, _mixed(), max_retries_per_trial=1, max_consecutive_failed_trials=9)
    first = oracle.create_trial("a")
    values = dict(first.hyperparameters.values)
    _ended(oracle, first, status="INVALID")
    again = oracle.create_trial("a")
    assert again.trial_id == first.trial_id and again.hyperparameters.values == values
    _ended(oracle, again, math.nan)
    assert again.status == "FAILED" and again.score is None
    assert oracle.create_trial("a").trial_id != first.trial_id
    assert oracle.get_best_trials() == []


def _too_many_failures(kind: Kind, folder: Path) -> None:
    """So many in a row end the search."""
    oracle = _made(kind, _mixed(), max_consecutive_failed_trials=2)
    _ended(oracle, oracle.create_trial("a"), status="FAILED")
    with raises(RuntimeError, match=r"^2 trials in a row failed\..* because: it failed$"):
        _ended(oracle, oracle.create_trial("a"), status="FAILED")


def _what_trials_ask_for_is_searched(kind: Kind, folder: Path) -> None:
    """What the first trial asks for is varied from then on, unless it is not to be."""
    for kept in ({}, {"tune_new_entries": False}):
        oracle = _made(kind, _mixed(), **kept)
        trial = oracle.create_trial("a")
        trial.hyperparameters.Float("late", 0.0, 1.0, default=0.5)
        _ended(oracle, trial, 1.0)
        later = [values.get("late") for values in _run(oracle, _score, most=6)]
        assert len(set(later) - {None}) > 1 if not kept else set(later) == {None}
    oracle = _made(kind, _mixed(), allow_new_entries=False)
    trial = oracle.create_trial("a")
    trial.hyperparameters.Float("late", 0.0, 1.0)
    with raises(RuntimeError, match=r"not in the space.* Given: late\."):
        _ended(oracle, trial, 1.0)


def _a_search_resumes(kind: Kind, folder: Path) -> None:
    """Another oracle on the folder knows all trials, gives back what was cut off, and goes on."""
    whole = _run(_made(kind, _mixed()), _score)
    first = _made(kind, _mixed())
    first.set_project_dir(folder, "search")
    begun = _run(first, _score, most=FEW // 2)
    cut_off = first.create_trial("tuner0")
    first.release()
    second = _made(kind, _mixed(), seed=5)
    second.set_project_dir(folder, "search")
    second.reload()
    assert [t.hyperparameters.values for t in second.trials.values()][: len(begun)] == begun
    assert [t.score for t in second.trials.values()] == [t.score for t in first.trials.values()]
    assert second.create_trial("tuner0").trial_id == cut_off.trial_id
    found = [*begun, *_run(second, _score, most=FEW - len(begun))]
    second.release()
    assert len(found) == FEW and (found == whole or not kind.exact)


def _oracles_on_one_folder_are_one(kind: Kind, folder: Path) -> None:
    """Two that take turns begin no trial twice, and each knows what the other's came to."""
    pair = [_made(kind, _mixed()) for _ in range(2)]
    for oracle in pair:
        oracle.set_project_dir(folder, "search")
    for turn in range(4):
        trial = pair[turn % 2].create_trial(f"tuner{turn}")
        _ended(pair[turn % 2], trial, float(turn))
    for oracle in pair:
        with oracle.exclusive():
            assert [trial.score for trial in oracle.trials.values()] == [0.0, 1.0, 2.0, 3.0]
        oracle.release()


def _its_memory(kind: Kind, folder: Path) -> None:
    """What it remembers is plain data; a copy in another process has the trials."""
    oracle = _made(kind, _mixed())
    _run(oracle, _score, most=4)
    assert json.loads(json.dumps(oracle.get_state())) == oracle.get_state()
    try:
        copied = pickle.loads(pickle.dumps(oracle))
    except TypeError:
        return  # its algorithm cannot be copied
    assert [t.score for t in copied.trials.values()] == [t.score for t in oracle.trials.values()]
    assert copied.trials.ended is copied.end_order
