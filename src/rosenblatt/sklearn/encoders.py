"""Between scikit-learn's targets and a network's outputs: labels as numbers, logits as labels."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.multiclass import type_of_target

from rosenblatt import losses
from rosenblatt.core.errors import BadData, explain, warn_user
from rosenblatt.core.types import Identifier, Tree
from rosenblatt.sklearn.types import Parts, Targets

_ONE_HOT = ("categorical", "kl_")  # names of losses
_ONE_CLASS = "y holds one class only, so there is nothing to tell apart."


class _TargetEncoder(TransformerMixin, BaseEstimator):
    """What both encoders tell an estimator, and what they refuse."""

    _told: tuple[str, ...] = ("n_outputs_", "n_outputs_expected_")
    columns_: int  # of y

    def get_metadata(self) -> dict[str, Any]:
        """What an estimator says about its targets, by the names of its attributes."""
        return {name: getattr(self, name) for name in self._told}

    def _check_columns(self, y: Targets) -> np.ndarray:
        y = np.asarray(y)
        if _columns_of(y) != self.columns_:
            raise BadData(
                "y has a different number of columns than in the first fit.",
                given=f"shape {y.shape}",
                expected=f"(rows, {self.columns_})" if self.columns_ > 1 else "(rows,)",
            )
        return y


class ClassifierLabelEncoder(_TargetEncoder):
    """Class labels of any kind as the numbers a network's loss takes.

    | `target_type_` | targets of the network | its output |
    | --- | --- | --- |
    | binary | (rows,) of 0 and 1 | (rows, 1) or (rows, 2) probabilities |
    | multiclass | (rows,) class numbers, or one-hot for a categorical loss | (rows, classes) |
    | multilabel-indicator | (rows, labels) of 0 and 1 | (rows, labels), or a list of outputs; |
    | | | where each row of y has one label, the likeliest is predicted |
    | multiclass-multioutput | a list, one for each column | a list |

    Args:
        loss: the network's loss: one-hot targets are made for categorical ones.
        categories: "auto", or a list of arrays with the classes of each output.

    >>> encoder = ClassifierLabelEncoder().fit(["no", "yes", "no"])
    >>> encoder.transform(["yes", "no"])
    array([1., 0.], dtype=float32)
    >>> encoder.inverse_transform(np.array([[0.2], [0.9]]))
    array(['no', 'yes'], dtype='<U3')
    """

    _told = ("classes_", "n_classes_", "n_outputs_", "n_outputs_expected_")

    def __init__(self, loss: Identifier = None, categories: str | list[np.ndarray] = "auto"):
        self.loss = loss
        self.categories = categories

    def fit(self, y: Targets) -> ClassifierLabelEncoder:
        """Learn the classes of targets; warns where there is only one."""
        self.learn(y)
        if self.n_classes_ == 1:
            warn_user(explain(_ONE_CLASS, given=repr(self.classes_.tolist())))
        return self

    def learn(self, y: Targets) -> ClassifierLabelEncoder:
        """Learn the classes of targets, without a warning."""
        y = np.asarray(y)
        self.target_type_ = _target_type(y)
        self.columns_ = _columns_of(y)
        if self.target_type_ == "multilabel-indicator":
            self.classes_: Any = np.arange(y.shape[1])
            self.n_outputs_ = self.n_outputs_expected_ = 1
            self.n_classes_: Any = y.shape[1]
            self.one_hot_ = bool((y.sum(axis=1) == 1).all())
            return self
        columns = _columns(y)
        found = [np.unique(column) for column in columns]
        if not isinstance(self.categories, str):
            found = [np.sort(np.asarray(c)) for c in self.categories]
            if self.target_type_ == "binary" and len(found[0]) > 2:
                self.target_type_ = "multiclass"
        self._categories = found
        several = len(found) > 1
        self.classes_ = found if several else found[0]
        self.n_classes_ = [len(c) for c in found] if several else len(found[0])
        self.n_outputs_ = self.n_outputs_expected_ = len(found)
        return self

    def transform(self, y: Targets) -> Tree:
        """The network's targets.

        Raises:
            ValueError: a label that `fit` has not seen.
        """
        y = self._check_columns(y)
        if self.target_type_ == "multilabel-indicator":
            return y.astype(np.float32)
        numbers = [
            _numbers(column, classes)
            for column, classes in zip(_columns(y), self._categories, strict=True)
        ]
        if self.target_type_ != "binary" and str(loss_name(self.loss)).startswith(_ONE_HOT):
            numbers = [
                np.eye(len(classes), dtype=np.float32)[n.astype(int)]
                for n, classes in zip(numbers, self._categories, strict=True)
            ]
        return numbers[0] if len(numbers) == 1 else numbers

    def probabilities(self, outputs: Tree) -> Tree:
        """A network's outputs as scikit-learn's `predict_proba`: (rows, classes), or a list."""
        if self.target_type_ == "multilabel-indicator":
            if isinstance(outputs, (list, tuple)):
                return np.column_stack([_second_class(o) for o in outputs])
            return outputs
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        both = [
            o.reshape(len(o), 1)[:, :1]
            if len(classes) == 1
            else np.column_stack([1 - o, o])
            if o.ndim == 1 or o.shape[1] == 1
            else o
            for o, classes in zip(outputs, self._categories, strict=True)
        ]
        return both[0] if len(both) == 1 else both

    def inverse_transform(self, y: Tree, return_proba: bool = False) -> Tree:
        """Labels (or probabilities of the classes) of a network's outputs.

        Args:
            y: what the network gave.
            return_proba: give probabilities.
        """
        found = self.probabilities(y)
        if return_proba:
            return found
        if self.target_type_ == "multilabel-indicator":
            found = np.asarray(found)
            if self.one_hot_:
                return np.eye(found.shape[1], dtype=int)[found.argmax(axis=1)]
            return (found > 0.5).astype(int)
        each = found if isinstance(found, list) else [found]
        labels = [
            classes[np.argmax(p, axis=1)] for p, classes in zip(each, self._categories, strict=True)
        ]
        return labels[0] if len(labels) == 1 else np.column_stack(labels)


class RegressorTargetEncoder(_TargetEncoder):
    """Numbers to predict, and predictions back in the shape and dtype of those numbers.

    >>> encoder = RegressorTargetEncoder().fit(np.array([1.0, 2.0]))
    >>> encoder.inverse_transform(np.array([[3.0], [4.0]], "float32"))
    array([3., 4.])
    """

    def fit(self, y: Targets) -> RegressorTargetEncoder:
        """Learn shape and dtype of targets."""
        y = np.asarray(y)
        self._ndim = y.ndim
        self._dtype = y.dtype if y.dtype.kind == "f" else np.dtype(np.float64)
        self.n_outputs_ = self.columns_ = _columns_of(y)
        self.n_outputs_expected_ = 1
        return self

    def transform(self, y: Targets) -> Tree:
        """The network's targets.

        Raises:
            ValueError: a different number of columns than in `fit`.
        """
        return self._check_columns(y)

    def inverse_transform(self, y: Tree) -> np.ndarray:
        """Predictions of a network's outputs."""
        y = np.column_stack(y) if isinstance(y, (list, tuple)) else np.asarray(y)
        if self._ndim == 1 and y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        return y.astype(self._dtype)


def label_encoder(
    estimator: BaseEstimator,
    y: Targets,
    classes: Targets | None = None,
    loss: Identifier = None,
) -> ClassifierLabelEncoder:
    """The encoder of a classifier with one unit for each class or label.

    Args:
        estimator: named in messages.
        y: its targets.
        classes: all classes, where `y` may not have them all.
        loss: the network's loss.

    Raises:
        ValueError: `y` has several columns of classes.
    """
    categories = "auto" if classes is None else [np.unique(np.asarray(classes))]
    encoder = ClassifierLabelEncoder(loss, categories).learn(y)
    if encoder.n_classes_ == 1:
        raise BadData(
            _ONE_CLASS, given=repr(encoder.classes_.tolist()), expected="at least two classes"
        )
    if isinstance(encoder.classes_, list):
        raise BadData(
            f"{type(estimator).__name__}: y has several columns that are not of 0 and 1.",
            expected="labels of shape (rows,), or an indicator matrix of 0 and 1",
            fix="use `KerasClassifier` with one output for each column, or "
            "`sklearn.multioutput.MultiOutputClassifier`.",
        )
    encoder.one_hot_ = False  # as scikit-learn: each label for itself
    return encoder


def _target_type(y: np.ndarray) -> str:
    kind = type_of_target(y, input_name="y")
    if kind not in ("binary", "multiclass", "multilabel-indicator", "multiclass-multioutput"):
        raise BadData(
            f"Unknown label type: {kind}. A classifier's y holds labels of classes.",
            given=f"{y.dtype} of shape {y.shape}",
            fix="use the regressor for numbers, or make classes of them, as with "
            "`KBinsDiscretizer`.",
        )
    return kind


def _columns_of(y: np.ndarray) -> int:
    return 1 if y.ndim == 1 else y.shape[1]


def _columns(y: np.ndarray) -> list[np.ndarray]:
    return [y] if y.ndim == 1 else [y[:, i] for i in range(y.shape[1])]


def _numbers(column: np.ndarray, classes: np.ndarray) -> np.ndarray:
    unseen = np.setdiff1d(column, classes)
    if len(unseen):
        raise BadData(
            "y: labels that are not among the classes of the first fit.",
            given=", ".join(map(repr, unseen[:5].tolist())),
            expected=", ".join(map(repr, classes[:10].tolist())),
            fix="name all classes in the first call: `partial_fit(X, y, classes=…)`.",
        )
    return np.searchsorted(classes, column).astype(np.float32)


def _second_class(output: np.ndarray) -> np.ndarray:
    return output[:, -1] if output.ndim == 2 else output


def loss_name(loss: Parts) -> str | None:
    """The name of the function of a single loss; None for none, and for several.

    >>> loss_name("mse"), loss_name(losses.MeanSquaredError())
    ('mean_squared_error', 'mean_squared_error')
    """
    loss = loss.func if isinstance(loss, functools.partial) else loss
    if loss is None or isinstance(loss, (list, tuple, Mapping)):
        return None
    named: Any = loss.__name__ if inspect.isclass(loss) else loss
    loss = losses.get(named)
    function = getattr(loss, "fn", loss)
    return getattr(function, "__name__", type(loss).__name__)


def from_logits(loss: Parts) -> bool:
    """Whether a loss takes logits.

    Args:
        loss: an object, a function with its arguments (`functools.partial`), or a name.

    >>> from rosenblatt import losses
    >>> from_logits(losses.BinaryCrossentropy(from_logits=True)), from_logits("mse")
    (True, False)
    """
    if isinstance(loss, functools.partial):
        return bool(loss.keywords.get("from_logits", from_logits(loss.func)))
    return bool(getattr(loss, "from_logits", False))


def probabilities(outputs: Tree, loss: Parts, names: list[str] | None = None) -> Tree:
    """A model's outputs; where its loss takes logits, the probabilities they stand for.

    Args:
        outputs: an array, or a list or dict of them.
        loss: what the model was compiled with: one loss, or a list or dict of them.
        names: of the outputs.
    """
    if isinstance(outputs, (list, tuple)):
        return type(outputs)(
            _probabilities_of(array, _loss_of(loss, index, names))
            for index, array in enumerate(outputs)
        )
    if isinstance(outputs, Mapping):
        return {
            key: _probabilities_of(
                array, loss.get(key) if isinstance(loss, Mapping) else _loss_of(loss, index)
            )
            for index, (key, array) in enumerate(outputs.items())
        }
    return _probabilities_of(outputs, _loss_of(loss, 0, names))


def _loss_of(loss: Parts, index: int, names: list[str] | None = None) -> Parts:
    if isinstance(loss, Mapping):
        if names and index < len(names) and names[index] in loss:
            return loss[names[index]]
        loss = list(loss.values())
    if isinstance(loss, (list, tuple)):
        return loss[index] if index < len(loss) else None
    return loss


def _probabilities_of(array: np.ndarray, loss: Parts) -> np.ndarray:
    if not from_logits(loss):
        return array
    axis = loss.keywords.get("axis") if isinstance(loss, functools.partial) else None
    axis = int(getattr(loss, "axis", -1) if axis is None else axis)
    # Classes that exclude each other, not labels.
    if "binary" not in str(loss_name(loss)) and array.ndim > 1 and array.shape[axis] > 1:
        return softmax(array, axis=axis)
    return expit(array)
