"""MLPClassifier and MLPRegressor: scikit-learn's multilayer perceptrons on this engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import Tags
from sklearn.utils.class_weight import compute_sample_weight

from rosenblatt import losses
from rosenblatt.core.errors import BadData
from rosenblatt.core.types import Identifier
from rosenblatt.sklearn.encoders import RegressorTargetEncoder, label_encoder
from rosenblatt.sklearn.mlp_base import BaseMLP
from rosenblatt.sklearn.mlp_network import LOSS
from rosenblatt.sklearn.settings import check_classes, parameter
from rosenblatt.sklearn.types import ClassWeight, Features, Matrix, Targets, Weights


@dataclass(kw_only=True, eq=False, repr=False)
class MLPClassifier(ClassifierMixin, BaseMLP):
    """A multilayer perceptron that classifies, with scikit-learn's parameters and more.

    Args:
        class_weight: class to weight, or "balanced"; all other arguments are those of `BaseMLP`.

    Attributes:
        classes_: the classes in order.
        coefs_, intercepts_, loss_curve_, best_loss_, n_iter_, out_activation_,
        validation_scores_: as scikit-learn's.

    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> xor = ["same", "other", "other", "same"]
    >>> MLPClassifier((8,), solver="lbfgs", random_state=1).fit(x, xor).score(x, xor)
    1.0
    """

    class_weight: ClassWeight = parameter(None)

    _scorer = staticmethod(accuracy_score)

    def _encode(self, y: np.ndarray, classes: Targets | None, reset: bool) -> np.ndarray:
        if reset:
            self._encoder = label_encoder(
                self, y, classes, loss=None if self._has_own_loss() else self.loss
            )
            self.classes_ = self._encoder.classes_
        return self._encoder.transform(y)

    def _weights_of_classes(self, y: np.ndarray) -> np.ndarray | None:
        return None if self.class_weight is None else compute_sample_weight(self.class_weight, y)

    def _output(self) -> tuple[int, str, losses.Loss]:
        kind = self._encoder.target_type_
        if kind == "multiclass":
            loss = losses.SparseCategoricalCrossentropy(from_logits=True)
            return int(self._encoder.n_classes_), "softmax", loss
        units = 1 if kind == "binary" else int(self._encoder.columns_)
        return units, "logistic", losses.BinaryCrossentropy(from_logits=True)

    def _outputs(self, x: Matrix) -> np.ndarray:
        """Probabilities."""
        raw = self._raw_outputs(x).astype(np.float64)
        if self._ends_in_logits:
            return softmax(raw, axis=1) if self.out_activation_ == "softmax" else expit(raw)
        if self.out_activation_ == "softmax":
            raw = raw / raw.sum(axis=1, keepdims=True)  # float32 sums to 1 ± 1e-7
        return raw

    def predict_proba(self, X: Features) -> np.ndarray:
        """Probabilities, (rows, classes) (or (rows, labels) for several labels)."""
        outputs = self._checked_outputs(X)
        return self._encoder.probabilities(outputs)

    def predict_log_proba(self, X: Features) -> np.ndarray:
        """Logarithms of `predict_proba`."""
        return np.log(self.predict_proba(X))

    def partial_fit(
        self,
        X: Features,
        y: Targets,
        sample_weight: Weights = None,
        classes: Targets | None = None,
    ) -> MLPClassifier:
        """Train for one more epoch.

        Args:
            X, y, sample_weight: as in `fit`.
            classes: all classes, needed in the first call where `y` does not have all of them.
        """
        new = not hasattr(self, "model_")
        if not new:
            check_classes(self, self.classes_, classes)
        return self._fit(X, y, sample_weight, None, new=new, epochs=1, classes=classes)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@dataclass(kw_only=True, eq=False, repr=False)
class MLPRegressor(RegressorMixin, BaseMLP):
    """A multilayer perceptron that predicts numbers, with scikit-learn's parameters and more.

    Args:
        All those of `BaseMLP`.

    >>> x = np.linspace(-1.0, 1.0, 50)[:, None]
    >>> y = x[:, 0] ** 2
    >>> regressor = MLPRegressor((16,), solver="lbfgs", random_state=1).fit(x, y)
    >>> regressor.score(x, y) > 0.99
    True
    """

    loss: Identifier = parameter("squared_error", LOSS)

    _own_losses = frozenset({"auto", "squared_error", "poisson"})
    _scorer = staticmethod(r2_score)

    def _encode(self, y: np.ndarray, classes: Targets | None, reset: bool) -> np.ndarray:
        if self._is_poisson() and (y < 0).any():
            raise BadData(
                "MLPRegressor: loss='poisson' is for counts and rates.",
                given=f"{y.min()} in y",
                expected="0 or more",
                fix="loss='squared_error'",
            )
        if reset:
            self._encoder = RegressorTargetEncoder().fit(y)
        return self._encoder.transform(y).astype(np.float32)

    def _is_poisson(self) -> bool:
        return isinstance(self.loss, str) and self.loss == "poisson"

    def _output(self) -> tuple[int, str, losses.Loss]:
        if self._is_poisson():
            return self._encoder.n_outputs_, "exp", losses.PoissonDeviance()
        return self._encoder.n_outputs_, "identity", losses.MeanSquaredError()

    def _outputs(self, x: Matrix) -> np.ndarray:
        raw = self._raw_outputs(x)
        if self.out_activation_ == "exp":
            with np.errstate(over="ignore"):
                raw = np.exp(raw, dtype=np.float64)
        return raw

    def partial_fit(self, X: Features, y: Targets, sample_weight: Weights = None) -> MLPRegressor:
        """Train for one more epoch."""
        new = not hasattr(self, "model_")
        return self._fit(X, y, sample_weight, None, new=new, epochs=1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
