"""Which values a parameter takes, said once for each, and the messages for those it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from rosenblatt.core.errors import explain

Check = tuple[Callable[[Any], bool], str]


def number(kind: Any, low: float, high: float = np.inf, opened: str = "") -> Callable[[Any], bool]:
    """A check for numbers of a range.

    Args:
        kind: `Real` or `Integral`.
        low, high: the ends; infinity is none of the numbers.
        opened: "low", "high": ends that do not belong to it.
    """

    def fits(value: Any) -> bool:
        if not isinstance(value, kind) or isinstance(value, (bool, np.bool_)):
            return False
        above = value > low if "low" in opened else value >= low
        below = value < high if "high" in opened or high == np.inf else value <= high
        return bool(above and below)

    return fits


def is_flag(value: Any) -> bool:
    """Whether it is True or False."""
    return isinstance(value, (bool, np.bool_))


def check_values(estimator: Any, checks: Mapping[str, Check]) -> None:
    """Refuse values of an estimator's parameters that are none of theirs.

    Raises:
        ValueError: the first of them.
    """
    for name, (fits, expected) in checks.items():
        value = getattr(estimator, name)
        if not fits(value):
            raise ValueError(
                explain(
                    f"{type(estimator).__name__}: bad `{name}`.",
                    given=repr(value),
                    expected=expected,
                )
            )


def check_classes(estimator: Any, known: Any, classes: Any) -> None:
    """Refuse classes in a later call of `partial_fit` that are not those of the first one.

    Raises:
        ValueError: they are others.
    """
    if classes is None or np.array_equal(np.unique(np.asarray(classes)), known):
        return
    raise ValueError(
        explain(
            f"{type(estimator).__name__}.partial_fit: `classes` is not the same as in the first "
            "call.",
            given=", ".join(map(repr, np.unique(np.asarray(classes))[:10].tolist())),
            expected=", ".join(map(repr, np.asarray(known)[:10].tolist())),
            fix="name all classes in the first call, and leave it out afterwards.",
        )
    )


def check_combination(estimator: Any, partial: bool) -> None:
    """Refuse parameters of a multilayer perceptron that exclude each other.

    Args:
        estimator: it.
        partial: whether this is for `partial_fit`.

    Raises:
        ValueError, AttributeError: as scikit-learn raises them.
    """
    name = type(estimator).__name__
    if estimator.solver == "lbfgs":
        if estimator.dropout or estimator.batch_normalization:
            what = "dropout" if estimator.dropout else "batch_normalization"
            raise ValueError(
                explain(
                    f"{name}: `{what}` and solver='lbfgs' exclude each other: L-BFGS minimizes one "
                    "function of all rows, without noise.",
                    fix="use solver='adam'.",
                )
            )
        if partial:
            raise AttributeError(
                explain(
                    f"{name}: partial_fit is only available for solvers that take batches.",
                    given="solver='lbfgs'",
                    fix="use solver='sgd' or 'adam'.",
                )
            )
    if partial and estimator.early_stopping:
        raise ValueError(
            explain(
                f"{name}: partial_fit does not support early_stopping=True: one epoch has no "
                "early end.",
                fix="`set_params(early_stopping=False)`, and look at the score between the calls.",
            )
        )
    if partial and getattr(estimator, "class_weight", None) == "balanced":
        raise ValueError(
            explain(
                f"{name}: partial_fit does not support class_weight='balanced', which needs all "
                "rows.",
                fix="compute it from them: `sklearn.utils.compute_class_weight('balanced', "
                "classes=classes, y=y)`, and pass a dict.",
            )
        )


_POSITIVE = (number(Integral, 1), "an integer, 1 or more")
_FLAG = (is_flag, "True or False")
_SHARE = (number(Real, 0, 1, "high"), "a number from 0 on, below 1")


def _sizes(value: Any) -> bool:
    whole = number(Integral, 1)
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        return whole(value)
    return all(whole(size) for size in value)


def _given(value: Any) -> bool:
    return value is not None


MLP: dict[str, Check] = {
    "activation": (_given, "'identity', 'logistic', 'tanh', 'relu', or any activation of Keras's"),
    "solver": (_given, "'adam', 'sgd', 'lbfgs', or any optimizer of Keras's"),
    "loss": (_given, "'auto', or any loss of Keras's"),
    # scikit-learn's MLPRegressor has its loss here, where both have the sizes without names.
    "hidden_layer_sizes": (_sizes, "positive integers, hidden_layer_sizes > 0"),
    "alpha": (number(Real, 0), "a number, 0 or more"),
    "batch_size": (
        lambda v: (isinstance(v, str) and v == "auto") or number(Integral, 1)(v),
        "'auto', or an integer, 1 or more",
    ),
    "learning_rate": (
        lambda v: isinstance(v, str) and v in ("constant", "invscaling", "adaptive"),
        "'constant', 'invscaling' or 'adaptive'; the number is `learning_rate_init`",
    ),
    "learning_rate_init": (number(Real, 0, opened="low"), "a number above 0"),
    "power_t": (number(Real, 0), "a number, 0 or more"),
    "max_iter": _POSITIVE,
    "shuffle": _FLAG,
    "tol": (number(Real, 0), "a number, 0 or more"),
    "verbose": (lambda v: is_flag(v) or number(Integral, 0)(v), "True, False or an integer"),
    "warm_start": _FLAG,
    "momentum": (number(Real, 0, 1), "a number from 0 to 1"),
    "nesterovs_momentum": _FLAG,
    "early_stopping": _FLAG,
    "validation_fraction": _SHARE,
    "beta_1": _SHARE,
    "beta_2": _SHARE,
    "epsilon": (number(Real, 0, opened="low"), "a number above 0"),
    "n_iter_no_change": (
        lambda v: number(Integral, 1)(v) or (isinstance(v, float) and v == np.inf),
        "an integer, 1 or more, or infinity",
    ),
    "max_fun": _POSITIVE,
    "dropout": _SHARE,
    "batch_normalization": _FLAG,
}


def _rows(value: Any) -> bool:
    return value is None or number(Integral, 1)(value) or (not is_flag(value) and value == -1)


KERAS: dict[str, Check] = {
    "batch_size": (_rows, "None, -1 for all rows, or an integer, 1 or more"),
    "validation_batch_size": (_rows, "None, -1 for all rows, or an integer, 1 or more"),
    "epochs": (number(Integral, 0), "an integer, 0 or more"),
    "verbose": (
        lambda v: is_flag(v) or number(Integral, 0)(v) or (isinstance(v, str) and v == "auto"),
        "0 silent, 1 progress, 2 one line an epoch, or 'auto'",
    ),
    "shuffle": (
        lambda v: is_flag(v) or callable(v) or (isinstance(v, str) and v == "batch"),
        "True, False, 'batch', or a function of the epoch's number",
    ),
    "warm_start": _FLAG,
}
PERCEPTRON: dict[str, Check] = {
    "penalty": (lambda v: v in (None, "l2", "l1", "elasticnet"), "None, 'l2', 'l1', 'elasticnet'"),
    "alpha": (number(Real, 0), "a number, 0 or more"),
    "l1_ratio": (number(Real, 0, 1), "a number from 0 to 1"),
    "fit_intercept": _FLAG,
    "max_iter": _POSITIVE,
    "tol": (lambda v: v is None or number(Real, 0)(v), "a number, 0 or more, or None"),
    "shuffle": _FLAG,
    "verbose": (lambda v: is_flag(v) or number(Integral, 0)(v), "True, False or an integer"),
    "eta0": (number(Real, 0, opened="low"), "a number above 0"),
    "n_jobs": (
        lambda v: v is None or (number(Integral, -np.inf)(v) and v != 0),
        "None, or an integer other than 0",
    ),
    "early_stopping": _FLAG,
    "n_iter_no_change": _POSITIVE,
    "validation_fraction": (lambda v: isinstance(v, float) and 0 < v < 1, "between 0 and 1"),
    "warm_start": _FLAG,
    "average": (
        lambda v: is_flag(v) or number(Integral, 1)(v),
        "a bool, or the number of the first row to average, 1 or more",
    ),
}
