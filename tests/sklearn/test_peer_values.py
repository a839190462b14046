"""Every value of every parameter that scikit-learn's estimators have means the same here."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from sklearn import linear_model, neural_network
from sklearn.utils._param_validation import InvalidParameterError, StrOptions

import rosenblatt as rb
from rosenblatt.sklearn import (
    KerasClassifier,
    KerasRegressor,
    MLPClassifier,
    MLPRegressor,
    Perceptron,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
CLASSES = np.where(X[:, 0] > 0, "up", "down")
COUNTS = RNG.poisson(np.exp(X[:, 0])).astype(float)
SHORT = {"hidden_layer_sizes": (6,), "max_iter": 4, "random_state": 3, "batch_size": 20}
PAIRS: dict[str, tuple[Any, Any, np.ndarray, dict[str, Any]]] = {
    "MLPClassifier": (neural_network.MLPClassifier, MLPClassifier, CLASSES, SHORT),
    "MLPRegressor": (neural_network.MLPRegressor, MLPRegressor, COUNTS, SHORT),
    "Perceptron": (linear_model.Perceptron, Perceptron, CLASSES, {"random_state": 3}),
}


@pytest.fixture(autouse=True)
def _short_runs() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few epochs do not converge, neither here nor there
        yield


def assert_equal_to_peer(ours: Any, theirs: Any, tolerance: float = 2e-4) -> None:
    """The same coefficients, up to the rounding of float32, and the same predictions."""
    if hasattr(theirs, "coefs_"):
        pairs = zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True)
    else:
        pairs = zip([ours.coef_], [theirs.coef_], strict=True)
    for one, other in pairs:
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=tolerance)
    for name in ("n_iter_", "out_activation_", "t_"):
        assert getattr(ours, name, None) == getattr(theirs, name, None), name


SGD = {"solver": "sgd", "learning_rate_init": 0.01}
# Values to compare, each with what makes it count. L-BFGS has the test after this one.
VALUES: dict[str, list[tuple[Any, dict[str, Any]]]] = {
    "activation": [(v, {}) for v in ("identity", "logistic", "tanh", "relu")],
    "solver": [("sgd", {}), ("adam", {})],
    "loss": [("squared_error", {}), ("poisson", {}), ("poisson", SGD), ("poisson", {"alpha": 1.0})],
    "learning_rate": [
        ("constant", SGD),
        ("invscaling", SGD),
        ("adaptive", {**SGD, "tol": 10.0, "n_iter_no_change": 1}),
    ],
    "hidden_layer_sizes": [(v, {}) for v in (4, (4, 3), [4], np.array([5]), ())],
    "alpha": [(0, {}), (1.0, {})],
    "batch_size": [("auto", {}), (1, {}), (7, {}), (1000, {})],
    "learning_rate_init": [(0.1, {})],
    "power_t": [(0, {**SGD, "learning_rate": "invscaling"})],
    "max_iter": [(1, {})],
    "shuffle": [(False, {})],
    "random_state": [(0, {}), (np.int64(5), {})],
    "tol": [(0, {}), (5.0, {"n_iter_no_change": 1})],
    "verbose": [(True, {}), (2, {})],
    "warm_start": [(True, {})],
    "momentum": [(0, SGD), (1, SGD)],
    "nesterovs_momentum": [(False, SGD)],
    "early_stopping": [(True, {})],
    "validation_fraction": [(0.4, {"early_stopping": True})],
    "beta_1": [(0, {}), (0.5, {})],
    "beta_2": [(0, {"learning_rate_init": 1e-4}), (0.5, {})],
    "epsilon": [(0.1, {})],
    "n_iter_no_change": [(1, {"tol": 5.0}), (np.inf, {})],
    "max_fun": [(7, {})],
    "penalty": [(v, {"alpha": 0.01}) for v in ("l2", "l1", "elasticnet", None)],
    "l1_ratio": [(v, {"penalty": "elasticnet", "alpha": 0.01}) for v in (0, 0.7, 1)],
    "fit_intercept": [(False, {})],
    "eta0": [(0.25, {"penalty": "l2"})],
    "n_jobs": [(1, {}), (-1, {})],
    "class_weight": [("balanced", {}), ({"up": 3.0, "down": 0.5}, {})],
}


@pytest.mark.parametrize("pair", PAIRS)
def test_the_table_has_every_parameter_and_named_value(pair: str) -> None:
    constraints = PAIRS[pair][0]._parameter_constraints
    assert set(constraints) <= set(VALUES)
    for name, kinds in constraints.items():
        named = {o for kind in kinds if isinstance(kind, StrOptions) for o in kind.options}
        tried = {value for value, _ in VALUES[name] if isinstance(value, str)}
        assert named - tried <= ({"lbfgs"} if name == "solver" else set()), name


CASES = [
    (pair, name, number)
    for pair, (theirs, *_) in PAIRS.items()
    for name in theirs._parameter_constraints
    for number in range(len(VALUES[name]))
    if (pair, name, number) != ("Perceptron", "n_iter_no_change", 1)  # infinity: there refused too
]


@pytest.mark.parametrize(("pair", "name", "number"), CASES)
def test_a_value_means_what_it_means_there(
    pair: str, name: str, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs, ours, y, settings = PAIRS[pair]
    value, more = VALUES[name][number]
    settings = {**settings, **more, name: value}
    fitted = [kind(**settings).fit(X, y) for kind in (ours, theirs)]
    if name == "warm_start":
        fitted = [one.fit(X, y) for one in fitted]
    assert_equal_to_peer(*fitted)
    if y is COUNTS:
        np.testing.assert_allclose(fitted[0].loss_curve_, fitted[1].loss_curve_, rtol=2e-4)
        np.testing.assert_allclose(*(one.predict(X) for one in fitted), rtol=2e-3, atol=1e-3)
    if name == "verbose" and "MLP" in pair:
        printed = [line for line in capsys.readouterr().out.splitlines() if "Iteration" in line]
        assert [line[:24] for line in printed[:4]] == [line[:24] for line in printed[4:]]


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("outputs", [1, 2])
def test_lbfgs_and_several_outputs(loss: str, outputs: int) -> None:
    y = COUNTS if outputs == 1 else np.column_stack([COUNTS, COUNTS[::-1]])
    settings = {"hidden_layer_sizes": (4,), "loss": loss, "random_state": 1, "alpha": 0.1}
    for more in ({"solver": "lbfgs", "max_iter": 300}, {"max_iter": 5}):
        one, other = (
            kind(**settings, **more).fit(X, y)
            for kind in (MLPRegressor, neural_network.MLPRegressor)
        )
        # scikit-learn reports the mean of the squared errors of several outputs, we the sum.
        parts = outputs if loss == "squared_error" else 1
        assert one.loss_ <= parts * other.loss_ * 1.06
        assert one.predict(X).shape == y.shape
        assert one.out_activation_ == other.out_activation_


def test_counts_are_learned_as_well_as_there() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5))
    y = rng.poisson(np.exp(x[:, 0]))
    settings = {"loss": "poisson", "max_iter": 300, "random_state": 0}
    one, other = (
        kind(**settings).fit(x, y) for kind in (MLPRegressor, neural_network.MLPRegressor)
    )
    assert one.score(x, y) == pytest.approx(other.score(x, y), abs=0.01)
    assert one.score(x, y) == pytest.approx(0.857, abs=0.01)
    assert one.predict(x).min() > 0


CANDIDATES: list[Any] = [
    None, "nonsense", "auto", -1, 0, 1, 1.5, 2, 0.0, 1.0, -0.5, np.nan, np.inf, [], "1", {}, object,
]  # fmt: skip
# Where more is taken here: activations, optimizers, losses by Keras's names; one weight a class
# for `class_weight`; threads of `n_jobs`, where scikit-learn takes 0 until joblib refuses it.
MORE = [("n_jobs", 0), ("loss", "auto")]


@pytest.mark.parametrize("pair", PAIRS)
def test_what_is_refused_there_is_refused_here(pair: str) -> None:
    theirs, ours, y, settings = PAIRS[pair]
    settings = {**settings, "max_iter": 1}
    wrong = []
    for name in theirs._parameter_constraints:
        for value in CANDIDATES:
            try:
                theirs(**{**settings, name: value}).fit(X[:30], y[:30])
                refused = False
            except InvalidParameterError:
                refused = True
            except (ValueError, TypeError):
                continue  # refused for another reason, or an error from inside
            try:
                ours(**{**settings, name: value}).fit(X[:30], y[:30])
                found = ""
            except ValueError as error:
                found = str(error)
            if bool(found) != refused and (name, value) not in MORE:
                wrong.append((name, value, refused, found))
    assert not wrong


def logits() -> Any:
    return rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])


FAR = {"solver": "sgd", "learning_rate_init": 1e6, "max_iter": 20, "random_state": 0}
FAR_KERAS = {"epochs": 5, "verbose": 0, "random_state": 0, "optimizer__learning_rate": 1e30}
LOST = (
    "{name}: training produced non-finite parameter weights (NaN or infinity), so no prediction is "
    "possible. Fix: scale the inputs (`make_pipeline(StandardScaler(), …)`) and the targets of a "
    "regression, or lower the learning rate."
)
LOSES: dict[str, Callable[[], Any]] = {
    "MLPRegressor": lambda: MLPRegressor(**FAR).fit(X, 1e9 * COUNTS),
    "MLPRegressor, early_stopping": lambda: MLPRegressor(
        **{**FAR, "learning_rate_init": 1e30}, early_stopping=True
    ).fit(X, 1e9 * COUNTS),
    "MLPRegressor, poisson": lambda: MLPRegressor(**FAR, loss="poisson").fit(X, 1e9 * COUNTS),
    "MLPRegressor, partial_fit": lambda: [
        one.partial_fit(X, 1e9 * COUNTS) for one in [MLPRegressor(**FAR)] for _ in range(20)
    ],
    "MLPRegressor, lbfgs": lambda: MLPRegressor(solver="lbfgs", max_iter=5).fit(1e30 * X, COUNTS),
    "MLPClassifier": lambda: MLPClassifier(**FAR, alpha=1e30).fit(X, CLASSES),
    "KerasRegressor": lambda: KerasRegressor(logits, loss="mse", optimizer="sgd", **FAR_KERAS).fit(
        X, COUNTS
    ),
    "KerasClassifier": lambda: KerasClassifier(
        logits, loss="squared_hinge", optimizer="sgd", **FAR_KERAS
    ).fit(X, CLASSES),
    "KerasRegressor, partial_fit": lambda: [
        one.partial_fit(X, COUNTS)
        for one in [KerasRegressor(logits, loss="mse", optimizer="sgd", **FAR_KERAS)]
        for _ in range(5)
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", LOSES)
def test_lost_weights_are_one_error(case: str) -> None:
    with pytest.raises(ValueError, match=re.escape(LOST.format(name=case.split(",")[0]))):
        LOSES[case]()


def test_best_weights_survive_a_loss_of_the_last() -> None:
    stop = rb.callbacks.TerminateOnNaN()
    keep = rb.callbacks.EarlyStopping("loss", patience=50, restore_best_weights=True)
    rate = rb.callbacks.LearningRateScheduler(lambda epoch, _: 1e-3 if epoch < 2 else 1e30)
    one = KerasRegressor(
        logits, loss="mse", optimizer="sgd", epochs=6, verbose=0, callbacks=[rate, stop, keep]
    ).fit(X, COUNTS)
    assert np.isfinite(one.predict(X)).all()


PARTIAL: dict[str, tuple[Callable[[], Any], str]] = {
    **{
        f"{kind.__name__}, early_stopping": (
            lambda kind=kind, y=y: kind(early_stopping=True).partial_fit(X, y),
            f"{kind.__name__}: partial_fit does not support early_stopping=True: one epoch has no "
            "early end. Fix: `set_params(early_stopping=False)`, and look at the score between the "
            "calls.",
        )
        for kind, y in ((MLPClassifier, CLASSES), (MLPRegressor, COUNTS))
    },
    **{
        f"{kind.__name__}, lbfgs": (
            lambda kind=kind, y=y: kind(solver="lbfgs").partial_fit(X, y),
            f"{kind.__name__}: partial_fit is only available for solvers that take batches. Given: "
            "solver='lbfgs'. Fix: use solver='sgd' or 'adam'.",
        )
        for kind, y in ((MLPClassifier, CLASSES), (MLPRegressor, COUNTS))
    },
    "balanced classes": (
        lambda: MLPClassifier(class_weight="balanced").partial_fit(X, CLASSES),
        "MLPClassifier: partial_fit does not support class_weight='balanced', which needs all "
        "rows.",
    ),
    **{
        f"{kind.__name__}, other classes": (
            lambda kind=kind, more=more: kind(**more)
            .partial_fit(X, CLASSES, classes=["down", "up"])
            .partial_fit(X, CLASSES, classes=["down", "side", "up"]),
            f"{kind.__name__}.partial_fit: `classes` is not the same as in the first call. Given: "
            "'down', 'side', 'up'. Expected: 'down', 'up'. Fix: name all classes in the first call",
        )
        for kind, more in (
            (MLPClassifier, {}),
            (Perceptron, {}),
            (KerasClassifier, {"model": logits, "loss": "mse", "verbose": 0}),
        )
    },
    "negative counts": (
        lambda: MLPRegressor(loss="poisson").fit(X, X[:, 0]),
        "MLPRegressor: loss='poisson' is for counts and rates. Given: ",
    ),
    "two rows to watch": (
        lambda: MLPRegressor(early_stopping=True).fit(X[:5], COUNTS[:5]),
        "MLPRegressor: the validation set is too small. Given: validation_fraction=0.1 of 5 rows.",
    ),
    "no rows to watch": (
        lambda: MLPRegressor(early_stopping=True, validation_fraction=0).fit(X, COUNTS),
        "MLPRegressor: early_stopping=True needs rows to watch. Given: validation_fraction=0.",
    ),
    "the loss in the place of the sizes": (
        lambda: MLPRegressor("poisson").fit(X, COUNTS),
        "MLPRegressor: bad `hidden_layer_sizes`. Given: 'poisson'. Expected: positive integers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PARTIAL)
def test_messages(case: str) -> None:
    act, message = PARTIAL[case]
    kind = AttributeError if "lbfgs" in case else ValueError
    with pytest.raises(kind, match=re.escape(message)):
        act()


CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"early_stopping": True}, {"early_stopping": False}),
    ({"early_stopping": False}, {"early_stopping": True}),
    ({"solver": "lbfgs"}, {"solver": "adam"}),
    ({"solver": "adam"}, {"solver": "lbfgs"}),
    ({"early_stopping": True}, {"early_stopping": False, "solver": "lbfgs"}),
    ({"solver": "sgd"}, {"solver": "rmsprop"}),
    ({"solver": rb.optimizers.Adam(0.01)}, {"solver": rb.optimizers.SGD(0.01)}),
    ({"alpha": 0}, {"alpha": 1.0}),
    ({"dropout": 0.1}, {"learning_rate": "adaptive"}),
]


@pytest.mark.parametrize("number", range(len(CHANGES)))
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_parameters_may_change_between_two_calls(kind: Any, number: int) -> None:
    before, after = CHANGES[number]
    y = CLASSES if kind is MLPClassifier else COUNTS
    one = kind(**{**SHORT, **before}, warm_start=True).fit(X, y).set_params(**after)
    one.fit(X, y)
    assert np.isfinite(one.loss_)
    if one.solver != "lbfgs" and not one.early_stopping:
        assert np.isfinite(one.partial_fit(X, y).loss_)
