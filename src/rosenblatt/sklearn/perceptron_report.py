"""What a perceptron says of itself: the bound of its mistakes, and why it has any."""

from __future__ import annotations

import numpy as np
from sklearn.utils.extmath import row_norms, safe_sparse_dot

from rosenblatt.core.errors import explain
from rosenblatt.sklearn.perceptron_fit import SPARSE_BIAS_RATE, Learned, PerceptronParameters
from rosenblatt.sklearn.separability import linear_separability
from rosenblatt.sklearn.types import Matrix

_MOST_NUMBERS = 20_000  # of data whose separability is looked into unasked: some milliseconds


def mistake_bounds(
    fit_intercept: bool, x: Matrix, signs: np.ndarray, found: list[Learned]
) -> np.ndarray:
    """R²/γ² of each unit, by the weights found; NaN where they do not separate the rows.

    Args:
        fit_intercept: whether there is a b.
        x: (rows, features) inputs.
        signs: (rows, units) of ±1.
        found: what was learned.
    """
    bounds = np.full(len(found), np.nan)
    rate = 0.0
    if fit_intercept:
        rate = SPARSE_BIAS_RATE if hasattr(x, "toarray") else 1.0
    longest = row_norms(x, squared=True).max() + rate
    for i, one in enumerate(found):
        if one.mistakes[-1]:
            continue
        nearest = (signs[:, i] * (safe_sparse_dot(x, one.w) + one.b)).min()
        if nearest > 0:
            squares = one.w @ one.w + (one.b**2 / rate if rate else 0.0)
            bounds[i] = longest * squares / nearest**2
    return bounds


def reason_of_mistakes(
    estimator: PerceptronParameters, x: Matrix, signs: np.ndarray, weights: np.ndarray,
    found: list[Learned],
) -> str | None:  # fmt: skip
    """Why training ended with mistakes, or before its end; None where it did not.

    Args:
        estimator: the fitted one.
        x: (rows, features) inputs.
        signs: (rows, units) of ±1.
        weights: (rows,) of the rows.
        found: what was learned.
    """
    if estimator.penalty is not None or estimator.early_stopping:
        if estimator.tol is None or all(one.converged for one in found):
            return None
        return explain(
            f"Perceptron: max_iter={estimator.max_iter} epochs were too few to converge.",
            fix="raise `max_iter`.",
        )
    wrong = [i for i, one in enumerate(found) if one.mistakes[-1]]
    if not wrong:
        return None
    one = found[wrong[0]]
    problem = (
        f"Perceptron: training ended with mistakes, {one.mistakes[-1]} on {len(signs)} rows in "
        f"epoch {one.epochs}"
    )
    if len(found) > 1:
        name = repr(estimator.classes_.tolist()[wrong[0]])
        problem += f" (class {name}, the first of {len(wrong)} such classes)"
    counted = weights > 0
    if x.shape[0] * x.shape[1] > _MOST_NUMBERS:
        return explain(
            f"{problem}. Where the classes are linearly separable, the rule ends without any.",
            fix="`linear_separability(X, y)` says whether they are.",
        )
    dense = x.toarray() if hasattr(x, "toarray") else x
    if linear_separability(dense[counted], signs[counted, wrong[0]]).separable:
        return explain(
            f"{problem}. The classes are linearly separable, so it would end without any.",
            fix="raise `max_iter`, and set `tol=None`.",
        )
    return explain(
        f"{problem}, because the classes are not linearly separable: the rule never ends, and more "
        "epochs do not help.",
        fix="use `average=True`, other features, or a hidden layer (`MLPClassifier`).",
    )
