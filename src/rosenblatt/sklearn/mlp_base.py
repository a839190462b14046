"""What MLPClassifier and MLPRegressor share: data, training, attributes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.model_selection import train_test_split
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from rosenblatt import losses
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.random import seeded
from rosenblatt.data.frames import named_as
from rosenblatt.data.precision import warn_of_rounding
from rosenblatt.losses.base import Loss
from rosenblatt.sklearn.columns import FrameEncoder
from rosenblatt.sklearn.encoders import ClassifierLabelEncoder, RegressorTargetEncoder, from_logits
from rosenblatt.sklearn.inputs import (
    all_finite,
    check_inputs,
    check_targets,
    check_weights,
    checked_validation,
    one_batch_form,
    padded_rows,
    relative,
    require_finite,
    require_targets,
)
from rosenblatt.sklearn.mlp_network import (
    MLPParameters,
    build_network,
    dense_layers,
    draw_weights,
    make_optimizer,
)
from rosenblatt.sklearn.mlp_training import Progress, fit_lbfgs, warn_not_converged
from rosenblatt.sklearn.settings import generator_of
from rosenblatt.sklearn.shuffling import ShuffledRows
from rosenblatt.sklearn.sparse import dense, fit_model, predict_model
from rosenblatt.sklearn.types import Features, Matrix, Targets, ValidationData, Weights

_AUTO_BATCH = 200


class BaseMLP(MLPParameters):
    """A multilayer perceptron with scikit-learn's parameters.

    Args:
        hidden_layer_sizes: units of each hidden layer.
        activation: "identity", "logistic", "tanh", "relu" or any Keras activation.
        solver: "adam", "sgd", "lbfgs", or any Keras optimizer.
        alpha: factor of the squared weights.
        batch_size: rows of a batch; "auto" is min(200, rows).
        learning_rate: for "sgd": "constant", "invscaling" or "adaptive".
        learning_rate_init, power_t, momentum, nesterovs_momentum, beta_1, beta_2, epsilon: numbers
            of the solvers.
        max_iter: the largest number of epochs (iterations of "lbfgs").
        shuffle: whether rows get a new order each epoch.
        random_state: seed of weights, validation rows, order and dropout.
        tol, n_iter_no_change: stop after so many epochs without a gain of `tol`.
        verbose: print the loss of each epoch.
        warm_start: continue from the weights of the last `fit`.
        early_stopping: watch the score on rows kept apart, and keep the best weights.
        validation_fraction: share of the rows to keep apart.
        max_fun: the largest number of evaluations of "lbfgs".
        dropout: share of each hidden layer's outputs to drop.
        batch_normalization: normalize before each hidden activation.
        loss: "auto" (cross-entropy or half the squared error), for numbers also scikit-learn's
            "squared_error" and "poisson" (half the deviance of exponential outputs), or any
            Keras loss.
        callbacks: Keras callbacks.

    References:
        Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", 1986.
        Parameters and defaults: scikit-learn's `neural_network`.
    """

    _encoder: ClassifierLabelEncoder | RegressorTargetEncoder
    _own_losses = frozenset({"auto"})
    _scorer: Callable[..., float]  # what early stopping watches

    # -- what the two differ in ------------------------------------------------------------------

    def _encode(self, y: np.ndarray, classes: Targets | None, reset: bool) -> np.ndarray:
        """The network's targets."""
        raise NotImplementedError

    def _output(self) -> tuple[int, str, Loss]:
        """Units of the output, its activation, and scikit-learn's loss."""
        raise NotImplementedError

    def _outputs(self, x: Matrix) -> np.ndarray:
        """What the network predicts, for the encoder to turn into targets."""
        raise NotImplementedError

    def _weights_of_classes(self, y: np.ndarray) -> np.ndarray | None:
        return None

    # -- training ----------------------------------------------------------------------------------

    def fit(
        self, X: Features, y: Targets, sample_weight: Weights = None,
        validation_data: ValidationData = None,
    ) -> Any:  # fmt: skip
        """Train.

        Args:
            X: (rows, features): an array, a sparse matrix, or a frame, whose columns of text
                become one column for each of their values.
            y: (rows,) or (rows, outputs) targets.
            sample_weight: (rows,): a weight of 2 counts as the row given twice.
            validation_data: (X, y) to watch in place of rows kept apart.

        Raises:
            ValueError: bad data or parameters.
        """
        new = not (self.warm_start and hasattr(self, "model_"))
        return self._fit(X, y, sample_weight, validation_data, new=new, epochs=None)

    def _fit(
        self, X: Features, y: Targets, sample_weight: Weights, validation_data: ValidationData, *,
        new: bool, epochs: int | None, classes: Targets | None = None,
    ) -> Any:  # fmt: skip
        self.check(partial=epochs is not None)
        require_targets(self, y)
        x, y, weights = self._read(X, y, sample_weight, reset=new)
        by_class = self._weights_of_classes(y)
        if by_class is not None:
            weights = by_class if weights is None else weights * by_class
        targets = self._encode(y, classes, reset=new)
        self._random_state = generator_of(self.random_state)
        if new:
            self._start(x.shape[1])
        elif self.solver != "lbfgs" and (epochs is None or not self.model_.compiled):
            self._compile()  # a warm start keeps all but the optimizer
        self.n_iter_ = 0
        watched: tuple[Any, ...] = ()
        if validation_data is not None:
            watched = checked_validation(validation_data, self._read_validation)
        elif self.early_stopping:
            x, targets, weights, watched = self._keep_apart(x, y, targets, weights)
        rows = x.shape[0]
        total = float(rows if weights is None else weights.sum())
        batch = min(_AUTO_BATCH if self.batch_size == "auto" else self.batch_size, rows)
        joined = batch == rows
        if joined or self.solver == "lbfgs":  # a batch is dense
            x = dense(x)
        if joined:
            x, targets, weights = one_batch_form(x, targets, weights)
        if self.solver == "lbfgs":
            fit_lbfgs(self, self._make_loss(), x, targets, weights, self._loss_factor())
            require_finite(self, self.model_.trainable_weights, self.loss_)
            return self
        for layer in dense_layers(self.model_):
            if layer.kernel.regularizer is not None:
                layer.kernel.regularizer.l2 = 0.5 * self.alpha * rows / total / batch
        score = None
        if self.early_stopping:
            score = lambda: self._score_of(*watched)  # noqa: E731
        arguments: dict[str, Any] = {
            "batch_size": padded_rows(len(x)) if joined else batch,
            "epochs": self.max_iter if epochs is None else epochs,
            "callbacks": [Progress(self, rows, score), self.callbacks or []],
        }
        if validation_data is not None:
            encoded = self._encode(watched[1], None, reset=False)
            arguments["validation_data"] = (watched[0], encoded, *watched[2:])
        self._train(x, targets, relative(weights), arguments)
        if epochs is None and not self.model_.stop_training:
            warn_not_converged(self.max_iter)
        require_finite(self, self.model_.trainable_weights)
        return self

    def _train(self, x: Matrix, y: np.ndarray, weights: Weights, arguments: dict[str, Any]) -> None:
        shuffle: bool | Callable[[int], np.ndarray] = self.shuffle
        if shuffle and arguments["batch_size"] < x.shape[0]:
            shuffle = ShuffledRows(self._random_state, x.shape[0])
        # With the rows seen, as an integer seeds each call of `partial_fit` again.
        with seeded((self._seed() + self.t_) % 2**31):
            history = fit_model(
                self.model_, x, y, weights, {**arguments, "shuffle": shuffle, "verbose": 0}
            )
        self.history_ = history.history

    def _start(self, n_features: int) -> None:
        """A new network, and attributes of a training that has not begun."""
        self.n_outputs_, self.out_activation_, _ = self._output()
        self._ends_in_logits = self._has_own_loss() or from_logits(self.loss)
        output = "identity" if self._ends_in_logits else self.out_activation_
        with seeded(self._seed()):
            self.model_ = build_network(self, n_features, self.n_outputs_, output)
        draw_weights(self.model_, self.activation, self._random_state)
        self.n_layers_ = len(dense_layers(self.model_)) + 1
        if self.solver != "lbfgs":
            self._compile()
        self.t_ = 0
        self.loss_curve_: list[float] = []
        self.best_loss_ = None if self.early_stopping else np.inf
        self.validation_scores_: list[float] | None = [] if self.early_stopping else None
        self.best_validation_score_ = -np.inf if self.early_stopping else None
        self.epochs_without_gain_ = 0

    def _compile(self) -> None:
        self.model_.compile(
            make_optimizer(self), self._make_loss(), loss_weights=[self._loss_factor()]
        )

    def _has_own_loss(self) -> bool:
        """Whether the loss is scikit-learn's, and not a Keras loss."""
        return isinstance(self.loss, str) and self.loss in self._own_losses

    def _make_loss(self) -> Loss:
        return self._output()[2] if self._has_own_loss() else copy.deepcopy(losses.get(self.loss))

    def _loss_factor(self) -> float:
        """Keras's losses are means over the outputs of a row, scikit-learn minimizes the sum."""
        if not self._has_own_loss() or self.out_activation_ == "softmax":
            return 1.0
        return self.n_outputs_ * (0.5 if self.out_activation_ == "identity" else 1.0)

    def _seed(self) -> int:
        """From a copy: the numbers of the generator itself are for what scikit-learn draws."""
        return int(copy.deepcopy(self._random_state).randint(np.iinfo(np.int32).max))

    def _keep_apart(
        self, x: Matrix, y: np.ndarray, targets: np.ndarray, weights: np.ndarray | None
    ) -> tuple[Matrix, np.ndarray, np.ndarray | None, tuple[Any, ...]]:
        """Rows to train on, and (x, y, weights) of those to watch."""
        kind = getattr(self._encoder, "target_type_", "")
        fix = "raise `validation_fraction`, or pass `validation_data=`."
        if not self.validation_fraction:
            raise BadArgument(
                f"{type(self).__name__}: early_stopping=True needs rows to watch.",
                given="validation_fraction=0",
                fix=fix,
            )
        train, test = train_test_split(
            np.arange(x.shape[0]),
            random_state=self._random_state,
            test_size=self.validation_fraction,
            stratify=y if kind == "binary" else None,  # as scikit-learn: by its number of outputs
        )
        if len(test) < 2:
            raise BadArgument(
                f"{type(self).__name__}: the validation set is too small.",
                given=f"validation_fraction={self.validation_fraction} of {x.shape[0]} rows",
                expected="at least two rows",
                fix=fix,
            )
        pick = (lambda rows: None) if weights is None else (lambda rows: weights[rows])
        return x[train], targets[train], pick(train), (x[test], y[test], pick(test))

    # -- data and predictions ----------------------------------------------------------------------

    def _read(
        self, X: Features, y: Targets, sample_weight: Weights, reset: bool
    ) -> tuple[Matrix, np.ndarray, np.ndarray | None]:
        x = self._check_x(X, reset)
        targets = check_targets(self, y, x)
        if reset and is_regressor(self):
            warn_of_rounding(named_as(y, targets), "y")
        return x, targets, check_weights(sample_weight, x)

    def _read_validation(
        self, X: Features, y: Targets, sample_weight: Weights
    ) -> tuple[Matrix, np.ndarray, np.ndarray | None]:
        x, y, weights = self._read(X, y, sample_weight, reset=False)
        self._encode(y, None, reset=False)  # refuses labels that training does not have
        return x, y, weights

    def _check_x(self, X: Features, reset: bool) -> Matrix:
        if reset:
            warn_of_rounding(X, "X")
            self._frame_encoder = FrameEncoder.of(X)
        if self._frame_encoder is not None:
            return self._frame_encoder.transform(self, X, reset)
        return check_inputs(self, X, reset, numbers=True).astype(np.float32, copy=False)

    def _checked_outputs(self, X: Features) -> np.ndarray:
        check_is_fitted(self)
        return self._outputs(self._check_x(X, reset=False))

    def predict(self, X: Features) -> np.ndarray:
        """Labels or numbers: (rows,), or (rows, outputs)."""
        outputs = self._checked_outputs(X)
        return self._encoder.inverse_transform(outputs)

    def _raw_outputs(self, x: Matrix) -> np.ndarray:
        return np.asarray(predict_model(self.model_, x, verbose=0))

    def _score_of(self, x: Matrix, y: np.ndarray, weights: np.ndarray | None = None) -> float:
        """The score on some rows; NaN where predictions are not finite."""
        outputs = self._outputs(x)
        found = self._encoder.inverse_transform(outputs)
        if not all_finite([outputs, *([found] if found.dtype.kind == "f" else [])]):
            return np.nan
        return float(self._scorer(y, found, sample_weight=weights))

    @property
    def coefs_(self) -> list[np.ndarray]:
        """The kernels, from the first layer to the last."""
        return [layer.get_weights()[0] for layer in dense_layers(self.model_)]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """The biases, from the first layer to the last."""
        return [layer.get_weights()[1] for layer in dense_layers(self.model_)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
