"""Whether a hyperplane separates two classes: a linear programme with a proof either way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from sklearn.utils import check_X_y

from rosenblatt.core.errors import BadData

_TOLERANCE = 1e-7  # HiGHS's own


@dataclass(frozen=True)
class Separability:
    """The answer of `linear_separability`, with its proof.

    Args:
        separable: whether there are w and b with y (w·x + b) > 0 for all rows.
        coef: (features,) w, if so.
        intercept: b, if so.
        margin: distance of the nearest row from the hyperplane, if so.
        certificate: (rows,) λ ≥ 0, if not: Σ λ = 1, Σ λ y = 0, Σ λ y x = 0. It proves that there
            is none: Σ λ y (w·x + b) would be above 0, but is 0 for all w and b. Said with points:
            the same point is a mean of rows of the one class and a mean of rows of the other.
        classes: the label that counts as -1 and the one that counts as 1.
    """

    separable: bool
    coef: np.ndarray | None
    intercept: float | None
    margin: float | None
    certificate: np.ndarray | None
    classes: np.ndarray

    def residual(self, x: Any, y: Any) -> float:
        """How far the proof is from exact, checked by arithmetic alone.

        Args:
            x: (rows, features).
            y: (rows,).

        Returns:
            For a certificate the largest deviation of its equations; for weights minus the margin,
            below 0 where all rows lie on their sides.
        """
        x, sign = np.asarray(x, float), np.where(np.asarray(y) == self.classes[1], 1.0, -1.0)
        if self.coef is not None:
            margins = sign * (x @ self.coef + self.intercept) / np.linalg.norm(self.coef)
            return -float(margins.min())
        assert self.certificate is not None
        signed = self.certificate * sign
        off = [signed @ x, [signed.sum(), self.certificate.sum() - 1, self.certificate.min()]]
        off[1][2] = min(off[1][2], 0.0)
        return float(np.abs(np.concatenate(off)).max())


def linear_separability(X: Any, y: Any) -> Separability:
    """Find a hyperplane between two classes, or prove that there is none.

    The linear programme: the largest t with y (w·x + b) ≥ t for all rows and |w| ≤ 1. Its dual
    variables λ are the proof where t is 0 (Farkas's lemma).

    Args:
        X: (rows, features) numbers.
        y: (rows,) labels of two classes.

    Returns:
        The answer with weights and margin, or with a certificate.

    Raises:
        ValueError: bad data, or not two classes.

    >>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> linear_separability(x, [0, 0, 0, 1]).separable
    True
    >>> xor = linear_separability(x, [0, 1, 1, 0])
    >>> xor.separable, xor.certificate.tolist()
    (False, [0.25, 0.25, 0.25, 0.25])
    """
    x, y = check_X_y(X, y, dtype=np.float64)
    classes = np.unique(y)
    if len(classes) != 2:
        raise BadData(
            "linear_separability: y holds labels of two classes.",
            given=f"{len(classes)} of them",
            fix="ask for each class against the others: `y == label`.",
        )
    sign = np.where(y == classes[1], 1.0, -1.0)
    # Shift and scale change nothing about the question, and the solver likes numbers near 1.
    middle, spread = x.mean(axis=0), x.std(axis=0)
    spread[spread == 0] = 1
    scaled = (x - middle) / spread
    features = x.shape[1]
    rows = np.column_stack([-sign[:, None] * scaled, -sign, np.ones(len(x))])
    goal = np.append(np.zeros(features + 1), -1.0)
    bounds = [(-1, 1)] * features + [(None, None), (None, None)]
    solution = linprog(goal, A_ub=rows, b_ub=np.zeros(len(x)), bounds=bounds, method="highs")
    if -solution.fun > _TOLERANCE:
        coef = solution.x[:features] / spread
        intercept = float(solution.x[features] - coef @ middle)
        margin = float((sign * (x @ coef + intercept)).min() / np.linalg.norm(coef))
        if margin > 0:
            return Separability(True, coef, intercept, margin, None, classes)
    proof = np.maximum(-solution.ineqlin.marginals, 0)
    return Separability(False, None, None, None, proof / proof.sum(), classes)
