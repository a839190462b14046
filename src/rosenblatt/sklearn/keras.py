"""KerasClassifier and KerasRegressor: a network as scikit-learn's estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import type_of_target

from rosenblatt.sklearn.encoders import ClassifierLabelEncoder, RegressorTargetEncoder
from rosenblatt.sklearn.logits import probabilities
from rosenblatt.sklearn.settings import check_classes
from rosenblatt.sklearn.wrappers import BaseWrapper


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
        model: Any = None,
        *,
        build_fn: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        batch_size: int | None = None,
        validation_batch_size: int | None = None,
        verbose: int = 1,
        callbacks: Any = None,
        validation_split: float = 0.0,
        shuffle: bool = True,
        run_eagerly: bool = False,
        epochs: int = 1,
        class_weight: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            model,
            build_fn=build_fn,
            warm_start=warm_start,
            random_state=random_state,
            optimizer=optimizer,
            loss=loss,
            metrics=metrics,
            batch_size=batch_size,
            validation_batch_size=validation_batch_size,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            shuffle=shuffle,
            run_eagerly=run_eagerly,
            epochs=epochs,
            **kwargs,
        )
        self.class_weight = class_weight

    _classes: Any = None

    @property
    def target_encoder(self) -> Any:
        """Between labels and the network's targets."""
        categories = "auto" if self._classes is None else [self._classes]
        return ClassifierLabelEncoder(loss=self.loss, categories=categories)

    @staticmethod
    def scorer(y_true: Any, y_pred: Any, **kwargs: Any) -> float:
        """Accuracy."""
        return accuracy_score(y_true, y_pred, **kwargs)

    def _target_type(self, y: Any) -> str:
        kind = type_of_target(y)
        several = self._classes is not None and len(self._classes) > 2
        return "multiclass" if kind == "binary" and several else kind

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> KerasClassifier:
        """Train; see `BaseWrapper.fit`."""
        self._classes = None
        return super().fit(X, y, sample_weight, **kwargs)

    def partial_fit(  # type: ignore[override]
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None, **kwargs: Any
    ) -> KerasClassifier:
        """Train for one more epoch.

        Args:
            X, y, sample_weight: as in `fit`.
            classes: all classes, in the first call, where `y` has not all of them.
        """
        if self.initialized_:
            check_classes(self, self.classes_, classes)
        else:
            self._classes = None if classes is None else np.unique(np.asarray(classes))
        return super().partial_fit(X, y, sample_weight, **kwargs)

    def _row_weights(self, y: Any, sample_weight: Any) -> Any:
        if self.class_weight is None:
            return sample_weight
        by_class = compute_sample_weight(self.class_weight, np.asarray(y))
        return by_class * (1.0 if sample_weight is None else np.asarray(sample_weight, np.float64))

    def _for_targets(self, outputs: Any) -> Any:
        if not isinstance(self.target_encoder_, ClassifierLabelEncoder):
            return outputs  # a user's own encoder takes them as they are
        names = getattr(self.model_, "output_names", None)
        return probabilities(outputs, self.model_.loss, names)

    def predict_proba(self, X: Any, **kwargs: Any) -> Any:
        """Probabilities of the classes, (rows, classes); a list for several columns.

        Where the model ends in logits and its loss says so (`from_logits=True`), those are turned
        into the probabilities they stand for, by a sigmoid or softmax.

        Args:
            X: inputs.
            **kwargs: arguments of the model's `predict`.
        """
        raw = self._for_targets(self._predict_raw(X, **kwargs))
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

    @property
    def target_encoder(self) -> Any:
        """Between numbers and the network's targets."""
        return RegressorTargetEncoder()

    @staticmethod
    def scorer(y_true: Any, y_pred: Any, **kwargs: Any) -> float:
        """The coefficient of determination R²."""
        return r2_score(y_true, y_pred, **kwargs)

    def _target_type(self, y: Any) -> str:
        return "continuous" if y.ndim == 1 else "continuous-multioutput"
