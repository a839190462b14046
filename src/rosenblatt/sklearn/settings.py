"""Parameters of estimators: each is declared once, with its default and the values it takes.

As scikit-learn asks, an estimator takes any value; `fit` refuses the wrong ones.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from rosenblatt.core.checks import Check, choice, number, whole
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.random import draw_seed
from rosenblatt.sklearn.types import Targets

_MOST_SEEDS = np.iinfo(np.int32).max
_NO_ARGUMENTS = ("self", "__class__", "kwargs")


def parameter(default: object, check: Check | None = None) -> Any:
    """A field of a dataclass: a parameter with its default and what it may be."""
    return field(default=default, metadata={"check": check})


def arguments_of(scope: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a constructor, its `**kwargs` among them.

    Args:
        scope: its `locals()`.
    """
    given = {name: value for name, value in scope.items() if name not in _NO_ARGUMENTS}
    return {**given, **scope["kwargs"]}


def either(expected: str, *checks: Check) -> Check:
    """What one of several checks takes."""
    return Check(lambda value: any(one.fits(value) for one in checks), expected)


FLAG = Check(lambda value: isinstance(value, (bool, np.bool_)), "True or False")
COUNT = whole(least=1)
POSITIVE = number(above=0)
NOT_NEGATIVE = number(0)
UNIT = number(0, 1)
SHARE = number(0, below=1, expected="a number, 0 or more and below 1")
VERBOSE = either("True, False or an integer", FLAG, whole(least=0))


def one_of_keras(expected: str) -> Check:
    """Anything of a Keras family, which itself refuses what it does not know."""
    return Check(lambda value: value is not None, expected)


def check_values(estimator: BaseEstimator, checks: Mapping[str, Check] | None = None) -> None:
    """Refuse values that the parameters of an estimator do not take.

    Args:
        estimator: it.
        checks: by parameter; of a dataclass, those of its fields.

    Raises:
        ValueError: the first of them.
    """
    if checks is None:
        checks = {one.name: one.metadata["check"] for one in fields(estimator) if one.metadata}
    for name, check in checks.items():
        value = getattr(estimator, name)
        if check is not None and not check.fits(value):
            raise BadArgument(
                f"{type(estimator).__name__}: {check.adjective} `{name}`.",
                given=repr(value),
                expected=check.expected,
            )


def check_classes(
    estimator: BaseEstimator, known: np.ndarray | list[np.ndarray], classes: Targets | None
) -> None:
    """Refuse classes in a later call of `partial_fit` that are not those of the first one.

    Raises:
        ValueError: they are others.
    """
    if classes is None or np.array_equal(np.unique(np.asarray(classes)), known):
        return
    raise BadArgument(
        f"{type(estimator).__name__}.partial_fit: `classes` is not the same as in the first call.",
        given=", ".join(map(repr, np.unique(np.asarray(classes))[:10].tolist())),
        expected=", ".join(map(repr, np.asarray(known)[:10].tolist())),
        fix="name all classes in the first call, and leave it out afterwards.",
    )


def check_partial(estimator: BaseEstimator) -> None:
    """Refuse parameters with which one epoch cannot be trained by itself.

    Raises:
        ValueError: as scikit-learn raises it.
    """
    refused = {
        "early_stopping=True: one epoch has no early end.": (
            estimator.early_stopping,
            "`set_params(early_stopping=False)`, and look at the score between the calls.",
        ),
        "class_weight='balanced', which needs all rows.": (
            choice("balanced").fits(getattr(estimator, "class_weight", None)),
            "compute it from them: `sklearn.utils.compute_class_weight('balanced', "
            "classes=classes, y=y)`, and pass a dict.",
        ),
    }
    for what, (wrong, fix) in refused.items():
        if wrong:
            problem = f"{type(estimator).__name__}: partial_fit does not support {what}"
            raise BadArgument(problem, fix=fix)


def generator_of(random_state: Any) -> np.random.RandomState:
    """The generator of a `random_state`.

    Args:
        random_state: an integer, a generator, which goes on, or None: a new generator, seeded as
            everything else that was given no seed. (scikit-learn takes NumPy's global one, which
            other threads and the user's own numbers share.)

    Raises:
        ValueError: none of these.

    >>> generator_of(3).randint(100)
    24
    """
    return _checked(draw_seed() if random_state is None else random_state)


def _checked(random_state: Any) -> np.random.RandomState:
    try:
        return check_random_state(random_state)
    except ValueError as error:
        raise BadArgument(
            "Bad `random_state`.",
            given=repr(random_state),
            expected="None, an integer from 0 to 2³² − 1, a `numpy.random.RandomState`, or, in "
            "`KerasClassifier` and `KerasRegressor`, a `numpy.random.Generator`",
        ) from error


def seed_of(random_state: Any) -> int | None:
    """A seed drawn from a copy of a generator, or the integer that `random_state` is.

    A generator gives the same seed each time, as in SciKeras; None stays None.

    Raises:
        ValueError: none of these.

    >>> generator = np.random.default_rng(3)
    >>> seed_of(generator) == seed_of(generator), seed_of(5)
    (True, 5)
    """
    if random_state is None:
        return None
    if isinstance(random_state, np.random.Generator):
        return int(copy.deepcopy(random_state).integers(1, _MOST_SEEDS))
    generator = _checked(random_state)
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(copy.deepcopy(generator).randint(1, _MOST_SEEDS))
