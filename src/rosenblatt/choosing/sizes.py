"""A first network for data: sizes, activations, loss, each with its reason in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

from rosenblatt import layers, metrics, optimizers
from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.core.types import Tree
from rosenblatt.data.arrays import to_numpy
from rosenblatt.data.frames import columns_of, is_frame, is_series, series_to_array
from rosenblatt.models.sequential import Sequential

TASKS = ("regression", "binary", "multilabel", "multiclass")
# Whole numbers with at most this many values are classes, unless `task` says otherwise.
_MOST_CLASSES = 50
# Targets this many (robust) deviations from the median are outliers; this share of them matters.
_FAR, _SHARE = 5.0, 0.01


@dataclass
class NetworkSpec:
    """A network that is not built yet, and why it is as it is.

    Attributes:
        task: one of "regression", "binary", "multilabel", "multiclass".
        input_shape: of a row.
        rows: how many rows it is for.
        hidden: units of the hidden layers.
        output_units, output_activation, loss, metric: of the last layer and of `compile`.
        learning_rate: Adam's.
        mean, variance: of the features, for a Normalization layer; None where none is needed.
        reasons: a sentence for each choice.
    """

    task: str
    input_shape: tuple[int, ...]
    rows: int
    hidden: tuple[int, ...] = (50, 50)
    output_units: int = 1
    output_activation: str = "linear"
    loss: str = "mean_squared_error"
    metric: str = "root_mean_squared_error"
    learning_rate: float = 1e-3
    mean: np.ndarray | None = None
    variance: np.ndarray | None = None
    reasons: list[str] = field(default_factory=list)

    def build(self) -> Sequential:
        """The network, compiled."""
        parts: list[Any] = [layers.Input(self.input_shape)]
        if len(self.input_shape) > 1:
            parts.append(layers.Flatten())
        if self.mean is not None:
            parts.append(layers.Normalization(mean=self.mean, variance=self.variance))
        parts += [
            layers.Dense(units, activation="relu", kernel_initializer="he_normal")
            for units in self.hidden
        ]
        parts.append(layers.Dense(self.output_units, activation=self.output_activation))
        model = Sequential(parts)
        metric = (
            metrics.RootMeanSquaredError()
            if self.task == "regression"
            else metrics.BinaryAccuracy(name="accuracy")
            if self.task == "multilabel"
            else "accuracy"
        )
        model.compile(optimizers.Adam(self.learning_rate), self.loss, metrics=[metric])
        return model

    def __str__(self) -> str:
        return "\n".join([f"{self.task}:", *(f"  - {reason}" for reason in self.reasons)])


def recommend(x: Tree, y: Tree, task: str | None = None) -> NetworkSpec:
    """A network to begin with, by the usual guidelines, from what the data look like.

    Args:
        x: (N, …) numbers: an array, or a frame of columns of numbers and booleans.
        y: (N,) or (N, outputs) targets: numbers, class numbers from 0 on, zeros and ones.
        task: "regression", "binary", "multilabel" or "multiclass"; judged by y if None.

    Returns:
        A spec: print it for the reasons, change what you know better, `build()` it.

    Raises:
        ValueError: data without rows or with NaN, labels that are no class numbers.

    Géron, Hands-On Machine Learning, 3rd ed., chapter 10, tables 10-1 and 10-2.

    >>> x = np.random.default_rng(0).normal(3.0, 5.0, (200, 4))
    >>> spec = recommend(x, (x[:, 0] > 3).astype(int))
    >>> spec.task, spec.hidden, spec.output_activation, spec.loss
    ('binary', (16,), 'sigmoid', 'binary_crossentropy')
    >>> spec.build().count_params()
    97
    """
    inputs, targets = _numbers(x, "x"), _numbers(y, "y")
    if len(inputs) != len(targets) or not len(inputs):
        raise BadData(
            "recommend: x and y must have the same number of rows, one at least.",
            given=f"{len(inputs)} and {len(targets)}",
        )
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if task is None:
        task = _task_of(targets)
    elif task not in TASKS:
        raise BadArgument("recommend: bad `task`.", given=repr(task), expected=f"one of {TASKS}")
    spec = NetworkSpec(task, inputs.shape[1:], len(inputs))
    _scale(spec, inputs)
    _sizes(spec)
    _output(spec, targets)
    return spec


def _numbers(values: Tree, name: str) -> np.ndarray:
    if is_frame(values):  # in double precision: means and variances are taken of them
        values = np.column_stack([series_to_array(c, name) for c in columns_of(values)])
    array = series_to_array(values, name) if is_series(values) else to_numpy(values, name)
    if array.dtype.kind == "O" and all(isinstance(v, Real) for v in array.ravel()):
        array = array.astype("float64")
    if array.dtype.kind not in "biuf":
        wrong = next((v for v in array.ravel() if not isinstance(v, Real)), None)
        raise BadData(
            f"recommend: {name} must be numbers.",
            given=f"{array.dtype}, e.g. {wrong!r}",
            fix="number the labels: `classes, y = np.unique(y, return_inverse=True)`."
            if name == "y"
            else "encode it as numbers (e.g. `pandas.get_dummies`, scikit-learn's "
            "`OneHotEncoder`) or leave it out; dates become days since the first one.",
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise BadData(
            f"recommend: {name} holds NaN or infinity.",
            fix="leave those rows out, or fill them in.",
        )
    return array


def _task_of(y: np.ndarray) -> str:
    whole = bool((y == np.round(y)).all())
    if y.ndim > 1:
        zeros_and_ones = bool(np.isin(y, (0, 1)).all())
        if zeros_and_ones:
            return "multiclass" if (y.sum(axis=1) == 1).all() else "multilabel"
        return "regression"
    classes = len(np.unique(y)) if whole else 0
    if not whole or classes > min(_MOST_CLASSES, max(2, len(y) // 2)):
        return "regression"
    return "binary" if classes <= 2 and set(np.unique(y)) <= {0, 1} else "multiclass"


def _scale(spec: NetworkSpec, x: np.ndarray) -> None:
    flat = x.reshape(len(x), -1).astype("float64")
    mean, variance = flat.mean(axis=0), flat.var(axis=0)
    ready = np.abs(mean).max() < 1 and np.sqrt(variance).max() < 2
    if ready:
        spec.reasons.append("The features are of size one already: no Normalization layer.")
        return
    spec.mean, spec.variance = mean.astype("float32"), variance.astype("float32")
    spec.reasons.append(
        "A Normalization layer: features of different sizes "
        f"(deviations {np.sqrt(variance).min():.2g} to {np.sqrt(variance).max():.2g}) learn slowly."
    )


def _sizes(spec: NetworkSpec) -> None:
    features = int(np.prod(spec.input_shape))
    depth = 1 if spec.rows < 1_000 else 2 if spec.rows < 100_000 else 3
    width = int(np.clip(4 * features, 16, 100))
    if len(spec.input_shape) > 1:
        depth, width = max(depth, 2), 300
    spec.hidden = (width, *(max(width // 3, 16) if width == 300 else width,) * (depth - 1))
    spec.reasons.append(
        f"{depth} hidden layer{'s' if depth > 1 else ''} for {spec.rows:,} rows (usual: 1 to 5), "
        f"of {' and '.join(map(str, spec.hidden))} units for {features} features (usual: 10 to "
        "100), ReLU with He's initial weights."
    )


def _output(spec: NetworkSpec, y: np.ndarray) -> None:
    if spec.task == "regression":
        _regression(spec, y)
        return
    spec.metric = "accuracy"
    if spec.task in ("binary", "multilabel"):
        spec.output_units = 1 if y.ndim == 1 else y.shape[1]
        spec.output_activation, spec.loss = "sigmoid", "binary_crossentropy"
        what = "one class or not" if spec.task == "binary" else "labels that exclude nothing"
        spec.reasons.append(f"{what}: a sigmoid for each, binary cross-entropy.")
        return
    spec.output_activation = "softmax"
    if y.ndim > 1:
        spec.output_units, spec.loss = y.shape[1], "categorical_crossentropy"
    else:
        classes = np.unique(y).astype(int)
        if classes[0] < 0 or classes[-1] >= 10 * len(classes):
            raise BadData(
                "recommend: class numbers must count from 0.",
                given=f"{classes[:5].tolist()} …, up to {classes[-1]}",
                fix="`classes, y = np.unique(y, return_inverse=True)`; or task='regression'.",
            )
        spec.output_units, spec.loss = int(classes[-1]) + 1, "sparse_categorical_crossentropy"
    spec.reasons.append(
        f"One of {spec.output_units} classes: softmax, {spec.loss.replace('_', ' ')} (y holds "
        f"{'class numbers' if y.ndim == 1 else 'one-hot rows'})."
    )


def _regression(spec: NetworkSpec, y: np.ndarray) -> None:
    spec.output_units = 1 if y.ndim == 1 else y.shape[1]
    low, high = float(y.min()), float(y.max())
    spec.reasons.append(f"{spec.output_units} output{'s' * (spec.output_units > 1)}: numbers.")
    if low >= 0 and high <= 1:
        spec.output_activation = "sigmoid"
        spec.reasons.append("Targets between 0 and 1: a sigmoid keeps the outputs there.")
    elif low >= -1 and high <= 1:
        spec.output_activation = "tanh"
        spec.reasons.append("Targets between -1 and 1: tanh keeps the outputs there.")
    elif low > 0 and high <= 100:
        spec.output_activation = "softplus"
        spec.reasons.append("Targets above 0: softplus keeps the outputs there.")
    else:
        spec.reasons.append("Targets without bounds: no activation.")
        if max(abs(low), abs(high)) > 1_000:
            spec.reasons.append("They are large: divide them by their deviation before training.")
    median = np.median(y, axis=0)
    deviation = 1.4826 * np.median(np.abs(y - median), axis=0)
    far = np.abs(y - median) > _FAR * np.maximum(deviation, 1e-12)
    share = float(far.mean())
    bounded = spec.output_activation in ("sigmoid", "tanh")
    if share > _SHARE and not bounded:
        spec.loss = "huber"
        spec.reasons.append(f"{share:.1%} of the targets lie far out: Huber's loss bears them.")
    else:
        spec.reasons.append("Few targets lie far out: the mean squared error.")
