"""Transformers of targets, where SciKeras has them."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from rosenblatt.sklearn.encoders import ClassifierLabelEncoder, RegressorTargetEncoder


class TargetReshaper(TransformerMixin, BaseEstimator):
    """Targets of one axis as a column, and back: for transformers that take columns only.

    >>> reshaper = TargetReshaper().fit(np.array([1, 2]))
    >>> reshaper.transform(np.array([1, 2])).shape
    (2, 1)
    >>> reshaper.inverse_transform(np.array([[1], [2]]))
    array([1, 2])
    """

    def fit(self, y: np.ndarray) -> TargetReshaper:
        """Learn how many axes the targets have."""
        self.ndim_ = y.ndim
        return self

    def transform(self, y: np.ndarray) -> np.ndarray:
        """The targets as a column where they have one axis."""
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def inverse_transform(self, y: np.ndarray) -> np.ndarray:
        """A column without its second axis, where `fit` saw one axis.

        Raises:
            NotFittedError: before `fit`.
        """
        check_is_fitted(self)
        return np.squeeze(y, axis=1) if self.ndim_ == 1 and y.ndim == 2 else y


__all__ = ["ClassifierLabelEncoder", "RegressorTargetEncoder", "TargetReshaper"]
