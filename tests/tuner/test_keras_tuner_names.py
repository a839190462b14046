"""Every public name of Keras Tuner: it is here, under the same module, or has a reason."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rosenblatt import tuner as kt_here

DIFFERENCES = Path(__file__).parents[2] / "docs" / "differences.md"
# What is left out, and the words by which docs/differences.md tells why.
ABSENT = {"applications": "they belong to TensorFlow, or to images"}
# Methods that are for messages between Keras Tuner's own processes.
ABSENT_METHODS = dict.fromkeys(("to_proto", "from_proto"), "no messages between processes")


def public_modules(package: ModuleType) -> list[ModuleType]:
    """The package, and the modules in it that users may import."""
    found = [package]
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        parts = info.name.split(".")
        if "src" not in parts and not parts[-1].startswith("_"):
            found.append(importlib.import_module(info.name))
    return found


def public_names(module: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if not name.startswith("_")
            and name != "src"}  # fmt: skip


def test_every_module_and_name(kt: Any) -> None:
    modules = public_modules(kt)
    assert len(modules) >= 12
    missing = []
    for module in modules:
        place = module.__name__.removeprefix("keras_tuner").lstrip(".")
        if place in ABSENT:
            continue
        try:
            ours = importlib.import_module(f"rosenblatt.tuner.{place}".rstrip("."))
        except ModuleNotFoundError:
            missing.append(f"module {place}")
            continue
        for name, value in public_names(module).items():
            if not place and name in ABSENT:
                continue
            if isinstance(value, ModuleType) and not value.__name__.startswith("keras_tuner"):
                continue
            here = getattr(ours, name, None)
            if here is None or inspect.isclass(value) != inspect.isclass(here):
                missing.append(f"{place}.{name}")
            elif name not in getattr(ours, "__all__", [name]):
                missing.append(f"{place}.{name} is not in __all__")
    assert not missing


def test_what_is_absent_has_a_reason_in_the_documents() -> None:
    text = " ".join(DIFFERENCES.read_text().lower().split())
    for name, reason in {**ABSENT, **ABSENT_METHODS}.items():
        assert name in text
        assert reason.lower() in text


CLASSES = ["Tuner", "RandomSearch", "GridSearch", "Hyperband", "BayesianOptimization",
           "SklearnTuner", "Oracle", "HyperParameters", "HyperModel", "Objective"]  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_every_method_and_argument(name: str, kt: Any) -> None:
    theirs, ours = getattr(kt, name), getattr(kt_here, name)
    missing = []
    for method, value in inspect.getmembers(theirs):
        if method.startswith("_") and method != "__init__":
            continue
        if method in ABSENT_METHODS:
            continue
        if not hasattr(ours, method):
            missing.append(method)
        elif inspect.isfunction(value):
            wanted = parameters(value)
            found = inspect.signature(getattr(ours, method)).parameters
            anything = any(p.kind is p.VAR_KEYWORD for p in found.values())
            missing += [f"{method}({n})" for n in wanted if n not in found and not anything]
    assert not missing


def parameters(function: Any) -> list[str]:
    found = inspect.signature(function).parameters.values()
    return [p.name for p in found if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]


@pytest.mark.parametrize("metric", ["loss", "val_mse", "acc", "auc", "val_precision", "own"])
def test_directions(metric: str, kt: Any) -> None:
    theirs = kt.engine.metrics_tracking.infer_metric_direction(metric)
    assert kt_here.engine.metrics_tracking.infer_metric_direction(metric) == theirs


def test_configs_go_forth_and_back(kt: Any) -> None:
    here = kt_here.engine.hyperparameters
    for one in (
        here.Boolean("a"),
        here.Choice("a", [1, 2]),
        here.Fixed("a", 3),
        here.Float("a", 0, 1),
        here.Int("a", 1, 8, step=2),
    ):
        config = here.serialize(one)
        assert here.deserialize(config).get_config() == one.get_config()
        assert config["class_name"] == type(one).__name__
    space = kt_here.HyperParameters()
    space.Int("a", 1, 8)
    assert here.deserialize(here.serialize(space)).get_config() == space.get_config()
    with pytest.raises(ValueError, match=r"deserialize: no config of a hyperparameter\. Given: "):
        here.deserialize({"class_name": "Bool", "config": {}})
