"""How an MLP estimator trains: the rate, when to stop, and L-BFGS."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize
from sklearn.exceptions import ConvergenceWarning

from rosenblatt.callbacks.callback import Callback
from rosenblatt.sklearn.finite import all_finite
from rosenblatt.sklearn.mlp_network import dense_layers
from rosenblatt.sklearn.rows import padded_rows
from rosenblatt.training import programs

_SMALLEST_RATE = 1e-6


class Progress(Callback):
    """Notes loss and score of each epoch, sets the rate, and stops where nothing gets better.

    Args:
        estimator: the estimator that is trained; its attributes are kept current.
        rows: rows of the training data.
        score: the validation score now, or None to watch the loss.
    """

    def __init__(self, estimator: Any, rows: int, score: Callable[[], float] | None):
        super().__init__()
        self.estimator = estimator
        self.rows = rows
        self.score = score
        self.best_weights: Any = None
        if score is None and estimator.best_loss_ is None:  # an earlier call watched the score
            estimator.best_loss_ = np.inf
        if score is not None:
            if estimator.validation_scores_ is None:  # an earlier call watched the loss
                estimator.validation_scores_, estimator.best_validation_score_ = [], -np.inf
            if np.isfinite(estimator.best_validation_score_):
                self.best_weights = estimator.model_.get_weights()
            estimator.best_loss_ = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """After each epoch: attributes, rate, and whether to go on."""
        e = self.estimator
        e.loss_ = float((logs or {})["loss"])
        e.loss_curve_.append(e.loss_)
        e.n_iter_ += 1
        e.t_ += self.rows
        self._say(f"Iteration {e.n_iter_}, loss = {e.loss_:.8f}")
        e._no_improvement_count = 0 if self._improved() else e._no_improvement_count + 1
        if e.solver == "sgd" and e.learning_rate == "invscaling":
            self.model.optimizer.learning_rate = e.learning_rate_init / (e.t_ + 1) ** e.power_t
        if e._no_improvement_count > e.n_iter_no_change:
            self._lower_rate_or_stop()
        if not np.isfinite(e.loss_) and not all_finite(self.model.trainable_weights):
            self.model.stop_training = True  # no epoch brings them back

    def _say(self, text: str) -> None:
        if self.estimator.verbose:
            print(text)  # noqa: T201

    def _improved(self) -> bool:
        e = self.estimator
        if self.score is None:
            improved = e.loss_ <= e.best_loss_ - e.tol
            e.best_loss_ = min(e.best_loss_, e.loss_)
            return improved
        score = self.score() if all_finite(self.model.trainable_weights) else np.nan
        e.validation_scores_.append(score)
        self._say(f"Validation score: {score:.6f}")
        improved = score >= e.best_validation_score_ + e.tol
        if score > e.best_validation_score_:
            e.best_validation_score_ = score
            self.best_weights = self.model.get_weights()
        return improved

    def _lower_rate_or_stop(self) -> None:
        e, optimizer = self.estimator, self.model.optimizer
        rate = float(np.asarray(optimizer.learning_rate))
        if e.solver == "sgd" and e.learning_rate == "adaptive" and rate > _SMALLEST_RATE:
            optimizer.learning_rate = rate / 5.0
            e._no_improvement_count = 0
            self._say(f"Learning rate = {rate / 5.0:g}")
        else:
            self.model.stop_training = True
            watched = "Training loss" if self.score is None else "Validation score"
            self._say(
                f"{watched} did not improve by {e.tol:g} for {e.n_iter_no_change} epochs: the end."
            )

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Give the model the weights of its best score."""
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)


def warn_not_converged(most: int, limit: str = "max_iter") -> None:
    """Tell that training ended by its limit."""
    what = "Stochastic Optimizer: Maximum iterations" if limit == "max_iter" else "lbfgs: limit"
    warnings.warn(
        f"{what} ({most}) reached and the optimization "
        f"hasn't converged yet. Raise `{limit}`, or accept it with a larger `tol`.",
        ConvergenceWarning,
        stacklevel=5,
    )


def _objective(
    model: Any, loss: Any, kernels: Any, biases: Any, x: Any, y: Any, weights: Any, alpha: Any,
    scale: Any,
) -> Any:  # fmt: skip
    """scale · Σ w·loss / Σ w + α/2 · Σ W² / Σ w."""
    values = [array for pair in zip(kernels, biases, strict=True) for array in pair]
    outputs, _ = model.stateless_call(values, [], x, training=True)
    total = jnp.sum(weights)
    data = scale * jnp.sum(weights * loss.call(y, outputs)) / total
    return data + 0.5 * alpha * sum(jnp.sum(k * k) for k in kernels) / total


def fit_lbfgs(
    estimator: Any, loss: Any, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None,
    scale: float,
) -> None:  # fmt: skip
    """Minimize with L-BFGS (Liu and Nocedal 1989; SciPy's), all rows at once.

    Args:
        estimator: the estimator; `n_iter_`, `loss_` and `loss_curve_` are kept current.
        loss: gives the loss of each row.
        x, y, weights: the data.
        scale: factor of the loss.
    """
    model = estimator.model_
    rows = len(x)
    weights = np.ones(rows) if weights is None else weights
    more = padded_rows(rows) - rows
    x = np.concatenate([x, np.repeat(x[:1], more, axis=0)]).astype(np.float32)
    y = np.concatenate([y, np.repeat(y[:1], more, axis=0)])
    weights = np.concatenate([weights, np.zeros(more)]).astype(np.float32)
    dense = dense_layers(model)
    shapes = [shape for layer in dense for shape in (layer.kernel.shape, layer.bias.shape)]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

    def unpack(flat: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        parts = np.split(flat.astype(np.float32), ends)
        parts = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        return parts[::2], parts[1::2]

    start = np.concatenate([np.ravel(w) for layer in dense for w in layer.get_weights()])
    data = [jnp.asarray(a) for a in (x, y, weights, np.float32(estimator.alpha), np.float32(scale))]
    named = isinstance(estimator.loss, str) and isinstance(estimator.activation, str)
    policies = tuple(layer.dtype_policy.name for layer in dense)
    key = ("lbfgs", estimator.activation, estimator.out_activation_, estimator.loss, policies)
    objective = partial(_objective, model, loss)
    program = programs.get_program(
        key if named else None,
        lambda: jax.value_and_grad(objective, argnums=(0, 1)),
        *unpack(start),
        *data,
    )

    def value_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, (kernels, biases) = program(*unpack(flat), *data)
        pairs = zip(kernels, biases, strict=True)
        return float(value), np.concatenate(
            [np.ravel(a) for pair in pairs for a in pair], dtype=float
        )

    def note(intermediate_result: Any) -> None:
        estimator.n_iter_ += 1
        estimator.loss_curve_.append(float(intermediate_result.fun))
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {intermediate_result.fun:.8f}")  # noqa: T201

    found = optimize.minimize(
        value_and_gradient,
        start.astype(np.float64),
        method="L-BFGS-B",
        jac=True,
        callback=note,
        options={"maxfun": estimator.max_fun, "maxiter": estimator.max_iter, "gtol": estimator.tol},
    )
    for layer, kernel, bias in zip(dense, *unpack(found.x), strict=True):
        layer.set_weights([kernel, bias])
    estimator.loss_ = float(found.fun)
    before = np.inf if estimator.best_loss_ is None else estimator.best_loss_
    estimator.best_loss_ = min(before, estimator.loss_)
    if not found.success and np.isfinite(found.fun):
        limit = "max_fun" if found.nit < estimator.max_iter else "max_iter"
        warn_not_converged(getattr(estimator, limit), limit)
