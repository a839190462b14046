"""Where random numbers come from: generators of the library's own, never the user's global ones."""

from __future__ import annotations

import ast
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

import rosenblatt as rb
from rosenblatt.core.random import draw_seed, seeded
from rosenblatt.sklearn import (
    KerasClassifier,
    KerasRegressor,
    MLPClassifier,
    MLPRegressor,
    Perceptron,
)

pytestmark = pytest.mark.filterwarnings(
    f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning"
)

SOURCE = Path(rb.__file__).parent
RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3)).astype("float32")
NUMBERS = (X[:, 0] + 0.5 * X[:, 1]).astype("float32")
CLASSES = np.where(X[:, 0] > 0, "up", "down")


def build(meta: dict[str, Any]) -> Any:
    """With dropout, so that the program draws numbers too."""
    output = rb.layers.Dense(1, activation="sigmoid" if "n_classes_" in meta else None)
    hidden = [rb.layers.Dense(8, activation="relu"), rb.layers.Dropout(0.1)]
    return rb.Sequential([rb.Input((3,)), *hidden, output])


MLP = {"hidden_layer_sizes": (8,), "max_iter": 3, "dropout": 0.1, "early_stopping": True}
KERAS = {"model": build, "epochs": 3, "verbose": 0, "optimizer": "adam"}
BINARY = "binary_crossentropy"
ESTIMATORS: dict[str, Callable[[Any], Any]] = {
    "MLPClassifier": lambda seed: MLPClassifier(**MLP, random_state=seed).fit(X, CLASSES),
    "MLPRegressor": lambda seed: MLPRegressor(**MLP, random_state=seed).fit(X, NUMBERS),
    "lbfgs": lambda seed: MLPRegressor(
        (8,), solver="lbfgs", max_iter=3, random_state=seed
    ).fit(X, NUMBERS),
    "partial_fit": lambda seed: MLPClassifier((8,), random_state=seed).partial_fit(
        X, CLASSES, classes=["down", "up"]
    ),
    "KerasClassifier": lambda seed: KerasClassifier(**KERAS, loss=BINARY, random_state=seed).fit(
        X, CLASSES
    ),
    "KerasRegressor": lambda seed: KerasRegressor(**KERAS, loss="mse", random_state=seed).fit(
        X, NUMBERS
    ),
    "Perceptron": lambda seed: Perceptron(early_stopping=True, random_state=seed).fit(X, CLASSES),
    "Perceptron of three": lambda seed: Perceptron(random_state=seed).fit(X, np.arange(80) % 3),
}  # fmt: skip


class Squares(rb.utils.PyDataset):
    """Batches that draw numbers, in threads of their own."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        x = rb.random.normal((8, 3))
        return x, rb.ops.sum(x, axis=1)


def fitted_model() -> Any:
    """A model that has been trained, evaluated and used, on arrays and on streams."""
    model = build({})
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, NUMBERS, epochs=2, verbose=0, validation_split=0.2)
    for workers in (1, 2):
        model.fit(Squares(workers=workers), verbose=0)
    model.evaluate(X, NUMBERS, verbose=0)
    model.predict(X, verbose=0)
    return model


def searched(kind: Any, folder: Any, **more: Any) -> Any:
    """A search of two trials."""

    def hypermodel(hp: Any) -> Any:
        units = hp.Int("units", 2, 8)
        model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(units), rb.layers.Dense(1)])
        model.compile(rb.optimizers.Adam(hp.Float("rate", 1e-3, 1e-1, sampling="log")), "mse")
        return model

    tuner = kind(hypermodel, objective="val_loss", directory=folder, **more)
    tuner.search(X, NUMBERS, validation_split=0.2, epochs=2, verbose=0)
    return tuner


ACTIONS: dict[str, Callable[[Any], Any]] = {
    **{
        f"{name}, random_state={seed}": lambda _, fit=fit, seed=seed: fit(seed)
        for name, fit in ESTIMATORS.items()
        for seed in (None, 0)
    },
    "a model": lambda _: fitted_model(),
    "initializers": lambda _: [rb.initializers.get(n)((3, 3)) for n in ("he_normal", "orthogonal")],
    "rosenblatt.random": lambda _: rb.random.normal((3,)),
    "split_dataset": lambda _: rb.utils.split_dataset(X, 0.5, shuffle=True),
    "train_test_split": lambda _: rb.datasets.california_housing.load_split(),
    "find_learning_rate": lambda _: rb.choosing.find_learning_rate(fitted_model(), X, NUMBERS),
    "RandomSearch": lambda folder: searched(rb.tuner.RandomSearch, folder, max_trials=2),
    "BayesianOptimization": lambda folder: searched(
        rb.tuner.BayesianOptimization, folder, max_trials=6
    ),
    "Hyperband": lambda folder: searched(rb.tuner.Hyperband, folder, max_epochs=3),
}


class Forbidden:
    """Stands for a global generator, and for functions of one."""

    # SciPy looks whether it was ever seeded, whatever seed it is given, and draws nothing.
    _bit_generator = np.random.mtrand._rand._bit_generator

    def __init__(self, name: str):
        self.name = name

    def __getattr__(self, attribute: str) -> Any:
        raise AssertionError(f"{self.name}.{attribute} was read")

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise AssertionError(f"{self.name} was called")


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each use of a global generator through its module is an error, and its state must stay."""
    states = random.getstate(), np.random.get_state()
    with monkeypatch.context() as patch:
        for name in dir(random):
            if getattr(getattr(random, name), "__self__", None) is random._inst:  # type: ignore[attr-defined]
                patch.setattr(random, name, Forbidden(f"random.{name}"))
        legacy = np.random.mtrand._rand
        for name in dir(np.random):
            if getattr(getattr(np.random, name), "__self__", None) is legacy:
                patch.setattr(np.random, name, Forbidden(f"numpy.random.{name}"))
        patch.setattr(np.random, "seed", Forbidden("numpy.random.seed"))
        patch.setattr(np.random.mtrand, "_rand", Forbidden("NumPy's global generator"))
        yield
    assert random.getstate() == states[0]
    for now, then in zip(np.random.get_state(), states[1], strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("name", ACTIONS)
def test_global_generators_are_neither_read_nor_set(name: str, tmp_path: Path) -> None:
    ACTIONS[name](tmp_path)


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("call", [lambda: np.random.rand(), lambda: random.random()])
def test_the_guard_catches_a_draw(call: Callable[[], Any]) -> None:
    with pytest.raises(AssertionError, match=r"was (called|read)"):
        call()


def weights_of(one: Any) -> list[np.ndarray]:
    """What was learned."""
    return [one.coef_] if hasattr(one, "coef_") else one.model_.get_weights()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_seed_decides_and_without_one_set_random_seed_does(name: str) -> None:
    fit = ESTIMATORS[name]
    for seed in (None, 0, np.int64(3), np.random.RandomState(4)):
        found = []
        for other in (1, 2):
            rb.utils.set_random_seed(7 if seed is None else other)
            random.seed(other)
            np.random.seed(other)
            again = np.random.RandomState(4) if isinstance(seed, np.random.RandomState) else seed
            found.append(weights_of(fit(again)))
        for one, two in zip(*found, strict=True):
            np.testing.assert_array_equal(one, two)


def test_set_random_seed_seeds_all_as_in_keras() -> None:
    found = []
    for _ in range(2):
        rb.utils.set_random_seed(5)
        found.append((random.random(), np.random.rand(), draw_seed(), float(rb.random.normal(()))))
    assert found[0] == found[1]
    with seeded(1):
        rb.utils.set_random_seed(5)
        inside = draw_seed()
    rb.utils.set_random_seed(5)
    assert draw_seed() == inside


def test_a_thread_draws_from_its_context_alone() -> None:
    found: dict[int, list[int]] = {}

    def draw(seed: int) -> None:
        with seeded(seed):
            found[seed] = [draw_seed() for _ in range(1000)]

    threads = [threading.Thread(target=draw, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, numbers in found.items():
        with seeded(seed):
            assert numbers == [draw_seed() for _ in range(1000)]


@pytest.mark.parametrize("workers", [1, 2])
def test_threads_of_a_stream_draw_from_the_context_that_reads_it(workers: int) -> None:
    def total() -> float:
        with seeded(3):
            batches = rb.data.read(Squares(workers=workers)).batches().batches()
            return sum(float(x.sum()) for x, _, _ in batches)

    rb.utils.set_random_seed(1)
    first = total()
    rb.utils.set_random_seed(2)
    assert total() == pytest.approx(first, rel=1e-5)  # two threads share the seeds in any order


GRIDS: dict[str, tuple[Callable[[], Any], np.ndarray, str]] = {
    "KerasRegressor": (
        lambda: KerasRegressor(**KERAS, loss="mse", random_state=0, batch_size=-1),
        NUMBERS,
        "optimizer__learning_rate",
    ),
    "MLPClassifier": (
        lambda: MLPClassifier((8,), max_iter=3, dropout=0.1, random_state=0),
        CLASSES,
        "learning_rate_init",
    ),
}


@pytest.mark.parametrize("searches", [10, pytest.param(500, marks=pytest.mark.soak)])
@pytest.mark.parametrize("name", GRIDS)
def test_searches_in_threads_agree_to_the_bit(name: str, searches: int) -> None:
    make, y, rate = GRIDS[name]
    found = []
    for turn in range(searches + 1):
        jobs = 2 if turn else 1
        search = GridSearchCV(make(), {rate: [0.01, 0.05]}, cv=2, n_jobs=jobs, error_score="raise")
        with joblib.parallel_config("threading"):
            search.fit(X, y)
        scores = [search.cv_results_[f"split{i}_test_score"] for i in range(2)]
        found.append([*scores, search.predict(X)])
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


# Generators made here are objects of these; only `set_random_seed` touches the global ones.
GENERATORS = {
    "random": {"Random"},
    "numpy.random": {"default_rng", "Generator", "RandomState", "SeedSequence"},
}


def test_no_module_uses_a_global_generator() -> None:
    found = set()
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        names: dict[str, str] = {"np.random": "numpy.random"}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names.update(
                    (alias.asname or alias.name, alias.name)
                    for alias in node.names
                    if alias.name in GENERATORS
                )
            elif isinstance(node, ast.ImportFrom) and node.module in GENERATORS and not node.level:
                found |= {
                    f"{path.name}: from {node.module} import {alias.name}"
                    for alias in node.names
                    if alias.name not in GENERATORS[node.module]
                }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                module = names.get(ast.unparse(node.value))
                if module and node.attr not in GENERATORS[module]:
                    found.add(f"{path.relative_to(SOURCE)}: {module}.{node.attr}")
    assert found == {"core/random.py: random.seed", "core/random.py: numpy.random.seed"}
