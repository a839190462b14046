"""What users see of Keras Tuner's classes: attributes, arguments, texts, refusals."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rosenblatt import tuner as here

# Public attributes that are left out; docs/differences.md says why.
ABSENT = {"to_proto", "from_proto", "multi_worker", "should_report", "gpr"}
# Modules that Keras Tuner had under these names up to 1.3, and has under `src` now.
EARLIER = {
    "engine.conditions": ["Parent"],
    "engine.objective": ["DefaultObjective", "MultiObjective", "Objective", "create_objective"],
    "engine.stateful": ["Stateful"],
    "engine.tuner_utils": [
        "TunerCallback", "SaveBestEpoch", "average_metrics_dicts", "convert_to_metrics_dict",
        "validate_trial_results", "get_best_step",
    ],
    "tuners.bayesian": ["BayesianOptimization", "BayesianOptimizationOracle"],
    "tuners.gridsearch": ["GridSearch", "GridSearchOracle"],
    "tuners.hyperband": ["Hyperband", "HyperbandOracle"],
    "tuners.randomsearch": ["RandomSearch", "RandomSearchOracle"],
    "tuners.sklearn_tuner": ["SklearnTuner"],
}  # fmt: skip
SEARCHES = ["RandomSearch", "GridSearch", "Hyperband", "BayesianOptimization"]


def space_only(hp: Any) -> None:
    hp.Int("units", 1, 3)


def instances(package: Any, folder: Path) -> dict[str, Any]:
    """An object of each public class."""
    oracles, kinds = package.oracles, package.engine.hyperparameters
    first = oracles.RandomSearchOracle("val_loss")
    trial = package.engine.trial.Trial(package.HyperParameters())
    trial.metrics.register("x")
    trial.metrics.update("x", 1.0)
    made = {
        "HyperParameters": package.HyperParameters(),
        "HyperModel": package.HyperModel(),
        "Objective": package.Objective("a", "min"),
        "Oracle": package.Oracle(),
        "RandomSearchOracle": first,
        "GridSearchOracle": oracles.GridSearchOracle("val_loss"),
        "HyperbandOracle": oracles.HyperbandOracle("val_loss"),
        "BayesianOptimizationOracle": oracles.BayesianOptimizationOracle("val_loss"),
        "Tuner": package.Tuner(first, space_only, directory=folder, project_name="a"),
        "BaseTuner": package.engine.base_tuner.BaseTuner(
            oracles.RandomSearchOracle("val_loss"), space_only, directory=folder, project_name="b"
        ),
        "SklearnTuner": package.SklearnTuner(
            oracles.RandomSearchOracle("val_loss"), space_only, directory=folder, project_name="c"
        ),
        "Trial": trial,
        "TrialStatus": package.engine.trial.TrialStatus(),
        "MetricsTracker": trial.metrics,
        "MetricHistory": trial.metrics.metrics["x"],
        "MetricObservation": trial.metrics.get_history("x")[0],
        "Int": kinds.Int("a", 1, 2),
        "Float": kinds.Float("a", 1, 2),
        "Boolean": kinds.Boolean("a"),
        "Choice": kinds.Choice("a", [1, 2]),
        "Fixed": kinds.Fixed("a", 1),
    }
    for name in SEARCHES:
        search = getattr(package, name)
        made[name] = search(space_only, "val_loss", directory=folder, project_name=name)
    for name in ("FailedTrialError", "FatalError", "FatalValueError", "FatalTypeError"):
        made[name] = getattr(package.errors, name)("text")
    return made


def public(thing: Any) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_") and name not in ABSENT]


def arguments(function: Any) -> list[str]:
    found = inspect.signature(function).parameters.values()
    return [p.name for p in found if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]


def test_attributes_methods_arguments_and_defaults(kt: Any, tmp_path: Path) -> None:
    theirs, ours = instances(kt, tmp_path / "kt"), instances(here, tmp_path / "here")
    seen, missing = 0, []
    for name, one in theirs.items():
        for attribute in public(one):
            seen += 1
            if not hasattr(ours[name], attribute):
                missing.append(f"{name}.{attribute}")
                continue
            method, found = getattr(one, attribute), getattr(ours[name], attribute)
            if not inspect.ismethod(method):
                continue
            given = inspect.signature(found).parameters
            for argument in arguments(method):
                default = inspect.signature(method).parameters[argument].default
                if argument not in given or given[argument].default != default:
                    missing.append(f"{name}.{attribute}({argument}={default})")
    assert seen >= 300
    assert missing == []


@pytest.mark.parametrize("place", EARLIER)
def test_modules_that_earlier_versions_had(place: str) -> None:
    module = importlib.import_module(f"rosenblatt.tuner.{place}")
    assert sorted(module.__all__) == sorted(EARLIER[place])
    real = importlib.import_module(f"keras_tuner.src.{place}")
    for name in EARLIER[place]:
        assert inspect.isclass(getattr(module, name)) == inspect.isclass(getattr(real, name))


@pytest.mark.parametrize("name", [*SEARCHES, "Tuner", "SklearnTuner", "BaseTuner"])
def test_an_unknown_argument(name: str, kt: Any, tmp_path: Path) -> None:
    for package in (kt, here):
        found = getattr(package, name, None) or package.engine.base_tuner.BaseTuner
        first: list[Any] = [package.oracles.RandomSearchOracle("loss"), space_only]
        first = [space_only, "loss"] if name in SEARCHES else first
        with pytest.raises(ValueError, match="overwirte"):
            found(*first, directory=tmp_path, overwirte=True)


def test_a_logger_is_ignored_with_a_warning(tmp_path: Path) -> None:
    with pytest.warns(DeprecationWarning, match="`logger` has no effect"):
        tuner = here.RandomSearch(space_only, "loss", directory=tmp_path, logger="any", seed=4)
    assert (tuner.logger, tuner.distribution_strategy, tuner.seed) == ("any", None, 4)


KINDS: dict[str, Callable[[Any], Any]] = {
    "int": lambda k: k.Int("a", 1, 8),
    "int without sampling": lambda k: k.Int("a", 1, 80, sampling=None),
    "int all None": lambda k: k.Int("a", 1, 8, step=None, sampling=None, default=None),
    "int by steps": lambda k: k.Int("a", 1, 8, step=2, default=3),
    "int upper case": lambda k: k.Int("a", 1, 64, step=2, sampling="LOG"),
    "int reversed": lambda k: k.Int("a", 1, 8, sampling="reverse_log"),
    "float": lambda k: k.Float("a", 0.5, 8),
    "float without sampling": lambda k: k.Float("a", 0.5, 8, sampling=None, default=None),
    "float with default": lambda k: k.Float("a", 0.5, 8, default=1.0),
    "float log": lambda k: k.Float("a", 1e-3, 1, step=10.0, sampling="log"),
    "choice": lambda k: k.Choice("a", ["a", "b"], default=None),
    "choice of a range": lambda k: k.Choice("a", range(3)),
    "choice with default": lambda k: k.Choice("a", [1, 2, 3], default=2.0),
    "choice unordered": lambda k: k.Choice("a", [1.0, 2.0], ordered=False),
    "boolean": lambda k: k.Boolean("a"),
    "boolean as a number": lambda k: k.Boolean("a", default=1),
    "fixed": lambda k: k.Fixed("a", "z"),
}


@pytest.mark.parametrize("case", KINDS)
def test_values_and_configs_of_each_kind(case: str, kt: Any) -> None:
    theirs = KINDS[case](kt.engine.hyperparameters)
    ours = KINDS[case](here.engine.hyperparameters)
    config = dict(theirs.get_config())
    if "values" in config:
        config["values"] = list(config["values"])
    assert ours.get_config() == config
    assert ours.default == theirs.default
    values, expected = sorted(ours.values), sorted(theirs.values)
    assert values == expected or np.allclose(values, expected, rtol=1e-12)
    for prob in (0.0, 0.1, 0.35, 0.5, 0.74, 0.99):
        assert ours.prob_to_value(prob) == theirs.prob_to_value(prob)
    assert ours.random_sample(3) == theirs.random_sample(3)
    if case != "boolean as a number":  # which is False or True here
        assert repr(ours).replace("'", "") == repr(theirs).replace("'", "").replace('"', "")


WRONG = [None, True, 1.5, -1, "x", [], [1], {}, float("nan"), b"x", {1, 2}]
VALUES = [[1, "a"], [None], ["a", None], [(1,)], 5, {"a": 1}]
ARGUMENTS = {
    "Int": (("min_value", "max_value", "step"), {"min_value": 1, "max_value": 8}),
    "Float": (("min_value", "max_value", "step"), {"min_value": 1.0, "max_value": 8.0}),
    "Choice": (("values", "default"), {"values": [1, 2, 3]}),
    "Boolean": (("default",), {}),
    "Fixed": (("value",), {"value": 1}),
}


def raised(call: Callable[[], Any]) -> type[BaseException] | None:
    try:
        call()
    except Exception as error:
        return type(error)
    return None


@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_keras_tuner_refuses_is_refused_with_its_type(name: str, kt: Any) -> None:
    """Of the two that mean a bad argument: code catches one or the other."""
    places, given = ARGUMENTS[name]
    for place in places:
        for value in WRONG + (VALUES if place == "values" else []):
            call = {"name": "a", **given, place: value}
            theirs = raised(lambda call=call: getattr(kt.engine.hyperparameters, name)(**call))
            ours = raised(lambda call=call: getattr(here.engine.hyperparameters, name)(**call))
            if theirs in (ValueError, TypeError):
                assert ours is not None, (place, value)
                assert issubclass(ours, theirs), (place, value)


def quadratic(package: Any, folder: Path, result: Callable[[Any, Any], Any], **options: Any) -> Any:
    class Search(package.RandomSearch):
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
            trial.hyperparameters.Float("x", -1, 1)
            return result(self, trial)

    return Search(max_trials=2, directory=folder, overwrite=True, seed=3, **options)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("result", "objective"),
    [
        (lambda tuner, trial: None, None),
        (lambda tuner, trial: "text", None),
        (lambda tuner, trial: {"a": 1.0}, None),
        (lambda tuner, trial: {"b": 1.0}, "loss"),
        (lambda tuner, trial: {"default_objective": 1.0}, None),
        (lambda tuner, trial: [1.0, 2.0], None),
        (lambda tuner, trial: [{"loss": 1.0}, {"loss": 3.0}], "loss"),
        (lambda tuner, trial: True, None),
        (lambda tuner, trial: np.float32(3), None),
        (lambda tuner, trial: tuner.oracle.update_trial(trial.trial_id, {"loss": 1}), "loss"),
    ],
)
def test_what_a_trial_returns(result: Any, objective: Any, kt: Any, tmp_path: Path) -> None:
    found = []
    for package in (kt, here):
        tuner = quadratic(package, tmp_path / package.__name__, result, objective=objective)
        error = raised(tuner.search)
        bases = [base for base in (TypeError, ValueError) if error and issubclass(error, base)]
        trials = tuner.oracle.trials.values()
        found.append((bases, [(one.status, one.score, one.best_step) for one in trials]))
    assert found[1] == found[0]


def test_a_trial_that_tells_the_oracle_itself(tmp_path: Path) -> None:
    """What it told counts, and not what it returns too."""

    def tell(tuner: Any, trial: Any) -> Any:
        tuner.oracle.update_trial(trial.trial_id, {"loss": 1.0})
        return {"loss": 5.0}

    tuner = quadratic(here, tmp_path, tell, objective="loss", workers=1)
    with pytest.warns(DeprecationWarning, match="let it return them instead"):
        tuner.search(verbose=0)
    assert tuner.oracle.get_best_trials()[0].score == 1.0
    silent = quadratic(here, tmp_path, lambda tuner, trial: None)
    with pytest.raises(TypeError, match=r"The return value of Search\.run_trial\(\) is None"):
        silent.search(verbose=0)


def test_a_trial_in_a_file(tmp_path: Path) -> None:
    trial = here.engine.trial.Trial(here.HyperParameters(), "7")
    trial.metrics.update("loss", 0.5)
    trial.score = 0.5
    trial.save(tmp_path / "trial.json")
    again = here.engine.trial.Trial.load(tmp_path / "trial.json")
    assert again.get_state() == trial.get_state()
    with pytest.raises(NotImplementedError):
        here.engine.stateful.Stateful().get_state()


def test_the_helpers_of_trials(kt: Any) -> None:
    theirs = importlib.import_module("keras_tuner.src.engine.tuner_utils")
    ours = here.engine.tuner_utils
    goal = here.Objective("loss", "min")
    dicts = [{"loss": 1.0, "auc": 0.5}, {"loss": 3.0}]
    assert ours.average_metrics_dicts(dicts) == dict(theirs.average_metrics_dicts(dicts))
    assert ours.convert_to_metrics_dict([1.0, 3.0], goal) == {"loss": 2.0}
    assert ours.get_best_step(2.0, goal) == 0
    ours.validate_trial_results(2.0, goal, "fit()")
    with pytest.raises(TypeError, match=r"The return value of fit\(\) is None"):
        ours.validate_trial_results(None, goal, "fit()")


def test_the_weights_of_the_best_epoch(tmp_path: Path) -> None:
    import rosenblatt as rb

    model = rb.Sequential([rb.Input((1,)), rb.layers.Dense(1)])
    path = tmp_path / "best.weights.h5"
    callback = here.engine.tuner_utils.SaveBestEpoch(here.Objective("auc", "max"), path)
    callback.set_model(model)
    callback.on_epoch_end(0, {"auc": 0.5})
    best = model.get_weights()
    model.set_weights([weight + 1 for weight in best])
    callback.on_epoch_end(1, {"auc": 0.25})
    model.load_weights(path)
    np.testing.assert_array_equal(model.get_weights()[0], best[0])
    assert callback.best_value == 0.5


def test_what_oracles_say_of_themselves(tmp_path: Path) -> None:
    oracle = here.oracles.RandomSearchOracle(max_trials=1)
    assert (oracle.directory, oracle.project_name, oracle.tuner_ids) == (None, None, set())
    tuner = here.Tuner(oracle, space_only, directory=tmp_path, project_name="search")
    assert (oracle.directory, oracle.project_name) == (tmp_path, "search")
    assert Path(tuner.project_dir).is_dir()
    oracle.verbose = 0
    trial = oracle.create_trial("one")
    assert oracle.create_trial("two").status == "STOPPED"
    assert (oracle.tuner_ids, oracle.ongoing_trials) == ({"one"}, {"one": trial})
