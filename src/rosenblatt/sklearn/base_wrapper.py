"""BaseWrapper: a network as an estimator of scikit-learn.

The interface is SciKeras's, so that its users change one import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import Tags
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

import rosenblatt.sklearn.settings as takes
from rosenblatt.core.checks import Check, choice, function, whole
from rosenblatt.core.errors import (
    BadData,
    UnknownName,
    WrongType,
    nearest,
)
from rosenblatt.core.random import seeded
from rosenblatt.core.types import Tree
from rosenblatt.data.frames import named_as
from rosenblatt.data.reading import is_stream
from rosenblatt.sklearn.building import build_model, check_outputs, make_callbacks, source_of
from rosenblatt.sklearn.inputs import (
    check_inputs,
    check_targets,
    check_weights,
    checked_validation,
    one_batch_form,
    padded_rows,
    relative,
    require_finite,
    require_targets,
    rows_of,
)
from rosenblatt.sklearn.pickling import packed
from rosenblatt.sklearn.routing import PREFIXES, has_prefix, keyword_names, route
from rosenblatt.sklearn.settings import arguments_of, check_values, either, seed_of
from rosenblatt.sklearn.sparse import dense, fit_model, predict_model
from rosenblatt.sklearn.types import Features, ModelSource, Parts, RandomState, Targets, Weights
from rosenblatt.sklearn.utils.names import history_entry

_FIT_NAMES = (
    "batch_size", "epochs", "verbose", "validation_split", "shuffle", "validation_batch_size",
    "validation_steps", "validation_freq", "initial_epoch",
)  # fmt: skip
_PREDICT_NAMES = ("batch_size", "verbose", "steps")
_DEFAULT_BATCH = 32
_ROWS = Check(
    lambda v: v is None or v == -1 or takes.COUNT.fits(v),
    "None, -1 for all rows, or a positive integer",
)
_CHECKS = {
    "batch_size": _ROWS,
    "validation_batch_size": _ROWS,
    "epochs": whole(least=0),
    "verbose": either(
        "0 silent, 1 progress, 2 one line an epoch, or 'auto'", takes.VERBOSE, choice("auto")
    ),
    "shuffle": either(
        "True, False, 'batch', or a function of the epoch's number",
        takes.FLAG, function, choice("batch"),
    ),
    "warm_start": takes.FLAG,
}  # fmt: skip


class BaseWrapper(BaseEstimator):
    """What both estimators have: parameters, building, training, predicting.

    Args:
        model: a function that returns a model, a model class, or a model. A function may ask for
            parameters by name, for `meta` (what `fit` knows about the data: `n_features_in_`,
            `n_classes_`, `target_type_`, …), for `params` (all parameters) and for
            `compile_kwargs`; one with `**kwargs` gets all three. A model is trained itself.
        build_fn: an older name of `model`; it causes a warning.
        warm_start: continue from the model of the last `fit`, with a new history.
        random_state: seed of weights, order of rows and dropout, or a generator to take one from.
        optimizer, loss, metrics: names, objects, or classes, for which `optimizer__learning_rate`
            and the like are arguments.
        batch_size: rows of a batch; 32 if None, all if −1.
        validation_batch_size: the same for validation.
        verbose: 0 silent, 1 progress, 2 one line an epoch.
        callbacks: callbacks or classes, in a list or dict too; `callbacks__patience`,
            `callbacks__0__patience` and `callbacks__name__patience` are their arguments. Objects
            are called themselves, in `predict` too.
        validation_split: share of the rows, the last ones, to validate on.
        shuffle: whether rows get a new order each epoch.
        run_eagerly: run each step as plain Python.
        epochs: passes over the data.
        **kwargs: arguments of the build function, and parameters with the prefixes `model__`,
            `optimizer__`, `loss__`, `metrics__`, `callbacks__`, `compile__`, `fit__`, `predict__`,
            `score__`.

    Attributes:
        model_: the trained model.
        history_: losses and metrics by name, one entry an epoch.
        target_type_, n_features_in_, X_shape_, X_dtype_, y_dtype_, y_ndim_, n_outputs_: the data's.
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
        **kwargs: Any,
    ):
        self.__dict__.update(arguments_of(locals()))

    X_shape_: tuple[int, ...]

    # -- parameters ----------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All parameters by name, the routed ones too."""
        own = {name: getattr(self, name) for name in self._own_names() if hasattr(self, name)}
        given = {name: value for name, value in vars(self).items() if not _is_kept(name)}
        return {**own, **given}

    def set_params(self, **params: Any) -> BaseWrapper:
        """Change parameters; those with a prefix need not have been given before.

        Raises:
            ValueError: a name that goes nowhere, with the nearest that exists.
        """
        known = self.get_params()
        for name, value in params.items():
            if name not in known and not has_prefix(name):
                raise UnknownName(
                    f"Invalid parameter {name!r} for estimator {type(self).__name__}.",
                    fix=nearest(name, [*known, *(f"{p}__" for p in PREFIXES)])
                    + " An argument of the build function is given when the estimator is made, "
                    f"or as `model__{name}`.",
                )
            setattr(self, name, value)
        return self

    @classmethod
    def _own_names(cls) -> list[str]:
        """Names of the constructor's arguments, of all classes it comes from."""
        constructors = [base.__init__ for base in cls.__mro__ if issubclass(base, BaseWrapper)]
        names = dict.fromkeys(name for one in constructors for name in keyword_names(one)[0])
        return [name for name in names if name != "self"]

    # -- what a subclass may replace -----------------------------------------------------------

    @property
    def feature_encoder(self) -> TransformerMixin:
        """A transformer of `X` for the network, as of one array into a list or dict of inputs."""
        return FunctionTransformer()

    @property
    def target_encoder(self) -> TransformerMixin:
        """A transformer of `y` for the network, and of its outputs back; y itself by default."""
        return FunctionTransformer()

    @staticmethod
    def scorer(y_true: np.ndarray, y_pred: np.ndarray, **kwargs: Any) -> float:
        """What `score` computes."""
        raise NotImplementedError

    def _target_type(self, y: np.ndarray) -> str:
        return str(type_of_target(y))

    def _row_weights(self, y: Targets, sample_weight: Weights) -> Weights:
        """The weights of the rows to train on."""
        return sample_weight

    def _for_targets(self, outputs: Tree) -> Tree:
        """The model's outputs as the target encoder takes them."""
        return outputs

    # -- training ------------------------------------------------------------------------------

    @property
    def initialized_(self) -> bool:
        """Whether it has a model, by `fit` or `initialize`."""
        return hasattr(self, "model_")

    @property
    def current_epoch(self) -> int:
        """Epochs trained so far."""
        return len(getattr(self, "history_", {}).get("loss", []))

    @property
    def history(self) -> dict[str, list[float]]:
        """`history_`."""
        return self.history_

    def __getstate__(self) -> dict[str, Any]:
        return packed(super().__getstate__())

    def __sklearn_is_fitted__(self) -> bool:
        return self.initialized_

    def initialize(self, X: Features, y: Targets | None = None) -> BaseWrapper:
        """Make the model for data like this, without training it.

        Args:
            X: inputs.
            y: targets.
        """
        self._read(X, y, None, reset=True)
        self._make_model()
        return self

    def _read(
        self, X: Features, y: Targets | None, sample_weight: Weights, reset: bool = False
    ) -> tuple[Tree, Tree, np.ndarray | None]:
        """Checked and encoded data; what is learned of them is kept where `reset`."""
        x = check_inputs(self, X, reset)
        weights = check_weights(sample_weight, x)
        targets = None
        if y is not None:
            targets = check_targets(self, y, x)
            if reset:
                self.target_type_ = self._target_type(targets)
                self.y_dtype_, self.y_ndim_ = targets.dtype, targets.ndim
                self.target_encoder_ = self.target_encoder.fit(targets)
                self.n_outputs_ = 1 if targets.ndim == 1 else targets.shape[1]
                self.__dict__.update(getattr(self.target_encoder_, "get_metadata", dict)())
            targets = named_as(y, self.target_encoder_.transform(targets))
        if not reset and x.shape[1:] != self.X_shape_[1:]:
            raise BadData(
                f"X has another shape than the one {type(self).__name__} was fitted on.",
                given=f"shape {x.shape}",
                expected=f"(rows, {', '.join(map(str, self.X_shape_[1:]))})",
            )
        if reset:
            self.X_dtype_, self.X_shape_ = x.dtype, x.shape
            self.feature_encoder_ = self.feature_encoder
        if _is_identity(self.feature_encoder_):
            x = named_as(X, x)
        else:  # a user's encoder gets arrays
            x = dense(x)
            if reset:
                self.feature_encoder_ = self.feature_encoder_.fit(x)
                self.__dict__.update(getattr(self.feature_encoder_, "get_metadata", dict)())
            x = self.feature_encoder_.transform(x)
        return x, targets, weights

    def _make_model(self) -> None:
        meta = {k: v for k, v in vars(self).items() if k.endswith("_") and not k.startswith("_")}
        with seeded(seed_of(self.random_state)):
            self.model_ = build_model(source_of(self), self.get_params(), meta, self._own_names())
        self.history_: dict[str, list[float]] = {}
        check_outputs(self, self.model_)

    def fit(
        self, X: Features, y: Targets, sample_weight: Weights = None, **kwargs: Any
    ) -> BaseWrapper:
        """Train.

        Args:
            X: inputs, (rows, features), or whatever the `feature_encoder` takes.
            y: targets.
            sample_weight: (rows,): a weight of 2 counts as the row given twice.
            **kwargs: arguments of the model's `fit`, for this call.

        Raises:
            ValueError: bad data, a parameter that goes nowhere.
        """
        return self._fit(X, y, sample_weight, not (self.warm_start and self.initialized_), kwargs)

    def partial_fit(
        self, X: Features, y: Targets, sample_weight: Weights = None, **kwargs: Any
    ) -> BaseWrapper:
        """Train for one more epoch, counted from those before.

        Raises:
            TypeError: `epochs` or `initial_epoch`, which it sets itself.
        """
        for name in {"epochs", "initial_epoch"} & set(kwargs):
            raise WrongType(
                f"{type(self).__name__}.partial_fit takes no `{name}`.",
                fix="it trains for one epoch; `fit` takes both.",
            )
        one = {"epochs": 1, "initial_epoch": self.current_epoch}
        return self._fit(X, y, sample_weight, not self.initialized_, {**kwargs, **one})

    def _fit(
        self, X: Features, y: Targets, weight: Weights, new: bool, given: Mapping[str, Any]
    ) -> BaseWrapper:
        """Train; `epochs` counts those after `initial_epoch`."""
        check_values(self, _CHECKS)
        require_targets(self, y)
        x, targets, weights = self._read(X, y, self._row_weights(y, weight), reset=new)
        params = self.get_params()
        arguments = {**route(params, "fit", _FIT_NAMES), **given}
        validation = arguments.get("validation_data")
        if validation is not None and not is_stream(validation):
            arguments["validation_data"] = checked_validation(validation, self._read)
        if new:
            self._make_model()
        first = arguments.get("initial_epoch") or 0
        arguments["epochs"] = first + arguments["epochs"]
        arguments["callbacks"] = [*make_callbacks(params, "fit"), given.get("callbacks") or []]
        rows = rows_of(targets)
        everything = arguments.get("batch_size") == -1
        for name in ("batch_size", "validation_batch_size"):
            if arguments.get(name) == -1:
                arguments[name] = rows
        arguments["batch_size"] = arguments.get("batch_size") or _DEFAULT_BATCH
        one_batch = rows <= arguments["batch_size"]
        x = dense(x) if one_batch else x
        plain = all(isinstance(a, np.ndarray) and a.dtype.kind in "fiub" for a in (x, targets))
        if one_batch and plain and not arguments.get("validation_split"):
            named = x, targets
            x, targets, weights = one_batch_form(x, targets, weights)
            x, targets = map(named_as, named, (x, targets))
            arguments["batch_size"] = (
                len(x) if everything else min(padded_rows(len(x)), arguments["batch_size"])
            )
        with seeded(self._seed_of_training(new)):
            history = fit_model(self.model_, x, targets, relative(weights), arguments)
        if first == 0:
            self.history_ = {}
        for name, values in history.history.items():
            self.history_.setdefault(history_entry(name), []).extend(values)
        require_finite(self, self.model_.trainable_weights)
        return self

    def _seed_of_training(self, new: bool) -> int | None:
        """A seed for this call: a different one for each that continues to train a model."""
        seed = seed_of(self.random_state)
        return None if seed is None else (seed + (0 if new else self.current_epoch)) % 2**32

    # -- predicting ----------------------------------------------------------------------------

    def _predict_raw(self, X: Features, **kwargs: Any) -> Tree:
        check_is_fitted(self)
        x, _, _ = self._read(X, None, None)
        params = self.get_params()
        arguments = {**route(params, "predict", _PREDICT_NAMES), **kwargs}
        callbacks = make_callbacks(params, "predict")
        callbacks += [kwargs["callbacks"]] if kwargs.get("callbacks") else []
        arguments["callbacks"] = callbacks or None
        if arguments.get("batch_size") == -1:
            arguments["batch_size"] = rows_of(x)
        return self._for_targets(predict_model(self.model_, x, **arguments))

    def predict(self, X: Features, **kwargs: Any) -> Tree:
        """Predictions, in the form of the targets.

        Args:
            X: inputs.
            **kwargs: arguments of the model's `predict`.
        """
        raw = self._predict_raw(X, **kwargs)
        return self.target_encoder_.inverse_transform(raw)

    def score(self, X: Features, y: Targets, sample_weight: Weights = None, **kwargs: Any) -> float:
        """Accuracy (classifier) or R² (regressor) on data; a subclass may give a `scorer`."""
        predicted = self.predict(X, **kwargs)
        extra = route(self.get_params(), "score")
        names, takes_any = keyword_names(self.scorer)
        if takes_any or "sample_weight" in names:
            extra["sample_weight"] = sample_weight
        return self.scorer(np.asarray(y), predicted, **extra)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        return tags


def _is_kept(name: str) -> bool:
    """Whether an attribute is kept by training, and no parameter."""
    return name.startswith("_") or name.endswith("_")


def _is_identity(encoder: TransformerMixin) -> bool:
    return isinstance(encoder, FunctionTransformer) and encoder.func is None
