"""BaseWrapper: a network as an estimator of scikit-learn.

The interface is SciKeras's, so that its users change one import.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from rosenblatt.core.errors import explain, nearest
from rosenblatt.core.random import seeded
from rosenblatt.data.reading import is_stream
from rosenblatt.sklearn.building import build_model, make_callbacks
from rosenblatt.sklearn.finite import require_finite
from rosenblatt.sklearn.inputs import (
    check_inputs,
    check_targets,
    require_targets,
    validation_parts,
    within,
)
from rosenblatt.sklearn.routing import PREFIXES, route
from rosenblatt.sklearn.rows import check_weights, one_batch_form, padded_rows, relative
from rosenblatt.sklearn.seeds import seed_of
from rosenblatt.sklearn.settings import KERAS, check_values
from rosenblatt.sklearn.sparse import (
    dense,
    fit_in_batches,
    predict_in_pieces,
    validation_batches,
)

_FIT_NAMES = (
    "batch_size", "epochs", "verbose", "validation_split", "shuffle", "validation_batch_size",
)  # fmt: skip
_DEFAULT_BATCH = 32


class BaseWrapper(BaseEstimator):
    """What both estimators have: parameters, building, training, predicting.

    Args:
        model: a function that returns a model, a model class, or a model. A function may ask for
            parameters by name, for `meta` (what `fit` knows of the data: `n_features_in_`,
            `n_classes_`, `target_type_`, …) and for `compile_kwargs`.
        build_fn: an older name of `model`.
        warm_start: go on with the model of the last `fit`.
        random_state: seed of weights, order of rows and dropout.
        optimizer, loss, metrics: names, objects, or classes, for which `optimizer__learning_rate`
            and the like are arguments.
        batch_size: rows of a batch; 32 if None, all if −1.
        validation_batch_size: the same for validation.
        verbose: 0 silent, 1 progress, 2 one line an epoch.
        callbacks: callbacks or classes, in a list or dict too; `callbacks__patience`,
            `callbacks__0__patience` and `callbacks__name__patience` are their arguments.
        validation_split: share of the rows, the last ones, to validate on.
        shuffle: whether rows get a new order each epoch.
        run_eagerly: run each step as plain Python.
        epochs: passes over the data.
        **kwargs: arguments of the build function, and parameters with the prefixes `model__`,
            `optimizer__`, `loss__`, `metrics__`, `callbacks__`, `compile__`, `fit__`, `predict__`.

    Attributes:
        model_: the trained model.
        history_: losses and metrics by name, one entry an epoch.
        target_type_, n_features_in_, X_shape_, X_dtype_, y_dtype_, y_ndim_, n_outputs_: the data's.
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
        **kwargs: Any,
    ):
        self.model = model
        self.build_fn = build_fn
        self.warm_start = warm_start
        self.random_state = random_state
        self.optimizer = optimizer
        self.loss = loss
        self.metrics = metrics
        self.batch_size = batch_size
        self.validation_batch_size = validation_batch_size
        self.verbose = verbose
        self.callbacks = callbacks
        self.validation_split = validation_split
        self.shuffle = shuffle
        self.run_eagerly = run_eagerly
        self.epochs = epochs
        self.__dict__.update(kwargs)

    # -- parameters ----------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All parameters by name, the routed ones too."""
        own = {name: getattr(self, name) for name in self._own_names() if hasattr(self, name)}
        given = {
            name: value
            for name, value in vars(self).items()
            if not name.startswith("_") and not name.endswith("_")
        }
        return {**own, **given}

    def set_params(self, **params: Any) -> BaseWrapper:
        """Change parameters; those with a prefix need not have been given before.

        Raises:
            ValueError: a name that goes nowhere, with the nearest that exists.
        """
        known = self.get_params()
        for name, value in params.items():
            prefix, separator, _ = name.partition("__")
            if name not in known and not (separator and prefix in PREFIXES):
                raise ValueError(
                    explain(
                        f"Invalid parameter {name!r} for estimator {type(self).__name__}.",
                        fix=nearest(name, [*known, *(f"{p}__" for p in PREFIXES)])
                        + " An argument of the build function is given when the estimator is made, "
                        f"or as `model__{name}`.",
                    )
                )
            setattr(self, name, value)
        return self

    @classmethod
    def _own_names(cls) -> list[str]:
        """Names of the constructor's arguments, of all classes it comes from."""
        found: dict[str, None] = {}
        for base in cls.__mro__:
            if issubclass(base, BaseWrapper):
                parameters = inspect.signature(base.__init__).parameters.values()
                found.update((p.name, None) for p in parameters if p.kind != p.VAR_KEYWORD)
        return [name for name in found if name != "self"]

    # -- what a subclass may replace -----------------------------------------------------------

    @property
    def feature_encoder(self) -> Any:
        """A transformer of `X` for the network, as of one array into a list or dict of inputs."""
        return FunctionTransformer()

    @property
    def target_encoder(self) -> Any:
        """A transformer of `y` for the network, and of its outputs back; y itself by default."""
        return FunctionTransformer()

    @staticmethod
    def scorer(y_true: Any, y_pred: Any, **kwargs: Any) -> float:
        """What `score` computes."""
        raise NotImplementedError

    def _target_type(self, y: Any) -> str:
        return str(type_of_target(y))

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

    def __sklearn_is_fitted__(self) -> bool:
        return self.initialized_

    def initialize(self, X: Any, y: Any = None) -> BaseWrapper:
        """Make the model for data like this, without training it.

        Args:
            X: inputs.
            y: targets.
        """
        self._prepare(X, y, None, reset=True)
        self._make_model()
        return self

    def _prepare(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Any, Any, Any]:
        """Checked and encoded data; what is learned of them is noted where `reset`."""
        X = check_inputs(self, X, reset)
        weights = check_weights(sample_weight, X)
        if y is not None:
            y = check_targets(self, y, X)
            if reset:
                self.target_type_ = self._target_type(y)
                self.y_dtype_, self.y_ndim_ = y.dtype, y.ndim
                self.target_encoder_ = self.target_encoder.fit(y)
                self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
                self.__dict__.update(getattr(self.target_encoder_, "get_metadata", dict)())
            y = self.target_encoder_.transform(y)
        if reset:
            self.X_dtype_, self.X_shape_ = X.dtype, X.shape
            encoder = self.feature_encoder
            plain = isinstance(encoder, FunctionTransformer) and encoder.func is None
            self.feature_encoder_ = encoder if plain else encoder.fit(dense(X))
            get = getattr(self.feature_encoder_, "get_metadata", dict)
            self.__dict__.update(get())
        return self._encoded(X), y, weights

    def _encoded(self, X: Any) -> Any:
        """The inputs for the network; an encoder of the user's own gets arrays."""
        encoder = self.feature_encoder_
        if isinstance(encoder, FunctionTransformer) and encoder.func is None:
            return X
        return encoder.transform(dense(X))

    def _make_model(self) -> None:
        method = getattr(self, "_keras_build_fn", None)
        source = next((s for s in (method, self.model, self.build_fn) if s is not None), None)
        if source is None:
            raise ValueError(
                explain(
                    f"{type(self).__name__} was given no model.",
                    fix=f"`{type(self).__name__}(model=build)`, where `build` returns a model.",
                )
            )
        meta = {k: v for k, v in vars(self).items() if k.endswith("_") and not k.startswith("_")}
        own = frozenset(self._own_names())
        with seeded(seed_of(self.random_state)):
            self.model_ = build_model(source, self.get_params(), meta, own)
        self.history_: dict[str, list[float]] = {}
        expected, outputs = getattr(self, "n_outputs_expected_", None), self.model_.outputs
        if expected and outputs and len(outputs) != expected:
            raise ValueError(
                explain(
                    "The model's outputs do not fit y.",
                    given=f"a model with {len(outputs)} outputs",
                    expected=f"{expected}, one for each column of y",
                    fix="change the model, or give the class a `target_encoder` of your own.",
                )
            )

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> BaseWrapper:
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

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> BaseWrapper:
        """Train for one more epoch."""
        kwargs = {"epochs": 1, **kwargs}
        return self._fit(X, y, sample_weight, not self.initialized_, kwargs)

    def _fit(self, X: Any, y: Any, weight: Any, new: bool, given: Mapping[str, Any]) -> BaseWrapper:
        check_values(self, KERAS)
        require_targets(self, y)
        x, y, weights = self._prepare(X, y, self._row_weights(y, weight), reset=new)
        params = self.get_params()
        arguments = {**route(params, "fit", _FIT_NAMES), **given}
        validation = arguments.get("validation_data")
        if validation is not None and not is_stream(validation):
            arguments["validation_data"] = self._check_validation(validation)
        if new:
            self._make_model()
        callbacks = make_callbacks(params, "fit")
        arguments["callbacks"] = [*callbacks, given.get("callbacks") or []]
        rows = len(weights) if weights is not None else len(y[0] if isinstance(y, list) else y)
        for name in ("batch_size", "validation_batch_size"):
            if arguments.get(name) == -1:
                arguments[name] = rows
        one_batch = rows <= (arguments.get("batch_size") or _DEFAULT_BATCH)
        x = dense(x) if one_batch else x
        plain = all(isinstance(a, np.ndarray) and a.dtype.kind in "fiub" for a in (x, y))
        if one_batch and plain and not arguments.get("validation_split"):
            x, y, weights = one_batch_form(x, y, weights)
            arguments["batch_size"] = padded_rows(len(x))
        with seeded(self._seed_of_training(new)):
            if issparse(x):
                history = fit_in_batches(self.model_, x, y, relative(weights), arguments)
            else:
                size = arguments.get("validation_batch_size") or arguments.get("batch_size")
                validation = arguments.pop("validation_data", None)
                arguments["validation_data"] = validation_batches(validation, size or 32)
                history = self.model_.fit(x=x, y=y, sample_weight=relative(weights), **arguments)
        for name, values in history.history.items():
            self.history_.setdefault(name, []).extend(values)
        require_finite(self, self.model_.trainable_weights)
        return self

    def _row_weights(self, y: Any, sample_weight: Any) -> Any:
        """The weights of the rows to train on."""
        return sample_weight

    def _check_validation(self, data: Any) -> tuple[Any, ...]:
        """`validation_data` checked and encoded as X and y are."""
        x, y, weights = validation_parts(data)
        with within("validation_data"):
            x, y, weights = self._prepare(x, y, weights, reset=False)
        return (x, y) if weights is None else (x, y, relative(weights))

    def _seed_of_training(self, new: bool) -> int | None:
        """A seed for this call: another for each that goes on with a model."""
        seed = seed_of(self.random_state)
        return None if seed is None else (seed + (0 if new else self.current_epoch)) % 2**32

    # -- predicting ----------------------------------------------------------------------------

    def _predict_raw(self, X: Any, **kwargs: Any) -> Any:
        check_is_fitted(self)
        x, _, _ = self._prepare(X, None, None, reset=False)
        params = self.get_params()
        arguments = {**route(params, "predict", ("batch_size", "verbose")), **kwargs}
        arguments.pop("callbacks", None)
        callbacks = make_callbacks({k: v for k, v in params.items() if "predict" in k}, "predict")
        callbacks += [kwargs["callbacks"]] if kwargs.get("callbacks") else []
        if arguments.get("batch_size") == -1:
            arguments["batch_size"] = None
        if issparse(x):
            return predict_in_pieces(self.model_, x, callbacks=callbacks or None, **arguments)
        return self.model_.predict(x, callbacks=callbacks or None, **arguments)

    def predict(self, X: Any, **kwargs: Any) -> Any:
        """Predictions, in the form of the targets.

        Args:
            X: inputs.
            **kwargs: arguments of the model's `predict`.
        """
        raw = self._predict_raw(X, **kwargs)
        return self.target_encoder_.inverse_transform(self._for_targets(raw))

    def _for_targets(self, outputs: Any) -> Any:
        """The model's outputs as the target encoder takes them."""
        return outputs

    def score(self, X: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> float:
        """Accuracy (classifier) or R² (regressor) on data; a subclass may give a `scorer`."""
        predicted = self.predict(X, **kwargs)
        extra = {} if sample_weight is None else {"sample_weight": sample_weight}
        return float(self.scorer(np.asarray(y), predicted, **extra))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        return tags
