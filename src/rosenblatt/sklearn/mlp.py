"""MLPClassifier and MLPRegressor: scikit-learn's multilayer perceptrons on this engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from rosenblatt.core.errors import explain
from rosenblatt.data.precision import warn_of_rounding
from rosenblatt.sklearn.encoders import ClassifierLabelEncoder, RegressorTargetEncoder
from rosenblatt.sklearn.mlp_base import BaseMLP
from rosenblatt.sklearn.settings import check_classes

_SQUARES = ("identity", "mean_squared_error")


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

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        batch_normalization: bool = False,
        loss: Any = "auto",
        class_weight: Any = None,
        callbacks: Any = None,
    ):
        settings = dict(locals())
        for name in ("self", "__class__"):
            settings.pop(name, None)
        self.__dict__.update(settings)

    def _encode(self, y: Any, classes: Any, reset: bool) -> np.ndarray:
        if reset:
            categories = "auto" if classes is None else [np.unique(np.asarray(classes))]
            loss = None if self._has_own_loss() else self.loss
            self._encoder = ClassifierLabelEncoder(loss, categories).fit(y)
            if isinstance(self._encoder.classes_, list):
                raise ValueError(
                    explain(
                        "MLPClassifier: y has several columns that are not of 0 and 1.",
                        expected="labels of shape (rows,), or an indicator matrix of 0 and 1",
                        fix="use `KerasClassifier` with one output for each column, or "
                        "`sklearn.multioutput.MultiOutputClassifier`.",
                    )
                )
            self._encoder.one_hot_ = False  # as scikit-learn: each label for itself
            self.classes_ = self._encoder.classes_
        return self._encoder.transform(y)

    def _weights_of_classes(self, y: Any) -> np.ndarray | None:
        return None if self.class_weight is None else compute_sample_weight(self.class_weight, y)

    def _outputs(self) -> tuple[int, str, str]:
        kind = self._encoder.target_type_
        if kind == "binary":
            return 1, "logistic", "binary_crossentropy"
        if kind == "multiclass":
            return int(self._encoder.n_classes_), "softmax", "sparse_categorical_crossentropy"
        return int(self._encoder.n_outputs_), "logistic", "binary_crossentropy"

    def _score_of(self, x: np.ndarray, y: Any, weights: Any = None) -> float:
        probabilities = self._probabilities(x)
        if not np.isfinite(probabilities).all():
            return np.nan
        labels = self._encoder.inverse_transform(probabilities)
        return float(accuracy_score(y, labels, sample_weight=weights))

    def _probabilities(self, x: np.ndarray) -> np.ndarray:
        raw = self._raw_outputs(x).astype(np.float64)
        if self._ends_in_logits:
            raw = softmax(raw, axis=1) if self.out_activation_ == "softmax" else expit(raw)
        elif self.out_activation_ == "softmax":
            raw = raw / raw.sum(axis=1, keepdims=True)  # float32 sums to 1 ± 1e-7
        return raw

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, (rows, classes) (or (rows, labels) for several labels)."""
        check_is_fitted(self)
        probabilities = self._probabilities(self._check_x(X, reset=False))
        return self._encoder.inverse_transform(probabilities, return_proba=True)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Logarithms of `predict_proba`."""
        return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> np.ndarray:
        """Labels."""
        check_is_fitted(self)
        return self._encoder.inverse_transform(self._probabilities(self._check_x(X, reset=False)))

    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None
    ) -> MLPClassifier:
        """Train for one more epoch.

        Args:
            X, y, sample_weight: as in `fit`.
            classes: all classes, needed in the first call where `y` has not all of them.
        """
        new = not hasattr(self, "model_")
        if not new:
            check_classes(self, self.classes_, classes)
        return self._fit(X, y, sample_weight, None, new=new, epochs=1, classes=classes)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


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

    _own_losses = frozenset({"auto", "squared_error", "poisson"})

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        batch_normalization: bool = False,
        loss: Any = "squared_error",
        callbacks: Any = None,
    ):
        settings = dict(locals())
        for name in ("self", "__class__"):
            settings.pop(name, None)
        self.__dict__.update(settings)

    def _encode(self, y: Any, classes: Any, reset: bool) -> np.ndarray:
        if self._is_poisson() and (y < 0).any():
            raise ValueError(
                explain(
                    "MLPRegressor: loss='poisson' is for counts and rates.",
                    given=f"{y.min()} in y",
                    expected="0 or more",
                    fix="loss='squared_error'",
                )
            )
        if reset:
            warn_of_rounding(y, "y")
            self._encoder = RegressorTargetEncoder().fit(y)
        return self._encoder.transform(y).astype(np.float32)

    def _is_poisson(self) -> bool:
        return isinstance(self.loss, str) and self.loss == "poisson"

    def _outputs(self) -> tuple[int, str, str]:
        kind = ("exp", "poisson_deviance") if self._is_poisson() else _SQUARES
        return (int(self._encoder.n_outputs_), *kind)

    def _predictions(self, x: np.ndarray) -> np.ndarray:
        raw = self._raw_outputs(x)
        if self.out_activation_ == "exp":
            with np.errstate(over="ignore"):
                raw = np.exp(raw, dtype=np.float64)
        return self._encoder.inverse_transform(raw)

    def _score_of(self, x: np.ndarray, y: Any, weights: Any = None) -> float:
        found = self._predictions(x)
        if not np.isfinite(found).all():
            return np.nan
        return float(r2_score(y, found, sample_weight=weights))

    def predict(self, X: Any) -> np.ndarray:
        """Predictions, (rows,) or (rows, outputs)."""
        check_is_fitted(self)
        return self._predictions(self._check_x(X, reset=False))

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Train for one more epoch."""
        new = not hasattr(self, "model_")
        return self._fit(X, y, sample_weight, None, new=new, epochs=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
