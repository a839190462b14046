"""What MLPClassifier and MLPRegressor share: data, training, attributes."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split

from rosenblatt import losses
from rosenblatt.core.errors import explain
from rosenblatt.core.random import seeded
from rosenblatt.data.precision import warn_of_rounding
from rosenblatt.sklearn.columns import FrameEncoder
from rosenblatt.sklearn.finite import require_finite
from rosenblatt.sklearn.inputs import (
    check_inputs,
    check_targets,
    require_targets,
    validation_parts,
    within,
)
from rosenblatt.sklearn.logits import from_logits
from rosenblatt.sklearn.mlp_network import (
    build_network,
    dense_layers,
    draw_weights,
    make_optimizer,
)
from rosenblatt.sklearn.mlp_training import Progress, fit_lbfgs, warn_not_converged
from rosenblatt.sklearn.rows import check_weights, one_batch_form, padded_rows, relative
from rosenblatt.sklearn.seeds import generator_of
from rosenblatt.sklearn.settings import MLP, check_combination, check_values
from rosenblatt.sklearn.shuffling import ShuffledRows
from rosenblatt.sklearn.sparse import (
    dense,
    fit_in_batches,
    predict_in_pieces,
    validation_batches,
)

_AUTO_BATCH = 200


class BaseMLP(BaseEstimator):
    """A multilayer perceptron with scikit-learn's parameters.

    Args:
        hidden_layer_sizes: units of each hidden layer.
        activation: "identity", "logistic", "tanh", "relu" or any activation of Keras's.
        solver: "adam", "sgd", "lbfgs", or any optimizer of Keras's.
        alpha: factor of the squared weights.
        batch_size: rows of a batch; "auto" is min(200, rows).
        learning_rate: for "sgd": "constant", "invscaling" or "adaptive".
        learning_rate_init, power_t, momentum, nesterovs_momentum, beta_1, beta_2, epsilon: numbers
            of the solvers.
        max_iter: most epochs (iterations of "lbfgs").
        shuffle: whether rows get a new order each epoch.
        random_state: seed of weights, validation rows, order and dropout.
        tol, n_iter_no_change: stop after so many epochs without a gain of `tol`.
        verbose: print the loss of each epoch.
        warm_start: go on with the weights of the last `fit`.
        early_stopping: watch the score on rows kept apart, and keep the best weights.
        validation_fraction: share of the rows to keep apart.
        max_fun: most evaluations of "lbfgs".
        dropout: share of each hidden layer's outputs to drop.
        batch_normalization: normalize before each hidden activation.
        loss: "auto" (cross-entropy or half the squared error), for numbers also scikit-learn's
            "squared_error" and "poisson" (half the deviance of exponential outputs), or any loss of
            Keras's.
        callbacks: callbacks of Keras's.

    References:
        Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", 1986.
        Parameters and defaults: scikit-learn's `neural_network`.
    """

    hidden_layer_sizes: Any
    loss: Any
    solver: Any
    _encoder: Any
    _own_losses = frozenset({"auto"})

    # -- what the two differ in ------------------------------------------------------------------

    def _encode(self, y: Any, classes: Any, reset: bool) -> np.ndarray:
        raise NotImplementedError

    def _outputs(self) -> tuple[int, str, str]:
        """Units of the output, its activation, and the loss."""
        raise NotImplementedError

    def _score_of(self, x: np.ndarray, y: Any, weights: Any = None) -> float:
        raise NotImplementedError

    def _weights_of_classes(self, y: Any) -> np.ndarray | None:
        return None

    # -- training ----------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation_data: Any = None) -> Any:
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
        self, X: Any, y: Any, sample_weight: Any, validation_data: Any, *, new: bool,
        epochs: int | None, classes: Any = None,
    ) -> Any:  # fmt: skip
        check_values(self, MLP)
        check_combination(self, partial=epochs is not None)
        require_targets(self, y)
        x = self._check_x(X, reset=new)
        y = check_targets(self, y, x)
        weights = check_weights(sample_weight, x)
        by_class = self._weights_of_classes(y)
        if by_class is not None:
            weights = by_class if weights is None else weights * by_class
        targets = self._encode(y, classes, reset=new)
        self._random_state = generator_of(self.random_state)
        if new:
            self._start(x.shape[1])
        elif self.solver != "lbfgs" and (epochs is None or not self.model_.compiled):
            self._compile()  # a warm start, but for the optimizer
        self.n_iter_ = 0
        watched = None if validation_data is None else self._check_validation(validation_data)
        if self.early_stopping and watched is None:
            x, targets, weights, watched = self._keep_apart(x, y, targets, weights)
        rows = x.shape[0]
        total = float(rows if weights is None else weights.sum())
        batch = min(_AUTO_BATCH, rows) if self.batch_size == "auto" else min(self.batch_size, rows)
        joined = batch == rows
        if joined or self.solver == "lbfgs":  # a batch is dense
            x = dense(x)
        if joined:
            x, targets, weights = one_batch_form(x, targets, weights)
        _, _, loss = self._outputs()
        if self.solver == "lbfgs":
            fit_lbfgs(self, self._make_loss(loss), x, targets, weights, self._loss_factor())
            require_finite(self, self.model_.trainable_weights, self.loss_)
            return self
        for layer in dense_layers(self.model_):
            if layer.kernel.regularizer is not None:
                layer.kernel.regularizer.l2 = 0.5 * self.alpha * rows / total / batch
        size = padded_rows(len(x)) if joined else batch
        given = validation_data is not None
        self._train(x, targets, relative(weights), size, rows, watched, given, epochs)
        require_finite(self, self.model_.trainable_weights)
        return self

    def _start(self, n_features: int) -> None:
        """A new network, and attributes of a training that has not begun."""
        units, activation, _ = self._outputs()
        self.out_activation_, self.n_outputs_ = activation, units
        self._ends_in_logits = self._has_own_loss() or from_logits(self.loss)
        output = "linear" if self._ends_in_logits or activation == "identity" else activation
        output = {"logistic": "sigmoid"}.get(output, output)
        l2 = 0.5 * self.alpha
        with seeded(self._seed()):
            self.model_ = build_network(self, n_features, units, output, l2)
        draw_weights(self.model_, self.activation, self._random_state)
        self.n_layers_ = len(dense_layers(self.model_)) + 1
        if self.solver != "lbfgs":
            self._compile()
        self.t_ = 0
        self.loss_curve_: list[float] = []
        self.best_loss_: Any = None if self.early_stopping else np.inf
        self.validation_scores_: Any = [] if self.early_stopping else None
        self.best_validation_score_: Any = -np.inf if self.early_stopping else None
        self._no_improvement_count = 0

    def _compile(self) -> None:
        loss = self._make_loss(self._outputs()[2])
        self.model_.compile(make_optimizer(self), loss, loss_weights=[self._loss_factor()])

    def _has_own_loss(self) -> bool:
        """Whether the loss is scikit-learn's, and not one of Keras's."""
        return isinstance(self.loss, str) and self.loss in self._own_losses

    def _make_loss(self, name: str) -> Any:
        if not self._has_own_loss():
            return copy.deepcopy(losses.get(self.loss))
        if name == "poisson_deviance":
            return losses.PoissonDeviance()
        if name == "mean_squared_error":
            return losses.MeanSquaredError()
        if name == "binary_crossentropy":
            return losses.BinaryCrossentropy(from_logits=True)
        return losses.SparseCategoricalCrossentropy(from_logits=True)

    def _loss_factor(self) -> float:
        """Keras's losses are means over the outputs of a row, scikit-learn minimizes the sum."""
        if not self._has_own_loss() or self.out_activation_ == "softmax":
            return 1.0
        return self.n_outputs_ * (0.5 if self.out_activation_ == "identity" else 1.0)

    def _train(
        self, x: np.ndarray, y: np.ndarray, weights: Any, batch: int, rows: int, watched: Any,
        given: bool, epochs: int | None,
    ) -> None:  # fmt: skip
        score = None
        if self.early_stopping and watched is not None:
            score = lambda: self._score_of(*watched)  # noqa: E731
        progress = Progress(self, rows, score)
        validation = None
        if given:
            validation = (watched[0], self._encode(watched[1], None, reset=False), *watched[2:])
        callbacks = [progress, self.callbacks or []]
        shuffle = self.shuffle
        if shuffle and batch < x.shape[0]:
            shuffle = ShuffledRows(self._random_state, x.shape[0])
        # With the rows seen, as an integer seeds each call of `partial_fit` anew.
        with seeded((self._seed() + self.t_) % 2**31):
            arguments = {
                "batch_size": batch,
                "epochs": self.max_iter if epochs is None else epochs,
                "shuffle": shuffle,
                "validation_data": validation_batches(validation, batch),
                "callbacks": callbacks,
                "verbose": 0,
            }
            if issparse(x):
                history = fit_in_batches(self.model_, x, y, weights, arguments)
            else:
                history = self.model_.fit(x, y, sample_weight=weights, **arguments)
        self.history_ = history.history
        if epochs is None and not self.model_.stop_training:
            warn_not_converged(self.max_iter)

    def _seed(self) -> int:
        """From a copy: the numbers of the generator itself are for what scikit-learn draws."""
        return int(copy.deepcopy(self._random_state).randint(np.iinfo(np.int32).max))

    def _keep_apart(self, x: Any, y: Any, targets: Any, weights: Any) -> Any:
        """Rows to train on, and (x, y, weights) of those to watch."""
        kind = getattr(self._encoder, "target_type_", "")
        stratify = y if kind == "binary" else None  # as scikit-learn: by its number of outputs
        if not self.validation_fraction:
            raise ValueError(
                explain(
                    f"{type(self).__name__}: early_stopping=True needs rows to watch.",
                    given="validation_fraction=0",
                    fix="raise `validation_fraction`, or pass `validation_data=`.",
                )
            )
        train, test = train_test_split(
            np.arange(x.shape[0]),
            random_state=self._random_state,
            test_size=self.validation_fraction,
            stratify=stratify,
        )
        if len(test) < 2:
            raise ValueError(
                explain(
                    f"{type(self).__name__}: the validation set is too small.",
                    given=f"validation_fraction={self.validation_fraction} of {x.shape[0]} rows",
                    expected="two rows at least",
                    fix="raise `validation_fraction`, or pass `validation_data=`.",
                )
            )
        pick = (lambda rows: None) if weights is None else (lambda rows: weights[rows])
        return x[train], targets[train], pick(train), (x[test], y[test], pick(test))

    def _check_validation(self, data: Any) -> tuple[Any, ...]:
        x, y, weights = validation_parts(data)
        with within("validation_data"):
            x = self._check_x(x, reset=False)
            y = check_targets(self, y, x)
            self._encode(y, None, reset=False)  # for the labels that training has not
            weights = check_weights(weights, x)
        return (x, y) if weights is None else (x, y, relative(weights))

    # -- data and predictions ----------------------------------------------------------------------

    def _check_x(self, X: Any, reset: bool) -> Any:
        if reset:
            warn_of_rounding(X, "X")
            self._frame_encoder = FrameEncoder.of(X)
        if self._frame_encoder is not None:
            return self._frame_encoder.transform(self, X, reset)
        return check_inputs(self, X, reset, numbers=True).astype(np.float32)

    def _raw_outputs(self, x: Any) -> np.ndarray:
        if issparse(x):
            return predict_in_pieces(self.model_, x, verbose=0)
        return np.asarray(self.model_.predict(x, verbose=0))

    @property
    def coefs_(self) -> list[np.ndarray]:
        """The kernels, from the first layer to the last."""
        return [layer.get_weights()[0] for layer in dense_layers(self.model_)]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """The biases, from the first layer to the last."""
        return [layer.get_weights()[1] for layer in dense_layers(self.model_)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        return tags
