"""KerasClassifier and KerasRegressor: a network as scikit-learn's estimators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import type_of_target

from rosenblatt.core.types import Tree
from rosenblatt.sklearn.base_wrapper import BaseWrapper
from rosenblatt.sklearn.encoders import (
    ClassifierLabelEncoder,
    RegressorTargetEncoder,
    probabilities,
)
from rosenblatt.sklearn.settings import arguments_of, check_classes
from rosenblatt.sklearn.types import (
    ClassWeight,
    Features,
    ModelSource,
    Parts,
    RandomState,
    Targets,
    Weights,
)


class KerasClassifier(ClassifierMixin, BaseWrapper):
    """A classifier of scikit-learn around a network. The interface is SciKeras's.

    Args:
        model: a function that returns a model, a model class, or a model; the other arguments are
            those of `BaseWrapper`.
        class_weight: class to weight, or "balanced".

    Attributes:
        classes_, n_classes_: the classes in order, and their number (lists for several columns).

    >>> import rosenblatt as rb
    >>> def build(hidden, meta):
    ...     return rb.Sequential([
    ...         rb.Input((meta["n_features_in_"],)),
    ...         rb.layers.Dense(hidden, activation="relu"),
    ...         rb.layers.Dense(meta["n_classes_"], activation="softmax"),
    ...     ])
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> classifier = KerasClassifier(
    ...     build, hidden=8, loss="sparse_categorical_crossentropy", optimizer="adam",
    ...     optimizer__learning_rate=0.1, epochs=80, verbose=0, random_state=1,
    ... )
    >>> classifier.fit(x, ["low", "low", "high", "high"]).predict(x)
    array(['low', 'low', 'high', 'high'], dtype='<U4')
    """

    def __init__(
        self,
        model: ModelSource = None,
        *,
        build_fn: ModelSource = None,
        warm_start: bool = False,
        random_state: RandomState = None,
        optimizer: Parts = "rmsprop",
        loss: Parts = None,
        metrics: Parts = None,
        batch_size: int | None = None,
        validation_batch_size: int | None = None,
        verbose: int | str = 1,
        callbacks: Parts = None,
        validation_split: float = 0.0,
        shuffle: bool | str | Callable[[int], np.ndarray] = True,
        run_eagerly: bool = False,
        epochs: int = 1,
        class_weight: ClassWeight = None,
        **kwargs: Any,
    ):
        super().__init__(**arguments_of(locals()))

    _classes: np.ndarray | None = None

    scorer = staticmethod(accuracy_score)
    score = BaseWrapper.score  # which asks a subclass's `scorer`, not the mixin's

    @property
    def target_encoder(self) -> TransformerMixin:
        """Between labels and the network's targets."""
        categories = "auto" if self._classes is None else [self._classes]
        return ClassifierLabelEncoder(loss=self.loss, categories=categories)

    def _target_type(self, y: np.ndarray) -> str:
        kind = type_of_target(y)
        several = self._classes is not None and len(self._classes) > 2
        return "multiclass" if kind == "binary" and several else kind

    def fit(
        self, X: Features, y: Targets, sample_weight: Weights = None, **kwargs: Any
    ) -> KerasClassifier:
        """Train; see `BaseWrapper.fit`."""
        self._classes = None
        return super().fit(X, y, sample_weight, **kwargs)

    def partial_fit(  # type: ignore[override]
        self,
        X: Features,
        y: Targets,
        classes: Targets | None = None,
        sample_weight: Weights = None,
        **kwargs: Any,
    ) -> KerasClassifier:
        """Train for one more epoch.

        Args:
            X, y, sample_weight: as in `fit`.
            classes: all classes, in the first call, where `y` does not have all of them.
        """
        if self.initialized_:
            check_classes(self, self.classes_, classes)
        else:
            self._classes = None if classes is None else np.unique(np.asarray(classes))
        return super().partial_fit(X, y, sample_weight, **kwargs)

    def _row_weights(self, y: Targets, sample_weight: Weights) -> Weights:
        if self.class_weight is None:
            return sample_weight
        by_class = compute_sample_weight(self.class_weight, np.asarray(y))
        return by_class * (1.0 if sample_weight is None else np.asarray(sample_weight, np.float64))

    def _for_targets(self, outputs: Tree) -> Tree:
        if not isinstance(self.target_encoder_, ClassifierLabelEncoder):
            return outputs  # a user's own encoder takes them as they are
        return probabilities(outputs, self.model_.loss, self.model_.output_names)

    def predict_proba(self, X: Features, **kwargs: Any) -> Tree:
        """Probabilities of the classes, (rows, classes); a list for several columns.

        Where the model ends in logits and its loss says so (`from_logits=True`), those are turned
        into the probabilities they stand for, by a sigmoid or softmax.

        Args:
            X: inputs.
            **kwargs: arguments of the model's `predict`.
        """
        raw = self._predict_raw(X, **kwargs)
        return self.target_encoder_.inverse_transform(raw, return_proba=True)


class KerasRegressor(RegressorMixin, BaseWrapper):
    """A regressor of scikit-learn around a network. The interface is SciKeras's.

    Args:
        model: a function that returns a model, a model class, or a model; the other arguments are
            those of `BaseWrapper`.

    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.Input((1,)), rb.layers.Dense(1)])
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> regressor = KerasRegressor(
    ...     model, loss="mse", optimizer="sgd", optimizer__learning_rate=0.2, epochs=100, verbose=0
    ... )
    >>> regressor.fit(x, [1.0, 3.0, 5.0]).predict(x).round(2)
    array([1., 3., 5.])
    """

    scorer = staticmethod(r2_score)
    score = BaseWrapper.score

    @property
    def target_encoder(self) -> TransformerMixin:
        """Between numbers and the network's targets."""
        return RegressorTargetEncoder()

    def _target_type(self, y: np.ndarray) -> str:
        return "continuous" if y.ndim == 1 else "continuous-multioutput"
