"""The estimators around Keras models, where SciKeras has them."""

from rosenblatt.sklearn.base_wrapper import BaseWrapper
from rosenblatt.sklearn.keras import KerasClassifier, KerasRegressor

__all__ = ["BaseWrapper", "KerasClassifier", "KerasRegressor"]
